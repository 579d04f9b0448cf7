"""The one writer of an index of articles."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.engine.commit.background import BackgroundMerges
from cnsearch.engine.commit.writer import IndexWriter
from cnsearch.engine.files.locks import WriteLock
from cnsearch.engine.segment.batch import DocumentBatch as DocumentBatch  # for indexing, which does not name the engine
from cnsearch.settings import Settings
from cnsearch.store.faults import clear_errors
from cnsearch.store.opening import Store
from cnsearch.store.schema import FIELDS, ArticleSchema
from cnsearch.store.segment import Indexed

LIMIT_MB = 192
"""Megabytes of documents that a transaction collects in memory before it writes a segment."""


def begin(
    store: Store, *, wait: float | None = None, replace: bool = False, stopped: Callable[[], bool] | None = None
) -> Transaction:
    """Begin to write.

    wait    : seconds to wait for another writer, then IndexLockedError; None: those of this process take turns,
              however long that takes, and one of another process has WAIT_S to end
    replace : build a new generation beside the old: the commit drops every document that was there before
    stopped : once it says so, there is no more waiting
    """
    return Transaction(store, store.lock(wait, stopped), replace=replace)


class Transaction:
    """The only writer. Nothing is visible to readers before ``commit``; ``cancel`` leaves no trace."""

    def __init__(
        self, store: Store, lock: WriteLock, *, replace: bool = False, merges: BackgroundMerges | None = None
    ) -> None:
        """REQUIRES: the caller holds ``lock``, which is this transaction's from now on, as are ``merges``, also if this
        raises"""
        self._store = store
        self._replace = replace
        with clear_errors(store.path):
            self._writer = IndexWriter(store.commits, FIELDS, lock, limit_mb=LIMIT_MB, merges=merges)
        try:
            self.snapshot = store.snapshot()
            self._schema = self.snapshot.schema
            store.require_same_index(self.snapshot)
            if merges is None:  # else the transaction before has just done so
                with contextlib.suppress(OSError):  # what cannot be removed now goes with a later commit
                    store.commits.remove_stale(self._writer.generation - 1, self._writer.segments)
            if not replace:
                store.require_writable(self.snapshot)
        except BaseException:
            self._writer.cancel()
            raise

    def change_analyzer(self, analyzer: ChineseAnalyzer) -> None:
        """Give the index ``analyzer`` with the commit.  REQUIRES: what it cuts otherwise is added again before"""
        self._schema = ArticleSchema(analyzer, settings=self._schema.settings)

    @property
    def settings(self) -> Settings:
        """What the index will remember with the commit."""
        return self._schema.settings

    def change_settings(self, settings: Settings) -> None:
        """Let the index remember ``settings`` with the commit."""
        self._schema = ArticleSchema(self._schema.analyzer, self._schema.version, settings)

    @property
    def files(self) -> frozenset[str]:
        """Those of the segments that were in the index when the transaction began."""
        return frozenset(entry.filename for entry in self._writer.segments)

    def indexed(self) -> dict[str, Indexed]:
        """What was in the index when the transaction began, by article id."""
        return self.snapshot.indexed()

    def add(self, batch: DocumentBatch) -> None:
        """Add documents; each replaces the one with its id, committed or added before in this transaction."""
        self._writer.add(batch, replace=True)

    def delete(self, article_ids: Iterable[str]) -> int:
        """Delete the articles with these ids, committed or added in this transaction; returns how many there were."""
        if self._replace:
            return 0
        return self._writer.delete("id", [article_id.encode("utf-8", "surrogatepass") for article_id in article_ids])

    def commit(self, *, merge: bool = True) -> None:
        """Make visible what was added and deleted. Raises IndexUnusableError, OSError; then nothing has changed.

        merge : whether to merge segments where there are many of a size
        """
        self.snapshot.close()
        self._writer.commit(self._schema.to_dict(), replace=self._replace, merge=merge)

    def commit_part(self, *, merge: bool = True) -> Transaction:
        """Commit, and begin the next transaction before another writer can: what a long update has compared with the
        index stays true. Segments are merged in the background meanwhile. Returns the next one, which replaces nothing.

        merge : as for ``commit``
        """
        lock = self._writer.keep_lock()
        try:
            self.commit(merge=merge)
            return Transaction(self._store, lock, merges=self._writer.merges)
        except BaseException:
            with contextlib.suppress(Exception):  # the next one has let go of it already
                lock.release()
            raise

    def settle(self, num_docs: int, but: Collection[str] = ()) -> None:
        """Commit, with all segments of up to ``num_docs`` documents merged into one, those in the files ``but`` left
        out, and with all merges done."""
        self.snapshot.close()
        self._writer.commit(self._schema.to_dict(), merge_up_to=num_docs, but=but)

    def cancel(self) -> None:
        """Give up: the index stays what it was."""
        self.snapshot.close()
        if not self._writer.is_closed:  # a commit that fails has closed it
            self._writer.cancel()
