"""What is left to be cut again when a run has ended: for other mean lengths, for a dictionary whose change was cut."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.backends.opensearch import recut
from cnsearch.backends.opensearch.address import parse_address
from cnsearch.backends.opensearch.cluster import Cluster
from cnsearch.backends.opensearch.kept import Kept
from cnsearch.opening import rebuild_index

Url = Callable[..., str]
WHALE = "蓝鲸号"


@pytest.fixture
def kept(new_url: Url) -> Iterator[Kept]:
    """An empty index."""
    url = new_url()
    cnsearch.open_index(url, create=True).close()
    cluster = Cluster(parse_address(url))
    yield Kept(cluster)
    cluster.close()


def url_of(kept: Kept) -> str:
    return str(kept.cluster.address)


def growing(count: int) -> list[Article]:
    """The first are short, the last long: those that are drawn first say little of all. Half of them have tea, and tags
    the others."""
    texts = [("茶叶", "龙井")[at % 2] + "与江豚" * (at // 4 + 1) for at in range(count)]
    return [Article(f"{at:04d}", "文", (text,), tags=("白鲸",) * (at % 2)) for at, text in enumerate(texts)]


def test_mean_lengths_are_those_of_all_articles_whatever_came_first(kept: Kept, tmp_path: Path) -> None:
    articles = growing(600)
    with cnsearch.open_index(url_of(kept)) as index, cnsearch.open_index(str(tmp_path / "i"), create=True) as local:
        index.add(articles[:20], jobs=1)
        first = kept.facts()
        index.add(articles, jobs=1)
        local.add(articles, jobs=1)
        facts = kept.facts()
        means, num = recut.averages_of(articles, WordTokenizer())
        assert (first.measured, facts.measured) == (20, num)
        assert facts.averages["body"] > 5 * first.averages["body"]
        assert facts.averages == pytest.approx(means, abs=0.001)
        # All are written with them: they score as in a folder.
        ours = {hit.id: hit.score for hit in local.search("茶叶", limit=600)}
        for hit in index.search("茶叶", limit=600):
            assert hit.score == pytest.approx(ours[hit.id], rel=0.03)


def test_means_that_hardly_move_cut_nothing_again(kept: Kept) -> None:
    alike = [Article(str(number), "龙井", ("江豚与白鲸" * 20,)) for number in range(90)]
    with cnsearch.open_index(url_of(kept)) as index:
        index.add(alike[:20], jobs=1)
        mark = kept.mark()
        index.add(alike[20:39], jobs=1)
        assert kept.facts().measured == 20  # not yet twice as many
        index.add(alike[39:], jobs=1)
        assert kept.facts().measured == 90
        written = int(kept.mark().rpartition(":")[2]) - int(mark.rpartition(":")[2])
        assert written == 70  # each new article once


def test_who_is_not_alone_leaves_it_to_a_later_run(kept: Kept) -> None:
    articles = growing(60)
    ticket = {"kind": "writer", "state": {"pid": 7, "host": "elsewhere", "alone": False}, "until": 4e9}
    with cnsearch.open_index(url_of(kept)) as index:
        index.add(articles[:20], jobs=1)
        kept.cluster.request("PUT", f"/{kept.state}/_doc/writer-x", ticket, refresh="true")
        assert index.add(articles[:59], jobs=1).added == 39
        assert kept.facts().measured == 20
        kept.cluster.request("DELETE", f"/{kept.state}/_doc/writer-x", refresh="true")
        index.add(articles, jobs=1)
        assert kept.facts().measured == 60


def test_a_rebuild_takes_the_means_of_all(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    articles = growing(60)
    monkeypatch.setattr(recut, "MEASURED_UNTIL", 10)  # never again by itself
    with cnsearch.open_index(url_of(kept)) as index:
        index.add(articles[:20], jobs=1)
        index.add(articles, jobs=1)
        assert kept.facts().measured == 20
    rebuild_index(url_of(kept), jobs=1)[0].close()
    facts = kept.facts()
    assert facts.measured == 60
    assert facts.averages["body"] == pytest.approx(recut.averages_of(articles, WordTokenizer())[0]["body"], abs=0.001)


# A dictionary whose change was cut short

NUM = 300
IN_SMALL_PARTS = """
from cnsearch.backends.opensearch import writer
from cnsearch.faces.cli.program import main

writer.BULK_BYTES = 40_000
main()
"""


@pytest.fixture
def whales(kept: Kept) -> Kept:
    with cnsearch.open_index(url_of(kept)) as index:
        index.add((Article(str(number), "船", (f"{WHALE}第{number}次出海",)) for number in range(NUM)), jobs=1)
    return kept


def num_cut_by_it(kept: Kept) -> int:
    kept.refresh()
    body = {"size": 0, "query": {"term": {"words": WHALE}}, "track_total_hits": True}
    total: int = kept.cluster.search(kept.alias, body)["hits"]["total"]["value"]
    return total


def cut_short(whales: Kept, node: str, proxied: Any, number: int) -> None:
    """``dict add``, ended by a signal when it has sent a part of the articles."""
    with proxied(node) as proxy:
        url = f"opensearch+http://{proxy.host}/{whales.alias}"
        started = subprocess.Popen(
            [sys.executable, "-c", IN_SMALL_PARTS, "dict", "add", "--index", url, WHALE],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        num_bulk = 0

        def hook(method: str, path: str, body: bytes) -> None:
            nonlocal num_bulk
            num_bulk += "_bulk" in path
            if num_bulk == 3 and "_bulk" in path:
                os.kill(started.pid, number)
                started.wait(30)

        proxy.hook = hook
        _, said = started.communicate(timeout=60)
    assert started.returncode == (130 if number == signal.SIGINT else -number)
    assert "Traceback" not in said
    # The ticket of who was killed has run out.
    for hit in whales.cluster.search(whales.state, {"query": {"term": {"kind": "writer"}}})["hits"]["hits"]:
        whales.cluster.request("DELETE", f"/{whales.state}/_doc/{hit['_id']}", refresh="true")
    assert 0 < num_cut_by_it(whales) < NUM
    assert WHALE in whales.facts().unsure


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_dictionary_whose_change_was_cut_short_is_changed_by_the_same_command(
    number: int, whales: Kept, node: str, proxied: Any
) -> None:
    cut_short(whales, node, proxied, number)
    with cnsearch.open_index(url_of(whales)) as index:
        assert not index.user_words  # not before all are cut by it
        report = index.add_words(WHALE)
        assert report.retokenised == NUM
        assert list(index.user_words) == [WHALE]
        assert index.search(WHALE).total == NUM
    assert num_cut_by_it(whales) == NUM
    assert not whales.facts().unsure


def test_a_dictionary_whose_change_was_cut_short_is_whole_after_any_run(whales: Kept, node: str, proxied: Any) -> None:
    """Who does not want the word any more has articles that are cut without it."""
    cut_short(whales, node, proxied, signal.SIGKILL)
    with cnsearch.open_index(url_of(whales)) as index:
        index.add(Article("another", "另一艘船"), jobs=1)
        assert num_cut_by_it(whales) == 0
        assert not whales.facts().unsure
        index.add_words("另一艘船")
        assert list(index.user_words) == ["另一艘船"]
        assert index.search(WHALE).total == NUM
