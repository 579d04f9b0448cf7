"""Terms and postings of one field of several segments become those of one.

The terms are treated in slices, so that memory is bounded by a few slices and not by the segments. A kernel merges a
slice, each in a thread; where there is none, and where lists have what kernels do not know (values, weights that are no
integers, damage, which is then named), numpy does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, count
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cnsearch import kernels
from cnsearch.arrays import Ints
from cnsearch.engine.bytes.ragged import gather_rows, offsets_of
from cnsearch.engine.postings.decode import PostingsReader
from cnsearch.engine.postings.encode import VALUES_FREQUENCY, VALUES_NONE, PostingValues
from cnsearch.engine.postings.runs import PIECE_POSTINGS, Run, combine_runs, pieces
from cnsearch.engine.segment.reader import SegmentReader
from cnsearch.engine.segment.terms import FieldTermsWriter
from cnsearch.engine.segment.writer import SegmentWriter
from cnsearch.engine.terms.dictionary import TermDictionary

#: terms per slice, of the source that has most
SLICE_TERMS = 1 << 15
#: and bytes of their lists, about, in all sources: some slices are in memory at a time
SLICE_BYTES = 8 << 20

Bounds = Sequence[tuple[int, int]]
"""A slice: first and stop of the numbers of its terms in each source."""


class _TermSource:
    """Terms of one field in one source, with its documents' new numbers."""

    def __init__(self, segment: SegmentReader, kept: Ints | None, name: str, base: int, terms: TermDictionary) -> None:
        self.terms = terms
        self.postings: PostingsReader = segment.lists(name)
        self.base = base
        self.new_ids: npt.NDArray[np.int32] | None = None
        self._new_ids_in_bytes: bytes | None = None
        if kept is not None:
            self.new_ids = np.full(segment.doc_count, -1, dtype=np.int32)
            self.new_ids[kept] = np.arange(base, base + len(kept), dtype=np.int32)
            self._new_ids_in_bytes = self.new_ids.astype("<i4").tobytes()

    def part(self, first: int, stop: int) -> kernels.Part:
        """The terms ``first..stop`` for a kernel. Raises CorruptIndexError."""
        pointers = self.terms.pointers(first, stop)
        data = self.postings.packed_lists(pointers, self.terms.next_list(stop))
        documents = (self.postings.doc_count, self.postings.inline_kind, self._new_ids_in_bytes, self.base)
        return kernels.Part(self.terms.blocks(first, stop), kernels.bytes_of(pointers, "<i8"), data, documents)

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


class _Slice(NamedTuple):
    """One to be merged; ``parts`` is what a kernel needs for that, None where there is none."""

    bounds: Bounds
    parts: Sequence[kernels.Part] | None


def merge_terms(
    file: SegmentWriter,
    sources: Sequence[tuple[SegmentReader, Ints | None]],
    name: str,
    *,
    frequency_is_value: bool,
    threads: int | None = None,
) -> None:
    """Write the terms of a field and their postings.

    sources : segments, each with those of its documents that are kept, ascending, shape (documents,), or None for all
    threads : see ``kernels.in_threads``
    """
    term_sources, base = [], 0
    for segment, kept in sources:
        terms = segment.terms(name)
        if terms is not None and terms.count:
            term_sources.append(_TermSource(segment, kept, name, base, terms))
        base += segment.doc_count if kept is None else len(kept)
    writer = FieldTermsWriter(file, name, frequency_is_value=frequency_is_value)
    compiled = kernels.lists()

    def slices() -> Iterator[_Slice]:
        for bounds in _slices(term_sources):
            parts = None
            if compiled is not None:
                parts = [source.part(*bound) for source, bound in zip(term_sources, bounds, strict=True)]
            for segment, _ in sources:
                segment.container.release()
            yield _Slice(bounds, parts)

    def merged(piece: _Slice) -> tuple[Bounds, kernels.Lists | None]:
        if compiled is None or piece.parts is None:
            return piece.bounds, None
        return piece.bounds, compiled.merge(piece.parts, VALUES_FREQUENCY if frequency_is_value else VALUES_NONE)

    for bounds, lists in kernels.in_threads(merged, slices(), threads if compiled is not None else 1):
        if lists is None:
            _merge_slice(writer, term_sources, bounds, frequency_is_value)
        elif len(lists.lengths):
            writer.add_lists(lists)
    writer.finish()


def _slices(sources: Sequence[_TermSource]) -> Iterator[Bounds]:
    """Cut the common range of terms; together the slices cover every term."""
    largest = max((source.terms for source in sources), key=lambda terms: terms.count, default=None)
    if largest is None:
        return
    firsts, cut, most = [0] * len(sources), 0, SLICE_BYTES // len(sources)
    while cut < largest.count:
        cut = _end_of_slice(largest, cut, most)
        if cut < largest.count:
            border = largest.term(cut)
            stops = [source.terms.lower_bound(border) for source in sources]
        else:
            stops = [source.terms.count for source in sources]
        yield list(zip(firsts, stops, strict=True))
        firsts = stops


def _end_of_slice(terms: TermDictionary, first: int, most: int) -> int:
    """Where the slice ends that begins with the term ``first``: behind it, and before its lists take ``most`` bytes."""
    stop = min(first + SLICE_TERMS, terms.count)
    pointers = terms.pointers(first, stop)
    listed = np.flatnonzero(pointers >= 0)
    if len(listed):
        sizes = pointers[listed] - pointers[listed[0]]
        over = np.flatnonzero(sizes > most)
        if len(over):
            stop = first + max(int(listed[over[0]]), 1)
    return stop


def _merge_slice(
    writer: FieldTermsWriter,
    sources: Sequence[_TermSource],
    bounds: Bounds,
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
