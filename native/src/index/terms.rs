//! The term dictionary of a field: `cnsearch/engine/terms/dictionary.py`.

use super::file::{kind, little, Section, SegmentFile};

const BLOCK: usize = 16;
const KEY_BYTES: usize = 8;

/// Where terms and their pointers are.
pub struct Terms {
    keys: Section,
    prefix_lengths: Section,
    suffix_lengths: Section,
    offsets: Section,
    bytes: Section,
    pointers: Section,
    count: usize,
    /// What all terms begin with.
    prefix: Vec<u8>,
}

/// What stands for the postings of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointer {
    /// Offset of the list.
    List(usize),
    /// The only document, which has it once.
    Only(u32),
}

impl Terms {
    /// Those of a field with `count` terms that share `skip` bytes.
    pub fn new(file: &SegmentFile, field: u16, count: usize, skip: usize) -> Option<Self> {
        let section = |kind| file.section(kind, field);
        let mut terms = Terms {
            keys: section(kind::TERM_KEYS)?,
            prefix_lengths: section(kind::TERM_PREFIX_LENGTHS)?,
            suffix_lengths: section(kind::TERM_SUFFIX_LENGTHS)?,
            offsets: section(kind::TERM_BLOCK_OFFSETS)?,
            bytes: section(kind::TERM_BYTES)?,
            pointers: section(kind::TERM_POINTERS)?,
            count,
            prefix: Vec::new(),
        };
        let blocks = count.div_ceil(BLOCK);
        let fits = terms.keys.len() == blocks
            && terms.keys.item_size == KEY_BYTES
            && terms.prefix_lengths.len() == blocks
            && terms.suffix_lengths.len() == count
            && terms.offsets.len() == blocks + 1
            && terms.pointers.len() == count;
        if !fits {
            return None;
        }
        if count > 0 && skip > 0 {
            let (first, shared, lengths) = terms.block(file, 0)?;
            terms.prefix = first.get(..shared + lengths.first()?)?.get(..skip)?.to_vec();
        }
        Some(terms)
    }

    /// (its bytes, how many of them all terms share, how many more each has).
    fn block<'a>(&self, file: &'a SegmentFile, block: usize) -> Option<(&'a [u8], usize, Vec<usize>)> {
        let (start, end) = (file.item(self.offsets, block)? as usize, file.item(self.offsets, block + 1)? as usize);
        let bytes = file.bytes(self.bytes, start, end)?;
        let size = self.suffix_lengths.item_size;
        let (first, stop) = (block * BLOCK, ((block + 1) * BLOCK).min(self.count));
        let lengths: Vec<usize> = file
            .bytes(self.suffix_lengths, first * size, stop * size)?
            .chunks_exact(size)
            .map(|length| little(length) as usize)
            .collect();
        let shared = usize::try_from(file.item(self.prefix_lengths, block)?).ok()?;
        let total = lengths.iter().try_fold(shared, |sum, &length| sum.checked_add(length))?;
        (total == bytes.len()).then_some((bytes, shared, lengths))
    }

    fn key(&self, term: &[u8]) -> u64 {
        let rest = &term[self.prefix.len().min(term.len())..];
        (0..KEY_BYTES).fold(0, |key, at| key << 8 | u64::from(rest.get(at).copied().unwrap_or(0)))
    }

    /// The first of the blocks `low..high` for which `above`.
    fn first_block(low: usize, high: usize, mut above: impl FnMut(usize) -> Option<bool>) -> Option<usize> {
        let (mut low, mut high) = (low, high);
        while low < high {
            let middle = low + (high - low) / 2;
            if above(middle)? {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(low)
    }

    /// Where its postings are; None inside, if there is no such term; None, if the file is damaged.
    pub fn find(&self, file: &SegmentFile, term: &[u8]) -> Option<Option<Pointer>> {
        if !term.starts_with(&self.prefix) {
            return Some(None);
        }
        let (key, blocks) = (self.key(term), self.keys.len());
        let mut after = Self::first_block(0, blocks, |block| Some(file.item(self.keys, block)? > key))?;
        if after > 0 && file.item(self.keys, after - 1)? == key {
            // Blocks that begin with the same bytes.
            let low = Self::first_block(0, after, |block| Some(file.item(self.keys, block)? >= key))?;
            after = Self::first_block(low, after, |block| {
                let (bytes, shared, lengths) = self.block(file, block)?;
                Some(bytes.get(..shared + lengths.first()?)? > term)
            })?;
        }
        let Some(block) = after.checked_sub(1) else { return Some(None) };
        let (bytes, shared, lengths) = self.block(file, block)?;
        let Some(rest) = term.strip_prefix(&bytes[..shared]) else { return Some(None) };
        let mut start = shared;
        for (at, length) in lengths.into_iter().enumerate() {
            if bytes[start..start + length] == *rest {
                return self.pointer(file, block * BLOCK + at).map(Some);
            }
            start += length;
        }
        Some(None)
    }

    fn pointer(&self, file: &SegmentFile, number: usize) -> Option<Pointer> {
        let pointer = file.item(self.pointers, number)?;
        let flag = 1u64 << (8 * self.pointers.item_size - 1);
        Some(if pointer & flag == 0 {
            Pointer::List(usize::try_from(pointer).ok()?)
        } else {
            Pointer::Only(u32::try_from(pointer ^ flag).ok()?)
        })
    }
}
