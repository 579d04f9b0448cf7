"""Runs of words as steps."""

import doctest

from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.query.tree import Words
from cnsearch.search.planning import run
from cnsearch.search.planning.run import Run
from cnsearch.search.steps.texts import Verbatim

TOKENIZER = WordTokenizer()


def test_examples_of_the_docstrings() -> None:
    assert doctest.testmod(run).failed == 0


def test_a_word_that_stands_twice_is_one_keyword() -> None:
    keywords = Run(Words("上海 北京 上海"), TOKENIZER).optional()
    assert keywords is not None
    assert [str(word) for word in keywords.words] == ["上海", "北京"]


def test_a_long_run_is_looked_for_as_typed() -> None:
    long, short = Run(Words("数字化转型" * 4), TOKENIZER).optional(), Run(Words("数字化转型"), TOKENIZER).optional()
    assert long is not None
    assert short is not None
    assert long.typed == Verbatim("数字化转型" * 4)
    assert short.typed is None
    titled = Run(Words("数字化转型" * 4, "title"), TOKENIZER).optional()
    assert titled is not None
    assert titled.typed is None


def test_words_of_one_field_are_not_looked_for_together() -> None:
    assert not Run(Words("数字化 转型", "title"), TOKENIZER).focus()
    assert Run(Words("数字化 转型"), TOKENIZER).focus()


def test_nothing_but_punctuation_is_no_step() -> None:
    run = Run(Words("，。"), TOKENIZER)
    assert (run.optional(), run.required(), run.excluded()) == (None, None, None)
