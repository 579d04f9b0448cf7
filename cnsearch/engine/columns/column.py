"""What every kind of column can do, and the types that all share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from cnsearch.arrays import Ints
from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.columns.spec import ColumnSpec

Kept = Ints | None
"""The documents that a merge keeps: int64, shape (n,), ascending; None: all."""


class Column(Protocol):
    """One column of a segment, as arrays."""

    @classmethod
    def of(cls, values: Sequence[Any], spec: ColumnSpec) -> Column:
        """A column of values that ``spec.checker()`` returned, one per document; None: no value."""

    def write(self, writer: ContainerWriter, field: int) -> dict[str, Any]:
        """Write the sections of field number ``field``. Returns what the manifest has to say of them, fit for JSON."""

    @classmethod
    def read(cls, container: Container, field: int, info: dict[str, Any], doc_count: int) -> Column:
        """Inverse of ``write``; ``info`` is what it returned. Raises CorruptIndexError, or ValueError, KeyError or
        TypeError for an ``info`` that it never returns."""


class ValueColumn(Column, Protocol):
    """A column whose values can be asked for."""

    def take(self, kept: Kept) -> ValueColumn:
        """The values of the documents ``kept``."""

    def __getitem__(self, doc_id: int) -> Any:
        """The value of a document, the default where it has none."""

    def to_list(self) -> list[Any]:
        """The same of all documents."""

    def optional_values(self) -> list[Any]:
        """As ``of`` takes them: None where there is none, if the kind knows."""
