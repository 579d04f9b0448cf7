//! The stored texts of a field, and which of them may contain a text: those with all its bigrams, and with the words of
//! letters and digits that it has pieces of.

use std::borrow::Cow;
use std::sync::Arc;

use super::file::{kind, Section, SegmentFile};
use super::snapshot::{read_docs, FieldInfo};
use super::stored::Stored;
use super::terms::{Pointer, Terms};
use crate::search::impacts::count_of;

/// A term of so many bytes may be a longer word that was cut.
const LONG_TERM: usize = 64;
/// Bytes of texts that are read rather than looking for words by which to leave some out.
const FEW_BYTES: usize = 1 << 20;
/// Characters of a piece of a word by which words are looked up.
const MIN_PIECE: usize = 3;

struct Indexed {
    terms: Terms,
    postings: Option<Section>,
}

impl Indexed {
    fn new(file: &SegmentFile, info: FieldInfo) -> Option<Option<Self>> {
        let Some((number, count, skip)) = info else { return Some(None) };
        let terms = Terms::new(file, number, count, skip)?;
        Some(Some(Indexed { terms, postings: file.section(kind::POSTINGS, number) }))
    }
}

/// One text of each document of a segment.
pub struct Texts {
    file: Arc<SegmentFile>,
    doc_count: u32,
    characters: Option<Indexed>,
    words: Option<Indexed>,
    stored: Option<Stored>,
}

impl Texts {
    /// `characters`, `words` : the fields in which they are indexed
    /// `stored` : the number of the field that has the texts
    ///
    /// None if the file is damaged, or texts are compressed.
    pub fn new(
        file: Arc<SegmentFile>,
        doc_count: u32,
        characters: FieldInfo,
        words: FieldInfo,
        stored: Option<u16>,
    ) -> Option<Self> {
        let (characters, words) = (Indexed::new(&file, characters)?, Indexed::new(&file, words)?);
        let stored = match stored {
            None => None,
            Some(number) => Some(Stored::plain(&file, number)?),
        };
        Some(Texts { file, doc_count, characters, words, stored })
    }

    /// A text in UTF-16; empty if there is none. None if it is damaged, or there is no such document.
    pub fn text(&self, doc: u32) -> Option<Cow<'_, [u8]>> {
        if doc >= self.doc_count {
            return None;
        }
        match self.stored {
            None => Some(Cow::Borrowed(&[])),
            Some(stored) => stored.beginning(&self.file, doc as usize, usize::MAX),
        }
    }

    fn doc_freq(&self, field: &Indexed, pointer: Option<Pointer>) -> Option<u64> {
        match pointer {
            None => Some(0),
            Some(Pointer::Only(_)) => Some(1),
            Some(Pointer::List(start)) => {
                let section = field.postings?;
                let head = self.file.bytes(section, start, section.length.min(start.checked_add(12)?))?;
                count_of(head)
            }
        }
    }

    fn docs(&self, field: &Indexed, pointer: Pointer, found: &mut Vec<u32>) -> Option<()> {
        read_docs(&self.file, field.postings, pointer, (0, self.doc_count), found).map(drop)
    }

    /// The documents that may contain a text, ascending, and where its rarest bigram begins. None if the index is
    /// damaged.
    ///
    /// `chars` : of the text, at least two
    /// `among` : those of these, ascending
    /// `few`   : of no more, none is left out
    pub fn candidates(&self, chars: &[char], among: Option<Vec<u32>>, few: usize) -> Option<(Vec<u32>, usize)> {
        let Some(field) = &self.characters else { return Some((Vec::new(), 0)) };
        let mut pairs: Vec<(u64, usize, Pointer)> = Vec::with_capacity(chars.len());
        for (at, pair) in chars.windows(2).enumerate() {
            if chars[..=at].windows(2).any(|other| other == pair) {
                continue;
            }
            let term: String = pair.iter().collect();
            let Some(pointer) = field.terms.find(&self.file, term.as_bytes())? else { return Some((Vec::new(), 0)) };
            pairs.push((self.doc_freq(field, Some(pointer))?, at, pointer));
        }
        pairs.sort_unstable_by_key(|&(doc_freq, at, _)| (doc_freq, at));
        let rarest = pairs.first()?.1;
        let mut docs = among;
        for &(_, _, pointer) in &pairs {
            if docs.as_ref().is_some_and(|docs| docs.len() <= few) {
                break;
            }
            let mut list = Vec::new();
            self.docs(field, pointer, &mut list)?;
            docs = Some(match docs {
                None => list,
                Some(docs) => in_both(docs, &list),
            });
        }
        let docs = docs?;
        Some((if docs.len() > few { self.with_words(chars, docs)? } else { docs }, rarest))
    }

    /// Those of the documents that have a word with the longest piece of letters and digits of the text. A word is
    /// indexed whole besides its parts, so that none is missed.
    fn with_words(&self, chars: &[char], docs: Vec<u32>) -> Option<Vec<u32>> {
        let Some(field) = &self.words else { return Some(docs) };
        let is_piece = |char: &char| char.is_ascii_lowercase() || char.is_ascii_digit();
        let Some((start, end)) = longest(chars, is_piece) else { return Some(docs) };
        let (mut bytes, mut rest) = (0, docs.iter());
        while bytes < FEW_BYTES {
            let Some(&doc) = rest.next() else { return Some(docs) };
            bytes += self.stored.map_or(Some(0), |stored| stored.size(&self.file, doc as usize))?;
        }
        if end - start < MIN_PIECE {
            return Some(docs);
        }
        // Digits may go on behind a comma or point, and letters behind a joint. A space parts all words.
        let parts = |beside: Option<&char>| beside == Some(&' ');
        let (before, after) = (start.checked_sub(1).and_then(|at| chars.get(at)), chars.get(end));
        let piece: Vec<u8> = chars[start..end].iter().map(|&char| char as u8).collect();
        let pointers = field.terms.containing(&self.file, &piece, parts(before), parts(after), LONG_TERM)?;
        let mut has = vec![false; self.doc_count as usize];
        let mut list = Vec::new();
        for pointer in pointers {
            list.clear();
            self.docs(field, pointer, &mut list)?;
            list.iter().for_each(|&doc| has[doc as usize] = true);
        }
        Some(docs.into_iter().filter(|&doc| has[doc as usize]).collect())
    }
}

/// Both ascending.
fn in_both(mut docs: Vec<u32>, list: &[u32]) -> Vec<u32> {
    let mut rest = list.iter().copied().peekable();
    docs.retain(|&doc| {
        while rest.next_if(|&other| other < doc).is_some() {}
        rest.peek() == Some(&doc)
    });
    docs
}

/// The longest run of characters for which `is_piece`.
fn longest(chars: &[char], is_piece: impl Fn(&char) -> bool) -> Option<(usize, usize)> {
    let mut best: Option<(usize, usize)> = None;
    let mut start = 0;
    for at in 0..=chars.len() {
        if !chars.get(at).is_some_and(&is_piece) {
            if at > start && best.is_none_or(|(first, end)| at - start > end - first) {
                best = Some((start, at));
            }
            start = at + 1;
        }
    }
    best
}
