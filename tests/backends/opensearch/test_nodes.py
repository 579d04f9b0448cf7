"""Two real nodes, of which one is killed: nothing is lost, nothing is there twice. Takes a minute: ``make cluster``."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch import Article

pytestmark = pytest.mark.skipif(not os.environ.get("CNSEARCH_CLUSTER"), reason="two nodes take a minute: make cluster")
NUM = 3_000


@pytest.fixture
def pair(nodes: Any, tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    try:
        one, other = nodes.two_nodes(tmp_path)
    except nodes.NoNodeError as reason:
        pytest.skip(str(reason))
    try:
        yield one, other
    finally:
        other.end(kill=True)
        one.end(kill=True)


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


def is_green(node: Any) -> bool:
    return bool(node.get("/_cluster/health")[0]["status"] == "green")


def articles() -> Iterator[Article]:
    for number in range(NUM):
        yield Article(str(number), f"第{number}篇", ("龙井茶与江豚",) * 5)


def test_a_node_is_killed_while_articles_are_written(pair: tuple[Any, Any]) -> None:
    one, other = pair
    url = f"opensearch+http://{other.host},{one.host}/killed?shards=2&replicas=1"
    with cnsearch.open_index(url, create=True) as index:
        until(lambda: is_green(one))

        def follow(done: int, total: int | None) -> None:
            if done > NUM // 3 and other.process is not None:
                other.end(kill=True)

        report = index.add(articles(), jobs=1, progress=follow)
        assert other.process is None
        assert (report.added, report.failed, report.articles) == (NUM, (), NUM)
        assert index.search("江豚").total == NUM
        assert sorted(index.ids(), key=int) == [str(number) for number in range(NUM)]
        other.start().wait(2)  # it comes back and is brought up to date
        until(lambda: is_green(one))
        one_by_one = {index.search("江豚", limit=0).total for _ in range(6)}
        assert one_by_one == {NUM}


def test_a_node_is_killed_while_readers_search(pair: tuple[Any, Any]) -> None:
    one, other = pair
    url = f"opensearch+http://{one.host},{other.host}/read?shards=2&replicas=1"
    totals: set[int] = set()
    failed: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            with cnsearch.open_index(url) as reader:
                while not done.is_set():
                    totals.add(reader.search("江豚", facets=["source"]).total)
        except BaseException as error:
            failed.append(error)

    with cnsearch.open_index(url, create=True) as index:
        index.add(articles(), jobs=1)
        until(lambda: is_green(one))
        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        time.sleep(2)
        other.end(kill=True)
        time.sleep(8)
        done.set()
        for thread in threads:
            thread.join()
        assert not failed
        assert totals == {NUM}
        assert index.add(Article("new", "江豚"), jobs=1).added == 1
        assert index.search("江豚").total == NUM + 1
