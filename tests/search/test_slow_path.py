"""The arrays against Whoosh: the same queries as Whoosh's query objects, run by its matchers over the same segments
with the same formula, one document at a time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from whoosh import query as wq
from whoosh import scoring as whoosh_scoring

import cnsearch
from cnsearch import Article
from cnsearch.search.plan import Plan
from cnsearch.search.scoring import FIELD_WEIGHTS, K1, B, idf
from cnsearch.search.searcher import Searcher
from cnsearch.search.steps.base import Step
from cnsearch.search.steps.conditions import Label
from cnsearch.search.steps.joined import AllOf, AnyOf, Boosted
from cnsearch.search.steps.leaf import Term
from cnsearch.store.whoosh_view import whoosh_index

SEED = 7
NUM_QUERIES = 300
DEPTH = 3
WORDS = "上海 北京 数字 数字化 转型 城市 规划 人工智能 工厂 高铁 的 了 茶 linux 300 s".split()


class PlainBM25F(whoosh_scoring.WeightingModel):  # type: ignore[misc]
    """The formula of search/scoring.py for a term of one field, in plain numbers."""

    def scorer(self, searcher: Any, fieldname: str, text: bytes, qf: int = 1) -> Any:
        whole = searcher.get_parent()
        num_docs = whole.doc_count_all()
        rarity = idf(num_docs, whole.reader().doc_frequency(fieldname, text))
        average = whole.reader().field_length(fieldname) / num_docs
        return PlainScorer(searcher, fieldname, rarity, average)


class PlainScorer(whoosh_scoring.BaseScorer):  # type: ignore[misc]
    def __init__(self, searcher: Any, field: str, rarity: float, average: float) -> None:
        self.searcher, self.field, self.rarity, self.average = searcher, field, rarity, average

    def score(self, matcher: Any) -> float:
        length = self.searcher.reader().doc_field_length(matcher.id(), self.field, 0)
        tf = FIELD_WEIGHTS[self.field] * matcher.weight() / (1 - B + B * length / self.average)
        return self.rarity * tf / (K1 + tf)

    def supports_block_quality(self) -> bool:
        return False

    def max_quality(self) -> float:
        return self.rarity

    def block_quality(self, matcher: Any) -> float:
        return self.rarity


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cnsearch.Index]:
    rnd = random.Random(SEED)

    def article(number: int) -> Article:
        lines = tuple("，".join(rnd.choices(WORDS, k=rnd.randint(1, 30))) for _ in range(rnd.randint(1, 3)))
        return Article(f"{number:03d}", "".join(rnd.choices(WORDS, k=3)), lines, source=rnd.choice(["甲", "乙", ""]))

    with cnsearch.open_index(tmp_path_factory.mktemp("slow") / "index", create=True) as index:
        for first, last in ((0, 80), (60, 140), (140, 160)):  # twenty are changed
            index.add([article(number) for number in range(first, last)])
        index.delete([f"{number:03d}" for number in range(0, 160, 11)])
        assert len(index._backend.current().snapshot.segments) > 1
        yield index


def make(rnd: random.Random, depth: int) -> tuple[Step, Any]:
    """The same query for the arrays and for Whoosh."""
    kind = rnd.random()
    if not depth or (kind < 0.3 and depth < DEPTH):
        field, text, weight = rnd.choice(["title", "body"]), rnd.choice(WORDS), rnd.choice([1.0, 1.0, 0.5, 3.0])
        return Term(text, (field,), weight), wq.Term(field, text, boost=weight)
    ours, theirs = zip(*(make(rnd, depth - 1) for _ in range(rnd.randint(2, 4))), strict=True)
    if kind < 0.55:
        return AnyOf(ours), wq.Or(list(theirs))
    if kind < 0.75 or depth < DEPTH:
        return AllOf(ours), wq.And(list(theirs))
    # Not AndNot: where the first document of a segment is excluded by a later one of the other list, Whoosh keeps it.
    # AndMaybe of leaves at the top only: inside And inside Or it gives wrong scores, with Whoosh's own codec too.
    if kind < 0.9:
        (first, whoosh_first), (second, whoosh_second) = make(rnd, 0), make(rnd, 0)
        return Boosted(first, second), wq.AndMaybe(whoosh_first, whoosh_second)
    source = rnd.choice(["甲", "乙"])
    return AllOf((ours[0], Label("source", source))), wq.Require(theirs[0], wq.Term("source", source))


def leaves(step: Step) -> tuple[Term, ...]:
    if isinstance(step, Term):
        return (step,)
    if isinstance(step, (AllOf, AnyOf)):
        return tuple(leaf for clause in step.clauses for leaf in leaves(clause))
    return leaves(step.base) + leaves(step.bonus) if isinstance(step, Boosted) else ()


def test_arrays_and_matchers_give_the_same_hits_and_scores(index: cnsearch.Index) -> None:
    rnd = random.Random(SEED)
    searcher = Searcher(index._backend.current().snapshot)
    found_something = 0
    with whoosh_index(index.path).searcher(weighting=PlainBM25F()) as slow:
        for _ in range(NUM_QUERIES):
            step, query = make(rnd, rnd.randint(0, DEPTH))
            fast = searcher.rank(Plan(step, leaves(step)), order="score", limit=1000, offset=0)
            expected = {hit.docnum: hit.score for hit in slow.search(query, limit=None)}
            assert fast.total == len(expected), query
            assert searcher.count(Plan(step)) == len(expected), query
            assert searcher.has_hits(Plan(step)) == bool(expected), query
            assert np.flatnonzero(searcher.matches(Plan(step))).tolist() == sorted(expected), query
            assert dict(zip(fast.doc_numbers, fast.scores, strict=True)) == {
                number: pytest.approx(score, rel=1e-4, abs=1e-6) for number, score in expected.items()
            }, query
            page = searcher.rank(Plan(step, leaves(step)), order="score", limit=7, offset=2)
            assert page.doc_numbers == fast.doc_numbers[2:9]
            found_something += len(expected) > 0
    assert found_something > NUM_QUERIES / 2
