"""The fields of the index: which is stored, indexed or a column, and why; and an article as a document of them.

| field       | indexed as                          | stored | column | what for |
|-------------|-------------------------------------|--------|--------|----------|
| id          | itself                              | yes    |        | show, update, delete |
| title       | words                               | yes    |        | ranking, snippets, show |
| tags        | words                               | one a line |    | ranking |
| body        | words                               | yes    |        | ranking, snippets, show |
| title_chars, tags_chars, body_chars | characters (bigrams) | |      | exact substrings, ranking |
| shifted     | "title", "tags", "body"             |        |        | which texts are not read as they stand |
| source      | itself, folded                      |        | values as written | filter, facets, show |
| category    | each level and leading path, folded |        | values as written | filter, facets, show |
| author      | itself, folded                      |        | values as written | filter, show |
| tag         | each and its leading paths, folded  |        | values as written | filter, facets, show |
| label       | ``name=value``, folded              |        | ``name=value`` as written | own fields: as source |
| draft       | ``DRAFT``, where it is one          |        | the same | filter, show |
| date        |                                     |        | int64  | filter, sort; seconds since 1970 or NO_DATE |
| url, path   |                                     | yes    |        | show |
| headings    |                                     | JSON   |        | show: which lines of the body are headings |
| extra       |                                     | JSON   |        | show: own values |
| root        |                                     |        | values as written | whose update may remove it |
| size, mtime_ns, digest |                          |        | int64, int64, bytes | whether a file has changed |
| signature   |                                     |        | bytes  | which articles are copies of each other |
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any

from whoosh import columns, fields
from whoosh.analysis import IDTokenizer

from cnsearch.analysis.analyzer import CharacterAnalyzer, ChineseAnalyzer
from cnsearch.analysis.ngrams import character_pairs
from cnsearch.analysis.reading import LINE_END, read, spelt
from cnsearch.analysis.signature import SIGNATURE_BYTES, signature
from cnsearch.analysis.tokenizer import ANALYSIS_VERSION, WordTokenizer
from cnsearch.codec import OrdinalListColumn
from cnsearch.errors import NEWER_HINT, REBUILD_HINT, IndexFormatError
from cnsearch.model import Article
from cnsearch.settings import Settings

SCHEMA_VERSION = 4
"""Rises with every change of the fields or of what stands in them."""
OLDEST_VERSION = 3
"""An index of a version from here on is read with what it has, and written again only as a whole; older ones are
refused."""

TEXT_FIELDS = ("title", "tags", "body")
"""The searched texts. Each has its words in the field of this name and its characters in ``CHARS_FIELD``."""
CHARS_FIELD = {"title": "title_chars", "tags": "tags_chars", "body": "body_chars"}
ENCODERS = dict.fromkeys(CHARS_FIELD.values(), character_pairs)
"""Fields whose tokens are made for a batch of folded texts at once."""
SHIFTED_FIELD = "shifted"
"""Names the texts of an article whose reading is not, character for character, what is stored: few are."""
PLAIN_FIELDS = frozenset(TEXT_FIELDS)
"""Stored without compression: exact substrings are verified in them, and the second pass of ranking reads them."""

LABEL_FIELDS = ("source", "category", "author", "tag")
"""What every article may be filtered by; own fields of articles are values of the field label."""
PATH_FIELDS = frozenset({"category", "tag"})
"""Label fields whose values may have levels, joined by "/": a filter may name a leading path."""
LIST_FIELDS = frozenset({"category", "tag", "label"})
"""Label fields of which a document has several values."""
MAX_PATH_LEVELS = 16
"""Of categories; feeds have three. All paths of n levels take n squared bytes, and a megabyte has half a million."""

NO_DATE = -(1 << 63)
"""In the date column: date unknown. Sorts before every date."""

MIN_DATE, MAX_DATE = -62_135_596_800, 253_402_300_799
"""In the date column: the first and the last second of the years 1 to 9999, which a datetime has."""

DIGEST_BYTES = 16

DRAFT = "yes"
"""The one value of the field draft."""

_LINE_FEED = re.compile("\r?\n")

_SURROGATE = re.compile("[\ud800-\udfff]")

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class ArticleSchema(fields.Schema):  # type: ignore[misc]  # Whoosh has no types
    """The schema of an index of articles; with the analyzer, and so the tokenizer, it is part of every commit."""

    def __init__(
        self,
        analyzer: ChineseAnalyzer,
        version: int = SCHEMA_VERSION,
        settings: Settings = Settings(),  # noqa: B008
    ) -> None:
        characters = CharacterAnalyzer()
        super().__init__(
            id=fields.ID(unique=True, stored=True),
            **{name: fields.TEXT(analyzer=analyzer, phrase=False, stored=True) for name in TEXT_FIELDS},
            **{name: fields.TEXT(analyzer=characters, phrase=False) for name in CHARS_FIELD.values()},
            source=_labels(columns.RefBytesColumn()),
            category=_labels(OrdinalListColumn()),
            author=_labels(columns.RefBytesColumn()),
            tag=_labels(OrdinalListColumn()),
            label=_labels(OrdinalListColumn()),
            draft=_labels(columns.RefBytesColumn()),
            shifted=_labels(None),
            date=fields.COLUMN(columns.NumericColumn("q", default=NO_DATE)),
            url=fields.STORED(),
            path=fields.STORED(),
            headings=fields.STORED(),
            extra=fields.STORED(),
            root=fields.COLUMN(columns.RefBytesColumn()),
            size=fields.COLUMN(columns.NumericColumn("q")),
            mtime_ns=fields.COLUMN(columns.NumericColumn("q")),
            digest=fields.COLUMN(columns.FixedBytesColumn(DIGEST_BYTES)),
            signature=fields.COLUMN(columns.FixedBytesColumn(SIGNATURE_BYTES)),
        )
        self.version = version
        self.settings = settings

    def to_dict(self) -> dict[str, Any]:
        """What it is made of, fit for JSON: version, analyzer, and the settings of the folders, if there are any."""
        settings = {} if self.settings == Settings() else {"settings": self.settings.to_dict()}
        return {"version": self.version, "analyzer": self["title"].analyzer.to_dict(), **settings}

    @classmethod
    def from_dict(cls, state: object, *, path: str) -> ArticleSchema:
        """Inverse of ``to_dict``. Raises ValueError for what that never returns, and IndexFormatError, naming the index
        at ``path``, for a schema of a version that is not read.

        Of one that is read but no longer written, the fields are those of today, some of which no document has.
        """
        version = state.get("version") if isinstance(state, dict) else None
        if type(version) is not int or not isinstance(state, dict):
            raise ValueError("this is no schema")
        if not OLDEST_VERSION <= version <= SCHEMA_VERSION:
            raise IndexFormatError(
                path,
                f"the index has format {version!r:.40}, this version reads {OLDEST_VERSION} to {SCHEMA_VERSION}",
                found=version,
                expected=SCHEMA_VERSION,
                hint=NEWER_HINT if version > SCHEMA_VERSION else REBUILD_HINT,
                code="index_newer" if version > SCHEMA_VERSION else "index_older",
            )
        analyzer = ChineseAnalyzer.from_dict(state.get("analyzer"), path=str(Path(path).parent))
        if version < SCHEMA_VERSION:  # its terms are looked for as terms are made today, which differ in a few
            analyzer.identity = replace(analyzer.identity, analysis=ANALYSIS_VERSION)
        return cls(analyzer, version, Settings.from_dict(state.get("settings")))


def _labels(column: columns.Column | None) -> fields.FieldType:
    """Values matched whole: the analyzer splits nothing, lists of values are indexed one term each."""
    field = fields.FieldType(format=fields.formats.Existence(), analyzer=IDTokenizer(), scorable=False, unique=False)
    if column is not None:
        field.column_type = column
    return field


@dataclass(frozen=True, slots=True)
class Document:
    """An article ready to be written: the tokens of each indexed field (of one in ``ENCODERS`` its folded text), and
    the stored and column values."""

    tokens: dict[str, Sequence[str]]
    stored: dict[str, Any]
    columns: dict[str, Any]


def document_of(article: Article, tokenizer: WordTokenizer, origin: Mapping[str, Any]) -> Document:
    """Clean article to document. ``origin`` has the values of root (str), size, mtime_ns and digest."""
    tokens: dict[str, Sequence[str]] = {"id": [article.id]}
    stored: dict[str, Any] = {"id": article.id}
    readings = {}
    texts = {"title": article.title, "tags": "\n".join(article.tags), "body": stored_body(article.paragraphs)}
    for name, text in texts.items():
        if name == "tags" and not text:
            continue  # most articles have none, and what they lack shall cost nothing
        reading = readings[name] = read(text)
        tokens[name] = tokenizer.terms(reading.text, reading.seams)
        tokens[CHARS_FIELD[name]] = reading.text
        stored[name] = text
    shifted = [name for name, reading in readings.items() if reading.shifted]
    if shifted:
        tokens[SHIFTED_FIELD] = shifted
    stored.update({name: value for name, value in (("url", article.url), ("path", article.path)) if value})
    if article.headings and stored["body"]:  # paragraphs of nothing leave no line
        stored["headings"] = json.dumps(list(article.headings))  # a paragraph is a line of the body
    if article.extra:
        stored["extra"] = json.dumps(dict(article.extra), ensure_ascii=False, separators=(",", ":"))
    values: dict[str, Any] = {
        "size": origin["size"],
        "mtime_ns": origin["mtime_ns"],
        "digest": origin["digest"],
        "signature": signature(readings["title"].text, readings["body"].text),
    }
    for name, label in (("source", article.source), ("author", article.author)):
        if label:
            tokens[name] = [label_term(name, label)]
            values[name] = _encoded(label)
    if article.categories:
        tokens["category"] = category_terms(article.categories)
        values["category"] = [_encoded(level) for level in article.categories]
    if article.tags:
        tokens["tag"] = sorted({path for tag in article.tags for path in tag_paths(tag)})
        values["tag"] = [_encoded(tag) for tag in article.tags]
    if article.labels:
        own = [(name, value) for name, several in article.labels.items() for value in several]
        tokens["label"] = sorted({own_label_term(name, value) for name, value in own})
        values["label"] = [_encoded(f"{name}={value}") for name, value in own]
    if article.draft:
        tokens["draft"] = [DRAFT]
        values["draft"] = _encoded(DRAFT)
    if article.date is not None:
        values["date"] = seconds_of(article.date)
    if origin["root"]:
        values["root"] = os.fsencode(origin["root"])
    return Document(tokens, stored, values)


_HALF = re.compile("[\ud800-\udfff]")


def _encoded(text: str) -> bytes:
    """In UTF-8, half a surrogate pair replaced by what it is folded to, so that the value finds itself as a filter."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return _HALF.sub("\ufffd", text).encode("utf-8")


def stored_body(paragraphs: Iterable[str]) -> str:
    """The body as one text: a line for each paragraph, in which its own line ends are LINE_END."""
    return "\n".join(
        _LINE_FEED.sub(LINE_END, paragraph) if "\n" in paragraph else paragraph for paragraph in paragraphs
    )


def paragraphs_of(body: str) -> tuple[str, ...]:
    """Inverse of ``stored_body``, but for the kind of the line ends."""
    return tuple(paragraph.replace(LINE_END, "\n") for paragraph in body.split("\n")) if body else ()


def label_term(field: str, value: str) -> str:
    """What stands in a label field for a value, in the index and in a filter: folded, without spaces around levels; a
    tag without the sign before it (``#旅行``)."""
    return _label_term(field, value) if len(value) <= _LONGEST_REMEMBERED else _label_term.__wrapped__(field, value)


_LONGEST_REMEMBERED = 100
"""Characters of a label whose term is remembered: articles share theirs, and a label may have megabytes."""


@lru_cache(maxsize=1 << 12)
def _label_term(field: str, value: str) -> str:
    folded = spelt(value).strip()
    if field == "tag":
        folded = folded.lstrip("#").strip() or folded
    return "/".join(level.strip() for level in folded.split("/")) if field in PATH_FIELDS else folded


def own_label_term(name: str, value: str) -> str:
    """The same for a value of an own field of articles; a name never has "=" in it."""
    return f"{spelt(name)}={spelt(value).strip()}"


def tag_paths(tag: str) -> list[str]:
    """What a filter may say for a tag: itself, and of a nested one (``编程/python``) each leading path, at most
    MAX_PATH_LEVELS of them. Folded."""
    levels = label_term("tag", tag).split("/")
    paths = ["/".join(levels[:depth]) for depth in range(1, min(len(levels), MAX_PATH_LEVELS) + 1)]
    return list(dict.fromkeys(path for path in (*paths, "/".join(levels)) if path))


def category_terms(categories: Iterable[str]) -> list[str]:
    """What a category filter may say: every level, and every path that begins at the first level and has at most
    MAX_PATH_LEVELS. Folded, sorted."""
    levels = [label_term("category", level) for level in categories]
    paths = {"/".join(levels[:depth]) for depth in range(1, min(len(levels), MAX_PATH_LEVELS) + 1)}
    return sorted(paths.union(levels))


def seconds_of(date: datetime) -> int:
    """Whole seconds since 1970, rounded down."""
    return (date - _EPOCH) // timedelta(seconds=1)


def date_of(seconds: int) -> datetime | None:
    """The aware UTC date of a value of the date column; None for NO_DATE."""
    return None if seconds == NO_DATE else _EPOCH + timedelta(seconds=seconds)
