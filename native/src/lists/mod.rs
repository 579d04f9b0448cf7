//! Terms and their postings lists as they are written (`cnsearch/engine/FORMAT.md`): those of many batches joined to the
//! lists of a segment, those of several segments merged.

pub mod decode;
pub mod encode;
pub mod join;
pub mod merge;
#[cfg(feature = "python")]
pub mod python;

/// Bits per number, by width code.
const WIDTHS: [usize; 7] = [0, 1, 2, 4, 8, 16, 32];
/// Bytes per overflow number, by overflow code.
const OVERFLOW_BYTES: [usize; 4] = [0, 1, 2, 4];
/// Instead of a width code of gaps.
const BITMAP: u8 = 7;

/// Terms in byte order, and their postings lists.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// The terms one after the other.
    pub terms: Vec<u8>,
    /// Bytes of each term.
    pub lengths: Vec<i64>,
    /// For each term the offset of its list in `data`, or -1 - the only document, which has it once.
    pub pointers: Vec<i64>,
    /// The lists one after the other.
    pub data: Vec<u8>,
}

/// The value of each posting, which its list tells: none, or the frequency.
pub type ValueKind = u8;
