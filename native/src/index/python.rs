//! Segments and commits in the module `cnsearch._native`; see `cnsearch/kernels/keyword_queries.py`.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::PyBytes;

use super::file;
use super::snapshot::{self, FieldInfo, Norms};
use crate::python::{bytes_of, points, released};
use crate::search::closeness::Wanted;
use crate::search::impacts::List;
use crate::search::lists::{Leaf, Member};
use crate::search::python::{wanted, Closeness};
use crate::search::run::{self, Focus, Query, Rest, Titled, Word};
use crate::search::texts::Characters;
use crate::search::{f32s, i64s};
use crate::Error;

pub(crate) const DAMAGED: Error = Error::Value("the index is damaged, or is none that this extension reads");

/// The file of a segment.
#[pyclass(frozen, module = "cnsearch._native")]
pub(crate) struct SegmentFile(pub(crate) Arc<file::SegmentFile>);

#[pymethods]
impl SegmentFile {
    /// ValueError for what is no segment, or is damaged where it says what it has.
    #[new]
    fn new(path: PathBuf) -> PyResult<Self> {
        Ok(SegmentFile(Arc::new(file::SegmentFile::open(&path).ok_or(DAMAGED)?)))
    }
}

/// A commit.
#[pyclass(frozen, module = "cnsearch._native")]
struct Snapshot(Arc<snapshot::Snapshot>);

/// A segment, its first document, number of documents; of each field: number in it, terms, bytes that these share; the
/// numbers of id, title and body.
type PySegment<'py> = (PyRef<'py, SegmentFile>, u32, u32, Vec<FieldInfo>, (Option<u16>, Option<u16>, Option<u16>));

/// A term, its fields, and what an occurrence counts.
type PyMember = (PyBackedStr, Vec<usize>, f32);

/// Documents (i64, each once, in any order; None for all) and their impacts (f32, 0 for those that have nothing).
fn list_of(docs: Option<&[u8]>, impacts: &[u8]) -> PyResult<List> {
    let mut both: Vec<(u32, f32)> = Vec::with_capacity(impacts.len() / 4);
    match docs {
        None => both.extend((0..).zip(f32s(impacts)).filter(|&(_, impact)| impact > 0.0)),
        Some(docs) => {
            for (doc, impact) in i64s(docs).zip(f32s(impacts)) {
                let doc = u32::try_from(doc).map_err(|_| PyValueError::new_err("there is no such document"))?;
                both.push((doc, impact));
            }
            both.sort_unstable_by_key(|&(doc, _)| doc);
        }
    }
    let (docs, values) = both.into_iter().unzip();
    Ok(List { docs, values })
}

#[pymethods]
impl Snapshot {
    /// `norms`: weight and mean length of each field; `live`: a byte per document, 0 if it is deleted.
    #[new]
    fn new(
        segments: Vec<PySegment<'_>>,
        norms: Vec<(f32, f32)>,
        b: f64,
        k1: f32,
        live: Option<PyBackedBytes>,
    ) -> PyResult<Self> {
        let norms = norms.into_iter().map(|(weight, average)| Norms::new(weight, b, average)).collect();
        let segments: Option<Vec<_>> = segments
            .into_iter()
            .map(|(file, base, count, fields, texts)| {
                snapshot::Segment::new(Arc::clone(&file.0), base, count, &fields, texts)
            })
            .collect();
        let live = live.map(|live| live.to_vec());
        let made = segments.and_then(|segments| snapshot::Snapshot::new(segments, norms, live, k1));
        Ok(Snapshot(Arc::new(made.ok_or(DAMAGED)?)))
    }

    /// Id and title of some documents; None if one cannot be read here.
    fn names(&self, docs: Vec<u32>) -> Option<Vec<(String, String)>> {
        docs.into_iter().map(|doc| self.0.locate(doc).and_then(|(segment, at)| segment.name(at))).collect()
    }

    /// The hits of a query; None if the index is damaged.
    #[allow(clippy::too_many_arguments)]
    fn run(
        &self,
        py: Python<'_>,
        leaves: Vec<(Vec<usize>, Vec<PyMember>)>,
        found: Vec<(usize, Option<PyBackedBytes>, PyBackedBytes)>,
        scored: Vec<(usize, f64)>,
        words: Vec<(usize, Vec<usize>, f64)>,
        rest: Option<(PyBackedBytes, PyBackedBytes, Vec<f64>)>,
        need: f64,
        share: f64,
        most: f64,
        about: f64,
        num_best: usize,
        typed: Option<PyBackedBytes>,
        mask: Option<PyBackedBytes>,
    ) -> PyResult<Option<Run>> {
        let mut docs = Vec::new();
        for doc in typed.as_deref().map_or(&[][..], |typed| typed).chunks_exact(8).flat_map(i64s) {
            docs.push(u32::try_from(doc).map_err(|_| PyValueError::new_err("there is no such document"))?);
        }
        docs.sort_unstable();
        let member = |(term, fields, weight): PyMember| Member { term: term.as_bytes().to_vec(), fields, weight };
        let mut leaves: Vec<Leaf> = leaves
            .into_iter()
            .map(|(fields, members)| Leaf::Terms(fields, members.into_iter().map(member).collect()))
            .collect();
        for (leaf, docs, impacts) in found {
            let list = list_of(docs.as_deref(), &impacts)?;
            *leaves.get_mut(leaf).ok_or_else(|| PyValueError::new_err("there is no such leaf"))? = Leaf::Found(list);
        }
        let rest = rest.map(|(scores, cover, weights)| Rest {
            scores: f32s(&scores).collect(),
            cover: f32s(&cover).collect(),
            weights,
        });
        let query = Query {
            leaves,
            rest,
            scored,
            words: words.into_iter().map(|(leaf, bigrams, weight)| Word { leaf, bigrams, weight }).collect(),
            need,
            share,
            most,
            about,
            num_best,
            typed: docs,
            mask: mask.map(|mask| mask.to_vec()),
        };
        let snapshot = Arc::clone(&self.0);
        Ok(released(py, || Ok(run::Run::new(snapshot, &query)))?.map(Run))
    }
}

/// The hits of a query.
#[pyclass(module = "cnsearch._native")]
struct Run(run::Run);

#[pymethods]
impl Run {
    /// How many there are.
    #[getter]
    fn total(&self) -> usize {
        self.0.hits.len()
    }

    /// The greatest score; 0 without hits.
    #[getter]
    fn greatest(&self) -> f32 {
        self.0.greatest()
    }

    /// How many documents have each leaf; None for those that nobody looked up.
    fn doc_freqs(&self) -> Vec<Option<usize>> {
        self.0.doc_freqs()
    }

    /// Whether a document has a word, by its number; None if that is not known.
    fn has(&self, word: usize, doc: u32) -> Option<bool> {
        self.0.has(word, doc)
    }

    /// Those of the documents (i64) that are hits, in their order.
    fn are_hits<'py>(&self, py: Python<'py>, docs: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let found: Vec<i64> =
            i64s(docs).filter(|&doc| u32::try_from(doc).is_ok_and(|doc| self.0.is_hit(doc))).collect();
        bytes_of(py, &found, i64::to_le_bytes)
    }

    /// Those of the documents (i64) that are hits score so much more.
    fn earn(&mut self, docs: &[u8], score: f32) {
        self.0.earn(i64s(docs).filter_map(|doc| u32::try_from(doc).ok()), score);
    }

    /// The best: documents and scores.
    fn best(&self, py: Python<'_>, count: usize) -> PyResult<Vec<(u32, f32)>> {
        released(py, || Ok(self.0.best(count)))
    }

    /// (the best, of which the first are in the order of the second pass; documents that have to be read first, and with
    /// `readings` of which this is to be called again); None if the index is damaged.
    #[allow(clippy::too_many_arguments, clippy::type_complexity)]
    fn ranked(
        &self,
        py: Python<'_>,
        tables: &Closeness,
        read_by: Option<&Characters>,
        count: usize,
        depth: usize,
        characters: Vec<(char, f64)>,
        words: Vec<(String, f64)>,
        bigrams: Vec<(String, f64)>,
        contextual: bool,
        readings: Vec<(u32, PyBackedStr)>,
        factors: (f64, f64),
        text_chars: usize,
        window: usize,
        lead_chars: usize,
    ) -> PyResult<Option<(Vec<(u32, f32)>, Vec<u32>)>> {
        let wanted: Wanted = wanted(characters, words, bigrams, contextual)?;
        let readings = readings.iter().map(|(doc, text)| (*doc, points(text))).collect();
        let focus = Focus { wanted, depth, factors, text_chars, window, lead_chars };
        released(py, || {
            self.0.ranked((&tables.tables, read_by.map(|read_by| &read_by.rules)), count, &focus, &readings)
        })
    }

    /// (hits whose title has the letters of the query, those whose title is the query, those whose title has to be read
    /// first); None if the index is damaged.
    #[allow(clippy::too_many_arguments, clippy::type_complexity)]
    fn titled(
        &self,
        py: Python<'_>,
        tables: &Closeness,
        field: usize,
        pairs: Vec<PyBackedStr>,
        of_letters: bool,
        letters: &str,
        whole: Option<PyBackedStr>,
        others: usize,
        contextual: bool,
        most: usize,
    ) -> PyResult<Option<(Vec<u32>, Vec<u32>, Vec<u32>)>> {
        let titled = Titled {
            field,
            pairs: pairs.iter().map(|pair| pair.as_bytes().to_vec()).collect(),
            of_letters,
            letters: points(letters),
            whole: whole.map(|whole| points(&whole)),
            others,
            contextual,
            most,
        };
        released(py, || Ok(self.0.titled(&tables.tables, |point| tables.is_letter(point), &titled)))
    }

    /// A byte per document, 1 for the hits.
    fn mask<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let mut mask = vec![0u8; self.0.num_docs()];
        self.0.hits.iter().for_each(|&(doc, _)| mask[doc as usize] = 1);
        PyBytes::new(py, &mask)
    }

    /// The score of each document as f32, 0 where it is no hit.
    fn scores<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut scores = vec![0.0f32; self.0.num_docs()];
        self.0.hits.iter().for_each(|&(doc, score)| scores[doc as usize] = score);
        bytes_of(py, &scores, f32::to_le_bytes)
    }
}

/// Add these to the module.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<SegmentFile>()?;
    module.add_class::<Snapshot>()?;
    module.add_class::<Run>()
}
