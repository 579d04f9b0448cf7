"""More like this: the articles that share the weightiest terms of one.

A term weighs tf * idf, tf being how often the article has it, in the title counted several times (G. Salton and
C. Buckley, Term-Weighting Approaches in Automatic Text Retrieval, IPM 24(5), 1988; as Lucene's MoreLikeThis does).
The weightiest become a run of keywords, of which a hit must have enough by the same rule as of a query's words; each
counts as often as the article has it.

Chosen on 21,495 posts, by two measures: how many of the first five are of the article's own category (with the titles),
and how often an article whose title shares half of its words is the first, or among the first five, when only the body
is asked for.
"""

from __future__ import annotations

import heapq
from collections import Counter

from cnsearch.analysis.fold import fold
from cnsearch.query.plan import MOST, AllOf, Keyword, Keywords, Label, Plan, Step, Term, Without
from cnsearch.search.scoring import idf
from cnsearch.store import Snapshot

MAX_TERMS = 40
"""Category .517, first .455, in five .694 with 30; .517, .465, .692 with 40; .521, .467, .696 with 50, and each takes
time. The logarithm of tf instead of tf: .508, .452, .684; its root: .508, .455, .683."""
TITLE_WEIGHT = 5
"""Times that an occurrence in the title counts; 2 to 10 made little difference, the more the better."""


def weighty_terms(snapshot: Snapshot, title: str, body: str) -> list[tuple[str, float]]:
    """The MAX_TERMS weightiest terms of an article, the weightiest first, and the tf of each.

    Left out: single characters and numbers, which say little, and what no other article has.
    """
    tokenizer = snapshot.analyzer.tokenizer
    counts = Counter(tokenizer.terms(fold(body)))
    for term in tokenizer.terms(fold(title)):
        counts[term] += TITLE_WEIGHT
    rarest = idf(snapshot.num_docs, 2)
    best: list[tuple[float, str]] = []  # a heap, the least first
    for term, tf in sorted(counts.items(), key=lambda item: -item[1]):
        if len(best) == MAX_TERMS and tf * rarest < best[0][0]:
            break  # nothing after it can weigh more: most terms need no look into the index
        if not _says_something(term):
            continue
        doc_freq = snapshot.doc_freq("body", term)  # which is nearly that of title and body together
        if doc_freq > 1 or (doc_freq := max(doc_freq, snapshot.doc_freq("title", term))) > 1:
            entry = (tf * idf(snapshot.num_docs, doc_freq), term)
            (heapq.heappush if len(best) < MAX_TERMS else heapq.heappushpop)(best, entry)
    return [(term, counts[term]) for _, term in sorted(best, reverse=True)]


def _says_something(term: str) -> bool:
    return len(term) > 1 and any(char.isalpha() and not char.isnumeric() for char in term)


def similar_plan(terms: list[tuple[str, float]], article_id: str, conditions: Step | None) -> Plan:
    """The plan of the articles with enough of ``terms`` that meet ``conditions``, without the one with this id."""
    if not terms:
        return Plan(None)
    most = max(tf for _, tf in terms)
    leaves = tuple(Term(term, weight=tf / most) for term, tf in terms)
    step: Step = Keywords(tuple(map(Keyword, leaves)), (), MOST)
    if conditions is not None:
        step = AllOf((step, conditions))
    return Plan(Without(step, Label("id", article_id)), leaves, leaves)
