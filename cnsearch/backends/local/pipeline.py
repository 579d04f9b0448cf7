"""A search of the local index, read from top to bottom: parse, expand, plan, rank, excerpts.

Not good for: how each step is done. Parsing and synonyms are in ``query``, plans and ranking in ``search``; how a query
is taken that finds nothing as typed is in ``asked``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from cnsearch import checks
from cnsearch.backends.asked import Asked
from cnsearch.backends.base import Options
from cnsearch.errors import ArticleNotFoundError
from cnsearch.model import Fragment, Hit, SearchResults
from cnsearch.query.filters import Filters
from cnsearch.request import SearchRequest
from cnsearch.search.collapse import Collapsed, rank_collapsed
from cnsearch.search.facets import FACETS, count_facet
from cnsearch.search.labels import unknown_values
from cnsearch.search.leaves import DocNumbers
from cnsearch.search.plan import Plan
from cnsearch.search.planning.planner import make_plan
from cnsearch.search.results import Excerpts, Shown, make_hits, walk_hits
from cnsearch.search.scoring import Scores
from cnsearch.search.searcher import Ranked, Searcher
from cnsearch.search.steps.conditions import All
from cnsearch.store.schema import SCHEMA_VERSION
from cnsearch.store.snapshot import Snapshot


def search(searcher: Searcher, request: SearchRequest, options: Options) -> SearchResults:
    """A page of hits. Raises ValueError for a facet that the index does not have."""
    started = time.perf_counter()
    snapshot = searcher.snapshot
    facets = known_facets(request, snapshot)
    asked = Asked.of(searcher, request, options)

    def rank(plan: Plan) -> Collapsed:
        return ranked_page(searcher, plan, request)

    reading, (ranking, folded) = asked.answered(rank, lambda page: page.ranked.total)
    unknown = unknown_values(snapshot, asked.filters, None if reading.parsed.plain else reading.parsed.root)
    excerpts = Excerpts(searcher, reading.plan, snapshot.analyzer, _shown(request))
    return SearchResults(
        query=request.query,
        understood=reading.understood,
        correction=asked.correction(reading, ranking.total, unknown, finds_words=ranking.finds_words),
        notes=(
            *reading.parsed.notes,
            *searcher.notes(reading.plan),
            *excerpts.notes(ranking),
            *filter(None, unknown.values()),
            *_format_notes(snapshot),
        ),
        total=ranking.total,
        took_ms=(time.perf_counter() - started) * 1000,
        hits=make_hits(searcher, ranking, excerpts, request.offset, folded),
        facets={name: count_facet(snapshot, ranking.matching, name, options.time_zone) for name in facets},
    )


def scan(searcher: Searcher, request: SearchRequest, options: Options) -> Iterator[Hit]:
    """Every hit of a request, each made when it is asked for; every article where nothing is asked for. Ranked before
    this returns."""

    def walk(plan: Plan) -> tuple[DocNumbers, Scores, Ranked]:
        return searcher.walk(plan, order=request.sort, half_life_days=request.half_life_days)

    asked = Asked.of(searcher, request, options)
    if not request.query and asked.filters == Filters():
        plan = Plan(All())
        walked = walk(plan)
    else:
        reading, walked = asked.answered(walk, lambda found: len(found[0]))
        plan = reading.plan
    return walk_hits(searcher, Excerpts(searcher, plan, searcher.snapshot.analyzer, _shown(request)), walked)


def similar(searcher: Searcher, article_id: str, request: SearchRequest, options: Options) -> SearchResults:
    """A page of the articles like this one. Raises ArticleNotFoundError."""
    from cnsearch.search.similar import similar_plan, weighty_terms  # not for those who only search

    started = time.perf_counter()
    snapshot = searcher.snapshot
    number = number_of(snapshot, article_id)
    terms = weighty_terms(snapshot, *searcher.texts(number), snapshot.about(number)["tags"])
    conditions = make_plan(None, request.filters, snapshot.analyzer.tokenizer, options.time_zone).step
    plan = similar_plan(terms, article_id, conditions)
    ranking = searcher.rank(plan, order="score", limit=request.limit, offset=request.offset)
    shown = Shown(request.num_fragments, request.fragment_chars)
    return SearchResults(
        query=article_id,
        understood=" ".join(term for term, _ in terms),
        notes=(),
        total=ranking.total,
        took_ms=(time.perf_counter() - started) * 1000,
        hits=make_hits(searcher, ranking, Excerpts(searcher, plan, snapshot.analyzer, shown), request.offset),
    )


def marked(searcher: Searcher, article_id: str, request: SearchRequest, options: Options) -> tuple[Fragment, ...]:
    """The title of an article and its paragraphs, with the matches of the query, taken as a search takes it. Raises
    ArticleNotFoundError."""
    number = number_of(searcher.snapshot, article_id)
    reading, _ = Asked.of(searcher, request, options).answered(searcher.matches, np.count_nonzero)
    return Excerpts(searcher, reading.plan, searcher.snapshot.analyzer, _shown(request)).whole(number)


def matching(asked: Asked[Searcher]) -> DocNumbers:
    """The numbers of the documents that are found, ascending, without ranking them."""
    return np.flatnonzero(asked.answered(asked.searcher.matches, np.count_nonzero)[1])


def ranked_page(searcher: Searcher, plan: Plan, request: SearchRequest) -> Collapsed:
    """The page of the request, with copies folded if it says so."""
    if request.collapse:
        return rank_collapsed(
            searcher,
            plan,
            order=request.sort,
            limit=request.limit,
            offset=request.offset,
            half_life_days=request.half_life_days,
        )
    ranked = searcher.rank(
        plan,
        order=request.sort,
        limit=request.limit,
        offset=request.offset,
        half_life_days=request.half_life_days,
    )
    return Collapsed(ranked, [])


def number_of(snapshot: Snapshot, article_id: str) -> int:
    """The number of the document with this id. Raises ArticleNotFoundError."""
    number = snapshot.find(article_id)
    if number is None:
        raise ArticleNotFoundError(article_id, hint="Hits say their ids")
    return number


def known_facets(request: SearchRequest, snapshot: Snapshot) -> tuple[str, ...]:
    """What to count by. An index that is empty may yet get any own field."""
    facets = tuple(request.facets)
    if facets and snapshot.num_live_docs:
        known = (*FACETS, *snapshot.own_fields.values(), *snapshot.own_fields)
        checks.each_of("facets", facets, tuple(dict.fromkeys(known)))
    return facets


def _shown(request: SearchRequest) -> Shown:
    half_life_days = request.half_life_days if request.sort == "score" else None
    return Shown(request.num_fragments, request.fragment_chars, half_life_days)


def _format_notes(snapshot: Snapshot) -> tuple[str, ...]:
    """What a commit of an earlier format lacks."""
    if snapshot.version == SCHEMA_VERSION:
        return ()
    return (
        f"the index has format {snapshot.version}, from before format {SCHEMA_VERSION}: without tags, and what is now "
        "cut otherwise is found by its old terms only; a rebuild brings it up to date",
    )
