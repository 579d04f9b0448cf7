//! jieba's dictionary, compiled in as a double array (`build.rs`), and the words of a user over it.

use std::collections::HashMap;
use std::sync::OnceLock;

static IMAGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/dictionary.bin"));

const BASE_BITS: u32 = 21;
const CHECK_BITS: u32 = 21;
const MASK: u64 = (1 << BASE_BITS) - 1;
const HEADER: usize = 32;
const NUM_CODES: usize = 0x10000;

/// The dictionary that is compiled in.
pub struct Dictionary {
    codes: Vec<u16>,
    /// Of each distinct frequency, which a slot names by its number and one.
    frequencies: Vec<u64>,
    logs: Vec<f64>,
    slots: Vec<u64>,
    /// The sum of the frequencies.
    pub total: u64,
}

/// A place in the trie.
#[derive(Clone, Copy)]
pub struct Node {
    index: u64,
    slot: u64,
}

fn numbers<const N: usize, T>(bytes: &[u8], from: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.chunks_exact(N).map(|chunk| from(chunk.try_into().expect("chunks of N"))).collect()
}

/// What tells the dictionary from every other one.
pub fn digest() -> u64 {
    IMAGE[24..HEADER].try_into().map_or(0, u64::from_le_bytes)
}

impl Dictionary {
    /// It is copied out of the image at the first call: a millisecond.
    pub fn get() -> &'static Dictionary {
        static DICTIONARY: OnceLock<Dictionary> = OnceLock::new();
        DICTIONARY.get_or_init(|| {
            let header = numbers(&IMAGE[..HEADER], u64::from_le_bytes);
            let frequencies_at = HEADER + 2 * NUM_CODES;
            let slots_at = frequencies_at + 8 * header[1] as usize;
            let frequencies = numbers(&IMAGE[frequencies_at..slots_at], u64::from_le_bytes);
            Dictionary {
                codes: numbers(&IMAGE[HEADER..frequencies_at], u16::from_le_bytes),
                logs: frequencies.iter().map(|&frequency| (frequency as f64).ln()).collect(),
                frequencies,
                slots: numbers(&IMAGE[slots_at..slots_at + 8 * header[0] as usize], u64::from_le_bytes),
                total: header[2],
            }
        })
    }

    /// The code of a character, 0 for one that no word has.
    #[inline]
    pub fn code(&self, point: u32) -> u16 {
        self.codes.get(point as usize).copied().unwrap_or(0)
    }

    /// Where every word begins.
    #[inline]
    pub fn root(&self) -> Node {
        Node { index: 0, slot: self.slots[0] }
    }

    /// The node behind a character, if a word goes on with it.
    #[inline]
    pub fn step(&self, node: Node, code: u16) -> Option<Node> {
        let base = node.slot & MASK;
        if code == 0 || base == 0 {
            return None;
        }
        let index = base + u64::from(code);
        let slot = *self.slots.get(index as usize)?;
        ((slot >> BASE_BITS) & MASK == node.index).then_some(Node { index, slot })
    }

    /// The logarithm of the frequency of the word that ends at a node, if one does.
    #[inline]
    pub fn log_frequency(&self, node: Node) -> Option<f64> {
        let word = (node.slot >> (BASE_BITS + CHECK_BITS)) as usize;
        if word == 0 {
            return None;
        }
        self.logs.get(word - 1).copied()
    }

    fn frequency(&self, node: Node) -> Option<u64> {
        let word = (node.slot >> (BASE_BITS + CHECK_BITS)) as usize;
        word.checked_sub(1).and_then(|at| self.frequencies.get(at).copied())
    }

    /// The frequency of a word, if it is in the dictionary.
    pub fn find(&self, word: &[u32]) -> Option<u64> {
        let mut node = self.root();
        for &point in word {
            node = self.step(node, self.code(point))?;
        }
        self.frequency(node)
    }
}

/// Words that a user has added, or given another frequency: a trie in a hash table.
#[derive(Default)]
pub struct UserWords {
    children: HashMap<(u32, u32), u32>,
    frequencies: Vec<Option<(u64, f64)>>,
}

/// The node that every word begins at.
pub const USER_ROOT: u32 = 0;

impl UserWords {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    /// Give a word a frequency.
    pub fn insert(&mut self, word: &[u32], frequency: u64) {
        if self.frequencies.is_empty() {
            self.frequencies.push(None);
        }
        let mut node = USER_ROOT;
        for &point in word {
            let next = self.frequencies.len() as u32;
            let child = *self.children.entry((node, point)).or_insert(next);
            if child == next {
                self.frequencies.push(None);
            }
            node = child;
        }
        if node != USER_ROOT {
            self.frequencies[node as usize] = Some((frequency, (frequency as f64).ln()));
        }
    }

    /// The node behind a character, if a word goes on with it.
    #[inline]
    pub fn step(&self, node: u32, point: u32) -> Option<u32> {
        self.children.get(&(node, point)).copied()
    }

    /// Frequency and its logarithm of the word that ends at a node, if one does.
    #[inline]
    pub fn frequency(&self, node: u32) -> Option<(u64, f64)> {
        self.frequencies.get(node as usize).copied().flatten()
    }

    /// The frequency of a word, if it is one of these.
    pub fn find(&self, word: &[u32]) -> Option<u64> {
        let node = word.iter().try_fold(USER_ROOT, |node, &point| self.step(node, point))?;
        self.frequency(node).map(|(frequency, _)| frequency)
    }
}
