//! The best hits of a keyword query: what stands in them as it was typed (`cnsearch/search/as_typed.py`, `written.py`),
//! and the second pass (`second_pass.py`).

use std::collections::HashMap;

use super::closeness::{closeness, points_of_utf16, read, Text, Wanted};
use super::impacts::from;
use super::run::{idf, Lists, Run, Scored};
use super::top::best;
use crate::reading::Rules;
use crate::tables::Tables;
use crate::Error;

/// What does not differ from query to query.
#[derive(Clone, Debug)]
pub struct Constants {
    /// Factor of what the best window weighs.
    pub closeness: f64,
    /// Factor of what the beginning weighs.
    pub lead: f64,
    /// Factor of the bigrams in these.
    pub order: f64,
    /// Factor of what stands in one piece.
    pub written: f64,
    /// Times what another title earns, for one that is the query to the dot.
    pub to_the_dot: f64,
    /// So many titles are compared at most, those with the best scores.
    pub max_titles: usize,
    /// Number of the field of the characters of titles.
    pub title: usize,
    /// Characters of a text that are looked at.
    pub text_chars: usize,
    /// Of a window.
    pub window: usize,
    /// Of the beginning.
    pub lead_chars: usize,
}

/// What the best hits of a query depend on, besides their scores.
pub struct Ask {
    /// Leaves that are bigrams, and what each counts.
    pub bigrams: Vec<(usize, f64)>,
    /// Leaves that are characters.
    pub characters: Vec<usize>,
    /// Leaves that are other words.
    pub words: Vec<usize>,
    /// Whether one of them is, or may stand for, one that depends on the characters at its sides.
    pub contextual: bool,
    /// Texts of the query that are found in one piece, documents that have them, and how telling they are.
    pub pieces: Vec<(String, Vec<u32>, f64)>,
    /// Documents that have a long text of the query whole.
    pub wholes: Vec<Vec<u32>>,
    /// Which titles are the query.
    pub titled: Option<Titled>,
}

/// A title that is the query.
pub struct Titled {
    /// Terms of the characters of titles by which these are looked up; a title has half of them.
    pub pairs: Vec<String>,
    /// Whether only what stands between two letters parts them.
    pub of_letters: bool,
    /// Letters of the query.
    pub letters: Vec<u32>,
    /// The query, where it is one text.
    pub whole: Option<Vec<u32>>,
    /// Characters of the query that are no letters.
    pub others: usize,
    /// Whether it has a character that is, or may stand for, one that depends on those at its sides.
    pub contextual: bool,
}

/// An `Ask` whose weights are known.
pub(super) struct Second {
    wanted: Wanted,
    /// What hits earn: documents, and so much.
    pieces: Vec<(Vec<u32>, f64)>,
    wholes: Vec<Vec<u32>>,
    titled: Option<Titled>,
    /// What all that is wanted weighs together.
    total: f64,
}

impl Second {
    /// None if the query names what is not there, or the index is damaged.
    pub fn new(ask: Ask, constants: &Constants, lists: &mut Lists<'_>, num_docs: usize) -> Option<Self> {
        let mut bigrams: Vec<(String, f64)> = Vec::new();
        for &(leaf, factor) in &ask.bigrams {
            let (rarity, text) = lists.focus(leaf)?;
            match bigrams.iter_mut().find(|(other, _)| other == text) {
                Some((_, weight)) => *weight = weight.max(rarity * factor),
                None => bigrams.push((text.to_owned(), rarity * factor)),
            }
        }
        // A character weighs as much as the commonest bigram that has it.
        let mut wanted = Wanted { contextual: ask.contextual, ..Wanted::default() };
        for (text, weight) in &bigrams {
            for point in text.chars().map(u32::from) {
                match wanted.characters.iter_mut().find(|(other, _)| *other == point) {
                    Some((_, least)) => *least = least.min(*weight),
                    None => wanted.characters.push((point, *weight)),
                }
            }
        }
        bigrams.iter_mut().for_each(|(_, weight)| *weight *= constants.order);
        for &leaf in &ask.characters {
            let (rarity, text) = lists.focus(leaf)?;
            let point = text.chars().next().map(u32::from)?;
            wanted.characters.retain(|&(other, _)| other != point);
            wanted.characters.push((point, rarity));
        }
        let mut words: Vec<(String, f64)> = Vec::new();
        for &leaf in &ask.words {
            let (rarity, text) = lists.focus(leaf)?;
            if text.is_empty() {
                return None;
            }
            words.push((text.to_owned(), rarity));
        }
        let units = || bigrams.iter().chain(&words);
        let inside =
            |piece: &str| units().filter(|(unit, _)| piece.contains(unit)).map(|(_, weight)| weight).sum::<f64>();
        let pieces = ask.pieces.into_iter().map(|(piece, docs, rarity)| {
            let share = rarity / idf(num_docs, 1);
            let earned = rarity + constants.written * inside(&piece) * share;
            (docs, earned)
        });
        let pieces = pieces.collect();
        let total = wanted.characters.iter().map(|(_, weight)| weight).chain(units().map(|(_, weight)| weight)).sum();
        let points = |text: &str| text.chars().map(u32::from).collect::<Vec<u32>>();
        for (pair, weight) in bigrams {
            wanted.bigrams.push((points(&pair).try_into().ok()?, weight));
        }
        wanted.words = words.into_iter().map(|(word, weight)| (points(&word), weight)).collect();
        Some(Second { wanted, pieces, wholes: ask.wholes, titled: ask.titled, total })
    }
}

/// What some documents are read as, in code points, for they are read otherwise than they fold.
#[derive(Default)]
pub struct Readings {
    /// Of titles: all of it, and its letters.
    pub titles: HashMap<u32, (Vec<u32>, Vec<u32>)>,
    /// Of the beginnings of texts.
    pub texts: HashMap<u32, Vec<u32>>,
}

/// What there is to say of the best hits.
pub enum Answer {
    /// The best first, equal ones by number.
    Best(Scored),
    /// Documents whose titles have to be read first.
    ReadTitles(Vec<u32>),
    /// Documents whose texts have to be read first.
    ReadTexts(Vec<u32>),
}

/// The characters of texts.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// Of all characters.
    pub tables: &'a Tables,
    /// What reads texts that are read otherwise than they fold; None reads none of these.
    pub rules: Option<&'a Rules>,
    /// Whether a folded character counts when titles are compared.
    pub is_letter: &'a (dyn Fn(u32) -> bool + Sync),
}

impl Run {
    /// The `count` best, of which the first `depth` are in the order of the second pass. Once there is an answer, what
    /// hits have earned is in their scores. None if something is damaged.
    pub fn answer(
        &mut self,
        constants: &Constants,
        reader: Reader<'_>,
        (count, depth): (usize, usize),
        readings: &Readings,
    ) -> Result<Option<Answer>, Error> {
        if self.docs.is_empty() {
            return Ok(Some(Answer::Best(Vec::new())));
        }
        let Some(second) = &mut self.second else { return Ok(Some(Answer::Best(self.best(count)))) };
        for (docs, score) in std::mem::take(&mut second.pieces) {
            self.earn(&docs, score);
        }
        let Some(second) = &mut self.second else { return Ok(None) };
        let read_again = (constants.closeness + constants.lead) * second.total;
        for docs in std::mem::take(&mut second.wholes) {
            self.earn(&docs, f64::from(self.greatest()) + read_again);
        }
        if let Some(titled) = self.second.as_mut().and_then(|second| second.titled.take()) {
            let Some((alike, same, odd)) = self.titled(constants, reader, &titled, &readings.titles) else {
                return Ok(None);
            };
            if !odd.is_empty() {
                if let Some(second) = &mut self.second {
                    second.titled = Some(titled);
                }
                return Ok(Some(Answer::ReadTitles(odd)));
            }
            let most = f64::from(self.greatest()) + read_again;
            self.earn(&alike, most);
            self.earn(&same, constants.to_the_dot * most);
        }
        let mut chosen = self.best(count);
        let first = depth.min(chosen.len());
        let Some(odd) = self.read_again(constants, reader, &mut chosen[..first], &readings.texts)? else {
            return Ok(None);
        };
        Ok(Some(if odd.is_empty() { Answer::Best(chosen) } else { Answer::ReadTexts(odd) }))
    }

    /// Those of the documents that are hits score so much more.
    fn earn(&mut self, docs: &[u32], score: f64) {
        for doc in docs {
            if let Ok(at) = self.docs.binary_search(doc) {
                self.scores[at] += score as f32;
            }
        }
    }

    /// The second pass on the best; documents that have to be read first: as long as there are any, the order means
    /// nothing. None if something is damaged.
    fn read_again(
        &self,
        constants: &Constants,
        reader: Reader<'_>,
        chosen: &mut [(u32, f32)],
        readings: &HashMap<u32, Vec<u32>>,
    ) -> Result<Option<Vec<u32>>, Error> {
        let Some(second) = &self.second else { return Ok(None) };
        let mut texts = Vec::with_capacity(chosen.len());
        for &(doc, _) in &*chosen {
            texts.push(match readings.get(&doc) {
                Some(reading) => Text::Read(reading.clone()),
                None => match self.text(doc, constants.text_chars) {
                    Some(text) => Text::Shown(text),
                    None => return Ok(None),
                },
            });
        }
        let (tables, rules) = (reader.tables, reader.rules);
        let (found, odd) = closeness(tables, rules, &texts, &second.wanted, constants.window, constants.lead_chars)?;
        let odd = odd.into_iter().map(|at| chosen[at].0).collect();
        for ((_, score), (best, lead)) in chosen.iter_mut().zip(found) {
            *score += (constants.closeness * best + constants.lead * lead) as f32;
        }
        chosen.sort_by(|(doc, score), (other, than)| than.total_cmp(score).then(doc.cmp(other)));
        Ok(Some(odd))
    }

    /// The beginning of title, line end, body.
    fn text(&self, doc: u32, chars: usize) -> Option<Vec<u32>> {
        let (segment, at) = self.snapshot.locate(doc)?;
        let mut text = points_of_utf16(segment.title(at)?, chars);
        if text.len() < chars {
            text.push(0x0A);
            let left = chars - text.len();
            text.extend(points_of_utf16(segment.body(at, left)?, left));
        }
        Some(text)
    }
}

/// (alike, to the dot, to be read otherwise than they fold): see `cnsearch/search/written.py`.
type Alike = (Vec<u32>, Vec<u32>, Vec<u32>);

impl Run {
    /// The hits whose title has the letters of the query, and those whose title is the query. None if something is
    /// damaged.
    fn titled(
        &self,
        constants: &Constants,
        reader: Reader<'_>,
        titled: &Titled,
        readings: &HashMap<u32, (Vec<u32>, Vec<u32>)>,
    ) -> Option<Alike> {
        let mut counts = vec![0u8; self.docs.len()];
        for pair in &titled.pairs {
            let docs = self.snapshot.docs(constants.title, pair.as_bytes())?;
            in_both(&docs, &self.docs, |at| counts[at] = counts[at].saturating_add(1));
        }
        let (num_chars, num_pairs) = (titled.letters.len() as f64, titled.pairs.len());
        // Place among the hits, and whether it is as long as the query.
        let mut found: Vec<(usize, bool)> = Vec::new();
        for (at, &count) in counts.iter().enumerate() {
            let count = usize::from(count);
            if count == 0 || 2 * count < num_pairs {
                continue;
            }
            let more = self.snapshot.length(constants.title, self.docs[at])? as f64 - num_chars;
            let near = (0.0..=0.5 * num_chars + 6.0).contains(&more);
            if near && (!titled.of_letters || count as f64 >= num_pairs as f64 - more) {
                found.push((at, more == titled.others as f64));
            }
        }
        if found.len() > constants.max_titles {
            let first = 1.0 + self.greatest();
            let keys = found.iter().map(|&(at, exact)| self.scores[at] + if exact { first } else { 0.0 }).enumerate();
            let mut chosen = best(keys, constants.max_titles);
            chosen.sort_unstable();
            found = chosen.into_iter().map(|at| found[at]).collect();
        }
        let (mut alike, mut same, mut odd) = (Vec::new(), Vec::new(), Vec::new());
        let mut folded = Vec::new();
        for (at, _) in found {
            let doc = self.docs[at];
            if let Some((reading, letters)) = readings.get(&doc) {
                if titled.whole.as_ref() == Some(reading) {
                    same.push(doc);
                } else if *letters == titled.letters {
                    alike.push(doc);
                }
                continue;
            }
            let (segment, number) = self.snapshot.locate(doc)?;
            let title = points_of_utf16(segment.title(number)?, usize::MAX);
            let is_read = read(reader.tables, reader.rules, &title, titled.contextual, &mut folded);
            if !is_read
                || title.iter().any(|&point| (0xD800..0xE000).contains(&point))
                || folded.iter().any(|&point| point >= 0x1_0000)
            {
                odd.push(doc);
            } else if titled.whole.as_ref() == Some(&folded) {
                same.push(doc);
            } else if folded
                .iter()
                .copied()
                .filter(|&point| (reader.is_letter)(point))
                .eq(titled.letters.iter().copied())
            {
                alike.push(doc);
            }
        }
        Some((alike, same, odd))
    }
}

/// The places in `hits` of what both ascending lists have.
fn in_both(docs: &[u32], hits: &[u32], mut each: impl FnMut(usize)) {
    if docs.len() > hits.len() {
        let mut at = 0;
        for (place, hit) in hits.iter().enumerate() {
            at += from(&docs[at..], *hit);
            if docs.get(at) == Some(hit) {
                each(place);
            }
        }
    } else {
        let mut at = 0;
        for doc in docs {
            at += from(&hits[at..], *doc);
            if hits.get(at) == Some(doc) {
                each(at);
            }
        }
    }
}
