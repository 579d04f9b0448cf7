"""Arrays of byte strings of different lengths: helpers to move them about, and their form on disk.

A ragged array is a flat array plus the number of items of each row ("counts"). On disk it is three sections:
lengths (smallest sufficient width), one base offset per ``GROUP`` rows, and the bytes. A row is found by its group's
base plus the sum of at most ``GROUP - 1`` lengths, so nothing is computed when the file is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Ints
from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import smallest_unsigned

#: rows per base offset: 16 costs a quarter byte per row and sums 8 lengths on average (0.2 microseconds)
GROUP = 16
GROUP_SHIFT = 4


def offsets_of(counts: npt.NDArray[Any]) -> Ints:
    """Start of each row, and the end of the last: int64, shape (len(counts) + 1,)."""
    offsets = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def row_indexes(starts: npt.NDArray[Any], counts: npt.NDArray[Any]) -> Ints:
    """Indexes ``starts[i], starts[i] + 1, ...`` (``counts[i]`` of them) of all rows: int64, shape (sum(counts),)."""
    offsets = offsets_of(counts)
    indexes = np.repeat(starts - offsets[:-1], counts)
    indexes += np.arange(offsets[-1], dtype=np.int64)
    return indexes


def gather_rows(flat: npt.NDArray[Any], starts: npt.NDArray[Any], counts: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """``flat[starts[i] : starts[i] + counts[i]]`` of all rows, one after the other.

    flat           : any dtype, one dimension
    starts, counts : integers, shape (rows,); rows may overlap
    Returns        : new array of the dtype of ``flat``, shape (sum(counts),)
    """
    return flat[row_indexes(starts, counts)]


def scatter_rows(
    out: npt.NDArray[Any], starts: npt.NDArray[Any], flat: npt.NDArray[Any], counts: npt.NDArray[Any]
) -> None:
    """Inverse of ``gather_rows``: write row i of ``flat`` to ``out[starts[i]:]``, cast to the dtype of ``out``.

    starts, counts : integers, shape (rows,); rows must not overlap in ``out``
    flat           : shape (sum(counts),)
    """
    if len(flat):
        out[row_indexes(starts, counts)] = flat


def _group_bases(lengths: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Offset of every ``GROUP``-th row: unsigned, at the smallest sufficient width."""
    offsets = offsets_of(lengths)
    bases = offsets[:-1:GROUP] if len(lengths) else offsets[:0]
    return bases.astype(smallest_unsigned(int(offsets[-1])))


def write_ragged(
    writer: ContainerWriter,
    kinds: tuple[int, int, int],
    field: int,
    lengths: npt.NDArray[Any],
    pieces: Iterable[bytes | npt.NDArray[Any]],
) -> None:
    """Write the three sections of a ragged array.

    kinds   : section kinds of lengths, bases and bytes
    lengths : bytes per row, integers, shape (rows,)
    pieces  : the bytes of all rows in order, in any number of pieces
    """
    widest = int(lengths.max()) if len(lengths) else 0
    writer.add(kinds[0], lengths.astype(smallest_unsigned(widest)), field)
    writer.add(kinds[1], _group_bases(lengths), field)
    writer.begin(kinds[2], field)
    for piece in pieces:
        writer.write(piece)
    writer.end()


class RaggedReader:
    """Rows of bytes by number; nothing is read until asked for."""

    __slots__ = ("_bases", "_bytes", "_lengths", "_offsets")

    def __init__(self, container: Container, kinds: tuple[int, int, int], field: int) -> None:
        self._lengths = container.section(kinds[0], field)
        self._bases = container.section(kinds[1], field)
        self._bytes = container.section(kinds[2], field)
        self._offsets: Ints | None = None

    def __len__(self) -> int:
        return len(self._lengths)

    def __getitem__(self, row: int) -> bytes:
        """Row ``row`` (0 <= row < len), checked."""
        return self.beginning(row, self._bytes.length)[0]

    def beginning(self, row: int, most: int) -> tuple[bytes, int]:
        """``most`` bytes of a row, or all if it has fewer; and how many it has. The whole row is checked."""
        lengths = self._lengths
        size = lengths.item_size
        first = row & ~(GROUP - 1)
        lengths.check(first * size, (row + 1) * size)
        items = lengths.items
        length = items[row]
        if not length:
            return b"", 0
        start = self._bases.at(row >> GROUP_SHIFT)
        if row != first:
            start += sum(items[first:row])
        data = self._bytes
        data.check(start, start + length)
        return bytes(data.bytes[start : start + min(length, most)]), length

    def views(self, rows: npt.NDArray[Any]) -> list[memoryview]:
        """Many rows by their numbers (integers, shape (n,)), checked: views on the bytes. Keeps the offsets of all rows
        for the next time."""
        if self._offsets is None:
            self._offsets = offsets_of(self._lengths.array())
        data = self._bytes
        starts, stops = self._offsets[rows], self._offsets[rows + 1]
        data.check_many(starts, stops)
        view = data.bytes
        return [view[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]

    def lengths(self) -> npt.NDArray[Any]:
        """Bytes per row: unsigned, shape (rows,), checked."""
        return self._lengths.array()

    def flat(self) -> npt.NDArray[np.uint8]:
        """All bytes, checked: a read-only view, shape (bytes,). Raises CorruptIndexError if the lengths do not add up
        to them."""
        flat = self._bytes.array(np.uint8)
        total = int(self._lengths.array().sum(dtype=np.int64))
        if total != len(flat):
            raise self._bytes.corrupt("does not fit its lengths", found=len(flat), expected=total)
        return flat

    def parts(self, runs: Iterable[tuple[int, int]], most: int) -> Iterator[npt.NDArray[np.uint8]]:
        """The bytes of the rows ``first..stop`` of each run, checked: read-only views of at most ``most`` bytes, each
        of shape (bytes,). Raises CorruptIndexError if the lengths do not add up to all bytes."""
        offsets = offsets_of(self._lengths.array())
        if int(offsets[-1]) != self._bytes.length:
            raise self._bytes.corrupt("does not fit its lengths", found=self._bytes.length, expected=int(offsets[-1]))
        for first, stop in runs:
            begin, end = int(offsets[first]), int(offsets[stop])
            for start in range(begin, end, most):
                yield np.frombuffer(self._bytes.read(start, min(start + most, end)), np.uint8)

    def rows(self) -> list[bytes]:
        """All rows as bytes objects."""
        flat = self.flat().tobytes()
        offsets = offsets_of(self.lengths()).tolist()
        return [flat[a:b] for a, b in pairwise(offsets)]


def take_rows(
    flat: npt.NDArray[np.uint8], lengths: npt.NDArray[Any], rows: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint8]]:
    """Lengths and bytes of the chosen rows, in that order.

    flat    : the bytes of all rows, one after the other
    lengths : bytes per row, integers, shape (rows,)
    rows    : their numbers, integers, shape (n,)
    Returns : new arrays: lengths of the dtype they had, shape (n,); bytes, shape (sum of these,)
    """
    offsets = offsets_of(lengths)
    chosen = lengths[rows]
    return chosen, gather_rows(flat, offsets[:-1][rows], chosen)


def lengths_of(rows: Sequence[bytes]) -> Ints:
    """Bytes per row: int64, shape (len(rows),)."""
    return np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
