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
        Some(self.take(size)?.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte)))
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

    /// `count` numbers of the width of a code, handed to `each`.
    fn packed(&mut self, code: usize, count: usize, mut each: impl FnMut(u32)) -> Option<()> {
        let width = *WIDTHS.get(code)?;
        let bytes = self.take(count.checked_mul(width)?.div_ceil(8))?;
        match width {
            0 => (0..count).for_each(|_| each(0)),
            8 => bytes.iter().for_each(|&byte| each(byte.into())),
            16 => bytes.chunks_exact(2).for_each(|two| each(u16::from_le_bytes([two[0], two[1]]).into())),
            32 => {
                bytes.chunks_exact(4).for_each(|four| each(u32::from_le_bytes([four[0], four[1], four[2], four[3]])));
            }
            _ => {
                let (per_byte, mask) = (8 / width, (1u8 << width) - 1);
                let mut left = count;
                for &byte in bytes {
                    for place in 0..per_byte.min(left) {
                        each((byte >> (place * width) & mask).into());
                    }
                    left = left.saturating_sub(per_byte);
                }
            }
        }
        Some(())
    }

    /// Add the overflow values to the numbers that are the escape.
    fn overflow(&mut self, numbers: &mut [u32], code: usize, overflow_code: usize) -> Option<()> {
        let escape = (1u64 << WIDTHS.get(code)?) - 1;
        let size = OVERFLOW_BYTES[overflow_code & 3];
        if size > 0 {
            for number in numbers.iter_mut().filter(|number| u64::from(**number) == escape) {
                *number = number.checked_add(self.little(size)?)?;
            }
        }
        Some(())
    }
}

/// The postings of a list, added to `found`: documents from `base` on, ascending, and how often. None, whatever was
/// added, for what is no list, names a document from `doc_count` on, or has frequencies that f32 may not hold.
pub fn decode(data: &[u8], base: u32, doc_count: u32, found: &mut Vec<(u32, f32)>) -> Option<()> {
    decoded(&mut Bytes { left: data, short: false }, base, doc_count, found)
}

/// The same of a list of which perhaps only the beginning is there: then an error, and nothing is added.
pub fn decode_beginning(
    data: &[u8],
    base: u32,
    doc_count: u32,
    found: &mut Vec<(u32, f32)>,
) -> Result<Option<()>, Short> {
    let (mut bytes, before) = (Bytes { left: data, short: false }, found.len());
    let done = decoded(&mut bytes, base, doc_count, found);
    if done.is_none() && bytes.short {
        found.truncate(before);
        return Err(Short);
    }
    Ok(done)
}

/// A list goes on behind what there is.
#[derive(Debug)]
pub struct Short;

fn decoded(bytes: &mut Bytes<'_>, base: u32, doc_count: u32, found: &mut Vec<(u32, f32)>) -> Option<()> {
    let (first, second) = (bytes.byte()?, bytes.byte()?);
    let count = bytes.varint()?;
    if count == 0 || count > u64::from(doc_count).min(MAX_COUNT) || base.checked_add(doc_count)? > i32::MAX as u32 {
        return None;
    }
    let count = count as usize;
    let (doc_code, weight_code) = (first & 7, first >> 5);
    let (doc_overflow, weight_overflow) = (first >> 3 & 3, second & 3);
    if weight_code >= WIDE_WEIGHTS || (weight_code > 0 && weight_overflow == WIDE_OVERFLOW) {
        return None;
    }
    let bitmap_size = if doc_code == BITMAP { bytes.little(4)? as usize } else { 0 };
    match second >> 3 & 3 {
        0 | 1 => {}
        2 => drop(bytes.take(8)?),
        _ => return None,
    }
    let start = found.len();
    // A number takes no room where its width is 0, and only then can there be more of them than bytes.
    let most = if doc_code == 0 { count } else { count.min(bytes.left.len().saturating_mul(8)) };
    let mut numbers: Vec<u32> = Vec::with_capacity(most);
    if doc_code == BITMAP {
        for (at, &byte) in bytes.take(bitmap_size)?.iter().enumerate() {
            let mut left = byte;
            while left != 0 {
                let doc = 8 * at as u64 + u64::from(left.trailing_zeros());
                if doc >= u64::from(doc_count) {
                    return None;
                }
                found.push((base + doc as u32, 0.0));
                left &= left - 1;
            }
        }
        if found.len() - start != count {
            return None;
        }
    } else {
        bytes.packed(doc_code.into(), count, |gap| numbers.push(gap))?;
    }
    let mut weights: Vec<u32> = Vec::with_capacity(if weight_code == 0 { 0 } else { most });
    if weight_code > 0 {
        bytes.packed(weight_code.into(), count, |weight| weights.push(weight))?;
    }
    if doc_code != BITMAP {
        bytes.overflow(&mut numbers, doc_code.into(), doc_overflow.into())?;
        let mut next = 0u64;
        for &gap in &numbers {
            let doc = next + u64::from(gap);
            if doc >= u64::from(doc_count) {
                return None;
            }
            found.push((base + doc as u32, 0.0));
            next = doc + 1;
        }
    }
    if weight_code > 0 {
        bytes.overflow(&mut weights, weight_code.into(), weight_overflow.into())?;
        for (posting, &weight) in found[start..].iter_mut().zip(&weights) {
            posting.1 = weight as f32 + 1.0;
        }
    } else {
        found[start..].iter_mut().for_each(|posting| posting.1 = 1.0);
    }
    Some(())
}

/// A term in one segment.
pub struct List<'a> {
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
    pub lists: Vec<List<'a>>,
}

/// (document, tf' / (k1 + tf')) of the documents that have the term in any field, ascending; None as `decode`.
pub fn impacts(fields: &[Field<'_>], k1: f32) -> Option<Vec<(u32, f32)>> {
    let mut parts: Vec<Vec<(u32, f32)>> = Vec::with_capacity(fields.len());
    for field in fields {
        let mut part = Vec::new();
        for &List { base, doc_count, ref postings } in &field.lists {
            if part.last().is_some_and(|&(last, _)| last >= base) {
                return None;
            }
            match *postings {
                Ok(data) => decode(data, base, doc_count, &mut part)?,
                Err(doc) if doc < doc_count => part.push((base.checked_add(doc)?, 1.0)),
                Err(_) => return None,
            }
        }
        for (doc, tf) in &mut part {
            let norm = field.norms.get(*doc as usize * 4..)?.first_chunk()?;
            *tf *= f32::from_le_bytes(*norm);
        }
        parts.push(part);
    }
    Some(saturated(parts, k1))
}

/// tf' / (k1 + tf') of the sums of what each field says.
pub fn saturated(mut parts: Vec<Vec<(u32, f32)>>, k1: f32) -> Vec<(u32, f32)> {
    parts.sort_by_key(Vec::len);
    let mut sum = parts.into_iter().reduce(|few, many| joined(&few, &many)).unwrap_or_default();
    for (_, tf) in &mut sum {
        *tf /= k1 + *tf;
    }
    sum
}

/// Two lists as one; what both have is added.
fn joined(few: &[(u32, f32)], many: &[(u32, f32)]) -> Vec<(u32, f32)> {
    let mut found = Vec::with_capacity(few.len() + many.len());
    let mut rest = many;
    for &(doc, tf) in few {
        let before = rest.partition_point(|&(other, _)| other < doc);
        found.extend_from_slice(&rest[..before]);
        rest = &rest[before..];
        match rest.first() {
            Some(&(other, more)) if other == doc => {
                found.push((doc, more + tf));
                rest = &rest[1..];
            }
            _ => found.push((doc, tf)),
        }
    }
    found.extend_from_slice(rest);
    found
}
