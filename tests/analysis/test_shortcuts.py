"""The quick ways of the analysis give what the slow ones do."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cnsearch.analysis import compounds, reading
from cnsearch.analysis.fold import code_points
from cnsearch.analysis.variants import in_context

COMPOUNDS = st.text(alphabet="ab12é٣🔥-_.'+%,", min_size=1, max_size=12)
TEXTS = st.text(alphabet="abAB19，,。 \u3000\n中数字著", max_size=20)


@given(COMPOUNDS)
def test_parts_of_simple_compounds_are_those_of_any(compound):
    quick = compounds.parts.__wrapped__(compound)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compounds, "_only_atoms", lambda text, spans: False)
        assert compounds.parts.__wrapped__(compound) == quick


@given(COMPOUNDS)
@example("1a1a1a1_a1")
def test_letters_with_joints_are_joined_as_any_compound(compound):
    whole = compounds.whole(compound)
    has_too_many_parts = len(compounds._ATOM.findall(whole)) > compounds.MAX_ATOMS
    assert compounds.joined(compound) == (whole if has_too_many_parts else compounds._respelt(whole, ""))


@given(TEXTS)
def test_classes_tell_whether_a_text_has_seams(text):
    assert reading._may_have_seams(reading._classes(code_points(text))) == bool(reading._seams(text))


@given(TEXTS)
def test_a_text_that_is_not_spaced_out_is_read_as_by_the_long_way(text):
    short, long = reading.read(text), reading._shifted(text)
    classes = reading._classes(code_points(text))
    if text.isascii() or not reading._SPACED_OUT_CLASSES.search(classes) or "著" in text:
        return
    assert (short.text, short.seams, short.shifted) == (long.text, long.seams, long.shifted)


@pytest.mark.parametrize("text", ["中 数 字 中", "a 中 数 字", "。 中 数 字，", "中\u3000数\u3000字"])
def test_spaced_out_characters_are_seen_in_the_classes(text):
    assert reading._SPACED_OUT_CLASSES.search(reading._classes(code_points(text)))
    assert reading.read(text).shifted


def test_a_variant_at_either_end_of_its_text():
    assert in_context("著") == "著"
    assert in_context("看著") == "看着"
    assert in_context("著急") == "着急"
    assert in_context("藉口") == "借口"
    assert in_context("狼藉") == "狼藉"


def test_what_is_remembered_is_asked_once():
    asked = []
    remembered = compounds.Remembered(lambda word: asked.append(word) or len(word), longest=3)
    assert [remembered[word] for word in ("ab", "ab", "abcd", "abcd")] == [2, 2, 4, 4]
    assert asked == ["ab", "abcd", "abcd"]  # too long to be kept


def test_what_is_remembered_is_forgotten_when_there_is_too_much(monkeypatch):
    monkeypatch.setattr(compounds.Remembered, "MAX_ENTRIES", 2)
    remembered = compounds.Remembered(len, longest=3)
    assert [remembered[word] for word in ("a", "b", "c", "a")] == [1, 1, 1, 1]
    assert len(remembered) == 2
