"""Which reader takes a file: by what its name ends in, and by what is in it. Readers of other packages come in here.

A package adds one by an entry point of the group ``cnsearch.readers``, whose name is the ending and whose value is a
function ``read(data: bytes, context: cnsearch.ReaderContext) -> Iterable[cnsearch.Article | cnsearch.Failure]``::

    [project.entry-points."cnsearch.readers"]
    ".epub" = "cnsearch_epub:read"

It takes the place of a reader of ours for the same ending, and runs in the worker processes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from cnsearch.corpus.entries import ENTRY_MARK, Entry, EntryIds, Reading, ReadOptions, Warn, finished
from cnsearch.corpus.exports import read_json, read_json_lines
from cnsearch.corpus.feeds import read_feed
from cnsearch.corpus.org import read_org
from cnsearch.corpus.posts import POST_SUFFIXES, PostFile
from cnsearch.corpus.reader import article_from_post
from cnsearch.corpus.split import read_split, splits
from cnsearch.corpus.tables import read_table
from cnsearch.errors import CorpusError
from cnsearch.model import Article, Failure, ReaderContext

GROUP = "cnsearch.readers"

_READERS: dict[str, Callable[[bytes, PostFile, Warn], Reading]] = {
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".csv": read_table,
    ".tsv": read_table,
    ".xml": read_feed,
    ".rss": read_feed,
    ".atom": read_feed,
    ".rdf": read_feed,
    ".org": read_org,
}
#: A feed that was saved under another name.
_FEED = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<\?[^>]{0,500}>\s*|<!--.{0,2000}?-->\s*)*<(?:rss|feed|rdf:RDF)[\s>]"
)


def suffixes() -> tuple[str, ...]:
    """What the names of files end in (lower case) that can be read."""
    return tuple(dict.fromkeys((*POST_SUFFIXES, *_READERS, *_plug_ins())))


def read_file(data: bytes, file: PostFile, options: ReadOptions, warn: Warn = lambda warning: None) -> Reading:
    """The articles of a file. An article's id is the file's, or that of an entry of it.

    Raises : CorpusError if it cannot be read; NoArticlesError if it is of a kind that often holds something else
    """
    reading = _read(data, file, options, warn)
    return Reading(reading.how, finished(reading.entries, options), reading.single)


def is_plugged_in(file: PostFile) -> bool:
    """Whether the reader of a file is another package's."""
    return file.id.lower().endswith(tuple(_plug_ins()))


def _read(data: bytes, file: PostFile, options: ReadOptions, warn: Warn = lambda warning: None) -> Reading:
    name = file.id.lower()
    for suffix, entry_point in _plug_ins().items():
        if name.endswith(suffix):
            return Reading(f"by {entry_point.value}", _plugged_in(entry_point, suffix, data, file, options))
    if options.split and splits(name, options.split):
        return read_split(data, file, options.split, warn)
    for suffix, read in _READERS.items():
        if name.endswith(suffix):
            return read(data, file, warn)
    if not name.endswith((".md", ".markdown", ".mdx")) and _FEED.match(data[:8000]):
        return read_feed(data, file, warn)
    return Reading(
        _post_kind(name), [Entry(article_from_post(data, id=file.id, path=file.path, warn=warn))], single=True
    )


def _post_kind(name: str) -> str:
    if name.endswith((".md", ".markdown")):
        return "Markdown"
    if name.endswith(".mdx"):
        return "Markdown with components"
    return "text" if name.endswith(".txt") else "HTML"


# Readers of other packages


@cache
def _plug_ins() -> dict[str, EntryPoint]:
    """By ending; of two for one ending the first by name of its function."""
    found = sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value), reverse=True)
    return {("." + point.name.lstrip(".")).lower(): point for point in found}


def _plugged_in(point: EntryPoint, suffix: str, data: bytes, file: PostFile, options: ReadOptions) -> Iterator[Entry]:
    context = ReaderContext(id=file.id, path=file.path, source=options.source, max_bytes=options.max_bytes)
    ids = EntryIds(file.id)
    try:
        read = _loaded(point)
    except Exception as error:  # whatever a foreign package raises
        raise CorpusError(
            file.path, f"the reader of {suffix} ({point.value}) cannot be loaded: {_said(error)}"
        ) from error
    try:
        for made in _several(read(data, context)):
            if isinstance(made, Failure):
                yield Entry(made)
            elif isinstance(made, Article):
                yield Entry(_of_file(made, file, ids))
            else:
                raise TypeError(f"gave {made!r:.80}, neither an Article nor a Failure")
    except CorpusError:
        raise
    except Exception as error:
        raise CorpusError(file.path, f"the reader of {suffix} ({point.value}) failed: {_said(error)}") from error


def _of_file(article: Article, file: PostFile, ids: EntryIds) -> Article:
    """The article with an id below that of its file, and the file's path."""
    id_ = article.id
    if id_ != file.id:
        id_ = ids.of(id_.removeprefix(file.id + ENTRY_MARK))
    return replace(article, id=id_, path=article.path or file.path)


@cache
def _loaded(point: EntryPoint) -> Callable[[bytes, ReaderContext], Any]:
    read = point.load()
    if not callable(read):
        raise TypeError(f"{point.value} is no function")
    return read  # type: ignore[no-any-return]  # whatever it is


def _several(made: Any) -> Iterable[Any]:
    return [made] if isinstance(made, (Article, Failure)) else made


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
