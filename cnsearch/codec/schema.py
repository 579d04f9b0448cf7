"""A Whoosh schema as the engine sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from whoosh import formats

from cnsearch.codec.column_types import column_spec
from cnsearch.engine.segment.fields import FieldSpec


def has_frequency_values(format_: Any) -> bool:
    """True if the format's values are the frequency as a big-endian uint32, and nothing else."""
    return type(format_) is formats.Frequency


def field_spec(field: Any) -> FieldSpec:
    """A Whoosh field as the engine knows it."""
    indexed = bool(field.indexed) and field.format is not None
    counts = indexed and has_frequency_values(field.format)
    return FieldSpec(
        indexed=indexed,
        frequency_is_value=counts,
        needs_values=indexed and not counts and bool(field.format.supports("positions")),
        scorable=bool(field.scorable),
        unique=bool(field.unique),
        column=column_spec(field.column_type) if field.column_type else None,
    )


class SchemaFields(Mapping[str, FieldSpec]):
    """The fields of a schema, as they are when they are asked for; names that match a pattern of it are fields, too."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema

    def __getitem__(self, name: str) -> FieldSpec:
        return field_spec(self._schema[name])

    def __contains__(self, name: object) -> bool:
        return name in self._schema

    def __iter__(self) -> Iterator[str]:
        return iter(self._schema.names())

    def __len__(self) -> int:
        return len(self._schema.names())
