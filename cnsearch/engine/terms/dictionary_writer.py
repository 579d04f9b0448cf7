"""Write the term dictionary of a field; dictionary.py says how it is made, and reads it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import SectionKind, smallest_unsigned
from cnsearch.engine.bytes.ragged import lengths_of, offsets_of
from cnsearch.engine.terms.dictionary import TERMS_PER_BLOCK, common_prefix_length, pack_pointers, term_key


class TermDictionaryWriter:
    """Collect sorted terms, in pieces, and write the sections of a field.

    What is kept per term until ``write`` is its bytes, a length and a pointer, in arrays: about 12 bytes.
    """

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._firsts: list[bytes] = []
        self._last = b""
        self._prefix_lengths: list[int] = []
        self._suffix_lengths: list[npt.NDArray[np.int64]] = []
        self._blobs: list[bytes] = []
        self._block_sizes: list[int] = []
        self._pointers: list[npt.NDArray[np.int64]] = []
        self.count = 0

    def add(self, terms: Sequence[bytes], pointers: npt.NDArray[np.int64]) -> None:
        """Append terms that ascend strictly, and their pointers (see postings.EncodedPostings), shape (len(terms),)."""
        self._pointers.append(pointers)
        self.count += len(terms)
        pending = [*self._rest, *terms] if self._rest else terms
        whole = len(pending) - len(pending) % TERMS_PER_BLOCK
        self._add_blocks(pending[:whole])
        self._rest = list(pending[whole:])

    def _add_blocks(self, terms: Sequence[bytes]) -> None:
        if not terms:
            return
        prefixes = []
        blob: list[bytes] = []
        for start in range(0, len(terms), TERMS_PER_BLOCK):
            block = terms[start : start + TERMS_PER_BLOCK]
            shared = common_prefix_length(block[0], block[-1])
            prefixes.append(shared)
            piece = block[0][:shared] + b"".join([term[shared:] for term in block])
            blob.append(piece)
        lengths = lengths_of(terms)
        per_block = np.full(len(prefixes), TERMS_PER_BLOCK)
        per_block[-1] = len(terms) - TERMS_PER_BLOCK * (len(prefixes) - 1)
        self._suffix_lengths.append(lengths - np.repeat(prefixes, per_block))
        self._prefix_lengths += prefixes
        self._firsts += terms[::TERMS_PER_BLOCK]
        self._last = terms[-1]
        self._block_sizes += map(len, blob)
        self._blobs.append(b"".join(blob))

    def write(self, writer: ContainerWriter, field: int) -> int:
        """Write the sections. Returns the number of bytes that all terms share, for the manifest."""
        self._add_blocks(self._rest)
        self._rest = []
        firsts = self._firsts
        skip = common_prefix_length(firsts[0], self._last) if firsts else 0
        kind = SectionKind
        keys = np.fromiter((term_key(term, skip) for term in firsts), dtype="<u8", count=len(firsts))
        writer.add(kind.TERM_KEYS, keys, field)
        _add_numbers(writer, kind.TERM_PREFIX_LENGTHS, np.array(self._prefix_lengths, dtype=np.int64), field)
        suffixes = np.concatenate([*self._suffix_lengths, np.empty(0, dtype=np.int64)])
        _add_numbers(writer, kind.TERM_SUFFIX_LENGTHS, suffixes, field)
        _add_numbers(writer, kind.TERM_BLOCK_OFFSETS, offsets_of(np.array(self._block_sizes, dtype=np.int64)), field)
        writer.begin(kind.TERM_BYTES, field)
        for blob in self._blobs:
            writer.write(blob)
        writer.end()
        pointers = np.concatenate([*self._pointers, np.empty(0, dtype=np.int64)])
        writer.add(kind.TERM_POINTERS, pack_pointers(pointers), field)
        return skip


def _add_numbers(writer: ContainerWriter, kind: int, numbers: npt.NDArray[np.int64], field: int) -> None:
    largest = int(numbers.max()) if len(numbers) else 0
    writer.add(kind, numbers.astype(smallest_unsigned(largest)), field)
