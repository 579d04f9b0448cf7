//! Texts with one byte for the commonest characters and two for most others: `cnsearch/engine/bytes/packing.py` says how.

use std::sync::OnceLock;

use crate::search::u16s;

/// The units of one byte, which is their place here.
const SINGLES: &str =
    "\t\n !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\
    ，的。一在中用、个是国以和我有这了你新发会可为：要们行不作大人来）（能时方上文使到全对数进动件地开如同它下多";
/// How many these are; a byte from here on says the upper half of a unit, whose lower half is a byte of its own.
const NUM_SINGLES: u8 = 151;
/// The upper halves: first and last of each stretch.
const PAGES: [(u16, u16); 8] =
    [(0x00, 0x04), (0x20, 0x27), (0x30, 0x31), (0x33, 0x33), (0x4E, 0x9F), (0xD8, 0xD8), (0xDC, 0xDF), (0xFE, 0xFF)];

struct Codes {
    /// By first byte: the unit, or its upper half.
    units: [u16; 256],
    /// By unit: the first byte, if there is one.
    leads: Vec<Option<u8>>,
}

fn codes() -> &'static Codes {
    static CODES: OnceLock<Codes> = OnceLock::new();
    CODES.get_or_init(|| {
        let (mut units, mut leads) = ([0; 256], vec![None; 1 << 16]);
        let pages = PAGES.iter().flat_map(|&(first, last)| first..=last);
        for (lead, page) in (NUM_SINGLES..=u8::MAX).zip(pages) {
            units[usize::from(lead)] = page << 8;
            leads[usize::from(page) << 8..][..256].fill(Some(lead));
        }
        for (lead, unit) in (0..NUM_SINGLES).zip(SINGLES.encode_utf16()) {
            units[usize::from(lead)] = unit;
            leads[usize::from(unit)] = Some(lead);
        }
        Codes { units, leads }
    })
}

/// How the bytes of a text stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Those of a character side by side.
    Mixed,
    /// The number of units, all first bytes, all second ones.
    Apart,
}

/// A text in UTF-16, packed; None if it has a unit that has no code, or half of one.
pub fn pack(text: &[u8], order: Order) -> Option<Vec<u8>> {
    if text.len() % 2 != 0 {
        return None;
    }
    let codes = codes();
    let mut packed = Vec::with_capacity(text.len() + 8);
    let mut trails = Vec::with_capacity(if order == Order::Apart { text.len() / 2 } else { 0 });
    if order == Order::Apart {
        let mut count = text.len() / 2;
        while count > 0x7F {
            packed.push(count as u8 | 0x80);
            count >>= 7;
        }
        packed.push(count as u8);
    }
    for unit in u16s(text) {
        let lead = codes.leads[usize::from(unit)]?;
        packed.push(lead);
        if lead >= NUM_SINGLES {
            match order {
                Order::Mixed => packed.push(unit as u8),
                Order::Apart => trails.push(unit as u8),
            }
        }
    }
    packed.extend(trails);
    Some(packed)
}

/// The text in UTF-16, or `most` units of it at least. None if it is damaged.
pub fn unpack(packed: &[u8], order: Order, most: usize) -> Option<Vec<u8>> {
    match order {
        Order::Mixed => unpack_mixed(packed),
        Order::Apart => unpack_apart(packed, most),
    }
}

fn unpack_mixed(packed: &[u8]) -> Option<Vec<u8>> {
    let units = &codes().units;
    let mut text = Vec::with_capacity(2 * packed.len());
    let mut bytes = packed.iter();
    while let Some(&lead) = bytes.next() {
        let trail = if lead >= NUM_SINGLES { *bytes.next()? } else { 0 };
        text.extend((units[usize::from(lead)] | u16::from(trail)).to_le_bytes());
    }
    Some(text)
}

fn unpack_apart(packed: &[u8], most: usize) -> Option<Vec<u8>> {
    let (count, rest) = counted(packed)?;
    let (leads, trails) = rest.split_at_checked(count)?;
    if leads.iter().filter(|&&lead| lead >= NUM_SINGLES).count() != trails.len() {
        return None;
    }
    let units = &codes().units;
    let leads = &leads[..count.min(most)];
    let mut text = vec![0; 2 * leads.len()];
    let mut next = 0;
    // Which characters have a second byte cannot be foreseen: no branch depends on it.
    for (unit, &lead) in text.chunks_exact_mut(2).zip(leads) {
        let has_trail = lead >= NUM_SINGLES;
        let trail = trails.get(next).copied().unwrap_or(0) & (has_trail as u8).wrapping_neg();
        next += usize::from(has_trail);
        unit.copy_from_slice(&(units[usize::from(lead)] | u16::from(trail)).to_le_bytes());
    }
    Some(text)
}

/// How many units a text has, by what it says itself; packed apart.
pub fn num_units(packed: &[u8]) -> Option<usize> {
    counted(packed).map(|(count, _)| count)
}

/// The number at the beginning, and what follows.
fn counted(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut count = 0;
    for (at, &byte) in bytes.iter().enumerate().take(5) {
        count |= usize::from(byte & 0x7F) << (7 * at);
        if byte < 0x80 {
            return Some((count, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bytes_harm_the_reader_and_texts_come_back() {
        let mut state = 1u32;
        let mut next = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as u8
        };
        for _ in 0..100_000 {
            let data: Vec<u8> = (0..next() % 40).map(|_| next()).collect();
            for order in [Order::Mixed, Order::Apart] {
                if let Some(text) = unpack(&data, order, usize::MAX) {
                    assert_eq!(unpack(&pack(&text, order).unwrap(), order, usize::MAX), Some(text));
                }
                if let Some(packed) = pack(&data, order) {
                    assert_eq!(unpack(&packed, order, usize::MAX), Some(data.clone()));
                }
            }
        }
    }

    #[test]
    fn all_first_bytes_are_taken() {
        assert_eq!(SINGLES.encode_utf16().count(), usize::from(NUM_SINGLES));
        let pages: u16 = PAGES.iter().map(|&(first, last)| last - first + 1).sum();
        assert_eq!(pages, 256 - u16::from(NUM_SINGLES));
    }
}
