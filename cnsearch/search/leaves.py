"""What the leaves of plans say about the documents of a snapshot: postings, scored, and kept for the next query.

A leaf is what has postings of its own: a word, a bigram, a text, a pattern. It becomes the documents of the whole index
that have it with their impacts, all scored alike by BM25F (``scoring.py``). The statistics that this needs are handed
in, so that an index that is a part of a larger one can score as the whole would.

Not good for: what leaves say together (``steps/``).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from cnsearch import deadline, kernels
from cnsearch.search.scoring import (
    K1,
    FieldNorms,
    OwnStatistics,
    Ranking,
    Scores,
    Statistics,
    idf,
    saturate,
    weighted_tf,
)
from cnsearch.store.postings import Postings
from cnsearch.store.snapshot import Snapshot

Mask = npt.NDArray[np.bool_]
"""bool, shape (num_docs,): which documents of the index."""
DocNumbers = npt.NDArray[np.intp]
"""intp, shape (n,): numbers of some documents over the whole index."""

MAX_CACHED_BYTES = 64_000_000
"""Of the leaves that are kept with their impacts, the most recently used."""
MAX_CACHED_MASK_BYTES = 16_000_000
"""Of the masks of conditions, one byte per document."""
_DENSE_FRACTION = 16
"""A leaf in more than one of this many documents is kept as a score for every document: adding that is quicker."""


@dataclass(slots=True)
class Reach:
    """How many terms a pattern may stand for in a field of a segment, and whether it would have stood for more."""

    most_terms: int
    cut_short: bool = False


class HasPostings(Protocol):
    """What a leaf is to the cache."""

    @property
    def key(self) -> Hashable:
        """What its postings depend on; no two kinds of leaves have a key in common."""

    def postings(self, snapshot: Snapshot, reach: Reach) -> Mapping[str, Postings]:
        """Per field, the documents that contain it and how often; numbered over the whole index."""

    def packed(self, snapshot: Snapshot) -> Mapping[str, Sequence[kernels.Packed]] | None:
        """The same as it lies in the files, for a kernel; None where there is more to its postings."""

    def occurs(self, leaves: Leaves) -> bool:
        """Whether any document has it, deleted ones included."""


class Scoring(HasPostings, Protocol):
    """A leaf that adds to scores."""

    def factor(self, ranking: Ranking) -> float:
        """What its score is multiplied by; 0 adds nothing."""


class Matching(Hashable, Protocol):
    """A step that matches documents."""

    def matching(self, leaves: Leaves) -> Mask:
        """The documents that match: bool, shape (num_docs,)."""


class Selecting(Hashable, Protocol):
    """A condition on documents."""

    def select(self, leaves: Leaves) -> Mask:
        """The documents that meet it: bool, shape (num_docs,)."""


@dataclass(frozen=True, slots=True)
class Matches:
    """doc_ids  : the documents that contain the leaf, intp, in no particular order; None where they are many
    impacts   : float32, above 0: their saturated tf'; where doc_ids is None that of every document, 0 for the others
    cut_short : the leaf is a pattern of more terms than are looked for
    packed    : both arrays for kernels, where these are compiled
    """

    doc_ids: npt.NDArray[np.intp] | None
    impacts: Scores
    idf: float
    doc_freq: int
    cut_short: bool = False
    packed: kernels.PackedMatches | None = None

    def add(self, cover: Scores, weight: float) -> None:
        """Add ``weight`` to each document that contains the leaf. ``cover``: float32, shape (num_docs,)."""
        if self.doc_ids is None:
            cover += (self.impacts > 0) * np.float32(weight)
        else:
            cover[self.doc_ids] += np.float32(weight)

    def numbers(self) -> DocNumbers:
        """The documents that contain the leaf, in no particular order."""
        return np.flatnonzero(self.impacts) if self.doc_ids is None else self.doc_ids

    def contains(self, doc_number: int) -> bool:
        """Whether a document contains the leaf."""
        if self.doc_ids is None:
            return bool(self.impacts[doc_number] > 0)
        return bool((self.doc_ids == doc_number).any())

    @property
    def num_bytes(self) -> int:
        """Of the arrays, and about what the objects around them take."""
        return self.impacts.nbytes + (0 if self.doc_ids is None else self.doc_ids.nbytes) + 500


class Leaves:
    """The leaves of all plans on one snapshot. Thread-safe."""

    def __init__(self, snapshot: Snapshot, ranking: Ranking, statistics: Statistics, pattern_terms: int) -> None:
        """pattern_terms : the most terms that a pattern stands for in a field of a segment"""
        self.snapshot = snapshot
        self.ranking = ranking
        self.norms = FieldNorms(snapshot, statistics)
        self.num_docs = snapshot.num_docs
        self._statistics = statistics
        self._pattern_terms = pattern_terms
        self._lock = threading.Lock()
        self.own_statistics = isinstance(statistics, OwnStatistics)
        """Whether scores are computed by what the snapshot itself has."""
        self.compiled = kernels.searching()
        """The compiled kernels; None where there are none."""
        self._matches: OrderedDict[Hashable, Matches] = OrderedDict()
        self._num_cached_bytes = 0
        self._masks: OrderedDict[Selecting, Mask] = OrderedDict()

    def zeros(self) -> Scores:
        """A new array of a score for each document."""
        return np.zeros(self.num_docs, dtype=np.float32)

    def alive(self, mask: Mask) -> Mask:
        """``mask`` without deleted documents; not to be modified."""
        return mask if self.snapshot.live is None else mask & self.snapshot.live

    def alive_only(self, scores: Scores) -> Scores:
        """``scores`` with 0 for deleted documents; not to be modified."""
        return scores if self.snapshot.live is None else scores * self.snapshot.live

    def idf(self, key: Hashable, doc_freq: int) -> float:
        """The idf of what ``doc_freq`` documents of the snapshot have. ``key``: of the leaf, or the step."""
        return idf(self._statistics.num_docs, self._statistics.doc_freq(key, doc_freq))

    @property
    def greatest_idf(self) -> float:
        """That of what one document has."""
        return idf(self._statistics.num_docs, 1)

    def match(self, leaf: HasPostings) -> Matches:
        """What the leaf says about each document, and its idf in the whole index; from the cache where it is."""
        key = leaf.key
        found = self._matches.get(key)
        if found is not None:
            with self._lock:
                if key in self._matches:
                    self._matches.move_to_end(key)
            return found
        deadline.check()
        made = self._matched(leaf)
        with self._lock:
            if key not in self._matches:
                self._matches[key] = made
                self._num_cached_bytes += made.num_bytes
            while self._num_cached_bytes > MAX_CACHED_BYTES and len(self._matches) > 1:
                self._num_cached_bytes -= self._matches.popitem(last=False)[1].num_bytes
        return made

    def _matched(self, leaf: HasPostings) -> Matches:
        return self._matched_packed(leaf, self.compiled) or self._matched_plainly(leaf)

    def _matched_packed(self, leaf: HasPostings, compiled: kernels.Searching | None) -> Matches | None:
        """None where there is no kernel for it, or what it is given is not sound."""
        lists = None if compiled is None else leaf.packed(self.snapshot)
        if compiled is None or lists is None:
            return None
        fields = [(self.norms.packed(field), parts) for field, parts in lists.items() if parts]
        found = compiled.impacts(fields, K1, self.num_docs, self.num_docs // _DENSE_FRACTION)
        if found is None:
            return None
        doc_ids, impacts, doc_freq = found
        return _of_packed((doc_ids, impacts), self.idf(leaf.key, doc_freq), doc_freq)

    def _matched_plainly(self, leaf: HasPostings) -> Matches:
        reach = Reach(self._pattern_terms)
        doc_ids, tf = weighted_tf(leaf.postings(self.snapshot, reach), self.norms)
        doc_freq = len(doc_ids)
        impacts, rarity = saturate(tf), self.idf(leaf.key, doc_freq)
        if doc_freq * _DENSE_FRACTION <= self.num_docs:
            made = Matches(doc_ids.astype(np.intp), impacts, rarity, doc_freq, reach.cut_short)
        else:
            dense = self.zeros()
            dense[doc_ids] = impacts
            made = Matches(None, dense, rarity, doc_freq, reach.cut_short)
        return made if self.compiled is None else _of_packed(_packed(made), rarity, doc_freq, reach.cut_short)

    def occurs(self, leaf: HasPostings) -> bool:
        """Whether any document has the leaf, deleted ones included."""
        known = self._matches.get(leaf.key)
        return leaf.occurs(self) if known is None else known.doc_freq > 0

    def term_weight(self, leaf: HasPostings) -> float:
        """The idf of a leaf: how telling it is, for choosing snippets."""
        return self.match(leaf).idf

    def step_weight(self, step: Matching) -> float:
        """The idf of what ``step`` finds; 0 if that is nothing."""
        found = int(np.count_nonzero(step.matching(self)))
        return self.idf(step, found) if found else 0.0

    @cached_property
    def live(self) -> bytes | None:
        """A byte per document for kernels, 0 where it is deleted; None if none is."""
        return None if self.snapshot.live is None else self.snapshot.live.tobytes()

    def add(self, leaf: Scoring, scores: Scores) -> None:
        """Add the score that the leaf gives to each document that contains it: above 0, unless its factor is 0."""
        factor = leaf.factor(self.ranking)
        if not factor:
            return
        found = self.match(leaf)
        weight = np.float32(found.idf * factor)
        if found.doc_ids is None:
            scores += found.impacts * weight
        else:
            scores[found.doc_ids] += found.impacts * weight

    def select(self, condition: Selecting) -> Mask:
        """The documents that meet a condition; from the cache where it is. Not to be modified."""
        mask = self._masks.get(condition)
        if mask is None:
            mask = condition.select(self)
            with self._lock:
                self._masks[condition] = mask
                while len(self._masks) > max(1, MAX_CACHED_MASK_BYTES // max(1, self.num_docs)):
                    self._masks.popitem(last=False)
        return mask


def _packed(found: Matches) -> kernels.PackedMatches:
    doc_ids = None if found.doc_ids is None else found.doc_ids.astype("<i8", copy=False).tobytes()
    return doc_ids, found.impacts.astype("<f4", copy=False).tobytes()


def _of_packed(packed: kernels.PackedMatches, rarity: float, doc_freq: int, cut_short: bool = False) -> Matches:
    """The arrays are views of the bytes."""
    doc_ids = None if packed[0] is None else np.frombuffer(packed[0], "<i8").astype(np.intp, copy=False)
    return Matches(doc_ids, np.frombuffer(packed[1], "<f4"), rarity, doc_freq, cut_short, packed)
