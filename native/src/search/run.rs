//! A keyword query on a commit: which documents have enough of its words, how they score, and which are the best
//! (`cnsearch/search/steps/keywords.py`, `as_typed.py`, `second_pass.py`).
//!
//! Documents are gone through in windows whose sums fit into a processor's cache; a window without any of the terms costs
//! nothing.

use std::collections::HashMap;
use std::sync::Arc;

use super::closeness::{closeness, points_of_utf16, Text, Wanted};
use super::keywords::best;
use super::lists::{Leaf, Postings, Window, NONE};
use crate::index::snapshot::Snapshot;
use crate::reading::Rules;
use crate::tables::Tables;
use crate::Error;

const WINDOW: u32 = 1 << 14;
/// Documents that are looked at together.
const STRIDE: usize = 32;

/// Documents and scores.
pub type Scored = Vec<(u32, f32)>;

/// A word of the query: leaves by their numbers.
pub struct Word {
    /// The word itself.
    pub leaf: usize,
    /// The bigrams of its characters.
    pub bigrams: Vec<usize>,
    /// What it counts in the rule of hits.
    pub weight: f64,
}

/// Words that others have looked for, and added up.
pub struct Rest {
    /// What they score in each document.
    pub scores: Vec<f32>,
    /// What each document has of them weighs.
    pub cover: Vec<f32>,
    /// What each of them weighs.
    pub weights: Vec<f64>,
}

/// What is asked.
pub struct Query {
    /// What is looked up.
    pub leaves: Vec<Leaf>,
    /// Leaves that add to scores, and what these are multiplied by besides the idf.
    pub scored: Vec<(usize, f64)>,
    /// Of which a hit must have enough.
    pub words: Vec<Word>,
    /// And of these.
    pub rest: Option<Rest>,
    /// Of the weights' 3-norm, what a hit has of them.
    pub need: f64,
    /// Of their sum, what it has at least.
    pub share: f64,
    /// Or this share of what the best has, if that is less.
    pub most: f64,
    /// Sums that should be equal differ by less, relatively.
    pub about: f64,
    /// So many documents with the best scores are hits all the same.
    pub num_best: usize,
    /// Hits in any case, ascending.
    pub typed: Vec<u32>,
    /// A byte per document, 0 where it is no hit in any case.
    pub mask: Option<Vec<u8>>,
}

/// The hits.
pub struct Run {
    snapshot: Arc<Snapshot>,
    /// What is looked up, documents of each; None where nobody asked.
    lists: Vec<Option<Postings>>,
    words: Vec<(usize, Vec<usize>)>,
    /// Documents and scores, ascending.
    pub hits: Scored,
}

/// `ln(1 + (N - n + 0.5) / (n + 0.5))`
pub fn idf(num_docs: usize, doc_freq: usize) -> f64 {
    (1.0 + (num_docs as f64 - doc_freq as f64 + 0.5) / (doc_freq as f64 + 0.5)).ln()
}

impl Run {
    /// None if the index is damaged, or the query names what is not there.
    pub fn new(snapshot: Arc<Snapshot>, query: &Query) -> Option<Self> {
        let num_docs = snapshot.num_docs;
        let mut lists: Vec<Option<Postings>> = query.leaves.iter().map(|_| None).collect();
        let load = |lists: &mut Vec<Option<Postings>>, at: usize| -> Option<usize> {
            if lists.get(at)?.is_none() {
                lists[at] = Some(Postings::new(&snapshot, &query.leaves[at])?);
            }
            lists[at].as_ref().map(Postings::doc_freq)
        };
        if query.mask.as_ref().is_some_and(|mask| mask.len() != num_docs)
            || query.typed.iter().any(|&doc| doc as usize >= num_docs)
            || query.rest.as_ref().is_some_and(|rest| rest.scores.len() != num_docs || rest.cover.len() != num_docs)
        {
            return None;
        }
        let mut scored: Vec<(usize, f32)> = Vec::new();
        for &(leaf, factor) in &query.scored {
            let doc_freq = load(&mut lists, leaf)?;
            scored.push((leaf, (idf(num_docs, doc_freq) * factor) as f32));
        }
        let mut covering: Vec<(usize, f32)> = Vec::new();
        let mut weights = Vec::with_capacity(query.words.len());
        for word in &query.words {
            let doc_freq = load(&mut lists, word.leaf)?;
            let mut presence = Vec::new();
            if word.bigrams.len() > 1 || (doc_freq == 0 && !word.bigrams.is_empty()) {
                for &pair in &word.bigrams {
                    if load(&mut lists, pair)? > 0 {
                        presence.push(pair);
                    }
                }
            } else if doc_freq > 0 {
                presence.push(word.leaf);
            }
            if presence.is_empty() {
                weights.push(0.0);
                continue;
            }
            let weight = idf(num_docs, doc_freq).sqrt() * word.weight;
            let each = (weight / presence.len() as f64) as f32;
            covering.extend(presence.iter().map(|&leaf| (leaf, each)));
            weights.push(weight);
        }
        weights.extend(query.rest.iter().flat_map(|rest| &rest.weights));
        let norm = weights.iter().map(|weight| weight.powi(3)).sum::<f64>().powf(1.0 / 3.0);
        let threshold = (query.need * norm).max(query.share * weights.iter().sum::<f64>());
        let hits = Sums { lists: &mut lists, scored, covering, snapshot: &snapshot }.hits(query, threshold)?;
        let words = query.words.iter().map(|word| (word.leaf, word.bigrams.clone())).collect();
        Some(Run { snapshot, lists, words, hits })
    }

    /// Documents of the commit.
    pub fn num_docs(&self) -> usize {
        self.snapshot.num_docs
    }

    /// How many documents have a leaf, if it was looked up.
    pub fn doc_freqs(&self) -> Vec<Option<usize>> {
        self.lists.iter().map(|list| list.as_ref().map(Postings::doc_freq)).collect()
    }

    /// Whether a document has a word: as a word, or all its bigrams. None if one of them was not looked up.
    pub fn has(&self, word: usize, doc: u32) -> Option<bool> {
        let (leaf, bigrams) = self.words.get(word)?;
        let is_in = |leaf: usize| {
            let list = self.lists.get(leaf)?.as_ref()?;
            Some(list.contains(doc))
        };
        if is_in(*leaf)? {
            return Some(true);
        }
        for &pair in bigrams {
            if !is_in(pair)? {
                return Some(false);
            }
        }
        Some(!bigrams.is_empty())
    }

    /// The greatest score; 0 without hits.
    pub fn greatest(&self) -> f32 {
        self.hits.iter().map(|&(_, score)| score).fold(0.0, f32::max)
    }

    /// Whether a document is a hit.
    pub fn is_hit(&self, doc: u32) -> bool {
        self.hits.binary_search_by_key(&doc, |&(other, _)| other).is_ok()
    }

    /// Those of the documents that are hits score so much more.
    pub fn earn(&mut self, docs: impl Iterator<Item = u32>, score: f32) {
        for doc in docs {
            if let Ok(at) = self.hits.binary_search_by_key(&doc, |&(other, _)| other) {
                self.hits[at].1 += score;
            }
        }
    }

    /// The `count` best, the best first, equal ones by number.
    pub fn best(&self, count: usize) -> Scored {
        let scores = self.hits.iter().enumerate().map(|(at, &(_, score))| (at, score));
        best(scores, count).into_iter().map(|at| self.hits[at]).collect()
    }
}

/// How texts are compared with the query in the second pass.
pub struct Focus {
    /// What is looked for.
    pub wanted: Wanted,
    /// Of how many documents.
    pub depth: usize,
    /// Factors of the best window's weight, and of that of the beginning.
    pub factors: (f64, f64),
    /// Characters of a text that are looked at.
    pub text_chars: usize,
    /// Of a window, and of the beginning.
    pub window: usize,
    /// Of the beginning.
    pub lead_chars: usize,
}

impl Run {
    /// The `count` best, of which the first are in the order of the second pass; and documents whose text has to be read
    /// first, for they are read otherwise than they fold (by `rules`: than a kernel can tell): as long as there are any, the order means nothing. None if
    /// something is damaged.
    ///
    /// `readings`: of such documents
    pub fn ranked(
        &self,
        (tables, rules): (&Tables, Option<&Rules>),
        count: usize,
        focus: &Focus,
        readings: &HashMap<u32, Vec<u32>>,
    ) -> Result<Option<(Scored, Vec<u32>)>, Error> {
        let mut chosen = self.best(count);
        let first = focus.depth.min(chosen.len());
        let mut texts = Vec::with_capacity(first);
        for &(doc, _) in &chosen[..first] {
            texts.push(match readings.get(&doc) {
                Some(reading) => Text::Read(reading.clone()),
                None => match self.text(doc, focus.text_chars) {
                    Some(text) => Text::Shown(text),
                    None => return Ok(None),
                },
            });
        }
        let (found, odd) = closeness(tables, rules, &texts, &focus.wanted, focus.window, focus.lead_chars)?;
        let odd = odd.into_iter().map(|at| chosen[at].0).collect();
        for ((_, score), (best, lead)) in chosen.iter_mut().zip(found) {
            *score += (focus.factors.0 * best + focus.factors.1 * lead) as f32;
        }
        chosen[..first].sort_by(|(doc, score), (other, than)| than.total_cmp(score).then(doc.cmp(other)));
        Ok(Some((chosen, odd)))
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

/// A title that is the query.
pub struct Titled {
    /// The field of the characters of titles.
    pub field: usize,
    /// Terms of it by which titles are looked up.
    pub pairs: Vec<Vec<u8>>,
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
    /// So many titles are compared at most.
    pub most: usize,
}

/// (alike, to the dot, to be read otherwise than they fold): see `cnsearch/search/written.py`.
pub type Alike = (Vec<u32>, Vec<u32>, Vec<u32>);

impl Run {
    /// The hits whose title has the letters of the query, and those whose title is the query. `is_letter`: of a folded
    /// character. None if something is damaged.
    pub fn titled(&self, tables: &Tables, is_letter: impl Fn(u32) -> bool, titled: &Titled) -> Option<Alike> {
        let mut docs: Vec<u32> = Vec::new();
        for pair in &titled.pairs {
            docs.extend(self.snapshot.docs(titled.field, pair)?);
        }
        docs.sort_unstable();
        let num_chars = titled.letters.len() as f64;
        let mut found: Vec<(u32, f32, bool)> = Vec::new();
        for same in docs.chunk_by(|one, other| one == other) {
            let (doc, count) = (same[0], same.len());
            if 2 * count < titled.pairs.len() {
                continue;
            }
            let Ok(at) = self.hits.binary_search_by_key(&doc, |&(other, _)| other) else { continue };
            let more = self.snapshot.length(titled.field, doc)? as f64 - num_chars;
            let near = (0.0..=0.5 * num_chars + 6.0).contains(&more);
            if near && (!titled.of_letters || count as f64 >= titled.pairs.len() as f64 - more) {
                found.push((doc, self.hits[at].1, more == titled.others as f64));
            }
        }
        if found.len() > titled.most {
            let first = 1.0 + self.greatest();
            let keys = found.iter().map(|&(_, score, exact)| score + if exact { first } else { 0.0 }).enumerate();
            let mut chosen = best(keys, titled.most);
            chosen.sort_unstable();
            found = chosen.into_iter().map(|at| found[at]).collect();
        }
        let (mut alike, mut same, mut odd) = (Vec::new(), Vec::new(), Vec::new());
        let (mut folded, mut letters) = (Vec::new(), Vec::new());
        for (doc, _, _) in found {
            let (segment, at) = self.snapshot.locate(doc)?;
            let title = points_of_utf16(segment.title(at)?, usize::MAX);
            if title.iter().any(|&point| point >= 0xD800 && !(0xE000..0x1_0000).contains(&point))
                || tables.is_odd(&title, titled.contextual)
            {
                odd.push(doc);
                continue;
            }
            tables.fold_into(&title, &mut folded);
            if folded.iter().any(|&point| point >= 0x1_0000) {
                odd.push(doc);
                continue;
            }
            if titled.whole.as_ref() == Some(&folded) {
                same.push(doc);
                continue;
            }
            letters.clear();
            letters.extend(folded.iter().copied().filter(|&point| is_letter(point)));
            if letters == titled.letters {
                alike.push(doc);
            }
        }
        Some((alike, same, odd))
    }
}

/// Sums over the documents of some lists.
struct Sums<'a> {
    lists: &'a mut [Option<Postings>],
    scored: Vec<(usize, f32)>,
    covering: Vec<(usize, f32)>,
    snapshot: &'a Snapshot,
}

impl Sums<'_> {
    /// The hits by the rule, ascending. First what each document has of the words, which says who may be a hit; then the
    /// scores of these alone, or of all where the best are hits whichever words they have. None if the index is damaged.
    fn hits(mut self, query: &Query, threshold: f64) -> Option<Scored> {
        let (mut covered, greatest) = self.covered(query, threshold);
        let need = threshold.min(query.most * f64::from(greatest));
        if need <= 0.0 {
            covered.clear();
        }
        let least = (need * (1.0 - query.about)) as f32;
        let mut hits: Vec<u32> = covered.into_iter().filter(|hit| hit.1 >= least).map(|(doc, _)| doc).collect();
        let by_rule = hits.len();
        hits.extend(query.typed.iter().copied().filter(|&doc| self.snapshot.is_live(doc)));
        let mut scores = None;
        if query.num_best > 0 && need > 0.0 {
            let mut all: Vec<u32> = Vec::new();
            for &(leaf, _) in &self.scored {
                all.extend(self.lists[leaf].iter().flat_map(Postings::docs).flatten());
            }
            if let Some(rest) = &query.rest {
                all.extend((0..).zip(&rest.scores).filter(|(_, &score)| score > 0.0).map(|(doc, _)| doc));
            }
            all.sort_unstable();
            all.dedup();
            all.retain(|&doc| self.snapshot.is_live(doc));
            let scored = self.scores(&all, query)?;
            let positive = scored.iter().enumerate().filter(|(_, hit)| hit.1 > 0.0).map(|(at, hit)| (at, hit.1));
            hits.extend(best(positive, query.num_best).into_iter().map(|at| scored[at].0));
            scores = Some(scored);
        }
        if hits.len() > by_rule {
            hits.sort_unstable();
            hits.dedup();
        }
        if let Some(mask) = &query.mask {
            hits.retain(|&doc| mask[doc as usize] != 0);
        }
        let Some(scores) = scores else { return self.scores(&hits, query) };
        let score = |doc: u32| scores.binary_search_by_key(&doc, |&(other, _)| other).map_or(0.0, |at| scores[at].1);
        Some(hits.into_iter().map(|doc| (doc, score(doc))).collect())
    }

    /// (documents that may have enough of the words, each with what these weigh, ascending; the most that any has).
    fn covered(&self, query: &Query, threshold: f64) -> (Scored, f32) {
        let mut lists: Vec<(&[u32], f32)> = Vec::new();
        for &(leaf, weight) in &self.covering {
            lists.extend(self.lists[leaf].iter().flat_map(Postings::docs).map(|docs| (docs, weight)));
        }
        let (mut cover, mut found, mut greatest) = (vec![0.0f32; WINDOW as usize], Vec::new(), 0.0f32);
        let mut end = 0;
        loop {
            let next = match &query.rest {
                Some(_) => Some(end).filter(|&end| (end as usize) < self.snapshot.num_docs),
                None => lists.iter().filter_map(|(docs, _)| docs.first().copied()).min(),
            };
            let Some(next) = next else { break };
            let start = next / WINDOW * WINDOW;
            let size = WINDOW.min(self.snapshot.num_docs as u32 - start);
            end = start + size;
            let cover = &mut cover[..size as usize];
            match &query.rest {
                Some(rest) => cover.copy_from_slice(&rest.cover[start as usize..end as usize]),
                None => cover.fill(0.0),
            }
            for (docs, weight) in &mut lists {
                let here = docs.partition_point(|&doc| doc < start + size);
                for &doc in &docs[..here] {
                    cover[(doc - start) as usize] += *weight;
                }
                *docs = &docs[here..];
            }
            if let Some(live) = &self.snapshot.live {
                let live = &live[start as usize..(start + size) as usize];
                cover.iter_mut().zip(live).filter(|(_, &live)| live == 0).for_each(|(cover, _)| *cover = 0.0);
            }
            greatest = cover.iter().fold(greatest, |most, &cover| if cover > most { cover } else { most });
            // What is enough for the best so far is not more than what is enough in the end.
            let need = threshold.min(query.most * f64::from(greatest));
            let least = (need * (1.0 - query.about)) as f32;
            if need <= 0.0 {
                continue;
            }
            for (number, part) in cover.chunks(STRIDE).enumerate() {
                if part.iter().fold(0.0f32, |most, &cover| if cover > most { cover } else { most }) < least {
                    continue; // nearly all: what is looked for is rare
                }
                let enough = part.iter().enumerate().filter(|(_, &cover)| cover >= least);
                found.extend(enough.map(|(at, &cover)| (start + (number * STRIDE + at) as u32, cover)));
            }
        }
        (found, greatest)
    }

    /// The scores of some documents, ascending. None if the index is damaged.
    fn scores(&mut self, docs: &[u32], query: &Query) -> Option<Scored> {
        let begun = |doc: u32| query.rest.as_ref().map_or(0.0, |rest| rest.scores[doc as usize]);
        let mut found: Scored = docs.iter().map(|&doc| (doc, begun(doc))).collect();
        let (mut sums, mut touched) = (vec![0.0f32; WINDOW as usize], Vec::new());
        let mut slots = vec![NONE; WINDOW as usize];
        for hits in found.chunk_by_mut(|one, other| one.0 / WINDOW == other.0 / WINDOW) {
            let start = hits[0].0 / WINDOW * WINDOW;
            for (slot, &(doc, _)) in hits.iter().enumerate() {
                slots[(doc - start) as usize] = slot as u16;
            }
            let window = Window { start, slots: &slots };
            for &(leaf, weight) in &self.scored {
                if let Some(postings) = &mut self.lists[leaf] {
                    postings.add_to(self.snapshot, &window, &mut sums, &mut touched)?;
                }
                for slot in touched.drain(..) {
                    let tf = std::mem::take(&mut sums[usize::from(slot)]);
                    hits[usize::from(slot)].1 += tf / (self.snapshot.k1 + tf) * weight;
                }
            }
            hits.iter().for_each(|&(doc, _)| slots[(doc - start) as usize] = NONE);
        }
        Some(found)
    }
}
