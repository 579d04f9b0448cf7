"""Articles from records: objects of JSON, rows, and what library users have in hand."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from io import IOBase
from typing import Any

from cnsearch.corpus.clean import CleanBody, clean_html, clean_markdown, clean_text, clean_title
from cnsearch.corpus.dates import BEIJING, date_from_epoch, date_of, parse_date
from cnsearch.corpus.decoding import undecodable
from cnsearch.corpus.descriptions import with_descriptions
from cnsearch.corpus.keys import bare
from cnsearch.corpus.metadata import (
    AUTHOR_KEYS,
    CATEGORY_KEYS,
    CHANGE_KEYS,
    DATE_KEYS,
    DESCRIPTION_KEYS,
    SITE_KEYS,
    SOURCE_KEYS,
    TAG_KEYS,
    TITLE_KEYS,
    URL_KEYS,
    distinct_tags,
    split_categories,
    split_labels,
)
from cnsearch.corpus.reader import too_large
from cnsearch.corpus.text import one_line
from cnsearch.corpus.values import strings
from cnsearch.errors import CorpusError
from cnsearch.limits import DEFAULT_LIMITS
from cnsearch.model import Article, Failure

#: What of an article each key gives, under the names that exports use (as `bare` writes them), the surest first. The
#: first name of each is ours; of a wrong type it is an error, any other name is then passed over.
_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "guid", "uuid", "docid", "articleid", "newsid", "编号"),
    "title": (*TITLE_KEYS, "name", "subject"),
    "html": ("html", "contenthtml", "htmlcontent", "bodyhtml"),
    "content": ("content", "body", "正文", "内容", "內容", "articlebody", "fulltext", "article", "文章"),
    "markdown": ("markdown", "contentmarkdown", "md"),
    "text": ("text", "contenttext", "plaintext", "文本"),
    "paragraphs": ("paragraphs",),
    "source": (*SOURCE_KEYS, "media", "媒体"),
    "site": SITE_KEYS,
    "categories": CATEGORY_KEYS,
    "tags": TAG_KEYS,
    "author": AUTHOR_KEYS,
    "date": DATE_KEYS,
    "changed": CHANGE_KEYS,
    "url": (*URL_KEYS, "href"),
    "path": ("path",),
    "description": DESCRIPTION_KEYS,
    "draft": ("draft",),
    "status": ("status",),
    "headings": ("headings",),
    "labels": ("labels",),
    "extra": ("extra",),
}
TEXT_NAMES = frozenset(
    name for field in ("html", "content", "markdown", "text", "paragraphs") for name in _NAMES[field]
)
"""Names of keys, as `bare` writes them, that hold the text of a record."""
_FIELD_OF = {name: (field, rank) for field, names in _NAMES.items() for rank, name in enumerate(names)}

#: What wraps a value in exports of MongoDB, of WordPress, and of XML that was made JSON.
_WRAPPERS = ("$oid", "$date", "$numberLong", "rendered", "#text")

#: A tag of a page: then ``content`` is HTML.
_TAG = re.compile(
    r"</?(?:p|div|br|span|a|img|h[1-6]|ul|ol|li|table|section|article|blockquote|strong|em|b|i|pre|figure|font)\b[^<>]*>",
    re.IGNORECASE,
)

_Found = dict[str, list[tuple[str, Any]]]


class WrongTypeError(CorpusError):
    """A key of a record has a value of a type that it cannot have."""


def article_from_record(
    record: object, *, where: str, default_source: str = "", time_zone: tzinfo = BEIJING
) -> Article:
    """The article of one record.

    record : an object with ``title``, ``html`` or ``content`` (HTML or text), ``text`` (a paragraph a line) or
             ``markdown``, ``source``, ``categories`` (a list, or one string with ``/``), ``tags``, ``author``, ``date``
             (as a post has it, seconds since 1970, or a date of Python), ``url``, ``path``, ``id`` (a string or an
             integer), ``labels``, ``extra``, ``draft``, or these under the usual other names; other keys are ignored,
             null is as if the key were not there. Without ``id`` it is the address, else made of title and text.
    where  : file and line, for messages
    default_source : of a record that names none
    time_zone      : of dates without one
    Raises : CorpusError that names the key and what was found
    """
    if not isinstance(record, Mapping):
        raise CorpusError(where, f"not an object but {_found(record)}")
    fields = _fields(record)
    title = clean_title(_string(fields, "title", where))
    url = one_line(_string(fields, "url", where))
    clean = _body(fields, title, where)
    title = title or clean.title
    given = clean.paragraphs
    clean = with_descriptions(clean, _descriptions(fields), title)
    id_ = _id(fields, where) or url or _made_id(title, clean, where)
    author = "、".join(_names(fields, "author", where))
    categories, source = split_categories(_categories(fields, where), author)
    try:
        return Article(
            id=id_,
            title=title or ((given or clean.paragraphs)[0][:80] if clean.paragraphs else one_line(id_)),
            paragraphs=clean.paragraphs,
            source=one_line(_string(fields, "source", where))
            or source
            or one_line(_string(fields, "site", where))
            or default_source,
            categories=categories,
            author=author,
            date=_date(fields, "date", where, time_zone) or clean.date or _date(fields, "changed", where, time_zone),
            url=url,
            path=_string(fields, "path", where),
            tags=_tags(fields),
            draft=_draft(record, fields),
            headings=clean.headings,
            labels=_mapping(fields, "labels", where),
            extra=_mapping(fields, "extra", where),
        )
    except (TypeError, ValueError) as error:
        raise CorpusError(where, str(error)) from error


def _fields(record: Mapping[Any, Any]) -> _Found:
    """What the record has for each field: keys and values, the surest key first."""
    ranked: dict[str, list[tuple[int, str, Any]]] = {}
    for key, value in record.items():
        if value is None or not isinstance(key, str) or len(key) > 60:
            continue
        place = _FIELD_OF.get(key) or _FIELD_OF.get(bare(key))
        if place is not None:
            if isinstance(value, Mapping):
                value = next((value[name] for name in _WRAPPERS if name in value), value)
            ranked.setdefault(place[0], []).append((place[1], key, value))
    return {
        field: [(key, value) for _, key, value in sorted(found, key=lambda one: one[0])]
        for field, found in ranked.items()
    }


def _string(fields: _Found, field: str, where: str) -> str:
    """The first string of a field that is not empty."""
    for key, value in fields.get(field, ()):
        if isinstance(value, str):
            if value:
                return value
        elif key == field and not (isinstance(value, Mapping) and strings(value)):
            raise WrongTypeError(where, f'"{key}" must be a string, not {_found(value)}')
        else:
            return next(iter(strings(value)), "")
    return ""


def _id(fields: _Found, where: str) -> str:
    for key, value in fields.get("id", ()):
        if isinstance(value, int) and not isinstance(value, bool):
            value = strings(value)[0]
        if not isinstance(value, str) or not value.strip():
            if key != "id":
                continue
            raise WrongTypeError(where, f'"id" must be a non-empty string, not {_found(value)}')
        if not _is_unicode(value):
            raise CorpusError(where, f'"{key}" has a lone surrogate')
        if "\uffff" in value:
            raise CorpusError(where, f'"{key}" has U+FFFF in it, which is no character')
        return value
    return ""


def _made_id(title: str, clean: CleanBody, where: str) -> str:
    """An id that is the same whenever title and text are."""
    if not title and not clean.paragraphs:
        raise CorpusError(where, 'neither "id" nor an address, a title or a text')
    text = "\n".join((title, *clean.paragraphs))
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _body(fields: _Found, title: str, where: str) -> CleanBody:
    """The text of a record, of the surest key that has one."""
    html = _string(fields, "html", where)
    if html:
        return clean_html(html, title=title)
    for _, value in fields.get("content", ()):
        text = value if isinstance(value, str) else "\n".join(strings(value))
        if text.strip():
            return clean_html(text, title=title) if _TAG.search(text) else clean_text(text, long_lines=False)
    markdown = _string(fields, "markdown", where)
    if markdown:
        return clean_markdown(markdown, title=title)
    text = _string(fields, "text", where)
    if text:
        return clean_text(text, long_lines=False)
    for key, value in fields.get("paragraphs", ()):
        if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
            raise WrongTypeError(where, f'"{key}" must be a list of strings, not {_found(value)}')
        kept = tuple(filter(None, map(one_line, value)))
        headings = next((found for _, found in fields.get("headings", ())), ())
        whole = len(kept) == len(value) and isinstance(headings, (list, tuple))
        return CleanBody(kept, headings=tuple(headings) if whole else ())
    return CleanBody(())


def _descriptions(fields: _Found) -> tuple[str, ...]:
    return tuple(value for _, value in fields.get("description", ()) if isinstance(value, str))


def _names(fields: _Found, field: str, where: str) -> list[str]:
    """The names that a field lists: a string, a list of strings, objects with a name."""
    for key, value in fields.get(field, ()):
        found = strings(value)
        if isinstance(value, bool) or (key == field and not found and value not in ("", [], ())):
            raise WrongTypeError(where, f'"{key}" must be a string, not {_found(value)}')
        names = list(dict.fromkeys(filter(None, map(one_line, found))))
        if names:
            return names
    return []


def _categories(fields: _Found, where: str) -> list[str]:
    for key, value in fields.get("categories", ()):
        several = isinstance(value, (list, tuple))
        if key == "categories" and not (
            isinstance(value, str) or (several and not any(isinstance(one, (bool, int, float)) for one in value))
        ):
            raise WrongTypeError(where, f'"categories" must be a list of strings or a string, not {_found(value)}')
        names = split_labels(strings(value), "" if several else "/,，;；")
        if names:
            return names
    return []


def _tags(fields: _Found) -> tuple[str, ...]:
    return distinct_tags(
        tag
        for _, value in fields.get("tags", ())
        for tag in split_labels(strings(value), "" if isinstance(value, (list, tuple)) else ",，;；、")
    )


def _date(fields: _Found, field: str, where: str, time_zone: tzinfo) -> datetime | None:
    for key, value in fields.get(field, ()):
        found = None
        if isinstance(value, date):
            found = date_of(value, time_zone)
        elif isinstance(value, str):
            found = parse_date(value, time_zone)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found = date_from_epoch(value)
        elif key == field:
            raise WrongTypeError(where, f'"{key}" must be a string or seconds since 1970, not {_found(value)}')
        if found is not None:
            return found
    return None


def _draft(record: Mapping[Any, Any], fields: _Found) -> bool:
    said = [str(value).lower() for field in ("draft", "status") for _, value in fields.get(field, ())]
    return bool({"true", "1", "yes", "draft"} & set(said)) or record.get("published") is False


def _mapping(fields: _Found, field: str, where: str) -> Mapping[str, Any]:
    for _, value in fields.get(field, ()):
        if not isinstance(value, Mapping):
            raise WrongTypeError(where, f'"{field}" must be an object, not {_found(value)}')
        return value
    return {}


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
    stream: Iterable[bytes], *, name: str, max_bytes: int = DEFAULT_LIMITS.post_bytes, default_source: str = ""
) -> Iterator[Article | Failure]:
    """The articles of JSON Lines, in order; each bad line is a Failure with the path ``name:LINE`` and ends nothing.

    stream : lines as bytes, UTF-8, with or without line ends; empty ones are passed over
    name   : the file's, or ``stdin``
    default_source : of records that name none
    max_bytes : of a line; of a longer one, which is a failure, no more is ever in memory
    """
    for number, (line, num_bytes) in enumerate(lines_of(stream, max_bytes), start=1):
        where = f"{name}:{number}"
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line.strip():
            continue
        try:
            if num_bytes > max_bytes:
                raise CorpusError(where, too_large(num_bytes, max_bytes))
            yield article_from_record(_parsed(line, where), where=where, default_source=default_source)
        except CorpusError as error:
            yield Failure(where, error.reason)


def lines_of(stream: Iterable[bytes], max_bytes: int) -> Iterator[tuple[bytes, int]]:
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
