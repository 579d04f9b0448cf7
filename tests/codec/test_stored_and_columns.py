"""Stored fields and columns by themselves."""

from __future__ import annotations

import io
import random
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from whoosh import columns as whoosh_columns

from cnsearch.codec import column_types, columns
from cnsearch.engine.bytes.container import Container, ContainerWriter, SectionKind
from cnsearch.engine.stored import stored
from cnsearch.errors import CorruptIndexError

TEXT = "人民币汇率中间价上调，" * 40


def random_values(count: int, seed: int) -> list[Any]:
    rng = random.Random(seed)
    choices: list[Any] = [None, "", "短", 7, -2.5, b"raw", ["a", None], TEXT, "x" * 600, {"k": TEXT}]
    return [rng.choice(choices) if rng.random() < 0.7 else TEXT + str(rng.random()) for _ in range(count)]


def write_stored(parts: list[tuple[dict[str, list[Any]], int]], *, plain: bool = False) -> tuple[Container, list[str]]:
    file = io.BytesIO()
    container = ContainerWriter(file)
    writer = stored.StoredWriter(container)
    for fields, count in parts:
        writer.add({name: stored.encode_piece(values, count, plain=plain) for name, values in fields.items()}, count)
    names = writer.finish({name: number for number, name in enumerate(writer.names())})
    container.close()
    return Container("x", file.getvalue()), names


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 127, 128, 129, 257])
def test_stored_values_come_back(count):
    first, second = random_values(count, 1), random_values(count, 2)
    container, names = write_stored([({"a": first}, count), ({"b": second}, count), ({"a": second, "b": first}, count)])
    assert names == ["a", "b"]
    for number, expected in enumerate([first + [None] * count + second, [None] * count + second + first]):
        reader = stored.StoredReader(container, number, 3 * count)
        assert [reader.get(doc) for doc in range(3 * count)] == expected == reader.all_values()
        for doc in reversed(range(3 * count)):
            assert reader.get(doc) == expected[doc]


def test_literal_bytes_of_stored_values():
    container, _ = write_stored([({"a": ["ab", None, "上"]}, 3)])
    kind = SectionKind
    assert [entry.kind for entry in container.entries] == [
        kind.LONG_BLOCKS,
        kind.STORED_LENGTHS,
        kind.STORED_BASES,
        kind.STORED_BYTES,
    ]
    assert container.section(kind.STORED_LENGTHS, 0).array().tolist() == [3, 0, 3]
    assert bytes(container.section(kind.STORED_BYTES, 0).bytes) == b"sabu\x0a\x4e"
    long = "字" * 300
    container, _ = write_stored([({"a": ["ab", long]}, 2)])
    assert container.section(kind.STORED_LENGTHS, 0).array().tolist() == [3, 0]
    assert container.section(kind.LONG_DOCS, 0).array().tolist() == [1]
    assert container.section(kind.LONG_LENGTHS, 0).array().tolist() == [601]
    assert container.section(kind.LONG_BLOCK_RANKS, 0).array().tolist() == [0, 1]
    assert container.section(kind.LONG_BLOCK_STARTS, 0).array().tolist() == [0]
    block = bytes(container.section(kind.LONG_BLOCKS).bytes)
    assert zlib.decompress(block) == b"u" + long.encode("utf-16-le")
    assert container.section(kind.LONG_BLOCK_SIZES, 0).array().tolist() == [len(block)]


@pytest.mark.parametrize("plain", [False, True])
def test_many_texts_at_once(plain):
    values = [*random_values(300, 5), "latin", "x" * 9000, "😀", "", None]
    container, _ = write_stored([({"a": values}, len(values))], plain=plain)
    reader = stored.StoredReader(container, 0, len(values))
    for doc_ids in (list(range(len(values))), [4, 5, 9, 303], [304], []):
        units, counts = reader.utf16(np.array(doc_ids, dtype=np.int64))
        texts = [value if isinstance(value, str) else "" for value in (values[doc] for doc in doc_ids)]
        assert units.tobytes().decode("utf-16-le") == "".join(texts)
        assert counts.tolist() == [len(text.encode("utf-16-le")) // 2 for text in texts]


def test_plain_texts_are_not_compressed():
    container, _ = write_stored([({"a": [TEXT, "latin"]}, 2)], plain=True)
    bytes_of = bytes(container.section(SectionKind.STORED_BYTES, 0).bytes)
    assert bytes_of == b"u" + TEXT.encode("utf-16-le") + b"u" + "latin".encode("utf-16-le")
    assert container.find(SectionKind.LONG_LENGTHS, 0) is None


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("dropped", ["none", "some", "blocks", "all long", "all but one"])
def test_merging_pieces(dropped, plain):
    values = random_values(300, 3)
    container, _ = write_stored([({"a": values}, 300)], plain=plain)
    reader = stored.StoredReader(container, 0, 300)
    keep = {
        "none": list(range(300)),
        "some": [doc for doc in range(300) if doc % 3],
        "blocks": list(range(0, 80)) + list(range(200, 300)),
        "all long": [doc for doc in range(300) if not isinstance(values[doc], str) or len(values[doc]) < 100],
        "all but one": [150],
    }[dropped]
    kept = None if dropped == "none" else np.array(keep)
    piece = stored.SegmentPiece(reader, 300, kept)
    file = io.BytesIO()
    writer = ContainerWriter(file)
    merged = stored.StoredWriter(writer)
    merged.add({"a": piece}, piece.doc_count)
    merged.add({"a": stored.encode_piece(["end"], 1)}, 1)
    merged.finish({"a": 0})
    writer.close()
    found = stored.StoredReader(Container("y", file.getvalue()), 0, len(keep) + 1)
    assert [found.get(doc) for doc in range(len(keep) + 1)] == [values[doc] for doc in keep] + ["end"]


def test_a_block_is_unpacked_no_further_than_its_values_reach(monkeypatch):
    monkeypatch.setattr(stored, "compress_block", lambda values: zlib.compress(b"".join(values) + bytes(50_000_000)))
    container, _ = write_stored([({"a": [TEXT, TEXT]}, 2)])
    tracemalloc.start()
    try:
        with pytest.raises(CorruptIndexError, match="another size"):
            stored.StoredReader(container, 0, 2).get(1)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_pieces_must_fit():
    with pytest.raises(ValueError, match="2 stored values for 3"):
        stored.encode_piece(["a", "b"], 3)
    writer = stored.StoredWriter(ContainerWriter(io.BytesIO()))
    with pytest.raises(ValueError, match="has 1 documents, expected 2"):
        writer.add({"a": stored.encode_piece(["a"], 1)}, 2)


# -- columns ----------------------------------------------------------------------------------------------------------

COLUMNS: dict[str, tuple[Any, list[Any]]] = {
    "integers": (whoosh_columns.NumericColumn("i", default=-7), [None, 5, 1000, -3, 5]),
    "wide": (whoosh_columns.NumericColumn("q"), [-(2**63), 2**63 - 1, None, 0, 1]),
    "unsigned": (whoosh_columns.NumericColumn("Q", default=2**64 - 1), [2**64 - 1, 0, None, 5, 7]),
    "one byte": (whoosh_columns.NumericColumn("b"), [-128, 127, 0, 1, None]),
    "equal": (whoosh_columns.NumericColumn("i"), [1_600_000_000] * 5),
    "no value": (whoosh_columns.NumericColumn("i", default=3), [None] * 5),
    "floats": (whoosh_columns.NumericColumn("d"), [1.5, None, -2.25, 0.1, float("inf")]),
    "single floats": (whoosh_columns.NumericColumn("f"), [1.5, None, -2.25, 0.5, 8.0]),
    "bits": (whoosh_columns.BitColumn(), [True, None, False, True, True]),
    "ordinals": (whoosh_columns.RefBytesColumn(), [b"b", b"a", None, b"b", b""]),
    "ordinals with default": (whoosh_columns.RefBytesColumn(default=b"-"), [b"b", b"a", None, b"b", b""]),
    "bytes": (whoosh_columns.VarBytesColumn(), [b"b" * 300, b"a", None, b"b", b""]),
    "fixed": (whoosh_columns.FixedBytesColumn(2, default=b"--"), [b"bb", b"aa", None, b"bc", b"zz"]),
    "compressed": (whoosh_columns.CompressedBytesColumn(), [b"b" * 300, b"a", b"x", b"b", b"y"]),
    "blocks": (whoosh_columns.CompressedBlockColumn(), [b"b" * 300, b"a", b"x", b"b", b"y"]),
    "lists": (whoosh_columns.VarBytesListColumn(), [[b"b", b"a"], [], None, [b"b"], [b"c", b"b", b"b"]]),
    "fixed lists": (whoosh_columns.FixedBytesListColumn(2), [[b"bb", b"aa"], [], None, [b"bb"], [b"cc"]]),
    "structs": (whoosh_columns.StructColumn("ifH", (0, 0.0, 0)), [(1, 2.5, 3), None, (0, 0.0, 0), (7, 8.0, 9), None]),
    "values": (whoosh_columns.PickleColumn(whoosh_columns.VarBytesColumn()), [{"a": 1}, None, "x", [1, 2], 5]),
    "clamped": (whoosh_columns.ClampedNumericColumn(whoosh_columns.NumericColumn("B")), [5, 0, 255, 7, 8]),
}


def whoosh_answers(column: Any, values: list[Any]) -> list[Any]:
    from whoosh.filedb.structfile import BufferFile, StructFile

    buffer = io.BytesIO()
    writer = column.writer(StructFile(buffer))
    for doc, value in enumerate(values):
        if value is not None:
            writer.add(doc, value)
    writer.finish(len(values))
    raw = buffer.getvalue()
    reader = column.reader(BufferFile(raw), 0, len(raw), len(values))
    return [reader[doc] for doc in range(len(values))]


def through_file(data: Any, kind: str, count: int) -> Any:
    file = io.BytesIO()
    writer = ContainerWriter(file)
    info = data.write(writer, 0)
    writer.close()
    import json

    info = json.loads(json.dumps(info))
    return columns.COLUMN_CLASSES[kind].read(Container("x", file.getvalue()), 0, info, count)


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_answer_as_whoosh(name):
    column, values = COLUMNS[name]
    kind, check = column_types.kind_of(column), column_types.value_checker(column)
    checked = [None if value is None else check(value) for value in values]
    found = through_file(columns.make_column(checked, column), kind, len(values))
    if name in ("wide", "unsigned"):
        expected = [column._default if value is None else value for value in values]
    elif name == "clamped":
        expected = values  # Whoosh's own writer gives back 255 for everything
    else:
        expected = whoosh_answers(column, values)
    if kind == "opaque":
        assert type(found.reader(column)[0]) is type(expected[0])
        assert [found.reader(column)[doc] for doc in range(len(values))] == expected
        return
    reader = columns.ColumnarColumnReader(found, len(values))
    assert [reader[doc] for doc in range(len(values))] == expected
    assert list(reader) == reader.load() == expected
    assert len(reader) == len(values)
    for kept in (np.array([0, 3]), np.array([4]), None):
        rows = range(len(values)) if kept is None else kept.tolist()
        parts = [(found.take(kept), len(rows)), (None, 2), (found, len(values))]
        joined = through_file(columns.concatenate(parts, column, kind), kind, len(rows) + 2 + len(values))
        missing = columns.make_column([None] * 2, column).to_list()
        assert joined.to_list() == [expected[doc] for doc in rows] + missing + expected


def test_sort_keys_and_reverse():
    numbers = columns.ColumnarColumnReader(columns.make_column([3, 1, None], COLUMNS["integers"][0]), 3)
    assert [numbers.sort_key(doc) for doc in range(3)] == [3, 1, -7]
    numbers.set_reverse()
    assert [numbers.sort_key(doc) for doc in range(3)] == [-3, -1, 7]
    bits = columns.ColumnarColumnReader(columns.make_column([True, None], COLUMNS["bits"][0]), 2)
    assert [bits.sort_key(doc) for doc in range(2)] == [1, 0]
    assert list(bits.id_set()) == [0]
    bits.set_reverse()
    assert [bits.sort_key(doc) for doc in range(2)] == [0, 1]
    words = columns.ColumnarColumnReader(columns.make_column([b"a"], COLUMNS["bytes"][0]), 1)
    with pytest.raises(NotImplementedError):
        words.set_reverse()


def test_numbers_take_the_smallest_width():
    def width(values: list[Any], typecode: str = "q") -> int:
        file = io.BytesIO()
        writer = ContainerWriter(file)
        columns.make_column(values, whoosh_columns.NumericColumn(typecode)).write(writer, 0)
        writer.close()
        return Container("x", file.getvalue()).section(SectionKind.COLUMN_DATA, 0).item_size

    assert width([10**12, 10**12 + 255]) == 1
    assert width([10**12, 10**12 + 256]) == 2
    assert width([0, 2**16]) == 4
    assert width([0, 2**32]) == 8
    assert width([0.5, 2.0], "d") == 4
    assert width([0.1, 2.0], "d") == 8


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("integers", 2**31, ValueError),
        ("one byte", -129, ValueError),
        ("integers", "x", ValueError),
        ("ordinals", 5, TypeError),
        ("lists", [5], TypeError),
        ("values", object(), TypeError),
    ],
)
def test_values_that_do_not_fit(name, value, error):
    with pytest.raises(error):
        column_types.value_checker(COLUMNS[name][0])(value)


def test_text_is_taken_as_utf8():
    assert column_types.value_checker(COLUMNS["ordinals"][0])("上") == "上".encode()
    assert column_types.value_checker(COLUMNS["lists"][0])(["上", b"x"]) == ["上".encode(), b"x"]
    assert column_types.value_checker(COLUMNS["clamped"][0])(1000) == 255
