"""Folding: one character for one character, once and for all."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.analysis.fold import code_points, fold

any_text = st.text(st.characters())  # lone surrogates included


@given(any_text)
def test_length_is_preserved(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(any_text)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(any_text)
def test_every_character_is_folded_alone(text: str) -> None:
    assert fold(text) == "".join(map(fold, text))


@given(any_text)
def test_code_points(text: str) -> None:
    assert code_points(text).tolist() == list(map(ord, text))


@given(st.characters(max_codepoint=0x24F))
def test_latin_folds_to_the_small_letter_without_marks_where_that_is_one_character(char: str) -> None:
    wide = unicodedata.normalize("NFKC", char)
    expected = unicodedata.normalize("NFD", (wide if len(wide) == 1 else char).lower())[0]
    if expected in "øđłħŧıɨŀſ":
        expected = {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "ɨ": "i", "ŀ": "l", "ſ": "s"}[expected]
    if expected not in "‐—æʒ":  # no letter of the English alphabet under the marks: left as it is
        assert fold(char) == expected


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("數位轉型", "数位转型"),
        ("「引號」『二』“三”", '"引号""二""三"'),
        ("—–－", "---"),
        ("ﬁ½ß", "ﬁ½ß"),  # their folds are longer
        ("𠮷🐼", "𠮷🐼"),
        ("\u3000\u00a0", "  "),
        ("\ud800", "\ufffd"),
        ("", ""),
    ],
)
def test_examples(text: str, folded: str) -> None:
    assert fold(text) == folded
