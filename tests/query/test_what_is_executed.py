"""Trees to plans: moments in time, required and optional words, conditions, and what ranks."""

import calendar
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.errors import QuerySyntaxError
from cnsearch.query.filters import Filters
from cnsearch.query.plan import (
    MOST,
    All,
    AllOf,
    AnyOf,
    Boosted,
    DateRange,
    Keyword,
    Keywords,
    Label,
    Plan,
    Substring,
    Term,
    TermPattern,
    Together,
    Without,
    date_range,
    make_plan,
    wildcard_regex,
)
from cnsearch.query.syntax import parse_query
from cnsearch.store.dates import seconds_of

SHANGHAI = timezone(timedelta(hours=8))
TOKENIZER = WordTokenizer()
TITLE, TITLE_CHARS = ("title",), ("title_chars",)


def at(*parts: int, zone: tzinfo = SHANGHAI) -> int:
    return seconds_of(datetime(*parts, tzinfo=zone))  # type: ignore[arg-type, misc]


def plan_of(text: str, filters: Filters = Filters(), *, require_all: bool = False, zone: tzinfo = SHANGHAI) -> Plan:  # noqa: B008
    return make_plan(parse_query(text, require_all=require_all).root, filters, TOKENIZER, zone)


# Dates


@given(st.integers(1, 9998), st.integers(1, 12))
def test_years_and_months_end_where_the_next_begin(year: int, month: int) -> None:
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    assert date_range(f"{year:04d}-{month}", SHANGHAI) == DateRange(at(year, month, 1), at(*after, 1))
    assert date_range(f"{year:04d}年", SHANGHAI) == DateRange(at(year, 1, 1), at(year + 1, 1, 1))


@given(st.dates(max_value=datetime(9999, 12, 30).date()))
def test_a_day_has_24_hours(day: object) -> None:
    start = at(day.year, day.month, day.day)  # type: ignore[attr-defined]
    for text in (f"{day:%m/%d}", f"{day:%m.%d}", f"{day:%m-%d}", f"{day:%m月%d日}"):
        joint = text[2]
        text = f"{day.year:04d}{'年' if joint == '月' else joint}{text}"  # type: ignore[attr-defined]
        assert date_range(text, SHANGHAI) == DateRange(start, start + 86_400)


def test_a_day_of_summer_time_has_as_many_hours_as_it_has() -> None:
    found = date_range("2021-03-28", ZoneInfo("Europe/Berlin"))
    assert found.start is not None
    assert found.end is not None
    assert found.end - found.start == 23 * 3600


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2020-2-29", at(2020, 2, 29), at(2020, 3, 1)),
        ("2020-02", at(2020, 2, 1), at(2020, 3, 1)),
        ("9998", at(9998, 1, 1), at(9999, 1, 1)),
        ("9999-11", at(9999, 11, 1), at(9999, 12, 1)),
        ("0001", at(1, 1, 1), at(2, 1, 1)),
        ("2021-10-27T12:11:47Z", at(2021, 10, 27, 20, 11, 47), at(2021, 10, 27, 20, 11, 48)),
        ("2021-10-27 20:11", at(2021, 10, 27, 20, 11), at(2021, 10, 27, 20, 11, 1)),
        ("2021-10-27T20:11:47-05:00", at(2021, 10, 28, 9, 11, 47), at(2021, 10, 28, 9, 11, 48)),
        ("２０２１－１０－２７", at(2021, 10, 27), at(2021, 10, 28)),
        (" 2021 ", at(2021, 1, 1), at(2022, 1, 1)),
        ("2021..2021", at(2021, 1, 1), at(2022, 1, 1)),
        ("2021-10-01..2021-10-31", at(2021, 10, 1), at(2021, 11, 1)),
        ("2021-12..2021-10", at(2021, 12, 1), at(2021, 11, 1)),  # holds nothing
        ("2021年10月..2022年", at(2021, 10, 1), at(2023, 1, 1)),
        ("2021-10-27..", at(2021, 10, 27), None),
        ("..2021-10-27", None, at(2021, 10, 28)),
        ("..", None, None),
    ],
)
def test_dates_of_a_query(text: str, start: int | None, end: int | None) -> None:
    assert date_range(text, SHANGHAI) == DateRange(start, end)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "昨天",
            "2021-00",
            "2021-13",
            "2021-1-32",
            "2021-02-29",
            "2021-04-31",
            "21-10",
            "2021-10-27-01",
            "20211027",
        ),
        *("9999", "9999-12", "9999-12-31", "0000", "2021-10-27T25:00", "2021-10-27T20:11:47+99:00", "2021-W43-3"),
        *("2021...2022", "2021..昨天", "昨天..2021", "2021..2022..2023", "\ud800", "1e3"),
    ],
)
def test_a_date_that_is_none_says_which_are(text: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        date_range(text, SHANGHAI)
    assert "2021-10-27" in caught.value.hint
    with pytest.raises(QuerySyntaxError):
        plan_of("上海", Filters(since=text))


@given(st.text(st.sampled_from("0129-/.年月日tTzZ:+ W") | st.characters(), max_size=25))
def test_no_text_breaks_the_reading_of_dates(text: str) -> None:
    try:
        found = date_range(text, SHANGHAI)
    except QuerySyntaxError:
        return
    if ".." not in text:
        assert found.start is not None
        assert found.end is not None
        assert found.start < found.end


@given(st.datetimes(), st.sampled_from([None, timezone.utc, SHANGHAI, timezone(timedelta(hours=-12))]))
def test_moments_are_one_second_long_and_naive_ones_are_of_the_zone(moment: datetime, zone: tzinfo | None) -> None:
    moment = moment.replace(tzinfo=zone)
    (step,) = _clauses(plan_of("", Filters(since=moment, until=moment)))
    start = seconds_of(moment if zone is not None else moment.replace(tzinfo=SHANGHAI))
    assert step == DateRange(start, start + 1)


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


def test_leap_years_are_those_of_the_calendar() -> None:
    for year in (1900, 2000, 2020, 2021, 2100):
        if calendar.isleap(year):
            assert date_range(f"{year}-02-29", SHANGHAI).end == at(year, 3, 1)
        else:
            with pytest.raises(QuerySyntaxError):
                date_range(f"{year}-02-29", SHANGHAI)


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


@pytest.mark.parametrize(
    ("pattern", "prefix", "matching", "other"),
    [
        ("数*化", "数", ["数化", "数字化"], ["数字", "大数化"]),
        ("*化", "", ["化", "数字化"], ["化工"]),
        ("w?ld", "w", ["wild", "w-ld"], ["wld", "woold"]),
        ("c+*", "c+", ["c+", "c++"], ["cc", "c"]),
        ("1.*", "1.", ["1.5"], ["15", "1"]),
        ("a****b", "a", ["ab", "axxb"], ["abc"]),
        ("?", None, [], []),
    ],
)
def test_patterns_match_whole_terms(pattern: str, prefix: str | None, matching: list[str], other: list[str]) -> None:
    step = plan_of(pattern).step
    if prefix is None:
        assert step is None  # a lonely question mark asks for nothing
        return
    assert isinstance(step, TermPattern)
    assert step.prefix == prefix
    assert all(step.regex.fullmatch(term) for term in matching)
    assert not any(step.regex.fullmatch(term) for term in other)


def test_a_pattern_of_chinese_characters_is_a_text() -> None:
    assert plan_of("数字化转*").step == plan_of("*数字化转*").step == Substring("数字化转")
    assert isinstance(plan_of("数*").step, TermPattern)


def test_many_stars_do_not_make_a_slow_pattern() -> None:
    step = plan_of("a" + "*" * 5_000 + "b").step
    assert isinstance(step, TermPattern)
    assert step.regex.pattern.count("*") == 1
    assert step.regex.fullmatch("a" * 10_000 + "b")


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


@given(st.text("ab?*", max_size=12), st.text("abc", max_size=12))
def test_wildcards_match_as_by_trying_every_way(pattern: str, term: str) -> None:
    def matches(pattern: str, term: str) -> bool:
        if not pattern:
            return not term
        if pattern[0] == "*":
            return any(matches(pattern[1:], term[at:]) for at in range(len(term) + 1))
        return bool(term) and pattern[0] in (term[0], "?") and matches(pattern[1:], term[1:])

    assert (wildcard_regex(pattern).fullmatch(term) is not None) == matches(re.sub(r"\*+", "*", pattern), term)
