"""Read the stored values of one field: those of a document, of many, or all of them for a merge."""

from __future__ import annotations

import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Ints
from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.layout import SectionKind
from cnsearch.engine.bytes.packing import unpack
from cnsearch.engine.bytes.ragged import RaggedReader, offsets_of
from cnsearch.engine.bytes.values import TAG_TEXT_APART, TAG_TEXT_UTF16, decode_value, utf16_of_many
from cnsearch.engine.stored.pieces import BLOCK_BYTES, STORED_KINDS, compress_block
from cnsearch.errors import CorruptIndexError

MERGE_BYTES = 8 << 20
"""Bytes of a mapped file that a merge reads before it lets go of the memory that they take."""
_BLOCKS_AT_ONCE = MERGE_BYTES // BLOCK_BYTES


class StoredReader:
    """Stored values of one field. Safe to share between threads."""

    def __init__(self, container: Container, field: int, doc_count: int) -> None:
        kind = SectionKind
        self._container = container
        self._doc_count = doc_count
        self._short = RaggedReader(container, STORED_KINDS, field)
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
            raise self._unreadable(exc) from exc

    def _unreadable(self, exc: ValueError) -> CorruptIndexError:
        return self._short._bytes.corrupt(f"has a value that cannot be read: {exc}")

    def all_values(self) -> list[Any]:
        """``get`` of every document."""
        if self._long_lengths is not None:
            return [self.get(doc_id) for doc_id in range(self._doc_count)]
        try:
            return [decode_value(row) if row else None for row in self._short.rows()]
        except ValueError as exc:
            raise self._unreadable(exc) from exc

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

        doc_ids : integers, shape (n,)
        Returns : (units, counts); counts: units of each document's text, shape (n,); units: shape (sum(counts),),
                  read-only
        Raises  : CorruptIndexError
        """
        if self._long_lengths is None:
            rows: Sequence[bytes | memoryview] = self._short.views(doc_ids)
        else:
            rows = list(map(self.get_bytes, doc_ids.tolist()))
        try:
            texts = utf16_of_many(rows)
        except ValueError as exc:
            raise self._unreadable(exc) from exc
        counts = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)) >> 1
        return np.frombuffer(b"".join(texts), "<u2"), counts

    def beginning(self, doc_id: int, chars: int) -> bytes:
        """At least ``chars`` characters of a text, or all of it, in UTF-16; empty for what is no text. Raises
        CorruptIndexError as ``get`` does."""
        data, size = self._short.beginning(doc_id, 1 + 4 * chars)
        if size and data[:1] == TAG_TEXT_UTF16 and size & 1:
            return data[1:]
        if data[:1] == TAG_TEXT_APART:
            row = data if len(data) == size else self._short[doc_id]
            try:
                return unpack(row[1:], apart=True, most=2 * chars)
            except ValueError as exc:
                raise self._unreadable(exc) from exc
        value = self.get(doc_id)
        return value.encode("utf-16-le", "surrogatepass") if isinstance(value, str) else b""

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
        """Bytes of the short value of each document: new array, shape (doc_count,)."""
        return self._short.lengths().astype(np.int64)

    def short_parts(self, kept: Ints | None) -> Iterator[npt.NDArray[np.uint8]]:
        """The short values of all documents, or of those in ``kept``, one after the other: views, one or more per run
        of neighbours, each of shape (bytes,). Memory of the mapped file that was read is let go of.

        kept : shape (n,), ascending
        """
        if kept is None:
            runs = [(0, self._doc_count)]
        else:
            ends = np.flatnonzero(np.diff(kept, append=-1) != 1)
            firsts = kept[np.concatenate([[0], ends[:-1] + 1])] if len(kept) else kept
            runs = list(zip(firsts.tolist(), (kept[ends] + 1).tolist(), strict=True))
        read = 0
        for part in self._short.parts(runs, MERGE_BYTES):
            yield part
            read += len(part)
            if read >= MERGE_BYTES:
                self._container.release()
                read = 0

    def long_docs(self) -> Ints:
        """The documents with a long value, ascending: new array, shape (long values,)."""
        if self._long_lengths is None:
            return np.empty(0, dtype=np.int64)
        return np.arange(self._doc_count) if self._long_docs is None else self._long_docs.array().astype(np.int64)

    def long_lengths(self) -> Ints:
        """Bytes of each long value before compression: new array, shape (long values,)."""
        if self._long_lengths is None:
            return np.empty(0, dtype=np.int64)
        return self._long_lengths.array().astype(np.int64)

    def block_ranks(self) -> Ints:
        """Number of the first long value of each block, then of all long values: new array, shape (blocks + 1,)."""
        return np.zeros(1, dtype=np.int64) if self._long_lengths is None else self._ranks.array().astype(np.int64)

    def blocks(self, alive: npt.NDArray[np.bool_]) -> Iterator[bytes]:
        """The blocks without the long values that are not ``alive`` (shape (long values,)); those that lose none are
        copied as they are, those that lose all are left out."""
        ranks, offsets = self.block_ranks().tolist(), offsets_of(self.long_lengths())
        for block, (first, stop) in enumerate(pairwise(ranks)):
            if block % _BLOCKS_AT_ONCE == 0:
                self._container.release()
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
        """Views, one per run of neighbours, each of shape (bytes,)."""
        return self._reader.short_parts(self._kept)

    @property
    def blocks(self) -> Iterable[bytes]:
        """Those that lose no document as they stand in the file."""
        return self._reader.blocks(self._alive)
