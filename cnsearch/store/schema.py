"""The fields of the index: which is stored, indexed or a column, and why.

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

from dataclasses import replace
from pathlib import Path
from typing import Any

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.signature import SIGNATURE_BYTES
from cnsearch.analysis.tokenizer import ANALYSIS_VERSION
from cnsearch.engine.columns.spec import ColumnSpec
from cnsearch.engine.segment.fields import FieldSpec
from cnsearch.errors import NEWER_HINT, REBUILD_HINT, IndexFormatError
from cnsearch.settings import Settings
from cnsearch.store.dates import NO_DATE
from cnsearch.store.fields import CHARS_FIELD, DIGEST_BYTES, TEXT_FIELDS

SCHEMA_VERSION = 4
"""Rises with every change of the fields or of what stands in them."""
OLDEST_VERSION = 3
"""An index of a version from here on is read with what it has, and written again only as a whole; older ones are
refused."""


def _text() -> FieldSpec:
    return FieldSpec(indexed=True, frequency_is_value=True, scorable=True)


def _labels(kind: str) -> FieldSpec:
    """Values matched whole."""
    return FieldSpec(indexed=True, column=ColumnSpec(kind, default=b"" if kind == "ordinal" else None))


def _number(default: int = 0) -> FieldSpec:
    return FieldSpec(column=ColumnSpec("integer", "q", default))


def _bytes(length: int) -> FieldSpec:
    return FieldSpec(column=ColumnSpec("bytes", default=bytes(length)))


FIELDS: dict[str, FieldSpec] = {
    "id": FieldSpec(indexed=True, unique=True),
    **{name: _text() for name in TEXT_FIELDS},
    **{name: _text() for name in CHARS_FIELD.values()},
    "source": _labels("ordinal"),
    "category": _labels("ordinal_list"),
    "author": _labels("ordinal"),
    "tag": _labels("ordinal_list"),
    "label": _labels("ordinal_list"),
    "draft": _labels("ordinal"),
    "shifted": FieldSpec(indexed=True),
    "date": _number(NO_DATE),
    "url": FieldSpec(),
    "path": FieldSpec(),
    "headings": FieldSpec(),
    "extra": FieldSpec(),
    "root": FieldSpec(column=ColumnSpec("ordinal", default=b"")),
    "size": _number(),
    "mtime_ns": _number(),
    "digest": _bytes(DIGEST_BYTES),
    "signature": _bytes(SIGNATURE_BYTES),
}
"""The fields as the engine knows them."""


class ArticleSchema:
    """What an index of articles is of: its format, how its texts were cut, how its folders are read. Part of every
    commit."""

    def __init__(
        self,
        analyzer: ChineseAnalyzer,
        version: int = SCHEMA_VERSION,
        settings: Settings = Settings(),  # noqa: B008
    ) -> None:
        self.analyzer = analyzer
        self.version = version
        self.settings = settings

    def to_dict(self) -> dict[str, Any]:
        """What it is made of, fit for JSON: version, analyzer, and the settings of the folders, if there are any."""
        settings = {} if self.settings == Settings() else {"settings": self.settings.to_dict()}
        return {"version": self.version, "analyzer": self.analyzer.to_dict(), **settings}

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
