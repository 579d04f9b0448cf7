"""The codec as Whoosh knows it: writers that take one posting at a time, readers for any Whoosh query.

``ColumnarCodec`` is what a foreign schema uses: ``ix.writer(codec=ColumnarCodec())``. The fast writer for documents
that were analysed into arrays is writer.py; both write the same files.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from whoosh.codec import base
from whoosh.reading import TermInfo, TermNotFound

from cnsearch.codec.arrays import SegmentArrays
from cnsearch.codec.columns import ColumnarColumnReader, OpaqueColumn, kind_of, make_column, value_checker
from cnsearch.codec.container import EXTENSION
from cnsearch.codec.matcher import ColumnarMatcher, VectorMatcher
from cnsearch.codec.postings import PostingValues
from cnsearch.codec.postings_reader import PostingsList
from cnsearch.codec.ragged import lengths_of, write_ragged
from cnsearch.codec.segment import VECTOR_KINDS, ColumnarSegment, SegmentData, SegmentFileWriter, open_segment
from cnsearch.codec.stored import StoredWriter, encode_piece
from cnsearch.codec.termdict import TermDictionary
from cnsearch.codec.terms import FieldTermsWriter, has_frequency_values
from cnsearch.codec.values import PLAIN_TYPES, decode_value, encode_value

#: documents per piece of stored values on the generic path
_DOCS_PER_PIECE = 1000
#: postings that the generic path collects before it encodes them
_POSTINGS_PER_PIECE = 100_000

TEMPORARY_EXTENSION = EXTENSION + ".tmp"


class ColumnarCodec(base.Codec):  # type: ignore[misc]
    """Columns of numbers instead of pickled objects: one memory-mapped, checksummed file per segment."""

    length_stats = False  # lengths are kept per document; postings need none

    def per_document_writer(self, storage: Any, segment: ColumnarSegment) -> ColumnarPerDocumentWriter:
        return ColumnarPerDocumentWriter(storage, segment)

    def field_writer(self, storage: Any, segment: ColumnarSegment) -> ColumnarFieldWriter:
        return ColumnarFieldWriter(storage, segment)

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> Any:
        raise NotImplementedError("ColumnarCodec writes all postings of a field at once: use field_writer")

    def postings_reader(self, dbfile: Any, terminfo: Any, format_: Any, term: Any = None, scorer: Any = None) -> Any:
        raise NotImplementedError("ColumnarCodec reads postings by term: use terms_reader(...).matcher")

    def terms_reader(self, storage: Any, segment: ColumnarSegment) -> ColumnarTermsReader:
        return ColumnarTermsReader(open_segment(storage, segment))

    def per_document_reader(self, storage: Any, segment: ColumnarSegment) -> ColumnarPerDocumentReader:
        return ColumnarPerDocumentReader(open_segment(storage, segment), segment)

    def supports_columns(self) -> bool:
        return True

    def new_segment(self, storage: Any, indexname: str) -> ColumnarSegment:
        return ColumnarSegment(indexname)


# -- writing ----------------------------------------------------------------------------------------------------------


class ColumnarPerDocumentWriter(base.PerDocumentWriter):  # type: ignore[misc]
    """Stored values, lengths, columns and vectors, one document at a time. The file is made with the first document."""

    def __init__(self, storage: Any, segment: ColumnarSegment) -> None:
        self._storage = storage
        self._segment = segment
        self._file: SegmentFileWriter | None = None
        self._stored_writer: StoredWriter | None = None
        self._doc_count = 0
        self._in_doc = False
        self._pending_docs = 0
        self._stored: dict[str, dict[int, Any]] = defaultdict(dict)
        self._lengths: dict[str, dict[int, int]] = defaultdict(dict)
        self._columns: dict[str, tuple[Any, Callable[[Any], Any], dict[int, Any]]] = {}
        self._vectors: dict[str, dict[int, bytes]] = defaultdict(dict)
        self.is_closed = False

    def start_doc(self, docnum: int) -> None:
        if self._in_doc:
            raise ValueError("the document before was not finished")
        if docnum != self._doc_count:
            raise ValueError(f"document {docnum} was started, expected {self._doc_count}")
        self._in_doc = True

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
            self._columns[fieldname] = (columnobj, value_checker(columnobj), {})
        _, check, values = self._columns[fieldname]
        values[self._doc_count] = check(value)

    def add_vector_items(self, fieldname: str, fieldobj: Any, items: Iterable[tuple[str, float, bytes]]) -> None:
        rows = [(text, weight, value or b"") for text, weight, value in items]
        if rows:
            self._vectors[fieldname][self._doc_count] = encode_value(rows)

    def finish_doc(self) -> None:
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
        self._in_doc = False

    def _flush_stored(self) -> None:
        if self._file is None:
            self._file = SegmentFileWriter(self._storage, self._segment)
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
            self.finish_doc()
        self.is_closed = True
        if not self._doc_count:
            return
        if self._pending_docs:
            self._flush_stored()
        file, count = self._file, self._doc_count
        assert file is not None
        assert self._stored_writer is not None
        numbers = {name: file.field(name)[0] for name in sorted(self._stored_writer.names())}
        for name in self._stored_writer.finish(numbers):
            file.field(name)[1]["stored"] = True
        for name in sorted(self._lengths):
            lengths = np.zeros(count, dtype=np.int64)
            lengths[list(self._lengths[name])] = list(self._lengths[name].values())
            file.add_lengths(name, lengths)
        for name in sorted(self._columns):
            column, _, values = self._columns[name]
            file.add_column(name, kind_of(column), make_column([values.get(doc) for doc in range(count)], column))
        for name in sorted(self._vectors):
            number, info = file.field(name)
            info["vector"] = True
            rows = [self._vectors[name].get(doc, b"") for doc in range(count)]
            write_ragged(file.container, VECTOR_KINDS, number, lengths_of(rows), [b"".join(rows)])
        file.close(count)
        self._segment.set_doc_count(count)


class ColumnarFieldWriter(base.FieldWriter):  # type: ignore[misc]
    """Terms and postings, one posting at a time, into the file that the per-document writer closed."""

    def __init__(self, storage: Any, segment: ColumnarSegment) -> None:
        self._storage = storage
        self._segment = segment
        self._file: SegmentFileWriter | None = None
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
        self._file = SegmentFileWriter(self._storage, self._segment, TEMPORARY_EXTENSION)
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


# -- reading ----------------------------------------------------------------------------------------------------------


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
        term = self._term_bytes()
        return None if term is None else self._fieldobj.from_bytes(term)

    term = text  # the name that whoosh.reading.MultiCursor uses

    def term_info(self) -> ColumnarTermInfo | None:
        term = self._term_bytes()
        return None if term is None else self._reader.term_info(self._fieldname, term)

    def is_valid(self) -> bool:
        return self._number < self._count


class ColumnarTermsReader(base.TermsReader):  # type: ignore[misc]
    """Terms and postings of a segment."""

    def __init__(self, data: SegmentData) -> None:
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
        for term in self.terms():
            yield term, self.term_info(*term)

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], ColumnarTermInfo]]:
        for term in self.terms_from(fieldname, prefix):
            yield term, self.term_info(*term)

    def _postings(self, fieldname: str, text: bytes) -> PostingsList:
        found = self.data.find_postings(fieldname, text)
        if found is None:
            raise TermNotFound(f"No term {fieldname}:{text!r}")
        return found

    def term_info(self, fieldname: str, text: bytes) -> ColumnarTermInfo:
        return ColumnarTermInfo(self._postings(fieldname, text), self.data.lengths(fieldname))

    def frequency(self, fieldname: str, text: bytes) -> float:
        found = self.data.find_postings(fieldname, text)
        return 0 if found is None else float(found.weights.sum(dtype=np.float64))

    def doc_frequency(self, fieldname: str, text: bytes) -> int:
        return self.data.doc_frequency(fieldname, text)

    def matcher(self, fieldname: str, text: bytes, format_: Any, scorer: Any = None) -> ColumnarMatcher:
        postings = self._postings(fieldname, text)
        reader = self.data.postings(fieldname)
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

    def __init__(self, data: SegmentData, segment: ColumnarSegment) -> None:
        self.data = data
        self._segment = segment
        # The entry of the TOC is the authority on the number of documents; both must agree.
        if segment.doc_count_all() != data.doc_count:
            raise data.container.corrupt(
                "has another number of documents than the index says",
                section="manifest",
                found=data.doc_count,
                expected=segment.doc_count_all(),
            )
        self.arrays = SegmentArrays(data, segment)

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
        return "column" in self.data.infos.get(fieldname, {})

    def list_columns(self) -> list[str]:
        return [name for name, info in self.data.infos.items() if "column" in info]

    def column_reader(self, fieldname: str, column: Any) -> Any:
        found = self.data.column(fieldname)
        if found is None:
            raise ValueError(f'field "{fieldname}" has no column')
        if isinstance(found, OpaqueColumn):
            return found.reader(column)
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
        return self.arrays.stored(docnum)
