//! How much of a query stands close together in texts, and at their beginning: `cnsearch/search/closeness.py` says what
//! that is, and why.

use std::collections::HashMap;

use crate::reading::{read_text, Rules};
use crate::tables::{kind, Tables};
use crate::Error;

/// What is looked for, folded, each with what it weighs.
#[derive(Default)]
pub struct Wanted {
    /// Distinct characters.
    pub characters: Vec<(u32, f64)>,
    /// Words, found where no letter stands at their sides; none is empty.
    pub words: Vec<(Vec<u32>, f64)>,
    /// Two of the characters side by side.
    pub bigrams: Vec<([u32; 2], f64)>,
    /// Whether one of them is, or may stand for, one that depends on the characters at its sides.
    pub contextual: bool,
}

/// A text as shown, or as it is read: code points.
pub enum Text {
    /// Folded here.
    Shown(Vec<u32>),
    /// Folded.
    Read(Vec<u32>),
}

/// Of UTF-16, at most `most` code points; halves of pairs are as they are.
pub fn points_of_utf16(bytes: impl AsRef<[u8]>, most: usize) -> Vec<u32> {
    let bytes = bytes.as_ref();
    let whole = &bytes[..bytes.len().min(most.saturating_mul(4))];
    char::decode_utf16(super::u16s(whole))
        .map(|found| found.map_or_else(|half| u32::from(half.unpaired_surrogate()), u32::from))
        .take(most)
        .collect()
}

/// Places of one unit, ascending, become sums of weights.
struct Windows<'a> {
    /// What is added to the sum of the window that begins `window` characters before.
    changes: &'a mut [f64],
    window: usize,
    lead_chars: usize,
    lead: f64,
}

impl Windows<'_> {
    fn add(&mut self, weight: f64, places: impl Iterator<Item = usize>) {
        let mut next = 0; // the first window, shifted, that does not have the unit yet
        for (number, place) in places.enumerate() {
            let start = next.max(place + 1); // the first that reaches to it
            let stop = place + self.window + 1;
            self.changes[start] += weight;
            self.changes[stop] -= weight;
            next = stop;
            if number == 0 && place < self.lead_chars {
                self.lead += weight;
            }
        }
    }
}

/// Where a word stands alone, and from the end of one found to the next.
fn places_alone<'a>(tables: &'a Tables, text: &'a [u32], word: &'a [u32]) -> impl Iterator<Item = usize> + 'a {
    let is_letter = move |at: usize| text.get(at).is_some_and(|&point| tables.kind(point) & kind::LETTER != 0);
    let mut at = 0;
    std::iter::from_fn(move || {
        while at + word.len() <= text.len() {
            let place = at;
            let end = at + word.len();
            at += 1;
            if text[place..end] == *word && !is_letter(end) && !(place > 0 && is_letter(place - 1)) {
                at = end;
                return Some(place);
            }
        }
        None
    })
}

/// The reading of a text as shown, in `folded`; false if only Python can read it: without `rules` all that may be read
/// otherwise than it folds. `contextual`: whether characters matter that depend on those at their sides.
pub fn read(tables: &Tables, rules: Option<&Rules>, text: &[u32], contextual: bool, folded: &mut Vec<u32>) -> bool {
    if !tables.is_odd(text, contextual) {
        tables.fold_into(text, folded);
        return true;
    }
    rules.is_some_and(|rules| {
        !(contextual && text.iter().any(|point| rules.contextual.contains(point)))
            && read_text(tables, rules, text, folded)
    })
}

/// (best, lead) of each text; and the numbers of the texts whose results mean nothing: by `rules`, those that only Python
/// can read; without, all that may be read otherwise than they fold.
#[allow(clippy::type_complexity)]
pub fn closeness(
    tables: &Tables,
    rules: Option<&Rules>,
    texts: &[Text],
    wanted: &Wanted,
    window: usize,
    lead_chars: usize,
) -> Result<(Vec<(f64, f64)>, Vec<usize>), Error> {
    if window > 1 << 16 || wanted.words.iter().any(|(word, _)| word.is_empty()) {
        return Err(Error::Value("a window has 65536 characters at most, and a word has some"));
    }
    let number: HashMap<u32, usize> =
        wanted.characters.iter().enumerate().map(|(at, &(point, _))| (point, at)).collect();
    let mut maybe = [0u64; 16]; // a bit for the last bits of each character: most characters are none of them
    for &point in number.keys() {
        maybe[(point >> 6 & 15) as usize] |= 1 << (point & 63);
    }
    let mut places: Vec<Vec<usize>> = vec![Vec::new(); wanted.characters.len()];
    let (mut found, mut odd, mut folded, mut changes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, text) in texts.iter().enumerate() {
        let text = match text {
            Text::Read(text) => text.as_slice(),
            Text::Shown(text) => {
                if !read(tables, rules, text, wanted.contextual, &mut folded) {
                    odd.push(at);
                    found.push((0.0, 0.0));
                    continue;
                }
                &folded
            }
        };
        places.iter_mut().for_each(Vec::clear);
        for (place, point) in text.iter().enumerate() {
            if maybe[(point >> 6 & 15) as usize] >> (point & 63) & 1 == 1 {
                if let Some(&unit) = number.get(point) {
                    places[unit].push(place);
                }
            }
        }
        changes.clear();
        changes.resize(text.len() + window + 1, 0.0);
        let mut windows = Windows { changes: &mut changes, window, lead_chars, lead: 0.0 };
        for (places, &(_, weight)) in places.iter().zip(&wanted.characters) {
            windows.add(weight, places.iter().copied());
        }
        for &([first, second], weight) in &wanted.bigrams {
            let firsts = number.get(&first).map_or(&[][..], |&unit| &places[unit]);
            windows.add(weight, firsts.iter().copied().filter(|&place| text.get(place + 1) == Some(&second)));
        }
        for (word, weight) in &wanted.words {
            windows.add(*weight, places_alone(tables, text, word));
        }
        let lead = windows.lead;
        let (mut sum, mut best) = (0.0, 0.0f64);
        for change in &changes {
            sum += change;
            best = best.max(sum);
        }
        found.push((best, lead));
    }
    Ok((found, odd))
}
