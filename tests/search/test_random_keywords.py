"""Random keyword queries, with texts that are read otherwise than they fold: kernels find what the steps find."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timezone
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnsearch
from cnsearch import Article, kernels
from cnsearch.backends.asked import Asked
from cnsearch.backends.base import Options
from cnsearch.request import SearchRequest
from cnsearch.search.compiled import CompiledQueries
from cnsearch.search.plan import Plan
from cnsearch.search.searcher import Searcher
from cnsearch.search.steps.keywords import Keywords

if kernels.searching() is None:
    pytest.skip("there are no compiled kernels here", allow_module_level=True)

TITLES = [
    "上海城市规划",
    "城市，规划！",
    "数字化转型 linux",
    "看著城市",
    "ﬁnance 城市",
    "数 字 化",
    "Ⅲ 期",
    "著名 城市",
    "",
]
WORDS = "上海 城市 规划 数字化转型 转型 著作 看着 linux finance 什么 龙井茶 没有这词".split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of several segments, with deleted documents."""
    folder = tmp_path_factory.mktemp("compiled") / "index"
    with cnsearch.open_index(folder, create=True) as index:
        for first, count in ((0, 120), (120, 30), (150, 7)):
            index.add(
                Article(
                    str(number),
                    TITLES[number % len(TITLES)],
                    ("，".join(word for at, word in enumerate(WORDS[:-1]) if number % (at + 2) == 0) or "别的", "末段"),
                    source="甲" if number % 3 else "乙",
                    tags=("城市",) if number % 11 == 0 else (),
                )
                for number in range(first, first + count)
            )
        index.delete([str(number) for number in range(0, 140, 9)])
    return folder


@pytest.fixture(scope="module")
def searcher(folder: Path) -> Iterator[Searcher]:
    with cnsearch.open_index(folder) as index:
        found: Searcher = index._backend.current()  # type: ignore[attr-defined]
        assert len(found.snapshot.segments) > 1
        assert found.snapshot.live is not None
        yield found


def planned(searcher: Searcher, text: str, **arguments: object) -> Plan:
    asked = Asked.of(searcher, SearchRequest(text, **arguments), Options(timezone.utc))  # type: ignore[arg-type]
    return asked.read(asked.parsed(text)).plan


queries = st.lists(
    st.sampled_from([*WORDS, *TITLES[:-1], "数字化", "看着城市", "是什么", "怎么"]), min_size=1, max_size=5, unique=True
)


@given(
    queries,
    st.sampled_from([" ", ""]),
    st.sampled_from(["", " -linux", " source:甲", ' -"转型"']),
    st.sampled_from([{}, {"source": "乙"}, {"tag": "城市"}]),
    st.sampled_from([(10, 0), (3, 2), (1, 12), (0, 0), (200, 0)]),
)
def test_both_find_the_same(
    searcher: Searcher, words: list[str], joint: str, more: str, filters: dict[str, str], page: tuple[int, int]
) -> None:
    plan = planned(searcher, joint.join(words) + more, **filters)
    limit, offset = page
    found = searcher.rank(plan, order="score", limit=limit, offset=offset)
    with mock.patch.object(CompiledQueries, "run", return_value=None):
        expected = searcher.rank(plan, order="score", limit=limit, offset=offset)
    assert expected.run is None
    assert (found.total, found.num_second, found.doc_numbers) == (
        expected.total,
        expected.num_second,
        expected.doc_numbers,
    )
    assert found.scores == pytest.approx(expected.scores, rel=1e-5)
    assert found.matching.tolist() == expected.matching.tolist()
    assert found.keys == pytest.approx(expected.keys, rel=1e-5)
    for step in plan.step.walk() if plan.step is not None else ():
        for word in step.words if isinstance(step, Keywords) else ():
            for number in range(0, searcher.snapshot.num_docs, 7):
                assert found.has(word, number, searcher.leaves) == word.is_in(number, searcher.leaves)


@pytest.mark.parametrize("query", ["数字化", "看着城市", "怎么看着龙井茶", "龙井茶上海是什么"])
def test_titles_to_be_read_and_the_best_of_a_question(searcher: Searcher, query: str) -> None:
    plan = planned(searcher, query)
    found = searcher.rank(plan, order="score", limit=200, offset=0)
    assert found.run is not None
    with mock.patch.object(CompiledQueries, "run", return_value=None):
        expected = searcher.rank(plan, order="score", limit=200, offset=0)
    assert found.doc_numbers == expected.doc_numbers
    assert found.scores == pytest.approx(expected.scores, rel=1e-5)


@pytest.mark.parametrize(
    "query", ["上海", "城市 规划", "上海 -linux", "什么是城市规划", "上海 城市 +source:甲", "databases"]
)
def test_a_run_of_words_is_run_by_kernels(searcher: Searcher, query: str) -> None:
    assert searcher.rank(planned(searcher, query), order="score", limit=3, offset=0).run is not None


@pytest.mark.parametrize("query", ['"上海"', "上海 OR 城市", "上*", "", "source:甲"])
def test_what_is_no_run_of_words_alone_is_not(searcher: Searcher, query: str) -> None:
    assert searcher.rank(planned(searcher, query), order="score", limit=3, offset=0).run is None


def test_half_of_a_surrogate_pair_is_left_to_the_steps(searcher: Searcher) -> None:
    plan = planned(searcher, "\ud800城市")
    assert searcher.rank(plan, order="score", limit=3, offset=0).total >= 0


def test_names_are_those_of_the_snapshot(searcher: Searcher) -> None:
    numbers = list(range(searcher.snapshot.num_docs))
    assert searcher.names(numbers) == [searcher.snapshot.name_of(number) for number in numbers]


def test_a_long_id_is_read_by_the_snapshot(tmp_path: Path) -> None:
    """It is compressed, which the kernel leaves alone."""
    ids = ["短", "长" * 400, "c"]
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(Article(id, "城市", ("正文",)) for id in ids)
        assert sorted(hit.id for hit in index.search("城市")) == sorted(ids)


def test_scores_are_those_of_float32(searcher: Searcher) -> None:
    ranked = searcher.rank(planned(searcher, "城市 规划"), order="score", limit=5, offset=0)
    assert ranked.keys.dtype == np.float32
    assert ranked.matching.dtype == bool
