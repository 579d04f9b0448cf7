"""The merges of a long update: chosen at its commits, done by a thread while documents are added.

    merges = BackgroundMerges(folder, fields)
    segments = merges.taken(segments)      # before a commit: those that are done are put in the place of their parts
    merges.choose(segments)                # after it: what else is to be merged
    segments = merges.all_taken(segments)  # in the end: when all are done

What is merged is decided as if every merge were done as soon as it is chosen, and with the deletions of that moment. So
how long they take decides nothing: in the end the same segments result. What is deleted later is deleted in the parts,
and with that in what becomes of them. A merge that is done counts when a commit lists it; until then its parts do.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, cast

import numpy as np

from cnsearch.arrays import Ints
from cnsearch.engine.commit.toc import INDEX_NAME
from cnsearch.engine.files.folder import Files
from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.engine.segment.fields import Fields
from cnsearch.engine.segment.merge import MergeSource, merge_segments
from cnsearch.engine.segment.policy import choose_merges
from cnsearch.engine.segment.reader import open_segment

MOST_WAITING = 8
"""Merges that are not done: who chooses one more waits for the first of them. Each is chosen after eight segments or
more, and takes a tenth of the time in which these are made, so this happens only where the thread gets no processor."""


class _StoppedError(Exception):
    """The merge is not wanted any more."""


class BackgroundMerges:
    """Those of one update. Its methods are for the thread that writes; the writers of its commits hand it on."""

    def __init__(self, files: Files, fields: Fields) -> None:
        self._stopped = threading.Event()
        self._files = cast(Files, _Stoppable(files, self._stopped))
        self._fields = fields
        self._thread = ThreadPoolExecutor(1, "cnsearch-merge")
        self._waiting: list[_Merge] = []
        self._taken: list[_Merge] = []

    @property
    def files(self) -> list[str]:
        """Names of the files that no commit lists yet."""
        return [merge.entry.filename for merge in self._waiting]

    def needs(self, entry: SegmentEntry) -> bool:
        """Whether the segment is a part of a merge that is not taken: it has to stay, also without documents."""
        return any(entry in merge.parts for merge in self._waiting)

    def choose(self, segments: Sequence[SegmentEntry]) -> None:
        """Begin what should be merged of the segments of a commit that was written."""
        for merge in self._waiting:
            segments = merge.put_into(segments)
        segments = [entry for entry in segments if entry.doc_count()]
        for group in choose_merges([e.doc_count() for e in segments], [e.doc_count_all() for e in segments]):
            if len(self._waiting) >= MOST_WAITING:
                wait([self._waiting[-MOST_WAITING].future])
            merge = _Merge([segments[at] for at in group])
            merge.future = self._thread.submit(merge.run, self._files, self._fields)
            self._waiting.append(merge)

    def committed(self) -> None:
        """A commit lists what was taken."""
        self._taken.clear()

    def taken(self, segments: Sequence[SegmentEntry]) -> list[SegmentEntry]:
        """The segments for the next commit, with what is done in the place of its parts. Raises what has stopped a
        merge: OSError, CorruptIndexError."""
        while self._waiting and self._waiting[0].future.done():
            segments = self._take(segments)
        return list(segments)

    def all_taken(self, segments: Sequence[SegmentEntry]) -> list[SegmentEntry]:
        """As ``taken``, when all are done."""
        while self._waiting:
            segments = self._take(segments)
        return list(segments)

    def _take(self, segments: Sequence[SegmentEntry]) -> list[SegmentEntry]:
        merge = self._waiting[0]
        merge.future.result()
        self._taken.append(self._waiting.pop(0))
        return merge.put_into(segments)

    def close(self) -> None:
        """Let go of the thread. REQUIRES: what was taken is in a commit, and nothing is left"""
        self._thread.shutdown()

    def cancel(self, *, written: bool = False) -> None:
        """Stop merging, and remove the files that are in no commit; those that were taken for the last one are in it if
        it was ``written``. What cannot be removed now goes with a later commit."""
        self._stopped.set()
        self._thread.shutdown(cancel_futures=True)
        for merge in [*self._waiting, *([] if written else self._taken)]:
            with contextlib.suppress(OSError):
                if self._files.exists(merge.entry.filename):
                    self._files.delete(merge.entry.filename)
        self._waiting.clear()
        self._taken.clear()


class _Merge:
    """One of them: its parts, and the entry of the segment that they become."""

    future: Future[None]

    def __init__(self, parts: Sequence[SegmentEntry]) -> None:
        self.parts = list(parts)
        self._kept: list[Ints | None] = [entry.live_doc_ids() for entry in parts]
        self.entry = SegmentEntry(INDEX_NAME, doc_count=sum(entry.doc_count() for entry in parts))

    def run(self, files: Files, fields: Fields) -> None:
        """Write the file. REQUIRES: the merges that were chosen before are done"""
        sources = [
            MergeSource(open_segment(files, entry), kept) for entry, kept in zip(self.parts, self._kept, strict=True)
        ]
        merge_segments(files, fields, self.entry, sources, threads=1)

    def put_into(self, segments: Sequence[SegmentEntry]) -> list[SegmentEntry]:
        """The segments with this in the place of its first part, and without the others. What is deleted in the parts
        is deleted in it from now on. REQUIRES: all parts are there"""
        current = {entry: entry for entry in segments}
        base, deleted = 0, []
        for part, kept in zip(self.parts, self._kept, strict=True):
            live = current[part].live_mask()
            if live is not None:
                deleted.append(base + np.flatnonzero(~(live if kept is None else live[kept])))
            base += part.doc_count_all() if kept is None else len(kept)
        if deleted:
            self.entry.delete_documents(np.concatenate(deleted))
        first, *others = self.parts
        return [self.entry if entry == first else entry for entry in segments if entry not in others]


class _Stoppable:
    """Files as they are, until ``stopped`` is set: then nothing more is written."""

    def __init__(self, files: Files, stopped: threading.Event) -> None:
        self._files, self._stopped = files, stopped

    def __getattr__(self, name: str) -> Any:
        return getattr(self._files, name)

    def create(self, name: str) -> Any:
        """As ``Files.create``."""
        return _StoppableFile(self._files.create(name), self._stopped)


class _StoppableFile:
    def __init__(self, file: Any, stopped: threading.Event) -> None:
        self._file, self._stopped = file, stopped

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, data: Any) -> int:
        """As the file's. Raises _StoppedError."""
        if self._stopped.is_set():
            raise _StoppedError
        written: int = self._file.write(data)
        return written
