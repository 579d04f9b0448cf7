"""An open segment: what searching relies on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnsearch.engine.columns.numbers import NumberColumn
from cnsearch.engine.columns.ordinals import OrdinalColumn, OrdinalListsColumn
from cnsearch.engine.columns.spec import ColumnSpec
from cnsearch.engine.commit.commits import Commits
from cnsearch.engine.commit.writer import IndexWriter
from cnsearch.engine.files.folder import Folder
from cnsearch.engine.segment.batch import BatchBuilder
from cnsearch.engine.segment.fields import FieldSpec
from cnsearch.engine.segment.reader import SegmentReader, open_segment

FIELDS = {
    "id": FieldSpec(indexed=True, unique=True),
    "body": FieldSpec(indexed=True, frequency_is_value=True, scorable=True),
    "date": FieldSpec(column=ColumnSpec("integer", "q", 0)),
    "source": FieldSpec(column=ColumnSpec("ordinal", default=b"")),
    "categories": FieldSpec(column=ColumnSpec("ordinal_list")),
    "extra": FieldSpec(),
}

DOCUMENTS = [
    ("a", "上海 新闻 新闻", 100, "甲", ["x", "y"]),
    ("b", "北京 新闻", None, None, None),
    ("c", "上海 天气 天气 天气", -5, "乙", ["y"]),
    ("d", "", 70000, "甲", []),
]


def write(folder: Path, documents: Iterable[tuple[Any, ...]], *, delete: Iterable[bytes] = ()) -> None:
    """Commit more documents: (id, body, date, source, categories)."""
    commits = Commits(Folder(folder), blank=None if list(folder.iterdir()) else {})
    lock = commits.lock()
    lock.wait(0, 0)
    builder = BatchBuilder()
    for key, body, *values in documents:
        columns = dict(zip(("date", "source", "categories"), values, strict=False))
        stored = {"id": key, "body": body or None, "extra": {"n": columns.get("date")}}
        builder.add({"id": [key], "body": body.split()}, stored, columns)
    writer = IndexWriter(commits, FIELDS, lock)
    writer.add(builder.build())
    writer.delete("id", delete)
    writer.commit({})


def opened(folder: Path) -> list[SegmentReader]:
    commits = Commits(Folder(folder))
    return [open_segment(commits.folder, entry) for entry in commits.read().segments]


@pytest.fixture
def segment(tmp_path: Path) -> SegmentReader:
    write(tmp_path, DOCUMENTS)
    (found,) = opened(tmp_path)
    return found


def test_postings(segment: SegmentReader) -> None:
    found = segment.postings("body", "新闻".encode())
    assert found is not None
    assert found.doc_ids.tolist() == [0, 1]
    assert found.weights.tolist() == [2, 1]
    assert found.doc_ids.dtype == np.int32
    assert found.weights.dtype == np.float32
    assert segment.postings("body", "没有".encode()) is None
    assert segment.postings("nofield", "新闻".encode()) is None
    assert segment.postings("extra", "新闻".encode()) is None
    for term, expected in (("新闻", 2), ("没有", 0), ("天气", 1), ("新闻", 2)):
        assert segment.doc_freq("body", term.encode()) == expected
    assert segment.doc_freq("nofield", "新闻".encode()) == 0


def test_postings_of_a_prefix(segment: SegmentReader) -> None:
    found = segment.prefix_postings("body", b"\xe5")  # 北京, 天气
    assert found is not None
    assert (found[0].tolist(), found[1].tolist()) == ([1, 2], [1, 3])
    assert segment.prefix_postings("body", b"x") is None
    assert segment.prefix_postings("nofield", b"") is None


def test_all_postings(segment: SegmentReader) -> None:
    ((terms, lists),) = segment.all_postings("body")
    assert terms == sorted(word.encode() for word in ("上海", "新闻", "北京", "天气"))
    assert lists.counts.tolist() == [segment.doc_freq("body", term) for term in terms]
    assert list(segment.all_postings("nofield")) == []


def test_doc_freqs_of_many_terms(segment: SegmentReader) -> None:
    for prefix in (word.encode() for word in ("", "上", "新闻", "没", "\U0010ffff")):
        terms, doc_freqs = segment.doc_freqs("body", prefix)
        assert terms == list(segment.terms_with_prefix("body", prefix))
        assert doc_freqs.tolist() == [segment.doc_freq("body", term) for term in terms]
    assert segment.doc_freqs("body")[1].max() == 2
    assert segment.doc_freqs("nofield")[0] == []


def test_terms(segment: SegmentReader) -> None:
    every = sorted(word.encode() for word in ("上海", "新闻", "北京", "天气"))
    assert list(segment.terms_with_prefix("body", "上".encode())) == ["上海".encode()]
    assert list(segment.terms_with_prefix("body", b"")) == every
    assert list(segment.terms_with_prefix("body", "没".encode())) == []
    assert list(segment.terms_with_prefix("nofield", b"")) == []


def test_lengths(segment: SegmentReader) -> None:
    lengths = segment.lengths("body")
    assert lengths is not None
    assert segment.doc_count == 4
    assert lengths.tolist() == [3, 2, 4, 0]
    assert lengths.dtype == np.uint8
    assert segment.length_statistics("body") == {"total": 9, "min": 0, "max": 4}
    assert segment.lengths("id") is None
    assert segment.length_statistics("id")["total"] == 0


def test_columns(segment: SegmentReader) -> None:
    dates = segment.column_as("date", NumberColumn)
    sources = segment.column_as("source", OrdinalColumn)
    categories = segment.column_as("categories", OrdinalListsColumn)
    assert dates is not None
    assert sources is not None
    assert categories is not None
    assert dates.values.tolist() == [100, 0, -5, 70000]
    assert dates.values.dtype == np.int64
    assert dates.present is not None
    assert dates.present.tolist() == [True, False, True, True]
    assert sources.uniques == [b"", *sorted(["甲".encode(), "乙".encode()])]
    assert [sources[doc_id].decode() for doc_id in range(4)] == ["甲", "", "乙", "甲"]
    assert categories.offsets.tolist() == [0, 2, 2, 3, 3]
    assert categories[0] == [b"x", b"y"]
    assert segment.column("body") is segment.column("nofield") is segment.column_as("id", OrdinalColumn) is None
    assert segment.column_kinds() == {"date": "integer", "source": "ordinal", "categories": "ordinal_list"}
    with pytest.raises(TypeError, match="OrdinalColumn"):
        segment.column_as("source", NumberColumn)
    with pytest.raises(ValueError, match="read-only"):
        dates.values[0] = 1


def test_stored(segment: SegmentReader) -> None:
    assert segment.stored(0) == {"id": "a", "body": "上海 新闻 新闻", "extra": {"n": 100}}
    assert segment.stored(3) == {"id": "d", "extra": {"n": 70000}}
    assert segment.stored(2, ["extra", "id", "nofield"]) == {"extra": {"n": -5}, "id": "c"}
    assert segment.stored_values("id") == ["a", "b", "c", "d"]
    assert segment.stored_values("nofield") == [None] * 4
    for outside in (-1, 4):
        with pytest.raises(IndexError):
            segment.stored(outside)


def test_deletions_are_the_commits(tmp_path: Path) -> None:
    write(tmp_path, [(key, "词") for key in "abc"])
    (before,) = opened(tmp_path)
    write(tmp_path, [], delete=[b"b"])
    (after,) = opened(tmp_path)
    (entry,) = Commits(Folder(tmp_path)).read().segments
    assert after is before  # one mapping of the file, whatever is deleted
    assert (entry.doc_count(), entry.doc_count_all(), after.doc_count) == (2, 3, 3)
    assert entry.live_mask().tolist() == [True, False, True]  # type: ignore[union-attr]
    assert after.postings("body", "词".encode()).doc_ids.tolist() == [0, 1, 2]  # type: ignore[union-attr]
