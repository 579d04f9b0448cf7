"""What is to be brought into the index, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cnsearch.corpus.entries import ENTRY_MARK, ReadOptions
from cnsearch.corpus.posts import PostFile
from cnsearch.limits import Limits
from cnsearch.model import Article, Failure
from cnsearch.settings import KnownFile, Settings
from cnsearch.store.fields import DIGEST_BYTES

Progress = Callable[[int, int | None], None]
"""Called with the articles done so far and, if known, how many there are to do."""

Stopped = Callable[[], bool]
"""Asked between two articles: whether to end now."""


def never() -> bool:
    """Do not stop."""
    return False


ENTRY_SIZE = -1
"""In place of a size: the article is an entry of a file, whose stamps are in the settings of the index."""

_NOTHING: Mapping[str, bytes] = {}


class Origin(NamedTuple):
    """Where a document came from: what the index remembers to tell a change. Of an entry of a file, ``size`` is
    ENTRY_SIZE and ``digest`` that of the article; else it is that of the file."""

    root: str = ""
    size: int = 0
    mtime_ns: int = 0
    digest: bytes = b"\0" * DIGEST_BYTES


class Task(NamedTuple):
    """One file to read, or an article at hand. A tuple, as what it holds: workers are sent thousands a second.

    known       : the digest of the file that the index has
    entries     : the articles that the index has of the file, and the digest of each: those that are equal stay
    replaces    : an article with this id is in the index, wherever it came from
    retokenised : for another dictionary: the article itself is as it was
    fresh       : the index is built anew: nothing is replaced
    moved       : the file was elsewhere before, with the same content
    scope       : number of the scan that found it
    """

    source: PostFile | Article
    origin: Origin
    known: bytes | None = None
    replaces: bool = False
    retokenised: bool = False
    entries: Mapping[str, bytes] = _NOTHING
    fresh: bool = False
    moved: bool = False
    options: ReadOptions = ReadOptions()
    scope: int = -1


class Outcome(NamedTuple):
    """What became of one article: written (in the batch), failed, or neither where it is as known."""

    id: str
    replaces: bool = False
    written: bool = False
    failure: Failure | None = None
    retokenised: bool = False
    moved: bool = False
    scope: int = -1


@dataclass(frozen=True, slots=True)
class FileRead:
    """What a file turned out to be, where that is more than one article.

    entries     : ids of its articles
    drafts      : ids of those that were left out as drafts
    failed      : whether something of it could not be read, so that what is missing may still be in it
    known       : what to remember of it; None for nothing
    passed_over : why it has no articles; empty if it has some
    """

    task: Task
    entries: frozenset[str] = frozenset()
    drafts: frozenset[str] = frozenset()
    failed: bool = False
    known: KnownFile | None = None
    passed_over: str = ""

    @property
    def vanished(self) -> list[str]:
        """Ids of articles that the index has of the file, and the file no more."""
        return [] if self.failed else [id_ for id_ in self.task.entries if id_ not in self.entries]


def options_of(settings: Settings, root: str, file_id: str, limits: Limits) -> ReadOptions:
    """How a file is read."""
    said = settings.at(root, file_id)
    return ReadOptions(said.split or "", said.source or "", said.drafts is not False, limits.post_bytes)


def file_of(id_: str, known: Iterable[Collection[str]]) -> str:
    """The file that an entry is of. Both may have the mark in their names, so the files that there are decide."""
    tables = list(known)
    at = id_.find(ENTRY_MARK)
    while at >= 0:
        if any(id_[:at] in table for table in tables):
            return id_[:at]
        at = id_.find(ENTRY_MARK, at + 1)
    if any(id_ in table for table in tables):
        return id_  # a file of one record
    return id_.partition(ENTRY_MARK)[0]
