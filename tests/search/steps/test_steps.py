"""What every kind of step keeps: it prints in one line, its mask alone is that of its run, and its leaves add up to its
scores."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import numpy as np
import pytest

import cnsearch
from cnsearch import Article
from cnsearch.limits import DEFAULT_LIMITS
from cnsearch.search import steps
from cnsearch.search.leaves import Leaves
from cnsearch.search.rule_of_hits import MOST
from cnsearch.search.scoring import DEFAULT_RANKING, OwnStatistics
from cnsearch.search.steps.base import Marks, Step
from cnsearch.search.steps.compound import CompoundMark, PartsMark, Together, whole_or_together
from cnsearch.search.steps.conditions import All, DateRange, Label
from cnsearch.search.steps.joined import AllOf, AnyOf, BestOf, Boosted, Without
from cnsearch.search.steps.keywords import Keyword, Keywords
from cnsearch.search.steps.leaf import Leaf, Term, bigrams
from cnsearch.search.steps.pattern import TermPattern
from cnsearch.search.steps.synonyms import SynonymTerm, WordForms
from cnsearch.search.steps.texts import Apart, Substring, Verbatim

CHARS = ("title_chars", "tags_chars", "body_chars")
SHANGHAI, BEIJING, DIGITAL = Term("上海"), Term("北京"), Term("数字化")
WIFI = WordForms((Apart("wifi"), Term("wifi"), Term("=wifi", weight=0.25)), text="wifi")
RUN = Keywords((Keyword(SHANGHAI, bigrams("上海", CHARS)), Keyword(DIGITAL, bigrams("数字化", CHARS))), (), MOST)

STEPS: dict[str, Step] = {
    "上海": SHANGHAI,
    "chars:上海": Term("上海", CHARS),
    "上海^0.5": Term("上海", weight=0.5),
    "没有": Term("没有"),
    '"和服"': Substring("和服"),
    "数*": TermPattern.of("数*"),
    "same(上海 北京)": SynonymTerm((SHANGHAI, BEIJING)),
    "forms(apart(wifi) wifi =wifi^0.25)": WIFI,
    "source:甲": Label("source", "甲"),
    "date:0..": DateRange(0, None),
    "*": All(),
    "(上海 AND 北京)": AllOf((SHANGHAI, BEIJING)),
    "(上海 OR 北京)": AnyOf((SHANGHAI, BEIJING)),
    "(上海 OR source:甲)": AnyOf((SHANGHAI, Label("source", "甲"))),
    "best(上海 北京)": BestOf((SHANGHAI, BEIJING)),
    "(+上海 北京)": Boosted(SHANGHAI, BEIJING),
    "(上海 -北京)": Without(SHANGHAI, BEIJING),
    "together(s-300 | s300 | s 300)": Together.of("s-300"),
    "(s300 OR together(s-300 | s300 | s 300))": whole_or_together("s-300"),
    "most(上海 数字化)": RUN,
    "any(上海 数字化)": Keywords(RUN.words, (), 0.0),
    "most(上海 数字化; chars:上海)": Keywords(RUN.words, (Term("上海", CHARS),), MOST),
    "most(上海 数字化 )": Keywords(RUN.words, (), MOST, sentence=True),
    "most(没有)": Keywords((Keyword(Term("没有"), bigrams("没有", CHARS)),), (), MOST),
}


@pytest.fixture(scope="module")
def leaves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leaves]:
    texts = [
        "上海的数字化",
        "北京和上海",
        "产品和服务",
        "穿和服",
        "wi fi 与 wifi",
        "S300",
        "S 300 型",
        "s 与 300",
        "数字",
        "字化",
    ]
    with cnsearch.open_index(tmp_path_factory.mktemp("steps") / "index", create=True) as index:
        articles = [Article(str(n), "题", (text,), source="甲" if n % 3 else "乙") for n, text in enumerate(texts)]
        index.add(articles[:6])
        index.add(articles[6:])
        index.delete(["1"])
        snapshot = index._backend.current().snapshot  # type: ignore[attr-defined]
        yield Leaves(snapshot, DEFAULT_RANKING, OwnStatistics(snapshot), DEFAULT_LIMITS.pattern_terms)


def test_examples_of_the_docstrings() -> None:
    for module in pkgutil.iter_modules(steps.__path__):
        assert doctest.testmod(importlib.import_module(f"{steps.__name__}.{module.name}")).failed == 0


def test_every_kind_is_here() -> None:
    def kinds(kind: type[Step]) -> set[type[Step]]:
        below = kind.__subclasses__()
        return {kind}.union(*map(kinds, below)) if below else {kind}

    made = {type(step) for step in STEPS.values()} | {Apart, Verbatim}
    concrete = (kind for kind in kinds(Step) if not kind.__abstractmethods__)
    assert {kind.__qualname__ for kind in concrete} == {kind.__qualname__ for kind in made}  # slots make each twice


@pytest.mark.parametrize("shown", STEPS)
def test_it_prints_in_one_line(shown: str) -> None:
    assert str(STEPS[shown]) == shown.replace(" )", ")")
    assert hash(STEPS[shown]) == hash(STEPS[shown])


@pytest.mark.parametrize("shown", STEPS)
def test_the_mask_alone_is_that_of_the_run(shown: str, leaves: Leaves) -> None:
    step = STEPS[shown]
    mask, scores = step.run(leaves)
    assert (mask.dtype, scores.dtype) == (np.bool_, np.float32)
    assert mask.shape == scores.shape == (leaves.num_docs,)
    assert np.array_equal(step.matching(leaves), mask)
    assert not scores[~mask].any()


@pytest.mark.parametrize("shown", STEPS)
def test_adding_is_what_the_run_gives(shown: str, leaves: Leaves) -> None:
    mask, scores = np.zeros(leaves.num_docs, dtype=bool), leaves.zeros()
    STEPS[shown].add_to(mask, scores, leaves)
    expected, expected_scores = STEPS[shown].run(leaves)
    assert np.array_equal(mask | (scores > 0), expected)
    assert scores == pytest.approx(expected_scores)


@pytest.mark.parametrize("shown", STEPS)
def test_its_leaves_explain_its_scores(shown: str, leaves: Leaves) -> None:
    step = STEPS[shown]
    mask, scores = step.run(leaves)
    for number in np.flatnonzero(mask).tolist():
        parts = list(step.scoring(number, leaves))
        assert sum(part.score(number, leaves) for part in parts) == pytest.approx(float(scores[number]), rel=1e-5)
        assert all(part.part[0] in ("word", "characters", "phrase", "pattern", "synonyms") for part in parts)


def test_what_matches(leaves: Leaves) -> None:
    def found(step: Step) -> list[int]:
        return np.flatnonzero(step.matching(leaves)).tolist()

    assert found(SHANGHAI) == [0, 1]
    assert found(Substring("和服")) == [2, 3]  # a deleted one counts until a merge, but texts are not read
    assert found(WIFI) == [4]
    assert found(Together.of("s-300")) == [5, 6]
    assert found(Together.of("s-300").parts) == [5, 6, 7]
    assert found(whole_or_together("s-300")) == [5, 6]
    assert found(Without(SHANGHAI, BEIJING)) == [0]
    assert found(DateRange(0, None)) == []


def test_marks_are_told_by_each_kind(leaves: Leaves) -> None:
    marks = Marks()
    for mark in (SHANGHAI, Substring("和服"), TermPattern.of("数*"), Apart("wifi"), WIFI, Verbatim("x")):
        mark.mark(marks, leaves)
    assert set(marks.terms) == {"上海", "wifi", "=wifi"}
    assert set(marks.substrings) == {"和服"}
    assert [pattern.pattern for pattern in marks.patterns] == [TermPattern.of("数*").regex.pattern]
    assert {"wi fi", "wi/fi"} <= set(marks.compounds)
    assert marks.terms["上海"] == leaves.match(SHANGHAI).idf


@pytest.mark.parametrize(("compound", "marked"), [("s-300", "compounds"), ("x-900", "terms")])
def test_parts_of_a_compound_are_marked_where_nobody_writes_it(compound: str, marked: str, leaves: Leaves) -> None:
    marks, step = Marks(), whole_or_together(compound)
    CompoundMark(step, (compound,)).mark(marks, leaves)
    PartsMark(step, (Term(compound[0]), Term(compound[2:]))).mark(marks, leaves)
    assert set(marks.compounds) == ({compound} if marked == "compounds" else set())
    assert set(marks.terms) == ({compound[0], compound[2:]} if marked == "terms" else set())


def test_no_two_kinds_of_leaves_have_a_key_in_common() -> None:
    kinds: list[Leaf] = [Term("数"), Substring("数"), Apart("数"), TermPattern.of("数"), SynonymTerm((Term("数"),))]
    keys = [
        leaf.key for leaf in (*kinds, Verbatim("数", kinds[0].fields), Verbatim("数", kinds[0].fields, inside=True))
    ]
    assert len(set(keys)) == len(keys)
    assert Term("数", weight=0.5).key == Term("数").key  # the same postings
