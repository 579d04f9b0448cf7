"""One segment of articles as arrays: postings, lengths, labels, dates, signatures, and where each article came from."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from cnsearch.analysis.signature import SIGNATURE_BYTES
from cnsearch.arrays import DocIds
from cnsearch.engine.columns.byte_strings import BytesColumn
from cnsearch.engine.columns.numbers import NumberColumn
from cnsearch.engine.columns.ordinals import OrdinalColumn, OrdinalListsColumn
from cnsearch.engine.segment.check import SegmentCheck
from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.engine.segment.reader import SegmentReader
from cnsearch.errors import CorruptIndexError
from cnsearch.kernels import FieldInfo, MappedSegment, Packed, StoredTexts, mapped_file, stored_texts
from cnsearch.store.dates import MAX_DATE, MIN_DATE, NO_DATE
from cnsearch.store.fields import CHARS_FIELD, LIST_FIELDS
from cnsearch.store.labels import MAX_PATH_LEVELS
from cnsearch.store.postings import Postings
from cnsearch.store.schema import FIELDS

_Json = TypeVar("_Json", list, dict)  # type: ignore[type-arg]
_Labels = tuple[npt.NDArray[Any], list[bytes]]
_LabelLists = tuple[npt.NDArray[Any], npt.NDArray[Any], list[bytes]]
_LabelPairs = tuple[npt.NDArray[np.intp], npt.NDArray[Any], list[bytes]]
_PathsOfDepth = tuple[npt.NDArray[np.intp], npt.NDArray[np.int64], list[str]]


class Segment:
    """One segment as arrays. ``base`` is the number of its first document in the index. Thread-safe."""

    def __init__(self, reader: SegmentReader, entry: SegmentEntry, base: int) -> None:
        """``entry`` says which documents of ``reader`` are deleted; nobody changes it."""
        self._reader = reader
        self.base = base
        self.num_docs = reader.doc_count
        self.segment_id = entry.segment_id()
        """Its name, which no other segment ever has. Its documents never change but by being deleted."""
        self.has_deletions = entry.has_deletions()
        self._live = entry.live_mask()
        self._lock = threading.Lock()
        self._label_pairs: dict[str, _LabelPairs | None] = {}
        self._label_paths: dict[str, list[_PathsOfDepth]] = {}
        self._labels: dict[str, _Labels | None] = {}
        self._label_lists: dict[str, _LabelLists | None] = {}
        self._check_columns()

    def _check_columns(self) -> None:
        """Raise CorruptIndexError unless the columns are of the kinds that the schema says, so that nobody who reads
        them has to ask."""
        for name, kind in self._reader.column_kinds().items():
            spec = FIELDS[name].column if name in FIELDS else None
            expected = spec.kind if spec is not None else "none" if name in FIELDS else kind
            if kind != expected:
                reason = f'has another column of the field "{name}"'
                raise self.corrupt(reason, section="manifest", found=kind, expected=expected)

    @cached_property
    def live(self) -> npt.NDArray[np.bool_]:
        """Which documents are not deleted. bool, shape (num_docs,); not to be modified."""
        return np.ones(self.num_docs, dtype=bool) if self._live is None else self._live

    def titles(self) -> list[str]:
        """The titles of all documents, deleted ones included, as shown."""
        return [title or "" for title in self._reader.stored_values("title")]

    def postings(self, field: str, term: str) -> Postings | None:
        """The postings list of ``term`` in ``field``; None if the segment does not have it. Decoded anew each time."""
        found = self._reader.postings(field, encoded(term))
        return None if found is None else Postings(found.doc_ids, found.weights)

    def packed_postings(self, field: str, term: str) -> Packed | None:
        """The same as it lies in the file, for a kernel; None if the segment does not have it."""
        found = self._reader.packed_postings(field, encoded(term))
        return None if found is None else (self.base, self.num_docs, *found)

    def mapped(self, fields: Iterable[str]) -> MappedSegment | None:
        """The segment for a kernel that reads its ``fields`` where they lie; None where there is no such kernel, or the
        segment is in memory."""
        reader, file = self._reader, self._mapped_file()
        if file is None:
            return None
        found = [self._field_info(name) for name in fields]
        stored = ("id", "title", "body")
        article_id, title, body = (reader.numbers[name] if name in reader.stored_names else None for name in stored)
        return MappedSegment(file, self.base, self.num_docs, found, (article_id, title, body))

    def _mapped_file(self) -> Any:
        reader = self._reader
        return reader.kept("mapped", lambda: mapped_file(reader.container.path)) if reader.container.is_mapped else None

    def _field_info(self, name: str) -> FieldInfo | None:
        number, info = self._reader.numbers.get(name), self._reader.infos.get(name, {})
        return None if number is None or "term_count" not in info else (number, info["term_count"], info["term_skip"])

    def stored_texts(self, field: str) -> StoredTexts | None:
        """The texts of ``field`` for a kernel that reads them where they lie; None where there is no such kernel, or
        the segment is in memory."""
        return self._reader.kept(f"texts of {field}", lambda: self._stored_texts(field))

    def _stored_texts(self, field: str) -> StoredTexts | None:
        file = self._mapped_file()
        if file is None:
            return None
        number = self._reader.numbers[field] if field in self._reader.stored_names else None
        infos = self._field_info(CHARS_FIELD[field]), self._field_info(field)
        return stored_texts(file, self.num_docs, *infos, number)

    def beginning(self, field: str, doc_id: int, chars: int) -> bytes:
        """At least ``chars`` characters of a stored text, or all of it, in UTF-16."""
        return self._reader.beginning(field, doc_id, chars)

    def prefix_postings(self, field: str, prefix: str) -> Postings | None:
        """The documents with any term of ``field`` that begins with ``prefix``; the frequencies of one are added."""
        found = self._reader.prefix_postings(field, encoded(prefix))
        return None if found is None else Postings(*found)

    def utf16(self, field: str, doc_ids: DocIds) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]]:
        """The stored texts of many documents (numbers here, int32, shape (n,)) as UTF-16 units, one after the other,
        and how many units each has, shape (n,)."""
        return self._reader.utf16(field, doc_ids)

    def terms(self, field: str, prefix: str = "") -> Iterator[str]:
        """The terms of ``field`` that begin with ``prefix``, sorted by their UTF-8 bytes."""
        return (term.decode("utf-8", "replace") for term in self._reader.terms_with_prefix(field, encoded(prefix)))

    def doc_freqs(self, field: str, prefix: str = "") -> tuple[list[str], npt.NDArray[np.int64]]:
        """(terms, documents with each) of the terms that begin with ``prefix``, sorted; deleted documents count. The
        second is of the shape (len(terms),)."""
        terms, doc_freqs = self._reader.doc_freqs(field, encoded(prefix))
        return b"\n".join(terms).decode("utf-8").split("\n") if terms else [], doc_freqs

    def lengths(self, field: str) -> npt.NDArray[Any]:
        """Tokens of ``field`` per document, unsigned, shape (num_docs,); 0 where the document lacks the field."""
        lengths = self._reader.lengths(field)
        return np.zeros(self.num_docs, dtype=np.uint8) if lengths is None else lengths

    def total_length(self, field: str) -> int:
        """Tokens of ``field`` in all documents."""
        return self._reader.length_statistics(field)["total"]

    def numbers(self, field: str, default: int = 0) -> npt.NDArray[np.int64]:
        """The column ``field``, int64, shape (num_docs,); ``default`` everywhere if no document has a value."""
        column = self._reader.column_as(field, NumberColumn)
        return np.full(self.num_docs, default, dtype=np.int64) if column is None else column.values

    def dates(self) -> npt.NDArray[np.int64]:
        """The date column: seconds since 1970, or NO_DATE; int64, shape (num_docs,)."""
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
        ids = self._reader.stored_values("id")
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
        digests = self._reader.column_as("digest", BytesColumn)
        if digests is None:
            raise self.corrupt("has no digests of the articles", section="manifest")
        return digests

    def signatures(self) -> npt.NDArray[np.uint8]:
        """The signatures, a byte per bin; uint8, shape (num_docs, SIGNATURE_BYTES); not to be modified."""
        column = self._reader.column_as("signature", BytesColumn)
        if column is None:
            return np.zeros((self.num_docs, SIGNATURE_BYTES), dtype=np.uint8)
        flat = column.flat
        if len(flat) != self.num_docs * SIGNATURE_BYTES:
            raise self.corrupt('of the field "signature" has another size', section="column_value_bytes")
        return flat.reshape(self.num_docs, SIGNATURE_BYTES)

    def doc_freq(self, field: str, term: str) -> int:
        """How many documents have ``term`` in ``field``, deleted ones included; quicker than its postings."""
        return self._reader.doc_freq(field, encoded(term))

    def labels(self, field: str) -> _Labels | None:
        """(ordinals, values) of a column of one label per document, b"" for none; None if nobody has one. Ordinals:
        unsigned, shape (num_docs,), numbers of the values."""
        if field not in self._labels:
            column = self._reader.column_as(field, OrdinalColumn)
            if column is not None:
                self._check_labels(field, column.uniques)
            self._labels[field] = None if column is None else (column.ordinals, column.uniques)
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
        ``ordinals[offsets[d] : offsets[d + 1]]``; None if nobody has one. Offsets: int64, shape (num_docs + 1,);
        ordinals: unsigned, shape (labels of all documents,)."""
        if field not in self._label_lists:
            column = self._reader.column_as(field, OrdinalListsColumn)
            if column is not None:
                self._check_labels(field, column.uniques)
            found = None if column is None else (column.offsets, column.ordinals, column.uniques)
            self._label_lists[field] = found
        return self._label_lists[field]

    def label_pairs(self, field: str) -> _LabelPairs | None:
        """The same as pairs: document ``doc_ids[i]`` has the label ``values[ordinals[i]]``, each pair once. Both int64,
        shape (pairs,)."""
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

    def label_paths(self, field: str) -> list[_PathsOfDepth]:
        """The leading paths that the labels of a document are, read as levels, one depth after the other: document
        ``doc_ids[i]`` has the path ``names[numbers[i]]``, written with ``/``. Both of the shape (documents that have
        one of this depth,)."""
        with self._lock:
            if field not in self._label_paths:
                self._label_paths[field] = self._make_label_paths(field)
            return self._label_paths[field]

    def _make_label_paths(self, field: str) -> list[_PathsOfDepth]:
        found = self.label_lists(field)
        if found is None:
            return []
        offsets, ordinals, values = found
        num_levels = np.diff(offsets)
        doc_ids = np.flatnonzero(num_levels)
        numbers, names = np.zeros(len(doc_ids), np.int64), [""]
        paths: list[_PathsOfDepth] = []
        for depth in range(MAX_PATH_LEVELS):
            goes_on = num_levels[doc_ids] > depth
            doc_ids, numbers = doc_ids[goes_on], numbers[goes_on]
            if not len(doc_ids):
                break
            longer = numbers * len(values) + ordinals[offsets[doc_ids] + depth]
            distinct, numbers = np.unique(longer, return_inverse=True)
            before, levels = np.divmod(distinct, len(values))
            ends = (_text(field, values[level]) for level in levels)
            names = [f"{names[at]}/{end}" if depth else end for at, end in zip(before.tolist(), ends, strict=True)]
            paths.append((doc_ids, numbers, names))
        return paths

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

    def count_label_paths(self, field: str, matching: npt.NDArray[np.bool_]) -> Counter[str]:
        """How many of the ``matching`` documents (bool, shape (num_docs,)) have each leading path of their labels."""
        counts: Counter[str] = Counter()
        for doc_ids, numbers, names in self.label_paths(field):
            found = np.bincount(numbers[matching[doc_ids]], minlength=len(names))
            counts.update({names[at]: int(found[at]) for at in np.flatnonzero(found)})
        return counts

    def check(self) -> SegmentCheck:
        """A look at the whole file, which says what is wrong with it."""
        return SegmentCheck(self._reader, self.num_docs, unboosted=True)

    def all_postings(self, field: str) -> Iterator[tuple[list[bytes], npt.NDArray[np.int64], Postings]]:
        """(terms, counts, postings) of ``field``, some thousands of terms at a time: the lists one after the other;
        counts says how long each is, shape (len(terms),)."""
        for terms, lists in self._reader.all_postings(field):
            yield terms, lists.counts, Postings(lists.doc_ids, lists.weights)

    @property
    def indexed_fields(self) -> list[str]:
        """The fields that have terms here."""
        return list(self._reader.indexed_names)

    def corrupt(self, reason: str, *, section: str, found: object = None, expected: object = None) -> CorruptIndexError:
        """The error for what is wrong in this segment."""
        return self._reader.container.corrupt(reason, section=section, found=found, expected=expected)

    def stored(self, doc_id: int, fields: Iterable[str] | None = None) -> Mapping[str, Any]:
        """Stored values of one document: all, or those of ``fields``."""
        stored = self._reader.stored(doc_id, fields)
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


def _text(field: str, value: bytes) -> str:
    """A label as it was given. The path of a root is whatever the file system has, also bytes that are not UTF-8."""
    return os.fsdecode(value) if field == "root" else value.decode("utf-8")


def encoded(term: str) -> bytes:
    """A term as the engine has it."""
    return term.encode("utf-8", "surrogatepass")
