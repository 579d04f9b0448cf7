"""The index on disk: opens, snapshots, transactions. The one seam to Whoosh's storage and to the codec behind it.

Above this module nobody names a codec or touches a Whoosh reader: searching sees a ``Snapshot`` of ``Segment`` arrays,
indexing sees a ``Transaction``. Whoosh's lock and readers do the work below, with our files (``codec.toc``).
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import struct
import threading
import time
import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import whoosh
from whoosh import index as whoosh_index
from whoosh import writing

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.fold import fold
from cnsearch.analysis.signature import SIGNATURE_BYTES
from cnsearch.codec import (
    OLD_TOC_NAME,
    SEGMENT_NAME,
    TOC_NAME,
    ColumnarIndex,
    DurableStorage,
    Holder,
    SegmentCheck,
    held_by,
    is_old_toc,
    is_unfinished_copy,
    kind_of,
    make_folder,
    merge_up_to,
    open_writer,
    read_postings,
    segment_arrays,
)
from cnsearch.codec import BatchBuilder as BatchBuilder  # for indexer, which names no codec
from cnsearch.codec import DocumentBatch as DocumentBatch
from cnsearch.errors import (
    REBUILD_HINT,
    CnsearchError,
    CorruptIndexError,
    IndexFormatError,
    IndexLockedError,
    IndexNotFoundError,
    IndexReplacedError,
    IndexUnusableError,
)
from cnsearch.model import Article, printable
from cnsearch.schema import (
    LIST_FIELDS,
    MAX_DATE,
    MIN_DATE,
    NO_DATE,
    SCHEMA_VERSION,
    ArticleSchema,
    date_of,
    paragraphs_of,
)
from cnsearch.settings import Settings

WAIT_S = 5.0
"""Seconds that a writer waits for one of another process, unless told otherwise."""
LIMIT_MB = 256
"""Megabytes of documents that a transaction collects in memory before it writes a segment."""

CREATE_HINT = "Make one with open_index(path, create=True)"
ELSEWHERE_HINT = "Choose another folder"
FOREIGN = "this Whoosh index was not made by cnsearch"

DocIds = npt.NDArray[np.int32]
Freqs = npt.NDArray[np.float32]


class Postings(NamedTuple):
    """The postings list of one term; do not modify, it may be shared.

    doc_ids : int32, ascending, without repeats, deleted documents included; numbers in the segment, or in the index
    freqs   : float32, the same shape: how often the term occurs in the field of the document, at least 1
    """

    doc_ids: DocIds
    freqs: Freqs


_Json = TypeVar("_Json", list, dict)  # type: ignore[type-arg]
_Labels = tuple[npt.NDArray[Any], list[bytes]]
_LabelLists = tuple[npt.NDArray[Any], npt.NDArray[Any], list[bytes]]
_LabelPairs = tuple[npt.NDArray[np.intp], npt.NDArray[Any], list[bytes]]


class Segment:
    """One segment as arrays. ``base`` is the number of its first document in the index. Thread-safe."""

    def __init__(self, leaf: Any, base: int) -> None:
        self._arrays = segment_arrays(leaf)
        self.base = base
        self.num_docs: int = self._arrays.doc_count_all
        self._lock = threading.Lock()
        self._label_pairs: dict[str, _LabelPairs | None] = {}
        self._labels: dict[str, _Labels | None] = {}
        self._label_lists: dict[str, _LabelLists | None] = {}
        self._check_columns(leaf.schema)

    def _check_columns(self, schema: ArticleSchema) -> None:
        """Raise CorruptIndexError unless the columns are of the kinds that the schema says, so that nobody who reads
        them has to ask."""
        kinds = self._arrays.column_kinds()
        for name, kind in kinds.items():
            expected = kind_of(schema[name].column_type) if name in schema else kind
            if kind != expected:
                reason = f'has another column of the field "{name}"'
                raise self.corrupt(reason, section="manifest", found=kind, expected=expected)

    @property
    def segment_id(self) -> str:
        """Its name, which no other segment ever has. Its documents never change but by being deleted."""
        return self._arrays.segment_id

    def titles(self) -> list[str]:
        """The titles of all documents, deleted ones included, as shown."""
        return [title or "" for title in self._arrays.stored_values("title")]

    @cached_property
    def live(self) -> npt.NDArray[np.bool_]:
        """Which documents are not deleted. Shape (num_docs,)."""
        live = self._arrays.live_mask()
        return np.ones(self.num_docs, dtype=bool) if live is None else live

    @property
    def has_deletions(self) -> bool:
        return self._arrays.live_mask() is not None

    def postings(self, field: str, term: str) -> Postings | None:
        """The postings list of ``term`` in ``field``; None if the segment does not have it. Decoded anew each time."""
        found = self._arrays.postings(field, term, keep=False)
        return None if found is None else Postings(*found)

    def prefix_postings(self, field: str, prefix: str) -> Postings | None:
        """The documents with any term of ``field`` that begins with ``prefix``; the frequencies of one are added."""
        found = self._arrays.prefix_postings(field, prefix)
        return None if found is None else Postings(*found)

    def utf16(self, field: str, doc_ids: DocIds) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]]:
        """The stored texts of many documents as UTF-16, one after the other, and how many units each has."""
        return self._arrays.utf16(field, doc_ids)

    def terms(self, field: str, prefix: str = "") -> Iterator[str]:
        """The terms of ``field`` that begin with ``prefix``, sorted by their UTF-8 bytes."""
        return (term.decode("utf-8", "replace") for term in self._arrays.terms_with_prefix(field, prefix))

    def doc_freqs(self, field: str, prefix: str = "") -> tuple[list[str], npt.NDArray[np.int64]]:
        """(terms, documents with each) of the terms that begin with ``prefix``, sorted; deleted documents count."""
        terms, doc_freqs = self._arrays.doc_freqs(field, prefix)
        return b"\n".join(terms).decode("utf-8").split("\n") if terms else [], doc_freqs

    def lengths(self, field: str) -> npt.NDArray[Any]:
        """Tokens of ``field`` per document. Shape (num_docs,), unsigned; 0 where the document lacks the field."""
        return self._arrays.lengths(field)

    def total_length(self, field: str) -> int:
        """Tokens of ``field`` in all documents."""
        return self._arrays.total_length(field)

    def numbers(self, field: str, default: int = 0) -> npt.NDArray[np.int64]:
        """The column ``field``. Shape (num_docs,), int64; ``default`` everywhere if no document has a value."""
        values = self._arrays.numeric(field)
        return np.full(self.num_docs, default, dtype=np.int64) if values is None else values

    def dates(self) -> npt.NDArray[np.int64]:
        """The date column: seconds since 1970, or NO_DATE. Shape (num_docs,)."""
        dates = self.numbers("date", NO_DATE)
        known = dates[dates != NO_DATE]
        if len(known) and not MIN_DATE <= int(known.min()) <= int(known.max()) <= MAX_DATE:
            raise self.corrupt("has a date of no calendar", section="column_data", found=(known.min(), known.max()))
        return dates

    def indexed(self, doc_id: int) -> Indexed:
        """What the index remembers of one document's origin."""
        return Indexed(
            number=self.base + doc_id,
            root=self.label("root", doc_id),
            size=int(self._sizes[doc_id]),
            mtime_ns=int(self._mtimes[doc_id]),
            digest=bytes(self._digests[doc_id]),
        )

    def all_indexed(self) -> Iterator[tuple[str, Indexed]]:
        """Id and origin of every document that is not deleted; a tenth of the time of asking for each."""
        ids = self._arrays.stored_values("id")
        found = self.labels("root")
        ordinals, values = (np.zeros(self.num_docs, dtype=np.int64), [b""]) if found is None else found
        roots = [_text("root", value) for value in values]
        columns = zip(ids, ordinals.tolist(), self._sizes.tolist(), self._mtimes.tolist(), strict=True)
        live, digests = self.live.tolist(), self._digests
        for doc_id, (article_id, root, size, mtime_ns) in enumerate(columns):
            if not article_id:
                raise self.corrupt(f"hold no id of document {doc_id}", section="stored_bytes")
            if live[doc_id]:
                yield article_id, Indexed(self.base + doc_id, roots[root], size, mtime_ns, bytes(digests[doc_id]))

    @cached_property
    def _sizes(self) -> npt.NDArray[np.int64]:
        return self.numbers("size")

    @cached_property
    def _mtimes(self) -> npt.NDArray[np.int64]:
        return self.numbers("mtime_ns")

    @cached_property
    def _digests(self) -> Any:
        digests = self._arrays.values("digest")
        if digests is None:
            raise self.corrupt("has no digests of the articles", section="manifest")
        return digests

    def signatures(self) -> npt.NDArray[np.uint8]:
        """The signature of each document, a byte per bin. Shape (num_docs, SIGNATURE_BYTES); not to be modified."""
        values = self._arrays.values("signature")
        if values is None:
            return np.zeros((self.num_docs, SIGNATURE_BYTES), dtype=np.uint8)
        flat: npt.NDArray[np.uint8] = values.flat  # type: ignore[union-attr]
        if len(flat) != self.num_docs * SIGNATURE_BYTES:
            raise self.corrupt('of the field "signature" has another size', section="column_value_bytes")
        return flat.reshape(self.num_docs, SIGNATURE_BYTES)

    def doc_freq(self, field: str, term: str) -> int:
        """How many documents have ``term`` in ``field``, deleted ones included; quicker than its postings."""
        return self._arrays.doc_freq(field, term)

    def labels(self, field: str) -> _Labels | None:
        """(ordinals, values) of a column of one label per document, b"" for none; None if nobody has one."""
        if field not in self._labels:
            found = self._arrays.ordinals(field)
            if found is not None:
                self._check_labels(field, found[1])
            self._labels[field] = found
        return self._labels[field]

    def _check_labels(self, field: str, values: list[bytes]) -> None:
        """Raise CorruptIndexError if a label is no text."""
        try:
            _text(field, b"\0".join(values))
        except UnicodeDecodeError as error:
            reason = f'of the field "{field}" has a value that is no text: {error}'
            raise self.corrupt(reason, section="column_value_bytes") from error

    def label(self, field: str, doc_id: int) -> str:
        """The label of one document as written, or empty."""
        found = self.labels(field)
        return "" if found is None else _text(field, found[1][found[0][doc_id]])

    def label_lists(self, field: str) -> _LabelLists | None:
        """(offsets, ordinals, values) of a column of several labels: those of document d are
        ``ordinals[offsets[d] : offsets[d + 1]]``; None if nobody has one."""
        if field not in self._label_lists:
            found = self._arrays.ordinal_lists(field)
            if found is not None:
                self._check_labels(field, found[2])
            self._label_lists[field] = found
        return self._label_lists[field]

    def label_pairs(self, field: str) -> _LabelPairs | None:
        """The same as pairs: document ``doc_ids[i]`` has the label ``values[ordinals[i]]``, each pair once."""
        with self._lock:
            if field not in self._label_pairs:
                self._label_pairs[field] = self._make_label_pairs(field)
            return self._label_pairs[field]

    def _make_label_pairs(self, field: str) -> _LabelPairs | None:
        found = self.label_lists(field)
        if found is None:
            return None
        offsets, ordinals, values = found
        doc_ids = np.repeat(np.arange(self.num_docs), np.diff(offsets))
        pairs = np.unique(doc_ids * len(values) + ordinals)
        return pairs // len(values), pairs % len(values), values

    def label_list(self, field: str, doc_id: int) -> tuple[str, ...]:
        """The labels of one document in a column of several, as written, in order."""
        found = self.label_lists(field)
        if found is None:
            return ()
        offsets, ordinals, values = found
        return tuple(values[at].decode("utf-8") for at in ordinals[offsets[doc_id] : offsets[doc_id + 1]])

    def own_labels(self, doc_id: int) -> dict[str, tuple[str, ...]]:
        """The own fields of one document, with their values as written, in order."""
        found: dict[str, list[str]] = {}
        for label in self.label_list("label", doc_id):
            name, _, value = label.partition("=")
            found.setdefault(name, []).append(value)
        return {name: tuple(values) for name, values in found.items()}

    def label_counts(self, field: str) -> Counter[str]:
        """How many articles that are not deleted have each label."""
        return self.count_labels(field, self.live)

    def count_labels(self, field: str, matching: npt.NDArray[np.bool_]) -> Counter[str]:
        """How many of the ``matching`` documents (bool, shape (num_docs,)) have each label as written."""
        if field in LIST_FIELDS:
            pairs = self.label_pairs(field)
            if pairs is None:
                return Counter()
            doc_ids, ordinals, values = pairs
            numbers = np.bincount(ordinals[matching[doc_ids]], minlength=len(values))
        else:
            found = self.labels(field)
            if found is None:
                return Counter()
            numbers, values = np.bincount(found[0][matching], minlength=len(found[1])), found[1]
        texts = [_text(field, value) for value in values]
        return Counter({texts[at]: int(numbers[at]) for at in np.flatnonzero(numbers) if texts[at]})

    def check(self) -> SegmentCheck:
        """A look at the whole file, which says what is wrong with it."""
        return SegmentCheck(self._arrays.data, self.num_docs, unboosted=True)

    def all_postings(self, field: str) -> Iterator[tuple[list[bytes], npt.NDArray[np.int64], Postings]]:
        """(terms, counts, postings) of ``field``, some thousands of terms at a time: the lists one after the other."""
        for terms, lists in read_postings(self._arrays.data, field):
            yield terms, lists.counts, Postings(lists.doc_ids, lists.weights)

    @property
    def indexed_fields(self) -> list[str]:
        """The fields that have terms here."""
        return list(self._arrays.data.indexed_names)

    def corrupt(self, reason: str, *, section: str, found: object = None, expected: object = None) -> CorruptIndexError:
        """The error for what is wrong in this segment."""
        return self._arrays.data.container.corrupt(reason, section=section, found=found, expected=expected)

    def stored(self, doc_id: int, fields: Iterable[str] | None = None) -> Mapping[str, Any]:
        """Stored values of one document: all, or those of ``fields``."""
        stored = self._arrays.stored(doc_id, fields)
        if "id" not in stored and (fields is None or "id" in fields):
            raise self.corrupt(f"hold no id of document {doc_id}", section="stored_bytes")
        return stored

    def stored_json(self, name: str, stored: Mapping[str, Any], kind: type[_Json]) -> _Json | None:
        """What the JSON says that is stored under ``name``; None if nothing is. Raises CorruptIndexError."""
        text = stored.get(name)
        if text is None:
            return None
        try:
            found = json.loads(text)
        except (TypeError, ValueError, RecursionError) as error:
            raise self.corrupt(f'hold a value of "{name}" that is no JSON: {error}', section="stored_bytes") from error
        if not isinstance(found, kind):
            raise self.corrupt(f'hold a value of "{name}" of another kind', section="stored_bytes", found=found)
        return found


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

    def __init__(self, reader: Any, toc: Any, analyzer: ChineseAnalyzer) -> None:
        version: int = toc.schema.version
        self._reader = reader
        self.generation: int = toc.generation
        self.identity: str = toc.identity
        """Of the index; see ``ColumnarIndex``."""
        self.mark: tuple[int, ...] = toc.mark
        self.version = version
        """Of the format that it was written in."""
        self.settings: Settings = toc.schema.settings
        """How the indexed folders are read, and which files hold several articles."""
        self.analyzer = analyzer
        """The one that this commit was written with: a rebuild may bring another."""
        self.closed = False
        self.segments = [Segment(leaf, base) for leaf, base in reader.leaf_readers() if leaf.doc_count_all()]
        self.num_docs: int = sum(segment.num_docs for segment in self.segments)
        """Documents, deleted ones included: what the statistics of ranking count."""
        self._bases = [segment.base for segment in self.segments]
        self._average_lengths: dict[str, float] = {}

    @cached_property
    def live(self) -> npt.NDArray[np.bool_] | None:
        """Which documents are not deleted, shape (num_docs,); None if none is deleted."""
        if not any(segment.has_deletions for segment in self.segments):
            return None
        return np.concatenate([segment.live for segment in self.segments])

    @cached_property
    def num_live_docs(self) -> int:
        return self.num_docs if self.live is None else int(self.live.sum())

    @cached_property
    def dates(self) -> npt.NDArray[np.int64]:
        """The date column of all segments: seconds since 1970, or NO_DATE. Shape (num_docs,)."""
        return np.concatenate([segment.dates() for segment in self.segments] or [np.empty(0, np.int64)])

    @cached_property
    def signatures(self) -> npt.NDArray[np.uint8]:
        """The signatures of all segments, a byte per bin. Shape (num_docs, SIGNATURE_BYTES)."""
        parts = [segment.signatures() for segment in self.segments]
        return parts[0] if len(parts) == 1 else np.concatenate(parts or [np.empty((0, SIGNATURE_BYTES), np.uint8)])

    def doc_freq(self, field: str, term: str) -> int:
        """How many documents of the index have ``term`` in ``field``, deleted ones included."""
        return sum(segment.doc_freq(field, term) for segment in self.segments)

    def lengths(self, field: str) -> npt.NDArray[np.float32]:
        """Tokens of ``field`` per document of the index. New array, shape (num_docs,)."""
        parts = [segment.lengths(field).astype(np.float32) for segment in self.segments]
        return np.concatenate(parts or [np.empty(0, np.float32)])

    def postings(self, field: str, term: str) -> Postings | None:
        """The postings list of ``term`` in the whole index; None if no segment has it."""
        return self.joined((segment.base, segment.postings(field, term)) for segment in self.segments)

    def doc_freqs(self, field: str, prefix: str = "") -> tuple[list[str], npt.NDArray[np.int64]]:
        """The same of the whole index."""
        parts = [segment.doc_freqs(field, prefix) for segment in self.segments]
        if len(parts) == 1:
            return parts[0]
        totals: dict[str, int] = {}
        for terms, doc_freqs in parts:
            for term, doc_freq in zip(terms, doc_freqs.tolist(), strict=True):
                totals[term] = totals.get(term, 0) + doc_freq
        found = sorted(totals)  # as by UTF-8 bytes: both orders are that of the code points
        return found, np.array([totals[term] for term in found], dtype=np.int64)

    @staticmethod
    def joined(found: Iterable[tuple[int, Postings | None]]) -> Postings | None:
        """The lists of segments, in their order, as one list of the index; each with the base of its segment."""
        parts = [(base, postings) for base, postings in found if postings is not None and len(postings.doc_ids)]
        if not parts:
            return None
        if len(parts) == 1:
            base, postings = parts[0]
            return Postings(postings.doc_ids + np.int32(base), postings.freqs) if base else postings
        doc_ids = np.concatenate([postings.doc_ids + np.int32(base) for base, postings in parts])
        return Postings(doc_ids, np.concatenate([postings.freqs for _, postings in parts]))

    def average_length(self, field: str) -> float:
        """Mean tokens of ``field`` over the documents of the whole index, of tags over those that have any; at least
        1."""
        if field not in self._average_lengths:
            total = sum(segment.total_length(field) for segment in self.segments)
            have = int(np.count_nonzero(self.lengths(field))) if field in _SPARSE_FIELDS else self.num_docs
            self._average_lengths[field] = max(1.0, total / max(1, have))
        return self._average_lengths[field]

    def locate(self, doc_number: int) -> tuple[Segment, int]:
        """The segment of a document of the index, and its number there."""
        segment = self.segments[bisect_right(self._bases, doc_number) - 1]
        return segment, doc_number - segment.base

    def about(self, doc_number: int) -> dict[str, Any]:
        """The fields of an article without its paragraphs, which cost much more, by the names of ``Article``."""
        segment, doc_id = self.locate(doc_number)
        stored = segment.stored(doc_id, _SHORT_FIELDS)
        return {
            "id": stored["id"],
            "title": stored.get("title", ""),
            "source": segment.label("source", doc_id),
            "categories": segment.label_list("category", doc_id),
            "author": segment.label("author", doc_id),
            "date": date_of(int(self.dates[doc_number])),
            "url": stored.get("url", ""),
            "path": stored.get("path", ""),
            "tags": segment.label_list("tag", doc_id),
            "draft": bool(segment.label("draft", doc_id)),
            "labels": segment.own_labels(doc_id),
            "extra": segment.stored_json("extra", stored, dict) or {},
        }

    def article(self, doc_number: int) -> Article:
        """An article as it was given."""
        _, body = self.texts(doc_number)
        paragraphs = paragraphs_of(body)
        segment, _ = self.locate(doc_number)
        try:
            return Article(paragraphs=paragraphs, headings=self.headings(doc_number, body), **self.about(doc_number))
        except (TypeError, ValueError) as error:
            reason = f"hold what no article has: {error}"
            raise segment.corrupt(reason, section="stored_bytes") from error

    def texts(self, doc_number: int) -> tuple[str, str]:
        """Title and body of a document."""
        segment, doc_id = self.locate(doc_number)
        stored = segment.stored(doc_id, _TEXTS)
        return stored.get("title", ""), stored.get("body", "")

    def headings(self, doc_number: int, body: str) -> tuple[int, ...]:
        """Which lines of ``body``, that of the document, are headings, ascending."""
        segment, doc_id = self.locate(doc_number)
        found = segment.stored_json("headings", segment.stored(doc_id, _HEADINGS), list) or ()
        last = body.count("\n")
        if not all(type(line) is int and 0 <= line <= last for line in found):
            raise segment.corrupt("hold headings that are no lines of the body", section="stored_bytes", found=found)
        return tuple(found)

    def id_of(self, doc_number: int) -> str:
        """The id of the article of a document."""
        segment, doc_id = self.locate(doc_number)
        article_id: str = segment.stored(doc_id, _ID_ONLY)["id"]
        return article_id

    def title(self, doc_number: int) -> str:
        """Title of a document."""
        segment, doc_id = self.locate(doc_number)
        title: str = segment.stored(doc_id, _TITLE_ONLY).get("title", "")
        return title

    def find(self, article_id: str) -> int | None:
        """The number of the document with this id, or None."""
        for segment in self.segments:
            postings = segment.postings("id", article_id)
            if postings is not None:
                for doc_id in postings.doc_ids[segment.live[postings.doc_ids]]:
                    return segment.base + int(doc_id)
        return None

    @cached_property
    def own_fields(self) -> Mapping[str, str]:
        """The names of the own fields of articles: as most articles write it, by the folded name."""
        written: dict[str, Counter[str]] = {}
        for text, count in sorted(self.label_counts("label").items()):
            name = text.partition("=")[0]
            written.setdefault(fold(name), Counter())[name] += count
        return {folded: names.most_common(1)[0][0] for folded, names in sorted(written.items())}

    def all_own_field_counts(self) -> dict[str, Counter[str]]:
        """For each own field, as ``own_fields`` writes it, how many articles have each value."""
        found: dict[str, Counter[str]] = {name: Counter() for name in self.own_fields.values()}
        for text, count in self.label_counts("label").items():
            field, _, value = text.partition("=")
            found[self.own_fields[fold(field)]][value] += count
        return found

    def own_field_counts(self, name: str, matching: npt.NDArray[np.bool_] | None = None) -> Counter[str]:
        """How many articles (of those ``matching``, bool, shape (num_docs,)) have each value of an own field."""
        counts = self.label_counts("label") if matching is None else self.count_labels("label", matching)
        found: Counter[str] = Counter()
        for text, count in counts.items():
            field, _, value = text.partition("=")
            if fold(field) == fold(name):
                found[value] += count
        return found

    def count_labels(self, field: str, matching: npt.NDArray[np.bool_]) -> Counter[str]:
        """How many of the ``matching`` documents (bool, shape (num_docs,)) have each label as written."""
        counts: Counter[str] = Counter()
        for segment in self.segments:
            counts += segment.count_labels(field, matching[segment.base : segment.base + segment.num_docs])
        return counts

    def label_counts(self, field: str) -> Counter[str]:
        """For each label as written, how many articles have it."""
        return sum((segment.label_counts(field) for segment in self.segments), Counter())

    def has_term(self, field: str, term: str) -> bool:
        """Whether an article that is not deleted has the term."""
        if self.live is None:
            return self.doc_freq(field, term) > 0
        postings = self.postings(field, term)
        return postings is not None and bool(self.live[postings.doc_ids].any())

    def label_paths(self, field: str) -> list[tuple[str, int]]:
        """The leading paths that a filter of ``field`` may say, folded, and the articles of each. Of one level only
        where the field is of tags: a level of a category is a label itself."""
        terms, doc_freqs = self.doc_freqs(field)
        paths = zip(terms, doc_freqs.tolist(), strict=True)
        return [
            (path, doc_freq)
            for path, doc_freq in paths
            if ("/" in path or field == "tag") and self.has_term(field, path)
        ]

    def date_span(self) -> tuple[datetime | None, datetime | None]:
        """The first and the last known date of the articles, or (None, None)."""
        dates = [segment.dates()[segment.live] for segment in self.segments]
        known = [found[found != NO_DATE] for found in dates]
        known = [found for found in known if len(found)]
        if not known:
            return None, None
        return date_of(int(min(map(np.min, known)))), date_of(int(max(map(np.max, known))))

    def roots(self) -> set[str]:
        """The folders whose posts are in the index, as absolute paths."""
        return {root for segment in self.segments for root in segment.label_counts("root") if root}

    def indexed(self) -> dict[str, Indexed]:
        """What is in the index, by article id."""
        return dict(chain.from_iterable(segment.all_indexed() for segment in self.segments))

    def find_indexed(self, article_id: str) -> Indexed | None:
        """The same of one article; None if it is not in the index."""
        number = self.find(article_id)
        if number is None:
            return None
        segment, doc_id = self.locate(number)
        return segment.indexed(doc_id)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._reader.close()


class Transaction:
    """The only writer. Nothing is visible to readers before ``commit``; ``cancel`` leaves no trace."""

    def __init__(self, store: Store, lock: Any, *, replace: bool = False) -> None:
        """REQUIRES: the caller holds ``lock``, which is this transaction's from now on, also if this raises"""
        self._store = store
        self._replace = replace
        with _clear_errors(store.path):
            self._writer = open_writer(store.whoosh, limit_mb=LIMIT_MB, lock=lock)
        try:
            self.snapshot = store.snapshot()
            store.require_same_index(self.snapshot)
            with contextlib.suppress(OSError):  # what cannot be removed now goes with a later commit
                store.whoosh.remove_stale(self._writer.generation - 1, self._writer.segments)
            if not replace:
                store.require_writable(self.snapshot)
        except BaseException:
            self._writer.cancel()
            raise

    def change_analyzer(self, analyzer: ChineseAnalyzer) -> None:
        """Give the index ``analyzer`` with the commit.  REQUIRES: what it cuts otherwise is added again before"""
        self._writer.schema = ArticleSchema(analyzer, settings=self._writer.schema.settings)

    @property
    def settings(self) -> Settings:
        """What the index will remember with the commit."""
        settings: Settings = self._writer.schema.settings
        return settings

    def change_settings(self, settings: Settings) -> None:
        """Let the index remember ``settings`` with the commit."""
        schema = self._writer.schema
        self._writer.schema = ArticleSchema(schema["title"].analyzer, schema.version, settings)

    def indexed(self) -> dict[str, Indexed]:
        """What was in the index when the transaction began, by article id."""
        return self.snapshot.indexed()

    def add(self, batch: DocumentBatch) -> None:
        """Add documents; each replaces the one with its id, committed or added before in this transaction."""
        self._writer.add_batch(batch, replace=True)

    def delete(self, article_ids: Iterable[str]) -> int:
        """Delete the articles with these ids, committed or added in this transaction; returns how many there were."""
        if self._replace:
            return 0
        # As bytes, which are taken as they are: Whoosh knows no half surrogate pairs, and would find none of these.
        terms = [text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text for text in article_ids]
        return int(self._writer.delete_by_terms("id", terms))

    def commit(self) -> None:
        self.snapshot.close()
        if self._replace:
            self._writer.commit(mergetype=writing.CLEAR)
        else:
            self._writer.commit()

    def commit_part(self) -> Transaction:
        """Commit, and begin the next transaction before another writer can: what a long update has compared with the
        index stays true. Returns the next one, which replaces nothing."""
        lock = self._writer.keep_lock()
        try:
            self.commit()
            return Transaction(self._store, lock)
        except BaseException:
            with contextlib.suppress(Exception):  # the next one has let go of it already
                lock.release()
            raise

    def settle(self, num_docs: int) -> None:
        """Commit, with all segments of up to ``num_docs`` documents merged into one."""
        self.snapshot.close()
        self._writer.commit(mergetype=merge_up_to(num_docs))

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
        """Whether there is an index, or what is left of one, or one that is not ours."""
        folder = Path(path)
        with _clear_errors(folder):
            names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        return any(pattern.fullmatch(name) for name in names for pattern in (TOC_NAME, OLD_TOC_NAME, SEGMENT_NAME))

    @classmethod
    def create(cls, path: str | os.PathLike[str], analyzer: ChineseAnalyzer) -> Store:
        """Make an empty index in the folder ``path``, which is made if it is not there. If another process has just
        done so, open that one."""
        folder = Path(path)
        _require_whoosh(folder)
        try:
            make_folder(folder)
        except OSError as error:
            raise IndexNotFoundError(
                folder, f"cannot make the folder: {error.strerror}", hint=ELSEWHERE_HINT, code="folder"
            ) from error
        store = cls.blank(folder, analyzer)
        deadline = time.monotonic() + _CREATE_TIMEOUT
        with _clear_errors(folder):
            while not cls.exists(folder):
                try:
                    writer = open_writer(store.whoosh)
                except whoosh_index.LockError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)
                    continue
                if cls.exists(folder):
                    writer.cancel()
                else:
                    writer.commit()
        return cls.open(folder)

    @classmethod
    def blank(cls, path: str | os.PathLike[str], analyzer: ChineseAnalyzer) -> Store:
        """An index of no articles, whose first commit makes the index in the folder ``path``, or takes the place of one
        that cannot be read. Until then nothing is changed."""
        folder = Path(path)
        schema = ArticleSchema(analyzer)
        with _clear_errors(folder):
            return cls(folder, ColumnarIndex(DurableStorage(os.fspath(folder)), ArticleSchema, blank=schema), schema)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Store:
        """Open the index in ``path``.

        Raises IndexNotFoundError, IndexFormatError (not of this program, or of another version), CorruptIndexError.
        """
        folder = Path(path)
        _require_whoosh(folder)
        if not cls.exists(folder):
            raise IndexNotFoundError(folder, "there is no index here", hint=CREATE_HINT)
        storage = DurableStorage(os.fspath(folder))
        with _clear_errors(folder):
            try:
                found = ColumnarIndex(storage, ArticleSchema)
            except whoosh_index.EmptyIndexError:
                raise _without_commit(storage) from None
            return cls(folder, found, found.schema)

    def generation(self) -> int:
        """The number of the last commit."""
        with _clear_errors(self.path):
            return int(self.whoosh.latest_generation())

    def mark(self) -> tuple[int, ...]:
        """Tells the last commit from every other one; that of a ``Snapshot`` is equal while it is the last."""
        with _clear_errors(self.path):
            return self.whoosh.mark()  # type: ignore[no-any-return]

    def adopt(self, snapshot: Snapshot) -> None:
        """Write into the index of this snapshot from now on, though another stood there when this one was opened."""
        self.whoosh.identity = snapshot.identity

    def require_same_index(self, snapshot: Snapshot) -> None:
        """Raise IndexReplacedError if another index stands where the opened one was."""
        known = self.whoosh.identity
        if known and snapshot.identity != known:
            raise IndexReplacedError(
                self.path,
                "another index has taken the place of the one that was opened; nothing was written",
                hint="refresh() shows it, and lets you write to it",
            )

    def snapshot(self) -> Snapshot:
        """Open the last commit. A commit that ends while we open may take files away: then the next one is opened."""
        for attempt in range(_OPEN_ATTEMPTS):
            generation = self.generation()
            try:
                with _clear_errors(self.path):
                    toc, reader = self.whoosh.open_commit()
                    analyzer, known = toc.schema["title"].analyzer, self.analyzer
                    if analyzer == known:
                        analyzer = known  # it has its dictionary loaded
                    else:
                        self.analyzer = analyzer  # for the next snapshots
                    return Snapshot(reader, toc, analyzer)
            except CorruptIndexError:
                if attempt + 1 == _OPEN_ATTEMPTS or self.generation() == generation:
                    raise
                time.sleep(0.02)
        raise AssertionError("unreachable")

    def transaction(
        self, *, wait: float | None = None, replace: bool = False, stopped: Callable[[], bool] | None = None
    ) -> Transaction:
        """Begin to write.

        wait    : seconds to wait for another writer, then IndexLockedError; None: those of this process take turns,
                  however long that takes, and one of another process has WAIT_S to end
        replace : build a new generation beside the old: the commit drops every document that was there before
        stopped : once it says so, there is no more waiting
        """
        return Transaction(self, self._locked(wait, stopped), replace=replace)

    def _locked(self, wait: float | None, stopped: Callable[[], bool] | None = None) -> Any:
        """The index's lock, taken. Raises IndexLockedError, IndexNotFoundError."""
        started = time.monotonic()
        with _clear_errors(self.path):
            self.require_folder()
            lock = self.whoosh.lock("WRITELOCK")
            others = WAIT_S if wait is None else max(0.0, wait - (time.monotonic() - started))
            lock.wait(wait, others, stopped)
        return lock

    def require_folder(self) -> None:
        """Raise IndexNotFoundError if the folder of the index is gone."""
        if not self.path.is_dir():
            raise IndexNotFoundError(self.path, "the folder of the index is gone", hint=CREATE_HINT)

    def require_writable(self, snapshot: Snapshot) -> None:
        """Raise IndexFormatError if the commit is of a format that is read but no longer written."""
        if snapshot.version != SCHEMA_VERSION:
            raise IndexFormatError(
                self.path,
                f"the index has format {snapshot.version}, which is read but no longer written; "
                f"a rebuild brings it to format {SCHEMA_VERSION} and keeps user words, records and library articles",
                found=snapshot.version,
                expected=SCHEMA_VERSION,
                hint=REBUILD_HINT,
                code="index_older",
            )

    def copy_to(self, path: str | os.PathLike[str]) -> None:
        """Copy the last commit to the folder ``path``, which is made, or must be empty; a writer may go on meanwhile.

        Raises IndexUnusableError if there is something in ``path``, CorruptIndexError, OSError.
        """
        folder = Path(path)
        make_folder(folder)
        names = [entry.name for entry in folder.iterdir()]
        if is_unfinished_copy(names):
            _remove_all(DurableStorage(os.fspath(folder)))
        elif names:
            raise IndexUnusableError(folder, "the folder is not empty", hint="Name a new one", code="folder_not_empty")
        target = DurableStorage(os.fspath(folder))
        try:
            with _clear_errors(self.path):
                for attempt in range(_OPEN_ATTEMPTS):
                    generation = self.generation()
                    try:
                        self.whoosh.copy_to(target)
                        return
                    except FileNotFoundError:
                        _remove_all(target)
                        if attempt + 1 == _OPEN_ATTEMPTS or self.generation() == generation:
                            raise
        except BaseException:
            _remove_all(target)
            raise

    def size_bytes(self) -> int:
        """What the files of the index take on disk."""
        total = 0
        for entry in os.scandir(self.path):
            with contextlib.suppress(FileNotFoundError):  # a commit has just removed it
                total += entry.stat().st_size if entry.is_file() else 0
        return total


_OPEN_ATTEMPTS = 10
_CREATE_TIMEOUT = 10.0
"""Seconds to wait for another process that makes the same index."""
_ID_ONLY = ("id",)
_TITLE_ONLY = ("title",)
_SPARSE_FIELDS = frozenset({"tags", "tags_chars"})
"""What many articles lack: a mean over all would make every tag a part of a long text."""
_TEXTS = ("title", "body")
_HEADINGS = ("headings",)
_SHORT_FIELDS = ("id", "title", "url", "path", "extra")


def _require_whoosh(path: Path) -> None:
    """Raise IndexUnusableError if Whoosh, the forerunner of whoosh3, has overwritten it: both have the same folder."""
    version = ".".join(map(str, whoosh.__version__))
    if whoosh.__version__ < (3,):
        raise IndexUnusableError(
            path,
            f"the package whoosh3 was overwritten by Whoosh {version}, which has the same folder, {whoosh.__path__[0]}",
            hint="Uninstall the package Whoosh, then install whoosh3 again",
            code="whoosh_overwritten",
        )


def _remove_all(storage: DurableStorage) -> None:
    """Empty a folder that we began to fill."""
    for name in storage.list():
        with contextlib.suppress(OSError):
            storage.delete_file(name)


def _without_commit(storage: DurableStorage) -> IndexUnusableError:
    """What is wrong with a folder that has no commit but something of an index."""
    path = storage.folder
    for name in sorted(filter(OLD_TOC_NAME.fullmatch, storage.list())):
        if is_old_toc(storage, name):
            reason = "the index was made by an earlier version, whose table of contents is no longer read"
            return IndexFormatError(path, reason, found=name, hint=REBUILD_HINT, code="index_older")
        return IndexFormatError(path, FOREIGN, found=name, hint=ELSEWHERE_HINT, code="index_foreign")
    return CorruptIndexError(path, "the table of contents is missing", section="table of contents", hint=REBUILD_HINT)


def _text(field: str, value: bytes) -> str:
    """A label as it was given. The path of a root is whatever the file system has, also bytes that are not UTF-8."""
    return os.fsdecode(value) if field == "root" else value.decode("utf-8")


def _locked_error(path: Path, holder: Holder) -> IndexLockedError:
    if holder.thread:
        reason = "this process is writing to the index already"
    else:
        reason = "another process is writing to the index"
        if holder.pid is not None:
            about = printable(f"process {holder.pid} on {holder.host}: {holder.command}")
            since = "" if holder.since is None else f", since {holder.since.isoformat(timespec='seconds')}"
            reason += f" ({about}{since})"
    return IndexLockedError(
        path,
        reason,
        pid=holder.pid,
        host=holder.host,
        command=holder.command,
        since=holder.since,
        hint="Try again when it has finished, or wait longer",
    )


@contextlib.contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    """Turn what a damaged or foreign index raises, below us, into our errors. What the system refuses (no space, too
    many open files, a disk that fails) says nothing of the index, and stays what it is."""
    try:
        yield
    except CnsearchError:
        raise
    except whoosh_index.LockError as error:
        raise _locked_error(path, held_by(error)) from error
    except whoosh_index.EmptyIndexError as error:
        raise IndexNotFoundError(path, "there is no index here", hint=CREATE_HINT) from error
    except PermissionError as error:
        raise IndexNotFoundError(
            path, f"no permission to open {error.filename}", hint="Change it", code="folder"
        ) from error
    except FileNotFoundError as error:
        raise CorruptIndexError(path, f"a file is missing: {error.filename}", hint=REBUILD_HINT) from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise IndexNotFoundError(path, "the name is too long", hint=ELSEWHERE_HINT, code="folder") from error
        raise
    except (EOFError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError) as error:
        raise CorruptIndexError(path, f"the index is damaged: {error}", hint=REBUILD_HINT) from error
    except (zlib.error, struct.error) as error:
        raise CorruptIndexError(path, f"the index is damaged: {error}", hint=REBUILD_HINT) from error
