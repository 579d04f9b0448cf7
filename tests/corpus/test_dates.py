"""Dates as feeds and pages write them."""

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.corpus.dates import FIRST_YEAR, LAST_YEAR, date_from_epoch, date_of, find_date, parse_date


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.utc)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # RFC 2822
        ("Wed, 27 Oct 2021 02:08:49 GMT", utc(2021, 10, 27, 2, 8, 49)),
        ("27 Oct 2021 02:08 +0800", utc(2021, 10, 26, 18, 8)),
        ("Wed, 27 Oct 2021 02:08:49 -0730", utc(2021, 10, 27, 9, 38, 49)),
        ("Wed, 27 Oct 2021 02:08:49", utc(2021, 10, 26, 18, 8, 49)),
        ("Wed, 27 Oct 2021 10:08:49 CST", utc(2021, 10, 27, 2, 8, 49)),
        ("Tue, 25 May 2021 00:00:00 GMT", utc(2021, 5, 25)),
        # ISO 8601 and its relatives
        ("2021-10-27T20:11:47+08:00", utc(2021, 10, 27, 12, 11, 47)),
        ("2021-10-27T20:11:47.123Z", utc(2021, 10, 27, 20, 11, 47)),
        ("2021-10-27 20:11:47 +0800", utc(2021, 10, 27, 12, 11, 47)),
        ("2021-07-01 15:07:37", utc(2021, 7, 1, 7, 7, 37)),
        ("2021-07-01", utc(2021, 6, 30, 16)),
        ("2021/10/27", utc(2021, 10, 26, 16)),
        ("2021/8/1 9:05", utc(2021, 8, 1, 1, 5)),
        ("2021.10.27 20:11", utc(2021, 10, 27, 12, 11)),
        ("  2021-07-01 15:07:37\n", utc(2021, 7, 1, 7, 7, 37)),
        # Chinese
        ("2021年10月27日 20:11", utc(2021, 10, 27, 12, 11)),
        ("2021年10月27日20时11分", utc(2021, 10, 27, 12, 11)),
        ("2021年10月27日 星期三 下午8:11", utc(2021, 10, 27, 12, 11)),
        ("2021年 10月 27日", utc(2021, 10, 26, 16)),
        ("２０２１年１０月２７日　２０：１１", utc(2021, 10, 27, 12, 11)),
        # JavaScript, English
        ("Wed Oct 27 2021 20:11:47 GMT+0800 (中国标准时间)", utc(2021, 10, 27, 12, 11, 47)),
        ("Oct 27, 2021", utc(2021, 10, 26, 16)),
        ("20211027", utc(2021, 10, 26, 16)),
        ("20211027T201147Z", utc(2021, 10, 27, 20, 11, 47)),
        ("20211027T201147+0800", utc(2021, 10, 27, 12, 11, 47)),
        ("202110272011", utc(2021, 10, 27, 12, 11)),
        ("20211027201147", utc(2021, 10, 27, 12, 11, 47)),
        ("2021-10", utc(2021, 9, 30, 16)),
        ("2021年10月", utc(2021, 9, 30, 16)),
        ("2021年10月27号", utc(2021, 10, 26, 16)),
        ("2021-10-27T20:11:47+08", utc(2021, 10, 27, 12, 11, 47)),
        ("2021-10-27 8:11 PM", utc(2021, 10, 27, 12, 11)),
        ("2021-10-27 12:11 am", utc(2021, 10, 26, 16, 11)),
        ("2021-10-27 Wednesday 20:11", utc(2021, 10, 27, 12, 11)),
        ("Wednesday, October 27th 2021, 8:11:47 pm", utc(2021, 10, 27, 12, 11, 47)),  # Obsidian's linter
        ("Wed Oct 27 20:11:47 +0800 2021", utc(2021, 10, 27, 12, 11, 47)),  # Weibo
        ("Wed Oct 27 20:11:47 2021", utc(2021, 10, 27, 12, 11, 47)),
        ("1635307729", utc(2021, 10, 27, 4, 8, 49)),
        ("1635307729000", utc(2021, 10, 27, 4, 8, 49)),
        # a leap second
        ("2016-12-31T23:59:60Z", utc(2016, 12, 31, 23, 59, 59)),
    ],
)
def test_each_form_is_read(text: str, expected: datetime) -> None:
    found = parse_date(text)
    assert found == expected
    assert found is not None
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Invalid Date",
        "Mon, 19 Jan 1970 10:51:32 GMT",  # seconds read as milliseconds
        "1970-01-01 08:00:00",
        "1989-12-31",
        "2101-01-02",
        "0000-00-00 00:00:00",
        "2021-13-01",
        "2021-02-30",
        "2021-10-27 25:00",
        "2021-10-27 20:61",
        "Wed, 27 Foo 2021 02:08:49 GMT",
        "2021-10-27T20:11:47+99:99",
        "20211327",
        "202110271",
        "20191",
        "20191-01-01",
        "2021-13",
        "2021-1 期",
        "16353077290",
        "昨天",
        "2021",
        "今天是2021-10-27",
        "²⁰²¹",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_a_day_of_a_program_is_midnight_where_it_says() -> None:
    assert date_of(date(2021, 10, 27)) == utc(2021, 10, 26, 16)
    assert date_of(datetime(2021, 10, 27, 20, 11), ZoneInfo("Europe/Paris")) == utc(2021, 10, 27, 18, 11)
    assert date_of(utc(2021, 10, 27)) == utc(2021, 10, 27)
    assert date_of(date(1, 1, 1)) is None
    assert parse_date("2021-10-27 20:11", ZoneInfo("Europe/Paris")) == utc(2021, 10, 27, 18, 11)


def test_a_year_counts_in_utc() -> None:
    assert parse_date(f"{FIRST_YEAR}-01-01 00:00") is None
    assert parse_date(f"{FIRST_YEAR}-01-01 08:00") == utc(FIRST_YEAR, 1, 1)
    assert parse_date(f"{LAST_YEAR}-12-31 23:59") == utc(LAST_YEAR, 12, 31, 15, 59)


def test_a_by_line_is_searched_for_its_date() -> None:
    assert find_date("来源：新华社 发布时间：2021-10-27 20:11:47") == utc(2021, 10, 27, 12, 11, 47)
    assert find_date("2021-10-01 起，更新于 2021-10-27 20:11", clock=True) == utc(2021, 10, 27, 12, 11)
    assert find_date("没有日期") is None


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (1635307729, utc(2021, 10, 27, 4, 8, 49)),
        (1635307729000, utc(2021, 10, 27, 4, 8, 49)),
        (0, None),
        (-1, None),
        (10**30, None),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_seconds_since_1970(seconds: float, expected: datetime | None) -> None:
    assert date_from_epoch(seconds) == expected


@given(st.text())
def test_no_text_raises(text: str) -> None:
    for found in (parse_date(text), find_date(text)):
        assert found is None or FIRST_YEAR <= found.year <= LAST_YEAR


@given(
    st.from_regex(
        r"[0-9]{1,5}[-/年.][0-9]{1,3}[-/月.][0-9]{1,3}[ T日]{0,2}[0-9:]{0,9}[Z+-]?[0-9:]{0,6}", fullmatch=True
    )
)
def test_nothing_like_a_date_raises(text: str) -> None:
    parse_date(text)


@given(st.datetimes(min_value=datetime(1990, 1, 2), max_value=datetime(2100, 12, 30)))
def test_iso_dates_come_back(date: datetime) -> None:
    aware = date.replace(microsecond=0, tzinfo=timezone.utc)
    assert parse_date(aware.isoformat()) == aware
    assert parse_date(aware.strftime("%d %b %Y %H:%M:%S GMT")) == aware
