"""Keeping the index up to date with folders of posts."""

from __future__ import annotations

import io
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cnsearch
from cnsearch import indexer
from cnsearch.analysis.userdict import UserDictionary

Write = Callable[..., Path]


@pytest.fixture
def posts(tmp_path: Path, write_post: Write) -> Path:
    """Three posts, old enough that their time stamps can be trusted."""
    root = tmp_path / "posts"
    for name, title in (("a.md", "上海规划"), ("sub/b.md", "北京地铁"), ("sub/c.md", "广州早茶")):
        age(write_post(root / name, title))
    return root


@pytest.fixture
def index(tmp_path: Path) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        yield index


def age(path: Path, seconds: float = 100) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def counts(report: cnsearch.UpdateReport) -> tuple[int, int, int, int, int]:
    return report.added, report.changed, report.removed, report.unchanged, len(report.failed)


def titles(index: cnsearch.Index) -> list[str]:
    return sorted(hit.title for hit in index.search("*", limit=100))


def files_of(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def test_what_is_unchanged_is_not_read(index: cnsearch.Index, posts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert counts(index.update(posts)) == (3, 0, 0, 0, 0)
    monkeypatch.setattr(indexer, "read_post", lambda post: pytest.fail(f"{post.id} was read"))
    assert counts(index.update(posts)) == (0, 0, 0, 3, 0)
    assert counts(index.update()) == (0, 0, 0, 3, 0)  # the folders indexed before


def test_touched_but_equal(index: cnsearch.Index, posts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index.update(posts)
    age(posts / "a.md", 50)
    monkeypatch.setattr(indexer, "article_from_post", lambda *args, **more: pytest.fail("was cleaned"))
    assert counts(index.update(posts)) == (0, 0, 0, 3, 0)


def test_edit_add_remove_rename(index: cnsearch.Index, posts: Path, write_post: Write) -> None:
    index.update(posts)
    age(write_post(posts / "a.md", "上海新规划"), 50)
    write_post(posts / "d.md", "深圳")
    (posts / "sub/b.md").unlink()
    (posts / "sub/c.md").rename(posts / "sub/e.md")
    report = index.update(posts)
    assert counts(report) == (2, 1, 2, 0, 0)
    assert report.articles == len(index) == 3
    assert titles(index) == ["上海新规划", "广州早茶", "深圳"]
    assert index.search("北京").total == 0
    assert index.get("sub/e.md").title == "广州早茶"


def test_an_edit_of_equal_size_within_the_same_tick(index: cnsearch.Index, tmp_path: Path, write_post: Write) -> None:
    path = write_post(tmp_path / "fresh/a.md", "甲")
    stamp = time.time()
    os.utime(path, (stamp, stamp))
    index.update(tmp_path / "fresh")
    write_post(path, "乙")
    os.utime(path, (stamp, stamp))
    assert index.update().changed == 1
    assert titles(index) == ["乙"]


def test_what_cannot_be_listed_is_not_gone(index: cnsearch.Index, posts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index.update(posts)
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(os.fsdecode(path)).name == "sub":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    report = index.update(posts)
    assert counts(report) == (0, 0, 0, 1, 1)
    assert "sub" in report.failed[0].path
    assert len(index) == 3


def test_a_post_that_turns_bad_keeps_its_article(index: cnsearch.Index, posts: Path) -> None:
    index.update(posts)
    (posts / "a.md").write_bytes(b"\x00\x01\x02\xff" * 100)
    report = index.update(posts)
    assert counts(report) == (0, 0, 0, 2, 1)
    assert report.failed[0].path.endswith("a.md")
    assert index.search("上海").total == 1


def test_a_root_that_vanished_is_an_error(index: cnsearch.Index, posts: Path) -> None:
    index.update(posts)
    shutil.rmtree(posts)
    with pytest.raises(cnsearch.CorpusError, match="no such"):
        index.update(posts)
    assert len(index) == 3


def test_a_path_inside_a_known_folder_is_a_part_of_it(index: cnsearch.Index, posts: Path) -> None:
    index.update(posts)
    (posts / "a.md").unlink()
    (posts / "sub/b.md").unlink()
    assert counts(index.update(posts / "sub")) == (0, 0, 1, 1, 0)
    assert len(index) == 2  # a.md is outside of what was asked
    assert counts(index.update(posts / "sub/c.md")) == (0, 0, 0, 1, 0)


def test_a_folder_around_a_known_one_takes_it_over(index: cnsearch.Index, posts: Path) -> None:
    index.update(posts / "sub")
    assert index.get("b.md")
    report = index.update(posts)
    assert (report.added, report.removed, report.articles) == (3, 2, 3)
    assert index.get("sub/b.md")


def test_two_folders_with_the_same_ids(index: cnsearch.Index, posts: Path, tmp_path: Path, write_post: Write) -> None:
    index.update(posts)
    write_post(tmp_path / "other/a.md", "别的")
    report = index.update(tmp_path / "other")
    assert counts(report) == (0, 0, 0, 0, 1)
    assert "taken" in report.failed[0].reason
    shutil.rmtree(posts)  # the first home is gone: the second may have the id
    assert index.update(tmp_path / "other").changed + len(index.search("别的")) >= 1
    assert index.get("a.md").title == "别的"


def test_equal_content_is_indexed_once_per_path(index: cnsearch.Index, posts: Path) -> None:
    shutil.copy(posts / "a.md", posts / "copy.md")
    index.update(posts)
    assert [hit.id for hit in index.search("上海")] == ["a.md", "copy.md"]


def test_dry_run_writes_nothing(index: cnsearch.Index, posts: Path) -> None:
    index.update(posts / "sub")
    before = files_of(index.path)
    (posts / "sub/b.md").unlink()
    report = index.update(posts, dry_run=True)
    assert (report.added, report.removed) == (2, 2)
    assert files_of(index.path) == before


def records(*lines: object) -> io.BytesIO:
    return io.BytesIO(
        b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    )


def test_json_lines(index: cnsearch.Index) -> None:
    one = {"id": "1", "title": "甲", "html": "<p>第一</p><p>第二</p>", "categories": ["金融"], "date": "2021-10-27"}
    report = index.add_jsonl(
        records(one, b"not json", {"title": "no id"}, {"id": 2, "title": "乙", "text": "x\ny"}), name="f"
    )
    assert counts(report) == (2, 0, 0, 0, 2)
    assert [failure.path for failure in report.failed] == ["f:2", "f:3"]
    assert index.get("1").paragraphs == ("第一", "第二")
    assert index.get("2").paragraphs == ("x", "y")
    assert counts(index.add_jsonl(records(one), name="f")) == (0, 0, 0, 1, 0)
    index.add_jsonl(records({"id": "1", "title": "丙"}, {"id": "1", "title": "丁"}), name="f")
    assert (index.get("1").title, len(index)) == ("丁", 2)


def test_rebuild_keeps_what_has_no_file(index: cnsearch.Index, posts: Path, tmp_path: Path) -> None:
    index.update(posts)
    index.add(cnsearch.Article(id="own", title="自己的", paragraphs=("一", "二"), categories=("甲",)))
    (posts / "a.md").unlink()
    words = tmp_path / "words.txt"
    words.write_text("广州早茶", encoding="utf-8")
    assert "广州早茶" not in [token.text for token in index.analyze("广州早茶").words]
    fresh, report = cnsearch.rebuild_index(index.path, user_dict=words)
    with fresh:
        assert (report.articles, report.removed) == (3, 1)
        assert fresh.get("own").paragraphs == ("一", "二")
        assert "广州早茶" in [token.text for token in fresh.analyze("广州早茶").words]
        assert counts(fresh.update()) == (0, 0, 0, 2, 0)
    again, _ = cnsearch.rebuild_index(index.path)  # keeps the dictionary
    with again:
        assert "广州早茶" in [token.text for token in again.analyze("广州早茶").words]


def test_another_user_dictionary_is_refused(index: cnsearch.Index, posts: Path, tmp_path: Path) -> None:
    index.update(posts)
    words = tmp_path / "words.txt"
    words.write_text("州早茶", encoding="utf-8")
    with pytest.raises(cnsearch.AnalyzerMismatchError) as caught:
        cnsearch.open_index(index.path, user_dict=words)
    assert "--rebuild" in caught.value.hint
    assert caught.value.found == UserDictionary.load(words).digest


def test_an_interrupted_run_leaves_no_trace(index: cnsearch.Index, posts: Path) -> None:
    def interrupt(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.update(posts, progress=interrupt)
    index.refresh()
    assert len(index) == 0
    assert counts(index.update(posts)) == (3, 0, 0, 0, 0)


@pytest.fixture
def many(tmp_path: Path, write_post: Write) -> Path:
    root = tmp_path / "many"
    for n in range(indexer.MIN_ARTICLES_FOR_WORKERS + 40):
        age(write_post(root / f"{n % 7}/{n:04}.md", f"标题{n}", f"正文 上海 第{n}篇" + "数字化" * (n % 5)))
    (root / "bad.md").write_bytes(b"")
    return root


def test_worker_processes_change_nothing(tmp_path: Path, many: Path) -> None:
    found = []
    for jobs in (1, 2):
        with cnsearch.open_index(tmp_path / f"index{jobs}", create=True) as index:
            report = index.update(many, jobs=jobs)
            assert [failure.path for failure in report.failed] == [str(many / "bad.md")]
            results = index.search("数字化 上海", limit=1000)
            found.append([(hit.id, hit.score, hit.snippet.text()) for hit in results])
            assert [hit.id for hit in index.search("*", limit=1000, offset=0)]
    assert found[0] == found[1]
    assert len(found[0]) == indexer.MIN_ARTICLES_FOR_WORKERS + 40


def test_several_commits(index: cnsearch.Index, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "COMMIT_EVERY", 100)
    done: list[int] = []

    def stop(count: int, total: int | None) -> None:
        done.append(count)
        if count > 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.update(many, jobs=1, progress=stop)
    index.refresh()
    kept = len(index)
    assert 100 <= kept <= 256  # what was committed stays
    report = index.update(many, jobs=1)
    assert (report.added, report.unchanged) == (296 - kept, kept)
    assert done == sorted(done)
