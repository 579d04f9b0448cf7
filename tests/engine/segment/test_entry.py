"""The entry of a segment: deletions, and its form in a table of contents. Whoosh's: tests/codec/test_writer.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnsearch.engine.segment.entry import MAX_DOCS, SegmentEntry


def test_round_trip() -> None:
    entry = SegmentEntry("MAIN", "abc", 1000)
    assert SegmentEntry.from_dict(entry.to_dict()).to_dict() == entry.to_dict()
    assert entry.live_mask() is entry.live_doc_ids() is None
    assert entry.delete_documents(np.array([5, 5, 999])) == 2
    assert entry.delete_documents(np.array([5])) == 0
    copy = SegmentEntry.from_dict(entry.to_dict())
    assert copy == entry
    assert hash(copy) == hash(entry)
    assert (copy.segment_id(), copy.filename) == ("MAIN_abc", "MAIN_abc.cnp")
    assert list(copy.deleted_docs()) == [5, 999]
    assert (copy.deleted_count(), copy.doc_count(), copy.doc_count_all()) == (2, 998, 1000)
    assert copy.live_doc_ids().tolist() == [doc for doc in range(1000) if doc not in (5, 999)]  # type: ignore[union-attr]
    assert [copy.is_deleted(doc) for doc in (4, 5, 1000)] == [False, True, False]
    assert copy.delete_documents(np.array([5, 6]), delete=False) == 1
    assert copy.deleted_count() == 1


def test_each_has_a_name_of_its_own() -> None:
    entries = [SegmentEntry("MAIN") for _ in range(100)]
    assert len({entry.filename for entry in entries}) == 100


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": 5},
        {"index": None},
        {"doc_count": -1},
        {"doc_count": MAX_DOCS + 1},
        {"doc_count": True},
        {"deleted": "no base 64"},
        {"deleted": "AAAA"},
        {"deleted": SegmentEntry.from_dict({"index": "M", "id": "x", "doc_count": 9, "deleted": ""}).to_dict},
    ],
)
def test_what_no_entry_says_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        SegmentEntry.from_dict({"index": "MAIN", "id": "abc", "doc_count": 8, "deleted": "", **wrong})


def test_deletions_of_documents_that_are_not_there_are_refused() -> None:
    longer = SegmentEntry("MAIN", "abc", 12)
    longer.delete_documents(np.array([11]))
    with pytest.raises(ValueError, match="does not have"):
        SegmentEntry.from_dict({**longer.to_dict(), "doc_count": 10})
