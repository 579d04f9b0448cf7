"""Trees to plans: moments in time, required and optional words, conditions, and what ranks."""

import doctest
from dataclasses import replace
from datetime import datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.errors import QuerySyntaxError
from cnsearch.query.filters import Filters
from cnsearch.query.syntax import parse_query
from cnsearch.search.plan import Focus, Plan
from cnsearch.search.planning import planner
from cnsearch.search.planning.planner import make_plan
from cnsearch.search.rule_of_hits import MOST
from cnsearch.search.steps.compound import Together
from cnsearch.search.steps.conditions import All, DateRange, Label
from cnsearch.search.steps.joined import AllOf, AnyOf, Boosted, Without
from cnsearch.search.steps.keywords import Keyword, Keywords
from cnsearch.search.steps.leaf import Term
from cnsearch.search.steps.pattern import TermPattern
from cnsearch.search.steps.texts import Substring
from cnsearch.store.dates import seconds_of

SHANGHAI = timezone(timedelta(hours=8))
TOKENIZER = WordTokenizer()
TITLE, TITLE_CHARS = ("title",), ("title_chars",)


def test_examples_of_the_docstrings() -> None:
    assert doctest.testmod(planner).failed == 0


def at(*parts: int, zone: tzinfo = SHANGHAI) -> int:
    return seconds_of(datetime(*parts, tzinfo=zone))  # type: ignore[arg-type, misc]


def plan_of(text: str, filters: Filters = Filters(), *, require_all: bool = False, zone: tzinfo = SHANGHAI) -> Plan:  # noqa: B008
    return make_plan(parse_query(text, require_all=require_all).root, filters, TOKENIZER, zone)


@given(st.datetimes(), st.sampled_from([None, timezone.utc, SHANGHAI, timezone(timedelta(hours=-12))]))
def test_moments_are_one_second_long_and_naive_ones_are_of_the_zone(moment: datetime, zone: tzinfo | None) -> None:
    moment = moment.replace(tzinfo=zone)
    (step,) = _clauses(plan_of("", Filters(since=moment, until=moment)))
    start = seconds_of(moment if zone is not None else moment.replace(tzinfo=SHANGHAI))
    assert step == DateRange(start, start + 1)


def test_a_date_that_is_none_is_an_error_in_filters_too() -> None:
    for text in ("", "昨天", "2021-13"):
        with pytest.raises(QuerySyntaxError) as caught:
            plan_of("上海", Filters(since=text))
        assert "2021-10-27" in caught.value.hint


def test_a_lonely_question_mark_asks_for_nothing() -> None:
    assert plan_of("?").step is None


def _clauses(plan: Plan) -> tuple[object, ...]:
    assert isinstance(plan.step, AllOf)
    return plan.step.clauses


def test_since_and_until_include_both_ends() -> None:
    assert _clauses(plan_of("", Filters(since="2021-10", until="2021-10"))) == (
        DateRange(at(2021, 10, 1), at(2021, 11, 1)),
    )
    assert _clauses(plan_of("", Filters(since="2021-10"))) == (DateRange(at(2021, 10, 1), None),)
    assert _clauses(plan_of("", Filters(until="2021-10-27"))) == (DateRange(None, at(2021, 10, 28)),)


def test_the_zone_moves_the_day() -> None:
    (step,) = _clauses(plan_of("", Filters(since="2021-10-27"), zone=timezone.utc))
    assert step == DateRange(at(2021, 10, 27, 8), None)


# Words


def pairs(text: str, fields: tuple[str, ...] = ("title_chars", "tags_chars", "body_chars")) -> tuple[Term, ...]:
    return tuple(Term(text[at : at + 2], fields) for at in range(len(text) - 1))


def words(*texts: str) -> Keywords:
    """Chinese words of the dictionary, without parts."""
    bigrams = tuple(pair for text in texts for pair in pairs(text))
    return Keywords(tuple(Keyword(Term(text), pairs(text)) for text in texts), bigrams, MOST)


def must(text: str) -> Boosted:
    return Boosted(Term(text), pairs(text)[0])


WHOLE_DIGITAL = AnyOf((Term("数字化"), Substring("数字化")))
DIGITAL = Boosted(WHOLE_DIGITAL, AnyOf(pairs("数字化")))
S_AND_300 = AllOf((Term("s"), Term("300")))
S300 = AnyOf((Term("s300"), Together(S_AND_300, ("s-300", "s300", "s 300"))))


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("上海", words("上海")),
        ("上海 上海", words("上海")),
        ("北京 数字", words("北京", "数字")),
        ("上海 S-300 S-300", replace(words("上海"), words=(*words("上海").words, Keyword(S300, otherwise=S_AND_300)))),
        ("+数字化", DIGITAL),
        ("上海 AND 数字化", AllOf((must("上海"), DIGITAL))),
        ("上海 OR 数字化", AnyOf((must("上海"), DIGITAL))),
        ("+上海 数字", Boosted(must("上海"), words("数字"))),
        ("-数字化", Without(All(), WHOLE_DIGITAL)),
        ("上海 -数字 -北京", Without(words("上海"), AnyOf((Term("数字"), Term("北京"))))),
        (
            "标题:数字",
            Keywords((Keyword(Term("数字", TITLE), pairs("数字", TITLE_CHARS)),), pairs("数字", TITLE_CHARS), MOST),
        ),
        ("标题:“数字”", Substring("数字", TITLE)),
        ("“產品 和服”", Substring("产品 和服")),
        ("城", Substring("城")),
        ("+城 -路", Without(Substring("城"), Substring("路"))),
        ("x", Keywords((Keyword(Term("x")),), (), MOST)),
        ("来源:甲 上海", AllOf((Label("source", "甲"), words("上海")))),
        ("(来源:甲 OR 来源:乙) 上海", AllOf((AnyOf((Label("source", "甲"), Label("source", "乙"))), words("上海")))),
        ("来源:甲 “上海” 北京", Boosted(AllOf((Substring("上海"), Label("source", "甲"))), words("北京"))),
        ("分类:金融 / 每经网", None),
        ("，。 -上海", Without(All(), Term("上海"))),
        ("，。 AND 上海", must("上海")),
        ("-，。", None),
        ("*", All()),
        ("", None),
    ],
)
def test_steps(text: str, step: object) -> None:
    found = plan_of(text).step
    if text == "分类:金融 / 每经网":  # without quotes a value ends at the space
        assert isinstance(found, AllOf)
        assert found.clauses[0] == Label("category", "金融")
    elif isinstance(step, Boosted):
        assert isinstance(found, Boosted)
        assert found.bonus == step.bonus
        if isinstance(step.base, AllOf):
            assert isinstance(found.base, AllOf)
            assert set(found.base.clauses) == set(step.base.clauses)
        else:
            assert found.base == step.base
    else:
        assert found == step


def test_a_pattern_of_chinese_characters_is_a_text() -> None:
    assert plan_of("数字化转*").step == plan_of("*数字化转*").step == Substring("数字化转")
    assert isinstance(plan_of("数*").step, TermPattern)


# Conditions


def test_filters_beside_the_query_join_it() -> None:
    assert plan_of("上海", Filters((("source", ("甲",)),))).step == AllOf((words("上海"), Label("source", "甲")))
    assert plan_of("", Filters((("source", ("甲",)),))).step == AllOf((Label("source", "甲"),))
    assert plan_of("", Filters()).step is None


def test_filters_do_not_make_hits_of_a_query_that_asks_for_nothing() -> None:
    assert plan_of("，。", Filters((("source", ("甲",)),))).step is None


@pytest.mark.parametrize(
    ("field", "value", "label"),
    [
        ("category", " 金融 / 每經網 ", "金融/每经网"),
        ("category", "AI / ML", "ai/ml"),
        ("source", " Ｓolidot ", "solidot"),
        ("author", "莫 言", "莫 言"),
    ],
)
def test_labels_are_folded_as_in_the_index(field: str, value: str, label: str) -> None:
    assert plan_of("", Filters(((field, (value,)),))).step == AllOf((Label(field, label),))
    assert plan_of(f'{field}:"{value}"').step == Label(field, label)


# Ranking


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ("上海 -北京", (Term("上海"), *pairs("上海"))),
        ("+上海 数字 来源:甲", (Term("上海"), *pairs("上海"), Term("数字"), *pairs("数字"))),
        ("NOT 上海", ()),
        ("来源:甲", ()),
        ("*", ()),
        ("上海 AND NOT 北京", (Term("上海"), *pairs("上海"))),
        ("“上海” OR 城*", None),
    ],
)
def test_what_ranks(text: str, leaves: tuple[object, ...] | None) -> None:
    plan = plan_of(text)
    if leaves is None:
        assert [type(leaf) for leaf in plan.leaves] == [Substring, TermPattern]
    else:
        assert set(plan.leaves) == set(leaves)
        assert len(plan.leaves) == len(leaves)
        assert plan.ranked == bool(leaves)


@given(st.text() | st.text(st.sampled_from('甲乙数字化S-3 +-()|"*?:来源，'), max_size=30), st.booleans())
def test_every_query_has_a_plan(text: str, require_all: bool) -> None:
    try:
        plan = plan_of(text, require_all=require_all)
    except QuerySyntaxError:
        assert "date" in text.lower() or "日期" in text
        return
    assert plan.step is not None or not plan.leaves


# What stands where


def step_of(text: str, **options: bool) -> object:
    return plan_of(text, **options).step


def test_words_bring_the_bigrams_of_their_run() -> None:
    words = (Keyword(Term("数字化"), pairs("数字化")), Keyword(Term("转型"), pairs("转型")))
    assert step_of("数字化转型") == Keywords(words, pairs("数字化转型"), MOST)


def test_required_words_match_whole_or_where_the_text_was_cut_otherwise() -> None:
    whole = AnyOf((Term("数字化"), Substring("数字化")))
    assert step_of("数字化", require_all=True) == Boosted(whole, AnyOf(pairs("数字化")))


def test_a_part_of_a_mixed_token_is_no_hit() -> None:
    parts = AllOf((Term("s"), Term("300")))
    s300 = AnyOf((Term("s300"), Together(parts, ("s-300", "s300", "s 300"))))
    assert step_of("S-300") == Keywords((Keyword(s300, otherwise=parts),), (), MOST)


def test_what_stands_together_in_a_query_is_looked_for_together() -> None:
    plan = make_plan(parse_query("数字化 S-300 茶 -上海 标题:北京").root, Filters(), TOKENIZER, SHANGHAI)
    typed = "数字化 s-300 茶"
    expected = Focus(pairs("数字化"), (Term("s-300"), Term("茶")), (), (typed,), (typed,), tuple(typed.split()))
    assert plan.focus == expected
    assert not make_plan(parse_query('"数字化"').root, Filters(), TOKENIZER, SHANGHAI).focus


def test_parts_of_words_are_marked() -> None:
    marks = make_plan(parse_query('数字化 -上海 "城" 北*').root, Filters(), TOKENIZER, SHANGHAI).marks
    assert {getattr(mark, "text", "北*") for mark in marks} == {"数字", "数字化", "城", "北*"}


def test_one_character_is_looked_for_everywhere() -> None:
    assert step_of("城") == Substring("城")
    assert step_of("标题:城") == Substring("城", ("title",))


def test_excluded_words_must_all_be_there_to_exclude() -> None:
    step = step_of("甲方 -北京上海")
    assert isinstance(step, Without)
    assert step.excluded == AllOf((Term("北京"), Term("上海")))


def test_filters_of_one_field_are_alternatives() -> None:
    filters = Filters((("source", ("甲", "乙")), ("category", ("金融 / 每经网",))), since="2021", until="2021")
    step = make_plan(None, filters, TOKENIZER, SHANGHAI).step
    assert isinstance(step, AllOf)
    assert AnyOf((Label("source", "甲"), Label("source", "乙"))) in step.clauses
    assert Label("category", "金融/每经网") in step.clauses
    assert DateRange(at(2021, 1, 1), at(2022, 1, 1)) in step.clauses


def test_punctuation_asks_for_nothing() -> None:
    assert step_of("，。！") is None
