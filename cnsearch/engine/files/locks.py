"""The lock of the one writer: threads of this process queue for it, other processes see it in the file system.

``flock`` (``msvcrt.locking`` on Windows) goes with the process that holds it, however that ends. The file says who it
is: a JSON object with ``pid``, ``host``, ``since`` and ``command``. Nothing but messages depends on what stands there.

In one process the file lock would do as well, since each holder opens the file anew; but whoever asks again and again
has no turn of his own, and one who writes all the time would be the only one.
"""

from __future__ import annotations

import errno
import json
import math
import os
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

POLL_S = 0.05
"""How often the lock of another process is asked for again."""
_MOST_BYTES = 1000
_LOCKED_AT = 1 << 30
"""The byte that Windows locks: far behind what others shall be able to read."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lock, as far as it says. ``thread``: it is another thread of this process."""

    pid: int | None = None
    host: str = ""
    command: str = ""
    since: datetime | None = None
    thread: bool = False


class HeldError(Exception):
    """The lock is held by ``holder``, and waiting has not helped."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(f"the lock is held by {holder}")
        self.holder = holder


class _Turns:
    """First come, first served, among the threads of this process."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self.owner: int | None = None  # a thread

    def take(self, timeout: float | None, stopped: Callable[[], bool] | None = None) -> bool:
        """Wait for the turn at most ``timeout`` seconds (None: for ever), or until ``stopped``; whether it came. For
        ever is not waited for a turn of the calling thread, which could not end it."""
        me = threading.get_ident()
        with self._mutex:
            if self.owner is None:
                self.owner = me
                return True
            if timeout == 0 or (timeout is None and self.owner == me):
                return False
            turn = threading.Event()
            self._waiting.append(turn)
        try:
            _wait(turn, timeout, stopped)
        except BaseException:
            with self._mutex:
                if turn.is_set():
                    self._next()
                else:
                    self._waiting.remove(turn)
            raise
        with self._mutex:
            if turn.is_set():
                self.owner = me
                return True
            self._waiting.remove(turn)
            return False

    def give(self) -> None:
        """Let the next one have it."""
        with self._mutex:
            self._next()

    def _next(self) -> None:
        if self._waiting:
            self.owner = -1  # of the one that is being woken
            self._waiting.popleft().set()
        else:
            self.owner = None


def _wait(turn: threading.Event, timeout: float | None, stopped: Callable[[], bool] | None) -> None:
    """Until ``turn`` is set, ``timeout`` seconds are over, or ``stopped``."""
    if stopped is None:
        turn.wait(timeout)
        return
    until = math.inf if timeout is None else time.monotonic() + timeout
    while not stopped() and not turn.wait(min(POLL_S, max(0.0, until - time.monotonic()))):
        if time.monotonic() >= until:
            return


_turns: weakref.WeakValueDictionary[str, _Turns] = weakref.WeakValueDictionary()
_held: set[int] = set()  # descriptors
_guard = threading.Lock()


def _turns_of(path: str) -> _Turns:
    with _guard:
        found = _turns.get(path)
        if found is None:
            found = _turns[path] = _Turns()
        return found


def _forget_after_fork() -> None:
    """A child has the open files of its parent, and would keep the lock when the parent is gone; its threads are not
    those that waited."""
    global _guard
    for descriptor in _held:
        with suppress(OSError):
            os.close(descriptor)  # the lock itself stays the parent's
    _held.clear()
    _turns.clear()
    _guard = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)


class WriteLock:
    """The lock of which ``filename`` is the file."""

    def __init__(self, filename: str) -> None:
        self.filename = filename
        self._path = filename
        self._turns = _Turns()
        self._descriptor: int | None = None
        self._pid = os.getpid()

    def acquire(self, blocking: bool = False) -> bool:
        """Take the lock if it is free, or wait for it; whether we have it. Raises OSError."""
        try:
            self.wait(None if blocking else 0.0, None if blocking else 0.0)
        except HeldError:
            return False
        return True

    def wait(self, own: float | None, others: float | None, stopped: Callable[[], bool] | None = None) -> None:
        """Take the lock.

        own     : seconds to wait for other threads of this process; None is as long as it takes
        others  : seconds to wait for other processes from then on
        stopped : once it says so, there is no more waiting
        Raises  : HeldError, OSError
        """
        folder, name = os.path.split(self.filename)
        self._path = os.path.join(os.path.realpath(folder), name)  # noqa: PTH118
        self._turns = _turns_of(self._path)
        self._pid = os.getpid()
        if not self._turns.take(own, stopped):
            raise HeldError(Holder(pid=self._pid, host=_host(), command=_command(), thread=True))
        try:
            until = None if others is None else time.monotonic() + others
            while not self._lock_file():
                if (until is not None and time.monotonic() >= until) or (stopped is not None and stopped()):
                    raise HeldError(self._holder())
                time.sleep(POLL_S)
        except BaseException:
            self._turns.give()
            raise

    def _lock_file(self) -> bool:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            # Another folder may have come in the place of this one between opening and locking.
            locked = _try_lock(descriptor) and _is_file_at(self._path, descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        if not locked:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        _held.add(descriptor)
        with suppress(OSError):  # a full disk: then nobody learns who it is
            os.ftruncate(descriptor, 0)
            os.write(descriptor, _own_note())
        return True

    def release(self) -> None:
        """Let go. Raises RuntimeError if we do not have it."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            raise RuntimeError("the lock is not held")
        if self._pid != os.getpid():  # a copy in a forked child, which never had it
            return
        _held.discard(descriptor)
        try:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
            _unlock(descriptor)
        finally:
            os.close(descriptor)
            self._turns.give()

    def __del__(self) -> None:
        if getattr(self, "_descriptor", None) is not None:
            with suppress(Exception):
                self.release()

    def _holder(self) -> Holder:
        """Who says to hold the lock. Whatever stands in the file, this raises nothing."""
        try:
            with Path(self._path).open("rb") as file:
                note = json.loads(file.read(_MOST_BYTES).decode("utf-8"))
            pid, since = note.get("pid"), datetime.fromisoformat(note["since"])
            host, command = (str(note.get(name, ""))[:200] for name in ("host", "command"))
            return Holder(pid if type(pid) is int else None, host, command, since if since.tzinfo else None)
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return Holder()


def _own_note() -> bytes:
    note = {
        "pid": os.getpid(),
        "host": _host()[:100],
        "since": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": _command(),
    }
    return json.dumps(note, ensure_ascii=True).encode("ascii")


def _host() -> str:
    import socket  # not for those who only read

    return socket.gethostname()


def _command() -> str:
    """The program and its first argument: all of them may hold what is nobody's business."""
    return " ".join([Path(word).name for word in sys.argv[:1]] + sys.argv[1:2])[:100]


def _is_file_at(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(Path(path).stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


_BUSY = (errno.EAGAIN, errno.EACCES, getattr(errno, "EDEADLK", errno.EACCES))

if os.name == "nt":

    def _try_lock(descriptor: int) -> bool:
        import msvcrt

        os.lseek(descriptor, _LOCKED_AT, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        except OSError as error:
            if error.errno in _BUSY:
                return False
            raise
        os.lseek(descriptor, 0, os.SEEK_SET)
        return True

    def _unlock(descriptor: int) -> None:
        import msvcrt

        os.lseek(descriptor, _LOCKED_AT, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined, unused-ignore]

else:

    def _try_lock(descriptor: int) -> bool:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _BUSY:
                return False
            raise
        return True

    def _unlock(descriptor: int) -> None:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_UN)
