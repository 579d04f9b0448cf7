"""What the parser says that it understood is a query too, with the same meaning; and what people type is taken well."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cnsearch.limits import DEFAULT_LIMITS
from cnsearch.query.syntax import parse_query
from cnsearch.query.tree import And, Everything, Filter, Group, Node, Or, Pattern, Phrase, Words

A, B, C = Words("甲"), Words("乙"), Words("丙")
S = Filter("source", "每经网")

SNIPPETS = (
    *('甲 乙 丙 + - ＋ － – —— ( ) （ ） | ｜ " “ ” 「 」 : ： * ? ？ , 。 / & . # % _').split(" "),
    *("AND OR NOT and ＡＮＤ source: 来源： title: 正文: date: foo: http://x.org/a?b s-300 c++ 数字化 w?ld").split(" "),
    *(" ", " ", " ", "\u3000", "\n", "\x00", "\ud800", "²", "🐼"),
)
typed = st.lists(st.sampled_from(SNIPPETS), max_size=25).map("".join)
texts = typed | st.text(st.characters())


@given(texts, st.booleans())
@example("甲(title:+", True)
def test_what_was_understood_is_parsed_to_the_same_tree(text: str, require_all: bool) -> None:
    root = parse_query(text, require_all=require_all).root
    if root is not None:
        assert parse_query(str(root)).root == root


@given(texts)
def test_words_are_never_lost(text: str) -> None:
    """Every letter of a query stands in the tree, except in operators, names of fields and what is left out."""
    root = parse_query(text).root
    shown = "" if root is None else str(root)
    for char in "甲乙丙":
        assert (char in text) == (char in shown)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        # Question marks: the Chinese one asks, the plain one inside a word is a wildcard.
        ("什么是量子？为什么快", Words("什么是量子？为什么快")),
        ("什么是量子？", Words("什么是量子？")),
        ("“真的？”", Phrase("真的?")),
        ("量?计算", Pattern("量?计算")),
        ("为什么?", Words("为什么?")),
        ("来源:真的？", Filter("source", "真的？")),
        # An address, or a sentence with a star in it, is no pattern: no term has these characters.
        ("http://x.org/a?id=1", Words("http://x.org/a?id=1")),
        ("3*4=12", Words("3*4=12")),
        ("，*", Words(",*")),
        ("标题:量*", Pattern("量*", "title")),
        ("*机器*", Pattern("*机器*")),
        ("s-*", Pattern("s-*")),
        ("5g*", Pattern("5g*")),
        # Dashes and signs that are no operators
        ("甲——乙", Words("甲--乙")),
        ("甲 —— 乙", Group(optional=(Words("甲 —— 乙"),))),
        ("—甲", Words("—甲")),
        ("–甲 乙", Group(optional=(Words("–甲 乙"),))),
        ("–来源:甲", Words("–来源:甲")),
        ("“甲”-乙", Group((Phrase("甲"),), (), (B,))),
        ("s-300", Words("s-300")),
        ("c++ 甲", Group(optional=(Words("c++ 甲"),))),
        ("a+b", Words("a+b")),
        ("2021-10-27", Words("2021-10-27")),
        ("- 甲", Group(optional=(Words("- 甲"),))),
        ("–*", Words("–*")),
        ("-5", Words("-5")),  # alone a number below zero
        ("甲 -5", Group((), (A,), (Words("5"),))),
        ("+-甲", Group(excluded=(A,))),
        ("--甲", A),
        ("-(甲)", Group(excluded=(A,))),
        ("(甲)-乙", Group((), (A,), (B,))),
        # Quotes of both scripts
        ("『甲乙』", Phrase("甲乙")),
        ("＂甲乙＂", Phrase("甲乙")),
        ("«甲»", Words("«甲»")),
        ("甲“乙”丙", Group((), (Words("甲 乙 丙"),))),  # a quotation in a sentence
        ("谁写了「围城」和『猫』", Group((), (Words("谁写了 围城 和 猫"),))),
        ("甲 “乙” 丙", Group((Phrase("乙"),), (Words("甲 丙"),))),
        ("“乙”，丙", Group((Phrase("乙"),), (Words(",丙"),))),
        ('甲"乙"丙', Group((Phrase("乙"),), (Words("甲 丙"),))),
        ("“甲  　乙”", Phrase("甲 乙")),
        ("“ ” 甲", A),
        ('+"甲"', Phrase("甲")),
        ('-"甲"', Group(excluded=(Phrase("甲"),))),
        ('"甲" OR "乙"', Or((Phrase("甲"), Phrase("乙")))),
        ("it's", Words("it's")),
        # Fields
        ("author:莫言", Filter("author", "莫言")),
        ("作者：“莫 言”", Filter("author", "莫 言")),
        ("分类:金融/每经网", Filter("category", "金融/每经网")),
        ("日期：2021年10月", Filter("date", "2021年10月")),
        ("SOURCE:甲", Filter("source", "甲")),
        ("-来源:每经网", Group(excluded=(S,))),
        ("body:甲 body:乙", Group(optional=(Words("甲 乙", "body"),))),
        ("title:甲 乙", Group(optional=(Words("甲", "title"), B))),
        ("title:(甲 乙)", Group(optional=(Words("甲 乙", "title"),))),
        ("title:(甲 OR body:乙)", Or((Words("甲", "title"), Words("乙", "body")))),
        ("source:(甲 OR 乙)", Or((Filter("source", "甲"), Filter("source", "乙")))),
        ("title:-甲", Group(excluded=(Words("甲", "title"),))),
        ("title:*", Everything()),
        ('"甲“乙”丙"', Phrase('甲"乙"丙')),
        ("“甲「乙」丙”", Phrase('甲"乙"丙')),
        ('"“甲"', Phrase('"甲')),
        ("来源:", Words("来源:")),
        ("来源: 甲", Group(optional=(Words("来源: 甲"),))),
        ('来源:"" 甲', A),
        ("来源:(", None),
        ("甲 (+来源:)", Group(optional=(A, Group((Words("来源:"),))))),
        ("新闻来源:甲", Words("新闻来源:甲")),
        # Filters joined by operators select as one filter does.
        (
            "(来源:每经网 OR source:甲) 乙",
            Group((Or((S, Filter("source", "甲"))),), (B,)),
        ),
        ("来源:每经网 AND 甲", And((S, A))),
        ("来源:每经网 OR 甲", Or((S, A))),
        # Operators
        ("甲 AND 乙 AND 丙", And((A, B, C))),
        ("甲 | 乙 ｜ 丙", Or((A, B, C))),
        ("甲 AND OR 乙", And((A, B))),
        ("甲 NOT 乙", Group((), (A,), (B,))),
        ("NOT (甲 OR 乙)", Group(excluded=(Or((A, B)),))),
        ("甲 OR -乙", Or((A, Group(excluded=(B,))))),
        ("+甲 +乙", Group((A, B))),
        ("+甲", Group((A,))),
        ("+(甲 乙)", Group(optional=(Words("甲 乙"),))),
        ("ＡＮＤ 甲", Group(optional=(Words("and 甲"),))),
        ("* 甲", Group(optional=(Everything(), A))),
        ("-*", Group(excluded=(Everything(),))),
        ("＊", Everything()),
        # What does not balance
        ("甲) OR (乙", Group(optional=(Words("甲 乙"),))),
        ("((甲 OR 乙", Or((A, B))),
        ("甲))) 乙", Group(optional=(Words("甲 乙"),))),
        ("“甲” “乙", Group((Phrase("甲"),), (B,))),
        ("()()", None),
        ("( AND )", None),
        ("甲 (", A),
        ("，。", Words(",。")),
    ],
)
def test_readings(text: str, tree: Node | None) -> None:
    assert parse_query(text).root == tree


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("甲 AND（乙 丙）-丁", "(甲 AND (乙 丙)) -丁"),
        ("“甲 乙” 来源:“每 经” 丙", '"甲 乙" source:"每 经" 丙'),
        ('来源:"甲(乙)"', 'source:"甲(乙)"'),
        ("title:甲 title:乙", "title:甲 title:乙"),
        ("+甲 乙 NOT 丙", "+甲 乙 -丙"),
    ],
)
def test_printed(text: str, understood: str) -> None:
    assert str(parse_query(text).root) == understood


def test_require_all_binds_words_not_alternatives() -> None:
    assert parse_query("甲 (乙 丙) -丁", require_all=True).root == Group((A, Group((B, C))), (), (Words("丁"),))
    assert parse_query("甲 OR 乙", require_all=True).root == Or((A, B))
    assert parse_query("甲乙", raw=True, require_all=True).root == Group((Words("甲乙"),))


@pytest.mark.parametrize(
    "depth",
    [
        1,
        DEFAULT_LIMITS.query_depth - 1,
        DEFAULT_LIMITS.query_depth,
        DEFAULT_LIMITS.query_depth + 1,
        DEFAULT_LIMITS.query_clauses - 1,
    ],
)
def test_deep_parentheses(depth: int) -> None:
    opened = "(" * depth
    assert parse_query(f"{opened}甲").root == parse_query(f"{opened}甲{')' * depth}").root == A
    assert parse_query(f"{'(-' * depth}甲").root is not None
    assert parse_query("-" * depth + "甲").root == (A if depth % 2 == 0 else Group(excluded=(A,)))


def test_a_long_query_is_cut_and_says_so() -> None:
    whole = parse_query("数" * DEFAULT_LIMITS.query_chars)
    assert whole.notes == ()
    cut = parse_query("数" * (DEFAULT_LIMITS.query_chars + 1))
    assert cut.root == whole.root
    assert len(cut.notes) == 1
    assert str(DEFAULT_LIMITS.query_chars) in cut.notes[0]
    assert parse_query("数" * (DEFAULT_LIMITS.query_chars + 1), raw=True).notes == cut.notes


def test_many_clauses_are_cut_and_say_so() -> None:
    whole = parse_query(" ".join(f"w{n}" for n in range(DEFAULT_LIMITS.query_clauses)))
    assert whole.notes == ()
    more = parse_query(" ".join(f"w{n}" for n in range(DEFAULT_LIMITS.query_clauses + 3)) + ' "甲" -乙')
    assert len(more.notes) == 1
    words = str(more.root)
    assert all(word in words for word in (f"w{DEFAULT_LIMITS.query_clauses + 2}", "甲", "乙"))
    assert more.root == Group(optional=(Words(words),))  # nothing after the limit excludes


def test_each_unknown_field_is_noted_once() -> None:
    parsed = parse_query("foo:甲 foo:乙 bar_baz:丙")
    assert [note for note in parsed.notes if '"foo"' in note] == [parsed.notes[0]]
    assert '"bar_baz"' in parsed.notes[1]
    assert len(parsed.notes) == 2


@pytest.mark.parametrize("text", ["https://每经.网/a", "foo: 甲", "12:30", "甲：乙", "c:", ":甲"])
def test_no_note_where_no_field_was_meant(text: str) -> None:
    assert parse_query(text).notes == ()
