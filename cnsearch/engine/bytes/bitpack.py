"""Lists of small unsigned integers at 0, 1, 2, 4, 8, 16 or 32 bits each, least significant bit first.

A list is packed at the width that makes it smallest; values that do not fit are *escaped*: the packed value is all
ones (the escape), and ``value - escape`` goes to an overflow list at 8, 16 or 32 bits. Widths that divide a byte, or
are whole bytes, are decoded by numpy in one or two calls. Bit widths in between would save 10 % of the postings of
16,499 news articles (2.7 against 3.0 MB of doc_ids, measured once) and cost 8 to 16 numpy calls a list.

Most functions here come in two forms: one list, for reading; many lists at once ("rows" of a flat array with
``counts``), for writing and merging, because 100,000 short lists must not cost 100,000 numpy calls.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Array, Bytes
from cnsearch.engine.bytes.ragged import gather_rows, offsets_of, row_indexes

#: bits per value for each width code, as written in the head of a postings list
WIDTHS = (0, 1, 2, 4, 8, 16, 32)
#: bytes per overflow value for each overflow code; 0: no value is escaped, and the escape means itself
OVERFLOW_BYTES = (0, 1, 2, 4)

_CODE_8 = WIDTHS.index(8)
_OVERFLOW_DTYPES = (np.dtype("u1"), np.dtype("u1"), np.dtype("<u2"), np.dtype("<u4"))


def _spread_table(width: int) -> Array:
    """Entry b holds the 8 / width values of byte b, one per byte: an unsigned integer of 8 / width bytes."""
    per_byte = 8 // width
    values: Array = (np.arange(256)[:, None] >> (np.arange(per_byte) * width)) & ((1 << width) - 1)
    return values.astype(np.uint8).view(f"u{per_byte}").reshape(256)


_SPREAD = {width: _spread_table(width) for width in (1, 2, 4)}
#: (width, dtype) -> table whose row b holds the values of byte b, plus one
_PLUS_ONE: dict[tuple[int, type], Array] = {
    (width, dtype): (table.view(np.uint8).reshape(256, 8 // width) + np.uint8(1)).astype(dtype)
    for width, table in _SPREAD.items()
    for dtype in (np.int32, np.float32)
}


def packed_size(code: int, count: int) -> int:
    """Bytes that ``count`` values take at width code ``code``."""
    return (count * WIDTHS[code] + 7) >> 3


def unpack(data: memoryview, start: int, code: int, count: int) -> Array:
    """Decode ``count`` values packed at ``data[start:]``; escapes are left as they are.

    Returns : read-only or new array, uint8, uint16 or uint32, shape (count,)
    REQUIRES: ``data`` holds packed_size(code, count) bytes from ``start``
    """
    if code >= _CODE_8:
        return np.frombuffer(data, ("u1", "<u2", "<u4")[code - _CODE_8], count, start)
    if code == 0:
        return np.zeros(count, dtype=np.uint8)
    packed = np.frombuffer(data, np.uint8, packed_size(code, count), start)
    return _SPREAD[WIDTHS[code]].take(packed).view(np.uint8)[:count]


def unpack_plus_one(data: memoryview, start: int, code: int, count: int, dtype: type) -> Array:
    """``unpack`` as numbers of another type, plus one, which is what lists of gaps and of weights need.

    dtype   : np.int32 or np.float32
    Returns : new array, shape (count,); an escape reads as ``escape_of(code) + 1``
    """
    if code >= _CODE_8:
        values: Array = unpack(data, start, code, count).astype(dtype)
        values += dtype(1)
        return values
    if code == 0:
        return np.ones(count, dtype=dtype)
    packed = np.frombuffer(data, np.uint8, packed_size(code, count), start)
    return _PLUS_ONE[WIDTHS[code], dtype].take(packed, axis=0).reshape(-1)[:count]


def escape_of(code: int) -> int:
    """The packed value that stands for "see the overflow list"."""
    return (1 << WIDTHS[code]) - 1


def pack_rows(values: Array, counts: Array, code: int) -> Bytes:
    """Pack many lists at one width; each begins on a byte.

    values  : integers 0..escape, shape (sum(counts),), all lists one after the other; not modified
    counts  : values per list, integers, shape (lists,)
    Returns : uint8, the packed lists one after the other, packed_size(code, count) bytes each
    """
    width = WIDTHS[code]
    if width == 0:
        return np.empty(0, dtype=np.uint8)
    if width >= 8:
        whole: Bytes = values.astype(f"<u{width // 8}").view(np.uint8)
        return whole
    per_byte = 8 // width
    sizes = (counts * width + 7) >> 3
    starts = offsets_of(sizes)
    slots = np.zeros(int(starts[-1]) * per_byte, dtype=np.uint8)
    slots[row_indexes(starts[:-1] * per_byte, counts)] = values
    packed: Bytes = slots[::per_byte].copy()
    for place in range(1, per_byte):
        packed |= slots[place::per_byte] << np.uint8(place * width)
    return packed


def unpack_rows(
    data: Bytes,
    starts: Array,
    counts: Array,
    code: int,
) -> npt.NDArray[np.uint32]:
    """Inverse of ``pack_rows`` for lists that lie at ``data[starts[i]:]``. Returns new uint32, shape (sum(counts),)."""
    width = WIDTHS[code]
    if width == 0:
        return np.zeros(int(counts.sum()), dtype=np.uint32)
    sizes = (counts * width + 7) >> 3
    packed = gather_rows(data, starts, sizes)
    if width >= 8:
        return packed.view(f"<u{width // 8}").astype(np.uint32)
    slots = _SPREAD[width][packed].view(np.uint8)
    per_byte = 8 // width
    return gather_rows(slots, offsets_of(sizes)[:-1] * per_byte, counts).astype(np.uint32)


def overflow_code_of(largest: Array) -> npt.NDArray[np.uint8]:
    """Overflow code for each list whose largest ``value - escape`` is given, int64, shape (lists,); negative means that
    no value is escaped. Returns uint8 of the same shape."""
    return ((largest >= 0).astype(np.uint8) + (largest > 0xFF) + (largest > 0xFFFF)).astype(np.uint8)


def read_overflow(data: memoryview, start: int, code: int, count: int) -> Array:
    """The ``count`` overflow values at ``data[start:]``: what to add to the escapes, in order.

    Returns : view on ``data``, uint8, uint16 or uint32, shape (count,)
    REQUIRES: ``data`` holds that many bytes
    """
    return np.frombuffer(data, _OVERFLOW_DTYPES[code], count, start)


def choose_widths(
    values: Array,
    starts: Array,
    counts: Array,
    codes: tuple[int, ...],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Find the smallest way to pack each list.

    values  : integers >= 0 and < 2**32, all lists one after the other, shape (sum(counts),)
    starts  : first value of each list, integers, shape (lists,); every list has at least one value
    counts  : values per list, integers, shape (lists,)
    codes   : width codes to try, ascending, the last one wide enough for every value
    Returns : (width code, overflow code, bytes in all) of each list, shape (lists,); of equal sizes the widest wins:
              it needs no escapes, or no shifts
    """
    largest = np.maximum.reduceat(values, starts).astype(np.int64) if len(starts) else np.empty(0, np.int64)
    best_code = np.full(len(starts), codes[-1], dtype=np.uint8)
    best_overflow = np.zeros(len(starts), dtype=np.uint8)
    best_size = (counts.astype(np.int64) * WIDTHS[codes[-1]] + 7) >> 3
    overflow_bytes = np.array(OVERFLOW_BYTES, dtype=np.int64)
    for code in reversed(codes[:-1]):
        sizes = (counts.astype(np.int64) * WIDTHS[code] + 7) >> 3
        escape = escape_of(code)
        # At width 0 there is no escape; and where the largest value is the escape itself, nothing needs one.
        overflow = overflow_code_of(np.where(largest > escape, largest - escape, -1))
        if code == 0:
            sizes = np.where(largest > 0, best_size + 1, 0)
            overflow[:] = 0
        elif overflow.any():
            escaped = np.add.reduceat(values >= escape, starts, dtype=np.int64)
            sizes += escaped * overflow_bytes[overflow]
        better = sizes < best_size
        best_code[better] = code
        best_overflow[better] = overflow[better]
        best_size = np.minimum(best_size, sizes)
    return best_code, best_overflow, best_size
