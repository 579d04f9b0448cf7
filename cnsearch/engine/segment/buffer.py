"""The segment that a writer is collecting in memory, and how it becomes a file.

Stored values go to the file as they come; postings stay in memory, field by field (field_buffer.py).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from cnsearch import kernels
from cnsearch.arrays import Ints
from cnsearch.engine.bytes.ragged import lengths_of
from cnsearch.engine.columns.kinds import make_column
from cnsearch.engine.files.folder import Files
from cnsearch.engine.postings.inversion import TermPostings
from cnsearch.engine.segment.batch import DocumentBatch
from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.engine.segment.field_buffer import FieldBuffer
from cnsearch.engine.segment.fields import Fields, FieldSpec
from cnsearch.engine.segment.terms import FieldTermsWriter
from cnsearch.engine.segment.writer import SegmentWriter
from cnsearch.engine.stored.writer import StoredWriter


class SegmentBuffer:
    """Collect batches for one segment. Not safe to share between threads.

    entry : of the segment that it becomes
    """

    def __init__(self, files: Files, fields: Fields, entry: SegmentEntry) -> None:
        self.entry = entry
        self.doc_count = 0
        #: estimate of the bytes that this takes, including what ``finish`` will take; may be read by another thread
        self.memory = 0
        self._size = 0
        self._specs = fields
        self._files = files
        self._file: SegmentWriter | None = None
        self._stored: StoredWriter | None = None
        self._fields: dict[str, FieldBuffer] = defaultdict(FieldBuffer)
        self._lengths: dict[str, list[tuple[int, Ints]]] = defaultdict(list)
        self._columns: dict[str, list[tuple[int, list[Any]]]] = defaultdict(list)
        self._vectors: dict[str, list[tuple[int, list[bytes]]]] = defaultdict(list)

    def check(self, batch: DocumentBatch) -> None:
        """Raises ValueError or TypeError if the batch does not fit the fields."""
        specs = self._specs
        for name in {*batch.fields, *batch.stored, *batch.columns, *batch.vectors}:
            if name not in specs:
                raise ValueError(f'there is no field "{name}"')
        for name, postings in batch.fields.items():
            _check_postings(name, specs[name], with_values=postings.values is not None or not len(postings.doc_ids))
        for name, values in batch.columns.items():
            _checked_column(name, specs[name], values)

    def add(self, batch: DocumentBatch) -> None:
        """Append the documents of a batch.  REQUIRES: ``check`` takes it"""
        specs = self._specs
        columns = {name: _checked_column(name, specs[name], values) for name, values in batch.columns.items()}
        if self._file is None:
            self._file = SegmentWriter(self._files, self.entry.filename)
            self._stored = StoredWriter(self._file.container)
        assert self._stored is not None
        base = self.doc_count
        self._stored.add(batch.stored, batch.doc_count)
        for name, postings in batch.fields.items():
            if specs[name].indexed:
                self._fields[name].add(without_duplicates(specs[name], postings), base)
                if specs[name].scorable and name in batch.lengths:
                    self._lengths[name].append((base, batch.lengths[name]))
                    self._size += batch.lengths[name].nbytes
        for name, values in columns.items():
            self._columns[name].append((base, values))
            self._size += 64 * len(values)
        for name, rows in batch.vectors.items():
            self._vectors[name].append((base, rows))
            self._size += sum(map(len, rows)) * 2
        self.doc_count += batch.doc_count
        self._size += sum(len(piece.short_bytes) + piece.short_lengths.nbytes for piece in batch.stored.values())
        self.memory = self._size + sum(field.size for field in self._fields.values())

    def finish(self) -> SegmentEntry:
        """Write the file. Returns the segment's entry.  REQUIRES: at least one document"""
        file, doc_count = self._file, self.doc_count
        assert file is not None
        assert self._stored is not None
        file.add_stored(self._stored)
        for name in sorted(self._lengths):
            lengths = np.zeros(doc_count, dtype=np.int64)
            for base, piece in self._lengths[name]:
                lengths[base : base + len(piece)] = piece
            file.add_lengths(name, lengths)
        for name in sorted(self._columns):
            spec = self._specs[name].column
            assert spec is not None
            file.add_column(name, spec.kind, make_column(_fill(self._columns[name], doc_count, None), spec))
        for name in sorted(self._vectors):
            rows = [row or b"" for row in _fill(self._vectors[name], doc_count, b"")]
            file.add_vectors(name, lengths_of(rows), [b"".join(rows)])
        self._write_fields(file)
        file.close(doc_count)
        self.entry.set_doc_count(doc_count)
        return self.entry

    def _write_fields(self, file: SegmentWriter) -> None:
        """Terms and postings of all fields, those of the next being made while the last are written."""
        names = sorted(self._fields)
        derived = {name: self._specs[name].frequency_is_value for name in names}

        def made(name: str) -> kernels.Lists | None:
            return self._fields[name].lists(frequency_is_value=derived[name])

        for name, lists in zip(names, kernels.in_threads(made, names), strict=True):
            writer, field = FieldTermsWriter(file, name, frequency_is_value=derived[name]), self._fields.pop(name)
            if lists is None:
                field.write(writer, frequency_is_value=derived[name])
            else:
                writer.add_lists(lists)
                writer.finish()

    def abandon(self) -> None:
        """Forget everything, and remove the file."""
        if self._file is not None:
            self._file.abandon()


def _check_postings(name: str, spec: FieldSpec, *, with_values: bool) -> None:
    """Raises ValueError if the field is not indexed, or keeps something per posting that bare tokens do not have."""
    if not spec.indexed:
        raise ValueError(f'the field "{name}" is not indexed')
    if spec.needs_values and not with_values:
        raise ValueError(f'the field "{name}" keeps positions, which tokens alone do not have')


def without_duplicates(spec: FieldSpec, postings: TermPostings) -> TermPostings:
    """For fields that only note whether a term occurs, every frequency is 1."""
    if postings.values is not None or spec.frequency_is_value or postings.weights.dtype.kind == "f":
        return postings
    return postings._replace(weights=np.ones(len(postings.doc_ids), dtype=np.uint16))


_BYTES_OR_NONE = {bytes, type(None)}


def _checked_column(name: str, spec: FieldSpec, values: list[Any]) -> list[Any]:
    if spec.column is None:
        raise ValueError(f'the field "{name}" has no column')
    if spec.column.kind in ("ordinal", "bytes") and {*map(type, values)} <= _BYTES_OR_NONE:
        return values
    check = spec.column.checker()
    try:
        return [None if value is None else check(value) for value in values]
    except (ValueError, TypeError) as exc:
        raise type(exc)(f'column "{name}": {exc}') from exc


def _fill(parts: list[tuple[int, list[Any]]], count: int, missing: Any) -> list[Any]:
    """Put lists of consecutive values in their places."""
    filled: list[Any] = []
    for base, values in parts:
        filled.extend([missing] * (base - len(filled)))
        filled.extend(values)
    filled.extend([missing] * (count - len(filled)))
    return filled
