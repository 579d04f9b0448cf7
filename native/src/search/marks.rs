//! Where a text matches a query: `cnsearch/search/matches.py` says what matches, and why.

use std::collections::HashMap;

use crate::compounds::{self, CUT};
use crate::reading::{read, Reading, Rules};
use crate::segment::{Scratch, Segmenter};
use crate::tables::{kind, Tables};

const MAX_MATCHES: usize = 1_000;
const MAX_PART_WORDS: usize = 32;
const MAX_CLAUSE_CHARS: usize = 400;

/// A stretch of the text as shown, and the number of what of the query it matches.
pub type Match = (usize, usize, u32);
/// A part of a word with its place.
pub type Part = (Vec<u32>, usize, usize);

/// What only Python knows of words that are not Chinese. None if that fails.
pub trait Ask {
    /// The reading of a text.
    fn read(&mut self, text: &[u32]) -> Option<Reading>;
    /// The parts of a compound.
    fn parts(&mut self, compound: &[u32]) -> Option<Vec<Part>>;
    /// The parts of a word in which capitals began parts.
    fn humps(&mut self, word: &[u32], humps: &[u32]) -> Option<Vec<Part>>;
    /// The number of the stem that a word has, if the query has it.
    fn stem(&mut self, word: &[u32]) -> Option<Option<u32>>;
}

/// Characters as they are told apart here.
pub struct Classes<'a> {
    /// Of all characters.
    pub tables: &'a Tables,
    /// What is read otherwise.
    pub rules: &'a Rules,
    /// A byte for each of the first 65,536 characters, 0 for those that are no letters, digits or `_`.
    pub words: &'a [u8],
}

impl Classes<'_> {
    /// What Python's expressions call a word character.
    pub fn is_word(&self, point: u32) -> bool {
        match self.words.get(point as usize) {
            Some(&word) => word != 0,
            None => char::from_u32(point).is_some_and(char::is_alphanumeric),
        }
    }

    /// Whether no word goes on over the character at a place. `end`: of what is looked at.
    fn parts_words(&self, text: &[u32], at: usize, end: usize) -> bool {
        let point = text[at];
        if point == u32::from(',') {
            let is_digit = |at: Option<usize>| at.is_some_and(|at| (0x30..=0x39).contains(&text[at]));
            return !(is_digit(at.checked_sub(1)) && is_digit(Some(at + 1).filter(|&next| next < end)));
        }
        let known = self.tables.kind(point) & (kind::LETTER | kind::EMOJI) != 0;
        !(known || (point < 0x80 && b"+#&.%-'".contains(&(point as u8))) || self.is_word(point))
    }
}

/// Texts that are looked for at each place, the longest first.
#[derive(Default)]
struct Texts {
    first: First,
    texts: Keyed,
}

/// Which texts begin with a character: most characters begin none.
#[derive(Default)]
struct First {
    maybe: [u64; 16],
    numbers: HashMap<u32, Vec<usize>>,
}

impl First {
    fn add(&mut self, point: u32, number: usize) {
        self.maybe[(point >> 6 & 15) as usize] |= 1 << (point & 63);
        self.numbers.entry(point).or_default().push(number);
    }

    #[inline]
    fn of(&self, point: u32) -> &[usize] {
        if self.maybe[(point >> 6 & 15) as usize] >> (point & 63) & 1 == 0 {
            return &[];
        }
        self.numbers.get(&point).map_or(&[], Vec::as_slice)
    }
}

impl Texts {
    fn new(mut texts: Keyed) -> Self {
        texts.retain(|(text, _)| !text.is_empty());
        texts.sort_by(|(one, _), (other, _)| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        let mut first = First::default();
        for (number, (text, _)) in texts.iter().enumerate() {
            first.add(text[0], number);
        }
        Texts { first, texts }
    }

    /// `alone`: where neither letters nor digits go on at the ends; `counts`: which of the texts are looked for.
    fn find(&self, tables: &Tables, text: &[u32], alone: bool, counts: impl Fn(usize) -> bool, found: &mut Vec<Match>) {
        if self.texts.is_empty() {
            return;
        }
        let (mut at, mut count) = (0, 0);
        while at < text.len() && count < MAX_MATCHES {
            let here = self.first.of(text[at]).iter().filter(|&&number| counts(number));
            let here = here.map(|&number| &self.texts[number]).find(|(word, _)| {
                text[at..].starts_with(word) && !(alone && goes_on(tables, text, at, at + word.len()))
            });
            match here {
                Some((word, key)) => {
                    found.push((at, at + word.len(), *key));
                    at += word.len();
                    count += 1;
                }
                None => at += 1,
            }
        }
    }
}

/// Whether letters or digits go on at the ends of a stretch, which is not empty.
fn goes_on(tables: &Tables, text: &[u32], start: usize, end: usize) -> bool {
    let same = |edge: u32, beside: Option<&u32>| {
        let own = tables.letter_kind(edge);
        own != 0 && beside.is_some_and(|&point| tables.letter_kind(point) == own)
    };
    same(text[start], start.checked_sub(1).and_then(|at| text.get(at))) || same(text[end - 1], text.get(end))
}

/// A word of the query as it may stand in a text: with a joint at some places.
struct Candidate {
    text: Vec<u32>,
    /// Before which of its characters `-._,` may stand.
    joints: Vec<bool>,
}

impl Candidate {
    fn end(&self, text: &[u32], start: usize) -> Option<usize> {
        let mut at = start;
        for (&point, &joint) in self.text.iter().zip(&self.joints) {
            if joint && text.get(at).is_some_and(|&point| point < 0x80 && b"-._,".contains(&(point as u8))) {
                at += 1;
            }
            if text.get(at) != Some(&point) {
                return None;
            }
            at += 1;
        }
        Some(at)
    }
}

/// What of a query is marked.
#[derive(Default)]
pub struct Query {
    terms: HashMap<Vec<u32>, u32>,
    substrings: Texts,
    compounds: Texts,
    candidates: Vec<Candidate>,
    first: First,
    /// What a text may have of words, and of which of `whole` each is.
    parts: Texts,
    owners: Vec<Vec<usize>>,
    /// Words of which parts are looked for.
    whole: Vec<u32>,
    stems: bool,
}

/// Texts, and the number of each.
type Keyed = Vec<(Vec<u32>, u32)>;

impl Query {
    /// `terms`, `substrings`, `compounds` : what is looked for, each with its number
    /// `candidates` : where a term may stand, by which of its characters a joint may stand; the first that fits counts
    /// `parts`      : words, with parts that are looked for where a text lacks the word
    /// `stems`      : whether the query has stems
    pub fn new(
        terms: Keyed,
        substrings: Keyed,
        compounds: Keyed,
        candidates: Vec<(Vec<u32>, Vec<bool>)>,
        parts: Vec<(u32, Keyed)>,
        stems: bool,
    ) -> Self {
        let mut made = Query {
            terms: terms.into_iter().collect(),
            substrings: Texts::new(substrings),
            compounds: Texts::new(compounds),
            whole: parts.iter().map(|&(word, _)| word).collect(),
            stems,
            ..Query::default()
        };
        let mut every: Keyed = parts.iter().flat_map(|(_, parts)| parts.iter().cloned()).collect();
        every.sort();
        every.dedup();
        made.parts = Texts::new(every);
        let owners = |key: u32| (0..parts.len()).filter(|&at| parts[at].1.iter().any(|one| one.1 == key)).collect();
        made.owners = made.parts.texts.iter().map(|&(_, key)| owners(key)).collect();
        for (text, mut joints) in candidates {
            if let Some(&first) = text.first() {
                made.first.add(first, made.candidates.len());
                joints.resize(text.len(), false);
                made.candidates.push(Candidate { text, joints });
            }
        }
        made
    }

    /// Every match, by start and end. None where asking fails.
    pub fn matches(
        &self,
        classes: &Classes<'_>,
        segmenter: &Segmenter,
        text: &[u32],
        ask: &mut impl Ask,
    ) -> Option<Vec<Match>> {
        let (tables, mut reading) = (classes.tables, Reading::default());
        if !read(tables, classes.rules, text, &mut reading) {
            reading = ask.read(text)?;
        }
        let (folded, mut found) = (reading.text.as_slice(), Vec::new());
        self.substrings.find(tables, folded, false, |_| true, &mut found);
        self.compounds.find(tables, folded, true, |_| true, &mut found);
        let mut scratch = Scratch::default();
        let (mut at, mut clauses) = (0, 0);
        while clauses < MAX_MATCHES && found.len() < 2 * MAX_MATCHES {
            let Some((start, end)) = self.next_clause(classes, folded, at) else { break };
            let seams = |seam: &&usize| (start + 1..end).contains(*seam);
            let seams: Vec<usize> = reading.seams.iter().filter(seams).map(|seam| seam - start).collect();
            self.words(tables, segmenter, &folded[start..end], &seams, start, &mut scratch, ask, &mut found)?;
            at = end;
            clauses += 1;
        }
        self.find_parts(tables, folded, &mut found);
        for (start, end, _) in &mut found {
            (*start, *end) = reading.span(*start, *end);
        }
        found.sort_by_key(|&(start, end, _)| (start, end));
        Some(found)
    }

    /// Add the parts of words that are not found, the longest that stand anywhere.
    fn find_parts(&self, tables: &Tables, text: &[u32], found: &mut Vec<Match>) {
        let mut absent: Vec<bool> = self.whole.iter().map(|&word| !found.iter().any(|one| one.2 == word)).collect();
        let mut left = MAX_PART_WORDS;
        for absent in absent.iter_mut().filter(|absent| **absent) {
            *absent = left > 0;
            left = left.saturating_sub(1);
        }
        if absent.contains(&true) {
            let counts = |number: usize| self.owners[number].iter().any(|&word| absent[word]);
            self.parts.find(tables, text, false, counts, found);
        }
    }

    /// The clause with the next place where a word of the query may stand.
    fn next_clause(&self, classes: &Classes<'_>, text: &[u32], from: usize) -> Option<(usize, usize)> {
        let (at, after) = (from..text.len()).find_map(|at| {
            let here = self.first.of(text[at]).iter();
            here.filter_map(|&number| self.candidates[number].end(text, at)).next().map(|end| (at, end))
        })?;
        let floor = from.max(at.saturating_sub(MAX_CLAUSE_CHARS));
        let mut start = at;
        while start > floor && !classes.parts_words(text, start - 1, text.len()) {
            start -= 1;
        }
        let most = text.len().min(after + MAX_CLAUSE_CHARS);
        let end = (after..most).find(|&at| classes.parts_words(text, at, most)).unwrap_or(most);
        Some((start, end))
    }

    #[allow(clippy::too_many_arguments)]
    fn words(
        &self,
        tables: &Tables,
        segmenter: &Segmenter,
        clause: &[u32],
        seams: &[usize],
        base: usize,
        scratch: &mut Scratch,
        ask: &mut impl Ask,
        found: &mut Vec<Match>,
    ) -> Option<()> {
        if clause.iter().any(|&point| point >= 0x80) {
            segmenter.cut_for_search(clause, scratch, |start, end| {
                let token = &clause[start..end];
                if token.iter().any(|&point| tables.kind(point) & kind::HAN != 0) {
                    if let Some(&key) = self.terms.get(token) {
                        found.push((base + start, base + end, key));
                    }
                }
            });
        }
        // A number does not go on over a comma that is a seam.
        let mut parted = clause.to_vec();
        for &seam in seams.iter().filter(|&&seam| clause[seam] == u32::from(',')) {
            parted[seam] = u32::from('\n');
        }
        let mut spans = Vec::new();
        compounds::find(tables, &parted, |start, end| spans.push((start, end)));
        let mut humped = Vec::new();
        compounds::humped(clause, seams, |start, end, humps| humped.push((start, end, humps.to_vec())));
        let mut humped = humped.into_iter().peekable();
        for (start, end) in spans {
            let compound = &parted[start..end];
            let one = |is: fn(&u32) -> bool| compound.iter().all(is);
            let plain = one(|point| (0x61..=0x7A).contains(point)) || one(|point| (0x30..=0x39).contains(point));
            let mut parts = if plain { Vec::new() } else { ask.parts(&compound[..compound.len().min(CUT)])? };
            for part in &mut parts {
                (part.1, part.2) = (start + part.1, start + part.2);
            }
            while let Some((at, stop, humps)) = humped.next_if(|&(at, _, _)| at < end) {
                let inside = ask.humps(&clause[at..stop], &humps)?;
                parts.extend(inside.into_iter().map(|(text, from, to)| (text, at + from, at + to)));
            }
            parts.sort_by_key(|&(_, from, to)| (from, to));
            let whole: Vec<u32> = compound.iter().take(CUT - 1).copied().filter(|&point| point != 0x2C).collect();
            parts.push((whole, start, end));
            for (text, from, to) in parts {
                let key = match self.terms.get(&text) {
                    Some(&key) => Some(key),
                    None if self.stems => ask.stem(&text)?,
                    None => None,
                };
                if let Some(key) = key {
                    found.push((base + from, base + to, key));
                }
            }
        }
        Some(())
    }
}

/// The stretches that the matches, in order, cover; those that touch or overlap are one.
pub fn merged(matches: impl Iterator<Item = (usize, usize)>) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (start, end) in matches {
        match found.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => found.push((start, end)),
        }
    }
    found
}
