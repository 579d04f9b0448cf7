"""The compiled kernels of writing: terms and their postings lists, as they lie in a segment (``engine/FORMAT.md``).

Their plain twins are the numpy code of ``engine/postings/`` and ``engine/segment/``, which runs where there is no
extension, and where a kernel gives None. Both give the same bytes. Kernels let go of the interpreter's lock, keep
nothing between two calls, and trust nothing in what they are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Bytes, Ints
from cnsearch.kernels.choice import chosen


class Lists(NamedTuple):
    """Terms in byte order, and their postings lists.

    terms    : one after the other
    lengths  : bytes of each term, int64, shape (terms,)
    pointers : for each term the offset of its list in ``data``, or -1 - the only document, which has it once; int64,
               shape (terms,)
    data     : the lists one after the other, or uint8, shape (bytes,)
    """

    terms: bytes
    lengths: Ints
    pointers: Ints
    data: bytes | Bytes


class Postings(NamedTuple):
    """Those of a batch of documents, as in ``contract.Counts``, each array as little-endian bytes.

    freqs : uint16 or int32; empty: each document has its terms once
    base  : what is added to the documents
    """

    keys: bytes
    long_terms: list[bytes]
    counts: bytes
    doc_ids: bytes
    freqs: bytes
    base: int


class Terms(NamedTuple):
    """Whole blocks of a term dictionary.

    blocks         : their bytes
    prefix_lengths : bytes that the terms of a block share, int64, one per block
    suffix_lengths : the other bytes of each term, int64, one per term
    skip           : how many of the first terms are not meant
    """

    blocks: bytes
    prefix_lengths: bytes
    suffix_lengths: bytes
    skip: int


class Part(NamedTuple):
    """Consecutive terms of a segment, with what is checked of it.

    pointers  : of each term that is meant, int64 in bytes: >= 0 the offset of its list, < 0: -1 - the only document
    postings  : the part of the section that has the lists, more behind it or not; and its offset in the section
    documents : how many the segment has; what its lists say of the values of postings (value kind); the new number of
                each, int32 in bytes, -1 for one that is left out, or None: then the last number is added to each
    """

    terms: Terms
    pointers: bytes
    postings: tuple[bytes, int]
    documents: tuple[int, int, bytes | None, int]


class _Extension(Protocol):
    def join_lists(self, runs: Sequence[Postings], kind: int) -> tuple[bytes, bytes, bytes, bytes]: ...

    def merge_lists(self, sources: Sequence[Part], kind: int) -> tuple[bytes, bytes, bytes, bytes] | None: ...


class ListKernels:
    """The kernels of an extension. Safe for threads."""

    def __init__(self, extension: _Extension) -> None:
        self._extension = extension

    def join(self, runs: Sequence[Postings], kind: int) -> Lists:
        """The lists of a segment, from the postings of its batches.

        runs   : the documents of a later one come after those of an earlier one
        kind   : of the values of postings: 0, or 1 where each is the frequency
        Raises : ValueError for arrays that do not fit together, and documents that do not ascend
        """
        return _lists(*self._extension.join_lists(runs, kind))

    def merge(self, parts: Sequence[Part], kind: int) -> Lists | None:
        """The lists of several segments as those of one, without the terms of which no document is left.

        parts   : the documents of a later one come after those of an earlier one
        Returns : None for what is damaged, and where a posting has another value than its kind says, or a weight that
                  is no integer
        """
        merged = self._extension.merge_lists(parts, kind)
        return None if merged is None else _lists(*merged)


def _lists(terms: bytes, lengths: bytes, pointers: bytes, data: bytes) -> Lists:
    return Lists(terms, np.frombuffer(lengths, "<i8"), np.frombuffer(pointers, "<i8"), data)


@cache
def lists() -> ListKernels | None:
    """The compiled kernels; None where the plain ones run."""
    extension = chosen().extension
    return None if extension is None else ListKernels(extension)


def bytes_of(array: npt.NDArray[Any], dtype: str) -> bytes:
    """An array, shape (n,), as numbers of ``dtype``: the bytes that it was made of, where it was made of such."""
    wanted = array.astype(dtype, copy=False)
    base = wanted.base
    return base if isinstance(base, bytes) and len(base) == wanted.nbytes else wanted.tobytes()
