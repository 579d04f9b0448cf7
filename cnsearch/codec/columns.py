"""Columns: one value per document and field, for sorting, filtering and counting.

Whoosh column types map to a few kinds here (column_types.py); each kind is a class that holds the column as arrays, is
made of Python values, of the file or of parts of other segments, and writes itself. A column type that is none of
them is written by itself into one opaque section. PickleColumn values take the form of stored values: no pickles.

On top of the arrays, ``ColumnarColumnReader`` keeps the contract of whoosh.columns.ColumnReader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from whoosh import columns as whoosh_columns
from whoosh.filedb.structfile import BufferFile, StructFile

from cnsearch.codec.column_types import kind_of
from cnsearch.engine.bytes.container import Container, ContainerWriter, SectionKind, smallest_unsigned
from cnsearch.engine.bytes.ragged import RaggedReader, gather_rows, lengths_of, offsets_of, take_rows, write_ragged
from cnsearch.engine.bytes.values import decode_value

_VALUE_KINDS = (SectionKind.COLUMN_VALUE_LENGTHS, SectionKind.COLUMN_VALUE_BASES, SectionKind.COLUMN_VALUE_BYTES)

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
Kept = Ints | None


# -- the kinds --------------------------------------------------------------------------------------------------------


class NumberColumn:
    """Integers or floats.

    values  : int64, uint64 or float64, shape (documents,); ``default`` where there is no value
    present : bool, shape (documents,), or None if every document has a value
    """

    def __init__(self, values: Array, present: npt.NDArray[np.bool_] | None, default: Any, typecode: str) -> None:
        self.values, self.present, self.default, self.typecode = values, present, default, typecode

    @staticmethod
    def dtype_of(typecode: str) -> np.dtype[Any]:
        return np.dtype("f8" if typecode in "fd" else "u8" if typecode in "QL" else "i8")

    @classmethod
    def of(cls, values: Sequence[Any], column: Any) -> NumberColumn:
        if isinstance(column, whoosh_columns.ClampedNumericColumn):
            column = column._child
        default, typecode = column._default, column._typecode
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


class BitsColumn:
    """True or False; ``values`` is bool, shape (documents,)."""

    def __init__(self, values: npt.NDArray[np.bool_]) -> None:
        self.values = values

    @classmethod
    def of(cls, values: Sequence[Any], column: Any) -> BitsColumn:
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


class OrdinalColumn:
    """Byte strings of which many are equal: the sorted distinct ones, and each document's number among them.

    ordinals : unsigned, shape (documents,)
    uniques  : the distinct values in byte order
    default  : value of a document without one
    """

    def __init__(self, ordinals: Array, uniques: list[bytes], default: bytes) -> None:
        self.ordinals, self.uniques, self.default = ordinals, uniques, default

    @classmethod
    def of(cls, values: Sequence[Any], column: Any) -> OrdinalColumn:
        default = column._default
        filled = [default if value is None else value for value in values]
        uniques = sorted(set(filled))
        number = {value: index for index, value in enumerate(uniques)}
        ordinals = np.fromiter(map(number.__getitem__, filled), dtype=np.int64, count=len(filled))
        return cls(ordinals, uniques, default)

    def write(self, writer: ContainerWriter, field: int) -> dict[str, Any]:
        dtype = smallest_unsigned(max(len(self.uniques) - 1, 0))
        writer.add(SectionKind.COLUMN_DATA, self.ordinals.astype(dtype), field)
        write_ragged(writer, _VALUE_KINDS, field, lengths_of(self.uniques), [b"".join(self.uniques)])
        return {"default": self.default.hex()}

    @classmethod
    def read(cls, container: Container, field: int, info: dict[str, Any], doc_count: int) -> OrdinalColumn:
        data = container.section(SectionKind.COLUMN_DATA, field)
        ordinals, uniques = data.array(), RaggedReader(container, _VALUE_KINDS, field).rows()
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


class OrdinalListsColumn:
    """Several byte strings per document, in the order given.

    offsets  : int64, shape (documents + 1,): where each document's ordinals begin
    ordinals : unsigned, shape (offsets[-1],)
    uniques  : the distinct values in byte order
    """

    def __init__(self, offsets: Ints, ordinals: Array, uniques: list[bytes]) -> None:
        self.offsets, self.ordinals, self.uniques = offsets, ordinals, uniques

    @classmethod
    def of(cls, values: Sequence[Any], column: Any) -> OrdinalListsColumn:
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
        write_ragged(writer, _VALUE_KINDS, field, lengths_of(self.uniques), [b"".join(self.uniques)])
        return {}

    @classmethod
    def read(cls, container: Container, field: int, info: dict[str, Any], doc_count: int) -> OrdinalListsColumn:
        data = container.section(SectionKind.COLUMN_DATA, field)
        ordinals, uniques = data.array(), RaggedReader(container, _VALUE_KINDS, field).rows()
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


class BytesColumn:
    """Byte strings of any length; ``lengths`` per document, ``flat`` all bytes. Missing: ``default``."""

    def __init__(self, lengths: Array, flat: npt.NDArray[np.uint8], default: bytes = b"") -> None:
        self.lengths, self.flat, self.default = lengths, flat, default
        self._offsets: Ints | None = None

    @classmethod
    def of(cls, values: Sequence[Any], column: Any) -> BytesColumn:
        default = getattr(column, "_default", b"")
        default = default if isinstance(default, bytes) else b""
        rows = [default if value is None else value for value in values]
        return cls(lengths_of(rows), np.frombuffer(b"".join(rows), np.uint8), default)

    def write(self, writer: ContainerWriter, field: int) -> dict[str, Any]:
        write_ragged(writer, _VALUE_KINDS, field, self.lengths, [self.flat])
        return {"default": self.default.hex()}

    @classmethod
    def read(cls, container: Container, field: int, info: dict[str, Any], doc_count: int) -> BytesColumn:
        reader = RaggedReader(container, _VALUE_KINDS, field)
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


class OpaqueColumn:
    """A column that its Whoosh column type wrote itself, as ``data``."""

    def __init__(self, data: bytes, doc_count: int) -> None:
        self.data, self.doc_count = data, doc_count

    @classmethod
    def of(cls, values: Sequence[Any], column: Any) -> OpaqueColumn:
        buffer = BytesIO()
        writer = column.writer(StructFile(buffer))
        for doc_id, value in enumerate(values):
            if value is not None:
                writer.add(doc_id, value)
        writer.finish(len(values))
        return cls(buffer.getvalue(), len(values))

    def write(self, writer: ContainerWriter, field: int) -> dict[str, Any]:
        writer.add(SectionKind.COLUMN_DATA, self.data, field)
        return {}

    @classmethod
    def read(cls, container: Container, field: int, info: dict[str, Any], doc_count: int) -> OpaqueColumn:
        section = container.section(SectionKind.COLUMN_DATA, field)
        return cls(bytes(section.read(0, section.length)), doc_count)

    def reader(self, column: Any) -> Any:
        """The Whoosh reader of the column type."""
        return column.reader(BufferFile(self.data), 0, len(self.data), self.doc_count)


AnyColumn = NumberColumn | BitsColumn | OrdinalColumn | OrdinalListsColumn | BytesColumn | ValuesColumn | OpaqueColumn

COLUMN_CLASSES: dict[str, type[AnyColumn]] = {
    "integer": NumberColumn,
    "float": NumberColumn,
    "bit": BitsColumn,
    "ordinal": OrdinalColumn,
    "ordinal_list": OrdinalListsColumn,
    "bytes": BytesColumn,
    "value": ValuesColumn,
    "opaque": OpaqueColumn,
}


def read_bits(container: Container, kind: int, field: int, doc_count: int) -> npt.NDArray[np.bool_] | None:
    """A bitmap section as bool, shape (doc_count,); None if the file has none."""
    section = container.find(kind, field)
    if section is None:
        return None
    if section.length != (doc_count + 7) >> 3:
        raise section.corrupt("has another size", found=section.length, expected=(doc_count + 7) >> 3)
    return np.unpackbits(section.array(np.uint8), count=doc_count, bitorder="little").astype(bool)


def make_column(values: Sequence[Any], column: Any) -> AnyColumn:
    """A column of values that ``value_checker`` returned, one per document; None: no value."""
    return COLUMN_CLASSES[kind_of(column)].of(values, column)


def concatenate(parts: Sequence[tuple[AnyColumn | None, int]], column: Any, kind: str) -> AnyColumn:
    """One column of several segments.

    parts : (column or None if the segment has none, number of documents), all of the given kind
    """
    cls = COLUMN_CLASSES[kind]
    filled: list[Any] = [part if part is not None else cls.of([None] * count, column) for part, count in parts]
    if cls is NumberColumn:
        present = None
        if any(part.present is not None for part in filled):
            present = np.concatenate(
                [np.ones(len(part.values), dtype=bool) if part.present is None else part.present for part in filled]
            )
        values = np.concatenate([part.values for part in filled])
        return NumberColumn(values, present, filled[0].default, filled[0].typecode)
    if cls is BitsColumn:
        return BitsColumn(np.concatenate([part.values for part in filled]))
    if cls in (OrdinalColumn, OrdinalListsColumn):
        used = [_used(part.ordinals, part.uniques) for part in filled]
        uniques = sorted(set().union(*used))
        number = {value: index for index, value in enumerate(uniques)}
        ordinals = [
            np.fromiter((number.get(value, 0) for value in part.uniques), np.int64, len(part.uniques))[part.ordinals]
            for part in filled
        ]
        if cls is OrdinalColumn:
            return OrdinalColumn(np.concatenate(ordinals), uniques, filled[0].default)
        counts = np.concatenate([np.diff(part.offsets) for part in filled])
        return OrdinalListsColumn(offsets_of(counts), np.concatenate(ordinals), uniques)
    if cls in (BytesColumn, ValuesColumn):
        lengths = np.concatenate([part.lengths.astype(np.int64) for part in filled])
        flat = np.concatenate([part.flat for part in filled])
        return BytesColumn(lengths, flat, filled[0].default) if cls is BytesColumn else ValuesColumn(lengths, flat)
    raise ValueError(f'columns of kind "{kind}" are joined value by value')


def _used(ordinals: Array, uniques: list[bytes]) -> set[bytes]:
    return {uniques[ordinal] for ordinal in np.unique(ordinals).tolist()}


# -- Whoosh's contract ------------------------------------------------------------------------------------------------


class ColumnarColumnReader(whoosh_columns.ColumnReader):  # type: ignore[misc]
    """whoosh.columns.ColumnReader over any of the kinds but the opaque one."""

    def __init__(self, data: Any, doc_count: int) -> None:
        self.data = data
        self._doc_count = doc_count
        self._reverse = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {type(self.data).__name__}>"

    def __len__(self) -> int:
        return self._doc_count

    def __getitem__(self, doc_id: int) -> Any:
        return self.data[doc_id]

    def sort_key(self, doc_id: int) -> Any:
        key = self.data[doc_id]
        if isinstance(self.data, BitsColumn):
            return int(key ^ self._reverse)
        if isinstance(self.data, OrdinalListsColumn):
            return key[0]
        return 0 - key if self._reverse else key

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data.to_list())

    def load(self) -> list[Any]:
        return self.data.to_list()  # type: ignore[no-any-return]

    def id_set(self) -> Any:
        """The documents that are True, for BitColumn."""
        from whoosh.idsets import BitSet

        return BitSet(np.flatnonzero(self.data.values).tolist(), size=self._doc_count)

    def set_reverse(self) -> None:
        if not isinstance(self.data, (NumberColumn, BitsColumn)):
            raise NotImplementedError("only numbers and bits can be sorted in reverse")
        self._reverse = True
