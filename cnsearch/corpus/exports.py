"""Articles from JSON: a list of records, JSON Feed, JSON Lines, one record, or lists somewhere inside an export."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from cnsearch.corpus.entries import (
    Entry,
    EntryIds,
    Reading,
    Warn,
    expected_text,
    has_text,
    record_entry,
    text_of,
)
from cnsearch.corpus.posts import PostFile
from cnsearch.corpus.records import TEXT_NAMES
from cnsearch.errors import CorpusError, NoArticlesError
from cnsearch.model import Failure

_SPACE = re.compile(r"[ \t\r\n]*")
_BAD_BEGINNING = re.compile(r"\ufeff?[ \t\r\n]*")
_MOST_DEPTH = 4
"""Of objects around a list of records: Ghost's exports have three."""
_JSON_FEED = "https://jsonfeed.org/version/"


def read_json(data: bytes, file: PostFile, warn: Warn) -> Reading:
    """The articles of a ``.json`` file, whatever of these it is.

    Raises : CorpusError for what is no JSON, or a list of something else, with line and column; NoArticlesError for an
             object without articles (settings, translations)
    """
    text = text_of(data, file, warn)
    start = _BAD_BEGINNING.match(text).end()  # type: ignore[union-attr]  # it matches anything
    if text.startswith("[", start):
        return Reading("JSON list of records", _array(text, start, file))
    try:
        value, end = _decode(text, start, file.path)
    except CorpusError as error:
        if any(f'"{name}"' in text for name in TEXT_NAMES):
            raise
        raise NoArticlesError(file.path, error.reason) from error
    end = _SPACE.match(text, end).end()  # type: ignore[union-attr]
    if end < len(text):  # a second value: JSON Lines by another name
        return read_json_lines(data, file, warn)
    if not isinstance(value, dict):
        raise NoArticlesError(file.path, f"expected a list of records or an object, found {value!r:.40}")
    if str(value.get("version", "")).startswith(_JSON_FEED):
        return Reading("JSON Feed", _json_feed(value, file))
    if has_text(value):
        entry = record_entry(value, ids=EntryIds(file.id), id=file.id, path=file.path, where=file.path)
        return Reading("JSON record", [entry], single=True)
    inside = _lists_of_records(value)
    if not inside:
        raise NoArticlesError(file.path, f"no articles in it: {expected_text(value)}")
    name, records = max(inside, key=lambda found: len(found[1]))
    return Reading(f'JSON records in "{name}"', _records(records, file))


def read_json_lines(data: bytes, file: PostFile, warn: Warn) -> Reading:
    """A record a line; a bad line ends nothing."""
    return Reading("JSON Lines", _lines(text_of(data, file, warn), file))


def _lines(text: str, file: PostFile) -> Iterator[Entry]:
    ids = EntryIds(file.id)
    for number, line in enumerate(text.split("\n"), start=1):
        entry = line_entry(line, ids, file, f"{file.path}:{number}")
        if entry is not None:
            yield entry


def line_entry(line: str, ids: EntryIds, file: PostFile, where: str) -> Entry | None:
    """The entry of one line of JSON Lines; None for an empty one. ``where`` names it in messages."""
    line = line.removeprefix("\ufeff").strip()
    if not line:
        return None
    try:
        value, end = _decode(line, 0, where)
        if end < len(line):
            raise CorpusError(where, f"not JSON: something after the value, at column {end + 1}")
    except CorpusError as error:
        return Entry(Failure(where, error.reason), line)
    return _entry(value, ids, file, where)


def _array(text: str, start: int, file: PostFile) -> Iterator[Entry]:
    """The records of a list, each read on its own, so that those before what is no JSON are known."""
    ids = EntryIds(file.id)
    at, line, line_start = start + 1, 1 + text.count("\n", 0, start), text.rfind("\n", 0, start) + 1
    first = True
    while True:
        at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
        if text.startswith("]", at):
            return
        if not first:
            if not text.startswith(",", at):
                raise CorpusError(file.path, f'not JSON: expected "," or "]" at {_place(text, at)}')
            at = _SPACE.match(text, at + 1).end()  # type: ignore[union-attr]
        newlines = text.count("\n", line_start, at)
        if newlines:
            line, line_start = line + newlines, text.rfind("\n", line_start, at) + 1
        where = f"{file.path}:{line}:{at - line_start + 1}"
        value, at = _decode(text, at, file.path)
        yield _entry(value, ids, file, where)
        first = False


def _records(records: list[Any], file: PostFile) -> Iterator[Entry]:
    ids = EntryIds(file.id)
    for number, record in enumerate(records, start=1):
        yield _entry(record, ids, file, f"{file.path}: record {number}")


def _entry(record: object, ids: EntryIds, file: PostFile, where: str) -> Entry:
    return record_entry(record, ids=ids, path=file.path, where=where)


def _json_feed(feed: dict[str, Any], file: PostFile) -> Iterator[Entry]:
    """Version 1 and 1.1, https://www.jsonfeed.org/version/1.1/."""
    ids = EntryIds(file.id)
    items = feed.get("items")
    if not isinstance(items, list):
        raise CorpusError(file.path, 'a JSON Feed has a list "items"')
    for number, item in enumerate(items, start=1):
        where = f"{file.path}: item {number}"
        if not isinstance(item, dict):
            yield Entry(Failure(where, f"expected an object, found {item!r:.40}"), item)
            continue
        authors = item.get("authors") or feed.get("authors") or [item.get("author") or feed.get("author")]
        names = [author.get("name") for author in _list(authors) if isinstance(author, dict)]
        record = {
            "id": item.get("id"),
            "title": item.get("title"),
            "html": item.get("content_html") or None,
            "text": item.get("content_text") or item.get("summary"),
            "date": item.get("date_published") or item.get("date_modified"),
            "url": item.get("url") or item.get("external_url"),
            "tags": item.get("tags"),
            "author": ", ".join(name for name in names if isinstance(name, str)),
            "source": feed.get("title"),
        }
        kept = {name: value for name, value in record.items() if value}
        made, _ = record_entry(kept, ids=ids, path=file.path, where=where)
        yield Entry(made, item)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _lists_of_records(value: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    """The lists inside an object that begin with a record that has a text, each with the key that it stands under."""
    found: list[tuple[str, list[Any]]] = []
    level: list[tuple[str, Any]] = list(value.items())
    for _ in range(_MOST_DEPTH):
        below: list[tuple[str, Any]] = []
        for name, inner in level:
            if isinstance(inner, list) and inner and isinstance(inner[0], dict):
                if has_text(inner[0]):
                    found.append((name, inner))
                elif len(inner) == 1:
                    below += inner[0].items()
            elif isinstance(inner, dict):
                below += inner.items()
        level = below
    return found


def _decode(text: str, start: int, path: str) -> tuple[Any, int]:
    """The value that begins at ``start``, and where it ends. CorpusError names line and column."""
    try:
        return json.JSONDecoder().raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise CorpusError(path, f"not JSON: {error.msg} at {_place(text, error.pos)}") from error
    except (RecursionError, ValueError) as error:  # nested or with digits beyond all measure
        raise CorpusError(path, f"not JSON that can be read: {error} ({_place(text, start)})") from error


def _place(text: str, at: int) -> str:
    return f"line {text.count(chr(10), 0, at) + 1}, column {at - text.rfind(chr(10), 0, at)}"
