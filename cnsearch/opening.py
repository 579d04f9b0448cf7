"""``open_index`` and ``rebuild_index``: how one comes by an ``Index``, whatever back end its path means."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from cnsearch.backends import choice, copying
from cnsearch.backends.base import Options
from cnsearch.backends.writing import Paths, Progress, Split, Writing, listed, loaded, path_settings
from cnsearch.index import Index
from cnsearch.limits import DEFAULT_LIMITS, Limits
from cnsearch.model import UpdateReport, VerifyReport
from cnsearch.query import dates
from cnsearch.query.synonyms import Synonyms


def index_exists(path: str | os.PathLike[str]) -> bool:
    """Whether there is an index at a path, or what is left of one, or one that is not ours."""
    return choice.exists(path)


def open_index(
    path: str | os.PathLike[str] = "index",
    *,
    create: bool = False,
    user_dict: str | os.PathLike[str] | None = None,
    engine: str | None = None,
    time_zone: str | tzinfo = dates.DEFAULT_ZONE,
    synonyms: str | os.PathLike[str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Index:
    """Open the index at ``path``: a folder, or an address on an OpenSearch cluster
    (``opensearch+https://host:9200/name``, with the package's extra ``opensearch``; docs/en/cluster.md).

    create    : make an empty one if there is none
    user_dict : a dictionary file in jieba's format (``word [frequency] [tag]`` a line) for a new index; for an
                existing one, what it must have been built with
    engine    : "rjieba" or "jieba" for a new index; None takes the preferred one that is installed
    time_zone : in which dates are shown, and read in filters
    synonyms  : a file of words that find one another, a group a line, for the queries of this ``Index``
    limits    : how much is taken of a post and of a query

    Raises IndexNotFoundError, IndexFormatError, AnalyzerMismatchError (another user dictionary), CorruptIndexError,
    CorpusError (a bad dictionary or file of synonyms).
    """
    options = Options(dates.time_zone(time_zone), Synonyms() if synonyms is None else Synonyms.load(synonyms), limits)
    return Index(choice.open_backend(path, options, create=create, words=loaded(user_dict), engine=engine))


def rebuild_index(
    path: str | os.PathLike[str],
    paths: Paths = (),
    *,
    user_dict: str | os.PathLike[str] | None = None,
    engine: str | None = None,
    time_zone: str | tzinfo = dates.DEFAULT_ZONE,
    limits: Limits = DEFAULT_LIMITS,
    jobs: int | None = None,
    wait: float | None = None,
    progress: Progress | None = None,
    exclude: str | Sequence[str] | None = None,
    split: Split | None = None,
    source: str | None = None,
    drafts: bool | None = None,
) -> tuple[Index, UpdateReport]:
    """Build the index anew beside the old one, which stays readable until the new one takes its place in one commit.

    The posts below ``paths`` (none: the folders indexed before) are read again; articles that did not come from files
    are carried over. Without ``user_dict`` the index keeps the dictionary that it has. An index that cannot be read at
    all is replaced all the same, if ``paths`` are given; one of another program never is. The last four arguments are
    those of ``Index.update``.
    """
    backend, report = choice.rebuild_backend(
        path,
        Options(dates.time_zone(time_zone), limits=limits),
        listed(paths),
        path_settings(exclude, split, source, drafts),
        Writing(jobs, wait=wait, progress=progress),
        words=loaded(user_dict),
        engine=engine,
    )
    return Index(backend), report


def whoosh_reader(path: str | os.PathLike[str] = "index") -> Any:
    """A reader of Whoosh's (``whoosh.reading.IndexReader``) over the last commit of the index in the folder ``path``:
    for Whoosh's searchers, queries and parsers. Close it when done.

        with cnsearch.whoosh_reader("index") as reader:
            searcher = whoosh.searching.Searcher(reader)
            query = whoosh.qparser.QueryParser("body", reader.schema).parse("数字化转型")
            hits = searcher.search(query)

    The fields of ``reader.schema`` have the analyzers with which the articles were indexed. title, tags and body have
    words; title_chars, tags_chars and body_chars have bigrams; source, category, author, tag and label have values,
    folded. No field has positions, so Whoosh finds no phrases. What ``Index.search`` adds (which documents are hits,
    exact texts, closeness) is not in it.

    Raises IndexNotFoundError, IndexFormatError, AnalyzerMismatchError, CorruptIndexError.
    """
    from cnsearch.store import whoosh_view  # Whoosh's half takes as long to load as a search

    return whoosh_view.whoosh_reader(path)


def copy_index(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    jobs: int | None = None,
    wait: float | None = None,
    progress: Progress | None = None,
) -> UpdateReport:
    """Bring every article of the index ``source`` into ``target``, which is made if it is not there; each is a folder
    or an address. What is there and equal is left alone, so a copy that was ended goes on."""
    return copying.copy_index(source, target, Writing(jobs, wait=wait, progress=progress))


def verify_index(path: str | os.PathLike[str], *, deep: bool = False) -> VerifyReport:
    """``Index.verify`` of an index that may be too damaged to be opened."""
    return choice.verify(path, deep=deep)
