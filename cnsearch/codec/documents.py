"""Documents in Whoosh's way: analysed by the fields of a schema, or copied from a reader of another codec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from whoosh import columns as whoosh_columns
from whoosh.fields import UnknownFieldError

from cnsearch.codec.column_types import column_spec
from cnsearch.codec.items import ItemBatchBuilder
from cnsearch.engine.bytes.values import encode_value
from cnsearch.engine.segment.batch import check_stored

MAX_WEIGHT = float(1 << 31)
"""Above any number of occurrences; what a posting can hold."""


class AnalysedDocument:
    """One document, ready for ItemBatchBuilder; ``keys`` are the terms of its unique fields."""

    def __init__(self) -> None:
        self.items: dict[str, list[tuple[bytes, float, bytes]]] = {}
        self.lengths: dict[str, int] = {}
        self.stored: dict[str, Any] = {}
        self.columns: dict[str, Any] = {}
        self.vectors: dict[str, bytes] = {}
        self.keys: dict[str, bytes] = {}


def analyse(schema: Any, fields: Mapping[str, Any]) -> AnalysedDocument:
    """What whoosh.writing.SegmentWriter.add_document does, up to the writing.

    fields : its keyword arguments: values by field name, ``_stored_NAME``, ``_NAME_boost`` and ``_boost``
    Raises : UnknownFieldError, ValueError or TypeError for what does not fit the schema
    """
    document = AnalysedDocument()
    doc_boost = float(fields.get("_boost", 1.0))
    for name in sorted(fields):
        if name.startswith("_"):
            continue
        if name not in schema:
            raise UnknownFieldError(f"No field named {name!r} in {schema}")
        value = fields[name]
        if value is not None:
            custom = fields.get(f"_stored_{name}", value)
            _analyse_field(document, name, schema[name], value, custom, float(fields.get(f"_{name}_boost", doc_boost)))
    check_stored(document.stored)
    return document


def _analyse_field(document: AnalysedDocument, name: str, field: Any, value: Any, custom: Any, boost: float) -> None:
    if field.indexed:
        rows, length = _rows(name, field.index(value), boost)
        document.items[name] = rows
        if field.scorable and length:
            document.lengths[name] = length
        if field.unique:
            document.keys[name] = field.to_bytes(value[0] if isinstance(value, (list, tuple)) and value else value)
    if field.separate_spelling():
        # Whoosh's writer puts every such word into document 0; here each document has its own.
        words = {word.encode("utf-8") for word in field.spellable_words(value)}
        document.items[field.spelling_fieldname(name)] = [(word, 1, b"") for word in sorted(words)]
    if field.vector:
        items = field.vector.word_values(value, field.analyzer, mode="index")
        rows_of_vector = sorted((text, weight, encoded) for text, _, weight, encoded in items)
        if rows_of_vector:
            document.vectors[name] = encode_value(rows_of_vector)
    if field.stored:
        document.stored[name] = custom
    if field.column_type and custom is not None:
        column_value = field.to_column_value(custom)
        column_spec(field.column_type).checker()(column_value)
        document.columns[name] = column_value


def _rows(name: str, found: Any, boost: float) -> tuple[list[tuple[bytes, float, bytes]], int]:
    """(postings, field length) of what a field finds in a value. Several numbers or dates in one field share terms (of
    lower precision), which a document has once: their weights are added."""
    rows: dict[bytes, tuple[bytes, float, bytes]] = {}
    length = 0
    for term, freq, weight, encoded in found:
        if not isinstance(term, bytes) or not isinstance(encoded, (bytes, type(None))):
            raise TypeError(f'field "{name}": the term {term!r:.80} and its value must be bytes')
        weight = float(weight * boost)
        before = rows.get(term)
        rows[term] = (term, weight, encoded or b"") if before is None else (term, before[1] + weight, before[2])
        length += int(freq)
    for term, weight, _ in rows.values():
        if not 0 < weight < MAX_WEIGHT:
            raise ValueError(f'field "{name}": the term {term!r:.80} has the weight {weight}')
    return list(rows.values()), length


def copy_documents(leaf: Any, schema: Any, builder: ItemBatchBuilder) -> Iterator[int]:
    """Add all documents of a leaf reader, of any codec, to ``builder``. Yields the number of each in the batch."""
    names = sorted(name for name in {*schema.names(), *leaf.indexed_field_names()} if name in schema)
    readers = {}
    for name in names:
        if schema[name].column_type and leaf.has_column(name):
            column = leaf.column_reader(name)
            if isinstance(column, whoosh_columns.TranslatingColumnReader):
                column = column.raw_column()
            readers[name] = column
    new_ids = {}
    for docnum, stored in leaf.iter_docs():
        lengths = {name: leaf.doc_field_length(docnum, name) for name in names if schema[name].scorable}
        kept = {name: value for name, value in stored.items() if name in schema}
        check_stored(kept)
        columns = {name: column[docnum] for name, column in readers.items()}
        vectors = {}
        for name in names:
            if schema[name].vector and leaf.has_vector(docnum, name):
                vectors[name] = encode_value(_vector_rows(leaf.vector(docnum, name)))
        new_ids[docnum] = builder.add({}, lengths, kept, columns, vectors)
        yield new_ids[docnum]
    for name, term, docnum, weight, value in leaf.iter_postings():
        if name in schema and docnum in new_ids:
            builder.add_items(name, new_ids[docnum], [(term, weight, value or b"")])


def _vector_rows(matcher: Any) -> list[tuple[str, float, bytes]]:
    rows = []
    while matcher.is_active():
        rows.append((matcher.id(), matcher.weight(), matcher.value() or b""))
        matcher.next()
    return rows
