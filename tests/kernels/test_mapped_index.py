"""Segments that kernels map, and what a query on them says: what is no segment, or does not fit, is None."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnsearch
from cnsearch import Article, kernels
from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.engine.segment.batch import BatchBuilder
from cnsearch.kernels import (
    Ask,
    Best,
    Constants,
    KeywordQuery,
    MappedIndex,
    MappedSegment,
    Rule,
    Run,
    mapped_file,
    mapped_index,
)
from cnsearch.search.closeness import compiled_closeness
from cnsearch.search.scoring import ALL_WEIGHTS, K1, B
from cnsearch.store.opening import Store
from cnsearch.store.transaction import begin

if kernels.searching() is None:
    pytest.skip("there are no compiled kernels here", allow_module_level=True)

FIELDS = tuple(ALL_WEIGHTS)
NUM_DOCS = 300
NORMS = [(weight, 3.0) for weight in ALL_WEIGHTS.values()]
BODY = 1 << FIELDS.index("body")
CONSTANTS = Constants((0.36, 0.06, 0.5, 0.5, 2.0), (99, FIELDS.index("title_chars")), (500, 60, 100))


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
        leaves=[("上海", BODY, 1.0), ("城市", BODY, 1.0)],
        joined=[],
        found=[],
        words=[(0, [], 1.0), (1, [], 1.0)],
        rest=None,
        rule=Rule(need=0.85, share=0.0, most=0.85, about=1e-5, num_best=0),
        typed=None,
        mask=None,
        ask=None,
    )
    return given._replace(**changed)


def opened(segments: Sequence[MappedSegment], live: bytes | None = None, norms: Any = NORMS) -> MappedIndex | None:
    tables = compiled_closeness()
    assert tables is not None
    return mapped_index(segments, norms, B, K1, live, tables, CONSTANTS)


def index_of(segment: MappedSegment, live: bytes | None = None) -> MappedIndex:
    found = opened([segment], live)
    assert found is not None
    return found


def searched(index: MappedIndex, asked: KeywordQuery, count: int = 0) -> tuple[Run, Best] | None:
    found = index.search(*asked, None, count, 0)
    if found is None:
        return None
    run, answer = found
    assert answer[1:] == ([], [])
    return run, answer[0]


def test_hits_are_those_with_both_words(segment: tuple[Path, MappedSegment]) -> None:
    live = bytes(at % 7 != 0 for at in range(NUM_DOCS))
    found = searched(index_of(segment[1], live), query(), 5)
    assert found is not None
    run, best = found
    expected = [at for at in range(NUM_DOCS) if at % 3 and at % 7]
    assert np.flatnonzero(np.frombuffer(run.mask(), bool)).tolist() == expected
    assert run.total == len(expected)
    scores = np.frombuffer(run.scores(), "<f4")
    assert best[0][1] == scores.max()
    assert [doc for doc, _ in best] == sorted(expected, key=lambda doc: (-scores[doc], doc))[:5]
    assert (run.has(0, 3), run.has(1, 3), run.has(2, 3)) == (True, False, None)


def test_what_stands_as_typed_earns(segment: tuple[Path, MappedSegment]) -> None:
    """Of the documents that are hits: in one piece, then whole, each more than the best before."""
    rare, few = (np.array(docs, "<i8").tobytes() for docs in ([1, 3, 2], [5, 6]))  # 3 and 6 are no hits
    ask = Ask([], [], [], False, [("上海城市", rare, 5.0)], [few], None)
    index = index_of(segment[1])
    plain, earned = searched(index, query()), searched(index, query(ask=ask), 4)
    assert plain is not None
    assert earned is not None
    before, after = (np.frombuffer(run.scores(), "<f4") for run, _ in (plain, earned))
    assert earned[1][0][0] == 5
    assert sorted(doc for doc, _ in earned[1][1:3]) == [1, 2]
    assert np.flatnonzero(after != before).tolist() == [1, 2, 5]
    assert after[1] == pytest.approx(before[1] + 5.0)
    assert after[5] == pytest.approx(before[5] + after[[1, 2]].max())


@pytest.mark.parametrize("words", [[(0, [], 1.0)], [(0, [], 1.0), (1, [], 1.0)]])
def test_any_word_is_enough(segment: tuple[Path, MappedSegment], words: Any) -> None:
    rule = query().rule._replace(need=0.0)
    live = bytes(at % 7 != 0 for at in range(NUM_DOCS))
    leaves = [("没有", BODY, 1.0), ("城市", BODY, 1.0)]
    found = searched(index_of(segment[1], live), query(rule=rule, words=words, leaves=leaves))
    assert found is not None
    expected = [at for at in range(NUM_DOCS) if at % 3 and at % 7] if len(words) > 1 else []
    assert np.flatnonzero(np.frombuffer(found[0].mask(), bool)).tolist() == expected
    assert np.flatnonzero(np.frombuffer(found[0].scores(), "<f4")).tolist() == expected


def test_a_mask_and_what_was_typed(segment: tuple[Path, MappedSegment]) -> None:
    mask = bytes(at < 20 for at in range(NUM_DOCS))
    found = searched(index_of(segment[1]), query(mask=mask, typed=np.array([3, 200], "<i8").tobytes()), 100)
    assert found is not None
    assert [doc for doc, _ in sorted(found[1])] == [at for at in range(20) if at % 3 or at == 3]


@pytest.mark.parametrize(
    "changed",
    [
        {"words": [(5, [], 1.0)]},
        {"words": [(0, [9, 1], 1.0)]},
        {"joined": [(0, [("上海", BODY | 1, 1.0)])]},
        {"leaves": [("上海", 1 << len(FIELDS), 1.0), ("城市", BODY, 1.0)]},
        {"mask": b"\1" * (NUM_DOCS - 1)},
        {"typed": np.array([NUM_DOCS], "<i8").tobytes()},
        {"ask": Ask([(2, 1.0)], [], [], False, [], [], None)},
        {"ask": Ask([], [2], [], False, [], [], None)},
        {"ask": Ask([], [], [2], False, [], [], None)},
        {"ask": Ask([(0, 1.0)], [], [], False, [], [], None), "leaves": [("上海人", BODY, 1.0), ("城市", BODY, 1.0)]},
        {"ask": Ask([], [0], [], False, [], [], None), "leaves": [("", BODY, 0.0), ("城市", BODY, 1.0)]},
        {"ask": Ask([], [], [0], False, [], [], None), "leaves": [("", BODY, 0.0), ("城市", BODY, 1.0)]},
    ],
)
def test_what_does_not_fit_is_none(segment: tuple[Path, MappedSegment], changed: dict[str, Any]) -> None:
    assert searched(index_of(segment[1]), query(**changed)) is None


def test_documents_that_do_not_exist_have_no_names(segment: tuple[Path, MappedSegment]) -> None:
    index = index_of(segment[1])
    assert index.names([0, 7]) == [("0", "标题0"), ("7", "标题7")]
    assert index.names([0, NUM_DOCS]) is None
    assert index.texts(7) == ("标题7".encode("utf-16-le"), ("上海" * 3 + "\n" + "城市").encode("utf-16-le"))
    assert index.texts(NUM_DOCS) is None


def test_how_many_documents_have_a_word(segment: tuple[Path, MappedSegment]) -> None:
    index, title = index_of(segment[1], bytes(NUM_DOCS)), 1 << FIELDS.index("title")
    expected = [NUM_DOCS, NUM_DOCS * 2 // 3, NUM_DOCS, 1]
    words = [("上海", BODY), ("城市", BODY | title), ("标题", BODY | title), ("7", title)]
    assert [index.doc_freq(word, fields) for word, fields in words] == expected
    assert [index.doc_freq("上海", fields) for fields in (title, 0, 1 << len(FIELDS))] == [0, 0, None]
    with pytest.raises(UnicodeEncodeError):
        index.doc_freq("\ud800", BODY)


def test_segments_that_do_not_fit_are_no_index(segment: tuple[Path, MappedSegment]) -> None:
    one = segment[1]
    assert opened([one._replace(base=1)]) is None
    assert opened([one], norms=NORMS[1:]) is None
    assert opened([one], b"\1") is None
    assert opened([one._replace(num_docs=NUM_DOCS - 1)]) is None
    assert opened([one._replace(fields=[(9, 1, 0)] * len(FIELDS))]) is None
    empty = opened([])
    assert empty is not None
    found = searched(empty, query(), 5)
    assert found is not None
    assert (found[0].total, found[1]) == (0, [])


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


def test_texts_that_are_compressed_are_read_by_others(tmp_path: Path) -> None:
    """A keyword query needs none of them, unless the best are to be read again."""
    Store.create(tmp_path, ChineseAnalyzer())
    builder, transaction = BatchBuilder(), begin(Store.open(tmp_path))
    for number, words in (("1", ["上海", "城市"] * 900), ("2", ["城市"])):
        stored = {"id": number, "title": f"标题{number}", "body": "".join(words)}
        builder.add({"id": [number], "body": words}, stored)
    transaction.add(builder.build())
    transaction.commit()
    snapshot = Store.open(tmp_path).snapshot()
    (one,) = snapshot.segments
    mapped = one.mapped(FIELDS)
    assert mapped is not None
    index = opened([mapped])
    assert index is not None
    found = searched(index, query(leaves=[("城市", BODY, 1.0), ("上海", BODY, 1.0)]), 5)
    assert found is not None
    assert [doc for doc, _ in found[1]] == [0]
    assert index.names([0, 1]) == [("1", "标题1"), ("2", "标题2")]
    assert index.texts(0) is None
    assert index.search(*query(ask=Ask([], [], [], False, [], [], None)), None, 5, 5) is None
    snapshot.close()
