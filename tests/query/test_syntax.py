"""Query text to trees: the grammar, and that nothing is an error."""

from dataclasses import replace
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.analysis.reading import read
from cnsearch.limits import DEFAULT_LIMITS
from cnsearch.query.syntax import parse_as_text, parse_query, places_of_words, text_with_signs
from cnsearch.query.tree import And, Everything, Filter, Group, Node, Or, Pattern, Phrase, Words

A, B, C = Words("甲"), Words("乙"), Words("丙")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("甲", A),
        ("甲 乙", Group(optional=(Words("甲 乙"),))),
        ("甲 OR 乙", Or((A, B))),
        ("甲 | 乙", Or((A, B))),
        ("甲｜乙", Or((A, B))),
        ("甲 AND 乙", And((A, B))),
        ("甲 OR 乙 AND 丙", Or((A, And((B, C))))),
        ("(甲 OR 乙) AND 丙", And((Or((A, B)), C))),
        ("（甲 OR 乙） AND 丙", And((Or((A, B)), C))),
        ("+甲 -乙 丙", Group((A,), (C,), (B,))),
        ("＋甲 －乙", Group((A,), (), (B,))),
        ("NOT 甲", Group(excluded=(A,))),
        ("甲 AND NOT 乙", And((A, Group(excluded=(B,))))),
        ("NOT NOT 甲", A),
        ('"甲 乙"', Phrase("甲 乙")),
        ("“甲乙” 丙", Group((Phrase("甲乙"),), (C,))),
        ("「甲乙」", Phrase("甲乙")),
        ("数字—化", Words("数字-化")),  # a dash inside a word is no minus
        ("甲 - 乙", Group(optional=(Words("甲 - 乙"),))),
        ("source:甲 乙", Group((Filter("source", "甲"),), (B,))),
        ("来源：甲", Filter("source", "甲")),
        ('source:"甲 乙"', Filter("source", "甲 乙")),
        ("date:2021-10..2021-11", Filter("date", "2021-10..2021-11")),
        ("title:甲", Words("甲", "title")),
        ('标题:"甲乙"', Phrase("甲乙", "title")),
        ("甲*", Pattern("甲*")),
        ("w?ld", Pattern("w?ld")),
        ("really?", Words("really?")),
        ("*", Everything()),
        ("", None),
        ("   ", None),
        ('""', None),
        ("()", None),
        ("AND", None),
        ("甲 AND", A),
        ("OR 甲", A),
        ("甲 OR OR 乙", Or((A, B))),
        (")甲(", A),
        ('"甲', A),
        ("((甲", A),
        ("not 甲", Group(optional=(Words("not 甲"),))),  # operators are capitals
    ],
)
def test_grammar(text: str, tree: Node | None) -> None:
    assert parse_query(text).root == tree


def test_require_all() -> None:
    assert parse_query("甲 乙", require_all=True).root == Group((A, B))
    assert parse_query("甲", require_all=True).root == Group((A,))


def test_raw_has_no_operators() -> None:
    assert parse_query('+甲 -"乙" OR', raw=True).root == Words('+甲 -"乙" or')


def test_unknown_field_is_words_and_said_so() -> None:
    parsed = parse_query("foo:甲")
    assert parsed.root == Words("foo:甲")
    assert parsed.notes == ('there is no field "foo": taken as words',)


@pytest.mark.parametrize("text", ["http://x.org/a", "12:30", "比分3:2"])
def test_a_colon_is_not_always_a_field(text: str) -> None:
    assert parse_query(text).notes == ()


def test_limits_are_said() -> None:
    assert "longer than" in parse_query("甲" * (DEFAULT_LIMITS.query_chars + 1)).notes[0]
    parsed = parse_query(" ".join(f"+w{n}" for n in range(DEFAULT_LIMITS.query_clauses)))
    assert "clauses" in parsed.notes[0]
    assert parse_query("(" * 5000 + "甲").root is None or parse_query("(" * 5000 + "甲").root == A


@given(st.text(), st.booleans(), st.booleans())
def test_no_text_is_an_error(text: str, require_all: bool, raw: bool) -> None:
    root = parse_query(text, require_all=require_all, raw=raw).root
    assert root is None or str(root)


pieces = st.lists(
    st.sampled_from(["甲", "乙丙", "+甲", "-甲", "(", ")", '"甲 乙"', "AND", "OR", "NOT", "|", "来源:甲", "*"])
)


@given(pieces.map(" ".join))
def test_what_was_understood_means_the_same_again(text: str) -> None:
    root = parse_query(text).root
    if root is not None:
        again = parse_query(str(root)).root
        assert again is not None
        assert str(again) == str(root)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("甲 乙丙", ["甲", "乙丙"]),
        ('+甲 -乙 "丙 丁" NOT 戊', ["甲", "丙 丁"]),
        ('title:甲 source:乙 来源:"丙" 正文:丁 body:"戊"', ["甲", "丁", "戊"]),
        ("(甲 OR 乙) AND 丙|丁", ["甲", "乙", "丙", "丁"]),
        ("-(甲 (乙) 丙) 丁 -source:甲 戊", ["丁", "戊"]),
        ("NOT -甲 甲* a?b *", ["甲"]),
        ("＋甲　ＡＢ “乙”", ["甲", "ＡＢ", "乙"]),
        ("-- 甲 —— )(", ["甲", "——"]),
        ("", []),
    ],
)
def test_places_of_words(text: str, words: list[str]) -> None:
    assert [text[start:end] for start, end in places_of_words(text)] == words


def test_raw_text_is_all_words() -> None:
    assert places_of_words("-甲 source:乙", raw=True) == [(0, 2), (3, 11)]


@given(st.text() | pieces.map(" ".join))
def test_places_are_in_order_and_hold_what_is_asked(text: str) -> None:
    places = places_of_words(text)
    assert [at for place in places for at in place] == sorted(at for place in places for at in place)
    assert all(start < end <= len(text) for start, end in places)
    root = parse_query(text).root
    nodes = () if root is None else root.walk(excluded=False)
    asked = "".join(str(node) for node in nodes if isinstance(node, (Words, Phrase)))
    assert all("".join(read(text[start:end]).text.split()) in "".join(asked.split()) for start, end in places)


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("甲 乙", False),
        ("甲。乙，丙", False),
        ('"甲 乙"', False),
        ("甲 -乙", True),
        ("甲（乙）丙", True),
        ('甲 "乙"', True),
        ("甲 | 乙", True),
        ("甲*", True),
        ("source:甲", True),
        ("", False),
    ],
)
def test_a_text_has_signs_where_its_tree_is_more_than_words(text: str, signs: bool) -> None:
    for require_all in (False, True):
        assert bool(text_with_signs(text, parse_query(text, require_all=require_all).root)) == signs
    assert isinstance(parse_as_text("甲 -乙").root, Words)
    assert parse_as_text("甲 -乙", require_all=True).root == Group(required=(Words("甲 -乙"),))


chunks = st.text("上海數化aB5 ＡＮ\u3000①㈠ªé著𠮷", max_size=12) | st.sampled_from(
    ["OR", "AND", "NOT", "or", "甲-乙", "a:b", "2*3"]
)


@given(st.lists(chunks, max_size=8).map(" ".join), st.booleans())
@pytest.mark.parametrize("alone", [False, True])
def test_words_alone_need_no_parser(alone: bool, text: str, require_all: bool) -> None:
    """What is taken for nothing but words is what the parser makes of it, and has no signs."""
    limits = replace(DEFAULT_LIMITS, query_clauses=3) if alone else DEFAULT_LIMITS
    found = parse_query(text, require_all=require_all, limits=limits)
    with mock.patch("cnsearch.query.syntax._plain_words", return_value=[]):
        expected = parse_query(text, require_all=require_all, limits=limits)
    assert (found.root, found.notes) == (expected.root, expected.notes)
    assert not expected.plain
    if found.plain:
        assert text_with_signs(text, found.root) == ""


def test_most_queries_are_words_alone() -> None:
    assert parse_query("數字化 转型 Linux").plain
    assert not parse_query("数字化 -转型").plain
    assert not parse_query("甲 OR 乙").plain
