"""What Whoosh's writer needs of a codec: writers that take one document, one term, one posting at a time.

Slow, but complete. ``ColumnarWriter`` (writer.py) is the quick one; both write the same files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from whoosh.codec import base
from whoosh.writing import PostingPool, SegmentWriter

from cnsearch.codec.column_types import column_spec
from cnsearch.codec.schema import has_frequency_values
from cnsearch.codec.storage import StorageFiles, open_segment
from cnsearch.engine.bytes.layout import EXTENSION
from cnsearch.engine.bytes.ragged import lengths_of
from cnsearch.engine.bytes.values import PLAIN_TYPES, encode_value
from cnsearch.engine.columns.kinds import make_column
from cnsearch.engine.columns.spec import ColumnSpec
from cnsearch.engine.postings.encode import PostingValues
from cnsearch.engine.segment.terms import FieldTermsWriter
from cnsearch.engine.segment.writer import SegmentWriter as SegmentFile
from cnsearch.engine.stored.pieces import encode_piece
from cnsearch.engine.stored.writer import StoredWriter

#: documents per piece of stored values on the generic path
_DOCS_PER_PIECE = 1000
#: postings that the generic path collects before it encodes them
_POSTINGS_PER_PIECE = 100_000

TEMPORARY_EXTENSION = EXTENSION + ".tmp"


class CarefulPool(PostingPool):  # type: ignore[misc]
    """Whoosh's pool of postings, which takes those of a document when it is finished, or not at all.

    Whoosh's writer hands over the postings of a document before it knows that the document can be stored.
    """

    document: list[Any] | None = None

    def add(self, item: Any) -> None:
        if self.document is None:
            super().add(item)
        else:
            self.document.append(item)

    def begin(self) -> None:
        """A document begins: what is added from now on is kept apart."""
        self.document = []

    def end(self, *, keep: bool) -> None:
        """It ends: take its postings, or forget them."""
        items, self.document = self.document or (), None
        for item in items if keep else ():
            super().add(item)


def careful_pool(writer: Any) -> CarefulPool | None:
    """Give Whoosh's writer a ``CarefulPool``; None for any other caller.  REQUIRES: its pool is still empty

    The writer tells its codec nothing of itself, but it is who asks for a per-document writer.
    """
    pool = getattr(writer, "pool", None)
    if type(pool) is not PostingPool or not isinstance(writer, SegmentWriter):
        return None
    pool.__class__ = CarefulPool
    return pool


class ColumnarPerDocumentWriter(base.PerDocumentWriter):  # type: ignore[misc]
    """Stored values, lengths, columns and vectors, one document at a time. The file is made with the first document.

    A document that was started and not finished leaves no trace, whatever stopped it: Whoosh's writer cancels it only
    for a ValueError.
    """

    def __init__(self, storage: Any, segment: Any, pool: CarefulPool | None = None) -> None:
        self._pool = pool
        self._storage = storage
        self._segment = segment
        self._file: SegmentFile | None = None
        self._stored_writer: StoredWriter | None = None
        self._doc_count = 0
        self._in_doc = False
        self._pending_docs = 0
        self._stored: dict[str, dict[int, Any]] = defaultdict(dict)
        self._lengths: dict[str, dict[int, int]] = defaultdict(dict)
        self._columns: dict[str, tuple[ColumnSpec, Callable[[Any], Any], dict[int, Any]]] = {}
        self._vectors: dict[str, dict[int, bytes]] = defaultdict(dict)
        self.is_closed = False

    def start_doc(self, docnum: int) -> None:
        if self._in_doc:
            self.cancel_doc()
        if docnum != self._doc_count:
            raise ValueError(f"document {docnum} was started, expected {self._doc_count}")
        self._in_doc = True
        if self._pool is not None:
            self._pool.begin()

    def add_field(self, fieldname: str, fieldobj: Any, value: Any, length: int | None) -> None:
        if value is not None:
            if type(value) not in PLAIN_TYPES:
                try:
                    encode_value(value)
                except TypeError as exc:
                    raise TypeError(f'stored field "{fieldname}": {exc}') from exc
            self._stored[fieldname][self._pending_docs] = value
        if length:
            self._lengths[fieldname][self._doc_count] = length

    def add_column_value(self, fieldname: str, columnobj: Any, value: Any) -> None:
        if fieldname not in self._columns:
            spec = column_spec(columnobj)
            self._columns[fieldname] = (spec, spec.checker(), {})
        _, check, values = self._columns[fieldname]
        values[self._doc_count] = check(value)

    def add_vector_items(self, fieldname: str, fieldobj: Any, items: Iterable[tuple[str, float, bytes]]) -> None:
        rows = [(text, weight, value or b"") for text, weight, value in items]
        if rows:  # what cannot be encoded refuses the document
            self._vectors[fieldname][self._doc_count] = encode_value(rows)

    def finish_doc(self) -> None:
        if self._pool is not None:
            self._pool.end(keep=True)
        self._in_doc = False
        self._doc_count += 1
        self._pending_docs += 1
        if self._pending_docs == _DOCS_PER_PIECE:
            self._flush_stored()

    def cancel_doc(self) -> None:
        """Forget what was added to the document that was started."""
        for stored in self._stored.values():
            stored.pop(self._pending_docs, None)
        for by_doc in (*self._lengths.values(), *self._vectors.values()):
            by_doc.pop(self._doc_count, None)  # type: ignore[attr-defined]
        for _, _, values in self._columns.values():
            values.pop(self._doc_count, None)
        if self._pool is not None:
            self._pool.end(keep=False)
        self._in_doc = False

    def _flush_stored(self) -> None:
        if self._file is None:
            self._file = SegmentFile(StorageFiles(self._storage), self._segment.filename)
            self._stored_writer = StoredWriter(self._file.container)
        assert self._stored_writer is not None
        count = self._pending_docs
        pieces = {
            name: encode_piece(map(by_doc.get, range(count)), count) for name, by_doc in self._stored.items() if by_doc
        }
        self._stored_writer.add(pieces, count)
        self._stored.clear()
        self._pending_docs = 0

    def close(self) -> None:
        if self._in_doc:
            self.cancel_doc()
        self.is_closed = True
        if not self._doc_count:
            return
        if self._pending_docs:
            self._flush_stored()
        file, count = self._file, self._doc_count
        assert file is not None
        assert self._stored_writer is not None
        file.add_stored(self._stored_writer)
        for name in sorted(self._lengths):
            lengths = np.zeros(count, dtype=np.int64)
            lengths[list(self._lengths[name])] = list(self._lengths[name].values())
            file.add_lengths(name, lengths)
        for name in sorted(self._columns):
            spec, _, values = self._columns[name]
            file.add_column(name, spec.kind, make_column([values.get(doc) for doc in range(count)], spec))
        for name in sorted(self._vectors):
            rows = [self._vectors[name].get(doc, b"") for doc in range(count)]
            file.add_vectors(name, lengths_of(rows), [b"".join(rows)])
        file.close(count)
        self._segment.set_doc_count(count)
        self._segment.written_docs = count


class ColumnarFieldWriter(base.FieldWriter):  # type: ignore[misc]
    """Terms and postings, one posting at a time, into the file that the per-document writer closed."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self._storage = storage
        self._segment = segment
        self._file: SegmentFile | None = None
        self._field: FieldTermsWriter | None = None
        self._reset_piece()
        self.is_closed = False

    def _reset_piece(self) -> None:
        self._terms: list[bytes] = []
        self._counts: list[int] = []
        self._doc_ids: list[int] = []
        self._weights: list[float] = []
        self._values: list[bytes] = []

    def add_postings(self, schema: Any, lengths: Any, items: Any) -> None:
        if self._file is None:
            self._begin()
        super().add_postings(schema, lengths, items)

    def _begin(self) -> None:
        data = open_segment(self._storage, self._segment)
        self._file = SegmentFile(StorageFiles(self._storage), self._segment.segment_id() + TEMPORARY_EXTENSION)
        self._file.continue_from(data)
        self._doc_count = data.doc_count

    def start_field(self, fieldname: str, fieldobj: Any) -> None:
        if self._file is None:
            self._begin()
        assert self._file is not None
        self._field = FieldTermsWriter(self._file, fieldname, frequency_is_value=has_frequency_values(fieldobj.format))

    def start_term(self, text: bytes) -> None:
        if self._field is None:
            raise ValueError("start_term before start_field")
        self._terms.append(text)
        self._counts.append(0)

    def add(self, docnum: int, weight: float, vbytes: bytes, length: int) -> None:
        if self._counts[-1] and self._doc_ids[-1] == docnum:
            # Spelling fields give every word as if it were in document 0.
            self._weights[-1] += weight
            return
        self._counts[-1] += 1
        self._doc_ids.append(docnum)
        self._weights.append(weight)
        self._values.append(vbytes)

    def finish_term(self) -> None:
        if len(self._doc_ids) >= _POSTINGS_PER_PIECE:
            self._flush()

    def _flush(self) -> None:
        if not self._terms:
            return
        assert self._field is not None
        self._field.add(
            self._terms,
            np.array(self._counts, dtype=np.int64),
            np.array(self._doc_ids, dtype=np.int64),
            np.array(self._weights, dtype=np.float64),
            PostingValues(lengths_of(self._values), np.frombuffer(b"".join(self._values), np.uint8)),
        )
        self._reset_piece()

    def finish_field(self) -> None:
        if self._field is None:
            raise ValueError("finish_field before start_field")
        self._flush()
        self._field.finish()
        self._field = None

    def close(self) -> None:
        self.is_closed = True
        if self._file is not None:
            self._file.close(self._doc_count)
            name = self._segment.make_filename
            self._storage.rename_file(name(TEMPORARY_EXTENSION), name(EXTENSION), safe=False)
