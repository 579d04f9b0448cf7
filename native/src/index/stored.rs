//! The stored texts of a field that is kept plain: `cnsearch/engine/bytes/ragged.py`.

use super::file::{kind, little, Section, SegmentFile};

const GROUP: usize = 16;
const TAG_UTF16: u8 = b'u';

/// Where the texts are.
#[derive(Clone, Copy)]
pub struct Stored {
    lengths: Section,
    bases: Section,
    bytes: Section,
}

impl Stored {
    /// Those of a field; None if it has none, or some that are compressed.
    pub fn new(file: &SegmentFile, field: u16) -> Option<Self> {
        if file.section(kind::LONG_LENGTHS, field).is_some() {
            return None;
        }
        Some(Stored {
            lengths: file.section(kind::STORED_LENGTHS, field)?,
            bases: file.section(kind::STORED_BASES, field)?,
            bytes: file.section(kind::STORED_BYTES, field)?,
        })
    }

    /// `most` bytes of the text of a document in UTF-16, or all; empty if there is none. The whole text is checked.
    pub fn beginning<'a>(&self, file: &'a SegmentFile, doc: usize, most: usize) -> Option<&'a [u8]> {
        let size = self.lengths.item_size;
        let first = doc & !(GROUP - 1);
        let lengths = file.bytes(self.lengths, first.checked_mul(size)?, (doc + 1).checked_mul(size)?)?;
        let mut lengths = lengths.chunks_exact(size).map(|length| little(length) as usize);
        let length = lengths.next_back()?;
        if length == 0 {
            return Some(&[]);
        }
        let before = lengths.try_fold(0usize, usize::checked_add)?;
        let start = usize::try_from(file.item(self.bases, doc / GROUP)?).ok()?.checked_add(before)?;
        let value = file.bytes(self.bytes, start, start.checked_add(length)?)?;
        if value[0] != TAG_UTF16 || length % 2 == 0 {
            return None;
        }
        Some(&value[1..length.min(most.saturating_add(1))])
    }
}
