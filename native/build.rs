//! Turns jieba's dictionary into the image that `src/dictionary.rs` reads: a trie as a double array (J. Aoe, An
//! Efficient Digital Search Algorithm by Using a Double-Array Structure, IEEE Trans. Software Eng. 15(9), 1989).
//!
//! The dictionary is that of the Python package jieba, which is needed to build: it is found with the interpreter that
//! the extension is built for (`PYO3_PYTHON`), or at `CNSEARCH_DICTIONARY`.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

/// Bits of a slot: where its children begin, whose child it is, and its word.
const BASE_BITS: u32 = 21;
const CHECK_BITS: u32 = 21;
const FREE: u64 = (1 << CHECK_BITS) - 1;

const FIND: &str = "from importlib.util import find_spec as f; print(f('jieba').submodule_search_locations[0])";

fn dictionary_path() -> PathBuf {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=CNSEARCH_DICTIONARY");
    if let Ok(path) = env::var("CNSEARCH_DICTIONARY") {
        println!("cargo:rerun-if-changed={path}");
        return path.into();
    }
    let python = env::var("PYO3_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python).args(["-c", FIND]).output().expect("no Python to find jieba with");
    assert!(found.status.success(), "{python} has no package jieba, whose dictionary is compiled in");
    PathBuf::from(String::from_utf8(found.stdout).expect("a path in UTF-8").trim()).join("dict.txt")
}

#[derive(Default)]
struct Node {
    children: BTreeMap<u32, usize>,
    frequency: Option<u64>,
}

fn main() {
    let path = dictionary_path();
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut uses: HashMap<char, u32> = HashMap::new();
    let mut words: HashMap<&str, u64> = HashMap::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let mut fields = line.split_ascii_whitespace();
        let Some(word) = fields.next() else { continue };
        let frequency = fields.next().map_or(0, |field| field.parse().expect("a frequency"));
        words.insert(word, frequency); // of a word that stands there twice the last
    }
    let total: u64 = words.values().sum();
    for word in words.keys() {
        for char in word.chars() {
            *uses.entry(char).or_default() += 1;
        }
    }
    // Common characters get low codes, so that the children of a node lie close together.
    let mut chars: Vec<char> = uses.keys().copied().filter(|&char| (char as u32) < 0x10000).collect();
    chars.sort_by_key(|char| (std::cmp::Reverse(uses[char]), *char));
    let mut codes = vec![0u16; 0x10000];
    for (at, &char) in chars.iter().enumerate() {
        codes[char as usize] = u16::try_from(at + 1).expect("at most 65,535 characters");
    }
    let mut frequencies: Vec<u64> = words.values().copied().collect();
    frequencies.sort_unstable();
    frequencies.dedup();

    let mut nodes = vec![Node::default()];
    let mut sorted: Vec<(&str, u64)> = words.into_iter().collect();
    sorted.sort_unstable();
    let listed: String = sorted.iter().map(|(word, frequency)| format!("{word} {frequency}\n")).collect();
    for (word, frequency) in sorted {
        if word.chars().any(|char| char as u32 >= 0x10000) {
            panic!("{word} has a character above U+FFFF, for which the image has no room");
        }
        let mut at = 0;
        for char in word.chars() {
            let code = u32::from(codes[char as usize]);
            let next = nodes.len();
            let child = *nodes[at].children.entry(code).or_insert(next);
            if child == next {
                nodes.push(Node::default());
            }
            at = child;
        }
        nodes[at].frequency = Some(frequency);
    }
    // FNV-1a, G. Fowler, L. C. Noll, K.-P. Vo
    let digest = listed
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325u64, |digest, byte| (digest ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
    let slots = double_array(&nodes, chars.len(), &frequencies);

    let mut image = Vec::new();
    for number in [slots.len() as u64, frequencies.len() as u64, total, digest] {
        image.extend(number.to_le_bytes());
    }
    image.extend(codes.iter().flat_map(|code| code.to_le_bytes()));
    image.extend(frequencies.iter().flat_map(|frequency| frequency.to_le_bytes()));
    image.extend(slots.iter().flat_map(|slot| slot.to_le_bytes()));
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo")).join("dictionary.bin");
    fs::write(out, image).expect("the image can be written");
}

/// Places for all nodes, so that the child of the node at slot `s` by code `c` is at `base(s) + c`; widest nodes first.
fn double_array(nodes: &[Node], num_codes: usize, frequencies: &[u64]) -> Vec<u64> {
    let mut slots = Slots { next: vec![1] };
    let mut place = vec![0usize; nodes.len()];
    let mut base = vec![0usize; nodes.len()];
    let mut level = vec![0usize];
    while !level.is_empty() {
        level.sort_by_key(|&node| (std::cmp::Reverse(nodes[node].children.len()), node));
        let mut below = Vec::new();
        let (mut width, mut from) = (0, 0); // as wide a node fits nowhere before
        for &node in &level {
            let codes: Vec<usize> = nodes[node].children.keys().map(|&code| code as usize).collect();
            let Some(&lowest) = codes.first() else { continue };
            if codes.len() != width {
                (width, from) = (codes.len(), 0);
            }
            let mut at = slots.free_from(from.max(lowest + 1));
            while !codes.iter().all(|&code| slots.is_free(at - lowest + code)) {
                at = slots.free_from(at + 1);
            }
            from = at.saturating_sub(lowest); // another one may begin with a lower code
            base[node] = at - lowest;
            for (&code, &child) in &nodes[node].children {
                place[child] = at - lowest + code as usize;
                slots.take(place[child]);
                below.push(child);
            }
        }
        level = below;
    }
    let size = slots.next.len() + num_codes + 1; // so that no step leads outside
    assert!((size as u64) < FREE, "the dictionary is too large for the image");
    let mut image = vec![FREE << BASE_BITS; size];
    for (node, entry) in nodes.iter().enumerate() {
        let word = entry.frequency.map_or(0, |frequency| frequencies.binary_search(&frequency).expect("listed") + 1);
        let kept = &mut image[place[node]];
        *kept = (*kept & (FREE << BASE_BITS)) | base[node] as u64 | (word as u64) << (BASE_BITS + CHECK_BITS);
        for &child in entry.children.values() {
            let slot = &mut image[place[child]];
            *slot = (*slot & !(FREE << BASE_BITS)) | (place[node] as u64) << BASE_BITS;
        }
    }
    image
}

/// Which slots are free: of each that is taken, a later one that may be.
struct Slots {
    next: Vec<usize>,
}

impl Slots {
    fn is_free(&self, at: usize) -> bool {
        self.next.get(at).is_none_or(|&next| next == at)
    }

    fn free_from(&mut self, at: usize) -> usize {
        let mut found = at;
        while !self.is_free(found) {
            found = self.next[found];
        }
        let mut passed = at;
        while passed != found {
            passed = std::mem::replace(&mut self.next[passed], found);
        }
        found
    }

    fn take(&mut self, at: usize) {
        while self.next.len() <= at {
            self.next.push(self.next.len());
        }
        self.next[at] = at + 1;
    }
}
