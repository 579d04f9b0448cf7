//! The postings of a term in a commit, or of several that count as one: the documents at once, how often they have it only
//! where somebody asks.

use super::impacts::{from, List};
use crate::index::snapshot::{Place, Snapshot};

/// A term that is looked for, by itself or as one of several.
pub struct Member {
    /// Itself.
    pub term: String,
    /// The numbers of the fields it is looked for in.
    pub fields: Vec<usize>,
    /// What an occurrence counts.
    pub weight: f32,
}

/// What is scored as one term.
pub enum Leaf {
    /// Any of some terms. The fields are those whose lengths count; each term has as many of its own, in their order.
    Terms(Vec<usize>, Vec<Member>),
    /// What was looked for by others: documents and impacts.
    Found(List),
}

impl Leaf {
    /// Its first term; empty if it has none.
    pub fn text(&self) -> &str {
        match self {
            Leaf::Terms(_, members) => members.first().map_or("", |member| &member.term),
            Leaf::Found(_) => "",
        }
    }
}

/// Those of one term in one field, or those that were given.
struct FieldPostings {
    source: Source,
    docs: Vec<u32>,
    /// How often each document has it, once this was asked; tf' of those that were given.
    frequencies: Vec<f32>,
}

enum Source {
    /// The field whose lengths count; what an occurrence counts; of each segment that has the term: its number, where its
    /// documents begin, and where they are in the file.
    Index(usize, f32, Vec<(usize, usize, Place)>),
    Given,
}

/// The postings of a leaf.
pub struct Postings {
    /// That of the most documents first.
    fields: Vec<FieldPostings>,
    /// Documents that are not among those of the first field, ascending.
    others: Vec<u32>,
}

impl Postings {
    /// None if the index is damaged, or what is given does not fit.
    pub fn new(snapshot: &Snapshot, leaf: &Leaf) -> Option<Self> {
        let (fields, members) = match leaf {
            Leaf::Terms(fields, members) => (fields, members),
            Leaf::Found(list) => {
                if !list.is_below(snapshot.num_docs) {
                    return None;
                }
                let (docs, k1) = (list.docs.clone(), snapshot.k1);
                let frequencies = list.values.iter().map(|impact| k1 * impact / (1.0 - impact)).collect();
                return Some(Postings {
                    fields: vec![FieldPostings { source: Source::Given, docs, frequencies }],
                    others: Vec::new(),
                });
            }
        };
        let mut found = Vec::with_capacity(fields.len());
        for member in members {
            if member.fields.len() != fields.len() {
                return None;
            }
            for (&field, &own) in fields.iter().zip(&member.fields) {
                let (mut docs, mut parts) = (Vec::new(), Vec::new());
                for (number, segment) in snapshot.segments.iter().enumerate() {
                    let start = docs.len();
                    if let Some(place) = segment.docs(own, member.term.as_bytes(), &mut docs)? {
                        parts.push((number, start, place));
                    }
                }
                if !docs.is_empty() {
                    let source = Source::Index(field, member.weight, parts);
                    found.push(FieldPostings { source, docs, frequencies: Vec::new() });
                }
            }
        }
        found.sort_by_key(|field| std::cmp::Reverse(field.docs.len()));
        let mut others = Vec::new();
        if let Some((first, rest)) = found.split_first() {
            for field in rest {
                let mut at = 0;
                for &doc in &field.docs {
                    at += from(&first.docs[at..], doc);
                    if first.docs.get(at) != Some(&doc) {
                        others.push(doc);
                    }
                }
            }
            if rest.len() > 1 {
                others.sort_unstable();
                others.dedup();
            }
        }
        Some(Postings { fields: found, others })
    }

    /// How many documents have the term.
    pub fn doc_freq(&self) -> usize {
        self.fields.first().map_or(0, |field| field.docs.len()) + self.others.len()
    }

    /// The documents that have it, in two parts, each ascending, without repeats.
    pub fn docs(&self) -> [&[u32]; 2] {
        [self.fields.first().map_or(&[], |field| &field.docs), &self.others]
    }

    /// Whether a document has it.
    pub fn contains(&self, doc: u32) -> bool {
        self.docs().iter().any(|docs| docs.binary_search(&doc).is_ok())
    }
}

/// Numbers of documents from one on.
pub struct Window<'a> {
    /// The first document.
    pub start: u32,
    /// For each of them the place of its sum, or `NONE`.
    pub slots: &'a [u16],
}

/// No place.
pub const NONE: u16 = u16::MAX;

impl Window<'_> {
    /// Of ascending documents of the window those that have a place: where they are among these, and their places.
    fn placed<'a>(&self, docs: &[u32], found: &'a mut Vec<(u32, u16)>) -> &'a [(u32, u16)] {
        found.resize(found.len().max(docs.len()), (0, NONE));
        let mut count = 0;
        for (at, &doc) in docs.iter().enumerate() {
            let slot = self.slots[(doc - self.start) as usize];
            // Without a branch, which nothing could foresee.
            found[count] = (at as u32, slot);
            count += usize::from(slot != NONE);
        }
        &found[..count]
    }

    /// Those of ascending documents that are in the window.
    fn part_of(&self, docs: &[u32]) -> std::ops::Range<usize> {
        let low = docs.partition_point(|&doc| doc < self.start);
        let stop = self.start + self.slots.len() as u32;
        low..low + docs[low..].partition_point(|&doc| doc < stop)
    }
}

impl Postings {
    /// Add tf' of each document of a window that has a place to `sums`; `matched` is room for what is found. None if the
    /// index is damaged.
    pub fn add_to(
        &mut self,
        snapshot: &Snapshot,
        window: &Window<'_>,
        sums: &mut [f32],
        matched: &mut Vec<(u32, u16)>,
    ) -> Option<()> {
        for FieldPostings { source, docs, frequencies } in self.fields.iter_mut().rev() {
            let Source::Index(field, weight, parts) = source else {
                let here = window.part_of(docs);
                let frequencies = &frequencies[here.clone()];
                for &(at, slot) in window.placed(&docs[here], matched) {
                    sums[usize::from(slot)] += frequencies[at as usize];
                }
                continue;
            };
            let norms = snapshot.norms.get(*field)?;
            for (number, (segment, first, _)) in parts.iter().enumerate() {
                let end = parts.get(number + 1).map_or(docs.len(), |&(_, start, _)| start);
                let here = window.part_of(&docs[*first..end]);
                let (low, high) = (first + here.start, first + here.end);
                let placed = window.placed(&docs[low..high], matched);
                if placed.is_empty() {
                    continue;
                }
                if frequencies.is_empty() {
                    frequencies.reserve(docs.len());
                    for (segment, _, place) in parts.iter() {
                        snapshot.segments[*segment].frequencies(place, frequencies)?;
                    }
                }
                let norms = snapshot.segments[*segment].norms(*field, norms)?;
                let (docs, frequencies) = (&docs[low..high], &frequencies[low..high]);
                for &(at, slot) in placed {
                    let at = at as usize;
                    sums[usize::from(slot)] += frequencies[at] * *weight * norms.of(docs[at]);
                }
            }
        }
        Some(())
    }
}
