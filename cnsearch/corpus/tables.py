"""Articles from CSV and TSV: a record a row, the first row names the columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from cnsearch.corpus.entries import (
    Entry,
    EntryIds,
    Reading,
    Warn,
    expected_text,
    record_entry,
    says_something,
    text_of,
)
from cnsearch.corpus.posts import PostFile
from cnsearch.errors import CorpusError
from cnsearch.model import Failure

_DELIMITERS = ",\t;|，"
_MOST_FIELD_CHARS = 2**30
"""Python's csv refuses more than 131,072 unless told otherwise, and a book has more. Only ever made wider."""


def read_table(data: bytes, file: PostFile, warn: Warn) -> Reading:
    """The articles of a table. The delimiter is the one that its first row has most of.

    Raises : CorpusError if the first row does not name a title or a text
    """
    text = text_of(data, file, warn).replace("\0", "")
    head = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=head.count) if file.id.lower()[-4:] != ".tsv" or "\t" not in head else "\t"
    csv.field_size_limit(max(csv.field_size_limit(), _MOST_FIELD_CHARS))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [name.strip() for name in next(iter(rows), [])]
    if not says_something(names):
        raise CorpusError(file.path, f"line 1 does not name the columns: {expected_text(names)}")
    kind = {",": "commas", "\t": "tabs", ";": "semicolons"}.get(delimiter, delimiter)
    return Reading(f"table with {kind}, columns {', '.join(names)[:200]}", _rows(rows, names, file))


def _rows(rows: Iterator[list[str]], names: list[str], file: PostFile) -> Iterator[Entry]:
    ids = EntryIds(file.id)
    while True:
        line = rows.line_num + 1  # type: ignore[attr-defined]  # csv.reader has it
        where = f"{file.path}:{line}"
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Entry(Failure(where, f"no row that can be read: {error}"))
            continue
        if not any(row):
            continue
        if len(row) > len(names) and any(row[len(names) :]):
            yield Entry(Failure(where, f"has {len(row)} values for {len(names)} columns"), row)
            continue
        record: dict[str, object] = {name: value for name, value in zip(names, row, strict=False) if name and value}
        yield record_entry(record, ids=ids, path=file.path, where=where)
