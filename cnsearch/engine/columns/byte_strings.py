"""Columns of byte strings that are mostly different, of any values that can be stored, and of what only others read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Array, Ints
from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import SectionKind
from cnsearch.engine.bytes.ragged import RaggedReader, lengths_of, offsets_of, take_rows, write_ragged
from cnsearch.engine.bytes.values import decode_value
from cnsearch.engine.columns.column import Column, Kept, ValueColumn
from cnsearch.engine.columns.ordinals import VALUE_KINDS
from cnsearch.engine.columns.spec import ColumnSpec


class BytesColumn(ValueColumn):
    """Byte strings of any length; ``lengths`` per document, ``flat`` all bytes. Missing: ``default``."""

    def __init__(self, lengths: Array, flat: npt.NDArray[np.uint8], default: bytes = b"") -> None:
        self.lengths, self.flat, self.default = lengths, flat, default
        self._offsets: Ints | None = None

    @classmethod
    def of(cls, values: Sequence[Any], spec: ColumnSpec) -> BytesColumn:
        default = spec.default or b""
        rows = [default if value is None else value for value in values]
        return cls(lengths_of(rows), np.frombuffer(b"".join(rows), np.uint8), default)

    def write(self, writer: ContainerWriter, field: int) -> dict[str, Any]:
        write_ragged(writer, VALUE_KINDS, field, self.lengths, [self.flat])
        return {"default": self.default.hex()}

    @classmethod
    def read(cls, container: Container, field: int, info: dict[str, Any], doc_count: int) -> BytesColumn:
        reader = RaggedReader(container, VALUE_KINDS, field)
        if len(reader) != doc_count:
            raise container.corrupt(
                "has another number of values", section="column_value_lengths", found=len(reader), expected=doc_count
            )
        return cls(reader.lengths(), reader.flat(), bytes.fromhex(info["default"]))

    def take(self, kept: Kept) -> BytesColumn:
        return self if kept is None else BytesColumn(*take_rows(self.flat, self.lengths, kept), self.default)

    def __getitem__(self, doc_id: int) -> bytes:
        if self._offsets is None:
            self._offsets = offsets_of(self.lengths)
        return self.flat[self._offsets[doc_id] : self._offsets[doc_id + 1]].tobytes()

    def to_list(self) -> list[bytes]:
        flat, offsets = self.flat.tobytes(), offsets_of(self.lengths).tolist()
        return [flat[a:b] for a, b in pairwise(offsets)]

    def optional_values(self) -> list[Any]:
        return self.to_list()


class ValuesColumn(BytesColumn):
    """Any value that can be stored (values.py); None is no value."""

    def __getitem__(self, doc_id: int) -> Any:
        data = super().__getitem__(doc_id)
        return decode_value(data) if data else None

    def take(self, kept: Kept) -> ValuesColumn:
        return self if kept is None else ValuesColumn(*take_rows(self.flat, self.lengths, kept))

    def to_list(self) -> list[Any]:
        return [decode_value(row) if row else None for row in super().to_list()]

    def optional_values(self) -> list[Any]:
        return [row or None for row in BytesColumn.to_list(self)]


class OpaqueColumn(Column):
    """A column that somebody else wrote, as ``data``: ``ColumnSpec.packer`` knows what it says."""

    def __init__(self, data: bytes, doc_count: int) -> None:
        self.data, self.doc_count = data, doc_count

    @classmethod
    def of(cls, values: Sequence[Any], spec: ColumnSpec) -> OpaqueColumn:
        assert spec.packer is not None
        return cls(spec.packer.pack(values), len(values))

    def write(self, writer: ContainerWriter, field: int) -> dict[str, Any]:
        writer.add(SectionKind.COLUMN_DATA, self.data, field)
        return {}

    @classmethod
    def read(cls, container: Container, field: int, info: dict[str, Any], doc_count: int) -> OpaqueColumn:
        section = container.section(SectionKind.COLUMN_DATA, field)
        return cls(bytes(section.read(0, section.length)), doc_count)

    def values(self, spec: ColumnSpec) -> Sequence[Any]:
        """What it says, as ``spec`` understands it."""
        assert spec.packer is not None
        return spec.packer.unpack(self.data, self.doc_count)
