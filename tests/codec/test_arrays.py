"""The array API: what the fast search path relies on."""

from __future__ import annotations

import numpy as np
import pytest
from whoosh import fields

from cnsearch.codec import BatchBuilder, open_writer, segment_arrays
from cnsearch.codec import segment as segments

DOCUMENTS = [
    ("a", "上海 新闻 新闻", 100, "甲", ["x", "y"]),
    ("b", "北京 新闻", None, None, None),
    ("c", "上海 天气 天气 天气", -5, "乙", ["y"]),
    ("d", "", 70000, "甲", []),
]


@pytest.fixture
def arrays(make_index):
    ix = make_index()
    with open_writer(ix) as writer:
        for key, body, date, source, categories in DOCUMENTS:
            writer.add_tokens(
                {"id": [key], "body": body.split()},
                {"id": key, "body": body or None, "extra": {"n": date}},
                {"date": date, "source": source, "categories": categories},
            )
    return segment_arrays(ix.reader())


def test_postings(arrays):
    doc_ids, freqs = arrays.postings("body", "新闻")
    assert doc_ids.tolist() == [0, 1]
    assert freqs.tolist() == [2, 1]
    assert doc_ids.dtype == np.int32
    assert freqs.dtype == np.float32
    for array in (doc_ids, freqs):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9
    assert arrays.postings("body", "上海".encode())[0].tolist() == [0, 2]
    assert arrays.postings("body", "没有") is None
    assert arrays.postings("nofield", "新闻") is None
    assert arrays.postings("extra", "新闻") is None
    for term, expected in (("新闻", 2), ("没有", 0), ("天气", 1), ("新闻", 2)):
        assert arrays.doc_freq("body", term) == expected
        assert arrays.has_term("body", term) == (expected > 0)
    assert arrays.doc_freq("nofield", "新闻") == 0
    assert not arrays.has_term("nofield", "新闻")


def test_doc_freqs_of_many_terms(arrays):
    for prefix in ("", "上", "新闻", "没", "\U0010ffff"):
        terms, doc_freqs = arrays.doc_freqs("body", prefix)
        assert terms == list(arrays.terms_with_prefix("body", prefix))
        assert doc_freqs.tolist() == [arrays.doc_freq("body", term) for term in terms]
    assert arrays.doc_freqs("body")[1].max() == 2
    assert arrays.doc_freqs("nofield")[0] == []


def test_terms(arrays):
    every = sorted(word.encode() for word in ("上海", "新闻", "北京", "天气"))
    assert list(arrays.terms_range("body")) == every
    assert list(arrays.terms_range("body", every[1], every[3])) == every[1:3]
    assert list(arrays.terms_range("body", start=every[2])) == every[2:]
    assert list(arrays.terms_with_prefix("body", "上")) == ["上海".encode()]
    assert list(arrays.terms_with_prefix("body", "")) == every
    assert list(arrays.terms_with_prefix("body", "没")) == []
    assert list(arrays.terms_with_prefix("nofield", "")) == list(arrays.terms_range("nofield")) == []


def test_lengths_and_documents(arrays):
    assert arrays.doc_count == arrays.doc_count_all == 4
    assert arrays.lengths("body").tolist() == [3, 2, 4, 0]
    assert arrays.lengths("body").dtype == np.uint8
    assert arrays.total_length("body") == 9
    assert arrays.lengths("id").tolist() == [0, 0, 0, 0]
    assert arrays.total_length("id") == 0
    assert arrays.live_mask() is None


def test_columns(arrays):
    assert arrays.numeric("date").tolist() == [100, 0, -5, 70000]
    assert arrays.numeric("date").dtype == np.int64
    assert arrays.present("date").tolist() == [True, False, True, True]
    ordinals, values = arrays.ordinals("source")
    assert values == [b"", *sorted(["甲".encode(), "乙".encode()])]
    assert [values[ordinal].decode() for ordinal in ordinals] == ["甲", "", "乙", "甲"]
    offsets, ordinals, values = arrays.ordinal_lists("categories")
    assert offsets.tolist() == [0, 2, 2, 3, 3]
    assert [values[ordinal] for ordinal in ordinals] == [b"x", b"y", b"y"]
    assert arrays.values("source")[2] == "乙".encode()
    assert arrays.numeric("body") is arrays.ordinals("nofield") is arrays.ordinal_lists("id") is None
    assert arrays.values("nofield") is None
    with pytest.raises(TypeError, match="OrdinalColumn"):
        arrays.numeric("source")
    with pytest.raises(ValueError, match="read-only"):
        arrays.numeric("date")[0] = 1


def test_stored(arrays):
    assert arrays.stored(0) == {"id": "a", "body": "上海 新闻 新闻", "extra": {"n": 100}}
    assert arrays.stored(3) == {"id": "d", "extra": {"n": 70000}}
    assert arrays.stored(2, ["extra", "id", "nofield"]) == {"extra": {"n": -5}, "id": "c"}
    for outside in (-1, 4):
        with pytest.raises(IndexError):
            arrays.stored(outside)


def test_deletions(make_index):
    ix = make_index()
    with open_writer(ix) as writer:
        for key in "abc":
            writer.add_tokens({"id": [key], "body": ["词"]}, {"id": key})
    with open_writer(ix) as writer:
        writer.delete_by_term("id", "b")
    arrays = segment_arrays(ix.reader())
    assert arrays.live_mask().tolist() == [True, False, True]
    assert (arrays.doc_count, arrays.doc_count_all) == (2, 3)
    assert arrays.postings("body", "词")[0].tolist() == [0, 1, 2]
    assert arrays.doc_freq("body", "词") == 3


def test_several_segments(make_index):
    ix = make_index()
    for key in "abc":
        with open_writer(ix) as writer:
            writer.add_tokens({"id": [key], "body": ["词"]}, {"id": key})
            writer.merge = False
    reader = ix.reader()
    found = [(segment_arrays(leaf).stored(0)["id"], base) for leaf, base in reader.leaf_readers()]
    assert found == [("a", 0), ("b", 1), ("c", 2)]


def test_other_readers_are_refused(make_index):
    ix = make_index(fields.Schema(body=fields.TEXT))
    with pytest.raises(TypeError, match="ColumnarCodec"):
        segment_arrays(ix.reader())
    with ix.writer() as writer:
        writer.add_document(body="x")
    with pytest.raises(TypeError, match="ColumnarCodec"):
        segment_arrays(ix.reader())


def test_cache_of_postings_is_bounded(make_index, monkeypatch):
    monkeypatch.setattr(segments, "POSTINGS_CACHE_BYTES", 10_000)
    ix = make_index()
    builder = BatchBuilder()
    for number in range(400):
        builder.add({"body": [f"w{number % 40}", f"x{number % 3}", "all"]})
    with open_writer(ix) as writer:
        writer.add_batch(builder.build())
    arrays = segment_arrays(ix.reader())
    data = arrays.data
    for _ in range(2):
        for word in ["all", *[f"w{number}" for number in range(40)], "x0", "x1", "x2", "missing"]:
            found = arrays.postings("body", word)
            expected = [n for n in range(400) if word in (f"w{n % 40}", f"x{n % 3}", "all")]
            assert (found[0].tolist() if found else []) == expected
            held = sum(400 + p.doc_ids.nbytes + p.weights.nbytes for p in data._cache.values())
            assert data._cache_bytes == held
            assert held <= 10_000 or len(data._cache) == 1
    again = arrays.postings("body", "x1")
    assert arrays.postings("body", "x1")[0] is again[0]
    data._cache.clear()
    assert arrays.postings("body", "x1", keep=False)[0].tolist() == again[0].tolist()
    assert not data._cache
