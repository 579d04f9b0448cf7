"""The measuring instrument of ranking: metrics by hand, the bootstrap, and the twin of stock Whoosh."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pytest

from benchmarks.retrieval_metrics import interval, ndcg, precision_at_1, recall, reciprocal_rank
from cnsearch import Article, Index

ONE = {"a": 1}


@pytest.mark.parametrize(
    ("ranked", "expected"), [("abc", 1.0), ("cba", 1 / 3), ("", 0.0), ("xyz", 0.0), ("0123456789a", 0.0)]
)
def test_reciprocal_rank_is_that_of_the_first_relevant_among_ten(ranked: str, expected: float) -> None:
    assert reciprocal_rank(list(ranked), ONE) == pytest.approx(expected)


def test_precision_at_1_asks_for_the_first_alone() -> None:
    assert [precision_at_1(list(ranked), ONE) for ranked in ("ab", "ba", "")] == [1.0, 0.0, 0.0]


def test_recall_is_a_share_of_the_relevant_among_the_first_ten() -> None:
    grades = {"a": 2, "b": 1, "c": 1, "d": 1}
    assert recall(list("xaxb"), grades) == pytest.approx(0.5)
    assert recall(list("a123456789bcd"), grades) == pytest.approx(0.25)


def test_ndcg_discounts_by_rank_and_gains_by_grade() -> None:
    grades = {"a": 2, "b": 1}
    best = 3 / math.log2(2) + 1 / math.log2(3)
    assert ndcg(list("ab"), grades) == pytest.approx(1.0)
    assert ndcg(list("ba"), grades) == pytest.approx((1 / math.log2(2) + 3 / math.log2(3)) / best)
    assert ndcg(list("xxb"), grades) == pytest.approx((1 / math.log2(4)) / best)


def test_bootstrap_of_a_constant_has_no_width() -> None:
    assert interval([0.25] * 40) == {"mean": 0.25, "low": 0.25, "high": 0.25}


def test_bootstrap_interval_is_that_of_the_normal_distribution_on_many_queries() -> None:
    values = np.array([0.0, 1.0] * 200)
    found = interval(values, resamples=4000)
    half = 1.96 * 0.5 / math.sqrt(len(values))
    assert found["mean"] == 0.5
    assert found["low"] == pytest.approx(0.5 - half, abs=0.005)
    assert found["high"] == pytest.approx(0.5 + half, abs=0.005)
    assert found == interval(values, resamples=4000)


def test_the_array_twin_scores_as_stock_whoosh_does(data_index: Index, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba's own, where it was not compiled when installed
        from jieba.analyse import ChineseAnalyzer
    from whoosh import index, qparser, scoring
    from whoosh.fields import ID, TEXT, Schema

    from benchmarks.retrieval_systems import Bm25, stock_words, whoosh_idf, whoosh_length

    ids = [hit.id for hit in data_index.search("*", limit=100)]
    articles: list[Article] = [data_index.get(found) for found in ids]
    schema = Schema(id=ID(stored=True), title=TEXT(ChineseAnalyzer()), body=TEXT(ChineseAnalyzer()))
    stock = index.create_in(tmp_path, schema)
    writer = stock.writer()
    for article in articles:
        writer.add_document(id=article.id, title=article.title, body=article.body)
    writer.commit()
    twin = Bm25(articles, stock_words, whoosh_idf, whoosh_length)
    parser = qparser.MultifieldParser(["title", "body"], schema, group=qparser.OrGroup)
    with stock.searcher(weighting=scoring.BM25F(B=0.75, K1=1.2)) as searcher:
        for text in ("数字化转型", "小厂做数字化改造要花多少钱", "江城 2028年"):
            expected = {hit["id"]: hit.score for hit in searcher.search(parser.parse(text), limit=None)}
            assert expected
            scores = twin.scores(text)
            found = {article.id: score for article, score in zip(articles, scores, strict=True) if score > 0}
            assert found == pytest.approx(expected, rel=1e-5)
