"""The seam between ``Index`` and what answers it: a request in, results out, whatever lies between.

A back end gets values that are already checked: a ``SearchRequest``, a ``Writing``, ids that are strings. It checks
what only it can know: whether an id or a facet is there.
Not good for: how to open one, which is each back end's own (``choice`` knows them all).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from cnsearch.analysis.shown import Analysis
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.backends.writing import Writing
from cnsearch.limits import DEFAULT_LIMITS, Limits
from cnsearch.model import Article, Failure, Fragment, Hit, SearchResults, Stats, Suggestion, UpdateReport, VerifyReport
from cnsearch.query.synonyms import Synonyms
from cnsearch.request import SearchRequest
from cnsearch.settings import PathSettings, Settings
from cnsearch.store.segment import Indexed

Path = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Options:
    """How an ``Index`` reads queries and shows what it finds; see ``open_index``."""

    time_zone: tzinfo
    synonyms: Synonyms = Synonyms()  # noqa: RUF009  # immutable
    limits: Limits = DEFAULT_LIMITS


class Backend(Protocol):
    """One index, wherever it lies. The methods of ``Index`` say what each of these means to its user.

    Any number of threads may call it. It shows one commit until ``refresh`` is called or it has written itself. What it
    cannot do raises UnsupportedError, whose hint says what to do instead; once it is closed, everything but ``close``,
    ``closed`` and ``path`` raises ValueError. An index that is gone is an IndexNotFoundError in every call.
    """

    @property
    def path(self) -> str:
        """The folder, or the address without any password: for messages."""

    @property
    def options(self) -> Options:
        """How queries are read, and what is found is shown; the same as long as it is open."""

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called. Never raises."""

    def close(self) -> None:
        """Let go of files and connections; what another thread writes through it stops as if told so. May be called
        twice."""

    def state(self) -> str:
        """For messages: "closed", or how many articles there are as far as is known. Raises nothing, asks nobody."""

    def refresh(self) -> bool:
        """Show the last commit; whether that is another than before."""

    def mark(self) -> str:
        """Tells the commit that is shown from every other one, also in other processes."""

    # Searching

    def search(self, request: SearchRequest) -> SearchResults:
        """A page of hits. Raises ValueError for a facet that the index does not have."""

    def scan(self, request: SearchRequest) -> Iterator[Hit]:
        """Every hit, in the order of ``search``; without query and filters, every article. Page, facets and collapsing
        of the request do not matter. Raises as ``search`` does, at once."""

    def similar(self, article_id: str, request: SearchRequest) -> SearchResults:
        """Articles like this one. Of the request count filters, page and fragments. Raises ArticleNotFoundError."""

    def suggest(self, prefix: str, limit: int) -> Sequence[Suggestion]:
        """At most so many completions, the most used first."""

    def marked(self, article_id: str, request: SearchRequest) -> tuple[Fragment, ...]:
        """The title and each paragraph, whole, with the matches of the request's query. Raises ArticleNotFoundError."""

    # Reading

    def get(self, article_ids: Iterable[str]) -> dict[str, Article]:
        """The articles that there are of these, by id, in their order."""

    def has(self, article_id: str) -> bool:
        """Whether there is an article of this id."""

    def num_articles(self) -> int:
        """How many articles the commit that is shown has."""

    def ids(self) -> Iterator[str]:
        """All of them, in no particular order, of one commit."""

    def articles(self) -> Iterator[Article]:
        """All of them, in no particular order, of one commit."""

    def entries(self) -> Iterator[tuple[Article, Indexed]]:
        """The same with what is known of each one's origin."""

    def settings(self) -> Settings:
        """How the folders are read, and which files hold several articles."""

    def raw(self, article_id: str) -> str:
        """What stands in its file now. Raises ArticleNotFoundError, CorpusError."""

    def facet_names(self) -> tuple[str, ...]:
        """What can be counted by: those of all articles first, then own fields."""

    def folders(self) -> list[str]:
        """Those that were indexed, absolute, sorted."""

    def user_words(self) -> dict[str, int | None]:
        """The user dictionary: folded and sorted words with their frequencies."""

    def analyze(self, text: str) -> Analysis:
        """How a text is indexed here."""

    def stats(self) -> Stats:
        """What ``cnsearch stats`` prints: counts, dates, sizes, versions. Takes longer than the other calls."""

    def verify(self, *, deep: bool) -> VerifyReport:
        """Look for damage; ``deep``: tokenise every article again."""

    def snapshot(self, path: Path) -> None:
        """Copy the last commit to a folder that is made or empty."""

    def explain_files(self, paths: Sequence[Path], settings: PathSettings) -> Iterator[tuple[str, str]]:
        """(id, how ``update`` would take it) for each file below ``paths``; none: the folders indexed before."""

    # Writing. Each shows its own commit afterwards, and raises IndexLockedError where another writer does not end

    def update(
        self, paths: Sequence[Path], settings: PathSettings, words: UserDictionary | None, how: Writing
    ) -> UpdateReport:
        """Bring the index up to date with the files below ``paths`` (none: the folders indexed before), to be read by
        ``settings`` from now on; ``words``, where given, take the place of the user dictionary."""

    def add(self, articles: Iterable[Article | Failure], words: UserDictionary | None, how: Writing) -> UpdateReport:
        """Add articles, each replacing that of its id; a failure is one that could not be read, for the report."""

    def receive(
        self, entries: Iterable[tuple[Article, Indexed]], settings: Settings, total: int, how: Writing
    ) -> UpdateReport:
        """Take over articles of another index that are not here already, with their origin; ``total`` is how many there
        are."""

    def delete(self, article_ids: Sequence[str] | None, request: SearchRequest | None, how: Writing) -> int:
        """Delete these, or what the request finds, or, where both are given, what is among both; how many."""

    def change_dictionary(
        self, change: Callable[[UserDictionary], UserDictionary], how: Writing
    ) -> tuple[UserDictionary, UserDictionary, UpdateReport]:
        """Give the index the user dictionary that ``change`` makes of its own, and cut again what it cuts otherwise.
        Both dictionaries, and what was done."""
