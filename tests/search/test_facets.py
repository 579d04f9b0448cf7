"""Facets against counting the articles themselves."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.search.facets import FACETS

SEED = 5
ZONES = ["Asia/Shanghai", "UTC", "America/New_York"]


def articles() -> list[Article]:
    rnd = random.Random(SEED)
    found = []
    for number in range(300):
        source = rnd.choice(["每经网", "新浪财经", "", "Solidot"])
        # Around midnight of a new year, a new month, and anywhere.
        start = rnd.choice([datetime(2020, 12, 31, 12), datetime(1989, 4, 30, 10), datetime(2021, 3, 1)])
        date = start.replace(tzinfo=timezone.utc) + timedelta(minutes=rnd.randrange(60 * 24 * 3))
        levels = ("金融", source or "无", rnd.choice(["金融", "AI / ML", "甲"]))[: rnd.randint(0, 3)]
        found.append(
            Article(
                id=f"{number:03d}",
                title=rnd.choice(["上海", "北京"]),
                source=source,
                categories=levels,
                author=rnd.choice(["莫言", ""]),
                date=None if rnd.random() < 0.1 else date,
            )
        )
    return found


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = str(tmp_path_factory.mktemp("facets") / "index")
    with cnsearch.open_index(folder, create=True) as index:
        several = articles()
        for first in range(0, 300, 100):
            index.add(several[first : first + 100])
        index.delete([f"{number:03d}" for number in range(0, 300, 7)])
        yield folder


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("query", ["上海", "", "*", "-上海", "没有的词"])
def test_counts(path: str, query: str, zone: str) -> None:
    expected: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for article in articles():
        if int(article.id) % 7 == 0 or (query == "上海") > (article.title == "上海") or query in ("", "没有的词"):
            continue
        if query == "-上海" and article.title == "上海":
            continue
        expected["source"].update([article.source] if article.source else [])
        expected["author"].update([article.author] if article.author else [])
        expected["category"].update(set(article.categories))
        depths = range(1, len(article.categories) + 1)
        expected["category_path"].update({"/".join(article.categories[:depth]) for depth in depths})
        if article.date is not None:
            day = article.date.astimezone(ZoneInfo(zone))
            expected["year"][f"{day:%Y}"] += 1
            expected["month"][f"{day:%Y-%m}"] += 1
    with cnsearch.open_index(path, time_zone=zone) as index:
        results = index.search(query, facets=FACETS, limit=0)
    assert results.facets == expected
    for counts in results.facets.values():
        assert list(counts.items()) == sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    assert results.to_dict()["facets"] == expected


def test_facets_obey_filters_and_are_counted_only_if_asked_for(path: str) -> None:
    with cnsearch.open_index(path) as index:
        results = index.search("上海", source="每经网", facets=["source"], limit=0)
        assert results.facets == {"source": {"每经网": results.total}}
        assert index.search("上海").facets == {}
        with pytest.raises(ValueError, match="month"):
            index.search("上海", facets=["day"])


def test_an_index_without_labels_and_dates(tmp_path: object) -> None:
    with cnsearch.open_index(f"{tmp_path}/index", create=True) as index:
        assert index.search("*", facets=FACETS).facets == {name: {} for name in FACETS}
        index.add(Article(id="1", title="上海"))
        assert index.search("*", facets=FACETS).facets == {name: {} for name in FACETS}
