"""What the commands of this room write with, whatever keeps the articles: the seam between them and an index.

On disk it is a transaction (``transactions.py``); another back end brings its own. A command asks its ``Home`` for a
``Writer``, brings articles in, and finishes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.indexing.tasks import Origin, Stopped
from cnsearch.model import Article
from cnsearch.settings import Settings
from cnsearch.store.segment import Indexed


class Builder(Protocol):
    """Collects the articles of one chunk, in whatever process. What ``build`` makes can be pickled."""

    @property
    def doc_count(self) -> int:
        """How many articles it has."""

    def add(self, article: Article, origin: Origin) -> None:
        """Take an article, cut it, and note where it came from."""

    def build(self) -> Any:
        """All of them, as ``Writer.add`` takes them."""


class Form(Protocol):
    """How articles are handed over to an index. Can be pickled."""

    def builder(self, tokenizer: WordTokenizer, *, threads: int = 1) -> Builder:
        """One that is empty, and cuts with ``tokenizer``; ``threads`` may work on its articles."""

    def in_threads(self, tokenizer: WordTokenizer) -> bool:
        """Whether a builder does most of its work in threads, so that worker processes are for reading files only."""


class Kept(Protocol):
    """What an index has when the writing begins."""

    @property
    def settings(self) -> Settings:
        """How its folders are read, and which files hold several articles."""

    @property
    def version(self) -> int:
        """Of the format that it was written in."""

    @property
    def num_live_docs(self) -> int:
        """How many articles it has."""


class Remembers(Protocol):
    """What an index remembers of its folders: a ``Snapshot``, or what another back end has in its place."""

    @property
    def settings(self) -> Settings:
        """How its folders are read, and which files hold several articles."""

    def roots(self) -> set[str]:
        """The folders whose posts are in the index, as absolute paths."""

    def find_indexed(self, article_id: str) -> Indexed | None:
        """Where an article came from; None if it is not in the index."""


class Writer(Protocol):
    """Writes into one index.

    whole : it is all or nothing: an index may not hold articles of two analyzers, or that were read by two settings
    """

    whole: bool

    @property
    def form(self) -> Form | None:
        """Of what ``add`` takes; None where nothing is written (a dry run)."""

    @property
    def analyzer(self) -> ChineseAnalyzer:
        """Cuts what is written from now on."""

    @property
    def snapshot(self) -> Kept:
        """The index as it was when the writing began."""

    def change_analyzer(self, analyzer: ChineseAnalyzer) -> None:
        """Cut with ``analyzer`` from now on, all or nothing."""

    def change_settings(self, settings: Settings) -> None:
        """Let the index remember ``settings`` with what is written next."""

    def indexed(self) -> Mapping[str, Indexed]:
        """Where each article came from that was in the index when the writing began, by id."""

    def find(self, article_id: str) -> Indexed | None:
        """The same of one article; None if it was not in the index."""

    def containing(self, words: Iterable[str]) -> Sequence[str]:
        """The ids of the articles that contain any of the folded texts."""

    def stored(self, article_ids: Iterable[str]) -> Iterator[tuple[Article, Indexed]]:
        """The articles with these ids, as they are kept."""

    def add(self, documents: Any) -> Sequence[tuple[str, str]]:
        """Take what a builder has made. Returns (id, reason) of what the index refused."""

    def delete(self, article_ids: Sequence[str]) -> int:
        """Delete the articles with these ids; returns how many there were."""

    def finish(self) -> int:
        """Make it lasting; returns how many articles the index has now."""

    def cancel(self) -> None:
        """Give up: the index stays what it was. More than once does no harm."""


@runtime_checkable
class Home(Protocol):
    """Where articles are kept, elsewhere than in a folder."""

    def begin_update(
        self, wait: float | None, dry_run: bool, *, replace: bool, stopped: Stopped
    ) -> AbstractContextManager[Writer]:
        """Begin to write; what is not finished when the context ends is given up. ``transactions.begin_update`` has the
        arguments."""
