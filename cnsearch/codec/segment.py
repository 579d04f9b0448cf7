"""A segment: its entry in Whoosh's TOC (``ColumnarSegment``), and its file, open for reading (``SegmentData``).

A segment's file never changes once it is written. Deletions are part of the entry, so every commit may have its own,
while all readers of the same file share one ``SegmentData``: mapping, checked blocks and decoded postings.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt
from whoosh.codec import base
from whoosh.writing import IndexingError

from cnsearch.codec.columns import COLUMN_CLASSES, AnyColumn, OpaqueColumn
from cnsearch.codec.storage import sync_file
from cnsearch.engine.bytes.container import EXTENSION, Container, ContainerWriter, SectionKind, smallest_unsigned
from cnsearch.engine.bytes.ragged import RaggedReader
from cnsearch.engine.postings.decode import PostingsList, PostingsReader
from cnsearch.engine.stored.stored import StoredReader
from cnsearch.engine.terms.dictionary import TermDictionary

MAX_DOCS = (1 << 31) - 1
"""Documents per segment: their numbers are int32."""

VECTOR_KINDS = (SectionKind.VECTOR_LENGTHS, SectionKind.VECTOR_BASES, SectionKind.VECTOR_BYTES)

#: bytes of decoded postings that each open segment keeps
POSTINGS_CACHE_BYTES = 32 << 20

_T = TypeVar("_T")


class ColumnarSegment(base.Segment):  # type: ignore[misc]
    """A segment as the TOC lists it: name, number of documents, deletions.

    Whoosh pickles it, so this import path is part of the format of Whoosh's indexes; ours holds ``to_dict``.
    Two entries are equal if they name the same file, whatever is deleted in them (Whoosh relies on that).
    """

    def __init__(self, indexname: str, segid: str | None = None, doc_count: int = 0) -> None:
        self.indexname = indexname
        self.segid = self._random_id() if segid is None else segid
        self.compound = False
        self._doc_count = doc_count
        self._deleted: npt.NDArray[np.bool_] | None = None
        self._deleted_count = 0
        self.written_docs: int | None = None
        """How many documents its file has, where a writer of Whoosh has just made it."""

    # -- what is stored ---------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Everything about the entry, fit for JSON. ``deleted`` is a compressed bitmap in base 64."""
        deleted = ""
        if self._deleted is not None:
            packed = np.packbits(self._deleted, bitorder="little").tobytes()
            deleted = base64.b64encode(zlib.compress(packed, 1)).decode("ascii")
        return {"index": self.indexname, "id": self.segid, "doc_count": self._doc_count, "deleted": deleted}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> ColumnarSegment:
        """Inverse of ``to_dict``. Raises ValueError, TypeError or KeyError for what that never returns, whatever it is:
        nothing is allocated before it is known to be needed."""
        index, segid, doc_count, deleted = state["index"], state["id"], state["doc_count"], state["deleted"]
        if not (isinstance(index, str) and isinstance(segid, str) and isinstance(deleted, str)):
            raise TypeError("a segment has the wrong types")
        if type(doc_count) is not int or not 0 <= doc_count <= MAX_DOCS:
            raise ValueError(f"a segment has {doc_count!r:.40} documents")
        segment = cls(index, segid, doc_count)
        if deleted:
            bits = np.unpackbits(_bitmap(deleted, doc_count), bitorder="little")
            if bits[doc_count:].any():
                raise ValueError("a segment has deleted documents that it does not have")
            segment._deleted = bits[:doc_count].astype(bool)
            segment._deleted_count = int(segment._deleted.sum())
        return segment

    def __getstate__(self) -> dict[str, Any]:
        return self.to_dict()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(self.from_dict(state).__dict__)

    # -- Whoosh's contract ------------------------------------------------------------------------------------------

    def codec(self) -> Any:
        from cnsearch.codec.codec import ColumnarCodec  # the codec makes segments, and each segment names its codec

        return ColumnarCodec()

    def should_assemble(self) -> bool:
        return False  # it is one file already

    def doc_count_all(self) -> int:
        return self._doc_count

    def set_doc_count(self, doc_count: int) -> None:
        """Raises IndexingError (Whoosh's) if the file has another number: a table of contents that says so would be of
        an index that cannot be opened."""
        if self.written_docs not in (None, doc_count):
            raise IndexingError(f"the segment's file has {self.written_docs} documents, expected {doc_count}")
        self._doc_count = doc_count
        if self._deleted is not None and len(self._deleted) != doc_count:
            self._deleted = np.resize(self._deleted, doc_count)

    def deleted_count(self) -> int:
        return self._deleted_count

    def deleted_docs(self) -> Iterator[int]:
        return iter(() if self._deleted is None else np.flatnonzero(self._deleted).tolist())

    def delete_document(self, docnum: int, delete: bool = True) -> None:
        self.delete_documents(np.array([docnum], dtype=np.int64), delete=delete)

    def delete_documents(self, doc_ids: npt.NDArray[Any], *, delete: bool = True) -> int:
        """Mark documents as deleted (or not). Returns how many were not so before; repeated doc_ids count once."""
        if self._deleted is None:
            if not delete:
                return 0
            self._deleted = np.zeros(self._doc_count, dtype=bool)
        changed = np.unique(doc_ids[self._deleted[doc_ids] != delete])
        self._deleted[changed] = delete
        self._deleted_count += len(changed) if delete else -len(changed)
        return len(changed)

    def is_deleted(self, docnum: int) -> bool:
        # Whoosh's InverseMatcher also asks for the number after the last document.
        return self._deleted is not None and docnum < self._doc_count and bool(self._deleted[docnum])

    # -- for array code ---------------------------------------------------------------------------------------------

    def deleted_mask(self) -> npt.NDArray[np.bool_] | None:
        """bool, shape (doc_count_all,), True where deleted; None if nothing is. Not to be modified."""
        return self._deleted if self._deleted_count else None

    def live_doc_ids(self) -> npt.NDArray[np.int64] | None:
        """The documents that are not deleted, ascending; None if all are there."""
        return np.flatnonzero(~self._deleted) if self._deleted is not None and self._deleted_count else None


def _bitmap(text: str, doc_count: int) -> npt.NDArray[np.uint8]:
    """The bytes of a bitmap of ``doc_count`` bits as ``to_dict`` writes it. Raises ValueError."""
    length = (doc_count + 7) // 8
    inflater = zlib.decompressobj()
    try:
        packed = inflater.decompress(base64.b64decode(text, validate=True), length + 1)
    except zlib.error as exc:
        raise ValueError(f"a bitmap of deletions cannot be inflated: {exc}") from exc
    if len(packed) != length or not inflater.eof or inflater.unused_data:
        raise ValueError(f"a bitmap of deletions has not {length} bytes")
    return np.frombuffer(packed, np.uint8)


class SegmentFileWriter:
    """Write the file of one segment: sections go to ``container``, what describes the fields to the manifest."""

    def __init__(self, storage: Any, segment: ColumnarSegment, extension: str = EXTENSION) -> None:
        self.extension = extension
        self._file = segment.create_file(storage, extension)
        self._sync = getattr(storage, "sync_file", sync_file)
        self.container = ContainerWriter(self._file)
        self._infos: dict[str, dict[str, Any]] = {}
        self.resources = contextlib.ExitStack()
        """What is needed only while the file is written."""

    def field(self, name: str) -> tuple[int, dict[str, Any]]:
        """Number and manifest entry of a field; both are made on first use."""
        info = self._infos.setdefault(name, {"name": name})
        return list(self._infos).index(name), info

    def continue_from(self, data: SegmentData) -> None:
        """Begin with all sections of another file. REQUIRES: nothing has been written."""
        self._infos = {info["name"]: dict(info) for info in data.manifest["fields"]}
        self.container.copy_from(data.container, frozenset([SectionKind.MANIFEST]))

    def add_lengths(self, name: str, lengths: npt.NDArray[Any]) -> None:
        """Write the field lengths: tokens per document, shape (documents,)."""
        number, info = self.field(name)
        longest = int(lengths.max()) if len(lengths) else 0
        info["lengths"] = {
            "total": int(lengths.sum(dtype=np.int64)),
            "min": int(lengths.min()) if len(lengths) else 0,
            "max": longest,
        }
        self.container.add(SectionKind.FIELD_LENGTHS, lengths.astype(smallest_unsigned(longest)), number)

    def add_column(self, name: str, kind: str, column: AnyColumn) -> None:
        """Write a column."""
        number, info = self.field(name)
        info["column"] = {"kind": kind, **column.write(self.container, number)}

    def close(self, doc_count: int) -> None:
        """Write the manifest and finish the file, on disk for good."""
        manifest = {"doc_count": doc_count, "fields": list(self._infos.values())}
        text = json.dumps(manifest, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        self.container.add(SectionKind.MANIFEST, text.encode("utf-8", "surrogatepass"))
        self.container.close()
        self._sync(self._file)
        self._file.close()
        self.resources.close()

    def abandon(self) -> None:
        """Close the file unfinished; the caller removes it."""
        self.resources.close()
        if not self._file.is_closed:
            with contextlib.suppress(OSError):  # what is not written yet cannot be, and need not
                self._file.close()


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


class SegmentData:
    """A segment's file, open for reading. Parts are opened on first use and kept. Safe to share between threads."""

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
        self._cache: dict[tuple[str, bytes], PostingsList] = {}
        self._cache_bytes = 0
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

    def terms(self, name: str) -> TermDictionary | None:
        """Term dictionary of a field; None if it has no terms here."""
        info = self.infos.get(name, {})
        return self._part(
            "terms",
            name,
            "term_count" in info,
            lambda: TermDictionary(self.container, self.numbers[name], info["term_count"], info["term_skip"]),
        )

    def postings(self, name: str) -> PostingsReader:
        """Postings of a field that has terms."""
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

    def stored(self, name: str) -> StoredReader | None:
        """Stored values of a field; None if it has none here."""
        present = bool(self.infos.get(name, {}).get("stored"))
        return self._part(
            "stored", name, present, lambda: StoredReader(self.container, self.numbers[name], self.doc_count)
        )

    def vectors(self, name: str) -> RaggedReader | None:
        """Term vectors of a field, encoded, one row per document; None if it has none here."""
        present = bool(self.infos.get(name, {}).get("vector"))
        return self._part(
            "vectors", name, present, lambda: RaggedReader(self.container, VECTOR_KINDS, self.numbers[name])
        )

    def read_postings(self, name: str, term: bytes) -> PostingsList | None:
        """Decoded postings of a term, or None if the field does not have it."""
        terms = self.terms(name)
        number = -1 if terms is None else terms.find(term)
        if terms is None or number < 0:
            return None
        return self.postings(name).read(terms.pointer(number))

    def find_postings(self, name: str, term: bytes) -> PostingsList | None:
        """The same, shared and read-only; those that were used last are kept."""
        key = (name, term)
        cache = self._cache
        found = cache.get(key)
        if found is not None:
            return found
        found = self.read_postings(name, term)
        if found is None:
            return None
        found.doc_ids.flags.writeable = found.weights.flags.writeable = False
        with self._lock:
            if key not in cache:
                cache[key] = found
                self._cache_bytes += _cached_bytes(found)
                while self._cache_bytes > POSTINGS_CACHE_BYTES and len(cache) > 1:
                    self._cache_bytes -= _cached_bytes(cache.pop(next(iter(cache))))
        return found

    def doc_frequency(self, name: str, term: bytes) -> int:
        """Number of documents with the term, deleted ones included; 0 if the field does not have it."""
        found = self._cache.get((name, term))
        if found is not None:
            return len(found.doc_ids)
        terms = self.terms(name)
        number = -1 if terms is None else terms.find(term)
        if terms is None or number < 0:
            return 0
        pointer = terms.pointer(number)
        return 1 if pointer < 0 else self.postings(name).count(pointer)

    def verify(self) -> None:
        """Check every byte of the file. Raises CorruptIndexError."""
        self.container.verify()


def _cached_bytes(postings: PostingsList) -> int:
    """The arrays, and about what the objects around them take."""
    return 400 + postings.doc_ids.nbytes + postings.weights.nbytes


def _empty_segment() -> SegmentData:
    file = io.BytesIO()
    writer = ContainerWriter(file)
    writer.add(SectionKind.MANIFEST, b'{"doc_count":0,"fields":[]}')
    writer.close()
    return SegmentData(Container("empty segment", file.getvalue()))


_open_files: WeakValueDictionary[tuple[Any, ...], SegmentData] = WeakValueDictionary()


def added_column_name(segment: ColumnarSegment, fieldname: str) -> str:
    """The file of a column that ``whoosh.sorting.add_sortable`` made for a segment that was there."""
    return str(segment.make_filename(f".{fieldname}.col"))


def read_added_column(storage: Any, segment: ColumnarSegment, fieldname: str) -> OpaqueColumn:
    """That column. Raises FileNotFoundError (NameError for RamStorage) if there is none."""
    with storage.open_file(added_column_name(segment, fieldname)) as file:
        return OpaqueColumn(file.read(), segment.doc_count_all())


def open_segment(storage: Any, segment: ColumnarSegment, extension: str = EXTENSION) -> SegmentData:
    """The segment's file, shared with other readers of it.

    Raises : FileNotFoundError (NameError for RamStorage) if there is none, IndexFormatError, CorruptIndexError
    """
    name = segment.make_filename(extension)
    if not segment.doc_count_all() and not storage.file_exists(name):
        return _empty_segment()  # a writer process of Whoosh that got no documents
    if getattr(storage, "supports_mmap", False) and hasattr(storage, "_fpath"):
        with storage.open_file(name).raw_file() as file:
            path = storage._fpath(name)
            stat = os.fstat(file.fileno())
            key: tuple[Any, ...] = (path, stat.st_ino, stat.st_size, stat.st_mtime_ns)
            data = _open_files.get(key)
            if data is None:
                data = SegmentData(Container.open_file(path, file))
                _open_files[key] = data
        return data
    with storage.open_file(name) as file:
        raw = file.read()
    folder = getattr(storage, "folder", "") or type(storage).__name__
    in_memory = (folder, name, zlib.crc32(raw[-64:]), len(raw), id(storage))
    data = _open_files.get(in_memory)
    if data is None:
        data = SegmentData(Container(f"{folder}/{name}", raw))
        _open_files[in_memory] = data
    return data
