"""BM25F on arrays against the formula written out with plain numbers."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.search.scoring import FIELD_WEIGHTS, K1, B, FieldNorms, idf, saturate, weighted_tf
from cnsearch.store import Postings

Frequencies = dict[int, int]


class _Segment:
    """A segment with nothing but lengths."""

    def __init__(self, base: int, lengths: Mapping[str, list[int]]) -> None:
        self.base = base
        self.lengths_of = lengths

    def lengths(self, field: str) -> Any:
        return np.array(self.lengths_of[field], dtype=np.uint32)


class _Snapshot:
    def __init__(self, segments: list[_Segment]) -> None:
        self.segments = segments

    def average_length(self, field: str) -> float:
        lengths = [length for segment in self.segments for length in segment.lengths_of[field]]
        return max(1.0, sum(lengths) / len(lengths))


def twin(frequencies: Mapping[str, Frequencies], segment: _Segment, snapshot: _Snapshot) -> dict[int, float]:
    """tf' by the formula."""
    found: dict[int, float] = {}
    for field, weight in FIELD_WEIGHTS.items():
        for doc_id, tf in frequencies.get(field, {}).items():
            length = segment.lengths_of[field][doc_id]
            norm = 1 - B + B * length / snapshot.average_length(field)
            found[doc_id] = found.get(doc_id, 0.0) + weight * tf / norm
    return found


def postings_of(frequencies: Frequencies) -> Postings:
    doc_ids = sorted(frequencies)
    freqs = [frequencies[doc_id] for doc_id in doc_ids]
    return Postings(np.array(doc_ids, dtype=np.int32), np.array(freqs, dtype=np.float32))


NUM_DOCS = 12
frequencies = st.dictionaries(st.integers(0, NUM_DOCS - 1), st.integers(1, 50), min_size=1)
lengths = st.lists(st.integers(0, 5_000), min_size=NUM_DOCS, max_size=NUM_DOCS)


@given(st.dictionaries(st.sampled_from(sorted(FIELD_WEIGHTS)), frequencies), lengths, lengths, lengths, lengths)
def test_weighted_tf(
    term: dict[str, Frequencies], title: list[int], body: list[int], other_title: list[int], other_body: list[int]
) -> None:
    segment = _Segment(0, {"title": title, "body": body})
    snapshot = _Snapshot([segment, _Segment(NUM_DOCS, {"title": other_title, "body": other_body})])
    norms = FieldNorms(snapshot)  # type: ignore[arg-type]
    for _ in range(2):  # the second time from the norms that are kept: the first must not have changed them
        doc_ids, tf = weighted_tf({field: postings_of(found) for field, found in term.items()}, segment, norms)  # type: ignore[arg-type]
        assert len(doc_ids) == len(set(doc_ids.tolist()))
        assert tf.dtype == np.float32
        assert dict(zip(doc_ids.tolist(), tf.tolist(), strict=True)) == {
            doc_id: pytest.approx(expected, rel=1e-5) for doc_id, expected in twin(term, segment, snapshot).items()
        }


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ({3: 1}, {}),
        ({}, {3: 1}),
        ({3: 2}, {3: 5}),
        ({0: 1, 3: 1}, {5: 1}),
        ({11: 1}, {0: 1, 4: 2, 5: 1}),
        ({}, {}),
    ],
)
def test_title_only_body_only_and_both(title: Frequencies, body: Frequencies) -> None:
    segment = _Segment(0, {"title": [4] * NUM_DOCS, "body": [100] * NUM_DOCS})
    postings = {name: postings_of(found) for name, found in (("title", title), ("body", body)) if found}
    doc_ids, tf = weighted_tf(postings, segment, FieldNorms(_Snapshot([segment])))  # type: ignore[arg-type]
    assert dict(zip(doc_ids.tolist(), tf.tolist(), strict=True)) == {
        doc_id: pytest.approx(2.0 * title.get(doc_id, 0) + body.get(doc_id, 0)) for doc_id in {*title, *body}
    }


def test_norms_of_segments_are_kept_apart() -> None:
    first, second = (_Segment(base, {"title": [1], "body": [length]}) for base, length in ((0, 10), (1, 30)))
    norms = FieldNorms(_Snapshot([first, second]))  # type: ignore[arg-type]
    for segment, length in ((first, 10), (second, 30), (first, 10)):
        assert norms.of(segment, "body").tolist() == pytest.approx([1 / (0.25 + 0.75 * length / 20)])  # type: ignore[arg-type]


def test_idf_of_the_rare_is_greater_and_never_negative() -> None:
    found = [idf(1_000, doc_freq) for doc_freq in range(1_001)]
    assert found == sorted(found, reverse=True)
    assert found[-1] > 0
    assert idf(1_000, 10) == pytest.approx(math.log(1 + 990.5 / 10.5))


@given(st.floats(0.01, 1e6), st.floats(0.01, 20))
def test_saturation(tf: float, weight: float) -> None:
    (score,) = saturate(np.array([tf], dtype=np.float32), weight).tolist()
    assert score == pytest.approx(weight * tf / (K1 + tf), rel=1e-5)
    assert score <= np.float32(weight)


def test_a_score_worked_out_by_hand() -> None:
    """Two documents of average length, one with the term three times: ln(1 + 1.5/1.5) * 3 / (1.2 + 3)."""
    segment = _Segment(0, {"title": [0, 0], "body": [7, 7]})
    _, tf = weighted_tf({"body": postings_of({1: 3})}, segment, FieldNorms(_Snapshot([segment])))  # type: ignore[arg-type]
    assert saturate(tf, idf(2, 1)).tolist() == pytest.approx([0.6931472 * 3 / 4.2])
