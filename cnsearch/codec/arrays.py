"""Segments as arrays: what the fast search path reads instead of matchers.

    for leaf_reader, doc_base in reader.leaf_readers():
        arrays = segment_arrays(leaf_reader)
        found = arrays.postings("body", "上海")
        if found is not None:
            doc_ids, freqs = found

Do not modify the arrays: some are shared between callers. Every method may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from cnsearch.codec.column_types import as_bytes
from cnsearch.codec.columns import (
    AnyColumn,
    BitsColumn,
    NumberColumn,
    OpaqueColumn,
    OrdinalColumn,
    OrdinalListsColumn,
)
from cnsearch.codec.segment import ColumnarSegment, SegmentData
from cnsearch.engine.stored.stored import StoredReader

Array = npt.NDArray[Any]


class SegmentArrays:
    """One segment, with the deletions of one commit."""

    def __init__(self, data: SegmentData, segment: ColumnarSegment) -> None:
        self.data = data
        self.segment_id: str = segment.segment_id()
        self.doc_count_all = data.doc_count
        self.doc_count = segment.doc_count()
        deleted = segment.deleted_mask()
        self._live = None
        self._stored: dict[str, StoredReader | None] = {}
        if deleted is not None:
            self._live = ~deleted
            self._live.flags.writeable = False

    # -- documents --------------------------------------------------------------------------------------------------

    def live_mask(self) -> npt.NDArray[np.bool_] | None:
        """bool, shape (doc_count_all,), False where deleted; None if nothing is deleted."""
        return self._live

    def stored(self, doc_id: int, fields: Iterable[str] | None = None) -> dict[str, Any]:
        """Stored values of a document, of all fields or of those named; fields without a value are left out."""
        if not 0 <= doc_id < self.doc_count_all:
            raise IndexError(f"document {doc_id} of {self.doc_count_all}")
        found = {}
        for name in self.data.stored_names if fields is None else fields:
            if name not in self._stored:
                self._stored[name] = self.data.stored(name)
            reader = self._stored[name]
            if reader is not None:
                value = reader.get(doc_id)
                if value is not None:
                    found[name] = value
        return found

    def stored_values(self, field: str) -> list[Any]:
        """The stored value of every document, None where there is none; much quicker than one by one."""
        reader = self.data.stored(field)
        return [None] * self.doc_count_all if reader is None else reader.all_values()

    def utf16(self, field: str, doc_ids: Array) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]]:
        """The stored texts of many documents as UTF-16, one after the other, and how many units each has."""
        reader = self.data.stored(field)
        if reader is None:
            return np.empty(0, dtype=np.uint16), np.zeros(len(doc_ids), dtype=np.int64)
        return reader.utf16(doc_ids)

    # -- terms ------------------------------------------------------------------------------------------------------

    def postings(
        self, field: str, term: str | bytes, *, keep: bool = True
    ) -> tuple[npt.NDArray[np.int32], Array] | None:
        """(doc_ids, freqs) of a term, or None if the field does not have it.

        keep    : keep the decoded list for the next time; not for terms that are looked up once, such as ids
        doc_ids : int32, ascending, with deleted documents
        freqs   : float32 (float64 where weights are not exact in float32), shape like doc_ids
        """
        find = self.data.find_postings if keep else self.data.read_postings
        found = find(field, term if isinstance(term, bytes) else as_bytes(term))
        return None if found is None else (found.doc_ids, found.weights)

    def prefix_postings(self, field: str, prefix: str | bytes) -> tuple[npt.NDArray[np.int32], Array] | None:
        """(doc_ids, freqs) of all terms that begin with ``prefix``, as those of one term: the frequencies of a document
        are added. None if there is no such term."""
        terms = self.data.terms(field)
        first, stop = (0, 0) if terms is None else terms.prefix_range(as_bytes(prefix))
        if terms is None or first == stop:
            return None
        lists = self.data.postings(field).read_lists(terms.pointers(first, stop))
        freqs = np.bincount(lists.doc_ids, weights=lists.weights)
        doc_ids = np.flatnonzero(freqs)
        return doc_ids.astype(np.int32), freqs[doc_ids].astype(np.float32)

    def doc_freq(self, field: str, term: str | bytes) -> int:
        """Number of documents with the term, deleted ones included; 0 if there is none."""
        return self.data.doc_frequency(field, term if isinstance(term, bytes) else as_bytes(term))

    def doc_freqs(self, field: str, prefix: str | bytes = b"") -> tuple[list[bytes], npt.NDArray[np.int64]]:
        """(terms, documents with each) of the terms that begin with ``prefix``, in byte order, deleted documents
        included."""
        terms = self.data.terms(field)
        start, stop = (0, 0) if terms is None else terms.prefix_range(as_bytes(prefix))
        if terms is None or start >= stop:
            return [], np.empty(0, dtype=np.int64)
        return list(terms.terms(start, stop)), self.data.postings(field).counts(terms.pointers(start, stop))

    def has_term(self, field: str, term: str | bytes) -> bool:
        """True if the field has the term."""
        terms = self.data.terms(field)
        return terms is not None and terms.find(term if isinstance(term, bytes) else as_bytes(term)) >= 0

    def terms_with_prefix(self, field: str, prefix: str | bytes) -> Iterator[bytes]:
        """The terms that begin with ``prefix``, in byte order."""
        terms = self.data.terms(field)
        return iter(()) if terms is None else terms.terms(*terms.prefix_range(as_bytes(prefix)))

    def terms_range(
        self, field: str, start: str | bytes | None = None, stop: str | bytes | None = None
    ) -> Iterator[bytes]:
        """The terms with ``start`` <= term < ``stop``, in byte order; None is no bound."""
        terms = self.data.terms(field)
        if terms is None:
            return iter(())
        first = 0 if start is None else terms.lower_bound(as_bytes(start))
        last = terms.count if stop is None else terms.lower_bound(as_bytes(stop))
        return terms.terms(first, last)

    # -- lengths ----------------------------------------------------------------------------------------------------

    def lengths(self, field: str) -> Array:
        """Tokens of the field in each document: unsigned, shape (doc_count_all,); zeros if the field has none."""
        lengths = self.data.lengths(field)
        return np.zeros(self.doc_count_all, dtype=np.uint8) if lengths is None else lengths

    def total_length(self, field: str) -> int:
        """Tokens of the field in all documents, deleted ones included."""
        return self.data.length_statistics(field)["total"]

    # -- columns ----------------------------------------------------------------------------------------------------

    def column_kinds(self) -> dict[str, str]:
        """The kind (FORMAT.md) of each column in this segment, by field."""
        return {name: info["column"]["kind"] for name, info in self.data.infos.items() if "column" in info}

    def _column(self, field: str, *kinds: type) -> AnyColumn | None:
        column = self.data.column(field)
        if column is not None and not isinstance(column, kinds):
            raise TypeError(f'the column of field "{field}" is a {type(column).__name__}')
        return column

    def numeric(self, field: str) -> Array | None:
        """Column of numbers or bits: int64, uint64, float64 or bool, shape (doc_count_all,), defaults filled in.
        None if this segment has no value of the field."""
        column = self._column(field, NumberColumn, BitsColumn)
        return None if column is None else column.values  # type: ignore[union-attr]

    def present(self, field: str) -> npt.NDArray[np.bool_] | None:
        """Which documents have a number: bool, shape (doc_count_all,); None if all have, or the column is missing."""
        column = self.data.column(field)
        return column.present if isinstance(column, NumberColumn) else None

    def ordinals(self, field: str) -> tuple[Array, list[bytes]] | None:
        """(ordinals, values) of a column of byte strings: ordinals unsigned, shape (doc_count_all,), numbers into the
        sorted distinct values. None if this segment has no value of the field."""
        column = self._column(field, OrdinalColumn)
        return None if column is None else (column.ordinals, column.uniques)  # type: ignore[union-attr]

    def ordinal_lists(self, field: str) -> tuple[Array, Array, list[bytes]] | None:
        """(offsets, ordinals, values) of a column with several values per document: those of document d are
        ``ordinals[offsets[d] : offsets[d + 1]]``. None if this segment has no value of the field."""
        column = self._column(field, OrdinalListsColumn)
        if column is None:
            return None
        return column.offsets, column.ordinals, column.uniques  # type: ignore[union-attr]

    def values(self, field: str) -> AnyColumn | None:
        """Any column but an opaque one: ``values(field)[doc_id]``."""
        column = self.data.column(field)
        if isinstance(column, OpaqueColumn):
            raise TypeError(f'the column of field "{field}" is opaque: use the reader\'s column_reader')
        return column


def segment_arrays(leaf_reader: Any) -> SegmentArrays:
    """The arrays of a leaf reader (``reader.leaf_readers()``). Raises TypeError if another codec wrote its segment."""
    arrays = getattr(getattr(leaf_reader, "_perdoc", None), "arrays", None)
    if not isinstance(arrays, SegmentArrays):
        raise TypeError(f"{leaf_reader!r} does not read a segment of ColumnarCodec")
    return arrays
