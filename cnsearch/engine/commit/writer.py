"""The writer of the next commit: batches in, documents out, segments merged, and then all of it visible at once.

    lock = commits.lock()
    lock.wait(None, 5.0)
    writer = IndexWriter(commits, fields, lock, limit_mb=256)
    writer.delete("id", [b"a1"])
    writer.add(batch, replace=True)
    writer.commit(state)

Nothing is visible before ``commit``; ``cancel`` removes the new files. Both release the lock, whatever happens.

Who makes several commits one after the other keeps the lock, and hands the next writer the merges of all of them:

    lock = writer.keep_lock()
    writer.commit(state)
    writer = IndexWriter(commits, fields, lock, limit_mb=256, merges=writer.merges)
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from functools import partial

from cnsearch.engine.commit.background import BackgroundMerges
from cnsearch.engine.commit.commits import Commits
from cnsearch.engine.commit.toc import INDEX_NAME
from cnsearch.engine.files.locks import WriteLock
from cnsearch.engine.segment.batch import DocumentBatch
from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.engine.segment.fields import Fields
from cnsearch.engine.segment.policy import choose_merges
from cnsearch.engine.segment.segments import DEFAULT_LIMIT_MB, NewSegments


class IndexWriter:
    """Not to be used by several threads at once.

    fields : of all documents, those that are there already and those that come
    merges : those of the writer before that kept the lock
    """

    def __init__(
        self,
        commits: Commits,
        fields: Fields,
        lock: WriteLock,
        *,
        limit_mb: float = DEFAULT_LIMIT_MB,
        merges: BackgroundMerges | None = None,
    ) -> None:
        """REQUIRES: the caller holds ``lock``, which is this writer's from now on, as are ``merges``, also if this
        raises"""
        self._lock: WriteLock | None = lock
        self.merges = merges
        """Done in a thread; None: by ``commit`` itself."""
        try:
            before = commits.read()
            self._commits = commits
            self.generation = before.generation + 1
            """Of the commit that this makes."""
            self.segments: list[SegmentEntry] = before.segments
            """Those of the commit before, with what this writer has deleted in them, and then its own."""
            self._num_before = len(self.segments)
            self._fields = fields
            new_entry = partial(SegmentEntry, INDEX_NAME)
            self._new = NewSegments(commits.folder, fields, new_entry, limit_mb=limit_mb)
        except BaseException:
            self._stop_merging()
            self._release()
            raise
        self.is_closed = False

    def _check_state(self) -> None:
        if self.is_closed:
            raise RuntimeError("this writer is closed")
        if self._new.broken is not None:
            raise RuntimeError("documents were lost in an error before; cancel this writer") from self._new.broken

    def add(self, batch: DocumentBatch, *, replace: bool = False) -> None:
        """Add the documents of a batch.

        replace : delete earlier documents that have a term of a unique field in common with one of these; among the
                  batch's own documents the last one stays
        Raises  : ValueError, TypeError for what does not fit the fields; then nothing was added
        """
        self._check_state()
        if not batch.doc_count:
            return
        self._new.check(batch)
        unique = self._new.unique_terms(batch)
        if replace:
            for name, by_term in unique.items():
                self.delete(name, by_term)
        self._new.add(batch, unique, replace=replace)
        if self._new.is_full:
            self._flush()

    def delete(self, name: str, terms: Iterable[bytes]) -> int:
        """Delete all documents with any of the terms of a unique field, those added by this writer included. Returns
        how many."""
        self._check_state()
        if not self._fields[name].unique:
            raise ValueError(f'the field "{name}" is not unique')
        wanted = list(terms)
        count = self._new.delete(name, wanted)
        return count + sum(self._new.delete_in(entry, name, wanted) for entry in self.segments)

    def _flush(self) -> None:
        entry = self._new.flush()
        if entry is not None:
            self.segments.append(entry)

    # -- finishing --------------------------------------------------------------------------------------------------

    def commit(
        self,
        state: object,
        *,
        replace: bool = False,
        optimize: bool = False,
        merge_up_to: int | None = None,
        but: Collection[str] = (),
        merge: bool = True,
    ) -> None:
        """Make all changes visible. Where the lock is kept, segments are not merged now but by ``merges``.

        state       : what the index is of, fit for JSON
        replace     : drop every document that was there before, and merge nothing. REQUIRES: no merges go on
        optimize    : merge all segments into one
        merge_up_to : merge those of at most so many documents into one, and no others
        but         : files of segments that ``merge_up_to`` leaves as they are
        merge       : whether to merge segments where there are many of a size
        """
        self._check_state()
        try:
            self._flush()
            chosen = self.segments[self._num_before :] if replace else self.segments
            if self.merges is not None:
                chosen = self.merges.taken(chosen) if self._lock is None else self.merges.all_taken(chosen)
            segments = [entry for entry in chosen if entry.doc_count() or self._is_merging(entry)]
            if merge_up_to is not None:
                segments = self._with_small_ones_joined(segments, merge_up_to, but)
            elif self._lock is not None and merge and not replace:
                segments = self._merged(segments, optimize=optimize)
            self._new.require_files(segments)
            self._commits.write(state, segments, self.generation)
        except BaseException:
            self._undo()
            raise
        # Committed; what is left over now is removed by a later commit.
        with contextlib.suppress(OSError):
            made = () if self.merges is None else self.merges.files
            self._commits.remove_leftovers(self.generation, segments, made)
        if self.merges is not None:
            self.merges.committed()
            if self._lock is not None:
                self.merges.close()
            elif merge and not replace:
                self.merges.choose(segments)
        self._release()

    def _is_merging(self, entry: SegmentEntry) -> bool:
        return self.merges is not None and self.merges.needs(entry)

    def _with_small_ones_joined(
        self, segments: list[SegmentEntry], num_docs: int, but: Collection[str]
    ) -> list[SegmentEntry]:
        small = [entry for entry in segments if entry.doc_count_all() <= num_docs and entry.filename not in but]
        if len(small) < 2:
            return segments
        large = [entry for entry in segments if entry not in small]
        return [*large, self._new.merge([self._new.source(entry) for entry in small])]

    def _merged(self, segments: list[SegmentEntry], *, optimize: bool) -> list[SegmentEntry]:
        if optimize:
            needed = len(segments) > 1 or any(entry.has_deletions() for entry in segments)
            groups = [list(range(len(segments)))] if needed else []
        else:
            groups = choose_merges([entry.doc_count() for entry in segments], [e.doc_count_all() for e in segments])
        return self._new.merge_groups(segments, groups)

    def cancel(self) -> None:
        """Drop all changes and release the lock."""
        if self.is_closed:
            raise RuntimeError("this writer is closed")
        self._undo()

    def _undo(self) -> None:
        """Remove what this writer has made, unless it is the index already, and release the lock."""
        written = True
        try:
            with contextlib.suppress(OSError):  # what stays is removed by a later commit
                written = self._commits.has_commit(self.generation)  # it was interrupted after that step
                if not written:
                    self._new.remove()
        finally:
            self._stop_merging(written=written)
            with contextlib.suppress(Exception):  # what went wrong before is to come out
                self._release()

    def _stop_merging(self, *, written: bool = False) -> None:
        if self.merges is not None:
            self.merges.cancel(written=written)

    def keep_lock(self) -> WriteLock:
        """Let ``commit`` not release the lock, for another writer of the caller to go on with, who gets ``merges``,
        too. Returns the lock."""
        lock, self._lock = self._lock, None
        if lock is None:
            raise RuntimeError("this writer has no lock")
        if self.merges is None:
            self.merges = BackgroundMerges(self._commits.folder, self._fields)
        return lock

    def _release(self) -> None:
        self.is_closed = True
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()
