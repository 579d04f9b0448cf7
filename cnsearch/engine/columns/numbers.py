"""Columns of numbers and of bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Array
from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import SectionKind, smallest_unsigned
from cnsearch.engine.columns.column import Kept, ValueColumn
from cnsearch.engine.columns.spec import ColumnSpec


class NumberColumn(ValueColumn):
    """Integers or floats.

    values  : int64, uint64 or float64, shape (documents,); ``default`` where there is no value
    present : bool, shape (documents,), or None if every document has a value
    """

    def __init__(self, values: Array, present: npt.NDArray[np.bool_] | None, default: Any, typecode: str) -> None:
        self.values, self.present, self.default, self.typecode = values, present, default, typecode

    @staticmethod
    def dtype_of(typecode: str) -> np.dtype[Any]:
        """Of ``values`` of a column of this typecode."""
        return np.dtype("f8" if typecode in "fd" else "u8" if typecode in "QL" else "i8")

    @classmethod
    def of(cls, values: Sequence[Any], spec: ColumnSpec) -> NumberColumn:
        default, typecode = spec.default, spec.typecode
        present = np.fromiter((value is not None for value in values), dtype=bool, count=len(values))
        filled = [default if value is None else value for value in values]
        array = np.array(filled, dtype=cls.dtype_of(typecode))
        return cls(array, None if present.all() else present, default, typecode)

    def write(self, writer: ContainerWriter, field: int) -> dict[str, Any]:
        values, present = self.values, self.present
        info: dict[str, Any] = {"default": self.default, "typecode": self.typecode}
        known = values if present is None else values[present]
        if values.dtype.kind == "f":
            with np.errstate(over="ignore"):  # then it is not exact
                narrow = values.astype("<f4")
            exact = self.typecode == "f" or bool((narrow.astype("f8") == values).all())
            writer.add(SectionKind.COLUMN_DATA, narrow if exact else values.astype("<f8"), field)
        else:
            base = int(known.min()) if len(known) else 0
            info["base"] = base
            # Differences are taken modulo 2**64, so that the whole range of int64 is no special case.
            differences = known.astype(np.uint64) - np.uint64(base % (1 << 64))
            widest = int(differences.max()) if len(known) else 0
            offsets = np.zeros(len(values), dtype=smallest_unsigned(widest))
            offsets[slice(None) if present is None else present] = differences
            writer.add(SectionKind.COLUMN_DATA, offsets, field)
        if present is not None:
            writer.add(SectionKind.COLUMN_PRESENT, np.packbits(present, bitorder="little"), field)
        return info

    @classmethod
    def read(cls, container: Container, field: int, info: dict[str, Any], doc_count: int) -> NumberColumn:
        data = container.section(SectionKind.COLUMN_DATA, field)
        typecode, default = info["typecode"], info["default"]
        present = read_bits(container, SectionKind.COLUMN_PRESENT, field, doc_count)
        if typecode in "fd":
            values = data.array(f"<f{data.item_size}").astype("f8")
        else:
            base = np.uint64(info["base"] % (1 << 64))
            values = (data.array().astype("u8") + base).view(cls.dtype_of(typecode))
        if len(values) != doc_count:
            raise data.corrupt("has another number of values", found=len(values), expected=doc_count)
        if present is not None:
            values[~present] = default
        values.flags.writeable = False
        return cls(values, present, default, typecode)

    def take(self, kept: Kept) -> NumberColumn:
        if kept is None:
            return self
        present = None if self.present is None else self.present[kept]
        return NumberColumn(self.values[kept], present, self.default, self.typecode)

    def __getitem__(self, doc_id: int) -> Any:
        return self.values[doc_id].item()

    def to_list(self) -> list[Any]:
        return list(self.values.tolist())

    def optional_values(self) -> list[Any]:
        values: list[Any] = self.values.tolist()
        if self.present is not None:
            values = [value if here else None for value, here in zip(values, self.present.tolist(), strict=True)]
        return values


class BitsColumn(ValueColumn):
    """True or False; ``values`` is bool, shape (documents,)."""

    def __init__(self, values: npt.NDArray[np.bool_]) -> None:
        self.values = values

    @classmethod
    def of(cls, values: Sequence[Any], spec: ColumnSpec) -> BitsColumn:
        return cls(np.fromiter((bool(value) for value in values), dtype=bool, count=len(values)))

    def write(self, writer: ContainerWriter, field: int) -> dict[str, Any]:
        writer.add(SectionKind.COLUMN_DATA, np.packbits(self.values, bitorder="little"), field)
        return {}

    @classmethod
    def read(cls, container: Container, field: int, info: dict[str, Any], doc_count: int) -> BitsColumn:
        container.section(SectionKind.COLUMN_DATA, field)
        values = read_bits(container, SectionKind.COLUMN_DATA, field, doc_count)
        assert values is not None
        return cls(values)

    def take(self, kept: Kept) -> BitsColumn:
        return self if kept is None else BitsColumn(self.values[kept])

    def __getitem__(self, doc_id: int) -> bool:
        return bool(self.values[doc_id])

    def to_list(self) -> list[bool]:
        return list(self.values.tolist())

    def optional_values(self) -> list[Any]:
        return self.to_list()


def read_bits(container: Container, kind: int, field: int, doc_count: int) -> npt.NDArray[np.bool_] | None:
    """A bitmap section as bool, shape (doc_count,); None if the file has none."""
    section = container.find(kind, field)
    if section is None:
        return None
    if section.length != (doc_count + 7) >> 3:
        raise section.corrupt("has another size", found=section.length, expected=(doc_count + 7) >> 3)
    return np.unpackbits(section.array(np.uint8), count=doc_count, bitorder="little").astype(bool)
