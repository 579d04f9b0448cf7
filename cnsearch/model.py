"""The values that cnsearch takes and gives: articles in, reports and results out. All are frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Article:
    """One article after cleaning, as it is indexed and shown.

    id         : unique in the index; for posts on disk the path below the indexed root, with ``/``
    title      : plain text, one line
    paragraphs : plain text, in reading order, none empty; a paragraph is never matched across its end
    source     : the publisher ("每经网"); filters compare it whole
    categories : topic, channel and every level as written ("金融", "每经网", "重磅原创")
    author     : as written; for feed posts it repeats the source
    date       : aware, UTC, or None if unknown
    url, path  : where the article came from; empty if unknown
    """

    id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    source: str = ""
    categories: tuple[str, ...] = ()
    author: str = ""
    date: datetime | None = None
    url: str = ""
    path: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id:
            raise ValueError(f"Article.id must be a non-empty string, not {self.id!r}")
        if isinstance(self.paragraphs, str):
            raise TypeError("Article.paragraphs must be a tuple of strings, not one string")
        if isinstance(self.categories, str):
            raise TypeError("Article.categories must be a tuple of strings, not one string")
        if self.date is not None and self.date.utcoffset() is None:
            raise ValueError(f"Article.date must carry a time zone: {self.date!r}")

    @property
    def body(self) -> str:
        """The paragraphs joined with newlines; character offsets of body snippets count in this text."""
        return "\n".join(self.paragraphs)


@dataclass(frozen=True, slots=True)
class Failure:
    """One input that could not be indexed: ``path`` (file, or ``stdin:12`` for a record) and the ``reason``."""

    path: str
    reason: str
