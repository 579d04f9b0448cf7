"""What stands in a query text: words, quoted texts, fields, signs."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.analysis.fold import fold
from cnsearch.query import lexer
from cnsearch.query.lexer import FIELD_NAMES, FILTER_FIELDS, is_one_word, lex
from cnsearch.query.syntax import parse_query
from cnsearch.query.tree import Filter, Words


def test_examples_of_the_docstrings() -> None:
    assert doctest.testmod(lexer).failed == 0


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("甲 乙", "word word"),
        ("（甲｜乙）", "( word | word )"),
        ("甲 AND NOT 乙", "word AND NOT word"),
        ("how to NOT write", "word word word word"),
        ("＋甲 －乙 - 丙", "+ word - word word word"),
        ("-18℃ -18", "word - word"),
        ("-18", "word"),
        ('谁写了“围城” "围城', "word word word"),
        ("title:+-甲", "+ - word"),
        ("标题:(甲 “乙 丙”)", "( word phrase )"),
        ("and 甲", "word word"),
    ],
)
def test_kinds(text: str, kinds: str) -> None:
    assert [lexeme.kind for lexeme in lex(text)] == kinds.split()


@given(
    st.text(
        st.sampled_from('甲乙a1 +-－—"“”()（|*:：?？来源title') | st.characters(exclude_characters="著瞭藉"),
        max_size=40,
    )
)
def test_each_word_says_where_it_stands(text: str) -> None:
    end = 0
    for lexeme in lex(text, {"own"}):
        if lexeme.text:
            assert lexeme.start >= end
            end = lexeme.start + len(lexeme.text)
            assert fold(text[lexeme.start : end]) == fold(lexeme.text)
            assert lexeme.kind == "phrase" or (lexeme.kind == "word" and is_one_word(lexeme.text))


def test_every_name_of_a_field_is_understood() -> None:
    for name, field in FIELD_NAMES.items():
        node = parse_query(f"{name}:甲").root
        assert node == (Filter(field, "甲") if field in FILTER_FIELDS else Words("甲", field))
