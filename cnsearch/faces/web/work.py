"""Runs what takes time in a few threads: so many at once, so many waiting, and none longer than it may.

Not good for: work that never asks ``deadline.check``: its answer is given up, but its thread is taken until it ends.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from cnsearch import deadline

T = TypeVar("T")


class BusyError(Exception):
    """As much is under way as may be."""


class TooSlowError(Exception):
    """It did not end in time."""


class Work:
    """threads : how many run at once
    waiting : how many more may wait for their turn
    seconds : within which an answer must be there, waiting included
    """

    def __init__(self, threads: int, waiting: int, seconds: float) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="cnsearch-web")
        self._most = threads + waiting
        self._seconds = seconds
        self._under_way = 0
        self._lock = threading.Lock()

    async def run(self, task: Callable[[], T]) -> T:
        """What ``task`` gives. Raises what it raises; BusyError if it could not begin, TooSlowError if it had to
        end."""
        with self._lock:
            if self._under_way >= self._most:
                raise BusyError
            self._under_way += 1
        begun, end = False, time.monotonic() + self._seconds

        def timed() -> T:
            nonlocal begun
            begun = True
            with deadline.within(end - time.monotonic()):
                return task()

        future = self._pool.submit(timed)
        future.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._seconds)
        except (asyncio.TimeoutError, TimeoutError):
            raise (TooSlowError if begun else BusyError) from None

    def _done(self, future: Future[Any]) -> None:
        with self._lock:
            self._under_way -= 1

    def close(self) -> None:
        """Take no more; what waits is given up."""
        self._pool.shutdown(wait=False, cancel_futures=True)
