"""What every kind of step can do.

A plan is a tree of steps. A step runs on the leaves of a snapshot and gives a mask and scores: which documents match,
and how well, for all documents at once as arrays. After tantivy's ``Query`` -> ``Weight`` -> ``Scorer``: a step is the
query, a leaf's idf and factor its weight, its impacts the scorer.

To add a kind of step, write one class in this folder, and make it somewhere in ``planning/``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from re import Pattern
from typing import Any, ClassVar, Protocol

from cnsearch.search.leaves import Leaves, Mask
from cnsearch.search.scoring import Scores


class Step(ABC):
    """A node of a plan: frozen, hashable, comparable."""

    __slots__ = ()

    @abstractmethod
    def run(self, leaves: Leaves) -> tuple[Mask, Scores]:
        """Which documents match, and their scores, 0 where they do not: bool and float32, both of shape (num_docs,).
        Deleted documents may be among them. Not to be modified."""

    @abstractmethod
    def __str__(self) -> str:
        """The step as one line: leaves as they would be typed, the rest as in the examples of its kind."""

    is_leaf: ClassVar[bool] = False
    """Whether it has postings of its own."""

    def matching(self, leaves: Leaves) -> Mask:
        """The mask of ``run``, for those who need no scores. Not to be modified."""
        return self.run(leaves)[0]

    def add_to(self, mask: Mask, scores: Scores, leaves: Leaves) -> None:
        """Add what ``run`` gives to both arrays. A leaf adds to ``scores`` only: what it gives is above 0."""
        own_mask, own_scores = self.run(leaves)
        mask |= own_mask
        scores += own_scores

    def scored_by(self) -> tuple[Step, ...]:
        """The steps in it whose scores are its own; none for a leaf and for a condition."""
        return ()

    def walk(self) -> Iterator[Step]:
        """The step, and all in it whose scores are its own."""
        yield self
        for step in self.scored_by():
            yield from step.walk()

    def scoring(self, doc_number: int, leaves: Leaves) -> Iterator[ScoringLeaf]:
        """The leaves that add to the score of a document that matches."""
        for step in self.scored_by():
            yield from step.scoring(doc_number, leaves)


class ScoringLeaf(Protocol):
    """A leaf, for those who explain a score."""

    def score(self, doc_number: int, leaves: Leaves) -> float:
        """What it adds to the score of a document."""

    @property
    def part(self) -> tuple[str, str]:
        """Name and text of the part of a score that it is."""


@dataclass(slots=True)
class Marks:
    """What is marked in excerpts, each with how telling it is, its idf.

    terms      : words as indexed
    substrings : exact texts
    patterns   : patterns of words
    compounds  : texts, where neither letters nor digits go on at their ends
    """

    terms: dict[str, float] = field(default_factory=dict)
    substrings: dict[str, float] = field(default_factory=dict)
    patterns: dict[Pattern[str], float] = field(default_factory=dict)
    compounds: dict[str, float] = field(default_factory=dict)


class Weights(Protocol):
    """How telling steps are: ``Leaves``, or what another back end has in their place."""

    def term_weight(self, leaf: Any) -> float:
        """The idf of a leaf."""

    def step_weight(self, step: Any) -> float:
        """The idf of what a step finds; 0 if that is nothing."""


class Marked(Protocol):
    """What is marked in excerpts."""

    def mark(self, marks: Marks, weights: Weights) -> None:
        """Add to ``marks`` what is marked of it."""
