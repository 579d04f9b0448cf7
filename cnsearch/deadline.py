"""Until when the work of this thread shall end. Long work asks by ``check`` between its steps; whoever has set no
deadline is never interrupted.

    with deadline.within(5.0):
        results = index.search(query)   # DeadlineError after five seconds

Not good for: a single long step, such as a regular expression: it is interrupted when it ends.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic
from typing import Any, TypeVar

from cnsearch.errors import DeadlineError

T = TypeVar("T")
_end: ContextVar[float] = ContextVar("cnsearch_deadline", default=inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let what is done inside take so many seconds; an earlier deadline around it holds on."""
    before = _end.set(min(_end.get(), monotonic() + seconds))
    try:
        yield
    finally:
        _end.reset(before)


def check() -> None:
    """Raise DeadlineError if the time is up."""
    if monotonic() > _end.get():
        raise DeadlineError("the query has taken longer than it may", hint="Ask for less: fewer words or patterns")


def left() -> float:
    """Seconds until the time is up: infinite without a deadline, 0 or less when it is."""
    return _end.get() - monotonic()


def checked(items: Iterable[T], every: int = 1_000) -> Iterator[T]:
    """The items, with a check before each so many of them."""
    for at, item in enumerate(items):
        if not at % every:
            check()
        yield item


@contextmanager
def holding(lock: Any) -> Iterator[None]:
    """Hold a ``threading.Lock`` or ``RLock`` inside. Raises DeadlineError if another thread does not let go of it in
    time."""
    while not lock.acquire(timeout=min(max(left(), 0.0), threading.TIMEOUT_MAX)):
        check()
    try:
        yield
    finally:
        lock.release()
