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
    def doc_count(self) -> int: ...

    def add(self, article: Article, origin: Origin) -> None: ...

    def build(self) -> Any: ...


class Form(Protocol):
    """How articles are handed over to an index. Can be pickled."""

    def builder(self, tokenizer: WordTokenizer) -> Builder: ...


class Kept(Protocol):
    """What an index has when the writing begins."""

    @property
    def settings(self) -> Settings: ...

    @property
    def version(self) -> int: ...

    @property
    def num_live_docs(self) -> int: ...


class Remembers(Protocol):
    """What an index remembers of its folders: a ``Snapshot``, or what another back end has in its place."""

    @property
    def settings(self) -> Settings: ...

    def roots(self) -> set[str]: ...

    def find_indexed(self, article_id: str) -> Indexed | None: ...


class Writer(Protocol):
    """Writes into one index.

    whole : it is all or nothing: an index may not hold articles of two analyzers, or that were read by two settings
    form  : of what ``add`` takes; None where nothing is written (a dry run)
    """

    whole: bool

    @property
    def form(self) -> Form | None: ...

    @property
    def analyzer(self) -> ChineseAnalyzer: ...

    @property
    def snapshot(self) -> Kept: ...

    def change_analyzer(self, analyzer: ChineseAnalyzer) -> None: ...

    def change_settings(self, settings: Settings) -> None: ...

    def indexed(self) -> Mapping[str, Indexed]: ...

    def find(self, article_id: str) -> Indexed | None: ...

    def containing(self, words: Iterable[str]) -> Sequence[str]:
        """The ids of the articles that contain any of the folded texts."""

    def stored(self, article_ids: Iterable[str]) -> Iterator[tuple[Article, Indexed]]:
        """The articles with these ids, as they are kept."""

    def add(self, documents: Any) -> Sequence[tuple[str, str]]:
        """Take what a builder has made. Returns (id, reason) of what the index refused."""

    def delete(self, article_ids: Sequence[str]) -> int: ...

    def finish(self) -> int:
        """Make it lasting; returns how many articles the index has now."""

    def cancel(self) -> None: ...


@runtime_checkable
class Home(Protocol):
    """Where articles are kept, elsewhere than in a folder."""

    def begin_update(
        self, wait: float | None, dry_run: bool, *, replace: bool, stopped: Stopped
    ) -> AbstractContextManager[Writer]: ...
