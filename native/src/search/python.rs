//! The kernels of a search in the module `cnsearch._native`; see `cnsearch/kernels/searching.py`.

use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::PyBytes;

use super::closeness::{self, points_of_utf16, Text, Wanted};
use super::impacts::{self, Field, Part};
use crate::python::{bytes_of, points, released};
use crate::tables::Tables;

type Buffer = PyBackedBytes;
/// Norms; base, number of documents, list or only document of each segment that has the term.
type PyField = (Buffer, Vec<(u32, u32, Option<Buffer>, u32)>);

/// (documents as i64 or None for all, impacts as f32, how many documents), or None: see `impacts::impacts`.
///
/// Of more than `most` documents the impacts are those of all `num_docs`.
#[pyfunction]
#[pyo3(name = "impacts")]
#[allow(clippy::type_complexity)]
fn impacts_of<'py>(
    py: Python<'py>,
    fields: Vec<PyField>,
    k1: f32,
    num_docs: usize,
    most: usize,
) -> PyResult<Option<(Option<Bound<'py, PyBytes>>, Bound<'py, PyBytes>, usize)>> {
    let found = released(py, || {
        let fields: Vec<Field<'_>> = fields
            .iter()
            .map(|(norms, lists)| Field {
                norms,
                lists: lists
                    .iter()
                    .map(|&(base, doc_count, ref data, doc)| Part {
                        base,
                        doc_count,
                        postings: data.as_deref().ok_or(doc),
                    })
                    .collect(),
            })
            .collect();
        let found = impacts::impacts(&fields, k1);
        Ok(found.filter(|found| found.docs.last().is_none_or(|&doc| (doc as usize) < num_docs)))
    })?;
    let Some(found) = found else { return Ok(None) };
    let count = found.len();
    if count <= most {
        let docs: Vec<i64> = found.docs.iter().map(|&doc| doc.into()).collect();
        let docs = bytes_of(py, &docs, i64::to_le_bytes)?;
        return Ok(Some((Some(docs), bytes_of(py, &found.values, f32::to_le_bytes)?, count)));
    }
    let mut dense = vec![0.0f32; num_docs];
    for (doc, impact) in found.docs.into_iter().zip(found.values) {
        dense[doc as usize] = impact;
    }
    Ok(Some((None, bytes_of(py, &dense, f32::to_le_bytes)?, count)))
}

/// What closeness is computed by, and titles are compared by: the tables of characters.
#[pyclass(frozen, module = "cnsearch._native")]
#[derive(Clone)]
pub struct Closeness {
    /// Of all characters.
    pub tables: Arc<Tables>,
    /// A byte for each of the first 65,536, 0 for what is no letter when titles are compared.
    letters: Arc<[u8]>,
}

impl Closeness {
    /// Whether a folded character counts when titles are compared.
    pub fn is_letter(&self, point: u32) -> bool {
        self.letters.get(point as usize).is_some_and(|&letter| letter != 0)
    }
}

/// What is looked for in a text, of what each weighs.
pub fn wanted(
    characters: Vec<(char, f64)>,
    words: Vec<(String, f64)>,
    bigrams: Vec<(String, f64)>,
    contextual: bool,
) -> PyResult<Wanted> {
    let mut wanted = Wanted {
        characters: characters.into_iter().map(|(char, weight)| (char.into(), weight)).collect(),
        words: words.into_iter().map(|(word, weight)| (points(&word), weight)).collect(),
        bigrams: Vec::new(),
        contextual,
    };
    for (pair, weight) in bigrams {
        let pair = points(&pair).try_into().map_err(|_| PyValueError::new_err("a bigram has two characters"))?;
        wanted.bigrams.push((pair, weight));
    }
    Ok(wanted)
}

/// A text as shown, in UTF-16, or as it is read.
#[derive(FromPyObject)]
enum PyText {
    Shown(Buffer),
    Read(PyBackedStr),
}

#[pymethods]
impl Closeness {
    #[new]
    fn new(fold: &[u8], classes: &[u8], kinds: &[u8], letters: &[u8]) -> PyResult<Self> {
        if letters.len() != 1 << 16 {
            return Err(PyValueError::new_err("there is a letter or none for each of 65,536 characters"));
        }
        Ok(Closeness { tables: Arc::new(Tables::new(fold, classes, kinds)?), letters: letters.into() })
    }

    /// ((best, lead) of each text, numbers of the texts that have to be read): see `closeness::closeness`.
    #[allow(clippy::too_many_arguments, clippy::type_complexity)]
    fn of(
        &self,
        py: Python<'_>,
        texts: Vec<PyText>,
        characters: Vec<(char, f64)>,
        words: Vec<(String, f64)>,
        bigrams: Vec<(String, f64)>,
        text_chars: usize,
        window: usize,
        lead_chars: usize,
    ) -> PyResult<(Vec<(f64, f64)>, Vec<usize>)> {
        let wanted = wanted(characters, words, bigrams, true)?;
        released(py, || {
            let texts: Vec<Text> = texts
                .iter()
                .map(|text| match text {
                    PyText::Shown(units) => Text::Shown(points_of_utf16(units, text_chars)),
                    PyText::Read(text) => Text::Read(points(text)),
                })
                .collect();
            closeness::closeness(&self.tables, None, &texts, &wanted, window, lead_chars)
        })
    }
}

/// Add these kernels to the module.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(impacts_of, module)?)?;
    module.add_class::<Closeness>()
}
