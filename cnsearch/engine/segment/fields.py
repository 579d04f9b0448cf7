"""What the engine has to know of a field of documents in order to write it; to read it needs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cnsearch.engine.columns.spec import ColumnSpec


@dataclass(frozen=True)
class FieldSpec:
    """A field.

    indexed            : has terms and postings
    frequency_is_value : the value of a posting is how often the term occurs, as a big-endian uint32. Of a field whose
                         postings have no values and that is not so, only whether a term occurs is kept
    needs_values       : its postings are of no use without values (positions)
    scorable           : keeps its length in each document
    unique             : each of its terms is of one document, which a later one takes the place of
    column             : its column, if it has one
    """

    indexed: bool = False
    frequency_is_value: bool = False
    needs_values: bool = False
    scorable: bool = False
    unique: bool = False
    column: ColumnSpec | None = None


Fields = Mapping[str, FieldSpec]
"""All fields by name; one that is not in it is refused, or dropped by a merge."""
