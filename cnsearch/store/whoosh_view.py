"""An index of articles as a Whoosh index, to be read: for those who have Whoosh's queries, parsers or scorers.

Nothing of cnsearch imports this but ``cnsearch.whoosh_reader``, when it is called.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from whoosh import columns, fields, formats
from whoosh.analysis import IDTokenizer

from cnsearch.analysis.analyzer import CharacterAnalyzer
from cnsearch.analysis.signature import SIGNATURE_BYTES
from cnsearch.codec import ColumnarIndex, OrdinalListColumn
from cnsearch.store.dates import NO_DATE
from cnsearch.store.faults import clear_errors
from cnsearch.store.fields import CHARS_FIELD, DIGEST_BYTES, TEXT_FIELDS
from cnsearch.store.opening import Store, schema_of
from cnsearch.store.schema import ArticleSchema


def whoosh_reader(path: str | os.PathLike[str]) -> Any:
    """See ``cnsearch.whoosh_reader``."""
    index = whoosh_index(path)
    with clear_errors(Path(path)):
        return index.reader()


def whoosh_index(path: str | os.PathLike[str]) -> ColumnarIndex:
    """The index in the folder ``path`` as Whoosh's, which cannot be written. Raises as ``whoosh_reader``."""
    store = Store.open(path)
    with clear_errors(store.path):
        return ColumnarIndex(store.commits, lambda commit: whoosh_schema(schema_of(commit)))


def whoosh_schema(schema: ArticleSchema) -> fields.Schema:
    """The fields of an index of articles as Whoosh knows them: ``schema.FIELDS``, and what cuts their texts."""
    characters = CharacterAnalyzer()
    return fields.Schema(
        id=fields.ID(unique=True, stored=True),
        **{name: fields.TEXT(analyzer=schema.analyzer, phrase=False, stored=True) for name in TEXT_FIELDS},
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


def _labels(column: columns.Column | None) -> fields.FieldType:
    """Values matched whole: the analyzer splits nothing, lists of values are indexed one term each."""
    field = fields.FieldType(format=formats.Existence(), analyzer=IDTokenizer(), scorable=False, unique=False)
    if column is not None:
        field.column_type = column
    return field
