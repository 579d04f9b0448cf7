"""What a hit lacks of the query: words of which enough others were there.

A word is there as a word, or wherever its characters stand together; a synonym stands for it. Words that ask and words
of grammar are not missed, nor anything where all words must be there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnsearch.query.asking import ASKING, GRAMMAR
from cnsearch.query.plan import AllOf, AnyOf, Boosted, Keyword, Keywords, Plan, Step, Term, Without
from cnsearch.search.execute import Mask, Ranked, Searcher

_NEVER_MISSED = ASKING | GRAMMAR | {""}
MAX_NOTED = 8
"""Of more words nobody expects one article to have all."""


class Missing:
    """What the hits of one search lack. Looked up when it is asked for."""

    def __init__(self, searcher: Searcher, plan: Plan) -> None:
        self._searcher = searcher
        runs = list(_runs(plan.step))
        self._words = [word for run in runs for word in run.words if word.text not in _NEVER_MISSED]
        self._noted = 0 < len(self._words) <= MAX_NOTED and not any(run.sentence for run in runs)

    def of(self, number: int) -> tuple[str, ...]:
        """The words that the document lacks, folded, in order of the query."""
        return tuple(dict.fromkeys(word.text for word in self._words if not self._has(word, number)))

    def note(self, ranked: Ranked) -> tuple[str, ...]:
        """That no article has all words, where that is so."""
        if not self._noted or not ranked.total or any(not self.of(number) for number in ranked.doc_numbers):
            return ()
        all_of_them = ranked.matching
        for word in self._words:
            all_of_them = all_of_them & self._having(word)
        if all_of_them.any():
            return ()
        words = list(dict.fromkeys(word.text for word in self._words))
        return (f"no article has {'all of ' if len(words) > 1 else ''}{', '.join(words)}",)

    def _has(self, word: Keyword, number: int) -> bool:
        if not isinstance(word.step, Term):
            return bool(self._searcher.matching(word)[number])
        leaves = word.bigrams
        contains = self._searcher.contains
        return contains(word.step, number) or (bool(leaves) and all(contains(leaf, number) for leaf in leaves))

    def _having(self, word: Keyword) -> Mask:
        """The documents that have it, shape (num_docs,)."""
        if not isinstance(word.step, Term) or not word.bigrams:
            return self._searcher.matching(word)
        pairs = [self._searcher.matching(Keyword(leaf)) for leaf in word.bigrams]
        having: Mask = self._searcher.matching(word) | np.logical_and.reduce(pairs)
        return having


def _runs(step: Step | None) -> Iterator[Keywords]:
    """The runs of words of which a hit must have enough."""
    if isinstance(step, Keywords):
        yield step
    elif isinstance(step, (AllOf, AnyOf)):
        for clause in step.clauses:
            yield from _runs(clause)
    elif isinstance(step, Boosted):
        yield from _runs(step.base)
        yield from _runs(step.bonus)
    elif isinstance(step, Without):
        yield from _runs(step.base)
