"""One commit of the index: all its segments, numbered through, and the articles in them."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.fold import fold
from cnsearch.analysis.signature import SIGNATURE_BYTES
from cnsearch.engine.commit.toc import Commit
from cnsearch.kernels import Packed
from cnsearch.model import Article
from cnsearch.settings import Settings
from cnsearch.store.dates import NO_DATE, date_of
from cnsearch.store.document import paragraphs_of
from cnsearch.store.postings import Postings
from cnsearch.store.schema import ArticleSchema
from cnsearch.store.segment import Indexed, Segment


class Snapshot:
    """One commit of the index, unchanged by later ones. Thread-safe. ``close`` it when done."""

    def __init__(self, commit: Commit, schema: ArticleSchema, segments: list[Segment]) -> None:
        self.schema = schema
        self.generation = commit.generation
        self.identity = commit.identity
        """Of the index; see ``Commit``."""
        self.mark = commit.mark
        self.version = schema.version
        """Of the format that it was written in."""
        self.settings: Settings = schema.settings
        """How the indexed folders are read, and which files hold several articles."""
        self.analyzer: ChineseAnalyzer = schema.analyzer
        """The one that this commit was written with: a rebuild may bring another."""
        self.closed = False
        self.segments = segments
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
        """Articles: documents that are not deleted."""
        return self.num_docs if self.live is None else int(self.live.sum())

    @cached_property
    def dates(self) -> npt.NDArray[np.int64]:
        """The date column of all segments: seconds since 1970, or NO_DATE; shape (num_docs,)."""
        return np.concatenate([segment.dates() for segment in self.segments] or [np.empty(0, np.int64)])

    @cached_property
    def signatures(self) -> npt.NDArray[np.uint8]:
        """The signatures of all segments, a byte per bin; shape (num_docs, SIGNATURE_BYTES)."""
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

    def packed_postings(self, field: str, term: str) -> list[Packed]:
        """The same as it lies in the files, for a kernel: of each segment that has the term, in order."""
        found = (segment.packed_postings(field, term) for segment in self.segments)
        return [packed for packed in found if packed is not None]

    def doc_freqs(self, field: str, prefix: str = "") -> tuple[list[str], npt.NDArray[np.int64]]:
        """(terms, documents with each) of the terms that begin with ``prefix``, sorted; deleted documents count. The
        second is of the shape (len(terms),)."""
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

    def name_of(self, doc_number: int) -> tuple[str, str]:
        """Id and title of an article, as ``about`` has them."""
        segment, doc_id = self.locate(doc_number)
        stored = segment.stored(doc_id, _NAME)
        return stored["id"], stored.get("title", "")

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

    def beginning(self, doc_number: int, chars: int) -> bytes:
        """At least ``chars`` characters of title, line end and body of a document, or all of it, in UTF-16."""
        segment, doc_id = self.locate(doc_number)
        return segment.beginning("title", doc_id, chars) + b"\n\0" + segment.beginning("body", doc_id, chars)

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

    def count_label_paths(self, field: str, matching: npt.NDArray[np.bool_]) -> Counter[str]:
        """How many of the ``matching`` documents (bool, shape (num_docs,)) have each leading path of their labels:
        金融, 金融/每经网."""
        counts: Counter[str] = Counter()
        for segment in self.segments:
            counts += segment.count_label_paths(field, matching[segment.base : segment.base + segment.num_docs])
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
        """What is mapped goes with the last who holds it."""
        self.closed = True


_ID_ONLY = ("id",)
_NAME = ("id", "title")
_TITLE_ONLY = ("title",)
_SPARSE_FIELDS = frozenset({"tags", "tags_chars"})
"""What many articles lack: a mean over all would make every tag a part of a long text."""
_TEXTS = ("title", "body")
_HEADINGS = ("headings",)
_SHORT_FIELDS = ("id", "title", "url", "path", "extra")
