"""What the benchmark of a cluster counts, on figures that can be counted by hand."""

import pytest

import cnsearch
from benchmarks.cluster import exact_queries, generated, in_common, mean_reciprocal_rank


def test_the_share_of_hits_in_common() -> None:
    assert in_common([["a", "b"], []], [["b", "c"], []]) == pytest.approx((1 / 2 + 1) / 2)


def test_ranks_of_what_is_relevant(data_index: cnsearch.Index) -> None:
    first, second = (hit.id for hit in data_index.search("数字化转型", limit=2))
    queries = [("数字化转型", {first: 1}), ("数字化转型", {second: 1}), ("数字化转型", {"none": 1})]
    assert mean_reciprocal_rank(data_index, queries) == pytest.approx((1 + 1 / 2 + 0) / 3)


def test_exact_texts_stand_in_articles() -> None:
    articles = list(generated(20))
    queries = exact_queries(articles, 5)
    assert len(queries) == 15
    for query in queries[::3]:
        assert any(query.strip('"') in article.body or query == "*" for article in articles)
