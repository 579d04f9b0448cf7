//! The term dictionary of a field: `cnsearch/engine/terms/dictionary.py`.

use super::file::{kind, little, Section, SegmentFile};
use crate::search::{i32s, set};

const BLOCK: usize = 16;
const KEY_BYTES: usize = 8;
/// Begins the terms that are stems, and no word: `cnsearch/analysis/inflection.py`.
const STEM: u8 = b'=';

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

    /// The pointers of all words that contain `part`, three bytes or more: at their beginning, at their end, or anywhere.
    /// And of terms that are `long`, in bytes.
    pub fn containing(
        &self,
        file: &SegmentFile,
        part: &[u8],
        at_start: bool,
        at_end: bool,
        long: usize,
    ) -> Option<Vec<Pointer>> {
        let (mut found, mut ways) = (Vec::new(), Vec::new());
        let all = file.bytes(self.bytes, 0, self.bytes.length)?;
        let offsets = numbers(file, self.offsets)?;
        let mut places = Vec::new();
        find(all, part, |place| places.push(place));
        let mut places = places.into_iter().peekable();
        let size = self.suffix_lengths.item_size;
        let lengths = file.bytes(self.suffix_lengths, 0, self.suffix_lengths.length)?.chunks(BLOCK * size);
        for (block, (shared, lengths)) in numbers(file, self.prefix_lengths)?.into_iter().zip(lengths).enumerate() {
            // A term has the part in what the block shares, in its own rest, or over the end of the former.
            let (start, end) = (offsets[block], offsets[block + 1]);
            let prefix = all.get(start..start.checked_add(shared)?)?;
            ways.clear();
            let goes_on = |&size: &usize| prefix.last() == Some(&part[size - 1]) && prefix.ends_with(&part[..size]);
            ways.extend((1..part.len()).filter(goes_on));
            let longest = match size {
                1 => lengths.iter().copied().max().map_or(0, usize::from),
                _ => lengths.chunks_exact(size).map(|length| little(length) as usize).max()?,
            };
            let here = places.peek().is_some_and(|&place| place < end);
            if !here && ways.is_empty() && shared.saturating_add(longest) < long {
                continue;
            }
            let (bytes, shared, lengths) = self.block(file, block)?;
            let mut rest = shared;
            let mut in_prefix = false;
            while let Some(place) = places.next_if(|&place| place < start + shared) {
                in_prefix |= place + part.len() <= start + shared;
            }
            for (at, length) in lengths.into_iter().enumerate() {
                let stop = rest + length;
                let own = &bytes[rest..stop];
                let mut inside = false;
                while let Some(place) = places.next_if(|&place| place < start + stop) {
                    inside |= place + part.len() <= start + stop;
                }
                let is_stem = bytes[..shared].first().or(own.first()) == Some(&STEM);
                let mut has = in_prefix || inside || ways.iter().any(|&size| own.starts_with(&part[size..]));
                if has && (at_start || at_end) {
                    let term = [&bytes[..shared], own].concat();
                    has = match (at_start, at_end) {
                        (true, true) => term == part,
                        (true, false) => term.starts_with(part),
                        _ => term.ends_with(part),
                    };
                }
                if (has && !is_stem) || shared + length >= long {
                    found.push(self.pointer(file, block * BLOCK + at)?);
                }
                rest = stop;
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

/// All numbers of a section.
fn numbers(file: &SegmentFile, section: Section) -> Option<Vec<usize>> {
    let bytes = file.bytes(section, 0, section.length)?;
    Some(match section.item_size {
        1 => bytes.iter().copied().map(usize::from).collect(),
        4 => i32s(bytes).map(|number| number as u32 as usize).collect(),
        size => bytes.chunks_exact(size).map(|number| little(number) as usize).collect(),
    })
}

/// Where a part of three bytes or more stands in bytes, ascending.
fn find(bytes: &[u8], part: &[u8], mut each: impl FnMut(usize)) {
    const LANES: usize = 64;
    let [first, second, third, ..] = *part else { return };
    let mut at = 0;
    while at + part.len() <= bytes.len() {
        // One step over arrays, which the compiler turns into steps over sixteen bytes at a time.
        let lanes = |shift: usize| bytes[at + shift..].first_chunk::<LANES>();
        let (Some(ones), Some(twos), Some(threes)) = (lanes(0), lanes(1), lanes(2)) else { break };
        let mut hits = [0u8; LANES];
        for (((hit, &one), &two), &three) in hits.iter_mut().zip(ones).zip(twos).zip(threes) {
            *hit = u8::from(one == first) & u8::from(two == second) & u8::from(three == third);
        }
        if hits != [0; LANES] {
            set(&hits).map(|lane| at + lane).filter(|&place| bytes[place..].starts_with(part)).for_each(&mut each);
        }
        at += LANES;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let is_here = |place: &usize| rest[*place..].starts_with(part);
    (0..rest.len()).filter(is_here).for_each(|place| each(at + place));
}
