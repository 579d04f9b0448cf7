//! The bytes of a postings list: `cnsearch/engine/postings/encode.py`, one list at a time.

use super::{Lists, ValueKind, BITMAP, OVERFLOW_BYTES, WIDTHS};
use crate::Error;

/// Width codes that are tried, ascending; the last holds everything.
const GAP_CODES: [usize; 4] = [3, 4, 5, 6];
const WEIGHT_CODES: [usize; 7] = [0, 1, 2, 3, 4, 5, 6];
const MAX_DOC_ID: u32 = (1 << 31) - 2;
const MAX_WEIGHT: u32 = (1 << 31) - 1;
const NOT_ASCENDING: Error = Error::Value("the documents of a postings list must ascend strictly");

/// Writes lists; its buffers are used again.
pub struct Encoder {
    kind: ValueKind,
    gaps: Vec<u32>,
}

/// How numbers are packed.
#[derive(Clone, Copy)]
struct Packing {
    code: usize,
    overflow: usize,
    /// Bytes in all.
    size: usize,
}

fn escape_of(code: usize) -> u32 {
    ((1u64 << WIDTHS[code]) - 1) as u32
}

fn packed_size(code: usize, count: usize) -> usize {
    (count * WIDTHS[code]).div_ceil(8)
}

impl Packing {
    /// The smallest; of equal ones the widest.
    fn of(numbers: &[u32], codes: &[usize]) -> Packing {
        let largest = numbers.iter().copied().max().unwrap_or(0);
        if largest == 0 && codes[0] == 0 {
            return Packing { code: 0, overflow: 0, size: 0 };
        }
        let widest = codes[codes.len() - 1];
        let mut best = Packing { code: widest, overflow: 0, size: packed_size(widest, numbers.len()) };
        for &code in codes.iter().rev().skip(1).filter(|&&code| code > 0) {
            let escape = escape_of(code);
            let mut found = Packing { code, overflow: 0, size: packed_size(code, numbers.len()) };
            if largest > escape {
                let excess = largest - escape;
                found.overflow = 1 + usize::from(excess > 0xFF) + usize::from(excess > 0xFFFF);
                let escaped = numbers.iter().filter(|&&number| number >= escape).count();
                found.size += escaped * OVERFLOW_BYTES[found.overflow];
            }
            if found.size < best.size {
                best = found;
            }
        }
        best
    }

    fn pack(self, numbers: &[u32], out: &mut Vec<u8>) {
        let escape = escape_of(self.code);
        let numbers = numbers.iter().map(|&number| number.min(escape));
        match WIDTHS[self.code] {
            0 => {}
            8 => out.extend(numbers.map(|number| number as u8)),
            16 => numbers.for_each(|number| out.extend((number as u16).to_le_bytes())),
            32 => numbers.for_each(|number| out.extend(number.to_le_bytes())),
            width => {
                let (mut byte, mut filled) = (0u32, 0);
                for number in numbers {
                    byte |= number << filled;
                    filled += width;
                    if filled == 8 {
                        out.push(byte as u8);
                        (byte, filled) = (0, 0);
                    }
                }
                if filled > 0 {
                    out.push(byte as u8);
                }
            }
        }
    }

    fn write_overflow(self, numbers: &[u32], out: &mut Vec<u8>) {
        let escape = escape_of(self.code);
        let size = OVERFLOW_BYTES[self.overflow];
        if size > 0 {
            for &number in numbers.iter().filter(|&&number| number >= escape) {
                out.extend_from_slice(&(number - escape).to_le_bytes()[..size]);
            }
        }
    }
}

impl Encoder {
    /// For lists whose values are of a kind.
    pub fn new(kind: ValueKind) -> Self {
        Encoder { kind, gaps: Vec::new() }
    }

    /// Appends a term. Documents ascend; of each the frequency, which is subtracted one of here.
    pub fn add(&mut self, term: &[u8], docs: &[u32], freqs: &mut [u32], to: &mut Lists) -> Result<(), Error> {
        let (Some(&first), Some(&last)) = (docs.first(), docs.last()) else {
            return Err(Error::Value("a term has at least one posting"));
        };
        if docs.len() != freqs.len() || last > MAX_DOC_ID {
            return Err(Error::Value("postings have a document and a frequency each"));
        }
        if docs.windows(2).any(|two| two[0] >= two[1]) {
            return Err(NOT_ASCENDING);
        }
        for freq in &mut *freqs {
            if *freq == 0 || *freq > MAX_WEIGHT {
                return Err(Error::Value("a frequency is from 1 to 2147483647"));
            }
            *freq -= 1;
        }
        to.terms.extend_from_slice(term);
        to.lengths.push(term.len() as i64);
        if docs.len() == 1 && freqs[0] == 0 {
            to.pointers.push(-1 - i64::from(first));
            return Ok(());
        }
        to.pointers.push(to.data.len() as i64);
        self.gaps.clear();
        self.gaps.push(first);
        self.gaps.extend(docs.windows(2).map(|two| two[1] - two[0] - 1));
        self.write(docs, last, freqs, &mut to.data);
        Ok(())
    }

    fn write(&self, docs: &[u32], last: u32, excess: &[u32], out: &mut Vec<u8>) {
        let gaps = Packing::of(&self.gaps, &GAP_CODES);
        let weights = Packing::of(excess, &WEIGHT_CODES);
        let bitmap_size = (last >> 3) as usize + 1;
        let bitmap = bitmap_size + 4 < gaps.size;
        let (doc_code, doc_overflow) = if bitmap { (BITMAP, 0) } else { (gaps.code as u8, gaps.overflow as u8) };
        out.push(doc_code | doc_overflow << 3 | (weights.code as u8) << 5);
        out.push(weights.overflow as u8 | self.kind << 3);
        let mut count = docs.len();
        while count >= 0x80 {
            out.push(count as u8 | 0x80);
            count >>= 7;
        }
        out.push(count as u8);
        if bitmap {
            out.extend_from_slice(&(bitmap_size as u32).to_le_bytes());
            let start = out.len();
            out.resize(start + bitmap_size, 0);
            for &doc in docs {
                out[start + (doc >> 3) as usize] |= 1 << (doc & 7);
            }
        } else {
            gaps.pack(&self.gaps, out);
        }
        weights.pack(excess, out);
        if !bitmap {
            gaps.write_overflow(&self.gaps, out);
        }
        weights.write_overflow(excess, out);
    }
}
