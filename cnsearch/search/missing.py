"""What a hit lacks of the query: words of which enough others were there.

A word is there as a word, or wherever its characters stand together; a synonym stands for it. Words that ask and words
of grammar are not missed, nor anything where all words must be there.
"""

from __future__ import annotations

from cnsearch.query.asking import ASKING, GRAMMAR
from cnsearch.search.plan import Plan
from cnsearch.search.searcher import Ranked, Searcher

NEVER_MISSED = ASKING | GRAMMAR | {""}
"""Words that no article lacks."""
MAX_NOTED = 8
"""Of more words nobody expects one article to have all."""


class Missing:
    """What the hits of one search lack. Looked up when it is asked for."""

    def __init__(self, searcher: Searcher, plan: Plan) -> None:
        self._leaves = searcher.leaves
        runs = plan.runs
        self._words = [word for run in runs for word in run.words if word.text not in NEVER_MISSED]
        self._noted = 0 < len(self._words) <= MAX_NOTED and not any(run.sentence for run in runs)

    def of(self, number: int) -> tuple[str, ...]:
        """The words that the document lacks, folded, in order of the query."""
        return tuple(dict.fromkeys(word.text for word in self._words if not word.is_in(number, self._leaves)))

    def note(self, ranked: Ranked) -> tuple[str, ...]:
        """That no article has all words, where that is so."""
        if not self._noted or not ranked.total:
            return ()
        if any(all(ranked.has(word, number, self._leaves) for word in self._words) for number in ranked.doc_numbers):
            return ()
        all_of_them = ranked.matching
        for word in self._words:
            all_of_them = all_of_them & word.having(self._leaves)
        if all_of_them.any():
            return ()
        words = list(dict.fromkeys(word.text for word in self._words))
        return (f"no article has {'all of ' if len(words) > 1 else ''}{', '.join(words)}",)
