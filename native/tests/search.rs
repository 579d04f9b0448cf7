//! The kernels of a search, without Python.

use std::collections::BTreeMap;

use cnsearch_native::search::closeness::points_of_utf16;
use cnsearch_native::search::impacts::{decode, decode_docs, decode_frequencies, List};
use cnsearch_native::search::top::best;

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
        let mut found = List::default();
        if decode(&data, 7, 300, &mut found).is_some() {
            assert_eq!(found.docs.len(), found.values.len());
            assert!(found.docs.windows(2).all(|two| two[0] < two[1]));
            assert!(found.docs.iter().all(|doc| (7..307).contains(doc)));
            assert!(found.values.iter().all(|&freq| freq >= 1.0));
        }
    }
}

#[test]
fn a_list_of_many_documents_in_few_bytes_is_none_of_a_small_segment() {
    let mut found = List::default();
    assert!(decode(&[0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x07], 0, 1000, &mut found).is_none());
    assert!(decode(&[0, 0, 3], 0, 3, &mut found).is_some());
    assert_eq!(found, List { docs: vec![0, 1, 2], values: vec![1.0; 3] });
}

#[test]
fn nothing_is_added_where_frequencies_go_on_behind_what_there_is() {
    // Three documents side by side; their frequencies take a byte each, and two of them another.
    let data = [0x80, 1, 3, 255, 1, 255, 5, 6];
    let layout = decode_docs(&data, 0, 3, &mut Vec::new()).unwrap().unwrap();
    for size in 0..data.len() {
        let mut found = vec![9.0];
        assert!(decode_frequencies(&data[..size], &layout, &mut found).is_err());
        assert_eq!(found, [9.0]);
    }
    let mut found = Vec::new();
    assert_eq!(decode_frequencies(&data, &layout, &mut found).unwrap(), Some(()));
    assert_eq!(found, [261.0, 2.0, 262.0]);
}

#[test]
fn joined_lists_have_the_sums_in_order() {
    let mut state = 7u32;
    let mut next = move |most: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % most
    };
    for _ in 0..2_000 {
        let (mut expected, mut lists) = (BTreeMap::new(), [List::default(), List::default()]);
        for list in &mut lists {
            let (mut doc, gap) = (0, 1 + next(9));
            for _ in 0..next(40) {
                doc += 1 + next(gap);
                list.push(doc, 1.0 + next(3) as f32);
            }
            for (&doc, &value) in list.docs.iter().zip(&list.values) {
                *expected.entry(doc).or_insert(0.0) += value;
            }
        }
        let [mut one, other] = lists;
        one.join(&other);
        assert_eq!(one.docs.into_iter().zip(one.values).collect::<BTreeMap<_, _>>(), expected);
    }
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
    assert_eq!(points_of_utf16(units(&[0xD840, 0xDC00, 0xD800, 0x61]), 9), [0x20000, 0xD800, 0x61]);
    assert_eq!(points_of_utf16(units(&[0x61, 0xD840, 0xDC00, 0x62]), 2), [0x61, 0x20000]);
    assert_eq!(points_of_utf16([0x61, 0, 0x62], 9), [0x61]);
}
