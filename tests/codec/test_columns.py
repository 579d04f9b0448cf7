"""Columns answer as Whoosh's own do."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from whoosh import columns as whoosh_columns
from whoosh.filedb.structfile import BufferFile, StructFile

from cnsearch.codec.column_types import column_spec
from cnsearch.codec.columns import ColumnarColumnReader
from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.columns.kinds import COLUMN_CLASSES, concatenate, make_column

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
    info = json.loads(json.dumps(info))
    return COLUMN_CLASSES[kind].read(Container("x", file.getvalue()), 0, info, count)


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_answer_as_whoosh(name):
    column, values = COLUMNS[name]
    spec = column_spec(column)
    kind, check = spec.kind, spec.checker()
    checked = [None if value is None else check(value) for value in values]
    found = through_file(make_column(checked, spec), kind, len(values))
    if name in ("wide", "unsigned"):
        expected = [column._default if value is None else value for value in values]
    elif name == "clamped":
        expected = values  # Whoosh's own writer gives back 255 for everything
    else:
        expected = whoosh_answers(column, values)
    if kind == "opaque":
        assert type(found.values(spec)[0]) is type(expected[0])
        assert list(found.values(spec)) == expected
        return
    reader = ColumnarColumnReader(found, len(values))
    assert [reader[doc] for doc in range(len(values))] == expected
    assert list(reader) == reader.load() == expected
    assert len(reader) == len(values)
    for kept in (np.array([0, 3]), np.array([4]), None):
        rows = range(len(values)) if kept is None else kept.tolist()
        parts = [(found.take(kept), len(rows)), (None, 2), (found, len(values))]
        joined = through_file(concatenate(parts, spec), kind, len(rows) + 2 + len(values))
        missing = make_column([None] * 2, spec).to_list()
        assert joined.to_list() == [expected[doc] for doc in rows] + missing + expected


def test_sort_keys_and_reverse():
    numbers = ColumnarColumnReader(make_column([3, 1, None], column_spec(COLUMNS["integers"][0])), 3)
    assert [numbers.sort_key(doc) for doc in range(3)] == [3, 1, -7]
    numbers.set_reverse()
    assert [numbers.sort_key(doc) for doc in range(3)] == [-3, -1, 7]
    bits = ColumnarColumnReader(make_column([True, None], column_spec(COLUMNS["bits"][0])), 2)
    assert [bits.sort_key(doc) for doc in range(2)] == [1, 0]
    assert list(bits.id_set()) == [0]
    bits.set_reverse()
    assert [bits.sort_key(doc) for doc in range(2)] == [0, 1]
    words = ColumnarColumnReader(make_column([b"a"], column_spec(COLUMNS["bytes"][0])), 1)
    with pytest.raises(NotImplementedError):
        words.set_reverse()


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
        column_spec(COLUMNS[name][0]).checker()(value)


def test_text_is_taken_as_utf8():
    assert column_spec(COLUMNS["ordinals"][0]).checker()("上") == "上".encode()
    assert column_spec(COLUMNS["lists"][0]).checker()(["上", b"x"]) == ["上".encode(), b"x"]
    assert column_spec(COLUMNS["clamped"][0]).checker()(1000) == 255
