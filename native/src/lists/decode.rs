//! A postings list as documents and frequencies, for a merge.

use super::{ValueKind, BITMAP, OVERFLOW_BYTES, WIDTHS};

/// Width code of weights that are no integers.
const FLOATS: usize = 7;

/// Reads bytes from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let taken = self.0.get(..size)?;
        self.0 = &self.0[size..];
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

    /// Adds `count` numbers of the width of a code.
    fn packed(&mut self, code: usize, count: usize, to: &mut Vec<u32>) -> Option<()> {
        let width = *WIDTHS.get(code)?;
        let bytes = self.take(count.checked_mul(width)?.div_ceil(8))?;
        match width {
            0 => to.resize(to.len() + count, 0),
            8 => to.extend(bytes.iter().map(|&byte| u32::from(byte))),
            16 => to.extend(bytes.chunks_exact(2).map(|two| u32::from(u16::from_le_bytes([two[0], two[1]])))),
            32 => to.extend(bytes.chunks_exact(4).map(|n| u32::from_le_bytes([n[0], n[1], n[2], n[3]]))),
            _ => {
                let (end, mask) = (to.len() + count, (1u8 << width) - 1);
                for &byte in bytes {
                    to.extend((0..8 / width).map(|place| u32::from(byte >> (place * width) & mask)));
                }
                to.truncate(end);
            }
        }
        Some(())
    }

    /// Add the overflow numbers to those that are the escape.
    fn overflow(&mut self, numbers: &mut [u32], code: usize, overflow_code: usize) -> Option<()> {
        let escape = ((1u64 << WIDTHS.get(code)?) - 1) as u32;
        let size = OVERFLOW_BYTES[overflow_code & 3];
        if size > 0 {
            for number in numbers.iter_mut().filter(|number| **number == escape) {
                *number = number.checked_add(self.little(size)?)?;
            }
        }
        Some(())
    }
}

/// Adds the documents of a list, ascending, and how often each has the term. None, whatever was added, for what is no
/// list, names a document from `doc_count` on, has values of another kind, or frequencies that are no integers.
pub fn decode(data: &[u8], doc_count: u32, kind: ValueKind, docs: &mut Vec<u32>, freqs: &mut Vec<u32>) -> Option<()> {
    let mut bytes = Bytes(data);
    let (first, second) = (bytes.byte()?, bytes.byte()?);
    let count = bytes.varint()?;
    let (doc_code, weight_code) = (first & 7, usize::from(first >> 5));
    if count == 0 || count > u64::from(doc_count) || weight_code == FLOATS || second >> 3 & 3 != kind {
        return None;
    }
    let count = count as usize;
    let (doc_start, freq_start) = (docs.len(), freqs.len());
    if doc_code == BITMAP {
        let size = bytes.little(4)? as usize;
        for (at, &byte) in bytes.take(size)?.iter().enumerate() {
            let mut left = byte;
            while left != 0 {
                docs.push(u32::try_from(8 * at as u64 + u64::from(left.trailing_zeros())).ok()?);
                left &= left - 1;
            }
        }
        if docs.len() - doc_start != count {
            return None;
        }
    } else {
        bytes.packed(doc_code.into(), count, docs)?;
    }
    bytes.packed(weight_code, count, freqs)?;
    if doc_code != BITMAP {
        let gaps = &mut docs[doc_start..];
        bytes.overflow(gaps, doc_code.into(), (first >> 3 & 3).into())?;
        let mut next = 0u32;
        for gap in gaps {
            let doc = next.checked_add(*gap)?;
            *gap = doc;
            next = doc.checked_add(1)?;
        }
    }
    if docs.last().is_none_or(|&last| last >= doc_count) {
        return None;
    }
    let freqs = &mut freqs[freq_start..];
    bytes.overflow(freqs, weight_code, (second & 3).into())?;
    for freq in freqs {
        *freq = freq.checked_add(1)?;
    }
    Some(())
}
