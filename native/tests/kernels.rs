//! The kernels by themselves. That they give what the Python package gives is tested from there (`tests/kernels`).

use std::collections::{BTreeMap, HashMap};

use cnsearch_native::batch::{analyse, Texts};
use cnsearch_native::compounds;
use cnsearch_native::dictionary::Dictionary;
use cnsearch_native::points_of;
use cnsearch_native::postings::{push_utf8, short_key, Inverter, Term, LONG};
use cnsearch_native::segment::{Scratch, Segmenter};
use cnsearch_native::tables::{kind, Tables, NUM_POINTS};

fn points(text: &str) -> Vec<u32> {
    text.chars().map(u32::from).collect()
}

fn cut(segmenter: &Segmenter, text: &str) -> Vec<String> {
    let (points, mut found) = (points(text), Vec::new());
    segmenter.cut(&points, &mut Scratch::default(), |start, end| {
        found.push(points[start..end].iter().filter_map(|&point| char::from_u32(point)).collect());
    });
    found
}

fn tables() -> Tables {
    let fold: Vec<u8> = (0..NUM_POINTS as u32).flat_map(u32::to_le_bytes).collect();
    let mut kinds = vec![0; NUM_POINTS];
    kinds[0x30..=0x39].fill(kind::LETTER);
    kinds[0x61..=0x7A].fill(kind::LETTER);
    kinds[0x4E00..=0x9FFF].fill(kind::HAN);
    Tables::new(&fold, &vec![0; NUM_POINTS], &kinds).expect("whole tables")
}

#[test]
fn the_dictionary_has_its_words() {
    let dictionary = Dictionary::get();
    assert_eq!(dictionary.find(&points("数字化")), Some(369));
    assert_eq!(dictionary.find(&points("数字化化")), None);
    assert_eq!(dictionary.find(&points("𠀀")), None);
    assert_eq!(dictionary.find(&[u32::MAX]), None);
    assert_eq!(dictionary.find(&[]), None);
}

#[test]
fn a_text_is_the_sum_of_its_tokens() {
    let segmenter = Segmenter::new(&[]);
    for text in ["", "数字化转型", "abc 数字\r\n𠀀人々c++12.5%", "\0\u{10ffff}"] {
        assert_eq!(cut(&segmenter, text).concat(), text);
    }
    assert_eq!(cut(&segmenter, "上海的数字化转型"), ["上海", "的", "数字化", "转型"]);
}

#[test]
fn a_word_of_the_user_is_kept_whole() {
    let segmenter = Segmenter::new(&[(points("上海的数"), None), (points("转型"), None)]);
    assert_eq!(cut(&segmenter, "在上海的数"), ["在", "上海的数"]);
    assert_eq!(segmenter.entries.len(), 1);
}

#[test]
fn keys_are_of_four_units_at_most() {
    assert_eq!(short_key(&points("ab")), Some(0x0061_0062_0000_0000));
    for long in ["abcde", "\0", "a\0", "𠀀", "\u{ffff}"] {
        assert_eq!(short_key(&points(long)), None, "{long:?}");
    }
    assert_eq!(Term::new(&[0xD800]), Term::Long(Box::new([0xED, 0xA0, 0x80])));
}

#[test]
fn utf8_is_that_of_rust() {
    for char in ['a', 'é', '数', '𠀀', '\u{10ffff}'] {
        let mut bytes = Vec::new();
        push_utf8(char.into(), &mut bytes);
        assert_eq!(bytes, char.to_string().as_bytes());
    }
}

#[test]
fn counting_is_counting() {
    let (mut first, mut second) = (Inverter::default(), Inverter::default());
    let mut expected: BTreeMap<(Vec<u32>, u32), i32> = BTreeMap::new();
    let (mut state, mut keys) = (1u32, Vec::new());
    for number in 0..60_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let size = 1 + (state >> 8) % 6;
        let term: Vec<u32> = (0..size).map(|at| 0x4E00 + ((state >> (2 * at)) & 31)).collect();
        let doc = number / 500;
        let into = if doc < 60 { &mut first } else { &mut second };
        let key = into.key(&term);
        keys.push(key);
        if number % 500 == 499 {
            into.add_keys(&keys, doc); // more than are looked at at a time
            keys.clear();
        }
        *expected.entry((term, doc)).or_default() += 1;
    }
    first.absorb(second);
    let found = first.finish();
    let (mut at, mut postings) = (0, BTreeMap::new());
    for (&key, &count) in found.keys.iter().zip(&found.counts) {
        let term = if key < LONG {
            (0..4).map(|unit| ((key >> (48 - 16 * unit)) & 0xFFFF) as u32).filter(|&unit| unit != 0).collect()
        } else {
            points(std::str::from_utf8(&found.long_terms[(key - LONG) as usize]).expect("UTF-8"))
        };
        let docs = &found.doc_ids[at..at + count as usize];
        assert!(docs.windows(2).all(|pair| pair[0] < pair[1]));
        for (place, &doc) in docs.iter().enumerate() {
            postings.insert((Vec::clone(&term), doc as u32), found.freqs[at + place]);
        }
        at += count as usize;
    }
    assert_eq!(postings, expected);
}

#[test]
fn compounds_stand_where_the_expression_finds_them() {
    let tables = tables();
    let found = |text: &str| {
        let (points, mut found) = (points(text), Vec::new());
        compounds::find(&tables, &points, |start, end| found.push(text[start..end].to_string()));
        found
    };
    assert_eq!(
        found("s-300 c++ .net a.net 3,500.00 1,5 1,500,20 50% c#"),
        ["s-300", "c++", ".net", "a.net", "3,500.00", "1", "5", "1", "500", "20", "50%", "c#"]
    );
}

#[test]
fn what_does_not_fit_is_an_error() {
    assert!(points_of(&[1, 2, 3]).is_err());
    assert!(points_of(&[0, 0, 0x11, 0]).is_err());
    assert!(Tables::new(&[], &[], &[]).is_err());
    let (tables, segmenter) = (tables(), Segmenter::new(&[]));
    let text = points("数字");
    let readings = HashMap::from([(0, (points("ab"), vec![2]))]);
    let none = HashMap::new();
    for (ends, fields, readings) in [
        (vec![2, 1], 1, &none),
        (vec![3], 1, &none),
        (vec![1], 1, &none),
        (vec![2], 0, &none),
        (vec![1, 2], 3, &none),
        (vec![2], 1, &readings),
    ] {
        let texts = Texts { points: &text, ends: &ends, readings, fields };
        assert!(analyse(&tables, &segmenter, &texts, 0, 1).is_err(), "{ends:?}");
    }
}
