"""BM25F on arrays against the formula written out with plain numbers."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.search.scoring import FIELD_WEIGHTS, K1, B, FieldNorms, idf, saturate, weighted_tf
from cnsearch.store.postings import Postings

Frequencies = dict[int, int]


class _Snapshot:
    """An index with nothing but lengths."""

    def __init__(self, lengths: Mapping[str, list[int]]) -> None:
        self.lengths_of = lengths

    def lengths(self, field: str) -> Any:
        return np.array(self.lengths_of[field], dtype=np.float32)

    def average_length(self, field: str) -> float:
        return max(1.0, sum(self.lengths_of[field]) / len(self.lengths_of[field]))


def twin(frequencies: Mapping[str, Frequencies], snapshot: _Snapshot) -> dict[int, float]:
    """tf' by the formula."""
    found: dict[int, float] = {}
    for field, weight in FIELD_WEIGHTS.items():
        for doc_id, tf in frequencies.get(field, {}).items():
            length = snapshot.lengths_of[field][doc_id]
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


@given(st.dictionaries(st.sampled_from(sorted(FIELD_WEIGHTS)), frequencies), lengths, lengths, lengths)
def test_weighted_tf(term: dict[str, Frequencies], title: list[int], tags: list[int], body: list[int]) -> None:
    snapshot = _Snapshot({"title": title, "tags": tags, "body": body})
    norms = FieldNorms(snapshot)  # type: ignore[arg-type]
    for _ in range(2):  # the second time from the norms that are kept: the first must not have changed them
        doc_ids, tf = weighted_tf({field: postings_of(found) for field, found in term.items()}, norms)
        assert len(doc_ids) == len(set(doc_ids.tolist()))
        assert tf.dtype == np.float32
        assert dict(zip(doc_ids.tolist(), tf.tolist(), strict=True)) == {
            doc_id: pytest.approx(expected, rel=1e-5) for doc_id, expected in twin(term, snapshot).items()
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
    snapshot = _Snapshot({"title": [4] * NUM_DOCS, "body": [100] * NUM_DOCS})
    postings = {name: postings_of(found) for name, found in (("title", title), ("body", body)) if found}
    doc_ids, tf = weighted_tf(postings, FieldNorms(snapshot))  # type: ignore[arg-type]
    assert dict(zip(doc_ids.tolist(), tf.tolist(), strict=True)) == {
        doc_id: pytest.approx(2.0 * title.get(doc_id, 0) + body.get(doc_id, 0)) for doc_id in {*title, *body}
    }


def test_norms_of_fields_are_kept_apart() -> None:
    norms = FieldNorms(_Snapshot({"title": [1, 1], "body": [10, 30]}))  # type: ignore[arg-type]
    for _ in range(2):
        assert norms.of("body").tolist() == pytest.approx([1 / (1 - B + B * length / 20) for length in (10, 30)])
        assert norms.of("title").tolist() == pytest.approx([FIELD_WEIGHTS["title"]] * 2)


def test_idf_of_the_rare_is_greater_and_never_negative() -> None:
    found = [idf(1_000, doc_freq) for doc_freq in range(1_001)]
    assert found == sorted(found, reverse=True)
    assert found[-1] > 0
    assert idf(1_000, 10) == pytest.approx(math.log(1 + 990.5 / 10.5))


@given(st.floats(0.01, 1e6))
def test_saturation(tf: float) -> None:
    (score,) = saturate(np.array([tf], dtype=np.float32)).tolist()
    assert score == pytest.approx(tf / (K1 + tf), rel=1e-5)
    assert 0 < score <= 1


def test_a_score_worked_out_by_hand() -> None:
    """Two documents of average length, one with the term three times: ln(1 + 1.5/1.5) * 3 / (1.2 + 3)."""
    snapshot = _Snapshot({"title": [0, 0], "body": [7, 7]})
    _, tf = weighted_tf({"body": postings_of({1: 3})}, FieldNorms(snapshot))  # type: ignore[arg-type]
    assert (idf(2, 1) * saturate(tf)).tolist() == pytest.approx([0.6931472 * 3 / 4.2])
