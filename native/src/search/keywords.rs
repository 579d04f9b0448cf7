//! A run of words on all documents: scores, and who has enough of the words (`cnsearch/search/steps/keywords.py`); and
//! the best of many (`cnsearch/search/top.py`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{f32s, i64s};
use crate::Error;

/// What a leaf says: numbers of documents (i64) and their impacts (f32), little-endian; without numbers, the impacts of
/// all documents, 0 where they do not have it.
#[derive(Clone, Copy)]
pub struct Matches<'a> {
    /// The documents, each once; None for all.
    pub doc_ids: Option<&'a [u8]>,
    /// Shape of the documents.
    pub impacts: &'a [u8],
}

const WRONG: Error = Error::Value("impacts do not fit their documents");

impl Matches<'_> {
    /// `add(score, impact)` on each document that has it.
    fn each(&self, scores: &mut [f32], add: impl Fn(&mut f32, f32)) -> Result<(), Error> {
        let impacts = f32s(self.impacts);
        match self.doc_ids {
            None if impacts.len() == scores.len() => {
                scores.iter_mut().zip(impacts).for_each(|(score, impact)| add(score, impact));
            }
            Some(doc_ids) if i64s(doc_ids).len() == impacts.len() => {
                for (doc, impact) in i64s(doc_ids).zip(impacts) {
                    add(usize::try_from(doc).ok().and_then(|doc| scores.get_mut(doc)).ok_or(WRONG)?, impact);
                }
            }
            _ => return Err(WRONG),
        }
        Ok(())
    }

    /// Add the impacts times a weight.
    pub fn add_score(&self, scores: &mut [f32], weight: f32) -> Result<(), Error> {
        self.each(scores, |score, impact| *score += impact * weight)
    }

    /// Add a weight to each document that has it.
    pub fn add_weight(&self, cover: &mut [f32], weight: f32) -> Result<(), Error> {
        if self.doc_ids.is_some() {
            self.each(cover, |cover, _| *cover += weight)
        } else {
            self.each(cover, |cover, impact| *cover += if impact > 0.0 { weight } else { 0.0 })
        }
    }
}

/// The rule of hits.
pub struct Rule {
    /// What the words of a hit weigh together.
    pub need: f64,
    /// Or this share of what the best has, if that is less.
    pub most: f64,
    /// Sums that should be equal differ by less, relatively.
    pub about: f64,
    /// So many documents with the best scores are hits all the same.
    pub num_best: usize,
}

/// (hits, scores) of all documents.
///
/// `scored` and `others` add to scores, `covering` to what a document has of the words; `live`: a byte per document, 0
/// if it is deleted; `typed`: documents (i64) that are hits in any case.
pub fn keywords(
    num_docs: usize,
    scored: &[(Matches<'_>, f64)],
    covering: &[(Matches<'_>, f64)],
    live: Option<&[u8]>,
    typed: Option<&[u8]>,
    rule: &Rule,
) -> Result<(Vec<u8>, Vec<f32>), Error> {
    if live.is_some_and(|live| live.len() != num_docs) {
        return Err(WRONG);
    }
    let (mut scores, mut cover) = (vec![0.0f32; num_docs], vec![0.0f32; num_docs]);
    for (matches, weight) in scored {
        matches.add_score(&mut scores, *weight as f32)?;
    }
    for (matches, weight) in covering {
        matches.add_weight(&mut cover, *weight as f32)?;
    }
    if let Some(live) = live {
        cover.iter_mut().zip(live).filter(|(_, &live)| live == 0).for_each(|(cover, _)| *cover = 0.0);
    }
    let greatest = cover.iter().copied().fold(0.0f32, f32::max);
    let need = rule.need.min(rule.most * f64::from(greatest));
    let least = (need * (1.0 - rule.about)) as f32;
    let mut hits: Vec<u8> =
        if need > 0.0 { cover.iter().map(|&cover| (cover >= least).into()).collect() } else { vec![0; num_docs] };
    if rule.num_best > 0 && need > 0.0 {
        let alive = |doc: usize| live.is_none_or(|live| live[doc] != 0);
        let positive = scores.iter().copied().enumerate().filter(|&(doc, score)| score > 0.0 && alive(doc));
        for doc in best(positive, rule.num_best) {
            hits[doc] = 1;
        }
    }
    for doc in typed.map_or(&[][..], |typed| typed).chunks_exact(8).flat_map(i64s) {
        *usize::try_from(doc).ok().and_then(|doc| hits.get_mut(doc)).ok_or(WRONG)? = 1;
    }
    scores.iter_mut().zip(&hits).for_each(|(score, &hit)| *score *= f32::from(hit));
    Ok((hits, scores))
}

/// The `count` documents with the greatest scores, the greatest first, equal ones by number.
pub fn best(scores: impl Iterator<Item = (usize, f32)>, count: usize) -> Vec<usize> {
    // Bits of f32 order like the numbers, of those that are not negative; what is no number counts as 0.
    let mut heap: BinaryHeap<Reverse<(u32, Reverse<usize>)>> = BinaryHeap::new();
    let mut least = 0;
    if count == 0 {
        return Vec::new();
    }
    for (doc, score) in scores {
        let bits = score.max(0.0).to_bits();
        if heap.len() < count {
            heap.push(Reverse((bits, Reverse(doc))));
        } else if bits > least {
            heap.pop();
            heap.push(Reverse((bits, Reverse(doc))));
        } else {
            continue;
        }
        if heap.len() == count {
            least = heap.peek().map_or(0, |Reverse((bits, _))| *bits);
        }
    }
    heap.into_sorted_vec().into_iter().map(|Reverse((_, Reverse(doc)))| doc).collect()
}
