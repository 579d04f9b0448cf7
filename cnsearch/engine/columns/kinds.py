"""The kinds of columns by name: a column of values, of a section of the file, of parts of several segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnsearch.arrays import Array
from cnsearch.engine.bytes.ragged import offsets_of
from cnsearch.engine.columns.byte_strings import BytesColumn, OpaqueColumn, ValuesColumn
from cnsearch.engine.columns.numbers import BitsColumn, NumberColumn
from cnsearch.engine.columns.ordinals import OrdinalColumn, OrdinalListsColumn
from cnsearch.engine.columns.spec import ColumnSpec

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


def make_column(values: Sequence[Any], spec: ColumnSpec) -> AnyColumn:
    """A column of values that ``spec.checker()`` returned, one per document; None: no value."""
    return COLUMN_CLASSES[spec.kind].of(values, spec)


def concatenate(parts: Sequence[tuple[AnyColumn | None, int]], spec: ColumnSpec) -> AnyColumn:
    """One column of several segments.

    parts : (column or None if the segment has none, number of documents), all of the kind of ``spec``
    """
    cls = COLUMN_CLASSES[spec.kind]
    filled: list[Any] = [part if part is not None else cls.of([None] * count, spec) for part, count in parts]
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
    raise ValueError(f'columns of kind "{spec.kind}" are joined value by value')


def _used(ordinals: Array, uniques: list[bytes]) -> set[bytes]:
    return {uniques[ordinal] for ordinal in np.unique(ordinals).tolist()}
