"""Dates, and which words a clause needs."""

from datetime import datetime, timedelta, timezone

import pytest

from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.errors import QuerySyntaxError
from cnsearch.query.filters import Filters
from cnsearch.query.plan import (
    MOST,
    AllOf,
    AnyOf,
    Boosted,
    DateRange,
    Focus,
    Keyword,
    Keywords,
    Label,
    Substring,
    Term,
    Together,
    Without,
    date_range,
    make_plan,
)
from cnsearch.query.syntax import parse_query
from cnsearch.store.dates import seconds_of

ZONE = timezone(timedelta(hours=8))
TOKENIZER = WordTokenizer()


def day(year: int, month: int, date: int) -> int:
    return seconds_of(datetime(year, month, date, tzinfo=ZONE))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2021", day(2021, 1, 1), day(2022, 1, 1)),
        ("2021-10", day(2021, 10, 1), day(2021, 11, 1)),
        ("2021-12", day(2021, 12, 1), day(2022, 1, 1)),
        ("2021-10-27", day(2021, 10, 27), day(2021, 10, 28)),
        ("2021年10月27日", day(2021, 10, 27), day(2021, 10, 28)),
        ("2021年10月", day(2021, 10, 1), day(2021, 11, 1)),
        ("２０２１/１０/２７", day(2021, 10, 27), day(2021, 10, 28)),
        ("2020-02-29", day(2020, 2, 29), day(2020, 3, 1)),
        ("2021-10-01..2021-11", day(2021, 10, 1), day(2021, 12, 1)),
        ("2021-10..", day(2021, 10, 1), None),
        ("..2020", None, day(2021, 1, 1)),
        ("2021-10-27T20:11:47+08:00", day(2021, 10, 27) + 72707, day(2021, 10, 27) + 72708),
    ],
)
def test_dates(text: str, start: int | None, end: int | None) -> None:
    assert date_range(text, ZONE) == DateRange(start, end)


@pytest.mark.parametrize("text", ["2021-13", "2021-02-29", "昨天", "9999", "0000", "2021-10-27x", "1..2", "20211027"])
def test_dates_that_do_not_exist(text: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        date_range(text, ZONE)
    assert "2021-10-27" in caught.value.hint


def step_of(text: str, **options: bool) -> object:
    return make_plan(parse_query(text, **options).root, Filters(), TOKENIZER, ZONE).step


def pairs(text: str) -> tuple[Term, ...]:
    return tuple(Term(text[at : at + 2], ("title_chars", "tags_chars", "body_chars")) for at in range(len(text) - 1))


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
    plan = make_plan(parse_query("数字化 S-300 茶 -上海 标题:北京").root, Filters(), TOKENIZER, ZONE)
    typed = "数字化 s-300 茶"
    expected = Focus(pairs("数字化"), (Term("s-300"), Term("茶")), (), (typed,), (typed,), tuple(typed.split()))
    assert plan.focus == expected
    assert not make_plan(parse_query('"数字化"').root, Filters(), TOKENIZER, ZONE).focus


def test_parts_of_words_are_marked() -> None:
    marks = make_plan(parse_query('数字化 -上海 "城" 北*').root, Filters(), TOKENIZER, ZONE).marks
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
    step = make_plan(None, filters, TOKENIZER, ZONE).step
    assert isinstance(step, AllOf)
    assert AnyOf((Label("source", "甲"), Label("source", "乙"))) in step.clauses
    assert Label("category", "金融/每经网") in step.clauses
    assert DateRange(day(2021, 1, 1), day(2022, 1, 1)) in step.clauses


def test_punctuation_asks_for_nothing() -> None:
    assert step_of("，。！") is None
