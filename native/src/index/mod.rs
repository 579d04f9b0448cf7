//! Segments on disk, read in place (`cnsearch/engine/FORMAT.md`). What is damaged, or is not as it should be, is None:
//! the readers in Python then say what is wrong.

pub mod file;
#[cfg(feature = "python")]
pub mod python;
pub mod snapshot;
pub mod stored;
pub mod terms;
pub mod texts;
