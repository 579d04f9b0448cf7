//! Segmentation as jieba-rs 0.11 does it (`cut` and `cut_for_search` without HMM), on code points.
//!
//! A cut of a block maximises the sum of log(frequency / total) over its words; of equal sums the longer first word is
//! taken. The order of the floating-point operations is that of jieba-rs, so that close decisions fall alike.

use crate::dictionary::{Dictionary, UserWords, USER_ROOT};

/// A dictionary and the words of a user, whose frequencies leave the total as it is.
pub struct Segmenter {
    dictionary: &'static Dictionary,
    user: UserWords,
    log_total: f64,
    /// The user's words that have another frequency than in the dictionary, or are not in it, with theirs.
    pub entries: Vec<(Vec<u32>, u64)>,
}

/// Buffers that are used again from text to text.
#[derive(Default)]
pub struct Scratch {
    codes: Vec<u16>,
    route: Vec<Step>,
}

/// The best cut from one character on.
#[derive(Clone, Copy)]
struct Step {
    log_probability: f64,
    end: u32,
}

/// Characters of the main block and of its extensions that jieba-rs knows.
#[inline]
fn is_cjk(point: u32) -> bool {
    matches!(point, 0x4E00..=0x9FFF)
        || matches!(point, 0x3400..=0x4DBF | 0xF900..=0xFAFF | 0x20000..=0x2A6DF | 0x2A700..=0x2EBEF | 0x2F800..=0x2FA1F)
}

#[inline]
fn is_alphanumeric(point: u32) -> bool {
    matches!(point, 0x30..=0x39 | 0x41..=0x5A | 0x61..=0x7A)
}

/// Characters of the blocks that are cut by the dictionary; every other one is a token of its own.
#[inline]
fn is_in_block(point: u32) -> bool {
    is_cjk(point) || is_alphanumeric(point) || (point < 0x80 && b"+#&._%-".contains(&(point as u8)))
}

#[inline]
fn is_connector(point: u32) -> bool {
    point < 0x80 && b"._-".contains(&(point as u8))
}

impl Segmenter {
    /// With words to keep whole, sorted, none twice, each with its frequency or none for one that is high enough.
    pub fn new(words: &[(Vec<u32>, Option<u64>)]) -> Self {
        let dictionary = Dictionary::get();
        let log_total = (dictionary.total as f64).ln();
        let mut made = Segmenter { dictionary, user: UserWords::default(), log_total, entries: Vec::new() };
        let mut scratch = Scratch::default();
        for (word, frequency) in words {
            let had = made.find(word);
            if had.is_some() && frequency.is_none() && made.is_whole(word, &mut scratch) {
                continue;
            }
            let given = frequency.unwrap_or_else(|| made.suggested(word, &mut scratch));
            if had != Some(given) {
                made.entries.push((word.clone(), given));
                made.user.insert(word, given);
            }
        }
        made
    }

    fn find(&self, word: &[u32]) -> Option<u64> {
        self.user.find(word).or_else(|| self.dictionary.find(word))
    }

    fn has_word(&self, word: &[u32]) -> bool {
        self.dictionary.find(word).is_some() || self.user.find(word).is_some()
    }

    fn is_whole(&self, word: &[u32], scratch: &mut Scratch) -> bool {
        let mut pieces = 0;
        self.cut(word, scratch, |_, _| pieces += 1);
        pieces == 1
    }

    /// What keeps a word whole: `suggest_freq` of jieba-rs.
    fn suggested(&self, word: &[u32], scratch: &mut Scratch) -> u64 {
        let mut log_frequency = 0f64;
        self.cut(word, scratch, |start, end| {
            let frequency = self.find(&word[start..end]).unwrap_or(1);
            log_frequency = log_frequency + (frequency as f64).ln() - self.log_total;
        });
        let enough = (log_frequency + self.log_total).exp() as u64;
        enough.saturating_add(1).max(self.find(word).unwrap_or(1))
    }

    /// Every coarse token as (start, end): together they are the text.
    pub fn cut(&self, text: &[u32], scratch: &mut Scratch, mut emit: impl FnMut(usize, usize)) {
        let mut at = 0;
        while at < text.len() {
            if is_in_block(text[at]) {
                let size = text[at..].iter().position(|&point| !is_in_block(point)).unwrap_or(text.len() - at);
                self.cut_block(&text[at..at + size], scratch, |start, end| emit(at + start, at + end));
                at += size;
            } else {
                let size = if text[at] == 0x0D && text.get(at + 1) == Some(&0x0A) { 2 } else { 1 };
                emit(at, at + size);
                at += size;
            }
        }
    }

    /// Every token in search mode: the parts of a coarse token before it.
    pub fn cut_for_search(&self, text: &[u32], scratch: &mut Scratch, mut emit: impl FnMut(usize, usize)) {
        self.cut(text, scratch, |start, end| self.with_parts(text, start, end, &mut emit));
    }

    /// The tokens in search mode that have a Chinese character. `is_han` tells those outside of jieba's blocks.
    pub fn cut_chinese(
        &self,
        text: &[u32],
        scratch: &mut Scratch,
        is_han: impl Fn(u32) -> bool,
        mut emit: impl FnMut(&[u32]),
    ) {
        let mut at = 0;
        while at < text.len() {
            if !is_in_block(text[at]) {
                if is_han(text[at]) {
                    emit(&text[at..at + 1]);
                }
                at += 1;
                continue;
            }
            let mut chinese = false;
            let start = at;
            while at < text.len() && is_in_block(text[at]) {
                chinese |= text[at] >= 0x80;
                at += 1;
            }
            if chinese {
                let block = &text[start..at];
                self.cut_block(block, scratch, |first, last| {
                    if last - first == 1 {
                        if block[first] >= 0x80 {
                            emit(&block[first..last]);
                        }
                        return;
                    }
                    self.with_parts(block, first, last, &mut |start, end| {
                        if block[start..end].iter().any(|&point| point >= 0x80) {
                            emit(&block[start..end]);
                        }
                    });
                });
            }
        }
    }

    #[inline]
    fn with_parts(&self, text: &[u32], start: usize, end: usize, emit: &mut impl FnMut(usize, usize)) {
        let token = &text[start..end];
        if token.len() > 1 && token.iter().copied().any(is_connector) {
            let mut from = start;
            for part in token.split(|&point| is_connector(point)) {
                // jieba-rs counts bytes here: one Chinese character has three, but no letter.
                if part.len() >= 2 && part.iter().any(|&point| is_alphanumeric(point) && point > 0x39) {
                    emit(from, from + part.len());
                }
                from += part.len() + 1;
            }
        }
        for size in 2..=3usize {
            if token.len() > size {
                for from in start..=end - size {
                    if self.has_word(&text[from..from + size]) {
                        emit(from, from + size);
                    }
                }
            }
        }
        emit(start, end);
    }

    /// The words of a block; single letters and digits in a row are one.
    fn cut_block(&self, block: &[u32], scratch: &mut Scratch, mut emit: impl FnMut(usize, usize)) {
        let Scratch { codes, route } = scratch;
        codes.clear();
        codes.extend(block.iter().map(|&point| self.dictionary.code(point)));
        if self.user.is_empty() {
            self.plan::<false>(block, codes, route);
        } else {
            self.plan::<true>(block, codes, route);
        }
        let mut at = 0;
        let mut left = None;
        while at < block.len() {
            let end = route[at].end as usize;
            if end - at == 1 && is_alphanumeric(block[at]) {
                left = left.or(Some(at));
            } else {
                if let Some(start) = left.take() {
                    emit(start, at);
                }
                emit(at, end);
            }
            at = end;
        }
        if let Some(start) = left {
            emit(start, block.len());
        }
    }

    fn plan<const USER: bool>(&self, block: &[u32], codes: &[u16], route: &mut Vec<Step>) {
        let dictionary = self.dictionary;
        let size = block.len();
        route.clear();
        route.resize(size + 1, Step { log_probability: 0.0, end: size as u32 });
        let unknown = 0.0f64 - self.log_total;
        for at in (0..size).rev() {
            let mut best: Option<Step> = None;
            let mut node = Some(dictionary.root());
            let mut user = USER.then_some(USER_ROOT);
            for end in at + 1..=size {
                node = node.and_then(|node| dictionary.step(node, codes[end - 1]));
                let mut log_frequency = node.and_then(|node| dictionary.log_frequency(node));
                if USER {
                    user = user.and_then(|node| self.user.step(node, block[end - 1]));
                    if let Some((_, log)) = user.and_then(|node| self.user.frequency(node)) {
                        log_frequency = Some(log);
                    }
                }
                if node.is_none() && (!USER || user.is_none()) {
                    break;
                }
                if let Some(log) = log_frequency {
                    let log_probability = log - self.log_total + route[end].log_probability;
                    if best.is_none_or(|best| log_probability >= best.log_probability) {
                        best = Some(Step { log_probability, end: end as u32 });
                    }
                }
            }
            route[at] =
                best.unwrap_or(Step { log_probability: unknown + route[at + 1].log_probability, end: at as u32 + 1 });
        }
    }
}
