"""``LocalBackend``: the index in one folder, behind the contract of ``backends.base``.

It holds the commit that is shown and moves on to the next; what is done on a commit is done elsewhere: searching in
``pipeline``, writing in ``writing``.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from cnsearch import kernels
from cnsearch.analysis.shown import Analysis, analyze_text
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.backends.base import Backend, Options, Path
from cnsearch.backends.local import pipeline
from cnsearch.backends.writing import Ends, Writing
from cnsearch.errors import IndexLockedError
from cnsearch.model import (
    FORMAT_VERSION,
    Article,
    Failure,
    Fragment,
    Hit,
    SearchResults,
    Stats,
    Suggestion,
    UpdateReport,
    VerifyReport,
)
from cnsearch.request import SearchRequest
from cnsearch.search.facets import FACETS
from cnsearch.search.searcher import Searcher
from cnsearch.settings import PathSettings, Settings
from cnsearch.store.opening import Store
from cnsearch.store.segment import Indexed


class LocalBackend(Backend):
    """Make one with ``opening.open_backend``.

    store   : the folder, and the commits in it
    options : how queries are read, and what is found is shown
    """

    def __init__(self, store: Store, options: Options) -> None:
        self.store = store
        self._options = options
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._searcher: Searcher | None = None
        self._searcher = Searcher(store.snapshot(as_opened=True), limits=options.limits)

    @property
    def path(self) -> str:
        return os.fspath(self.store.path)

    @property
    def options(self) -> Options:
        return self._options

    # Life

    @property
    def closed(self) -> bool:
        return self._searcher is None

    def close(self) -> None:
        self._closing.set()
        with self._lock:
            if self._searcher is not None:
                self._searcher.snapshot.close()
                self._searcher = None

    def state(self) -> str:
        searcher = self._searcher
        if searcher is None:
            return "closed"
        count = searcher.snapshot.num_live_docs
        return f"{count} article{'s' * (count != 1)}"

    def current(self) -> Searcher:
        """The commit that is shown. Raises ValueError if this is closed, IndexNotFoundError if the folder is gone."""
        searcher = self._searcher
        if searcher is None:
            raise ValueError("this Index is closed")
        self.store.require_folder()
        return searcher

    def refresh(self) -> bool:
        begun = self.current()
        while True:
            current = self.current()
            if self.store.mark() == current.snapshot.mark:
                return current is not begun
            fresh = Searcher(self.store.snapshot(), limits=self._options.limits, before=current)
            with self._lock:
                if self._searcher is current:  # else another thread was faster, or has closed
                    self._searcher = fresh  # the old snapshot goes when the last search that uses it ends
                    self.store.adopt(fresh.snapshot)
                    return True
            fresh.snapshot.close()

    def mark(self) -> str:
        return "-".join(map(str, self.current().snapshot.mark))

    # Searching

    def search(self, request: SearchRequest) -> SearchResults:
        return pipeline.search(self.current(), request, self._options)

    def scan(self, request: SearchRequest) -> Iterator[Hit]:
        return pipeline.scan(self.current(), request, self._options)

    def similar(self, article_id: str, request: SearchRequest) -> SearchResults:
        return pipeline.similar(self.current(), article_id, request, self._options)

    def suggest(self, prefix: str, limit: int) -> tuple[Suggestion, ...]:
        from cnsearch.search.suggest import suggest

        searcher = self.current()
        return suggest(searcher.vocabulary, prefix, min(limit, sys.maxsize), searcher.num_articles)

    def marked(self, article_id: str, request: SearchRequest) -> tuple[Fragment, ...]:
        return pipeline.marked(self.current(), article_id, request, self._options)

    # Reading

    def get(self, article_ids: Iterable[str]) -> dict[str, Article]:
        snapshot = self.current().snapshot
        numbers = {article_id: snapshot.find(article_id) for article_id in article_ids}
        return {article_id: snapshot.article(number) for article_id, number in numbers.items() if number is not None}

    def has(self, article_id: str) -> bool:
        return self.current().snapshot.find(article_id) is not None

    def num_articles(self) -> int:
        return self.current().snapshot.num_live_docs

    def ids(self) -> Iterator[str]:
        return iter(self.current().snapshot.indexed())

    def articles(self) -> Iterator[Article]:
        snapshot = self.current().snapshot
        return (snapshot.article(entry.number) for entry in snapshot.indexed().values())

    def entries(self) -> Iterator[tuple[Article, Indexed]]:
        snapshot = self.current().snapshot
        return ((snapshot.article(entry.number), entry) for entry in snapshot.indexed().values())

    def settings(self) -> Settings:
        return self.current().snapshot.settings

    def raw(self, article_id: str) -> str:
        from cnsearch.backends.local import writing

        return writing.raw(self.current().snapshot, article_id, self._options)

    def facet_names(self) -> tuple[str, ...]:
        return (*FACETS, *self.current().snapshot.own_fields.values())

    def folders(self) -> list[str]:
        return sorted(self.current().snapshot.roots())

    def user_words(self) -> dict[str, int | None]:
        return dict(self.current().snapshot.analyzer.user_dictionary.words)

    def analyze(self, text: str) -> Analysis:
        return analyze_text(text, self.current().snapshot.analyzer)

    def stats(self) -> Stats:
        snapshot = self.current().snapshot
        zone = self._options.time_zone
        first, last = snapshot.date_span()
        identity = snapshot.analyzer.identity
        return {
            "version": FORMAT_VERSION,
            "index": self.path,
            "articles": snapshot.num_live_docs,
            "sources": _by_count(snapshot.label_counts("source")),
            "categories": _by_count(snapshot.label_counts("category")),
            "tags": _by_count(snapshot.label_counts("tag")),
            "labels": {name: _by_count(counts) for name, counts in snapshot.all_own_field_counts().items()},
            "drafts": sum(snapshot.label_counts("draft").values()),
            "first_date": None if first is None else first.astimezone(zone).isoformat(),
            "last_date": None if last is None else last.astimezone(zone).isoformat(),
            "segments": len(snapshot.segments),
            "size_bytes": self.store.size_bytes(),
            "tokenizer": f"{identity.engine} {identity.version}",
            "user_dictionary": identity.user_dictionary or None,
            "format_version": snapshot.version,
            "last_commit": datetime.fromtimestamp(snapshot.mark[-1] // 10**9, zone).isoformat(),
            "folders": sorted(snapshot.roots()),
            "kernels": str(kernels.chosen()),
        }

    def verify(self, *, deep: bool) -> VerifyReport:
        from cnsearch.store.verify import verify_store

        self.current()
        return verify_store(self.store, deep=deep)

    def snapshot(self, path: Path) -> None:
        self.current()
        self.store.copy_to(path)

    def explain_files(self, paths: Sequence[Path], settings: PathSettings) -> Iterator[tuple[str, str]]:
        from cnsearch.backends.local import writing

        return writing.explain_files(self.store, self.current().snapshot, paths, settings, self._options)

    # Writing

    def update(
        self, paths: Sequence[Path], settings: PathSettings, words: UserDictionary | None, how: Writing
    ) -> UpdateReport:
        from cnsearch.backends.local import writing

        return self._written(
            how, lambda stopped: writing.update(self.store, paths, settings, words, how, self._options, stopped)
        )

    def add(self, articles: Iterable[Article | Failure], words: UserDictionary | None, how: Writing) -> UpdateReport:
        from cnsearch.backends.local import writing

        return self._written(how, lambda stopped: writing.add(self.store, articles, words, how, stopped))

    def receive(
        self, entries: Iterable[tuple[Article, Indexed]], settings: Settings, total: int, how: Writing
    ) -> UpdateReport:
        from cnsearch.backends.local import writing

        return self._written(how, lambda stopped: writing.receive(self.store, entries, settings, total, how, stopped))

    def delete(self, article_ids: Sequence[str] | None, request: SearchRequest | None, how: Writing) -> int:
        from cnsearch.backends.local import writing

        self.current()
        deleted = writing.delete(self.store, article_ids, request, how, self._options)
        self._see_own_commit()
        return deleted

    def change_dictionary(
        self, change: Callable[[UserDictionary], UserDictionary], how: Writing
    ) -> tuple[UserDictionary, UserDictionary, UpdateReport]:
        from cnsearch.backends.local import writing

        self.current()
        changed = writing.change_dictionary(self.store, change, how)
        self._see_own_commit()
        return changed

    def _written(self, how: Writing, write: Callable[[Callable[[], bool]], UpdateReport]) -> UpdateReport:
        """What ``write`` does until it is stopped, by ``how`` or by closing. It is given how to ask for that."""
        searcher = self.current()
        ends = Ends(self._closing, how.stop)
        try:
            report = write(ends.is_set)
        except IndexLockedError:
            if not ends.is_set():
                raise
            return UpdateReport(articles=searcher.snapshot.num_live_docs, stopped=True)  # while it waited
        self._see_own_commit()
        return report

    def _see_own_commit(self) -> None:
        """After writing: ``refresh``, unless another thread has closed this meanwhile."""
        try:
            self.refresh()
        except ValueError:
            if not self.closed:
                raise


def _by_count(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
