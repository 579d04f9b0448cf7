"""Hashes of articles: of everything that the index gives back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from cnsearch import Article
from cnsearch.indexing.digests import article_digest, file_digest
from cnsearch.store.fields import DIGEST_BYTES

ARTICLE = Article(
    id="1",
    title="海",
    paragraphs=("一", "二\n三"),
    source="报",
    categories=("新闻", "国内"),
    author="甲",
    date=datetime(2021, 10, 1, 8, tzinfo=timezone.utc),
    url="https://a/1",
    path="a.md",
    tags=("海", "鱼"),
    headings=(0,),
    labels={"lang": ("zh",)},
    extra={"n": 1},
)


def test_the_digest_of_an_article_stays_what_it_is() -> None:
    """Another one would make every article of every index be cut again."""
    assert article_digest(ARTICLE).hex() == "03a9e47a359ae7fbfeaeef132728c121"
    assert len(file_digest(b"")) == DIGEST_BYTES


@pytest.mark.parametrize(
    "change",
    [
        {"id": "2"},
        {"title": "海 "},
        {"paragraphs": ("一", "二", "三")},
        {"source": ""},
        {"categories": ("新闻",)},
        {"author": "乙"},
        {"date": datetime(2021, 10, 1, 9, tzinfo=timezone.utc)},
        {"date": None},
        {"url": ""},
        {"path": ""},
        {"tags": ("海",)},
        {"headings": ()},
        {"labels": {}},
        {"extra": {"n": 2}},
        {"draft": True},
    ],
)
def test_every_value_counts(change: dict[str, Any]) -> None:
    assert article_digest(replace(ARTICLE, **change)) != article_digest(ARTICLE)


def test_of_a_date_the_instant_counts_and_of_a_line_end_none_of_its_kinds() -> None:
    elsewhere = datetime(2021, 10, 1, 16, tzinfo=timezone(timedelta(hours=8)))
    assert article_digest(replace(ARTICLE, date=elsewhere)) == article_digest(ARTICLE)
    assert article_digest(replace(ARTICLE, paragraphs=("一", "二\r\n三"))) == article_digest(ARTICLE)
