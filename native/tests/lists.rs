//! The kernels of writing, without Python.

use cnsearch_native::lists::decode::decode;
use cnsearch_native::lists::encode::Encoder;
use cnsearch_native::lists::Lists;

struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }
}

#[test]
fn lists_come_back() {
    let mut random = Random(1);
    for round in 0..3000 {
        let (step, most) = (1 + random.next() % (1 << (round % 20)), 1 << (round % 31));
        let mut doc = 0;
        let docs: Vec<u32> = (0..1 + random.next() % 200)
            .map(|_| {
                doc += 1 + random.next() % step;
                doc
            })
            .collect();
        let freqs: Vec<u32> = docs.iter().map(|_| 1 + random.next() % most).collect();
        let mut lists = Lists::default();
        Encoder::new(0).add(b"x", &docs, &mut freqs.clone(), &mut lists).expect("a list");
        if lists.data.is_empty() {
            assert_eq!((docs.len(), freqs[0]), (1, 1));
            continue;
        }
        let (mut found, mut found_freqs) = (Vec::new(), Vec::new());
        lists.data.push(7); // more may follow
        decode(&lists.data, doc + 1, 0, &mut found, &mut found_freqs).expect("the list");
        assert_eq!((found, found_freqs), (docs.clone(), freqs));
        assert!(decode(&lists.data, doc, 0, &mut Vec::new(), &mut Vec::new()).is_none());
        assert!(decode(&lists.data, doc + 1, 1, &mut Vec::new(), &mut Vec::new()).is_none());
    }
}

#[test]
fn no_bytes_harm_the_decoder() {
    let mut random = Random(2);
    for _ in 0..200_000 {
        let data: Vec<u8> = (0..random.next() % 40).map(|_| random.next() as u8).collect();
        let (mut docs, mut freqs) = (Vec::new(), Vec::new());
        if decode(&data, 300, 0, &mut docs, &mut freqs).is_some() {
            assert!(docs.windows(2).all(|two| two[0] < two[1]) && docs.iter().all(|&doc| doc < 300));
            assert!(docs.len() == freqs.len() && freqs.iter().all(|&freq| freq > 0));
        }
    }
}
