"""A run of words, and how far a document has each of them.

What a document has of the words is added up, and ``rule_of_hits.py`` says how much is enough. How far it has a word:

- A word of two characters must be a word: 上海 is not in 以上海拔.
- A longer Chinese word, and one that nobody has as a word, is there as far as its bigrams are, of those that occur at
  all. So it counts in an article that was cut otherwise, and 龙井茶 finds 龙井 where nobody writes the whole.
- A word of which nothing occurs does not count.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cnsearch.search.leaves import Leaves, Mask, Matches
from cnsearch.search.rule_of_hits import NUM_BEST, needed
from cnsearch.search.scoring import Scores
from cnsearch.search.steps.base import ScoringLeaf, Step
from cnsearch.search.steps.joined import AllOf, AnyOf, BestOf
from cnsearch.search.steps.leaf import Leaf, Term
from cnsearch.search.steps.synonyms import SynonymTerm
from cnsearch.search.steps.texts import Verbatim
from cnsearch.search.top import top

ABOUT = 1e-5
"""Sums of float32 that should be equal differ by less."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """One coarse word, or a run of them with synonyms. ``step`` finds it; ``bigrams`` are those of its characters, none
    for a word of one character or of another script; ``otherwise`` is what a compound that nobody writes is taken for,
    its parts wherever they stand. ``singles`` add to the score: the characters of a run that is no word and is cut into
    these. ``text`` is the word as typed, folded; ``weight`` is what it counts in the rule of hits.

    >>> print(Keyword(Term("数字化"), text="数字化"), Keyword(Term("ai")))
    数字化 ai
    """

    step: Leaf | AnyOf | BestOf
    bigrams: tuple[Term, ...] = ()
    otherwise: AllOf | None = None
    singles: tuple[Term, ...] = ()
    text: str = dataclasses.field(default="", compare=False)
    weight: float = 1.0

    def __str__(self) -> str:
        return str(self.step)

    def used(self, leaves: Leaves) -> Step:
        """What finds it: ``otherwise`` if ``step`` finds no document that is not deleted."""
        if self.otherwise is None or leaves.alive(self.step.matching(leaves)).any():
            return self.step
        return self.otherwise

    def add_to(self, scores: Scores, cover: Scores, leaves: Leaves, *, graded: bool) -> float:
        """Add what it scores to ``scores``, and how far documents have it to ``cover``: of its weight, the share of its
        bigrams, if ``graded``; else something above 0 where it is found.

        Returns its weight; 0 if nothing of it occurs.
        """
        if isinstance(self.step, Leaf) and self.step.is_word:
            return self._add_word(self.step, scores, cover, leaves, graded=graded)
        return self._add_found(scores, cover, leaves, graded=graded)

    def _add_word(self, word: Leaf, scores: Scores, cover: Scores, leaves: Leaves, *, graded: bool) -> float:
        """Of a word of the index."""
        leaves.add(word, scores)
        whole, pairs, presence = self._presence(word, leaves)
        if not presence:
            return 0.0
        weight = math.sqrt(whole.idf) * self.weight
        if graded:
            for found in presence:
                found.add(cover, weight / len(presence))
        elif not whole.doc_freq:
            cover += _most_of(presence, leaves)
        elif len(pairs) > 1 and len(presence) == len(pairs):
            cover += _share_of(presence, leaves) >= 1 - ABOUT
        return weight

    def _presence(self, word: Leaf, leaves: Leaves) -> tuple[Matches, Sequence[Term], list[Matches]]:
        """What says how far documents have a word of the index, where there is any: what the word matches; the bigrams
        that tell, where there are several or nobody has it as a word; what these, else the word, match."""
        whole = leaves.match(word)
        pairs = self.bigrams if len(self.bigrams) > 1 or not whole.doc_freq else ()
        return whole, pairs, [found for found in map(leaves.match, pairs or (word,)) if found.doc_freq]

    def _add_found(self, scores: Scores, cover: Scores, leaves: Leaves, *, graded: bool) -> float:
        """Of what is no word of the index (a text, a compound, synonyms): where it is found, or its bigrams are."""
        used = self.used(leaves)
        mask, own_scores = used.run(leaves)
        scores += own_scores
        doc_freq = int(np.count_nonzero(mask))
        presence = [found for found in map(leaves.match, self.bigrams) if found.doc_freq]
        if not doc_freq and not presence:
            return 0.0
        weight = math.sqrt(leaves.idf(used, doc_freq)) * self.weight
        there = mask.astype(np.float32)
        if presence and graded:
            there = np.maximum(there, _share_of(presence, leaves))
        elif presence and not doc_freq:
            there = _most_of(presence, leaves).astype(np.float32)
        cover += there * np.float32(weight)
        return weight

    def is_in(self, doc_number: int, leaves: Leaves) -> bool:
        """Whether a document has it: as it stands, or all its bigrams."""
        if not (isinstance(self.step, Leaf) and self.step.is_word):
            return bool(self.used(leaves).matching(leaves)[doc_number])
        if leaves.match(self.step).contains(doc_number):
            return True
        return bool(self.bigrams) and all(leaves.match(pair).contains(doc_number) for pair in self.bigrams)

    def having(self, leaves: Leaves) -> Mask:
        """The documents that have it, as ``is_in`` says. Shape (num_docs,); not to be modified."""
        mask = self.used(leaves).matching(leaves)
        if self.bigrams and isinstance(self.step, Leaf) and self.step.is_word:
            in_pairs: Mask = np.logical_and.reduce([pair.matching(leaves) for pair in self.bigrams])
            return mask | in_pairs
        return mask


def _share_of(presence: Sequence[Matches], leaves: Leaves) -> Scores:
    """The share of some leaves that each document has."""
    share = leaves.zeros()
    for found in presence:
        found.add(share, 1 / len(presence))
    return share


def _most_of(presence: Sequence[Matches], leaves: Leaves) -> Mask:
    """The documents that have as many of some leaves as the one with the most."""
    share = _share_of(presence, leaves)
    return share >= float(share.max()) - ABOUT


@dataclass(frozen=True, slots=True)
class Keywords(Step):
    """A run of words. Scores are summed over the words and the bigrams of the whole run that a document has.

    need     : how much of the words a document must have to be a hit, times their 3-norm; 0 is any
    sentence : whether this is a sentence rather than a list of keywords: the documents with the best scores are hits,
               whichever of its words they have
    share    : of all weights a hit has at least this share, if ``need`` is not 0
    typed    : the documents that have this are hits

    >>> print(Keywords((Keyword(Term("数字化")), Keyword(Term("转型"))), (Term("数字", ("body_chars",)),), 0.85))
    most(数字化 转型; body_chars:数字)
    """

    words: tuple[Keyword, ...]
    bigrams: tuple[Term | SynonymTerm, ...]
    need: float
    sentence: bool = False
    share: float = 0.0
    typed: Verbatim | None = None

    def __str__(self) -> str:
        bigrams = f"; {' '.join(map(str, self.bigrams))}" if self.bigrams else ""
        return f"{'most' if self.need else 'any'}({' '.join(map(str, self.words))}{bigrams})"

    def run(self, leaves: Leaves) -> tuple[Mask, Scores]:
        scores, cover, weights = self._words(leaves)
        if not self.need:
            mask: Mask = (scores > 0) | (cover > 0)
        for leaf in (*(single for word in self.words for single in word.singles), *self.bigrams):
            leaves.add(leaf, scores)
        if self.need:
            mask = self._hits(cover, weights, scores, leaves)
        return mask, scores * mask

    def matching(self, leaves: Leaves) -> Mask:
        if self.sentence:  # its best are hits, so scores matter
            return self.run(leaves)[0]
        scores, cover, weights = self._words(leaves)
        return self._hits(cover, weights, scores, leaves) if self.need else (scores > 0) | (cover > 0)

    def _words(self, leaves: Leaves) -> tuple[Scores, Scores, list[float]]:
        """The scores of the words alone; what each document has of them weighs; their weights."""
        scores, cover = leaves.zeros(), leaves.zeros()
        weights = [word.add_to(scores, cover, leaves, graded=self.need > 0) for word in self.words]
        return scores, cover, weights

    def _hits(self, cover: Scores, weights: Sequence[float], scores: Scores, leaves: Leaves) -> Mask:
        """The documents that have enough of the words; the best ones of a sentence; and those that have it as typed.

        cover   : what each document has of the words weighs
        weights : of the words; those that do not occur weigh 0
        """
        cover = leaves.alive_only(cover)
        need = needed(weights, float(cover.max()), self.need, self.share)
        if need:
            mask: Mask = cover >= np.float32(need * (1 - ABOUT))
        else:
            mask = np.zeros(leaves.num_docs, dtype=bool)
        if self.sentence and need:
            alive = leaves.alive_only(scores)
            best = top(alive, NUM_BEST)
            mask[best[alive[best] > 0]] = True
        if self.typed is not None:
            mask[leaves.match(self.typed).numbers()] = True
        return mask

    def scored_by(self) -> tuple[Step, ...]:
        words = (step for word in self.words for step in (word.step, *word.singles))
        return (*words, *self.bigrams)

    def scoring(self, doc_number: int, leaves: Leaves) -> Iterator[ScoringLeaf]:
        for word in self.words:
            used = word.used(leaves)
            if used.matching(leaves)[doc_number]:
                yield from used.scoring(doc_number, leaves)
        yield from (single for word in self.words for single in word.singles)
        yield from self.bigrams
