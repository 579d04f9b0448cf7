"""The second pass: the best of the first are read again, for how close together they have what the query asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from cnsearch.analysis.scripts import HAN_CHAR
from cnsearch.search.closeness import (
    TEXT_CHARS,
    Closeness,
    as_written,
    closeness,
    closeness_of_beginnings,
    compiled_closeness,
)
from cnsearch.search.leaves import DocNumbers, Leaves
from cnsearch.search.plan import Focus
from cnsearch.search.scoring import Scores
from cnsearch.search.steps.leaf import Term


class FocusWeights(NamedTuple):
    """What the characters, the other words and the bigrams of a query weigh where they stand together."""

    characters: dict[str, float]
    words: dict[str, float]
    bigrams: dict[str, float]

    @property
    def total(self) -> float:
        """What all weigh together."""
        return sum(sum(some.values()) for some in self)


class SecondPass:
    """That of one query. ``texts``: title and body of a document."""

    def __init__(self, focus: Focus, leaves: Leaves, texts: Callable[[int], tuple[str, str]]) -> None:
        self._focus = focus
        self._leaves = leaves
        self._texts = texts
        self._weights: FocusWeights | None = None

    def weights(self) -> FocusWeights:
        """Those of the focus, looked up once."""
        if self._weights is None:
            leaves = self._leaves
            self._weights = focus_weights(self._focus, lambda leaf: leaves.match(leaf).idf, leaves.ranking.order)
        return self._weights

    def ranked(self, chosen: DocNumbers, scores: Scores, depth: int, decay: Scores | None) -> tuple[DocNumbers, Scores]:
        """The documents ``chosen``, the best first, with the first ``depth`` in the order of their scores with
        closeness; and the scores. ``decay``: what age leaves of them, shape (num_docs,)."""
        ranking = self._leaves.ranking
        first, rest = chosen[:depth], chosen[depth:]
        best, lead = self.closeness(first.tolist())
        bonus = (ranking.closeness * best + ranking.lead * lead).astype(np.float32)
        found = scores[:depth] + (bonus if decay is None else bonus * decay[first])
        order = np.lexsort((first, -found))
        return np.concatenate([first[order], rest]), np.concatenate([found[order], scores[depth:]])

    def closeness(self, doc_numbers: list[int]) -> tuple[Closeness, Closeness]:
        """What ``closeness`` says of the documents: (best, lead), shape (len(doc_numbers),)."""
        kernel = None if self._leaves.compiled is None else compiled_closeness()
        if kernel is not None and not self._focus.synonyms:
            beginnings = [self._leaves.snapshot.beginning(number, TEXT_CHARS) for number in doc_numbers]
            return closeness_of_beginnings(kernel, beginnings, *self.weights())
        texts = ["\n".join(self._texts(number)) for number in doc_numbers]
        if self._focus.synonyms:
            texts = [as_written(text, self._focus.synonyms) for text in texts]
        return closeness(texts, *self.weights())


def focus_weights(focus: Focus, idf: Callable[[Term], float], order: float) -> FocusWeights:
    """What is looked for weighs its idf. A character weighs as much as the commonest bigram that has it: a function
    word is in common ones. ``order``: see ``Ranking``."""
    characters: dict[str, float] = {}
    bigrams: dict[str, float] = {}
    for bigram in focus.bigrams:
        weight = idf(bigram) * bigram.weight
        bigrams[bigram.text] = max(weight, bigrams.get(bigram.text, 0.0))
    for text, weight in bigrams.items():
        for char in text:
            characters[char] = min(weight, characters.get(char, weight))
        bigrams[text] = weight * order
    words: dict[str, float] = {}
    for word in focus.words:
        (characters if HAN_CHAR.fullmatch(word.text) else words)[word.text] = idf(word)
    return FocusWeights(characters, words, bigrams)
