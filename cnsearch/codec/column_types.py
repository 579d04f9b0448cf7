"""Which Whoosh column becomes which kind of column here."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from whoosh import columns as whoosh_columns
from whoosh.filedb.structfile import BufferFile, StructFile

from cnsearch.engine.columns.spec import ColumnSpec


class OrdinalListColumn(whoosh_columns.VarBytesListColumn):  # type: ignore[misc]
    """A schema column of several byte strings per document (an article has several categories)."""


_BYTE_STRINGS = (
    whoosh_columns.VarBytesColumn,
    whoosh_columns.FixedBytesColumn,
    whoosh_columns.CompressedBytesColumn,
    whoosh_columns.CompressedBlockColumn,
)


def column_spec(column: Any) -> ColumnSpec:
    """A Whoosh column as the engine knows it. What is none of its kinds is opaque: the column writes itself."""
    packer = _OwnForm(column)
    if isinstance(column, whoosh_columns.ClampedNumericColumn):
        column, clamped = column._child, True
    else:
        clamped = False
    if isinstance(column, whoosh_columns.NumericColumn):
        kind = "float" if column._typecode in "fd" else "integer"
        return ColumnSpec(kind, column._typecode, column._default, clamped, packer)
    if isinstance(column, whoosh_columns.BitColumn):
        return ColumnSpec("bit", packer=packer)
    if isinstance(column, whoosh_columns.RefBytesColumn):
        return ColumnSpec("ordinal", default=column._default, packer=packer)
    if isinstance(column, (whoosh_columns.VarBytesListColumn, whoosh_columns.FixedBytesListColumn)):
        return ColumnSpec("ordinal_list", packer=packer)
    if isinstance(column, whoosh_columns.PickleColumn):
        return ColumnSpec("value", default=b"", packer=packer)  # values in the form of stored ones: no pickles
    if isinstance(column, _BYTE_STRINGS) and not isinstance(column, whoosh_columns.StructColumn):
        default = getattr(column, "_default", b"")
        return ColumnSpec("bytes", default=default if isinstance(default, bytes) else b"", packer=packer)
    return ColumnSpec("opaque", packer=packer)


class _OwnForm:
    """How a Whoosh column type writes and reads itself; a ``Packer``."""

    def __init__(self, column: Any) -> None:
        self._column = column

    def check(self, value: Any) -> Any:
        """Whether the column's own writer takes it is known when it has written it."""
        try:
            self.pack([value])
        except Exception as exc:
            raise TypeError(f"{type(self._column).__name__} does not take {value!r:.80}: {exc}") from exc
        return value

    def pack(self, values: Sequence[Any]) -> bytes:
        buffer = io.BytesIO()
        writer = self._column.writer(StructFile(buffer))
        for doc_id, value in enumerate(values):
            if value is not None:
                writer.add(doc_id, value)
        writer.finish(len(values))
        return buffer.getvalue()

    def unpack(self, data: bytes, doc_count: int) -> Sequence[Any]:
        reader = own_reader(self._column, data, doc_count)
        return [reader[doc_id] for doc_id in range(doc_count)]


def own_reader(column: Any, data: bytes, doc_count: int) -> Any:
    """The column type's own reader of what it has written."""
    return column.reader(BufferFile(data), 0, len(data), doc_count)
