"""Keeping the index up to date with folders of posts."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.analysis import tokenizer
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.errors import CorpusError
from cnsearch.indexing import reading, scopes, transactions, workers
from cnsearch.store.opening import Store
from cnsearch.store.transaction import begin

Write = Callable[..., Path]


@pytest.fixture
def posts(tmp_path: Path, write_post: Write) -> Path:
    """Three posts, old enough that their time stamps can be trusted."""
    root = tmp_path / "posts"
    for name, title in (("a.md", "上海规划"), ("sub/b.md", "北京地铁"), ("sub/c.md", "广州早茶")):
        write_post(root / name, title, age=100)
    return root


@pytest.fixture
def index(tmp_path: Path) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        yield index


def counts(report: cnsearch.UpdateReport) -> tuple[int, int, int, int, int]:
    return report.added, report.changed, report.removed, report.unchanged, len(report.failed)


def titles(index: cnsearch.Index) -> dict[str, str]:
    """Title by id of every article; fails if an id is there twice."""
    hits = index.search("*", limit=10_000)
    found = {hit.id: hit.title for hit in hits}
    assert len(found) == len(hits) == hits.total == len(index)
    return found


def state_of(folder: str | Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path(folder).iterdir()}


def touch(path: Path, age: float) -> None:
    then = time.time() - age
    os.utime(path, (then, then))


def refuse_to_list(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    scandir = os.scandir

    def refuse(path: str | os.PathLike[str] = ".") -> object:
        if Path(path).name == name:
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)


# One folder


def test_what_is_unchanged_is_not_read(index: cnsearch.Index, posts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert counts(index.update(posts)) == (3, 0, 0, 0, 0)
    monkeypatch.setattr(reading, "read_post", lambda post: pytest.fail(f"{post.id} was read"))
    assert counts(index.update(posts)) == (0, 0, 0, 3, 0)
    assert counts(index.update()) == (0, 0, 0, 3, 0)  # the folders indexed before


def test_touched_but_equal(index: cnsearch.Index, posts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index.update(posts)
    touch(posts / "a.md", 50)
    read = []
    read_post = reading.read_post
    monkeypatch.setattr(reading, "read_post", lambda post, **more: read.append(post.id) or read_post(post, **more))
    monkeypatch.setattr(reading, "read_file", lambda *args, **more: pytest.fail("was cleaned"))
    assert counts(index.update(posts)) == (0, 0, 0, 3, 0)
    assert read == ["a.md"]


def test_edit_add_remove_rename(index: cnsearch.Index, posts: Path, write_post: Write) -> None:
    index.update(posts)
    write_post(posts / "a.md", "上海新规划", age=50)
    write_post(posts / "d.md", "深圳")
    (posts / "sub/b.md").unlink()
    (posts / "sub/c.md").rename(posts / "sub/e.md")
    report = index.update(posts)
    assert (counts(report), report.moved) == ((1, 1, 1, 0, 0), 1)
    assert report.articles == 3
    assert titles(index) == {"a.md": "上海新规划", "d.md": "深圳", "sub/e.md": "广州早茶"}
    assert index.search("北京").total == 0
    assert index.get("sub/e.md").path == str(posts / "sub/e.md")


def test_a_moved_folder(index: cnsearch.Index, posts: Path) -> None:
    index.update(posts)
    (posts / "deep").mkdir()
    (posts / "sub").rename(posts / "deep/moved")
    report = index.update(posts)
    assert (counts(report), report.moved) == ((0, 0, 0, 1, 0), 2)
    assert set(titles(index)) == {"a.md", "deep/moved/b.md", "deep/moved/c.md"}


def test_an_edit_of_equal_size_within_the_same_tick(index: cnsearch.Index, tmp_path: Path, write_post: Write) -> None:
    path = write_post(tmp_path / "fresh/a.md", "甲")
    stamp = time.time()
    os.utime(path, (stamp, stamp))
    index.update(tmp_path / "fresh")
    write_post(path, "乙")
    os.utime(path, (stamp, stamp))
    assert index.update().changed == 1
    assert titles(index) == {"a.md": "乙"}


def test_an_edit_that_sets_the_clock_back(index: cnsearch.Index, posts: Path, write_post: Write) -> None:
    index.update(posts)
    write_post(posts / "a.md", "上海旧划", age=5000)  # the same size
    assert counts(index.update()) == (0, 1, 0, 2, 0)
    assert titles(index)["a.md"] == "上海旧划"


def test_the_same_content_under_two_paths_is_two_articles(index: cnsearch.Index, posts: Path) -> None:
    shutil.copy(posts / "a.md", posts / "copy.md")
    index.update(posts)
    assert [hit.id for hit in index.search("上海")] == ["a.md", "copy.md"]
    (posts / "a.md").unlink()
    index.update()
    assert [hit.id for hit in index.search("上海")] == ["copy.md"]


def test_what_cannot_be_listed_is_not_gone(index: cnsearch.Index, posts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index.update(posts)
    before = titles(index)
    with monkeypatch.context() as patch:
        refuse_to_list(patch, "sub")
        report = index.update(posts)
        assert counts(report) == (0, 0, 0, 1, 1)
        assert report.failed[0].path == str(posts / "sub")
        refuse_to_list(patch, "posts")
        assert counts(index.update(posts)) == (0, 0, 0, 0, 1)
        rebuilt, report = cnsearch.rebuild_index(index.path)
        with rebuilt:
            assert report.removed == 0
            assert titles(rebuilt) == before
    index.refresh()
    assert titles(index) == before
    assert counts(index.update(posts))[2:] == (0, 3, 0)


@pytest.mark.usefixtures("no_root")
def test_no_permission(index: cnsearch.Index, posts: Path) -> None:
    index.update(posts)
    (posts / "a.md").write_text("新的", encoding="utf-8")
    (posts / "a.md").chmod(0)
    (posts / "sub").chmod(0)
    try:
        report = index.update(posts)
    finally:
        (posts / "sub").chmod(0o700)
    assert [failure.path for failure in report.failed] == [str(posts / "a.md"), str(posts / "sub")]
    assert all("permission denied" in failure.reason for failure in report.failed)
    assert len(titles(index)) == 3


@pytest.mark.parametrize("content", [b"\x00\x01\x02\xff" * 100, b"\x00", "中文".encode("big5") + b"\xff\x80\xfe" * 9])
def test_a_post_that_turns_bad_keeps_its_article(index: cnsearch.Index, posts: Path, content: bytes) -> None:
    index.update(posts)
    (posts / "a.md").write_bytes(content)
    (posts / "new.md").write_bytes(content)
    for _ in range(2):
        report = index.update(posts)
        assert counts(report) == (0, 0, 0, 2, 2)
        assert [failure.path for failure in report.failed] == [str(posts / "a.md"), str(posts / "new.md")]
        assert titles(index)["a.md"] == "上海规划"
    rebuilt, report = cnsearch.rebuild_index(index.path)
    with rebuilt:
        assert len(report.failed) == 2
        assert titles(rebuilt) == {"a.md": "上海规划", "sub/b.md": "北京地铁", "sub/c.md": "广州早茶"}


def test_a_post_that_vanishes_between_scan_and_reading(
    index: cnsearch.Index, posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan_posts = scopes.scan_posts

    def scan(*args: object, **more: object) -> object:
        found = scan_posts(*args, **more)  # type: ignore[arg-type]
        (posts / "sub/b.md").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(scopes, "scan_posts", scan)
    report = index.update(posts)
    assert counts(report) == (2, 0, 0, 0, 1)
    assert "vanished" in report.failed[0].reason


def test_progress_goes_up_to_the_total(index: cnsearch.Index, posts: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    index.update(posts, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3)
    assert seen == sorted(seen)


# Several folders


def test_a_path_inside_a_known_folder_is_a_part_of_it(index: cnsearch.Index, posts: Path) -> None:
    index.update(posts)
    (posts / "a.md").unlink()
    (posts / "sub/b.md").unlink()
    assert counts(index.update(posts / "sub")) == (0, 0, 1, 1, 0)
    assert set(titles(index)) == {"a.md", "sub/c.md"}  # a.md is outside of what was asked
    assert counts(index.update(posts / "sub/c.md")) == (0, 0, 0, 1, 0)
    assert counts(index.update()) == (0, 0, 1, 1, 0)


def test_a_folder_around_a_known_one_takes_it_over(index: cnsearch.Index, posts: Path, write_post: Write) -> None:
    write_post(posts / "b.md", "外面的", age=100)  # the id that sub/b.md has in sub
    index.update(posts / "sub")
    assert titles(index) == {"b.md": "北京地铁", "c.md": "广州早茶"}
    expected = {"a.md": "上海规划", "b.md": "外面的", "sub/b.md": "北京地铁", "sub/c.md": "广州早茶"}
    assert index.update(posts).articles == 4
    assert titles(index) == expected
    assert counts(index.update()) == (0, 0, 0, 4, 0)
    assert titles(index) == expected


@pytest.mark.parametrize("order", [("", "sub"), ("sub", ""), ("", "sub/b.md"), ("sub", "", "sub", "a.md")])
def test_a_folder_and_a_part_of_it_in_one_call_are_the_folder(
    index: cnsearch.Index, posts: Path, order: Sequence[str]
) -> None:
    assert counts(index.update([posts / part for part in order])) == (3, 0, 0, 0, 0)
    assert set(titles(index)) == {"a.md", "sub/b.md", "sub/c.md"}
    assert counts(index.update()) == (0, 0, 0, 3, 0)


def test_a_single_post(index: cnsearch.Index, posts: Path, write_post: Write) -> None:
    assert counts(index.update(posts / "sub/c.md")) == (1, 0, 0, 0, 0)
    assert titles(index) == {"c.md": "广州早茶"}
    write_post(posts / "sub/c.md", "广州晚茶", age=50)
    assert counts(index.update(str(posts / "sub/c.md"))) == (0, 1, 0, 0, 0)
    assert titles(index) == {"c.md": "广州晚茶"}


def test_two_folders_with_the_same_ids(index: cnsearch.Index, posts: Path, tmp_path: Path, write_post: Write) -> None:
    index.update(posts)
    other = tmp_path / "other"
    write_post(other / "a.md", "别的", age=100)
    write_post(other / "x.md", "自己的", age=100)
    for paths in ([other], [posts, other], []):
        report = index.update(paths)
        (failure,) = report.failed
        assert failure.path == str(other / "a.md")
        assert f'"a.md" is taken by a post below {posts}' in failure.reason
        assert titles(index)["a.md"] == "上海规划"
    assert set(titles(index)) == {"a.md", "sub/b.md", "sub/c.md", "x.md"}
    shutil.rmtree(posts)  # the first home is gone: the second may have the id
    assert index.update(other).failed == ()
    assert titles(index)["a.md"] == "别的"
    assert len(index) == 4


def test_two_new_folders_with_the_same_ids_in_one_call(
    index: cnsearch.Index, posts: Path, tmp_path: Path, write_post: Write
) -> None:
    write_post(tmp_path / "other/a.md", "别的")
    report = index.update([tmp_path / "other", posts])
    assert [failure.path for failure in report.failed] == [str(posts / "a.md")]
    assert titles(index)["a.md"] == "别的"


def test_a_folder_that_vanished_is_an_error_and_keeps_its_articles(
    index: cnsearch.Index, posts: Path, tmp_path: Path, write_post: Write
) -> None:
    write_post(tmp_path / "other/x.md", "自己的")
    index.update([posts, tmp_path / "other"])
    shutil.rmtree(posts)
    for paths in ([posts], []):
        with pytest.raises(CorpusError, match="no such") as caught:
            index.update(paths)
        assert caught.value.path == str(posts)
        assert caught.value.hint
    assert counts(index.update(tmp_path / "other")) == (0, 0, 0, 1, 0)
    assert len(titles(index)) == 4


def test_a_post_replaces_the_librarys_article_of_its_id(index: cnsearch.Index, posts: Path) -> None:
    index.add([Article(id="a.md", title="手写的"), Article(id="own", title="自己的")])
    report = index.update(posts)
    assert report.articles == 4
    assert titles(index) == {"a.md": "上海规划", "sub/b.md": "北京地铁", "sub/c.md": "广州早茶", "own": "自己的"}
    assert index.search("手写").total == 0
    index.add(Article(id="a.md", title="手写的"))
    assert titles(index)["a.md"] == "手写的"


# Dry runs


def test_dry_run_writes_nothing(index: cnsearch.Index, posts: Path, write_post: Write) -> None:
    index.update(posts)
    (posts / "sub/b.md").unlink()
    write_post(posts / "a.md", "上海新规划", age=50)
    write_post(posts / "d.md", "深圳")
    (posts / "bad.md").write_bytes(b"\x00")
    before = state_of(index.path)
    planned = index.update(posts, dry_run=True)
    assert index.add_jsonl(records({"id": "1", "title": "甲"}), dry_run=True).added == 1
    assert state_of(index.path) == before
    assert len(titles(index)) == planned.articles == 3
    done = index.update(posts)
    assert counts(planned) == counts(done) == (1, 1, 1, 1, 1)
    assert planned.failed == done.failed


def test_dry_run_needs_no_lock(index: cnsearch.Index, posts: Path) -> None:
    transaction = begin(Store.open(index.path))
    try:
        assert index.update(posts, dry_run=True).added == 3
    finally:
        transaction.cancel()


# Records


def records(*lines: object) -> io.BytesIO:
    return io.BytesIO(
        b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    )


def test_json_lines(index: cnsearch.Index) -> None:
    one = {"id": "1", "title": "甲", "html": "<p>第一</p><p>第二</p>", "categories": ["金融"], "date": "2021-10-27"}
    report = index.add_jsonl(
        records(one, b"not json", {"id": []}, b"", {"id": 2, "title": "乙", "text": "x\ny"}, b"\xff{}"),
        name="f",
    )
    assert counts(report) == (2, 0, 0, 0, 3)
    assert [failure.path for failure in report.failed] == ["f:2", "f:3", "f:6"]
    assert index.get("1").paragraphs == ("第一", "第二")
    assert index.get("2").paragraphs == ("x", "y")
    assert counts(index.add_jsonl(records(one), name="f")) == (0, 0, 0, 1, 0)


def test_of_equal_ids_in_one_stream_the_last_holds(index: cnsearch.Index) -> None:
    first, second = {"id": "1", "title": "丙"}, {"id": "1", "title": "丁"}
    assert counts(index.add_jsonl(records(first, second))) == (1, 1, 0, 0, 0)
    assert titles(index) == {"1": "丁"}
    index.add_jsonl(records(first, second))  # the last is what the index has
    assert titles(index) == {"1": "丁"}
    index.add_jsonl(records(second, first, first))
    assert titles(index) == {"1": "丙"}
    assert index.search("丁").total == 0


def test_the_last_holds_over_commits_and_chunks(index: cnsearch.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "COMMIT_EVERY", 3)
    monkeypatch.setattr(workers, "CHUNK", 2)
    stream = [{"id": str(n % 5), "title": f"题{n}"} for n in range(23)]
    report = index.add_jsonl(records(*stream), jobs=1)
    assert (report.added, report.changed, report.articles) == (5, 18, 5)
    assert titles(index) == {str(n % 5): f"题{n}" for n in range(18, 23)}


def test_records_and_posts_leave_each_other_alone(index: cnsearch.Index, posts: Path) -> None:
    index.add_jsonl(records({"id": "1", "title": "甲"}))
    index.update(posts)
    assert counts(index.update()) == (0, 0, 0, 3, 0)
    assert set(titles(index)) == {"1", "a.md", "sub/b.md", "sub/c.md"}


# Rebuilding, user dictionaries


def test_rebuild_keeps_what_has_no_file(index: cnsearch.Index, posts: Path) -> None:
    own = Article(id="own", title="自己的", paragraphs=("一", "二"), categories=("甲",))
    record = {"id": "1", "title": "甲", "text": "江豚"}
    index.update(posts)
    index.add(own)
    index.add_jsonl(records(record))
    (posts / "a.md").unlink()
    rebuilt, report = cnsearch.rebuild_index(index.path)
    with rebuilt:
        assert (report.articles, report.removed) == (4, 1)
        assert rebuilt.get("own") == own
        assert set(titles(rebuilt)) == {"own", "1", "sub/b.md", "sub/c.md"}
        assert counts(rebuilt.update()) == (0, 0, 0, 2, 0)  # it remembers their state
        assert rebuilt.add(own).unchanged == 1
        assert rebuilt.add_jsonl(records(record)).unchanged == 1
    assert len(titles(index)) == 5  # it shows the commit that it showed
    assert index.refresh()
    assert len(titles(index)) == 4


def test_rebuild_with_another_folder(index: cnsearch.Index, posts: Path, tmp_path: Path, write_post: Write) -> None:
    write_post(tmp_path / "other/x.md", "自己的")
    index.update(posts)
    rebuilt, report = cnsearch.rebuild_index(index.path, tmp_path / "other")
    with rebuilt:
        assert (report.removed, report.articles) == (0, 4)


def test_a_new_user_dictionary_takes_effect(index: cnsearch.Index, tmp_path: Path, write_post: Write) -> None:
    def words(of: cnsearch.Index) -> list[str]:
        return [token.text for token in of.analyze("澜舟鹿鸣开会").words]

    write_post(tmp_path / "posts/whole.md", "一", "澜舟鹿鸣开会。", age=100)
    write_post(tmp_path / "posts/parts.md", "二", "澜和舟，鹿又鸣。", age=100)
    index.update(tmp_path / "posts")
    dictionary = tmp_path / "words.txt"
    dictionary.write_text("澜舟鹿鸣 3 n\n", encoding="utf-8")
    assert "澜舟鹿鸣" not in words(index)
    assert index.search("澜舟鹿鸣开会").total == 2
    rebuilt, _ = cnsearch.rebuild_index(index.path, user_dict=dictionary)
    with rebuilt:
        assert "澜舟鹿鸣" in words(rebuilt)
        assert [hit.id for hit in rebuilt.search("澜舟鹿鸣开会")] == ["whole.md"]
    # An Index that was open meanwhile goes on with the old words until it moves on to the new commit.
    assert "澜舟鹿鸣" not in words(index)
    assert index.search("澜舟鹿鸣开会").total == 2
    index.refresh()
    assert "澜舟鹿鸣" in words(index)
    assert index.search("澜舟鹿鸣开会").total == 1
    assert index.stats()["user_dictionary"] == UserDictionary.load(dictionary).digest


def test_the_user_dictionary_stays(index: cnsearch.Index, tmp_path: Path) -> None:
    dictionary = tmp_path / "words.txt"
    dictionary.write_text("澜舟鹿鸣\n", encoding="utf-8")
    with cnsearch.open_index(tmp_path / "own", create=True, user_dict=dictionary) as own:
        own.add(Article(id="1", title="澜舟鹿鸣"))
    dictionary.unlink()
    again, _ = cnsearch.rebuild_index(tmp_path / "own")
    with again:
        again.add(Article(id="2", title="再说澜舟鹿鸣"))
        again.add(Article(id="3", title="舟鹿"))
        assert again.search("澜舟鹿鸣").total == 2


def test_an_index_opened_before_a_rebuild_writes_with_the_new_dictionary(index: cnsearch.Index, tmp_path: Path) -> None:
    dictionary = tmp_path / "words.txt"
    dictionary.write_text("澜舟鹿鸣\n", encoding="utf-8")
    rebuilt, _ = cnsearch.rebuild_index(index.path, user_dict=dictionary)
    with rebuilt:
        index.add(Article(id="1", title="澜舟鹿鸣"))
        rebuilt.refresh()
        assert rebuilt.search("澜舟鹿鸣").total == index.search("澜舟鹿鸣").total == 1


def test_another_user_dictionary_is_refused(index: cnsearch.Index, tmp_path: Path) -> None:
    dictionary = tmp_path / "words.txt"
    dictionary.write_text("澜舟鹿鸣", encoding="utf-8")
    with pytest.raises(cnsearch.AnalyzerMismatchError) as caught:
        cnsearch.open_index(index.path, user_dict=dictionary)
    assert "user_dict=" in caught.value.hint
    assert (caught.value.found, caught.value.expected) == (UserDictionary.load(dictionary).digest, "")
    rebuilt, _ = cnsearch.rebuild_index(index.path, user_dict=dictionary)
    rebuilt.close()
    cnsearch.open_index(index.path, user_dict=dictionary).close()


def test_another_tokenizer_is_refused_and_the_index_named(
    index: cnsearch.Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenizer, "_version_of", lambda name: "99.0")
    with cnsearch.open_index(index.path) as opened, pytest.raises(cnsearch.AnalyzerMismatchError) as caught:
        opened.search("上海")
    assert caught.value.path == str(index.path)
    assert str(caught.value).startswith(f"{index.path}: built with ")


# Interruptions


def interrupt(done: int, total: int | None) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_run_leaves_no_trace(index: cnsearch.Index, posts: Path, write_post: Write) -> None:
    with pytest.raises(KeyboardInterrupt):
        index.update(posts, progress=interrupt)
    index.refresh()
    assert titles(index) == {}
    assert counts(index.update(posts)) == (3, 0, 0, 0, 0)
    write_post(posts / "a.md", "上海新规划", age=50)
    (posts / "sub/b.md").unlink()
    with pytest.raises(KeyboardInterrupt):
        index.update(posts, progress=interrupt)
    index.refresh()
    assert titles(index) == {"a.md": "上海规划", "sub/b.md": "北京地铁", "sub/c.md": "广州早茶"}
    assert counts(index.update(posts)) == (0, 1, 1, 1, 0)


def test_an_interrupted_rebuild_leaves_the_old_index(index: cnsearch.Index, posts: Path, tmp_path: Path) -> None:
    dictionary = tmp_path / "words.txt"
    dictionary.write_text("澜舟鹿鸣", encoding="utf-8")
    index.update(posts)
    with pytest.raises(KeyboardInterrupt):
        cnsearch.rebuild_index(index.path, user_dict=dictionary, progress=interrupt)
    with cnsearch.open_index(index.path) as again:
        assert len(titles(again)) == 3
        assert again.stats()["user_dictionary"] is None
        assert counts(again.update()) == (0, 0, 0, 3, 0)


def test_several_commits(index: cnsearch.Index, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(done: int, total: int | None) -> None:
        if done > 200:
            raise KeyboardInterrupt

    monkeypatch.setattr(transactions, "COMMIT_EVERY", 50)
    monkeypatch.setattr(workers, "CHUNK", 25)
    with pytest.raises(KeyboardInterrupt):
        index.update(many, jobs=1, progress=stop)
    index.refresh()
    kept = len(titles(index))
    assert 150 <= kept <= 250  # what was committed stays
    report = index.update(many, jobs=1)
    assert (report.added, report.unchanged) == (NUM_MANY - kept, kept)
    assert len(titles(index)) == NUM_MANY


def test_no_other_writer_comes_between_two_commits(index: cnsearch.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    generations = set()

    def articles() -> Iterator[Article]:
        for n in range(7):
            yield Article(id=str(n), title="题")
            generations.add(index._backend.store.generation())
            with pytest.raises(cnsearch.IndexLockedError):
                index.delete("0")

    monkeypatch.setattr(transactions, "COMMIT_EVERY", 2)
    monkeypatch.setattr(workers, "CHUNK", 1)
    assert index.add(articles(), jobs=1).added == 7
    assert len(generations) >= 3
    assert index.delete("0") == 1  # it let go of the lock


def test_a_long_update_becomes_one_segment_and_leaves_older_ones(
    index: cnsearch.Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "COMMIT_EVERY", 2)
    monkeypatch.setattr(workers, "CHUNK", 2)
    before: list[str] = []
    for update in range(3):
        index.add((Article(id=f"{update}-{n}", title=f"题{n}") for n in range(11)), jobs=1)
        segments = index._backend.store.commits.read().segments
        assert [entry.doc_count_all() for entry in segments] == [11] * (update + 1)
        assert [entry.filename for entry in segments[:-1]] == before
        before = [entry.filename for entry in segments]
    assert len(titles(index)) == 33


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_a_folder_whose_name_is_no_text(tmp_path: Path, index: cnsearch.Index, write_post: Write) -> None:
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    write_post(root / "a.md", "江豚", age=100)
    assert index.update(root).added == 1
    assert index.update().unchanged == 1
    assert index.stats()["folders"] == [str(root)]
    (root / "a.md").unlink()
    assert index.update().removed == 1


# Worker processes

NUM_MANY = workers.MIN_ARTICLES_FOR_WORKERS + 40


@pytest.fixture
def many(tmp_path: Path, write_post: Write) -> Path:
    root = tmp_path / "many"
    for n in range(NUM_MANY):
        write_post(root / f"{n % 7}/{n:04}.md", f"标题{n}", f"正文 上海 第{n}篇" + "数字化" * (n % 5), age=100)
    (root / "bad.md").write_bytes(b"\x00")
    return root


def test_worker_processes_change_nothing(tmp_path: Path, many: Path) -> None:
    found = []
    for jobs in (1, 2):
        with cnsearch.open_index(tmp_path / f"index{jobs}", create=True) as index:
            report = index.update(many, jobs=jobs)
            assert counts(report) == (NUM_MANY, 0, 0, 0, 1)
            assert [failure.path for failure in report.failed] == [str(many / "bad.md")]
            results = index.search("数字化 上海", match="any", limit=1000)
            rows = [(hit.id, hit.score, hit.snippet.text()) for hit in results]
            stats = {**index.stats(), "index": None, "last_commit": None}
            found.append((rows, titles(index), [index.get(row[0]) for row in rows[::50]], stats))
    assert found[0] == found[1]
    assert len(found[0][0]) == NUM_MANY


def test_an_interrupted_run_with_workers(index: cnsearch.Index, many: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        index.update(many, jobs=2, progress=interrupt)
    index.refresh()
    assert titles(index) == {}
    assert index.add(Article(id="x", title="题")).articles == 1  # not locked


# loky warns of what it has to clean up behind a worker that died.
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_worker_that_fails_ends_the_run(index: cnsearch.Index, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is ended from outside does not: tests/e2e/test_ends.py."""

    def die(tasks: object, tokenise: bool) -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(workers, "analyse_in_worker", die)
    begun = time.perf_counter()
    with pytest.raises(RuntimeError, match="a bug of ours"):
        index.update(many, jobs=2)
    assert time.perf_counter() - begun < 60
    monkeypatch.undo()
    index.refresh()
    assert titles(index) == {}
    assert index.add(Article(id="x", title="题")).articles == 1  # not locked


def test_a_long_update_leaves_one_segment(tmp_path: Path, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it commits on the way; and what was there before stays a segment of its own where it is larger."""
    monkeypatch.setattr(transactions, "COMMIT_EVERY", 50)
    monkeypatch.setattr(workers, "CHUNK", 25)
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.update(many, jobs=1)
        assert index.stats()["segments"] == 1
        assert len(index) == NUM_MANY
        index.add([Article(id=f"new {number}", title="上海") for number in range(120)])
        assert index.stats()["segments"] == 2
        assert len(index) == NUM_MANY + 120


def test_undecodable_bytes_cost_a_warning_not_the_article(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "灯塔.txt").write_bytes("灯塔建于清末。\n很多人来看海。\n".encode("gb18030") + b"\xff")
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        report = index.update(tmp_path / "posts", jobs=1)
        assert report.warnings == (
            cnsearch.Failure(str(tmp_path / "posts" / "灯塔.txt"), "1 byte is not GB18030 and was replaced"),
        )
        assert report.to_dict()["warnings"][0]["reason"] == "1 byte is not GB18030 and was replaced"
        assert [hit.id for hit in index.search("看海")] == ["灯塔.txt"]
        assert index.update(tmp_path / "posts").warnings == ()
