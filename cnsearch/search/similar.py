"""More like this: the articles that share the weightiest terms of one.

A term weighs tf * idf, tf being how often the article has it, in the title counted several times (G. Salton and
C. Buckley, Term-Weighting Approaches in Automatic Text Retrieval, IPM 24(5), 1988; as Lucene's MoreLikeThis does).
The weightiest become a run of keywords, of which a hit must have enough by the same rule as of a query's words; each
counts as often as the article has it.

The constants were chosen on 21,495 posts by ``benchmarks/alike.py``. "Own" is how many of the first five are of the
article's own category; "first" and "five" how often, by the body alone, an article with a related title is the first or
among the first five.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.inflection import is_marked
from cnsearch.analysis.reading import read
from cnsearch.search.plan import Plan
from cnsearch.search.rule_of_hits import MOST
from cnsearch.search.scoring import idf
from cnsearch.search.steps.base import Step
from cnsearch.search.steps.conditions import Label
from cnsearch.search.steps.joined import AllOf, Without
from cnsearch.search.steps.keywords import Keyword, Keywords
from cnsearch.search.steps.leaf import Term

MAX_TERMS = 40
"""Own, first, five: .508 .394 .599 with 10; .528 .425 .630 with 20; .531 .431 .645 with 40; .531 .434 .650 with 60, and
each takes time. With the root of tf instead of tf .523 .427 .637, with its logarithm .518 .424 .641."""
TITLE_WEIGHT = 5
"""Times that an occurrence in the title counts: own .522 with 1, .526 with 2, .531 with 5, .534 with 10."""


class Frequencies(Protocol):
    """How many documents have a term: a ``Snapshot``, or what another back end knows."""

    @property
    def num_docs(self) -> int:
        """How many documents there are."""

    @property
    def analyzer(self) -> ChineseAnalyzer:
        """By which they are cut."""

    def doc_freq(self, field: str, term: str) -> int:
        """How many documents have a term in a field."""


def weighty_terms(snapshot: Frequencies, title: str, body: str, tags: Iterable[str] = ()) -> list[tuple[str, float]]:
    """The MAX_TERMS weightiest terms of an article, the weightiest first, and the tf of each. Its tags count as its
    title does.

    Left out: single characters and numbers, which say little, and what no other article has.
    """
    tokenizer = snapshot.analyzer.tokenizer
    counts = Counter(tokenizer.terms(read(body).text))
    for term in tokenizer.terms(read("\n".join((title, *tags))).text):
        counts[term] += TITLE_WEIGHT
    rarest = idf(snapshot.num_docs, 2)
    best: list[tuple[float, str]] = []  # a heap, the least first
    for term, tf in sorted(counts.items(), key=lambda item: -item[1]):
        if len(best) == MAX_TERMS and tf * rarest < best[0][0]:
            break  # nothing after it can weigh more: most terms need no look into the index
        if not _says_something(term):
            continue
        doc_freq = snapshot.doc_freq("body", term)  # which is nearly that of title and body together
        if doc_freq < 2:
            doc_freq = max(doc_freq, snapshot.doc_freq("title", term), snapshot.doc_freq("tags", term))
        if doc_freq > 1:
            entry = (tf * idf(snapshot.num_docs, doc_freq), term)
            (heapq.heappush if len(best) < MAX_TERMS else heapq.heappushpop)(best, entry)
    return [(term, counts[term]) for _, term in sorted(best, reverse=True)]


def _says_something(term: str) -> bool:
    return len(term) > 1 and not is_marked(term) and any(char.isalpha() and not char.isnumeric() for char in term)


def similar_plan(terms: list[tuple[str, float]], article_id: str, conditions: Step | None) -> Plan:
    """The plan of the articles with enough of ``terms`` that meet ``conditions``, without the one with this id."""
    if not terms:
        return Plan(None)
    most = max(tf for _, tf in terms)
    leaves = tuple(Term(term, weight=tf / most) for term, tf in terms)
    step: Step = Keywords(tuple(map(Keyword, leaves)), (), MOST)
    if conditions is not None:
        step = AllOf((step, conditions))
    return Plan(Without(step, Label("id", article_id)), leaves)
