"""Columns by themselves. That they answer as Whoosh's do: tests/codec/test_columns.py."""

from __future__ import annotations

import io
from typing import Any

import pytest

from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import SectionKind
from cnsearch.engine.columns.kinds import make_column
from cnsearch.engine.columns.spec import ColumnSpec


def test_numbers_take_the_smallest_width():
    def width(values: list[Any], typecode: str = "q") -> int:
        file = io.BytesIO()
        writer = ContainerWriter(file)
        kind = "float" if typecode == "d" else "integer"
        make_column(values, ColumnSpec(kind, typecode, 0)).write(writer, 0)
        writer.close()
        return Container("x", file.getvalue()).section(SectionKind.COLUMN_DATA, 0).item_size

    assert width([10**12, 10**12 + 255]) == 1
    assert width([10**12, 10**12 + 256]) == 2
    assert width([0, 2**16]) == 4
    assert width([0, 2**32]) == 8
    assert width([0.5, 2.0], "d") == 4
    assert width([0.1, 2.0], "d") == 8


@pytest.mark.parametrize(
    ("spec", "value", "kept"),
    [
        (ColumnSpec("integer", "B"), 255, 255),
        (ColumnSpec("integer", "B"), 256, ValueError),
        (ColumnSpec("integer", "B", clamped=True), 256, 255),
        (ColumnSpec("integer", "q"), float("inf"), ValueError),
        (ColumnSpec("float", "f"), 1e39, ValueError),
        (ColumnSpec("float", "d"), 1e39, 1e39),
        (ColumnSpec("float", "f"), float("inf"), float("inf")),
        (ColumnSpec("bit"), 3, True),
        (ColumnSpec("ordinal"), "上", "上".encode()),
        (ColumnSpec("bytes"), 5, TypeError),
        (ColumnSpec("ordinal_list"), ["上", b"x"], ["上".encode(), b"x"]),
        (ColumnSpec("value"), object(), TypeError),
    ],
)
def test_what_a_column_takes(spec: ColumnSpec, value: Any, kept: Any) -> None:
    if isinstance(kept, type) and issubclass(kept, Exception):
        with pytest.raises(kept):
            spec.checker()(value)
    else:
        assert spec.checker()(value) == kept
