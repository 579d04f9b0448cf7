"""What leaves say about documents: kept, and scored by statistics that are handed in."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from pathlib import Path

import numpy as np
import pytest

import cnsearch
from cnsearch import Article
from cnsearch.search import leaves as module
from cnsearch.search.leaves import Leaves
from cnsearch.search.rule_of_hits import MOST
from cnsearch.search.scoring import DEFAULT_RANKING, OwnStatistics
from cnsearch.search.steps.conditions import Label
from cnsearch.search.steps.keywords import Keyword, Keywords
from cnsearch.search.steps.leaf import Term, bigrams
from cnsearch.search.steps.texts import Substring
from cnsearch.store.snapshot import Snapshot

WORDS = "上海 北京 数字 转型 城市 规划 茶 linux".split()
CHARS = ("title_chars", "tags_chars", "body_chars")
STEPS = [
    Term("上海"),
    Term("linux", weight=0.5),
    Term("城市", CHARS),
    Substring("数字"),
    Keywords((Keyword(Term("上海"), bigrams("上海", CHARS)), Keyword(Term("茶"))), bigrams("上海", CHARS), MOST),
]


def article(number: int) -> Article:
    words = [word for at, word in enumerate(WORDS) if number % (at + 2) == 0]
    return Article(str(number), "，".join(words[:1]), ("，".join(words * (1 + number % 3)),))


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Snapshot]]:
    """Of all articles; of the even ones; of the odd ones."""
    folder, numbers = tmp_path_factory.mktemp("parts"), range(60)
    opened = []
    for at, some in enumerate((numbers, numbers[::2], numbers[1::2])):
        index = cnsearch.open_index(folder / str(at), create=True)
        index.add(map(article, some))
        opened.append(index)
    yield [index._backend.current().snapshot for index in opened]  # type: ignore[attr-defined]
    for index in opened:
        index.close()


class OfTheWhole:
    """The statistics of a whole index for one that has some of its documents."""

    def __init__(self, whole: Leaves) -> None:
        self._whole = whole
        self.num_docs = whole.num_docs
        self.average_length = whole.snapshot.average_length

    def doc_freq(self, key: Hashable, own: int) -> int:
        return next(self._whole.match(leaf).doc_freq for leaf in LEAVES if leaf.key == key)


LEAVES = [leaf for step in STEPS for leaf in step.walk() if isinstance(leaf, (Term, Substring))]


def test_a_part_scores_as_the_whole_by_the_statistics_of_the_whole(snapshots: list[Snapshot]) -> None:
    whole, *parts = snapshots
    all_of_them = Leaves(whole, DEFAULT_RANKING, OwnStatistics(whole), 100)
    for step in STEPS[:-1]:
        _, expected = step.run(all_of_them)
        assert expected.any()
        for snapshot in parts:
            part = Leaves(snapshot, DEFAULT_RANKING, OfTheWhole(all_of_them), 100)
            mask, scores = step.run(part)
            for number in np.flatnonzero(mask).tolist():
                same = int(snapshot.id_of(number))
                assert scores[number] == pytest.approx(expected[same], rel=1e-5), (step, same)


def test_its_own_statistics_differ(snapshots: list[Snapshot]) -> None:
    whole, part, _ = snapshots
    idfs = [Leaves(one, DEFAULT_RANKING, OwnStatistics(one), 100).match(Term("上海")).idf for one in (whole, part)]
    assert idfs[0] != idfs[1]


def test_what_a_leaf_says_is_kept_and_the_oldest_is_let_go(
    snapshots: list[Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    leaves = Leaves(snapshots[0], DEFAULT_RANKING, OwnStatistics(snapshots[0]), 100)
    first = leaves.match(Term("上海"))
    assert leaves.match(Term("上海", weight=0.5)) is first
    monkeypatch.setattr(module, "MAX_CACHED_BYTES", 2 * first.num_bytes)
    for word in WORDS[1:]:
        leaves.match(Term(word))
    assert leaves.match(Term("上海")) is not first
    assert leaves._num_cached_bytes == sum(found.num_bytes for found in leaves._matches.values())


def test_masks_of_conditions_are_kept(snapshots: list[Snapshot], monkeypatch: pytest.MonkeyPatch) -> None:
    leaves = Leaves(snapshots[0], DEFAULT_RANKING, OwnStatistics(snapshots[0]), 100)
    first = leaves.select(Label("source", "甲"))
    assert leaves.select(Label("source", "甲")) is first
    monkeypatch.setattr(module, "MAX_CACHED_MASK_BYTES", leaves.num_docs)
    leaves.select(Label("source", "乙"))
    assert leaves.select(Label("source", "甲")) is not first


def test_rare_and_common_leaves_say_the_same_of_a_document(tmp_path: Path) -> None:
    """Those of many documents are kept as a number for every document."""
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(Article(str(n), "上海" if n % 20 == 3 else "城", ("北京",)) for n in range(100))
        snapshot = index._backend.current().snapshot  # type: ignore[attr-defined]
        leaves = Leaves(snapshot, DEFAULT_RANKING, OwnStatistics(snapshot), 100)
        rare, common = leaves.match(Term("上海")), leaves.match(Term("北京"))
        assert rare.doc_ids is not None
        assert common.doc_ids is None
        assert sorted(rare.numbers().tolist()) == [3, 23, 43, 63, 83]
        assert common.numbers().tolist() == list(range(100))
        for found in (rare, common):
            cover = leaves.zeros()
            found.add(cover, 2.0)
            assert cover.tolist() == [2.0 if found.contains(number) else 0.0 for number in range(100)]
