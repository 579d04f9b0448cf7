"""How a command ends: its exit code."""

from __future__ import annotations

import os
import sys

from cnsearch.errors import ArticleNotFoundError, CnsearchError, IndexLockedError, IndexUnusableError

NO_HITS, FAILED, USAGE, UNUSABLE, INTERNAL, LOCKED = 1, 1, 2, 3, 70, 75


def exit_code(error: CnsearchError) -> int:
    """That of a command which ``error`` has ended."""
    if isinstance(error, IndexLockedError):
        return LOCKED
    if isinstance(error, IndexUnusableError):
        return UNUSABLE
    return NO_HITS if isinstance(error, ArticleNotFoundError) else USAGE


def reader_has_seen_enough() -> int:
    """The reader of our output has closed it: what is still buffered goes nowhere, and nothing is wrong."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
