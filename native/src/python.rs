//! The module `cnsearch._native`: arguments are checked and copied, the work is done without the interpreter's lock, and
//! a mistake of ours is a RuntimeError.

use std::collections::HashMap;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::batch::{self, Batch, Compound, Reading, Terms, Texts};
use crate::packing::{self, Order};
use crate::parts;
use crate::postings::{Inverted, Term};
use crate::segment::Scratch;
use crate::tables::Tables;
use crate::{points_of, Error};

/// Rises whenever a function takes or gives something else.
const INTERFACE: u32 = 14;

/// Compounds whose terms are remembered; then all are forgotten.
const MAX_REMEMBERED: usize = 1 << 18;

impl From<Error> for PyErr {
    fn from(error: Error) -> PyErr {
        match error {
            Error::Value(text) => PyValueError::new_err(text),
            Error::Panic => {
                PyRuntimeError::new_err("a compiled kernel has failed; CNSEARCH_KERNELS=python does without")
            }
        }
    }
}

/// Runs without the interpreter's lock; a panic is an error.
pub(crate) fn released<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Error> + Send) -> PyResult<T> {
    let done = py.detach(|| catch_unwind(AssertUnwindSafe(work)));
    Ok(done.unwrap_or(Err(Error::Panic))?)
}

pub(crate) fn points(text: &str) -> Vec<u32> {
    text.chars().map(u32::from).collect()
}

/// A part of a text, given its characters.
pub(crate) fn text_of(points: &[u32]) -> String {
    points.iter().map(|&point| char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The dictionary, with the words of a user.
#[pyclass(frozen, module = "cnsearch._native")]
pub(crate) struct Segmenter(pub(crate) crate::segment::Segmenter);

#[pymethods]
impl Segmenter {
    #[new]
    fn new(py: Python<'_>, words: Vec<(String, Option<u64>)>) -> PyResult<Self> {
        let words: Vec<_> = words.iter().map(|(word, frequency)| (points(word), *frequency)).collect();
        released(py, || Ok(Segmenter(crate::segment::Segmenter::new(&words))))
    }

    /// (word, frequency) of the words that change a cut.
    fn entries(&self) -> Vec<(String, u64)> {
        self.0.entries.iter().map(|(word, frequency)| (text_of(word), *frequency)).collect()
    }

    /// The coarse tokens.
    fn cut(&self, py: Python<'_>, text: &str) -> PyResult<Vec<String>> {
        released(py, || {
            let (points, mut found) = (points(text), Vec::new());
            self.0.cut(&points, &mut Scratch::default(), |start, end| found.push(text_of(&points[start..end])));
            Ok(found)
        })
    }

    /// The tokens in search mode.
    fn cut_for_search(&self, py: Python<'_>, text: &str) -> PyResult<Vec<String>> {
        Ok(self.tokenize(py, text)?.into_iter().map(|(token, _, _)| token).collect())
    }

    /// The same, each with start and end in characters.
    fn tokenize(&self, py: Python<'_>, text: &str) -> PyResult<Vec<(String, usize, usize)>> {
        released(py, || {
            let (points, mut found) = (points(text), Vec::new());
            self.0.cut_for_search(&points, &mut Scratch::default(), |start, end| {
                found.push((text_of(&points[start..end]), start, end));
            });
            Ok(found)
        })
    }
}

/// The rules by which texts are analysed.
#[pyclass(frozen, module = "cnsearch._native")]
struct Analyser {
    tables: Tables,
    /// From a compound to its terms, and from a word and the seams in it.
    terms: Py<PyAny>,
    hump_terms: Py<PyAny>,
    /// From a word of letters to its marked stem, empty for none; and the last letters of the words that have one.
    stem: Py<PyAny>,
    stem_ends: Vec<u8>,
    stems: Mutex<HashMap<Vec<u8>, Option<Term>>>,
    remembered: Mutex<HashMap<Compound, Terms>>,
}

impl Analyser {
    /// The terms of each compound, in order; what is not remembered is asked for.
    fn terms_of(&self, py: Python<'_>, compounds: &[Compound]) -> PyResult<Vec<Terms>> {
        let mut found: Vec<Option<Terms>> = {
            let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            compounds.iter().map(|compound| remembered.get(compound).cloned()).collect()
        };
        let mut asked = Vec::new();
        for (compound, terms) in compounds.iter().zip(&mut found) {
            if terms.is_none() {
                let made = self.ask(py, compound)?;
                asked.push((compound.clone(), made.clone()));
                *terms = Some(made);
            }
        }
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() + asked.len() > MAX_REMEMBERED {
            remembered.clear();
        }
        remembered.extend(asked);
        Ok(found.into_iter().flatten().collect())
    }

    fn ask(&self, py: Python<'_>, compound: &Compound) -> PyResult<Terms> {
        if compound.humps.is_empty() && parts::is_plain(&compound.text) {
            let bytes: Vec<u8> = compound.text.iter().map(|&point| point as u8).collect();
            let (texts, words) = parts::terms(&bytes);
            let mut terms: Vec<Term> = texts.iter().map(|text| Term::of_ascii(text)).collect();
            for word in words {
                terms.extend(self.stem_of(py, word)?);
            }
            return Ok(terms.into());
        }
        let text = text_of(&compound.text);
        let answer = if compound.humps.is_empty() {
            self.terms.call1(py, (text,))?
        } else {
            self.hump_terms.call1(py, (text, PyTuple::new(py, compound.humps.iter())?))?
        };
        let terms: Vec<String> = answer.extract(py)?;
        Ok(terms.iter().map(|term| Term::new(&points(term))).collect::<Vec<_>>().into())
    }
}

/// Letters of a word that may have a stem.
const STEMMED: std::ops::RangeInclusive<usize> = 3..=32;

impl Analyser {
    fn stem_of(&self, py: Python<'_>, word: Vec<u8>) -> PyResult<Option<Term>> {
        let ends = word.last().is_some_and(|last| self.stem_ends.contains(last));
        if !ends || !STEMMED.contains(&word.len()) || !word.iter().all(u8::is_ascii_lowercase) {
            return Ok(None);
        }
        if let Some(known) = self.stems.lock().unwrap_or_else(PoisonError::into_inner).get(&word) {
            return Ok(known.clone());
        }
        let stem: String = self.stem.call1(py, (String::from_utf8_lossy(&word),))?.extract(py)?;
        let term = (!stem.is_empty()).then(|| Term::new(&points(&stem)));
        let mut stems = self.stems.lock().unwrap_or_else(PoisonError::into_inner);
        if stems.len() >= MAX_REMEMBERED {
            stems.clear();
        }
        stems.insert(word, term.clone());
        Ok(term)
    }
}

#[pymethods]
impl Analyser {
    #[new]
    fn new(
        fold: &[u8],
        classes: &[u8],
        kinds: &[u8],
        terms: Py<PyAny>,
        hump_terms: Py<PyAny>,
        stem: Py<PyAny>,
        stem_ends: &str,
    ) -> PyResult<Self> {
        let tables = Tables::new(fold, classes, kinds)?;
        let (stems, remembered) = (Mutex::default(), Mutex::default());
        Ok(Analyser { tables, terms, hump_terms, stem, stem_ends: stem_ends.into(), stems, remembered })
    }

    /// A text in UTF-32, folded.
    fn fold<'py>(&self, py: Python<'py>, text: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let folded = released(py, || {
            let mut folded = Vec::new();
            self.tables.fold_into(&points_of(text)?, &mut folded);
            Ok(folded)
        })?;
        bytes_of(py, &folded, u32::to_le_bytes)
    }
}

/// Documents that are collected.
#[pyclass(frozen, module = "cnsearch._native")]
struct Documents {
    analyser: Py<Analyser>,
    segmenter: Py<Segmenter>,
    fields: usize,
    batch: Mutex<Option<Batch>>,
}

#[pymethods]
impl Documents {
    #[new]
    fn new(analyser: Py<Analyser>, segmenter: Py<Segmenter>, fields: usize) -> PyResult<Self> {
        if !(1..=16).contains(&fields) {
            return Err(PyValueError::new_err("a document has 1 to 16 texts"));
        }
        Ok(Documents { analyser, segmenter, fields, batch: Mutex::new(Some(Batch::new(fields))) })
    }

    /// The numbers of the texts that may be read otherwise than they fold.
    fn odd(&self, py: Python<'_>, text: &[u8], ends: Vec<usize>) -> PyResult<Vec<usize>> {
        released(py, || {
            let points = points_of(text)?;
            let texts = Texts { points: &points, ends: &ends, readings: &HashMap::new(), fields: 1 };
            texts.check()?;
            let start = |number: usize| if number == 0 { 0 } else { ends[number - 1] };
            Ok((0..ends.len())
                .filter(|&at| self.analyser.get().tables.is_odd(&points[start(at)..ends[at]], true))
                .collect())
        })
    }

    /// Add documents, with the readings of their texts that are read otherwise.
    fn add(
        &self,
        py: Python<'_>,
        text: &[u8],
        ends: Vec<usize>,
        readings: HashMap<usize, (PyBackedBytes, Vec<usize>)>,
        threads: usize,
    ) -> PyResult<()> {
        let analyser = self.analyser.get();
        let segmenter = &self.segmenter.get().0;
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(collected) = batch.as_mut() else {
            return Err(PyRuntimeError::new_err("the documents are finished, or being added by another thread"));
        };
        let first_doc = collected.num_docs;
        let fields = self.fields;
        let parts = released(py, || {
            let readings: HashMap<usize, Reading> = readings
                .into_iter()
                .map(|(number, (text, seams))| Ok((number, (points_of(&text)?, seams))))
                .collect::<Result<_, Error>>()?;
            let points = points_of(text)?;
            let texts = Texts { points: &points, ends: &ends, readings: &readings, fields };
            batch::analyse(&analyser.tables, segmenter, &texts, first_doc, threads)
        });
        let joined = parts.and_then(|parts| {
            let terms =
                parts.iter().map(|part| analyser.terms_of(py, &part.compounds)).collect::<PyResult<Vec<_>>>()?;
            released(py, || batch::join(parts, terms, collected))
        });
        *self.batch.lock().unwrap_or_else(PoisonError::into_inner) = batch;
        joined
    }

    /// (fields, signatures); of each field, in order, its words and its characters, as (postings, tokens per document).
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyBytes>)> {
        let batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(batch) = batch else {
            return Err(PyRuntimeError::new_err("the documents are finished already"));
        };
        let Batch { fields, signatures, .. } = batch;
        let counted = released(py, || Ok(fields.into_iter().map(|field| field.finish()).collect::<Vec<_>>()))?;
        let found = PyList::empty(py);
        for field in counted {
            let words = (postings_of(py, &field.words)?, bytes_of(py, &field.word_counts, i64::to_le_bytes)?);
            let chars = (postings_of(py, &field.chars)?, bytes_of(py, &field.char_counts, i64::to_le_bytes)?);
            found.append((words, chars))?;
        }
        Ok((found, PyBytes::new(py, &signatures)))
    }
}

/// Numbers as little-endian bytes.
pub(crate) fn bytes_of<'py, T: Copy, const N: usize>(
    py: Python<'py>,
    numbers: &[T],
    to_bytes: impl Fn(T) -> [u8; N],
) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, numbers.len() * N, |bytes| {
        for (place, &number) in bytes.chunks_exact_mut(N).zip(numbers) {
            place.copy_from_slice(&to_bytes(number));
        }
        Ok(())
    })
}

/// (keys, long terms, counts, doc_ids, freqs)
fn postings_of<'py>(py: Python<'py>, postings: &Inverted) -> PyResult<Bound<'py, PyTuple>> {
    let long_terms = PyList::new(py, postings.long_terms.iter().map(|term| PyBytes::new(py, term)))?;
    (
        bytes_of(py, &postings.keys, u64::to_le_bytes)?,
        long_terms,
        bytes_of(py, &postings.counts, i64::to_le_bytes)?,
        bytes_of(py, &postings.doc_ids, i32::to_le_bytes)?,
        bytes_of(py, &postings.freqs, i32::to_le_bytes)?,
    )
        .into_pyobject(py)
}

fn order(apart: bool) -> Order {
    if apart {
        Order::Apart
    } else {
        Order::Mixed
    }
}

/// A text in UTF-16, packed, or None: see `packing::pack`.
#[pyfunction]
fn pack_text<'py>(py: Python<'py>, text: &[u8], apart: bool) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let packed = released(py, || Ok(packing::pack(text, order(apart))))?;
    Ok(packed.map(|packed| PyBytes::new(py, &packed)))
}

/// The text in UTF-16, or its first units, or None: see `packing::unpack`.
#[pyfunction]
fn unpack_text<'py>(py: Python<'py>, packed: &[u8], apart: bool, most: usize) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let text = released(py, || Ok(packing::unpack(packed, order(apart), most)))?;
    Ok(text.map(|text| PyBytes::new(py, &text)))
}

#[pymodule(gil_used = true)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("INTERFACE", INTERFACE)?;
    module.add("VERSION", env!("CARGO_PKG_VERSION"))?;
    module.add("DICTIONARY", crate::dictionary::digest())?;
    module.add_class::<Segmenter>()?;
    module.add_class::<Analyser>()?;
    module.add_class::<Documents>()?;
    module.add_function(wrap_pyfunction!(pack_text, module)?)?;
    module.add_function(wrap_pyfunction!(unpack_text, module)?)?;
    crate::index::python::add_to(module)?;
    crate::lists::python::add_to(module)?;
    crate::search::python::add_to(module)?;
    crate::search::texts::add_to(module)
}
