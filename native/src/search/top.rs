//! The best of many (`cnsearch/search/top.py`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The `count` documents with the greatest scores, the greatest first, equal ones by number.
pub fn best(scores: impl Iterator<Item = (usize, f32)>, count: usize) -> Vec<usize> {
    // Bits of f32 order like the numbers, of those that are not negative; what is no number counts as 0.
    let mut heap: BinaryHeap<Reverse<(u32, Reverse<usize>)>> = BinaryHeap::new();
    let mut least = 0;
    if count == 0 {
        return Vec::new();
    }
    for (doc, score) in scores {
        let bits = score.max(0.0).to_bits();
        if heap.len() < count {
            heap.push(Reverse((bits, Reverse(doc))));
        } else if bits > least {
            heap.pop();
            heap.push(Reverse((bits, Reverse(doc))));
        } else {
            continue;
        }
        if heap.len() == count {
            least = heap.peek().map_or(0, |Reverse((bits, _))| *bits);
        }
    }
    heap.into_sorted_vec().into_iter().map(|Reverse((_, Reverse(doc)))| doc).collect()
}
