"""The fields of the index: which is stored, indexed or a column, and why; and an article as a document of them.

| field       | indexed as                          | stored | column | what for |
|-------------|-------------------------------------|--------|--------|----------|
| id          | itself                              | yes    |        | show, update, delete |
| title       | words                               | yes    |        | ranking, snippets, show |
| body        | words                               | yes    |        | ranking, snippets, show |
| title_chars | characters (bigrams)                |        |        | exact substrings |
| body_chars  | characters (bigrams)                |        |        | exact substrings |
| source      | itself, folded                      | yes    |        | filter |
| category    | each level and leading path, folded | yes    |        | filter |
| author      | itself, folded                      | yes    |        | filter |
| date        |                                     |        | int64  | filter, sort; seconds since 1970 or NO_DATE |
| url, path   |                                     | yes    |        | show |
| root        |                                     | yes    |        | the folder whose update may remove it |
| size, mtime_ns, digest |                          |        | int64, int64, bytes | whether a file has changed |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from whoosh import columns, fields
from whoosh.analysis import IDTokenizer

from cnsearch.analysis.analyzer import CharacterAnalyzer, ChineseAnalyzer
from cnsearch.analysis.fold import fold
from cnsearch.analysis.ngrams import character_terms
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.model import Article

SCHEMA_VERSION = 1
"""Rises with every change of the fields or of what stands in them; an index of another version is refused."""

TEXT_FIELDS = ("title", "body")
"""The searched texts. Each has its words in the field of this name and its characters in ``CHARS_FIELD``."""
CHARS_FIELD = {"title": "title_chars", "body": "body_chars"}

NO_DATE = -(1 << 63)
"""In the date column: date unknown. Sorts before every date."""

DIGEST_BYTES = 16

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class ArticleSchema(fields.Schema):  # type: ignore[misc]  # Whoosh has no types
    """The schema of an index of articles. Whoosh keeps it, with the analyzer and so the tokenizer, beside the data."""

    def __init__(self, analyzer: ChineseAnalyzer) -> None:
        characters = CharacterAnalyzer()
        super().__init__(
            id=fields.ID(unique=True, stored=True),
            title=fields.TEXT(analyzer=analyzer, phrase=False, stored=True),
            body=fields.TEXT(analyzer=analyzer, phrase=False, stored=True),
            title_chars=fields.TEXT(analyzer=characters, phrase=False),
            body_chars=fields.TEXT(analyzer=characters, phrase=False),
            source=_labels(),
            category=_labels(),
            author=_labels(),
            date=fields.COLUMN(columns.NumericColumn("q", default=NO_DATE)),
            url=fields.STORED(),
            path=fields.STORED(),
            root=fields.STORED(),
            size=fields.COLUMN(columns.NumericColumn("q")),
            mtime_ns=fields.COLUMN(columns.NumericColumn("q")),
            digest=fields.COLUMN(columns.FixedBytesColumn(DIGEST_BYTES)),
        )
        self.version = SCHEMA_VERSION


def _labels() -> fields.FieldType:
    """Values matched whole: the analyzer splits nothing, lists of values are indexed one term each."""
    return fields.FieldType(
        format=fields.formats.Existence(), analyzer=IDTokenizer(), stored=True, scorable=False, unique=False
    )


def document_of(article: Article, tokenizer: WordTokenizer) -> dict[str, Any]:
    """Clean article to Whoosh document: each field with its terms (a list) or value, ``_stored_*`` as shown.

    Lists of terms bypass the analyzers, so a worker process does the analysis and the writer only writes.
    """
    document: dict[str, Any] = {"id": article.id, "root": ""}
    for name, text in (("title", article.title), ("body", article.body)):
        folded = fold(text)
        document[name] = tokenizer.terms(folded)
        document["_stored_" + name] = text
        document[CHARS_FIELD[name]] = character_terms(folded)
    for name, terms, stored in (
        ("source", [fold(article.source)], article.source),
        ("category", category_terms(article.categories), list(article.categories)),
        ("author", [fold(article.author)], article.author),
    ):
        if stored:
            document[name] = terms
            document["_stored_" + name] = stored
    if article.date is not None:
        document["date"] = seconds_of(article.date)
    document["url"] = article.url
    document["path"] = article.path
    return document


def category_terms(categories: Iterable[str]) -> list[str]:
    """What a category filter may say: every level, and every path that begins at the first level. Folded, sorted."""
    levels = [fold(level) for level in categories]
    paths = {"/".join(levels[:depth]) for depth in range(1, len(levels) + 1)}
    return sorted(paths.union(levels))


def article_of(stored: Mapping[str, Any], date: int) -> Article:
    """The article back from its stored fields and its date column (seconds or NO_DATE)."""
    body = stored.get("body", "")
    return Article(
        id=stored["id"],
        title=stored.get("title", ""),
        paragraphs=tuple(body.split("\n")) if body else (),
        source=stored.get("source", ""),
        categories=tuple(stored.get("category", ())),
        author=stored.get("author", ""),
        date=date_of(date),
        url=stored.get("url", ""),
        path=stored.get("path", ""),
    )


def seconds_of(date: datetime) -> int:
    """Whole seconds since 1970, rounded down."""
    return (date - _EPOCH) // timedelta(seconds=1)


def date_of(seconds: int) -> datetime | None:
    """The aware UTC date of a value of the date column; None for NO_DATE."""
    return None if seconds == NO_DATE else _EPOCH + timedelta(seconds=seconds)
