"""English inflection: which words are forms of one, and which are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh.lang import porter2

from cnsearch.analysis.compounds import LETTER, find_texts, terms
from cnsearch.analysis.inflection import MARK, is_marked, marked_stem, stem


@pytest.mark.parametrize(
    "forms",
    [
        "database databases",
        "run runs running",
        "interest interests interested interesting",
        "company companies",
        "try tries tried trying",
        "cache caches cached caching",
        "use uses used using",
        "process processes processed processing",
        "debug debugs debugged debugging",
        "stop stops stopped stopping",
        "make makes making",
        "box boxes",
        "api apis",
        "gpu gpus",
        "add added adding",
    ],
)
def test_forms_of_one_word(forms: str) -> None:
    assert len({stem(word) for word in forms.split()}) == 1
    assert stem(forms.split()[0])


@pytest.mark.parametrize(
    "words",
    ["new news", "universal university universe", "even evening", "unit united", "plan plane", "hop hope", "rat rate"],
)
def test_other_words(words: str) -> None:
    assert len({stem(word) for word in words.split()}) == len(words.split())


@pytest.mark.parametrize(
    "name", ["windows", "rails", "pandas", "react", "kubernetes", "aws", "ios", "redis", "jenkins"]
)
def test_names_have_no_forms(name: str) -> None:
    assert stem(name) == marked_stem(name) == ""


@pytest.mark.parametrize("text", ["上海", "s300", "c++", "is", "a", "x" * 40, "", "e-mails"])
def test_what_is_no_english_word(text: str) -> None:
    assert stem(text) == ""


@given(st.from_regex("[a-z]{1,40}", fullmatch=True))
def test_a_stem_is_marked_only_where_it_is_another_word(word: str) -> None:
    marked = marked_stem(word)
    assert (marked == "") == (stem(word) in ("", word))
    assert not marked or (is_marked(marked) and marked[1:] == stem(word))


@given(st.text("abcing=.-'&+#%1中é", max_size=20))
def test_no_word_is_taken_for_a_stem(text: str) -> None:
    assert MARK not in LETTER
    assert not any(is_marked(compound) for compound in find_texts(text))


def test_parts_have_stems_and_joined_forms_have_none() -> None:
    assert [term for term in terms("user_names") if is_marked(term)] == ["=name"]
    assert [term for term in terms("databases") if is_marked(term)] == ["=databas"]


@given(st.from_regex("[a-z]{3,12}", fullmatch=True))
def test_the_steps_change_no_word_with_another_ending(word: str) -> None:
    first, second = porter2.get_r1(word), porter2.get_r2(word)
    after = porter2.step_1c(porter2.step_1b(porter2.step_1a(word), first))
    if porter2.step_5(after, first, second) != word:
        assert word[-1] in "sdgyel"
