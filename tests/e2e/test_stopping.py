"""An update or an addition that another thread ends, or that was killed: what was committed stays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.indexing import transactions, workers
from cnsearch.store.transaction import begin

Write = Callable[..., Path]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[cnsearch.Index]:
    monkeypatch.setattr(transactions, "COMMIT_EVERY", 20)
    monkeypatch.setattr(workers, "CHUNK", 5)
    monkeypatch.setattr(workers, "CHUNK_AT_HAND", 5)
    monkeypatch.setattr(workers, "MIN_ARTICLES_FOR_WORKERS", 10)
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        yield index


def articles(count: int) -> Iterator[Article]:
    return (Article(id=f"{n:03}", title=f"江豚{n}", paragraphs=("长江",)) for n in range(count))


def test_an_addition_tells_how_far_it_is(index: cnsearch.Index) -> None:
    seen: list[tuple[int, int | None]] = []
    report = index.add(articles(12), progress=lambda done, total: seen.append((done, total)))
    assert report.added == len(index) == 12
    assert seen == [(5, None), (10, None), (12, None)]


def test_an_addition_that_is_only_tried(index: cnsearch.Index) -> None:
    index.add(articles(3))
    report = index.add(articles(5), dry_run=True)
    assert (report.added, report.unchanged, report.articles, len(index)) == (2, 3, 3, 3)


def test_workers_add_what_one_process_adds(index: cnsearch.Index, tmp_path: Path) -> None:
    many = list(articles(300))
    index.add(many, jobs=2)
    with cnsearch.open_index(tmp_path / "other", create=True) as other:
        other.add(many, jobs=1)
        assert sorted(other.ids()) == sorted(index.ids())
        assert [hit.id for hit in other.search("江豚", limit=9)] == [hit.id for hit in index.search("江豚", limit=9)]


def test_an_addition_that_broke_off_goes_on(index: cnsearch.Index) -> None:
    def broken() -> Iterator[Article]:
        yield from articles(50)
        raise OSError("the database is gone")

    with pytest.raises(OSError, match="database"):
        index.add(broken(), jobs=1)
    index.refresh()
    assert len(index) == 40  # two batches
    again = index.add(articles(60), jobs=1)
    assert (again.unchanged, again.added, again.articles) == (40, 20, 60)


def test_an_addition_is_stopped(index: cnsearch.Index) -> None:
    stop = threading.Event()

    def endless() -> Iterator[Article]:
        for n, article in enumerate(articles(10_000)):
            if n == 33:
                stop.set()
            yield article

    report = index.add(endless(), jobs=1, stop=stop)
    assert report.stopped
    assert report.to_dict()["stopped"] is True
    assert report.added == report.articles == len(index) == 33
    again = index.add(articles(40), jobs=1, stop=threading.Event())
    assert (again.stopped, again.unchanged, again.added) == (False, 33, 7)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_update_is_stopped(index: cnsearch.Index, tmp_path: Path, write_post: Write, jobs: int) -> None:
    for n in range(300):
        write_post(tmp_path / f"posts/{n:03}.md", f"江豚{n}", age=100)
    stop = threading.Event()
    report = index.update(tmp_path / "posts", jobs=jobs, stop=stop, progress=lambda done, total: stop.set())
    assert report.stopped
    assert 0 < report.added == report.articles == len(index) < 300
    again = index.update(jobs=1)
    assert (again.stopped, again.unchanged, again.added) == (False, report.added, 300 - report.added)


def test_what_is_whole_or_nothing_is_nothing_when_stopped(
    index: cnsearch.Index, tmp_path: Path, write_post: Write
) -> None:
    """Half the articles with the new source, and the others never read again, would be wrong for good."""
    for n in range(50):
        write_post(tmp_path / f"posts/{n:03}.md", f"江豚{n}", source="", age=100)
    index.update(tmp_path / "posts", jobs=1)
    stop = threading.Event()
    report = index.update(
        tmp_path / "posts", source="每经网", jobs=1, stop=stop, progress=lambda done, total: stop.set()
    )
    assert (report.stopped, report.changed, report.articles) == (True, 0, 50)
    assert index.search("江豚", source="每经网").total == 0
    again = index.update(tmp_path / "posts", source="每经网", jobs=1)
    assert (again.changed, index.search("江豚", source="每经网").total) == (50, 50)


def test_a_broken_off_change_of_settings_is_none(index: cnsearch.Index, tmp_path: Path, write_post: Write) -> None:
    for n in range(50):
        write_post(tmp_path / f"posts/{n:03}.md", f"江豚{n}", source="", age=100)
    index.update(tmp_path / "posts", jobs=1)

    def interrupt(done: int, total: int | None) -> None:
        if done > 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.update(tmp_path / "posts", source="每经网", jobs=1, progress=interrupt)
    index.update(tmp_path / "posts", jobs=1)
    assert index.search("江豚", source="每经网").total == 0
    index.update(tmp_path / "posts", source="每经网", jobs=1)
    assert index.search("江豚", source="每经网").total == 50


def test_closing_stops_what_another_thread_writes(index: cnsearch.Index, tmp_path: Path) -> None:
    begun, reports = threading.Event(), []

    def endless() -> Iterator[Article]:
        for article in articles(1_000_000):
            yield article
            if article.id == "030":
                begun.set()

    writer = threading.Thread(target=lambda: reports.append(index.add(endless(), jobs=1)))
    writer.start()
    assert begun.wait(60)
    index.close()
    writer.join(60)
    assert not writer.is_alive()
    assert reports[0].stopped
    with cnsearch.open_index(tmp_path / "index") as again:
        assert len(again) == reports[0].added == reports[0].articles > 30


def test_who_waits_for_another_writer_is_stopped_too(index: cnsearch.Index) -> None:
    transaction = begin(index._backend.store)
    stop, reports = threading.Event(), []
    waiting = threading.Thread(target=lambda: reports.append(index.add(articles(3), stop=stop)))
    waiting.start()
    stop.set()
    waiting.join(60)
    assert not waiting.is_alive()
    transaction.cancel()
    assert (reports[0].stopped, reports[0].added, len(index)) == (True, 0, 0)
    assert index.add(articles(3)).added == 3  # its place in the queue is free


def test_no_event(index: cnsearch.Index) -> None:
    with pytest.raises(TypeError, match=r"stop must be a threading\.Event"):
        index.add(articles(1), stop=True)  # type: ignore[arg-type]
