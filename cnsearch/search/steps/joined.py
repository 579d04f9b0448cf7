"""Steps that join others by and, or, not: masks are combined, scores added up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cnsearch.search.leaves import Leaves, Mask
from cnsearch.search.scoring import Scores
from cnsearch.search.steps.base import ScoringLeaf, Step


class Clauses(Step):
    """Several clauses."""

    __slots__ = ()

    clauses: tuple[Step, ...]

    def scored_by(self) -> tuple[Step, ...]:
        return self.clauses

    def scoring(self, doc_number: int, leaves: Leaves) -> Iterator[ScoringLeaf]:
        for clause in self.clauses:
            if clause.matching(leaves)[doc_number]:
                yield from clause.scoring(doc_number, leaves)


@dataclass(frozen=True, slots=True)
class AllOf(Clauses):
    """Documents that match every clause; scores are summed.

    >>> from cnsearch.search.steps.leaf import Term
    >>> print(AllOf((Term("上海"), Term("北京"))))
    (上海 AND 北京)
    """

    clauses: tuple[Step, ...]

    def __str__(self) -> str:
        return f"({' AND '.join(map(str, self.clauses))})"

    def run(self, leaves: Leaves) -> tuple[Mask, Scores]:
        mask, scores = self.clauses[0].run(leaves)
        for clause in self.clauses[1:]:
            more_mask, more_scores = clause.run(leaves)
            mask, scores = mask & more_mask, scores + more_scores
        return mask, scores * mask

    def matching(self, leaves: Leaves) -> Mask:
        mask = self.clauses[0].matching(leaves)
        for clause in self.clauses[1:]:
            mask = mask & clause.matching(leaves)
        return mask


@dataclass(frozen=True, slots=True)
class AnyOf(Clauses):
    """Documents that match at least one clause; scores of those that match are summed.

    >>> from cnsearch.search.steps.leaf import Term
    >>> print(AnyOf((Term("上海"), Term("北京"))))
    (上海 OR 北京)
    """

    clauses: tuple[Step, ...]

    def __str__(self) -> str:
        return f"({' OR '.join(map(str, self.clauses))})"

    def run(self, leaves: Leaves) -> tuple[Mask, Scores]:
        mask: Mask = np.zeros(leaves.num_docs, dtype=bool)
        scores = leaves.zeros()
        for clause in self.clauses:
            clause.add_to(mask, scores, leaves)
        return mask | (scores > 0), scores


@dataclass(frozen=True, slots=True)
class BestOf(Clauses):
    """Documents that match at least one clause; of several scores the best counts.

    >>> from cnsearch.search.steps.leaf import Term
    >>> print(BestOf((Term("上海"), Term("北京"))))
    best(上海 北京)
    """

    clauses: tuple[Step, ...]

    def __str__(self) -> str:
        return f"best({' '.join(map(str, self.clauses))})"

    def run(self, leaves: Leaves) -> tuple[Mask, Scores]:
        runs = [clause.run(leaves) for clause in self.clauses]
        return np.logical_or.reduce([run[0] for run in runs]), np.maximum.reduce([run[1] for run in runs])

    def scoring(self, doc_number: int, leaves: Leaves) -> Iterator[ScoringLeaf]:
        best = max(self.clauses, key=lambda clause: float(clause.run(leaves)[1][doc_number]))
        yield from best.scoring(doc_number, leaves)


@dataclass(frozen=True, slots=True)
class Boosted(Step):
    """Documents of ``base``; those that match ``bonus`` too get its score added.

    >>> from cnsearch.search.steps.leaf import Term
    >>> print(Boosted(Term("上海"), Term("北京")))
    (+上海 北京)
    """

    base: Step
    bonus: Step

    def __str__(self) -> str:
        return f"(+{self.base} {self.bonus})"

    def run(self, leaves: Leaves) -> tuple[Mask, Scores]:
        mask, scores = self.base.run(leaves)
        return mask, (scores + self.bonus.run(leaves)[1]) * mask

    def matching(self, leaves: Leaves) -> Mask:
        return self.base.matching(leaves)

    def scored_by(self) -> tuple[Step, ...]:
        return self.base, self.bonus

    def scoring(self, doc_number: int, leaves: Leaves) -> Iterator[ScoringLeaf]:
        yield from self.base.scoring(doc_number, leaves)
        if self.bonus.matching(leaves)[doc_number]:
            yield from self.bonus.scoring(doc_number, leaves)


@dataclass(frozen=True, slots=True)
class Without(Step):
    """Documents of ``base`` that do not match ``excluded``.

    >>> from cnsearch.search.steps.leaf import Term
    >>> print(Without(Term("上海"), Term("北京")))
    (上海 -北京)
    """

    base: Step
    excluded: Step

    def __str__(self) -> str:
        return f"({self.base} -{self.excluded})"

    def run(self, leaves: Leaves) -> tuple[Mask, Scores]:
        mask, scores = self.base.run(leaves)
        mask = mask & ~self.excluded.matching(leaves)
        return mask, scores * mask

    def matching(self, leaves: Leaves) -> Mask:
        return self.base.matching(leaves) & ~self.excluded.matching(leaves)

    def scored_by(self) -> tuple[Step, ...]:
        return (self.base,)
