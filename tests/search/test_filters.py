"""Filters: which values admit what, beside a query and in it; no values admit nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import cnsearch

ARTICLES = [
    cnsearch.Article(
        id="a",
        title="上海观察",
        source="甲报",
        categories=("金融", "甲报"),
        author="张三",
        tags=("旅行", "编程/Python"),
        labels={"language": ("zh", "en"), "语言": ("中文",)},
        date=datetime(2021, 10, 1, 4, tzinfo=timezone.utc),
    ),
    cnsearch.Article(id="b", title="上海早报", source="乙报", tags=("編程",), draft=True, labels={"language": ("fr",)}),
    cnsearch.Article(id="c", title="上海晚报", tags=("#旅行",), labels={"Language": ("ZH",)}),
    cnsearch.Article(id="d", title="北京"),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(tmp_path_factory.mktemp("filters") / "index", create=True) as index:
        index.add(ARTICLES[:2])
        index.add(ARTICLES[2:])
        yield index


def found(index: cnsearch.Index, query: str = "上海", **filters: Any) -> str:
    return "".join(sorted(hit.id for hit in index.search(query, limit=99, **filters)))


@pytest.mark.parametrize("name", ["source", "category", "author", "tag"])
@pytest.mark.parametrize("nothing", [[], (), set(), iter(())], ids=["list", "tuple", "set", "iterator"])
def test_a_reader_who_may_see_no_source_sees_nothing(index: cnsearch.Index, name: str, nothing: Any) -> None:
    for query in ("上海", "", "*", "source:甲报", "-北京"):
        results = index.search(query, **{name: []}, facets=index.facet_names, limit=0)
        assert results.total == 0, query
        assert not any(results.facets.values())
        assert not results.correction
    assert found(index, **{name: nothing}) == ""
    assert found(index, **{name: []}, collapse=True, sort="date") == ""
    assert index.similar("a", **{name: []}).total == 0


def test_no_values_of_an_own_field_admit_nothing(index: cnsearch.Index) -> None:
    assert found(index, labels={"language": []}) == ""
    assert index.similar("a", labels={"language": ()}).total == 0
    assert found(index, labels={"language": None}) == found(index, labels={}) == found(index) == "abc"


def test_one_empty_filter_among_others(index: cnsearch.Index) -> None:
    assert found(index, source="甲报", tag=[]) == found(index, source=[], tag="旅行") == ""


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"tag": "旅行"}, "ac"),
        ({"tag": "#旅行"}, "ac"),
        ({"tag": "编程"}, "ab"),
        ({"tag": "编程/python"}, "a"),
        ({"tag": " 編程 / PYTHON "}, "a"),
        ({"tag": "python"}, ""),
        ({"tag": ["编程/python", "旅行"]}, "ac"),
        ({"tag": "旅"}, ""),
        ({"labels": {"language": "zh"}}, "ac"),
        ({"labels": {"LANGUAGE": ["fr", "en"]}}, "ab"),
        ({"labels": {"language": "zh", "语言": "中文"}}, "a"),
        ({"labels": {"nothing": "zh"}}, ""),
        ({"draft": None}, "abc"),
        ({"draft": True}, "b"),
        ({"draft": False}, "ac"),
        ({"since": date(2021, 10, 1), "until": date(2021, 10, 1)}, "a"),
        ({"since": date(2021, 10, 2)}, ""),
    ],
)
def test_what_a_filter_admits(index: cnsearch.Index, filters: dict[str, Any], ids: str) -> None:
    assert found(index, **filters) == ids
    assert found(index, "", **filters).replace("d", "") == (ids if any(v is not None for v in filters.values()) else "")


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("上海 tag:旅行", "ac"),
        ("标签:编程", "ab"),
        ("tag:编程/python", "a"),
        ('tag:"编程 / python"', "a"),
        ("tags:旅行", "ac"),
        ("上海 -tag:旅行", "b"),
        ("tag:(编程 OR 旅行)", "abc"),
        ("language:zh", "ac"),
        ("language:ZH 上海 -标签:编程", "c"),
        ("语言:中文", "a"),
        ("来源:甲报", "a"),
        ("作者:张三", "a"),
        ("分类:金融", "a"),
        ("日期:2021-10", "a"),
        ("标题:北京", "d"),
    ],
)
def test_fields_in_a_query(index: cnsearch.Index, query: str, ids: str) -> None:
    results = index.search(query)
    assert "".join(sorted(hit.id for hit in results)) == ids
    assert not results.notes
    again = index.search(results.understood)
    assert (again.total, again.understood) == (results.total, results.understood)


def test_a_name_that_no_article_has_is_no_field(index: cnsearch.Index) -> None:
    results = index.search("price:5 上海")
    lacking = "no article has all of price, 5, 上海"
    assert results.notes == ('there is no field "price": taken as words', lacking)
    assert index.search("price:5 上海", raw=True).notes == (lacking,)


@pytest.mark.parametrize(
    ("filters", "note"),
    [
        ({"tag": "旅型"}, 'no article has the tag "旅型"; did you mean "旅行"?'),
        ({"tag": "编程/pyton"}, 'no article has the tag "编程/pyton"; did you mean "编程/Python"?'),
        ({"labels": {"language": "zhh"}}, 'no article has the language "zhh"; did you mean "zh"?'),
        ({"labels": {"nothing": "zh"}}, 'no article has a field "nothing"'),
    ],
)
def test_a_value_that_no_article_has_gets_a_note(index: cnsearch.Index, filters: dict[str, Any], note: str) -> None:
    notes = index.search("上海", **filters).notes
    assert [text.lower() for text in notes] == [note.lower()]


def test_facets_of_tags_and_own_fields(index: cnsearch.Index) -> None:
    of_all = ("source", "category", "category_path", "author", "tag", "year", "month")
    assert index.facet_names == (*of_all, "language", "语言")
    facets = index.search("上海", facets=["tag", "language", "语言"], limit=0).facets
    assert facets["tag"] == {"#旅行": 1, "旅行": 1, "编程/Python": 1, "編程": 1}
    assert facets["language"] == {"ZH": 1, "en": 1, "fr": 1, "zh": 1}
    assert facets["语言"] == {"中文": 1}
    assert index.search("上海", facets=["language"], draft=True, limit=0).facets == {"language": {"fr": 1}}


def test_stats_count_tags_drafts_and_own_fields(index: cnsearch.Index) -> None:
    stats = index.stats()
    assert (stats["articles"], stats["drafts"]) == (4, 1)
    assert stats["tags"] == {"#旅行": 1, "旅行": 1, "编程/Python": 1, "編程": 1}
    assert stats["labels"] == {"language": {"ZH": 1, "en": 1, "fr": 1, "zh": 1}, "语言": {"中文": 1}}
    assert set(stats) == set(cnsearch.Stats.__annotations__)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"tag": 5}, TypeError, "tag"),
        ({"tag": [5]}, TypeError, "tag"),
        ({"source": [None]}, TypeError, "source"),
        ({"labels": "zh"}, TypeError, "labels"),
        ({"labels": {"language": 5}}, TypeError, "language"),
        ({"labels": {"source": "甲报"}}, ValueError, "another field"),
        ({"draft": "yes"}, TypeError, "draft"),
        ({"since": 2021}, TypeError, "since"),
        ({"facets": "source"}, TypeError, "facets"),
        ({"facets": ["day"]}, ValueError, "month, language"),
        ({"facets": [5]}, ValueError, "facets"),
    ],
)
def test_misuse_is_named(index: cnsearch.Index, arguments: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        index.search("上海", **arguments)


def test_own_fields_of_an_empty_index(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        results = index.search("上海", facets=["language"], labels={"language": "zh"})
        assert (results.total, results.facets) == (0, {"language": {}})


def test_deleted_articles_leave_no_tags(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(ARTICLES)
        index.delete(["a", "b", "c"])
        stats = index.stats()
        assert (stats["tags"], stats["labels"], stats["drafts"]) == ({}, {}, 0)
        assert index.search("北京", tag="旅行").notes
