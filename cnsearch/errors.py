"""The exceptions of cnsearch.

    CnsearchError
    ├── CorpusError              one post, record or folder cannot be read
    │   └── NoArticlesError      a page is no article: it leads elsewhere, or lists articles
    ├── QuerySyntaxError         a filter value has no meaning (a date that does not exist)
    ├── ArticleNotFoundError     no article has this id
    ├── UnsupportedError         this kind of index cannot do what was asked
    ├── DeadlineError            the work had to end before it was done
    └── IndexUnusableError       the index cannot be used
        ├── IndexNotFoundError   there is none at this path
        ├── IndexReplacedError   another index stands where the opened one was
        ├── IndexLockedError     another writer holds it
        ├── IndexFormatError     written by an older or newer format
        │   └── AnalyzerMismatchError   built with another tokenizer or dictionary
        └── CorruptIndexError    damaged

Each message says what is wrong, where, and what to do; the same facts are attributes, and ``code`` names the case for
programs. What to do is said in the library's terms; the command line says it in its own (``faces/advice.py``). Errors
pickle, copy and compare by what they say. Misuse of the API (a negative limit, a wrong type) stays ``ValueError`` or
``TypeError``.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

REBUILD_HINT = "Build it again with rebuild_index(path, folders)"
NEWER_HINT = "Update cnsearch"


class CnsearchError(Exception):
    """Base of every error that cnsearch raises on purpose.

    code : what kind of case it is, for programs: a word of lower-case letters that stays the same between versions
    hint : what the caller can do about it, one sentence; it is part of ``str(error)``
    """

    code = "error"

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(f"{message}. {hint}" if hint else message)
        self.message = message
        self.hint = hint
        if code:
            self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, (type(self), self.args, self.__dict__)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return (self.args, self.__dict__) == (other.args, other.__dict__)

    def __hash__(self) -> int:
        return hash((type(self), self.args))


def _remade(kind: type[CnsearchError], args: tuple[Any, ...], state: dict[str, Any]) -> CnsearchError:
    """An error as it was pickled; Python would call its constructor with the message alone."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class CorpusError(CnsearchError):
    """A post, a record or a folder that cannot be read; ``path`` names it, ``reason`` says why."""

    code = "corpus"

    def __init__(self, path: str | os.PathLike[str], reason: str, *, hint: str = "", code: str = "") -> None:
        self.path = os.fspath(path)
        self.reason = reason
        super().__init__(f"{self.path}: {reason}", hint=hint, code=code)


class NoArticlesError(CorpusError):
    """A file was read and is no article (``reason``: a page that leads elsewhere, a list of articles): no fault."""


class QuerySyntaxError(CnsearchError):
    """A filter value without a meaning. Free query text never raises it: what does not parse is taken as words."""

    code = "query_syntax"


class ArticleNotFoundError(CnsearchError):
    """No article in the index has the id ``article_id``."""

    code = "article_not_found"

    def __init__(self, article_id: str, *, hint: str = "") -> None:
        self.article_id = article_id
        super().__init__(f'no article has the id "{article_id}"', hint=hint)


class UnsupportedError(CnsearchError):
    """What was asked for is not to be had of this kind of index; ``hint`` says what to do instead."""

    code = "unsupported"


class DeadlineError(CnsearchError):
    """Work was given so much time (``cnsearch.deadline``), and it is over."""

    code = "deadline"


class IndexUnusableError(CnsearchError):
    """Base of the errors that concern the index at ``path`` as a whole; ``reason`` says what is wrong with it.

    ``path`` is empty for an analyzer that stands in no index of ours.
    """

    code = "index_unusable"

    def __init__(self, path: str | os.PathLike[str], reason: str, *, hint: str = "", code: str = "") -> None:
        self.path = os.fspath(path)
        self.reason = reason
        super().__init__(f"{self.path}: {reason}" if self.path else reason, hint=hint, code=code)


class IndexNotFoundError(IndexUnusableError):
    """There is no index at ``path``, or no more."""

    code = "index_not_found"


class IndexReplacedError(IndexUnusableError):
    """Another index stands at ``path`` than the one that was opened there; nothing was written into it."""

    code = "index_replaced"


class IndexLockedError(IndexUnusableError):
    """Another process or thread is writing to the index at ``path``.

    pid, host, command : of the writer, as it says itself; None or empty where it says nothing
    since              : when it began; aware, UTC
    """

    code = "index_locked"

    def __init__(
        self,
        path: str | os.PathLike[str],
        reason: str,
        *,
        pid: int | None = None,
        host: str = "",
        command: str = "",
        since: datetime | None = None,
        hint: str = "",
    ) -> None:
        self.pid = pid
        self.host = host
        self.command = command
        self.since = since
        super().__init__(path, reason, hint=hint)


class IndexFormatError(IndexUnusableError):
    """The index was written in a format that this version does not read; ``found`` and ``expected`` name both."""

    code = "index_format"

    def __init__(
        self,
        path: str | os.PathLike[str],
        reason: str,
        *,
        found: object = None,
        expected: object = None,
        hint: str = "",
        code: str = "",
    ) -> None:
        self.found = found
        self.expected = expected
        super().__init__(path, reason, hint=hint, code=code)


class AnalyzerMismatchError(IndexFormatError):
    """The index was built with another tokenizer or user dictionary than the one available or asked for now."""

    code = "analyzer_mismatch"


class CorruptIndexError(IndexUnusableError):
    """A file of the index is damaged: ``section`` and ``offset`` (in bytes, or None) say where,
    ``found`` and ``expected`` how it was noticed."""

    code = "index_corrupt"

    def __init__(
        self,
        path: str | os.PathLike[str],
        reason: str,
        *,
        section: str = "",
        offset: int | None = None,
        found: object = None,
        expected: object = None,
        hint: str = "",
    ) -> None:
        self.section = section
        self.offset = offset
        self.found = found
        self.expected = expected
        super().__init__(path, reason, hint=hint)
