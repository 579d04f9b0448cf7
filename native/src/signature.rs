//! Signatures of articles (`analysis/signature.py` says what they are).

use crate::tables::{kind, Tables};

/// Letters of a shingle.
const SHINGLE: usize = 8;
/// Bytes of a signature.
pub const NUM_BINS: usize = 64;
const MIN_BODY_LETTERS: usize = 100;
const BASE: u32 = 0x9E37_79B1;

/// The signature of an article with this folded title and body. `letters` is a buffer.
pub fn signature(tables: &Tables, title: &[u32], body: &[u32], letters: &mut Vec<u32>) -> [u8; NUM_BINS] {
    let is_letter = |point: &&u32| tables.kind(**point) & (kind::LETTER | kind::HAN) != 0;
    letters.clear();
    letters.extend(body.iter().filter(is_letter));
    if letters.len() < MIN_BODY_LETTERS {
        letters.splice(0..0, title.iter().filter(is_letter).copied());
    }
    let mut bins = [0u8; NUM_BINS];
    if letters.len() < SHINGLE {
        return bins;
    }
    let mut least = [None::<u32>; NUM_BINS];
    let leaving = BASE.wrapping_pow(SHINGLE as u32);
    let mut hash = 0u32;
    for (at, &letter) in letters.iter().enumerate() {
        hash = hash.wrapping_mul(BASE).wrapping_add(letter);
        if at >= SHINGLE {
            hash = hash.wrapping_sub(letters[at - SHINGLE].wrapping_mul(leaving));
        }
        if at + 1 >= SHINGLE {
            let mixed = mixed(hash);
            let bin = &mut least[(mixed >> 26) as usize];
            *bin = Some(bin.map_or(mixed, |other| other.min(mixed)));
        }
    }
    for (bin, hash) in bins.iter_mut().zip(least) {
        *bin = hash.map_or(0, |hash| (hash % 255 + 1) as u8);
    }
    bins
}

/// The finalizer of MurmurHash3.
fn mixed(mut hash: u32) -> u32 {
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85EB_CA6B);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xC2B2_AE35);
    hash ^ (hash >> 16)
}
