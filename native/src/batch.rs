//! Texts of documents to postings: reading, segmentation, compounds, bigrams, counting and signatures, on all cores.
//!
//! What is intricate and rare stays with the Python package: a text that is read otherwise than it folds comes with its
//! reading, and the terms of each distinct compound are asked for once.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;

use crate::compounds;
use crate::postings::{short_key, Inverted, Inverter, Term};
use crate::segment::{Scratch, Segmenter};
use crate::signature::{signature, NUM_BINS};
use crate::tables::{kind, seams, Tables};
use crate::Error;

/// What a text is read as, where that is not just folded: the folded text, and its seams, ascending.
pub type Reading = (Vec<u32>, Vec<usize>);

/// What the terms of one compound are asked for by: its first `compounds::CUT` characters, and the seams inside of one
/// that is a word of several.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Compound {
    /// Its characters.
    pub text: Box<[u32]>,
    /// Its seams; empty for the compound as such.
    pub humps: Box<[u32]>,
}

/// The terms of one compound, each as often as it counts.
pub type Terms = Arc<[Term]>;

/// The texts of consecutive documents.
pub struct Texts<'a> {
    /// Code points of all texts, one after the other.
    pub points: &'a [u32],
    /// Where each text ends.
    pub ends: &'a [usize],
    /// Of texts that are read otherwise, by number.
    pub readings: &'a HashMap<usize, Reading>,
    /// Texts of a document; the first is its title and the last its body.
    pub fields: usize,
}

impl Texts<'_> {
    /// Raises an error if a place is not inside.
    pub fn check(&self) -> Result<(), Error> {
        if self.fields == 0 || self.ends.len() % self.fields != 0 {
            return Err(Error::Value("every document has as many texts"));
        }
        let ascending = self.ends.windows(2).all(|pair| pair[0] <= pair[1]);
        if !ascending || self.ends.last().copied().unwrap_or(0) != self.points.len() {
            return Err(Error::Value("the ends must ascend up to the end of the texts"));
        }
        if self.points.len() >= 1 << 31 || self.ends.len() >= 1 << 31 {
            return Err(Error::Value("more texts than the kernels count"));
        }
        for (text, seams) in self.readings.values() {
            let inside = seams.last().is_none_or(|&last| last < text.len());
            if !inside || seams.windows(2).any(|pair| pair[0] >= pair[1]) {
                return Err(Error::Value("seams must ascend inside their text"));
            }
        }
        Ok(())
    }

    fn text(&self, number: usize) -> &[u32] {
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.points[start..self.ends[number]]
    }

    fn num_docs(&self) -> usize {
        self.ends.len() / self.fields
    }
}

/// Terms of one field.
#[derive(Default)]
pub struct Field {
    words: Inverter,
    word_counts: Vec<i64>,
    chars: Inverter,
    char_counts: Vec<i64>,
}

/// What is asked for: postings and tokens per document of words and of characters.
pub struct Counted {
    /// Postings of the words.
    pub words: Inverted,
    /// Words per document.
    pub word_counts: Vec<i64>,
    /// Postings of the characters.
    pub chars: Inverted,
    /// Characters per document.
    pub char_counts: Vec<i64>,
}

impl Field {
    fn absorb(&mut self, other: Field) {
        self.words.absorb(other.words);
        self.word_counts.extend(other.word_counts);
        self.chars.absorb(other.chars);
        self.char_counts.extend(other.char_counts);
    }

    /// The postings, and the tokens per document.
    pub fn finish(self) -> Counted {
        Counted {
            words: self.words.finish(),
            word_counts: self.word_counts,
            chars: self.chars.finish(),
            char_counts: self.char_counts,
        }
    }
}

/// What one thread has found in its documents, which have numbers from `first_doc` on.
pub struct Part {
    first_doc: u32,
    fields: Vec<Field>,
    signatures: Vec<[u8; NUM_BINS]>,
    /// Distinct compounds.
    pub compounds: Vec<Compound>,
    /// The number of each, by its humps, how many they are, and its text: what is looked up is no object of its own.
    numbers: HashMap<Box<[u32]>, u32>,
    key: Vec<u32>,
    /// Field, document (from 0 on) and number of each compound, in order.
    occurrences: Vec<(u32, u32, u32)>,
    scratch: Buffers,
}

#[derive(Default)]
struct Buffers {
    segment: Scratch,
    keys: Vec<u64>,
    title: Vec<u32>,
    folded: Vec<u32>,
    letters: Vec<u32>,
}

impl Part {
    fn new(fields: usize, first_doc: u32) -> Self {
        Part {
            first_doc,
            fields: (0..fields).map(|_| Field::default()).collect(),
            signatures: Vec::new(),
            compounds: Vec::new(),
            numbers: HashMap::new(),
            key: Vec::new(),
            occurrences: Vec::new(),
            scratch: Buffers::default(),
        }
    }

    fn add_document(&mut self, tables: &Tables, segmenter: &Segmenter, texts: &Texts, doc: usize) {
        let number = self.signatures.len() as u32;
        let mut buffers = std::mem::take(&mut self.scratch);
        buffers.title.clear();
        for field in 0..texts.fields {
            let text = doc * texts.fields + field;
            let (folded, seams) = match texts.readings.get(&text) {
                Some((folded, seams)) => {
                    buffers.folded.clone_from(folded);
                    (&mut buffers.folded, seams.clone())
                }
                None => {
                    tables.fold_into(texts.text(text), &mut buffers.folded);
                    (&mut buffers.folded, seams(texts.text(text)))
                }
            };
            self.add_text(tables, segmenter, (&mut buffers.segment, &mut buffers.keys), folded, &seams, field, number);
            if field + 1 == texts.fields {
                self.signatures.push(signature(tables, &buffers.title, folded, &mut buffers.letters));
            } else if field == 0 {
                std::mem::swap(&mut buffers.title, &mut buffers.folded);
            }
        }
        self.scratch = buffers;
    }

    #[allow(clippy::too_many_arguments)]
    fn add_text(
        &mut self,
        tables: &Tables,
        segmenter: &Segmenter,
        (scratch, keys): (&mut Scratch, &mut Vec<u64>),
        folded: &mut [u32],
        seams: &[usize],
        field: usize,
        number: u32,
    ) {
        let doc = self.first_doc + number;
        let Field { words, word_counts, chars, char_counts } = &mut self.fields[field];
        char_keys(folded, chars, keys);
        char_counts.push(keys.len() as i64);
        chars.add_keys(keys, doc);
        keys.clear();
        let is_han = |point| tables.kind(point) & kind::HAN != 0;
        segmenter.cut_chinese(folded, scratch, is_han, |word| keys.push(words.key(word)));
        word_counts.push(keys.len() as i64);
        words.add_keys(keys, doc);
        for &at in seams {
            if folded[at] == u32::from(b',') {
                folded[at] = u32::from(b'\n'); // no number goes on over it
            }
        }
        let folded = &*folded;
        compounds::find(tables, folded, |start, end| {
            let text = &folded[start..end.min(start + compounds::CUT)];
            self.add_compound(text, &[], field, number);
        });
        if !seams.is_empty() {
            compounds::humped(folded, seams, |start, end, humps| {
                self.add_compound(&folded[start..end], humps, field, number);
            });
        }
    }

    fn add_compound(&mut self, text: &[u32], humps: &[u32], field: usize, number: u32) {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        key.extend(humps.iter().chain([&(humps.len() as u32)]).chain(text));
        let known = match self.numbers.get(&key[..]) {
            Some(&known) => known,
            None => {
                let next = self.compounds.len() as u32;
                self.compounds.push(Compound { text: text.into(), humps: humps.into() });
                self.numbers.insert(key[..].into(), next);
                next
            }
        };
        self.key = key;
        self.occurrences.push((field as u32, number, known));
    }

    /// Count the terms of the compounds, which are given in the order of `compounds`.
    fn add_terms(&mut self, terms: &[Terms]) {
        // Of each field, the keys of the terms of each compound that is in it.
        let mut known: Vec<Vec<Option<Box<[u64]>>>> = vec![vec![None; terms.len()]; self.fields.len()];
        for &(field, number, compound) in &self.occurrences {
            let (field, compound) = (field as usize, compound as usize);
            let Field { words, word_counts, .. } = &mut self.fields[field];
            let keys = known[field][compound]
                .get_or_insert_with(|| terms[compound].iter().map(|term| words.key_of(term)).collect());
            word_counts[number as usize] += keys.len() as i64;
            words.add_keys(keys, self.first_doc + number);
        }
    }
}

const LINE_FEED: u32 = 0x0A;

/// The keys of the bigrams of each line, and of its last character alone.
fn char_keys(folded: &[u32], chars: &mut Inverter, keys: &mut Vec<u64>) {
    let is_break = |point: u32| matches!(point, LINE_FEED | 0 | 0xFFFF);
    keys.clear();
    for (at, &first) in folded.iter().enumerate() {
        if is_break(first) {
            continue;
        }
        let second = folded.get(at + 1).copied().unwrap_or(LINE_FEED);
        keys.push(if is_break(second) {
            chars.key(&[first])
        } else if let (Some(high), Some(low)) = (short_key(&[first]), short_key(&[second])) {
            high | low >> 16
        } else {
            chars.key(&[first, second])
        });
    }
}

/// Cut documents into parts of about equal length, and analyse each in a thread of its own.
pub fn analyse(
    tables: &Tables,
    segmenter: &Segmenter,
    texts: &Texts,
    first_doc: u32,
    threads: usize,
) -> Result<Vec<Part>, Error> {
    texts.check()?;
    let count = texts.num_docs();
    let threads = threads.clamp(1, 64).min(count.max(1));
    let share = texts.points.len() / threads + 1;
    let mut bounds = vec![0];
    for doc in 0..count {
        let end = texts.ends[(doc + 1) * texts.fields - 1];
        if end >= share * bounds.len() && bounds.len() < threads {
            bounds.push(doc + 1);
        }
    }
    bounds.push(count);
    let work = |first: usize, last: usize| {
        let mut part = Part::new(texts.fields, first_doc + first as u32);
        for doc in first..last {
            part.add_document(tables, segmenter, texts, doc);
        }
        part
    };
    in_threads(bounds.windows(2).map(|pair| (pair[0], pair[1])).collect(), |(first, last)| work(first, last))
}

/// Count the terms of the parts' compounds, and join the parts.
pub fn join(parts: Vec<Part>, terms: Vec<Vec<Terms>>, into: &mut Batch) -> Result<(), Error> {
    let parts = in_threads(parts.into_iter().zip(terms).collect(), |(mut part, terms)| {
        part.add_terms(&terms);
        part
    })?;
    for part in parts {
        into.num_docs += part.signatures.len() as u32;
        into.signatures.extend(part.signatures.iter().flatten());
        for (field, other) in into.fields.iter_mut().zip(part.fields) {
            field.absorb(other);
        }
    }
    Ok(())
}

/// What each input becomes, in a thread of its own.
pub fn in_threads<I: Send, O: Send>(inputs: Vec<I>, work: impl Fn(I) -> O + Sync) -> Result<Vec<O>, Error> {
    if inputs.len() == 1 {
        return Ok(inputs.into_iter().map(work).collect());
    }
    let work = &work;
    thread::scope(|scope| {
        let handles: Vec<_> = inputs.into_iter().map(|input| scope.spawn(move || work(input))).collect();
        handles.into_iter().map(|handle| handle.join().map_err(|_| Error::Panic)).collect()
    })
}

/// Consecutive documents, as they are collected.
pub struct Batch {
    /// Of title to body.
    pub fields: Vec<Field>,
    /// `NUM_BINS` bytes for each document.
    pub signatures: Vec<u8>,
    /// How many there are.
    pub num_docs: u32,
}

impl Batch {
    /// Without documents.
    pub fn new(fields: usize) -> Self {
        Batch { fields: (0..fields).map(|_| Field::default()).collect(), signatures: Vec::new(), num_docs: 0 }
    }
}
