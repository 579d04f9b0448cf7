"""What a column is: its kind, the numbers it may hold, and what a document without a value has."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cnsearch.engine.bytes.values import encode_value

_INTEGER_RANGES = {
    code: (-(1 << (8 * size - 1)), (1 << (8 * size - 1)) - 1)
    for code, size in (("b", 1), ("h", 2), ("i", 4), ("l", 8), ("q", 8))
} | {code: (0, (1 << (8 * size)) - 1) for code, size in (("B", 1), ("H", 2), ("I", 4), ("L", 8), ("Q", 8))}

_MAX_SINGLE = 3.4028234663852886e38  # FLT_MAX of IEEE 754 binary32


class Packer(Protocol):
    """Somebody else's form of a column: what only he can read stands in the file as bytes."""

    def check(self, value: Any) -> Any:
        """The value as ``pack`` takes it. Raises TypeError."""

    def pack(self, values: Sequence[Any]) -> bytes:
        """The whole column; None: no value."""

    def unpack(self, data: bytes, doc_count: int) -> Sequence[Any]:
        """Inverse of ``pack``, with his default where there was no value."""


@dataclass(frozen=True)
class ColumnSpec:
    """A column.

    kind     : "integer", "float", "bit", "ordinal" (byte strings of which many are equal), "ordinal_list", "bytes",
               "value" (whatever can be stored) or "opaque" (what ``packer`` makes of it)
    typecode : of numbers, as in the module ``struct``: what range they have
    default  : of a document without a value: a number, or bytes
    clamped  : numbers out of range become the nearest one in it, and are not refused
    packer   : writes an opaque column, and reads one that another kind has taken the place of
    """

    kind: str
    typecode: str = ""
    default: Any = None
    clamped: bool = False
    packer: Packer | None = field(default=None, compare=False)

    def checker(self) -> Callable[[Any], Any]:
        """A function that returns a value in the form that is kept, and raises ValueError or TypeError for others.

        Text is taken for byte strings, as UTF-8.
        """
        if self.kind == "integer":
            return self._check_integer
        if self.kind == "float":
            return self._check_float
        if self.kind == "bit":
            return bool
        if self.kind in ("ordinal", "bytes"):
            return as_bytes
        if self.kind == "ordinal_list":
            return lambda values: [as_bytes(value) for value in values]
        if self.kind == "value":
            return encode_value
        assert self.packer is not None
        return self.packer.check

    def _check_integer(self, value: Any) -> int:
        low, high = _INTEGER_RANGES[self.typecode]
        try:
            number = int(value)
        except OverflowError as exc:
            raise ValueError(f"{value!r} is no integer") from exc
        if not low <= number <= high:
            if not self.clamped:
                raise ValueError(f"{number} does not fit the column ({low}..{high})")
            number = min(max(number, low), high)
        return number

    def _check_float(self, value: Any) -> float:
        try:
            number = float(value)
        except OverflowError as exc:
            raise ValueError(f"{value!r:.40} does not fit the column") from exc
        if self.typecode == "f" and _MAX_SINGLE < abs(number) < math.inf:
            raise ValueError(f"{number} does not fit the column (single precision)")
        return number


def as_bytes(value: Any) -> bytes:
    """Bytes as they are, text as UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes):
        return value
    raise TypeError(f"a column of byte strings got a value of type {type(value).__name__}")
