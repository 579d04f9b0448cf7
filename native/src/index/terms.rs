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

    /// The pointers of all terms that contain `part`: at their beginning, at their end, or anywhere. And of those that
    /// are `long`, in bytes.
    pub fn containing(
        &self,
        file: &SegmentFile,
        part: &[u8],
        at_start: bool,
        at_end: bool,
        long: usize,
    ) -> Option<Vec<Pointer>> {
        let blocks = self.keys.len();
        let (mut looked_at, mut found, mut term) = (vec![false; blocks], Vec::new(), Vec::new());
        // A term has the part in its own rest, or where the bytes that the block shares end.
        let all = file.bytes(self.bytes, 0, self.bytes.length)?;
        let offsets = file.bytes(self.offsets, 0, self.offsets.length)?;
        let offsets: Vec<usize> =
            offsets.chunks_exact(self.offsets.item_size).map(|offset| little(offset) as usize).collect();
        places(all, part, |place| {
            let block = offsets.partition_point(|&offset| offset <= place);
            if let Some(looked_at) = block.checked_sub(1).and_then(|block| looked_at.get_mut(block)) {
                *looked_at = true;
            }
        });
        let size = self.suffix_lengths.item_size;
        let lengths = file.bytes(self.suffix_lengths, 0, self.suffix_lengths.length)?;
        for (block, lengths) in lengths.chunks(BLOCK * size).enumerate() {
            let shared = usize::try_from(file.item(self.prefix_lengths, block)?).ok()?;
            let prefix = all.get(offsets[block]..offsets[block].checked_add(shared)?)?;
            let goes_on = (1..part.len()).any(|size| prefix.ends_with(&part[..size]));
            let is_long = |length: &[u8]| shared.saturating_add(little(length) as usize) >= long;
            looked_at[block] |= goes_on || lengths.chunks_exact(size).any(is_long);
        }
        for block in (0..blocks).filter(|&block| looked_at[block]) {
            let (bytes, shared, lengths) = self.block(file, block)?;
            let mut start = shared;
            for (at, length) in lengths.into_iter().enumerate() {
                term.clear();
                term.extend_from_slice(&bytes[..shared]);
                term.extend_from_slice(&bytes[start..start + length]);
                start += length;
                let has = match (at_start, at_end) {
                    (true, true) => term == part,
                    (true, false) => term.starts_with(part),
                    (false, true) => term.ends_with(part),
                    (false, false) => term.windows(part.len()).any(|some| some == part),
                };
                if has || term.len() >= long {
                    found.push(self.pointer(file, block * BLOCK + at)?);
                }
            }
        }
        Some(found)
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

/// Where a part of two bytes or more stands in bytes.
fn places(bytes: &[u8], part: &[u8], mut each: impl FnMut(usize)) {
    const STEP: usize = 64;
    let [first, second, ..] = *part else { return };
    let mut at = 0;
    while at + 1 < bytes.len() {
        // One step over arrays, which the compiler turns into steps over sixteen bytes at a time.
        let here = &bytes[at..bytes.len().min(at + STEP + 1)];
        let any = here
            .iter()
            .zip(&here[1..])
            .fold(0, |any, (&one, &other)| any | (u8::from(one == first) & u8::from(other == second)));
        if any != 0 {
            for place in at..at + here.len() - 1 {
                if bytes[place..].starts_with(part) {
                    each(place);
                }
            }
        }
        at += STEP;
    }
}
