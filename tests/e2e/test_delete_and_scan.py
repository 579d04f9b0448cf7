"""Deleting what a query finds, walking over all that it finds, and the oldest first."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch import Article

FIRST = datetime(2021, 1, 1, tzinfo=timezone.utc)


def article(n: int) -> Article:
    """Every fifth is undated."""
    return Article(
        id=f"{n:02}",
        title=f"江豚第{n}篇",
        paragraphs=("长江里的江豚。" * (1 + n % 3), "上海" if n % 2 else "武汉"),
        source=("甲报", "乙报")[n % 2],
        categories=("科学", f"频道{n % 3}"),
        author="李四" if n < 4 else "",
        date=FIRST + timedelta(days=(n * 7) % 30) if n % 5 else None,
        tags=("长江/动物",) if n % 3 == 0 else (),
        draft=n == 7,
        labels={"language": ("zh",) if n < 20 else ("en",)},
    )


@pytest.fixture
def index(tmp_path: Path) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(article(n) for n in range(15))
        index.add(article(n) for n in range(15, 31))
        index.delete("30")
        yield index


FILTERS: list[dict[str, Any]] = [
    {"query": "上海"},
    {"query": '"江豚第2"'},
    {"query": "江豚 -上海", "match": "all"},
    {"query": "title:第3篇"},
    {"query": "-上海", "raw": True},
    {"query": "江*豚"},
    {"source": "甲报"},
    {"source": ["甲报", "没有"], "query": "上海"},
    {"category": "频道1"},
    {"author": "李四"},
    {"tag": "长江"},
    {"labels": {"language": "en"}},
    {"draft": True},
    {"since": "2021-01-20"},
    {"until": "2021-01-03", "source": "乙报"},
    {"query": "没有人写过的词语"},
    {"source": []},
    {"labels": {"language": []}},
    {"query": ""},
]


@pytest.mark.parametrize("asked", FILTERS, ids=str)
def test_what_a_search_finds_is_deleted(index: cnsearch.Index, asked: dict[str, Any]) -> None:
    found = {hit.id for hit in index.search(**{"query": "", "match": "all", **asked}, limit=100)}
    before = set(index.ids())
    assert index.delete(**asked, dry_run=True) == len(found)
    assert set(index.ids()) == before
    assert index.delete(**asked) == len(found)
    assert set(index.ids()) == before - found


@pytest.mark.parametrize("order", ["score", "date", "oldest"])
@pytest.mark.parametrize("asked", FILTERS, ids=str)
def test_a_scan_is_a_search_without_a_limit(index: cnsearch.Index, asked: dict[str, Any], order: Any) -> None:
    if asked == {"query": ""}:
        return
    wanted = index.search(**{"query": "", **asked}, sort=order, limit=100)
    hits = list(index.scan(**asked, sort=order))
    assert len(hits) == wanted.total
    assert [(hit.rank, hit.id, hit.score) for hit in hits] == [(hit.rank, hit.id, hit.score) for hit in wanted]
    assert [(hit.snippet, hit.title_fragment, hit.missing, hit.explain()) for hit in hits] == [
        (hit.snippet, hit.title_fragment, hit.missing, hit.explain()) for hit in wanted
    ]


def test_a_scan_of_everything(index: cnsearch.Index) -> None:
    every = [hit.id for hit in index.scan()]
    assert len(every) == len(set(every)) == len(index)
    dated = [hit.date for hit in index.scan() if hit.date]
    assert dated == sorted(dated, reverse=True)


def test_the_oldest_first_and_undated_last(index: cnsearch.Index) -> None:
    for oldest in (
        [hit.date for hit in index.scan(sort="oldest")],
        [hit.date for hit in index.search("江豚", sort="oldest", limit=100)],
        [hit.date for hit in index.search("", source=["甲报", "乙报"], sort="oldest", limit=100)],
    ):
        dated = [date for date in oldest if date is not None]
        assert len(oldest) == 30
        assert dated == sorted(dated)
        assert oldest[: len(dated)] == dated
    pages = [hit.id for start in range(0, 30, 7) for hit in index.search("江豚", sort="oldest", limit=7, offset=start)]
    assert pages == [hit.id for hit in index.scan("江豚", sort="oldest")]
    folded = index.search("江豚", sort="oldest", collapse=True, limit=100)
    dates = [hit.date for hit in folded if hit.date]
    assert dates == sorted(dates)
    with pytest.raises(ValueError, match='sort must be "score", "date" or "oldest"'):
        index.search("江豚", sort="newest")  # type: ignore[arg-type]


def test_a_scan_goes_on_with_its_commit(index: cnsearch.Index) -> None:
    hits = index.scan("江豚")
    first = next(hits)
    assert index.delete(query="江豚") == 30
    index.refresh()
    rest = list(hits)
    assert len({first.id, *(hit.id for hit in rest)}) == 30
    assert rest[-1].snippet.text()
    assert list(index.scan("江豚")) == []


def test_a_scan_ends_clearly_when_the_index_is_closed(index: cnsearch.Index) -> None:
    hits = index.scan("江豚")
    next(hits)
    index.close()
    with pytest.raises(ValueError, match="closed"):
        next(hits)


def test_what_is_wrong_with_a_scan_is_said_at_once(index: cnsearch.Index) -> None:
    for wrong in ({"sort": "newest"}, {"match": "some"}, {"half_life_days": 0}, {"since": "2021-13"}):
        with pytest.raises((ValueError, cnsearch.QuerySyntaxError)):
            index.scan("江豚", **wrong)  # type: ignore[arg-type]


def test_a_word_that_no_article_has_spares_all(index: cnsearch.Index) -> None:
    """A search makes do with what is left of the query."""
    assert index.search("长江 没有人写过").total
    assert index.delete(query="长江 没有人写过") == 0
    assert index.delete(query="长江 没有人写过", match="any") == 30


def test_ids_and_filters_together(index: cnsearch.Index) -> None:
    assert index.delete(["00", "01", "02", "nothing"], source="甲报") == 2
    assert "01" in index
    assert index.delete([]) == 0
    assert index.delete([], source="甲报") == 0
    assert index.delete("01", query="没有人写过的词语") == 0
    assert index.delete(["01", "01", "nothing"], dry_run=True) == 1
    assert index.delete(["01", "01", "nothing"]) == 1


@pytest.mark.parametrize("nothing", [{}, {"source": None}, {"labels": {}}, {"labels": {"language": None}}])
def test_nothing_says_what_to_delete(index: cnsearch.Index, nothing: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="must be said"):
        index.delete(**nothing)
    assert len(index) == 30


def test_deleting_nothing_commits_nothing(index: cnsearch.Index) -> None:
    generation = index._backend.store.generation()
    assert index.delete("nothing") == index.delete(source=[]) == 0
    assert index._backend.store.generation() == generation


def test_deleting_sees_what_others_have_committed(index: cnsearch.Index, tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path / "index") as other:
        other.add(Article(id="new", title="白鱀豚"))
    assert index.search("白鱀豚").total == 0
    assert index.delete(query="白鱀豚") == 1


def test_an_index_that_is_forgotten_is_said(tmp_path: Path) -> None:
    index = cnsearch.open_index(tmp_path / "index", create=True)
    index.add(article(1))
    hits = index.search("江豚")
    with pytest.warns(ResourceWarning, match="was not closed"):  # noqa: PT031  # counting references may not be enough
        del index
        gc.collect()
    assert "江豚" in hits[0].snippet.text()  # what was found stays readable
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with cnsearch.open_index(tmp_path / "index") as index:
            pass
        del index
        with pytest.raises(cnsearch.IndexNotFoundError):
            cnsearch.open_index(tmp_path / "none")
        gc.collect()
