"""Segments that kernels map, and what a query on them says: what is no segment, or does not fit, is None."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnsearch
from cnsearch import Article, kernels
from cnsearch.kernels import KeywordQuery, MappedIndex, MappedSegment, mapped_file, mapped_index
from cnsearch.search.scoring import ALL_WEIGHTS, K1, B

if kernels.searching() is None:
    pytest.skip("there are no compiled kernels here", allow_module_level=True)

FIELDS = tuple(ALL_WEIGHTS)
NUM_DOCS = 300
NORMS = [(weight, 3.0) for weight in ALL_WEIGHTS.values()]
BODY = FIELDS.index("body")


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MappedSegment]:
    folder = tmp_path_factory.mktemp("mapped") / "index"
    with cnsearch.open_index(folder, create=True) as index:
        articles = (Article(str(at), f"标题{at}", ("上海" * (1 + at % 5), "城市" * (at % 3))) for at in range(NUM_DOCS))
        index.add(articles)
        (one,) = index._backend.current().snapshot.segments  # type: ignore[attr-defined]
        found = one.mapped(FIELDS)
        assert found is not None
    (path,) = folder.glob("*.cnp")
    return path, found


def query(**changed: Any) -> KeywordQuery:
    """The article with both words, of which all are hits."""
    given = KeywordQuery(
        leaves=[([BODY], [("上海", [BODY], 1.0)]), ([BODY], [("城市", [BODY], 1.0)])],
        found=[],
        scored=[(0, 1.0), (1, 1.0)],
        words=[(0, [], 1.0), (1, [], 1.0)],
        rest=None,
        need=0.85,
        share=0.0,
        most=0.85,
        about=1e-5,
        num_best=0,
        typed=None,
        mask=None,
    )
    return given._replace(**changed)


def index_of(segment: MappedSegment, live: bytes | None = None) -> MappedIndex:
    found = mapped_index([segment], NORMS, B, K1, live)
    assert found is not None
    return found


def test_hits_are_those_with_both_words(segment: tuple[Path, MappedSegment]) -> None:
    live = bytes(at % 7 != 0 for at in range(NUM_DOCS))
    run = index_of(segment[1], live).run(*query())
    assert run is not None
    expected = [at for at in range(NUM_DOCS) if at % 3 and at % 7]
    assert np.flatnonzero(np.frombuffer(run.mask(), bool)).tolist() == expected
    assert run.total == len(expected)
    assert run.doc_freqs() == [NUM_DOCS, NUM_DOCS * 2 // 3]
    scores = np.frombuffer(run.scores(), "<f4")
    best = run.best(5)
    assert run.greatest == best[0][1] == scores.max()
    assert [doc for doc, _ in best] == sorted(expected, key=lambda doc: (-scores[doc], doc))[:5]
    run.earn(np.array([1, 3, 2], "<i8").tobytes(), 5.0)  # 3 is no hit
    assert sorted(doc for doc, _ in run.best(2)) == [1, 2]
    assert np.frombuffer(run.are_hits(np.array([3, 2, -1, 10**6], "<i8").tobytes()), "<i8").tolist() == [2]
    assert (run.has(0, 3), run.has(1, 3), run.has(2, 3)) == (True, False, None)


def test_a_mask_and_what_was_typed(segment: tuple[Path, MappedSegment]) -> None:
    mask = bytes(at < 20 for at in range(NUM_DOCS))
    run = index_of(segment[1]).run(*query(mask=mask, typed=np.array([3, 200], "<i8").tobytes()))
    assert run is not None
    assert [doc for doc, _ in sorted(run.best(100))] == [at for at in range(20) if at % 3 or at == 3]


@pytest.mark.parametrize(
    "changed",
    [
        {"scored": [(2, 1.0)]},
        {"words": [(5, [], 1.0)]},
        {"words": [(0, [9, 1], 1.0)]},
        {"leaves": [([BODY], [("上海", [len(FIELDS)], 1.0)])] * 2},
        {"mask": b"\1" * (NUM_DOCS - 1)},
        {"typed": np.array([NUM_DOCS], "<i8").tobytes()},
    ],
)
def test_what_does_not_fit_is_none(segment: tuple[Path, MappedSegment], changed: dict[str, Any]) -> None:
    assert index_of(segment[1]).run(*query(**changed)) is None


def test_documents_that_do_not_exist_have_no_names(segment: tuple[Path, MappedSegment]) -> None:
    index = index_of(segment[1])
    assert index.names([0, 7]) == [("0", "标题0"), ("7", "标题7")]
    assert index.names([0, NUM_DOCS]) is None


def test_segments_that_do_not_fit_are_no_index(segment: tuple[Path, MappedSegment]) -> None:
    one = segment[1]
    assert mapped_index([one._replace(base=1)], NORMS, B, K1, None) is None
    assert mapped_index([one], NORMS[1:], B, K1, None) is None
    assert mapped_index([one], NORMS, B, K1, b"\1") is None
    assert mapped_index([one._replace(num_docs=NUM_DOCS - 1)], NORMS, B, K1, None) is None
    assert mapped_index([one._replace(fields=[(9, 1, 0)] * len(FIELDS))], NORMS, B, K1, None) is None
    empty = mapped_index([], NORMS, B, K1, None)
    assert empty is not None
    assert empty.run(*query()).total == 0  # type: ignore[union-attr]


def test_what_is_no_segment_is_not_mapped(tmp_path: Path, segment: tuple[Path, MappedSegment]) -> None:
    raw = segment[0].read_bytes()
    path = tmp_path / "file.cnp"
    assert mapped_file(path) is None
    assert mapped_file(tmp_path) is None
    for data in (b"", b"CNSEG", raw[:40], raw[:-1], raw[:-60], b"x" + raw[1:], raw[:-1] + b"x", raw * 2):
        path.write_bytes(data)
        assert mapped_file(path) is None
    path.write_bytes(raw)
    assert mapped_file(path) is not None
