"""Runs plans on a snapshot: which documents match, in which order, with which scores.

Two passes: the steps of the plan score every document (``steps/``), with what stands as it was typed (``written.py``);
then the best are read again (``second_pass.py``). Ties rank by document number, so the same index gives the same order
every time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cnsearch.limits import DEFAULT_LIMITS, Limits
from cnsearch.search.age import decay
from cnsearch.search.as_typed import Hits, earn_as_typed
from cnsearch.search.compiled import CompiledQueries, CompiledRun
from cnsearch.search.leaves import DocNumbers, Leaves, Mask
from cnsearch.search.plan import Plan
from cnsearch.search.scoring import DEFAULT_RANKING, OwnStatistics, Ranking, Scores, Statistics
from cnsearch.search.second_pass import SecondPass
from cnsearch.search.steps.base import Step
from cnsearch.search.steps.keywords import Keyword
from cnsearch.search.steps.leaf import Leaf, Term
from cnsearch.search.steps.texts import Substring, Verbatim
from cnsearch.search.top import best, top
from cnsearch.search.vocabulary import Vocabulary
from cnsearch.store.fields import TEXT_FIELDS
from cnsearch.store.snapshot import Snapshot

Order = Literal["score", "date", "oldest"]

MAX_CACHED_TEXTS, MAX_CACHED_CHARS = 100, 20_000
"""Titles and bodies, and the length of the longest body among them: together at most some megabytes."""


@dataclass(frozen=True)
class Ranked:
    """doc_numbers : the documents of the asked page, in rank order, numbered over the whole index
    scores      : their scores, the same length; 0 where nothing ranks
    total       : how many documents match
    num_second  : the documents of the first ranks whose scores are those of the second pass
    found       : gives ``matching`` and ``keys`` when they are asked for
    run         : where a kernel found them: what it knows of them
    """

    doc_numbers: list[int]
    scores: list[float]
    total: int
    num_second: int
    found: Callable[[], tuple[Mask, npt.NDArray[Any]]]
    run: CompiledRun | None = None

    @property
    def matching(self) -> Mask:
        """Which documents match, bool, shape (num_docs,). Not to be modified."""
        return self._arrays[0]

    @property
    def keys(self) -> npt.NDArray[Any]:
        """What they are ordered by, before the second pass: scores (float32) or dates (int64), shape (num_docs,)."""
        return self._arrays[1]

    @property
    def finds_words(self) -> bool:
        """Whether it is known that some of the query's words, or a bigram of them, is in the index."""
        return self.run is not None and self.run.finds_words

    @cached_property
    def _arrays(self) -> tuple[Mask, npt.NDArray[Any]]:
        return self.found()

    def has(self, word: Keyword, number: int, leaves: Leaves) -> bool:
        """Whether a document has a word of the query, as ``Keyword.is_in`` says."""
        return word.is_in(number, leaves) if self.run is None else self.run.has(word, number)


class Searcher:
    """Runs plans on one snapshot; keeps what several queries need. Thread-safe."""

    def __init__(
        self,
        snapshot: Snapshot,
        ranking: Ranking = DEFAULT_RANKING,
        *,
        limits: Limits = DEFAULT_LIMITS,
        statistics: Statistics | None = None,
        before: Searcher | None = None,
    ) -> None:
        """statistics : what scores are computed by; None: those of the snapshot
        before     : that of an earlier commit, of which is kept what did not change
        """
        self.snapshot = snapshot
        self.ranking = ranking
        self.vocabulary: Vocabulary = Vocabulary(snapshot, None if before is None else before.vocabulary)
        self.leaves = Leaves(snapshot, ranking, statistics or OwnStatistics(snapshot), limits.pattern_terms)
        self._compiled = CompiledQueries(self.leaves)
        self._pattern_terms = limits.pattern_terms
        self._lock = threading.Lock()
        self._texts: dict[int, tuple[str, str]] = {}

    def rank(self, plan: Plan, *, order: Order, limit: int, offset: int, half_life_days: float | None = None) -> Ranked:
        """The page ``offset .. offset + limit`` of the documents that match ``plan``.

        half_life_days : halve a score for each so many days that a document is older than the newest; None does not
        """
        run = None
        if order != "score" or half_life_days is not None:
            run = self._compiled.run(plan, 0, 0, earn=limit > 0)
        elif (best := self._rank_compiled(plan, limit, offset)) is not None:
            return best
        chosen, found, ranked = self._ordered(plan, run, order, limit, offset, half_life_days)
        return replace(ranked, doc_numbers=chosen.tolist(), scores=found.tolist())

    def _rank_compiled(self, plan: Plan, limit: int, offset: int) -> Ranked | None:
        """As ``rank`` by scores, by kernels; None where there are none for it."""
        depth = self.ranking.depth if plan.focus and limit else 0
        count = min(max(offset + limit, depth), self.snapshot.num_docs) if limit else 0
        run = self._compiled.run(plan, count, depth if offset < depth else 0, earn=limit > 0)
        if run is None:
            return None
        best = run.best[offset : offset + limit]
        return Ranked([number for number, _ in best], [score for _, score in best], run.total, depth, run.arrays, run)

    def walk(
        self, plan: Plan, *, order: Order, half_life_days: float | None = None
    ) -> tuple[DocNumbers, Scores, Ranked]:
        """All documents that match ``plan`` in rank order, and their scores, as arrays; and the rest of what ``rank``
        says."""
        run = self._compiled.run(plan, 0, 0)
        return self._ordered(plan, run, order, max(1, self.snapshot.num_docs), 0, half_life_days)

    def matches(self, plan: Plan) -> Mask:
        """Which documents match ``plan``, without ranking them: bool, shape (num_docs,); not to be modified."""
        if plan.step is None or not self.snapshot.num_docs:
            return np.zeros(self.snapshot.num_docs, dtype=bool)
        return self.leaves.alive(plan.step.matching(self.leaves))

    def count(self, plan: Plan) -> int:
        """How many documents match ``plan``, without ranking them."""
        return int(np.count_nonzero(self.matches(plan)))

    def has_hits(self, plan: Plan) -> bool:
        """Whether any document matches ``plan``, without ranking them."""
        return bool(self.matches(plan).any())

    def _ordered(
        self,
        plan: Plan,
        run: CompiledRun | None,
        order: Order,
        limit: int,
        offset: int,
        half_life_days: float | None,
    ) -> tuple[DocNumbers, Scores, Ranked]:
        """The documents of the asked page, their scores, and the rest, in which these two are missing. ``run``: where
        kernels found the hits."""
        if plan.step is None or not self.snapshot.num_docs:
            nothing = np.zeros(self.snapshot.num_docs, dtype=bool)
            return (
                np.empty(0, np.intp),
                np.empty(0, np.float32),
                Ranked([], [], 0, 0, lambda: (nothing, self.leaves.zeros())),
            )
        second = SecondPass(plan.focus, self.leaves, self.texts)
        mask, scores = self._matched(plan, plan.step, second, earn=limit > 0) if run is None else run.arrays()
        total = int(np.count_nonzero(mask))
        page = slice(offset, offset + limit)
        if order != "score" or not plan.ranked:
            return self._by_date(mask, scores, page, Ranked([], [], total, 0, lambda: (mask, self._dates(order))))
        left = None if half_life_days is None else decay(self.snapshot, half_life_days)
        if left is not None:
            scores = scores * left
        depth = self.ranking.depth if plan.focus and limit else 0
        return self._by_score(second, left, page, Ranked([], [], total, depth, lambda: (mask, scores)))

    def _matched(self, plan: Plan, step: Step, second: SecondPass, *, earn: bool) -> tuple[Mask, Scores]:
        """Which documents match, and the scores of all before the second pass, 0 where they do not, or are deleted.
        ``earn``: with what stands in them as it was typed."""
        mask, scores = step.run(self.leaves)
        mask, scores = self.leaves.alive(mask), self.leaves.alive_only(scores)
        if earn and mask.any():
            hits = Hits(mask, scores, self.leaves)
            earn_as_typed(plan.focus, hits, self.leaves, second.weights)
            scores = hits.scores
        return mask, scores

    def _dates(self, order: Order) -> npt.NDArray[np.int64]:
        """What is greater the earlier a document stands by date; undated ones are the last in either direction, for
        NO_DATE, the least number of its type, is its own negative."""
        return -self.snapshot.dates if order == "oldest" else self.snapshot.dates

    def _by_date(self, mask: Mask, scores: Scores, page: slice, ranked: Ranked) -> tuple[DocNumbers, Scores, Ranked]:
        doc_numbers = np.flatnonzero(mask)
        chosen = doc_numbers[top(ranked.keys[doc_numbers], page.stop)[page.start :]]
        return chosen, scores[chosen], ranked

    def _by_score(
        self, second: SecondPass, left: Scores | None, page: slice, ranked: Ranked
    ) -> tuple[DocNumbers, Scores, Ranked]:
        """The best by the scores ``ranked.keys``, and of these the first in the order of the second pass.

        left : what age leaves of a score
        """
        chosen = best(ranked.matching, ranked.keys, ranked.total, max(page.stop, ranked.num_second))
        found = ranked.keys[chosen]
        if page.start < ranked.num_second and len(chosen):
            chosen, found = second.ranked(chosen, found, ranked.num_second, left)
        return chosen[page], found[page], ranked

    def stands(self, text: str) -> bool:
        """Whether an article has the folded text as it was typed, white space aside."""
        return self.leaves.match(Verbatim(text)).doc_freq > 0

    def term_weight(self, leaf: Leaf) -> float:
        """The idf of a leaf: how telling it is, for choosing snippets."""
        known = self._compiled.term_weight(leaf)
        return self.leaves.term_weight(leaf) if known is None else known

    def step_weight(self, step: Step) -> float:
        """The idf of what ``step`` finds; 0 if that is nothing."""
        return self.leaves.step_weight(step)

    def texts(self, doc_number: int) -> tuple[str, str]:
        """Title and body of a document; those read last are kept, for the second pass reads what is shown next."""
        found = self._texts.get(doc_number)
        if found is None:
            found = self._compiled.texts(doc_number) or self.snapshot.texts(doc_number)
            if len(found[1]) > MAX_CACHED_CHARS:
                return found
            with self._lock:
                self._texts[doc_number] = found
                while len(self._texts) > MAX_CACHED_TEXTS:
                    del self._texts[next(iter(self._texts))]
        return found

    def names(self, doc_numbers: Sequence[int]) -> list[tuple[str, str]]:
        """(id, title) of some documents."""
        found = self._compiled.names(doc_numbers)
        return [self.snapshot.name_of(number) for number in doc_numbers] if found is None else found

    def notes(self, plan: Plan) -> tuple[str, ...]:
        """What was cut short when the plan was executed."""
        cut = dict.fromkeys(pattern.text for pattern in plan.patterns if self.leaves.match(pattern).cut_short)
        return tuple(f"words that match {text} beyond the first {self._pattern_terms} are left out" for text in cut)

    def num_articles(self, text: str) -> int:
        """How many articles that are not deleted contain the folded ``text`` in title or body: as a term where it is
        one, else exactly as it stands."""
        is_term = any(self.snapshot.has_term(field, text) for field in TEXT_FIELDS)
        found = self.leaves.match(Term(text) if is_term else Substring(text))
        live = self.snapshot.live
        return found.doc_freq if live is None else int(np.count_nonzero(live[found.numbers()]))

    def finds_words(self, plan: Plan) -> bool:
        """Whether any of the plan's words, or a bigram of them, is in the index; True if all are single characters.

        Where it is False, hits have nothing of the query but characters of it.
        """
        longer = False
        for leaf in plan.walk_leaves():  # of most queries the first that says much is there
            if leaf.says_much:
                if self.leaves.occurs(leaf):
                    return True
                longer = True
        return not longer
