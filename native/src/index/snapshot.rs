//! A commit: segments numbered through, and what a term says about their documents.

use std::borrow::Cow;
use std::sync::Arc;

use super::file::{kind, little, Section, SegmentFile};
use super::stored::Stored;
use super::terms::{Pointer, Terms};
use crate::search::impacts::{decode_docs, decode_frequencies, Layout, Short};

/// Lengths up to this one have their norm in a table.
const MAX_TABLED: usize = 1 << 12;

/// A segment, and what of it is searched.
pub struct Segment {
    file: Arc<SegmentFile>,
    /// Number of its first document.
    pub base: u32,
    /// Documents, deleted ones included.
    pub doc_count: u32,
    fields: Vec<Option<Field>>,
    id: Option<Stored>,
    title: Texts,
    body: Texts,
}

/// Where the texts of a field are.
enum Texts {
    /// There are none.
    None,
    /// As they lie.
    Plain(Stored),
    /// Compressed: for others to read.
    Compressed,
}

impl Texts {
    fn of(file: &SegmentFile, field: Option<u16>) -> Self {
        match field {
            None => Texts::None,
            Some(number) => Stored::plain(file, number).map_or(Texts::Compressed, Texts::Plain),
        }
    }
}

struct Field {
    terms: Terms,
    postings: Option<Section>,
    lengths: Option<Section>,
}

/// What is to be known of a field in one segment: its number there, terms, and bytes that all terms share.
pub type FieldInfo = Option<(u16, usize, usize)>;

impl Segment {
    /// `fields` : of each searched field, in the order of the snapshot
    /// `texts`  : the numbers of the stored fields id, title and body, where there are such
    pub fn new(
        file: Arc<SegmentFile>,
        base: u32,
        doc_count: u32,
        fields: &[FieldInfo],
        texts: (Option<u16>, Option<u16>, Option<u16>),
    ) -> Option<Self> {
        let mut found = Vec::with_capacity(fields.len());
        for field in fields {
            found.push(match *field {
                None => None,
                Some((number, count, skip)) => {
                    let lengths = file.section(kind::FIELD_LENGTHS, number);
                    if lengths.is_some_and(|lengths| lengths.len() != doc_count as usize) {
                        return None;
                    }
                    let terms = Terms::new(&file, number, count, skip)?;
                    Some(Field { terms, postings: file.section(kind::POSTINGS, number), lengths })
                }
            });
        }
        let (title, body) = (Texts::of(&file, texts.1), Texts::of(&file, texts.2));
        let id = texts.0.and_then(|number| Stored::new(&file, number));
        base.checked_add(doc_count)?;
        Some(Segment { file, base, doc_count, fields: found, id, title, body })
    }

    /// The documents that have a term in a field, added to `docs`, numbered over the index, and where they are said to;
    /// None inside, if there is none; None, if something is wrong.
    pub fn docs(&self, field: usize, term: &[u8], docs: &mut Vec<u32>) -> Option<Option<Place>> {
        let Some(field) = self.fields.get(field)? else { return Some(None) };
        match field.terms.find(&self.file, term)? {
            None => Some(None),
            Some(pointer) => {
                read_docs(&self.file, field.postings, pointer, (self.base, self.doc_count), docs).map(Some)
            }
        }
    }

    /// How often each of these documents has the term, added to `found`.
    pub fn frequencies(&self, place: &Place, found: &mut Vec<f32>) -> Option<()> {
        match place {
            Place::Only => found.push(1.0),
            Place::List(section, start, layout) => {
                growing(&self.file, *section, *start, |data| decode_frequencies(data, layout, found))?;
            }
        }
        Some(())
    }

    /// The norms of a field of its documents.
    pub fn norms<'a>(&'a self, field: usize, norms: &'a Norms) -> Option<DocNorms<'a>> {
        let lengths = self.fields.get(field)?.as_ref().and_then(|field| field.lengths);
        let (bytes, size) = match lengths {
            None => (&[][..], 0),
            Some(lengths) => (self.file.bytes(lengths, 0, lengths.length)?, lengths.item_size),
        };
        Some(DocNorms { base: self.base, bytes, size, norms })
    }

    /// Id and title of a document; None where this is not the place to read them.
    pub fn name(&self, doc: u32) -> Option<(String, String)> {
        let doc = doc as usize;
        let title = match &self.title {
            Texts::Plain(title) if !title.value(&self.file, doc)?.is_empty() => title.text(&self.file, doc)?,
            Texts::Compressed => return None,
            _ => String::new(),
        };
        Some((self.id?.text(&self.file, doc)?, title))
    }

    /// The title of a document in UTF-16.
    pub fn title(&self, doc: u32) -> Option<Cow<'_, [u8]>> {
        self.text(&self.title, doc, usize::MAX)
    }

    /// At least `chars` characters of its body, or all.
    pub fn body(&self, doc: u32, chars: usize) -> Option<Cow<'_, [u8]>> {
        self.text(&self.body, doc, chars.saturating_mul(2))
    }

    fn text(&self, texts: &Texts, doc: u32, most: usize) -> Option<Cow<'_, [u8]>> {
        match texts {
            Texts::None => Some(Cow::Borrowed(&[])),
            Texts::Plain(stored) => stored.beginning(&self.file, doc as usize, most),
            Texts::Compressed => None,
        }
    }
}

/// What `decode` makes of the bytes of a section from `start` on, of which it gets more until they are enough.
fn growing<T>(
    file: &SegmentFile,
    section: Section,
    start: usize,
    mut decode: impl FnMut(&[u8]) -> Result<Option<T>, Short>,
) -> Option<T> {
    let mut more = 0;
    loop {
        let data = file.run(section, start, more)?;
        match decode(data) {
            Ok(done) => return done,
            Err(Short) if start + data.len() < section.length => more = 1 + 2 * (data.len() >> 13),
            Err(Short) => return None,
        }
    }
}

/// The documents that a pointer stands for, added to `docs`; `of`: the first document and how many there are. None if
/// something is wrong.
pub fn read_docs(
    file: &SegmentFile,
    postings: Option<Section>,
    pointer: Pointer,
    of: (u32, u32),
    docs: &mut Vec<u32>,
) -> Option<Place> {
    let (base, doc_count) = of;
    match pointer {
        Pointer::Only(doc) if doc < doc_count => {
            docs.push(base + doc);
            Some(Place::Only)
        }
        Pointer::Only(_) => None,
        Pointer::List(start) => {
            let section = postings?;
            let decode = |data: &[u8]| decode_docs(data, base, doc_count, docs);
            growing(file, section, start, decode).map(|layout| Place::List(section, start, layout))
        }
    }
}

/// Where the postings of a term are.
pub enum Place {
    /// One document, once.
    Only,
    /// In a section from a place on.
    List(Section, usize, Layout),
}

/// What an occurrence in one field counts in the documents of a segment.
pub struct DocNorms<'a> {
    base: u32,
    bytes: &'a [u8],
    size: usize,
    norms: &'a Norms,
}

impl DocNorms<'_> {
    /// In a document of the segment, by its number in the index.
    #[inline]
    pub fn of(&self, doc: u32) -> f32 {
        let at = (doc - self.base) as usize;
        self.norms.of(match self.size {
            0 => 0,
            1 => self.bytes[at].into(),
            2 => u16::from_le_bytes([self.bytes[2 * at], self.bytes[2 * at + 1]]).into(),
            size => little(&self.bytes[size * at..][..size]),
        })
    }
}

/// What an occurrence in a field counts: `weight / (1 - b + b * length / average)`.
#[derive(Clone, Debug)]
pub struct Norms {
    weight: f32,
    rest: f32,
    b: f32,
    average: f32,
    table: Vec<f32>,
}

impl Norms {
    /// See `cnsearch/search/scoring.py`.
    pub fn new(weight: f32, b: f64, average: f32) -> Self {
        let mut norms = Norms { weight, rest: (1.0 - b) as f32, b: b as f32, average, table: Vec::new() };
        norms.table = (0..MAX_TABLED).map(|length| norms.made(length as f32)).collect();
        norms
    }

    fn made(&self, length: f32) -> f32 {
        self.weight / (self.rest + self.b * (length / self.average))
    }

    #[inline]
    fn of(&self, length: u64) -> f32 {
        self.table.get(length as usize).copied().unwrap_or_else(|| self.made(length as f32))
    }
}

/// The segments of a commit.
pub struct Snapshot {
    /// In order, without gaps.
    pub segments: Vec<Segment>,
    /// Of each field.
    pub norms: Vec<Norms>,
    /// Documents, deleted ones included.
    pub num_docs: usize,
    /// A byte per document, 0 if it is deleted; None if none is.
    pub live: Option<Vec<u8>>,
    /// How fast more occurrences stop mattering.
    pub k1: f32,
}

impl Snapshot {
    /// None if the parts do not fit together.
    pub fn new(segments: Vec<Segment>, norms: Vec<Norms>, live: Option<Vec<u8>>, k1: f32) -> Option<Self> {
        let mut next = 0u32;
        for segment in &segments {
            if segment.base != next || segment.fields.len() != norms.len() {
                return None;
            }
            next = next.checked_add(segment.doc_count)?;
        }
        let num_docs = next as usize;
        let fits = live.as_ref().is_none_or(|live| live.len() == num_docs) && next <= i32::MAX as u32;
        fits.then_some(Snapshot { segments, norms, num_docs, live, k1 })
    }

    /// Whether a document is not deleted.
    #[inline]
    pub fn is_live(&self, doc: u32) -> bool {
        self.live.as_ref().is_none_or(|live| live[doc as usize] != 0)
    }

    /// The segment of a document, and its number there.
    pub fn locate(&self, doc: u32) -> Option<(&Segment, u32)> {
        let at = self.segments.partition_point(|segment| segment.base <= doc).checked_sub(1)?;
        let segment = &self.segments[at];
        (doc - segment.base < segment.doc_count).then(|| (segment, doc - segment.base))
    }

    /// The documents that have a term in one field, ascending.
    pub fn docs(&self, field: usize, term: &[u8]) -> Option<Vec<u32>> {
        let mut found = Vec::new();
        for segment in &self.segments {
            segment.docs(field, term, &mut found)?;
        }
        Some(found)
    }

    /// Tokens of a field in a document.
    pub fn length(&self, field: usize, doc: u32) -> Option<u64> {
        let (segment, doc) = self.locate(doc)?;
        match segment.fields.get(field)?.as_ref().and_then(|field| field.lengths) {
            None => Some(0),
            Some(lengths) => segment.file.item(lengths, doc as usize),
        }
    }
}
