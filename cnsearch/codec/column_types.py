"""Which Whoosh column becomes which kind of column here, and what values it takes."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any

from whoosh import columns as whoosh_columns
from whoosh.filedb.structfile import StructFile

from cnsearch.engine.bytes.values import encode_value

_INTEGER_RANGES = {
    code: (-(1 << (8 * size - 1)), (1 << (8 * size - 1)) - 1)
    for code, size in (("b", 1), ("h", 2), ("i", 4), ("l", 8), ("q", 8))
} | {code: (0, (1 << (8 * size)) - 1) for code, size in (("B", 1), ("H", 2), ("I", 4), ("L", 8), ("Q", 8))}


_MAX_SINGLE = 3.4028234663852886e38  # FLT_MAX of IEEE 754 binary32


class OrdinalListColumn(whoosh_columns.VarBytesListColumn):  # type: ignore[misc]
    """A schema column of several byte strings per document (an article has several categories)."""


def kind_of(column: Any) -> str:
    """The kind in which a Whoosh column is kept."""
    if isinstance(column, whoosh_columns.ClampedNumericColumn):
        column = column._child
    if isinstance(column, whoosh_columns.NumericColumn):
        return "float" if column._typecode in "fd" else "integer"
    if isinstance(column, whoosh_columns.BitColumn):
        return "bit"
    if isinstance(column, whoosh_columns.RefBytesColumn):
        return "ordinal"
    if isinstance(column, (whoosh_columns.VarBytesListColumn, whoosh_columns.FixedBytesListColumn)):
        return "ordinal_list"
    if isinstance(column, whoosh_columns.PickleColumn):
        return "value"
    if isinstance(column, whoosh_columns.StructColumn):
        return "opaque"
    if isinstance(
        column,
        (
            whoosh_columns.VarBytesColumn,
            whoosh_columns.FixedBytesColumn,
            whoosh_columns.CompressedBytesColumn,
            whoosh_columns.CompressedBlockColumn,
        ),
    ):
        return "bytes"
    return "opaque"


def value_checker(column: Any) -> Callable[[Any], Any]:
    """A function that returns the value in the form that is kept, and raises ValueError or TypeError for others.

    Text is accepted for byte strings, as UTF-8.
    """
    kind = kind_of(column)
    if kind == "integer":
        clamped = isinstance(column, whoosh_columns.ClampedNumericColumn)
        low, high = _INTEGER_RANGES[(column._child if clamped else column)._typecode]

        def check_integer(value: Any) -> int:
            try:
                number = int(value)
            except OverflowError as exc:
                raise ValueError(f"{value!r} is no integer") from exc
            if not low <= number <= high:
                if not clamped:
                    raise ValueError(f"{number} does not fit the column ({low}..{high})")
                number = min(max(number, low), high)
            return number

        return check_integer
    if kind == "float":
        widest = _MAX_SINGLE if column._typecode == "f" else math.inf

        def check_float(value: Any) -> float:
            try:
                number = float(value)
            except OverflowError as exc:
                raise ValueError(f"{value!r:.40} does not fit the column") from exc
            if widest < abs(number) < math.inf:
                raise ValueError(f"{number} does not fit the column (single precision)")
            return number

        return check_float
    if kind == "bit":
        return bool
    if kind in ("ordinal", "bytes"):
        return as_bytes
    if kind == "ordinal_list":
        return lambda values: [as_bytes(value) for value in values]
    if kind == "value":
        return encode_value

    def check_opaque(value: Any) -> Any:
        """Whether the column's own writer takes it is known when it has written it."""
        try:
            writer = column.writer(StructFile(io.BytesIO()))
            writer.add(0, value)
            writer.finish(1)
        except Exception as exc:
            raise TypeError(f"{type(column).__name__} does not take {value!r:.80}: {exc}") from exc
        return value

    return check_opaque


def as_bytes(value: Any) -> bytes:
    """Bytes as they are, text as UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes):
        return value
    raise TypeError(f"a column of byte strings got a value of type {type(value).__name__}")
