"""``ClusterBackend``: an index on a cluster, behind the contract of ``backends.base``.

It shows what the cluster has now: there is no commit to stay on. What is remembered of the index (counts, vocabulary)
is forgotten by ``refresh``, by what is written here, and after half a minute.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from cnsearch import kernels
from cnsearch.analysis.shown import Analysis, analyze_text
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.backends.base import Backend, Options, Path
from cnsearch.backends.opensearch import pipeline
from cnsearch.backends.opensearch.documents import article_of
from cnsearch.backends.opensearch.kept import Kept
from cnsearch.backends.opensearch.mapping import CLUSTER_VERSION, Facts
from cnsearch.backends.opensearch.searcher import Searcher
from cnsearch.backends.writing import Ends, Writing
from cnsearch.errors import IndexLockedError, IndexUnusableError, UnsupportedError
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
from cnsearch.search.suggest import suggest
from cnsearch.settings import PathSettings, Settings
from cnsearch.store.segment import Indexed

_PAGE = 1_000


class ClusterBackend(Backend):
    """Make one with ``opening.open_backend``."""

    def __init__(self, kept: Kept, facts: Facts, options: Options) -> None:
        self._kept = kept
        self._options = options
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._facts = facts
        self._searcher = Searcher(kept.cluster, kept.alias, facts, options.limits)
        self._seen = kept.mark()

    @property
    def path(self) -> str:
        return str(self._kept.cluster.address)

    @property
    def options(self) -> Options:
        return self._options

    # Life

    @property
    def closed(self) -> bool:
        return self._kept.cluster.closed

    def close(self) -> None:
        self._closing.set()
        self._kept.cluster.close()

    def state(self) -> str:
        return "closed" if self.closed else "on a cluster"

    def refresh(self) -> bool:
        self._kept.refresh()
        mark, facts = self._kept.mark(), self._kept.facts()
        with self._lock:
            recut = facts.to_meta() != self._facts.to_meta()
            if mark == self._seen and not recut:
                return False
            if recut or mark.partition(":")[0] != self._seen.partition(":")[0]:
                self._facts = facts
                self._searcher = Searcher(self._kept.cluster, self._kept.alias, facts, self._options.limits)
            else:
                self._searcher.forget()
            self._seen = mark
            return True

    def mark(self) -> str:
        return self._kept.mark()

    def current(self) -> Searcher:
        """What answers. Raises ValueError if this is closed."""
        self._kept.cluster.require_open()
        return self._searcher

    # Searching

    def search(self, request: SearchRequest) -> SearchResults:
        return pipeline.search(self.current(), request, self._options)

    def scan(self, request: SearchRequest) -> Iterator[Hit]:
        return pipeline.scan(self.current(), request, self._options)

    def similar(self, article_id: str, request: SearchRequest) -> SearchResults:
        return pipeline.similar(self.current(), article_id, request, self._options)

    def suggest(self, prefix: str, limit: int) -> tuple[Suggestion, ...]:
        searcher = self.current()
        return suggest(searcher.vocabulary, prefix, min(limit, sys.maxsize), searcher.num_articles)

    def marked(self, article_id: str, request: SearchRequest) -> tuple[Fragment, ...]:
        return pipeline.marked(self.current(), article_id, request, self._options)

    # Reading

    def get(self, article_ids: Iterable[str]) -> dict[str, Article]:
        found = map(article_of, self._kept.sources(article_ids))
        return {article.id: article for article in found}

    def has(self, article_id: str) -> bool:
        return self._kept.find_indexed(article_id) is not None

    def num_articles(self) -> int:
        return self._kept.num_live_docs

    def ids(self) -> Iterator[str]:
        return (source["id"] for source in self._all(["article.id"], 5 * _PAGE))

    def articles(self) -> Iterator[Article]:
        return map(article_of, self._all(["article"], _PAGE))

    def _all(self, fields: list[str], size: int) -> Iterator[dict[str, str]]:
        cluster = self._kept.cluster
        hits = cluster.scroll(self._kept.alias, {"match_all": {}}, size=size, _source=fields)
        return (hit["_source"]["article"] for hit in hits)

    def entries(self) -> Iterator[tuple[Article, Indexed]]:
        return self._kept.entries()

    def settings(self) -> Settings:
        return self._kept.settings

    def raw(self, article_id: str) -> str:
        from cnsearch.backends.opensearch import writing

        return writing.raw(self._kept, article_id, self._options)

    def facet_names(self) -> tuple[str, ...]:
        return self.current().snapshot.known_facets()

    def folders(self) -> list[str]:
        return sorted(self._kept.roots())

    def user_words(self) -> dict[str, int | None]:
        return dict(self._facts.analyzer.user_dictionary.words)

    def analyze(self, text: str) -> Analysis:
        return analyze_text(text, self._facts.analyzer)

    def stats(self) -> Stats:
        values = self.current().snapshot
        zone = self._options.time_zone
        first, last = values.date_span()
        identity = values.analyzer.identity
        segments, size = self._kept.size()
        return {
            "version": FORMAT_VERSION,
            "index": self.path,
            "articles": self._kept.num_live_docs,
            "sources": _by_count(values.label_counts("source")),
            "categories": _by_count(values.label_counts("category")),
            "tags": _by_count(values.label_counts("tag")),
            "labels": {name: _by_count(values.own_field_counts(name)) for name in values.own_fields.values()},
            "drafts": values.num_drafts(),
            "first_date": None if first is None else first.astimezone(zone).isoformat(),
            "last_date": None if last is None else last.astimezone(zone).isoformat(),
            "segments": segments,
            "size_bytes": size,
            "last_commit": datetime.fromtimestamp(self._kept.last_change(), zone).isoformat(timespec="seconds"),
            "tokenizer": f"{identity.engine} {identity.version}",
            "user_dictionary": identity.user_dictionary or None,
            "format_version": CLUSTER_VERSION,
            "folders": self.folders(),
            "kernels": str(kernels.chosen()),
        }

    def verify(self, *, deep: bool) -> VerifyReport:
        if deep:
            raise UnsupportedError(
                "the terms of an index on a cluster cannot be compared with its articles",
                hint="Build it again with rebuild_index, which makes them anew",
            )
        started = time.perf_counter()
        self._kept.facts()
        missing = self._kept.missing_shards()
        if missing:
            raise IndexUnusableError(
                self.path,
                f"{missing} of its shards do not answer",
                hint="Look at the cluster's health",
                code="cluster_partial",
            )
        segments, size = self._kept.size()
        return VerifyReport(
            self.path,
            articles=self._kept.num_live_docs,
            segments=segments,
            checked={"bytes": size},
            took_s=time.perf_counter() - started,
        )

    def snapshot(self, path: Path) -> None:
        raise UnsupportedError(
            "an index on a cluster is no folder that could be copied",
            hint="Copy its articles into an index in a folder, or use the snapshots of the cluster",
        )

    def explain_files(self, paths: Sequence[Path], settings: PathSettings) -> Iterator[tuple[str, str]]:
        from cnsearch.backends.opensearch import writing

        return writing.explain_files(self._kept, paths, settings, self._options)

    # Writing

    def update(
        self, paths: Sequence[Path], settings: PathSettings, words: UserDictionary | None, how: Writing
    ) -> UpdateReport:
        from cnsearch.backends.opensearch import writing

        return self._written(
            how, lambda stopped: writing.update(self._kept, paths, settings, words, how, self._options, stopped)
        )

    def add(self, articles: Iterable[Article | Failure], words: UserDictionary | None, how: Writing) -> UpdateReport:
        from cnsearch.backends.opensearch import writing

        return self._written(how, lambda stopped: writing.add(self._kept, articles, words, how, stopped))

    def receive(
        self, entries: Iterable[tuple[Article, Indexed]], settings: Settings, total: int, how: Writing
    ) -> UpdateReport:
        from cnsearch.backends.opensearch import writing

        return self._written(how, lambda stopped: writing.receive(self._kept, entries, settings, total, how, stopped))

    def delete(self, article_ids: Sequence[str] | None, request: SearchRequest | None, how: Writing) -> int:
        from cnsearch.backends.opensearch import writing

        chosen: Iterable[str] = article_ids or ()
        if request is not None:
            searcher = self.current()
            plan = pipeline.understood(searcher, request, self._options).plan
            found = list(searcher.keys(searcher.ready(plan, ranked=False)))
            chosen = found if article_ids is None else set(article_ids).intersection(found)
        deleted = writing.delete(self._kept, chosen, how)
        self._see_own_writing()
        return deleted

    def change_dictionary(
        self, change: Callable[[UserDictionary], UserDictionary], how: Writing
    ) -> tuple[UserDictionary, UserDictionary, UpdateReport]:
        from cnsearch.backends.opensearch import writing

        changed = writing.change_dictionary(self._kept, change, how)
        self._see_own_writing()
        return changed

    def _written(self, how: Writing, write: Callable[[Callable[[], bool]], UpdateReport]) -> UpdateReport:
        """What ``write`` does until it is stopped, by ``how`` or by closing. It is given how to ask for that."""
        self.current()
        ends = Ends(self._closing, how.stop)
        try:
            report = write(ends.is_set)
        except IndexLockedError:
            if not ends.is_set():
                raise
            return UpdateReport(articles=0 if self.closed else self._kept.num_live_docs, stopped=True)
        except ValueError:
            if not self.closed:
                raise
            return UpdateReport(stopped=True)
        self._see_own_writing()
        return report

    def _see_own_writing(self) -> None:
        try:
            self.refresh()
        except ValueError:
            if not self.closed:
                raise


def _by_count(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
