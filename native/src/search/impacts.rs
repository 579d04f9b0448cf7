//! From the postings lists of a term to what it says about each document: decoding (`cnsearch/engine/FORMAT.md`), BM25F
//! (`cnsearch/search/scoring.py`).

/// Bits per value, by width code.
const WIDTHS: [usize; 7] = [0, 1, 2, 4, 8, 16, 32];
/// Bytes per overflow value, by overflow code.
const OVERFLOW_BYTES: [usize; 4] = [0, 1, 2, 4];
const BITMAP: u8 = 7;
/// Weights from this code on, and with this overflow code, need not be exact in f32.
const WIDE_WEIGHTS: u8 = 6;
const WIDE_OVERFLOW: u8 = 3;
/// Of a list in bytes: more has no list of 2^31 documents.
const MAX_COUNT: u64 = 1 << 31;

/// Reads bytes from the front.
struct Bytes<'a> {
    left: &'a [u8],
    /// More was asked for than there is.
    short: bool,
}

impl<'a> Bytes<'a> {
    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let Some(taken) = self.left.get(..size) else {
            self.short = true;
            return None;
        };
        self.left = &self.left[size..];
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn little(&mut self, size: usize) -> Option<u32> {
        Some(little(self.take(size)?))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// `count` numbers of the width of a code.
    fn packed(&mut self, code: u8, count: usize) -> Option<Packed<'a>> {
        let width = *WIDTHS.get(usize::from(code))?;
        Some(Packed { width, bytes: self.take(count.checked_mul(width)?.div_ceil(8))? })
    }
}

/// Numbers of so many bits, one after the other.
struct Packed<'a> {
    width: usize,
    bytes: &'a [u8],
}

impl Packed<'_> {
    /// As many as there is room for.
    fn unpack(&self, out: &mut [u32]) {
        match self.width {
            0 => out.fill(0),
            1 => self.narrow::<8>(out),
            2 => self.narrow::<4>(out),
            4 => self.narrow::<2>(out),
            8 => out.iter_mut().zip(self.bytes).for_each(|(number, &byte)| *number = byte.into()),
            16 => out
                .iter_mut()
                .zip(self.bytes.chunks_exact(2))
                .for_each(|(number, two)| *number = u16::from_le_bytes([two[0], two[1]]).into()),
            _ => out
                .iter_mut()
                .zip(self.bytes.chunks_exact(4))
                .for_each(|(number, four)| *number = u32::from_le_bytes([four[0], four[1], four[2], four[3]])),
        }
    }

    /// Several to a byte.
    fn narrow<const PER_BYTE: usize>(&self, out: &mut [u32]) {
        let (width, mask) = (8 / PER_BYTE, (1u32 << (8 / PER_BYTE)) - 1);
        for (numbers, &byte) in out.chunks_mut(PER_BYTE).zip(self.bytes) {
            let byte = u32::from(byte);
            if let Ok(numbers) = <&mut [u32; PER_BYTE]>::try_from(&mut *numbers) {
                for (place, number) in numbers.iter_mut().enumerate() {
                    *number = byte >> (place * width) & mask;
                }
            } else {
                numbers.iter_mut().enumerate().for_each(|(place, number)| *number = byte >> (place * width) & mask);
            }
        }
    }

    /// The number that says that another is to be added to it.
    fn escape(&self) -> u32 {
        ((1u64 << self.width) - 1) as u32
    }
}

/// Documents, ascending, each with a number: how often they have a term, or what this says about them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List {
    /// Numbers over the index.
    pub docs: Vec<u32>,
    /// Of the shape of `docs`.
    pub values: Vec<f32>,
}

impl List {
    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.docs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.docs.is_empty()
    }

    /// Whether documents and values are as many, and the documents ascending and below `num_docs`.
    pub fn is_below(&self, num_docs: usize) -> bool {
        self.docs.len() == self.values.len()
            && self.docs.windows(2).all(|two| two[0] < two[1])
            && self.docs.last().is_none_or(|&last| (last as usize) < num_docs)
    }

    /// Add a document behind the others.
    pub fn push(&mut self, doc: u32, value: f32) {
        self.docs.push(doc);
        self.values.push(value);
    }

    /// Add what another list has; what both have is added up. Best if the other is shorter.
    pub fn join(&mut self, other: &List) {
        let mut extra: Vec<(usize, u32, f32)> = Vec::new();
        let mut at = 0;
        for (&doc, &value) in other.docs.iter().zip(&other.values) {
            at += from(&self.docs[at..], doc);
            if self.docs.get(at) == Some(&doc) {
                self.values[at] += value;
            } else {
                extra.push((at, doc, value));
            }
        }
        if extra.is_empty() {
            return;
        }
        let size = self.len() + extra.len();
        let mut found = List { docs: Vec::with_capacity(size), values: Vec::with_capacity(size) };
        let mut done = 0;
        for (at, doc, value) in extra {
            found.docs.extend_from_slice(&self.docs[done..at]);
            found.values.extend_from_slice(&self.values[done..at]);
            found.push(doc, value);
            done = at;
        }
        found.docs.extend_from_slice(&self.docs[done..]);
        found.values.extend_from_slice(&self.values[done..]);
        *self = found;
    }
}

/// The place of the first of `docs` from `doc` on, which is rather near the beginning.
pub fn from(docs: &[u32], doc: u32) -> usize {
    let mut step = 1;
    while docs.get(step - 1).is_some_and(|&other| other < doc) {
        step *= 2;
    }
    let (first, stop) = (step / 2, (step - 1).min(docs.len()));
    first.min(stop) + docs[first.min(stop)..stop].partition_point(|&other| other < doc)
}

/// The postings of a list, added to `found`: documents from `base` on, ascending, and how often. None, whatever was
/// added, for what is no list, names a document from `doc_count` on, or has frequencies that f32 may not hold.
pub fn decode(data: &[u8], base: u32, doc_count: u32, found: &mut List) -> Option<()> {
    let layout = decode_docs(data, base, doc_count, &mut found.docs).ok()??;
    decode_frequencies(data, &layout, &mut found.values).ok()?
}

/// How many documents the list has that begins here; None if that is not there.
pub fn count_of(data: &[u8]) -> Option<u64> {
    let mut bytes = Bytes { left: data, short: false };
    bytes.take(2)?;
    bytes.varint()
}

/// A list goes on behind what there is.
#[derive(Debug)]
pub struct Short;

/// Where the frequencies of a list are.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// How many there are.
    pub count: usize,
    code: u8,
    overflow_size: usize,
    at: usize,
    overflow_at: usize,
}

/// The documents of a list alone, as `decode` says, and where their frequencies are. Short, and nothing is added, where
/// more bytes are needed.
pub fn decode_docs(data: &[u8], base: u32, doc_count: u32, docs: &mut Vec<u32>) -> Result<Option<Layout>, Short> {
    let (mut bytes, before) = (Bytes { left: data, short: false }, docs.len());
    let layout = layout_of(&mut bytes, data.len(), base, doc_count, docs);
    if layout.is_none() && bytes.short {
        docs.truncate(before);
        return Err(Short);
    }
    Ok(layout)
}

/// The frequencies of a list, added to `found`; as `decode_docs`.
pub fn decode_frequencies(data: &[u8], layout: &Layout, found: &mut Vec<f32>) -> Result<Option<()>, Short> {
    let before = found.len();
    found.resize(before + layout.count, 1.0);
    if layout.code == 0 {
        return Ok(Some(()));
    }
    let mut numbers = vec![0u32; layout.count];
    let mut bytes = Bytes { left: data.get(layout.at..).unwrap_or_default(), short: false };
    let Some(packed) = bytes.packed(layout.code, layout.count) else {
        found.truncate(before);
        return Err(Short);
    };
    packed.unpack(&mut numbers);
    if layout.overflow_size > 0 {
        let (escape, mut rest) = (packed.escape(), data.get(layout.overflow_at..).unwrap_or_default());
        for number in numbers.iter_mut().filter(|number| **number == escape) {
            let Some((more, left)) = rest.split_at_checked(layout.overflow_size) else {
                found.truncate(before);
                return Err(Short);
            };
            let Some(sum) = number.checked_add(little(more)) else { return Ok(None) };
            (*number, rest) = (sum, left);
        }
    }
    let values = found[before..].iter_mut();
    values.zip(numbers).for_each(|(value, number)| *value = number as f32 + 1.0);
    Ok(Some(()))
}

fn little(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

fn layout_of(bytes: &mut Bytes<'_>, size: usize, base: u32, doc_count: u32, docs: &mut Vec<u32>) -> Option<Layout> {
    let (first, second) = (bytes.byte()?, bytes.byte()?);
    let count = bytes.varint()?;
    if count == 0 || count > u64::from(doc_count).min(MAX_COUNT) || base.checked_add(doc_count)? > i32::MAX as u32 {
        return None;
    }
    let count = count as usize;
    let (doc_code, weight_code) = (first & 7, first >> 5);
    let (doc_overflow, weight_overflow) = (OVERFLOW_BYTES[usize::from(first >> 3 & 3)], second & 3);
    if weight_code >= WIDE_WEIGHTS || (weight_code > 0 && weight_overflow == WIDE_OVERFLOW) {
        return None;
    }
    let bitmap_size = if doc_code == BITMAP { bytes.little(4)? as usize } else { 0 };
    match second >> 3 & 3 {
        0 | 1 => {}
        2 => drop(bytes.take(8)?),
        _ => return None,
    }
    let start = docs.len();
    if doc_code == BITMAP {
        for (at, &byte) in bytes.take(bitmap_size)?.iter().enumerate() {
            let mut left = byte;
            while left != 0 {
                let doc = 8 * at as u64 + u64::from(left.trailing_zeros());
                if doc >= u64::from(doc_count) {
                    return None;
                }
                docs.push(base + doc as u32);
                left &= left - 1;
            }
        }
        if docs.len() - start != count {
            return None;
        }
    }
    let gaps = if doc_code == BITMAP { None } else { Some(bytes.packed(doc_code, count)?) };
    let at = size - bytes.left.len();
    bytes.packed(weight_code, count)?;
    if let Some(gaps) = gaps {
        docs.resize(start + count, 0);
        let docs = &mut docs[start..];
        gaps.unpack(docs);
        let (escape, mut next) = (gaps.escape(), u64::from(base));
        if doc_overflow == 0 {
            for doc in docs {
                next += u64::from(*doc);
                *doc = next as u32;
                next += 1;
            }
        } else {
            for doc in docs {
                next += u64::from(*doc);
                if *doc == escape {
                    next += u64::from(bytes.little(doc_overflow)?);
                }
                *doc = next as u32;
                next += 1;
            }
        }
        if next > u64::from(base) + u64::from(doc_count) {
            return None;
        }
    }
    let overflow_size = OVERFLOW_BYTES[usize::from(weight_overflow)];
    Some(Layout { count, code: weight_code, overflow_size, at, overflow_at: size - bytes.left.len() })
}

/// A term in one segment.
pub struct Part<'a> {
    /// Number of its first document.
    pub base: u32,
    /// How many it has.
    pub doc_count: u32,
    /// The list, or the only document with the term, which has it once.
    pub postings: Result<&'a [u8], u32>,
}

/// The lists of a term in one field.
pub struct Field<'a> {
    /// What an occurrence counts in each document, f32, little-endian.
    pub norms: &'a [u8],
    /// Of each segment that has the term, ascending.
    pub lists: Vec<Part<'a>>,
}

/// What the documents that have the term in any field have of it: tf' / (k1 + tf'). None as `decode`.
pub fn impacts(fields: &[Field<'_>], k1: f32) -> Option<List> {
    let mut parts: Vec<List> = Vec::with_capacity(fields.len());
    for field in fields {
        let mut part = List::default();
        for &Part { base, doc_count, ref postings } in &field.lists {
            if part.docs.last().is_some_and(|&last| last >= base) {
                return None;
            }
            match *postings {
                Ok(data) => decode(data, base, doc_count, &mut part)?,
                Err(doc) if doc < doc_count => part.push(base.checked_add(doc)?, 1.0),
                Err(_) => return None,
            }
        }
        for (doc, tf) in part.docs.iter().zip(&mut part.values) {
            let norm = field.norms.get(*doc as usize * 4..)?.first_chunk()?;
            *tf *= f32::from_le_bytes(*norm);
        }
        parts.push(part);
    }
    parts.sort_by_key(List::len);
    let mut sum = List::default();
    for mut part in parts {
        part.join(&sum);
        sum = part;
    }
    for tf in &mut sum.values {
        *tf /= k1 + *tf;
    }
    Some(sum)
}
