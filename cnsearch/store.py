"""The index on disk: opens, snapshots, transactions. The one seam to Whoosh's storage and to the codec behind it.

Above this module nobody names a codec or touches a Whoosh reader: searching sees a ``Snapshot`` of ``Segment`` arrays,
indexing sees a ``Transaction``. Whoosh's locks, segments and table of contents do the work below.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from whoosh import index as whoosh_index
from whoosh import writing
from whoosh.filedb.filestore import FileStorage
from whoosh.reading import TermNotFound

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.errors import (
    CorruptIndexError,
    IndexFormatError,
    IndexLockedError,
    IndexNotFoundError,
)
from cnsearch.model import Article
from cnsearch.schema import NO_DATE, SCHEMA_VERSION, ArticleSchema, article_of

REBUILD_HINT = "Build it again with: cnsearch index --rebuild PATH"
CREATE_HINT = "Make one with: cnsearch index data/"
FOREIGN = "this Whoosh index was not made by cnsearch"

DocIds = npt.NDArray[np.int32]
Freqs = npt.NDArray[np.int32]


class Postings(NamedTuple):
    """The postings list of one term in one segment.

    doc_ids : int32, ascending, without repeats, deleted documents included
    freqs   : int32, the same shape: how often the term occurs in the field of the document, at least 1
    """

    doc_ids: DocIds
    freqs: Freqs


class Segment:
    """One segment as arrays, whichever codec wrote it. ``base`` is the number of its first document in the index."""

    def __init__(self, leaf: Any, base: int) -> None:
        self._leaf = leaf
        self._lock = threading.RLock()  # Whoosh's own files share one read position
        self._lengths: dict[str, npt.NDArray[np.float32]] = {}
        self._numbers: dict[str, npt.NDArray[np.int64]] = {}
        self.base = base
        self.num_docs: int = leaf.doc_count_all()

    @cached_property
    def live(self) -> npt.NDArray[np.bool_]:
        """Which documents are not deleted. Shape (num_docs,)."""
        live = np.ones(self.num_docs, dtype=bool)
        live[list(self._leaf.segment().deleted_docs())] = False
        return live

    def postings(self, field: str, term: str) -> Postings | None:
        """The postings list of ``term`` in ``field``; None if the segment does not have it."""
        with self._lock:
            try:
                matcher = self._leaf.postings(field, term)
            except TermNotFound:
                return None
            doc_ids, freqs = [], []
            while matcher.is_active():
                doc_ids.append(matcher.id())
                freqs.append(matcher.weight())
                matcher.next()
        return Postings(np.array(doc_ids, dtype=np.int32), np.array(freqs, dtype=np.int32))

    def terms(self, field: str, prefix: str = "") -> Iterator[str]:
        """The terms of ``field`` that begin with ``prefix``, sorted by their UTF-8 bytes."""
        with self._lock:
            found = [term.decode("utf-8") for term in self._leaf.expand_prefix(field, prefix)]
        return iter(found)

    def doc_freq(self, field: str, term: str) -> int:
        with self._lock:
            return int(self._leaf.doc_frequency(field, term))

    def lengths(self, field: str) -> npt.NDArray[np.float32]:
        """Tokens of ``field`` per document. Shape (num_docs,), float32; 0 where the document lacks the field."""
        if field not in self._lengths:
            with self._lock:
                length_of = self._leaf.doc_field_length
                lengths = [length_of(doc_id, field, 0) for doc_id in range(self.num_docs)]
            self._lengths[field] = np.array(lengths, dtype=np.float32)
        return self._lengths[field]

    def numbers(self, field: str) -> npt.NDArray[np.int64]:
        """The column ``field``. Shape (num_docs,), int64; its default where a document has no value."""
        if field not in self._numbers:
            with self._lock:
                column = self._leaf.column_reader(field)
                values = [column[doc_id] for doc_id in range(self.num_docs)]
            self._numbers[field] = np.array(values, dtype=np.int64)
        return self._numbers[field]

    def dates(self) -> list[int]:
        """The known dates of the articles that are not deleted, in seconds since 1970, in order of document."""
        dates = self.numbers("date")
        return dates[self.live & (dates != NO_DATE)].tolist()  # type: ignore[no-any-return]

    def digests(self) -> list[bytes]:
        """The column ``digest``: one bytes value per document."""
        with self._lock:
            column = self._leaf.column_reader("digest")
            return [column[doc_id] for doc_id in range(self.num_docs)]

    def stored(self, doc_id: int) -> Mapping[str, Any]:
        """The stored fields of one document."""
        with self._lock:
            return self._leaf.stored_fields(doc_id)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Indexed:
    """What the index remembers of one article's origin, to tell whether it has changed.

    number : of the document in the transaction's snapshot
    root   : absolute path of the indexed folder, or empty for records and library callers
    """

    number: int
    root: str
    size: int
    mtime_ns: int
    digest: bytes


class Snapshot:
    """One commit of the index, unchanged by later ones. Thread-safe. ``close`` it when done."""

    def __init__(self, reader: Any, generation: int, analyzer: ChineseAnalyzer) -> None:
        self._reader = reader
        self.generation = generation
        self.analyzer = analyzer
        """The one that this commit was written with: a rebuild may bring another."""
        self.closed = False
        self.segments = [Segment(leaf, base) for leaf, base in reader.leaf_readers() if leaf.doc_count_all()]
        self.num_docs: int = sum(segment.num_docs for segment in self.segments)
        """Documents, deleted ones included: what the statistics of ranking count."""
        self._bases = [segment.base for segment in self.segments]
        self._average_lengths: dict[str, float] = {}

    @cached_property
    def num_live_docs(self) -> int:
        return sum(int(segment.live.sum()) for segment in self.segments)

    def average_length(self, field: str) -> float:
        """Mean tokens of ``field`` over the documents of the whole index, at least 1."""
        if field not in self._average_lengths:
            total = sum(float(segment.lengths(field).sum()) for segment in self.segments)
            self._average_lengths[field] = max(1.0, total / max(1, self.num_docs))
        return self._average_lengths[field]

    def locate(self, doc_number: int) -> tuple[Segment, int]:
        """The segment of a document of the index, and its number there."""
        segment = self.segments[bisect_right(self._bases, doc_number) - 1]
        return segment, doc_number - segment.base

    def stored(self, doc_number: int) -> Mapping[str, Any]:
        segment, doc_id = self.locate(doc_number)
        return segment.stored(doc_id)

    def article(self, doc_number: int) -> Article:
        segment, doc_id = self.locate(doc_number)
        return article_of(segment.stored(doc_id), int(segment.numbers("date")[doc_id]))

    def find(self, article_id: str) -> int | None:
        """The number of the document with this id, or None."""
        for segment in self.segments:
            postings = segment.postings("id", article_id)
            if postings is not None:
                for doc_id in postings.doc_ids[segment.live[postings.doc_ids]]:
                    return segment.base + int(doc_id)
        return None

    def live_doc_numbers(self) -> Iterator[int]:
        for segment in self.segments:
            for doc_id in np.flatnonzero(segment.live):
                yield segment.base + int(doc_id)

    def label_counts(self, field: str) -> dict[str, int]:
        """For each value of a label field as stored, how many articles have it."""
        counts: dict[str, int] = {}
        for number in self.live_doc_numbers():
            values = self.stored(number).get(field, ())
            for value in dict.fromkeys([values] if isinstance(values, str) else values):
                counts[value] = counts.get(value, 0) + 1
        return counts

    def indexed(self) -> dict[str, Indexed]:
        """What is in the index, by article id."""
        found = {}
        for segment in self.segments:
            sizes, mtimes, digests = segment.numbers("size"), segment.numbers("mtime_ns"), segment.digests()
            for doc_id in map(int, np.flatnonzero(segment.live)):
                stored = segment.stored(doc_id)
                found[stored["id"]] = Indexed(
                    segment.base + doc_id, stored["root"], int(sizes[doc_id]), int(mtimes[doc_id]), digests[doc_id]
                )
        return found

    def roots(self) -> set[str]:
        """The folders whose posts are in the index, as absolute paths."""
        return {root for number in self.live_doc_numbers() if (root := self.stored(number).get("root", ""))}

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._reader.close()


class Transaction:
    """The only writer. Nothing is visible to readers before ``commit``; ``cancel`` leaves no trace."""

    def __init__(self, store: Store, wait: float, *, replace: bool = False, analyzer: ChineseAnalyzer) -> None:
        self._store = store
        self._replace = replace
        try:
            self._writer = store.whoosh.writer(timeout=wait, limitmb=256)
        except whoosh_index.LockError as error:
            raise IndexLockedError(
                store.path, "another process is writing to the index", hint="Try again when it has finished"
            ) from error
        try:
            self.snapshot = store.snapshot()
            if replace:
                self._writer.schema = ArticleSchema(analyzer)
        except BaseException:
            self._writer.cancel()
            raise

    def indexed(self) -> dict[str, Indexed]:
        """What was in the index when the transaction began, by article id."""
        return self.snapshot.indexed()

    def add(self, document: Mapping[str, Any]) -> None:
        """Add a document (see ``schema.document_of``). The caller deletes an older one with the same id first."""
        self._writer.add_document(**document)

    def delete(self, article_id: str) -> bool:
        """Delete the article with this id, committed or added in this transaction; False if there is none."""
        if self._replace:
            return False
        return bool(self._writer.delete_by_term("id", article_id))

    def commit(self) -> None:
        self.snapshot.close()
        if self._replace:
            self._writer.commit(mergetype=writing.CLEAR)
        else:
            self._writer.commit()

    def cancel(self) -> None:
        self.snapshot.close()
        if not self._writer.is_closed:  # a commit that fails has closed it
            self._writer.cancel()


class Store:
    """The index in one folder. Make one with ``Store.create`` or ``Store.open``."""

    def __init__(self, path: Path, whoosh: Any, schema: ArticleSchema) -> None:
        self.path = path
        self.whoosh = whoosh
        analyzer = schema["title"].analyzer
        if not isinstance(analyzer, ChineseAnalyzer):
            raise TypeError(f"the analyzer of the schema is {analyzer!r}")
        self.analyzer = analyzer

    @classmethod
    def exists(cls, path: str | os.PathLike[str]) -> bool:
        folder = Path(path)
        with _clear_errors(folder):
            return folder.is_dir() and any(_TOC_NAME.fullmatch(entry.name) for entry in folder.iterdir())

    @classmethod
    def create(cls, path: str | os.PathLike[str], analyzer: ChineseAnalyzer) -> Store:
        """Make an empty index in the folder ``path``, which is made if it is not there."""
        folder = Path(path)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise IndexNotFoundError(
                folder, f"cannot make the folder: {error.strerror}", hint="Name another with --index"
            ) from error
        with _clear_errors(folder):
            FileStorage(os.fspath(folder)).create_index(ArticleSchema(analyzer))
        return cls.open(folder)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Store:
        """Open the index in ``path``.

        Raises IndexNotFoundError, IndexFormatError (not of this program, or of another version), CorruptIndexError.
        """
        folder = Path(path)
        if not cls.exists(folder):
            raise IndexNotFoundError(folder, "there is no index here", hint=CREATE_HINT)
        with _clear_errors(folder):
            found = FileStorage(os.fspath(folder)).open_index()
            schema = found.schema
        if not isinstance(schema, ArticleSchema):
            raise IndexFormatError(
                folder,
                FOREIGN,
                found=sorted(schema.names()),
                hint="Name another folder with --index",
            )
        if schema.version != SCHEMA_VERSION:
            raise IndexFormatError(
                folder,
                f"the index has format {schema.version}, this version reads {SCHEMA_VERSION}",
                found=schema.version,
                expected=SCHEMA_VERSION,
                hint=REBUILD_HINT,
            )
        with _clear_errors(folder):
            return cls(folder, found, schema)

    def generation(self) -> int:
        """The number of the last commit."""
        with _clear_errors(self.path):
            return int(self.whoosh.latest_generation())

    def snapshot(self) -> Snapshot:
        """Open the last commit. A commit that ends while we open may take files away: then the next one is opened."""
        for attempt in range(_OPEN_ATTEMPTS):
            generation = self.generation()
            try:
                with _clear_errors(self.path):
                    reader = self.whoosh.reader()
                    analyzer = reader.schema["title"].analyzer
                    return Snapshot(reader, generation, self.analyzer if analyzer == self.analyzer else analyzer)
            except CorruptIndexError:
                if attempt + 1 == _OPEN_ATTEMPTS or self.generation() == generation:
                    raise
                time.sleep(0.02)
        raise AssertionError("unreachable")

    def transaction(
        self, *, wait: float = 0.0, replace: bool = False, analyzer: ChineseAnalyzer | None = None
    ) -> Transaction:
        """Begin to write, after waiting at most ``wait`` seconds for another writer (then IndexLockedError).

        ``replace`` builds a new generation beside the old: its commit drops every document that was there before, and
        gives the index ``analyzer``.
        """
        return Transaction(self, wait, replace=replace, analyzer=analyzer or self.analyzer)

    def size_bytes(self) -> int:
        """What the files of the index take on disk."""
        return sum(entry.stat().st_size for entry in os.scandir(self.path) if entry.is_file())

    def files(self) -> Iterable[os.DirEntry[str]]:
        return os.scandir(self.path)


_OPEN_ATTEMPTS = 10
_TOC_NAME = re.compile(r"_MAIN_[0-9]+\.toc")


@contextlib.contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    """Turn what Whoosh raises on a damaged or foreign index into our errors."""
    try:
        yield
    except (whoosh_index.IndexVersionError, AttributeError, ImportError) as error:
        raise IndexFormatError(path, f"the index cannot be read: {error}", hint=REBUILD_HINT) from error
    except whoosh_index.EmptyIndexError as error:
        raise IndexNotFoundError(path, "there is no index here", hint=CREATE_HINT) from error
    except PermissionError as error:
        raise IndexNotFoundError(path, f"no permission to open {error.filename}", hint="Change it") from error
    except (OSError, EOFError, ValueError, LookupError, TypeError, AssertionError, whoosh_index.IndexError) as error:
        raise CorruptIndexError(path, f"the index is damaged: {error}", hint=REBUILD_HINT) from error
    except Exception as error:
        if type(error).__module__ in ("_pickle", "pickle", "struct", "zlib"):
            raise CorruptIndexError(path, f"the index is damaged: {error}", hint=REBUILD_HINT) from error
        raise
