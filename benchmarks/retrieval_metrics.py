"""Metrics of ranked retrieval, and how certain a difference of two systems is.

Every metric takes the ids that a system found, best first, and the grades of the relevant ones (1 is relevant, 2 more
so), and looks at the first ten at most.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Ranked = Sequence[str]
Grades = Mapping[str, int]
DEPTH = 10


def reciprocal_rank(ranked: Ranked, grades: Grades) -> float:
    """1 / rank of the first relevant document, 0 if none is among the first ten."""
    return next((1 / rank for rank, found in enumerate(ranked[:DEPTH], 1) if found in grades), 0.0)


def precision_at_1(ranked: Ranked, grades: Grades) -> float:
    """1 if the first document is relevant, else 0."""
    return float(bool(ranked) and ranked[0] in grades)


def recall(ranked: Ranked, grades: Grades) -> float:
    """The share of the relevant documents that is among the first ten."""
    return len(set(ranked[:DEPTH]) & set(grades)) / len(grades)


def ndcg(ranked: Ranked, grades: Grades) -> float:
    """Discounted gain of the first ten over that of the best order, the gain of a grade being 2^grade - 1.

    C. Burges et al., Learning to Rank using Gradient Descent, ICML 2005; the discount is 1 / log2(rank + 1).
    """
    gained = _discounted([grades.get(found, 0) for found in ranked[:DEPTH]])
    return gained / _discounted(sorted(grades.values(), reverse=True)[:DEPTH])


def _discounted(grades: Sequence[int]) -> float:
    return math.fsum((2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


METRICS: dict[str, Callable[[Ranked, Grades], float]] = {
    "MRR@10": reciprocal_rank,
    "P@1": precision_at_1,
    "Recall@10": recall,
    "nDCG@10": ndcg,
}


def interval(values: Sequence[float] | npt.NDArray[Any], *, resamples: int = 1000, seed: int = 1) -> dict[str, float]:
    """The mean of ``values``, one per query, with its 95 % interval by the percentile bootstrap.

    Given the differences of two systems, query by query, this is the paired bootstrap: M. Smucker, J. Allan and B.
    Carterette, A Comparison of Statistical Significance Tests for Information Retrieval Evaluation, CIKM 2007.
    """
    given = np.asarray(values, dtype=np.float64)
    draw = np.random.default_rng(seed)
    means = [given[draw.integers(0, len(given), len(given))].mean() for _ in range(resamples)]
    low, high = np.percentile(means, [2.5, 97.5])
    return {"mean": float(given.mean()), "low": float(low), "high": float(high)}
