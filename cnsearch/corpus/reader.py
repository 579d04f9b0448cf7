"""Articles from post files."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from cnsearch.corpus.clean import clean_body
from cnsearch.corpus.dates import parse_date
from cnsearch.corpus.decoding import decode
from cnsearch.corpus.front_matter import split_front_matter
from cnsearch.corpus.posts import POST_SUFFIXES, PostFile
from cnsearch.corpus.text import one_line
from cnsearch.errors import CorpusError
from cnsearch.limits import DEFAULT_LIMITS
from cnsearch.model import Article, Failure

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
                raise CorpusError(file.path, too_large(status.st_size, max_bytes))
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
        raise CorpusError(file.path, too_large(len(data), max_bytes))
    return data


def too_large(num_bytes: int, max_bytes: int) -> str:
    return f"too large: {num_bytes / 2**20:.1f} MiB, the limit is {max_bytes / 2**20:.4g} MiB (post_bytes)"


def article_from_post(
    data: bytes, *, id: str, path: str = "", warn: Callable[[Failure], object] = lambda warning: None
) -> Article:
    """The article of a post file.

    data : the file
    id   : the article's; its last part names an article whose front matter has no title
    path : where the file lies, for the article and for messages
    warn : is told what could not be read as it was written (undecodable bytes); the article is read all the same
    Raises : CorpusError if ``data`` is not text in an encoding that `decode` knows, or is empty
    """
    decoded = decode(data, path or id)
    if decoded.warning:
        warn(Failure(path or id, decoded.warning))
    text = decoded.text
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
        source=source or before_dash(author),
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
    source = before_dash(items[1])
    if len(items) == 2 and source != items[1]:
        channel = items[1].partition(" - ")[2].lstrip(_DASHES)
        items[1:] = [source, channel] if channel else [source]
    return tuple(items), source


def before_dash(name: str) -> str:
    return name.partition(" - ")[0].strip()
