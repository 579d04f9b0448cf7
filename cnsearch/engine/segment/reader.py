"""A segment, open for reading: its terms, postings, lengths, columns, stored values and vectors, as arrays.

    segment = open_segment(folder, entry)
    found = segment.postings("body", "上海".encode())
    if found is not None:
        found.doc_ids, found.weights

Nothing may be modified: parts are opened on first use, kept, and shared by all commits that have the segment. Which of
its documents are deleted stands in the entry of each commit. Every method may be called from any thread.
"""

from __future__ import annotations

import json
import os
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Array
from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.layout import SectionKind
from cnsearch.engine.bytes.ragged import RaggedReader
from cnsearch.engine.columns.kinds import COLUMN_CLASSES, AnyColumn
from cnsearch.engine.files.folder import Files
from cnsearch.engine.postings.decode import ListsOfPostings, PostingsList, PostingsReader
from cnsearch.engine.postings.runs import pieces
from cnsearch.engine.segment.entry import MAX_DOCS, SegmentEntry
from cnsearch.engine.stored.reader import StoredReader
from cnsearch.engine.terms.dictionary import TermDictionary

VECTOR_KINDS = (SectionKind.VECTOR_LENGTHS, SectionKind.VECTOR_BASES, SectionKind.VECTOR_BYTES)

_T = TypeVar("_T")
_Column = TypeVar("_Column", bound=AnyColumn)


class SegmentReader:
    """One segment, with all its documents."""

    def __init__(self, container: Container) -> None:
        self.container = container
        manifest = container.section(SectionKind.MANIFEST)
        try:
            self.manifest: dict[str, Any] = json.loads(bytes(manifest.read(0, manifest.length)))
            _check_manifest(self.manifest)
            self.doc_count: int = self.manifest["doc_count"]
            self.infos: dict[str, dict[str, Any]] = {info["name"]: info for info in self.manifest["fields"]}
        except (ValueError, KeyError, TypeError, RecursionError) as exc:
            raise manifest.corrupt(f"cannot be understood: {exc}") from exc
        self.numbers = {name: number for number, name in enumerate(self.infos)}
        self.stored_names = [name for name, info in self.infos.items() if info.get("stored")]
        self.indexed_names = sorted(name for name, info in self.infos.items() if "term_count" in info)
        self._parts: dict[tuple[str, str], Any] = {}
        self._stored: dict[str, StoredReader | None] = {}
        self._lock = threading.Lock()

    def _part(self, what: str, name: str, present: bool, make: Callable[[], _T]) -> _T | None:
        key = (what, name)
        try:
            return self._parts[key]  # type: ignore[no-any-return]
        except KeyError:
            pass
        part = make() if present else None
        with self._lock:
            return self._parts.setdefault(key, part)

    def kept(self, what: str, make: Callable[[], _T]) -> _T | None:
        """What ``make`` gives, made once for all commits that have this segment, and kept under the name ``what``."""
        return self._part("kept", what, True, make)

    # -- terms and postings -----------------------------------------------------------------------------------------

    def terms(self, name: str) -> TermDictionary | None:
        """Term dictionary of a field; None if it has no terms here."""
        info = self.infos.get(name, {})
        return self._part(
            "terms",
            name,
            "term_count" in info,
            lambda: TermDictionary(self.container, self.numbers[name], info["term_count"], info["term_skip"]),
        )

    def lists(self, name: str) -> PostingsReader:
        """The postings lists of a field that has terms, by where they begin."""
        info = self.infos[name]

        def make() -> PostingsReader:
            number = self.numbers[name]
            return PostingsReader(
                self.container.find(SectionKind.POSTINGS, number),
                self.container.find(SectionKind.POSTING_VALUES, number),
                self.doc_count,
                frequency_is_value=info["frequency_is_value"],
            )

        reader = self._part("postings", name, True, make)
        assert reader is not None
        return reader

    def postings(self, name: str, term: bytes) -> PostingsList | None:
        """The postings of a term, decoded anew; None if the field does not have it.

        doc_ids : int32, ascending, with deleted documents
        weights : float32 (float64 where weights are not exact in float32), shape like doc_ids
        """
        terms = self.terms(name)
        number = -1 if terms is None else terms.find(term)
        if terms is None or number < 0:
            return None
        return self.lists(name).read(terms.pointer(number))

    def packed_postings(self, name: str, term: bytes) -> tuple[bytes | None, int] | None:
        """The postings of a term as ``PostingsReader.packed`` gives them; None if the field does not have it."""
        terms = self.terms(name)
        number = -1 if terms is None else terms.find(term)
        if terms is None or number < 0:
            return None
        return self.lists(name).packed(terms.pointer(number))

    def prefix_postings(self, name: str, prefix: bytes) -> tuple[npt.NDArray[np.int32], Array] | None:
        """(doc_ids, freqs) of all terms that begin with ``prefix``, as those of one term: the frequencies of a document
        are added, float32. New arrays, shape (postings,), with deleted documents; None if there is no such term."""
        terms = self.terms(name)
        first, stop = (0, 0) if terms is None else terms.prefix_range(prefix)
        if terms is None or first == stop:
            return None
        lists = self.lists(name).read_lists(terms.pointers(first, stop))
        freqs = np.bincount(lists.doc_ids, weights=lists.weights)
        doc_ids = np.flatnonzero(freqs)
        return doc_ids.astype(np.int32), freqs[doc_ids].astype(np.float32)

    def all_postings(self, name: str) -> Iterator[tuple[list[bytes], ListsOfPostings]]:
        """All terms of a field with their postings, some thousands at a time, in order."""
        terms = self.terms(name)
        if terms is None or not terms.count:
            return
        reader = self.lists(name)
        pointers = terms.pointers(0, terms.count)
        for first, stop in pieces(reader.counts(pointers)):
            yield terms.term_list(first, stop), reader.read_lists(pointers[first:stop])

    def doc_freq(self, name: str, term: bytes) -> int:
        """Number of documents with the term, deleted ones included; 0 if the field does not have it."""
        terms = self.terms(name)
        number = -1 if terms is None else terms.find(term)
        if terms is None or number < 0:
            return 0
        pointer = terms.pointer(number)
        return 1 if pointer < 0 else self.lists(name).count(pointer)

    def doc_freqs(self, name: str, prefix: bytes = b"") -> tuple[list[bytes], npt.NDArray[np.int64]]:
        """(terms, documents with each) of the terms that begin with ``prefix``, in byte order, deleted documents
        included; the numbers of shape (terms,)."""
        terms = self.terms(name)
        start, stop = (0, 0) if terms is None else terms.prefix_range(prefix)
        if terms is None or start >= stop:
            return [], np.empty(0, dtype=np.int64)
        return list(terms.terms(start, stop)), self.lists(name).counts(terms.pointers(start, stop))

    def terms_with_prefix(self, name: str, prefix: bytes) -> Iterator[bytes]:
        """The terms that begin with ``prefix``, in byte order."""
        terms = self.terms(name)
        return iter(()) if terms is None else terms.terms(*terms.prefix_range(prefix))

    # -- per document -----------------------------------------------------------------------------------------------

    def lengths(self, name: str) -> npt.NDArray[Any] | None:
        """Field length of each document: unsigned, shape (doc_count,); None if the field has none here."""

        def make() -> npt.NDArray[Any]:
            section = self.container.section(SectionKind.FIELD_LENGTHS, self.numbers[name])
            if len(section) != self.doc_count:
                raise section.corrupt("has another number of lengths", found=len(section), expected=self.doc_count)
            return section.array()

        return self._part("lengths", name, "lengths" in self.infos.get(name, {}), make)

    def length_statistics(self, name: str) -> dict[str, int]:
        """Total, min and max of the field lengths of all documents."""
        found: dict[str, int] = self.infos.get(name, {}).get("lengths") or {"total": 0, "min": 0, "max": 0}
        return found

    def column_kinds(self) -> dict[str, str]:
        """The kind (FORMAT.md) of each column in this segment, by field."""
        return {name: info["column"]["kind"] for name, info in self.infos.items() if "column" in info}

    def column(self, name: str) -> AnyColumn | None:
        """The column of a field; None if it has none here."""
        info = self.infos.get(name, {}).get("column")

        def make() -> AnyColumn:
            assert info is not None
            column_class = COLUMN_CLASSES.get(info["kind"])
            if column_class is None:
                raise self.container.corrupt(f"names an unknown column kind {info['kind']!r}", section="manifest")
            try:
                return column_class.read(self.container, self.numbers[name], info, self.doc_count)
            except (ValueError, KeyError, TypeError, OverflowError) as exc:
                reason = f'of the column of the field "{name}" cannot be understood: {exc}'
                raise self.container.corrupt(reason, section="manifest") from exc

        return self._part("column", name, info is not None, make)

    def column_as(self, name: str, kind: type[_Column]) -> _Column | None:
        """The column of a field, which is of this kind if there is one. Raises TypeError if it is not."""
        column = self.column(name)
        if column is not None and not isinstance(column, kind):
            raise TypeError(f'the column of field "{name}" is a {type(column).__name__}')
        return column

    def stored_field(self, name: str) -> StoredReader | None:
        """Stored values of a field; None if it has none here."""
        present = bool(self.infos.get(name, {}).get("stored"))
        return self._part(
            "stored", name, present, lambda: StoredReader(self.container, self.numbers[name], self.doc_count)
        )

    def stored(self, doc_id: int, fields: Iterable[str] | None = None) -> dict[str, Any]:
        """Stored values of a document, of all fields or of those named; fields without a value are left out."""
        if not 0 <= doc_id < self.doc_count:
            raise IndexError(f"document {doc_id} of {self.doc_count}")
        found = {}
        for name in self.stored_names if fields is None else fields:
            if name not in self._stored:
                self._stored[name] = self.stored_field(name)
            reader = self._stored[name]
            if reader is not None:
                value = reader.get(doc_id)
                if value is not None:
                    found[name] = value
        return found

    def stored_values(self, field: str) -> list[Any]:
        """The stored value of every document, None where there is none; much quicker than one by one."""
        reader = self.stored_field(field)
        return [None] * self.doc_count if reader is None else reader.all_values()

    def beginning(self, field: str, doc_id: int, chars: int) -> bytes:
        """At least ``chars`` characters of a stored text, or all of it, in UTF-16; empty for what is no text."""
        reader = self.stored_field(field)
        return b"" if reader is None else reader.beginning(doc_id, chars)

    def utf16(self, field: str, doc_ids: Array) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]]:
        """The stored texts of many documents as UTF-16, one after the other, and how many units each has.

        doc_ids : integers, shape (n,)
        Returns : (units, counts), shapes (sum(counts),) and (n,); units are read-only
        """
        reader = self.stored_field(field)
        if reader is None:
            return np.empty(0, dtype=np.uint16), np.zeros(len(doc_ids), dtype=np.int64)
        return reader.utf16(doc_ids)

    def vectors(self, name: str) -> RaggedReader | None:
        """Term vectors of a field, encoded, one row per document; None if it has none here."""
        present = bool(self.infos.get(name, {}).get("vector"))
        return self._part(
            "vectors", name, present, lambda: RaggedReader(self.container, VECTOR_KINDS, self.numbers[name])
        )

    def verify(self) -> None:
        """Check every byte of the file. Raises CorruptIndexError."""
        self.container.verify()


def _check_manifest(manifest: Any) -> None:
    """Raise ValueError, KeyError or TypeError unless the values are such as ``SegmentFileWriter`` writes."""

    def require(found: bool, what: str) -> None:
        if not found:
            raise ValueError(what)

    def is_count(number: object, most: int) -> bool:
        return type(number) is int and 0 <= number <= most

    require(isinstance(manifest, dict) and is_count(manifest["doc_count"], MAX_DOCS), "doc_count is no number")
    require(isinstance(manifest["fields"], list), "fields is no list")
    names = set()
    for info in manifest["fields"]:
        require(isinstance(info, dict) and isinstance(info["name"], str), "a field has no name")
        name = info["name"]
        require(name not in names, f'the field "{name}" is there twice')
        names.add(name)
        if "term_count" in info:
            counts = (info["term_count"], info["term_skip"])
            require(all(is_count(count, 1 << 62) for count in counts), f'the field "{name}" has impossible terms')
            require(type(info["frequency_is_value"]) is bool, f'the field "{name}" has postings of no kind')
        for flag in ("stored", "vector"):
            require(type(info.get(flag, True)) is bool, f'the field "{name}" has a wrong {flag}')
        if "lengths" in info:
            lengths = [info["lengths"][key] for key in ("total", "min", "max")]
            require(all(is_count(length, 1 << 62) for length in lengths), f'the field "{name}" has impossible lengths')
        if "column" in info:
            column = info["column"]
            require(isinstance(column, dict) and isinstance(column["kind"], str), f'the field "{name}" has no column')


_open_files: WeakValueDictionary[tuple[Any, ...], SegmentReader] = WeakValueDictionary()


def open_file(files: Files, name: str) -> SegmentReader:
    """The segment in the file ``name``, shared with its other readers.

    Raises : FileNotFoundError, IndexFormatError, CorruptIndexError
    """
    path = files.path_of(name)
    with files.open(name) as file:
        try:
            status = os.fstat(file.fileno())
        except OSError:  # in memory
            data = file.read()
            key: tuple[Any, ...] = (files.identity, name, len(data), zlib.crc32(data[-64:]))
            return _shared(key, lambda: Container(path, data))
        key = (files.identity, name, status.st_ino, status.st_size, status.st_mtime_ns)
        return _shared(key, lambda: Container.open_file(path, file))


def _shared(key: tuple[Any, ...], make: Callable[[], Container]) -> SegmentReader:
    found = _open_files.get(key)
    if found is None:
        found = _open_files[key] = SegmentReader(make())
    return found


def open_segment(files: Files, entry: SegmentEntry) -> SegmentReader:
    """The segment of an entry; as ``open_file``, and CorruptIndexError if it has another number of documents."""
    found = open_file(files, entry.filename)
    if found.doc_count != entry.doc_count_all():
        raise found.container.corrupt(
            "has another number of documents than the index says",
            section="manifest",
            found=found.doc_count,
            expected=entry.doc_count_all(),
        )
    return found
