//! Counting terms of consecutive documents: each term once, with the documents that have it and how often.
//!
//! Terms are keys (`engine/terms/keys.py`): up to four UTF-16 units stand for themselves, the rest are long and have a number.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// Keys from here on are those of long terms.
pub const LONG: u64 = 0xFFFF << 48;

const NONE: u32 = u32::MAX;

/// Their entries stay in the nearest memory until each is counted.
const KEYS_AT_A_TIME: usize = 256;

/// A term as a key, or as its bytes in UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// Up to four UTF-16 units, the first highest.
    Short(u64),
    /// Everything else; half a surrogate pair has three bytes.
    Long(Box<[u8]>),
}

/// The key of a term, if it is short.
#[inline]
pub fn short_key(term: &[u32]) -> Option<u64> {
    if term.len() > 4 {
        return None;
    }
    let mut key = 0;
    for (at, &point) in term.iter().enumerate() {
        if point == 0 || point >= 0xFFFF || (0xD800..0xE000).contains(&point) {
            return None;
        }
        key |= u64::from(point) << (48 - 16 * at);
    }
    Some(key)
}

/// Appends a code point in UTF-8.
pub fn push_utf8(point: u32, bytes: &mut Vec<u8>) {
    let tail = |shift: u32| 0x80 | ((point >> shift) & 0x3F) as u8;
    match point {
        0..=0x7F => bytes.push(point as u8),
        0x80..=0x7FF => bytes.extend([0xC0 | (point >> 6) as u8, tail(0)]),
        0x800..=0xFFFF => bytes.extend([0xE0 | (point >> 12) as u8, tail(6), tail(0)]),
        _ => bytes.extend([0xF0 | (point >> 18) as u8, tail(12), tail(6), tail(0)]),
    }
}

impl Term {
    /// The term of these characters.
    pub fn new(points: &[u32]) -> Term {
        short_key(points).map_or_else(|| Term::Long(utf8(points)), Term::Short)
    }

    /// The term of these characters in ASCII.
    pub fn of_ascii(text: &[u8]) -> Term {
        let points: Vec<u32> = text.iter().map(|&byte| byte.into()).collect();
        Term::new(&points)
    }
}

/// The characters in UTF-8.
pub fn utf8(points: &[u32]) -> Box<[u8]> {
    let mut bytes = Vec::with_capacity(points.len() * 3);
    points.iter().for_each(|&point| push_utf8(point, &mut bytes));
    bytes.into()
}

/// A term, where it stands in the table. All that an occurrence touches is in one place, and four of them in a cache line.
#[derive(Clone)]
struct Entry {
    key: u64,
    /// NONE where the place is free.
    number: u32,
    last_posting: u32,
}

const FREE: Entry = Entry { key: 0, number: NONE, last_posting: 0 };

struct Posting {
    term: u32,
    doc: u32,
    freq: u32,
}

/// Collects the terms of documents that come in ascending order for each term.
pub struct Inverter {
    /// Entries by the hash of their key; a power of two of them, at least half of them free.
    table: Vec<Entry>,
    num_terms: u32,
    shift: u32,
    /// Odd, and chosen anew by each process: nobody can write a text whose terms all fall into one place.
    multiplier: u64,
    postings: Vec<Posting>,
    /// The document that terms were added of last, and its first posting.
    doc: u32,
    first_posting: usize,
    long_numbers: HashMap<Box<[u8]>, u32>,
    long_terms: Vec<Box<[u8]>>,
}

impl Default for Inverter {
    fn default() -> Self {
        const BITS: u32 = 10;
        Inverter {
            table: vec![FREE; 1 << BITS],
            num_terms: 0,
            shift: 64 - BITS,
            multiplier: multiplier(),
            postings: Vec::new(),
            doc: NONE,
            first_posting: 0,
            long_numbers: HashMap::new(),
            long_terms: Vec::new(),
        }
    }
}

fn multiplier() -> u64 {
    static CHOSEN: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    *CHOSEN.get_or_init(|| RandomState::new().hash_one(0u8) | 1)
}

/// The postings as arrays: see `TermPostings` of the Python package.
#[derive(Default)]
pub struct Inverted {
    /// Distinct terms, ascending.
    pub keys: Vec<u64>,
    /// Those whose keys are LONG, LONG + 1, ...
    pub long_terms: Vec<Box<[u8]>>,
    /// Postings per term.
    pub counts: Vec<i64>,
    /// Documents, ascending within a term.
    pub doc_ids: Vec<i32>,
    /// How often the term is in the document.
    pub freqs: Vec<i32>,
}

impl Inverter {
    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.num_terms == 0
    }

    #[inline]
    fn place(&self, key: u64) -> usize {
        // The upper half of the product depends on all bits of the key.
        (key.wrapping_mul(self.multiplier) >> self.shift) as usize
    }

    /// Where the entry of a key is, or may be put.
    #[inline]
    fn entry(&self, key: u64) -> usize {
        let mask = self.table.len() - 1;
        let mut at = self.place(key);
        while self.table[at].number != NONE && self.table[at].key != key {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        let size = self.table.len() * 4;
        let before = std::mem::replace(&mut self.table, vec![FREE; size]);
        self.shift = 64 - size.trailing_zeros();
        for entry in before.into_iter().filter(|entry| entry.number != NONE) {
            let at = self.entry(entry.key);
            self.table[at] = entry;
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.table.iter().filter(|entry| entry.number != NONE)
    }

    /// One more occurrence of each of these terms, by their keys.
    pub fn add_keys(&mut self, keys: &[u64], doc: u32) {
        for some in keys.chunks(KEYS_AT_A_TIME) {
            // Their places are looked at first: nothing here waits for another, so that memory is asked for many at a
            // time. Where what is found decides what is done next, it was asked for one by one.
            std::hint::black_box(some.iter().fold(0, |seen, &key| seen ^ self.table[self.place(key)].key));
            for &key in some {
                self.add_entry(key, doc, 1);
            }
        }
    }

    #[inline]
    fn add_entry(&mut self, key: u64, doc: u32, freq: u32) {
        if doc != self.doc {
            self.doc = doc;
            self.first_posting = self.postings.len();
        }
        let mut at = self.entry(key);
        if self.table[at].number == NONE {
            if self.num_terms as usize * 2 >= self.table.len() {
                self.grow();
                at = self.entry(key);
            }
            self.table[at] = Entry { key, number: self.num_terms, last_posting: self.postings.len() as u32 };
            self.postings.push(Posting { term: self.num_terms, doc, freq });
            self.num_terms += 1;
            return;
        }
        let entry = &mut self.table[at];
        if entry.last_posting as usize >= self.first_posting {
            let posting = &mut self.postings[entry.last_posting as usize];
            posting.freq = posting.freq.saturating_add(freq);
            return;
        }
        entry.last_posting = self.postings.len() as u32;
        self.postings.push(Posting { term: entry.number, doc, freq });
    }

    /// The key of a term, for `add_keys`.
    #[inline]
    pub fn key(&mut self, term: &[u32]) -> u64 {
        short_key(term).unwrap_or_else(|| self.long_key(&utf8(term)))
    }

    /// The same of a term that was made before.
    pub fn key_of(&mut self, term: &Term) -> u64 {
        match term {
            Term::Short(key) => *key,
            Term::Long(bytes) => self.long_key(bytes),
        }
    }

    fn long_key(&mut self, bytes: &[u8]) -> u64 {
        let number = match self.long_numbers.get(bytes) {
            Some(&number) => number,
            None => {
                let number = self.long_terms.len() as u32;
                self.long_terms.push(bytes.into());
                self.long_numbers.insert(bytes.into(), number);
                number
            }
        };
        LONG | u64::from(number)
    }

    /// Add what another one has collected, of documents that come after those of this one.
    pub fn absorb(&mut self, other: Inverter) {
        if self.is_empty() {
            *self = other;
            return;
        }
        let mut keys = vec![0; other.num_terms as usize];
        for entry in other.entries() {
            keys[entry.number as usize] = match entry.key {
                key if key < LONG => key,
                key => self.long_key(&other.long_terms[(key - LONG) as usize]),
            };
        }
        self.postings.reserve(other.postings.len());
        for posting in other.postings {
            self.add_entry(keys[posting.term as usize], posting.doc, posting.freq);
        }
    }

    /// The postings, term by term.
    pub fn finish(self) -> Inverted {
        let mut terms: Vec<(u64, u32)> = self.entries().map(|entry| (entry.key, entry.number)).collect();
        terms.sort_unstable(); // so that joining batches goes through each from its beginning to its end
        let mut counts = vec![0u32; terms.len()];
        self.postings.iter().for_each(|posting| counts[posting.term as usize] += 1);
        let mut starts = vec![0; terms.len()];
        let mut total = 0usize;
        for &(_, number) in &terms {
            starts[number as usize] = total;
            total += counts[number as usize] as usize;
        }
        let mut doc_ids = vec![0i32; total];
        let mut freqs = vec![0i32; total];
        for posting in &self.postings {
            let start = &mut starts[posting.term as usize];
            doc_ids[*start] = posting.doc as i32;
            freqs[*start] = i32::try_from(posting.freq).unwrap_or(i32::MAX);
            *start += 1;
        }
        Inverted {
            keys: terms.iter().map(|&(key, _)| key).collect(),
            long_terms: self.long_terms,
            counts: terms.iter().map(|&(_, number)| counts[number as usize].into()).collect(),
            doc_ids,
            freqs,
        }
    }
}
