"""Small documents for the tests of commits."""

from __future__ import annotations

from cnsearch.engine.segment.batch import BatchBuilder, DocumentBatch
from cnsearch.engine.segment.fields import FieldSpec

FIELDS = {
    "id": FieldSpec(indexed=True, unique=True),
    "body": FieldSpec(indexed=True, frequency_is_value=True, scorable=True),
}


def batch(*documents: tuple[str, str]) -> DocumentBatch:
    builder = BatchBuilder()
    for key, body in documents:
        builder.add({"id": [key], "body": body.split()}, {"id": key})
    return builder.build()
