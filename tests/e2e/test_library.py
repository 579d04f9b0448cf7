"""The library, as its users call it."""

from __future__ import annotations

import io
import itertools
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from whoosh.fields import TEXT, Schema
from whoosh.filedb.filestore import FileStorage

import cnsearch
from cnsearch import Article
from cnsearch.engine.files.folder import Folder
from cnsearch.store.opening import Store
from cnsearch.store.schema import SCHEMA_VERSION
from cnsearch.store.transaction import begin

ONE = Article(
    id="a/1",
    title="上海數字化轉型規劃",
    paragraphs=("第一段說數字之都。", "第二段<b>&</b>。"),
    source="每经网",
    categories=("金融", "每经网", "重磅原创"),
    author="每经网",
    date=datetime(2021, 10, 27, 12, 11, 47, tzinfo=timezone.utc),
    url="https://example.org/1",
    path="/posts/a/1.md",
)
TWO = Article(id="b", title="北京", paragraphs=("另一篇。",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def index(path: Path) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(path, create=True) as index:
        yield index


def toc_of(path: Path) -> Path:
    (toc,) = path.glob("*.toc")
    return toc


def bytes_of(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


def ids(index: cnsearch.Index, query: str = "*") -> list[str]:
    return sorted(hit.id for hit in index.search(query, limit=1000))


# Opening


def test_no_index(path: Path) -> None:
    with pytest.raises(cnsearch.IndexNotFoundError) as caught:
        cnsearch.open_index(path)
    assert caught.value.path == str(path)
    assert "open_index(path, create=True)" in caught.value.hint
    assert caught.value.hint in str(caught.value)
    assert not path.exists()


def test_an_empty_folder_and_a_file_are_no_index(tmp_path: Path) -> None:
    with pytest.raises(cnsearch.IndexNotFoundError):
        cnsearch.open_index(tmp_path)
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(cnsearch.IndexNotFoundError):
        cnsearch.open_index(file)
    with pytest.raises(cnsearch.IndexNotFoundError, match="cannot make") as caught:
        cnsearch.open_index(file / "index", create=True)
    assert caught.value.path == str(file / "index")


def test_create_opens_what_is_there(index: cnsearch.Index, path: Path) -> None:
    index.add(ONE)
    with cnsearch.open_index(path, create=True) as again:
        assert again.get(ONE.id) == ONE


def test_somebody_elses_whoosh_index_is_refused_and_kept(path: Path, tmp_path: Path) -> None:
    path.mkdir()
    FileStorage(str(path)).create_index(Schema(text=TEXT))
    before = bytes_of(path)
    for attempt in (
        lambda: cnsearch.open_index(path),
        lambda: cnsearch.open_index(path, create=True),
        lambda: cnsearch.rebuild_index(path, tmp_path),
    ):
        with pytest.raises(cnsearch.IndexFormatError, match="not made by cnsearch") as caught:
            attempt()
        assert caught.value.found == "_MAIN_0.toc"
        assert caught.value.path == str(path)
    assert bytes_of(path) == before


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("damage", [b"", b"x", b"garbage" * 100])
def test_a_damaged_table_of_contents(path: Path, damage: bytes, create: bool) -> None:
    cnsearch.open_index(path, create=True).close()
    toc_of(path).write_bytes(damage)
    with pytest.raises((cnsearch.CorruptIndexError, cnsearch.IndexFormatError)) as caught:
        cnsearch.open_index(path, create=create)
    assert caught.value.path == str(toc_of(path))
    assert "rebuild_index" in caught.value.hint
    assert toc_of(path).read_bytes() == damage


def test_a_table_of_contents_cut_anywhere(index: cnsearch.Index, path: Path) -> None:
    index.add(ONE)
    toc = toc_of(path)
    whole = toc.read_bytes()
    for size in range(0, len(whole), 23):
        toc.write_bytes(whole[:size])
        with pytest.raises((cnsearch.CorruptIndexError, cnsearch.IndexFormatError)):
            cnsearch.open_index(path)
    toc.write_bytes(whole)
    cnsearch.open_index(path).close()


def test_a_missing_segment(index: cnsearch.Index, path: Path, tmp_path: Path) -> None:
    index.add(ONE)
    for segment in path.glob("MAIN_?*.*"):
        segment.unlink()
    with pytest.raises(cnsearch.CorruptIndexError, match="rebuild"):
        cnsearch.open_index(path)
    with pytest.raises(cnsearch.CorruptIndexError, match="rebuild"):  # from what? an empty index is no rebuilt one
        cnsearch.rebuild_index(path)
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/a.md").write_text("江豚", encoding="utf-8")
    rebuilt, report = cnsearch.rebuild_index(path, tmp_path / "posts")
    with rebuilt:
        assert (report.added, report.articles) == (1, 1)
        assert ids(rebuilt) == ["a.md"]


def test_another_format_version(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cnsearch.open_index(path, create=True).close()
    for other, hint in ((99, "rebuild_index"), (SCHEMA_VERSION - 1, "Update")):
        monkeypatch.setattr("cnsearch.store.schema.SCHEMA_VERSION", other)
        monkeypatch.setattr("cnsearch.store.schema.OLDEST_VERSION", other)
        with pytest.raises(cnsearch.IndexFormatError) as caught:
            cnsearch.open_index(path)
        assert (caught.value.found, caught.value.expected) == (SCHEMA_VERSION, other)
        assert hint in caught.value.hint


@pytest.mark.usefixtures("no_root")
def test_a_folder_without_permission(path: Path) -> None:
    cnsearch.open_index(path, create=True).close()
    path.chmod(0)
    try:
        for create in (False, True):
            with pytest.raises(cnsearch.IndexNotFoundError, match="permission"):
                cnsearch.open_index(path, create=create)
    finally:
        path.chmod(0o700)


# Articles in and out


def test_an_article_comes_back_as_it_was(path: Path) -> None:
    with cnsearch.open_index(path, create=True) as index:
        report = index.add([ONE, TWO])
        assert (report.added, report.articles, len(index)) == (2, 2, 2)
        assert index.get("a/1") == ONE
        assert index.get("b") == TWO
    with cnsearch.open_index(path) as index:
        assert index.get("a/1") == ONE


def test_add_replaces_and_delete_deletes(index: cnsearch.Index) -> None:
    index.add(ONE)
    assert index.add(ONE).unchanged == 1
    report = index.add(Article(id="a/1", title="新的"))
    assert (report.added, report.changed, report.articles) == (0, 1, 1)
    assert index.search("上海").total == 0
    assert index.search("新的").total == 1
    assert index.delete(["a/1", "a/1", "nope"]) == 1
    assert index.delete("a/1") == 0
    assert len(index) == 0
    assert index.search("新的").total == 0
    with pytest.raises(cnsearch.ArticleNotFoundError) as caught:
        index.get("a/1")
    assert caught.value.article_id == "a/1"


def test_of_equal_ids_in_one_call_the_last_holds(index: cnsearch.Index) -> None:
    index.add([ONE, Article(id="a/1", title="第二"), Article(id="a/1", title="第三")])
    assert len(index) == 1
    assert index.get("a/1").title == "第三"
    assert index.search("第二 上海").total == 0
    index.add([ONE, Article(id="a/1", title="第三")])  # the last is what the index had before
    assert index.get("a/1").title == "第三"
    assert len(index) == 1


def test_an_iterable_that_fails_adds_nothing(index: cnsearch.Index) -> None:
    def articles() -> Iterator[Article]:
        yield ONE
        raise RuntimeError("the database is gone")

    with pytest.raises(RuntimeError, match="database"):
        index.add(articles())
    assert len(index) == 0
    assert index.add(TWO).articles == 1  # not locked


def test_a_commit_that_fails_changes_nothing(index: cnsearch.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    index.add(ONE)
    with monkeypatch.context() as patch:
        patch.setattr(Folder, "sync_file", full)
        with pytest.raises(OSError, match="No space"):
            index.add([TWO, Article(id="a/1", title="新的")])
    index.refresh()
    assert ids(index) == ["a/1"]
    assert index.get("a/1") == ONE
    assert index.add(TWO).articles == 2


def test_stats(index: cnsearch.Index, path: Path) -> None:
    empty = index.stats()
    assert (empty["articles"], empty["sources"], empty["first_date"]) == (0, {}, None)
    index.add([ONE, TWO])
    index.delete("b")
    stats = dict(index.stats())
    keys = "version articles sources categories segments size_bytes tokenizer format_version"
    assert set(keys.split()) <= stats.keys()
    assert (stats["articles"], stats["sources"]) == (1, {"每经网": 1})
    assert stats["categories"] == {"每经网": 1, "重磅原创": 1, "金融": 1}
    assert stats["first_date"] == stats["last_date"] == "2021-10-27T20:11:47+08:00"
    assert stats["size_bytes"] == sum(file.stat().st_size for file in path.iterdir())
    assert (stats["folders"], stats["user_dictionary"]) == ([], None)
    json.dumps(stats)


# Results


def test_hits_and_snippets(index: cnsearch.Index) -> None:
    index.add([ONE, TWO])
    results = index.search("数字化 转型")
    assert (results.total, len(results), results.understood) == (1, 1, "数字化 转型")
    hit = results[0]
    assert (hit.rank, hit.id, hit.title, hit.source, hit.author) == (1, ONE.id, ONE.title, ONE.source, ONE.author)
    assert (hit.date, hit.url, hit.path, hit.categories) == (ONE.date, ONE.url, ONE.path, ONE.categories)
    assert hit.score > 0
    assert hit.title_fragment.html() == "上海<mark>數字化轉型</mark>規劃"
    (hit,) = index.search('"第二段"')
    assert hit.snippet.text() == str(hit.snippet) == "…第二段<b>&</b>。"
    assert hit.snippet.html() == "…<mark>第二段</mark>&lt;b&gt;&amp;&lt;/b&gt;。"
    assert hit.snippet.ansi() == "…\x1b[1;31m第二段\x1b[0m<b>&</b>。"
    assert hit.fragments[-1].start == len("第一段說數字之都。\n")


def test_no_control_character_of_an_article_reaches_a_terminal(index: cnsearch.Index) -> None:
    index.add(Article(id="\x1b[2Jx", title="\x1b[31m江豚\x9b1m", paragraphs=("江豚\x07\u202e跳跃",)))
    (hit,) = index.search("江豚")
    for shown in (hit.snippet.ansi(), hit.title_fragment.ansi()):
        assert shown.count("\x1b[1;31m江豚\x1b[0m") == 1
        assert re.search("[\x00-\x1a\x1c-\x1f\x7f-\x9f\u202e]", shown) is None
        assert shown.count("\x1b") == 2


def test_json_has_the_promised_keys(index: cnsearch.Index) -> None:
    report = index.add([ONE, TWO]).to_dict()
    found = index.search("数字化 北京").to_dict(index.time_zone)
    article = index.get("a/1").to_dict(index.time_zone)
    analysis = index.analyze("數字化").to_dict()
    assert {"version", "added", "changed", "removed", "unchanged", "failed", "articles", "took_s"} <= report.keys()
    assert {"version", "query", "understood", "total", "took_ms", "hits", "facets"} <= found.keys()
    hit_keys = "rank id title source categories author date url path score snippet fragments"
    assert set(hit_keys.split()) <= found["hits"][0].keys()
    one = next(hit for hit in found["hits"] if hit["id"] == "a/1")
    assert {"field": "title", "text": ONE.title, "highlights": [[2, 5]], "heading": ""} == one["fragments"][0]
    assert one["date"] == article["date"] == "2021-10-27T20:11:47+08:00"
    assert next(hit for hit in found["hits"] if hit["id"] == "b")["date"] is None
    assert set("version id title paragraphs source categories author date url path".split()) <= article.keys()
    assert article["paragraphs"] == list(ONE.paragraphs)
    assert analysis["folded"] == "数字化"
    assert analysis["words"] == [["数字", 0, 2], ["数字化", 0, 3]]
    assert analysis["characters"] == [["数字", 0, 2], ["字化", 1, 3], ["化", 2, 3]]
    for value in (report, found, article, analysis):
        assert value["version"] == 1
        assert json.loads(json.dumps(value, ensure_ascii=False)) == value


def test_json_of_a_failed_line(index: cnsearch.Index) -> None:
    report = index.add_jsonl(io.BytesIO(b"{}\n"), name="stdin").to_dict()
    ((failure,),) = (report["failed"],)
    assert failure.keys() >= {"path", "reason"}
    assert failure["path"] == "stdin:1"


def test_pages_are_pieces_of_one_list(data_index: cnsearch.Index) -> None:
    whole = data_index.search("马拉松 数字化", limit=1000)
    assert whole.total == len(whole) > 6
    assert [hit.rank for hit in whole] == list(range(1, whole.total + 1))
    assert [hit.score for hit in whole] == sorted((hit.score for hit in whole), reverse=True)
    pages = [data_index.search("马拉松 数字化", limit=3, offset=at) for at in range(0, whole.total + 3, 3)]
    assert {page.total for page in pages} == {whole.total}
    assert [(hit.rank, hit.id) for page in pages for hit in page] == [(hit.rank, hit.id) for hit in whole]
    assert list(pages[-1]) == []
    assert pages[0][0] == whole[0]
    assert pages[0][-1].rank == 3
    nothing = data_index.search("马拉松", limit=0)
    assert (len(nothing), nothing.total > 0) == (0, True)
    assert whole.query == "马拉松 数字化"
    assert whole.notes == ("no article has all of 马拉松, 数字化",)
    assert whole.took_ms > 0


def test_sorted_by_date_the_newest_is_first_and_the_undated_last(index: cnsearch.Index) -> None:
    new = Article(id="new", title="上海", date=datetime(2022, 1, 1, tzinfo=timezone.utc))
    index.add([TWO, Article(id="none", title="上海"), ONE, new])
    assert [hit.id for hit in index.search("上海 北京", sort="date", match="any")] == ["new", "a/1", "b", "none"]


def test_what_was_not_taken_as_written_is_noted(data_index: cnsearch.Index) -> None:
    note, lacking = data_index.search("foo:马拉松").notes
    assert "foo" in note
    assert lacking == "no article has all of foo, 马拉松"


def test_filters(data_index: cnsearch.Index) -> None:
    def sources(**filters: Any) -> set[str]:
        return {hit.source for hit in data_index.search("*", limit=100, **filters)}

    assert sources(source="星图科技") == {"星图科技"}
    assert sources(source=["星图科技", "江城晚报"]) == {"星图科技", "江城晚报"}
    assert sources(author="海岸财经") == {"海岸财经"}
    assert sources(category="金融/海岸财经") == {"海岸财经"}
    assert {"海岸财经", "每刻经济"} <= sources(category="金融")
    assert sources(source="没有") == set()


def test_days_begin_in_the_time_zone(path: Path) -> None:
    night = Article(id="night", title="上海", date=datetime(2021, 10, 27, 20, 0, tzinfo=timezone.utc))
    with cnsearch.open_index(path, create=True) as index:  # 04:00 of the next day in Shanghai
        index.add(night)
        assert index.search("上海", since="2021-10-28").total == 1
        assert index.search("上海", until="2021-10-27").total == 0
        assert index.search("上海 date:2021-10-28").total == 1
        assert index.search("上海", since=night.date, until=night.date).total == 1
        assert index.search("上海", since=datetime(2021, 10, 28, 4, 0, 1)).total == 0
    with cnsearch.open_index(path, time_zone="America/New_York") as index:
        assert index.search("上海", since="2021-10-28").total == 0
        assert index.search("上海").to_dict(index.time_zone)["hits"][0]["date"] == "2021-10-27T16:00:00-04:00"
    with cnsearch.open_index(path, time_zone=timezone(timedelta(hours=1))) as index:
        assert index.stats()["first_date"] == "2021-10-27T21:00:00+01:00"


@pytest.mark.parametrize("name", ["Nowhere/Land", "", "../x"])
def test_no_such_time_zone(index: cnsearch.Index, path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"time zone|ZoneInfo"):
        cnsearch.open_index(path, time_zone=name)


# Wrong use


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda index: index.search(5), TypeError),
        (lambda index: index.search(None), TypeError),
        (lambda index: index.search("x", limit=-1), ValueError),
        (lambda index: index.search("x", limit="1"), TypeError),
        (lambda index: index.search("x", offset=-1), ValueError),
        (lambda index: index.search("x", sort="title"), ValueError),
        (lambda index: index.search("x", match="some"), ValueError),
        (lambda index: index.search("x", source=5), TypeError),
        (lambda index: index.search("x", category=[1]), TypeError),
        (lambda index: index.search("x", author=b"x"), TypeError),
        (lambda index: index.search("x", since=2021), TypeError),
        (lambda index: index.search("x", until=5), TypeError),
        (lambda index: index.search("x", since="2021-02-30"), cnsearch.QuerySyntaxError),
        (lambda index: index.search("x", until="gestern"), cnsearch.QuerySyntaxError),
        (lambda index: index.search("date:2021-13"), cnsearch.QuerySyntaxError),
        (lambda index: index.get(5), TypeError),
        (lambda index: index.analyze(5), TypeError),
    ],
)
def test_wrong_questions(data_index: cnsearch.Index, call: Callable[[cnsearch.Index], object], error: type) -> None:
    with pytest.raises(error):
        call(data_index)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda index: index.add("x"), TypeError),
        (lambda index: index.add([ONE, None]), TypeError),
        (lambda index: index.add(None), TypeError),
        (lambda index: index.delete(5), TypeError),
        (lambda index: index.delete([5]), TypeError),
        (lambda index: index.update(5), TypeError),
        (lambda index: index.update("/nowhere/at/all"), cnsearch.CorpusError),
        (lambda index: cnsearch.open_index(5), TypeError),
        (lambda index: cnsearch.open_index(index.path, time_zone=5), TypeError),
        (lambda index: cnsearch.open_index(index.path + "2", create=True, engine="ik"), ValueError),
        (lambda index: cnsearch.open_index(index.path, user_dict="/nowhere"), cnsearch.CorpusError),
    ],
)
def test_wrong_writes_change_nothing(
    index: cnsearch.Index, call: Callable[[cnsearch.Index], object], error: type
) -> None:
    index.add(TWO)
    with pytest.raises(error):
        call(index)
    assert ids(index) == ["b"]
    assert not Path(index.path + "2").exists()
    assert index.delete("b") == 1  # not locked


@pytest.mark.parametrize(
    ("values", "error", "said"),
    [
        ({"id": ""}, ValueError, "id"),
        ({"id": 5}, ValueError, "id"),
        ({"title": None}, TypeError, "title"),
        ({"source": 5}, TypeError, "source"),
        ({"url": b"x"}, TypeError, "url"),
        ({"paragraphs": "one string"}, TypeError, "paragraphs"),
        ({"paragraphs": (5,)}, TypeError, "paragraphs"),
        ({"categories": "one string"}, TypeError, "categories"),
        ({"categories": ("a", None)}, TypeError, "categories"),
        ({"date": datetime(2021, 1, 1)}, ValueError, "time zone"),
        ({"date": "2021-01-01"}, TypeError, "date"),
    ],
)
def test_articles_that_cannot_be(values: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        Article(**{"id": "x", "title": "x", **values})


@pytest.mark.parametrize(
    "query",
    ["城", "中" * 2000, "，。！", "🐼", "hello world", "ひらがな", "\ud800上海", "*" * 50, "\x00", "(" * 999, ""],
)
def test_odd_queries_are_answered(data_index: cnsearch.Index, query: str) -> None:
    for hit in data_index.search(query):
        hit.snippet.html()


# Life


def test_closed(index: cnsearch.Index, path: Path) -> None:
    index.add([ONE, TWO])
    made, unmade = index.search("上海 北京")
    text = made.snippet.text()
    index.close()
    index.close()
    before = bytes_of(path)
    for call in (
        lambda: index.search("上海"),
        lambda: index.get("b"),
        lambda: len(index),
        lambda: index.stats(),
        lambda: index.analyze("上海"),
        lambda: index.refresh(),
        lambda: index.add(Article(id="c", title="c")),
        lambda: index.add_jsonl(io.BytesIO(b'{"id": "c", "title": "c"}')),
        lambda: index.delete("b"),
        lambda: index.update(path.parent),
        lambda: unmade.snippet,
    ):
        with pytest.raises(ValueError, match="closed"):
            call()
    assert bytes_of(path) == before
    assert made.snippet.text() == text


def test_another_process_commits(index: cnsearch.Index, path: Path) -> None:
    index.add(ONE)
    code = f"import cnsearch; cnsearch.open_index({str(path)!r}).add(cnsearch.Article(id='x', title='外来'))"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
    assert index.search("外来").total == 0
    assert len(index) == 1
    assert index.refresh() is True
    assert index.refresh() is False
    assert index.search("外来").total == 1
    assert len(index) == 2


def test_two_writers_in_turn_see_each_others_articles(index: cnsearch.Index, path: Path) -> None:
    with cnsearch.open_index(path) as other:
        index.add(ONE)
        other.add([TWO, ONE])  # opened before ONE was there
        index.delete("b")
        assert (ids(index), ids(other)) == (["a/1"], ["a/1", "b"])
        assert other.add(Article(id="c", title="c")).articles == 2
        assert ids(other) == ["a/1", "c"]


def test_a_slow_refresh_does_not_turn_back_time(index: cnsearch.Index, path: Path) -> None:
    taken, go_on = threading.Event(), threading.Event()
    snapshot = index._backend.store.snapshot

    def slow() -> object:
        early = snapshot()
        taken.set()
        assert go_on.wait(10)
        return early

    with cnsearch.open_index(path) as writer:
        writer.add(ONE)
        index._backend.store.snapshot = slow  # type: ignore[method-assign, assignment]
        refreshing = threading.Thread(target=index.refresh)
        refreshing.start()
        assert taken.wait(10)
        index._backend.store.snapshot = snapshot  # type: ignore[method-assign]
        writer.add(TWO)
        index.refresh()
        go_on.set()
        refreshing.join()
        assert ids(index) == ["a/1", "b"]


def test_one_index_serves_threads_while_another_writes(index: cnsearch.Index, path: Path) -> None:
    """Every article is in the text as often as in the filter, whichever commit a search sees."""
    failures: list[BaseException] = []
    searches = itertools.count()
    stop = threading.Event()
    seconds = 1.5

    def article(n: int) -> Article:
        return Article(id=f"{n}", title=f"上海 {n}", paragraphs=(f"正文上海{n}。",), source="甲")

    def repeat(action: Callable[[], None]) -> None:
        try:
            while not stop.is_set():
                action()
        except BaseException as error:
            failures.append(error)
            stop.set()

    def read() -> None:
        results = index.search("上海", source="甲", limit=200)
        assert results.total == len(results) >= 50
        assert len({hit.id for hit in results}) == len(results)
        for hit in results[:2]:
            assert hit.title == f"上海 {hit.id}"
            assert hit.snippet.text() == f"正文上海{hit.id}。"
        page = index.search("上海", limit=3)
        assert page.total >= len(page) == 3
        next(searches)

    def write() -> None:
        n = next(numbers)
        writer.add([article(1000 + 2 * n), article(1001 + 2 * n)])
        writer.delete([f"{1000 + 2 * n}", f"{1001 + 2 * n}"] if n % 2 else f"{1000 + 2 * n}")
        index.refresh()

    numbers = itertools.count()
    index.add([article(n) for n in range(50)])
    with cnsearch.open_index(path) as writer:
        threads = [threading.Thread(target=repeat, args=(action,)) for action in (read, read, read, write)]
        for thread in threads:
            thread.start()
        stop.wait(seconds)
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert next(searches) > 3
        assert next(numbers) > 2
        index.refresh()
        assert ids(index) == ids(writer)


def test_an_old_snapshot_outlives_a_rebuild(index: cnsearch.Index, path: Path) -> None:
    index.add([ONE, TWO])
    results = index.search("数字化")
    seen = []

    def during(done: int, total: int | None) -> None:
        seen.append(index.search("数字化").total)

    rebuilt, report = cnsearch.rebuild_index(path, progress=during)
    with rebuilt:
        assert seen
        assert set(seen) == {1}
        assert report.articles == 2
        assert results[0].title_fragment.highlights == ((2, 5),)
        assert index.search("数字化").total == 1
        assert index.refresh()
        assert index.search("数字化").total == rebuilt.search("数字化").total == 1


def test_a_second_writer_is_refused_or_waits(index: cnsearch.Index, path: Path) -> None:
    transaction = begin(Store.open(path))
    for call in (lambda: index.add(ONE), lambda: index.delete("b"), lambda: cnsearch.rebuild_index(path)):
        with pytest.raises(cnsearch.IndexLockedError) as caught:
            call()
        assert caught.value.path == str(path)
    begun = time.perf_counter()
    with pytest.raises(cnsearch.IndexLockedError):
        index.add(ONE, wait=0.3)
    assert time.perf_counter() - begun >= 0.3
    threading.Timer(0.3, transaction.cancel).start()
    assert index.add(ONE, wait=30).added == 1


def test_a_damaged_segment_is_named(index: cnsearch.Index, path: Path) -> None:
    """Whichever byte of it has changed: an answer as before, or an error that names the file, and nothing else."""
    index.add([ONE, TWO])
    expected = [(hit.id, hit.snippet.text()) for hit in index.search('上海 "另一篇" 数*')]
    (segment,) = path.glob("MAIN_?*.*")
    whole = segment.read_bytes()
    num_found = 0
    paths = set()
    for at in range(0, len(whole), max(1, len(whole) // 150)):
        segment.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            with cnsearch.open_index(path) as damaged:
                found = [(hit.id, hit.snippet.text()) for hit in damaged.search('上海 "另一篇" 数*')]
                damaged.stats()
        except (cnsearch.CorruptIndexError, cnsearch.IndexFormatError) as error:  # the latter for magic and version
            paths.add(error.path)
            num_found += 1
        else:
            assert found == expected
    assert num_found > 50
    assert paths == {str(segment)}


def test_watching_from_a_program(tmp_path: Path, write_post: Callable[..., Path]) -> None:
    write_post(tmp_path / "posts/一.md", "江豚", age=60)
    stop = threading.Event()
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        with pytest.raises(cnsearch.CorpusError, match="no folder"):
            next(index.watch())
        index.update(tmp_path / "posts")
        reports = index.watch(stop=stop)
        write_post(tmp_path / "posts/二.md", "白鲟")  # before the first look
        report = next(reports)
        assert isinstance(report, cnsearch.UpdateReport)
        assert (report.added, report.articles) == (1, 2)
        shutil.rmtree(tmp_path / "posts")
        gone = next(reports)
        while not any(failure.path == str(tmp_path / "posts") for failure in gone.failed):  # it is being emptied
            gone = next(reports)
        assert "the folder is gone" in gone.failed[0].reason or "no such file" in gone.failed[0].reason
        stop.set()
        assert list(reports) == []


def test_a_source_that_is_no_string_is_said(data_index: cnsearch.Index) -> None:
    for name in ("source", "category", "author"):
        with pytest.raises(TypeError, match=f"{name} must be a str or several, not 5"):
            data_index.search("数字", **{name: 5})  # type: ignore[arg-type]
