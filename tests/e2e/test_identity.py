"""Another index in the place of the one that was opened: swapped, restored, built anew, or gone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.store.opening import Store


def make(path: Path, *titles: str) -> Path:
    with cnsearch.open_index(path, create=True) as index:
        for title in titles:
            index.add(Article(id=title, title=title))
    return path


def titles(index: cnsearch.Index) -> list[str]:
    return sorted(hit.title for hit in index.search("*", limit=100))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make(tmp_path / "index", "江豚", "白鲟")


@pytest.fixture
def index(path: Path) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(path) as index:
        yield index


def swapped(path: Path) -> None:
    make(path.with_name("other"), "麋鹿", "丹顶鹤")  # as many commits
    path.rename(path.with_name("old"))
    path.with_name("other").rename(path)


def swapped_by_a_link(path: Path) -> None:
    make(path.with_name("other"), "麋鹿", "丹顶鹤")
    path.rename(path.with_name("old"))
    path.symlink_to(path.with_name("other"))


def built_anew(path: Path) -> None:
    shutil.rmtree(path)
    make(path, "麋鹿", "丹顶鹤")


@pytest.mark.parametrize("replace", [swapped, swapped_by_a_link, built_anew])
def test_another_index_in_the_same_place_is_seen(
    index: cnsearch.Index, path: Path, replace: Callable[[Path], None]
) -> None:
    """It had as many commits, and was never seen."""
    assert not index.refresh()
    replace(path)
    assert titles(index) == ["江豚", "白鲟"]  # what is open stays
    assert index.refresh()
    assert titles(index) == ["丹顶鹤", "麋鹿"]
    assert not index.refresh()


@pytest.mark.parametrize("replace", [swapped, swapped_by_a_link, built_anew])
def test_nothing_is_written_into_another_index_unseen(
    index: cnsearch.Index, path: Path, replace: Callable[[Path], None], data: Path
) -> None:
    replace(path)
    new = Article(id="new", title="扬子鳄")
    for write in (
        lambda: index.add(new),
        lambda: index.delete("麋鹿"),
        lambda: index.update(data, jobs=1),
        lambda: index.add_words("扬子鳄"),
    ):
        with pytest.raises(cnsearch.IndexReplacedError) as caught:
            write()
        assert caught.value.path == str(path)
        assert caught.value.code == "index_replaced"
    with cnsearch.open_index(path) as other:
        assert titles(other) == ["丹顶鹤", "麋鹿"]
    assert index.refresh()
    assert index.add(new).added == 1
    assert titles(index) == ["丹顶鹤", "扬子鳄", "麋鹿"]


def test_an_index_restored_from_a_snapshot_is_seen(index: cnsearch.Index, path: Path, tmp_path: Path) -> None:
    index.snapshot(tmp_path / "backup")
    index.add(Article(id="new", title="扬子鳄"))
    shutil.rmtree(path)
    shutil.copytree(tmp_path / "backup", path)
    assert index.refresh()
    assert titles(index) == ["江豚", "白鲟"]
    index.add(Article(id="third", title="麋鹿"))  # it is the same index, as it was
    assert titles(index) == ["江豚", "白鲟", "麋鹿"]


def test_a_restored_index_with_as_many_commits_is_seen(index: cnsearch.Index, path: Path, tmp_path: Path) -> None:
    index.snapshot(tmp_path / "backup")
    index.add(Article(id="new", title="扬子鳄"))
    with cnsearch.open_index(tmp_path / "backup") as backup:
        backup.add(Article(id="new", title="麋鹿"))
    shutil.rmtree(path)
    (tmp_path / "backup").rename(path)
    assert index.refresh()
    assert titles(index) == ["江豚", "白鲟", "麋鹿"]


def test_a_rebuild_is_seen_and_written_to(index: cnsearch.Index, path: Path, data: Path) -> None:
    """It is the same index: a server that has it open goes on."""
    cnsearch.rebuild_index(path, jobs=1)[0].close()
    index.add(Article(id="new", title="扬子鳄"))
    assert titles(index) == ["扬子鳄", "江豚", "白鲟"]


def test_each_index_has_an_identity_which_its_commits_keep(tmp_path: Path) -> None:
    one, two = (make(tmp_path / name, "江豚") for name in "ab")
    first = Store.open(one).commits.identity
    assert len(first) == 32
    assert Store.open(two).commits.identity != first
    make(one, "白鲟")
    assert Store.open(one).commits.identity == first


CALLS: list[Callable[[cnsearch.Index, Path], Any]] = [
    lambda index, data: index.search("江豚"),
    lambda index, data: index.similar("江豚"),
    lambda index, data: index.get("江豚"),
    lambda index, data: index.suggest("江"),
    lambda index, data: index.analyze("江豚"),
    lambda index, data: len(index),
    lambda index, data: index.stats(),
    lambda index, data: index.verify(),
    lambda index, data: index.refresh(),
    lambda index, data: index.user_words,
    lambda index, data: index.snapshot(data.parent / "never"),
    lambda index, data: index.add(Article(id="a", title="b")),
    lambda index, data: index.delete("江豚"),
    lambda index, data: index.update(data, jobs=1),
    lambda index, data: index.add_words("江豚"),
    lambda index, data: index.remove_words("江豚"),
    lambda index, data: next(iter(index.watch())),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_lost_folder_is_said_in_each_call(
    index: cnsearch.Index, path: Path, tmp_path: Path, call: Callable[[cnsearch.Index, Path], Any]
) -> None:
    posts = tmp_path / "posts"
    posts.mkdir()
    shutil.rmtree(path)
    with pytest.raises(cnsearch.IndexNotFoundError, match="gone") as caught:
        call(index, posts)
    assert caught.value.path == str(path)
    assert not path.exists()


def test_an_emptied_folder_is_said(index: cnsearch.Index, path: Path) -> None:
    for file in path.iterdir():
        file.unlink()
    for call in (index.refresh, lambda: index.add(Article(id="a", title="b"))):
        with pytest.raises(cnsearch.IndexNotFoundError):
            call()
