"""Write the term dictionary of a field; dictionary.py says how it is made, and reads it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Bytes, Ints
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import SectionKind, smallest_unsigned
from cnsearch.engine.bytes.ragged import offsets_of
from cnsearch.engine.terms.dictionary import KEY_BYTES, TERMS_PER_BLOCK, common_prefix_length, pack_pointers

#: so many at once keep what is needed for a moment small
_TERMS_AT_ONCE = 1 << 16


class TermDictionaryWriter:
    """Collect sorted terms, in pieces, and write the sections of a field.

    What is kept per term until ``write`` is its bytes, a length and a pointer, in arrays: about 12 bytes.
    """

    def __init__(self) -> None:
        self._rest = np.empty(0, dtype=np.uint8)
        self._rest_lengths: Ints = np.empty(0, dtype=np.int64)
        self._firsts: list[bytes] = []
        self._last = b""
        self._prefix_lengths: list[Ints] = []
        self._suffix_lengths: list[Ints] = []
        self._blobs: list[Bytes] = []
        self._block_sizes: list[Ints] = []
        self._pointers: list[Ints] = []
        self.count = 0

    def add(self, terms: bytes, lengths: Ints, pointers: Ints) -> None:
        """Append terms that ascend strictly.

        terms    : their bytes one after the other
        lengths  : bytes of each, shape (terms,)
        pointers : see postings.EncodedPostings, of the same shape
        """
        self._pointers.append(pointers)
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
        self._blobs.append(flat[stays])
        self._prefix_lengths.append(shared)
        self._suffix_lengths.append(suffix_lengths)
        self._block_sizes.append(shared + np.add.reduceat(suffix_lengths, firsts))
        data = flat.tobytes()
        self._firsts += [data[a:b] for a, b in zip(starts[firsts].tolist(), offsets[firsts + 1].tolist(), strict=True)]
        self._last = data[starts[-1] :]

    def write(self, writer: ContainerWriter, field: int) -> int:
        """Write the sections. Returns the number of bytes that all terms share, for the manifest."""
        self._add_blocks(self._rest, self._rest_lengths)
        firsts = self._firsts
        skip = common_prefix_length(firsts[0], self._last) if firsts else 0
        kind = SectionKind
        beginnings = [term[skip : skip + KEY_BYTES].ljust(KEY_BYTES, b"\0") for term in firsts]  # as term_key
        keys = np.frombuffer(b"".join(beginnings), dtype=">u8").astype("<u8")
        writer.add(kind.TERM_KEYS, keys, field)
        _add_numbers(writer, kind.TERM_PREFIX_LENGTHS, _joined(self._prefix_lengths), field)
        _add_numbers(writer, kind.TERM_SUFFIX_LENGTHS, _joined(self._suffix_lengths), field)
        _add_numbers(writer, kind.TERM_BLOCK_OFFSETS, offsets_of(_joined(self._block_sizes)), field)
        writer.begin(kind.TERM_BYTES, field)
        for blob in self._blobs:
            writer.write(blob)
        writer.end()
        writer.add(kind.TERM_POINTERS, pack_pointers(_joined(self._pointers)), field)
        return skip


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


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate([*parts, np.empty(0, dtype=np.int64)])


def _add_numbers(writer: ContainerWriter, kind: int, numbers: npt.NDArray[np.int64], field: int) -> None:
    largest = int(numbers.max()) if len(numbers) else 0
    writer.add(kind, numbers.astype(smallest_unsigned(largest)), field)
