"""Articles made by a program."""

import datetime as dates
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cnsearch import Article

NEW_YEAR = dates.datetime(2021, 12, 31, 16, tzinfo=dates.timezone.utc)


def test_from_html() -> None:
    article = Article.from_html(
        7,
        "<p>一</p><script>x</script><p>二</p>",
        title="甲 &amp; 乙",
        source="源",
        categories=["新闻", "国内"],
        tags="海,山",
        author="张三",
        date="2022-01-01",
        url="https://a",
        labels={"language": "zh"},
        extra={"price": 5},
        draft=True,
    )
    assert article == Article(
        "7",
        "甲 & 乙",
        ("一", "二"),
        "源",
        ("新闻", "国内"),
        "张三",
        NEW_YEAR,
        "https://a",
        "",
        ("海", "山"),
        True,
        (),
        {"language": ("zh",)},
        {"price": 5},
    )


def test_from_text() -> None:
    assert Article.from_text("a", "一 <b>\n二", categories="新闻/国内") == Article(
        "a", "一 <b>", ("一 <b>", "二"), categories=("新闻", "国内")
    )
    assert Article.from_text("a", "**一**", markdown=True, title="t").paragraphs == ("一",)
    assert Article.from_text("a", "", title="t", source=None, categories=None, date=None) == Article("a", "t")


@pytest.mark.parametrize(
    "date",
    ["2022-01-01", "2022年1月1日", dates.date(2022, 1, 1), dates.datetime(2022, 1, 1), NEW_YEAR, NEW_YEAR.timestamp()],
)
def test_dates_of_a_program(date: Any) -> None:
    assert Article.from_text("a", "t", date=date).date == NEW_YEAR


def test_a_date_without_a_zone_is_in_the_one_given() -> None:
    paris = dates.datetime(2021, 12, 31, 23, tzinfo=dates.timezone.utc)
    for zone in ("Europe/Paris", ZoneInfo("Europe/Paris")):
        for date in ("2022-01-01", dates.date(2022, 1, 1), dates.datetime(2022, 1, 1)):
            assert Article.from_text("a", "t", date=date, time_zone=zone).date == paris


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(TypeError, match=r'Article.from_html: "html" must be a string, not bytes'):
        Article.from_html("a", b"<p>")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"Article.from_text: id must be a string or an integer, not None"):
        Article.from_text(None, "x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match='"categories" must be a list of strings'):
        Article.from_text("a", "x", categories=[1])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="unknown time zone 'Mars'"):
        Article.from_text("a", "x", time_zone="Mars")
    with pytest.raises(ValueError, match="is the name of another field"):
        Article.from_text("a", "x", labels={"title": "y"})


def test_lists_become_tuples() -> None:
    article = Article("a", "t", ["文"], categories=["c"], tags=["d"], labels={"x": ["y"]}, headings=[0])  # type: ignore[arg-type, dict-item]
    assert article == Article("a", "t", ("文",), categories=("c",), tags=("d",), labels={"x": ("y",)}, headings=(0,))
    with pytest.raises(TypeError, match="a tuple or a list"):
        Article("a", "t", categories={"a", "b"})  # type: ignore[arg-type]
