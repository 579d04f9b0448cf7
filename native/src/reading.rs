//! What the characters of a text say, and where each stands in it: `analysis/reading.py` says what and why, and has
//! what is rarer than this: marks of letters, spaced-out characters, and those that depend on what stands beside them.

use std::collections::{HashMap, HashSet};

use crate::tables::{kind, seams, Tables};

/// A line end inside a paragraph.
const LINE_END: u32 = 0x2028;

/// What is folded, and where it stood.
#[derive(Default)]
pub struct Reading {
    /// Folded.
    pub text: Vec<u32>,
    /// Where each character begins and ends in the text as shown; empty where character i is character i.
    pub places: Vec<(u32, u32)>,
    /// Places in `text` that cut a word.
    pub seams: Vec<usize>,
}

impl Reading {
    /// Where a stretch of the reading, not empty, stands in the text as shown.
    pub fn span(&self, start: usize, end: usize) -> (usize, usize) {
        match (self.places.get(start), self.places.get(end.wrapping_sub(1))) {
            (Some(first), Some(last)) => (first.0 as usize, last.1 as usize),
            _ => (start, end),
        }
    }
}

/// What is read otherwise than it folds.
pub struct Rules {
    /// Characters that say nothing.
    pub ignored: HashSet<u32>,
    /// Characters that are spelt out.
    pub spelt: HashMap<u32, Vec<u32>>,
    /// Characters that may be read as another, depending on what stands beside them, and those that they are read as.
    pub contextual: HashSet<u32>,
}

/// The white space of Python's regular expressions.
pub fn is_white(point: u32) -> bool {
    matches!(point, 0x09..=0x0D | 0x1C..=0x20 | 0x85 | 0xA0 | 0x1680 | 0x2000..=0x200A)
        || matches!(point, 0x2028 | 0x2029 | 0x202F | 0x205F | 0x3000)
}

fn is_space(point: u32) -> bool {
    matches!(point, 0x20 | 0x09 | 0x0D | 0xA0 | 0x3000)
}

/// The reading of a text as shown. False where only Python can tell it.
pub fn read(tables: &Tables, rules: &Rules, text: &[u32], reading: &mut Reading) -> bool {
    reading.places.clear();
    if read_plainly(tables, text, reading) {
        return true;
    }
    if !tables.is_odd(text, true) {
        tables.fold_into(text, &mut reading.text);
        reading.seams = seams(text);
        return true;
    }
    let Some(shaped) = shaped::<Placed>(tables, rules, text) else { return false };
    let shown: Vec<u32> = shaped.iter().map(Item::point).collect();
    if shown.iter().any(|&point| tables.class(point) == b'c') {
        return false;
    }
    tables.fold_into(&shown, &mut reading.text);
    reading.seams = seams(&shown);
    let mut folded = Vec::new();
    tables.fold_into(text, &mut folded);
    if folded != reading.text {
        reading.places.extend(shaped.iter().map(|&(_, start, end)| (start, end)));
    }
    true
}

/// The same in one go, of a text that certainly is read as it folds; false of others.
fn read_plainly(tables: &Tables, text: &[u32], reading: &mut Reading) -> bool {
    reading.text.clear();
    reading.text.reserve(text.len());
    let (mut may_have_seams, mut before, mut gap_before) = (false, 0, false);
    for &point in text {
        let Some(&folded) = tables.fold.get(point as usize) else { return false };
        let class = tables.class(point);
        match class {
            b'o' | b'c' => return false,
            b'A' | b',' => may_have_seams = true,
            // wide, space, wide: spaced out, perhaps
            b' ' if matches!(before, b'w' | b',') => {
                if gap_before {
                    return false;
                }
                gap_before = true;
            }
            b'w' => {}
            _ => gap_before = false,
        }
        before = class;
        reading.text.push(folded);
    }
    reading.seams = if may_have_seams { seams(text) } else { Vec::new() };
    true
}

/// The text of the reading alone, but for characters that depend on what stands beside them, which are folded. False
/// where only Python can tell it.
pub fn read_text(tables: &Tables, rules: &Rules, text: &[u32], folded: &mut Vec<u32>) -> bool {
    let Some(shaped) = shaped::<u32>(tables, rules, text) else { return false };
    tables.fold_into(&shaped, folded);
    true
}

/// What is compared of a text in order to tell what its reading has: folded, without what says nothing, white space and
/// marks, and with `ANY` for each character that may be read as another; each with its number in the text. None where
/// that is not enough.
pub fn skeleton(tables: &Tables, rules: &Rules, text: &[u32], found: &mut Vec<(u32, usize)>) -> Option<()> {
    found.clear();
    for (at, &point) in text.iter().enumerate() {
        match tables.class(point) {
            b'a' | b'A' | b'0' | b'w' | b',' => found.push((tables.fold[point as usize], at)), // nearly all
            b'o' if point == LINE_END || rules.ignored.contains(&point) => {}
            b'o' if matches!(point, 0x1100..=0x11FF) => return None, // several of these may be one
            b'o' => match rules.spelt.get(&point) {
                // No two of them have the numbers of neighbours.
                Some(letters) => found.extend(letters.iter().map(|&letter| (tables.fold[letter as usize], at))),
                None => found.last_mut()?.0 = ANY, // a mark
            },
            _ if is_white(point) => {}
            b'c' => found.push((ANY, at)),
            _ => found.push((tables.fold.get(point as usize).copied().unwrap_or(point), at)),
        }
    }
    Some(())
}

/// Any character.
pub const ANY: u32 = u32::MAX;

/// A character, with its place or without.
trait Item: Copy {
    fn new(point: u32, start: u32, end: u32) -> Self;
    fn point(&self) -> u32;
    /// Where it starts and ends.
    fn place(&self) -> (u32, u32);
    fn end_at(&mut self, end: u32);
}

/// With where it starts and ends.
type Placed = (u32, u32, u32);

impl Item for Placed {
    fn new(point: u32, start: u32, end: u32) -> Self {
        (point, start, end)
    }
    fn point(&self) -> u32 {
        self.0
    }
    fn place(&self) -> (u32, u32) {
        (self.1, self.2)
    }
    fn end_at(&mut self, end: u32) {
        self.2 = end;
    }
}

impl Item for u32 {
    fn new(point: u32, _: u32, _: u32) -> Self {
        point
    }
    fn point(&self) -> u32 {
        *self
    }
    fn place(&self) -> (u32, u32) {
        (0, 0)
    }
    fn end_at(&mut self, _: u32) {}
}

/// Without what says nothing, with what is spelt out, and line ends as what they are read as. None for marks and
/// spaced-out characters.
fn shaped<T: Item>(tables: &Tables, rules: &Rules, text: &[u32]) -> Option<Vec<T>> {
    u32::try_from(text.len()).ok()?;
    let mut found: Vec<T> = Vec::with_capacity(text.len() + text.len() / 8);
    let mut before = false; // whether the last of `found` takes what is ignored
    let (mut after_wide, mut maybe_spaced, mut lines) = (false, false, false);
    for (&point, at) in text.iter().zip(0u32..) {
        match tables.class(point) {
            b'o' if point == LINE_END => {
                found.push(T::new(point, at, at + 1));
                before = false;
                lines = true;
                maybe_spaced |= after_wide;
                after_wide = false;
            }
            b'o' if rules.ignored.contains(&point) => {
                if let (true, Some(last)) = (before, found.last_mut()) {
                    last.end_at(at + 1);
                }
            }
            b'o' => {
                for &letter in rules.spelt.get(&point)? {
                    found.push(T::new(letter, at, at + 1));
                }
                before = false;
                after_wide = false;
            }
            class => {
                found.push(T::new(point, at, at + 1));
                before = point != u32::from('\n');
                let is_wide = matches!(class, b'w' | b'c' | b',');
                maybe_spaced |= after_wide && !is_wide && is_white(point);
                after_wide = is_wide;
            }
        }
    }
    if maybe_spaced && is_spaced_out(tables, &found) {
        return None;
    }
    Some(if lines { join_lines(tables, &found) } else { found })
}

/// Whether it is Chinese, or a sign as wide.
pub fn is_wide(tables: &Tables, point: u32) -> bool {
    matches!(tables.class(point), b'w' | b'c' | b',')
}

/// Whether three pieces in a row between white space have wide characters only, none of them two that are no marks.
fn is_spaced_out<T: Item>(tables: &Tables, text: &[T]) -> bool {
    let (mut units, mut size, mut letters, mut unit) = (0, 0, 0, true);
    for point in text.iter().map(Item::point).chain([LINE_END]) {
        if is_white(point) {
            if size > 0 {
                units = if unit && letters < 2 { units + 1 } else { 0 };
                if units == 3 {
                    return true;
                }
            }
            (size, letters, unit) = (0, 0, true);
            continue;
        }
        size += 1;
        unit = unit && is_wide(tables, point);
        letters += usize::from(tables.kind(point) & (kind::LETTER | kind::HAN) != 0);
    }
    false
}

/// With line ends inside paragraphs as what they are read as.
fn join_lines<T: Item>(tables: &Tables, text: &[T]) -> Vec<T> {
    let point = |at: usize| text.get(at).map(Item::point);
    let mut found: Vec<T> = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at].point() != LINE_END {
            found.push(text[at]);
            at += 1;
            continue;
        }
        let mut start = at;
        while start > 0 && is_space(text[start - 1].point()) {
            start -= 1;
        }
        found.truncate(found.len() - (at - start));
        let mut end = at + 1;
        while point(end).is_some_and(|point| point == LINE_END || is_space(point)) {
            end += 1;
        }
        let after = &text[at + 1..end];
        let is_indented = after.windows(2).any(|two| two.iter().all(|item| item.point() == 0x3000))
            || after.windows(4).any(|four| four.iter().all(|item| matches!(item.point(), 0x20 | 0xA0 | 0x09)));
        let new = if is_indented || after.iter().any(|item| item.point() == LINE_END) {
            Some(u32::from('\n'))
        } else {
            let before = start.checked_sub(1).and_then(point);
            let wide = |beside: Option<u32>| beside.is_some_and(|point| is_wide(tables, point));
            (!(wide(before) && wide(point(end)))).then_some(0x20)
        };
        found.extend(new.map(|new| T::new(new, text[start].place().0, text[end - 1].place().1)));
        at = end;
    }
    found
}
