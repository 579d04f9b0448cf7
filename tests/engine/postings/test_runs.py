"""Runs of postings become one as a dict of lists says; pieces and slices are cut where they should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.engine.bytes.ragged import lengths_of, offsets_of
from cnsearch.engine.postings.encode import PostingValues
from cnsearch.engine.postings.runs import Run, combine_runs, pieces, slice_values

Lists = dict[int, list[tuple[int, int, bytes]]]
"""Per term (doc_id, weight, value) of its postings."""
NUM_TERMS = 5

postings = st.dictionaries(st.integers(0, 9), st.tuples(st.integers(1, 300), st.binary(max_size=3)), min_size=1)
lists = st.dictionaries(st.integers(0, NUM_TERMS - 1), postings)


def run_of(found: Lists, *, with_values: bool) -> Run:
    """The lists in the order of the dict."""
    flat = [posting for each in found.values() for posting in each]
    values = [value for _, _, value in flat]
    return Run(
        np.array(list(found), dtype=np.int64),
        np.array([len(each) for each in found.values()], dtype=np.int64),
        np.array([doc for doc, _, _ in flat], dtype=np.int32),
        np.array([weight for _, weight, _ in flat], dtype=np.int32),
        PostingValues(lengths_of(values), np.frombuffer(b"".join(values), np.uint8)) if with_values else None,
    )


@given(st.lists(st.tuples(lists, st.booleans()), max_size=4), st.booleans())
def test_equals_the_slow_twin(
    runs: list[tuple[dict[int, dict[int, tuple[int, bytes]]], bool]], frequency_is_value: bool
) -> None:
    expected: Lists = {term: [] for term in range(NUM_TERMS)}
    made = []
    for number, (found, with_values) in enumerate(runs):
        mine: Lists = {
            term: [(doc + 10 * number, weight, value) for doc, (weight, value) in sorted(each.items())]
            for term, each in found.items()
        }
        made.append(run_of(mine, with_values=with_values))
        for term, each in mine.items():
            for doc, weight, value in each:
                own = value if with_values else weight.to_bytes(4, "big") if frequency_is_value else b""
                expected[term].append((doc, weight, own))
    combined = combine_runs(made, NUM_TERMS, frequency_is_value=frequency_is_value)
    flat = [posting for term in range(NUM_TERMS) for posting in expected[term]]
    assert combined.counts.tolist() == [len(expected[term]) for term in range(NUM_TERMS)]
    assert combined.doc_ids.tolist() == [doc for doc, _, _ in flat]
    assert combined.weights.tolist() == [weight for _, weight, _ in flat]
    if any(with_values for _, with_values in runs):
        assert combined.values is not None
        assert combined.values.lengths.tolist() == [len(value) for _, _, value in flat]
        assert combined.values.flat.tobytes() == b"".join(value for _, _, value in flat)
    else:
        assert combined.values is None


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([], []),
        ([3], [(0, 1)]),
        ([3, 1, 1, 5], [(0, 2), (2, 3), (3, 4)]),
        ([9, 1], [(0, 1), (1, 2)]),
        ([1, 1, 1, 1, 1], [(0, 4), (4, 5)]),
    ],
)
def test_pieces_have_at_most_so_many_postings_or_one_list(counts: list[int], expected: list[tuple[int, int]]) -> None:
    assert list(pieces(np.array(counts, dtype=np.int64), limit=4)) == expected


def test_values_of_some_postings() -> None:
    rows = [b"a", b"", b"bcd", b"ef"]
    values = PostingValues(lengths_of(rows), np.frombuffer(b"".join(rows), np.uint8))
    some = slice_values(values, 1, 3, offsets_of(values.lengths))
    assert some is not None
    assert (some.lengths.tolist(), some.flat.tobytes()) == ([0, 3], b"bcd")
    assert slice_values(None, 1, 3, None) is None
