"""A search from top to bottom, and what it does not do."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import cnsearch
from cnsearch.backends.asked import Asked
from cnsearch.backends.base import Options
from cnsearch.backends.local import pipeline
from cnsearch.query.synonyms import Synonyms
from cnsearch.request import SearchRequest
from cnsearch.search.searcher import Searcher


@pytest.fixture
def searcher(data_index: cnsearch.Index) -> Searcher:
    return data_index._backend.current()  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def options(data_index: cnsearch.Index) -> Options:
    return data_index._backend.options


def forbidden(*args: Any, **kwargs: Any) -> Any:
    raise AssertionError("this ranks")


QUERIES = ["数字化", "上海 转型", "数字*", "没有人写过这些", "甲*乙", '"数字化转型"', "-上海", "", "category:金融"]


@pytest.mark.parametrize("query", QUERIES)
def test_whether_there_are_hits_is_found_without_ranking(
    searcher: Searcher, options: Options, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = SearchRequest("", category="金融")
    plain = pipeline.search(searcher, SearchRequest(query, category="金融"), options)
    words = Asked.of(searcher, SearchRequest(query, category="金融"), options)
    by_words = searcher.finds_words(words.read(words.parsed(query)).plan)
    literal = plain.understood != words.read(words.parsed(query)).understood  # then it finds nothing as it was typed
    asked = Asked.of(searcher, request, options)
    for name in ("rank", "walk", "_ordered"):
        monkeypatch.setattr(Searcher, name, forbidden)
    assert asked.has_hits(query) == (plain.total > 0 and by_words and not literal)
    assert len(pipeline.matching(words)) == plain.total


def test_what_matches_is_what_a_walk_finds(searcher: Searcher, options: Options) -> None:
    for query in QUERIES:
        request = SearchRequest(query, draft=False)
        hits = {hit.id for hit in pipeline.scan(searcher, request, options)}
        found = pipeline.matching(Asked.of(searcher, request, options))
        if query:
            assert {searcher.snapshot.id_of(number) for number in found.tolist()} == hits


def test_a_query_is_expanded_before_it_is_planned(searcher: Searcher, options: Options) -> None:
    with_synonyms = dataclasses.replace(options, synonyms=Synonyms((("没有人写过", "数字化"),)))
    request = SearchRequest("没有人写过")
    assert pipeline.search(searcher, request, with_synonyms).total
    assert "数字化" in pipeline.search(searcher, request, with_synonyms).understood


def test_only_the_index_knows_its_facets(searcher: Searcher, options: Options) -> None:
    request = SearchRequest("数字化", facets=["source", "language"])
    with pytest.raises(ValueError, match=r"facets must be of source, category, .* not 'language'"):
        pipeline.search(searcher, request, options)
    results = pipeline.search(searcher, dataclasses.replace(request, facets=["source"]), options)
    assert list(results.facets) == ["source"]


def test_an_article_that_is_not_there(searcher: Searcher, options: Options) -> None:
    with pytest.raises(cnsearch.ArticleNotFoundError):
        pipeline.similar(searcher, "nothing", SearchRequest(), options)
