"""``Article``: one article after cleaning, as every reader makes it and every index takes it."""

from __future__ import annotations

import datetime as dates
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from cnsearch.model.labels import checked_labels
from cnsearch.model.written import FORMAT_VERSION, iso_date


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
    tags       : labels of its own ("旅行"), as written; their words are found like those of a title
    draft      : whether its writer has marked it as not to be published
    headings   : which of ``paragraphs`` are headings: their indexes, ascending
    labels     : own fields to filter and count by, each with its values: ``{"language": ("zh",)}``
    extra      : own values of JSON, shown and given back, not searched
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
    tags: tuple[str, ...] = ()
    draft: bool = False
    headings: tuple[int, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id:
            raise ValueError(f"Article.id must be a non-empty string, not {self.id!r}")
        if "\uffff" in self.id:  # with which the index joins terms: the article could not be found again
            raise ValueError(f"Article.id must not contain U+FFFF, which is no character: {self.id!r}")
        for name in ("title", "source", "author", "url", "path"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"Article.{name} must be a string, not {getattr(self, name)!r}")
        if not isinstance(self.draft, bool):
            raise TypeError(f"Article.draft must be True or False, not {self.draft!r}")
        for name in ("paragraphs", "categories", "tags", "headings"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in ("paragraphs", "categories", "tags"):
            if isinstance(getattr(self, name), str):
                raise TypeError(f"Article.{name} must be a tuple of strings, not one string")
            if not isinstance(getattr(self, name), tuple):
                raise TypeError(f"Article.{name} must be a tuple or a list, not {getattr(self, name)!r}")
            for text in getattr(self, name):
                if not isinstance(text, str):
                    raise TypeError(f"Article.{name} must be a tuple of strings, with no {text!r} in it")
        if self.date is not None and not isinstance(self.date, datetime):
            raise TypeError(f"Article.date must be a datetime or None, not {self.date!r}")
        if self.date is not None and self.date.utcoffset() is None:
            raise ValueError(f"Article.date must carry a time zone: {self.date!r}")
        if self.date is not None and not 1 < self.date.year < 9999:  # it could not be shown in every zone
            raise ValueError(f"Article.date must lie in the years 2 to 9998: {self.date!r}")
        if self.headings:
            _check_headings(self.headings, len(self.paragraphs))
        if self.labels:
            object.__setattr__(self, "labels", checked_labels(self.labels))
        if self.extra:
            _check_extra(self.extra)

    @classmethod
    def from_html(
        cls,
        id: str | int,
        html: str,
        *,
        title: str | None = None,
        source: str | None = None,
        categories: str | Sequence[str] | None = None,
        tags: str | Sequence[str] | None = None,
        author: str | Sequence[str] | None = None,
        date: str | float | datetime | dates.date | None = None,
        url: str | None = None,
        path: str | None = None,
        draft: bool = False,
        labels: Mapping[str, str | Sequence[str]] | None = None,
        extra: Mapping[str, Any] | None = None,
        time_zone: str | tzinfo = "Asia/Shanghai",
    ) -> Article:
        """An article of HTML, cleaned as that of a post or of a record of JSON Lines is; None is for "unknown".

        id         : a number is written out
        title      : without one the first paragraph is its beginning
        categories : a list, or one string with ``/`` between the levels
        tags       : a list, or one string with commas
        date       : as a datetime or a day, as text in any usual form (what is none is unknown), or seconds since 1970
        time_zone  : of a date that names none

        Raises TypeError or ValueError that names the argument.

        >>> Article.from_html(7, "<p>一</p><p>二</p>", title="甲", categories="新闻/国内").paragraphs
        ('一', '二')
        """
        return _from_record(cls.from_html, locals(), time_zone)

    @classmethod
    def from_text(
        cls,
        id: str | int,
        text: str,
        *,
        markdown: bool = False,
        title: str | None = None,
        source: str | None = None,
        categories: str | Sequence[str] | None = None,
        tags: str | Sequence[str] | None = None,
        author: str | Sequence[str] | None = None,
        date: str | float | datetime | dates.date | None = None,
        url: str | None = None,
        path: str | None = None,
        draft: bool = False,
        labels: Mapping[str, str | Sequence[str]] | None = None,
        extra: Mapping[str, Any] | None = None,
        time_zone: str | tzinfo = "Asia/Shanghai",
    ) -> Article:
        """An article of plain text, a paragraph a line, or of Markdown; everything else as in ``from_html``."""
        arguments = locals()
        if arguments.pop("markdown"):
            arguments["markdown"] = arguments.pop("text")
        return _from_record(cls.from_text, arguments, time_zone)

    def to_dict(self, zone: tzinfo | None = None) -> dict[str, Any]:
        """For JSON; the date in ``zone``."""
        return {
            "version": FORMAT_VERSION,
            "id": self.id,
            "title": self.title,
            "paragraphs": list(self.paragraphs),
            "source": self.source,
            "categories": list(self.categories),
            "author": self.author,
            "date": iso_date(self.date, zone),
            "url": self.url,
            "path": self.path,
            "tags": list(self.tags),
            "draft": self.draft,
            "headings": list(self.headings),
            "labels": {name: list(values) for name, values in self.labels.items()},
            "extra": dict(self.extra),
        }

    @property
    def body(self) -> str:
        """The paragraphs joined with newlines; character offsets of body snippets count in this text."""
        return "\n".join(self.paragraphs)


RecordReader = Callable[[str, Mapping[str, object], "str | tzinfo"], Article]
"""Makes an article of the arguments of the method that is named first. It cleans HTML, which stands floors above."""

_record_reader: RecordReader | None = None


def read_records_with(reader: RecordReader) -> None:
    """Say who makes the articles of ``Article.from_html`` and ``from_text``. The package does, when it is imported."""
    global _record_reader
    _record_reader = reader


def _from_record(method: Callable[..., Article], arguments: Mapping[str, object], time_zone: str | tzinfo) -> Article:
    assert _record_reader is not None, "import cnsearch first"
    left_out = ("cls", "time_zone")
    record = {name: value for name, value in arguments.items() if name not in left_out}
    return _record_reader(method.__qualname__, record, time_zone)


@dataclass(frozen=True, slots=True)
class ReaderContext:
    """What a reader of another package (entry points ``cnsearch.readers``) is told of a file.

    id        : the file's, its path below the indexed root: the id of its one article. Of several, each may have any
                id; the index puts the file's before it: ``book.epub#3``
    path      : where the file lies
    source    : that of articles which name none; filled in by the index where a reader leaves it empty
    max_bytes : how much a file may have
    """

    id: str
    path: str
    source: str = ""
    max_bytes: int = 0


MAX_EXTRA_DEPTH = 100
"""Objects and lists inside each other in extra values: deeper JSON cannot be read where much else is on the stack."""


def _check_headings(headings: object, num_paragraphs: int) -> None:
    if not isinstance(headings, tuple) or not all(type(at) is int for at in headings):
        raise TypeError(f"Article.headings must be a tuple of integers, not {headings!r}")
    if list(headings) != sorted(set(headings)) or not 0 <= headings[0] <= headings[-1] < num_paragraphs:
        raise ValueError(f"Article.headings must be ascending indexes of {num_paragraphs} paragraphs, not {headings!r}")


def _check_extra(extra: object) -> None:
    if not isinstance(extra, Mapping):
        raise TypeError(f"Article.extra must map names to values, not {extra!r}")
    for name in extra:
        if not isinstance(name, str):
            raise TypeError(f"a name in Article.extra must be a string, not {name!r}")
    if _is_deeper(extra, MAX_EXTRA_DEPTH):
        raise ValueError(f"Article.extra must not have more than {MAX_EXTRA_DEPTH} levels of objects and lists")
    try:
        json.dumps(dict(extra), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise type(error)(f"Article.extra must have values of JSON: {error}") from error


def _is_deeper(value: object, levels: int) -> bool:
    """Whether more than so many objects and lists stand inside each other, or one inside itself."""
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return False
    return levels == 0 or any(_is_deeper(one, levels - 1) for one in value)
