//! The postings of several batches of documents as the lists of one segment.

use super::encode::Encoder;
use super::{Lists, ValueKind};
use crate::postings::{push_utf8, LONG};
use crate::search::i64s;
use crate::Error;

/// The postings of a batch: `TermPostings` of the Python package, numbers little-endian.
pub struct Run<'a> {
    /// Distinct terms, u64.
    pub keys: &'a [u8],
    /// Those whose keys are LONG, LONG + 1, ...
    pub long_terms: Vec<&'a [u8]>,
    /// Postings per term, i64.
    pub counts: &'a [u8],
    /// Documents, i32, ascending within a term; list by list.
    pub doc_ids: &'a [u8],
    /// How often the term is in the document, u16 or i32; or nothing: once in each.
    pub freqs: &'a [u8],
    /// What is added to the documents.
    pub base: u32,
}

const WRONG: Error = Error::Value("the arrays of the postings do not fit together");

/// A run whose lengths fit, and where its lists begin.
struct Checked<'a> {
    run: &'a Run<'a>,
    starts: Vec<usize>,
    freq_size: usize,
}

impl<'a> Checked<'a> {
    fn new(run: &'a Run<'a>) -> Result<Self, Error> {
        let mut starts = Vec::with_capacity(run.counts.len() / 8 + 1);
        let mut total = 0usize;
        starts.push(total);
        for count in i64s(run.counts) {
            total = usize::try_from(count).ok().and_then(|count| total.checked_add(count)).ok_or(WRONG)?;
            starts.push(total);
        }
        let freq_size = if run.freqs.is_empty() { 0 } else { run.freqs.len() / total.max(1) };
        let fits = run.keys.len() == run.counts.len()
            && run.counts.len() % 8 == 0
            && Some(run.doc_ids.len()) == total.checked_mul(4)
            && matches!(freq_size, 0 | 2 | 4)
            && run.freqs.len() == total * freq_size;
        fits.then_some(Checked { run, starts, freq_size }).ok_or(WRONG)
    }

    /// Adds the postings of the term with this number.
    fn add_to(&self, number: usize, docs: &mut Vec<u32>, freqs: &mut Vec<u32>) -> Result<(), Error> {
        let (start, stop) = (self.starts[number], self.starts[number + 1]);
        let base = self.run.base;
        let mut inside = true;
        docs.extend(self.run.doc_ids[4 * start..4 * stop].chunks_exact(4).map(|four| {
            let doc = u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
            let sum = doc.checked_add(base);
            inside &= sum.is_some();
            sum.unwrap_or(u32::MAX)
        }));
        let bytes = &self.run.freqs[self.freq_size * start..self.freq_size * stop];
        match self.freq_size {
            2 => freqs.extend(bytes.chunks_exact(2).map(|two| u32::from(u16::from_le_bytes([two[0], two[1]])))),
            4 => freqs.extend(bytes.chunks_exact(4).map(|f| u32::from_le_bytes([f[0], f[1], f[2], f[3]]))),
            _ => freqs.resize(docs.len(), 1),
        }
        inside.then_some(()).ok_or(WRONG)
    }
}

/// A term of a run: which one, and its number there.
type Place = (u32, u32);

/// Joins runs, of which each has documents that come after those of the one before.
pub fn join(runs: &[Run<'_>], kind: ValueKind) -> Result<Lists, Error> {
    let runs = runs.iter().map(Checked::new).collect::<Result<Vec<_>, _>>()?;
    let mut short: Vec<(u64, Place)> = Vec::with_capacity(runs.iter().map(|checked| checked.starts.len()).sum());
    let mut long: Vec<(&[u8], Place)> = Vec::new();
    for (at, checked) in runs.iter().enumerate() {
        let keys = checked.run.keys.chunks_exact(8);
        for (number, key) in keys.enumerate() {
            let key = u64::from_le_bytes(key.try_into().map_err(|_| WRONG)?);
            let place = (at as u32, number as u32);
            match key.checked_sub(LONG) {
                None => short.push((key, place)),
                Some(long_number) => {
                    let term = usize::try_from(long_number).ok().and_then(|at| checked.run.long_terms.get(at));
                    long.push((term.ok_or(WRONG)?, place));
                }
            }
        }
    }
    short.sort(); // of batches whose keys ascend only runs are merged
    long.sort_unstable();
    let mut lists = Lists::default();
    let mut writer = Writer { runs: &runs, encoder: Encoder::new(kind), docs: Vec::new(), freqs: Vec::new() };
    let mut long_groups = long.chunk_by(|one, other| one.0 == other.0).peekable();
    let mut term = Vec::new();
    for group in short.chunk_by(|one, other| one.0 == other.0) {
        term.clear();
        key_utf8(group[0].0, &mut term);
        while let Some(long_group) = long_groups.next_if(|long_group| long_group[0].0 < &term[..]) {
            writer.write(long_group[0].0, long_group.iter().map(|&(_, place)| place), &mut lists)?;
        }
        writer.write(&term, group.iter().map(|&(_, place)| place), &mut lists)?;
    }
    for long_group in long_groups {
        writer.write(long_group[0].0, long_group.iter().map(|&(_, place)| place), &mut lists)?;
    }
    Ok(lists)
}

struct Writer<'a> {
    runs: &'a [Checked<'a>],
    encoder: Encoder,
    docs: Vec<u32>,
    freqs: Vec<u32>,
}

impl Writer<'_> {
    fn write(&mut self, term: &[u8], places: impl Iterator<Item = Place>, lists: &mut Lists) -> Result<(), Error> {
        self.docs.clear();
        self.freqs.clear();
        for (run, number) in places {
            self.runs[run as usize].add_to(number as usize, &mut self.docs, &mut self.freqs)?;
        }
        self.encoder.add(term, &self.docs, &mut self.freqs, lists)
    }
}

/// The short term with a key, in UTF-8.
fn key_utf8(key: u64, term: &mut Vec<u8>) {
    for shift in [48, 32, 16, 0] {
        let unit = (key >> shift) as u16;
        if unit == 0 {
            break;
        }
        push_utf8(unit.into(), term);
    }
}
