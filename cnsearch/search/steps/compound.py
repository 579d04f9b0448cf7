"""Mixed tokens (``S-300``): parts that stand together, and what of them is marked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnsearch.analysis.compounds import atoms, joined, spellings
from cnsearch.search.leaves import Leaves, Mask
from cnsearch.search.scoring import Scores
from cnsearch.search.steps.base import Marks, Step, Weights
from cnsearch.search.steps.joined import AllOf, AnyOf
from cnsearch.search.steps.leaf import Leaf, Term
from cnsearch.search.substrings import find_alone
from cnsearch.store.fields import TEXT_FIELDS


@dataclass(frozen=True, slots=True)
class Together(Step):
    """Documents of ``parts`` in which these stand together, as one of ``spellings``, in one of ``fields``.

    >>> print(Together.of("s-300"))
    together(s-300 | s300 | s 300)
    """

    parts: AllOf
    spellings: tuple[str, ...]
    fields: tuple[str, ...] = TEXT_FIELDS

    @classmethod
    def of(cls, compound: str, fields: tuple[str, ...] = TEXT_FIELDS) -> Together:
        """That of a compound as it was typed."""
        parts = AllOf(tuple(Term(text, fields) for text in dict.fromkeys(atoms(compound))))
        return cls(parts, spellings(compound), fields)

    def __str__(self) -> str:
        return f"together({' | '.join(self.spellings)})"

    def select(self, leaves: Leaves) -> Mask:
        """The documents, verified in the text where neither letters nor digits go on at the ends of a spelling."""
        among = np.flatnonzero(self.parts.matching(leaves))
        mask = np.zeros(leaves.num_docs, dtype=bool)
        for segment in leaves.snapshot.segments:
            first, stop = np.searchsorted(among, (segment.base, segment.base + segment.num_docs))
            doc_ids = (among[first:stop] - segment.base).astype(np.int32)
            for field in self.fields:
                for text in self.spellings:
                    found = find_alone(text, segment, field, doc_ids)
                    if found is not None:
                        mask[found.doc_ids + segment.base] = True
        return mask

    def run(self, leaves: Leaves) -> tuple[Mask, Scores]:
        mask = leaves.select(self)
        return mask, self.parts.run(leaves)[1] * mask

    def matching(self, leaves: Leaves) -> Mask:
        return leaves.select(self)

    def scored_by(self) -> tuple[Step, ...]:
        return (self.parts,)


def whole_or_together(compound: str, fields: tuple[str, ...] = TEXT_FIELDS) -> AnyOf:
    """A compound as it is indexed joined, or in any of its spellings where its parts stand together: ``s`` and ``300``
    say nothing alone. Each adds its score.

    >>> print(whole_or_together("s-300"))
    (s300 OR together(s-300 | s300 | s 300))
    """
    return AnyOf((Term(joined(compound), fields), Together.of(compound, fields)))


@dataclass(frozen=True, slots=True)
class CompoundMark:
    """A compound is marked in its spellings, where neither letters nor digits go on at its ends, if ``step`` finds
    any."""

    step: Step
    spellings: tuple[str, ...]

    def mark(self, marks: Marks, weights: Weights) -> None:
        """Add to ``marks`` what is marked of it."""
        weight = weights.step_weight(self.step)
        if weight:
            marks.compounds.update(dict.fromkeys(self.spellings, weight))


@dataclass(frozen=True, slots=True)
class PartsMark:
    """Where ``step`` finds nothing, parts of it are marked."""

    step: Step
    parts: tuple[Leaf, ...]

    def mark(self, marks: Marks, weights: Weights) -> None:
        """Add to ``marks`` what is marked of it."""
        if not weights.step_weight(self.step):
            for part in self.parts:
                part.mark(marks, weights)
