"""Articles from post files."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO

from cnsearch.corpus.clean import clean_body
from cnsearch.corpus.dates import BEIJING
from cnsearch.corpus.decoding import decode
from cnsearch.corpus.descriptions import looks_locked, with_descriptions, without_ciphers
from cnsearch.corpus.forms import Form
from cnsearch.corpus.front_matter import split_front_matter
from cnsearch.corpus.metadata import distinct_tags, metadata_of
from cnsearch.corpus.names import date_of_name, in_drafts, month_of_folders, name_of, title_of_name
from cnsearch.corpus.notes import hashtags
from cnsearch.corpus.page import Page, is_page, read_page
from cnsearch.corpus.posts import POST_SUFFIXES, PostFile
from cnsearch.errors import CorpusError, NoArticlesError
from cnsearch.limits import DEFAULT_LIMITS
from cnsearch.model import Article, Failure

_FORMS = {".md": Form.MARKDOWN, ".markdown": Form.MARKDOWN, ".mdx": Form.MDX, ".txt": Form.TEXT}


@contextmanager
def opened_post(file: PostFile) -> Iterator[BinaryIO]:
    """A post as a stream of bytes.

    Raises : CorpusError if it is gone, may not be read, or is no regular file any more; also for what goes wrong while
             it is read
    """
    # Not blocking: between the scan and now a named pipe can have taken the file's place.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(file.path, flags)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise CorpusError(file.path, "not a file any more")
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                yield stream
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        raise CorpusError(file.path, "vanished since it was found") from error
    except PermissionError as error:
        raise CorpusError(file.path, "permission denied") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CorpusError(file.path, f"cannot be read: {reason}") from error


def read_post(file: PostFile, *, max_bytes: int = DEFAULT_LIMITS.post_bytes) -> bytes:
    """The bytes of a post.

    Raises : CorpusError as ``opened_post``, or if it has over ``max_bytes``
    """
    with opened_post(file) as stream:
        size = os.fstat(stream.fileno()).st_size
        data = stream.read(max_bytes + 1) if size <= max_bytes else b""
    if size > max_bytes or len(data) > max_bytes:  # it may have grown
        raise CorpusError(file.path, too_large(max(size, len(data)), max_bytes))
    return data


def too_large(num_bytes: int, max_bytes: int) -> str:
    """For messages: what is wrong with a file or record of so many bytes."""
    return f"too large: {num_bytes / 2**20:.1f} MiB, the limit is {max_bytes / 2**20:.4g} MiB (post_bytes)"


def article_from_post(
    data: bytes,
    *,
    id: str,
    path: str = "",
    default_source: str = "",
    warn: Callable[[Failure], object] = lambda warning: None,
) -> Article:
    """The article of a post file.

    data           : the file; an empty one is an article that has its file's name as title and no text
    id             : the article's; its last part names an article that has no title of its own
    path           : where the file lies, for the article and for messages
    default_source : of an article that names none
    warn           : is told what could not be read as it was written (undecodable bytes, a front matter that would
                     expand); the article is read all the same
    Raises : CorpusError if ``data`` is not text in an encoding that `decode` knows, or its front matter is too large
    """
    decoded = decode(data, path or id)
    matter, body = split_front_matter(decoded.text)
    if matter.too_large:
        raise CorpusError(path or id, matter.too_large)
    for warning in filter(None, (decoded.warning, matter.refused)):
        warn(Failure(path or id, warning))
    known = metadata_of(matter)
    name = name_of(id, POST_SUFFIXES)
    suffix = next((suffix for suffix in POST_SUFFIXES if id.lower().endswith(suffix)), "")
    form = _FORMS.get(suffix, Form.HTML)
    markdown = form in (Form.MARKDOWN, Form.MDX)
    page = read_page(body, name=id) if is_page(body) else Page()
    if page.passed:
        raise NoArticlesError(path or id, page.passed)
    title = known.title or page.title
    clean = page.clean or clean_body(body, title=title or ("" if markdown else title_of_name(name)), form=form)
    title = title or clean.title
    tags = known.tags
    if markdown and not body.startswith("<", len(body) - len(body.lstrip())):
        tags = distinct_tags((*tags, *hashtags(body)))
    clean = with_descriptions(clean, known.descriptions, title)
    if known.locked or looks_locked(body):
        clean = without_ciphers(clean)
    return Article(
        id=id,
        title=title or title_of_name(name),
        paragraphs=clean.paragraphs,
        source=known.source or default_source or page.source,
        categories=known.categories,
        author=known.author or page.author,
        date=known.date
        or page.date
        or _date_of_text(clean.date, date_of_name(id, name), markdown)
        or known.changed
        or month_of_folders(id),
        url=known.url or page.url,
        path=path,
        tags=tags,
        draft=known.draft or in_drafts(id),
        headings=clean.headings,
    )


def _date_of_text(said: datetime | None, named: datetime | None, markdown: bool) -> datetime | None:
    """The date that the text says or the one of the file's name: the text's where it is a page's own (``<time>``), or
    tells the time of the same day."""
    if said is None or named is None:
        return said or named
    same_day = said.astimezone(BEIJING).date() == named.astimezone(BEIJING).date()
    return said if same_day or not markdown else named
