"""Terms as numbers: order, edges, and back to text; short and long terms in one order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cnsearch.engine.segment.field_buffer import _in_order
from cnsearch.engine.terms.keys import LONG, keys_of_terms, terms_of_keys

text_terms = st.text("a上\0\ud800\udfff\ue000\ufffe\uffff𠮷", max_size=6).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)
any_terms = st.lists(text_terms | st.binary(max_size=14), unique=True)


@given(any_terms)
def test_keys_give_the_terms_back_and_order_like_them(terms: list[bytes]) -> None:
    keys, long_terms = keys_of_terms(terms)
    short = sorted(term for term in terms if term not in set(long_terms))
    assert terms_of_keys(keys[keys < LONG]) == [term for term in terms if term not in set(long_terms)]
    keys.sort()
    assert terms_of_keys(keys[: len(short)]) == short
    assert keys[len(short) :].tolist() == list(range(LONG, LONG + len(long_terms)))


@given(any_terms)
def test_what_is_long(terms: list[bytes]) -> None:
    _, long_terms = keys_of_terms(terms)
    for term in terms:
        try:
            text = term.decode("utf-8")
        except UnicodeDecodeError:
            short = False
        else:
            short = len(text) <= 4 and all(char != "\0" and char < "\uffff" for char in text)
        assert (term not in long_terms) == short


@given(any_terms)
def test_short_and_long_terms_in_one_order(terms: list[bytes]) -> None:
    keys, long_terms = keys_of_terms(terms)
    short = sorted(terms_of_keys(keys[keys < LONG]))
    found, rank = _in_order(short, long_terms)
    assert found == sorted(terms)
    assert [found[place] for place in rank.tolist()] == short + long_terms
