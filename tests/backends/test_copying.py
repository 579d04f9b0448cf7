"""Articles go from one kind of index to the other and back, with what is known of their files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import cnsearch
from cnsearch.opening import copy_index


def entries(path: str) -> dict[str, object]:
    with cnsearch.open_index(path) as index:
        found = index._backend.entries()
        return {article.id: (article, entry.root, entry.size, entry.mtime_ns, entry.digest) for article, entry in found}


def test_there_and_back_nothing_is_lost(new_url: Callable[[], str], tmp_path: Path, data: Path) -> None:
    folder, cluster, again = str(tmp_path / "a"), new_url(), str(tmp_path / "b")
    with cnsearch.open_index(folder, create=True) as index:
        index.update(data, jobs=1)
        index.add(cnsearch.Article("own", "自己的", labels={"language": ("zh",)}))
        index.add_words("蓝鲸号")
    told: list[tuple[int, int | None]] = []
    assert copy_index(folder, cluster, jobs=1, progress=lambda *done: told.append(done)).added == 49
    assert told[-1] == (49, 49)
    assert copy_index(cluster, again, jobs=1).added == 49
    assert entries(folder) == entries(cluster) == entries(again)
    for path in (cluster, again):
        with cnsearch.open_index(path) as index:
            assert list(index.user_words) == ["蓝鲸号"]
            report = index.update(data, jobs=1)  # the files are known
            assert (report.added, report.changed, report.unchanged) == (0, 0, 48)


def test_a_copy_goes_on_where_it_was(new_url: Callable[[], str], tmp_path: Path) -> None:
    folder, cluster = str(tmp_path / "a"), new_url()
    with cnsearch.open_index(folder, create=True) as index:
        index.add([cnsearch.Article(str(number), f"第{number}篇") for number in range(20)])
    with cnsearch.open_index(cluster, create=True) as index:
        index.add(
            [cnsearch.Article(str(number), f"第{number}篇") for number in range(7)] + [cnsearch.Article("x", "另")]
        )
    report = copy_index(folder, cluster, jobs=1)
    assert (report.added, report.changed, report.unchanged, report.articles) == (13, 0, 7, 21)


def test_another_dictionary_is_no_place_for_a_copy(new_url: Callable[[], str], tmp_path: Path) -> None:
    folder, cluster = str(tmp_path / "a"), new_url()
    with cnsearch.open_index(folder, create=True) as index:
        index.add_words("蓝鲸号")
    cnsearch.open_index(cluster, create=True).close()
    with pytest.raises(cnsearch.AnalyzerMismatchError):
        copy_index(folder, cluster)
    with pytest.raises(cnsearch.IndexNotFoundError):
        copy_index(os.fspath(tmp_path / "none"), cluster)
