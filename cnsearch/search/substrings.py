"""Exact substrings: which documents have a text, as it is, in a folded field, and how often.

One or two characters are answered by the character fields alone. For a longer text they give candidates, the documents
that have all its bigrams, and the stored texts of these are gone through: as arrays of UTF-16 units, some thousands in
a millisecond.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnsearch import deadline, kernels
from cnsearch.analysis.compounds import APART, splits, standing_alone
from cnsearch.analysis.fold import folded_from_two_units, folded_units, folds_two_units
from cnsearch.analysis.ngrams import BREAKS
from cnsearch.analysis.reading import read_all
from cnsearch.analysis.scripts import letter_kinds
from cnsearch.arrays import DocIds, Ints
from cnsearch.search.characters import compiled_characters
from cnsearch.store.fields import CHARS_FIELD, SHIFTED_FIELD, TEXT_FIELDS
from cnsearch.store.postings import Postings
from cnsearch.store.segment import Segment
from cnsearch.store.snapshot import Snapshot

FEW = 64
"""So few candidates are not worth another list: it may have many times as many documents."""
MOST_WHOLE, MOST_APART = 50, 400
"""A word in more documents than this is not looked for apart; nor one whose rarer part is in more than that."""
CHUNK, CHUNK_CHARS = 1_000, 4_000_000
"""Documents whose texts are gone through at a time, and their characters: some megabytes."""

_MOST_WORK = 16
"""Comparisons per unit of the texts after which folding them, and Python's linear search, are quicker."""

Units = npt.NDArray[np.uint16]
"""uint16, shape (n,): texts in UTF-16."""
_NOWHERE = np.empty(0, dtype=np.int64)


def find_substring(text: str, segment: Segment, field: str) -> Postings | None:
    """The documents whose folded ``field`` contains ``text`` (folded, not empty), and how often: of longer texts
    occurrences that do not overlap, of two characters all."""
    chars = CHARS_FIELD[field]
    if any(char in text for char in BREAKS):
        return None
    if len(text) == 1:
        return segment.prefix_postings(chars, text)
    if len(text) == 2:
        return segment.postings(chars, text)
    return _verified(text, segment, field, None, alone=False)


def find_alone(text: str, segment: Segment, field: str, among: DocIds) -> Postings | None:
    """Those of the documents ``among`` in whose folded ``field`` the text (two characters or more) stands and neither
    its letters nor its digits go on, and how often.

    among : int32, shape (n,), ascending numbers in the segment
    """
    return _verified(text, segment, field, among, alone=True)


def find_apart(word: str, segment: Segment, field: str) -> list[Postings]:
    """The documents in whose ``field`` the word is written in two parts, and how often: a list for each way.
    Only of a word that is rare itself, and of parts of which one is: it takes time, else there is enough to show."""
    found: list[Postings] = []
    if segment.doc_freq(field, word) > MOST_WHOLE:
        return found
    for first, second in splits(word):
        rarest = segment.doc_freq(field, first)
        rarest = rarest and min(rarest, segment.doc_freq(field, second))
        if not 0 < rarest <= MOST_APART:
            continue
        parts = [(field, first), (field, second)]
        for joint in APART:
            pairs = [(CHARS_FIELD[field], first[-1] + joint), (CHARS_FIELD[field], joint + second[0])]
            postings = _of_all([*parts, *pairs], segment)
            if len(postings):
                alone = find_alone(first + joint + second, segment, field, postings)
                found += [] if alone is None else [alone]
    return found


def _of_all(terms: list[tuple[str, str]], segment: Segment) -> DocIds:
    """The documents that have every term (its field, itself)."""
    doc_ids: DocIds | None = None
    for field, term in sorted(terms, key=lambda term: segment.doc_freq(*term)):
        postings = segment.postings(field, term)
        if postings is None:
            return np.empty(0, dtype=np.int32)
        doc_ids = postings.doc_ids if doc_ids is None else common(doc_ids, postings.doc_ids)
        if not len(doc_ids):
            break
    assert doc_ids is not None
    return doc_ids


def _verified(text: str, segment: Segment, field: str, among: DocIds | None, *, alone: bool) -> Postings | None:
    compiled = segment.stored_texts(field)
    candidates = None if compiled is None else _candidates_by_kernel(compiled, text, segment, among)
    doc_ids, rarest = candidates or _candidates(text, segment, CHARS_FIELD[field], among)
    if not len(doc_ids):
        return None
    shifted = _shifted(segment, field, doc_ids)
    found = []
    for part in _parts(segment.lengths(CHARS_FIELD[field])[doc_ids]):
        deadline.check()
        texts = _TextsOf(segment, field, doc_ids[part], shifted[part])
        freqs = None if compiled is None else _counted_by_kernel(compiled, text, texts, rarest=rarest, alone=alone)
        found.append(_counted(text, texts, rarest=rarest, alone=alone) if freqs is None else freqs)
    freqs = np.concatenate(found)
    has = np.flatnonzero(freqs)
    return Postings(doc_ids[has], freqs[has].astype(np.float32))


def _parts(lengths: npt.NDArray[Any]) -> Iterator[slice]:
    """Documents, of which each has so many characters, in parts that are gone through at a time."""
    lengths = np.cumsum(lengths, dtype=np.int64)
    at = 0
    while at < len(lengths):
        read = int(lengths[at - 1]) if at else 0
        stop = max(at + 1, min(at + CHUNK, int(np.searchsorted(lengths, read + CHUNK_CHARS, side="right"))))
        yield slice(at, stop)
        at = stop


class _TextsOf(NamedTuple):
    """The texts of some documents in one field. ``shifted``: bool, which are read otherwise than they fold."""

    segment: Segment
    field: str
    doc_ids: DocIds
    shifted: npt.NDArray[np.bool_]


def _shifted(segment: Segment, field: str, doc_ids: DocIds) -> npt.NDArray[np.bool_]:
    listed = segment.postings(SHIFTED_FIELD, field)
    return np.zeros(len(doc_ids), dtype=bool) if listed is None else _among(listed.doc_ids, doc_ids)


def _counted(text: str, texts: _TextsOf, *, rarest: int, alone: bool) -> Ints:
    units, counts = texts.segment.utf16(texts.field, texts.doc_ids)
    own = np.flatnonzero(texts.shifted)
    return count_occurrences(text, units, counts, rarest=rarest, alone=alone, shifted=own)


def _candidates_by_kernel(
    compiled: kernels.StoredTexts, text: str, segment: Segment, among: DocIds | None
) -> _Candidates | None:
    try:
        found = compiled.candidates(text, None if among is None else _packed(among), FEW)
    except UnicodeEncodeError:
        return None
    if found is None:
        return None
    doc_ids = np.frombuffer(found[0], "<i4").astype(np.int32, copy=False)
    return _Candidates(doc_ids[segment.live[doc_ids]], found[1])


def _packed(doc_ids: DocIds) -> bytes:
    return doc_ids.astype("<i4", copy=False).tobytes()


def _counted_by_kernel(
    compiled: kernels.StoredTexts, text: str, texts: _TextsOf, *, rarest: int, alone: bool
) -> Ints | None:
    characters = compiled_characters()
    assert characters is not None
    needle, at = text.encode("utf-16-le", "surrogatepass"), min(rarest, len(text) - 2)
    counted = compiled.occurrences(characters, needle, at, alone, _packed(texts.doc_ids), texts.shifted.tobytes())
    if counted is None:
        return None
    freqs = np.frombuffer(counted, "<i8").astype(np.int64)
    unread = np.flatnonzero(freqs < 0)
    if len(unread):
        units, counts = texts.segment.utf16(texts.field, texts.doc_ids[unread])
        freqs[unread] = _count_slowly(_pattern(text, alone=alone), units, np.cumsum(counts) - counts, np.cumsum(counts))
    return freqs


def documents_containing(texts: Iterable[str], snapshot: Snapshot) -> npt.NDArray[np.intp]:
    """The documents whose folded title or body contains any of the folded ``texts``: their numbers in the index,
    shape (n,), ascending, without deleted ones."""
    contains = np.zeros(snapshot.num_docs, dtype=bool)
    for text in texts:
        for segment in snapshot.segments:
            for field in TEXT_FIELDS:
                found = find_substring(text, segment, field)
                if found is not None:
                    contains[found.doc_ids + segment.base] = True
    return np.flatnonzero(contains if snapshot.live is None else contains & snapshot.live)


class _Candidates(NamedTuple):
    """Documents that may contain a text, none that does is missing; and where its rarest bigram begins."""

    doc_ids: DocIds
    rarest: int


def _candidates(text: str, segment: Segment, chars: str, among: DocIds | None) -> _Candidates:
    bigrams = {text[at : at + 2]: at for at in range(len(text) - 1)}
    by_freq = sorted((segment.doc_freq(chars, bigram), at) for bigram, at in bigrams.items())
    rarest = by_freq[0][1]
    doc_ids = among
    for doc_freq, at in by_freq:
        if doc_ids is not None and len(doc_ids) <= FEW:
            break
        postings = segment.postings(chars, text[at : at + 2]) if doc_freq else None
        if postings is None:
            return _Candidates(np.empty(0, dtype=np.int32), rarest)
        doc_ids = postings.doc_ids if doc_ids is None else common(doc_ids, postings.doc_ids)
    assert doc_ids is not None  # a text of three characters has bigrams
    return _Candidates(doc_ids[segment.live[doc_ids]], rarest)


def common(few: DocIds, many: DocIds) -> DocIds:
    """The numbers in both, int32, each of shape (n,) and ascending; ``many`` not empty."""
    common: DocIds = few[_among(many, few)]
    return common


def _among(many: DocIds, few: DocIds) -> npt.NDArray[np.bool_]:
    """Which of ``few`` are among ``many``."""
    places = np.searchsorted(many, few)
    places[places == len(many)] = 0
    found: npt.NDArray[np.bool_] = many[places] == few
    return found


def count_occurrences(
    text: str, units: Units, counts: Ints, *, rarest: int = 0, alone: bool = False, shifted: Ints = _NOWHERE
) -> Ints:
    """How often ``text`` stands in each of many texts as they are read, overlapping occurrences counted once.

    text   : folded, not empty
    units  : the texts, not folded, in UTF-16, one after the other
    counts : units of each text
    rarest : index of the character of ``text`` that is looked for first
    alone  : only where neither letters nor digits of ``text`` go on at its ends
    shifted : which of the texts are read otherwise than folded, indexes into ``counts``: these are read one by one
    Returns: shape of ``counts``, what ``read(one).text.count(text)`` gives for each
    """
    ends = np.cumsum(counts)
    pattern = _pattern(text, alone=alone)
    if any(ord(char) > 0xFFFF for char in text):
        return _count_slowly(pattern, units, ends - counts, ends)
    needle = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")
    table, spellings = folded_units(), [_spellings(char) for char in text]
    # What the character was before it was folded is looked for, since comparing takes a tenth of the time of folding. A
    # Chinese character has one or two spellings, a Latin letter a dozen.
    anchor = min(range(len(text)), key=lambda at: (len(spellings[at]), at != rarest))
    hits = units == spellings[anchor][0]
    for spelling in spellings[anchor][1:]:
        hits |= units == spelling
    starts = np.flatnonzero(hits) - anchor
    starts = starts[(starts >= 0) & (starts + len(needle) <= len(units))]
    work = 0
    for offset, unit in enumerate(needle):
        if offset != anchor:
            starts = starts[table[units[starts + offset]] == unit]
            work += len(starts)
            if work > _MOST_WORK * len(units):  # aaaa… in aaaa…: takes the product of both lengths this way
                return _count_slowly(pattern, units, ends - counts, ends)
    owners = np.searchsorted(ends, starts, side="right")
    inside = starts + len(needle) <= ends[owners]
    starts, owners = starts[inside], owners[inside]
    if alone:
        kinds, stops = letter_kinds(), starts + len(needle)
        first, last = kinds[needle[0]], kinds[needle[-1]]
        before = np.where(starts > (ends - counts)[owners], kinds[table[units[starts - 1]]], 0)
        after = np.where(stops < ends[owners], kinds[table[units[np.minimum(stops, len(units) - 1)]]], 0)
        free = ((before != first) | (first == 0)) & ((after != last) | (last == 0))
        starts, owners = starts[free], owners[free]
    if _overlaps_itself(text):
        starts, owners = _without_overlaps(starts, owners, len(needle))
    found = np.bincount(owners, minlength=len(counts)).astype(np.int64, copy=False)
    if not folded_from_two_units().isdisjoint(text):
        odd = np.unique(np.searchsorted(ends, _places_of_two_units(units), side="right"))
        found[odd] = _count_slowly(pattern, units, (ends - counts)[odd], ends[odd])
    found[shifted] = _count_slowly(pattern, units, (ends - counts)[shifted], ends[shifted])
    return found


def _pattern(text: str, *, alone: bool) -> re.Pattern[str]:
    return standing_alone(text) if alone else re.compile(re.escape(text))


def _count_slowly(pattern: re.Pattern[str], units: Units, starts: Ints, ends: Ints) -> Ints:
    texts = [
        units[start:end].tobytes().decode("utf-16-le", "surrogatepass")
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    return np.array([len(pattern.findall(text)) for text in read_all(texts)], dtype=np.int64)


def _overlaps_itself(text: str) -> bool:
    """Whether two occurrences can overlap: 哈哈哈, abab."""
    return any(text.startswith(text[at:]) for at in range(1, len(text)))


def _without_overlaps(starts: Ints, owners: Ints, length: int) -> tuple[Ints, Ints]:
    """From the left, without those that begin inside the one kept before."""
    kept, end = [], 0
    for at, start in enumerate(starts.tolist()):
        if start >= end:
            kept.append(at)
            end = start + length
    return starts[kept], owners[kept]


@cache
def _spellings(char: str) -> tuple[int, ...]:
    """The UTF-16 units that are folded to ``char``, and 0 where there is none."""
    return tuple(np.flatnonzero(folded_units() == ord(char)).tolist()) or (0,)


def _places_of_two_units(units: Units) -> Ints:
    """Where characters of two units stand that are folded to another, or halves of such."""
    places = np.flatnonzero(units & 0xF800 == 0xD800)
    if not len(places):
        return places
    after = units[np.minimum(places + 1, len(units) - 1)]
    points = (units[places] & 0x3FF).astype(np.int64) << 10 | after & 0x3FF
    first, second = units[places] & 0xFC00 == 0xD800, after & 0xFC00 == 0xDC00
    before = (units[np.maximum(places - 1, 0)] & 0xFC00 == 0xD800) & (places > 0)
    found: Ints = places[np.where(first, ~second | folds_two_units()[points], ~before)]
    return found
