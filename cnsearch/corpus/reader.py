"""Articles from post files and from records of JSON Lines."""

from __future__ import annotations

import codecs
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import IOBase

from cnsearch.corpus.clean import CleanBody, clean_body, clean_html, clean_text, clean_title
from cnsearch.corpus.dates import date_from_epoch, parse_date
from cnsearch.corpus.front_matter import split_front_matter
from cnsearch.corpus.posts import POST_SUFFIXES, PostFile
from cnsearch.corpus.text import one_line
from cnsearch.errors import CorpusError
from cnsearch.limits import DEFAULT_LIMITS
from cnsearch.model import Article, Failure

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
#: What stands before the channel's name in some posts: ``— 资讯``, ``-  资讯``.
_DASHES = " -–—―"
_MARKDOWN_SUFFIXES = (".md", ".markdown")


def read_post(file: PostFile, *, max_bytes: int = DEFAULT_LIMITS.post_bytes) -> bytes:
    """The bytes of a post.

    Raises : CorpusError if it is gone, may not be read, is no regular file any more, or has over ``max_bytes``
    """
    # Not blocking: between the scan and now a named pipe can have taken the file's place.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(file.path, flags)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise CorpusError(file.path, "not a file any more")
            if status.st_size > max_bytes:
                raise CorpusError(file.path, _too_large(status.st_size, max_bytes))
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                data = stream.read(max_bytes + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        raise CorpusError(file.path, "vanished since it was found") from error
    except PermissionError as error:
        raise CorpusError(file.path, "permission denied") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CorpusError(file.path, f"cannot be read: {reason}") from error
    if len(data) > max_bytes:  # it grew
        raise CorpusError(file.path, _too_large(len(data), max_bytes))
    return data


def _too_large(num_bytes: int, max_bytes: int) -> str:
    return f"too large: {num_bytes / 2**20:.1f} MiB, the limit is {max_bytes / 2**20:.4g} MiB (--max-post-mb)"


def article_from_post(data: bytes, *, id: str, path: str = "") -> Article:
    """The article of a post file.

    data : the file
    id   : the article's; its last part names an article whose front matter has no title
    path : where the file lies, for the article and for messages
    Raises : CorpusError if ``data`` is not text in UTF-8, UTF-16 (with a byte order mark) or GB18030, or is empty
    """
    text = _decoded(data, path or id)
    if not text or text.isspace():
        raise CorpusError(path or id, "the file is empty")
    matter, body = split_front_matter(text)
    name = id.rstrip("/").rpartition("/")[2]
    suffix = next((suffix for suffix in POST_SUFFIXES if name.lower().endswith(suffix)), "")
    title = one_line(matter.text("title")) or one_line(name[: len(name) - len(suffix)]) or one_line(name)
    clean = clean_body(body, title=title, markdown=suffix in _MARKDOWN_SUFFIXES)
    author = one_line(matter.text("author"))
    categories, source = _categories(matter.get("categories", []))
    return Article(
        id=id,
        title=title,
        paragraphs=clean.paragraphs,
        source=source or _before_dash(author),
        categories=categories,
        author=author,
        date=parse_date(matter.text("date")) or clean.date,
        url=one_line(matter.text("url") or matter.text("link")),
        path=path,
    )


def _categories(raw: list[str]) -> tuple[tuple[str, ...], str]:
    """Topic, source and channel as written, and the source, from the front matter's list.

    The oldest posts have two items, ``topic`` and ``source - channel``.
    """
    items = [name for name in (one_line(item).lstrip(_DASHES) for item in raw) if name]
    if len(items) < 2:
        return tuple(items), ""
    source = _before_dash(items[1])
    if len(items) == 2 and source != items[1]:
        channel = items[1].partition(" - ")[2].lstrip(_DASHES)
        items[1:] = [source, channel] if channel else [source]
    return tuple(items), source


def _before_dash(name: str) -> str:
    return name.partition(" - ")[0].strip()


def _decoded(data: bytes, name: str) -> str:
    """``data`` as text; CorpusError if it is none."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                text = data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise CorpusError(name, _undecodable(error, len(mark))) from error
            break
    else:
        text = _without_mark(data, name)
    num_controls = len(text) - len(_CONTROL.sub("", text))  # a list of them would take 80 bytes for each
    if "\0" in text or num_controls * 20 > len(text):
        raise CorpusError(name, "not text")
    return text


def _without_mark(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.start:  # cut in the middle of a character
            return data[: error.start].decode("utf-8")
        if b"\0" in data:
            raise CorpusError(name, "not text") from error
        replaced = data.decode("utf-8", "replace")
        num_bad = replaced.count("\ufffd")
        num_good = len(_ASCII.sub("", replaced)) - num_bad
        try:
            if num_good > 3 * num_bad:  # UTF-8 with damage; GB18030 would make other Chinese words of it
                raise CorpusError(name, _undecodable(error, 0)) from error
            return data.decode("gb18030")
        except UnicodeDecodeError:
            raise CorpusError(name, _undecodable(error, 0)) from error


_ASCII = re.compile("[\x00-\x7f]+")


def _undecodable(error: UnicodeDecodeError, offset: int) -> str:
    return (
        f"undecodable: byte 0x{error.object[error.start]:02x} at offset {error.start + offset} is not {error.encoding}"
    )


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
        source=one_line(_string(record, "source", where)) or _before_dash(author),
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
                raise CorpusError(where, _too_large(num_bytes, max_bytes))
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
        raise CorpusError(where, _undecodable(error, 0)) from error
    except json.JSONDecodeError as error:
        raise CorpusError(where, f"not JSON: {error.msg} at column {error.colno}") from error
    except (RecursionError, ValueError) as error:  # nested or with digits beyond all measure
        raise CorpusError(where, f"not JSON that can be read: {error}") from error
