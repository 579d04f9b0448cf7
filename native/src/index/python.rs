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
use crate::search::answer::{Answer, Ask, Constants, Reader, Readings, Titled};
use crate::search::impacts::List;
use crate::search::lists::{Leaf, Member, Postings};
use crate::search::python::Closeness;
use crate::search::run::{self, Query, Rest, Word};
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

/// What stays the same from query to query on a commit.
struct Shared {
    snapshot: Arc<snapshot::Snapshot>,
    constants: Constants,
    characters: Closeness,
}

/// A commit.
#[pyclass(frozen, module = "cnsearch._native")]
struct Snapshot(Arc<Shared>);

/// A segment, its first document, number of documents; of each field: number in it, terms, bytes that these share; the
/// numbers of id, title and body.
type PySegment<'py> = (PyRef<'py, SegmentFile>, u32, u32, Vec<FieldInfo>, (Option<u16>, Option<u16>, Option<u16>));

/// A term, a bit for each field, and what counts an occurrence, or the score.
type PyTerm<T> = (PyBackedStr, u32, T);

/// Factors of closeness, lead, order, written, to the dot; most titles, the field of their characters; characters of a
/// text, of a window, of a beginning.
type PyConstants = ((f64, f64, f64, f64, f64), (usize, usize), (usize, usize, usize));

/// need, share, most, about, how many of the best.
type PyRule = (f64, f64, f64, f64, usize);

/// Pairs, whether of letters, the letters, the whole query, its other characters, whether contextual.
type PyTitled = (Vec<PyBackedStr>, bool, PyBackedStr, Option<PyBackedStr>, usize, bool);

/// Bigrams, characters, words, whether contextual; pieces, wholes, title.
type PyAsk = (
    Vec<(usize, f64)>,
    Vec<usize>,
    Vec<usize>,
    bool,
    Vec<(PyBackedStr, PyBackedBytes, f64)>,
    Vec<PyBackedBytes>,
    Option<PyTitled>,
);

/// Numbers of documents (i64), ascending.
fn docs_of(numbers: &[u8]) -> PyResult<Vec<u32>> {
    let docs: Result<Vec<u32>, _> = i64s(numbers).map(u32::try_from).collect();
    let mut docs = docs.map_err(|_| PyValueError::new_err("there is no such document"))?;
    docs.sort_unstable();
    Ok(docs)
}

/// The numbers of the bits that are set.
fn fields_of(bits: u32) -> Vec<usize> {
    (0..32).filter(|field| bits >> field & 1 == 1).collect()
}

fn member_of((term, fields, weight): PyTerm<f32>) -> Member {
    Member { term: term.to_string(), fields: fields_of(fields), weight }
}

fn ask_of((bigrams, characters, words, contextual, pieces, wholes, titled): PyAsk) -> PyResult<Ask> {
    let mut ask = Ask { bigrams, characters, words, contextual, pieces: Vec::new(), wholes: Vec::new(), titled: None };
    for (piece, docs, rarity) in pieces {
        ask.pieces.push((piece.to_string(), docs_of(&docs)?, rarity));
    }
    for docs in wholes {
        ask.wholes.push(docs_of(&docs)?);
    }
    ask.titled = titled.map(|(pairs, of_letters, letters, whole, others, contextual)| Titled {
        pairs: pairs.iter().map(ToString::to_string).collect(),
        of_letters,
        letters: points(&letters),
        whole: whole.map(|whole| points(&whole)),
        others,
        contextual,
    });
    Ok(ask)
}

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
        characters: &Closeness,
        constants: PyConstants,
    ) -> PyResult<Self> {
        let norms = norms.into_iter().map(|(weight, average)| Norms::new(weight, b, average)).collect();
        let segments: Option<Vec<_>> = segments
            .into_iter()
            .map(|(file, base, count, fields, texts)| {
                snapshot::Segment::new(Arc::clone(&file.0), base, count, &fields, texts)
            })
            .collect();
        let live = live.map(|live| live.to_vec());
        let made = segments.and_then(|segments| snapshot::Snapshot::new(segments, norms, live, k1)).ok_or(DAMAGED)?;
        let (factors, (max_titles, title), (text_chars, window, lead_chars)) = constants;
        let (closeness, lead, order, written, to_the_dot) = factors;
        let constants = Constants {
            closeness,
            lead,
            order,
            written,
            to_the_dot,
            max_titles,
            title,
            text_chars,
            window,
            lead_chars,
        };
        Ok(Snapshot(Arc::new(Shared { snapshot: Arc::new(made), constants, characters: characters.clone() })))
    }

    /// Id and title of some documents; None if one cannot be read here.
    fn names(&self, docs: Vec<u32>) -> Option<Vec<(String, String)>> {
        let snapshot = &self.0.snapshot;
        docs.into_iter().map(|doc| snapshot.locate(doc).and_then(|(segment, at)| segment.name(at))).collect()
    }

    /// Title and body of a document in UTF-16; None if they cannot be read here.
    #[allow(clippy::type_complexity)]
    fn texts<'py>(&self, py: Python<'py>, doc: u32) -> Option<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
        let (segment, at) = self.0.snapshot.locate(doc)?;
        let (title, body) = (segment.title(at)?, segment.body(at, usize::MAX)?);
        Some((PyBytes::new(py, &title), PyBytes::new(py, &body)))
    }

    /// How many documents have a term in any of some fields; None if the index is damaged.
    fn doc_freq(&self, py: Python<'_>, term: PyBackedStr, fields: u32) -> PyResult<Option<usize>> {
        let fields = fields_of(fields);
        let leaf = Leaf::Terms(fields.clone(), vec![Member { term: term.to_string(), fields, weight: 1.0 }]);
        released(py, || Ok(Postings::new(&self.0.snapshot, &leaf).map(|found| found.doc_freq())))
    }

    /// The hits of a query, and what `Run::answer` says; None if the index is damaged.
    #[allow(clippy::too_many_arguments, clippy::type_complexity)]
    fn search(
        &self,
        py: Python<'_>,
        leaves: Vec<PyTerm<f64>>,
        joined: Vec<(usize, Vec<PyTerm<f32>>)>,
        found: Vec<(usize, Option<PyBackedBytes>, PyBackedBytes)>,
        words: Vec<(usize, Vec<usize>, f64)>,
        rest: Option<(PyBackedBytes, PyBackedBytes, Vec<f64>)>,
        rule: PyRule,
        typed: Option<PyBackedBytes>,
        mask: Option<PyBackedBytes>,
        ask: Option<PyAsk>,
        read_by: Option<&Characters>,
        count: usize,
        depth: usize,
    ) -> PyResult<Option<(Run, PyAnswer)>> {
        let mut leaves: Vec<(Leaf, f64)> = leaves
            .into_iter()
            .map(|(text, fields, factor)| {
                let member = Member { term: text.to_string(), fields: fields_of(fields), weight: 1.0 };
                (Leaf::Terms(member.fields.clone(), vec![member]), factor)
            })
            .collect();
        let none = || PyValueError::new_err("there is no such leaf");
        for (leaf, members) in joined {
            let Some((Leaf::Terms(_, own), _)) = leaves.get_mut(leaf) else { return Err(none()) };
            *own = members.into_iter().map(member_of).collect();
        }
        for (leaf, docs, impacts) in found {
            leaves.get_mut(leaf).ok_or_else(none)?.0 = Leaf::Found(list_of(docs.as_deref(), &impacts)?);
        }
        let rest = rest.map(|(scores, cover, weights)| Rest {
            scores: f32s(&scores).collect(),
            cover: f32s(&cover).collect(),
            weights,
        });
        let (need, share, most, about, num_best) = rule;
        let query = Query {
            leaves,
            rest,
            words: words.into_iter().map(|(leaf, bigrams, weight)| Word { leaf, bigrams, weight }).collect(),
            need,
            share,
            most,
            about,
            num_best,
            typed: typed.as_deref().map_or(Ok(Vec::new()), docs_of)?,
            mask: mask.map(|mask| mask.to_vec()),
            ask: ask.map(ask_of).transpose()?,
        };
        released(py, || {
            let snapshot = Arc::clone(&self.0.snapshot);
            let Some(run) = run::Run::new(snapshot, &self.0.constants, query) else { return Ok(None) };
            let mut run = Run { run, shared: Arc::clone(&self.0) };
            let answer = run.answered(read_by, count, depth, &Readings::default())?;
            Ok(answer.map(|answer| (run, answer)))
        })
    }
}

/// The best, documents and scores; or documents whose titles, or whose texts, have to be read first.
type PyAnswer = (Vec<(u32, f32)>, Vec<u32>, Vec<u32>);

/// The hits of a query.
#[pyclass(module = "cnsearch._native")]
struct Run {
    run: run::Run,
    shared: Arc<Shared>,
}

impl Run {
    fn answered(
        &mut self,
        read_by: Option<&Characters>,
        count: usize,
        depth: usize,
        readings: &Readings,
    ) -> Result<Option<PyAnswer>, Error> {
        let Shared { constants, characters, .. } = &*self.shared;
        let reader = Reader {
            tables: &characters.tables,
            rules: read_by.map(|read_by| &read_by.rules),
            is_letter: &|point| characters.is_letter(point),
        };
        let answer = self.run.answer(constants, reader, (count, depth), readings)?;
        Ok(answer.map(|answer| match answer {
            Answer::Best(best) => (best, Vec::new(), Vec::new()),
            Answer::ReadTitles(docs) => (Vec::new(), docs, Vec::new()),
            Answer::ReadTexts(docs) => (Vec::new(), Vec::new(), docs),
        }))
    }
}

#[pymethods]
impl Run {
    /// How many there are.
    #[getter]
    fn total(&self) -> usize {
        self.run.docs.len()
    }

    /// Whether the index has any of the leaves that are scored or words, and are more than a character.
    #[getter]
    fn tells(&self) -> bool {
        self.run.tells
    }

    /// Whether a document has a word, by its number; None if that is not known.
    fn has(&self, word: usize, doc: u32) -> Option<bool> {
        self.run.has(word, doc)
    }

    /// What `Snapshot.search` says besides, with readings of titles (and their letters) and of texts.
    #[allow(clippy::type_complexity)]
    fn again(
        &mut self,
        py: Python<'_>,
        titles: Vec<(u32, PyBackedStr, PyBackedStr)>,
        texts: Vec<(u32, PyBackedStr)>,
        read_by: Option<&Characters>,
        count: usize,
        depth: usize,
    ) -> PyResult<Option<PyAnswer>> {
        let readings = Readings {
            titles: titles.iter().map(|(doc, title, letters)| (*doc, (points(title), points(letters)))).collect(),
            texts: texts.iter().map(|(doc, text)| (*doc, points(text))).collect(),
        };
        released(py, || self.answered(read_by, count, depth, &readings))
    }

    /// A byte per document, 1 for the hits.
    fn mask<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let mut mask = vec![0u8; self.run.num_docs()];
        self.run.docs.iter().for_each(|&doc| mask[doc as usize] = 1);
        PyBytes::new(py, &mask)
    }

    /// The score of each document as f32, 0 where it is no hit.
    fn scores<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut scores = vec![0.0f32; self.run.num_docs()];
        self.run.docs.iter().zip(&self.run.scores).for_each(|(&doc, &score)| scores[doc as usize] = score);
        bytes_of(py, &scores, f32::to_le_bytes)
    }
}

/// Add these to the module.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<SegmentFile>()?;
    module.add_class::<Snapshot>()?;
    module.add_class::<Run>()
}
