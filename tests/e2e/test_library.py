"""The library, as its users call it."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest
from whoosh.fields import TEXT, Schema
from whoosh.filedb.filestore import FileStorage

import cnsearch

ONE = cnsearch.Article(
    id="a/1",
    title="上海數字化轉型規劃",
    paragraphs=("第一段說數字之都。", "第二段<b>&</b>。"),
    source="每经网",
    categories=("金融", "每经网", "重磅原创"),
    author="每经网",
    date=datetime(2021, 10, 27, 12, 11, 47, tzinfo=timezone.utc),
    url="https://example.org/1",
)
TWO = cnsearch.Article(id="b", title="北京", paragraphs=("另一篇。",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index"


def test_no_index(path: Path) -> None:
    with pytest.raises(cnsearch.IndexNotFoundError) as caught:
        cnsearch.open_index(path)
    assert caught.value.path == str(path)
    assert "cnsearch index" in caught.value.hint
    assert not path.exists()


def test_somebody_elses_whoosh_index(path: Path) -> None:
    path.mkdir()
    FileStorage(str(path)).create_index(Schema(text=TEXT))
    with pytest.raises(cnsearch.IndexFormatError, match="not made by cnsearch"):
        cnsearch.open_index(path)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Whoosh leaves the file open
@pytest.mark.parametrize("damage", [b"", b"garbage" * 100])
def test_a_damaged_table_of_contents(path: Path, damage: bytes) -> None:
    cnsearch.open_index(path, create=True).close()
    (toc,) = path.glob("*.toc")
    toc.write_bytes(damage)
    with pytest.raises(cnsearch.IndexUnusableError):
        cnsearch.open_index(path)
    gc.collect()


def test_another_format_version(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cnsearch.open_index(path, create=True).close()
    monkeypatch.setattr("cnsearch.store.SCHEMA_VERSION", 99)
    with pytest.raises(cnsearch.IndexFormatError) as caught:
        cnsearch.open_index(path)
    assert caught.value.expected == 99


def test_an_article_comes_back_as_it_was(path: Path) -> None:
    with cnsearch.open_index(path, create=True) as index:
        report = index.add([ONE, TWO])
        assert (report.added, report.articles, len(index)) == (2, 2, 2)
        assert index.get("a/1") == ONE
        assert index.get("b") == TWO
    with cnsearch.open_index(path) as index:
        assert index.get("a/1") == ONE


def test_add_replaces_and_delete_deletes(path: Path) -> None:
    with cnsearch.open_index(path, create=True) as index:
        index.add(ONE)
        assert index.add(ONE).unchanged == 1
        report = index.add(cnsearch.Article(id="a/1", title="新的"))
        assert (report.added, report.changed) == (0, 1)
        assert index.search("上海").total == 0
        assert index.search("新的").total == 1
        assert index.delete(["a/1", "a/1", "nope"]) == 1
        assert len(index) == 0
        with pytest.raises(cnsearch.ArticleNotFoundError) as caught:
            index.get("a/1")
        assert caught.value.article_id == "a/1"


def test_of_equal_ids_in_one_call_the_last_holds(path: Path) -> None:
    with cnsearch.open_index(path, create=True) as index:
        index.add([ONE, cnsearch.Article(id="a/1", title="第二"), cnsearch.Article(id="a/1", title="第三")])
        assert len(index) == 1
        assert index.get("a/1").title == "第三"
        assert index.search("第二 上海").total == 0


def test_hits_and_snippets(path: Path) -> None:
    with cnsearch.open_index(path, create=True) as index:
        index.add([ONE, TWO])
        results = index.search("数字化 转型")
        assert (results.total, len(results), results.understood) == (1, 1, "数字化 转型")
        hit = results[0]
        assert (hit.rank, hit.id, hit.source, hit.categories) == (1, ONE.id, ONE.source, ONE.categories)
        assert (hit.date, hit.url) == (ONE.date, ONE.url)
        assert hit.title_fragment.html() == "上海<mark>數字化轉型</mark>規劃"
        (hit,) = index.search('"第二段"')
        assert hit.snippet.html() == "…<mark>第二段</mark>&lt;b&gt;&amp;&lt;/b&gt;。"
        assert hit.snippet.ansi() == "…\x1b[1;31m第二段\x1b[0m<b>&</b>。"
        assert hit.fragments[-1].start == len("第一段說數字之都。\n")


def test_json_has_the_promised_keys(path: Path) -> None:
    with cnsearch.open_index(path, create=True) as index:
        report = index.add(ONE).to_dict()
        results = index.search("数字化").to_dict(index.time_zone)
        article = index.get("a/1").to_dict(index.time_zone)
        analysis = index.analyze("數字化").to_dict()
        stats = dict(index.stats())
    assert {"version", "added", "changed", "removed", "unchanged", "failed", "articles", "took_s"} <= report.keys()
    assert {"version", "query", "understood", "total", "took_ms", "hits", "facets"} <= results.keys()
    hit_keys = "rank id title source categories author date url path score snippet fragments"
    assert set(hit_keys.split()) <= results["hits"][0].keys()
    assert results["hits"][0]["fragments"][0] == {"field": "title", "text": ONE.title, "highlights": [[2, 5]]}
    assert set("version id title paragraphs source categories author date url path".split()) <= article.keys()
    assert article["date"] == "2021-10-27T20:11:47+08:00"
    assert analysis["folded"] == "数字化"
    assert analysis["words"] == [["数字", 0, 2], ["数字化", 0, 3]]
    assert analysis["characters"] == [["数字", 0, 2], ["字化", 1, 3], ["化", 2, 3]]
    stat_keys = "version articles sources categories segments size_bytes tokenizer format_version"
    assert set(stat_keys.split()) <= stats.keys()
    assert (stats["sources"], stats["articles"]) == ({"每经网": 1}, 1)
    assert stats["categories"] == {"每经网": 1, "重磅原创": 1, "金融": 1}


def test_another_process_commits(path: Path) -> None:
    with cnsearch.open_index(path, create=True) as index:
        index.add(ONE)
        code = f"import cnsearch; cnsearch.open_index({str(path)!r}).add(cnsearch.Article(id='x', title='外来'))"
        subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
        assert index.search("外来").total == 0
        assert index.refresh()
        assert not index.refresh()
        assert index.search("外来").total == 1


def test_closed(path: Path) -> None:
    index = cnsearch.open_index(path, create=True)
    index.close()
    index.close()
    with pytest.raises(ValueError, match="closed"):
        index.search("上海")


def test_one_index_serves_threads_while_another_writes(path: Path) -> None:
    failures: list[BaseException] = []
    with cnsearch.open_index(path, create=True) as index:
        index.add([cnsearch.Article(id=f"{n}", title=f"上海 {n}") for n in range(50)])
        stop = threading.Event()

        def read() -> None:
            try:
                while not stop.is_set():
                    results = index.search("上海", limit=100)
                    assert results.total == len(results) >= 50
                    assert all("上海" in hit.title for hit in results)
                    assert results[0].snippet.text() == ""
            except BaseException as error:
                failures.append(error)

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        for n in range(50, 60):
            index.add(cnsearch.Article(id=f"{n}", title=f"上海 {n}"))
        stop.set()
        for reader in readers:
            reader.join()
        assert failures == []
        assert index.search("上海").total == 60


def test_an_old_snapshot_outlives_a_rebuild(path: Path) -> None:
    with cnsearch.open_index(path, create=True) as reader:
        reader.add([ONE, TWO])
        results = reader.search("数字化")
        index, report = cnsearch.rebuild_index(path)
        with index:
            assert report.articles == 2
            assert results[0].title_fragment.highlights == ((2, 5),)
            assert reader.search("数字化").total == 1
            assert reader.refresh()
            assert reader.search("数字化").total == index.search("数字化").total == 1


def test_a_second_writer(path: Path) -> None:
    from cnsearch.store import Store

    with cnsearch.open_index(path, create=True) as index:
        transaction = Store.open(path).transaction()
        with pytest.raises(cnsearch.IndexLockedError) as caught:
            index.add(ONE)
        assert caught.value.path == str(path)
        threading.Timer(0.3, transaction.cancel).start()
        assert index.add(ONE, wait=10).added == 1


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda index: index.search(5), TypeError),
        (lambda index: index.search("x", limit=-1), ValueError),
        (lambda index: index.search("x", offset=-1), ValueError),
        (lambda index: index.search("x", sort="title"), ValueError),
        (lambda index: index.search("x", match="some"), ValueError),
        (lambda index: index.search("x", since="2021-02-30"), cnsearch.QuerySyntaxError),
        (lambda index: index.search("date:2021-13"), cnsearch.QuerySyntaxError),
        (lambda index: index.update("/nowhere/at/all"), cnsearch.CorpusError),
    ],
)
def test_misuse(data_index: cnsearch.Index, call: Callable[[cnsearch.Index], object], error: type[Exception]) -> None:
    with pytest.raises(error):
        call(data_index)


@pytest.mark.parametrize(
    "query", ["城", "中" * 2000, "，。！", "🐼", "hello world", "ひらがな", "\ud800上海", "*" * 50, "\x00"]
)
def test_odd_queries_are_answered(data_index: cnsearch.Index, query: str) -> None:
    results = data_index.search(query)
    for hit in results:
        hit.snippet.html()


def test_bad_articles() -> None:
    with pytest.raises(ValueError, match=r"Article\.id"):
        cnsearch.Article(id="", title="x")
    with pytest.raises(ValueError, match="time zone"):
        cnsearch.Article(id="x", title="x", date=datetime(2021, 1, 1))
    with pytest.raises(TypeError, match="tuple"):
        cnsearch.Article(id="x", title="x", paragraphs="one string")  # type: ignore[arg-type]


def test_time_zone(path: Path) -> None:
    with cnsearch.open_index(path, create=True, time_zone="America/New_York") as index:
        index.add(ONE)
        assert index.search("上海").to_dict(index.time_zone)["hits"][0]["date"] == "2021-10-27T08:11:47-04:00"
    with pytest.raises(ValueError, match="time zone"):
        cnsearch.open_index(path, time_zone="Nowhere/Land")
