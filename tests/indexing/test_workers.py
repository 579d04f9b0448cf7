"""Where tasks are done: in this process, in its threads, or in worker processes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch import Article, kernels
from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.indexing import workers

MANY = workers.MIN_ARTICLES_FOR_WORKERS + workers.CHUNK


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The jobs of each pool of worker processes."""
    pools: list[int] = []
    make = workers._workers

    def counted(jobs: int, *arguments: Any) -> Any:
        pools.append(jobs)
        return make(jobs, *arguments)

    monkeypatch.setattr(workers, "_workers", counted)
    return pools


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    folder = tmp_path / "posts"
    folder.mkdir()
    for number in range(MANY):
        (folder / f"{number:04}.md").write_text(f"第{number}篇", encoding="utf-8")
    return folder


def test_articles_at_hand_need_no_processes_where_the_kernels_are_compiled(tmp_path: Path, started: list[int]) -> None:
    if kernels.chosen().extension is None:
        pytest.skip("there are no compiled kernels here")
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        assert index.add([Article(str(number), f"第{number}篇") for number in range(MANY)], jobs=2).added == MANY
    assert started == []


def test_without_compiled_kernels_they_do(tmp_path: Path, started: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WordTokenizer, "compiled", None)
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        assert index.add([Article(str(number), f"第{number}篇") for number in range(MANY)], jobs=2).added == MANY
    assert started == [2]


def test_files_are_read_by_processes(tmp_path: Path, posts: Path, started: list[int]) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        assert index.update(posts, jobs=2).added == MANY
    assert started == [2]


def test_the_environment_of_workers_is_ours_where_nobody_has_said_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    analyzer = ChineseAnalyzer()
    with workers._workers(1, analyzer.identity, analyzer.user_dictionary) as executor:
        names = ("MALLOC_TRIM_THRESHOLD_", "OPENBLAS_NUM_THREADS")
        found = [executor.submit(os.getenv, name).result() for name in names]
    assert found == [workers.ENVIRONMENT["MALLOC_TRIM_THRESHOLD_"], "3"]
