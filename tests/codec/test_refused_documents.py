"""A document that is refused leaves no trace, whatever refuses it, in Whoosh's writer and in ours."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from whoosh import columns, fields, formats
from whoosh.analysis import StandardAnalyzer
from whoosh.filedb.filestore import RamStorage
from whoosh.query import Every, Term
from whoosh.writing import IndexingError

from cnsearch.codec import ColumnarCodec, open_writer, segment_reader
from cnsearch.engine.segment.check import SegmentCheck

Writer = Callable[[Any], Any]


def whooshs(ix: Any) -> Any:
    return ix.writer(codec=ColumnarCodec())


@pytest.fixture(params=[whooshs, open_writer], ids=["whoosh", "ours"])
def writer_of(request: pytest.FixtureRequest) -> Writer:
    found: Writer = request.param
    return found


def schema() -> fields.Schema:
    return fields.Schema(
        a_text=fields.TEXT(stored=True, vector=formats.Frequency()),
        b_word=fields.ID(stored=True, unique=True, sortable=True),
        c_number=fields.NUMERIC(sortable=True, stored=True),
        d_value=fields.STORED,
        e_float=fields.COLUMN(columns.NumericColumn("f")),
        f_byte=fields.COLUMN(columns.NumericColumn("b")),
        g_pickle=fields.COLUMN(columns.PickleColumn(columns.VarBytesColumn())),
        h_struct=fields.COLUMN(columns.StructColumn("ih", (0, 0))),
        i_date=fields.DATETIME(sortable=True),
        j_bytes=fields.COLUMN(columns.VarBytesColumn()),
        k_broken=fields.TEXT(analyzer=StandardAnalyzer() | _Breaks()),
    )


class _Breaks(type(StandardAnalyzer()[-1])):  # type: ignore[misc]
    """A token filter that fails in the middle of a text."""

    def __init__(self) -> None:
        super().__init__(stoplist=())

    def __call__(self, tokens: Any) -> Iterator[Any]:
        for token in tokens:
            if token.text == "boom":
                raise RuntimeError("boom")
            yield token


GOOD: dict[str, Any] = {"a_text": "alpha beta", "b_word": "one", "c_number": 5, "d_value": [1, None]}
BAD: list[dict[str, Any]] = [
    {"d_value": uuid.UUID(int=1)},
    {"d_value": {1, 2}},
    {"d_value": object()},
    {"d_value": [[object()]]},
    {"d_value": np.array([1, 2])},
    {"d_value": np.datetime64("2021-10-27T00:00:00.000000001")},
    {"c_number": "no number"},
    {"c_number": 1 << 80},
    {"e_float": "no number"},
    {"e_float": 10**400},
    {"e_float": 1e300},
    {"f_byte": 1000},
    {"f_byte": float("inf")},
    {"g_pickle": object()},
    {"h_struct": "no struct"},
    {"h_struct": (1 << 40, 0)},
    {"i_date": object()},
    {"j_bytes": 5},
    {"k_broken": "fine fine boom"},
    {"z_unknown": 1},
]


def read(ix: Any) -> tuple[list[dict[str, Any]], dict[str, list[int]]]:
    """Stored values of all documents, and the documents of each term of the text."""
    with ix.searcher() as searcher:
        reader = searcher.reader()
        stored = [dict(reader.stored_fields(number)) for number in sorted(searcher.docs_for_query(Every()))]
        terms = {
            text.decode(): list(reader.postings("a_text", text).all_ids())
            for name, text in reader.all_terms()
            if name == "a_text"
        }
        for leaf, _ in reader.leaf_readers() if stored else ():
            assert list(SegmentCheck(segment_reader(leaf), leaf.doc_count_all()).findings()) == []
    return stored, terms


@pytest.mark.parametrize("bad", BAD, ids=[f"{next(iter(bad))}-{at}" for at, bad in enumerate(BAD)])
@pytest.mark.parametrize("place", ["first", "middle", "last", "alone"])
def test_a_refused_document_leaves_no_trace(writer_of: Writer, bad: dict[str, Any], place: str) -> None:
    """The commit succeeded, and the index never opened again ("found 2, expected 1")."""
    ix = RamStorage().create_index(schema())
    goods = [] if place == "alone" else [GOOD, {**GOOD, "a_text": "gamma", "b_word": "two"}]
    order: list[dict[str, Any]] = list(goods)
    order.insert({"first": 0, "middle": 1, "last": 2, "alone": 0}[place], {**GOOD, "a_text": "leaked beta", **bad})
    writer = writer_of(ix)
    for document in order:
        if "leaked" in document["a_text"]:
            with pytest.raises(Exception):  # noqa: B017, PT011  # whatever Whoosh and its fields raise
                writer.add_document(**document)
        else:
            writer.add_document(**document)
    writer.commit()
    stored, terms = read(ix)
    assert [row["a_text"] for row in stored] == [document["a_text"] for document in goods]
    assert terms == ({} if place == "alone" else {"alpha": [0], "beta": [0], "gamma": [1]})
    writer = writer_of(ix)
    writer.add_document(**GOOD)
    writer.commit()
    assert len(read(ix)[0]) == len(goods) + 1


def test_many_are_refused_among_many(writer_of: Writer) -> None:
    ix = RamStorage().create_index(schema())
    writer = writer_of(ix)
    for number in range(3000):
        bad = {} if number % 3 else {"d_value": {number}}
        try:
            writer.add_document(**{**GOOD, "a_text": f"w{number}", "b_word": str(number), **bad})
        except TypeError:
            assert bad
    writer.commit()
    stored, terms = read(ix)
    assert [row["a_text"] for row in stored] == [f"w{number}" for number in range(3000) if number % 3]
    assert terms == {row["a_text"]: [at] for at, row in enumerate(stored)}


def test_an_interrupt_in_the_middle_of_a_document(writer_of: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    ix = RamStorage().create_index(fields.Schema(a=fields.ID(stored=True), b=fields.STORED))
    writer = writer_of(ix)
    writer.add_document(a="one")
    with monkeypatch.context() as patch:

        def interrupted(*args: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr("whoosh.fields.STORED.stored", property(interrupted), raising=False)
        with pytest.raises(KeyboardInterrupt):
            writer.add_document(a="two", b=5)
    writer.add_document(a="three")
    writer.commit()
    with ix.searcher() as searcher:
        assert [hit["a"] for hit in searcher.search(Every("a"))] == ["one", "three"]
        assert not searcher.search(Term("a", "two"))


def test_a_segment_that_has_not_what_the_table_of_contents_says(writer_of: Writer) -> None:
    """A commit that could not be opened again is refused, and the one before stays."""
    ix = RamStorage().create_index(schema())
    writer = writer_of(ix)
    writer.add_document(**GOOD)
    writer.commit()
    writer = writer_of(ix)
    writer.add_document(**{**GOOD, "a_text": "second"})
    if writer_of is open_writer:
        writer._flush()
        writer._new.entries[0]._doc_count = 7
    else:
        writer.docnum = 7
    with pytest.raises(IndexingError, match="documents"):
        writer.commit(merge=False)
    assert [row["a_text"] for row in read(ix)[0]] == ["alpha beta"]


# What is taken


def test_several_numbers_and_dates_in_one_field(writer_of: Writer) -> None:
    """They were accepted, then the commit raised and all documents of the writer were lost."""
    ix = RamStorage().create_index(
        fields.Schema(
            name=fields.ID(stored=True),
            n=fields.NUMERIC(sortable=True),
            x=fields.NUMERIC(float),
            date=fields.DATETIME(sortable=True),
        )
    )
    days = [datetime(2021, 10, day) for day in (27, 28)]
    writer = writer_of(ix)
    writer.add_document(name="a", n=[1, 2, 1], x=[0.5, 0.25], date=days)
    writer.add_document(name="b", n=(2, 1 << 20), date=days[1])
    writer.commit()
    parse = __import__("whoosh.qparser", fromlist=["QueryParser"]).QueryParser("n", ix.schema).parse
    with ix.searcher() as searcher:
        found = {
            text: sorted(hit["name"] for hit in searcher.search(parse(text)))
            for text in ("1", "2", "n:[2 TO 3000000]", "x:0.25", "date:20211027", "date:20211028")
        }
        assert found == {
            "1": ["a"],
            "2": ["a", "b"],
            "n:[2 TO 3000000]": ["a", "b"],
            "x:0.25": ["a"],
            "date:20211027": ["a"],
            "date:20211028": ["a", "b"],
        }
        (leaf,) = (leaf for leaf, _ in searcher.reader().leaf_readers())
        assert list(SegmentCheck(segment_reader(leaf), 2).findings()) == []


def test_a_column_of_any_values_gives_them_back(writer_of: Writer) -> None:
    """``open_writer`` gave back encoded bytes."""
    ix = RamStorage().create_index(fields.Schema(v=fields.COLUMN(columns.PickleColumn(columns.VarBytesColumn()))))
    values = [{"a": [1, 2]}, None, "text", b"bytes", 5]
    for merge in (False, True):
        writer = writer_of(ix)
        for value in values:
            writer.add_document(v=value)
        writer.commit(merge=merge, optimize=merge)
    with ix.reader() as reader:
        column = reader.column_reader("v")
        assert [column[doc] for doc in range(len(values) * 2)] == values * 2


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.int64(5), 5),
        (np.uint8(255), 255),
        (np.float32(0.5), 0.5),
        (np.float64(0.1), 0.1),
        (np.bool_(True), True),
        (np.str_("中"), "中"),
        (np.datetime64("2021-10-27T02:08:49"), datetime(2021, 10, 27, 2, 8, 49)),
        ([np.int32(1), {"a": np.float16(2)}], [1, {"a": 2.0}]),
    ],
)
def test_numbers_of_numpy_are_stored(writer_of: Writer, value: Any, plain: Any) -> None:
    ix = RamStorage().create_index(fields.Schema(v=fields.STORED))
    writer = writer_of(ix)
    writer.add_document(v=value)
    writer.commit()
    with ix.reader() as reader:
        found = reader.stored_fields(0)["v"]
    assert found == plain
    assert type(found) is type(plain)


def test_boosts_are_no_damage(writer_of: Writer) -> None:
    ix = RamStorage().create_index(fields.Schema(a=fields.TEXT(stored=True), b=fields.TEXT(field_boost=2.0)))
    writer = writer_of(ix)
    writer.add_document(a="alpha beta alpha", b="gamma", _a_boost=2.5)
    writer.add_document(a="alpha", b="gamma delta", _boost=0.5)
    writer.commit()
    with ix.reader() as reader:
        (leaf,) = (leaf for leaf, _ in reader.leaf_readers())
        assert list(SegmentCheck(segment_reader(leaf), 2).findings()) == []
        assert list(SegmentCheck(segment_reader(leaf), 2, unboosted=True).findings())


@pytest.mark.parametrize("boost", [0, -1, float("nan"), float("inf")])
def test_a_boost_that_no_posting_can_hold_is_refused(boost: float) -> None:
    ix = RamStorage().create_index(fields.Schema(a=fields.TEXT(stored=True)))
    writer = open_writer(ix)
    with pytest.raises(ValueError, match="weight"):
        writer.add_document(a="alpha", _boost=boost)
    writer.add_document(a="beta")
    writer.commit()
    assert ix.doc_count() == 1


@pytest.mark.parametrize("finish", [{"merge": False}, {"optimize": True}])
def test_a_column_added_to_what_is_there(writer_of: Writer, finish: dict[str, bool]) -> None:
    """``whoosh.sorting.add_sortable`` raised AttributeError."""
    from whoosh import sorting

    ix = RamStorage().create_index(fields.Schema(name=fields.ID(stored=True), price=fields.NUMERIC))
    prices = [30, 10, 20, 40]
    for half in (prices[:2], prices[2:]):
        writer = writer_of(ix)
        for price in half:
            writer.add_document(name=f"n{price}", price=price)
        writer.commit(merge=False)
    writer = writer_of(ix)
    sorting.add_sortable(writer, "price", sorting.FieldFacet("price"))
    sorting.add_sortable(writer, "name", sorting.StoredFieldFacet("name"))
    writer.commit(merge=False)
    writer = writer_of(ix)
    writer.add_document(name="n5", price=5)
    writer.commit(**finish)
    with ix.searcher() as searcher:
        reader = searcher.reader()
        assert reader.has_column("price")
        column = reader.column_reader("price")
        names = reader.column_reader("name")
        assert sorted((names[doc], column[doc]) for doc in range(5)) == sorted((f"n{p}", p) for p in [*prices, 5])
        found = searcher.search(Every(), sortedby="price")
        assert [hit["name"] for hit in found] == ["n5", "n10", "n20", "n30", "n40"]
