"""What an update writes with: a transaction that commits in parts, or nothing for a dry run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.indexing.tally import Tally
from cnsearch.indexing.tasks import Origin, Stopped, never
from cnsearch.indexing.writer import Builder, Form, Home, Writer
from cnsearch.model import Article
from cnsearch.search.substrings import documents_containing
from cnsearch.settings import Settings
from cnsearch.store.batch import DocumentBatchBuilder
from cnsearch.store.document import document_of
from cnsearch.store.opening import Store
from cnsearch.store.segment import Indexed
from cnsearch.store.snapshot import Snapshot
from cnsearch.store.transaction import DocumentBatch, begin

COMMIT_EVERY = 10_000
"""Articles per commit of a long update: what an interruption can lose."""


@dataclass(frozen=True, slots=True)
class AsBatches(Form):
    """Articles as arrays, of which segments are made."""

    def builder(self, tokenizer: WordTokenizer, *, threads: int = 1) -> ArticleBatch:
        return ArticleBatch(tokenizer, threads)

    def in_threads(self, tokenizer: WordTokenizer) -> bool:
        """Where the kernels are compiled."""
        return tokenizer.compiled is not None


class ArticleBatch(Builder):
    """The articles of one chunk, inverted."""

    def __init__(self, tokenizer: WordTokenizer, threads: int) -> None:
        self._batch = DocumentBatchBuilder(tokenizer, threads=threads)

    @property
    def doc_count(self) -> int:
        return self._batch.doc_count

    def add(self, article: Article, origin: Origin) -> None:
        self._batch.add(document_of(article, origin._asdict()))

    def build(self) -> DocumentBatch:
        return self._batch.build()


class Update(Writer):
    """A transaction that commits and begins anew every COMMIT_EVERY articles; ``finish`` commits the last. If it is to
    be ``whole`` it is one: no commit may hold articles of two analyzers, or that were read by two settings."""

    form = AsBatches()

    def __init__(self, store: Store, wait: float | None, replace: bool, stopped: Stopped) -> None:
        self._store = store
        self._analyzer: ChineseAnalyzer | None = None
        self.whole = replace
        self.transaction = begin(store, wait=wait, replace=replace, stopped=stopped)
        self._before = self.transaction.files
        self._pending = 0
        self._written = 0

    @property
    def analyzer(self) -> ChineseAnalyzer:
        return self._analyzer or self.snapshot.analyzer

    @property
    def snapshot(self) -> Snapshot:
        return self.transaction.snapshot

    def change_analyzer(self, analyzer: ChineseAnalyzer) -> None:
        self._analyzer = analyzer
        self.whole = True
        self.transaction.change_analyzer(analyzer)

    def change_settings(self, settings: Settings) -> None:
        if settings != self.transaction.settings:
            self.transaction.change_settings(settings)

    def indexed(self) -> dict[str, Indexed]:
        return self.transaction.indexed()

    def find(self, article_id: str) -> Indexed | None:
        return self.snapshot.find_indexed(article_id)

    def containing(self, words: Iterable[str]) -> list[str]:
        return list(map(self.snapshot.id_of, documents_containing(words, self.snapshot).tolist()))

    def stored(self, article_ids: Iterable[str]) -> Iterator[tuple[Article, Indexed]]:
        for article_id in article_ids:
            entry = self.snapshot.find_indexed(article_id)
            if entry is not None:
                yield self.snapshot.article(entry.number), entry

    def add(self, documents: DocumentBatch) -> tuple[tuple[str, str], ...]:
        self.transaction.add(documents)
        self._pending += documents.doc_count
        self._written += documents.doc_count
        if self._pending >= COMMIT_EVERY and not self.whole:
            self.transaction = self.transaction.commit_part()
            self._pending = 0
        return ()

    def delete(self, article_ids: Sequence[str]) -> int:
        return self.transaction.delete(article_ids)

    def finish(self) -> int:
        """Commit; returns how many articles the index has now. What a long update wrote becomes one segment: a query
        reads every list once a segment. What was there before stays as it is; when eight of a size have come together
        they are merged."""
        if self._written > COMMIT_EVERY:
            self.transaction = self.transaction.commit_part(merge=False)
            self.transaction.settle(self._written, self._before)
        else:
            self.transaction.commit()
        return _count(self._store)

    def cancel(self) -> None:
        self.transaction.cancel()


class DryRun(Writer):
    """Takes everything and writes nothing."""

    whole = False
    form = None

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._analyzer = snapshot.analyzer

    @property
    def analyzer(self) -> ChineseAnalyzer:
        return self._analyzer

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    def change_analyzer(self, analyzer: ChineseAnalyzer) -> None:
        self._analyzer = analyzer

    def change_settings(self, settings: Settings) -> None:
        pass

    def indexed(self) -> dict[str, Indexed]:
        return self.snapshot.indexed()

    def find(self, article_id: str) -> Indexed | None:
        return self.snapshot.find_indexed(article_id)

    def containing(self, words: Iterable[str]) -> list[str]:
        return list(map(self.snapshot.id_of, documents_containing(words, self.snapshot).tolist()))

    def stored(self, article_ids: Iterable[str]) -> Iterator[tuple[Article, Indexed]]:
        return iter(())

    def add(self, documents: DocumentBatch) -> tuple[tuple[str, str], ...]:
        return ()

    def delete(self, article_ids: Sequence[str]) -> int:
        return len(article_ids)

    def finish(self) -> int:
        return self.snapshot.num_live_docs

    def cancel(self) -> None:
        pass


def finished(update: Writer, tally: Tally) -> int:
    """Commit what was brought in, or, of what is whole or nothing and was stopped, nothing. Returns how many articles
    the index has now."""
    if tally.stopped and update.whole:
        before = update.snapshot.num_live_docs
        update.cancel()
        tally.nothing_done()
        return before
    return update.finish()


def _count(store: Store) -> int:
    with closing(store.snapshot()) as snapshot:
        return snapshot.num_live_docs


@contextmanager
def begin_update(
    store: Store | Home, wait: float | None, dry_run: bool, *, replace: bool = False, stopped: Stopped = never
) -> Iterator[Writer]:
    """An ``Update``, or a ``DryRun``, that is given up if what is done with it raises. Who is done calls ``finish``.

    wait, replace, stopped : those of ``store.transaction.begin``
    """
    if not isinstance(store, Store):
        with store.begin_update(wait, dry_run, replace=replace, stopped=stopped) as writing:
            yield writing
        return
    if dry_run:
        with closing(store.snapshot()) as snapshot:
            store.require_writable(snapshot)
            yield DryRun(snapshot)
        return
    update = Update(store, wait, replace, stopped)
    try:
        yield update
    except BaseException:
        update.cancel()
        raise
