"""What is verified in the texts of articles, here, because what the cluster can say of them might mislead.

Phrases of bigrams say where a text stands, not whether its letters or digits go on: ``s-300`` stands in ``s-3000``. The
few articles that may have only such places are read. And a long text as it was typed may stand across paragraphs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cnsearch.analysis.compounds import APART, joined, splits, standing_alone
from cnsearch.analysis.reading import read
from cnsearch.backends.opensearch.cluster import Cluster
from cnsearch.backends.opensearch.counts import Counts
from cnsearch.backends.opensearch.mapping import CHARS
from cnsearch.backends.opensearch.matching import (
    Query,
    all_of,
    any_of,
    matching,
    parts_of,
    substring_queries,
    term_queries,
)
from cnsearch.backends.opensearch.tokens import escaped
from cnsearch.search.steps.base import Step
from cnsearch.search.steps.compound import Together
from cnsearch.search.steps.leaf import Term
from cnsearch.search.steps.texts import Apart, Verbatim
from cnsearch.search.substrings import MOST_APART, MOST_WHOLE
from cnsearch.search.verbatim import NUM_PAIRS, squeezed, stands
from cnsearch.store.document import stored_body

MAX_READ = 200
"""Articles that are read to verify one step; others are taken for what the cluster says."""


class Texts:
    """Of one index. Thread-safe; remembers what it has verified until ``forget``."""

    def __init__(self, cluster: Cluster, index: str, counts: Counts) -> None:
        self._cluster = cluster
        self._index = index
        self._counts = counts
        self._verbatim: dict[Verbatim, list[str]] = {}
        self._alone: dict[Step, Query] = {}

    def forget(self) -> None:
        """Something was written."""
        self._verbatim = {}
        self._alone = {}

    def find_verbatim(self, text: Verbatim) -> list[str]:
        """The ids (of the cluster) of articles in which a long text stands, white space aside: of those that have its
        bigrams, MAX_READ are read."""
        known = self._verbatim.get(text)
        if known is not None:
            return known
        pairs = [part[at : at + 2] for part in text.text.split() for at in range(len(part) - 1)]
        pairs = list(dict.fromkeys(pairs))
        pairs = pairs[:: -(-len(pairs) // NUM_PAIRS)] if pairs else []
        found: list[str] = []
        if pairs:
            typed = squeezed(text.text)
            query = all_of({"term": {CHARS: {"value": escaped(pair)}}} for pair in pairs)
            for hit in self._cluster.search(self._index, _asked(query))["hits"]["hits"]:
                texts = _texts(hit)
                if any(stands(typed, texts[name], inside=text.inside) for name in text.fields):
                    found.append(hit["_id"])
        self._verbatim[text] = found
        return found

    def verified(self, step: Step) -> dict[Step, Query]:
        """The articles that match the steps in a plan that the cluster alone cannot tell, as far as they were read."""
        wanted = [one for one in dict.fromkeys(parts_of(step)) if isinstance(one, (Together, Apart))]
        alone = self._alone
        new = [one for one in wanted if one not in alone]
        if new:
            self._counts.ask(term for one in new if isinstance(one, Apart) for term in _terms(one))
            asked = [self._unverified(one) for one in new]
            bodies = [_asked(unsure) for _, unsure in asked]
            answers = self._cluster.searches(self._index, bodies, scored=False)
            for one, (query, _), answer in zip(new, asked, answers, strict=True):
                wrong = [hit["_id"] for hit in answer["hits"]["hits"] if not _stands_alone(one, hit)]
                excluded = {"must_not": [{"ids": {"values": wrong}}]}
                alone[one] = {"bool": {"filter": [query], **excluded}} if wrong else query
        return {one: alone[one] for one in wanted}

    def _unverified(self, step: Together | Apart) -> tuple[Query, Query]:
        """The articles that may match, and those of them in which letters or digits may go on wherever it stands."""
        if isinstance(step, Together):
            query = matching(step, {})
            sure = term_queries(joined(step.spellings[0]), step.fields)  # what stands alone is indexed joined as well
            return query, {"bool": {"filter": [query], "must_not": sure}}
        query = self._apart(step)
        return query, query

    def _apart(self, step: Apart) -> Query:
        """As ``search/substrings.py`` looks for it: only a rare word, in parts of which one is rare."""
        if self._counts.of(Term(step.text, step.fields)) > MOST_WHOLE:
            return any_of(())
        ways = []
        for first, second in splits(step.text):
            parts = [Term(part, step.fields) for part in (first, second)]
            if 0 < min(map(self._counts.of, parts)) <= MOST_APART:
                written = (query for joint in APART for query in substring_queries(first + joint + second, step.fields))
                ways.append(all_of([*(matching(part, {}) for part in parts), any_of(written)]))
        return any_of(ways)


def _asked(query: Query) -> Query:
    return {"query": query, "size": MAX_READ, "_source": ["article.title", "article.tags", "article.paragraphs"]}


def _texts(hit: Any) -> dict[str, str]:
    """The texts of an article as they are read, by field."""
    article = hit["_source"]["article"]
    texts = {
        "title": article.get("title", ""),
        "tags": "\n".join(article.get("tags", ())),
        "body": stored_body(article.get("paragraphs", ())),
    }
    return {name: read(text).text for name, text in texts.items()}


def _terms(step: Apart) -> Iterable[Term]:
    words = [step.text, *(part for parts in splits(step.text) for part in parts)]
    return (Term(word, step.fields) for word in dict.fromkeys(words))


def _stands_alone(step: Together | Apart, hit: Any) -> bool:
    """Whether an article has one of its spellings where neither letters nor digits go on."""
    if isinstance(step, Together):
        spelt = step.spellings
    else:
        spelt = tuple(first + joint + second for first, second in splits(step.text) for joint in APART)
    texts = _texts(hit)
    return any(standing_alone(one).search(texts[name]) for one in spelt for name in step.fields)
