"""The count of what an update did, which becomes its report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cnsearch.corpus.posts import by_kind
from cnsearch.indexing.tasks import FileRead, Outcome
from cnsearch.model import Failure, UpdateReport
from cnsearch.settings import KnownFile


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
        """What is told of the update; ``articles`` are those that the index has now."""
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
