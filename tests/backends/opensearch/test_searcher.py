"""Plans on a real node find what they find on disk, in the same order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

import cnsearch
from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.backends.opensearch.address import parse_address
from cnsearch.backends.opensearch.cluster import Cluster
from cnsearch.backends.opensearch.documents import as_json, key_of, lengths_of, source_of
from cnsearch.backends.opensearch.mapping import AVERAGES, Facts, index_body
from cnsearch.backends.opensearch.searcher import Searcher
from cnsearch.indexing.tasks import Origin
from cnsearch.query.filters import Filters
from cnsearch.query.syntax import parse_query
from cnsearch.search.planning.planner import make_plan

ANALYZER = ChineseAnalyzer()


@pytest.fixture(scope="module")
def searcher(node: str, data_index: cnsearch.Index, request: pytest.FixtureRequest) -> Iterator[Searcher]:
    """The articles of ``data`` on a node, with frequencies by their true mean lengths."""
    address = parse_address(f"opensearch+http://{node}/searcher")
    cluster = Cluster(address)
    articles = list(data_index)
    lengths: Counter[str] = Counter()
    for article in articles:
        lengths.update(lengths_of(article, ANALYZER.tokenizer))
    tagged = sum(bool(article.tags) for article in articles)
    averages = {
        name: max(1.0, lengths[name] / max(1, tagged if name.startswith("tags") else len(articles)))
        for name in AVERAGES
    }
    cluster.request("PUT", "/searcher", index_body(address, Facts(ANALYZER, averages)))
    lines = [
        (
            as_json({"index": {"_id": key_of(article.id)}}),
            as_json(source_of(article, Origin(), ANALYZER.tokenizer, averages)),
        )
        for article in articles
    ]
    assert not any(cluster.bulk("searcher", lines, is_alias=False))
    cluster.request("POST", "/searcher/_refresh")
    yield Searcher(cluster, "searcher", Facts(ANALYZER, averages))
    cluster.request("DELETE", "/searcher")
    cluster.close()


def plan_of(text: str, zone: Any) -> Any:
    return make_plan(parse_query(text).root, Filters(), ANALYZER.tokenizer, zone)


QUERIES = """
数字化转型
人工智能
"人工智能"
"数字化转"
特斯拉 电池
iphone
茶
经济 增长 2021
source:每经网
category:金融
source:每经网 公司
title:公司
body:公司
title:"公司"
-source:每经网
5g
新能源汽车
银行 -基金
+公司 -银行
(银行 OR 保险) 监管
公司 AND 市场
新*
?pple
S-300
linux 5.12
A股 上市公司
date:2021-10
date:2021-01-01..2021-06-30 公司
为什么股票会下跌
没有这样的词语组合嘿
*
"""


@pytest.mark.parametrize("text", QUERIES.strip().splitlines())
def test_the_same_hits_as_on_disk(text: str, searcher: Searcher, data_index: cnsearch.Index) -> None:
    mine = searcher.rank(searcher.ready(plan_of(text, data_index.time_zone)), order="score", limit=100, offset=0)
    theirs = data_index.search(text, limit=100)
    assert mine.total == theirs.total
    assert {article["id"] for article in mine.articles} == {hit.id for hit in theirs}


@pytest.mark.parametrize(
    "text", ["数字化转型", "经济 增长 2021", "iphone", "茶", "title:公司", "body:公司", "linux 5.12", "5g"]
)
def test_the_same_scores_as_on_disk(text: str, searcher: Searcher, data_index: cnsearch.Index) -> None:
    """Words and characters score what BM25F says, but for the rounding of frequencies. Titles that are the query are
    lifted by an upper bound, so they are left out."""
    mine = searcher.rank(searcher.ready(plan_of(text, data_index.time_zone)), order="score", limit=100, offset=0)
    scores = dict(zip((article["id"] for article in mine.articles), mine.scores, strict=True))
    for hit in data_index.search(text, limit=100):
        assert scores[hit.id] == pytest.approx(hit.score, rel=0.05), hit.title


def test_pages_fit_together(searcher: Searcher, data_index: cnsearch.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = searcher.ready(plan_of("公司 市场 经济 银行 增长", data_index.time_zone))

    def ranked(limit: int, offset: int) -> list[str]:
        return searcher.rank(ready, order="score", limit=limit, offset=offset).ids

    whole = ranked(40, 0)
    assert [*ranked(7, 0), *ranked(7, 7), *ranked(26, 14)] == whole
    monkeypatch.setattr("cnsearch.backends.opensearch.searcher.WINDOW", 8)
    assert ranked(15, 12) == whole[12:27]


def test_dates_order_undated_ones_last(searcher: Searcher, data_index: cnsearch.Index) -> None:
    ready = searcher.ready(plan_of("*", data_index.time_zone))
    for order in ("date", "oldest"):
        mine = searcher.rank(ready, order=order, limit=100, offset=0)
        dates = [article.get("date") for article in mine.articles]
        known = [date for date in dates if date is not None]
        assert known == sorted(known, reverse=order == "date")
        assert dates == [*known, *[None] * (len(dates) - len(known))]


def test_a_long_text_is_found_as_it_was_typed(searcher: Searcher, data_index: cnsearch.Index) -> None:
    article = max(data_index, key=lambda one: len(one.body))
    text = article.paragraphs[1][:40]
    found = searcher.rank(searcher.ready(plan_of(text, data_index.time_zone)), order="score", limit=3, offset=0)
    assert found.articles[0]["id"] == article.id
