//! The compiled kernels of cnsearch. `cnsearch/kernels` says what each does; what they give is what its plain twin gives.

pub mod batch;
pub mod compounds;
pub mod dictionary;
pub mod index;
pub mod lists;
pub mod packing;
pub mod parts;
pub mod postings;
#[cfg(feature = "python")]
mod python;
pub mod reading;
pub mod search;
pub mod segment;
pub mod signature;
pub mod tables;

/// What can go wrong.
#[derive(Debug)]
pub enum Error {
    /// An argument does not fit.
    Value(&'static str),
    /// A mistake of ours.
    Panic,
}

/// Little-endian code points. An error if there is half a number, or one above U+10FFFF.
pub fn points_of(bytes: &[u8]) -> Result<Vec<u32>, Error> {
    if bytes.len() % 4 != 0 {
        return Err(Error::Value("a text in UTF-32 has four bytes a character"));
    }
    let points: Vec<u32> =
        bytes.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
    if points.iter().any(|&point| point as usize >= tables::NUM_POINTS) {
        return Err(Error::Value("there is no character above U+10FFFF"));
    }
    Ok(points)
}
