"""Stored fields: each field by itself, so that the title of a hit is read without unpacking its body.

A short value stands as its bytes (values.py) in a ragged array, one row per document; no bytes: not stored. A value
of ``LONG_BYTES`` or more has an empty row and stands in the field's *long values*: in document order, cut into blocks
of some 4 KB, each compressed by itself. All fields' blocks share one section, because they are written as the
documents come; each field knows where its own begin. A field may be kept *plain*: then no value of it counts as long,
and its texts are in UTF-16, which takes twice the room and lets ``StoredReader.utf16`` hand out thousands of texts in a
millisecond.

The unit in which values are collected, handed over by worker processes and merged is the ``StoredPiece``.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from cnsearch.arrays import Bytes, Ints
from cnsearch.engine.bytes.layout import SectionKind
from cnsearch.engine.bytes.ragged import lengths_of
from cnsearch.engine.bytes.values import encode_plain, encode_value

#: values from this size on are compressed; below, a title or an address stays readable at once
LONG_BYTES = 512
#: uncompressed bytes per block. 8, 16, 32 KB: 10.9, 10.3, 9.7 MB for 16.7 MB of news in UTF-16, and 45, 77, 163
#: microseconds to read one body (level 3). 4 KB: 11.5 MB and 26; ranking reads ten bodies a query, so that counts.
BLOCK_BYTES = 4096
#: level 1, 3, 6: 10.4, 10.3, 10.1 MB in 0.22, 0.24, 0.31 s
COMPRESSION_LEVEL = 3

STORED_KINDS = (SectionKind.STORED_LENGTHS, SectionKind.STORED_BASES, SectionKind.STORED_BYTES)


@dataclass
class StoredPiece:
    """Values of one field for ``doc_count`` consecutive documents, encoded and compressed. Cheap to pickle.

    short_lengths : int64, shape (doc_count,); 0 where the value is long or missing
    short_bytes   : the short values one after the other
    long_docs     : int64, ascending: number within the piece of each document that has a long value
    long_lengths  : int64, bytes of each long value before compression
    block_counts  : int64, number of long values in each block
    blocks        : the compressed blocks
    """

    doc_count: int
    short_lengths: Ints
    short_bytes: bytes
    long_docs: Ints
    long_lengths: Ints
    block_counts: Ints
    blocks: list[bytes]

    @property
    def short_parts(self) -> Iterable[bytes]:
        """The short values one after the other, in any number of parts."""
        return [self.short_bytes]


class Piece(Protocol):
    """What StoredWriter needs: a StoredPiece, or a SegmentPiece, which is read as it is needed."""

    @property
    def doc_count(self) -> int:
        """Documents, whether they have a value or not."""
        ...

    @property
    def short_lengths(self) -> Ints:
        """Bytes of each document's short value, shape (doc_count,); 0 where it is long or missing."""
        ...

    @property
    def short_parts(self) -> Iterable[bytes | Bytes]:
        """The short values one after the other, in any number of parts, arrays of shape (bytes,)."""
        ...

    @property
    def long_docs(self) -> Ints:
        """Number within the piece of each document that has a long value, ascending, shape (long values,)."""
        ...

    @property
    def long_lengths(self) -> Ints:
        """Bytes of each long value before compression, shape (long values,)."""
        ...

    @property
    def block_counts(self) -> Ints:
        """How many long values are in each block, shape (blocks,)."""
        ...

    @property
    def blocks(self) -> Iterable[bytes]:
        """The blocks, compressed, in order."""
        ...


def compress_block(values: Sequence[bytes]) -> bytes:
    """One block of long values."""
    return zlib.compress(b"".join(values), COMPRESSION_LEVEL)


def encode_piece(values: Iterable[Any], doc_count: int, *, plain: bool = False) -> StoredPiece:
    """Encode ``doc_count`` values of one field; None: nothing stored. ``plain``: all texts in UTF-16, not compressed.

    Raises TypeError for what has no form.
    """
    encode = encode_plain if plain else encode_value
    short = [b"" if value is None else encode(value) for value in values]
    if len(short) != doc_count:
        raise ValueError(f"{len(short)} stored values for {doc_count} documents")
    lengths = lengths_of(short)
    long_docs = np.flatnonzero(lengths >= (1 << 62 if plain else LONG_BYTES))
    long_values = [short[doc] for doc in long_docs.tolist()]
    for doc in long_docs.tolist():
        short[doc] = b""
    block_counts, blocks = _cut_blocks(long_values)
    long_lengths = lengths[long_docs]
    lengths[long_docs] = 0
    return StoredPiece(doc_count, lengths, b"".join(short), long_docs, long_lengths, block_counts, blocks)


def _cut_blocks(values: Sequence[bytes]) -> tuple[Ints, list[bytes]]:
    counts, blocks = [], []
    first, size = 0, 0
    for number, value in enumerate(values):
        size += len(value)
        if size >= BLOCK_BYTES or number + 1 == len(values):
            counts.append(number + 1 - first)
            blocks.append(compress_block(values[first : number + 1]))
            first, size = number + 1, 0
    return np.array(counts, dtype=np.int64), blocks


def empty_piece(doc_count: int) -> StoredPiece:
    """Nothing stored for ``doc_count`` documents."""
    none = np.empty(0, dtype=np.int64)
    return StoredPiece(doc_count, np.zeros(doc_count, dtype=np.int64), b"", none, none, none, [])
