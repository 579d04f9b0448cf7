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
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from cnsearch.engine.bytes.container import Container, ContainerWriter, SectionKind, smallest_unsigned
from cnsearch.engine.bytes.ragged import RaggedReader, lengths_of, offsets_of, write_ragged
from cnsearch.engine.bytes.values import decode_value, encode_plain, encode_value, utf16_of

#: values from this size on are compressed; below, a title or an address stays readable at once
LONG_BYTES = 512
#: uncompressed bytes per block. 8, 16, 32 KB: 10.9, 10.3, 9.7 MB for 16.7 MB of news in UTF-16, and 45, 77, 163
#: microseconds to read one body (level 3). 4 KB: 11.5 MB and 26; ranking reads ten bodies a query, so that counts.
BLOCK_BYTES = 4096
#: level 1, 3, 6: 10.4, 10.3, 10.1 MB in 0.22, 0.24, 0.31 s
COMPRESSION_LEVEL = 3

_KINDS = (SectionKind.STORED_LENGTHS, SectionKind.STORED_BASES, SectionKind.STORED_BYTES)

Ints = npt.NDArray[np.int64]


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
    """What StoredWriter needs of a StoredPiece."""

    @property
    def doc_count(self) -> int: ...
    @property
    def short_lengths(self) -> Ints: ...
    @property
    def short_parts(self) -> Iterable[bytes | npt.NDArray[np.uint8]]: ...
    @property
    def long_docs(self) -> Ints: ...
    @property
    def long_lengths(self) -> Ints: ...
    @property
    def block_counts(self) -> Ints: ...
    @property
    def blocks(self) -> Iterable[bytes]: ...


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


class StoredWriter:
    """Collect the pieces of all fields and write them: the blocks at once, the rest in ``finish``.

    REQUIRES: no other section is written between the first ``add`` and ``finish``
    """

    def __init__(self, writer: ContainerWriter) -> None:
        self._writer = writer
        self._open = False
        self._fields: dict[str, list[Piece]] = {}
        self._block_starts: dict[str, list[int]] = {}
        self._block_sizes: dict[str, list[int]] = {}
        self.doc_count = 0

    def add(self, pieces: Mapping[str, Piece], doc_count: int) -> None:
        """Append ``doc_count`` documents; fields without a piece store nothing for them."""
        if not self._open:
            self._writer.begin(SectionKind.LONG_BLOCKS)
            self._open = True
        for name in sorted(pieces):
            piece = pieces[name]
            if piece.doc_count != doc_count:
                raise ValueError(f'stored field "{name}" has {piece.doc_count} documents, expected {doc_count}')
            if name not in self._fields:
                self._fields[name] = [empty_piece(self.doc_count)] if self.doc_count else []
                self._block_starts[name], self._block_sizes[name] = [], []
            for block in piece.blocks:
                self._block_starts[name].append(self._writer.section_position)
                self._block_sizes[name].append(len(block))
                self._writer.write(block)
            if isinstance(piece, StoredPiece):
                piece.blocks = []  # written; what is left is small
            self._fields[name].append(piece)
        for name in self._fields.keys() - pieces.keys():
            self._fields[name].append(empty_piece(doc_count))
        self.doc_count += doc_count

    def names(self) -> list[str]:
        """Names of the fields with stored values so far, sorted."""
        return sorted(self._fields)

    def finish(self, field_numbers: dict[str, int]) -> list[str]:
        """Write what ``add`` kept. Returns the names of the stored fields.

        field_numbers : number of each field in the section table
        """
        if self._open:
            self._writer.end()
        names = sorted(self._fields)
        for name in names:
            self._write_field(name, field_numbers[name])
        return names

    def _write_field(self, name: str, field: int) -> None:
        pieces, writer, kind = self._fields[name], self._writer, SectionKind
        lengths = np.concatenate([piece.short_lengths for piece in pieces])
        write_ragged(writer, _KINDS, field, lengths, (part for piece in pieces for part in piece.short_parts))
        bases = offsets_of(np.array([piece.doc_count for piece in pieces]))
        long_docs = np.concatenate(
            [piece.long_docs + base for piece, base in zip(pieces, bases.tolist(), strict=False)]
        )
        if not len(long_docs):
            return
        if len(long_docs) < self.doc_count:
            writer.add(kind.LONG_DOCS, long_docs.astype("<u4"), field)
        long_lengths = np.concatenate([piece.long_lengths for piece in pieces])
        ranks = offsets_of(np.concatenate([piece.block_counts for piece in pieces]))
        starts, sizes = np.array(self._block_starts[name]), np.array(self._block_sizes[name])
        for number, array in (
            (kind.LONG_LENGTHS, long_lengths),
            (kind.LONG_BLOCK_RANKS, ranks),
            (kind.LONG_BLOCK_STARTS, starts),
            (kind.LONG_BLOCK_SIZES, sizes),
        ):
            writer.add(number, array.astype(smallest_unsigned(int(array.max()))), field)


class StoredReader:
    """Stored values of one field. Safe to share between threads."""

    def __init__(self, container: Container, field: int, doc_count: int) -> None:
        kind = SectionKind
        self._doc_count = doc_count
        self._short = RaggedReader(container, _KINDS, field)
        self._long_lengths = container.find(kind.LONG_LENGTHS, field)
        self._long_docs = container.find(kind.LONG_DOCS, field)
        # One unpacked block: hits of one search often share it, and merging reads in order.
        self._last_block: tuple[int, bytes] = (-1, b"")
        if self._long_lengths is not None:
            self._ranks = container.section(kind.LONG_BLOCK_RANKS, field)
            self._starts = container.section(kind.LONG_BLOCK_STARTS, field)
            self._sizes = container.section(kind.LONG_BLOCK_SIZES, field)
            self._blocks = container.section(kind.LONG_BLOCKS)

    def get(self, doc_id: int) -> Any:
        """The stored value, or None. Raises CorruptIndexError if it cannot be decoded."""
        data = self.get_bytes(doc_id)
        if not data:
            return None
        try:
            return decode_value(data)
        except ValueError as exc:
            raise self._short._bytes.corrupt(f"has a value that cannot be read: {exc}") from exc

    def all_values(self) -> list[Any]:
        """``get`` of every document."""
        if self._long_lengths is not None:
            return [self.get(doc_id) for doc_id in range(self._doc_count)]
        try:
            return [decode_value(row) if row else None for row in self._short.rows()]
        except ValueError as exc:
            raise self._short._bytes.corrupt(f"has a value that cannot be read: {exc}") from exc

    def get_bytes(self, doc_id: int) -> bytes:
        """The encoded value; empty if there is none."""
        short = self._short[doc_id]
        if short or self._long_lengths is None:
            return short
        rank = doc_id
        if self._long_docs is not None:
            docs = self._long_docs.checked_items()
            rank = bisect_left(docs, doc_id)
            if rank == len(docs) or docs[rank] != doc_id:
                return b""
        ranks = self._ranks.checked_items()
        block = bisect_right(ranks, rank) - 1
        first = ranks[block]
        lengths = self._long_lengths
        lengths.check(first * lengths.item_size, (rank + 1) * lengths.item_size)
        start = sum(lengths.items[first:rank])
        return self._block(block)[start : start + lengths.items[rank]]

    def utf16(self, doc_ids: npt.NDArray[Any]) -> tuple[npt.NDArray[np.uint16], Ints]:
        """The texts of many documents as UTF-16, one after the other; what is not text counts as empty.

        Returns (units, counts). counts: units of each document's text, shape (len(doc_ids),).
        """
        if self._long_lengths is None:
            rows: Iterable[bytes | memoryview] = self._short.views(doc_ids)
        else:
            rows = map(self.get_bytes, doc_ids.tolist())
        texts = list(map(utf16_of, rows))
        counts = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) >> 1
        return np.frombuffer(b"".join(texts), "<u2"), counts

    def raw_block(self, block: int) -> bytes:
        """A block as it stands in the file, checked."""
        start = self._starts.at(block)
        return bytes(self._blocks.read(start, start + self._sizes.at(block)))

    def _block(self, block: int) -> bytes:
        number, data = self._last_block
        if number == block:
            return data
        ranks, lengths = self._ranks.checked_items(), self._long_lengths
        assert lengths is not None
        first, stop = ranks[block], ranks[block + 1]
        lengths.check(first * lengths.item_size, stop * lengths.item_size)
        size = sum(lengths.items[first:stop])
        try:
            data = zlib.decompressobj().decompress(self.raw_block(block), size + 1)  # no more, whatever it unpacks to
        except zlib.error as exc:
            raise self._blocks.corrupt(f"has a block that cannot be unpacked: {exc}") from exc
        if len(data) != size:
            raise self._blocks.corrupt("has a block of another size", found=len(data), expected=size)
        self._last_block = (block, data)
        return data

    # -- merging ----------------------------------------------------------------------------------------------------

    def short_lengths(self) -> Ints:
        """Bytes of the short value of each document."""
        return self._short.lengths().astype(np.int64)

    def short_parts(self, kept: Ints | None) -> Iterator[npt.NDArray[np.uint8]]:
        """The short values of all documents, or of those in ``kept``, one after the other: views, one per run of
        neighbours."""
        flat = self._short.flat()
        if kept is None:
            yield flat
            return
        offsets = offsets_of(self._short.lengths())
        ends = np.flatnonzero(np.diff(kept, append=-1) != 1)
        firsts = kept[np.concatenate([[0], ends[:-1] + 1])] if len(kept) else kept
        for first, last in zip(firsts.tolist(), kept[ends].tolist(), strict=True):
            yield flat[offsets[first] : offsets[last + 1]]

    def long_docs(self) -> Ints:
        """The documents with a long value, ascending."""
        if self._long_lengths is None:
            return np.empty(0, dtype=np.int64)
        return np.arange(self._doc_count) if self._long_docs is None else self._long_docs.array().astype(np.int64)

    def long_lengths(self) -> Ints:
        """Bytes of each long value."""
        if self._long_lengths is None:
            return np.empty(0, dtype=np.int64)
        return self._long_lengths.array().astype(np.int64)

    def block_ranks(self) -> Ints:
        """Number of the first long value of each block, and the number of long values."""
        return np.zeros(1, dtype=np.int64) if self._long_lengths is None else self._ranks.array().astype(np.int64)

    def blocks(self, alive: npt.NDArray[np.bool_]) -> Iterator[bytes]:
        """The blocks without the long values that are not ``alive``; those that lose none are copied as they are."""
        ranks, offsets = self.block_ranks().tolist(), offsets_of(self.long_lengths())
        for block, (first, stop) in enumerate(pairwise(ranks)):
            chosen = np.flatnonzero(alive[first:stop])
            if len(chosen) == stop - first:
                yield self.raw_block(block)
            elif len(chosen):
                data = self._block(block)
                bounds = (offsets[first : stop + 1] - offsets[first]).tolist()
                yield compress_block([data[bounds[i] : bounds[i + 1]] for i in chosen.tolist()])


class SegmentPiece:
    """The stored values of one field of a segment, or of its documents ``kept`` (ascending), read as they are needed.

    Same attributes as StoredPiece.
    """

    def __init__(self, reader: StoredReader, doc_count: int, kept: Ints | None) -> None:
        self._reader = reader
        self._kept = kept
        self.doc_count = doc_count if kept is None else len(kept)
        lengths = reader.short_lengths()
        self.short_lengths = lengths if kept is None else lengths[kept]
        docs, ranks = reader.long_docs(), reader.block_ranks()
        self._alive: npt.NDArray[np.bool_] = np.ones(len(docs), dtype=bool)
        self.long_docs = docs
        self.block_counts = np.diff(ranks)
        if kept is not None:
            self._alive = np.isin(docs, kept, assume_unique=True)
            self.long_docs = np.searchsorted(kept, docs[self._alive]).astype(np.int64)
            survivors = offsets_of(self._alive)[ranks]
            self.block_counts = np.diff(survivors)
            self.block_counts = self.block_counts[self.block_counts > 0]
        self.long_lengths = reader.long_lengths()[self._alive]

    @property
    def short_parts(self) -> Iterable[npt.NDArray[np.uint8]]:
        return self._reader.short_parts(self._kept)

    @property
    def blocks(self) -> Iterable[bytes]:
        return self._reader.blocks(self._alive)
