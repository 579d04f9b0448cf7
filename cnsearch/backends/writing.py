"""What a write is told besides what to write, checked once: how it goes about it, and how folders are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cnsearch import checks
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.checks import Event
from cnsearch.settings import SPLITS, PathSettings

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
Split = Literal["chapter", "line", ""]
Progress = Callable[[int, int | None], None]
"""Called with (done, total); the total is None where it is not known."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How something is written; see ``Index.update``. Raises TypeError and ValueError for what is no use.

    jobs     : processes that clean and tokenise, at least 1; None is one per core
    dry_run  : report what would be done, write nothing
    wait     : seconds to wait for another writer; None is the back end's own
    progress : called as articles are brought in
    stop     : once it is set, what is under way ends within a second or so
    """

    jobs: int | None = None
    dry_run: bool = False
    wait: float | None = None
    progress: Progress | None = None
    stop: Event | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "jobs", checks.jobs(self.jobs))
        object.__setattr__(self, "wait", checks.wait(self.wait))
        checks.event("stop", self.stop)


class Ends(Event):
    """Says as one event whether any of several is set."""

    def __init__(self, *events: Any) -> None:
        self._events = [event for event in events if event is not None]

    def is_set(self) -> bool:
        return any(event.is_set() for event in self._events)


def path_settings(
    exclude: str | Sequence[str] | None, split: str | None, source: str | None, drafts: bool | None
) -> PathSettings:
    """Settings as they are remembered. ValueError for a split that there is none of, or a pattern that is none."""
    if split not in (None, "", *SPLITS):
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, not {split!r}")
    patterns = None if exclude is None else (exclude,) if isinstance(exclude, str) else tuple(exclude)
    if patterns:
        from cnsearch.corpus.ignore import Patterns

        for reason in Patterns.of(patterns, prefix="", name="exclude").bad:
            raise ValueError(f"exclude: {reason}")
    return PathSettings(patterns, split, None if source is None else source.strip(), drafts)


def listed(paths: Paths) -> list[str | os.PathLike[str]]:
    """One path, or several, as a list."""
    return [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)


def loaded(user_dict: str | os.PathLike[str] | None) -> UserDictionary | None:
    """The words of a file. Raises CorpusError."""
    return None if user_dict is None else UserDictionary.load(user_dict)
