"""Lines about an article, as a terminal shows them."""

from datetime import datetime, timedelta, timezone

import pytest

from cnsearch.faces.terminal import article_text
from cnsearch.model import Article

BEIJING = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("date", "shown"),
    [
        (datetime(2021, 10, 27, tzinfo=BEIJING), "2021-10-27"),
        (datetime(2021, 10, 27, 8, tzinfo=BEIJING), "2021-10-27 08:00"),
        (datetime(2021, 10, 26, 16, tzinfo=timezone.utc), "2021-10-27"),
    ],
)
def test_a_day_is_shown_as_a_day(date: datetime, shown: str) -> None:
    assert article_text(Article("a", "题", date=date), zone=BEIJING, color=False).splitlines()[1] == shown


@pytest.mark.parametrize(
    ("source", "author", "shown"),
    [
        ("每经网", "每经网", "每经网 · 金融"),
        ("知乎", "知乎 - 用户文章", "知乎 · 金融"),
        ("晨报", "张三", "晨报 · 张三 · 金融"),
        ("", "张三", "张三 · 金融"),
    ],
)
def test_an_author_is_shown_where_it_is_not_the_source(source: str, author: str, shown: str) -> None:
    article = Article("a", "题", source=source, author=author, categories=("金融",))
    assert article_text(article, zone=BEIJING, color=False).splitlines()[1] == shown
