//! The kernels that read texts, in the module `cnsearch._native`; see `cnsearch/kernels/texts.py`.

use std::num::NonZero;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Arc, LazyLock, OnceLock};
use std::thread;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyTuple};

use super::marks::{self, Ask, Classes, Match, Part, Query};
use super::phrases::{self, Needle, Spellings};
use super::python::Closeness;
use super::snippets::{Fragment, Shown, Snippets};
use crate::batch::in_threads;
use crate::index::python::{SegmentFile, DAMAGED};
use crate::index::snapshot::FieldInfo;
use crate::index::texts;
use crate::python::{bytes_of, points, released, text_of, Segmenter};
use crate::reading::{Reading, Rules};
use crate::tables::Tables;
use crate::Error;

/// What a text is read by: tables of characters, and rules.
#[pyclass(frozen, module = "cnsearch._native")]
pub(crate) struct Characters {
    pub(crate) tables: Arc<Tables>,
    pub(crate) rules: Rules,
    words: Vec<u8>,
    spellings: OnceLock<Spellings>,
}

impl Characters {
    fn classes(&self) -> Classes<'_> {
        Classes { tables: &self.tables, rules: &self.rules, words: &self.words }
    }
}

#[pymethods]
impl Characters {
    #[new]
    fn new(
        tables: &Closeness,
        ignored: &str,
        spelt: Vec<(char, String)>,
        contextual: &str,
        words: &[u8],
    ) -> PyResult<Self> {
        if words.len() != 1 << 16 {
            return Err(PyValueError::new_err("there is a word character or none for each of 65,536"));
        }
        let spelt = spelt.into_iter().map(|(char, letters)| (char.into(), points(&letters))).collect();
        let set = |chars: &str| chars.chars().map(u32::from).collect();
        let rules = Rules { ignored: set(ignored), spelt, contextual: set(contextual) };
        let tables = Arc::clone(&tables.tables);
        Ok(Characters { tables, rules, words: words.to_vec(), spellings: OnceLock::new() })
    }
}

/// Documents whose texts are not worth a thread of their own.
const FEW_DOCS: usize = 200;
const MOST_THREADS: usize = 4;

/// How many of so many documents each thread reads.
fn share_of(docs: usize) -> usize {
    static CORES: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, NonZero::get));
    docs.div_ceil((*CORES).clamp(1, MOST_THREADS)).max(FEW_DOCS)
}

/// One text of each document of a segment.
#[pyclass(frozen, module = "cnsearch._native")]
struct Texts(texts::Texts);

/// int32, each a document.
fn docs_of(bytes: &[u8]) -> PyResult<Vec<u32>> {
    let doc = |doc: i32| u32::try_from(doc).map_err(|_| PyValueError::new_err("there is no such document"));
    super::i32s(bytes).map(doc).collect()
}

#[pymethods]
impl Texts {
    /// ValueError if the file is damaged, or its texts are compressed.
    #[new]
    fn new(
        file: &SegmentFile,
        doc_count: u32,
        characters: FieldInfo,
        words: FieldInfo,
        stored: Option<u16>,
    ) -> PyResult<Self> {
        let made = texts::Texts::new(Arc::clone(&file.0), doc_count, characters, words, stored);
        Ok(Texts(made.ok_or(DAMAGED)?))
    }

    /// (documents, where the rarest bigram begins), or None: see `texts::Texts::candidates`.
    fn candidates<'py>(
        &self,
        py: Python<'py>,
        text: &str,
        among: Option<&[u8]>,
        few: usize,
    ) -> PyResult<Option<(Bound<'py, PyBytes>, usize)>> {
        let chars: Vec<char> = text.chars().collect();
        let among = among.map(docs_of).transpose()?;
        let found = released(py, || Ok(self.0.candidates(&chars, among, few)))?;
        let Some((docs, rarest)) = found else { return Ok(None) };
        Ok(Some((bytes_of(py, &docs, |doc| doc.to_le_bytes())?, rarest)))
    }

    /// How often the needle stands in the text of each document, i64, or None: see `phrases::occurrences`.
    #[allow(clippy::too_many_arguments)]
    fn occurrences<'py>(
        &self,
        py: Python<'py>,
        characters: &Characters,
        needle: &[u8],
        at: usize,
        alone: bool,
        docs: &[u8],
        shifted: PyBackedBytes,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let docs = docs_of(docs)?;
        let found = released(py, || {
            let spellings = characters.spellings.get_or_init(|| Spellings::new(&characters.tables));
            let needle = Needle::new(&characters.tables, spellings, needle, at, alone);
            let Some(needle) = needle else { return Ok(None) };
            let is_shifted = |at: usize| shifted.get(at).is_some_and(|&byte| byte != 0);
            let parts = docs.chunks(share_of(docs.len())).scan(0, |next, part| {
                *next += part.len();
                Some((*next - part.len(), part))
            });
            let found = in_threads(parts.collect(), |(first, docs)| {
                let texts = docs.iter().zip(first..).map(|(&doc, at)| Some((self.0.text(doc)?, is_shifted(at))));
                phrases::occurrences(&needle, &characters.rules, texts)
            })?;
            Ok(found.into_iter().collect::<Option<Vec<_>>>().map(|parts| parts.concat()))
        })?;
        found.map(|found| bytes_of(py, &found, i64::to_le_bytes)).transpose()
    }
}

/// Finds what a query marks in texts.
#[pyclass(frozen, module = "cnsearch._native")]
struct Marker {
    characters: Py<Characters>,
    segmenter: Py<Segmenter>,
    query: Query,
    weights: Vec<f64>,
    is_part: Vec<bool>,
    is_short: Vec<bool>,
    /// Of sentences, of clauses, and what no fragment ends with.
    edges: [Vec<u32>; 3],
    /// From a text to its reading, from a compound to its parts, from a word and places in it to parts, from a word to
    /// the number of its stem.
    asked: [Py<PyAny>; 4],
}

/// Asks Python, and keeps what goes wrong.
struct Asking<'a, 'py> {
    py: Python<'py>,
    asked: &'a [Py<PyAny>; 4],
    error: Option<PyErr>,
}

type PyParts = Vec<(String, usize, usize)>;

impl Asking<'_, '_> {
    fn kept<T>(&mut self, found: PyResult<T>) -> Option<T> {
        found.map_err(|error| self.error = Some(error)).ok()
    }

    fn parts_of(&mut self, found: PyResult<PyParts>) -> Option<Vec<Part>> {
        let found = self.kept(found)?;
        Some(found.into_iter().map(|(text, start, end)| (points(&text), start, end)).collect())
    }
}

type PyReading = (String, Vec<(u32, u32)>, Vec<usize>);

impl Ask for Asking<'_, '_> {
    fn read(&mut self, text: &[u32]) -> Option<Reading> {
        let found = self.asked[0].bind(self.py).call1((text_of(text),));
        let (folded, places, seams): PyReading = self.kept(found.and_then(|found| found.extract()))?;
        let reading = Reading { text: points(&folded), places, seams };
        let fits = reading.places.is_empty() || reading.places.len() == reading.text.len();
        let inside = |&(start, end): &(u32, u32)| start <= end && end as usize <= text.len();
        let sound = fits
            && (!reading.places.is_empty() || reading.text.len() == text.len())
            && reading.places.iter().all(inside)
            && reading.seams.iter().all(|&seam| seam < reading.text.len());
        if !sound {
            self.error = Some(PyValueError::new_err("the reading does not fit its text"));
        }
        sound.then_some(reading)
    }

    fn parts(&mut self, compound: &[u32]) -> Option<Vec<Part>> {
        let found = self.asked[1].bind(self.py).call1((text_of(compound),));
        self.parts_of(found.and_then(|found| found.extract()))
    }

    fn humps(&mut self, word: &[u32], humps: &[u32]) -> Option<Vec<Part>> {
        let humps = PyTuple::new(self.py, humps);
        let found = humps.and_then(|humps| self.asked[2].bind(self.py).call1((text_of(word), humps)));
        self.parts_of(found.and_then(|found| found.extract()))
    }

    fn stem(&mut self, word: &[u32]) -> Option<Option<u32>> {
        let found = self.asked[3].bind(self.py).call1((text_of(word),));
        self.kept(found.and_then(|found| found.extract()))
    }
}

type PyKeyed = Vec<(String, u32)>;

fn keyed(texts: PyKeyed) -> Vec<(Vec<u32>, u32)> {
    texts.into_iter().map(|(text, key)| (points(&text), key)).collect()
}

impl Marker {
    /// What `work` makes of the matches.
    fn with_matches<T>(
        &self,
        py: Python<'_>,
        text: &str,
        work: impl FnOnce(&Classes<'_>, &[u32], Vec<Match>) -> T,
    ) -> PyResult<T> {
        let (text, classes) = (points(text), self.characters.get().classes());
        let mut asking = Asking { py, asked: &self.asked, error: None };
        let done = catch_unwind(AssertUnwindSafe(|| {
            let found = self.query.matches(&classes, &self.segmenter.get().0, &text, &mut asking)?;
            Some(work(&classes, &text, found))
        }));
        match asking.error {
            Some(error) => Err(error),
            None => Ok(done.ok().flatten().ok_or(Error::Panic)?),
        }
    }
}

#[pymethods]
impl Marker {
    /// See `cnsearch/kernels/marks.py`.
    #[new]
    #[allow(clippy::too_many_arguments)]
    fn new(
        characters: Py<Characters>,
        segmenter: Py<Segmenter>,
        terms: PyKeyed,
        substrings: PyKeyed,
        compounds: PyKeyed,
        candidates: Vec<(String, Vec<bool>)>,
        parts: Vec<(u32, PyKeyed)>,
        stems: bool,
        weights: Vec<f64>,
        is_part: Vec<bool>,
        is_short: Vec<bool>,
        edges: (String, String, String),
        asked: (Py<PyAny>, Py<PyAny>, Py<PyAny>, Py<PyAny>),
    ) -> Self {
        let candidates = candidates.into_iter().map(|(text, joints)| (points(&text), joints)).collect();
        let parts = parts.into_iter().map(|(word, parts)| (word, keyed(parts))).collect();
        let query = Query::new(keyed(terms), keyed(substrings), keyed(compounds), candidates, parts, stems);
        let edges = [points(&edges.0), points(&edges.1), points(&edges.2)];
        Marker { characters, segmenter, query, weights, is_part, is_short, edges, asked: asked.into() }
    }

    /// Every match, by start and end: start, end, number.
    fn matches(&self, py: Python<'_>, text: &str) -> PyResult<Vec<Match>> {
        self.with_matches(py, text, |_, _, found| found)
    }

    /// The stretches that matches cover.
    fn marked(&self, py: Python<'_>, text: &str) -> PyResult<Vec<(usize, usize)>> {
        self.with_matches(py, text, |_, _, found| marks::merged(found.iter().map(|one| (one.0, one.1))))
    }

    /// The fragments around the best matches: start, end, and what is marked in them, counted from the start.
    fn fragments(
        &self,
        py: Python<'_>,
        text: &str,
        num_fragments: usize,
        fragment_chars: usize,
        window_chars: usize,
    ) -> PyResult<Vec<Fragment>> {
        if num_fragments > 1 << 16 || fragment_chars > 1 << 30 || window_chars > 1 << 16 {
            return Err(PyValueError::new_err("there are no so long fragments"));
        }
        let [sentence_ends, clause_ends, opening] = &self.edges;
        let shown = Shown {
            num_fragments,
            fragment_chars,
            window_chars,
            weights: &self.weights,
            is_part: &self.is_part,
            is_short: &self.is_short,
            sentence_ends,
            clause_ends,
            opening,
        };
        self.with_matches(py, text, |classes, text, matches| {
            Snippets { classes, shown: &shown, text, matches: &matches }.fragments()
        })
    }
}

/// Add these kernels to the module.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Characters>()?;
    module.add_class::<Texts>()?;
    module.add_class::<Marker>()
}
