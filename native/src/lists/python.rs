//! Terms and postings lists in the module `cnsearch._native`; see `cnsearch/kernels/lists.py`.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use super::join::{self, Run};
use super::merge::{self, Source};
use super::{Lists, ValueKind};
use crate::python::{bytes_of, released};

type Buffer = PyBackedBytes;
/// Keys, long terms, counts, doc_ids, freqs, first document.
type PyRun = (Buffer, Vec<Buffer>, Buffer, Buffer, Buffer, u32);
/// Blocks, prefix lengths, suffix lengths, terms to skip; pointers; postings, their offset; documents, kind of values,
/// new numbers, first document.
type PySource = ((Buffer, Buffer, Buffer, usize), Buffer, (Buffer, usize), (u32, ValueKind, Option<Buffer>, u32));
/// Terms, lengths, pointers, data.
type PyLists<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, Bound<'py, PyBytes>, Bound<'py, PyBytes>);

fn given<'py>(py: Python<'py>, lists: &Lists) -> PyResult<PyLists<'py>> {
    Ok((
        PyBytes::new(py, &lists.terms),
        bytes_of(py, &lists.lengths, i64::to_le_bytes)?,
        bytes_of(py, &lists.pointers, i64::to_le_bytes)?,
        PyBytes::new(py, &lists.data),
    ))
}

/// The postings of batches as the lists of a segment: see `join::join`.
#[pyfunction]
fn join_lists(py: Python<'_>, runs: Vec<PyRun>, kind: ValueKind) -> PyResult<PyLists<'_>> {
    let lists = released(py, || {
        let runs: Vec<Run<'_>> = runs
            .iter()
            .map(|(keys, long_terms, counts, doc_ids, freqs, base)| Run {
                keys,
                long_terms: long_terms.iter().map(|term| &term[..]).collect(),
                counts,
                doc_ids,
                freqs,
                base: *base,
            })
            .collect();
        join::join(&runs, kind & 3)
    })?;
    given(py, &lists)
}

/// The lists of segments as those of one, or None: see `merge::merge`.
#[pyfunction]
fn merge_lists(py: Python<'_>, sources: Vec<PySource>, kind: ValueKind) -> PyResult<Option<PyLists<'_>>> {
    let lists = released(py, || {
        let sources: Vec<Source<'_>> = sources
            .iter()
            .map(|(terms, pointers, (postings, offset), (doc_count, kind, new_ids, base))| Source {
                blocks: &terms.0,
                prefix_lengths: &terms.1,
                suffix_lengths: &terms.2,
                skip: terms.3,
                pointers,
                postings,
                offset: *offset,
                doc_count: *doc_count,
                kind: *kind,
                new_ids: new_ids.as_deref(),
                base: *base,
            })
            .collect();
        Ok(merge::merge(&sources, kind & 3))
    })?;
    lists.map(|lists| given(py, &lists)).transpose()
}

/// Adds them to the module.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(join_lists, module)?)?;
    module.add_function(wrap_pyfunction!(merge_lists, module)?)
}
