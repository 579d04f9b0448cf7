"""Articles from records of JSON Lines."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import IOBase

from cnsearch.corpus.clean import CleanBody, clean_html, clean_text, clean_title
from cnsearch.corpus.dates import date_from_epoch, parse_date
from cnsearch.corpus.decoding import undecodable
from cnsearch.corpus.metadata import before_dash
from cnsearch.corpus.reader import too_large
from cnsearch.corpus.text import one_line
from cnsearch.errors import CorpusError
from cnsearch.limits import DEFAULT_LIMITS
from cnsearch.model import Article, Failure


def article_from_record(record: object, *, where: str) -> Article:
    """The article of one record of JSON Lines.

    record : an object with ``id`` (a string or an integer; the only key that must be there), ``title``, ``html`` or
             ``text`` (a paragraph a line), ``source``, ``categories`` (a list, or one string with ``/``), ``author``,
             ``date`` (ISO 8601, RFC 2822, or seconds since 1970; without a zone Beijing time), ``url``, ``path``; other
             keys are ignored, null is as if the key were not there
    where  : file and line, for messages
    Raises : CorpusError that names the key and what was found
    """
    if not isinstance(record, dict):
        raise CorpusError(where, f"not an object but {_found(record)}")
    id_ = record.get("id")
    if isinstance(id_, int) and not isinstance(id_, bool):
        id_ = str(id_)
    if not isinstance(id_, str) or not id_.strip():
        raise CorpusError(where, f'"id" must be a non-empty string, not {_found(id_)}')
    if not _is_unicode(id_):
        raise CorpusError(where, '"id" has a lone surrogate')
    if "\uffff" in id_:
        raise CorpusError(where, '"id" has U+FFFF in it, which is no character')
    title = clean_title(_string(record, "title", where))
    html = _string(record, "html", where)
    text = _string(record, "text", where)
    clean = clean_html(html, title=title) if html else clean_text(text, unwrap=False) if text else CleanBody(())
    author = one_line(_string(record, "author", where))
    return Article(
        id=id_,
        title=title or (clean.paragraphs[0][:80] if clean.paragraphs else one_line(id_)),
        paragraphs=clean.paragraphs,
        source=one_line(_string(record, "source", where)) or before_dash(author),
        categories=_record_categories(record, where),
        author=author,
        date=_record_date(record, where) or clean.date,
        url=one_line(_string(record, "url", where)),
        path=_string(record, "path", where),
    )


def _string(record: dict[object, object], key: str, where: str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise CorpusError(where, f'"{key}" must be a string, not {_found(value)}')
    return value


def _record_categories(record: dict[object, object], where: str) -> tuple[str, ...]:
    value = record.get("categories")
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.split("/")
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise CorpusError(where, f'"categories" must be a list of strings or a string, not {_found(value)}')
    return tuple(name for name in map(one_line, value) if name)


def _record_date(record: dict[object, object], where: str) -> datetime | None:
    value = record.get("date")
    if value is None or value == "":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        date = date_from_epoch(value)
    elif isinstance(value, str):
        date = parse_date(value)
    else:
        raise CorpusError(where, f'"date" must be a string or seconds since 1970, not {_found(value)}')
    return date


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _found(value: object) -> str:
    """A JSON value for a message: its type, and itself if it is short."""
    if value is None:
        return "null"
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "a list",
        dict: "an object",
    }
    shown = json.dumps(value, ensure_ascii=True, default=str)
    return f"{names.get(type(value), type(value).__name__)}: {shown if len(shown) <= 40 else shown[:37] + '...'}"


def read_jsonl(
    stream: Iterable[bytes], *, name: str, max_bytes: int = DEFAULT_LIMITS.post_bytes
) -> Iterator[Article | Failure]:
    """The articles of JSON Lines, in order; each bad line is a Failure with the path ``name:LINE`` and ends nothing.

    stream : lines as bytes, UTF-8, with or without line ends; empty ones are passed over
    name   : the file's, or ``stdin``
    max_bytes : of a line; of a longer one, which is a failure, no more is ever in memory
    """
    for number, (line, num_bytes) in enumerate(_lines(stream, max_bytes), start=1):
        where = f"{name}:{number}"
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line.strip():
            continue
        try:
            if num_bytes > max_bytes:
                raise CorpusError(where, too_large(num_bytes, max_bytes))
            yield article_from_record(_parsed(line, where), where=where)
        except CorpusError as error:
            yield Failure(where, error.reason)


def _lines(stream: Iterable[bytes], max_bytes: int) -> Iterator[tuple[bytes, int]]:
    """The lines of a stream, those with more than ``max_bytes`` cut there, and how many bytes each has."""
    if not isinstance(stream, IOBase):
        yield from ((line, len(line)) for line in stream)
        return
    most = max_bytes + 2  # and what ends it
    while line := stream.readline(most):
        num_bytes, part = len(line), line
        while len(part) == most and not part.endswith(b"\n"):
            part = stream.readline(most)
            num_bytes += len(part)
        yield line, num_bytes


def _parsed(line: bytes, where: str) -> object:
    try:
        return json.loads(line.rstrip(b"\r\n").decode("utf-8"))
    except UnicodeDecodeError as error:
        raise CorpusError(where, undecodable(error, 0)) from error
    except json.JSONDecodeError as error:
        raise CorpusError(where, f"not JSON: {error.msg} at column {error.colno}") from error
    except (RecursionError, ValueError) as error:  # nested or with digits beyond all measure
        raise CorpusError(where, f"not JSON that can be read: {error}") from error
