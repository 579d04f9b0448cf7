"""Tags, drafts, headings, own labels and own values: kept, given back, compared."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnsearch
from cnsearch.corpus.records import read_jsonl
from cnsearch.indexing.digests import article_digest

NOTE = cnsearch.Article(
    id="笔记/江豚.md",
    title="江边三日",
    paragraphs=("出发", "早上坐船去看江豚。", "归来", "晚上写字。"),
    tags=("旅行", "编程/Python", "長江"),
    draft=True,
    headings=(0, 2),
    labels={"language": ["zh", "en"], "心情": "好"},  # type: ignore[dict-item]
    extra={"price": 3.5, "nested": [1, None, {"键": "值"}], "text": "不可搜索"},
    date=datetime(2021, 10, 27, 12, 0, 1, tzinfo=timezone.utc),
)


def test_headings_of_nothing_do_not_spoil_the_index(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(cnsearch.Article(id="1", title="题", paragraphs=("",), headings=(0,)))
        assert (index.get("1").paragraphs, index.get("1").headings) == ((), ())
        assert index.search("题")[0].snippet.text() == ""


@pytest.mark.parametrize("nested", [list, dict], ids=["lists", "objects"])
def test_extra_values_as_deep_as_they_may_be_are_given_back_wherever_it_is_called(tmp_path: Path, nested: type) -> None:
    def of(levels: int) -> dict[str, Any]:
        value: Any = 5
        for _ in range(levels):
            value = [value] if nested is list else {"k": value}
        return {"k": value}

    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(cnsearch.Article(id="1", title="题", extra=of(99)))

        def called_from(depth: int) -> object:
            return index.get("1").extra if depth == 0 else called_from(depth - 1)

        assert called_from(500) == of(99)
    for levels in (100, 980, 100_000):
        with pytest.raises(ValueError, match="100 levels"):
            cnsearch.Article(id="1", title="题", extra=of(levels))
    record = json.dumps({"id": 1, "text": "文", "extra": of(900)}).encode()
    (failure,) = read_jsonl([record], name="f")
    assert isinstance(failure, cnsearch.Failure)
    assert "100 levels" in failure.reason


def test_every_field_is_given_back(tmp_path: Path) -> None:
    plain = cnsearch.Article(id="2", title="别的")
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add([NOTE, plain])
        assert index.get(NOTE.id) == NOTE
        assert index.get("2") == plain
        (hit,) = index.search("江豚")
        assert (hit.tags, hit.draft, hit.labels, hit.extra) == (NOTE.tags, True, NOTE.labels, NOTE.extra)
        shown = hit.to_dict()
        assert shown["tags"] == ["旅行", "编程/Python", "長江"]
        assert (shown["draft"], shown["labels"]) == (True, {"language": ["zh", "en"], "心情": ["好"]})
        assert shown["extra"] == dict(NOTE.extra)
        (other,) = index.search("别的")
        assert (other.tags, other.draft, other.labels, other.extra) == ((), False, {}, {})
        assert index.verify(deep=True).ok


def test_values_of_an_own_field_are_tuples() -> None:
    assert NOTE.labels == {"language": ("zh", "en"), "心情": ("好",)}
    assert cnsearch.Article(id="1", title="", labels={"empty": []}).labels == {}  # type: ignore[dict-item]


def test_tags_are_found_like_words_of_a_title_and_other_fields_are_not(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(NOTE)
        for query in ("旅行", "python", '"旅行"', "长江", "旅", "py*", "旅行 -北京", "+旅行"):
            assert index.search(query).total == 1, query
        for query in ("不可搜索", "language", "price"):
            assert index.search(f'"{query}"').total == 0, query
        assert index.search('"旅行编程"').total == index.search('"行\n编"').total == 0


def test_a_word_of_a_tag_weighs_between_title_and_body(tmp_path: Path) -> None:
    articles = [
        cnsearch.Article(id="body", title="早上", paragraphs=("江豚",), tags=("江边",)),
        cnsearch.Article(id="tag", title="早上", paragraphs=("江边",), tags=("江豚",)),
        cnsearch.Article(id="title", title="江豚", paragraphs=("早上",), tags=("江边",)),
    ]
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(articles)
        scores = {
            hit.id: sum(part.score for part in hit.explain() if part.name == "word") for hit in index.search("江豚")
        }
        assert scores["title"] > scores["tag"] > scores["body"]


def test_a_few_tagged_articles_do_not_make_every_tag_a_long_text(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add([cnsearch.Article(id=str(at), title="早上") for at in range(50)])
        index.add(cnsearch.Article(id="tag", title="早上", tags=("江豚", "江边", "旅行", "摄影")))
        index.add(cnsearch.Article(id="title", title="江豚"))
        snapshot = index._backend.current().snapshot
        assert snapshot.average_length("tags") == 4


def test_a_word_of_the_user_dictionary_touches_tags(tmp_path: Path) -> None:
    article = cnsearch.Article(id="1", title="早上", tags=("天目湖白茶",))
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add([article, cnsearch.Article(id="2", title="天目")])
        assert index.add_words("目湖白").retokenised == 1
        assert index.search("目湖白").total == 1
        assert index.get("1") == article
        assert index.verify(deep=True).ok


def test_words_of_tags_are_suggested(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add([cnsearch.Article(id=str(at), title="早上", tags=("摄影",)) for at in range(3)])
        assert index.suggest("摄") == (cnsearch.Suggestion("摄影", 3),)
        assert index.suggest("sheying") == (cnsearch.Suggestion("摄影", 3),)


def test_the_same_instant_in_another_time_zone_is_the_same_article(tmp_path: Path) -> None:
    assert NOTE.date is not None
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(NOTE)
        for hours in (8, -5):
            report = index.add(replace(NOTE, date=NOTE.date.astimezone(timezone(timedelta(hours=hours)))))
            assert (report.unchanged, report.changed) == (1, 0)
        assert index.add(replace(NOTE, date=NOTE.date + timedelta(seconds=1))).changed == 1


@pytest.mark.parametrize(
    "change",
    [
        {"tags": ("旅行",)},
        {"draft": False},
        {"headings": (0,)},
        {"labels": {}},
        {"labels": {"language": ("zh",), "心情": ("好",)}},
        {"extra": {}},
        {"extra": {**NOTE.extra, "price": 4}},
    ],
)
def test_a_change_of_any_field_is_a_change(tmp_path: Path, change: dict[str, Any]) -> None:
    changed = replace(NOTE, **change)
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(NOTE)
        assert index.add(NOTE).unchanged == 1
        assert index.add(changed).changed == 1
        assert index.get(NOTE.id) == changed


def test_headings_stay_headings_where_a_paragraph_has_several_lines(tmp_path: Path) -> None:
    article = cnsearch.Article(id="1", title="", paragraphs=("一\n二", "标题", "三"), headings=(1,))
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(article)
        found = index.get("1")
        assert [found.paragraphs[at] for at in found.headings] == ["标题"]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\uffff"), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@given(
    tags=st.lists(texts, max_size=4),
    labels=st.dictionaries(st.sampled_from(["language", "语言", "x1"]), st.lists(texts, min_size=1, max_size=3)),
    extra=st.dictionaries(texts, json_values, max_size=3),
    draft=st.booleans(),
)
@settings(max_examples=20, deadline=None)
def test_any_values_come_back(
    tmp_path_factory: pytest.TempPathFactory, tags: list[str], labels: Any, extra: Any, draft: bool
) -> None:
    article = cnsearch.Article(id="1", title="", tags=tuple(tags), labels=labels, extra=extra, draft=draft)
    with cnsearch.open_index(tmp_path_factory.mktemp("any") / "index", create=True) as index:
        index.add(article)
        found = index.get("1")
        assert found == article
        assert article_digest(found) == article_digest(article)
        assert index.verify(deep=True).ok


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"labels": {"language": 5}}, TypeError, "labels"),
        ({"labels": {"language": [5]}}, TypeError, "language"),
        ({"labels": {5: "zh"}}, TypeError, "5"),
        ({"labels": ["zh"]}, TypeError, "labels"),
        ({"labels": {"a=b": "zh"}}, ValueError, "a=b"),
        ({"labels": {"": "zh"}}, ValueError, "letters and digits"),
        ({"labels": {"Source": "zh"}}, ValueError, "another field"),
        ({"labels": {"标签": "zh"}}, ValueError, "another field"),
        ({"labels": {"ｄａｔｅ": "zh"}}, ValueError, "another field"),
        ({"extra": {"a": object()}}, TypeError, "JSON"),
        ({"extra": {"a": float("nan")}}, ValueError, "JSON"),
        ({"extra": {5: "zh"}}, TypeError, "5"),
        ({"extra": [1]}, TypeError, "extra"),
        ({"headings": (1,)}, ValueError, "headings"),
        ({"headings": (0, 0)}, ValueError, "headings"),
        ({"headings": (-1,)}, ValueError, "headings"),
        ({"draft": "yes"}, TypeError, "draft"),
        ({"tags": "旅行"}, TypeError, "tags"),
    ],
)
def test_what_no_article_can_have(fields: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        cnsearch.Article(id="1", title="", paragraphs=("一",), **fields)


def test_hits_and_results_pickle_copy_and_compare(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add([NOTE, replace(NOTE, id="2")])
        results = index.search("江豚", facets=["source"])
        seen = index.search("江豚")[0]
        shown = seen.snippet.text()
        copies = [pickle.loads(pickle.dumps(results)), copy.copy(results), copy.deepcopy(results)]
        one = copy.copy(results[0])
    for twin in copies:  # the index is closed: a copy has what it needs
        assert twin == results
        assert twin.to_dict(explain=True) == results.to_dict(explain=True)
    assert one == results[0]
    assert hash(one) == hash(results[0])
    assert one.fragments == results[0].fragments
    assert pickle.loads(pickle.dumps(copies[0][0])).snippet == one.snippet
    assert seen.snippet.text() == shown
    with pytest.raises(ValueError, match="closed"):
        seen.explain()


def test_articles_of_the_same_tags_are_alike(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add([cnsearch.Article(id=str(at), title="", paragraphs=(f"第{at}篇",)) for at in range(9)])
        index.add([cnsearch.Article(id=name, title="", tags=("江豚", "摄影")) for name in "ab"])
        assert [hit.id for hit in index.similar("a")] == ["b"]
