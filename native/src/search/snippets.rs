//! The stretches of a text that show most of what a query asked: `cnsearch/search/snippet.py` and `edges.py` say which.

use super::marks::{merged, Classes, Match};
use crate::reading::is_white;
use crate::tables::kind;

const MAX_MATCHES: usize = 1_000;
const REACH: usize = 12;
const LONGEST_WORD: usize = 32;

/// What is shown of a text: how much, and what counts.
pub struct Shown<'a> {
    /// How many fragments at most.
    pub num_fragments: usize,
    /// About how long each is.
    pub fragment_chars: usize,
    /// Matches within so many characters share a fragment.
    pub window_chars: usize,
    /// How telling a match is, by its number.
    pub weights: &'a [f64],
    /// Whether it is only a part of a word of the query.
    pub is_part: &'a [bool],
    /// Whether it is one character.
    pub is_short: &'a [bool],
    /// Characters at which sentences end.
    pub sentence_ends: &'a [u32],
    /// Characters at which clauses end.
    pub clause_ends: &'a [u32],
    /// Characters that no fragment ends with.
    pub opening: &'a [u32],
}

/// Start and end in the text, and what is marked, counted from the start.
pub type Fragment = (usize, usize, Vec<(usize, usize)>);

/// A text, and where it matches.
pub struct Snippets<'a> {
    /// What characters are.
    pub classes: &'a Classes<'a>,
    /// What is shown.
    pub shown: &'a Shown<'a>,
    /// As shown.
    pub text: &'a [u32],
    /// By start.
    pub matches: &'a [Match],
}

impl Snippets<'_> {
    /// The fragments around the best matches, in order; none if nothing matches.
    pub fn fragments(&self) -> Vec<Fragment> {
        let first = &self.matches[..self.matches.len().min(MAX_MATCHES)];
        let mut windows = self.best_windows(first);
        if !windows.is_empty() && windows.len() < self.shown.num_fragments {
            windows = self.with_missing(first, windows);
        }
        let mut found: Vec<Fragment> = Vec::new();
        for window in windows {
            let (mut start, end) = self.place(self.matches, window);
            if let Some(last) = found.last() {
                start = start.max(last.1);
            }
            if start < end {
                let inside = self.matches.iter().filter(|one| start <= one.0 && one.1 <= end);
                found.push((start, end, merged(inside.map(|one| (one.0 - start, one.1 - start)))));
            }
        }
        found
    }

    fn weight(&self, key: u32) -> f64 {
        self.shown.weights.get(key as usize).copied().unwrap_or(1.0)
    }

    fn worth(&self, matches: &[Match], shown: &[bool], seen: &mut Vec<u32>) -> f64 {
        seen.clear();
        let mut worth = 0.0;
        for &(_, _, key) in matches {
            let weight = self.weight(key);
            if seen.contains(&key) {
                worth += 0.05 * weight;
            } else {
                worth += if shown.get(key as usize) == Some(&true) { 0.25 * weight } else { weight };
                seen.push(key);
            }
        }
        worth
    }

    fn best_windows(&self, matches: &[Match]) -> Vec<(usize, usize)> {
        let mut spans: Vec<(usize, usize)> = Vec::new();
        let mut last = 0;
        for (first, &(start, end, _)) in matches.iter().enumerate() {
            last = last.max(first);
            let mut limit = start + self.shown.window_chars;
            let line = self.text.get(end..limit.min(self.text.len())).unwrap_or_default();
            if let Some(size) = line.iter().position(|&point| point == 0x0A) {
                limit = limit.min(end + size);
            }
            while last + 1 < matches.len() && matches[last + 1].1 <= limit {
                last += 1;
            }
            spans.push((first, last));
        }
        let mut chosen: Vec<(usize, usize)> = Vec::new();
        let mut shown = vec![false; self.shown.weights.len()];
        let (mut best_worth, mut seen) = (0.0f64, Vec::new());
        while !spans.is_empty() && chosen.len() < self.shown.num_fragments {
            let (mut best, mut worth) = (spans[0], f64::NEG_INFINITY);
            for &span in &spans {
                let here = self.worth(&matches[span.0..=span.1], &shown, &mut seen);
                if here > worth {
                    (best, worth) = (span, here);
                }
            }
            if worth <= 0.1 * best_worth {
                break;
            }
            best_worth = best_worth.max(worth);
            chosen.push(best);
            for &(_, _, key) in &matches[best.0..=best.1] {
                if let Some(shown) = shown.get_mut(key as usize) {
                    *shown = true;
                }
            }
            let (begin, end) = (matches[best.0].0, matches[best.1].1);
            let apart = end + self.shown.fragment_chars / 4;
            spans.retain(|span| matches[span.0].0 >= apart || matches[span.1].1 <= begin);
        }
        chosen.sort_unstable();
        chosen
    }

    fn with_missing(&self, matches: &[Match], mut windows: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
        let (nothing, mut seen) = (Vec::new(), Vec::new());
        let worths = windows.iter().map(|&(first, last)| self.worth(&matches[first..=last], &nothing, &mut seen));
        let most = worths.fold(0.0, f64::max);
        let flag = |flags: &[bool], key: u32| flags.get(key as usize) == Some(&true);
        let mut wanted = vec![false; self.shown.weights.len()];
        for &(_, _, key) in matches {
            if let Some(wanted) = wanted.get_mut(key as usize) {
                *wanted = !flag(self.shown.is_part, key)
                    && (!flag(self.shown.is_short, key) || self.weight(key) > 0.1 * most);
            }
        }
        while windows.len() < self.shown.num_fragments {
            let places: Vec<(usize, usize)> = windows.iter().map(|&window| self.place(matches, window)).collect();
            let mut outside = Vec::new();
            for (at, &(from, to, key)) in matches.iter().enumerate() {
                if places.iter().any(|&(start, end)| start <= from && to <= end) {
                    if let Some(wanted) = wanted.get_mut(key as usize) {
                        *wanted = false;
                    }
                } else if places.iter().all(|&(start, end)| to <= start || end <= from) {
                    outside.push(at);
                }
            }
            let Some(missing) = outside.into_iter().find(|&at| flag(&wanted, matches[at].2)) else { break };
            wanted[matches[missing].2 as usize] = false;
            windows.push((missing, missing));
            windows.sort_unstable();
        }
        windows
    }

    /// Where the fragment around the matches of a window stands.
    fn place(&self, matches: &[Match], window: (usize, usize)) -> (usize, usize) {
        let some = &matches[window.0..=window.1];
        let end = some.iter().map(|one| one.1).max().unwrap_or(0);
        self.around(matches, some[0].0, end)
    }

    fn around(&self, matches: &[Match], start: usize, end: usize) -> (usize, usize) {
        let (text, length) = (self.text, self.shown.fragment_chars);
        let is_end = |&point: &u32| point == 0x0A;
        let paragraph_start = text[..start].iter().rposition(is_end).map_or(0, |at| at + 1);
        let paragraph_end = text[end..].iter().position(is_end).map_or(text.len(), |size| end + size);
        let room = length.saturating_sub(end - start);
        let earliest = paragraph_start.max(start.saturating_sub(room));
        let mut left = paragraph_start.max(start.saturating_sub(room / 2));
        if left > paragraph_start {
            let sentences = |at: usize| self.ends_sentence(at, start);
            let clauses = |at: usize| self.shown.clause_ends.contains(&text[at]);
            for ends in [&sentences as &dyn Fn(usize) -> bool, &clauses] {
                let beginning = (earliest == paragraph_start).then_some(paragraph_start);
                let near = beginning.into_iter().chain((earliest..start).filter(|&at| ends(at)).map(|at| at + 1));
                if let Some(nearest) = near.min_by_key(|&at| at.abs_diff(left)) {
                    left = nearest;
                    break;
                }
            }
        }
        left = self.whole_start(matches, start, left, paragraph_start);
        while left < start && is_white(text[left]) {
            left += 1;
        }
        let right = end.max((left + length).min(paragraph_end));
        let soft = self.soft_end(end, right, paragraph_end);
        (left, self.whole_end(matches, end, right, soft, paragraph_end))
    }

    /// Whether a sentence ends with the character at a place, looking no further than to `stop`.
    fn ends_sentence(&self, at: usize, stop: usize) -> bool {
        let point = self.text[at];
        self.shown.sentence_ends.contains(&point)
            || (point == u32::from('.') && at + 1 < stop && is_white(self.text[at + 1]))
    }

    fn soft_end(&self, least: usize, end: usize, stop: usize) -> usize {
        if stop.saturating_sub(end) <= 4 {
            return stop;
        }
        let near = stop.min(end + 8);
        if let Some(at) = (end..near).find(|&at| self.ends_sentence(at, near)) {
            return at + 1;
        }
        let from = least.max(end.saturating_sub(12));
        if let Some(at) = (from..end).rev().find(|&at| self.shown.clause_ends.contains(&self.text[at])) {
            return at + 1;
        }
        let mut end = end;
        while end > least && self.shown.opening.contains(&self.text[end - 1]) {
            end -= 1;
        }
        end
    }

    fn whole_end(&self, matches: &[Match], least: usize, hard: usize, end: usize, stop: usize) -> usize {
        let most = stop.min(hard + REACH);
        let mut at = end;
        loop {
            let over = matches.iter().filter(|one| one.0 < at && at < one.1 && one.1 <= most).map(|one| one.1);
            let moved = over.max().unwrap_or(at);
            let word = self.word_around(moved);
            if word.1 > most {
                return if word.0 >= least { word.0 } else { moved };
            }
            if word.1 == at {
                return at;
            }
            at = word.1;
        }
    }

    fn whole_start(&self, matches: &[Match], most: usize, start: usize, stop: usize) -> usize {
        let least = stop.max(start.saturating_sub(REACH));
        let mut at = start;
        loop {
            let over = matches.iter().filter(|one| least <= one.0 && one.0 < at && at < one.1).map(|one| one.0);
            let moved = over.min().unwrap_or(at);
            let word = self.word_around(moved);
            if word.0 < least {
                return if word.1 <= most { word.1 } else { moved };
            }
            if word.0 == at {
                return at;
            }
            at = word.0;
        }
    }

    /// The word of a script with spaces that a cut at `at` would be in; (at, at) if it is in none.
    fn word_around(&self, at: usize) -> (usize, usize) {
        let first = at.saturating_sub(LONGEST_WORD);
        let stop = self.text.len().min(at + LONGEST_WORD);
        let mut start = first;
        while start < stop {
            let Some(end) = self.joined_word(start, stop) else {
                start += 1;
                continue;
            };
            if end >= at {
                let inside = start < at && at < end;
                let whole = end - start <= LONGEST_WORD && (start > first || first == 0);
                return if inside && whole { (start, end) } else { (at, at) };
            }
            start = end;
        }
        (at, at)
    }

    /// The end of a word that begins at `start`, by `JOINED_WORD` of `analysis/scripts.py`.
    fn joined_word(&self, start: usize, stop: usize) -> Option<usize> {
        let text = &self.text[..stop];
        let is =
            |at: usize, chars: &str| text.get(at).is_some_and(|&point| chars.chars().any(|char| char as u32 == point));
        let is_digit = |at: usize| text.get(at).is_some_and(|&point| (0x30..=0x39).contains(&point));
        let is_mark = |at: usize| {
            text.get(at).is_some_and(|&point| matches!(point, 0x300..=0x36F | 0x20D0..=0x20FF | 0xFE00..=0xFE0F))
        };
        let spaced = |at: usize| text.get(at).is_some_and(|&point| self.is_spaced(point));
        let run = |mut at: usize| {
            while spaced(at) {
                at += 1;
                while is_mark(at) {
                    at += 1;
                }
            }
            at
        };
        let mut at = start;
        if is(at, "#@$+-") && spaced(at + 1) {
            at += 1;
        }
        if !spaced(at) {
            return None;
        }
        at = run(at);
        loop {
            let joint = if is(at, "._+#/&'’@-") {
                1
            } else if is(at, ":") && is(at + 1, "/") && is(at + 2, "/") {
                3
            } else if is(at, ",:") && is_digit(at - 1) && is_digit(at + 1) {
                1
            } else {
                0
            };
            if joint == 0 || !spaced(at + joint) {
                break;
            }
            at = run(at + joint);
        }
        while is(at, "+#") {
            at += 1;
        }
        Some(at)
    }

    /// Whether it makes words, of a script that puts spaces between them.
    fn is_spaced(&self, point: u32) -> bool {
        let tables = self.classes.tables;
        let kinds = tables.kind(point);
        let cjk = kinds & kind::HAN != 0 || (tables.class(point) == b'w' && kinds & kind::LETTER != 0);
        !cjk && self.classes.is_word(point)
    }
}
