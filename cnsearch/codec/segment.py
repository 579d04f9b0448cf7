"""The codec as Whoosh knows it, and its entry of a segment.

``ColumnarCodec`` is what a foreign schema uses: ``ix.writer(codec=ColumnarCodec())``. Each of the two classes makes
the other, so they stand together.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from whoosh.codec import base
from whoosh.writing import IndexingError

from cnsearch.codec.reader import ColumnarPerDocumentReader, ColumnarTermsReader
from cnsearch.codec.storage import added_column_name, open_segment
from cnsearch.codec.writers import ColumnarFieldWriter, ColumnarPerDocumentWriter, careful_pool
from cnsearch.engine.segment.entry import SegmentEntry


class ColumnarCodec(base.Codec):  # type: ignore[misc]
    """Columns of numbers instead of pickled objects: one memory-mapped, checksummed file per segment."""

    length_stats = False  # lengths are kept per document; postings need none

    def per_document_writer(self, storage: Any, segment: ColumnarSegment) -> ColumnarPerDocumentWriter:
        return ColumnarPerDocumentWriter(storage, segment, careful_pool(sys._getframe(1).f_locals.get("self")))

    def field_writer(self, storage: Any, segment: ColumnarSegment) -> ColumnarFieldWriter:
        return ColumnarFieldWriter(storage, segment)

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> Any:
        raise NotImplementedError("ColumnarCodec writes all postings of a field at once: use field_writer")

    def postings_reader(self, dbfile: Any, terminfo: Any, format_: Any, term: Any = None, scorer: Any = None) -> Any:
        raise NotImplementedError("ColumnarCodec reads postings by term: use terms_reader(...).matcher")

    def terms_reader(self, storage: Any, segment: ColumnarSegment) -> ColumnarTermsReader:
        return ColumnarTermsReader(open_segment(storage, segment))

    def per_document_reader(self, storage: Any, segment: ColumnarSegment) -> ColumnarPerDocumentReader:
        return ColumnarPerDocumentReader(open_segment(storage, segment), segment, storage)

    def supports_columns(self) -> bool:
        """Columns are kept, which Whoosh asks before it sorts by one."""
        return True

    def column_filename(self, segment: ColumnarSegment, fieldname: str) -> str:
        """Where ``whoosh.sorting.add_sortable`` puts a column of its own kind, beside the segment's file."""
        return added_column_name(segment, fieldname)

    def new_segment(self, storage: Any, indexname: str) -> ColumnarSegment:
        return ColumnarSegment(indexname)


class ColumnarSegment(SegmentEntry, base.Segment):  # type: ignore[misc]
    """An entry of a segment that Whoosh takes for its own.

    Whoosh pickles it, so this import path is part of the format of Whoosh's indexes; ours holds ``to_dict``.
    """

    compound = False
    written_docs: int | None = None
    """How many documents its file has, where a writer of Whoosh has just made it."""

    @classmethod
    def of(cls, entry: SegmentEntry) -> ColumnarSegment:
        """The same entry, with the same deletions: for reading, since they share them."""
        segment = cls.__new__(cls)
        segment.__dict__.update(entry.__dict__)
        return segment

    def __getstate__(self) -> dict[str, Any]:
        return self.to_dict()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(self.from_dict(state).__dict__)

    def codec(self) -> ColumnarCodec:
        return ColumnarCodec()

    def should_assemble(self) -> bool:
        return False  # it is one file already

    def set_doc_count(self, doc_count: int) -> None:
        """Raises IndexingError (Whoosh's) if the file has another number: a table of contents that says so would be of
        an index that cannot be opened."""
        if self.written_docs not in (None, doc_count):
            raise IndexingError(f"the segment's file has {self.written_docs} documents, expected {doc_count}")
        super().set_doc_count(doc_count)

    def delete_document(self, docnum: int, delete: bool = True) -> None:
        self.delete_documents(np.array([docnum], dtype=np.int64), delete=delete)
