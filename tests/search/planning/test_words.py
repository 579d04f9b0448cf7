"""The kinds of words of a query."""

import doctest

import pytest

from cnsearch.query.asking import WEIGHT
from cnsearch.search.planning import words
from cnsearch.search.planning.words import ChineseWord, Compound, LooseRun, PlainWord, QueryWord, word_of
from cnsearch.search.steps.leaf import Term
from cnsearch.search.steps.texts import Substring
from cnsearch.store.fields import TEXT_FIELDS


def test_examples_of_the_docstrings() -> None:
    assert doctest.testmod(words).failed == 0


@pytest.mark.parametrize(
    ("texts", "loose", "kind"),
    [
        (("数字", "数字化"), set(), ChineseWord),
        (("t恤",), set(), ChineseWord),
        (("95后",), {"95后"}, LooseRun),
        (("s", "300", "s-300"), set(), Compound),
        (("linux",), set(), PlainWord),
        (("300",), set(), PlainWord),
    ],
)
def test_kinds(texts: tuple[str, ...], loose: set[str], kind: type[QueryWord]) -> None:
    word = word_of(texts, loose, {}, TEXT_FIELDS)
    assert type(word) is kind
    assert word.text == word.keyword().text == texts[-1]


def test_words_that_ask_weigh_little() -> None:
    for texts in (("什么",), ("吗",)):
        keyword = word_of(texts, set(), {}, TEXT_FIELDS).keyword()
        assert keyword.weight == WEIGHT
        assert keyword.step == Term(texts[-1], weight=WEIGHT)


def test_one_character_alone_is_looked_for_everywhere() -> None:
    assert LooseRun("城", TEXT_FIELDS).keyword().step == Substring("城")
    assert LooseRun("城", TEXT_FIELDS).required() == Substring("城")
