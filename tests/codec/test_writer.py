"""The writer: what is visible when, updates and deletions within a transaction, merging, memory, failures."""

from __future__ import annotations

import datetime
import pickle
import random
import threading
from typing import Any

import numpy as np
import pytest
from whoosh import columns, fields, query
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, LockError
from whoosh.writing import CLEAR, MERGE_SMALL, NO_MERGE, OPTIMIZE, BufferedWriter, IndexingError

from cnsearch.codec import ColumnarCodec, ColumnarWriter, open_writer, segment_reader
from cnsearch.codec import writer as writing
from cnsearch.codec.segment import ColumnarSegment
from cnsearch.engine.columns.numbers import NumberColumn
from cnsearch.engine.columns.ordinals import OrdinalColumn
from cnsearch.engine.segment import merge as merging
from cnsearch.engine.segment import merge_terms, policy
from cnsearch.engine.segment.batch import BatchBuilder
from cnsearch.engine.segment.buffer import SegmentBuffer


def add_tokens(
    writer: ColumnarWriter,
    tokens: dict[str, Any],
    stored: dict[str, Any] | None = None,
    column_values: dict[str, Any] | None = None,
    *,
    replace: bool = False,
) -> None:
    """One document, as a batch."""
    builder = BatchBuilder()
    builder.add(tokens, stored, column_values)
    writer.add_batch(builder.build(), replace=replace)


def add(writer: ColumnarWriter, key: str, body: str = "一 二 三", **kwargs: Any) -> None:
    add_tokens(
        writer,
        {"id": [key], "body": body.split()},
        {"id": key, "body": body},
        {"date": len(key), "source": body[:1], "categories": ["新闻", key[:1]]},
        **kwargs,
    )


def keys(ix: Any) -> list[str]:
    with ix.reader() as reader:
        return sorted(document["id"] for document in reader.all_stored_fields())


def hits(ix: Any, field: str, text: str) -> list[str]:
    with ix.searcher() as searcher:
        return sorted(hit["id"] for hit in searcher.search(query.Term(field, text), limit=None))


def segment_sizes(ix: Any) -> list[int]:
    return [segment.doc_count_all() for segment in ix._segments()]


def test_nothing_is_visible_before_commit(make_index):
    ix = make_index()
    writer = open_writer(ix)
    add(writer, "a")
    assert keys(ix) == []
    writer.commit()
    assert keys(ix) == ["a"]
    assert hits(ix, "body", "二") == ["a"]


def test_context_manager_commits_and_cancels(make_index):
    ix = make_index()
    with open_writer(ix) as writer:
        add(writer, "a")
    writer = open_writer(ix)
    with pytest.raises(ValueError, match="nofield"), writer:
        add_tokens(writer, {"nofield": ["b"]})
    assert keys(ix) == ["a"]


def test_cancel_leaves_no_files(file_index):
    ix = file_index()
    with open_writer(ix) as writer:
        add(writer, "a")
    before = sorted(ix.storage.list())
    writer = open_writer(ix, limit_mb=0.0001)
    for number in range(5):
        add(writer, f"b{number}")
        writer._flush()
    add(writer, "c")
    writer.delete_by_term("id", "a")
    assert len(ix.storage.list()) > len(before)
    writer.cancel()
    assert sorted(ix.storage.list()) == before
    assert keys(ix) == ["a"]
    with pytest.raises(IndexingError):
        add(writer, "d")


def test_one_writer_at_a_time(file_index):
    ix = file_index()  # the lock of Whoosh's RamStorage waits for ever
    writer = open_writer(ix)
    with pytest.raises(LockError):
        open_writer(ix)
    writer.cancel()
    open_writer(ix).cancel()


def test_all_ways_to_add_give_the_same_index(make_index):
    """add_batch, add_document and Whoosh's writer: the same bytes."""
    documents = [
        (f"k{number}", " ".join(random.Random(number).choices(["一", "二", "三", "四", "word"], k=9)))
        for number in range(50)
    ]
    contents = []
    for way in ("batch", "document", "whoosh"):
        ix = make_index()
        writer = ix.writer(codec=ColumnarCodec()) if way == "whoosh" else open_writer(ix)
        builder = BatchBuilder()
        for number, (key, body) in enumerate(documents):
            tokens, stored = {"id": [key], "body": body.split()}, {"id": key, "body": body}
            if way == "batch":
                builder.add(tokens, stored, {"date": number})
            else:
                writer.add_document(id=key, body=[*body.split()], _stored_body=body, date=number)
        if way == "batch":
            writer.add_batch(pickle.loads(pickle.dumps(builder.build())))
        writer.commit()
        with ix.reader() as reader:
            contents.append(bytes(segment_reader(reader).container.view))
    assert contents[0] == contents[1]
    # Whoosh's writer numbers the fields in another order; what they hold is the same.
    assert len(contents[2]) == pytest.approx(len(contents[0]), abs=64)


def test_same_input_same_bytes(make_index):
    def build() -> list[bytes]:
        ix = make_index()
        for part in range(3):
            with open_writer(ix, limit_mb=0.001) as writer:
                for number in range(40):
                    add(writer, f"{part}-{number}", "一 二 " * number)
                writer.delete_by_term("id", f"{part}-7")
        open_writer(ix).commit(optimize=True)
        with ix.reader() as reader:
            return [bytes(segment_reader(leaf).container.view) for leaf, _ in reader.leaf_readers()]

    assert build() == build()


@pytest.mark.parametrize("flush", [False, True])
def test_update_replaces_committed_and_new_documents(make_index, flush):
    ix = make_index()
    with open_writer(ix) as writer:
        add(writer, "a", "old")
        add(writer, "b", "old")
    writer = open_writer(ix)
    for text in ("first", "second", "third"):
        add(writer, "a", text, replace=True)
        if flush:
            writer._flush()
    writer.update_document(id="c", body="first")
    writer.update_document(id="c", body="last")
    assert writer.doc_count() == 5
    writer.commit()
    assert keys(ix) == ["a", "b", "c"]
    assert hits(ix, "body", "third") == ["a"]
    assert hits(ix, "body", "old") == ["b"]
    assert hits(ix, "body", "first") == []
    assert hits(ix, "body", "last") == ["c"]


def test_batch_replaces(make_index):
    ix = make_index()
    with open_writer(ix) as writer:
        add(writer, "a", "old")
    builder = BatchBuilder()
    for key, body in (("a", "one"), ("b", "two"), ("a", "three")):
        builder.add({"id": [key], "body": [body]}, {"id": key, "body": body})
    writer = open_writer(ix)
    writer.add_batch(builder.build(), replace=True)
    add(writer, "b", "four", replace=True)
    writer.commit()
    assert keys(ix) == ["a", "b"]
    assert hits(ix, "body", "three") == ["a"]
    assert hits(ix, "body", "four") == ["b"]
    assert hits(ix, "body", "one") == hits(ix, "body", "old") == []


@pytest.mark.parametrize("flush", [False, True])
def test_delete_finds_all_duplicates(make_index, flush):
    ix = make_index()
    with open_writer(ix) as writer:
        add(writer, "a")
    writer = open_writer(ix)
    add(writer, "a")
    add(writer, "a")
    add(writer, "b")
    if flush:
        writer._flush()
    assert writer.delete_by_term("id", "a") == 3
    assert writer.delete_by_term("id", "a") == 0
    assert writer.delete_by_term("id", "nothing") == 0
    assert writer.delete_by_term("no field", "a") == 0
    writer.commit()
    assert keys(ix) == ["b"]


def test_delete_by_terms_and_by_query(make_index):
    ix = make_index()
    with open_writer(ix) as writer:
        for number in range(20):
            add(writer, f"k{number:02}", "左" if number % 2 else "右")
    writer = open_writer(ix)
    add(writer, "new", "左")
    assert writer.delete_by_terms("id", ["k00", "k01", "k01", "nothing"]) == 2
    assert writer.delete_by_term("body", "左") == 10
    assert writer.delete_by_query(query.Prefix("id", "k1")) == 5
    writer.commit()
    assert keys(ix) == ["k02", "k04", "k06", "k08"]


def test_unique_numbers_are_replaced():
    from whoosh.filedb.filestore import RamStorage

    ix = RamStorage().create_index(
        fields.Schema(n=fields.NUMERIC(unique=True, stored=True), t=fields.TEXT(stored=True))
    )
    with open_writer(ix) as writer:
        for number in (1, 2, 257, 1):
            writer.update_document(n=number, t=str(number))
    with open_writer(ix) as writer:
        writer.update_document(n=2, t="new")
    with ix.reader() as reader:
        assert sorted((d["n"], d["t"]) for d in reader.all_stored_fields()) == [(1, "1"), (2, "new"), (257, "257")]


def test_delete_document_by_number(make_index):
    ix = make_index()
    with open_writer(ix) as writer:
        add(writer, "a")
        add(writer, "b")
    with open_writer(ix) as writer:
        writer.delete_document(0)
        assert writer.is_deleted(0)
        assert writer.has_deletions()
        assert writer.deleted_count() == 1
        with pytest.raises(IndexingError):
            writer.delete_document(2)
    assert keys(ix) == ["b"]
    with open_writer(ix) as writer:
        writer.delete_document(0, delete=False)
    assert keys(ix) == ["a", "b"]


def test_a_segment_without_documents_disappears(make_index):
    ix = make_index()
    with open_writer(ix) as writer:
        add(writer, "a")
    with open_writer(ix) as writer:
        writer.delete_by_term("id", "a")
    assert segment_sizes(ix) == []
    with open_writer(ix) as writer:
        add(writer, "b")
        writer.delete_by_term("id", "b")
    assert keys(ix) == []


@pytest.mark.parametrize(
    ("tokens", "stored", "column", "error", "words"),
    [
        ({"nofield": ["a"]}, {}, {}, ValueError, "nofield"),
        ({"extra": ["a"]}, {}, {}, ValueError, "not indexed"),
        ({"body": [5]}, {}, {}, TypeError, "str"),
        ({}, {"extra": object()}, {}, TypeError, "extra"),
        ({}, {}, {"date": 2**63}, ValueError, "fit"),
        ({}, {}, {"body": 1}, ValueError, "no column"),
        ({}, {}, {"nofield": 1}, ValueError, "nofield"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(make_index, tokens, stored, column, error, words):
    ix = make_index()
    writer = open_writer(ix)
    add(writer, "a")
    with pytest.raises(error, match=words):
        add_tokens(writer, {"id": ["b"], **tokens}, {"id": "b", **stored}, column)
    add(writer, "c")
    writer.commit()
    assert keys(ix) == ["a", "c"]
    builder = BatchBuilder()
    if error is ValueError:
        builder.add({"id": ["b"], **tokens}, {"id": "b", **stored}, column)
        writer = open_writer(ix)
        with pytest.raises(error, match=words):
            writer.add_batch(builder.build())
        add(writer, "d")
        writer.commit()
        assert keys(ix) == ["a", "c", "d"]


def test_unknown_stored_field_is_an_error(make_index):
    ix = make_index()
    writer = open_writer(ix)
    with pytest.raises(ValueError, match="nofield"):
        add_tokens(writer, {}, {"nofield": 1})
    writer.cancel()


def test_documents_that_add_document_refuses(make_index):
    ix = make_index()
    writer = open_writer(ix)
    writer.add_document(id="a", body="x", extra={"deep": [1]})
    with pytest.raises(TypeError, match="extra"):
        writer.add_document(id="b", extra={1, 2})
    with pytest.raises(fields.UnknownFieldError):
        writer.add_document(nofield="b")
    with pytest.raises(ValueError, match="fit"):
        writer.add_document(id="b", date=2**64)
    writer.commit()
    assert keys(ix) == ["a"]


def test_positions_need_add_document(make_index):
    ix = make_index(fields.Schema(body=fields.TEXT(phrase=True)))
    writer = open_writer(ix)
    with pytest.raises(ValueError, match="positions"):
        add_tokens(writer, {"body": ["a"]})
    builder = BatchBuilder()
    builder.add({"body": ["a"]})
    with pytest.raises(ValueError, match="positions"):
        writer.add_batch(builder.build())
    writer.add_document(body="alpha beta")
    writer.commit()
    with ix.searcher() as searcher:
        assert len(searcher.search(query.Phrase("body", ["alpha", "beta"]))) == 1


def test_fields_without_frequency_have_frequency_one(make_index):
    ix = make_index(fields.Schema(tag=fields.ID(stored=True)))
    with open_writer(ix) as writer:
        add_tokens(writer, {"tag": ["a", "a", "b"]})
    with ix.reader() as reader:
        assert segment_reader(reader).postings("tag", b"a").weights.tolist() == [1]
        assert segment_reader(reader).lengths("tag") is None


def test_memory_limit_makes_segments(file_index):
    ix = file_index()
    writer = open_writer(ix, limit_mb=1)
    largest = 0
    for number in range(3000):
        add(writer, str(number), " ".join(f"t{number * 31 % 997}x{word}" for word in range(30)))
        largest = max(largest, writer._new.buffer.memory)
    writer.commit(merge=False)
    sizes = segment_sizes(ix)
    assert len(sizes) > 3
    assert sum(sizes) == 3000
    assert largest < 3 * (1 << 20)  # a batch or two may come on top


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(writing, "BATCH_TOKENS", 50)


def test_groups_stay_together(make_index, small_batches):
    ix = make_index()
    writer = open_writer(ix, limit_mb=0.01)
    for group in range(3):
        with writer.group():
            for number in range(100):
                add(writer, f"{group}-{number}")
    writer.commit(merge=False)
    assert segment_sizes(ix) == [100, 100, 100]
    with pytest.raises(ValueError, match="start_group"):
        open_writer(ix).end_group()


@pytest.mark.parametrize("limit", [0, -1])
def test_limit_must_be_positive(make_index, limit):
    with pytest.raises(ValueError, match="positive"):
        open_writer(make_index(), limit_mb=limit)


def test_batches_and_documents_keep_their_order(make_index, small_batches):
    ix = make_index()
    writer = open_writer(ix)
    expected = []
    for number in range(300):
        key = f"k{number}"
        expected.append(key)
        way = number % 7
        if way == 0:
            writer.add_document(id=key, body="一")
        elif way == 1:
            builder = BatchBuilder()
            builder.add({"id": [key]}, {"id": key})
            writer.add_batch(builder.build())
        else:
            add(writer, key)
    writer.commit()
    with ix.reader() as reader:
        assert [document["id"] for document in reader.all_stored_fields()] == expected
        assert segment_reader(reader).postings("id", b"k299").doc_ids.tolist() == [299]


def test_failure_while_collecting_breaks_the_writer(make_index, monkeypatch):
    ix = make_index()
    writer = open_writer(ix)

    def fail(batch: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(writer._new.buffer, "add", fail)
    with pytest.raises(OSError, match="disk full"):
        add(writer, "a")
    with pytest.raises(IndexingError, match="cancel"):
        writer.commit()
    writer.cancel()
    with open_writer(ix) as writer:
        add(writer, "a")
    assert keys(ix) == ["a"]


@pytest.mark.parametrize("what", ["finish", "merge", "toc"])
def test_failed_commit_leaves_the_old_index(file_index, monkeypatch, what):
    ix = file_index()
    for key in ("a", "b"):
        with open_writer(ix) as writer:
            add(writer, key)
    before = sorted(ix.storage.list())
    writer = open_writer(ix)
    add(writer, "c")
    writer.delete_by_term("id", "a")

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        target, name = {
            "finish": (SegmentBuffer, "_write_fields"),
            "merge": (merging, "merge_terms"),
            "toc": (TOC, "write"),
        }[what]
        patch.setattr(target, name, fail)
        with pytest.raises(OSError, match="disk full"):
            writer.commit(optimize=True)
    assert sorted(ix.storage.list()) == before
    assert keys(ix) == ["a", "b"]
    with open_writer(ix) as writer:  # the lock is free
        add(writer, "c")
    assert keys(ix) == ["a", "b", "c"]


def test_searching_while_writing(make_index):
    ix = make_index()
    with open_writer(ix) as writer:
        add(writer, "a")
    reader = ix.reader()
    writer = open_writer(ix)
    add(writer, "b")
    writer._flush()
    with writer.searcher() as searcher:  # the writer's own searcher knows what was flushed
        assert searcher.doc_count() == 2
    add(writer, "c")
    assert writer.delete_by_query(query.Every()) == 3
    writer.commit()
    assert reader.stored_fields(0)["id"] == "a"
    assert keys(ix) == []
    reader.close()


def test_add_field_before_adding(make_index):
    ix = make_index()
    writer = open_writer(ix)
    writer.add_field("more", fields.TEXT(phrase=False))
    add_tokens(writer, {"id": ["a"], "more": ["x"]}, {"id": "a"})
    writer.commit()
    assert hits(ix, "more", "x") == ["a"]
    writer = open_writer(ix)
    writer.remove_field("more")
    writer.remove_field("source")
    writer.commit(optimize=True)
    with ix.reader() as reader:
        assert "more" not in list(reader.indexed_field_names())
        assert "more" not in reader.schema


def test_spelling_fields(make_index):
    from whoosh.analysis import StemmingAnalyzer

    schema = fields.Schema(id=fields.ID(stored=True), body=fields.TEXT(analyzer=StemmingAnalyzer(), spelling=True))
    for make_writer in (open_writer, lambda ix: ix.writer(codec=ColumnarCodec())):
        ix = make_index(schema)
        with make_writer(ix) as writer:
            writer.add_document(id="a", body="rendering shading")
            writer.add_document(id="b", body="rendering")
        with ix.searcher() as searcher:
            assert searcher.corrector("body").suggest("rendring") == ["rendering"]


# -- merging ----------------------------------------------------------------------------------------------------------


def test_many_small_commits_make_few_segments(make_index):
    ix = make_index()
    for number in range(40):
        with open_writer(ix) as writer:
            add(writer, f"k{number}")
    assert len(segment_sizes(ix)) < policy.MERGE_FACTOR
    assert len(keys(ix)) == 40
    with ix.reader() as reader:
        assert [document["id"] for document in reader.all_stored_fields()] == [f"k{number}" for number in range(40)]


def test_optimize_and_merge_false(make_index):
    ix = make_index()
    for number in range(12):
        with open_writer(ix) as writer:
            add(writer, f"k{number}")
            writer.merge = False
    assert len(segment_sizes(ix)) == 12
    open_writer(ix).commit(optimize=True)
    assert segment_sizes(ix) == [12]
    (name,) = [segment.segment_id() for segment in ix._segments()]
    open_writer(ix).commit(optimize=True)
    assert [segment.segment_id() for segment in ix._segments()] == [name]  # nothing to do


@pytest.mark.parametrize("policy", [NO_MERGE, MERGE_SMALL, OPTIMIZE, CLEAR])
def test_policies_of_whoosh(make_index, policy):
    ix = make_index()
    for number in range(6):
        with open_writer(ix) as writer:
            add(writer, f"k{number}")
            writer.merge = False
    writer = open_writer(ix)
    add(writer, "new")
    writer.commit(mergetype=policy)
    expected = {NO_MERGE: 7, MERGE_SMALL: None, OPTIMIZE: 1, CLEAR: 1}[policy]
    assert expected is None or len(segment_sizes(ix)) == expected
    assert len(keys(ix)) == (1 if policy is CLEAR else 7)


def test_merging_keeps_every_kind_of_data(make_index, corpora):
    ix = make_index(corpora.schema())
    rng = random.Random(11)
    documents = [corpora.document(rng, number) for number in range(120)]
    for start in range(0, 120, 30):
        with open_writer(ix) as writer:
            for document in documents[start : start + 30]:
                writer.add_document(**document)
            writer.merge = False

    def everything(ix: Any) -> Any:
        with ix.reader() as reader:
            found = {
                "stored": list(reader.all_stored_fields()),
                "postings": sorted(reader.iter_postings()),
                "lengths": [[reader.doc_field_length(d, f) for f in ("body", "tags")] for d in reader.all_doc_ids()],
                "vectors": [
                    list(reader.vector_as("weight", doc, "plain")) if reader.has_vector(doc, "plain") else None
                    for doc in reader.all_doc_ids()
                ],
            }
            for name in ("tags", "count", "price", "when"):
                column = reader.column_reader(name, translate=False)
                found[name] = [str(column[doc]) for doc in reader.all_doc_ids()]
            return found

    before = everything(ix)
    open_writer(ix).commit(optimize=True)
    assert everything(ix) == before
    with open_writer(ix) as writer:
        writer.delete_by_terms("key", [f"doc-{number:04d}" for number in range(0, 120, 4)])
    open_writer(ix).commit(optimize=True)
    after = everything(ix)
    kept = [number for number in range(120) if number % 4]
    assert segment_sizes(ix) == [90]
    for name in ("stored", "lengths", "vectors", "tags", "count", "price", "when"):
        assert after[name] == [before[name][number] for number in kept]
    renumbered = {number: index for index, number in enumerate(kept)}
    assert after["postings"] == sorted(
        (field, term, renumbered[doc], weight, value)
        for field, term, doc, weight, value in before["postings"]
        if doc in renumbered
    )


def test_merging_in_slices(make_index, monkeypatch):
    monkeypatch.setattr(merge_terms, "SLICE_TERMS", 7)
    monkeypatch.setattr(merge_terms, "PIECE_POSTINGS", 50)
    ix = make_index()
    rng = random.Random(5)
    for part in range(4):
        with open_writer(ix) as writer:
            for number in range(40):
                add(writer, f"{part}-{number}", " ".join(f"w{rng.randint(0, 60)}" for _ in range(12)))
            writer.merge = False
    with ix.reader() as reader:
        before = sorted(reader.iter_postings())
    open_writer(ix).commit(optimize=True)
    with ix.reader() as reader:
        assert sorted(reader.iter_postings()) == before


def test_columns_that_change_their_type(make_index):
    schema = fields.Schema(id=fields.ID(stored=True), c=fields.COLUMN(columns.VarBytesColumn()))
    ix = make_index(schema)
    with open_writer(ix) as writer:
        add_tokens(writer, {"id": ["a"]}, {"id": "a"}, {"c": b"x"})
    schema._fields["c"].column_type = columns.RefBytesColumn()
    with open_writer(ix) as writer:
        writer.schema._fields["c"].column_type = columns.RefBytesColumn()
        add_tokens(writer, {"id": ["b"]}, {"id": "b"}, {"c": b"y"})
        writer.optimize = True
    with ix.reader() as reader:
        assert segment_reader(reader).column_as("c", OrdinalColumn).uniques == [b"x", b"y"]


def test_opaque_columns_are_merged_value_by_value(make_index):
    column = columns.StructColumn("if", (0, 0.0))
    ix = make_index(fields.Schema(id=fields.ID(stored=True), c=fields.COLUMN(column)))
    for number in range(3):
        with open_writer(ix) as writer:
            add_tokens(writer, {"id": [str(number)]}, {"id": str(number)}, {"c": (number, 0.5)})
            writer.merge = False
    writer = open_writer(ix)
    writer.delete_by_term("id", "1")
    writer.commit(optimize=True)
    with ix.reader() as reader:
        assert list(reader.column_reader("c")) == [(0, 0.5), (2, 0.5)]


# -- other codecs -----------------------------------------------------------------------------------------------------


def test_an_index_of_whooshs_codec_is_taken_over(make_index, corpora):
    ix = make_index(corpora.schema())
    rng = random.Random(12)
    with ix.writer() as writer:
        for number in range(40):
            writer.add_document(**corpora.document(rng, number))
    with ix.writer() as writer:
        writer.delete_by_term("key", "doc-0003")
    with ix.reader() as reader:
        stored, postings = list(reader.all_stored_fields()), sorted(reader.iter_postings())
        prices = [str(value) for value in reader.column_reader("price")][:3]
    with open_writer(ix) as writer:  # mixed: Whoosh's segment stays
        writer.update_document(key="doc-0005", body="neu")
    with ix.searcher() as searcher:
        assert [hit["key"] for hit in searcher.search(query.Term("body", "neu"))] == ["doc-0005"]
    open_writer(ix).commit(optimize=True)
    with ix.reader() as reader:
        arrays = segment_reader(reader)
        assert arrays.doc_count == 39
        assert [d for d in reader.all_stored_fields() if d["key"] != "doc-0005"] == [
            d for d in stored if d["key"] != "doc-0005"
        ]
        assert len(list(reader.iter_postings())) < len(postings)
        assert [str(value) for value in reader.column_reader("price")][:3] == prices


def test_add_reader_of_another_index(make_index):
    source, target = make_index(), make_index()
    for part in ("a", "b"):
        with open_writer(source) as writer:
            add(writer, part + "1", "左")
            add(writer, part + "2", "右")
            writer.merge = False
    with open_writer(source) as writer:
        writer.delete_by_term("id", "a2")
        writer.merge = False
    with open_writer(target) as writer:
        add(writer, "c", "左")
        with source.reader() as reader:
            writer.add_reader(reader)
    assert keys(target) == ["a1", "b1", "b2", "c"]
    assert hits(target, "body", "左") == ["a1", "b1", "c"]


def test_buffered_writer_of_whoosh(make_index):
    ix = make_index(fields.Schema(id=fields.ID(unique=True, stored=True), body=fields.TEXT(stored=True)))
    writer = BufferedWriter(ix, period=None, limit=3, writerargs={"codec": ColumnarCodec()})
    for number in range(5):
        writer.update_document(id=str(number % 4), body="text")
    writer.close()
    assert keys(ix) == ["0", "1", "2", "3"]
    with ix.reader() as reader:
        assert all(isinstance(segment, ColumnarSegment) for segment in reader.segments())


def test_multiprocess_writer_of_whoosh(file_index):
    ix = file_index(fields.Schema(id=fields.ID(unique=True, stored=True), body=fields.TEXT(stored=True)))
    for multisegment in (False, True):
        writer = ix.writer(procs=2, codec=ColumnarCodec(), multisegment=multisegment, batchsize=5, start_method="fork")
        for number in range(20):
            writer.update_document(id=str(number), body=f"text {number % 3}")
        writer.commit()
        assert len(keys(ix)) == 20
        assert len(hits(ix, "body", "text")) == 20


# -- readers and threads ----------------------------------------------------------------------------------------------


def test_many_threads_read_one_reader(make_index):
    ix = make_index()
    with open_writer(ix) as writer:
        for number in range(300):
            add(writer, str(number), f"w{number % 7} w{number % 11} " + "长" * 600)
    reader = ix.reader()
    arrays = segment_reader(reader)
    errors: list[BaseException] = []

    def read(seed: int) -> None:
        rng = random.Random(seed)
        try:
            for _ in range(200):
                number = rng.randrange(300)
                assert arrays.stored(number, ["id"]) == {"id": str(number)}
                assert arrays.stored(number)["body"].startswith(f"w{number % 7} ")
                expected = [n for n in range(300) if n % 7 == number % 7 or n % 11 == number % 7]
                assert arrays.postings("body", f"w{number % 7}".encode()).doc_ids.tolist() == expected
                assert arrays.column_as("date", NumberColumn).values[number] == len(str(number))
        except BaseException as exc:
            errors.append(exc)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_readers_of_one_file_share_it(file_index):
    ix = file_index()
    with open_writer(ix) as writer:
        add(writer, "a")
        add(writer, "b")
    old = ix.reader()
    with open_writer(ix) as writer:
        writer.delete_by_term("id", "a")
    new = ix.reader()
    assert segment_reader(old) is segment_reader(new)
    assert list(old.all_doc_ids()) == [0, 1]
    assert list(new.all_doc_ids()) == [1]


def test_segment_entry_round_trip():
    segment = ColumnarSegment("MAIN", "abc", 1000)
    assert ColumnarSegment.from_dict(segment.to_dict()).to_dict() == segment.to_dict()
    assert segment.delete_documents(np.array([5, 5, 999])) == 2
    assert segment.delete_documents(np.array([5])) == 0
    for copy in (ColumnarSegment.from_dict(segment.to_dict()), pickle.loads(pickle.dumps(segment))):
        assert copy == segment
        assert hash(copy) == hash(segment)
        assert copy.segment_id() == "MAIN_abc"
        assert list(copy.deleted_docs()) == [5, 999]
        assert copy.deleted_count() == 2
        assert copy.doc_count() == 998
        assert copy.live_doc_ids().tolist() == [doc for doc in range(1000) if doc not in (5, 999)]
        assert isinstance(copy.codec(), ColumnarCodec)
        assert not copy.should_assemble()
    assert b"set" not in pickle.dumps(segment)
    assert set(segment.to_dict()) == {"index", "id", "doc_count", "deleted"}


def test_segment_class_keeps_its_import_path():
    """It is written into the index."""
    assert f"{ColumnarSegment.__module__}.{ColumnarSegment.__qualname__}" == "cnsearch.codec.segment.ColumnarSegment"


def test_update_of_one_document_does_not_rewrite_the_index(file_index):
    ix = file_index()
    with open_writer(ix) as writer:
        for number in range(2000):
            add(writer, str(number))
    (before,) = ix._segments()
    with open_writer(ix) as writer:
        add(writer, "77", "neu", replace=True)
    assert [segment.doc_count_all() for segment in ix._segments()] == [2000, 1]
    assert ix._segments()[0] == before
    assert hits(ix, "body", "neu") == ["77"]
    assert len(keys(ix)) == 2000


def test_dates_in_whooshs_own_fields(make_index):
    ix = make_index(fields.Schema(when=fields.DATETIME(stored=True, sortable=True)))
    with open_writer(ix) as writer:
        writer.add_document(when=datetime.datetime(2021, 10, 18))
    with ix.searcher() as searcher:
        found = searcher.search(query.DateRange("when", datetime.datetime(2021, 1, 1), None))
        assert found[0]["when"] == datetime.datetime(2021, 10, 18)


def test_an_index_in_memory_of_a_file_index(file_index):
    from whoosh.filedb.filestore import copy_to_ram

    ix = file_index()
    with open_writer(ix) as writer:
        add(writer, "a")
    assert isinstance(ix.storage, FileStorage)
    assert keys(copy_to_ram(ix.storage).open_index()) == ["a"]


def test_readers_of_another_codec_have_no_open_segment(make_index):
    ix = make_index(fields.Schema(body=fields.TEXT))
    with pytest.raises(TypeError, match="ColumnarCodec"):
        segment_reader(ix.reader())
    with ix.writer() as writer:
        writer.add_document(body="x")
    with pytest.raises(TypeError, match="ColumnarCodec"):
        segment_reader(ix.reader())
