"""What an update writes with, on a cluster: documents in bulk, each taken or refused by itself.

What was acknowledged stays, whatever ends the run: there is no transaction. So the order is what makes it safe: first
the articles, then what is recorded of them all (the dictionary, how folders are read), so that a run that was cut short
is done again by the next one. A new generation is another index until it takes the alias.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.backends.opensearch.cluster import Query
from cnsearch.backends.opensearch.documents import as_json, key_of, source_of
from cnsearch.backends.opensearch.kept import SCROLLED, Kept
from cnsearch.backends.opensearch.lease import Lease
from cnsearch.backends.opensearch.mapping import Facts
from cnsearch.backends.opensearch.matching import any_of, substring_queries
from cnsearch.errors import IndexFormatError
from cnsearch.indexing.tasks import Origin, Stopped
from cnsearch.indexing.writer import Builder, Form, Home, Writer
from cnsearch.model import Article
from cnsearch.settings import Settings
from cnsearch.store.fields import TEXT_FIELDS
from cnsearch.store.segment import Indexed

BULK_BYTES = 4_000_000
"""Of a bulk request, about."""
DOCS_PER_QUESTION = 50
"""Articles of which the origin is fetched, where all are, in the time of one question for a single one."""
WORDS_AT_ONCE = 200
"""Words that are looked for in one query when a dictionary changes."""

Means = Callable[[WordTokenizer], tuple[dict[str, float], int]]


@dataclass(frozen=True, slots=True)
class Line:
    """One article to be written: its id, the action and the document, as JSON."""

    article_id: str
    action: str
    document: str


@dataclass(frozen=True, slots=True)
class AsDocuments(Form):
    """Articles as lines of a bulk request. ``averages`` are the mean lengths that frequencies are made with."""

    averages: tuple[tuple[str, float], ...]

    def builder(self, tokenizer: WordTokenizer, *, threads: int = 1) -> Lines:
        return Lines(tokenizer, dict(self.averages))

    def in_threads(self, tokenizer: WordTokenizer) -> bool:
        """Lines are made in Python."""
        return False


class Lines(Builder):
    """The articles of one chunk."""

    def __init__(self, tokenizer: WordTokenizer, averages: dict[str, float]) -> None:
        self._tokenizer = tokenizer
        self._averages = averages
        self._lines: list[Line] = []

    @property
    def doc_count(self) -> int:
        return len(self._lines)

    def add(self, article: Article, origin: Origin) -> None:
        source = source_of(article, origin, self._tokenizer, self._averages)
        action = as_json({"index": {"_id": key_of(article.id)}})
        self._lines.append(Line(article.id, action, as_json(source)))

    def build(self) -> list[Line]:
        return self._lines


class ClusterWriter(Writer):
    """Writes into the present generation, or builds a new one."""

    def __init__(
        self,
        kept: Kept,
        facts: Facts,
        lease: Lease | None,
        stopped: Stopped,
        *,
        replace: bool,
        wait: float | None = None,
    ) -> None:
        self._kept = kept
        self._facts = facts
        self._lease = lease
        self._stopped = stopped
        self._wait = wait
        self._replaces = replace
        self._settings: Settings | None = None
        self._changed_facts = False
        self._generation: str | None = None
        self._whole = replace
        self._num_docs: int | None = None
        self._num_asked = 0
        self._known: dict[str, Indexed] | None = None

    # What there is

    @property
    def snapshot(self) -> Kept:
        return self._kept

    @property
    def analyzer(self) -> ChineseAnalyzer:
        return self._facts.analyzer

    @property
    def facts(self) -> Facts:
        """What the index says of itself, or will."""
        return self._facts

    def indexed(self) -> dict[str, Indexed]:
        return self._kept.indexed()

    def find(self, article_id: str) -> Indexed | None:
        """One by one while few are asked for; where many are, all that there are are fetched once."""
        if self._known is None:
            if self._num_docs is None:
                self._num_docs = self._kept.num_live_docs
            self._num_asked += 1
            if self._num_asked * DOCS_PER_QUESTION < self._num_docs:
                return self._kept.find_indexed(article_id)
            self._known = self._kept.indexed() if self._num_docs else {}
        return self._known.get(article_id)

    def containing(self, words: Iterable[str]) -> list[str]:
        """Exact: the phrases of bigrams are."""
        found: dict[str, None] = {}
        rest = iter(words)
        while some := list(islice(rest, WORDS_AT_ONCE)):
            query: Query = any_of(chain.from_iterable(substring_queries(word, TEXT_FIELDS) for word in some))
            hits = self._kept.cluster.scroll(self._kept.alias, query, size=SCROLLED, _source=["article.id"])
            found |= dict.fromkeys(hit["_source"]["article"]["id"] for hit in hits)
        return list(found)

    def stored(self, article_ids: Iterable[str]) -> Iterator[tuple[Article, Indexed]]:
        return self._kept.stored(article_ids)

    # What changes

    @property
    def whole(self) -> bool:
        """Nothing that was acknowledged is taken back, so a stopped update is finished as far as it went."""
        return False

    @whole.setter
    def whole(self, whole: bool) -> None:
        if whole and not self._whole and self._lease is not None:
            self._lease.be_alone(self._wait, self._stopped)
        self._whole = self._whole or whole

    def change_analyzer(self, analyzer: ChineseAnalyzer) -> None:
        self.whole = True
        if self._lease is not None and not self._replaces:
            changed = self.analyzer.tokenizer.changed_words(analyzer.tokenizer)
            unsure = dict.fromkeys((*self._facts.unsure, *changed))
            self._kept.record(replace(self._facts, unsure=tuple(unsure)))
        self.change_facts(replace(self._facts, analyzer=analyzer))

    def change_facts(self, facts: Facts) -> None:
        """Let the index say this of itself when all that is written is there, and nobody else write until then."""
        self.whole = True
        self._facts = facts
        self._changed_facts = True

    def change_settings(self, settings: Settings) -> None:
        if self._lease is None:
            return
        # Read otherwise from now on: said when all articles are, else the next run would leave the others alone.
        if not self._whole and settings != self._settings:
            self._kept.record_settings(settings)
        self._settings = settings

    @property
    def form(self) -> AsDocuments | None:
        return None if self._lease is None else AsDocuments(tuple(self._facts.averages.items()))

    def _target(self) -> tuple[str, bool]:
        if not self._replaces:
            return self._kept.alias, True
        if self._generation is None:
            self._generation = self._kept.make_generation(self._facts)
        return self._generation, False

    def add(self, documents: Sequence[Line]) -> list[tuple[str, str]]:
        """Raises IndexUnusableError where the cluster takes nothing any more."""
        refused: list[tuple[str, str]] = []
        some: list[Line] = []
        size = 0
        for line in documents:
            some.append(line)
            size += len(line.document)
            if size >= BULK_BYTES // 2:
                refused += self._send(some)
                some, size = [], 0
        return refused + self._send(some)

    def _send(self, lines: list[Line]) -> list[tuple[str, str]]:
        if not lines:
            return []
        target, is_alias = self._target()
        reasons = self._kept.cluster.bulk(
            target, [(line.action, line.document) for line in lines], is_alias=is_alias, stopped=self._stopped
        )
        return [(line.article_id, reason) for line, reason in zip(lines, reasons, strict=True) if reason]

    def delete(self, article_ids: Sequence[str]) -> int:
        if self._lease is None:
            return len(article_ids)
        if article_ids and not self._replaces:
            lines = [(as_json({"delete": {"_id": key_of(article_id)}}), "") for article_id in article_ids]
            for at in range(0, len(lines), 5_000):
                self._kept.cluster.bulk(self._kept.alias, lines[at : at + 5_000], stopped=self._stopped)
        return len(article_ids)

    def finish(self) -> int:
        if self._lease is None:
            return self._kept.num_live_docs
        if self._replaces:
            target, _ = self._target()
            self._kept.cluster.request("POST", f"/{target}/_refresh")
            self._lease.require()
            self._kept.switch(target)
            self._generation = None
        elif self._whole:
            self._lease.require()
        if self._changed_facts and not self._replaces and not self._stopped():
            self._kept.record(self._facts)
        if self._settings is not None and not (self._whole and self._stopped()):
            self._kept.record_settings(self._settings)
        self._kept.record_change()
        self._kept.refresh()
        return self._kept.num_live_docs

    def cancel(self) -> None:
        if self._generation is not None:
            self._kept.remove(self._generation)
            self._generation = None


class ClusterHome(Home):
    """Where the commands of ``indexing`` write, for one index on a cluster.

    means   : mean lengths of some of the articles that are to be written, and how many these are; taken if none were
              before
    alone   : nobody else may write meanwhile: the dictionary is changed
    renewed : what a new generation says of itself, but for its dictionary
    """

    def __init__(
        self,
        kept: Kept,
        means: Means = lambda tokenizer: ({}, 0),
        *,
        alone: bool = False,
        renewed: Facts | None = None,
    ) -> None:
        self._kept = kept
        self._means = means
        self._alone = alone
        self._renewed = renewed

    @contextmanager
    def begin_update(
        self, wait: float | None, dry_run: bool, *, replace: bool, stopped: Stopped
    ) -> Iterator[ClusterWriter]:
        if dry_run:
            yield ClusterWriter(self._kept, self._kept.facts(), None, stopped, replace=False)
            return
        self._kept.require_state()
        lease = Lease(self._kept.cluster, self._kept.state)
        with lease.held(alone=replace or self._alone, wait=wait, stopped=stopped):
            writer = ClusterWriter(self._kept, self._facts(), lease, stopped, replace=replace, wait=wait)
            try:
                yield writer
            except BaseException:
                writer.cancel()
                raise

    def _facts(self) -> Facts:
        """What the index says of itself now that nobody changes it."""
        try:
            facts = self._kept.facts()
        except IndexFormatError:  # of another version; it is built anew
            if self._renewed is None:
                raise
            return self._renewed
        if self._renewed is not None:
            return replace(self._renewed, analyzer=facts.analyzer)
        if not facts.measured:
            averages, measured = self._means(facts.analyzer.tokenizer)
            if measured:
                facts = replace(facts, averages=averages, measured=measured)
                self._kept.record(facts)
        return facts
