"""The postings of one field that a writer is collecting in memory, and how they become sorted lists.

Batches stay as they came, terms as keys (keys.py). In the end a kernel makes the lists of the segment from them; where
there is none, and for what kernels do not know (values, weights that are no integers), numpy sorts the keys, and a
counting sort (runs.py) puts the postings in the order of the terms.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

from cnsearch import kernels
from cnsearch.arrays import Ints
from cnsearch.engine.bytes.ragged import offsets_of
from cnsearch.engine.postings.encode import VALUES_FREQUENCY, VALUES_NONE
from cnsearch.engine.postings.inversion import TermPostings
from cnsearch.engine.postings.runs import CombinedRuns, Run, combine_runs, pieces, slice_values
from cnsearch.engine.segment.terms import FieldTermsWriter
from cnsearch.engine.terms.keys import LONG, terms_of_keys

#: estimate of what a long term costs: bytes object, entry of a list or dict (measured with tracemalloc)
_TERM_BYTES = 150
#: what a flush takes on top, per posting: the lists; in numpy two arrays in order, and the piece being encoded
_FLUSH_FACTOR = 2
#: what sorting the keys takes, in all: themselves joined, their order, the result, the terms of the distinct ones
_KEY_FACTOR = 5


class FieldBuffer:
    """Postings of one field. ``size`` estimates what it takes in memory, what ``write`` will take included."""

    def __init__(self) -> None:
        self._batches: list[tuple[TermPostings, int]] = []
        self._are_counts = True
        self.size = 0

    def add(self, postings: TermPostings, base: int) -> None:
        """Append a batch, whose documents have ``base`` added to their numbers."""
        weights = postings.weights
        if weights.dtype.kind in "iu" and len(weights) and int(weights.max()) <= 0xFFFF:
            weights = weights.astype(np.uint16)
        self._are_counts &= postings.values is None and weights.dtype in (np.uint16, np.int32)
        self._batches.append((postings._replace(weights=weights), base))
        self.size += (postings.doc_ids.nbytes + weights.nbytes) * _FLUSH_FACTOR + postings.keys.nbytes * _KEY_FACTOR
        if postings.values is not None:
            self.size += (postings.values.flat.nbytes + postings.values.lengths.nbytes) * _FLUSH_FACTOR
        self.size += len(postings.long_terms) * _TERM_BYTES

    def lists(self, *, frequency_is_value: bool) -> kernels.Lists | None:
        """The lists by a kernel, after which this is empty; None where none can make them."""
        compiled = kernels.lists()
        if compiled is None or not self._are_counts:
            return None
        batches, self._batches = self._batches, []
        runs = [_in_bytes(postings, base) for postings, base in batches]
        del batches
        return compiled.join(runs, VALUES_FREQUENCY if frequency_is_value else VALUES_NONE)

    def write(self, writer: FieldTermsWriter, *, frequency_is_value: bool) -> None:
        """Write the terms, and finish the field."""
        terms, runs = self._finish()
        combined = combine_runs(runs, len(terms), frequency_is_value=frequency_is_value)
        del runs
        write_combined(writer, terms, combined)

    def _finish(self) -> tuple[list[bytes], list[Run]]:
        """The terms in byte order, and runs of postings with the terms' numbers in it. Empties this."""
        batches, self._batches = self._batches, []
        long_numbers: defaultdict[bytes, int] = defaultdict(count().__next__)
        runs = [_run(postings, base, long_numbers) for postings, base in batches]
        del batches
        keys, numbers = np.unique(np.concatenate([run.numbers for run in runs]), return_inverse=True)
        num_short = int(np.searchsorted(keys, np.uint64(LONG)))
        terms, rank = _in_order(terms_of_keys(keys[:num_short]), list(long_numbers))
        pieces = np.split(rank[numbers.ravel()], np.cumsum([len(run.numbers) for run in runs])[:-1])
        return terms, [run._replace(numbers=piece) for run, piece in zip(runs, pieces, strict=True)]


def _in_bytes(postings: TermPostings, base: int) -> kernels.Postings:
    """A batch as the kernels want it."""
    return kernels.Postings(
        kernels.bytes_of(postings.keys, "<u8"),
        postings.long_terms,
        kernels.bytes_of(postings.counts, "<i8"),
        kernels.bytes_of(postings.doc_ids, "<i4"),
        kernels.bytes_of(postings.weights, f"<{postings.weights.dtype.str[1:]}"),
        base,
    )


def _run(postings: TermPostings, base: int, long_numbers: defaultdict[bytes, int]) -> Run:
    """A batch as a run, with keys for numbers, long ones by their numbers in all batches."""
    keys = postings.keys
    if postings.long_terms:
        found = np.fromiter(map(long_numbers.__getitem__, postings.long_terms), np.uint64, len(postings.long_terms))
        is_long = keys >= LONG
        keys = keys.copy()
        keys[is_long] = found[(keys[is_long] - np.uint64(LONG)).astype(np.intp)] + np.uint64(LONG)
    return Run(keys, postings.counts, postings.doc_ids + np.int32(base), postings.weights, postings.values)


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
