"""Corrections of queries that find nothing, and notes on filter values that no article has."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh.support.levenshtein import damerau_levenshtein

import cnsearch
from cnsearch.analysis import pinyin
from cnsearch.search import correct as correct_module
from cnsearch.search.correct import ERROR, _Reader
from cnsearch.search.vocabulary import Spellings, Vocabulary


def slow_distance(one: str, two: str) -> int:
    """Optimal string alignment, by its definition."""
    if not one or not two:
        return len(one) + len(two)
    found = min(
        slow_distance(one[:-1], two) + 1,
        slow_distance(one, two[:-1]) + 1,
        slow_distance(one[:-1], two[:-1]) + (one[-1] != two[-1]),
    )
    if one[-2:] == two[:-3:-1] and len(one) > 1 and len(two) > 1:
        found = min(found, slow_distance(one[:-2], two[:-2]) + 1)
    return found


@given(st.text("abc", max_size=5), st.text("abc", min_size=1, max_size=5))
def test_the_distance_of_whoosh_is_that_of_damerau(one: str, two: str) -> None:
    if one:
        assert damerau_levenshtein(one, two) == slow_distance(one, two)


@given(
    st.dictionaries(st.text("abcé", min_size=1, max_size=6), st.integers(1, 9), max_size=12),
    st.text("abcdé", min_size=1, max_size=6),
    st.integers(1, 2),
)
def test_spellings_near_are_all_there_are(uses: dict[str, int], word: str, most: int) -> None:
    expected = sorted(
        (-use, other, distance)
        for other, use in uses.items()
        if 0 < (distance := damerau_levenshtein(word, other)) <= most
    )
    assert [(-use, other, distance) for other, use, distance in Spellings(uses).near(word, most)] == expected


@given(st.text("甲乙丙", min_size=1, max_size=5), st.integers(0, 2**20))
def test_the_best_segmentation_is_the_best_of_all(run: str, seed: int) -> None:
    def score(piece: str) -> float:
        return -float(zlib.crc32(f"{piece}{seed}".encode()) % 97)

    def words(piece: str) -> Iterator[tuple[float, str]]:
        if len(piece) < 4:
            yield score(piece), f"{piece}|"

    every = [
        [run[a:b] for a, b in zip((0, *cuts), (*cuts, len(run)), strict=True)]
        for size in range(len(run))
        for cuts in combinations(range(1, len(run)), size)
    ]
    best = max(sum(map(score, pieces)) for pieces in every if max(map(len, pieces)) < 4)
    found = _Reader._segmented(run, words)
    assert found[0][0] == best
    assert [way[0] for way in found] == sorted((way[0] for way in found), reverse=True)
    assert math.isclose(sum(map(score, found[0][1].rstrip("|").split("|"))), best)


@pytest.mark.parametrize(
    ("query", "correction"),
    [
        ("数子化专型", "数字化转型"),
        ("數子化專型", "数字化转型"),
        ('"数子化专型"', '"数字化转型"'),
        ("title:数子化专型", "title:数字化转型"),
        ("+数子化专型 -北京", "+数字化转型 -北京"),
        ("数子化专型 source:星图科技", "数字化转型 source:星图科技"),
        ("shuzihua zhuanxing", "数字化转型"),
        ("shuzihuazhuanxing", "数字化转型"),
        ("ShuZiHua", "数字化"),
        ("malasong", "马拉松"),
        ("malasogn", ""),
        ("pyhton", "python"),
        ("ihpone", "iphone"),
        ("pyhton AND shujv", ""),
        ("(pyhton OR ihpone)", "(python OR iphone)"),
        ("pyhton -ihpone", "python -ihpone"),
        ("(pyhton OR IPhone)", ""),
        ("pyhtno", "python"),
        ("pxtohm", ""),
        ("+Pyhton +马拉松 -北京", "+python +马拉松 -北京"),
        ("PYHTON -IPhone", "python -IPhone"),
        ("pyhto*", ""),
        ("qwertyuiop", ""),
        ("数字化转型", ""),
        ("source:星图科技", ""),
        ("", ""),
        ("……", ""),
        ("\ud800", ""),
    ],
)
def test_corrections_over_the_sample_posts(data_index: cnsearch.Index, query: str, correction: str) -> None:
    results = data_index.search(query)
    assert results.correction == correction
    assert results.to_dict()["correction"] == correction
    if correction:
        assert data_index.search(correction).total


def test_raw_text_is_corrected_as_text(data_index: cnsearch.Index) -> None:
    assert data_index.search("-pyhton", raw=True).correction == "-python"


def test_a_correction_has_hits_under_the_same_filters(data_index: cnsearch.Index) -> None:
    assert data_index.search("pyhton").correction == "python"
    assert data_index.search("pyhton", category="科技").correction == "python"
    assert data_index.search("pyhton", category="体育").correction == ""
    assert data_index.search("pyhton", until="1990").correction == ""
    assert data_index.search("pyhton", source="新浪财金").correction == ""


def test_pinyin_does_not_act_on_what_is_found(tmp_path: Path) -> None:
    articles = [
        cnsearch.Article(id="1", title="lilun", paragraphs=("lilun",)),
        cnsearch.Article(id="2", title="理论", paragraphs=("理论",)),
        cnsearch.Article(id="3", title="理论 重庆 虫情", paragraphs=("重庆",)),
        cnsearch.Article(id="4", title="重庆", paragraphs=("重庆",)),
    ]
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(articles)
        results = index.search("lilun")
        assert ([hit.id for hit in results], results.correction) == (["1"], "")
        assert index.search("+离论").correction == "+理论"
        assert index.search('"重情"').correction == '"重庆"'  # 重 is read chong too


def test_the_more_characters_are_right_the_better(tmp_path: Path) -> None:
    titles = ["意义"] * 5 + ["异议"] * 2 + ["linux 数据"]
    articles = [cnsearch.Article(id=str(n), title=title, paragraphs=(title,)) for n, title in enumerate(titles)]
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(articles)
        assert index.search("+易议").correction == "+异议"
        assert index.search("+易译").correction == "+意义"
        assert index.search("+Linux +数剧").correction == "+Linux +数据"
        assert index.search("+LINUX数剧").correction == "+linux数据"


def test_what_is_right_is_kept(tmp_path: Path) -> None:
    titles = ["神舟十二号发射", "神舟十二号返回", "神州大地", "神州大地", "十二号文件", "江豚"]
    articles = [cnsearch.Article(id=str(n), title=title, paragraphs=(title,)) for n, title in enumerate(titles)]
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(articles)
        assert index.search('"神州十二号"').correction == '"神舟十二号"'
        assert index.search('"神州大地" "神舟十二号"').correction == ""
        assert index.search("+江屯 +江豚").correction == "+江豚 +江豚"


def test_corrections_cost_nothing_when_there_are_hits(data_index_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise AssertionError("looked for a correction")

    monkeypatch.setattr(Vocabulary, "_sample", property(fail))
    monkeypatch.setattr(pinyin, "_tables", fail)
    with cnsearch.open_index(data_index_path) as index:
        assert index.search("数字化").total
        assert index.search("数字化 pyhton", category="科技").total
        assert index.search("source:星图科技").total
        monkeypatch.setattr("cnsearch.search.labels.pinyin", SilentPinyin())
        assert index.search("数字化", source="谁").total == 0  # it is the filter that finds nothing
        assert index.search("source:谁 数字化", since="2021").total == 0
        with pytest.raises(AssertionError, match="looked for"):
            index.search("shuzihua")


class SilentPinyin:
    """For notes on values, which look for the same sound."""

    def readings(self, words: list[str]) -> list[str]:
        return [""] * len(words)

    def typed(self, text: str) -> None:
        return None


def test_long_and_strange_queries_are_left_alone(data_index: cnsearch.Index) -> None:
    for query in ("龘" * 500, "xian" * 500, "xyzzy " * 300, '"' + "数子" * 40 + '"', "+" + "数子化" * 3 + " (" * 60):
        assert isinstance(data_index.search(query).correction, str)
    assert correct_module.MAX_RUN < 500
    assert ERROR > 0


@pytest.mark.parametrize(
    ("filters", "note"),
    [
        ({"source": "星图科计"}, 'no article has the source "星图科计"; did you mean "星图科技"?'),
        ({"source": "星图科"}, 'no article has the source "星图科"; did you mean "星图科技"?'),
        ({"source": "星图"}, 'no article has the source "星图"; did you mean "星图科技"?'),
        ({"source": "星图科技网站"}, 'no article has the source "星图科技网站"; did you mean "星图科技"?'),
        ({"source": "xingtu keji"}, 'no article has the source "xingtu keji"; did you mean "星图科技"?'),
        ({"source": "行图科技"}, 'no article has the source "行图科技"; did you mean "星图科技"?'),
        ({"source": "華爾街見聞"}, 'no article has the source "華爾街見聞" (known values: stats)'),
        ({"source": ""}, 'no article has the source "" (known values: stats)'),
        ({"category": "科計"}, 'no article has the category "科計"; did you mean "科技"?'),
        ({"category": "科技/星图科学"}, 'no article has the category "科技/星图科学"; did you mean "科技/星图科技"?'),
        ({"author": "无名氏无名氏"}, 'no article has the author "无名氏无名氏"'),
    ],
)
def test_notes_on_unknown_values(data_index: cnsearch.Index, filters: dict[str, str], note: str) -> None:
    assert data_index.search("数字化", **filters).notes == (note,)  # type: ignore[arg-type]
    ((field, value),) = filters.items()
    if value:
        assert data_index.search(f'数字化 {field}:"{value}"').notes[0].casefold() == note.casefold().translate(FOLDED)


FOLDED = str.maketrans("華爾見聞計", "华尔见闻计")


def test_known_values_have_no_note(data_index: cnsearch.Index) -> None:
    assert data_index.search("数字化", source="星图科技", category=["科技", "科技/星图科技"]).notes == ()
    assert data_index.search("source:星圖科技 date:2021").notes == ()
    both = data_index.search("数字化", source=["星图科技", "谁"])
    assert both.total
    assert len(both.notes) == 1
    assert len(data_index.search("source:谁 -source:谁 (author:某 OR author:谁)").notes) == 3


def test_values_of_deleted_articles_are_unknown(tmp_path: Any) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        for n, source in enumerate(["新浪财经", "新浪财经", "新浪科技", "新浪", "江城"]):
            index.add(cnsearch.Article(id=str(n), title="江豚", paragraphs=("江豚",), source=source))
        assert index.search("江豚", source="新浪").notes == ()
        index.delete("3")
        index.add(cnsearch.Article(id="5", title="江豚", paragraphs=(), source="新京"))
        note = 'no article has the source "新浪"; did you mean "新浪财经"?'
        assert index.search("江豚", source="新浪").notes == (note,)


def test_a_long_query_gets_no_correction(data_index: cnsearch.Index) -> None:
    assert data_index.search("pyhton").correction == "python"
    assert data_index.search('"' + "pyhton " * 15 + '"').correction == ""
    assert data_index.search("pyhton" + " " * 100).correction == ""


def test_only_the_first_three_unknown_values_are_noted(data_index: cnsearch.Index) -> None:
    found = data_index.search("数字化", source=[f"无{n}" for n in range(50)])
    assert [f'"无{n}"' in note for n, note in enumerate(found.notes)] == [True, True, True]
    assert found.correction == ""
