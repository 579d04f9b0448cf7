"""The exceptions of cnsearch.

    CnsearchError
    ├── CorpusError              one post, record or folder cannot be read
    ├── QuerySyntaxError         a filter value has no meaning (a date that does not exist)
    ├── ArticleNotFoundError     no article has this id
    └── IndexUnusableError       the index cannot be opened
        ├── IndexNotFoundError   there is none at this path
        ├── IndexLockedError     another writer holds it
        ├── IndexFormatError     written by an older or newer format
        ├── AnalyzerMismatchError   built with another tokenizer or dictionary
        └── CorruptIndexError    damaged

Each message says what is wrong, where, and what to do; the same facts are attributes. Misuse of the API (a negative
limit, a wrong type) stays ``ValueError`` or ``TypeError``.
"""

from __future__ import annotations

import os

REBUILD_HINT = "Build it again with: cnsearch index --rebuild PATH"


class CnsearchError(Exception):
    """Base of every error that cnsearch raises on purpose.

    ``hint`` is what the user can do about it, one sentence or a command; it is part of ``str(error)``.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message}. {hint}" if hint else message)
        self.message = message
        self.hint = hint


class CorpusError(CnsearchError):
    """A post, a record or a folder that cannot be read; ``path`` names it, ``reason`` says why."""

    def __init__(self, path: str | os.PathLike[str], reason: str, *, hint: str = "") -> None:
        self.path = os.fspath(path)
        self.reason = reason
        super().__init__(f"{self.path}: {reason}", hint=hint)


class QuerySyntaxError(CnsearchError):
    """A filter value without a meaning. Free query text never raises it: what does not parse is taken as words."""


class ArticleNotFoundError(CnsearchError):
    """No article in the index has the id ``article_id``."""

    def __init__(self, article_id: str, *, hint: str = "") -> None:
        self.article_id = article_id
        super().__init__(f'no article has the id "{article_id}"', hint=hint)


class IndexUnusableError(CnsearchError):
    """Base of the errors that concern the index at ``path`` as a whole."""

    def __init__(self, path: str | os.PathLike[str], reason: str, *, hint: str = "") -> None:
        self.path = os.fspath(path)
        self.reason = reason
        super().__init__(f"{self.path}: {reason}", hint=hint)


class IndexNotFoundError(IndexUnusableError):
    """There is no index at ``path``."""


class IndexLockedError(IndexUnusableError):
    """Another process or thread is writing to the index at ``path``."""


class IndexFormatError(IndexUnusableError):
    """The index was written in a format that this version does not read; ``found`` and ``expected`` name both."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        reason: str,
        *,
        found: object = None,
        expected: object = None,
        hint: str = "",
    ) -> None:
        self.found = found
        self.expected = expected
        super().__init__(path, reason, hint=hint)


class AnalyzerMismatchError(IndexFormatError):
    """The index was built with another tokenizer or user dictionary than the one available or asked for now."""


class CorruptIndexError(IndexUnusableError):
    """A file of the index is damaged: ``section`` and ``offset`` (in bytes, or None) say where,
    ``found`` and ``expected`` how it was noticed."""

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
