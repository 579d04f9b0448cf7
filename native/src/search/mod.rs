//! The kernels of a search. What does not fit together is None: the kernels in Python then say what is wrong with it.

pub mod answer;
pub mod closeness;
pub mod impacts;
pub mod lists;
pub mod marks;
pub mod phrases;
#[cfg(feature = "python")]
pub mod python;
pub mod run;
pub mod snippets;
#[cfg(feature = "python")]
pub mod texts;
pub mod top;

/// Numbers of a type, little-endian, one after the other. A remainder of bytes is left out.
macro_rules! numbers {
    ($name:ident, $type:ty, $size:literal) => {
        #[doc = concat!("Little-endian numbers of the type ", stringify!($type), ".")]
        pub fn $name(bytes: &[u8]) -> impl ExactSizeIterator<Item = $type> + '_ {
            bytes.chunks_exact($size).map(|part| {
                let mut number = [0; $size];
                number.copy_from_slice(part);
                <$type>::from_le_bytes(number)
            })
        }
    };
}

numbers!(f32s, f32, 4);
numbers!(i32s, i32, 4);
numbers!(i64s, i64, 8);
numbers!(u16s, u16, 2);

/// Which of some bytes, of a multiple of eight, are set: each is 0 or 1.
#[inline(always)]
pub fn set(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let eights = bytes.chunks_exact(8).map(|eight| eight.first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight)));
    (0..).step_by(8).zip(eights).flat_map(|(at, mut left)| {
        std::iter::from_fn(move || {
            let here = (left != 0).then(|| at + left.trailing_zeros() as usize / 8)?;
            left &= left - 1;
            Some(here)
        })
    })
}
