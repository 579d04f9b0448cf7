"""The rule of hits on a cluster: a hit has enough of the words of a query, by weight.

The rule is that of ``search/rule_of_hits.py``: words weigh the square root of their idf, a Chinese word is there as
far as its bigrams are, and what a hit must have is a share of all weights, or of what the best article has. The cluster
adds up what an article has as the score of a query of constants, and leaves out what has less than is needed
(``min_score``). What the best article has must be known before, which takes a request.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from cnsearch.backends.opensearch.cluster import Cluster
from cnsearch.backends.opensearch.matching import NOTHING, Query, all_of, any_of, constant, matching
from cnsearch.backends.opensearch.scoring import Scoring, within
from cnsearch.search.rule_of_hits import MOST, NUM_BEST, threshold
from cnsearch.search.steps.base import Step
from cnsearch.search.steps.keywords import Keyword, Keywords
from cnsearch.search.steps.leaf import Term
from cnsearch.search.steps.synonyms import WordForms

MAX_WORDS, MAX_BIGRAMS, MAX_PARTS = 100, 150, 3
"""Words and bigrams of a run that count, the rarest, and bigrams by which one word is told: a cluster refuses a query
of more than 1,024 clauses. Queries of up to some 200 characters are not touched."""
_SLACK = 1 - 1e-5
"""Sums of float32 may come out a little less than they are."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of words with what is to be found out.

    cover : adds up what an article has of the words
    need  : what a hit must have, before the best article is known
    """

    step: Keywords
    cover: Query
    need: float


class Rule:
    """Finds out which articles are hits of the runs of words of one plan."""

    def __init__(self, cluster: Cluster, index: str, scoring: Scoring) -> None:
        self._cluster = cluster
        self._index = index
        self._scoring = scoring
        self._counts = scoring.counts

    def apply(self, runs: list[Keywords], typed: dict[Keywords, list[str]]) -> None:
        """Put the rule of each run into ``scoring.known``. ``typed``: ids of articles that are hits as they are."""
        waiting: list[_Run] = []
        for step in dict.fromkeys(runs):
            kept = self._kept(step)
            self._scoring.kept[step] = kept
            for word in kept.words:
                self._scoring.used[word] = self._used(word)
            if step.need:
                waiting.append(self._run(step, kept))
            else:
                self._scoring.known[step] = self._any(kept)
        bodies: list[Query] = []
        for run in waiting:
            bodies.append({"size": 1, "_source": False, "query": run.cover, "track_total_hits": False})
            if run.step.sentence:
                best: Query = {"bool": {"should": self._scoring.words(run.step), "minimum_should_match": 1}}
                order = [{"_score": "desc"}, {"id": "asc"}]
                bodies.append({"size": NUM_BEST, "_source": False, "query": best, "sort": order})
        answers = iter(self._cluster.searches(self._index, bodies) if bodies else ())
        for run in waiting:
            most = next(answers)["hits"]["max_score"] or 0.0
            best_ids = [hit["_id"] for hit in next(answers)["hits"]["hits"]] if run.step.sentence else []
            need = min(run.need, MOST * most)
            admitted = [*best_ids, *typed.get(run.step, ())] if need else typed.get(run.step, [])
            queries = [within(run.cover, need * _SLACK)] if need else []
            if admitted:
                queries.append({"ids": {"values": admitted}})
            self._scoring.known[run.step] = any_of(queries)

    def _used(self, word: Keyword) -> Step:
        if word.otherwise is None or self._counts.of(word.step):
            return word.step
        return word.otherwise

    def _kept(self, step: Keywords) -> Keywords:
        """Of a very long run the rarest words and bigrams."""
        if len(step.words) <= MAX_WORDS and len(step.bigrams) <= MAX_BIGRAMS:
            return step
        self._scoring.notes.append("the query is long: its rarest words count")
        of = self._counts.of
        words = sorted(step.words, key=lambda word: of(word.step) or 1 << 60)[:MAX_WORDS]
        bigrams = sorted(step.bigrams, key=lambda leaf: of(leaf) or 1 << 60)[:MAX_BIGRAMS]
        return replace(step, words=tuple(words), bigrams=tuple(bigrams))

    def _run(self, step: Keywords, kept: Keywords) -> _Run:
        parts: list[Query] = []
        weights: list[float] = []
        many = len(kept.words) > 30
        for word in kept.words:
            found = self._presence(word, many)
            if found is not None:
                weights.append(found[0])
                parts += found[1]
        need = threshold(weights, step.need, step.share) if weights else 0.0
        return _Run(step, any_of(parts) if parts else NOTHING, need)

    def _presence(self, word: Keyword, many: bool) -> tuple[float, list[Query]] | None:
        """What a word weighs, and the clauses that add up to it where it is; None where nothing of it occurs."""
        counts = self._counts
        whole = counts.of(word.step)
        if isinstance(word.step, (Term, WordForms)):
            parts = word.bigrams if len(word.bigrams) > 1 or not whole else (word.step,)
            present: list[Step] = [part for part in parts or (word.step,) if counts.of(part)]
            if not present:
                return None
            weight = math.sqrt(counts.idf_of(whole)) * word.weight
            present = _few(present, many)
            return weight, [constant(matching(part, self._scoring.known), weight / len(present)) for part in present]
        used = self._scoring.used[word]
        doc_freq = counts.of(used)
        pairs = _few([part for part in word.bigrams if counts.of(part)], many)
        if not doc_freq and not pairs:
            return None
        weight = math.sqrt(counts.idf_of(doc_freq)) * word.weight
        there = constant(matching(used, self._scoring.known), weight)
        if not pairs:
            return weight, [there]
        own = any_of(constant(matching(part, self._scoring.known), weight / len(pairs)) for part in pairs)
        return weight, [{"dis_max": {"queries": [there, own], "tie_breaker": 0}}]

    def _any(self, step: Keywords) -> Query:
        """Any word makes a hit; one that nobody has whole is there where most of its bigrams are."""
        counts = self._counts
        found: list[Query] = []
        for word in step.words:
            used = self._scoring.used[word]
            if counts.of(used):
                found.append(matching(used, self._scoring.known))
            present = [part for part in word.bigrams if counts.of(part)]
            if counts.of(word.step) and len(present) == len(word.bigrams) > 1:
                found.append(all_of(matching(part, self._scoring.known) for part in present))
            elif present and not counts.of(word.step):
                shares = any_of(constant(matching(part, self._scoring.known), 1.0) for part in present)
                body = {"size": 1, "_source": False, "query": shares, "track_total_hits": False}
                most = self._cluster.search(self._index, body)["hits"]["max_score"] or 0.0
                found.append(within(shares, most * _SLACK))
        return any_of(found)


def _few(parts: list[Step], many: bool) -> list[Step]:
    """Of the bigrams of one of very many words, some."""
    return parts if not many or len(parts) <= MAX_PARTS else [parts[0], parts[len(parts) // 2], parts[-1]]
