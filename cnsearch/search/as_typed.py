"""What documents earn that have the query, or pieces of it, as it was typed; see ``written.py`` for what that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from cnsearch.search.leaves import DocNumbers, Leaves, Mask
from cnsearch.search.plan import Focus
from cnsearch.search.scoring import Scores
from cnsearch.search.second_pass import FocusWeights
from cnsearch.search.steps.leaf import Term
from cnsearch.search.steps.texts import Substring, Verbatim
from cnsearch.search.top import top
from cnsearch.search.verbatim import LONG
from cnsearch.search.written import MAX_TITLES, TITLE_CHARS, TO_THE_DOT, letters, pieces, title_pairs, titles_that_are


class Earned(NamedTuple):
    """``score`` that each of some documents earns, under a name and with a text."""

    doc_numbers: DocNumbers
    name: str
    text: str
    score: float


class Hits:
    """The hits of a query, with scores that may rise: those of ``mask``, at least one, with the ``scores`` of all
    documents, 0 where they do not match. What is given is not modified."""

    def __init__(self, mask: Mask, scores: Scores, leaves: Leaves) -> None:
        self._mask = mask
        self._given = scores
        self.scores = scores
        self._leaves = leaves

    @property
    def greatest(self) -> float:
        """The greatest score of a hit."""
        return float(self.scores[self._mask].max())

    def among(self, numbers: DocNumbers) -> DocNumbers:
        """Those of the documents that are hits, in their order."""
        return numbers[self._mask[numbers]]

    def earn(self, numbers: DocNumbers, score: float) -> None:
        """The scores of these hits rise by ``score``, in float32."""
        if self.scores is self._given:
            self.scores = self._given.copy()
        self.scores[numbers] += np.float32(score)

    def titled(self, texts: Sequence[str]) -> tuple[DocNumbers, DocNumbers]:
        """The hits whose title is the query, punctuation and spaces aside; and those that have these too."""
        return _titled(texts, self._mask, self.scores, self._leaves)


def earn_as_typed(focus: Focus, hits: Hits, leaves: Leaves, weights: Callable[[], FocusWeights]) -> list[Earned]:
    """What hits earn for what stands in them as it was typed; they have it then.

    A piece is a term of its own, and earns a share of what its bigrams and other words weigh, the whole share if one
    document has it. A long text that stands whole, and then a title that is the query, earn so much that nothing
    without it stands above.

    weights : of the focus; asked for only where there is something to earn
    """
    if not leaves.ranking.written or not focus.written:
        return []
    earned: list[Earned] = []

    def earn(*some: Earned) -> None:
        earned.extend(some)
        for one in some:
            hits.earn(one.doc_numbers, one.score)

    def second() -> float:
        return (leaves.ranking.closeness + leaves.ranking.lead) * weights().total

    wholes, parts = pieces_of(focus, leaves)
    earn(*[_for_piece(piece, hits, leaves, weights()) for piece in parts])
    for text, numbers in wholes:
        whole = hits.among(numbers)
        if len(whole):
            earn(Earned(whole, "in one piece", text, hits.greatest + second()))
    alike, same = hits.titled(focus.written)
    if len(alike) or len(same):
        most = hits.greatest + second()
        earn(Earned(alike, "title", "", most), Earned(same, "title", "", TO_THE_DOT * most))
    return earned


def _for_piece(piece: str, hits: Hits, leaves: Leaves, weights: FocusWeights) -> Earned:
    """What documents with a piece of the query earn: its idf, and so much of what is inside it as it is rare."""
    found = leaves.match(Substring(piece))
    units = (*weights.bigrams.items(), *weights.words.items())
    inside = sum(weight for unit, weight in units if unit in piece)
    bonus = found.idf + leaves.ranking.written * inside * found.idf / leaves.greatest_idf
    return Earned(hits.among(found.numbers()), "in one piece", piece, bonus)


def pieces_of(focus: Focus, leaves: Leaves) -> tuple[list[tuple[str, DocNumbers]], list[str]]:
    """The long texts of the query, each with the documents that have it whole; and the pieces of its other texts that
    stand somewhere."""
    wholes: list[tuple[str, DocNumbers]] = []
    parts: list[str] = []
    for text in focus.pieces:
        if len(text) > LONG:
            wholes.append((text, leaves.match(Verbatim(text, inside=True)).numbers()))
        else:
            parts += pieces(text, focus.coarse, lambda piece: leaves.match(Substring(piece)).doc_freq > 0)
    return wholes, parts


def _titled(texts: Sequence[str], mask: Mask, scores: Scores, leaves: Leaves) -> tuple[DocNumbers, DocNumbers]:
    """The documents of ``mask`` whose title is the query, punctuation and spaces aside; and those that have these
    too."""
    num_chars = len(letters("".join(texts)))
    pairs = title_pairs(texts)
    if not num_chars or not pairs:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    counts = leaves.zeros()
    for pair in pairs:
        leaves.match(Term(pair, (TITLE_CHARS,))).add(counts, 1.0)
    numbers = np.flatnonzero((counts >= len(pairs) / 2) & mask)
    more = leaves.norms.lengths(TITLE_CHARS)[numbers] - num_chars  # punctuation and spaces
    alike = (more >= 0) & (more <= 0.5 * num_chars + 6)
    if len(letters(pairs[0])) == 2:  # then each has two letters, and only what stands between them parts them
        alike &= counts[numbers] >= len(pairs) - more
    numbers, more = numbers[alike], more[alike]
    if len(numbers) > MAX_TITLES:
        exact = more == sum(map(len, texts)) - num_chars
        numbers = np.sort(numbers[top(scores[numbers] + exact * (1 + scores.max()), MAX_TITLES)])
    return titles_that_are(texts, leaves.snapshot, numbers)
