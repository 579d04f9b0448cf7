//! The stored values of a field, those that are not compressed: `cnsearch/engine/bytes/ragged.py`.

use std::borrow::Cow;

use super::file::{kind, little, Section, SegmentFile};
use crate::packing::{num_units, unpack, Order};
use crate::search::u16s;

const GROUP: usize = 16;
const TAG_UTF16: u8 = b'u';
const TAG_UTF8: u8 = b's';
const TAG_MIXED: u8 = b'c';
const TAG_APART: u8 = b'a';

/// Where the texts are.
#[derive(Clone, Copy)]
pub struct Stored {
    lengths: Section,
    bases: Section,
    bytes: Section,
}

impl Stored {
    /// Those of a field; None if it has none.
    pub fn new(file: &SegmentFile, field: u16) -> Option<Self> {
        Some(Stored {
            lengths: file.section(kind::STORED_LENGTHS, field)?,
            bases: file.section(kind::STORED_BASES, field)?,
            bytes: file.section(kind::STORED_BYTES, field)?,
        })
    }

    /// The same; None also if some are compressed.
    pub fn plain(file: &SegmentFile, field: u16) -> Option<Self> {
        if file.section(kind::LONG_LENGTHS, field).is_some() {
            return None;
        }
        Self::new(file, field)
    }

    /// The value of a document, its tag first; empty if there is none. All of it is checked.
    pub fn value<'a>(&self, file: &'a SegmentFile, doc: usize) -> Option<&'a [u8]> {
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
        file.bytes(self.bytes, start, start.checked_add(length)?)
    }

    /// `most` units of the text of a document in UTF-16, or all; empty if there is none.
    pub fn beginning<'a>(&self, file: &'a SegmentFile, doc: usize, most: usize) -> Option<Cow<'a, [u8]>> {
        let value = self.value(file, doc)?;
        match value.split_first() {
            None => Some(Cow::Borrowed(value)),
            Some((&TAG_APART, text)) => unpack(text, Order::Apart, most).map(Cow::Owned),
            Some((&TAG_UTF16, text)) if text.len() % 2 == 0 => {
                Some(Cow::Borrowed(&text[..text.len().min(most.saturating_mul(2))]))
            }
            Some(_) => None,
        }
    }

    /// What the text of a document takes in UTF-16.
    pub fn size(&self, file: &SegmentFile, doc: usize) -> Option<usize> {
        match self.value(file, doc)?.split_first() {
            None => Some(0),
            Some((&TAG_APART, text)) => Some(2 * num_units(text)?),
            Some((_, text)) => Some(text.len()),
        }
    }

    /// The text of a document; None where it has none that is short, or has half of a surrogate pair.
    pub fn text(&self, file: &SegmentFile, doc: usize) -> Option<String> {
        let of_utf16 = |text: &[u8]| char::decode_utf16(u16s(text)).collect::<Result<_, _>>().ok();
        match self.value(file, doc)?.split_first()? {
            (&TAG_UTF16, text) if text.len() % 2 == 0 => of_utf16(text),
            (&TAG_UTF8, text) => std::str::from_utf8(text).ok().map(str::to_owned),
            (&TAG_MIXED, text) => of_utf16(&unpack(text, Order::Mixed, usize::MAX)?),
            (&TAG_APART, text) => of_utf16(&unpack(text, Order::Apart, usize::MAX)?),
            _ => None,
        }
    }
}
