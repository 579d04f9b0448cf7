"""What is to be brought into the index, what became of it, and the count."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cnsearch.corpus.entries import ReadOptions
from cnsearch.corpus.posts import PostFile, by_kind
from cnsearch.model import Article, Failure, UpdateReport
from cnsearch.settings import KnownFile
from cnsearch.store.fields import DIGEST_BYTES

ENTRY_SIZE = -1
"""In place of a size: the article is an entry of a file, whose stamps are in the settings of the index."""

_NOTHING: Mapping[str, bytes] = {}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document came from: what the index remembers to tell a change. Of an entry of a file, ``size`` is
    ENTRY_SIZE and ``digest`` that of the article; else it is that of the file."""

    root: str = ""
    size: int = 0
    mtime_ns: int = 0
    digest: bytes = b"\0" * DIGEST_BYTES


@dataclass(frozen=True, slots=True)
class Task:
    """One file to read, or an article at hand.

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
    entries: Mapping[str, bytes] = field(default_factory=lambda: _NOTHING)
    fresh: bool = False
    moved: bool = False
    options: ReadOptions = ReadOptions()  # noqa: RUF009  # immutable
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


@dataclass
class Tally:
    """The counts of a report, as they grow."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    failed: list[Failure] = field(default_factory=list)
    retokenised: int = 0
    warnings: list[Failure] = field(default_factory=list)
    moved: int = 0
    excluded: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)
    left_out: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)  # paths of the scans, by number
    found: Counter[int] = field(default_factory=Counter)  # articles by scan
    unreadable: Counter[int] = field(default_factory=Counter)  # what could not be read, by scan
    reasons: list[tuple[int, Failure]] = field(default_factory=list)  # why files were passed over, by scan
    known: dict[tuple[str, str], KnownFile] = field(default_factory=dict)  # what to remember, by root and id
    notes: list[str] = field(default_factory=list)
    stopped: bool = False

    def count(self, outcome: Outcome, new: set[str]) -> None:
        """One article more; ``new`` has the ids that were added in this run, and gets its id if it is one."""
        if outcome.failure is not None:
            self.failed.append(outcome.failure)
            self.unreadable[outcome.scope] += 1
            self.removed += outcome.moved
            return
        self.found[outcome.scope] += 1
        if outcome.retokenised:
            pass  # nothing has happened to the article itself
        elif not outcome.written:
            self.unchanged += 1
        elif outcome.moved:
            self.moved += 1
        elif outcome.replaces or outcome.id in new:
            self.changed += 1
        else:
            self.added += 1
            new.add(outcome.id)

    def count_file(self, file: FileRead) -> None:
        """What a file has besides its articles."""
        source, scope = file.task.source, file.task.scope
        self.removed += len(file.vanished)
        self.excluded += len(file.drafts.intersection(file.vanished))
        self.found[scope] += len(file.drafts)
        if file.known is not None:
            self.known[file.task.origin.root, source.id] = file.known
        if file.passed_over:
            self.passed_over.update(by_kind([source.id]))
            self.unreadable[scope] += 1
            self.reasons.append((scope, Failure(source.path, file.passed_over)))

    def nothing_done(self) -> None:
        """What was counted was taken back."""
        self.added = self.changed = self.removed = self.unchanged = self.retokenised = self.moved = self.excluded = 0

    def report(self, articles: int, took_s: float) -> UpdateReport:
        nothing_in = [number for number in self.unreadable if not self.found[number]]
        failed = {*self.failed, *(failure for number, failure in self.reasons if number in nothing_in)}
        return UpdateReport(
            added=self.added,
            changed=self.changed,
            removed=self.removed,
            unchanged=self.unchanged,
            failed=tuple(sorted(failed, key=lambda failure: (failure.path, failure.reason))),
            articles=articles,
            took_s=took_s,
            retokenised=self.retokenised,
            warnings=tuple(sorted(self.warnings, key=lambda warning: (warning.path, warning.reason))),
            moved=self.moved,
            excluded=self.excluded,
            passed_over=dict(sorted(self.passed_over.items(), key=lambda item: (-item[1], item[0]))),
            left_out=tuple(sorted(self.left_out)),
            nothing_in=tuple(sorted(self.scopes[number] for number in nothing_in)),
            notes=tuple(self.notes),
            stopped=self.stopped,
        )


def file_digest(data: bytes) -> bytes:
    """A hash of a file. DIGEST_BYTES long."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()
