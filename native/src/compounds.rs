//! Where the words that are not Chinese stand in folded text: the expression of `analysis/compounds.py` by hand.

use crate::tables::{kind, Tables};

/// So much of a longer compound gives the same terms.
pub const CUT: usize = 65;

const MAX_HUMPED: usize = 64;

#[inline]
fn is_digit(text: &[u32], at: usize) -> bool {
    text.get(at).is_some_and(|point| (0x30..=0x39).contains(point))
}

#[inline]
fn is_lower(text: &[u32], at: usize) -> bool {
    text.get(at).is_some_and(|point| (0x61..=0x7A).contains(point))
}

#[inline]
fn is(text: &[u32], at: usize, chars: &[u8]) -> bool {
    text.get(at).is_some_and(|&point| point < 0x80 && chars.contains(&(point as u8)))
}

/// Every compound as (start, end), in order.
pub fn find(tables: &Tables, text: &[u32], mut emit: impl FnMut(usize, usize)) {
    let is_letter = |at: usize| text.get(at).is_some_and(|&point| tables.kind(point) & kind::LETTER != 0);
    let mut at = 0;
    while at < text.len() {
        let here = tables.kind(text[at]);
        if here & (kind::LETTER | kind::EMOJI) == 0 {
            at += 1;
            continue;
        }
        let start = at;
        at += 1;
        if here & kind::EMOJI != 0 {
            if here & kind::FLAG != 0 && text.get(at).is_some_and(|&point| tables.kind(point) & kind::FLAG != 0) {
                at += 1;
            }
            emit(start, at);
            continue;
        }
        if let Some(end) = thousands(text, start) {
            at = end;
        }
        while is_letter(at) {
            at += 1;
        }
        while is(text, at, b"-._'&+") && is_letter(at + 1) {
            at += 2;
            while is_letter(at) {
                at += 1;
            }
        }
        if is(text, at, b"+") {
            at += if is(text, at + 1, b"+") { 2 } else { 1 };
        } else if is(text, at, b"#%") {
            at += 1;
        }
        // .NET: the point belongs to the name unless a word stands before it.
        let named = start > 0
            && is(text, start - 1, b".")
            && is_lower(text, start)
            && !(start > 1 && (is_letter(start - 2) || is(text, start - 2, b".")));
        emit(if named { start - 1 } else { start }, at);
    }
}

/// The end of a number with commas before groups of three digits that begins at `start`.
fn thousands(text: &[u32], start: usize) -> Option<usize> {
    if !is_digit(text, start) || text[start] == 0x30 {
        return None;
    }
    if start >= 2 && is_digit(text, start - 2) && is(text, start - 1, b",") {
        return None;
    }
    let is_group =
        |at: usize| is(text, at, b",") && is_digit(text, at + 1) && is_digit(text, at + 2) && is_digit(text, at + 3);
    let mut at = start + 1;
    while at < start + 3 && is_digit(text, at) {
        at += 1;
    }
    if !is_group(at) {
        return None;
    }
    while is_group(at) {
        at += 4;
    }
    let goes_on = is_digit(text, at) || (is(text, at, b",") && is_digit(text, at + 1));
    (!goes_on).then_some(at)
}

/// The words of letters with any of the seams inside, as (start, end, seams from its start).
pub fn humped(text: &[u32], seams: &[usize], mut emit: impl FnMut(usize, usize, &[u32])) {
    let mut after = 0;
    for (number, &at) in seams.iter().enumerate() {
        if at < after {
            continue;
        }
        let first = at.saturating_sub(CUT);
        let mut start = at.min(text.len());
        while start > first && is_lower(text, start - 1) {
            start -= 1;
        }
        if !is_lower(text, at) || start == at {
            continue;
        }
        after = at;
        while is_lower(text, after) {
            after += 1;
        }
        if after - start <= MAX_HUMPED {
            let inside: Vec<u32> =
                seams[number..].iter().take_while(|&&seam| seam < after).map(|&seam| (seam - start) as u32).collect();
            emit(start, after, &inside);
        }
    }
}
