"""Columns of byte strings of which many are equal: labels, one or several per document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnsearch.arrays import Array, Ints
from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import SectionKind, smallest_unsigned
from cnsearch.engine.bytes.ragged import RaggedReader, gather_rows, lengths_of, offsets_of, write_ragged
from cnsearch.engine.columns.column import Kept, ValueColumn
from cnsearch.engine.columns.spec import ColumnSpec

VALUE_KINDS = (SectionKind.COLUMN_VALUE_LENGTHS, SectionKind.COLUMN_VALUE_BASES, SectionKind.COLUMN_VALUE_BYTES)


class OrdinalColumn(ValueColumn):
    """Byte strings of which many are equal: the sorted distinct ones, and each document's number among them.

    ordinals : unsigned, shape (documents,)
    uniques  : the distinct values in byte order
    default  : value of a document without one
    """

    def __init__(self, ordinals: Array, uniques: list[bytes], default: bytes) -> None:
        self.ordinals, self.uniques, self.default = ordinals, uniques, default

    @classmethod
    def of(cls, values: Sequence[Any], spec: ColumnSpec) -> OrdinalColumn:
        default = spec.default
        filled = [default if value is None else value for value in values]
        uniques = sorted(set(filled))
        number = {value: index for index, value in enumerate(uniques)}
        ordinals = np.fromiter(map(number.__getitem__, filled), dtype=np.int64, count=len(filled))
        return cls(ordinals, uniques, default)

    def write(self, writer: ContainerWriter, field: int) -> dict[str, Any]:
        dtype = smallest_unsigned(max(len(self.uniques) - 1, 0))
        writer.add(SectionKind.COLUMN_DATA, self.ordinals.astype(dtype), field)
        write_ragged(writer, VALUE_KINDS, field, lengths_of(self.uniques), [b"".join(self.uniques)])
        return {"default": self.default.hex()}

    @classmethod
    def read(cls, container: Container, field: int, info: dict[str, Any], doc_count: int) -> OrdinalColumn:
        data = container.section(SectionKind.COLUMN_DATA, field)
        ordinals, uniques = data.array(), RaggedReader(container, VALUE_KINDS, field).rows()
        if len(ordinals) != doc_count or (doc_count and int(ordinals.max()) >= len(uniques)):
            raise data.corrupt("does not fit its values", found=len(ordinals), expected=doc_count)
        return cls(ordinals, uniques, bytes.fromhex(info["default"]))

    def take(self, kept: Kept) -> OrdinalColumn:
        return self if kept is None else OrdinalColumn(self.ordinals[kept], self.uniques, self.default)

    def __getitem__(self, doc_id: int) -> bytes:
        return self.uniques[int(self.ordinals[doc_id])]

    def to_list(self) -> list[bytes]:
        return list(map(self.uniques.__getitem__, self.ordinals.tolist()))

    def optional_values(self) -> list[Any]:
        return self.to_list()


class OrdinalListsColumn(ValueColumn):
    """Several byte strings per document, in the order given.

    offsets  : int64, shape (documents + 1,): where each document's ordinals begin
    ordinals : unsigned, shape (offsets[-1],)
    uniques  : the distinct values in byte order
    """

    def __init__(self, offsets: Ints, ordinals: Array, uniques: list[bytes]) -> None:
        self.offsets, self.ordinals, self.uniques = offsets, ordinals, uniques

    @classmethod
    def of(cls, values: Sequence[Any], spec: ColumnSpec) -> OrdinalListsColumn:
        rows = [value or () for value in values]
        flat = [value for row in rows for value in row]
        uniques = sorted(set(flat))
        number = {value: index for index, value in enumerate(uniques)}
        ordinals = np.fromiter(map(number.__getitem__, flat), dtype=np.int64, count=len(flat))
        return cls(offsets_of(np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))), ordinals, uniques)

    def write(self, writer: ContainerWriter, field: int) -> dict[str, Any]:
        dtype = smallest_unsigned(max(len(self.uniques) - 1, 0))
        writer.add(SectionKind.COLUMN_DATA, self.ordinals.astype(dtype), field)
        offsets = self.offsets.astype(smallest_unsigned(int(self.offsets[-1])))
        writer.add(SectionKind.COLUMN_OFFSETS, offsets, field)
        write_ragged(writer, VALUE_KINDS, field, lengths_of(self.uniques), [b"".join(self.uniques)])
        return {}

    @classmethod
    def read(cls, container: Container, field: int, info: dict[str, Any], doc_count: int) -> OrdinalListsColumn:
        data = container.section(SectionKind.COLUMN_DATA, field)
        ordinals, uniques = data.array(), RaggedReader(container, VALUE_KINDS, field).rows()
        offsets = container.section(SectionKind.COLUMN_OFFSETS, field).array().astype(np.int64)
        fits = len(offsets) == doc_count + 1 and offsets[-1] == len(ordinals) and bool((np.diff(offsets) >= 0).all())
        if not fits or (len(ordinals) and int(ordinals.max()) >= len(uniques)):
            raise data.corrupt("does not fit its values", found=len(offsets), expected=doc_count + 1)
        return cls(offsets, ordinals, uniques)

    def take(self, kept: Kept) -> OrdinalListsColumn:
        if kept is None:
            return self
        counts = np.diff(self.offsets)[kept]
        return OrdinalListsColumn(
            offsets_of(counts), gather_rows(self.ordinals, self.offsets[:-1][kept], counts), self.uniques
        )

    def __getitem__(self, doc_id: int) -> list[bytes]:
        start, stop = self.offsets[doc_id], self.offsets[doc_id + 1]
        return [self.uniques[ordinal] for ordinal in self.ordinals[start:stop].tolist()]

    def to_list(self) -> list[list[bytes]]:
        return [self[doc_id] for doc_id in range(len(self.offsets) - 1)]

    def optional_values(self) -> list[Any]:
        return self.to_list()
