"""Several segments become one, array by array.

Documents keep their order: those of the first source come first. Deleted documents are left out, compressed blocks
without deletions are copied as they are. The terms are treated in slices, so that memory is bounded by a slice and
not by the segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Ints
from cnsearch.engine.bytes.ragged import gather_rows, offsets_of, take_rows
from cnsearch.engine.columns.byte_strings import OpaqueColumn
from cnsearch.engine.columns.kinds import AnyColumn, concatenate, make_column
from cnsearch.engine.columns.spec import ColumnSpec
from cnsearch.engine.files.folder import Files
from cnsearch.engine.postings.decode import PostingsReader
from cnsearch.engine.postings.encode import PostingValues
from cnsearch.engine.postings.runs import PIECE_POSTINGS, Run, combine_runs, pieces
from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.engine.segment.fields import Fields
from cnsearch.engine.segment.reader import SegmentReader
from cnsearch.engine.segment.terms import FieldTermsWriter
from cnsearch.engine.segment.writer import SegmentWriter
from cnsearch.engine.stored.reader import SegmentPiece
from cnsearch.engine.stored.writer import StoredWriter
from cnsearch.engine.terms.dictionary import TermDictionary

#: terms per slice, of the source that has most
SLICE_TERMS = 1 << 15


class MergeSource(NamedTuple):
    """A segment to merge; ``kept`` are its documents that are not deleted, ascending, or None for all."""

    segment: SegmentReader
    kept: Ints | None
    added: Mapping[str, OpaqueColumn] = MappingProxyType({})
    """Columns that somebody has put beside the segment's file."""

    def column(self, name: str) -> AnyColumn | None:
        """Of all documents of the segment; None if the field has none."""
        return self.segment.column(name) or self.added.get(name)

    @property
    def doc_count(self) -> int:
        """Documents that are kept."""
        return self.segment.doc_count if self.kept is None else len(self.kept)


def merge_segments(files: Files, fields: Fields, entry: SegmentEntry, sources: Sequence[MergeSource]) -> None:
    """Write the file of ``entry`` with the documents of all sources. What is not among ``fields`` is dropped.

    REQUIRES: at least one document is kept
    """
    file = SegmentWriter(files, entry.filename)
    try:
        names = sorted(
            {name for source in sources for name in (*source.segment.infos, *source.added) if name in fields}
        )
        _merge_stored(file, sources, names)
        for name in names:
            _merge_lengths(file, sources, name)
            _merge_column(file, sources, name, fields[name].column)
            _merge_vectors(file, sources, name)
        for name in names:
            if any("term_count" in source.segment.infos.get(name, {}) for source in sources):
                _merge_terms(file, sources, name, frequency_is_value=fields[name].frequency_is_value)
                for source in sources:
                    source.segment.container.release()
        doc_count = sum(source.doc_count for source in sources)
        file.close(doc_count)
    except BaseException:
        file.abandon()
        raise
    entry.set_doc_count(doc_count)


def _merge_stored(file: SegmentWriter, sources: Sequence[MergeSource], names: list[str]) -> None:
    writer = StoredWriter(file.container)
    for source in sources:
        pieces_of = {}
        for name in names:
            reader = source.segment.stored_field(name)
            if reader is not None:
                pieces_of[name] = SegmentPiece(reader, source.segment.doc_count, source.kept)
        writer.add(pieces_of, source.doc_count)
        source.segment.container.release()
    file.add_stored(writer)


def _merge_lengths(file: SegmentWriter, sources: Sequence[MergeSource], name: str) -> None:
    found = [source.segment.lengths(name) for source in sources]
    if all(lengths is None for lengths in found):
        return
    parts: list[npt.NDArray[Any]] = []
    for source, lengths in zip(sources, found, strict=True):
        if lengths is None:
            parts.append(np.zeros(source.doc_count, dtype=np.uint8))
        else:
            parts.append(lengths if source.kept is None else lengths[source.kept])
    file.add_lengths(name, np.concatenate(parts))


def _merge_column(file: SegmentWriter, sources: Sequence[MergeSource], name: str, spec: ColumnSpec | None) -> None:
    kinds = set()
    for source in sources:
        info = source.segment.infos.get(name, {})
        if "column" in info:
            kinds.add(info["column"]["kind"])
        elif name in source.added:
            kinds.add("opaque")
    if spec is None or not kinds:
        return
    if kinds == {spec.kind} and spec.kind != "opaque":
        parts: list[tuple[AnyColumn | None, int]] = []
        for source in sources:
            part = source.segment.column(name)
            if part is not None and not isinstance(part, OpaqueColumn):
                part = part.take(source.kept)
            parts.append((part, source.doc_count))
        file.add_column(name, spec.kind, concatenate(parts, spec))
        return
    values: list[Any] = []
    check = spec.checker()
    for source in sources:
        part = source.column(name)
        if part is None:
            rows: list[Any] = [None] * source.segment.doc_count
        elif isinstance(part, OpaqueColumn):
            rows = list(map(check, part.values(spec)))
        else:
            rows = part.optional_values()
        values += rows if source.kept is None else [rows[doc] for doc in source.kept.tolist()]
    file.add_column(name, spec.kind, make_column(values, spec))


def _merge_vectors(file: SegmentWriter, sources: Sequence[MergeSource], name: str) -> None:
    readers = [source.segment.vectors(name) for source in sources]
    if all(reader is None for reader in readers):
        return
    lengths: list[Ints] = []
    flats = []
    for source, reader in zip(sources, readers, strict=True):
        if reader is None:
            lengths.append(np.zeros(source.doc_count, dtype=np.int64))
            continue
        sizes, flat = reader.lengths().astype(np.int64), reader.flat()
        if source.kept is not None:
            sizes, flat = take_rows(flat, sizes, source.kept)
        lengths.append(sizes)
        flats.append(flat)
    file.add_vectors(name, np.concatenate(lengths), flats)


class _TermSource:
    """Terms of one field in one source, with its documents' new numbers."""

    def __init__(self, source: MergeSource, name: str, base: int, terms: TermDictionary) -> None:
        self.terms = terms
        self.postings: PostingsReader = source.segment.lists(name)
        self.base = base
        self.new_ids: npt.NDArray[np.int32] | None = None
        if source.kept is not None:
            self.new_ids = np.full(source.segment.doc_count, -1, dtype=np.int32)
            self.new_ids[source.kept] = np.arange(base, base + len(source.kept), dtype=np.int32)

    def run(self, numbers: Ints, pointers: Ints) -> Run | None:
        """The lists at ``pointers`` as those of the terms ``numbers``, without deleted documents."""
        if not len(pointers):
            return None
        lists = self.postings.read_lists(pointers)
        if self.new_ids is None:
            return Run(numbers, lists.counts, lists.doc_ids + np.int32(self.base), lists.weights, lists.values)
        doc_ids = self.new_ids[lists.doc_ids]
        alive = doc_ids >= 0
        counts = np.add.reduceat(alive, offsets_of(lists.counts)[:-1], dtype=np.int64)
        values = lists.values
        if values is not None:
            chosen = values.lengths[alive]
            flat = gather_rows(values.flat, offsets_of(values.lengths)[:-1][alive], chosen)
            values = PostingValues(chosen, flat)
        some = counts > 0
        return Run(numbers[some], counts[some], doc_ids[alive], lists.weights[alive], values)


def _merge_terms(file: SegmentWriter, sources: Sequence[MergeSource], name: str, *, frequency_is_value: bool) -> None:
    term_sources, base = [], 0
    for source in sources:
        terms = source.segment.terms(name)
        if terms is not None and terms.count:
            term_sources.append(_TermSource(source, name, base, terms))
        base += source.doc_count
    writer = FieldTermsWriter(file, name, frequency_is_value=frequency_is_value)
    for bounds in _slices([source.terms for source in term_sources]):
        _merge_slice(writer, term_sources, bounds, frequency_is_value)
    writer.finish()


def _slices(dictionaries: Sequence[TermDictionary]) -> Iterator[list[tuple[int, int]]]:
    """Cut the common range of terms. Yields (first, stop) for each dictionary; together they cover every term."""
    largest = max(dictionaries, key=lambda terms: terms.count, default=None)
    if largest is None:
        return
    firsts = [0] * len(dictionaries)
    for cut in [*range(SLICE_TERMS, largest.count, SLICE_TERMS), None]:
        if cut is None:
            stops = [terms.count for terms in dictionaries]
        else:
            border = largest.term(cut)
            stops = [terms.lower_bound(border) for terms in dictionaries]
        yield list(zip(firsts, stops, strict=True))
        firsts = stops


def _merge_slice(
    writer: FieldTermsWriter,
    sources: Sequence[_TermSource],
    bounds: Sequence[tuple[int, int]],
    frequency_is_value: bool,
) -> None:
    """Merge the terms with the numbers ``bounds`` in each source."""
    term_lists = [source.terms.term_list(*bound) for source, bound in zip(sources, bounds, strict=True)]
    # Sorted lists one after the other are quick to sort: Python's sort merges them.
    number_of = dict(zip(dict.fromkeys(sorted(chain.from_iterable(term_lists))), count(), strict=False))
    terms = list(number_of)
    counts = np.zeros(len(terms), dtype=np.int64)
    parts: list[tuple[_TermSource, Ints, Ints]] = []
    for source, bound, term_list in zip(sources, bounds, term_lists, strict=True):
        numbers = np.fromiter(map(number_of.__getitem__, term_list), dtype=np.int64, count=len(term_list))
        pointers = source.terms.pointers(*bound)
        if len(pointers):
            counts[numbers] += source.postings.counts(pointers)
        parts.append((source, numbers, pointers))
    for first, stop in pieces(counts, PIECE_POSTINGS):
        runs = []
        for source, numbers, pointers in parts:
            low, high = np.searchsorted(numbers, (first, stop))
            run = source.run(numbers[low:high] - first, pointers[low:high])
            if run is not None:
                runs.append(run)
        combined = combine_runs(runs, stop - first, frequency_is_value=frequency_is_value)
        chosen, used = terms[first:stop], combined.counts
        if not used.all():  # all documents of some terms were deleted
            chosen = [term for term, count in zip(chosen, used.tolist(), strict=True) if count]
            used = used[used > 0]
        if chosen:
            writer.add(chosen, used, combined.doc_ids, combined.weights, combined.values)
