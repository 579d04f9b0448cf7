"""Runs a plan on the cluster: which articles match, with which score, in which order.

A few requests for a query: how many articles have each term (remembered), what the best article has of the words
(``keywords.py``), the hits of the page with their texts. The second pass on the best ten is made here, from
these texts.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from cnsearch.analysis.scripts import HAN_CHAR
from cnsearch.backends.opensearch.cluster import Cluster
from cnsearch.backends.opensearch.counts import Counts
from cnsearch.backends.opensearch.documents import text_hash
from cnsearch.backends.opensearch.keywords import Rule
from cnsearch.backends.opensearch.mapping import Facts
from cnsearch.backends.opensearch.matching import NOTHING, Query, all_of, constant, matching, parts_of
from cnsearch.backends.opensearch.scoring import Scoring, leaves_to_count
from cnsearch.backends.opensearch.values import Values
from cnsearch.backends.opensearch.verified import Texts
from cnsearch.backends.opensearch.vocabulary import ClusterVocabulary
from cnsearch.limits import DEFAULT_LIMITS, Limits
from cnsearch.search.closeness import as_written, closeness
from cnsearch.search.plan import Plan
from cnsearch.search.scoring import DEFAULT_RANKING, idf
from cnsearch.search.steps.base import Step
from cnsearch.search.steps.keywords import Keywords
from cnsearch.search.steps.leaf import Leaf, Term
from cnsearch.search.steps.texts import Substring, Verbatim
from cnsearch.search.verbatim import LONG
from cnsearch.search.written import TO_THE_DOT, letters, pieces
from cnsearch.store.document import stored_body

Order = Literal["score", "date", "oldest"]

WINDOW = 10_000
"""Hits that a cluster gives in one answer; beyond them it is asked on from the last one."""
PAGE = 500
"""Hits that are fetched at a time where all are walked through."""
TEXTS_AT_ONCE = 50
"""Hits whose texts come with them; those of a longer page are fetched when they are shown."""
_TIE = {"id": "asc"}


@dataclass
class Found:
    """ids, scores, articles : of the page, in rank order; ``articles`` as stored, perhaps without paragraphs
    total      : how many match
    num_second : hits of the first ranks that had the second pass
    named      : for each hit which of the ``names`` it matches
    answer     : of the cluster, for facets
    """

    ids: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    articles: list[dict[str, Any]] = field(default_factory=list)
    total: int = 0
    num_second: int = 0
    named: list[frozenset[str]] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)
    fields: list[dict[str, Any]] = field(default_factory=list)

    def filled(self, chosen: Sequence[tuple[float, Any]]) -> Found:
        """With these hits of the cluster, each with its score."""
        for score, hit in chosen:
            self.ids.append(hit["_id"])
            self.scores.append(score)
            self.articles.append(hit["_source"]["article"])
            self.named.append(frozenset(hit.get("matched_queries", ())))
            self.fields.append(hit.get("fields", {}))
        return self


@dataclass(frozen=True, slots=True)
class Extra:
    """A score that an article earns besides those of its terms: ``name`` and ``text`` as an explanation shows them."""

    name: str
    text: str
    query: Query
    score: float


@dataclass
class Ready:
    """A plan as queries.

    scoring : of its steps
    query   : scores and matches, without what is earned as typed
    extras  : what is earned as typed
    weights : of the focus: characters, other words, bigrams
    """

    plan: Plan
    scoring: Scoring
    query: Query
    extras: list[Extra]
    weights: tuple[dict[str, float], dict[str, float], dict[str, float]]


class Searcher:
    """Executes plans on one index of a cluster. Thread-safe."""

    def __init__(self, cluster: Cluster, index: str, facts: Facts, limits: Limits = DEFAULT_LIMITS) -> None:
        self.cluster = cluster
        self.index = index
        self.counts = Counts(cluster, index)
        self.snapshot = Values(cluster, index, facts, self.counts)
        self._vocabulary: ClusterVocabulary | None = None
        self._pattern_terms = limits.pattern_terms
        self.texts = Texts(cluster, index, self.counts)
        self._span: tuple[float, int | None, int | None] | None = None

    def forget(self) -> None:
        """Something was written: what is remembered may be wrong."""
        self.counts.forget()
        self.snapshot.forget()
        self._vocabulary = None
        self.texts.forget()
        self._span = None

    @property
    def vocabulary(self) -> ClusterVocabulary:
        """Of suggestions and corrections."""
        if self._vocabulary is None:
            self._vocabulary = ClusterVocabulary(self.cluster, self.index, self.snapshot)
        return self._vocabulary

    # Understanding a plan

    def ready(self, plan: Plan, *, ranked: bool = True) -> Ready:
        """The queries of a plan. ``ranked``: whether scores are wanted, or only which articles match."""
        if self.counts.begin():
            self.texts.forget()
        verified = {} if plan.step is None else self.texts.verified(plan.step)
        scoring = Scoring(self.counts, self.cluster.version, verified)
        if plan.step is None:
            return Ready(plan, scoring, NOTHING, [], ({}, {}, {}))
        focus = plan.focus
        runs = [step for step in parts_of(plan.step) if isinstance(step, Keywords)]
        self.counts.ask([*leaves_to_count(plan.step), *focus.bigrams, *focus.words], verified)
        typed = {run: self.texts.find_verbatim(run.typed) for run in runs if run.typed is not None}
        Rule(self.cluster, self.index, scoring).apply(runs, typed)
        if not ranked:
            return Ready(plan, scoring, matching(plan.step, scoring.known), [], ({}, {}, {}))
        weights = self._weights(plan)
        extras = self._as_typed(plan, scoring, weights) if focus.written else []
        return Ready(plan, scoring, scoring.of(plan.step), extras, weights)

    def _weights(self, plan: Plan) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
        """What the characters, the other words and the bigrams of a query weigh where they stand together; see
        ``search/second_pass.py``."""
        characters: dict[str, float] = {}
        bigrams: dict[str, float] = {}
        for bigram in plan.focus.bigrams:
            weight = self.counts.idf(bigram) * bigram.weight
            bigrams[bigram.text] = max(weight, bigrams.get(bigram.text, 0.0))
        for text, weight in bigrams.items():
            for char in text:
                characters[char] = min(weight, characters.get(char, weight))
            bigrams[text] = weight * DEFAULT_RANKING.order
        words: dict[str, float] = {}
        for word in plan.focus.words:
            (characters if HAN_CHAR.fullmatch(word.text) else words)[word.text] = self.counts.idf(word)
        return characters, words, bigrams

    def _as_typed(
        self, plan: Plan, scoring: Scoring, weights: tuple[dict[str, float], dict[str, float], dict[str, float]]
    ) -> list[Extra]:
        """What stands in an article as it was typed earns something, a title that is the query more than all else."""
        extras: list[Extra] = []
        _, words, bigrams = weights
        wholes: list[tuple[str, list[str]]] = []
        for text in plan.focus.pieces:
            if len(text) > LONG:
                ids = self.texts.find_verbatim(Verbatim(text, inside=True))
                if ids:
                    wholes.append((text, ids))
                continue
            for piece in pieces(text, plan.focus.coarse, lambda part: self.counts.of(Substring(part)) > 0):
                found = self.counts.idf(Substring(piece))
                inside = sum(weight for unit, weight in (*bigrams.items(), *words.items()) if unit in piece)
                bonus = found + DEFAULT_RANKING.written * inside * found / idf(max(1, self.counts.num_docs), 1)
                extras.append(Extra("in one piece", piece, matching(Substring(piece), {}), bonus))
        most = self._most(plan, weights) + sum(extra.score for extra in extras)
        for text, ids in wholes:
            extras.append(Extra("in one piece", text, {"ids": {"values": ids}}, most))
            most *= 2
        typed = letters("".join(plan.focus.written))
        if typed:
            alike = {"term": {"title_letters": text_hash(typed)}}
            extras.append(Extra("title", "", alike, most))
            if len(plan.focus.written) == 1:
                same = {"term": {"title_read": text_hash(plan.focus.written[0])}}
                extras.append(Extra("title", "", all_of([alike, same]), (TO_THE_DOT - 1) * most))
        return extras

    def _most(self, plan: Plan, weights: Sequence[dict[str, float]]) -> float:
        """More than any article scores by terms and closeness."""
        second = (DEFAULT_RANKING.closeness + DEFAULT_RANKING.lead) * sum(sum(some.values()) for some in weights)
        return second + sum(self.counts.idf(leaf) for leaf in plan.leaves)

    def stands(self, text: str) -> bool:
        """Whether an article has the folded text as it was typed, white space aside."""
        return bool(self.texts.find_verbatim(Verbatim(text)))

    # Answers

    def rank(
        self,
        ready: Ready,
        *,
        order: Order,
        limit: int,
        offset: int,
        half_life_days: float | None = None,
        names: dict[str, Query] | None = None,
        with_texts: bool | None = None,
        **more: Any,
    ) -> Found:
        """The page ``offset .. offset + limit`` of the articles that match.

        names      : queries, by name, of which is said for each hit whether it matches
        with_texts : whether paragraphs come with the hits; None: with those of a short page
        more       : of the body of the search: aggregations, fields
        """
        if ready.plan.step is None:
            return Found()
        by_score = order == "score" and ready.plan.ranked
        second = (
            DEFAULT_RANKING.depth if by_score and ready.plan.focus and limit and offset < DEFAULT_RANKING.depth else 0
        )
        first = 0 if second else offset
        size = max(offset + limit, second) - first
        texts = size <= TEXTS_AT_ONCE if with_texts is None else with_texts
        body = self._body(ready, order, half_life_days, names or {}, texts=texts or second > 0) | more
        hits, answer = self._page(body, first, size)
        found = Found(total=answer["hits"]["total"]["value"], num_second=second, answer=answer)
        return found.filled(self._scored(ready, hits, second, half_life_days)[offset - first : offset - first + limit])

    def walk(
        self, ready: Ready, *, order: Order, half_life_days: float | None = None, names: dict[str, Query] | None = None
    ) -> Generator[Found, None, None]:
        """All hits in rank order, page by page, as they are when the first page is asked for."""
        if ready.plan.step is None:
            return
        by_score = order == "score" and ready.plan.ranked
        second = DEFAULT_RANKING.depth if by_score and ready.plan.focus else 0
        body = self._body(ready, order, half_life_days, names or {}, texts=True)
        for hits, total in self.cluster.pages(self.index, body, size=PAGE):
            page = Found(total=total, num_second=second)
            yield page.filled(self._scored(ready, hits, second, half_life_days))
            second = 0

    def _body(
        self, ready: Ready, order: Order, half_life_days: float | None, names: dict[str, Query], *, texts: bool
    ) -> Query:
        by_score = order == "score" and ready.plan.ranked
        no_texts = {"includes": ["article"], "excludes": ["article.paragraphs"]}
        return {
            "query": self._whole(ready, names, half_life_days if by_score else None),
            "sort": [{"_score": "desc"}, _TIE] if by_score else [_by_date(order), _TIE],
            "track_total_hits": True,
            "track_scores": True,
            "_source": ["article"] if texts else no_texts,
        }

    def _scored(
        self, ready: Ready, hits: Sequence[Any], second: int, half_life_days: float | None
    ) -> list[tuple[float, Any]]:
        chosen = [(float(hit["_score"] or 0.0), hit) for hit in hits]
        return self._second_pass(ready, chosen, second, half_life_days) if second else chosen

    def _page(self, body: Query, first: int, size: int) -> tuple[list[Any], Any]:
        """The hits ``first .. first + size`` of a search, and its answer. Beyond what one answer may have, the cluster
        is asked on from the last hit."""
        if first + size <= WINDOW:
            answer = self.cluster.search(self.index, {**body, "from": first, "size": size})
            return answer["hits"]["hits"], answer
        hits: list[Any] = []
        seen, whole, after = 0, None, None
        while seen < first + size:
            wanted = min(WINDOW, first + size - seen) if seen >= first else min(WINDOW, first - seen)
            asked = {**body, "size": wanted, **({} if after is None else {"search_after": after})}
            if seen < first:
                asked["_source"] = False
            answer = self.cluster.search(self.index, asked)
            whole = whole or answer
            page = answer["hits"]["hits"]
            if seen >= first:
                hits += page
            seen += len(page)
            if len(page) < wanted:
                break
            after = page[-1]["sort"]
        return hits, whole

    def count(self, ready: Ready) -> int:
        """How many articles match."""
        if ready.plan.step is None:
            return 0
        body = {"query": matching(ready.plan.step, ready.scoring.known), "size": 0, "track_total_hits": True}
        total: int = self.cluster.searches(self.index, [body], scored=False)[0]["hits"]["total"]["value"]
        return total

    def _whole(self, ready: Ready, names: dict[str, Query], half_life_days: float | None) -> Query:
        extras = [constant(extra.query, extra.score) for extra in ready.extras if extra.score > 0]
        named = [{"constant_score": {"filter": query, "boost": 0.0, "_name": name}} for name, query in names.items()]
        query = ready.query
        if extras or named:
            query = {"bool": {"must": [query], "should": [*extras, *named]}}
        return query if half_life_days is None else self._aged(query, half_life_days)

    def _aged(self, query: Query, half_life_days: float) -> Query:
        """Scores halved for each half-life that an article is older than the newest; an undated one is the oldest."""
        oldest, newest = self.date_span()
        if newest is None or oldest is None:
            return query
        scale = max(1, min(round(half_life_days * 86_400), 1 << 60))
        decay = {"seconds": {"origin": newest, "scale": scale, "decay": 0.5}}
        known = {"range": {"seconds": {"lte": newest}}}
        undated = {"bool": {"must_not": [{"exists": {"field": "seconds"}}]}}
        functions = [
            {"filter": known, "exp": decay},
            {"filter": undated, "weight": max(1e-6, 0.5 ** min(1e3, (newest - oldest) / scale))},
        ]
        return {
            "function_score": {"query": query, "functions": functions, "score_mode": "first", "boost_mode": "multiply"}
        }

    def _age(self, article: dict[str, Any], half_life_days: float) -> float:
        """What age leaves of a score."""
        oldest, newest = self.date_span()
        if newest is None or oldest is None:
            return 1.0
        moment = min(max(article.get("date", oldest), oldest), newest)
        return float(max(1e-6, 0.5 ** min(1e3, (newest - moment) / 86_400 / half_life_days)))

    def date_span(self) -> tuple[int | None, int | None]:
        """The first and the last date that has passed, in seconds since 1970."""
        now = time.time()
        if self._span is None or now - self._span[0] > 30:
            bounds = {"first": {"min": {"field": "seconds"}}, "last": {"max": {"field": "seconds"}}}
            body = {"size": 0, "query": {"range": {"seconds": {"lte": int(now)}}}, "aggs": bounds}
            said = self.cluster.search(self.index, body)["aggregations"]
            first, last = (said[name]["value"] for name in ("first", "last"))
            self._span = (now, None if first is None else int(first), None if last is None else int(last))
        return self._span[1:]

    def _second_pass(
        self, ready: Ready, chosen: list[tuple[float, Any]], depth: int, half_life_days: float | None
    ) -> list[tuple[float, Any]]:
        """The best ``depth`` in the order of their scores with closeness."""
        first, rest = chosen[:depth], chosen[depth:]
        if not first:
            return chosen
        articles = [hit["_source"]["article"] for _, hit in first]
        best, lead = self.close_together(ready, articles)
        again = []
        for (score, hit), near, begins in zip(first, best, lead, strict=True):
            bonus = DEFAULT_RANKING.closeness * near + DEFAULT_RANKING.lead * begins
            age = 1.0 if half_life_days is None else self._age(hit["_source"]["article"], half_life_days)
            again.append((score + bonus * age, hit))
        again.sort(key=lambda pair: -pair[0])
        return [*again, *rest]

    def close_together(self, ready: Ready, articles: Sequence[dict[str, Any]]) -> tuple[list[float], list[float]]:
        """What ``closeness`` says of the articles."""
        texts = ["\n".join(texts_of(article)) for article in articles]
        if ready.plan.focus.synonyms:
            texts = [as_written(text, ready.plan.focus.synonyms) for text in texts]
        best, lead = closeness(texts, *ready.weights)
        return best.tolist(), lead.tolist()

    def has_hits(self, plan: Plan) -> bool:
        """Whether any article matches."""
        return self.count(self.ready(plan, ranked=False)) > 0

    def keys(self, ready: Ready) -> Iterator[str]:
        """The ids (ours) of all articles that match, in no particular order."""
        if ready.plan.step is not None:
            query = matching(ready.plan.step, ready.scoring.known)
            for hit in self.cluster.scroll(self.index, query, size=WINDOW, _source=["article.id"]):
                yield hit["_source"]["article"]["id"]

    def num_articles(self, text: str) -> int:
        """How many articles contain the folded ``text``: as a word where it is one, else exactly as it stands."""
        return self.counts.of(Term(text)) or self.counts.of(Substring(text))

    def term_weight(self, leaf: Leaf) -> float:
        """The idf of a leaf: how telling it is, for choosing snippets."""
        return self.counts.idf(leaf)

    def finds_words(self, plan: Plan) -> bool:
        """Whether any of the plan's words, or a bigram of them, is in the index; True if all are single characters."""
        longer = [leaf for leaf in plan.leaves if not isinstance(leaf, Term) or len(leaf.text) > 1]
        return not longer or any(self.counts.of(leaf) for leaf in longer)

    def step_weight(self, step: Step) -> float:
        """The idf of what a step finds; 0 if that is nothing."""
        found = self.counts.of(step)
        return self.counts.idf_of(found) if found else 0.0

    def article(self, key: str) -> dict[str, Any] | None:
        """What is stored of the article with this id of the cluster."""
        answer = self.cluster.search(
            self.index, {"query": {"ids": {"values": [key]}}, "size": 1, "_source": ["article"]}
        )
        hits = answer["hits"]["hits"]
        article: dict[str, Any] | None = hits[0]["_source"]["article"] if hits else None
        return article


def texts_of(article: dict[str, Any]) -> tuple[str, str]:
    """Title and body of a stored article."""
    return article.get("title", ""), stored_body(article.get("paragraphs", ()))


def _by_date(order: Order) -> Query:
    return {"seconds": {"order": "asc" if order == "oldest" else "desc", "missing": "_last", "unmapped_type": "long"}}
