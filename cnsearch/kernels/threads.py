"""Work ahead in threads: for what calls kernels, which let go of the interpreter's lock."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

_T = TypeVar("_T")
_R = TypeVar("_R")

MOST_THREADS = 4
"""Where nobody says how many: more would wait for the one that writes."""


def in_threads(work: Callable[[_T], _R], inputs: Iterable[_T], threads: int | None = None) -> Iterator[_R]:
    """``map(work, inputs)``, of which ``threads`` (None: as there are cores) are done at a time, ahead of who takes the
    results; so many inputs and as many results are kept, and one more. Inputs are taken by the caller's thread; those
    that were taken when he ends are still done if they were begun. Raises what ``work`` raises."""
    threads = threads or min(os.cpu_count() or 1, MOST_THREADS)
    if threads == 1:
        yield from map(work, inputs)
        return
    from concurrent.futures import ThreadPoolExecutor  # not for those who only search

    waiting: deque[Future[_R]] = deque()
    with ThreadPoolExecutor(threads, "cnsearch") as executor:
        try:
            for given in inputs:
                waiting.append(executor.submit(work, given))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
