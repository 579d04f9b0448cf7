"""Several segments become one, array by array; and which segments to merge when.

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

from cnsearch.codec.column_types import kind_of, value_checker
from cnsearch.codec.columns import AnyColumn, OpaqueColumn, concatenate, make_column
from cnsearch.codec.segment import VECTOR_KINDS, ColumnarSegment, SegmentData, SegmentFileWriter
from cnsearch.codec.terms import FieldTermsWriter, has_frequency_values
from cnsearch.engine.bytes.ragged import gather_rows, offsets_of, take_rows, write_ragged
from cnsearch.engine.postings.decode import PostingsReader
from cnsearch.engine.postings.encode import PostingValues
from cnsearch.engine.postings.runs import PIECE_POSTINGS, Run, combine_runs, pieces
from cnsearch.engine.stored.stored import SegmentPiece, StoredWriter
from cnsearch.engine.terms.dictionary import TermDictionary

Ints = npt.NDArray[np.int64]

#: terms per slice, of the source that has most
SLICE_TERMS = 1 << 15


class MergeSource(NamedTuple):
    """A segment to merge; ``kept`` are its documents that are not deleted, ascending, or None for all."""

    data: SegmentData
    kept: Ints | None
    added: Mapping[str, OpaqueColumn] = MappingProxyType({})
    """Columns that are beside the segment's file, see ``segment.added_column_name``."""

    def column(self, name: str) -> AnyColumn | None:
        return self.data.column(name) or self.added.get(name)

    @property
    def doc_count(self) -> int:
        return self.data.doc_count if self.kept is None else len(self.kept)


# -- policy -----------------------------------------------------------------------------------------------------------

#: segments of similar size that are merged as soon as there are so many. With 8, a million documents lie in 8 to 25
#: segments, and each document is rewritten 2 to 3 times on the way.
MERGE_FACTOR = 8
#: segments below this size count as similar: 1,000 articles are rewritten in some 50 ms
SMALL_SEGMENT_DOCS = 1000
#: a segment is rewritten alone when more than this part of it is deleted
MAX_DELETED_FRACTION = 0.5


def choose_merges(live: Sequence[int], total: Sequence[int]) -> list[list[int]]:
    """Decide which segments to merge after a commit: the logarithmic policy of Lucene's LogMergePolicy.

    live    : documents of each segment that are not deleted
    total   : documents of each segment
    Returns : groups of positions, each to become one segment. Every group but those that only drop deleted documents
              has MERGE_FACTOR members or more, all of the same level, where level k holds the segments of up to
              SMALL_SEGMENT_DOCS * MERGE_FACTOR ** k documents.
    """
    levels: dict[int, list[tuple[list[int], int]]] = {}
    for position, size in enumerate(live):
        levels.setdefault(_level(size), []).append(([position], size))
    level = 0
    while level <= max(levels, default=-1):
        members = levels.get(level, [])
        if len(members) >= MERGE_FACTOR:
            # What becomes one segment takes part in the next level at once, so that it is written only once.
            joined = sorted(position for positions, _ in members for position in positions)
            size = sum(size for _, size in members)
            levels[level] = []
            levels.setdefault(_level(size), []).append((joined, size))
        level += 1
    groups = [positions for members in levels.values() for positions, _ in members if len(positions) > 1]
    chosen = {position for group in groups for position in group}
    for position, (alive, all_docs) in enumerate(zip(live, total, strict=True)):
        if position not in chosen and all_docs - alive > MAX_DELETED_FRACTION * all_docs:
            groups.append([position])
    return groups


def _level(size: int) -> int:
    level, limit = 0, SMALL_SEGMENT_DOCS
    while size > limit:
        limit *= MERGE_FACTOR
        level += 1
    return level


# -- merging ----------------------------------------------------------------------------------------------------------


def merge_segments(storage: Any, schema: Any, segment: ColumnarSegment, sources: Sequence[MergeSource]) -> None:
    """Write the file of ``segment`` with the documents of all sources. Fields that the schema lacks are dropped.

    REQUIRES: at least one document is kept
    """
    file = SegmentFileWriter(storage, segment)
    try:
        names = sorted({name for source in sources for name in (*source.data.infos, *source.added) if name in schema})
        _merge_stored(file, sources, names)
        for name in names:
            _merge_lengths(file, sources, name)
            _merge_column(file, sources, name, schema[name])
            _merge_vectors(file, sources, name)
        for name in names:
            if any("term_count" in source.data.infos.get(name, {}) for source in sources):
                _merge_terms(file, sources, name, schema[name])
                for source in sources:
                    source.data.container.release()
        doc_count = sum(source.doc_count for source in sources)
        file.close(doc_count)
    except BaseException:
        file.abandon()
        storage.delete_file(segment.make_filename(file.extension))
        raise
    segment.set_doc_count(doc_count)


def _merge_stored(file: SegmentFileWriter, sources: Sequence[MergeSource], names: list[str]) -> None:
    writer = StoredWriter(file.container)
    for source in sources:
        pieces_of = {}
        for name in names:
            reader = source.data.stored(name)
            if reader is not None:
                pieces_of[name] = SegmentPiece(reader, source.data.doc_count, source.kept)
        writer.add(pieces_of, source.doc_count)
        source.data.container.release()
    for name in writer.finish({name: file.field(name)[0] for name in writer.names()}):
        file.field(name)[1]["stored"] = True


def _merge_lengths(file: SegmentFileWriter, sources: Sequence[MergeSource], name: str) -> None:
    found = [source.data.lengths(name) for source in sources]
    if all(lengths is None for lengths in found):
        return
    parts: list[npt.NDArray[Any]] = []
    for source, lengths in zip(sources, found, strict=True):
        if lengths is None:
            parts.append(np.zeros(source.doc_count, dtype=np.uint8))
        else:
            parts.append(lengths if source.kept is None else lengths[source.kept])
    file.add_lengths(name, np.concatenate(parts))


def _merge_column(file: SegmentFileWriter, sources: Sequence[MergeSource], name: str, field: Any) -> None:
    column, kinds = field.column_type, set()
    for source in sources:
        info = source.data.infos.get(name, {})
        if "column" in info:
            kinds.add(info["column"]["kind"])
        elif name in source.added:
            kinds.add("opaque")
    if not column or not kinds:
        return
    kind = kind_of(column)
    if kinds == {kind} and kind != "opaque":
        parts: list[tuple[AnyColumn | None, int]] = []
        for source in sources:
            part = source.data.column(name)
            if part is not None and not isinstance(part, OpaqueColumn):
                part = part.take(source.kept)
            parts.append((part, source.doc_count))
        file.add_column(name, kind, concatenate(parts, column, kind))
        return
    values: list[Any] = []
    check = value_checker(column)
    for source in sources:
        part = source.column(name)
        if part is None:
            rows: list[Any] = [None] * source.data.doc_count
        elif isinstance(part, OpaqueColumn):
            reader = part.reader(column)
            rows = [check(reader[doc]) for doc in range(source.data.doc_count)]
        else:
            rows = part.optional_values()
        values += rows if source.kept is None else [rows[doc] for doc in source.kept.tolist()]
    file.add_column(name, kind, make_column(values, column))


def _merge_vectors(file: SegmentFileWriter, sources: Sequence[MergeSource], name: str) -> None:
    readers = [source.data.vectors(name) for source in sources]
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
    number, info = file.field(name)
    info["vector"] = True
    write_ragged(file.container, VECTOR_KINDS, number, np.concatenate(lengths), flats)


class _TermSource:
    """Terms of one field in one source, with its documents' new numbers."""

    def __init__(self, source: MergeSource, name: str, base: int, terms: TermDictionary) -> None:
        self.terms = terms
        self.postings: PostingsReader = source.data.postings(name)
        self.base = base
        self.new_ids: npt.NDArray[np.int32] | None = None
        if source.kept is not None:
            self.new_ids = np.full(source.data.doc_count, -1, dtype=np.int32)
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


def _merge_terms(file: SegmentFileWriter, sources: Sequence[MergeSource], name: str, field: Any) -> None:
    frequency_is_value = has_frequency_values(field.format)
    term_sources, base = [], 0
    for source in sources:
        terms = source.data.terms(name)
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
