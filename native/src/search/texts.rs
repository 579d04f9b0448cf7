//! The kernels that read texts, in the module `cnsearch._native`; see `cnsearch/kernels/texts.py`.

use std::sync::{Arc, OnceLock};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use super::phrases::{self, Needle, Spellings};
use super::python::Closeness;
use crate::index::python::{SegmentFile, DAMAGED};
use crate::index::snapshot::FieldInfo;
use crate::index::texts;
use crate::python::{bytes_of, points, released};
use crate::reading::Rules;
use crate::tables::Tables;

/// What a text is read by: tables of characters, and rules.
#[pyclass(frozen, module = "cnsearch._native")]
pub(crate) struct Characters {
    pub(crate) tables: Arc<Tables>,
    pub(crate) rules: Rules,
    spellings: OnceLock<Spellings>,
}

#[pymethods]
impl Characters {
    #[new]
    fn new(tables: &Closeness, ignored: &str, spelt: Vec<(char, String)>, contextual: &str) -> Self {
        let spelt = spelt.into_iter().map(|(char, letters)| (char.into(), points(&letters))).collect();
        let set = |chars: &str| chars.chars().map(u32::from).collect();
        let rules = Rules { ignored: set(ignored), spelt, contextual: set(contextual) };
        Characters { tables: Arc::clone(&tables.tables), rules, spellings: OnceLock::new() }
    }
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
            let is_shifted = |at: usize| shifted.get(at).is_some_and(|&byte| byte != 0);
            let texts = docs.iter().enumerate().map(|(at, &doc)| Some((self.0.text(doc)?, is_shifted(at))));
            Ok(needle.and_then(|needle| phrases::occurrences(&needle, &characters.rules, texts)))
        })?;
        found.map(|found| bytes_of(py, &found, i64::to_le_bytes)).transpose()
    }
}

/// Add these kernels to the module.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Characters>()?;
    module.add_class::<Texts>()
}
