//! A keyword query on a commit: which documents have enough of its words, and how they score
//! (`cnsearch/search/steps/keywords.py`). What the best of these are is in `answer.rs`.
//!
//! Documents are gone through in windows whose sums fit into a processor's cache; a window without any of the terms costs
//! nothing.

use std::sync::Arc;

use super::answer::{Ask, Constants, Second};
use super::lists::{Leaf, Postings, Window, NONE};
use super::top::best;
use crate::index::snapshot::Snapshot;

const WINDOW: u32 = 1 << 14;
/// Documents that are looked at together.
const STRIDE: usize = 8;

/// Documents, each with a number.
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
    /// What is looked up, and what its score is multiplied by besides the idf; 0 adds nothing.
    pub leaves: Vec<(Leaf, f64)>,
    /// Of which a hit must have enough.
    pub words: Vec<Word>,
    /// And of these.
    pub rest: Option<Rest>,
    /// Of the weights' 3-norm, what a hit has of them; 0 if any word is enough.
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
    /// What the best of the hits depend on besides; None if nobody asks for them.
    pub ask: Option<Ask>,
}

/// The hits.
pub struct Run {
    pub(super) snapshot: Arc<Snapshot>,
    lists: Vec<Option<Postings>>,
    words: Vec<(usize, Vec<usize>)>,
    /// Whether the index has any of what is scored or a word, and is more than a character.
    pub tells: bool,
    /// Ascending.
    pub docs: Vec<u32>,
    /// Of the shape of `docs`.
    pub scores: Vec<f32>,
    pub(super) second: Option<Second>,
}

/// `ln(1 + (N - n + 0.5) / (n + 0.5))`
pub fn idf(num_docs: usize, doc_freq: usize) -> f64 {
    (1.0 + (num_docs as f64 - doc_freq as f64 + 0.5) / (doc_freq as f64 + 0.5)).ln()
}

/// What is looked up, each when it is first asked for.
pub(super) struct Lists<'a> {
    leaves: &'a [(Leaf, f64)],
    found: Vec<Option<Postings>>,
    snapshot: &'a Snapshot,
}

impl Lists<'_> {
    /// How many documents have a leaf; None if there is no such leaf, or the index is damaged.
    fn doc_freq(&mut self, leaf: usize) -> Option<usize> {
        let found = self.found.get_mut(leaf)?;
        if found.is_none() {
            *found = Some(Postings::new(self.snapshot, &self.leaves[leaf].0)?);
        }
        found.as_ref().map(Postings::doc_freq)
    }

    /// Whether a leaf that was looked up is in the index, and is more than a character.
    fn tells(&self, leaf: usize) -> bool {
        let is_one = self.leaves[leaf].0.text().chars().nth(1).is_none();
        !is_one && self.found[leaf].as_ref().is_some_and(|found| found.doc_freq() > 0)
    }

    /// How telling a leaf is, and its text; None as above.
    pub(super) fn focus(&mut self, leaf: usize) -> Option<(f64, &str)> {
        let rarity = idf(self.snapshot.num_docs, self.doc_freq(leaf)?);
        Some((rarity, self.leaves[leaf].0.text()))
    }
}

impl Run {
    /// None if the index is damaged, or the query names what is not there.
    pub fn new(snapshot: Arc<Snapshot>, constants: &Constants, mut query: Query) -> Option<Self> {
        let (num_docs, ask) = (snapshot.num_docs, query.ask.take());
        if query.mask.as_ref().is_some_and(|mask| mask.len() != num_docs)
            || query.typed.iter().any(|&doc| doc as usize >= num_docs)
            || query.rest.as_ref().is_some_and(|rest| rest.scores.len() != num_docs || rest.cover.len() != num_docs)
        {
            return None;
        }
        let found = query.leaves.iter().map(|_| None).collect();
        let mut lists = Lists { leaves: &query.leaves, found, snapshot: &snapshot };
        let mut scored: Vec<(usize, f32)> = Vec::new();
        for (leaf, &(_, factor)) in query.leaves.iter().enumerate() {
            if factor != 0.0 {
                scored.push((leaf, (idf(num_docs, lists.doc_freq(leaf)?) * factor) as f32));
            }
        }
        let mut words = Vec::with_capacity(query.words.len());
        for word in &query.words {
            words.push(Presence::of(word, &mut lists)?);
        }
        let tells = (0..query.leaves.len()).any(|leaf| lists.tells(leaf));
        let second = match ask {
            Some(ask) => Some(Second::new(ask, constants, &mut lists, num_docs)?),
            None => None,
        };
        let mut sums = Sums { lists: &mut lists.found, scored, words, snapshot: &snapshot };
        let (docs, scores) = if query.need > 0.0 { sums.with_enough(&query) } else { sums.with_any(&query) }?;
        let words = query.words.iter().map(|word| (word.leaf, word.bigrams.clone())).collect();
        let lists = lists.found;
        Some(Run { snapshot, lists, words, tells, docs, scores, second })
    }

    /// Documents of the commit.
    pub fn num_docs(&self) -> usize {
        self.snapshot.num_docs
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
        greatest_of(&self.scores)
    }

    /// The `count` best, the best first, equal ones by number.
    pub fn best(&self, count: usize) -> Scored {
        let chosen = best(self.scores.iter().copied().enumerate(), count);
        chosen.into_iter().map(|at| (self.docs[at], self.scores[at])).collect()
    }
}

/// The greatest of some numbers, none of which is below 0: as whole numbers they have the same order, and are compared
/// several at a time.
fn greatest_of(numbers: &[f32]) -> f32 {
    f32::from_bits(numbers.iter().fold(0, |most, number| most.max(number.to_bits() as i32)) as u32)
}

/// What says how far a document has a word (`Keyword._presence`).
struct Presence {
    /// The word itself, or its bigrams that occur at all.
    leaves: Vec<usize>,
    /// What having it weighs; 0 if nothing of it occurs.
    weight: f64,
    /// Who has it where any word is enough: has as many of these leaves as whoever has the most, or all of them; None if
    /// who has the word alone.
    any: Option<Enough>,
}

enum Enough {
    Most,
    All,
}

impl Presence {
    fn of(word: &Word, lists: &mut Lists<'_>) -> Option<Self> {
        let doc_freq = lists.doc_freq(word.leaf)?;
        let (mut leaves, mut any) = (Vec::new(), None);
        if word.bigrams.len() > 1 || (doc_freq == 0 && !word.bigrams.is_empty()) {
            for &pair in &word.bigrams {
                if lists.doc_freq(pair)? > 0 {
                    leaves.push(pair);
                }
            }
            if doc_freq == 0 {
                any = Some(Enough::Most);
            } else if leaves.len() == word.bigrams.len() {
                any = Some(Enough::All);
            }
        } else if doc_freq > 0 {
            leaves.push(word.leaf);
        }
        let weight = if leaves.is_empty() { 0.0 } else { idf(lists.snapshot.num_docs, doc_freq).sqrt() * word.weight };
        Some(Presence { leaves, weight, any })
    }
}

/// Sums over the documents of some lists.
struct Sums<'a> {
    lists: &'a mut [Option<Postings>],
    scored: Vec<(usize, f32)>,
    words: Vec<Presence>,
    snapshot: &'a Snapshot,
}

type Hits = (Vec<u32>, Vec<f32>);

impl Sums<'_> {
    /// The hits by the rule, ascending. First what each document has of the words, which says who may be a hit; then the
    /// scores of these alone, or of all where the best are hits whichever words they have. None if the index is damaged.
    fn with_enough(&mut self, query: &Query) -> Option<Hits> {
        let weights =
            || self.words.iter().map(|word| word.weight).chain(query.rest.iter().flat_map(|rest| rest.weights.clone()));
        let norm = weights().map(|weight| weight.powi(3)).sum::<f64>().powf(1.0 / 3.0);
        let threshold = (query.need * norm).max(query.share * weights().sum::<f64>());
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
            let positive = scored.iter().copied().enumerate().filter(|&(_, score)| score > 0.0);
            hits.extend(best(positive, query.num_best).into_iter().map(|at| all[at]));
            scores = Some((all, scored));
        }
        if hits.len() > by_rule {
            hits.sort_unstable();
            hits.dedup();
        }
        if let Some(mask) = &query.mask {
            hits.retain(|&doc| mask[doc as usize] != 0);
        }
        let found = match scores {
            None => self.scores(&hits, query)?,
            Some((all, scores)) => hits.iter().map(|doc| all.binary_search(doc).map_or(0.0, |at| scores[at])).collect(),
        };
        Some((hits, found))
    }

    /// The hits where any word is enough.
    fn with_any(&mut self, query: &Query) -> Option<Hits> {
        let num_docs = self.snapshot.num_docs;
        let mut hits = match &query.rest {
            None => vec![false; num_docs],
            Some(rest) => {
                rest.scores.iter().zip(&rest.cover).map(|(&score, &cover)| score > 0.0 || cover > 0.0).collect()
            }
        };
        for (word, asked) in self.words.iter().zip(&query.words) {
            for &doc in self.lists[asked.leaf].iter().flat_map(Postings::docs).flatten() {
                hits[doc as usize] = true;
            }
            let Some(enough) = &word.any else { continue };
            let mut counts = vec![0u32; num_docs];
            for &leaf in &word.leaves {
                for &doc in self.lists[leaf].iter().flat_map(Postings::docs).flatten() {
                    counts[doc as usize] += 1;
                }
            }
            let least = match enough {
                Enough::Most => counts.iter().copied().max().unwrap_or(0).max(1),
                Enough::All => word.leaves.len() as u32,
            };
            hits.iter_mut().zip(counts).for_each(|(hit, count)| *hit |= count >= least);
        }
        let may_be =
            |doc: u32| self.snapshot.is_live(doc) && query.mask.as_ref().is_none_or(|mask| mask[doc as usize] != 0);
        let docs: Vec<u32> = (0..).zip(hits).filter(|&(doc, hit)| hit && may_be(doc)).map(|(doc, _)| doc).collect();
        let scores = self.scores(&docs, query)?;
        Some((docs, scores))
    }

    /// (documents that may have enough of the words, each with what these weigh, ascending; the most that any has).
    fn covered(&self, query: &Query, threshold: f64) -> (Scored, f32) {
        let mut lists: Vec<(&[u32], f32)> = Vec::new();
        for word in &self.words {
            let each = (word.weight / word.leaves.len() as f64) as f32;
            for &leaf in &word.leaves {
                lists.extend(self.lists[leaf].iter().flat_map(Postings::docs).map(|docs| (docs, each)));
            }
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
            let most_of: Vec<f32> = cover.chunks(STRIDE).map(greatest_of).collect();
            greatest = greatest.max(greatest_of(&most_of));
            // What is enough for the best so far is not more than what is enough in the end.
            let need = threshold.min(query.most * f64::from(greatest));
            let least = (need * (1.0 - query.about)) as f32;
            if need <= 0.0 {
                continue;
            }
            for (number, part) in cover.chunks(STRIDE).enumerate() {
                if most_of[number] < least {
                    continue; // nearly all: what is looked for is rare
                }
                let enough = part.iter().enumerate().filter(|(_, &cover)| cover >= least);
                found.extend(enough.map(|(at, &cover)| (start + (number * STRIDE + at) as u32, cover)));
            }
        }
        (found, greatest)
    }

    /// The scores of some documents, ascending. None if the index is damaged.
    fn scores(&mut self, docs: &[u32], query: &Query) -> Option<Vec<f32>> {
        let mut scores: Vec<f32> = match &query.rest {
            None => vec![0.0; docs.len()],
            Some(rest) => docs.iter().map(|&doc| rest.scores[doc as usize]).collect(),
        };
        let (mut sums, mut slots, mut matched) = (Vec::new(), vec![NONE; WINDOW as usize], Vec::new());
        let mut left = &mut scores[..];
        for docs in docs.chunk_by(|one, other| one / WINDOW == other / WINDOW) {
            let (scores, rest) = left.split_at_mut(docs.len());
            left = rest;
            let start = docs[0] / WINDOW * WINDOW;
            for (slot, &doc) in docs.iter().enumerate() {
                slots[(doc - start) as usize] = slot as u16;
            }
            let window = Window { start, slots: &slots };
            for &(leaf, weight) in &self.scored {
                sums.clear();
                sums.resize(docs.len(), 0.0f32);
                if let Some(postings) = &mut self.lists[leaf] {
                    postings.add_to(self.snapshot, &window, &mut sums, &mut matched)?;
                }
                for (score, tf) in scores.iter_mut().zip(&sums) {
                    *score += tf / (self.snapshot.k1 + tf) * weight;
                }
            }
            docs.iter().for_each(|&doc| slots[(doc - start) as usize] = NONE);
        }
        Some(scores)
    }
}
