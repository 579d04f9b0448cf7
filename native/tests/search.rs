//! The kernels of a search, without Python.

use cnsearch_native::search::closeness::points_of_utf16;
use cnsearch_native::search::impacts::decode;
use cnsearch_native::search::keywords::best;

#[test]
fn no_bytes_harm_the_decoder() {
    let mut state = 1u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as u8
    };
    for round in 0..200_000 {
        let mut data: Vec<u8> = (0..next() % 40).map(|_| next()).collect();
        if let (Some(count), true) = (data.get_mut(2), round % 2 == 0) {
            *count &= 15; // a list that may be whole
        }
        let mut found = Vec::new();
        if decode(&data, 7, 300, &mut found).is_some() {
            assert!(found.windows(2).all(|two| two[0].0 < two[1].0));
            assert!(found.iter().all(|&(doc, freq)| (7..307).contains(&doc) && freq >= 1.0));
        }
    }
}

#[test]
fn a_list_of_many_documents_in_few_bytes_is_none_of_a_small_segment() {
    let mut found = Vec::new();
    assert!(decode(&[0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x07], 0, 1000, &mut found).is_none());
    assert!(decode(&[0, 0, 3], 0, 3, &mut found).is_some());
    assert_eq!(found, [(0, 1.0), (1, 1.0), (2, 1.0)]);
}

#[test]
fn the_best_are_the_first_of_equal_ones() {
    let scores = [1.0, 3.0, 2.0, 3.0, 0.0, 3.0];
    for (count, expected) in [(0, &[][..]), (2, &[1, 3]), (4, &[1, 3, 5, 2]), (9, &[1, 3, 5, 2, 0, 4])] {
        assert_eq!(best(scores.iter().copied().enumerate(), count), expected);
    }
}

#[test]
fn halves_of_pairs_stay() {
    let units = |text: &[u16]| text.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<u8>>();
    assert_eq!(points_of_utf16(&units(&[0xD840, 0xDC00, 0xD800, 0x61]), 9), [0x20000, 0xD800, 0x61]);
    assert_eq!(points_of_utf16(&units(&[0x61, 0xD840, 0xDC00, 0x62]), 2), [0x61, 0x20000]);
    assert_eq!(points_of_utf16(&[0x61, 0, 0x62], 9), [0x61]);
}
