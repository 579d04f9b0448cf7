//! What characters are, as the Python package says it: the compiled kernels have no list of their own.

use crate::Error;

/// Code points, surrogates included.
pub const NUM_POINTS: usize = 0x11_0000;

/// Bits of `Tables::kinds`.
pub mod kind {
    /// A letter or digit of a word that is not Chinese.
    pub const LETTER: u8 = 1;
    /// A Chinese character.
    pub const HAN: u8 = 2;
    /// A word of its own.
    pub const EMOJI: u8 = 4;
    /// Half a flag.
    pub const FLAG: u8 = 8;
}

/// One entry per code point.
pub struct Tables {
    /// What it is folded to.
    pub fold: Vec<u32>,
    /// The letter of its class (`analysis/reading.py`): `o` odd, `c` contextual, `w` and `,` wide, a space; or 0.
    pub classes: Vec<u8>,
    /// Bits of `kind`.
    pub kinds: Vec<u8>,
}

impl Tables {
    /// From little-endian uint32 and two arrays of uint8, one value per code point each.
    pub fn new(fold: &[u8], classes: &[u8], kinds: &[u8]) -> Result<Self, Error> {
        if fold.len() != 4 * NUM_POINTS || classes.len() != NUM_POINTS || kinds.len() != NUM_POINTS {
            return Err(Error::Value("a table has one entry per code point"));
        }
        let fold = crate::points_of(fold)?;
        Ok(Tables { fold, classes: classes.to_vec(), kinds: kinds.to_vec() })
    }

    /// Bits of `kind`; none for what is no code point.
    #[inline]
    pub fn kind(&self, point: u32) -> u8 {
        self.kinds.get(point as usize).copied().unwrap_or(0)
    }

    /// Whether it is more than a mark: of those that stand one by one in a spaced-out text.
    fn is_character(&self, point: u32) -> bool {
        self.kind(point) & (kind::HAN | kind::LETTER) != 0
    }

    /// 1 for a digit, 2 for another letter, else 0.
    pub fn letter_kind(&self, point: u32) -> u8 {
        match point {
            0x30..=0x39 => 1,
            _ if self.kind(point) & kind::LETTER != 0 => 2,
            _ => 0,
        }
    }

    /// The letter of its class, or 0.
    #[inline]
    pub fn class(&self, point: u32) -> u8 {
        self.classes.get(point as usize).copied().unwrap_or(0)
    }

    /// The folded text.
    pub fn fold_into(&self, text: &[u32], folded: &mut Vec<u32>) {
        folded.clear();
        folded.extend(text.iter().map(|&point| self.fold.get(point as usize).copied().unwrap_or(point)));
    }

    /// Whether a text may be read as another than it folds to: only `reading.read` can tell. `contextual`: whether it
    /// matters what characters are that depend on those at their sides.
    pub fn is_odd(&self, text: &[u32], contextual: bool) -> bool {
        let is_wide = |at: usize| text.get(at).is_some_and(|&point| matches!(self.class(point), b'w' | b'c' | b','));
        let is_space = |at: usize| text.get(at).is_some_and(|&point| self.class(point) == b' ');
        let mut ascii = true;
        let mut spaced_out = false;
        for (at, &point) in text.iter().enumerate() {
            ascii &= point < 0x80;
            match self.class(point) {
                b'o' => return true,
                b'c' if contextual => return true,
                b' ' if at > 0 && is_wide(at - 1) => {
                    let next = (at + 1..).find(|&place| !is_wide(place)).unwrap_or(text.len());
                    let few = |token: &[u32]| token.iter().filter(|&&point| self.is_character(point)).count() < 2;
                    spaced_out |= next > at + 1 && is_space(next) && is_wide(next + 1) && few(&text[at + 1..next]);
                }
                _ => {}
            }
        }
        spaced_out && !ascii
    }
}

/// The places inside words that folding hides (`Reading.seams`), of a text that is not odd.
pub fn seams(text: &[u32]) -> Vec<usize> {
    let is = |at: usize, first: u8, last: u8| {
        text.get(at).is_some_and(|&point| (u32::from(first)..=u32::from(last)).contains(&point))
    };
    let mut found = Vec::new();
    for (at, &point) in text.iter().enumerate() {
        let seam = match point {
            0x41..=0x5A if at > 0 => is(at - 1, b'a', b'z') || (is(at - 1, b'A', b'Z') && is(at + 1, b'a', b'z')),
            0xFF0C if at > 0 => is(at - 1, b'0', b'9') && is(at + 1, b'0', b'9'),
            _ => false,
        };
        if seam {
            found.push(at);
        }
    }
    found
}
