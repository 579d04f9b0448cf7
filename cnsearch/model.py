"""The values that cnsearch takes and gives: articles in, reports and results out. All are frozen dataclasses."""

from __future__ import annotations

import datetime as dates
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any, TypedDict, overload

FORMAT_VERSION = 1
"""Of the dictionaries that ``to_dict`` makes: within a version keys may be added, never renamed."""


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


RESERVED_NAMES = frozenset(
    "id title body text paragraphs source category categories author date year month url path tag tags draft headings "
    "label labels extra 来源 分类 作者 标签 日期 标题 正文".split()
)
"""What no own field may be called, however wide or large it is written: queries and facets mean the fields of every
article by these."""

MAX_EXTRA_DEPTH = 100
"""Objects and lists inside each other in extra values: deeper JSON cannot be read where much else is on the stack."""

_LABEL_NAME = re.compile(r"\w{1,64}")


def checked_labels(
    labels: object, what: str = "Article.labels", *, keep_empty: bool = False
) -> dict[str, tuple[str, ...]]:
    """Own fields with their values as tuples, those without any left out unless ``keep_empty``. A string stands for
    itself alone.

    Raises TypeError, or ValueError for a name that could not be written in a query.
    """
    if not isinstance(labels, Mapping):
        raise TypeError(f"{what} must map names to values, not {labels!r}")
    checked = {}
    for name, given in labels.items():
        if not isinstance(name, str):
            raise TypeError(f"a name in {what} must be a string, not {name!r}")
        taken = unicodedata.normalize("NFKC", name).lower() in RESERVED_NAMES
        if taken or not _LABEL_NAME.fullmatch(name):
            why = "is the name of another field" if taken else "must be letters and digits"
            raise ValueError(f"the name {name!r} in {what} {why}")
        if not isinstance(given, Iterable):
            raise TypeError(f"{what}[{name!r}] must be a string or several, not {given!r}")
        values = (given,) if isinstance(given, str) else tuple(given)
        for value in values:
            if not isinstance(value, str):
                raise TypeError(f"{what}[{name!r}] must be strings, not {value!r}")
        if values or keep_empty:
            checked[name] = values
    return checked


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


@dataclass(frozen=True, slots=True)
class Failure:
    """One input that could not be indexed: ``path`` (file, or ``stdin:12`` for a record) and the ``reason``."""

    path: str
    reason: str


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


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What one update did. Counts are articles.

    failed      : inputs that could not be read; what the index had of them stays
    articles    : in the index afterwards
    took_s      : seconds
    retokenised : cut again from the stored text, because they contain a word that the user dictionary has changed; one
                  of these may also be changed, removed or unchanged
    warnings    : articles that were read but not as they were written: what was lost, and where
    moved       : articles of files that lie elsewhere now, with the same content: neither added nor removed
    excluded    : of the removed, those that are left out from now on (``exclude``, ``.cnsearchignore``, drafts)
    passed_over : files that nobody reads, by what their names end in
    left_out    : folders that are left out without being told to, and why: ``public/ (generated by Hexo)``
    nothing_in  : of the paths that were looked at, those where nothing at all could be read
    notes       : what happened on the way and has changed nothing: worker processes that were lost
    stopped     : it was ended before its time; what it counts is in the index, and the same call goes on from there
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    failed: tuple[Failure, ...] = ()
    articles: int = 0
    took_s: float = 0.0
    retokenised: int = 0
    warnings: tuple[Failure, ...] = ()
    moved: int = 0
    excluded: int = 0
    passed_over: Mapping[str, int] = field(default_factory=dict, hash=False)
    left_out: tuple[str, ...] = ()
    nothing_in: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stopped: bool = False

    @property
    def read(self) -> int:
        """Articles that were found."""
        return self.added + self.changed + self.unchanged + self.moved

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "version": FORMAT_VERSION,
            "added": self.added,
            "changed": self.changed,
            "removed": self.removed,
            "unchanged": self.unchanged,
            "failed": [{"path": failure.path, "reason": failure.reason} for failure in self.failed],
            "articles": self.articles,
            "took_s": round(self.took_s, 3),
            "retokenised": self.retokenised,
            "warnings": [{"path": warning.path, "reason": warning.reason} for warning in self.warnings],
            "moved": self.moved,
            "excluded": self.excluded,
            "passed_over": dict(self.passed_over),
            "left_out": list(self.left_out),
            "nothing_in": list(self.nothing_in),
            "notes": list(self.notes),
            "stopped": self.stopped,
        }


@dataclass(frozen=True)
class DictionaryReport:
    """What a change of the user dictionary did. Words are folded and sorted.

    added, changed, removed : words that came, that got another frequency, that went
    present, absent         : words to add that were there already, words to remove that were not
    retokenised             : articles that contain a word that is now likelier or less likely to be cut than before,
                              tokenised again from their stored text
    articles                : in the index
    took_s                  : seconds
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    retokenised: int = 0
    articles: int = 0
    took_s: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "version": FORMAT_VERSION,
            "added": list(self.added),
            "changed": list(self.changed),
            "removed": list(self.removed),
            "present": list(self.present),
            "absent": list(self.absent),
            "retokenised": self.retokenised,
            "articles": self.articles,
            "took_s": round(self.took_s, 3),
        }


# Excerpts

ELLIPSIS = "…"

_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    """``text`` with every character that could steer a terminal or reorder a line replaced by a space: same length."""
    return _CONTROLS.sub(" ", text)


def escaped(json_text: str) -> str:
    """JSON with the same characters written as ``\\uXXXX``: any reader of JSON gets them back."""
    return _CONTROLS.sub(lambda found: json.dumps(found[0])[1:-1], json_text)


@dataclass(frozen=True, slots=True)
class Fragment:
    """An excerpt of one field.

    field      : "title" or "body"
    text       : characters ``start .. start + len(text)`` of the title or of ``Article.body``
    highlights : (start, end) of each match in characters of ``text``, ascending, neither touching nor overlapping
    heading    : of the article, under which the text stands; empty if it has none there
    """

    field: str
    text: str
    highlights: tuple[tuple[int, int], ...] = ()
    start: int = 0
    heading: str = ""

    def marked(self, before: str, after: str, clean: Callable[[str], str] = str) -> str:
        """The text, each piece passed through ``clean``, with ``before`` and ``after`` around each match."""
        pieces = []
        at = 0
        for start, end in self.highlights:
            pieces += [clean(self.text[at:start]), before, clean(self.text[start:end]), after]
            at = end
        pieces.append(clean(self.text[at:]))
        return "".join(pieces)

    def html(self) -> str:
        """HTML with each match in ``<mark>``; everything else is escaped."""
        return self.marked("<mark>", "</mark>", html.escape)

    def ansi(self) -> str:
        """For a terminal: each match in bold red; no other control character."""
        return self.marked("\x1b[1;31m", "\x1b[0m", printable)


@dataclass(frozen=True, slots=True)
class Snippet:
    """The fragments of one hit, in the order of the text.

    body_chars : length of the whole body in characters, to tell whether text is left out after the last fragment
    """

    fragments: tuple[Fragment, ...]
    body_chars: int = 0

    def text(self) -> str:
        """Plain text: the fragments joined by an ellipsis where something is left out."""
        return self._join([fragment.text for fragment in self.fragments])

    def html(self) -> str:
        """HTML, escaped, matches in ``<mark>``."""
        return self._join([fragment.html() for fragment in self.fragments])

    def ansi(self) -> str:
        """For a terminal: matches in bold red, no control character from the text."""
        return self._join([fragment.ansi() for fragment in self.fragments])

    def __str__(self) -> str:
        return self.text()

    def _join(self, texts: Sequence[str]) -> str:
        if not texts:
            return ""
        pieces = [ELLIPSIS] if self.fragments[0].start > 0 else []
        for at, text in enumerate(texts):
            if at:
                last = self.fragments[at - 1]
                gap = self.fragments[at].start - last.start - len(last.text)
                pieces.append(ELLIPSIS if gap > 1 else " ")
            pieces.append(text)
        last = self.fragments[-1]
        if last.start + len(last.text) < self.body_chars:
            pieces.append(ELLIPSIS)
        return "".join(pieces)


# Results


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One part of a score.

    name  : "word", "synonyms" (words that count as one), "characters" (the bigrams of the query), "phrase", "pattern",
            "close together" (the query's characters and bigrams in one place of the text), "beginning" (those at its
            beginning), "title" (it is the query), "in one piece" (words of the query that stand as they were typed),
            "age" (what it takes away)
    text  : what of the query it is for
    score : what it adds
    """

    name: str
    text: str
    score: float

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "text": self.text, "score": round(self.score, 4)}


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An article that tells the same story as a hit, and is folded under it. Fields as those of ``Article``."""

    id: str
    title: str
    source: str
    date: datetime | None
    url: str

    def to_dict(self, zone: tzinfo | None = None) -> dict[str, Any]:
        """For JSON; the date in ``zone``."""
        date = iso_date(self.date, zone)
        return {"id": self.id, "title": self.title, "source": self.source, "date": date, "url": self.url}


@dataclass(frozen=True)
class Hit:
    """One ranked result.

    rank       : 1 is the best; counts on over the pages
    score      : comparable within one search only; 0 where nothing in the query ranks
    duplicates : where the search collapses, the matching articles that are copies of this one, in rank order
    The other fields are the article's. Excerpts are made when first asked for; pickling or copying a hit makes them, so
    that the copy needs no index.
    """

    rank: int
    id: str
    title: str
    source: str
    categories: tuple[str, ...]
    author: str
    date: datetime | None
    url: str
    path: str
    score: float
    _excerpts: Callable[[], tuple[Fragment, Snippet]] | None = field(repr=False, compare=False)
    _explain: Callable[[], tuple[ScorePart, ...]] | None = field(repr=False, compare=False)
    _missing: Callable[[], tuple[str, ...]] | None = field(default=None, repr=False, compare=False)
    duplicates: tuple[Duplicate, ...] = ()
    tags: tuple[str, ...] = ()
    draft: bool = False
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __getstate__(self) -> dict[str, Any]:
        made = {"_made": self._made, "_parts": self._parts, "missing": self.missing}  # before they are let go of
        return {**self.__dict__, **made, "_excerpts": None, "_explain": None, "_missing": None}

    @property
    def more(self) -> int:
        """How many articles are folded under this one."""
        return len(self.duplicates)

    @cached_property
    def _made(self) -> tuple[Fragment, Snippet]:
        assert self._excerpts is not None  # a copy has what it made
        return self._excerpts()

    @cached_property
    def _parts(self) -> tuple[ScorePart, ...]:
        assert self._explain is not None
        return self._explain()

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Words of the query, folded, that the article lacks, though it has enough of the others."""
        return () if self._missing is None else self._missing()

    @property
    def title_fragment(self) -> Fragment:
        """The whole title with its matches marked."""
        return self._made[0]

    @property
    def snippet(self) -> Snippet:
        """The fragments of the body that show the matches best, or its beginning."""
        return self._made[1]

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        """The title, where it matches, and the fragments of the body."""
        title = self.title_fragment
        return (*([title] if title.highlights else []), *self.snippet.fragments)

    def explain(self) -> tuple[ScorePart, ...]:
        """The parts of the score, which add up to it, the greatest first."""
        return self._parts

    def to_dict(self, zone: tzinfo | None = None, *, explain: bool = False) -> dict[str, Any]:
        """For JSON; the date in ``zone``; the parts of the score if asked for."""
        parts = {"explanation": [part.to_dict() for part in self.explain()]} if explain else {}
        return {
            "rank": self.rank,
            "id": self.id,
            "title": self.title,
            "source": self.source,
            "categories": list(self.categories),
            "author": self.author,
            "date": iso_date(self.date, zone),
            "url": self.url,
            "path": self.path,
            "tags": list(self.tags),
            "draft": self.draft,
            "labels": {name: list(values) for name, values in self.labels.items()},
            "extra": dict(self.extra),
            "score": round(self.score, 4),
            "snippet": self.snippet.text(),
            "fragments": [
                {
                    "field": part.field,
                    "text": part.text,
                    "highlights": [list(span) for span in part.highlights],
                    "heading": part.heading,
                }
                for part in self.fragments
            ],
            "missing": list(self.missing),
            "more": self.more,
            "duplicates": [duplicate.to_dict(zone) for duplicate in self.duplicates],
            **parts,
        }


@dataclass(frozen=True)
class SearchResults(Sequence[Hit]):
    """One page of hits; iterate over it, index it, ask its length.

    query      : as typed
    understood : the same as it was read, folded, with its operators
    notes      : what was not taken as written (an unknown field, a query cut short), filter values that no article has
    total      : articles that match, on all pages, those that are folded under others included
    took_ms    : milliseconds from query text to hits, excerpts not included
    facets     : for each facet that was asked for, how many hits on all pages have each value, most frequent first
    correction : where nothing is found, or nothing but single characters of the query, a query that finds something and
                 may have been meant; else empty
    """

    query: str
    understood: str
    notes: tuple[str, ...]
    total: int
    took_ms: float
    hits: tuple[Hit, ...]
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict, hash=False)
    correction: str = ""

    @property
    def folded(self) -> int:
        """How many articles are folded under the hits of this page."""
        return sum(hit.more for hit in self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, at: int | slice) -> Hit | tuple[Hit, ...]:
        return self.hits[at]

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def to_dict(self, zone: tzinfo | None = None, *, explain: bool = False) -> dict[str, Any]:
        """For JSON; dates in ``zone``; the parts of the scores if asked for."""
        return {
            "version": FORMAT_VERSION,
            "query": self.query,
            "understood": self.understood,
            "notes": list(self.notes),
            "correction": self.correction,
            "total": self.total,
            "took_ms": round(self.took_ms, 3),
            "hits": [hit.to_dict(zone, explain=explain) for hit in self.hits],
            "facets": {name: dict(counts) for name, counts in self.facets.items()},
        }


class Stats(TypedDict):
    """What an index has.

    version               : of these keys, FORMAT_VERSION
    index                 : the folder of the index
    articles, drafts      : how many there are, and how many of them are drafts
    sources, categories, tags : how many articles have each value, most frequent first
    labels                : the same of each own field of the articles, by its name
    first_date, last_date : ISO 8601 in the zone of the ``Index``; None where no date is known
    segments, size_bytes  : files of postings and text, and bytes of all files
    tokenizer             : engine and version
    user_dictionary       : a hash of its words; None where there is none
    format_version        : of the files
    folders               : whose posts are in the index, absolute, sorted
    """

    version: int
    index: str
    articles: int
    drafts: int
    sources: dict[str, int]
    categories: dict[str, int]
    tags: dict[str, int]
    labels: dict[str, dict[str, int]]
    first_date: str | None
    last_date: str | None
    segments: int
    size_bytes: int
    tokenizer: str
    user_dictionary: str | None
    format_version: int
    folders: list[str]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion of what is typed.

    text     : folded
    articles : how many contain it, in title or body: as a word where it is one, else exactly so. Where only the last of
               several words is completed, how many contain that one
    """

    text: str
    articles: int

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"text": self.text, "articles": self.articles}


def iso_date(date: datetime | None, zone: tzinfo | None) -> str | None:
    """ISO 8601 with the offset of ``zone`` (as it is if None), to the second; None for no date."""
    if date is None:
        return None
    return (date if zone is None else date.astimezone(zone)).isoformat(timespec="seconds")
