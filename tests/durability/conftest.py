"""What an index holds, to compare it before and after whatever happened to it."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch.analysis import tokenizer

QUERIES = ("上海", '"数字化"', "转型 -北京", "title:第", "a*", "*")

SOAK = bool(os.environ.get("CNSEARCH_SOAK"))
"""Whether to run every case (make soak); otherwise a sample."""


@pytest.fixture(scope="session", autouse=True)
def _dictionaries_are_read_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizer, "_load_rjieba", functools.cache(tokenizer._load_rjieba))
        yield


@pytest.fixture(scope="session")
def soak() -> bool:
    return SOAK


def _contents(path: Path) -> Any:
    """Everything that the index at ``path`` shows: articles, hits with their scores and snippets, counts.

    None if there is no index. Raises what opening and reading raise.
    """
    try:
        index = cnsearch.open_index(path)
    except cnsearch.IndexNotFoundError:
        return None
    with index:
        return shown(index)


def shown(index: cnsearch.Index) -> Any:
    snapshot = index._backend.current().snapshot
    articles = {article_id: snapshot.article(entry.number) for article_id, entry in snapshot.indexed().items()}
    hits = [
        [(hit.id, round(hit.score, 6), hit.title, hit.snippet.text()) for hit in index.search(query, limit=50)]
        for query in QUERIES
    ]
    stats = index.stats()
    return articles, [sorted(found) for found in hits], stats["articles"], stats["sources"], stats["categories"]


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], Any]:
    return _contents
