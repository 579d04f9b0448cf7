"""How much a document says about a query: BM25F of words and of bigrams, then what stands close together.

First pass, every document: the scores of the query's words, and half of those of its bigrams, each by BM25F.

    idf   = ln(1 + (N - n + 0.5) / (n + 0.5))
    tf'   = sum over fields of  weight * tf / (1 - b + b * length / average length)
    score = idf * tf' / (k1 + tf')

N documents, n of them with the term in any of the fields; tf counts the term in one field of the document. Robertson,
Zaragoza and Taylor, Simple BM25 Extension to Multiple Weighted Fields, CIKM 2004; the idf that is never negative is
Lucene's. N, n and the average lengths are those of the whole index, deleted documents included until a merge drops
them. Words and bigrams together rank better than either (Abdou and Savoy, Statistical and Comparative Evaluation of
Various Indexing and Search Models, AIRS 2006).

Second pass, the best ``DEPTH`` only: ``closeness.py`` adds what the query's characters weigh that stand together.

The constants were chosen on the sets of ``benchmarks/retrieval.py``, in the middle of what made no difference.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import DocIds
from cnsearch.store.fields import CHARS_FIELD
from cnsearch.store.postings import Postings
from cnsearch.store.snapshot import Snapshot

K1 = 1.2
"""How fast more occurrences stop mattering; the value of Robertson and Zaragoza 2009, section 3.5.2."""
B = 0.9
"""How much a longer field dampens its occurrences; the usual 0.75 ranks DRCD's questions lower in both halves (MRR@10
.9700 and .9742, this one .9711 and .9746; benchmarks/retrieval.py), and news titles and keywords alike."""
FIELD_WEIGHTS = {"title": 2.0, "tags": 1.5, "body": 1.0}
"""An occurrence in the title, or among the tags, counts as this many in a body of average length; bigrams too."""
ALL_WEIGHTS = {**FIELD_WEIGHTS, **{CHARS_FIELD[name]: weight for name, weight in FIELD_WEIGHTS.items()}}
"""Of every searched field."""

Scores = npt.NDArray[np.float32]
"""float32, shape (num_docs,): a number for each document of the index, unless another shape is said."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The parts of a score, so that a benchmark can leave some out.

    bigrams   : factor of the bigrams' scores; flat from .3 to .7
    depth     : documents of the second pass: as many as one page; 20 instead made no difference
    closeness : factor of the best window's weight; flat from .3 to .6
    lead      : factor of the weight of what stands at the beginning
    order     : factor of the bigrams within the window. 1 costs news titles .006 of MRR@10, for digests have them word
                for word; DRCD does not tell 0.5 from 1
    written   : factor of what stands in one piece of a query that is not long
    """

    bigrams: float = 0.5
    depth: int = 10
    closeness: float = 0.36
    lead: float = 0.06
    order: float = 0.5
    written: float = 0.5


DEFAULT_RANKING = Ranking()
WORDS_ONLY = Ranking(bigrams=0.0, depth=0, written=0.0)


class Statistics(Protocol):
    """What scores need to know of the whole collection. An index that is a part of a larger one is given that of the
    whole, and then scores as the whole would."""

    @property
    def num_docs(self) -> int:
        """Documents, deleted ones that were not merged away included."""

    def doc_freq(self, key: Hashable, own: int) -> int:
        """How many documents have what ``own`` of this index have. ``key``: of the leaf (``Leaf.key``), or the step."""

    def average_length(self, field: str) -> float:
        """Tokens in ``field``, at least 1."""


class OwnStatistics:
    """Those of one snapshot by itself."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    @property
    def num_docs(self) -> int:
        """Of the snapshot."""
        return self._snapshot.num_docs

    def average_length(self, field: str) -> float:
        """Of the snapshot."""
        return self._snapshot.average_length(field)

    def doc_freq(self, key: Hashable, own: int) -> int:
        """``own``."""
        return own


class FieldNorms:
    """weight / (1 - b + b * length / average length) for each document: what one occurrence adds to tf'.

    Computed once per snapshot and field.
    """

    def __init__(self, snapshot: Snapshot, statistics: Statistics | None = None) -> None:
        self._snapshot = snapshot
        self._statistics = OwnStatistics(snapshot) if statistics is None else statistics
        self._norms: dict[str, Scores] = {}
        self._packed: dict[str, bytes] = {}
        self._lengths: dict[str, Scores] = {}

    def lengths(self, field: str) -> Scores:
        """Tokens of ``field``, shape (snapshot.num_docs,), float32; do not modify."""
        lengths = self._lengths.get(field)
        if lengths is None:
            lengths = self._lengths[field] = self._snapshot.lengths(field)
        return lengths

    def of(self, field: str) -> Scores:
        """Shape (snapshot.num_docs,), float32; do not modify."""
        norms = self._norms.get(field)
        if norms is None:
            ratio = self._snapshot.lengths(field) / np.float32(self._statistics.average_length(field))
            norms = np.float32(ALL_WEIGHTS[field]) / (np.float32(1 - B) + np.float32(B) * ratio)
            self._norms[field] = norms
        return norms

    def packed(self, field: str) -> bytes:
        """The same for a kernel: float32, little-endian."""
        packed = self._packed.get(field)
        if packed is None:
            packed = self._packed[field] = self.of(field).astype("<f4", copy=False).tobytes()
        return packed


def idf(num_docs: int, doc_freq: int) -> float:
    """Inverse document frequency; above 0 for every ``doc_freq`` in 0..num_docs."""
    return math.log(1 + (num_docs - doc_freq + 0.5) / (doc_freq + 0.5))


def weighted_tf(postings: Mapping[str, Postings], norms: FieldNorms) -> tuple[DocIds, Scores]:
    """tf' of one term in the documents that have it in any field.

    Returns (doc_ids int32 without repeats, in no particular order; tf' float32), new arrays or not to be modified.
    """
    parts = [(found.doc_ids, found.freqs * norms.of(field)[found.doc_ids]) for field, found in postings.items()]
    if not parts:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    parts.sort(key=lambda part: len(part[0]))
    doc_ids, tf = parts[0]
    for more_ids, more_tf in parts[1:]:  # ascending, and more than those before: these are looked for among them
        place = np.minimum(np.searchsorted(more_ids, doc_ids), len(more_ids) - 1)
        same = more_ids[place] == doc_ids
        more_tf[place[same]] += tf[same]
        doc_ids = more_ids if same.all() else np.concatenate([more_ids, doc_ids[~same]])
        tf = more_tf if same.all() else np.concatenate([more_tf, tf[~same]])
    return doc_ids, tf


def saturate(tf: Scores) -> Scores:
    """tf' / (k1 + tf'): what a term says about each document, before its idf and its weight in the query."""
    scores: Scores = tf / (np.float32(K1) + tf)
    return scores
