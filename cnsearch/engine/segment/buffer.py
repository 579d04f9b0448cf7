"""The segment that a writer is collecting in memory, and how it becomes a file.

Stored values go to the file as they come. Terms stay keys (keys.py), which numpy sorts in ``finish``; only long ones
get a number from a dict, once per distinct term of a batch. A counting sort (runs.py) puts the postings in the order
of the terms.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Ints
from cnsearch.engine.bytes.ragged import lengths_of, offsets_of
from cnsearch.engine.columns.kinds import make_column
from cnsearch.engine.files.folder import Files
from cnsearch.engine.postings.inversion import TermPostings
from cnsearch.engine.postings.runs import CombinedRuns, Run, combine_runs, pieces, slice_values
from cnsearch.engine.segment.batch import DocumentBatch
from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.engine.segment.fields import Fields, FieldSpec
from cnsearch.engine.segment.terms import FieldTermsWriter
from cnsearch.engine.segment.writer import SegmentWriter
from cnsearch.engine.stored.writer import StoredWriter
from cnsearch.engine.terms.keys import LONG, terms_of_keys

#: estimate of what a distinct long term costs in the dict: bytes object, entry, number (measured with tracemalloc)
_TERM_BYTES = 150
#: what a flush takes on top, per posting: two arrays in order, and the piece being encoded
_FLUSH_FACTOR = 2
#: what sorting the keys takes, in all: themselves joined, their order, the result, the terms of the distinct ones
_KEY_FACTOR = 5


class _FieldBuffer:
    """Postings of one field."""

    def __init__(self) -> None:
        self._long_numbers: defaultdict[bytes, int] = defaultdict(count().__next__)
        self._runs: list[Run] = []  # with keys for numbers
        self.size = 0

    def add(self, postings: TermPostings, base: int) -> None:
        numbers, keys = self._long_numbers, postings.keys
        known = len(numbers)
        if postings.long_terms:
            found = np.fromiter(map(numbers.__getitem__, postings.long_terms), np.uint64, len(postings.long_terms))
            is_long = keys >= LONG
            keys = keys.copy()
            keys[is_long] = found[(keys[is_long] - np.uint64(LONG)).astype(np.intp)] + np.uint64(LONG)
        weights = postings.weights
        if weights.dtype.kind in "iu" and len(weights) and int(weights.max()) <= 0xFFFF:
            weights = weights.astype(np.uint16)
        doc_ids = postings.doc_ids + np.int32(base)
        self._runs.append(Run(keys, postings.counts, doc_ids, weights, postings.values))
        self.size += (doc_ids.nbytes + weights.nbytes) * _FLUSH_FACTOR + keys.nbytes * _KEY_FACTOR
        if postings.values is not None:
            self.size += (postings.values.flat.nbytes + postings.values.lengths.nbytes) * _FLUSH_FACTOR
        self.size += (len(numbers) - known) * _TERM_BYTES

    def finish(self) -> tuple[list[bytes], list[Run]]:
        """The terms in byte order, and runs of postings with the terms' numbers in it. Empties this."""
        runs, self._runs = self._runs, []
        keys, numbers = np.unique(np.concatenate([run.numbers for run in runs]), return_inverse=True)
        num_short = int(np.searchsorted(keys, np.uint64(LONG)))
        terms, rank = _in_order(terms_of_keys(keys[:num_short]), list(self._long_numbers))
        self._long_numbers.clear()
        pieces = np.split(rank[numbers.ravel()], np.cumsum([len(run.numbers) for run in runs])[:-1])
        return terms, [run._replace(numbers=piece) for run, piece in zip(runs, pieces, strict=True)]


def _in_order(short: list[bytes], long_terms: list[bytes]) -> tuple[list[bytes], Ints]:
    """Both lists as one in byte order, and the place in it of each term of ``short`` and then of ``long_terms``.

    short : in byte order; no term is in both
    """
    by_bytes = sorted(range(len(long_terms)), key=long_terms.__getitem__)
    num_before = np.fromiter((bisect_left(short, long_terms[at]) for at in by_bytes), np.int64, len(by_bytes))
    rank = np.empty(len(short) + len(long_terms), dtype=np.int64)
    rank[: len(short)] = np.arange(len(short)) + np.searchsorted(num_before, np.arange(len(short)), side="right")
    rank[len(short) :][by_bytes] = num_before + np.arange(len(by_bytes))
    terms: npt.NDArray[Any] = np.empty(len(rank), dtype=object)
    terms[rank] = short + long_terms
    return terms.tolist(), rank


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
        self._fields: dict[str, _FieldBuffer] = defaultdict(_FieldBuffer)
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
        for name in sorted(self._fields):
            self._write_terms(file, name, self._fields.pop(name))
        file.close(doc_count)
        self.entry.set_doc_count(doc_count)
        return self.entry

    def _write_terms(self, file: SegmentWriter, name: str, field: _FieldBuffer) -> None:
        terms, runs = field.finish()
        frequency_is_value = self._specs[name].frequency_is_value
        combined = combine_runs(runs, len(terms), frequency_is_value=frequency_is_value)
        del runs
        write_combined(FieldTermsWriter(file, name, frequency_is_value=frequency_is_value), terms, combined)

    def abandon(self) -> None:
        """Forget everything, and remove the file."""
        if self._file is not None:
            self._file.abandon()


def write_combined(writer: FieldTermsWriter, terms: list[bytes], combined: CombinedRuns) -> None:
    """Write sorted terms, each with at least one posting, and finish the field."""
    offsets = offsets_of(combined.counts)
    value_offsets = None if combined.values is None else offsets_of(combined.values.lengths)
    for first, stop in pieces(combined.counts):
        start, end = int(offsets[first]), int(offsets[stop])
        writer.add(
            terms[first:stop],
            combined.counts[first:stop],
            combined.doc_ids[start:end],
            combined.weights[start:end],
            slice_values(combined.values, start, end, value_offsets),
        )
    writer.finish()


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


def _checked_column(name: str, spec: FieldSpec, values: list[Any]) -> list[Any]:
    if spec.column is None:
        raise ValueError(f'the field "{name}" has no column')
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
