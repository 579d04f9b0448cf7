//! The lists of several segments as those of one.

use super::decode::decode;
use super::encode::Encoder;
use super::{Lists, ValueKind};
use crate::search::i64s;

/// Terms of a block of a dictionary.
const BLOCK: usize = 16;

/// Consecutive terms of a segment, numbers little-endian.
pub struct Source<'a> {
    /// The blocks of the term dictionary that have them.
    pub blocks: &'a [u8],
    /// Bytes that the terms of each block share, i64.
    pub prefix_lengths: &'a [u8],
    /// The other bytes of each term, i64.
    pub suffix_lengths: &'a [u8],
    /// How many terms of the first block are not wanted.
    pub skip: usize,
    /// Of each term that is wanted, i64: where its list is, or -1 - its only document.
    pub pointers: &'a [u8],
    /// A part of the section with the lists.
    pub postings: &'a [u8],
    /// Where in it that part begins.
    pub offset: usize,
    /// Documents of the segment.
    pub doc_count: u32,
    /// What its lists tell of the values.
    pub kind: ValueKind,
    /// The new numbers of the documents, i32, -1 for one that is left out; or nothing: `base` is added.
    pub new_ids: Option<&'a [u8]>,
    /// What is added to documents.
    pub base: u32,
}

/// The terms of a source one after the other.
struct Terms<'a> {
    source: &'a Source<'a>,
    pointers: Vec<i64>,
    suffix_lengths: Vec<usize>,
    prefix_lengths: Vec<usize>,
    /// Of the current term: its number in the blocks, and where what follows it begins.
    number: usize,
    at: usize,
    /// The bytes of the current term, of which the block shares so many.
    term: Vec<u8>,
    shared: usize,
}

fn sizes(numbers: &[u8]) -> Option<Vec<usize>> {
    i64s(numbers).map(|number| usize::try_from(number).ok()).collect()
}

impl<'a> Terms<'a> {
    fn new(source: &'a Source<'a>) -> Option<Self> {
        let mut made = Terms {
            source,
            pointers: i64s(source.pointers).collect(),
            suffix_lengths: sizes(source.suffix_lengths)?,
            prefix_lengths: sizes(source.prefix_lengths)?,
            number: 0,
            at: 0,
            term: Vec::new(),
            shared: 0,
        };
        let last = source.skip.checked_add(made.pointers.len())?;
        if last > made.suffix_lengths.len() || made.suffix_lengths.len().div_ceil(BLOCK) > made.prefix_lengths.len() {
            return None;
        }
        if !made.pointers.is_empty() {
            for _ in 0..=source.skip {
                made.read()?;
            }
        }
        Some(made)
    }

    /// Read the term that begins at `at`.
    fn read(&mut self) -> Option<()> {
        let mut take = |size: usize, term: &mut Vec<u8>| {
            let end = self.at.checked_add(size)?;
            term.extend_from_slice(self.source.blocks.get(self.at..end)?);
            self.at = end;
            Some(())
        };
        if self.number % BLOCK == 0 {
            self.shared = self.prefix_lengths[self.number / BLOCK];
            self.term.clear();
            take(self.shared, &mut self.term)?;
        }
        self.term.truncate(self.shared);
        take(self.suffix_lengths[self.number], &mut self.term)?;
        self.number += 1;
        Some(())
    }

    /// The current term, if there is one left.
    fn current(&self) -> Option<&[u8]> {
        (self.taken() < self.pointers.len()).then_some(&self.term)
    }

    /// How many terms were taken.
    fn taken(&self) -> usize {
        (self.number - 1).wrapping_sub(self.source.skip)
    }

    /// Adds the postings of the current term, with the new numbers of documents, and goes on.
    fn take(&mut self, docs: &mut Vec<u32>, freqs: &mut Vec<u32>) -> Option<()> {
        let source = self.source;
        let start = docs.len();
        match usize::try_from(self.pointers[self.taken()]) {
            Ok(pointer) => {
                let list = source.postings.get(pointer.checked_sub(source.offset)?..)?;
                decode(list, source.doc_count, source.kind, docs, freqs)?;
            }
            Err(_) => {
                let doc = u32::try_from(-1 - self.pointers[self.taken()]).ok()?;
                if doc >= source.doc_count {
                    return None;
                }
                docs.push(doc);
                freqs.push(1);
            }
        }
        match source.new_ids {
            None => {
                for doc in &mut docs[start..] {
                    *doc = doc.checked_add(source.base)?;
                }
            }
            Some(new_ids) => {
                let mut kept = start;
                for at in start..docs.len() {
                    let id = new_ids.get(4 * docs[at] as usize..)?.first_chunk()?;
                    if let Ok(doc) = u32::try_from(i32::from_le_bytes(*id)) {
                        docs[kept] = doc;
                        freqs[kept] = freqs[at];
                        kept += 1;
                    }
                }
                docs.truncate(kept);
                freqs.truncate(kept);
            }
        }
        if self.number < source.skip + self.pointers.len() {
            self.read()?;
        } else {
            self.number += 1;
        }
        Some(())
    }
}

/// Merges sources, of which each has documents that come after those of the one before. Terms without documents are left
/// out. None for what is damaged, or has postings that only the plain merge knows.
pub fn merge(sources: &[Source<'_>], kind: ValueKind) -> Option<Lists> {
    let mut sources = sources.iter().map(Terms::new).collect::<Option<Vec<_>>>()?;
    sources.retain(|terms| !terms.pointers.is_empty());
    let mut lists = Lists::default();
    let mut encoder = Encoder::new(kind);
    let (mut docs, mut freqs, mut term, mut is_first) = (Vec::new(), Vec::new(), Vec::new(), true);
    while let Some(least) = sources.iter().filter_map(Terms::current).min() {
        if least <= &term[..] && !is_first {
            return None; // a source is not in order
        }
        is_first = false;
        term.clear();
        term.extend_from_slice(least);
        docs.clear();
        freqs.clear();
        for source in &mut sources {
            if source.current() == Some(&term[..]) {
                source.take(&mut docs, &mut freqs)?;
            }
        }
        if !docs.is_empty() {
            encoder.add(&term, &docs, &mut freqs, &mut lists).ok()?;
        }
    }
    Some(lists)
}
