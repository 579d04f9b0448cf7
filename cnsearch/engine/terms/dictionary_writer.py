"""Write the term dictionary of a field; dictionary.py says how it is made, and reads it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Bytes, Ints
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import SectionKind, smallest_unsigned
from cnsearch.engine.bytes.ragged import offsets_of
from cnsearch.engine.terms.dictionary import KEY_BYTES, TERMS_PER_BLOCK, common_prefix_length, pack_pointers

#: so many at once keep what is needed for a moment small
_TERMS_AT_ONCE = 1 << 16
#: bytes of each of three sections that stay in memory; what is above waits in a temporary file
_SPOOL_BYTES = 4 << 20


class TermDictionaryWriter:
    """Take sorted terms, in pieces, and write the sections of a field. ``close`` it in the end.

    A merge of 200,000 articles has seven million distinct bigrams, so what there is of every term waits in temporary
    files until ``write``. In memory is what there is of every block of 16 terms: about 12 bytes.
    """

    def __init__(self) -> None:
        self._rest = np.empty(0, dtype=np.uint8)
        self._rest_lengths: Ints = np.empty(0, dtype=np.int64)
        self._firsts: list[tuple[Bytes, npt.NDArray[Any]]] = []
        self._first = self._last = b""
        self._prefix_lengths: list[npt.NDArray[Any]] = []
        self._block_sizes: list[npt.NDArray[Any]] = []
        self._suffix_lengths, self._pointers = _Aside(), _Aside()
        self._bytes = _Aside()
        self.count = 0

    def add(self, terms: bytes, lengths: Ints, pointers: Ints) -> None:
        """Append terms that ascend strictly.

        terms    : their bytes one after the other
        lengths  : bytes of each, shape (terms,)
        pointers : see postings.EncodedPostings, of the same shape
        """
        self._pointers.add(pointers if _is_wide(pointers) else pointers.astype(np.int32))
        self.count += len(lengths)
        flat: Bytes = np.frombuffer(terms, dtype=np.uint8)
        if len(self._rest_lengths):
            flat, lengths = np.concatenate([self._rest, flat]), np.concatenate([self._rest_lengths, lengths])
        whole = len(lengths) - len(lengths) % TERMS_PER_BLOCK
        offsets = offsets_of(lengths)
        for first in range(0, whole, _TERMS_AT_ONCE):
            stop = min(first + _TERMS_AT_ONCE, whole)
            self._add_blocks(flat[offsets[first] : offsets[stop]], lengths[first:stop])
        self._rest, self._rest_lengths = flat[offsets[whole] :].copy(), lengths[whole:].copy()

    def _add_blocks(self, flat: Bytes, lengths: Ints) -> None:
        """Whole blocks; only the last may have fewer terms."""
        if not len(lengths):
            return
        offsets = offsets_of(lengths)
        starts = offsets[:-1]
        firsts = np.arange(0, len(lengths), TERMS_PER_BLOCK)
        lasts = np.minimum(firsts + (TERMS_PER_BLOCK - 1), len(lengths) - 1)
        shared = _shared_bytes(flat, starts[firsts], starts[lasts], np.minimum(lengths[firsts], lengths[lasts]))
        # What a block's terms share stays where it is in the first of them, and goes from the others.
        goes = np.repeat(shared, np.diff(firsts, append=len(lengths)))
        suffix_lengths = lengths - goes
        goes[firsts] = 0
        stays = np.ones(len(flat), dtype=bool)
        for place in range(int(goes.max())):
            stays[starts[goes > place] + place] = False
        self._bytes.add(flat[stays])
        self._prefix_lengths.append(_narrowed(shared))
        self._suffix_lengths.add(_narrowed(suffix_lengths))
        self._block_sizes.append(_narrowed(shared + np.add.reduceat(suffix_lengths, firsts)))
        is_first = np.zeros(len(lengths), dtype=bool)
        is_first[firsts] = True
        if not self._firsts:
            self._first = flat[: lengths[0]].tobytes()
        self._firsts.append((flat[np.repeat(is_first, lengths)], _narrowed(lengths[firsts])))
        self._last = flat[starts[-1] :].tobytes()

    def write(self, writer: ContainerWriter, field: int) -> int:
        """Write the sections. Returns the number of bytes that all terms share, for the manifest."""
        self._add_blocks(self._rest, self._rest_lengths)
        skip = common_prefix_length(self._first, self._last)
        kind = SectionKind
        writer.begin(kind.TERM_KEYS, field, KEY_BYTES)
        for flat, lengths in self._firsts:
            writer.write(_keys(flat, lengths.astype(np.int64), skip))
        writer.end()
        _add_numbers(writer, kind.TERM_PREFIX_LENGTHS, _joined(self._prefix_lengths), field)
        self._suffix_lengths.write(writer, kind.TERM_SUFFIX_LENGTHS, field)
        _add_numbers(writer, kind.TERM_BLOCK_OFFSETS, offsets_of(_joined(self._block_sizes)), field)
        self._bytes.write(writer, kind.TERM_BYTES, field)
        wide = self._pointers.itemsize == 8
        writer.begin(kind.TERM_POINTERS, field, 8 if wide else 4)
        for pointers in self._pointers.parts():
            writer.write(pack_pointers(pointers.astype(np.int64), wide=wide))
        writer.end()
        return skip

    def close(self) -> None:
        """Let go of the temporary files."""
        for aside in (self._suffix_lengths, self._pointers, self._bytes):
            aside.close()


class _Aside:
    """Numbers that are put aside in parts, each at a width of its own."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115
        self._parts: list[tuple[np.dtype[Any], int]] = []
        self.close = self._file.close

    def add(self, numbers: npt.NDArray[Any]) -> None:
        """Append numbers of any integer dtype, shape (n,)."""
        self._parts.append((numbers.dtype, numbers.nbytes))
        self._file.write(numbers.tobytes())

    @property
    def itemsize(self) -> int:
        """Bytes of a number in the widest part; 1 if there is none."""
        return max((dtype.itemsize for dtype, _ in self._parts), default=1)

    def parts(self) -> Iterator[npt.NDArray[Any]]:
        """The parts, as they were added."""
        self._file.seek(0)
        for dtype, size in self._parts:
            yield np.frombuffer(self._file.read(size), dtype)

    def write(self, writer: ContainerWriter, kind: int, field: int) -> None:
        """Write all as a section of unsigned numbers."""
        dtype = f"<u{self.itemsize}"
        writer.begin(kind, field, self.itemsize)
        for part in self.parts():
            writer.write(part.astype(dtype, copy=False))
        writer.end()


def _is_wide(pointers: Ints) -> bool:
    """Whether a pointer takes more than 31 bits and its sign."""
    return bool(len(pointers)) and not -(1 << 31) <= int(pointers.min()) <= int(pointers.max()) < 1 << 31


def _narrowed(numbers: Ints) -> npt.NDArray[Any]:
    """The numbers at the smallest width that is enough, of the same shape."""
    return numbers.astype(smallest_unsigned(int(numbers.max()) if len(numbers) else 0))


def _keys(flat: Bytes, lengths: Ints, skip: int) -> npt.NDArray[np.uint64]:
    """``term_key`` of each term of ``flat``: new array, shape (terms,)."""
    starts, keys = offsets_of(lengths)[:-1] + skip, np.zeros((len(lengths), KEY_BYTES), dtype=np.uint8)
    for place in range(KEY_BYTES):
        has = np.flatnonzero(lengths > skip + place)
        keys[has, place] = flat[starts[has] + place]
    return keys.reshape(-1).view(">u8").astype("<u8")


def _shared_bytes(flat: Bytes, starts: Ints, others: Ints, most: Ints) -> Ints:
    """How many bytes from ``starts`` on are those from ``others`` on, ``most`` at most, for each pair of rows."""
    shared: Ints = np.zeros(len(starts), dtype=np.int64)
    alike, place = np.flatnonzero(most > 0), 0
    while len(alike):
        alike = alike[flat[starts[alike] + place] == flat[others[alike] + place]]
        place += 1
        shared[alike] = place
        alike = alike[most[alike] > place]
    return shared


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate([*parts, np.empty(0, dtype=np.uint8)])


def _add_numbers(writer: ContainerWriter, kind: int, numbers: npt.NDArray[Any], field: int) -> None:
    largest = int(numbers.max()) if len(numbers) else 0
    writer.add(kind, numbers.astype(smallest_unsigned(largest)), field)
