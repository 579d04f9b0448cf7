"""What a query is executed as: steps, what is marked in excerpts, and what the second pass looks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from cnsearch.search.steps.base import Marked, Step
from cnsearch.search.steps.keywords import Keywords
from cnsearch.search.steps.leaf import Leaf, Term
from cnsearch.search.steps.pattern import TermPattern


@dataclass(frozen=True, slots=True)
class Focus:
    """What the second pass looks for close together: ``bigrams`` of the query, and its other words. ``synonyms`` are
    words of the query, each with what counts as an occurrence of it. ``written`` are the texts that were typed, and
    ``pieces`` those of them that are more than one of ``coarse``, the words they are cut into."""

    bigrams: tuple[Term, ...] = ()
    words: tuple[Term, ...] = ()
    synonyms: tuple[tuple[str, tuple[str, ...]], ...] = ()
    written: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    coarse: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.bigrams or self.words)


@dataclass(frozen=True, slots=True)
class Plan:
    """``step`` is None where nothing is asked for: no hits.

    marks    : what is marked in excerpts: words and their parts, compounds, substrings, patterns
    patterns : every pattern, also of clauses that are excluded
    """

    step: Step | None
    marks: tuple[Marked, ...] = ()
    focus: Focus = Focus()
    patterns: tuple[TermPattern, ...] = ()

    def __str__(self) -> str:
        return str(self.step)

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """What adds to scores, in order."""
        return tuple(self.walk_leaves())

    def walk_leaves(self) -> Iterator[Leaf]:
        """The same, one after the other."""
        steps = () if self.step is None else self.step.walk()
        return (cast(Leaf, step) for step in steps if step.is_leaf)

    @property
    def runs(self) -> list[Keywords]:
        """Its runs of words, in order."""
        if type(self.step) is Keywords:  # so are most plans; to walk takes longer than to plan
            return [self.step]
        steps = () if self.step is None else self.step.walk()
        return [step for step in steps if type(step) is Keywords]

    @property
    def ranked(self) -> bool:
        """Whether any clause gives a score."""
        return self.step is not None and any(step.is_leaf for step in self.step.walk())
