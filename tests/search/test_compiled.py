"""A keyword query that kernels run in one call has the hits, scores and errors of the steps of its plan."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch import Article, Index, kernels
from cnsearch.analysis.reading import read_all
from cnsearch.engine.bytes.layout import CHECK_BLOCK_SIZE
from cnsearch.search import compiled
from cnsearch.search.compiled import CompiledQueries, CompiledRun
from cnsearch.search.steps.leaf import Term
from cnsearch.search.steps.texts import Substring
from cnsearch.store.fields import TEXT_FIELDS

if kernels.searching() is None:
    pytest.skip("there are no compiled kernels here", allow_module_level=True)

WORDS = "上海 北京 数字化转型 转型 城市 人工智能 龙井茶 高铁 茶 linux 著名 𠮷野家 database 上\u200b海 ５㎏".split()


def articles() -> list[Article]:
    rnd = random.Random(11)
    return [
        Article(
            f"{number:03d}",
            "".join(rnd.choices(WORDS, k=rnd.randint(1, 3))),
            tuple("，".join(rnd.choices(WORDS, k=rnd.randint(3, 30))) for _ in range(rnd.randint(1, 3))),
            source=rnd.choice(["甲", "乙"]),
            date=datetime(2021, 5, 1 + number % 28, tzinfo=timezone.utc),
        )
        for number in range(240)
    ]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of several segments, with deleted documents."""
    path, found = tmp_path_factory.mktemp("compiled") / "index", articles()
    with cnsearch.open_index(path, create=True) as index:
        index.add(found[:180])
        index.add(found[180:])
        index.delete([article.id for article in found[::9]])
    return path


@pytest.fixture
def index(path: Path) -> Iterator[Index]:
    with cnsearch.open_index(path) as index:
        yield index


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[CompiledRun | None]:
    """What was run by kernels, and None for each plan that was not."""
    found: list[CompiledRun | None] = []
    run = CompiledQueries.run

    def seen(self: CompiledQueries, *asked: Any, **options: Any) -> CompiledRun | None:
        found.append(run(self, *asked, **options))
        return found[-1]

    monkeypatch.setattr(CompiledQueries, "run", seen)
    return found


QUERIES: list[tuple[str, dict[str, Any]]] = [
    ("上海", {}),
    ("上海 转型", {"limit": 3, "offset": 8}),
    ("数字化转型 城市规划", {"limit": 50}),
    ("城市规划的数字化转型怎么做", {}),
    ("高铁 北京", {"source": "甲"}),
    ("上海 -茶", {"source": ["甲", "乙"]}),
    ("著名 𠮷野家", {"facets": ["source"]}),
    ("龙井茶", {"limit": 0}),
    ("没有 上海", {"match": "most", "offset": 300}),
    ("linux database", {"source": "甲"}),
    ("databases 的 数字化转型", {}),
    ("S-300 城市 database", {}),
    ("高铁 databases 龙井茶 城市怎么样", {}),
    ("9 月 上海", {}),
    ("上海 转型", {"match": "any"}),
    ("数字化转型 龙井茶叶 没有", {"match": "any", "source": "甲"}),
    ("S-300 城市 databases", {"match": "any"}),
    ("上海 转型", {"sort": "date", "limit": 20}),
    ("城市 茶", {"sort": "oldest", "match": "any"}),
    ("上海 城市", {"half_life_days": 3.0}),
    ("上海高铁", {"half_life_days": 3.0, "offset": 5}),
]


@pytest.mark.parametrize(("query", "options"), QUERIES)
def test_one_call_finds_what_the_steps_find(
    index: Index, path: Path, runs: list[CompiledRun | None], query: str, options: dict[str, Any]
) -> None:
    found = index.search(query, **options)
    assert runs[0] is not None
    with cnsearch.open_index(path) as other, pytest.MonkeyPatch.context() as patch:
        patch.setattr(CompiledQueries, "run", lambda *_, **__: None)
        expected = other.search(query, **options)
        assert (found.total, found.facets) == (expected.total, expected.facets)
        assert [hit.id for hit in found.hits] == [hit.id for hit in expected.hits]
        assert [hit.score for hit in found.hits] == pytest.approx([hit.score for hit in expected.hits], rel=1e-5)
        assert [hit.missing for hit in found.hits] == [hit.missing for hit in expected.hits]
        assert [hit.explain() for hit in found.hits] == [hit.explain() for hit in expected.hits]


def test_texts_and_weights_of_words_are_those_that_are_read_plainly(index: Index) -> None:
    searcher = index._backend.current()  # type: ignore[attr-defined]
    found, snapshot, leaves = searcher._compiled, searcher.snapshot, searcher.leaves
    assert all(found.texts(number) == snapshot.texts(number) for number in range(snapshot.num_docs))
    terms = [Term(word, fields) for word in (*WORDS, "没有") for fields in (TEXT_FIELDS, ("title",), ("body_chars",))]
    weights = [found.term_weight(term) for term in terms]
    assert weights == pytest.approx([leaves.term_weight(term) for term in terms])
    assert len(set(weights)) > 9
    assert (found.term_weight(Substring("上海")), found.term_weight(Term("\ud800"))) == (None, None)


def test_a_text_that_is_read_otherwise_is_read_by_the_kernel(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [(hit.id, hit.score) for hit in index.search("上海 城市")]
    read: list[str] = []
    monkeypatch.setattr(compiled, "read_all", lambda texts: read.extend(texts) or read_all(texts))
    assert [(hit.id, hit.score) for hit in index.search("上海 城市")] == expected
    assert all("𠮷" in text for text in read)  # titles of characters that take two units
    index.search("著名 城市")
    assert any("著" in text and "𠮷" not in text for text in read)  # what depends on what stands beside it


@pytest.mark.parametrize("query", ['"上海"', "上海*", "上海 OR 茶", "source:甲", "(上海 茶) OR linux"])
def test_what_is_more_than_a_run_of_words_is_run_by_steps(
    index: Index, runs: list[CompiledRun | None], query: str
) -> None:
    assert index.search(query).total
    assert runs == [None]


@pytest.mark.parametrize("block", range(4))
def test_damage_is_said_as_the_steps_say_it(path: Path, tmp_path: Path, block: int) -> None:
    """Each block of the segments in turn has a wrong byte: the kernels give nothing, and the error is that of numpy."""
    copy = tmp_path / "index"
    copy.mkdir()
    for file in path.iterdir():
        raw = bytearray(file.read_bytes())
        for at in range(block * CHECK_BLOCK_SIZE // 4 + 40, len(raw) - CHECK_BLOCK_SIZE // 8, CHECK_BLOCK_SIZE):
            raw[at] ^= 0xFF if file.suffix == ".cnp" else 0
        (copy / file.name).write_bytes(raw)
    said = []
    for plainly in (False, True):
        with pytest.MonkeyPatch.context() as patch, pytest.raises(cnsearch.CorruptIndexError) as error:
            if plainly:
                patch.setattr(CompiledQueries, "run", lambda *_, **__: None)
                patch.setattr(CompiledQueries, "names", lambda *_: None)
            with cnsearch.open_index(copy) as index:
                for query, options in QUERIES:
                    index.search(query, **options)
        said.append(str(error.value))
    assert said[0] == said[1]
