"""Postings lists: for each term the ascending doc_ids, the weights (term_freq) and, if the format has any, values.

One section per field holds the lists one after the other; a term points at its list. A term of a single posting of
weight 1 has no list: its pointer is the doc_id itself. FORMAT.md describes the bytes of a list.

``encode_postings`` treats many lists at once (a merge or a flush has 100,000 short ones), ``PostingsReader`` one.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnsearch.codec import bitpack
from cnsearch.codec.bitpack import choose_widths, escape_of, pack_rows, read_overflow, unpack, unpack_plus_one
from cnsearch.codec.container import Section
from cnsearch.codec.ragged import gather_rows, lengths_of, offsets_of, row_indexes, scatter_rows
from cnsearch.errors import CorruptIndexError

DocIds = npt.NDArray[np.int32]
Weights = npt.NDArray[Any]  # float32 or float64
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

#: width codes tried for gaps and for weights. Below 4 bits a gap, a bitmap is smaller.
GAP_CODES = (3, 4, 5, 6)
WEIGHT_CODES = (0, 1, 2, 3, 4, 5, 6)

# byte 0: doc code in bits 0..2 (7: bitmap), its overflow code in bits 3..4, weight code in bits 5..7 (7: floats)
# byte 1: overflow code of the weights in bits 0..1, float64 in bit 2, value kind in bits 3..4
BITMAP = 7
FLOATS = 7
VALUES_NONE = 0  # every value is empty
VALUES_FREQUENCY = 1  # each value is the weight as a big-endian uint32, as formats.Frequency makes it
VALUES_STORED = 2  # the values section has them

_CODE_32 = bitpack.WIDTHS.index(32)

MAX_DOC_ID = 2**31 - 2
MAX_INTEGER_WEIGHT = 2**31 - 1  # larger weights are kept as float64
HEAD_ROOM = 2 + 5 + 4 + 8  # the longest head of a list, in bytes

# Shared between lists, read-only: most lists are short, and making these would cost as much as decoding.
_SHARED = 1 << 16
_RAMP = np.arange(_SHARED, dtype=np.int32)
_ONES = np.ones(_SHARED, dtype=np.float32)
_RAMP.flags.writeable = _ONES.flags.writeable = False


class PostingValues(NamedTuple):
    """Values of many postings: bytes per posting (int64), and all bytes one after the other (uint8)."""

    lengths: Ints
    flat: Bytes


class EncodedPostings(NamedTuple):
    """Result of ``encode_postings``: the bytes of the lists and of their values, and a pointer for each list."""

    data: Bytes
    values: Bytes
    pointers: Ints  # >= 0: offset of the list, counted from ``base``; < 0: -1 - doc_id of the only posting


class PostingsList(NamedTuple):
    """One decoded list; ``values_at`` is the offset in the values section where ``value_kind`` is VALUES_STORED."""

    doc_ids: DocIds
    weights: Weights
    value_kind: int
    values_at: int


class _Packed(NamedTuple):
    """Packed numbers of many lists: bytes per list, and the bytes as (list numbers, rows) pairs."""

    sizes: Ints
    rows: list[tuple[Ints, Bytes]]


# -- encoding ---------------------------------------------------------------------------------------------------------


def encode_postings(
    doc_ids: npt.NDArray[Any],
    weights: npt.NDArray[Any],
    counts: npt.NDArray[Any],
    values: PostingValues | None = None,
    *,
    frequency_is_value: bool = False,
    base: int = 0,
    values_base: int = 0,
) -> EncodedPostings:
    """Encode many postings lists at once.

    doc_ids : integers 0..MAX_DOC_ID, shape (postings,), strictly ascending within each list
    weights : integers or floats, shape (postings,)
    counts  : postings per list, shape (lists,), each >= 1
    values  : the opaque values of the format, or None if all are empty
    frequency_is_value : with ``values`` None, every value is the weight as formats.Frequency writes it
    base, values_base : offsets in their sections at which ``data`` and ``values`` will be written
    Raises  : ValueError if doc_ids do not ascend
    """
    counts = counts.astype(np.int64)
    if not len(counts):
        return EncodedPostings(np.empty(0, np.uint8), np.empty(0, np.uint8), np.empty(0, np.int64))
    starts = offsets_of(counts)[:-1]
    gaps = _gaps(doc_ids, starts)
    last = np.asarray(doc_ids)[starts + counts - 1].astype(np.int64)
    excess, has_floats = _split_weights(weights, starts)
    kinds: Bytes = np.full(len(counts), VALUES_FREQUENCY if frequency_is_value else VALUES_NONE, dtype=np.uint8)
    value_starts: Ints = np.zeros(len(counts), dtype=np.int64)
    value_data: Bytes = np.empty(0, dtype=np.uint8)
    if values is not None:
        kinds = _value_kinds(values, weights, starts)
        stored = np.flatnonzero(kinds == VALUES_STORED)
        sizes, value_data = _encode_values(values, starts[stored], counts[stored])
        value_starts[stored] = values_base + offsets_of(sizes)[:-1]

    # Readers must know the value of an inline posting: every list of the field without one has the same kind.
    inline = (counts == 1) & (kinds == (VALUES_FREQUENCY if frequency_is_value else VALUES_NONE)) & ~has_floats
    inline &= excess[starts] == 0
    pointers = -1 - last
    listed = ~inline
    if not listed.any():
        return EncodedPostings(np.empty(0, np.uint8), value_data, pointers)
    if inline.any():
        kept = np.repeat(listed, counts)
        gaps, excess = gaps[kept], excess[kept]
        weights = weights[kept] if has_floats.any() else weights
        counts, last, kinds = counts[listed], last[listed], kinds[listed]
        has_floats, value_starts = has_floats[listed], value_starts[listed]
    data, offsets = _encode_lists(gaps, excess, weights, counts, last, has_floats, kinds, value_starts)
    pointers[listed] = offsets + base
    return EncodedPostings(data, value_data, pointers)


def _gaps(doc_ids: npt.NDArray[Any], starts: Ints) -> npt.NDArray[np.int32]:
    """Number of doc_ids left out before each posting; for the first of a list, the doc_id."""
    gaps = np.empty(len(doc_ids), dtype=np.int32)
    np.subtract(doc_ids[1:], doc_ids[:-1], out=gaps[1:], casting="unsafe")
    gaps -= 1
    gaps[starts] = doc_ids[starts]
    if int(gaps.min()) < 0:
        raise ValueError("the doc_ids of a postings list must ascend strictly")
    return gaps


def _split_weights(weights: npt.NDArray[Any], starts: Ints) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """``weight - 1`` where that is an integer from 0 (else 0), and the lists that need floats."""
    if weights.dtype.kind in "iu" and int(weights.min()) >= 1 and int(weights.max()) <= MAX_INTEGER_WEIGHT:
        return weights - weights.dtype.type(1), np.zeros(len(starts), dtype=bool)
    whole = (weights >= 1) & (weights <= MAX_INTEGER_WEIGHT)
    excess = np.where(whole, weights, 1)
    whole &= excess == np.floor(excess)
    excess = np.where(whole, excess, 1).astype(np.int64) - 1
    return excess, np.add.reduceat(~whole, starts, dtype=np.int64) > 0


def _encode_lists(
    gaps: npt.NDArray[Any],
    excess: npt.NDArray[Any],
    weights: npt.NDArray[Any],
    counts: Ints,
    last: Ints,
    has_floats: npt.NDArray[np.bool_],
    kinds: Bytes,
    value_starts: Ints,
) -> tuple[Bytes, Ints]:
    """Bytes of all lists, and the offset of each."""
    starts = offsets_of(counts)[:-1]
    doc_codes, doc_overflow, doc_sizes = choose_widths(gaps, starts, counts, GAP_CODES)
    bitmap_sizes = (last >> 3) + 1
    doc_codes[bitmap_sizes + 4 < doc_sizes] = BITMAP
    bitmaps = np.flatnonzero(doc_codes == BITMAP)
    weight_codes, weight_overflow, _ = choose_widths(excess, starts, counts, WEIGHT_CODES)
    wide = np.zeros(len(counts), dtype=np.uint8)
    if has_floats.any():
        weight_codes[has_floats] = FLOATS
        inexact = weights.astype(np.float32).astype(np.float64) != weights
        wide[has_floats & (np.add.reduceat(inexact, starts, dtype=np.int64) > 0)] = 1
    doc_overflow[doc_codes == BITMAP] = 0
    weight_overflow[weight_codes == FLOATS] = 0

    docs, docs_over = _pack_lists(gaps, starts, counts, doc_codes, doc_overflow)
    docs.sizes[bitmaps] = bitmap_sizes[bitmaps]
    docs.rows.extend(_bitmap_rows(gaps, starts, counts, bitmap_sizes, bitmaps))
    packed, packed_over = _pack_lists(excess, starts, counts, weight_codes, weight_overflow)
    for size in (4, 8):
        rows = np.flatnonzero((weight_codes == FLOATS) & (wide == size // 8))
        packed.sizes[rows] = counts[rows] * size
        packed.rows.append((rows, gather_rows(weights, starts[rows], counts[rows]).astype(f"<f{size}").view(np.uint8)))

    count_sizes = varint_sizes(counts)
    stored = np.flatnonzero(kinds == VALUES_STORED)
    sizes = 2 + count_sizes + docs.sizes + packed.sizes + docs_over.sizes + packed_over.sizes
    sizes[bitmaps] += 4
    sizes[stored] += 8
    offsets = offsets_of(sizes)
    out = np.zeros(int(offsets[-1]), dtype=np.uint8)
    at = offsets[:-1].copy()
    out[at] = doc_codes | (doc_overflow << 3) | (weight_codes << 5)
    out[at + 1] = weight_overflow | (wide << 2) | (kinds << 3)
    _write_varints(out, at + 2, counts, count_sizes)
    at += 2 + count_sizes
    for rows, numbers, size in ((bitmaps, bitmap_sizes, 4), (stored, value_starts, 8)):
        raw = numbers[rows].astype(f"<u{size}").view(np.uint8)
        scatter_rows(out, at[rows], raw, np.full(len(rows), size))
        at[rows] += size
    for part in (docs, packed, docs_over, packed_over):
        for rows, raw in part.rows:
            scatter_rows(out, at[rows], raw, part.sizes[rows])
        at += part.sizes
    return out, offsets[:-1]


def _pack_lists(
    numbers: npt.NDArray[Any], starts: Ints, counts: Ints, codes: Bytes, overflow_codes: Bytes
) -> tuple[_Packed, _Packed]:
    """Pack each list at its own width. Returns the packed lists and their overflow lists."""
    packed = _Packed(np.zeros(len(counts), dtype=np.int64), [])
    over = _Packed(np.zeros(len(counts), dtype=np.int64), [])
    for code in range(1, len(bitpack.WIDTHS)):
        lists = np.flatnonzero(codes == code)
        if not len(lists):
            continue
        chosen, escape = (
            gather_rows(numbers, starts[lists], counts[lists]).astype(np.uint32),
            np.uint32(escape_of(code)),
        )
        packed.sizes[lists] = (counts[lists] * bitpack.WIDTHS[code] + 7) >> 3
        packed.rows.append((lists, pack_rows(np.minimum(chosen, escape), counts[lists], code)))
        if not overflow_codes[lists].any():
            continue
        escaped = chosen >= escape
        owner = np.repeat(lists, counts[lists])[escaped]
        excess = chosen[escaped] - escape
        owner_codes = overflow_codes[owner]
        for overflow_code in (1, 2, 3):
            size = bitpack.OVERFLOW_BYTES[overflow_code]
            mine = owner_codes == overflow_code
            rows = np.flatnonzero((codes == code) & (overflow_codes == overflow_code))
            if len(rows):
                over.sizes[rows] = np.bincount(owner[mine], minlength=len(counts))[rows] * size
                over.rows.append((rows, excess[mine].astype(f"<u{size}").view(np.uint8)))
    return packed, over


def _bitmap_rows(
    gaps: npt.NDArray[Any], starts: Ints, counts: Ints, sizes: Ints, lists: Ints
) -> list[tuple[Ints, Bytes]]:
    """The bitmaps of the given lists. There are few of them (frequent terms), so one after the other is fine."""
    rows = []
    for index in lists.tolist():
        present = np.zeros(int(sizes[index]) * 8, dtype=np.uint8)
        first = int(starts[index])
        present[np.cumsum(gaps[first : first + int(counts[index])] + 1) - 1] = 1
        rows.append(np.packbits(present, bitorder="little"))
    return [(lists, np.concatenate(rows))] if rows else []


def varint_sizes(numbers: Ints) -> Ints:
    """Bytes that each number (0 <= n < 2**35) takes as a LEB128 varint."""
    sizes = np.ones(len(numbers), dtype=np.int64)
    for bits in (7, 14, 21, 28):
        sizes += numbers >= 1 << bits
    return sizes


def _write_varints(out: Bytes, starts: Ints, numbers: Ints, sizes: Ints) -> None:
    for place in range(int(sizes.max())):
        here = np.flatnonzero(sizes > place)
        more = (sizes[here] > place + 1).astype(np.uint8) << 7
        out[starts[here] + place] = ((numbers[here] >> (7 * place)) & 0x7F).astype(np.uint8) | more


# -- values -----------------------------------------------------------------------------------------------------------


def frequency_values(weights: npt.NDArray[Any]) -> Bytes:
    """The values that formats.Frequency makes for these weights: a big-endian uint32 each."""
    return np.asarray(weights).astype(">u4").view(np.uint8)


def _value_kinds(values: PostingValues, weights: npt.NDArray[Any], starts: Ints) -> Bytes:
    """The cheapest value kind that gives back the values of each list."""
    filled = np.add.reduceat(values.lengths > 0, starts, dtype=np.int64) > 0
    kinds = np.where(filled, VALUES_STORED, VALUES_NONE).astype(np.uint8)
    four = np.flatnonzero(values.lengths == 4)
    derivable = np.zeros(len(weights), dtype=bool)
    if len(four):
        number = gather_rows(values.flat, offsets_of(values.lengths)[four], values.lengths[four]).view(">u4")
        derivable[four] = number == weights[four]
    kinds[filled & (np.add.reduceat(~derivable, starts, dtype=np.int64) == 0)] = VALUES_FREQUENCY
    return kinds


def _encode_values(values: PostingValues, starts: Ints, counts: Ints) -> tuple[Ints, Bytes]:
    """Bytes per list, and the bytes: item size of the lengths (uint8), the lengths, the values of the postings."""
    if not len(starts):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint8)
    lengths = gather_rows(values.lengths, starts, counts)
    list_starts = offsets_of(counts)[:-1]
    totals = np.add.reduceat(lengths, list_starts)
    largest = np.maximum.reduceat(lengths, list_starts)
    item_sizes = np.select([largest < 1 << 8, largest < 1 << 16], [1, 2], 4)
    sizes = 1 + item_sizes * counts + totals
    at = offsets_of(sizes)
    out = np.zeros(int(at[-1]), dtype=np.uint8)
    out[at[:-1]] = item_sizes
    for item_size in (1, 2, 4):
        lists = np.flatnonzero(item_sizes == item_size)
        raw = gather_rows(lengths, list_starts[lists], counts[lists]).astype(f"<u{item_size}").view(np.uint8)
        scatter_rows(out, at[lists] + 1, raw, counts[lists] * item_size)
    offsets = offsets_of(values.lengths)
    flat = gather_rows(values.flat, offsets[starts], offsets[starts + counts] - offsets[starts])
    scatter_rows(out, at[:-1] + 1 + item_sizes * counts, flat, totals)
    return sizes, out


# -- reading one list -------------------------------------------------------------------------------------------------


class _Head(NamedTuple):
    """The decoded head of a list, and where its parts begin (offsets in the section)."""

    count: int  # type: ignore[assignment]  # of postings; hides tuple.count
    doc_code: int
    doc_overflow: int
    weight_code: int
    weight_overflow: int
    wide: int
    value_kind: int
    values_at: int
    docs_at: int
    weights_at: int
    overflow_at: int


class PostingsReader:
    """Read the lists of one field.

    postings, values : their sections; None where the field has none
    doc_count        : documents of the segment; every doc_id is smaller
    frequency_is_value : value kind of inline postings
    """

    __slots__ = ("_doc_count", "_inline_kind", "_postings", "_values")

    def __init__(
        self, postings: Section | None, values: Section | None, doc_count: int, *, frequency_is_value: bool
    ) -> None:
        self._postings = postings
        self._values = values
        self._doc_count = doc_count
        self._inline_kind = VALUES_FREQUENCY if frequency_is_value else VALUES_NONE

    def _section(self) -> Section:
        if self._postings is None:
            raise CorruptIndexError("", "a term points to postings, and there are none", section="postings")
        return self._postings

    def count(self, offset: int) -> int:
        """Number of postings of the list at ``offset``."""
        section = self._section()
        section.check(offset, max(min(offset + HEAD_ROOM, section.length), offset + 3))
        count = _read_varint(section, offset + 2)[0]
        if not 0 < count <= self._doc_count:
            raise section.corrupt("has a list of impossible size", offset=offset, found=count, expected=self._doc_count)
        return count

    def _head(self, section: Section, offset: int) -> _Head:
        section.check(offset, max(min(offset + HEAD_ROOM, section.length), offset + 3))
        data = section.bytes
        first, second = data[offset], data[offset + 1]
        count = data[offset + 2]
        at = offset + 3
        if count >= 0x80:
            count, at = _read_varint(section, offset + 2)
        if not 0 < count <= self._doc_count:
            raise section.corrupt("has a list of impossible size", offset=offset, found=count, expected=self._doc_count)
        doc_code = first & 7
        if doc_code == BITMAP:
            docs_size = int.from_bytes(data[at : at + 4], "little")
            at += 4
        else:
            docs_size = (count * bitpack.WIDTHS[doc_code] + 7) >> 3
        value_kind, values_at = (second >> 3) & 3, 0
        if value_kind == VALUES_STORED:
            values_at = int.from_bytes(data[at : at + 8], "little")
            at += 8
        weight_code, wide = first >> 5, (second >> 2) & 1
        weights_size = count << 2 + wide if weight_code == FLOATS else count * bitpack.WIDTHS[weight_code] + 7 >> 3
        weights_at = at + docs_size
        overflow_at = weights_at + weights_size
        section.check(offset, overflow_at)
        return _Head(
            count,
            doc_code,
            (first >> 3) & 3,
            weight_code,
            second & 3,
            wide,
            value_kind,
            values_at,
            at,
            weights_at,
            overflow_at,
        )

    def read(self, pointer: int) -> PostingsList:
        """Decode the list that a term points to.

        pointer : >= 0 offset of the list, < 0: -1 - doc_id of the only posting
        Returns : doc_ids int32 ascending; weights float32, or float64 where float32 is not exact; both new or shared
                  and read-only, shape (count,)
        Raises  : CorruptIndexError
        """
        if pointer < 0:
            return PostingsList(np.array([-1 - pointer], dtype=np.int32), _ONES[:1], self._inline_kind, 0)
        section = self._section()
        head = self._head(section, pointer)
        data, count, overflow_at = section.bytes, head.count, head.overflow_at
        if head.doc_code == BITMAP:
            packed = np.frombuffer(data, np.uint8, head.weights_at - head.docs_at, head.docs_at)
            doc_ids = np.unpackbits(packed, bitorder="little").view(np.bool_).nonzero()[0].astype(np.int32)
            if len(doc_ids) != count:
                raise section.corrupt("has a bitmap of another size", found=len(doc_ids), expected=count)
        elif head.doc_overflow:
            doc_ids = unpack_plus_one(data, head.docs_at, head.doc_code, count, np.int32)
            overflow_at = self._add_overflow(section, doc_ids, head.doc_code, head.doc_overflow, overflow_at)
            doc_ids[0] -= 1
            np.add.accumulate(doc_ids, out=doc_ids)
        else:
            doc_ids = np.add.accumulate(unpack(data, head.docs_at, head.doc_code, count), dtype=np.int32)
            doc_ids += _RAMP[:count] if count <= _SHARED else np.arange(count, dtype=np.int32)
        if not 0 <= doc_ids[-1] < self._doc_count:
            raise section.corrupt("names a document that does not exist", offset=pointer, expected=self._doc_count)
        return PostingsList(doc_ids, self._weights(section, head, overflow_at), head.value_kind, head.values_at)

    def _weights(self, section: Section, head: _Head, overflow_at: int) -> Weights:
        count, code = head.count, head.weight_code
        if code == 0:
            return _ONES[:count] if count <= _SHARED else np.ones(count, dtype=np.float32)
        if code == FLOATS:
            return np.frombuffer(section.bytes, "<f8" if head.wide else "<f4", count, head.weights_at)
        if code == _CODE_32 or head.weight_overflow == 3:  # may be more than float32 holds exactly
            weights: Weights = unpack(section.bytes, head.weights_at, code, count).astype(np.float64)
            weights += 1
        else:
            weights = unpack_plus_one(section.bytes, head.weights_at, code, count, np.float32)
        if head.weight_overflow:
            self._add_overflow(section, weights, code, head.weight_overflow, overflow_at)
        return weights

    @staticmethod
    def _add_overflow(
        section: Section, values: npt.NDArray[Any], code: int, overflow_code: int, overflow_at: int
    ) -> int:
        """Add the overflow list to the escapes of ``values``, which are plus one. Returns where the list ends."""
        escapes = (values == escape_of(code) + 1).nonzero()[0]
        end = overflow_at + len(escapes) * bitpack.OVERFLOW_BYTES[overflow_code]
        section.check(overflow_at, end)
        values[escapes] += read_overflow(section.bytes, overflow_at, overflow_code, len(escapes)).astype(values.dtype)
        return end

    # -- many lists -------------------------------------------------------------------------------------------------

    def counts(self, pointers: Ints) -> Ints:
        """Postings of each of many lists; quick where ``pointers`` are those of neighbouring terms."""
        counts = np.ones(len(pointers), dtype=np.int64)
        listed = np.flatnonzero(pointers >= 0)
        if len(listed):
            at = pointers[listed]
            counts[listed] = _read_varints(self._checked_heads(at), at + 2)[0]
            if int(counts.min()) < 1 or int(counts.max()) > self._doc_count:
                raise self._section().corrupt("has a list of impossible size", expected=self._doc_count)
        return counts

    def _checked_heads(self, at: Ints) -> Bytes:
        """The section as an array, checked from the first to the last of the lists' heads; zeros follow its end."""
        section = self._section()
        start, stop = int(at.min()), int(at.max()) + HEAD_ROOM
        section.check(start, max(min(stop, section.length), int(at.max()) + 3))
        data = np.frombuffer(section.bytes, np.uint8)
        if stop > section.length:
            data = np.concatenate([data, np.zeros(HEAD_ROOM, dtype=np.uint8)])
        return data

    def _checked_bytes(self, start: int, stop: int) -> Bytes:
        """The section as an array, of which ``start..stop`` is checked."""
        section = self._section()
        section.check(start, stop)
        return np.frombuffer(section.bytes, np.uint8)

    def read_lists(self, pointers: Ints) -> ListsOfPostings:
        """Decode the lists of neighbouring terms; as ``read`` on each, in numpy calls per width instead of per list.

        REQUIRES: at least one pointer
        """
        listed = np.flatnonzero(pointers >= 0)
        inline = np.flatnonzero(pointers < 0)
        counts = self.counts(pointers)
        starts = offsets_of(counts)
        gaps, excess = np.zeros(int(starts[-1]), dtype=np.int64), np.zeros(int(starts[-1]), dtype=np.int64)
        gaps[starts[inline]] = -1 - pointers[inline]
        kinds = np.full(len(pointers), self._inline_kind, dtype=np.uint8)
        value_starts = np.zeros(len(pointers), dtype=np.int64)
        floats: list[tuple[Ints, Weights]] = []
        if len(listed):
            kinds[listed], value_starts[listed], floats = self._read_listed(
                pointers[listed], starts[listed], counts[listed], gaps, excess
            )
        gaps += 1
        running = np.cumsum(gaps)
        first = starts[:-1]
        doc_ids = running - np.repeat(running[first] - gaps[first] + 1, counts)
        if int(doc_ids.max()) >= self._doc_count or int(doc_ids.min()) < 0:
            raise self._section().corrupt("names a document that does not exist", expected=self._doc_count)
        excess += 1
        weights = excess.astype(np.float64) if floats else excess
        for at, numbers in floats:
            weights[at] = numbers
        values = None
        if bool((kinds != self._inline_kind).any()):
            rows: list[bytes] = []
            for kind, value_at, start, count in zip(
                kinds.tolist(), value_starts.tolist(), first.tolist(), counts.tolist(), strict=True
            ):
                nothing = np.empty(0, dtype=np.int32)
                rows += self.values(PostingsList(nothing, weights[start : start + count], kind, value_at))
            values = PostingValues(lengths_of(rows), np.frombuffer(b"".join(rows), np.uint8))
        return ListsOfPostings(counts, doc_ids.astype(np.int32), weights, values)

    def _read_listed(
        self, pointers: Ints, starts: Ints, counts: Ints, gaps: Ints, excess: Ints
    ) -> tuple[npt.NDArray[Any], Ints, list[tuple[Ints, Weights]]]:
        """Fill ``gaps`` and ``excess`` from ``starts`` on. Returns value kinds, offsets of the values, and the float
        weights as (where, weights) pairs."""
        section = self._section()
        begin = int(pointers.min())
        data = self._checked_heads(pointers)
        first, second = data[pointers], data[pointers + 1]
        _, at = _read_varints(data, pointers + 2)
        codes, overflow_codes = first & 7, (first >> 3) & 3
        weight_codes, weight_overflow_codes, wide = first >> 5, second & 3, (second >> 2) & 1
        kinds, value_starts = (second >> 3) & 3, np.zeros(len(pointers), dtype=np.int64)
        widths = np.array([*bitpack.WIDTHS, 0])
        docs_sizes = (counts * widths[codes] + 7) >> 3
        bitmaps, stored = np.flatnonzero(codes == BITMAP), np.flatnonzero(kinds == VALUES_STORED)
        docs_sizes[bitmaps] = gather_rows(data, at[bitmaps], np.full(len(bitmaps), 4)).view("<u4")
        at[bitmaps] += 4
        value_starts[stored] = gather_rows(data, at[stored], np.full(len(stored), 8)).view("<u8")
        at[stored] += 8
        is_float = weight_codes == FLOATS
        weights_sizes = np.where(
            is_float, counts << (2 + wide.astype(np.int64)), (counts * widths[weight_codes] + 7) >> 3
        )
        weights_at = at + docs_sizes
        over_at = weights_at + weights_sizes
        data = self._checked_bytes(begin, int(over_at.max()))
        over_sizes = self._unpack_many(data, at, over_at, starts, counts, codes, overflow_codes, gaps)
        for index in bitmaps.tolist():
            bits = np.unpackbits(data[at[index] : weights_at[index]], bitorder="little")
            doc_ids = np.flatnonzero(bits)
            if len(doc_ids) != counts[index]:
                raise section.corrupt("has a bitmap of another size", found=len(doc_ids), expected=counts[index])
            gaps[starts[index] : starts[index] + counts[index]] = np.diff(doc_ids, prepend=-1) - 1
        self._unpack_many(
            data, weights_at, over_at + over_sizes, starts, counts, weight_codes, weight_overflow_codes, excess
        )
        floats = []
        for size in (4, 8):
            chosen = np.flatnonzero(is_float & (wide == size // 8))
            if len(chosen):
                raw = gather_rows(data, weights_at[chosen], weights_sizes[chosen]).view(f"<f{size}")
                floats.append((row_indexes(starts[chosen], counts[chosen]), raw))
        return kinds, value_starts, floats

    def _unpack_many(
        self,
        data: Bytes,
        at: Ints,
        over_at: Ints,
        starts: Ints,
        counts: Ints,
        codes: npt.NDArray[Any],
        overflow_codes: npt.NDArray[Any],
        out: Ints,
    ) -> Ints:
        """Unpack all lists that are packed numbers into ``out``. Returns the bytes of each overflow list."""
        over_sizes = np.zeros(len(counts), dtype=np.int64)
        for code in range(1, len(bitpack.WIDTHS)):
            lists = np.flatnonzero(codes == code)
            if not len(lists):
                continue
            packed = bitpack.unpack_rows(data, at[lists], counts[lists], code).astype(np.int64)
            if overflow_codes[lists].any():
                owners = np.repeat(np.arange(len(lists)), counts[lists])
                escaped = (packed == escape_of(code)) & (overflow_codes[lists] > 0)[owners]
                for overflow_code in (1, 2, 3):
                    size = bitpack.OVERFLOW_BYTES[overflow_code]
                    mine = np.flatnonzero(overflow_codes[lists] == overflow_code)
                    here = np.flatnonzero(escaped & (overflow_codes[lists] == overflow_code)[owners])
                    sizes = np.bincount(owners[here], minlength=len(lists))[mine] * size
                    if not len(here):
                        continue
                    over_sizes[lists[mine]] = sizes
                    source = over_at[lists[mine]]
                    full = self._checked_bytes(int(source.min()), int((source + sizes).max()))
                    packed[here] += gather_rows(full, source, sizes).view(f"<u{size}")
            scatter_rows(out, starts[lists], packed, counts[lists])
        return over_sizes

    def values(self, postings: PostingsList) -> list[bytes]:
        """The opaque values of a list that ``read`` returned, one per posting."""
        count = len(postings.weights)
        if postings.value_kind == VALUES_NONE:
            return [b""] * count
        if postings.value_kind == VALUES_FREQUENCY:
            raw = frequency_values(postings.weights).tobytes()
            return [raw[i : i + 4] for i in range(0, len(raw), 4)]
        section = self._values
        if section is None:
            raise self._section().corrupt("points to values, and there are none")
        at = postings.values_at
        item_size = section.read(at, at + 1)[0]
        if item_size not in (1, 2, 4):
            raise section.corrupt("has an unknown item size", offset=at, found=item_size)
        body = at + 1 + item_size * count
        lengths = np.frombuffer(section.read(at + 1, body), dtype=f"<u{item_size}")
        offsets = offsets_of(lengths)
        flat = bytes(section.read(body, body + int(offsets[-1])))
        bounds = offsets.tolist()
        return [flat[a:b] for a, b in itertools.pairwise(bounds)]


class ListsOfPostings(NamedTuple):
    """Many decoded lists, one after the other.

    counts  : postings per list, int64
    doc_ids : int32
    weights : int64, or float64 if not all are integers
    values  : opaque values, or None if they are those of inline postings (empty, or the frequency)
    """

    counts: Ints
    doc_ids: DocIds
    weights: Weights
    values: PostingValues | None


def _read_varints(data: Bytes, at: Ints) -> tuple[Ints, Ints]:
    """The LEB128 numbers at the given places, and the offsets after them."""
    byte = data[at].astype(np.int64)
    numbers, at, shift = byte & 0x7F, at + 1, 7
    more = np.flatnonzero(byte >= 0x80)
    while len(more) and shift <= 28:
        byte = data[at[more]].astype(np.int64)
        numbers[more] |= (byte & 0x7F) << shift
        at[more] += 1
        more = more[byte >= 0x80]
        shift += 7
    return numbers, at


def _read_varint(section: Section, at: int) -> tuple[int, int]:
    """The LEB128 number at ``at``, and the offset after it. The bytes must have been checked."""
    number, shift, data = 0, 0, section.bytes
    while True:
        if at >= section.length or shift > 28:
            raise section.corrupt("has a number without an end", offset=at)
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
