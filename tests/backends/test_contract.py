"""What every back end promises: the same articles in, the same answers out, on disk and on a cluster."""

from __future__ import annotations

import io
import json
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch import (
    Article,
    ArticleNotFoundError,
    IndexLockedError,
    IndexNotFoundError,
    SearchRequest,
    UnsupportedError,
)

KINDS = ("folder", "cluster")
DAY = datetime(2021, 10, 27, 2, tzinfo=timezone.utc)
Where = Callable[[], str]


@pytest.fixture(params=KINDS)
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for an index that is not there yet."""
    if request.param == "folder":
        return str(tmp_path / "index")
    make: Callable[[], str] = request.getfixturevalue("new_url")
    return make()


@pytest.fixture
def index(where: str) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(where, create=True) as opened:
        yield opened


def article(id_: str, title: str, *paragraphs: str, **more: Any) -> Article:
    return Article(id_, title, paragraphs, **more)


NEWS = (
    article(
        "1", "数字化转型提速", "企业的数字化转型进入新阶段。", source="每经网", categories=("金融", "每经网"), date=DAY
    ),
    article(
        "2",
        "银行业报告",
        "数字经济与转型",
        source="新浪财经",
        categories=("金融", "新浪财经"),
        date=DAY - timedelta(40),
    ),
    article(
        "3",
        "S-300 导弹",
        "Wi-Fi 与 iPhone15",
        source="每经网",
        categories=("科技",),
        tags=("编程/python",),
        author="甲",
    ),
    article("4", "茶与水", "龙井茶", draft=True, labels={"language": ("zh",)}, date=DAY - timedelta(400)),
    article("5", "茶叶市场", "茶 茶 茶", labels={"language": ("en", "zh")}, date=DAY),
)


@pytest.fixture
def filled(index: cnsearch.Index) -> cnsearch.Index:
    """An index of the test's own."""
    assert index.add(NEWS).added == len(NEWS)
    return index


@pytest.fixture(scope="module", params=KINDS)
def news(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[cnsearch.Index]:
    """The same for all tests: for reading only."""
    place = str(tmp_path_factory.mktemp("news") / "index")
    if request.param == "cluster":
        place = f"opensearch+http://{request.getfixturevalue('node')}/contract"
    with cnsearch.open_index(place, create=True) as opened:
        opened.add(NEWS)
        yield opened


def ids(found: Any) -> list[str]:
    return [hit.id for hit in found]


# Searching


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("数字化转型", "12"),
        ("数字 转型", "12"),
        ("数字 OR 茶", "1245"),
        ('"字化转"', "1"),
        ('"进入新阶段。"', "1"),
        ("茶", "45"),
        ("茶 -龙井", "5"),
        ("title:茶", "45"),
        ("body:龙井", "4"),
        ("s300", "3"),
        ("wifi", "3"),
        ("wi*", "3"),
        ("?phone*", "3"),
        ("source:每经网", "13"),
        ("category:金融/新浪财经", "2"),
        ("tag:编程", "3"),
        ("python", "3"),
        ("author:甲", "3"),
        ("language:zh", "45"),
        ("date:2021-10", "15"),
        ("-date:2021-10", "234"),
        ("*", "12345"),
        ("咖啡", ""),
        ("", ""),
    ],
)
def test_queries(query: str, found: str, news: cnsearch.Index) -> None:
    results = news.search(query)
    assert "".join(sorted(ids(results))) == found
    assert results.total == len(found)
    assert "".join(sorted(ids(news.scan(query)))) == (found if query else "12345")


def test_a_compound_is_not_found_where_its_letters_or_digits_go_on(index: cnsearch.Index) -> None:
    texts = {
        "longer": "S-3000，另有 300 个 S",
        "before": "AS-300，另有 300 个 S",
        "apart": "300 与 S",
        "whole": "S-300",
        "spaced": "买了S 300导弹",
        "both": "S-3000 与 S300",
        "at the end": "型号为 s-300",
        "with letters": "S-300PMU",
    }
    index.add([article(name, "型号", text) for name, text in texts.items()], jobs=1)
    found = {hit.id for hit in index.search("S-300", match="all", limit=20)}
    assert found == {"whole", "spaced", "both", "at the end", "with letters"}
    assert index.search("title:S-300").total == 0


def test_a_word_is_found_in_two_parts_where_its_letters_do_not_go_on(index: cnsearch.Index) -> None:
    texts = {
        "spaced": "连接 wi fi 网络",
        "slash": "WI/FI",
        "longer": "wi fit，另有 wi 与 fi",
        "before": "kiwi fi，另有 wi 与 fi",
    }
    index.add([article(name, "网", text) for name, text in texts.items()], jobs=1)
    assert {hit.id for hit in index.search("wifi")} == {"spaced", "slash"}


def test_filters_beside_the_query(news: cnsearch.Index) -> None:
    assert sorted(ids(news.search("*", source=["每经网", "新浪财经"]))) == ["1", "2", "3"]
    assert ids(news.search("*", category="金融/每经网")) == ["1"]
    assert ids(news.search("*", tag="编程/python")) == ["3"]
    assert sorted(ids(news.search("*", labels={"language": "zh"}))) == ["4", "5"]
    assert ids(news.search("茶", draft=False)) == ["5"]
    assert sorted(ids(news.search("*", since="2021-10", until="2021-10-27"))) == ["1", "5"]
    assert ids(news.search("*", source=[])) == []


def test_order_and_pages(news: cnsearch.Index) -> None:
    newest = ids(news.search("*", sort="date"))
    assert (newest[2:], sorted(newest[:2])) == (["2", "4", "3"], ["1", "5"])
    oldest = ids(news.search("*", sort="oldest"))
    assert (oldest[:2], oldest[4]) == (["4", "2"], "3")
    assert ids(news.search("*", sort="date", limit=2, offset=3)) == newest[3:5]
    page = news.search("茶", limit=1, offset=1)
    assert (page.total, [hit.rank for hit in page]) == (2, [2])
    assert news.search("茶", limit=0).total == 2
    old = news.search("茶", half_life_days=10)
    assert ids(old) == ["5", "4"]
    assert old[0].score > 1e6 * old[1].score


def test_facets(news: cnsearch.Index) -> None:
    facets = ["source", "category", "category_path", "author", "tag", "year", "month", "language"]
    found = news.search("*", facets=facets).facets
    assert found["source"] == {"每经网": 2, "新浪财经": 1}
    assert found["category"] == {"金融": 2, "新浪财经": 1, "每经网": 1, "科技": 1}
    assert found["category_path"] == {"金融": 2, "科技": 1, "金融/新浪财经": 1, "金融/每经网": 1}
    assert found["author"] == {"甲": 1}
    assert found["tag"] == {"编程/python": 1}
    assert found["year"] == {"2021": 3, "2020": 1}
    assert found["month"] == {"2021-10": 2, "2020-09": 1, "2021-09": 1}
    assert found["language"] == {"zh": 2, "en": 1}
    assert news.facet_names[-1] == "language"
    with pytest.raises(ValueError, match="facets"):
        news.search("*", facets=["nothing"])


def test_what_a_hit_shows(news: cnsearch.Index) -> None:
    hit = news.search("数字化转型")[0]
    assert (hit.title, hit.source, hit.categories, hit.date) == ("数字化转型提速", "每经网", ("金融", "每经网"), DAY)
    assert hit.title_fragment.html() == "<mark>数字化转型</mark>提速"
    assert hit.snippet.html() == "企业的<mark>数字化转型</mark>进入新阶段。"
    parts = hit.explain()
    assert sum(part.score for part in parts) == pytest.approx(hit.score, rel=1e-3)
    assert {"word", "characters", "close together"} <= {part.name for part in parts}
    assert pickle.loads(pickle.dumps(hit)).to_dict(explain=True) == hit.to_dict(explain=True)
    whole = news.marked("1", "转型")
    assert [fragment.html() for fragment in whole] == [
        "数字化<mark>转型</mark>提速",
        "企业的数字化<mark>转型</mark>进入新阶段。",
    ]


def test_words_that_a_hit_lacks(index: cnsearch.Index) -> None:
    index.add([article("1", "上海 天气"), article("2", "上海 交通 地铁"), article("3", "天气 交通")])
    results = index.search("上海 天气 交通")
    assert {hit.id: hit.missing for hit in results} == {"1": ("交通",), "2": ("天气",), "3": ("上海",)}
    assert results.notes == ("no article has all of 上海, 天气, 交通",)


def test_values_that_no_article_has_are_said(news: cnsearch.Index) -> None:
    assert news.search("数字", source="每经").notes == ('no article has the source "每经"; did you mean "每经网"?',)
    assert 'no article has a field "colour"' in news.search("数字", labels={"colour": "red"}).notes


def test_synonyms(where: str, tmp_path: Path) -> None:
    file = tmp_path / "synonyms.txt"
    file.write_text("电脑, 计算机\n", encoding="utf-8")
    with cnsearch.open_index(where, create=True, synonyms=file) as index:
        index.add([article("1", "电脑"), article("2", "计算机"), article("3", "手机")])
        results = index.search("电脑")
        assert sorted(ids(results)) == ["1", "2"]
        assert results.understood == "(电脑 OR 计算机)"


def test_suggestions_and_corrections(index: cnsearch.Index) -> None:
    index.add([article(str(number), title) for number, title in enumerate(["人工智能"] * 4 + ["linux 内核"] * 3)])
    assert {"text": "人工智能", "articles": 4} in [one.to_dict() for one in index.suggest("人工")]
    assert index.suggest("rengong")[0].text == "人工智能"
    assert index.search("linxu").correction == "linux"


def test_copies_fold(index: cnsearch.Index) -> None:
    text = [
        f"第{number}句说的是长江上的第{number * 7}座桥与它的故事，{chr(0x4E00 + number * 37)}字起头。"
        for number in range(60)
    ]
    index.add(
        [article("a", "大桥", *text), article("b", "大桥", *text, source="转载"), article("c", "大桥", "另一座大桥")]
    )
    results = index.search("大桥", collapse=True)
    assert results.total == 3
    assert len(results) == 2
    assert sorted([results[0].id, *(copy.id for hit in results for copy in hit.duplicates), results[1].id]) == [
        "a",
        "b",
        "c",
    ]


def test_articles_like_one(index: cnsearch.Index) -> None:
    index.add(
        [article("1", "长江 大桥 通车", "长江大桥"), article("2", "长江 大桥 维修", "大桥"), article("3", "苹果 发布")]
    )
    assert ids(index.similar("1")) == ["2"]
    with pytest.raises(ArticleNotFoundError):
        index.similar("9")


def test_long_text_as_it_was_typed(filled: cnsearch.Index) -> None:
    filled.add(article("6", "引文", "他说：“一加一等于二——(也可能)不等于！”然后走了。"))
    assert ids(filled.search("“一加一等于二——(也可能)不等于！”然后走了"))[0] == "6"


# Reading


def test_articles_come_back_as_they_were(news: cnsearch.Index) -> None:
    assert {one.id: one for one in news} == {one.id: one for one in NEWS}
    assert news.get("3") == NEWS[2]
    assert list(news.get_many(["5", "9", "1"])) == ["5", "1"]
    assert sorted(news.ids()) == ["1", "2", "3", "4", "5"]
    assert (len(news), "3" in news, "9" in news) == (5, True, False)
    with pytest.raises(ArticleNotFoundError):
        news.get("9")
    assert news.get("9", None) is None


def test_stats(news: cnsearch.Index) -> None:
    stats = news.stats()
    assert (stats["articles"], stats["drafts"], stats["index"]) == (5, 1, news.path)
    assert stats["sources"] == {"每经网": 2, "新浪财经": 1}
    assert stats["labels"] == {"language": {"zh": 2, "en": 1}}
    assert stats["last_date"] == "2021-10-27T10:00:00+08:00"
    assert datetime.fromisoformat(stats["last_commit"]) <= datetime.now(timezone.utc)
    json.dumps(stats)
    assert news.verify().ok


def test_an_id_may_be_anything(index: cnsearch.Index) -> None:
    strange = ["目录/文 章.md#1", "~x", "长" * 700, "a" * 513, "_all", '"quote"', "a\u2028b"]
    index.add([article(id_, "标题") for id_ in strange])
    assert sorted(index.ids()) == sorted(strange)
    assert all(index.get(id_).id == id_ for id_ in strange)
    assert index.delete(strange) == len(strange)
    assert len(index) == 0


# Writing


def test_adding_twice_is_adding_once(index: cnsearch.Index) -> None:
    assert index.add(NEWS).added == 5
    report = index.add(NEWS)
    assert (report.added, report.changed, report.unchanged, report.articles) == (0, 0, 5, 5)
    report = index.add(article("1", "新标题"))
    assert (report.changed, report.articles) == (1, 5)
    assert ids(index.search("新标题")) == ["1"]
    assert index.search("提速").total == 0
    report = index.add([article("7", "甲"), article("7", "乙")])
    assert (report.added, report.changed) == (1, 1)
    assert index.get("7").title == "乙"
    assert index.add(article("8", "丙"), dry_run=True).added == 1
    assert "8" not in index


def test_deleting(filled: cnsearch.Index) -> None:
    assert filled.delete("9") == 0
    assert filled.delete(query="茶", dry_run=True) == 2
    assert filled.delete(["1", "9"]) == 1
    assert filled.delete(query="茶", draft=True) == 1
    assert filled.delete(["5", "2"], source="新浪财经") == 1
    assert sorted(filled.ids()) == ["3", "5"]


def counts(report: cnsearch.UpdateReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.removed, report.unchanged


def test_a_folder_is_followed(index: cnsearch.Index, tmp_path: Path, write_post: Callable[..., Path]) -> None:
    posts = tmp_path / "posts"
    first = write_post(posts / "甲.md", "一号", "江豚", age=100)
    write_post(posts / "乙.md", "二号", age=100)
    assert counts(index.update(posts, jobs=1)) == (2, 0, 0, 0)
    assert counts(index.update(posts, jobs=1)) == (0, 0, 0, 2)
    assert index.stats()["folders"] == [str(posts.resolve())]
    write_post(first, "一号", "江豚回来了", age=50)
    write_post(posts / "丙.md", "三号", age=100)
    (posts / "乙.md").rename(posts / "丁.md")
    report = index.update(posts, jobs=1)
    assert (report.added, report.changed, report.moved, report.removed) == (1, 1, 1, 0)
    os.utime(first)  # touched, and equal: its hash says so
    assert counts(index.update(posts, jobs=1)) == (0, 0, 0, 3)
    assert ids(index.search("回来了")) == ["甲.md"]
    assert "江豚" in index.raw("甲.md")
    first.unlink()
    assert counts(index.update(posts, jobs=1)) == (0, 0, 1, 2)
    assert sorted(index.ids()) == ["丁.md", "丙.md"]


def test_records_and_files_of_several_articles(index: cnsearch.Index, tmp_path: Path) -> None:
    lines = "\n".join(json.dumps({"id": n, "title": f"第{n}条"}, ensure_ascii=False) for n in range(3))
    report = index.add_jsonl(io.BytesIO(f"{lines}\nno json\n".encode()), name="records")
    assert (report.added, [failure.path for failure in report.failed]) == (3, ["records:4"])
    posts = tmp_path / "posts"
    posts.mkdir()
    (posts / "all.jsonl").write_text(lines, encoding="utf-8")
    os.utime(posts / "all.jsonl", (1e9, 1e9))
    assert counts(index.update(posts)) == (3, 0, 0, 0)
    assert counts(index.update(posts)) == (0, 0, 0, 3)


def test_a_rebuild_takes_the_place_of_the_old_index(filled: cnsearch.Index, where: str, data: Path) -> None:
    rebuilt, report = cnsearch.rebuild_index(where, data, jobs=1)
    with rebuilt:
        assert report.articles == len(rebuilt) == 48 + len(NEWS)  # what came from no file is carried over
        assert rebuilt.get("3") == NEWS[2]
    assert filled.refresh()
    assert len(filled) == 48 + len(NEWS)


def test_words_of_the_dictionary(index: cnsearch.Index) -> None:
    index.add([article("1", "蓝鲸号下水"), article("2", "蓝天")])
    assert not any(word == "蓝鲸号" for word, _, _, _ in index.analyze("蓝鲸号下水").words)
    report = index.add_words("蓝鲸号")
    assert (report.added, report.retokenised) == (("蓝鲸号",), 1)
    assert list(index.user_words) == ["蓝鲸号"]
    assert "蓝鲸号" in [token.text for token in index.analyze("蓝鲸号下水").words]
    assert ids(index.search("蓝鲸号")) == ["1"]
    assert index.add_words("蓝鲸号").present == ("蓝鲸号",)
    assert index.remove_words(["蓝鲸号", "没有"]).to_dict()["removed"] == ["蓝鲸号"]
    assert index.user_words == {}


def test_another_dictionary_is_refused(where: str, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("蓝鲸号\n", encoding="utf-8")
    cnsearch.open_index(where, create=True).close()
    with pytest.raises(cnsearch.AnalyzerMismatchError) as caught:
        cnsearch.open_index(where, user_dict=words)
    assert caught.value.code == "dictionary_mismatch"


def test_what_one_writes_another_sees_after_a_refresh(index: cnsearch.Index, where: str) -> None:
    with cnsearch.open_index(where) as other:
        assert not other.refresh()
        before = other.mark
        index.add(NEWS)
        assert other.refresh()
        assert other.mark == index.mark != before
        assert other.search("茶").total == 2
        index.add_words("龙井茶叶")
        assert other.refresh()
        assert list(other.user_words) == ["龙井茶叶"]


def test_an_update_can_be_stopped(index: cnsearch.Index) -> None:
    stop = threading.Event()

    def articles() -> Iterator[Article]:
        for number in range(1_000):
            if number == 300:
                stop.set()
            yield article(str(number), f"第{number}篇")

    report = index.add(articles(), jobs=1, stop=stop)
    assert report.stopped
    assert 0 < report.added == len(index) < 1_000
    assert index.add((article(str(number), f"第{number}篇") for number in range(1_000)), jobs=1).articles == 1_000


# Life


def test_an_index_that_is_not_there(where: str) -> None:
    with pytest.raises(IndexNotFoundError):
        cnsearch.open_index(where)
    assert not cnsearch.opening.index_exists(where)


def test_a_closed_index(filled: cnsearch.Index) -> None:
    hit = filled.search("茶")[0]
    filled.close()
    filled.close()
    assert filled.closed
    for call in (lambda: filled.search("茶"), lambda: len(filled), lambda: filled.add(NEWS), lambda: hit.explain()):
        with pytest.raises(ValueError, match="closed"):
            call()


def test_many_threads_at_once(news: cnsearch.Index) -> None:
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            for query in ("茶", "数字化转型", '"字化"', "source:每经网") * 2:
                assert news.search(query, facets=["source"]).total
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_a_request_is_taken_as_it_is(news: cnsearch.Index) -> None:
    request = SearchRequest("茶", limit=1, facets=["source"], sort="date", match="all")
    assert news.search(request).to_dict()["hits"][0]["id"] == "5"


def test_a_snapshot_or_what_to_do_instead(filled: cnsearch.Index, where: str, tmp_path: Path) -> None:
    if where.startswith("opensearch"):
        with pytest.raises(UnsupportedError, match="Copy its articles"):
            filled.snapshot(tmp_path / "copy")
    else:
        filled.snapshot(tmp_path / "copy")


def test_whoever_writes_alone_is_waited_for(where: str) -> None:
    with cnsearch.open_index(where, create=True) as index, cnsearch.open_index(where) as other:
        index.add(NEWS)
        inside, go_on = threading.Event(), threading.Event()

        def hold(done: int, total: int | None) -> None:
            inside.set()
            go_on.wait(30)

        thread = threading.Thread(target=lambda: index.add_words("茶与水", jobs=1, progress=hold))
        thread.start()
        assert inside.wait(30)
        try:
            with pytest.raises(IndexLockedError):
                other.add(article("9", "甲"), wait=0.2)
        finally:
            go_on.set()
            thread.join()
        assert other.add(article("9", "甲")).added == 1


def test_a_scan_ends_clearly_when_the_index_is_closed(index: cnsearch.Index) -> None:
    index.add(NEWS)
    hits = index.scan("转型")
    next(hits)
    index.close()
    with pytest.raises(ValueError, match="the Index of these hits is closed"):
        next(hits)
