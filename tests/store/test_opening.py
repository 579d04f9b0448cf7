"""What opening an index reads, and how often."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.engine.commit import commits
from cnsearch.store.opening import Store
from cnsearch.store.schema import ArticleSchema
from cnsearch.store.transaction import begin


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(Article(id="1", title="数字化", paragraphs=("上海的企业数字化转型",)))
    return tmp_path / "index"


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a folder is listed, a table of contents decoded, a schema made."""
    counts: Counter[str] = Counter()

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            counts[name] += 1
            return function(*args, **kwargs)

        return call

    monkeypatch.setattr(os, "listdir", counted("listed", os.listdir))
    monkeypatch.setattr(os, "scandir", counted("listed", os.scandir))
    monkeypatch.setattr(commits, "decode_toc", counted("decoded", commits.decode_toc))
    monkeypatch.setattr(ArticleSchema, "__init__", counted("schemas", ArticleSchema.__init__))
    return counts


def test_opening_reads_everything_once(path: Path, done: Counter[str]) -> None:
    with cnsearch.open_index(path) as index:
        assert done == {"listed": 1, "decoded": 1, "schemas": 1}
        assert len(index) == 1


def test_opening_or_creating_reads_everything_once_where_there_is_an_index(path: Path, done: Counter[str]) -> None:
    with cnsearch.open_index(path, create=True):
        assert done == {"listed": 1, "decoded": 1, "schemas": 1}


def test_refresh_without_a_new_commit_only_lists_the_folder(path: Path, done: Counter[str]) -> None:
    with cnsearch.open_index(path) as index:
        done.clear()
        assert not index.refresh()
        assert done == {"listed": 1}


def test_refresh_to_a_new_commit_decodes_it_once(path: Path, done: Counter[str]) -> None:
    with cnsearch.open_index(path) as index, cnsearch.open_index(path) as other:
        other.add(Article(id="2", title="新能源"))
        done.clear()
        assert index.refresh()
        assert done == {"listed": 2, "decoded": 1, "schemas": 1}  # is it another? which is the last?
        assert len(index) == 2


def test_a_snapshot_is_the_last_commit_unless_the_opened_one_is_asked_for(path: Path) -> None:
    def num_articles(store: Store, **options: bool) -> int:
        with closing(store.snapshot(**options)) as snapshot:
            return snapshot.num_live_docs

    one, other, third = (Store.open(path) for _ in range(3))
    with cnsearch.open_index(path) as index:
        index.add(Article(id="2", title="新能源"))
    assert num_articles(one) == 2
    assert num_articles(other, as_opened=True) == 1
    assert num_articles(other, as_opened=True) == 2  # it is given once
    begin(Store.open(path)).settle(100)
    assert num_articles(third, as_opened=True) == 2  # its file was taken away: then the last one is opened
