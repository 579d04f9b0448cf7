//! The file of a segment, mapped: its sections, of which a block is compared with its checksum when it is first touched.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use memmap2::Mmap;

const MAGIC: &[u8] = b"CNSEG\r\n\x1a";
const END_MAGIC: &[u8] = b"CNSEGEND";
const VERSIONS: std::ops::RangeInclusive<u64> = 1..=2;
const HEADER: usize = 32;
const FOOTER: usize = 48;
const ENTRY: usize = 24;
const BLOCK_SHIFT: usize = 13;

/// Kinds of sections.
pub mod kind {
    #![allow(missing_docs)]
    pub const TERM_KEYS: u16 = 10;
    pub const TERM_PREFIX_LENGTHS: u16 = 11;
    pub const TERM_SUFFIX_LENGTHS: u16 = 12;
    pub const TERM_BLOCK_OFFSETS: u16 = 13;
    pub const TERM_BYTES: u16 = 14;
    pub const TERM_POINTERS: u16 = 15;
    pub const POSTINGS: u16 = 20;
    pub const FIELD_LENGTHS: u16 = 30;
    pub const STORED_LENGTHS: u16 = 50;
    pub const STORED_BASES: u16 = 51;
    pub const STORED_BYTES: u16 = 52;
    pub const LONG_LENGTHS: u16 = 54;
}

/// A little-endian number of up to eight bytes.
pub fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Where the bytes are: a mapped file, or memory in a test.
enum Data {
    Mapped(Mmap),
    Held(Vec<u8>),
}

/// A segment.
pub struct SegmentFile {
    data: Data,
    sections: HashMap<(u16, u16), Section>,
    crcs: Vec<u32>,
    checked: Vec<AtomicBool>,
}

/// Where a section is, and how many bytes a number in it has.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    offset: usize,
    /// In bytes.
    pub length: usize,
    /// Bytes of a number; 1, 2, 4 or 8.
    pub item_size: usize,
}

impl Section {
    /// How many numbers it has.
    pub fn len(&self) -> usize {
        self.length / self.item_size
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl SegmentFile {
    /// The segment at a path; None if it is none.
    pub fn open(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        // A segment is written once and renamed into place: nobody writes to it or cuts it. Whoever did would be found
        // out by the checksums, or end this process, as one that maps the file in Python.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file) }.ok()?;
        Self::of(Data::Mapped(map))
    }

    /// The same of bytes in memory.
    pub fn of_bytes(bytes: Vec<u8>) -> Option<Self> {
        Self::of(Data::Held(bytes))
    }

    fn of(data: Data) -> Option<Self> {
        let bytes: &[u8] = match &data {
            Data::Mapped(map) => map,
            Data::Held(bytes) => bytes,
        };
        let header = bytes.get(..HEADER)?;
        let whole = header.starts_with(MAGIC)
            && crc32fast::hash(&header[..28]) == little(&header[28..]) as u32
            && VERSIONS.contains(&little(&header[8..10]))
            && little(&header[12..16]) == 1 << BLOCK_SHIFT;
        let footer = bytes.get(bytes.len().checked_sub(FOOTER)?..)?;
        let number = |at: usize, size: usize| usize::try_from(little(&footer[at..at + size])).ok();
        let (table_at, data_length, file_length) = (number(0, 8)?, number(8, 8)?, number(16, 8)?);
        let (num_sections, num_blocks) = (number(24, 4)?, number(28, 4)?);
        let fits = footer.ends_with(END_MAGIC)
            && crc32fast::hash(&footer[..36]) == little(&footer[36..40]) as u32
            && file_length == bytes.len()
            && table_at == data_length
            && num_blocks == data_length.div_ceil(1 << BLOCK_SHIFT);
        if !whole || !fits {
            return None;
        }
        let table = bytes.get(table_at..bytes.len() - FOOTER)?;
        let entries = num_sections.checked_mul(ENTRY)?;
        if table.len() != entries.checked_add(num_blocks.checked_mul(4)?)?
            || crc32fast::hash(table) != little(&footer[32..36]) as u32
        {
            return None;
        }
        let mut sections = HashMap::with_capacity(num_sections);
        for entry in table[..entries].chunks_exact(ENTRY) {
            let section = Section {
                offset: usize::try_from(little(&entry[8..16])).ok()?,
                length: usize::try_from(little(&entry[16..])).ok()?,
                item_size: little(&entry[4..6]) as usize,
            };
            let fits = section.offset.checked_add(section.length)? <= data_length
                && matches!(section.item_size, 1 | 2 | 4 | 8)
                && section.length % section.item_size == 0;
            if !fits {
                return None;
            }
            sections.insert((little(&entry[..2]) as u16, little(&entry[2..4]) as u16), section);
        }
        let crcs = table[entries..].chunks_exact(4).map(|crc| little(crc) as u32).collect();
        let checked = (0..num_blocks).map(|_| AtomicBool::new(false)).collect();
        Some(SegmentFile { data, sections, crcs, checked })
    }

    /// A section of a field.
    pub fn section(&self, kind: u16, field: u16) -> Option<Section> {
        self.sections.get(&(kind, field)).copied()
    }

    fn bytes_of_file(&self) -> &[u8] {
        match &self.data {
            Data::Mapped(map) => map,
            Data::Held(bytes) => bytes,
        }
    }

    fn check_block(&self, block: usize) -> Option<()> {
        let checked = self.checked.get(block)?;
        if !checked.load(Ordering::Relaxed) {
            let bytes = self.bytes_of_file();
            // The last block ends where the table begins.
            let length = bytes.len() - FOOTER - 4 * self.crcs.len() - ENTRY * self.sections_in_file();
            let start = block << BLOCK_SHIFT;
            let data = bytes.get(start..(start + (1 << BLOCK_SHIFT)).min(length))?;
            if crc32fast::hash(data) != *self.crcs.get(block)? {
                return None;
            }
            checked.store(true, Ordering::Relaxed);
        }
        Some(())
    }

    fn sections_in_file(&self) -> usize {
        let bytes = self.bytes_of_file();
        little(&bytes[bytes.len() - FOOTER + 24..][..4]) as usize
    }

    /// The bytes `start..stop` of a section, checked.
    pub fn bytes(&self, section: Section, start: usize, stop: usize) -> Option<&[u8]> {
        if start > stop || stop > section.length {
            return None;
        }
        let (first, end) = (section.offset + start, section.offset + stop);
        if start < stop {
            for block in first >> BLOCK_SHIFT..=(end - 1) >> BLOCK_SHIFT {
                self.check_block(block)?;
            }
        }
        self.bytes_of_file().get(first..end)
    }

    /// A number of a section, checked.
    #[inline]
    pub fn item(&self, section: Section, at: usize) -> Option<u64> {
        let size = section.item_size;
        let start = at.checked_mul(size)?;
        let bytes = self.bytes(section, start, start.checked_add(size)?)?;
        Some(match *bytes {
            [byte] => byte.into(),
            [a, b] => u16::from_le_bytes([a, b]).into(),
            [a, b, c, d] => u32::from_le_bytes([a, b, c, d]).into(),
            _ => little(bytes),
        })
    }

    /// The bytes from `start` on up to where the first unchecked block begins; at least the rest of one block, which is
    /// checked. Empty only at the end of the section.
    pub fn run(&self, section: Section, start: usize, more: usize) -> Option<&[u8]> {
        if start > section.length {
            return None;
        }
        let first = section.offset + start;
        let end = section.offset + section.length;
        let mut stop = (((first >> BLOCK_SHIFT) + 1 + more) << BLOCK_SHIFT).min(end);
        self.bytes(section, start, stop - section.offset)?;
        while stop < end && self.checked.get(stop >> BLOCK_SHIFT)?.load(Ordering::Relaxed) {
            stop = (stop + (1 << BLOCK_SHIFT)).min(end);
        }
        self.bytes_of_file().get(first..stop)
    }
}
