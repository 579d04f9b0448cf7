"""Runs of postings, and how several become one: a counting sort, because each run is in order already.

A flush joins the runs of many batches, a merge those of several segments. For each term the number of its postings in
each run gives the place of every list in the result, so that postings are moved once and never compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Ints
from cnsearch.engine.bytes.ragged import gather_rows, offsets_of, row_indexes
from cnsearch.engine.postings.encode import PostingValues, frequency_values

#: postings that are encoded at once: bounds the memory of a flush or merge to some 60 bytes times this
PIECE_POSTINGS = 1 << 19


class Run(NamedTuple):
    """Postings lists of some terms.

    numbers : term numbers, distinct, any order
    counts  : postings per term, int64, each >= 1
    doc_ids : int32, ascending within a list; lists one after the other
    weights : integers or floats, shape like doc_ids
    values  : opaque values, or None if there are none (or they are the frequencies)
    """

    numbers: npt.NDArray[Any]
    counts: Ints
    doc_ids: npt.NDArray[np.int32]
    weights: npt.NDArray[Any]
    values: PostingValues | None


class CombinedRuns(NamedTuple):
    """Postings of terms 0..len(counts)-1, as in a ``Run``, but a term may have none."""

    counts: Ints
    doc_ids: npt.NDArray[np.int32]
    weights: npt.NDArray[Any]
    values: PostingValues | None


def combine_runs(runs: Sequence[Run], term_count: int, *, frequency_is_value: bool) -> CombinedRuns:
    """Join runs.

    runs       : the doc_ids of a later run are larger than those of an earlier one
    term_count : all numbers are smaller
    frequency_is_value : runs without values have the frequency as value, if another run has values
    """
    counts = np.zeros(term_count, dtype=np.int64)
    for run in runs:
        counts[run.numbers] += run.counts
    offsets = offsets_of(counts)
    place = offsets[:-1].copy()
    total = int(offsets[-1])
    doc_ids = np.empty(total, dtype=np.int32)
    weights = np.empty(total, dtype=np.result_type(*{run.weights.dtype for run in runs}) if runs else np.int32)
    with_values = any(run.values is not None for run in runs)
    source = np.empty(total if with_values else 0, dtype=np.int64)
    lengths, flats = [], []
    done = 0
    for run in runs:
        at = row_indexes(place[run.numbers], run.counts)
        doc_ids[at] = run.doc_ids
        weights[at] = run.weights
        place[run.numbers] += run.counts
        if with_values:
            values = run.values or _missing_values(run, frequency_is_value)
            source[at] = np.arange(done, done + len(at))
            lengths.append(values.lengths)
            flats.append(values.flat)
        done += len(at)
    if not with_values:
        return CombinedRuns(counts, doc_ids, weights, None)
    all_lengths, flat = np.concatenate(lengths), np.concatenate(flats)
    chosen = all_lengths[source]
    return CombinedRuns(
        counts, doc_ids, weights, PostingValues(chosen, gather_rows(flat, offsets_of(all_lengths)[:-1][source], chosen))
    )


def _missing_values(run: Run, frequency_is_value: bool) -> PostingValues:
    size = 4 if frequency_is_value else 0
    flat = frequency_values(run.weights) if frequency_is_value else np.empty(0, dtype=np.uint8)
    return PostingValues(np.full(len(run.doc_ids), size, dtype=np.int64), flat)


def pieces(counts: Ints, limit: int = PIECE_POSTINGS) -> Iterator[tuple[int, int]]:
    """Cut lists into pieces (first, stop) of at most ``limit`` postings, or one list where that is longer.

    counts : postings per list, shape (lists,)
    """
    offsets = offsets_of(counts)
    first = 0
    while first < len(counts):
        stop = int(np.searchsorted(offsets, offsets[first] + limit, side="right")) - 1
        stop = min(max(stop, first + 1), len(counts))
        yield first, stop
        first = stop


def slice_values(values: PostingValues | None, start: int, stop: int, offsets: Ints | None) -> PostingValues | None:
    """Values of the postings ``start..stop``: views; None if there are none.

    offsets : offsets_of(values.lengths), shape (postings + 1,)
    """
    if values is None or offsets is None:
        return None
    return PostingValues(values.lengths[start:stop], values.flat[offsets[start] : offsets[stop]])
