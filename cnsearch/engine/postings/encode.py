"""Encode postings lists: for each term the ascending doc_ids, the weights (term_freq) and, if the format has any,
values.

One section per field holds the lists one after the other; a term points at its list. A term of a single posting of
weight 1 has no list: its pointer is the doc_id itself. FORMAT.md describes the bytes of a list.

``encode_postings`` treats many lists at once, because a flush has 100,000 short ones. decode.py is the
inverse.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Bytes, Ints
from cnsearch.engine.bytes import bitpack
from cnsearch.engine.bytes.bitpack import choose_widths, escape_of, pack_rows
from cnsearch.engine.bytes.ragged import gather_rows, offsets_of, scatter_rows

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

MAX_DOC_ID = 2**31 - 2
MAX_INTEGER_WEIGHT = 2**31 - 1  # larger weights are kept as float64
HEAD_ROOM = 2 + 5 + 4 + 8  # the longest head of a list, in bytes


class PostingValues(NamedTuple):
    """Values of many postings: bytes per posting (int64), and all bytes one after the other (uint8)."""

    lengths: Ints
    flat: Bytes


class EncodedPostings(NamedTuple):
    """Result of ``encode_postings``: the bytes of the lists and of their values, and a pointer for each list, in the
    order in which they came."""

    data: Bytes
    values: Bytes
    pointers: Ints  # >= 0: offset of the list, counted from ``base``; < 0: -1 - doc_id of the only posting


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
    counts  : postings per list, any dtype of integers, shape (lists,), each >= 1
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

    count_sizes = _varint_sizes(counts)
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


def _varint_sizes(numbers: Ints) -> Ints:
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
    """The values that formats.Frequency makes for these weights (integers or whole floats, shape (n,)): a big-endian
    uint32 each, as bytes, shape (4 * n,)."""
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
