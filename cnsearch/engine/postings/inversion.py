"""From tokens to postings, for a batch of documents at a time, without a Python object per token.

The tokens of all documents are joined to one string; in its UTF-16 form a token of up to four units *is* a number of
64 bits. Longer ones (5 to 16 units) are hashed to 64 bits, and the result is verified; the rest goes through a dict.
A stable radix sort by 32 mixed bits of that number brings equal tokens together, with documents still in order;
where neighbours differ, a posting ends, and the distance between two ends is the term_freq.

Measured on 5.7 million tokens of news: one dict lookup per token takes 110 ns, all of it holding the interpreter's
lock; this takes 15 ns for joining, and 60 ns of numpy, which another thread can spend. The latter on generated text:
benchmarks/test_engine_pieces.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Ints
from cnsearch.engine.bytes.ragged import row_indexes
from cnsearch.engine.postings.encode import PostingValues
from cnsearch.engine.terms.keys import (
    LONG,
    SEPARATOR,
    SEPARATOR_UNIT,
    SEPARATOR_UTF8,
    SHORT_UNITS,
    Keys,
    keys_of_units,
    terms_of_keys,
)

_REPLACEMENT = "\ufffd"

LONG_UNITS = 16  # longer tokens are numbered by a dict, not hashed

_MASKS = np.array([(1 << (16 * units)) - 1 for units in range(SHORT_UNITS + 1)], dtype=np.uint64)
# Odd constants for multiplicative hashing: Knuth, The Art of Computer Programming 3, 6.4; the first is 2**64 / phi.
_MULTIPLIERS = tuple(
    np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5)
)


class TermPostings(NamedTuple):
    """The postings of one field of a batch.

    keys       : distinct terms (terms/keys.py), in no particular order
    long_terms : those whose keys are LONG, LONG + 1, ..., as UTF-8 or whatever bytes they are
    counts     : postings per term, int64, shape like keys
    doc_ids    : number of the document within the batch, int32, ascending within a term; one list after the other
    weights    : how often the term is in the document, integers or floats, shape like doc_ids
    values     : opaque values of the format, or None
    """

    keys: Keys
    long_terms: list[bytes]
    counts: Ints
    doc_ids: npt.NDArray[np.int32]
    weights: npt.NDArray[Any]
    values: PostingValues | None = None

    def terms(self) -> list[bytes]:
        """The terms in the order of ``keys``."""
        is_long = self.keys >= LONG
        short = iter(terms_of_keys(self.keys[~is_long]))
        numbers = iter((self.keys[is_long] - np.uint64(LONG)).tolist())
        return [self.long_terms[next(numbers)] if long else next(short) for long in is_long.tolist()]


def join_tokens(tokens: Sequence[str]) -> str:
    """The tokens of one document as one string. REQUIRES: at least one token."""
    joined = SEPARATOR.join(tokens)
    if joined.count(SEPARATOR) != len(tokens) - 1:
        joined = SEPARATOR.join([token.replace(SEPARATOR, _REPLACEMENT) for token in tokens])
    return joined


def stable_order(numbers: npt.NDArray[np.uint32]) -> Ints:
    """Like ``np.argsort(numbers, kind="stable")``, in two passes of numpy's radix sort, which it has for 16 bits only.

    Returns : shape (len(numbers),)

    340,000 numbers: 14 against 35 ns each.
    """
    low = np.argsort(numbers.astype(np.uint16), kind="stable")
    return low[np.argsort((numbers >> np.uint32(16)).astype(np.uint16)[low], kind="stable")]


def invert(texts: Sequence[str], counts: Sequence[int]) -> TermPostings:
    """Count the tokens of documents.

    texts  : ``join_tokens`` of each document that has tokens
    counts : tokens of each document, 0 for those that are not in ``texts``; they add up to the tokens of these
    """
    if not texts:
        return _nothing()
    data = (SEPARATOR.join(texts) + SEPARATOR * (LONG_UNITS + 1)).encode("utf-16-le", "surrogatepass")
    units = np.frombuffer(data, dtype="<u2")
    ends = np.flatnonzero(units[: len(units) - LONG_UNITS] == SEPARATOR_UNIT)
    starts = np.empty(len(ends), dtype=np.int64)
    starts[0] = 0
    np.add(ends[:-1], 1, out=starts[1:])
    lengths = ends - starts
    numbers = _token_numbers(data, units, starts, lengths)
    firsts, term_counts, doc_ids, freqs = _group(numbers, np.asarray(counts, dtype=np.int64))
    # A token that is its own number has its units in it, the first lowest.
    keys, holds = keys_of_units(numbers[firsts].astype("<u8", copy=False).view("<u2").reshape(-1, SHORT_UNITS))
    where = np.flatnonzero(~holds)
    keys[where] = np.arange(LONG, LONG + len(where), dtype=np.uint64)
    long_terms = _texts_at(units, starts[firsts[where]], lengths[firsts[where]]) if len(where) else []
    return TermPostings(keys, long_terms, term_counts, doc_ids, freqs)


def invert_pairs(pairs: npt.NDArray[np.uint32], counts: Ints) -> TermPostings:
    """Count tokens of one or two characters.

    pairs  : the tokens of all documents in order, as code points: uint32, shape (n, 2); the second is 0 for a token of
             one character
    counts : tokens of each document, int64
    """
    if not len(pairs):
        return _nothing()
    numbers = pairs[:, 0].astype(np.uint64) << np.uint64(32) | pairs[:, 1]
    firsts, term_counts, doc_ids, freqs = _group(numbers, counts)
    found = pairs[firsts]
    units = np.zeros((len(found), SHORT_UNITS), dtype=np.uint16)
    units[:, :2] = found  # the low half of what is above U+FFFF, which is long anyway
    keys, holds = keys_of_units(units)
    holds &= (found <= 0xFFFF).all(axis=1)
    where = np.flatnonzero(~holds)
    keys[where] = np.arange(LONG, LONG + len(where), dtype=np.uint64)
    long_terms = [
        (chr(first) + (chr(second) if second else "")).encode("utf-8", "surrogatepass")
        for first, second in found[where].tolist()
    ]
    return TermPostings(keys, long_terms, term_counts, doc_ids, freqs)


def _nothing() -> TermPostings:
    empty = np.empty(0, dtype=np.int32)
    return TermPostings(np.empty(0, dtype=np.uint64), [], np.empty(0, dtype=np.int64), empty, empty)


def _group(
    numbers: npt.NDArray[np.uint64], counts: Ints
) -> tuple[Ints, Ints, npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Bring equal tokens together.

    numbers : of each token, equal for equal tokens and only for these; at least one
    counts  : tokens of each document
    Returns : for each distinct token its first place and its number of postings; doc_ids and freqs of the postings
    """
    total = len(numbers)
    docs = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    order = stable_order((numbers * _MULTIPLIERS[0] >> np.uint64(32)).astype(np.uint32))
    sorted_numbers = numbers[order]
    new_term = np.empty(total, dtype=bool)
    new_term[0] = True
    np.not_equal(sorted_numbers[1:], sorted_numbers[:-1], out=new_term[1:])
    firsts = order[new_term]
    if not _are_distinct(numbers[firsts]):  # two terms shared their 32 bits, and took turns
        order = np.argsort(numbers, kind="stable")
        sorted_numbers = numbers[order]
        np.not_equal(sorted_numbers[1:], sorted_numbers[:-1], out=new_term[1:])
        firsts = order[new_term]
    sorted_docs = docs[order]
    new_posting = new_term.copy()
    new_posting[1:] |= sorted_docs[1:] != sorted_docs[:-1]
    at = np.flatnonzero(new_posting)
    freqs = np.empty(len(at), dtype=np.int32)
    np.subtract(at[1:], at[:-1], out=freqs[:-1], casting="unsafe")
    freqs[-1] = total - at[-1]
    return firsts, np.diff(np.flatnonzero(new_term[at]), append=len(at)), sorted_docs[at], freqs


def _are_distinct(keys: npt.NDArray[np.uint64]) -> bool:
    ordered = np.sort(keys)
    return not bool((ordered[1:] == ordered[:-1]).any())


def _window(data: bytes, starts: Ints, shift: int) -> npt.NDArray[np.uint64]:
    """The four units from ``starts + shift`` on, as one number. REQUIRES: ``data`` goes on that far."""
    windows: npt.NDArray[Any] = np.ndarray((len(data) // 2 - 3,), dtype="<u8", buffer=data, strides=(2,))
    return windows[starts + shift].astype(np.uint64, copy=False)


def _token_numbers(data: bytes, units: npt.NDArray[Any], starts: Ints, lengths: Ints) -> npt.NDArray[np.uint64]:
    """A number for each token; equal tokens have equal numbers and different ones different numbers.

    Short tokens are their own number. The number of a long one has the separator as its first unit, which no token
    has. A token with U+0000 in it would look like a shorter one, so it is treated as long.
    """
    keys: npt.NDArray[np.uint64] = _window(data, starts, 0) & _MASKS[np.minimum(lengths, SHORT_UNITS)]
    is_long = lengths > SHORT_UNITS
    if int(units.min()) == 0:
        zeros = np.concatenate([[0], np.cumsum(units == 0)])
        is_long |= zeros[starts + lengths] > zeros[starts]
    where = np.flatnonzero(is_long)
    if len(where):
        keys[where] = _long_numbers(data, starts[where], lengths[where])
    return keys


def _long_numbers(data: bytes, starts: Ints, lengths: Ints) -> npt.NDArray[np.uint64]:
    hashable = lengths <= LONG_UNITS
    tag = np.uint64(SEPARATOR_UNIT)
    keys = np.empty(len(starts), dtype=np.uint64)
    where = np.flatnonzero(hashable)
    windows = [
        _window(data, starts[where], shift) & _MASKS[np.clip(lengths[where] - shift, 0, SHORT_UNITS)]
        for shift in range(0, LONG_UNITS, SHORT_UNITS)
    ]
    mixed = lengths[where].astype(np.uint64)
    for window, multiplier in zip(windows, _MULTIPLIERS, strict=True):
        mixed = (mixed ^ window) * multiplier
        mixed ^= mixed >> np.uint64(29)
    # Bit 16 tells hashed tokens from numbered ones.
    keys[where] = (mixed << np.uint64(17)) | tag
    rest = np.flatnonzero(~hashable)
    if len(where):
        order = np.argsort(keys[where], kind="stable")
        same = keys[where][order][1:] == keys[where][order][:-1]
        differ = lengths[where][order][1:] != lengths[where][order][:-1]
        for window in windows:
            differ |= window[order][1:] != window[order][:-1]
        if bool((same & differ).any()):  # a collision: once in some million batches
            rest = np.arange(len(starts))
    numbers: dict[bytes, int] = {}
    for index in rest.tolist():
        start = int(starts[index]) * 2
        token = data[start : start + int(lengths[index]) * 2]
        keys[index] = np.uint64(numbers.setdefault(token, len(numbers)) << 17 | 1 << 16) | tag
    return keys


def _texts_at(units: npt.NDArray[Any], starts: Ints, lengths: Ints) -> list[bytes]:
    """The tokens at the given places, as UTF-8."""
    # Each token with the separator that follows it, so that one split gives them all.
    joined = units[row_indexes(starts, lengths + 1)].tobytes().decode("utf-16-le", "surrogatepass")
    return joined[:-1].encode("utf-8", "surrogatepass").split(SEPARATOR_UTF8)
