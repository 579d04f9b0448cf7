"""A search of an index on a cluster, read from top to bottom: parse, expand, plan, rank, excerpts.

The first three are those of the index on disk (``backends/asked.py``), so a query means the same on both.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import Any

from cnsearch import checks, deadline
from cnsearch.analysis.reading import read
from cnsearch.backends.asked import Asked, Reading
from cnsearch.backends.base import Options
from cnsearch.backends.opensearch.collapse import Folded, rank_collapsed
from cnsearch.backends.opensearch.documents import key_of
from cnsearch.backends.opensearch.searcher import Found, Ready, Searcher, texts_of
from cnsearch.backends.opensearch.showing import Excerpts, Lacking, make_hits, matching_of
from cnsearch.errors import ArticleNotFoundError
from cnsearch.model import Fragment, Hit, SearchResults
from cnsearch.query.filters import Filters
from cnsearch.request import SearchRequest
from cnsearch.search.labels import unknown_values
from cnsearch.search.plan import Plan
from cnsearch.search.planning.planner import make_plan
from cnsearch.search.results import Shown
from cnsearch.search.similar import MAX_TERMS, similar_plan, weighty_terms
from cnsearch.search.steps.conditions import All
from cnsearch.search.steps.leaf import Term


def search(searcher: Searcher, request: SearchRequest, options: Options) -> SearchResults:
    """A page of hits. Raises ValueError for a facet that the index does not have."""
    started = time.perf_counter()
    values = searcher.snapshot
    facets = known_facets(request, searcher)
    asked = Asked.of(searcher, request, options)

    def rank(plan: Plan) -> tuple[Ready, Lacking, Folded]:
        deadline.check()
        ready = searcher.ready(plan)
        lacking = Lacking(ready)
        return ready, lacking, _ranked_page(searcher, ready, lacking, request)

    reading, (ready, lacking, page) = asked.answered(rank, lambda ranked: ranked[2].found.total)
    unknown = unknown_values(values, asked.filters, reading.parsed.root)
    excerpts = Excerpts(searcher, ready, values.analyzer.tokenizer, _shown(request))
    counted = {}
    if reading.plan.step is not None:
        counted = {name: values.facet(name, matching_of(ready), options.time_zone) for name in facets}
    return SearchResults(
        query=request.query,
        understood=reading.understood,
        correction=asked.correction(reading, page.found.total, unknown),
        notes=(
            *reading.parsed.notes,
            *ready.scoring.notes,
            *lacking.note(searcher, ready, page.found),
            *filter(None, unknown.values()),
        ),
        total=page.found.total,
        took_ms=(time.perf_counter() - started) * 1000,
        hits=tuple(make_hits(page.found, excerpts, lacking, request.offset, page.copies)),
        facets=counted or {name: {} for name in facets},
    )


def _ranked_page(searcher: Searcher, ready: Ready, lacking: Lacking, request: SearchRequest) -> Folded:
    rank = rank_collapsed if request.collapse else _not_collapsed
    return rank(
        searcher,
        ready,
        order=request.sort,
        limit=request.limit,
        offset=request.offset,
        half_life_days=request.half_life_days,
        names=lacking.names,
    )


def _not_collapsed(searcher: Searcher, ready: Ready, **how: object) -> Folded:
    return Folded(searcher.rank(ready, **how))  # type: ignore[arg-type]  # as rank_collapsed takes it


def scan(searcher: Searcher, request: SearchRequest, options: Options) -> Iterator[Hit]:
    """Every hit of a request, in the order of ``search``; every article where nothing is asked for. The first page is
    fetched before this returns, and what raises has raised then."""
    asked = Asked.of(searcher, request, options)
    if not request.query and asked.filters == Filters():
        plan = Plan(All())
    else:
        plan = asked.answered(lambda plan: searcher.count(searcher.ready(plan, ranked=False)), int)[0].plan
    ready = searcher.ready(plan)
    lacking = Lacking(ready)
    excerpts = Excerpts(searcher, ready, searcher.snapshot.analyzer.tokenizer, _shown(request))

    pages = searcher.walk(ready, order=request.sort, half_life_days=request.half_life_days, names=lacking.names)
    first = next(pages, Found())

    def walk() -> Iterator[Hit]:
        offset = 0
        with closing(pages):
            for found in chain((first,), pages):
                for hit in make_hits(found, excerpts, lacking, offset):
                    if searcher.cluster.closed:
                        raise ValueError("the Index of these hits is closed")
                    yield hit
                offset += len(found.ids)

    return walk()


def similar(searcher: Searcher, article_id: str, request: SearchRequest, options: Options) -> SearchResults:
    """A page of the articles like this one. Raises ArticleNotFoundError."""
    started = time.perf_counter()
    values = searcher.snapshot
    source = stored(searcher, article_id)
    title, body = texts_of(source)
    tags = source.get("tags", ())
    tokenizer = values.analyzer.tokenizer
    often = [term for term, _ in Counter(tokenizer.terms(read(body).text)).most_common(8 * MAX_TERMS)]
    first = tokenizer.terms(read("\n".join((title, *tags))).text)
    searcher.counts.ask([Term(term, ("body",)) for term in dict.fromkeys([*first, *often])])
    terms = weighty_terms(values, title, body, tags)
    conditions = make_plan(None, request.filters, tokenizer, options.time_zone).step
    ready = searcher.ready(similar_plan(terms, article_id, conditions))
    found = searcher.rank(ready, order="score", limit=request.limit, offset=request.offset)
    excerpts = Excerpts(searcher, ready, tokenizer, Shown(request.num_fragments, request.fragment_chars))
    return SearchResults(
        query=article_id,
        understood=" ".join(term for term, _ in terms),
        notes=(),
        total=found.total,
        took_ms=(time.perf_counter() - started) * 1000,
        hits=tuple(make_hits(found, excerpts, None, request.offset)),
    )


def marked(searcher: Searcher, article_id: str, request: SearchRequest, options: Options) -> tuple[Fragment, ...]:
    """The title of an article and its paragraphs, with the matches of the query. Raises ArticleNotFoundError."""
    source = stored(searcher, article_id)
    reading = understood(searcher, request, options)
    ready = searcher.ready(reading.plan, ranked=False)
    return Excerpts(searcher, ready, searcher.snapshot.analyzer.tokenizer, _shown(request)).lines(source)


def understood(searcher: Searcher, request: SearchRequest, options: Options) -> Reading:
    """How a query is taken, as ``search`` takes it."""
    asked = Asked.of(searcher, request, options)
    return asked.answered(lambda plan: searcher.count(searcher.ready(plan, ranked=False)), int)[0]


def stored(searcher: Searcher, article_id: str) -> dict[str, Any]:
    """An article as it is stored. Raises ArticleNotFoundError."""
    source = searcher.article(key_of(article_id))
    if source is None:
        raise ArticleNotFoundError(article_id, hint="Hits say their ids")
    return source


def known_facets(request: SearchRequest, searcher: Searcher) -> tuple[str, ...]:
    """What to count by. An index that is empty may yet get any own field."""
    facets = tuple(request.facets)
    if facets and searcher.counts.num_docs:
        known = (*searcher.snapshot.known_facets(), *searcher.snapshot.own_fields)
        checks.each_of("facets", facets, tuple(dict.fromkeys(known)))
    return facets


def _shown(request: SearchRequest) -> Shown:
    half_life_days = request.half_life_days if request.sort == "score" else None
    return Shown(request.num_fragments, request.fragment_chars, half_life_days)
