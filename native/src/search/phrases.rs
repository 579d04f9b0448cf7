//! How often a text stands in each of many stored texts: `cnsearch/search/substrings.py` says what counts.
//!
//! Texts are gone through as UTF-16 units, several at a time, for two neighbours of the needle as they may be written:
//! each in one of its two first spellings, and in the others where a block of the text has any of these. Only where both
//! stand is anything folded.

use std::collections::{HashMap, HashSet};

use super::closeness::points_of_utf16;
use super::set;
use crate::reading::{self, is_white, Rules, ANY};
use crate::tables::Tables;

/// Units that are looked at in one go.
const BLOCK: usize = 512;
/// Of these, so many at once for where both neighbours stand.
const LANES: usize = 32;
/// A block, the unit behind it, and zeros.
type Units = [u16; BLOCK + LANES + 1];
/// Comparisons per unit of a text after which it is searched in linear time.
const MOST_WORK: usize = 16;

/// How folded characters may be written.
pub struct Spellings {
    /// In one unit: those that are not the character itself, ascending.
    others: HashMap<u32, Vec<u16>>,
    /// The characters of one unit that may be written with two.
    from_pairs: HashSet<u32>,
}

impl Spellings {
    /// Takes half a millisecond.
    pub fn new(tables: &Tables) -> Self {
        let mut others: HashMap<u32, Vec<u16>> = HashMap::new();
        for (unit, &point) in (0..=u16::MAX).zip(&tables.fold) {
            if u32::from(unit) != point && !is_half(unit) {
                others.entry(point).or_default().push(unit);
            }
        }
        let pairs = tables.fold[0x1_0000..].iter().zip(0x1_0000u32..);
        let from_pairs = pairs.filter(|&(&point, pair)| point != pair).map(|(&point, _)| point).collect();
        Spellings { others, from_pairs }
    }

    /// All that are one unit, ascending.
    fn of(&self, tables: &Tables, point: u32) -> Vec<u16> {
        let mut found = self.others.get(&point).cloned().unwrap_or_default();
        if let Some(itself) = u16::try_from(point).ok().filter(|_| tables.fold[point as usize] == point) {
            found.push(itself);
            found.sort_unstable();
        }
        found
    }
}

/// First and size less one of the units that are halves of pairs.
const HALVES: (u16, u16) = (0xD800, 0x7FF);

fn is_half(unit: u16) -> bool {
    unit & 0xF800 == 0xD800
}

/// First and size less one of ranges that have all of some units, ascending; None for no units. They are cut where the
/// dashes and quotation marks are that nearly all texts have, and where the gaps between the units are widest.
fn ranges<const COUNT: usize>(units: &[u16]) -> Option<[(u16, u16); COUNT]> {
    let mut cuts: Vec<usize> = (1..units.len()).collect();
    let has_dashes = |at: usize| units[at - 1] < 0x2013 && 0x2026 < units[at];
    cuts.sort_by_key(|&at| std::cmp::Reverse((has_dashes(at), units[at] - units[at - 1])));
    cuts.truncate(COUNT - 1);
    cuts.sort_unstable();
    let mut found = [(*units.first()?, 0); COUNT];
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([units.len()]);
    for (range, (start, end)) in found.iter_mut().zip(starts.zip(ends)) {
        *range = (units[start], units[end - 1] - units[start]);
    }
    Some(found)
}

/// What a unit may be that is folded to one character: one of two, or in one of two ranges (and then not surely).
#[derive(Clone, Copy)]
struct Probe {
    units: [u16; 2],
    ranges: [(u16, u16); 2],
}

impl Probe {
    /// None where no unit is folded to it. `spellings` : ascending
    fn new(spellings: &[u16]) -> Option<Probe> {
        let (&first, rest) = spellings.split_first()?;
        let units = [first, *rest.first().unwrap_or(&first)];
        Some(Probe { units, ranges: ranges(rest.get(1..).unwrap_or_default()).unwrap_or([(first, 0); 2]) })
    }

    #[inline(always)]
    fn may_be<const RANGES: bool>(&self, unit: u16) -> u8 {
        let mut found = u8::from(unit == self.units[0]) | u8::from(unit == self.units[1]);
        if RANGES {
            for (first, size) in self.ranges {
                found |= u8::from(unit.wrapping_sub(first) <= size);
            }
        }
        found
    }
}

/// Two neighbours.
#[derive(Clone, Copy)]
struct Pair {
    probes: [Probe; 2],
    /// The spellings that are not among their first two, of both, and halves of pairs.
    others: Option<[(u16, u16); 5]>,
}

impl Pair {
    /// `from_pairs` : whether the text that is looked for may be written with two units for one
    fn new(spellings: [Vec<u16>; 2], from_pairs: bool) -> Option<Self> {
        let probes = [Probe::new(&spellings[0])?, Probe::new(&spellings[1])?];
        let mut others: Vec<u16> = spellings.iter().flat_map(|some| some.iter().skip(2).copied()).collect();
        others.sort_unstable();
        let others = match ranges(&others) {
            Some([one, two, three, four]) => Some([one, two, three, four, HALVES]),
            None => from_pairs.then_some([HALVES; 5]),
        };
        Some(Pair { probes, others })
    }

    /// Whether any of the units may be one of the other spellings.
    fn any_other(&self, units: &[u16]) -> bool {
        let Some(ranges) = self.others else { return false };
        // Of signed numbers the least is found eight at a time.
        let zeros = ranges.map(|(first, _)| first ^ 0x8000);
        let mut least = [i16::MAX; 5];
        for &unit in units {
            for (least, zero) in least.iter_mut().zip(zeros) {
                *least = (*least).min(unit.wrapping_sub(zero) as i16);
            }
        }
        least.iter().zip(ranges).any(|(&least, (_, size))| least as u16 ^ 0x8000 <= size)
    }

    /// A byte for each place, 1 where both may stand.
    #[inline(always)]
    fn places<const RANGES: bool>(&self, ones: &[u16; LANES], others: &[u16; LANES]) -> [u8; LANES] {
        let mut found = [0; LANES];
        for ((found, &one), &other) in found.iter_mut().zip(ones).zip(others) {
            *found = self.probes[0].may_be::<RANGES>(one) & self.probes[1].may_be::<RANGES>(other);
        }
        found
    }
}

/// A folded text to look for.
pub struct Needle<'a> {
    tables: &'a Tables,
    points: Vec<u32>,
    /// Where the two neighbours are that are looked for first.
    at: usize,
    pair: Option<Pair>,
    /// Only where neither its letters nor its digits go on at its ends.
    alone: bool,
    /// Whether any of its characters may be written with two units.
    from_pairs: bool,
    /// For linear search: how long the longest beginning is that ends where each beginning ends.
    borders: Vec<usize>,
}

impl<'a> Needle<'a> {
    /// From UTF-16. None for fewer than two units, for halves of pairs and what these are read as, and where `at` is not
    /// followed by another unit.
    pub fn new(tables: &'a Tables, spellings: &Spellings, units: &[u8], at: usize, alone: bool) -> Option<Self> {
        let points: Vec<u32> = super::u16s(units).map(u32::from).collect();
        let of_halves = |unit| is_half(unit) || u32::from(unit) == u32::from(char::REPLACEMENT_CHARACTER);
        if at + 1 >= points.len() || super::u16s(units).any(of_halves) {
            return None;
        }
        let from_pairs = points.iter().any(|point| spellings.from_pairs.contains(point));
        let pair = Pair::new([points[at], points[at + 1]].map(|point| spellings.of(tables, point)), from_pairs);
        let mut borders = vec![0; points.len()];
        let mut size = 0;
        for end in 1..points.len() {
            while size > 0 && points[end] != points[size] {
                size = borders[size - 1];
            }
            size += usize::from(points[end] == points[size]);
            borders[end] = size;
        }
        Some(Needle { tables, points, at, pair, alone, from_pairs, borders })
    }

    /// How often it stands in a text in UTF-16, not folded; of occurrences that overlap the first counts.
    fn count(&self, text: &[u8], units: &mut Units) -> i64 {
        if text.len() < 2 * self.points.len() {
            return 0;
        }
        match self.pair {
            None if !self.from_pairs => 0,
            None => self.count_linearly(text),
            Some(pair) => self.count_quickly(text, pair, units).unwrap_or_else(|| self.count_linearly(text)),
        }
    }

    fn any_folded_pair(&self, units: &[u16]) -> bool {
        units.windows(2).any(|two| match *two {
            [high @ 0xD800..=0xDBFF, low @ 0xDC00..=0xDFFF] => {
                let pair = 0x1_0000 + ((u32::from(high) & 0x3FF) << 10 | (u32::from(low) & 0x3FF));
                self.tables.fold[pair as usize] != pair
            }
            _ => false,
        })
    }

    /// None if it takes too long, or if it may be written with pairs of units here.
    fn count_quickly(&self, text: &[u8], pair: Pair, units: &mut Units) -> Option<i64> {
        let num_units = text.len() / 2;
        let unit = |at: usize| u16::from_le_bytes([text[2 * at], text[2 * at + 1]]);
        let mut places = Places { needle: self, found: 0, end: 0, work: 0, most: MOST_WORK * num_units };
        // Loops of one step over arrays, which the compiler turns into steps over eight units at a time.
        for start in (0..num_units - 1).step_by(BLOCK) {
            let bytes = &text[2 * start..text.len().min(2 * (start + BLOCK + 1))];
            for (unit, two) in units.iter_mut().zip(bytes.chunks_exact(2)) {
                *unit = u16::from_le_bytes([two[0], two[1]]);
            }
            let size = bytes.len() / 2;
            units[size..size + LANES].fill(0);
            let any_other = pair.any_other(&units[..size]);
            if any_other && self.from_pairs && self.any_folded_pair(&units[..size]) {
                return None;
            }
            for at in (0..size - 1).step_by(LANES) {
                let (ones, others) = (units[at..].first_chunk()?, units[at + 1..].first_chunk()?);
                let found =
                    if any_other { pair.places::<true>(ones, others) } else { pair.places::<false>(ones, others) };
                if found == [0; LANES] {
                    continue;
                }
                for place in set(&found).map(|lane| at + lane).filter(|&place| place + 1 < size) {
                    if let Some(start) = (start + place).checked_sub(self.at) {
                        places.check(start, num_units, unit)?;
                    }
                }
            }
        }
        Some(places.found)
    }

    /// Whether what goes on at its ends is of another kind: digits, or other letters.
    fn stands_alone(&self, before: Option<u32>, after: Option<u32>) -> bool {
        let kind_of = |point: u32| self.tables.letter_kind(point);
        let goes_on = |edge: u32, beside: Option<u32>| {
            let own = kind_of(edge);
            own != 0 && beside.is_some_and(|point| kind_of(point) == own)
        };
        !self.alone || !(goes_on(self.points[0], before) || goes_on(self.points[self.points.len() - 1], after))
    }

    /// How often it stands in a text that is read otherwise than it folds, if the characters of all places are read as
    /// they fold; else None.
    fn count_in_plain_places(&self, rules: &Rules, shown: &[u32], skeleton: &mut Vec<(u32, usize)>) -> Option<i64> {
        if self.points.iter().any(|&point| self.tables.class(point) == b'o') {
            return None; // a mark that nothing takes
        }
        reading::skeleton(self.tables, rules, shown, skeleton)?;
        let needle: Vec<u32> = self.points.iter().copied().filter(|&point| !is_white(point)).collect();
        let first = *needle.first()?;
        let same = |(&(one, _), &other): (&(u32, usize), &u32)| one == other || one == ANY;
        let (mut found, mut end) = (0, 0);
        for (at, &(point, _)) in skeleton.iter().enumerate() {
            if point != first && point != ANY {
                continue;
            }
            let Some(some) = skeleton.get(at..at + needle.len()) else { break };
            if !some.iter().zip(&needle).all(same) {
                continue;
            }
            let (start, stop) = (some[0].1, some[needle.len() - 1].1 + 1);
            let is_plain = stop - start == self.points.len()
                && self.points.len() == needle.len()
                && some.iter().zip(start..).all(|(&(one, place), number)| one != ANY && place == number);
            if !is_plain && self.points.len() == needle.len() && self.is_parted(shown, some) {
                continue;
            }
            if !is_plain || self.alone {
                return None;
            }
            if start >= end {
                found += 1;
                end = stop;
            }
        }
        Some(found)
    }

    /// Whether white space stands between two of the characters, in order, that surely stays: it is left out between wide
    /// characters only.
    fn is_parted(&self, shown: &[u32], some: &[(u32, usize)]) -> bool {
        let is_narrow = |&(point, at): &(u32, usize)| {
            point != ANY && [point, shown[at]].iter().all(|&point| !reading::is_wide(self.tables, point))
        };
        let is_white = |two: &[(u32, usize)]| {
            shown.get(two[0].1 + 1..two[1].1).is_some_and(|between| between.iter().copied().any(is_white))
        };
        some.windows(2).any(|two| two.iter().any(is_narrow) && is_white(two))
    }

    fn count_linearly(&self, text: &[u8]) -> i64 {
        let shown = points_of_utf16(text, usize::MAX);
        let mut folded = Vec::new();
        self.tables.fold_into(&shown, &mut folded);
        self.count_in_folded(&folded)
    }

    /// Knuth, Morris and Pratt, Fast Pattern Matching in Strings, 1977.
    fn count_in_folded(&self, folded: &[u32]) -> i64 {
        let (mut found, mut end, mut size) = (0, 0, 0);
        for (at, &point) in folded.iter().enumerate() {
            while size > 0 && (size == self.points.len() || point != self.points[size]) {
                size = self.borders[size - 1];
            }
            size += usize::from(point == self.points[size]);
            if size == self.points.len() {
                let start = at + 1 - size;
                let before = start.checked_sub(1).map(|before| folded[before]);
                if start >= end && self.stands_alone(before, folded.get(at + 1).copied()) {
                    found += 1;
                    end = at + 1;
                }
            }
        }
        found
    }
}

/// Occurrences in one text, from the left.
struct Places<'a> {
    needle: &'a Needle<'a>,
    found: i64,
    /// Where the last one that counts ends.
    end: usize,
    work: usize,
    most: usize,
}

impl Places<'_> {
    /// Count an occurrence that starts here, if one does. None after too many comparisons.
    fn check(&mut self, start: usize, num_units: usize, unit: impl Fn(usize) -> u16) -> Option<()> {
        let needle = self.needle;
        let stop = start + needle.points.len();
        if start < self.end || stop > num_units {
            return Some(());
        }
        let folded = |at: usize| match unit(at) {
            half @ 0xD800..=0xDFFF => u32::from(half),
            other => needle.tables.fold[other as usize],
        };
        let same = needle.points.iter().zip(start..).take_while(|(&point, at)| folded(*at) == point).count();
        self.work += same;
        if same == needle.points.len() {
            let before = start.checked_sub(1).map(folded);
            if needle.stands_alone(before, (stop < num_units).then(|| folded(stop))) {
                self.found += 1;
                self.end = stop;
            }
        }
        (self.work <= self.most).then_some(())
    }
}

/// How often the needle stands in each of the texts in UTF-16, each with whether it is read otherwise than it folds; -1
/// where a text has to be read in Python.
pub fn occurrences<T: AsRef<[u8]>>(
    needle: &Needle<'_>,
    rules: &Rules,
    texts: impl Iterator<Item = Option<(T, bool)>>,
) -> Option<Vec<i64>> {
    let (mut shown, mut folded, mut skeleton) = (Vec::new(), Vec::new(), Vec::new());
    let mut units = [0; BLOCK + LANES + 1];
    let mut counted = |text: &[u8], is_shifted: bool| {
        if !is_shifted {
            return needle.count(text, &mut units);
        }
        shown.clear();
        shown.extend(points_of_utf16(text, usize::MAX));
        if let Some(found) = needle.count_in_plain_places(rules, &shown, &mut skeleton) {
            return found;
        }
        let contextual = |points: &[u32]| points.iter().any(|point| rules.contextual.contains(point));
        if (contextual(&shown) && contextual(&needle.points))
            || !reading::read_text(needle.tables, rules, &shown, &mut folded)
        {
            return -1;
        }
        needle.count_in_folded(&folded)
    };
    texts.map(|text| text.map(|(text, is_shifted)| counted(text.as_ref(), is_shifted))).collect()
}
