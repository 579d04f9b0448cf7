"""Searching against a brute-force twin: which articles, in which order, with which scores."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch.analysis.fold import fold
from cnsearch.analysis.reading import read
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.search import top
from cnsearch.search.compiled import CompiledQueries
from cnsearch.search.scoring import FIELD_WEIGHTS, K1, B

WORDS = (
    "上海 北京 数字 数字化 数字化转型 转型 城市 规划 人工智能 智能 工厂 产品和服务 和服 "
    "5G S-300 300 C++ 龙井茶 高铁 的 了"
).split()
SOURCES = ["每经网", "新浪财经", "Solidot"]
TOKENIZER = WordTokenizer()


def make_articles(count: int, seed: int) -> list[cnsearch.Article]:
    """Random articles; the seed is in the failure message through the test's name."""
    rnd = random.Random(seed)
    articles = []
    for number in range(count):
        lines = [
            "".join(rnd.choices([*WORDS, "，", "。", " "], k=rnd.randint(1, 30))) for _ in range(rnd.randint(0, 4))
        ]
        date = datetime(2021, 1, 1, tzinfo=timezone.utc) + timedelta(days=rnd.randrange(900))
        source = rnd.choice(SOURCES)
        articles.append(
            cnsearch.Article(
                id=f"{number:04d}",
                title="".join(rnd.choices(WORDS, k=rnd.randint(0, 3))),
                paragraphs=tuple(line for line in lines if line.strip()),
                source=source,
                categories=("金融", source, rnd.choice(["甲", "乙"])),
                date=None if rnd.random() < 0.1 else date,
            )
        )
    return articles


class Twin:
    """The same semantics, written out over the articles themselves."""

    def __init__(self, articles: list[cnsearch.Article]) -> None:
        self.articles = articles
        readings = [{"title": read(a.title), "tags": read("\n".join(a.tags)), "body": read(a.body)} for a in articles]
        self.texts = [{name: one.text for name, one in both.items()} for both in readings]
        self.terms = [
            {name: Counter(TOKENIZER.terms(one.text, one.seams)) for name, one in both.items()} for both in readings
        ]
        self.average = {
            name: max(1.0, sum(sum(terms[name].values()) for terms in self.terms) / len(articles))
            for name in FIELD_WEIGHTS
        }

    def tf(self, number: int, what: str, substring: bool) -> dict[str, int]:
        if substring:
            return {name: self.texts[number][name].count(what) for name in FIELD_WEIGHTS}
        return {name: self.terms[number][name][what] for name in FIELD_WEIGHTS}

    def scores(self, what: str, substring: bool = False, weight: float = 1.0) -> dict[int, float]:
        """BM25F by the formula, article by article."""
        weighted = {}
        for number in range(len(self.articles)):
            total = 0.0
            for name, count in self.tf(number, what, substring).items():
                length = sum(self.terms[number][name].values())
                total += FIELD_WEIGHTS[name] * count / (1 - B + B * length / self.average[name])
            if total:
                weighted[number] = total
        n = len(weighted)
        idf = math.log(1 + (len(self.articles) - n + 0.5) / (n + 0.5))
        return {number: weight * idf * tf / (K1 + tf) for number, tf in weighted.items()}


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[cnsearch.Index, Twin]]:
    articles = make_articles(400, seed=7)
    with cnsearch.open_index(tmp_path_factory.mktemp("twin") / "index", create=True) as index:
        index.add(articles)
        yield index, Twin(articles)


def test_any_of_the_words(indexed: tuple[cnsearch.Index, Twin]) -> None:
    index, twin = indexed
    rnd = random.Random(11)
    for _ in range(60):
        words = rnd.choices(
            ["上海", "北京", "数字化转型", "300", "龙井茶", "人工智能", "的", "没有的词"], k=rnd.randint(2, 4)
        )
        coarse = [
            token.text for word in words for token in TOKENIZER.tokens(word) if token.text not in ("数字", "智能")
        ]
        expected = set().union(*(has(twin, word) for word in coarse))
        results = index.search(" ".join(words), match="any", limit=1000)
        assert {hit.id for hit in results} == expected, words
        assert results.total == len(expected)
        assert [hit.score for hit in results] == sorted((hit.score for hit in results), reverse=True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("围城 上海", ["rare", "rare and common"]),  # the common word alone is not enough
        ("马拉松 高铁", ["two"]),  # of two as rare, both
        ("马拉松 高铁 长城", ["two", "other two"]),  # of three, two
        ("围城 查无此词", ["rare", "rare and common"]),  # what nobody has does not count
        ("上海围城", ["rare", "rare and common"]),
        ("城上", []),  # nobody has these characters together
        ("长城站", ["other two", "third"]),  # where nobody has the whole word, what there is of it
    ],
)
def test_most_of_the_words(tmp_path: Path, query: str, found: list[str]) -> None:
    texts = {
        **{f"common {n}": "上海" for n in range(40)},
        "rare": "围城",
        "rare and common": "围城，上海",
        "one": "马拉松",
        "two": "马拉松，高铁",
        "other": "高铁",
        "other two": "高铁，长城",
        "third": "长城",
    }
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add([cnsearch.Article(id=id, title="", paragraphs=(text,)) for id, text in texts.items()])
        assert {hit.id for hit in index.search(query, limit=100)} == set(found)
        every = index.search(query, match="any", limit=100).total
        assert every >= len(found)


@pytest.mark.parametrize(
    "text", ["数字化", "和服务", "城", "300", "S-300", "C++", "G工", "转型规划", "5g", "，上海", "c++c", "-"]
)
def test_exact_substrings_are_those_of_a_plain_scan(indexed: tuple[cnsearch.Index, Twin], text: str) -> None:
    index, twin = indexed
    expected = [
        a.id
        for a, t in zip(twin.articles, twin.texts, strict=True)
        if fold(text) in t["title"] or fold(text) in t["body"]
    ]
    results = index.search(f'"{text}"', limit=1000)
    assert sorted(hit.id for hit in results) == expected
    assert results.total == len(expected)
    scores = twin.scores(fold(text), substring=True)
    for hit in results:
        assert hit.score == pytest.approx(scores[int(hit.id)], rel=1e-4)


def test_random_substrings(indexed: tuple[cnsearch.Index, Twin]) -> None:
    index, twin = indexed
    rnd = random.Random(13)
    for _ in range(150):
        body = rnd.choice([t["body"] for t in twin.texts if t["body"]])
        line = rnd.choice([line for line in body.split("\n") if line])
        start = rnd.randrange(len(line))
        text = line[start : start + rnd.randint(1, 8)].strip()
        if not text or '"' in text:
            continue
        text = re.sub(" +", " ", text)
        expected = {
            a.id for a, t in zip(twin.articles, twin.texts, strict=True) if text in t["title"] or text in t["body"]
        }
        assert {hit.id for hit in index.search(f'"{text}"', limit=1000)} == expected, text


def has(twin: Twin, word: str) -> set[str]:
    return {
        a.id for a, terms in zip(twin.articles, twin.terms, strict=True) if any(terms[name][word] for name in terms)
    }


def test_boolean_queries(indexed: tuple[cnsearch.Index, Twin]) -> None:
    index, twin = indexed
    shanghai, beijing, plan = (has(twin, word) for word in ("上海", "北京", "规划"))
    every = {a.id for a in twin.articles}
    for query, expected in {
        "+上海 -北京": shanghai - beijing,
        "上海 AND 北京": shanghai & beijing,
        "上海 OR 北京": shanghai | beijing,
        "上海 AND (北京 OR 规划)": shanghai & (beijing | plan),
        "上海 AND NOT 北京": shanghai - beijing,
        "NOT 上海": every - shanghai,
        "-上海 -北京": every - shanghai - beijing,
        "+上海 北京": shanghai,
        "上海 OR NOT 北京": shanghai | (every - beijing),
        "*": every,
    }.items():
        assert {hit.id for hit in index.search(query, limit=1000)} == expected, query
    assert {hit.id for hit in index.search("上海 北京", match="all", limit=1000)} == shanghai & beijing


def test_patterns(indexed: tuple[cnsearch.Index, Twin]) -> None:
    index, twin = indexed
    for query, regex in {"数字*": "数字.*", "?海": ".海", "s-*": "s-.*", "3?0": "3.0"}.items():
        expected = {
            a.id
            for a, terms in zip(twin.articles, twin.terms, strict=True)
            if any(re.fullmatch(regex, term) for name in terms for term in terms[name])
        }
        assert {hit.id for hit in index.search(query, limit=1000)} == expected, query


def test_filters(indexed: tuple[cnsearch.Index, Twin]) -> None:
    index, twin = indexed
    zone = timezone(timedelta(hours=8))

    def found(**filters: object) -> set[str]:
        return {hit.id for hit in index.search("", limit=1000, **filters)}  # type: ignore[arg-type]

    assert found(source="每经网") == {a.id for a in twin.articles if a.source == "每经网"}
    assert found(source=["每经网", "SOLIDOT"]) == {a.id for a in twin.articles if a.source in ("每经网", "Solidot")}
    assert found(category="金融/新浪财经/甲") == {
        a.id for a in twin.articles if a.categories == ("金融", "新浪财经", "甲")
    }
    assert found(category="乙") == {a.id for a in twin.articles if "乙" in a.categories}
    assert found(category="新浪财经/甲") == set()  # no leading path
    assert found(since="2021-10", until="2021-11") == {
        a.id for a in twin.articles if a.date and a.date.astimezone(zone).strftime("%Y-%m") in ("2021-10", "2021-11")
    }
    assert {h.id for h in index.search("上海 source:每经网", limit=1000)} == has(twin, "上海") & found(source="每经网")
    assert {h.id for h in index.search("source:每经网 OR source:solidot", limit=1000)} == found(
        source=["每经网", "Solidot"]
    )


def test_sorted_by_date_the_undated_last(indexed: tuple[cnsearch.Index, Twin]) -> None:
    index, _ = indexed
    dates = [hit.date for hit in index.search("上海", sort="date", limit=1000)]
    dated = [date for date in dates if date is not None]
    assert dated == sorted(dated, reverse=True)
    assert None in dates
    assert dates[: len(dated)] == dated


@pytest.mark.parametrize("sort", ["score", "date"])
def test_pages_make_up_the_whole(indexed: tuple[cnsearch.Index, Twin], sort: str) -> None:
    index, _ = indexed
    whole = index.search("的 上海", sort=sort, limit=1000)  # type: ignore[arg-type]
    pages = [hit for at in range(0, len(whole), 7) for hit in index.search("的 上海", sort=sort, limit=7, offset=at)]  # type: ignore[arg-type]
    assert pages == list(whole.hits)
    assert [hit.rank for hit in pages] == list(range(1, len(whole) + 1))
    assert len(index.search("的", limit=0)) == 0
    assert index.search("的", limit=0).total > 0
    assert len(index.search("的", offset=10_000)) == 0


def test_several_segments_and_deletions_rank_as_one(tmp_path: Path) -> None:
    """Statistics are those of the whole index; deleted articles never show."""
    articles = make_articles(300, seed=17)
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        for at in range(0, 300, 60):
            index.add(articles[at : at + 60])
        assert index.stats()["segments"] > 1
        with cnsearch.open_index(tmp_path / "one", create=True) as one:
            one.add(articles)
            for query in ("上海", "数字化 规划", "人工智能 的"):
                expected = {hit.id: hit.score for hit in one.search(query, limit=1000)}
                found = {hit.id: hit.score for hit in index.search(query, limit=1000)}
                assert found == pytest.approx(expected, rel=1e-5)
        gone = {article.id for article in articles[::3]}
        assert index.delete(gone) == len(gone)
        for query in ("上海", '"数字化"', "NOT 上海", "上*", "城"):
            ids = {hit.id for hit in index.search(query, limit=1000)}
            assert not ids & gone
            assert index.search(query).total == len(ids)


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ('"上海"', {}),
        ("上海 OR 没有", {}),
        ("+上海", {}),
        ("上*", {}),
        ("海", {}),
        ("上海", {"match": "any"}),
        ("上海", {"match": "all"}),
        ('"上海"', {"half_life_days": 30.0}),
        ('"上海"', {"collapse": True}),
    ],
)
def test_a_deleted_article_does_not_take_a_place_among_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str, options: dict[str, Any]
) -> None:
    """The best of many documents are chosen without looking which are hits: what is deleted must have no score."""
    monkeypatch.setattr(top, "_BLOCK", 1)  # so that these are many
    monkeypatch.setattr(CompiledQueries, "run", lambda *_, **__: None)  # whatever chooses elsewhere
    bodies = ["上海" + f"，城{number}市" * (number % 8) for number in range(40)]
    day = datetime(2021, 1, 1, tzinfo=timezone.utc)
    articles = [cnsearch.Article(f"{at:02d}", "", (body,), date=day) for at, body in enumerate(bodies)]
    gone = {article.id for article in articles[::8]}  # those that score most
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(articles)
        index.delete(gone)
        every = index.search(query, limit=1000, **options)
        assert not {hit.id for hit in every} & gone
        few = index.search(query, limit=5, **options)
        assert [(hit.id, hit.score) for hit in few] == [(hit.id, hit.score) for hit in every.hits[:5]]


@pytest.mark.parametrize("options", [{}, {"sort": "date"}, {"collapse": True}, {"half_life_days": 9.0}])
def test_no_number_of_hits_is_too_great(indexed: tuple[cnsearch.Index, Twin], options: dict[str, Any]) -> None:
    index, _ = indexed
    every = index.search("上海", limit=1000, **options)
    assert [hit.id for hit in index.search("上海", limit=2**64, **options)] == [hit.id for hit in every]
    beyond = index.search("上海", offset=2**64, **options)
    assert (len(beyond), beyond.total) == (0, every.total)


def test_traditional_and_full_width_queries_find_the_same(indexed: tuple[cnsearch.Index, Twin]) -> None:
    index, _ = indexed
    for one, other in (("数字化转型", "數字化轉型"), ("5G S-300", "５ｇ Ｓ－３００"), ('"规划"', "「規劃」")):
        assert [hit.id for hit in index.search(one)] == [hit.id for hit in index.search(other)]


def test_judgements_over_the_sample_posts(data_index: cnsearch.Index) -> None:
    """A guard against regressions of ranking: an article about the question is among the first."""
    import json

    path = Path(__file__).parents[1] / "data_judgements.json"
    queries = json.loads(path.read_text(encoding="utf-8"))["queries"]
    reciprocal = []
    for entry in queries:
        best = [name for name, grade in entry["relevant"].items() if grade == 2]
        ranks = [hit.rank for hit in data_index.search(entry["query"]) if hit.id in best]
        reciprocal.append(1 / ranks[0] if ranks else 0.0)
    assert sum(reciprocal) / len(reciprocal) >= 0.9, [
        q["query"] for q, r in zip(queries, reciprocal, strict=True) if r < 1
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("城", {"chinese"}),
        ("城市" * 1000, {"chinese"}),
        ("，。！？", set()),
        ("😀", {"emoji"}),
        ("👩‍🚀", {"emoji"}),
        ("machine learning", {"english"}),
        ("Machine-Learning?", {"english"}),
        ("さようなら", {"japanese"}),
        ("サヨナラ", set()),
        ("\ud800", set()),
        ("城市\udfff规划\x00", {"chinese"}),
        ("x" * 5000, set()),
        ("城市 " + " ".join(f"词{n}" for n in range(2000)), {"chinese"}),
    ],
)
def test_any_human_text_is_a_query(tmp_path: Path, query: str, found: set[str]) -> None:
    texts = {
        "chinese": "城市规划，见城市。",
        "english": "Machine learning in the city.",
        "japanese": "さようなら、世界",
        "emoji": "真好😀 登月👩‍🚀",
    }
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add([cnsearch.Article(id=id, title="", paragraphs=(text,)) for id, text in texts.items()])
        results = index.search(query)
        assert {hit.id for hit in results} == found
        for hit in results:
            assert hit.score > 0
            assert hit.snippet.text()
            assert sum(part.score for part in hit.explain()) == pytest.approx(hit.score, rel=1e-4)


def test_age_halves_a_score(tmp_path: Path) -> None:
    newest = datetime(2022, 1, 11, tzinfo=timezone.utc)
    ages = {"new": 0, "ten days": 10, "twenty days": 20, "undated": None}
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        for id, age in ages.items():
            date = None if age is None else newest - timedelta(days=age)
            index.add(cnsearch.Article(id=id, title="上海", paragraphs=("上海规划",), date=date))
        plain = {hit.id: hit.score for hit in index.search("上海")}
        aged = index.search("上海", half_life_days=10)
        factors = {"new": 1, "ten days": 0.5, "twenty days": 0.25, "undated": 0.25}
        assert [hit.id for hit in aged] == list(factors)
        for hit in aged:
            assert hit.score == pytest.approx(plain[hit.id] * factors[hit.id], rel=1e-4)
            assert sum(part.score for part in hit.explain()) == pytest.approx(hit.score, rel=1e-4)
        assert index.search("上海", half_life_days=1e-3).total == 4
        assert index.search("*", half_life_days=10, sort="date")[0].id == "new"
        for wrong in (0, -1, float("nan")):
            with pytest.raises(ValueError, match="half_life"):
                index.search("上海", half_life_days=wrong)
    with cnsearch.open_index(tmp_path / "undated", create=True) as index:
        index.add(cnsearch.Article(id="1", title="上海"))
        assert index.search("上海", half_life_days=10)[0].score == index.search("上海")[0].score
