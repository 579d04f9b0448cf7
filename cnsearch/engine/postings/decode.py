"""Decode postings lists: one (``read``) for a search, or those of many neighbouring terms (``read_lists``) for a merge.

The inverse of encode.py. Whatever the bytes, the result is postings or CorruptIndexError: checksums find damage, and
sizes are compared with what there is before anything is allocated.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Bytes, DocIds, Ints
from cnsearch.engine.bytes import bitpack
from cnsearch.engine.bytes.bitpack import escape_of, read_overflow, unpack, unpack_plus_one
from cnsearch.engine.bytes.container import Section
from cnsearch.engine.bytes.ragged import gather_rows, lengths_of, offsets_of, row_indexes, scatter_rows
from cnsearch.engine.postings.encode import (
    BITMAP,
    FLOATS,
    HEAD_ROOM,
    VALUES_FREQUENCY,
    VALUES_NONE,
    VALUES_STORED,
    PostingValues,
    frequency_values,
)
from cnsearch.errors import CorruptIndexError

Weights = npt.NDArray[Any]
"""Of each posting, shape (postings,): float32, or float64 where float32 is not exact; int64 in lists of many terms."""

_CODE_32 = bitpack.WIDTHS.index(32)

# Shared between lists, read-only: most lists are short, and making these would cost as much as decoding.
_SHARED = 1 << 16
_RAMP = np.arange(_SHARED, dtype=np.int32)
_ONES = np.ones(_SHARED, dtype=np.float32)
_RAMP.flags.writeable = _ONES.flags.writeable = False


class PostingsList(NamedTuple):
    """One decoded list; ``values_at`` is the offset in the values section where ``value_kind`` is VALUES_STORED."""

    doc_ids: DocIds
    weights: Weights
    value_kind: int
    values_at: int


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


class _Head(NamedTuple):
    """The decoded head of a list, and where its parts begin (offsets in the section)."""

    size: int
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

    __slots__ = ("_postings", "_values", "doc_count", "inline_kind")

    def __init__(
        self, postings: Section | None, values: Section | None, doc_count: int, *, frequency_is_value: bool
    ) -> None:
        self._postings = postings
        self._values = values
        self.doc_count = doc_count
        self.inline_kind = VALUES_FREQUENCY if frequency_is_value else VALUES_NONE

    def _section(self) -> Section:
        if self._postings is None:
            raise CorruptIndexError("", "a term points to postings, and there are none", section="postings")
        return self._postings

    def count(self, offset: int) -> int:
        """Number of postings of the list at ``offset``."""
        section = self._section()
        section.check(offset, max(min(offset + HEAD_ROOM, section.length), offset + 3))
        count = _read_varint(section, offset + 2)[0]
        if not 0 < count <= self.doc_count:
            raise section.corrupt("has a list of impossible size", offset=offset, found=count, expected=self.doc_count)
        return count

    def _head(self, section: Section, offset: int) -> _Head:
        section.check(offset, max(min(offset + HEAD_ROOM, section.length), offset + 3))
        data = section.bytes
        first, second = data[offset], data[offset + 1]
        count = data[offset + 2]
        at = offset + 3
        if count >= 0x80:
            count, at = _read_varint(section, offset + 2)
        if not 0 < count <= self.doc_count:
            raise section.corrupt("has a list of impossible size", offset=offset, found=count, expected=self.doc_count)
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
        width = (32 << wide) if weight_code == FLOATS else bitpack.WIDTHS[weight_code]
        weights_size = (count * width + 7) >> 3
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
        Returns : doc_ids int32 ascending; weights float32, or float64 where float32 is not exact; both of shape
                  (count,), new or shared: not to be modified
        Raises  : CorruptIndexError
        """
        if pointer < 0:
            if -1 - pointer >= self.doc_count:
                raise self._section().corrupt("names a document that does not exist", expected=self.doc_count)
            return PostingsList(np.array([-1 - pointer], dtype=np.int32), _ONES[:1], self.inline_kind, 0)
        section = self._section()
        head = self._head(section, pointer)
        data, count, overflow_at = section.bytes, head.size, head.overflow_at
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
        if not 0 <= doc_ids[-1] < self.doc_count:
            raise section.corrupt("names a document that does not exist", offset=pointer, expected=self.doc_count)
        return PostingsList(doc_ids, self._weights(section, head, overflow_at), head.value_kind, head.values_at)

    def packed(self, pointer: int) -> tuple[bytes | None, int]:
        """The list that a term points to as it lies in the file, for who decodes it: (its bytes, checked, more behind
        them or not, 0), or (None, the only document, which has the term once). Overflow values may be cut off where
        they lie in a block that was not checked yet.

        Raises : CorruptIndexError
        """
        if pointer < 0:
            return None, -1 - pointer
        section = self._section()
        head = self._head(section, pointer)
        spare = head.size * (bitpack.OVERFLOW_BYTES[head.doc_overflow] + bitpack.OVERFLOW_BYTES[head.weight_overflow])
        end = section.checked_until(head.overflow_at, min(head.overflow_at + spare, section.length))
        return bytes(section.bytes[pointer:end]), 0

    def packed_lists(self, pointers: Ints, end: int | None) -> tuple[bytes, int]:
        """(the bytes that have the lists of consecutive terms, checked; their offset in the section).

        pointers : as ``read`` takes them, shape (terms,)
        end      : where the lists of other terms begin; None: at the end of the section
        Raises   : CorruptIndexError
        """
        listed = pointers[pointers >= 0]
        if not len(listed):
            return b"", 0
        section, start = self._section(), int(listed.min())
        return bytes(section.read(start, section.length if end is None else max(end, start))), start

    def _weights(self, section: Section, head: _Head, overflow_at: int) -> Weights:
        count, code = head.size, head.weight_code
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
        """Postings of each of many lists, of the shape of ``pointers`` (as ``read`` takes them), which may be in any
        order but are quick where they are those of neighbouring terms. Raises CorruptIndexError."""
        counts = np.ones(len(pointers), dtype=np.int64)
        listed = np.flatnonzero(pointers >= 0)
        if len(listed):
            at = pointers[listed]
            counts[listed] = _read_varints(self._checked_heads(at), at + 2)[0]
            if int(counts.min()) < 1 or int(counts.max()) > self.doc_count:
                raise self._section().corrupt("has a list of impossible size", expected=self.doc_count)
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

        pointers : shape (terms,), at least one
        Raises   : CorruptIndexError
        """
        listed = np.flatnonzero(pointers >= 0)
        inline = np.flatnonzero(pointers < 0)
        counts = self.counts(pointers)
        starts = offsets_of(counts)
        gaps, excess = np.zeros(int(starts[-1]), dtype=np.int64), np.zeros(int(starts[-1]), dtype=np.int64)
        gaps[starts[inline]] = -1 - pointers[inline]
        kinds = np.full(len(pointers), self.inline_kind, dtype=np.int64)
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
        if int(doc_ids.max()) >= self.doc_count or int(doc_ids.min()) < 0:
            raise self._section().corrupt("names a document that does not exist", expected=self.doc_count)
        excess += 1
        weights = excess.astype(np.float64) if floats else excess
        for at, numbers in floats:
            weights[at] = numbers
        values = None
        if bool((kinds != self.inline_kind).any()):
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
    ) -> tuple[Ints, Ints, list[tuple[Ints, Weights]]]:
        """Fill ``gaps`` and ``excess`` from ``starts`` on. Returns value kinds, offsets of the values, and the float
        weights as (where, weights) pairs."""
        section = self._section()
        begin = int(pointers.min())
        data = self._checked_heads(pointers)
        first, second = data[pointers].astype(np.int64), data[pointers + 1].astype(np.int64)
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
        weights_sizes = np.where(is_float, counts << (2 + wide), (counts * widths[weight_codes] + 7) >> 3)
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
        codes: Ints,
        overflow_codes: Ints,
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
        return [flat[a:b] for a, b in pairwise(bounds)]


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
