"""The parts of the score of one document."""

from __future__ import annotations

from collections import defaultdict

from cnsearch.model import ScorePart
from cnsearch.search.age import decay
from cnsearch.search.as_typed import Hits, earn_as_typed
from cnsearch.search.plan import Plan
from cnsearch.search.searcher import Searcher
from cnsearch.search.second_pass import SecondPass


def explain(
    searcher: Searcher, plan: Plan, doc_number: int, *, second_pass: bool, half_life_days: float | None = None
) -> list[ScorePart]:
    """The parts of the score of a document that matches, the greatest first.

    second_pass    : whether its rank was among those of the second pass
    half_life_days : see ``Searcher.rank``
    """
    if plan.step is None:
        return []
    found: defaultdict[tuple[str, str], float] = defaultdict(float)
    leaves, ranking = searcher.leaves, searcher.ranking
    for leaf in plan.step.scoring(doc_number, leaves):
        found[leaf.part] += leaf.score(doc_number, leaves)
    second = SecondPass(plan.focus, leaves, searcher.texts)
    if second_pass and plan.focus:
        best, lead = (float(values[0]) for values in second.closeness([doc_number]))
        found["close together", ""] = ranking.closeness * best
        found["beginning", ""] = ranking.lead * lead
    mask, scores = plan.step.run(leaves)
    hits = Hits(leaves.alive(mask), scores, leaves)
    for earned in earn_as_typed(plan.focus, hits, leaves, second.weights):
        if doc_number in earned.doc_numbers:
            found[earned.name, earned.text] += earned.score
    if half_life_days is not None:
        found["age", ""] = sum(found.values()) * (float(decay(searcher.snapshot, half_life_days)[doc_number]) - 1)
    parts = [ScorePart(name, text, score) for (name, text), score in found.items() if score]
    return sorted(parts, key=lambda part: -part.score)
