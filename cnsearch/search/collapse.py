"""Collapsing: the same story from several sources under its best hit.

Greedy in rank order: the best article takes all matching ones that are copies of it under it, the best of the rest
takes its own, and so on. What is a copy is decided by the signatures (``analysis/signature.py``), read as one array,
and by length and date. For a ritual is told in the same words each time: in a corpus of 21,495 posts, most of them of
the evening news, hundreds of pairs about different visits and sessions have half of their shingles in common, some nine
tenths. But most of these are short, and those that are not are weeks or years apart.

The thresholds were chosen on these posts by ``benchmarks/alike.py``. They fold seven pairs of them, three of which are
the same text and one repeats it. Of copies of posts with 600 characters or more they fold at least 97 of 100 with a
fifth of the sentences replaced, and all that are cut to 80 %, have a paragraph of another article in front, or another
source's credits and notice around. Of those from 330 to 600 characters it is 86, and at least 99; below, 38, and 92, 92
and 65.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnsearch import deadline
from cnsearch.analysis.signature import NUM_BINS
from cnsearch.search.leaves import DocNumbers
from cnsearch.search.plan import Plan
from cnsearch.search.searcher import Order, Ranked, Searcher
from cnsearch.search.top import top
from cnsearch.store.dates import NO_DATE
from cnsearch.store.snapshot import Snapshot

ALIKE = 0.45
"""Least similarity of two articles that tell the same story."""
SHORT_TOKENS, ALIKE_SHORT = 200, 0.70
"""The same where one of them has fewer tokens than this (of Chinese about 350 characters)."""
BRIEF_TOKENS = 60
"""Of notes shorter than this one word may be the news: only the same text counts."""
APART_SECONDS, ALIKE_APART = 7 * 86_400, 0.35
"""What is added where more time lies between their dates: short texts must then be the same. An unknown date is near
every other."""
_SPARE = 20
"""Documents that are ranked beyond twice those that are shown, before it is known how many of them fold."""


class Collapsed(NamedTuple):
    """ranked : a page of articles of which none is a copy of one before it, on this page or on those before
    folded : for each of them the documents that it stands for besides itself, in rank order; copies of a copy that
             are not copies of it stand for themselves
    """

    ranked: Ranked
    folded: list[list[int]]


def rank_collapsed(
    searcher: Searcher, plan: Plan, *, order: Order, limit: int, offset: int, half_life_days: float | None = None
) -> Collapsed:
    """As ``Searcher.rank``, with copies folded; ``limit`` and ``offset`` count what is left. ``total`` does not."""
    if not limit:
        return Collapsed(searcher.rank(plan, order=order, limit=0, offset=0), [])
    wanted = offset + limit
    depth = 2 * wanted + _SPARE
    ranked = searcher.rank(plan, order=order, limit=depth, offset=0, half_life_days=half_life_days)
    folding = _Folding(searcher.snapshot, ranked)
    folding.go_on(ranked.doc_numbers, wanted)
    while len(folding.places) < wanted and depth < ranked.total:
        deadline.check()
        depth *= 4
        ranked = searcher.rank(plan, order=order, limit=depth, offset=0, half_life_days=half_life_days)
        folding.go_on(ranked.doc_numbers, wanted)
    page = slice(offset, wanted)
    places = folding.places[page]
    shown = replace(
        ranked,
        doc_numbers=[ranked.doc_numbers[place] for place in places],
        scores=[ranked.scores[place] for place in places],
        num_second=int(np.searchsorted(folding.places, ranked.num_second)),
    )
    return Collapsed(shown, [folding.folded(at) for at in range(*page.indices(len(folding.places)))])


class _Folding:
    """Walks down the ranking, and keeps where it is. ``places``: where in it those articles stand that stay."""

    def __init__(self, snapshot: Snapshot, ranked: Ranked) -> None:
        self.places: list[int] = []
        self._keys = ranked.keys
        self._numbers: DocNumbers = np.flatnonzero(ranked.matching)
        tokens = np.sum([snapshot.lengths(field)[self._numbers] for field in ("title", "body")], axis=0)
        self._copies = Copies(snapshot.signatures[self._numbers], snapshot.dates[self._numbers], tokens)
        self._free = np.ones(len(self._numbers), dtype=bool)
        self._folded: list[DocNumbers] = []
        self._walked = 0

    def go_on(self, doc_numbers: list[int], wanted: int) -> None:
        """Down ``doc_numbers``, a ranking that begins with the one before, until ``wanted`` articles stay."""
        while self._walked < len(doc_numbers) and len(self.places) < wanted:
            at = int(np.searchsorted(self._numbers, doc_numbers[self._walked]))
            if self._free[at]:
                self._free[at] = False
                copies = self._copies.of(at, self._free)
                self._free[copies] = False
                self.places.append(self._walked)
                self._folded.append(self._numbers[copies])
            self._walked += 1

    def folded(self, at: int) -> list[int]:
        found = self._folded[at]
        return list(found[top(self._keys[found], len(found))].tolist())


class Copies:
    """Tells which of some documents are copies of one of them.

    rows   : their signatures, uint8, shape (n, NUM_BINS)
    dates  : in seconds since 1970, or NO_DATE; int64, shape (n,)
    tokens : how many title and body have; shape (n,)
    """

    def __init__(self, rows: npt.NDArray[np.uint8], dates: npt.NDArray[np.int64], tokens: npt.NDArray[Any]) -> None:
        self._rows = rows
        self._dates = dates
        self._tokens = tokens

    def of(self, at: int, among: npt.NDArray[np.bool_]) -> DocNumbers:
        """Positions of the documents of ``among`` (bool, shape (n,)) that are copies of the one at position ``at``."""
        row = self._rows[at]
        # Bins that are empty in both are equal too, so this is never less than the similarity.
        near = np.flatnonzero(among & (_num_equal(self._rows, row) >= ALIKE * NUM_BINS))
        alike = similarity(self._rows[near], row) >= self._threshold(at, near) - 1e-9
        return near[alike]

    def _threshold(self, at: int, others: DocNumbers) -> npt.NDArray[np.float64]:
        tokens = np.minimum(self._tokens[others], self._tokens[at])
        dates, date = self._dates[others], self._dates[at]
        known = (dates != NO_DATE) & (date != NO_DATE)
        apart = np.zeros(len(others), dtype=bool)
        apart[known] = np.abs(dates[known] - date) > APART_SECONDS
        least = np.where(tokens < SHORT_TOKENS, ALIKE_SHORT, ALIKE) + np.where(apart, ALIKE_APART, 0.0)
        bounded: npt.NDArray[np.float64] = np.minimum(np.where(tokens < BRIEF_TOKENS, 1.0, least), 1.0)
        return bounded


def similarity(rows: npt.NDArray[np.uint8], row: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The similarity of each signature of ``rows`` to ``row``: bins equal and not empty, of those not empty in both.

    rows : uint8, shape (n, NUM_BINS); row : uint8, shape (NUM_BINS,). Returns float64, shape (n,); 0 without any text.
    """
    empty = ((rows | row) == 0).sum(axis=1)
    equal = (rows == row).sum(axis=1) - empty
    shares: npt.NDArray[np.float64] = equal / np.maximum(NUM_BINS - empty, 1)
    return shares


def _num_equal(rows: npt.NDArray[np.uint8], row: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """How many bins are equal, empty ones included. Eight at a time: three times as fast as a sum of the 64."""
    equal = (rows == row).view(np.uint64)  # a byte per bin, 0 or 1
    total = equal[:, 0].copy()
    for column in range(1, equal.shape[1]):
        total += equal[:, column]
    sums: npt.NDArray[np.uint64] = (total * np.uint64(0x0101_0101_0101_0101)) >> np.uint64(56)  # of the eight bytes
    return sums
