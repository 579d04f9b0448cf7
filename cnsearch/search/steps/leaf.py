"""Leaves: the steps that have postings of their own, and a word, the commonest of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cnsearch.kernels import Packed
from cnsearch.search.leaves import Leaves, Mask, Reach
from cnsearch.search.scoring import Ranking, Scores
from cnsearch.search.steps.base import Marks, ScoringLeaf, Step, Weights
from cnsearch.store.fields import CHARS_FIELD, TEXT_FIELDS
from cnsearch.store.postings import Postings
from cnsearch.store.segment import Segment
from cnsearch.store.snapshot import Snapshot

_BIGRAM_FIELDS = frozenset(CHARS_FIELD.values())


class Leaf(Step):
    """Documents that have what it looks for in ``fields``, scored by BM25F."""

    __slots__ = ()

    fields: tuple[str, ...]
    is_leaf: ClassVar[bool] = True
    is_word: ClassVar[bool] = False
    """Whether it is a word as the index has it."""

    @property
    @abstractmethod
    def key(self) -> Hashable:
        """What its postings depend on; no two kinds of leaves have a key in common."""

    @abstractmethod
    def postings(self, snapshot: Snapshot, reach: Reach) -> Mapping[str, Postings]:
        """Per field, the documents that contain it and how often; numbered over the whole index."""

    @property
    @abstractmethod
    def part(self) -> tuple[str, str]:
        """Name and text of the part of a score that it is."""

    @abstractmethod
    def mark(self, marks: Marks, weights: Weights) -> None:
        """Add to ``marks`` what is marked of it in excerpts."""

    @property
    def of_characters(self) -> bool:
        """Whether it looks for bigrams of characters."""
        return self.fields[0] in _BIGRAM_FIELDS

    @property
    def says_much(self) -> bool:
        """Whether it is more than a single character."""
        return True

    def factor(self, ranking: Ranking) -> float:
        """What its score is multiplied by."""
        return ranking.bigrams if self.of_characters else 1.0

    def packed(self, snapshot: Snapshot) -> Mapping[str, Sequence[Packed]] | None:
        """Its postings per field as they lie in the files, where these are all there is to them; else None."""
        return None

    def occurs(self, leaves: Leaves) -> bool:
        """Whether any document has it, deleted ones included."""
        return leaves.match(self).doc_freq > 0

    def counted(self, found: Mapping[str, Postings]) -> Mapping[str, Postings]:
        """Its postings as one of several forms of a word: each occurrence counts as much as the form does."""
        return found

    def run(self, leaves: Leaves) -> tuple[Mask, Scores]:
        scores = leaves.zeros()
        leaves.add(self, scores)
        return scores > 0, scores

    def add_to(self, mask: Mask, scores: Scores, leaves: Leaves) -> None:
        leaves.add(self, scores)

    def scoring(self, doc_number: int, leaves: Leaves) -> Iterator[ScoringLeaf]:
        yield self

    def score(self, doc_number: int, leaves: Leaves) -> float:
        """What it adds to the score of a document."""
        scores = leaves.zeros()
        leaves.add(self, scores)
        return float(scores[doc_number])


class VerifiedLeaf(Leaf):
    """A leaf that is looked for segment by segment."""

    __slots__ = ()

    @abstractmethod
    def found_in(self, segment: Segment, field: str, reach: Reach) -> Postings | None:
        """The documents of a segment that contain it in ``field``, numbered in it."""

    def postings(self, snapshot: Snapshot, reach: Reach) -> Mapping[str, Postings]:
        found = {
            field: snapshot.joined(
                (segment.base, self.found_in(segment, field, reach)) for segment in snapshot.segments
            )
            for field in self.fields
        }
        return {field: postings for field, postings in found.items() if postings is not None}


@dataclass(frozen=True, slots=True)
class Term(Leaf):
    """One indexed term, looked for in ``fields``: a word, or a bigram in character fields; ``weight`` multiplies its
    score.

    >>> print(Term("上海"), Term("上海", ("title",)), Term("什么", weight=0.3), Term("上海", ("body_chars",)))
    上海 title:上海 什么^0.3 body_chars:上海
    """

    text: str
    fields: tuple[str, ...] = TEXT_FIELDS
    weight: float = 1.0

    is_word: ClassVar[bool] = True

    def __str__(self) -> str:
        return in_fields(self.text, self.fields) + ("" if self.weight == 1 else f"^{self.weight:g}")

    @property
    def key(self) -> Hashable:
        return self.text, self.fields

    def postings(self, snapshot: Snapshot, reach: Reach) -> Mapping[str, Postings]:
        found = ((field, snapshot.postings(field, self.text)) for field in self.fields)
        return {field: postings for field, postings in found if postings is not None}

    def packed(self, snapshot: Snapshot) -> Mapping[str, Sequence[Packed]]:
        return {field: snapshot.packed_postings(field, self.text) for field in self.fields}

    def occurs(self, leaves: Leaves) -> bool:
        return any(leaves.snapshot.has_term(field, self.text) for field in self.fields)

    @property
    def part(self) -> tuple[str, str]:
        return ("characters", "") if self.of_characters else ("word", self.text)

    @property
    def says_much(self) -> bool:
        return len(self.text) > 1

    def factor(self, ranking: Ranking) -> float:
        return self.weight * ranking.bigrams if self.of_characters else self.weight

    def counted(self, found: Mapping[str, Postings]) -> Mapping[str, Postings]:
        return weighted(found, self.weight)

    def mark(self, marks: Marks, weights: Weights) -> None:
        marks.terms[self.text] = weights.term_weight(self)


def weighted(found: Mapping[str, Postings], weight: float) -> Mapping[str, Postings]:
    """The postings with each occurrence counted ``weight`` times."""
    if weight == 1:
        return found
    return {field: Postings(one.doc_ids, one.freqs * np.float32(weight)) for field, one in found.items()}


def union(lists: Sequence[Postings | None]) -> Postings | None:
    """The documents of any list; frequencies of one document are added. None if there is no list."""
    present = [postings for postings in lists if postings is not None]
    if len(present) < 2:
        return present[0] if present else None
    ids = np.concatenate([postings.doc_ids for postings in present])
    freqs = np.bincount(ids, weights=np.concatenate([postings.freqs for postings in present]))
    doc_ids = np.flatnonzero(freqs)
    return Postings(doc_ids.astype(np.int32), freqs[doc_ids].astype(np.float32))


def in_fields(text: str, fields: tuple[str, ...]) -> str:
    """A leaf as it prints: the field before it, if there is one only."""
    if len(fields) == 1:
        return f"{fields[0]}:{text}"
    return f"chars:{text}" if fields[0] in _BIGRAM_FIELDS else text


def bigrams(text: str, fields: tuple[str, ...]) -> tuple[Term, ...]:
    """The pairs of neighbouring characters of ``text``, looked for in character ``fields``."""
    return tuple(Term(text[at : at + 2], fields) for at in range(len(text) - 1))
