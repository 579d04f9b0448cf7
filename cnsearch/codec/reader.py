"""A segment as Whoosh reads it: terms, postings, and per-document data, for any Whoosh query."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from whoosh.codec import base
from whoosh.reading import TermInfo, TermNotFound

from cnsearch.codec.column_types import own_reader
from cnsearch.codec.columns import ColumnarColumnReader
from cnsearch.codec.matcher import ColumnarMatcher, VectorMatcher
from cnsearch.codec.storage import added_column_name, read_added_column
from cnsearch.engine.bytes.values import decode_value
from cnsearch.engine.columns.byte_strings import OpaqueColumn
from cnsearch.engine.postings.decode import PostingsList
from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.engine.segment.reader import SegmentReader
from cnsearch.engine.terms.dictionary import TermDictionary


class ColumnarTermInfo(TermInfo):  # type: ignore[misc]
    """Statistics of a term, worked out from its postings."""

    def __init__(self, postings: PostingsList, lengths: Any) -> None:
        doc_ids, weights = postings.doc_ids, postings.weights
        here = None if lengths is None else lengths[doc_ids]
        super().__init__(
            weight=float(weights.sum(dtype=np.float64)),
            df=len(doc_ids),
            minlength=0 if here is None else int(here.min()),
            maxlength=0 if here is None else int(here.max()),
            maxweight=float(weights.max()),
            minid=int(doc_ids[0]),
            maxid=int(doc_ids[-1]),
        )


class ColumnarCursor(base.FieldCursor):  # type: ignore[misc]
    """Walk through the terms of a field."""

    def __init__(
        self, reader: ColumnarTermsReader, terms: TermDictionary | None, fieldname: str, fieldobj: Any
    ) -> None:
        self._reader = reader
        self._terms = terms
        self._fieldname = fieldname
        self._fieldobj = fieldobj
        self._count = 0 if terms is None else terms.count
        self._number = 0
        # The block at hand: walking and skipping mostly stay inside it.
        self._block: list[bytes] = []
        self._block_start = 0

    def _term_bytes(self) -> bytes | None:
        if self._terms is None or self._number >= self._count:
            return None
        at = self._number - self._block_start
        if not 0 <= at < len(self._block):
            self._block_start = self._number & ~15
            self._block = list(self._terms.terms(self._block_start, self._block_start + 16))
            at = self._number - self._block_start
        return self._block[at]

    def first(self) -> Any:
        self._number = 0
        return self.text()

    def find(self, term: Any) -> Any:
        if not isinstance(term, bytes):
            term = self._fieldobj.to_bytes(term)
        block = self._block
        if block and block[0] <= term <= block[-1]:
            self._number = self._block_start + bisect_left(block, term)
        elif self._terms is not None:
            self._number = self._terms.lower_bound(term)
        return self.text()

    def next(self) -> Any:
        self._number += 1
        return self.text()

    def text(self) -> Any:
        """The term, as the field has it (a str for texts); None after the last one."""
        term = self._term_bytes()
        return None if term is None else self._fieldobj.from_bytes(term)

    term = text  # the name that whoosh.reading.MultiCursor uses

    def term_info(self) -> ColumnarTermInfo | None:
        """Its statistics; None after the last term."""
        term = self._term_bytes()
        return None if term is None else self._reader.term_info(self._fieldname, term)

    def is_valid(self) -> bool:
        """Whether it stands on a term."""
        return self._number < self._count


class ColumnarTermsReader(base.TermsReader):  # type: ignore[misc]
    """Terms and postings of a segment."""

    def __init__(self, data: SegmentReader) -> None:
        self.data = data

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        terms = self.data.terms(term[0])
        return terms is not None and terms.find(term[1]) >= 0

    def cursor(self, fieldname: str, fieldobj: Any) -> ColumnarCursor:
        return ColumnarCursor(self, self.data.terms(fieldname), fieldname, fieldobj)

    def indexed_field_names(self) -> list[str]:
        return list(self.data.indexed_names)

    def terms(self) -> Iterator[tuple[str, bytes]]:
        for name in self.data.indexed_names:
            yield from self._field_terms(name, b"")

    def _field_terms(self, name: str, start: bytes) -> Iterator[tuple[str, bytes]]:
        terms = self.data.terms(name)
        if terms is not None:
            for term in terms.terms(terms.lower_bound(start) if start else 0):
                yield name, term

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        names = self.data.indexed_names
        if fieldname not in names:
            return
        yield from self._field_terms(fieldname, prefix)
        for name in names[names.index(fieldname) + 1 :]:
            yield from self._field_terms(name, b"")

    def items(self) -> Iterator[tuple[tuple[str, bytes], ColumnarTermInfo]]:
        for name in self.data.indexed_names:
            yield from self._field_items(name, b"")

    def _field_items(self, name: str, start: bytes) -> Iterator[tuple[tuple[str, bytes], ColumnarTermInfo]]:
        terms = self.data.terms(name)
        if terms is not None:
            postings, lengths = self.data.lists(name), self.data.lengths(name)
            first = terms.lower_bound(start) if start else 0
            for number, term in enumerate(terms.terms(first), first):
                yield (name, term), ColumnarTermInfo(postings.read(terms.pointer(number)), lengths)

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], ColumnarTermInfo]]:
        names = self.data.indexed_names
        if fieldname not in names:
            return
        yield from self._field_items(fieldname, prefix)
        for name in names[names.index(fieldname) + 1 :]:
            yield from self._field_items(name, b"")

    def _postings(self, fieldname: str, text: bytes) -> PostingsList:
        found = self.data.postings(fieldname, text)
        if found is None:
            raise TermNotFound(f"No term {fieldname}:{text!r}")
        return found

    def term_info(self, fieldname: str, text: bytes) -> ColumnarTermInfo:
        return ColumnarTermInfo(self._postings(fieldname, text), self.data.lengths(fieldname))

    def frequency(self, fieldname: str, text: bytes) -> float:
        found = self.data.postings(fieldname, text)
        return 0 if found is None else float(found.weights.sum(dtype=np.float64))

    def doc_frequency(self, fieldname: str, text: bytes) -> int:
        return self.data.doc_freq(fieldname, text)

    def matcher(self, fieldname: str, text: bytes, format_: Any, scorer: Any = None) -> ColumnarMatcher:
        postings = self._postings(fieldname, text)
        reader = self.data.lists(fieldname)
        return ColumnarMatcher(
            postings,
            format_,
            lambda: reader.values(postings),
            lambda: self.data.lengths(fieldname),
            term=(fieldname, text),
            scorer=scorer,
        )

    def close(self) -> None:
        """Nothing to do: the file is unmapped when its last reader is gone."""


class ColumnarPerDocumentReader(base.PerDocumentReader):  # type: ignore[misc]
    """Per-document data of a segment, with the deletions of one of its entries."""

    def __init__(self, data: SegmentReader, segment: SegmentEntry, storage: Any = None) -> None:
        self.data = data
        self._segment = segment
        self._storage = storage
        # The entry of the TOC is the authority on the number of documents; both must agree.
        if segment.doc_count_all() != data.doc_count:
            raise data.container.corrupt(
                "has another number of documents than the index says",
                section="manifest",
                found=data.doc_count,
                expected=segment.doc_count_all(),
            )

    def doc_count(self) -> int:
        return self.data.doc_count - self._segment.deleted_count()

    def doc_count_all(self) -> int:
        return self.data.doc_count

    # -- deletions

    def has_deletions(self) -> bool:
        return bool(self._segment.has_deletions())

    def is_deleted(self, docnum: int) -> bool:
        return self._segment.is_deleted(docnum)

    def deleted_docs(self) -> Iterator[int]:
        return self._segment.deleted_docs()

    # -- columns

    def supports_columns(self) -> bool:
        return True

    def has_column(self, fieldname: str) -> bool:
        return "column" in self.data.infos.get(fieldname, {}) or self._has_added_column(fieldname)

    def _has_added_column(self, fieldname: str) -> bool:
        return self._storage is not None and self._storage.file_exists(added_column_name(self._segment, fieldname))

    def list_columns(self) -> list[str]:
        return [name for name, info in self.data.infos.items() if "column" in info]

    def column_reader(self, fieldname: str, column: Any) -> Any:
        found = self.data.column(fieldname)
        if found is None:
            if not self._has_added_column(fieldname):
                raise ValueError(f'field "{fieldname}" has no column')
            found = read_added_column(self._storage, self._segment, fieldname)
        if isinstance(found, OpaqueColumn):
            return own_reader(column, found.data, found.doc_count)
        return ColumnarColumnReader(found, self.data.doc_count)

    # -- lengths

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        lengths = self.data.lengths(fieldname)
        if lengths is None:
            return default
        return int(lengths[docnum]) or default

    def doc_field_length_reader(self, fieldname: str, default: int = 0) -> Callable[[int], int]:
        lengths = self.data.lengths(fieldname)
        if lengths is None:
            return lambda docnum: default
        items = lengths.tolist()
        return lambda docnum: items[docnum] or default

    def field_length(self, fieldname: str) -> int:
        return self.data.length_statistics(fieldname)["total"]

    def min_field_length(self, fieldname: str) -> int:
        return self.data.length_statistics(fieldname)["min"]

    def max_field_length(self, fieldname: str) -> int:
        return self.data.length_statistics(fieldname)["max"]

    # -- vectors

    def has_vector(self, docnum: int, fieldname: str) -> bool:
        vectors = self.data.vectors(fieldname)
        return vectors is not None and bool(vectors[docnum])

    def vector(self, docnum: int, fieldname: str, format_: Any) -> VectorMatcher:
        vectors = self.data.vectors(fieldname)
        row = b"" if vectors is None else vectors[docnum]
        if not row:
            raise ValueError(f'field "{fieldname}" has no vector in document {docnum}')
        return VectorMatcher(decode_value(row), format_)

    # -- stored fields

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        return self.data.stored(docnum)


def segment_reader(leaf_reader: Any) -> SegmentReader:
    """The open segment below a leaf reader (``reader.leaf_readers()``), as arrays. Raises TypeError if another codec
    wrote it."""
    data = getattr(getattr(leaf_reader, "_perdoc", None), "data", None)
    if not isinstance(data, SegmentReader):
        raise TypeError(f"{leaf_reader!r} does not read a segment of ColumnarCodec")
    return data
