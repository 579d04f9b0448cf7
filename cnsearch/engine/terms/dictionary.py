"""Term dictionary of one field: the terms in byte order, and a pointer to the postings of each.

Terms stand in blocks of 16. A block stores the prefix that its terms share, once, and the rest of each term. The
first 8 bytes of each block's first term, as a number, form the sparse index, in which ``bisect`` finds the block
without a Python-level comparison; inside the block at most 16 terms are compared. A lookup takes 2 to 4 microseconds
(benchmarks/test_engine_pieces.py); nothing is read when the file is opened.

Bytes that all terms of the field share ("news/2021/...") are left out of the index, where they would make all numbers
equal.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from cnsearch.engine.bytes.container import Container, Section
from cnsearch.engine.bytes.layout import SectionKind
from cnsearch.engine.bytes.ragged import gather_rows, offsets_of
from cnsearch.kernels import Terms

TERMS_PER_BLOCK = 16
_BLOCK_SHIFT = 4
KEY_BYTES = 8
_TERMS_AT_ONCE = 1 << 12


def common_prefix_length(first: bytes, last: bytes) -> int:
    """Number of leading bytes that both have in common."""
    size = min(len(first), len(last))
    difference = int.from_bytes(first[:size], "big") ^ int.from_bytes(last[:size], "big")
    return size - (difference.bit_length() + 7) // 8


def term_key(term: bytes, skip: int) -> int:
    """The 8 bytes of ``term`` after ``skip``, padded with zero bytes, as a number: orders like the terms do."""
    return int.from_bytes(term[skip : skip + KEY_BYTES].ljust(KEY_BYTES, b"\0"), "big")


def pack_pointers(pointers: npt.NDArray[np.int64], *, wide: bool) -> npt.NDArray[Any]:
    """Pointers (shape (terms,), as ``TermDictionary.pointer`` says) as unsigned numbers of 4 bytes, or 8 where they are
    ``wide``, of the same shape; the top bit marks the doc_id of an only posting."""
    inline = pointers < 0
    plain = np.where(inline, -1 - pointers, pointers)
    size = 8 if wide else 4
    dtype = np.dtype(f"<u{size}")
    packed: npt.NDArray[Any] = plain.astype(dtype) | (inline.astype(dtype) << dtype.type(8 * size - 1))
    return packed


def unpack_pointers(packed: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Inverse of ``pack_pointers``: unsigned of 4 or 8 bytes to int64, new array of the same shape."""
    top = 8 * packed.itemsize - 1
    inline = (packed >> packed.dtype.type(top)).astype(bool)
    plain: npt.NDArray[np.int64] = (packed & packed.dtype.type((1 << top) - 1)).astype(np.int64)
    pointers: npt.NDArray[np.int64] = np.where(inline, -1 - plain, plain)
    return pointers


class TermDictionary:
    """Look terms up; safe to share between threads.

    count : number of terms
    skip  : leading bytes that all terms share
    """

    def __init__(self, container: Container, field: int, count: int, skip: int) -> None:
        kind = SectionKind
        self.count = count
        self._skip = skip
        self._keys_section = container.section(kind.TERM_KEYS, field)
        self._prefix_lengths = container.section(kind.TERM_PREFIX_LENGTHS, field)
        self._suffix_lengths = container.section(kind.TERM_SUFFIX_LENGTHS, field)
        self._offsets = container.section(kind.TERM_BLOCK_OFFSETS, field)
        self._bytes = container.section(kind.TERM_BYTES, field)
        self._pointers = container.section(kind.TERM_POINTERS, field)
        blocks = (count + TERMS_PER_BLOCK - 1) >> _BLOCK_SHIFT
        for section, expected in (
            (self._keys_section, blocks),
            (self._prefix_lengths, blocks),
            (self._suffix_lengths, count),
            (self._offsets, blocks + 1),
            (self._pointers, count),
        ):
            if len(section) != expected:
                raise section.corrupt("has another number of entries", found=len(section), expected=expected)
        self._pointer_flag = 1 << (8 * self._pointers.item_size - 1)
        self._checked = bytearray(blocks)  # blocks whose bytes and lengths are known to be undamaged
        self._keys: Any = None
        self._prefix = b""

    def _index(self) -> Any:
        """The sparse index, checked on first use."""
        if self._keys is None:
            keys = self._keys_section.checked_items()
            if self.count:
                self._prefix = self._block(0)[0][: self._skip]
            self._keys = keys
        return self._keys

    # -- blocks -----------------------------------------------------------------------------------------------------

    def _check_block(self, block: int) -> None:
        """Check what ``_block_parts`` reads, and that it fits together."""
        first = block << _BLOCK_SHIFT
        stop = min(first + TERMS_PER_BLOCK, self.count)
        size = self._suffix_lengths.item_size
        self._suffix_lengths.check(first * size, stop * size)
        start, end, shared = self._offsets.at(block), self._offsets.at(block + 1), self._prefix_lengths.at(block)
        self._bytes.check(start, end)
        if shared + sum(self._suffix_lengths.items[first:stop]) != end - start:
            raise self._bytes.corrupt("does not fit its lengths", offset=start, found=end - start)
        self._checked[block] = 1

    def _block_parts(self, block: int) -> tuple[bytes, int, list[int]]:
        """(bytes of the block, how many of them are the shared prefix, lengths of the suffixes)."""
        if not self._checked[block]:
            self._check_block(block)
        first = block << _BLOCK_SHIFT
        offsets = self._offsets.items
        raw = bytes(self._bytes.bytes[offsets[block] : offsets[block + 1]])
        lengths = self._suffix_lengths.items[first : first + TERMS_PER_BLOCK].tolist()
        return raw, self._prefix_lengths.items[block], lengths

    def _block(self, block: int) -> list[bytes]:
        """All terms of a block."""
        raw, at, lengths = self._block_parts(block)
        prefix = raw[:at]
        terms = []
        for length in lengths:
            terms.append(prefix + raw[at : at + length])
            at += length
        return terms

    def _first(self, block: int) -> bytes:
        raw, shared, lengths = self._block_parts(block)
        return raw[: shared + lengths[0]]

    def _block_for(self, term: bytes) -> int:
        """The last block whose first term is <= ``term``, or -1.  REQUIRES: term begins with the shared prefix."""
        keys = self._keys
        key = term_key(term, self._skip)
        high: int = bisect_right(keys, key) - 1
        if high < 0 or keys[high] != key:
            return high
        low = bisect_left(keys, key, 0, high + 1)
        # Blocks low..high begin with the same 8 bytes; the one before them begins with less.
        while low <= high:
            middle = (low + high) >> 1
            if self._first(middle) <= term:
                low = middle + 1
            else:
                high = middle - 1
        return high

    # -- terms ------------------------------------------------------------------------------------------------------

    def find(self, term: bytes) -> int:
        """Number of the term in byte order, or -1 if the field does not have it."""
        if self._keys is None:
            self._index()
        if not term.startswith(self._prefix):
            return -1
        block = self._block_for(term)
        if block < 0:
            return -1
        raw, at, lengths = self._block_parts(block)
        if at and raw[:at] != term[:at]:
            return -1
        rest = term[at:]
        size = len(rest)
        number = block << _BLOCK_SHIFT
        for length in lengths:
            if length == size and raw[at : at + size] == rest:
                return number
            at += length
            number += 1
        return -1

    def lower_bound(self, term: bytes) -> int:
        """Number of the first term >= ``term``; ``count`` if there is none."""
        if not self.count:
            return 0
        self._index()
        if not term.startswith(self._prefix):
            return 0 if term < self._prefix else self.count
        block = self._block_for(term)
        if block < 0:
            return 0
        return (block << _BLOCK_SHIFT) + bisect_left(self._block(block), term)

    def prefix_range(self, prefix: bytes) -> tuple[int, int]:
        """Numbers (start, stop) of the terms that begin with ``prefix``."""
        start = self.lower_bound(prefix)
        stem = prefix.rstrip(b"\xff")
        if not stem:
            return start, self.count
        return start, self.lower_bound(stem[:-1] + bytes([stem[-1] + 1]))

    def term(self, number: int) -> bytes:
        """The term with this number, 0 <= number < count."""
        return self._block(number >> _BLOCK_SHIFT)[number & (TERMS_PER_BLOCK - 1)]

    def terms(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The terms ``start..stop`` in order, decoded as they are needed."""
        stop = self.count if stop is None else min(stop, self.count)
        if start >= stop:
            return iter(())
        cuts = [start, *range((start | (_TERMS_AT_ONCE - 1)) + 1, stop, _TERMS_AT_ONCE), stop]
        return chain.from_iterable(self.term_list(first, last) for first, last in pairwise(cuts))

    def term_list(self, start: int, stop: int) -> list[bytes]:
        """The terms ``start..stop`` at once."""
        if start >= stop:
            return []
        first, last = start >> _BLOCK_SHIFT, (stop + TERMS_PER_BLOCK - 1) >> _BLOCK_SHIFT
        base = first << _BLOCK_SHIFT
        if last - first <= 4:
            terms = [term for block in range(first, last) for term in self._block(block)]
            return terms[start - base : stop - base]
        unchecked = self._checked.find(0, first, last)
        while unchecked >= 0:
            self._check_block(unchecked)
            unchecked = self._checked.find(0, unchecked + 1, last)
        end = min(last << _BLOCK_SHIFT, self.count)
        suffixes = np.asarray(self._suffix_lengths.items[base:end]).astype(np.int64)
        shared = np.asarray(self._prefix_lengths.items[first:last]).astype(np.int64)
        block_starts = np.asarray(self._offsets.items[first:last]).astype(np.int64)
        block = np.arange(end - base) >> _BLOCK_SHIFT
        # A term is two rows of the bytes: the prefix of its block, and its own suffix.
        ends = np.cumsum(suffixes)
        before = ends - suffixes
        starts = np.empty((end - base, 2), dtype=np.int64)
        starts[:, 0] = block_starts[block]
        starts[:, 1] = (block_starts + shared - before[::TERMS_PER_BLOCK])[block] + before
        lengths = np.stack([shared[block], suffixes], axis=1)
        flat = gather_rows(np.frombuffer(self._bytes.bytes, np.uint8), starts.ravel(), lengths.ravel()).tobytes()
        bounds = offsets_of(lengths.sum(axis=1)).tolist()
        return [flat[a:b] for a, b in pairwise(bounds[start - base : stop - base + 1])]

    def pointer(self, number: int) -> int:
        """Where the postings of the term are: >= 0 offset of the list, < 0: -1 - doc_id of the only posting."""
        pointer = self._pointers.at(number)
        return pointer if pointer < self._pointer_flag else self._pointer_flag - 1 - pointer

    def pointers(self, start: int, stop: int) -> npt.NDArray[np.int64]:
        """Pointers of the terms ``start..stop``, as ``pointer`` returns them: new array, shape (stop - start,)."""
        size = self._pointers.item_size
        raw = self._pointers.read(start * size, stop * size)
        return unpack_pointers(np.frombuffer(raw, dtype=f"<u{size}"))

    # -- for a merge ------------------------------------------------------------------------------------------------

    def blocks(self, start: int, stop: int) -> Terms:
        """The blocks that have the terms ``start..stop``, checked, for a kernel. Raises CorruptIndexError."""
        if start >= stop:
            return Terms(b"", b"", b"", 0)
        first, last = start >> _BLOCK_SHIFT, (stop + TERMS_PER_BLOCK - 1) >> _BLOCK_SHIFT
        begin, end = self._offsets.at(first), self._offsets.at(last)
        prefixes = self._checked_numbers(self._prefix_lengths, first, last)
        suffixes = self._checked_numbers(
            self._suffix_lengths, first << _BLOCK_SHIFT, min(last << _BLOCK_SHIFT, self.count)
        )
        return Terms(bytes(self._bytes.read(begin, end)), prefixes, suffixes, start - (first << _BLOCK_SHIFT))

    @staticmethod
    def _checked_numbers(section: Section, first: int, last: int) -> bytes:
        size = section.item_size
        return np.frombuffer(section.read(first * size, last * size), f"<u{size}").astype("<i8").tobytes()

    def next_list(self, number: int) -> int | None:
        """Where the first list of the terms from ``number`` on begins; None if none of them has one."""
        for first in range(number, self.count, _TERMS_AT_ONCE):
            pointers = self.pointers(first, min(first + _TERMS_AT_ONCE, self.count))
            listed = np.flatnonzero(pointers >= 0)
            if len(listed):
                return int(pointers[listed[0]])
        return None
