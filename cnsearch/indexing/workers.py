"""The chunks of tasks, done in worker processes where there are enough of them, or here."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

from cnsearch import kernels
from cnsearch.analysis.analyzer import ChineseAnalyzer, require_tokenizer
from cnsearch.analysis.tokenizer import TokenizerIdentity, WordTokenizer
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.indexing.reading import Chunk, analyse
from cnsearch.indexing.tasks import Task
from cnsearch.indexing.writer import Form
from cnsearch.model import Article

CHUNK = 256
"""Articles that a worker process takes at a time: about 0.3 s of work. Fewer make more distinct terms to hand over."""
CHUNK_AT_HAND = 1024
"""Articles that need not be read, at a time: about 0.1 s of a thread's work."""
ENVIRONMENT = {
    # glibc gives what is freed back to the system, which clears each page of it when it is asked for again: with every
    # chunk, a twentieth of the time. Bytes.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "OPENBLAS_NUM_THREADS": "1",  # nobody here multiplies matrices, and its threads wait for that by spinning
}
"""Of worker processes, where it says nothing else."""
MIN_ARTICLES_FOR_WORKERS = 256
"""Fewer are done in this process: starting workers costs as much as these."""


def chunks(
    tasks: Iterable[Task],
    analyzer: ChineseAnalyzer,
    until_stopped: Callable[..., Iterator[Task]],
    *,
    jobs: int | None,
    form: Form | None,
    notes: list[str],
) -> Iterator[Chunk]:
    """What comes of the tasks, a chunk at a time, in order; from worker processes where there are enough tasks. What
    workers have been given when it is stopped is still done.

    Articles at hand are done here, where the kernels are compiled: some chunks at a time in threads, ahead of who takes
    them. What processes are good for is reading files, which takes longest and needs the interpreter's lock.

    A daemonic process (a worker of Celery or of multiprocessing.Pool) may have no children: there it is done here. So
    is what is left when workers are lost; then ``notes`` gets a sentence.
    """
    tasks = until_stopped(tasks)
    jobs = jobs if jobs is not None else (os.cpu_count() or 1)
    few = [] if jobs <= 1 else list(islice(tasks, MIN_ARTICLES_FOR_WORKERS))
    every = chain(few, tasks)
    in_threads = jobs > 1 and form is not None and form.in_threads(analyzer.tokenizer)
    several = len(few) >= MIN_ARTICLES_FOR_WORKERS
    size = CHUNK_AT_HAND if in_threads and _are_at_hand(few) else CHUNK
    groups: Iterator[list[Task]] = iter(lambda: list(islice(every, size)), [])
    alone = jobs <= 1 or not several or multiprocessing.current_process().daemon
    for_workers: list[list[Task]] = []

    def here() -> Iterator[list[Task]]:
        for group in groups:
            if not (alone or (in_threads and _are_at_hand(group))):
                for_workers.append(group)
                return
            yield group

    def analysed(group: list[Task]) -> Chunk:
        return analyse(until_stopped(group, True), analyzer.tokenizer, form)

    yield from kernels.in_threads(analysed, here(), jobs if in_threads and several else 1)
    if not for_workers:
        return
    groups = chain(for_workers, groups)
    waiting: deque[tuple[list[Task], Future[Chunk]]] = deque()
    group = []
    try:
        with _workers(jobs, analyzer.identity, analyzer.user_dictionary) as executor:
            for group in groups:
                waiting.append((group, _submitted(executor, group, form)))
                if len(waiting) > 2 * jobs:
                    yield _result(waiting[0][1])
                    waiting.popleft()
            while waiting:
                yield _result(waiting[0][1])
                waiting.popleft()
        return
    except _WorkersLostError as error:
        notes.append(f"{error}; the rest was done in this process")
    given = [given for given, _ in waiting]
    unsubmitted = [group] if group and not (given and given[-1] is group) else []
    yield from map(analysed, chain(given, unsubmitted, groups))


def _are_at_hand(tasks: Iterable[Task]) -> bool:
    """Whether these are articles, not files to be read."""
    return all(isinstance(task.source, Article) for task in tasks)


class _WorkersLostError(Exception):
    """The worker processes cannot go on, for no fault of what they were given. The message says why."""


def _submitted(executor: Executor, group: list[Task], form: Form | None) -> Future[Chunk]:
    try:
        with _interrupts_held():  # submit starts the workers
            return executor.submit(analyse_in_worker, group, form)
    except (BrokenExecutor, OSError, UnboundLocalError, MemoryError) as error:
        # UnboundLocalError: how loky 3.5 ends when it can open no pipe
        if isinstance(error, BrokenExecutor):
            raise _WorkersLostError(_ENDED) from error
        reason = (error.__context__ or error) if isinstance(error, UnboundLocalError) else error
        raise _WorkersLostError(f"no worker process can be started ({reason or 'not enough memory'})") from error


def _result(future: Future[Chunk]) -> Chunk:
    try:
        return future.result()
    except BrokenExecutor as error:
        raise _WorkersLostError(_ENDED) from error
    except MemoryError as error:
        raise _WorkersLostError("a worker process had not enough memory") from error


_ENDED = "a worker process was ended from outside (killed, or for want of memory)"


@contextmanager
def _workers(jobs: int, identity: TokenizerIdentity, user_dictionary: UserDictionary) -> Iterator[Executor]:
    """Processes that hold a tokenizer. loky's neither fork this one nor import the caller's main module, so a library
    user needs no ``if __name__ == "__main__"``; a worker that dies raises instead of hanging."""
    from loky import ProcessPoolExecutor

    initargs = (identity, user_dictionary, os.getpid())
    unsaid = {name: value for name, value in ENVIRONMENT.items() if name not in os.environ}
    executor = ProcessPoolExecutor(max_workers=jobs, initializer=begin_worker, initargs=initargs, env=unsaid)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, kill_workers=True)
        raise
    else:
        executor.shutdown()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C, and what else interrupts the caller, waits until the end. A process started meanwhile never sees Ctrl-C:
    it is for the parent, which ends its workers, and a worker that is still importing would print a traceback, as would
    one whose start was broken off."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker  # not for Windows

    resource_tracker.ensure_running()  # it would let the signal through when started later
    came: list[int] = []
    handlers: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        # Another thread, whose mask lets it through, may take the signal for this one.
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        handlers = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in handlers:
        signal.signal(number, lambda number, frame: came.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


_PARENT_CHECK_S = 0.5

_tokenizer_of_worker: WordTokenizer | None = None


def begin_worker(identity: TokenizerIdentity, user_dictionary: UserDictionary, parent: int) -> None:
    """What a worker process does first: it loads the tokenizer, ends with the process ``parent``, leaves Ctrl-C to that
    one, and looks for cycles only between chunks."""
    global _tokenizer_of_worker
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers
    _tokenizer_of_worker = require_tokenizer(identity, user_dictionary)
    gc.collect()
    gc.freeze()
    gc.disable()  # looking for cycles after every few hundred tokens took an eighth of the time


def _end_with(parent: int) -> None:
    """End this process when its parent is gone. A parent that is killed tells nobody, and the pipes that its workers
    wait at stay open, since each worker has both ends."""
    while os.getppid() == parent:  # on Windows, always
        time.sleep(_PARENT_CHECK_S)
    os._exit(1)


def analyse_in_worker(tasks: Sequence[Task], form: Form | None) -> Chunk:
    """``analyse`` with the tokenizer of this worker process."""
    assert _tokenizer_of_worker is not None
    try:
        return analyse(tasks, _tokenizer_of_worker, form)
    finally:
        gc.collect()
