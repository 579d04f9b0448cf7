"""Collapsing against a slow twin: one article after the other down the ranking, and pair by pair."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import cnsearch
from cnsearch import Article
from cnsearch.analysis.fold import code_points, fold
from cnsearch.analysis.signature import NUM_BINS, signature
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.search.collapse import (
    ALIKE,
    ALIKE_APART,
    ALIKE_SHORT,
    BRIEF_TOKENS,
    SHORT_TOKENS,
    _num_equal,
    similarity,
)

SEED = 3
TOKENIZER = WordTokenizer()
WORDS = (
    "上海 北京 数字 城市 规划 人工智能 工厂 高铁 茶 江豚 马拉松 咖啡 学生 机器 时间 老师 问题 记者 今天 明年 一台 很多"
).split()
DAY = timedelta(days=1)
NOON = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)


def sentences(rnd: random.Random, count: int) -> list[str]:
    return ["".join(rnd.choices(WORDS, k=rnd.randint(5, 12))) + "。" for _ in range(count)]


def articles() -> list[Article]:
    """Stories of all lengths, some of them copied with changes, at various dates."""
    rnd = random.Random(SEED)
    found: list[Article] = []
    for story in range(60):
        lines = sentences(rnd, rnd.choice([2, 5, 8, 20, 40]))
        for copy in range(rnd.choice([1, 1, 2, 4])):
            kept = lines[: max(1, round(len(lines) * rnd.choice([1, 1, 0.8, 0.5])))]
            for at in rnd.sample(range(len(kept)), round(len(kept) * rnd.choice([0, 0, 0.1, 0.3]))):
                kept[at] = sentences(rnd, 1)[0]
            date = NOON + rnd.choice([0, 0, 1, 6.9, 7, 7.1, 300]) * DAY
            found.append(
                Article(
                    id=f"{story:02d}-{copy}",
                    title=rnd.choice(["上海的城市规划", "高铁", ""]),
                    paragraphs=tuple(kept),
                    source=rnd.choice(["每经网", "新浪财经", ""]),
                    date=None if rnd.random() < 0.2 else date,
                )
            )
    rnd.shuffle(found)
    return found


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cnsearch.Index]:
    """Three segments, and some articles deleted."""
    with cnsearch.open_index(tmp_path_factory.mktemp("collapse") / "index", create=True) as index:
        several = articles()
        for first in range(0, len(several), 50):
            index.add(several[first : first + 50])
        index.delete([article.id for article in several[::9]])
        yield index


@cache
def seen(article: Article) -> tuple[npt.NDArray[np.uint8], int]:
    """Signature and number of tokens."""
    title, body = fold(article.title), fold(article.body)
    bins = np.frombuffer(signature(code_points(title), code_points(body)), np.uint8)
    return bins, len(TOKENIZER.terms(title)) + len(TOKENIZER.terms(body))


def is_copy(one: Article, two: Article) -> bool:
    (bins, length), (other_bins, other_length) = seen(one), seen(two)
    either = np.count_nonzero(bins | other_bins)
    same = np.count_nonzero((bins == other_bins) & (bins > 0))
    tokens = min(length, other_length)
    least = ALIKE_SHORT if tokens < SHORT_TOKENS else ALIKE
    if one.date and two.date and abs(one.date - two.date) > 7 * DAY:
        least += ALIKE_APART
    if tokens < BRIEF_TOKENS:
        least = 1
    return either > 0 and same / either >= min(least, 1) - 1e-9


def collapsed(ranking: list[Article]) -> list[tuple[str, set[str]]]:
    rest, found = list(ranking), []
    while rest:
        best, *rest = rest
        copies = [other for other in rest if is_copy(best, other)]
        rest = [other for other in rest if not is_copy(best, other)]
        found.append((best.id, {copy.id for copy in copies}))
    return found


SEARCHES: list[dict[str, Any]] = [
    {"query": "上海"},
    {"query": "上海 江豚"},
    {"query": "咖啡 老师", "match": "any", "sort": "date"},
    {"query": "人工智能 高铁", "half_life_days": 30},
    {"query": "*"},
    {"query": "-马拉松", "source": "每经网"},
    {"query": "没有的词"},
]


@pytest.mark.parametrize("search", SEARCHES)
def test_the_ranking_collapsed_by_hand(index: cnsearch.Index, search: dict[str, Any]) -> None:
    plain = index.search(**search, limit=500)
    whole = index.search(**search, limit=500, collapse=True, facets=["source"])
    expected = collapsed([index.get(hit.id) for hit in plain])
    assert [(hit.id, {copy.id for copy in hit.duplicates}) for hit in whole] == expected
    assert whole.total == plain.total == len(whole) + whole.folded
    if plain.total > 50:
        assert whole.folded > 10
    scores = {hit.id: hit.score for hit in plain}
    for rank, hit in enumerate(whole, 1):
        assert (hit.rank, hit.more) == (rank, len(hit.duplicates))
        assert hit.score == pytest.approx(scores[hit.id])
        assert sum(part.score for part in hit.explain()) == pytest.approx(hit.score, abs=1e-3)
    assert whole.facets == index.search(**search, facets=["source"]).facets


@pytest.mark.parametrize("search", SEARCHES)
def test_pages_continue_each_other(index: cnsearch.Index, search: dict[str, Any]) -> None:
    whole = index.search(**search, limit=500, collapse=True)
    for size in (1, 3, 10, 37):
        pages = [
            index.search(**search, limit=size, offset=offset, collapse=True) for offset in range(0, len(whole), size)
        ]
        assert [(hit.rank, hit.id, hit.duplicates) for page in pages for hit in page] == [
            (hit.rank, hit.id, hit.duplicates) for hit in whole
        ]
        assert {page.total for page in pages} <= {whole.total}
    beyond = index.search(**search, limit=5, offset=len(whole), collapse=True)
    assert (list(beyond), beyond.total) == ([], whole.total)
    assert index.search(**search, limit=0, collapse=True).total == whole.total


def test_copies_stand_in_rank_order(index: cnsearch.Index) -> None:
    by_date = index.search("*", sort="date", limit=500, collapse=True)
    assert any(hit.more > 1 for hit in by_date)
    oldest = datetime.min.replace(tzinfo=timezone.utc)
    for hit in by_date:
        dates = [copy.date or oldest for copy in (hit, *hit.duplicates)]
        assert dates == sorted(dates, reverse=True)
    plain = [hit.id for hit in index.search("上海", limit=500)][10:]  # after those of the second pass
    for hit in index.search("上海", limit=500, collapse=True):
        places = [plain.index(copy.id) for copy in hit.duplicates if copy.id in plain]
        assert places == sorted(places)


def test_many_copies_leave_the_page_full(tmp_path: Path) -> None:
    rnd = random.Random(SEED)
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        stories = ["".join(sentences(rnd, 30)) for _ in range(6)]
        ids = [f"{story}-{copy:02d}" for story in range(6) for copy in range(60 if story < 3 else 1)]
        index.add([Article(id=id, title="长城", paragraphs=(stories[int(id[0])],)) for id in ids])
        for query in ("长城", "*"):
            hits = [hit for offset in (0, 5) for hit in index.search(query, limit=5, offset=offset, collapse=True)]
            assert sorted(hit.id[0] for hit in hits) == list("012345")
            for hit in hits:  # equal ones in the order of the index
                assert [hit.id, *(copy.id for copy in hit.duplicates)] == [id for id in ids if id[0] == hit.id[0]]


def test_without_collapse_nothing_is_folded(index: cnsearch.Index) -> None:
    results = index.search("上海")
    assert (results.folded, {hit.duplicates for hit in results}) == (0, {()})
    assert results[0].to_dict()["more"] == 0


def test_equal_bins_are_counted_eight_at_a_time() -> None:
    rnd = np.random.default_rng(SEED)
    rows = rnd.integers(0, 3, (100, NUM_BINS), np.uint8)
    rows[1] = rows[0]
    assert _num_equal(rows, rows[0]).tolist() == (rows == rows[0]).sum(axis=1).tolist()
    assert len(_num_equal(rows[:0], rows[0])) == len(similarity(rows[:0], rows[0])) == 0


# Real articles


def story(data_index: cnsearch.Index) -> Article:
    """The longest of the sample posts."""
    every = [data_index.get(hit.id) for hit in data_index.search("*", limit=100)]
    return max(every, key=lambda article: len(article.body))


def changed(article: Article, change: str, other: Article) -> Article:
    """A copy of ``article`` as other sources bring it."""
    lines = re.findall("[^。]+。?", article.body)
    lines = lines * 2 if len(lines) < 10 else lines
    strange = re.findall("[^。]+。?", other.body)
    if change == "the same":
        body = article.body
    elif change == "cut":
        body = article.body[: len(article.body) * 4 // 5]
    elif change == "rewritten":
        body = "".join(strange[at // 5] if at % 5 == 2 else line for at, line in enumerate(lines))
    elif change == "in front":
        body = "".join(strange)[: len(article.body) // 5] + "\n" + article.body
    elif change == "typeset otherwise":
        body = article.body.replace("，", " , ").replace("。", "．\n")
    else:
        notice = "（声明：本文仅代表作者个人观点，与本站无关。请读者仅作参考。）"
        body = f"本文来源：每日财经网 作者：张三\n{article.body}\n{notice}"
    return replace(article, id=change, title="另一个标题", source="别处", paragraphs=tuple(body.split("\n")))


@pytest.mark.parametrize("change", ["the same", "cut", "rewritten", "in front", "typeset otherwise", "boilerplate"])
def test_a_copy_of_another_source_is_folded(data_index: cnsearch.Index, tmp_path: Path, change: str) -> None:
    article = story(data_index)
    others = [data_index.get(hit.id) for hit in data_index.similar(article.id, limit=2)]
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add([article, changed(article, change, others[0]), *others])
        results = index.search("*", collapse=True, sort="date")
        assert results.folded == 1
        (hit,) = [hit for hit in results if hit.more]
        assert {hit.id, hit.duplicates[0].id} == {article.id, change}


def test_different_articles_are_not_folded(data_index: cnsearch.Index) -> None:
    results = data_index.search("*", limit=100, collapse=True)
    folded = [(hit.title, copy.title) for hit in results for copy in hit.duplicates]
    assert folded == [("云南雨季里的咖啡：老段和他的六十亩坡地",) * 2]  # the feed brought it twice


NOTE = "4月3日，国家主席在人民大会堂东门外广场为来华进行国事访问的{0}总统举行欢迎仪式。{0}总统抵达时，礼兵列队致敬。"
REPORT = "".join(f"第{n}条，{a}和{b}的{c}由{d}负责。" for n, (a, b, c, d) in enumerate(zip(*[iter(WORDS * 6)] * 4)))  # noqa: B905


@pytest.mark.parametrize(
    ("one", "two", "days", "expected"),
    [
        ("今日沪指涨1.2%，深成指涨0.8%。", "今日沪指涨1.3%，深成指涨0.8%。", 0, False),  # one word may be the news
        ("今日沪指涨1.2%，深成指涨0.8%。", "今日沪指涨 1.2% 深成指涨 0.8%", 0, True),
        ("今日沪指涨1.2%，深成指涨0.8%。", "今日沪指涨1.2%，深成指涨0.8%。", 400, True),  # the same text
        (NOTE.format("智利"), NOTE.format("匈牙利"), 0, False),
        (REPORT, REPORT[: len(REPORT) * 7 // 10], 0, True),
        (REPORT, REPORT[: len(REPORT) * 7 // 10], 7, True),
        (REPORT, REPORT[: len(REPORT) * 7 // 10], 8, False),  # a ritual, for all that we know
        (REPORT, REPORT[: len(REPORT) * 7 // 10], None, True),
        ("", "", 0, False),
    ],
)
def test_short_and_distant_articles(tmp_path: Path, one: str, two: str, days: int | None, expected: bool) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(
            [
                Article(id="1", title="", paragraphs=(one,) if one else (), date=NOON),
                Article(
                    id="2", title="", paragraphs=(two,) if two else (), date=None if days is None else NOON + days * DAY
                ),
            ]
        )
        assert index.search("*", collapse=True).folded == expected


def test_rebuild_and_changes_keep_signatures(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add([Article(id=name, title="", paragraphs=(REPORT,)) for name in "ab"])
        index.add(Article(id="c", title="", paragraphs=(NOTE,)))
        assert index.add_jsonl(iter([b'{"id": "d", "title": "", "text": "%s"}' % REPORT.encode()])).added == 1  # type: ignore[arg-type]
    rebuilt, _ = cnsearch.rebuild_index(tmp_path / "index")
    with rebuilt as index:
        assert index.search("*", collapse=True).folded == 2
        index.add(Article(id="d", title="", paragraphs=(NOTE,)))
        results = index.search("*", collapse=True)
        assert sorted(sorted([hit.id, *(copy.id for copy in hit.duplicates)]) for hit in results) == [
            ["a", "b"],
            ["c", "d"],
        ]
