"""Dates of a query: which spans of time they name."""

import calendar
import doctest
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.errors import QuerySyntaxError
from cnsearch.query import dates
from cnsearch.query.dates import Span, date_range
from cnsearch.store.dates import seconds_of

SHANGHAI = timezone(timedelta(hours=8))


def at(*parts: int, zone: tzinfo = SHANGHAI) -> int:
    return seconds_of(datetime(*parts, tzinfo=zone))  # type: ignore[arg-type, misc]


def day(year: int, month: int, date: int) -> int:
    return at(year, month, date)


def test_examples_of_the_docstrings() -> None:
    assert doctest.testmod(dates).failed == 0


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
def test_dates_in_each_way_of_writing(text: str, start: int | None, end: int | None) -> None:
    assert date_range(text, SHANGHAI) == Span(start, end)


@pytest.mark.parametrize("text", ["2021-13", "2021-02-29", "昨天", "9999", "0000", "2021-10-27x", "1..2", "20211027"])
def test_dates_that_do_not_exist(text: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        date_range(text, SHANGHAI)
    assert "2021-10-27" in caught.value.hint


@given(st.integers(1, 9998), st.integers(1, 12))
def test_years_and_months_end_where_the_next_begin(year: int, month: int) -> None:
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    assert date_range(f"{year:04d}-{month}", SHANGHAI) == Span(at(year, month, 1), at(*after, 1))
    assert date_range(f"{year:04d}年", SHANGHAI) == Span(at(year, 1, 1), at(year + 1, 1, 1))


@given(st.dates(max_value=datetime(9999, 12, 30).date()))
def test_a_day_has_24_hours(day: object) -> None:
    start = at(day.year, day.month, day.day)  # type: ignore[attr-defined]
    for text in (f"{day:%m/%d}", f"{day:%m.%d}", f"{day:%m-%d}", f"{day:%m月%d日}"):
        joint = text[2]
        text = f"{day.year:04d}{'年' if joint == '月' else joint}{text}"  # type: ignore[attr-defined]
        assert date_range(text, SHANGHAI) == Span(start, start + 86_400)


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
    assert date_range(text, SHANGHAI) == Span(start, end)


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


def test_leap_years_are_those_of_the_calendar() -> None:
    for year in (1900, 2000, 2020, 2021, 2100):
        if calendar.isleap(year):
            assert date_range(f"{year}-02-29", SHANGHAI).end == at(year, 3, 1)
        else:
            with pytest.raises(QuerySyntaxError):
                date_range(f"{year}-02-29", SHANGHAI)
