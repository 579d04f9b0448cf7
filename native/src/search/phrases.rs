//! How often a text stands in each of many stored texts: `cnsearch/search/substrings.py` says what counts.
//!
//! Texts are gone through as UTF-16 units, several at a time, for two neighbours of the needle as they may be written;
//! only where both stand is anything folded.

use std::collections::{HashMap, HashSet};

use super::closeness::points_of_utf16;
use crate::reading::{self, is_white, Rules, ANY};
use crate::tables::Tables;

/// Units that are looked at in one go.
const BLOCK: usize = 1024;
/// Of these, so many at once for whether there is a hit among them.
const LANES: usize = 32;
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

fn is_half(unit: u16) -> bool {
    unit & 0xF800 == 0xD800
}

/// What a unit may be that is folded to one character: one of two, or in one of two ranges (and then not surely).
#[derive(Clone, Copy)]
struct Probe {
    units: [u16; 2],
    /// First and size less one.
    ranges: [(u16, u16); 2],
}

impl Probe {
    /// None where no unit is folded to it.
    fn new(mut spellings: Vec<u16>) -> Option<Probe> {
        let last = spellings.len().min(2).checked_sub(1)?;
        let units = [spellings[0], spellings[last]];
        spellings.drain(..=last);
        let range = |some: &[u16]| (some[0], some[some.len() - 1] - some[0]);
        let ranges = match spellings.len() {
            0 => [(units[0], 0); 2],
            1 => [(spellings[0], 0); 2],
            count => {
                // cut where the gap is widest
                let gap = |at: usize| spellings[at] - spellings[at - 1];
                let cut = (1..count).max_by_key(|&at| gap(at)).unwrap_or(1);
                [range(&spellings[..cut]), range(&spellings[cut..])]
            }
        };
        Some(Probe { units, ranges })
    }

    fn has_ranges(&self) -> bool {
        self.ranges.iter().any(|&(first, size)| size > 0 || !self.units.contains(&first))
    }

    #[inline(always)]
    fn may_be<const RANGES: bool>(&self, unit: u16) -> u16 {
        let mut found = u16::from(unit == self.units[0]) | u16::from(unit == self.units[1]);
        if RANGES {
            for (first, size) in self.ranges {
                found |= u16::from(unit.wrapping_sub(first) <= size);
            }
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
    probes: Option<[Probe; 2]>,
    /// Only where neither its letters nor its digits go on at its ends.
    alone: bool,
    /// Whether any of its characters may be written with two units.
    from_pairs: bool,
    /// For linear search: how long the longest beginning is that ends where each beginning ends.
    borders: Vec<usize>,
}

impl<'a> Needle<'a> {
    /// From UTF-16. None for fewer than two units, for halves of pairs, and where `at` is not followed by another unit.
    pub fn new(tables: &'a Tables, spellings: &Spellings, units: &[u8], at: usize, alone: bool) -> Option<Self> {
        let points: Vec<u32> = super::u16s(units).map(u32::from).collect();
        if at + 1 >= points.len() || super::u16s(units).any(is_half) {
            return None;
        }
        let probe = |point: u32| Probe::new(spellings.of(tables, point));
        let probes = probe(points[at]).and_then(|first| Some([first, probe(points[at + 1])?]));
        let from_pairs = points.iter().any(|point| spellings.from_pairs.contains(point));
        let mut borders = vec![0; points.len()];
        let mut size = 0;
        for end in 1..points.len() {
            while size > 0 && points[end] != points[size] {
                size = borders[size - 1];
            }
            size += usize::from(points[end] == points[size]);
            borders[end] = size;
        }
        Some(Needle { tables, points, at, probes, alone, from_pairs, borders })
    }

    /// How often it stands in a text in UTF-16, not folded; of occurrences that overlap the first counts.
    pub fn count(&self, text: &[u8]) -> i64 {
        if text.len() < 2 * self.points.len() {
            return 0;
        }
        let Some(probes) = self.probes else {
            return if self.from_pairs { self.count_linearly(text) } else { 0 };
        };
        let found = if probes.iter().any(Probe::has_ranges) {
            self.count_quickly::<true>(text, probes)
        } else {
            self.count_quickly::<false>(text, probes)
        };
        found.unwrap_or_else(|| self.count_linearly(text))
    }

    fn has_folded_pairs(&self, text: &[u8]) -> bool {
        let char = |found: Result<char, _>| found.unwrap_or(char::REPLACEMENT_CHARACTER);
        let mut chars = char::decode_utf16(super::u16s(text)).map(char);
        chars.any(|char| char > '\u{FFFF}' && self.tables.fold[char as usize] != u32::from(char))
    }

    /// None if it takes too long, or if it may be written with pairs of units here.
    fn count_quickly<const RANGES: bool>(&self, text: &[u8], probes: [Probe; 2]) -> Option<i64> {
        let [first, second] = probes;
        let num_units = text.len() / 2;
        let unit = |at: usize| u16::from_le_bytes([text[2 * at], text[2 * at + 1]]);
        let mut places = Places { needle: self, found: 0, end: 0, work: 0, most: MOST_WORK * num_units };
        // Loops of one step over arrays, which the compiler turns into steps over eight units at a time.
        let mut any_pairs = false; // looked for, and none is folded
        let (mut units, mut hits) = ([0u16; BLOCK + 1], [0u16; BLOCK]);
        for at in (0..num_units - 1).step_by(BLOCK) {
            let bytes = &text[2 * at..text.len().min(2 * (at + BLOCK + 1))];
            for (unit, two) in units.iter_mut().zip(bytes.chunks_exact(2)) {
                *unit = u16::from_le_bytes([two[0], two[1]]);
            }
            let size = bytes.len() / 2 - 1;
            let halves = units[..=size].iter().fold(0, |any, &unit| any | u16::from(is_half(unit)));
            if halves != 0 && self.from_pairs && !any_pairs {
                if self.has_folded_pairs(text) {
                    return None;
                }
                any_pairs = true;
            }
            for ((hit, &one), &other) in hits[..size].iter_mut().zip(&units).zip(&units[1..]) {
                *hit = first.may_be::<RANGES>(one) & second.may_be::<RANGES>(other);
            }
            for (block, some) in (at..).step_by(LANES).zip(hits[..size].chunks(LANES)) {
                if some.iter().fold(0, |any, hit| any | hit) != 0 {
                    for place in (block..).zip(some).filter(|(_, &hit)| hit != 0).map(|(place, _)| place) {
                        if let Some(start) = place.checked_sub(self.at) {
                            places.check(start, num_units, unit)?;
                        }
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
pub fn occurrences<'t>(
    needle: &Needle<'_>,
    rules: &Rules,
    texts: impl Iterator<Item = Option<(&'t [u8], bool)>>,
) -> Option<Vec<i64>> {
    let (mut shown, mut folded, mut skeleton) = (Vec::new(), Vec::new(), Vec::new());
    let mut counted = |text: &[u8], is_shifted: bool| {
        if !is_shifted {
            return needle.count(text);
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
    texts.map(|text| text.map(|(text, is_shifted)| counted(text, is_shifted))).collect()
}
