"""Ctrl-C and the signals that end a program: how the command line ends, at whatever moment they come.

Before a command runs nothing is begun that would have to be undone: the program ends at once. While it runs they raise
KeyboardInterrupt, so that a writer removes what it has begun; a second one does not disturb it, a third ends all.
A program that was started with a signal ignored (nohup) goes on ignoring it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from types import FrameType

INTERRUPTED = 130
"""The exit code, as of a program that the shell has seen end by Ctrl-C."""

_SIGNALS = [number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]
_IMPATIENT = 3
_is_ours = False  # the process


class Interrupted(KeyboardInterrupt):
    """A KeyboardInterrupt by another type. Python remembers one of the very type that has come out of code which was
    given as a string (dataclasses and named tuples are made so), though it was caught later, and ends the program by
    the signal in place of its exit code (``_Py_UnhandledKeyboardInterrupt`` in CPython's pythonrun.c and main.c)."""


def is_the_program() -> bool:
    """Whether this process is the command line itself, not a program that uses the library, nor a worker of a server,
    which its server ends."""
    if "CNSEARCH_SERVED" in os.environ:
        return False
    if sys.argv[:1] == ["-m"]:  # as it is while the package of ``python -m`` is imported
        return any(pair == ("-m", "cnsearch") for pair in pairwise(sys.orig_argv))
    name = sys.argv[0] if sys.argv else ""
    return name.replace("\\", "/").rpartition("/")[2].partition(".")[0] == "cnsearch"


def end_at_once(number: int = 0, frame: FrameType | None = None) -> None:
    """Say so and end this process, without a traceback wherever it is."""
    os.write(2, b"cnsearch: interrupted\n")
    os._exit(INTERRUPTED)


def end_at_once_when_interrupted() -> None:
    """Until ``raised``: whatever interrupts the program ends it."""
    global _is_ours
    _is_ours = True
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end_at_once)


def ignore() -> None:
    """The program has ended, but for Python's own end, which would give the signals back to the system. Does nothing in
    a process that is not the program."""
    for number in _SIGNALS if _is_ours else ():
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def raised() -> Iterator[None]:
    """What interrupts the program raises Interrupted, a KeyboardInterrupt, once."""
    import threading  # not before the program can be interrupted

    if threading.current_thread() is not threading.main_thread():  # which alone has handlers
        yield
        return
    came = 0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came += 1
        if came == 1:
            raise Interrupted
        if came >= _IMPATIENT:
            end_at_once()

    before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
