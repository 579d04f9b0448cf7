"""The segments of the next commit: batches of documents become segments, and segments are merged.

Batches are collected in memory; when they take the limit, or at the end, they become a segment with a file. Nothing of
that is an index before somebody lists it in a table of contents.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from cnsearch.engine.files.folder import Files
from cnsearch.engine.segment.batch import DocumentBatch
from cnsearch.engine.segment.buffer import SegmentBuffer
from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.engine.segment.fields import Fields
from cnsearch.engine.segment.merge import MergeSource, merge_segments
from cnsearch.engine.segment.reader import open_file, open_segment

DEFAULT_LIMIT_MB = 128
"""Megabytes of documents that are collected before they become a segment."""


class NewSegments:
    """Collect documents; make segments of them. Not to be used by several threads at once.

    new_entry : makes the entry of a segment that has no documents yet
    limit_mb  : see ``is_full``
    """

    def __init__(
        self,
        files: Files,
        fields: Fields,
        new_entry: Callable[[], SegmentEntry],
        *,
        limit_mb: float = DEFAULT_LIMIT_MB,
    ) -> None:
        if not limit_mb > 0:
            raise ValueError(f"limit_mb must be positive, not {limit_mb}")
        self.files = files
        self.fields = fields
        self.entries: list[SegmentEntry] = []
        """Of all files that were made, in order."""
        self.broken: BaseException | None = None
        """What has made documents of the buffer be lost."""
        self.limit = int(limit_mb * (1 << 20))
        self._new_entry = new_entry
        self._reset_buffer()

    def _reset_buffer(self) -> None:
        self.buffer = SegmentBuffer(self.files, self.fields, self._new_entry())
        # Unique field -> term -> document of the buffer; a list where several were added without replacing.
        self._keys: dict[str, dict[bytes, int | list[int]]] = {}
        self._deleted: set[int] = set()

    @property
    def is_full(self) -> bool:
        """Whether the documents in memory should become a segment."""
        return self.buffer.memory >= self.limit

    # -- documents --------------------------------------------------------------------------------------------------

    def check(self, batch: DocumentBatch) -> None:
        """Raises ValueError or TypeError for a batch that does not fit the fields."""
        self.buffer.check(batch)

    def unique_terms(self, batch: DocumentBatch) -> dict[str, dict[bytes, list[int]]]:
        """Of each unique field of a batch, the documents of each term."""
        found: dict[str, dict[bytes, list[int]]] = {}
        for name, postings in batch.fields.items():
            if self.fields[name].unique:
                docs, at = postings.doc_ids.tolist(), 0
                by_term = found[name] = {}
                for term, count in zip(postings.terms(), postings.counts.tolist(), strict=True):
                    by_term[term] = docs[at : at + count]
                    at += count
        return found

    def add(self, batch: DocumentBatch, unique: Mapping[str, Mapping[bytes, list[int]]], *, replace: bool) -> None:
        """Append the documents of a batch.

        unique   : ``unique_terms`` of it
        replace  : of several documents of the batch with the same unique term, the last one stays
        REQUIRES : ``check`` takes it; those that it replaces were deleted
        """
        base = self.buffer.doc_count
        try:
            self.buffer.add(batch)
        except BaseException as exc:
            self.broken = exc
            raise
        for name, by_term in unique.items():
            for term, docs in by_term.items():
                for doc in docs[-1:] if replace else docs:
                    self._note_key(name, term, base + doc)
                if replace:
                    self._deleted.update(base + doc for doc in docs[:-1])

    def _note_key(self, name: str, term: bytes, doc: int) -> None:
        known = self._keys.setdefault(name, {})
        before = known.get(term)
        if before is None:
            known[term] = doc
        elif isinstance(before, list):
            before.append(doc)
        else:
            known[term] = [before, doc]

    def delete(self, name: str, terms: Iterable[bytes]) -> int:
        """Delete the documents in memory that have any of the terms of a unique field. Returns how many."""
        known, count = self._keys.get(name), 0
        if known:
            for term in terms:
                docs = known.pop(term, None)
                if docs is not None:
                    found = {docs} if isinstance(docs, int) else set(docs)
                    count += len(found - self._deleted)
                    self._deleted |= found
        return count

    def delete_in(self, entry: SegmentEntry, name: str, terms: Iterable[bytes]) -> int:
        """Delete the documents of a segment that have any of the terms. Returns how many."""
        segment = open_segment(self.files, entry)
        lists = [segment.postings(name, term) for term in terms]
        found = [postings.doc_ids for postings in lists if postings is not None]
        return entry.delete_documents(np.concatenate(found)) if found else 0

    # -- files ------------------------------------------------------------------------------------------------------

    def flush(self) -> SegmentEntry | None:
        """Make a segment of the documents in memory. Returns its entry; None if there are none."""
        if not self.buffer.doc_count:
            return None
        buffer, deleted = self.buffer, self._deleted
        self._reset_buffer()
        self.entries.append(buffer.entry)
        try:
            entry = buffer.finish()
        except BaseException as exc:
            self.broken = exc
            buffer.abandon()
            raise
        if deleted:
            entry.delete_documents(np.array(sorted(deleted)))
        return entry

    def source(self, entry: SegmentEntry) -> MergeSource:
        """A segment with its deletions, to be merged."""
        return MergeSource(open_segment(self.files, entry), entry.live_doc_ids())

    def merge(self, sources: Sequence[MergeSource]) -> SegmentEntry:
        """Make one segment of all sources.  REQUIRES: at least one document is kept"""
        entry = self._new_entry()
        self.entries.append(entry)
        merge_segments(self.files, self.fields, entry, sources)
        return entry

    def merge_groups(
        self,
        entries: Sequence[SegmentEntry],
        groups: Iterable[Sequence[int]],
        source: Callable[[SegmentEntry], MergeSource] | None = None,
    ) -> list[SegmentEntry]:
        """The segments, of which each group of places has become one, which has the place of the group's first."""
        result: list[SegmentEntry | None] = list(entries)
        for group in groups:
            result[group[0]] = self.merge([(source or self.source)(entries[at]) for at in group])
            for at in group[1:]:
                result[at] = None
        return [entry for entry in result if entry is not None]

    def require_files(self, entries: Iterable[SegmentEntry]) -> None:
        """Raise RuntimeError unless the files have what a table of contents with these entries will say of them."""
        for entry in entries:
            found, expected = open_file(self.files, entry.filename).doc_count, entry.doc_count_all()
            if found != expected:
                name = entry.filename
                raise RuntimeError(f"{name} has {found} documents, the table of contents would say {expected}")

    def remove(self) -> None:
        """Forget the documents in memory, and remove the files. What cannot be removed now goes with a later commit."""
        with contextlib.suppress(OSError):
            self.buffer.abandon()
            for entry in self.entries:
                if self.files.exists(entry.filename):
                    self.files.delete(entry.filename)
