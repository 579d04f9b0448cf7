"""Runs a plan on a snapshot: which documents match, with which score, in which order.

Every leaf (term, substring, pattern) becomes documents of the whole index with their impacts, scored alike by BM25F;
and, or, not combine boolean masks and sums. Ties rank by document number, so the same index gives the same order every
time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cnsearch.analysis.compounds import MAX_COMPOUND_CHARS, find_compounds
from cnsearch.analysis.fold import fold
from cnsearch.analysis.scripts import CJK_RUN, HAN_CHAR
from cnsearch.query.plan import (
    All,
    AllOf,
    AnyOf,
    Boosted,
    DateRange,
    Label,
    Leaf,
    Plan,
    Step,
    Substring,
    Term,
    TermPattern,
    Without,
)
from cnsearch.schema import CHARS_FIELD, NO_DATE
from cnsearch.search.scoring import FieldNorms, Scores, idf, saturate, weighted_tf
from cnsearch.store import DocIds, Postings, Segment, Snapshot

Mask = npt.NDArray[np.bool_]
Order = Literal["score", "date"]

MAX_CACHED_BYTES = 64_000_000
"""Of the leaves that a Searcher keeps with their impacts, the most recently used."""
MAX_CACHED_MASK_BYTES = 16_000_000
"""Of the masks of filters, one byte per document."""
_DENSE_FRACTION = 16
"""A leaf in more than one of this many documents is kept as a score for every document: adding that is quicker."""
_BLOCK = 64
"""Documents per maximum, when looking for the best."""
MAX_EXPANSIONS = 10_000
"""A pattern stands for at most this many terms per field and segment, the first by their bytes."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """doc_numbers : the documents of the asked page, in rank order, numbered over the whole index
    scores      : their scores, the same length; 0 where nothing ranks
    total       : how many documents match
    """

    doc_numbers: list[int]
    scores: list[float]
    total: int


class Searcher:
    """Executes plans on one snapshot; keeps what several queries need. Thread-safe."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._norms = FieldNorms(snapshot)
        self._lock = threading.Lock()
        self._matches: OrderedDict[tuple[object, ...], _Matches] = OrderedDict()
        self._num_cached_bytes = 0
        self._masks: OrderedDict[Step, Mask] = OrderedDict()

    def rank(self, plan: Plan, *, order: Order, limit: int, offset: int) -> Ranking:
        """The page ``offset .. offset + limit`` of the documents that match ``plan``."""
        if plan.step is None or not self.snapshot.num_docs:
            return Ranking([], [], 0)
        size, live = self.snapshot.num_docs, self.snapshot.live
        by_date = order == "date" or not plan.ranked
        leaves = _flat(plan.step)
        if leaves:  # plain words: every match scores above 0, so the sums alone tell the matches
            scores: Scores = np.zeros(-(-size // _BLOCK) * _BLOCK, dtype=np.float32)
            for leaf in leaves:
                self._add(leaf, scores)
            if live is not None:
                scores[:size] *= live
            if not by_date:
                top = _top_of_all(scores, offset + limit)[offset:]
                return Ranking(top.tolist(), scores[top].tolist(), int(np.count_nonzero(scores > 0)))
            doc_numbers = np.flatnonzero(scores)
        else:
            mask, scores = self._run(plan.step)
            if live is not None:
                mask = mask & live
            doc_numbers = np.flatnonzero(mask)
        keys = self.snapshot.dates[doc_numbers] if by_date else scores[doc_numbers]
        chosen = doc_numbers[_top(keys, offset + limit)[offset:]]
        return Ranking(chosen.tolist(), scores[chosen].tolist(), len(doc_numbers))

    def term_weight(self, leaf: Leaf) -> float:
        """The idf of a leaf: how telling it is, for choosing snippets."""
        return self._match(leaf).idf

    def _run(self, step: Step) -> tuple[Mask, Scores]:
        """Which documents match, and their scores (0 where not). Shapes (num_docs,); not to be modified."""
        size = self.snapshot.num_docs
        if isinstance(step, (Term, Substring, TermPattern)):
            scores: Scores = np.zeros(size, dtype=np.float32)
            self._add(step, scores)
            return scores > 0, scores
        if isinstance(step, AnyOf):
            mask: Mask = np.zeros(size, dtype=bool)
            scores = np.zeros(size, dtype=np.float32)
            for clause in step.clauses:
                if isinstance(clause, (Term, Substring, TermPattern)):
                    self._add(clause, scores)
                else:
                    clause_mask, clause_scores = self._run(clause)
                    mask |= clause_mask
                    scores += clause_scores
            return mask | (scores > 0), scores
        if isinstance(step, AllOf):
            runs = [self._run(clause) for clause in step.clauses]
            mask = np.logical_and.reduce([run[0] for run in runs])
            return mask, np.add.reduce([run[1] for run in runs]) * mask
        if isinstance(step, Boosted):
            mask, scores = self._run(step.base)
            return mask, (scores + self._run(step.bonus)[1]) * mask
        if isinstance(step, Without):
            mask, scores = self._run(step.base)
            mask = mask & ~self._run(step.excluded)[0]
            return mask, scores * mask
        return self._selected(step), np.zeros(size, dtype=np.float32)

    def _add(self, leaf: Leaf, scores: Scores) -> None:
        """Add the score that the leaf gives to each document that contains it, always above 0."""
        found = self._match(leaf)
        weight = np.float32(found.idf * leaf.weight if isinstance(leaf, Term) else found.idf)
        if found.doc_ids is None:
            size = min(len(scores), len(found.impacts))
            scores[:size] += found.impacts[:size] * weight
        else:
            scores[found.doc_ids] += found.impacts * weight

    def _match(self, leaf: Leaf) -> _Matches:
        """What the leaf says about each document, and its idf in the whole index; from the cache where it is."""
        key = (leaf.prefix, leaf.regex, leaf.fields) if isinstance(leaf, TermPattern) else (leaf.text, leaf.fields)
        if isinstance(leaf, Substring):
            key = (*key, "substring")
        found = self._matches.get(key)
        if found is not None:
            with self._lock:
                if key in self._matches:
                    self._matches.move_to_end(key)
            return found
        doc_ids, tf = weighted_tf(_postings(leaf, self.snapshot), self._norms)
        size, doc_freq = self.snapshot.num_docs, len(doc_ids)
        impacts = saturate(tf)
        if doc_freq * _DENSE_FRACTION > size:
            dense: Scores = np.zeros(size, dtype=np.float32)
            dense[doc_ids] = impacts
            made = _Matches(None, dense, idf(size, doc_freq))
        else:
            made = _Matches(doc_ids.astype(np.intp), impacts, idf(size, doc_freq))
        with self._lock:
            if key not in self._matches:
                self._matches[key] = made
                self._num_cached_bytes += made.num_bytes
            while self._num_cached_bytes > MAX_CACHED_BYTES and len(self._matches) > 1:
                self._num_cached_bytes -= self._matches.popitem(last=False)[1].num_bytes
        return made

    def _selected(self, step: Label | DateRange | All) -> Mask:
        """The documents that a filter admits; cached, not to be modified."""
        mask = self._masks.get(step)
        if mask is None:
            mask = _selected(step, self.snapshot)
            with self._lock:
                self._masks[step] = mask
                while len(self._masks) > max(1, MAX_CACHED_MASK_BYTES // max(1, self.snapshot.num_docs)):
                    self._masks.popitem(last=False)
        return mask


@dataclass(frozen=True, slots=True)
class _Matches:
    """doc_ids : the documents that contain the leaf, intp, in no particular order; None where they are many
    impacts : float32, above 0: their saturated tf'; where doc_ids is None that of every document, 0 for the others
    """

    doc_ids: npt.NDArray[np.intp] | None
    impacts: Scores
    idf: float

    @property
    def num_bytes(self) -> int:
        """Of the arrays, and about what the objects around them take."""
        return self.impacts.nbytes + (0 if self.doc_ids is None else self.doc_ids.nbytes) + 500


def _flat(step: Step) -> list[Leaf]:
    """The leaves of a step that is one leaf or any of several; else none."""
    if isinstance(step, (Term, Substring, TermPattern)):
        return [step]
    if isinstance(step, AnyOf):
        leaves = [clause for clause in step.clauses if isinstance(clause, (Term, Substring, TermPattern))]
        if len(leaves) == len(step.clauses):
            return leaves
    return []


def _top_of_all(scores: Scores, count: int) -> npt.NDArray[np.intp]:
    """The documents with the ``count`` greatest scores above 0, greatest first, equal ones by number.

    The ``count``-th greatest of the maxima of blocks is a lower bound of the ``count``-th greatest score, and finding
    it takes a fraction of what looking for that score itself would.

    scores : shape (n * _BLOCK,)
    """
    maxima = scores.reshape(_BLOCK, -1).max(axis=0)  # blocks of every n-th document: four times faster than neighbours
    bound = np.partition(maxima, len(maxima) - count)[len(maxima) - count] if 0 < count < len(maxima) else 0
    found = np.flatnonzero(scores >= bound if bound > 0 else scores)
    return found[_top(scores[found], count)]


def _top(keys: npt.NDArray[Any], count: int) -> npt.NDArray[np.intp]:
    """Positions of the ``count`` greatest keys, greatest first, equal ones in order of position."""
    if count <= 0:
        return np.empty(0, np.intp)
    if count < len(keys):
        threshold = np.partition(keys, len(keys) - count)[len(keys) - count]
        candidates = np.flatnonzero(keys >= threshold)
    else:
        candidates = np.arange(len(keys))
    backwards = candidates[::-1]  # a stable ascending sort of the reverse, reversed: equal keys keep their order
    return backwards[np.argsort(keys[backwards], kind="stable")][::-1][:count]


def _selected(step: Label | DateRange | All, snapshot: Snapshot) -> Mask:
    """The documents that a filter admits."""
    if isinstance(step, Label):
        mask = np.zeros(snapshot.num_docs, dtype=bool)
        postings = snapshot.postings(step.field, step.value)
        if postings is not None:
            mask[postings.doc_ids] = True
        return mask
    mask = np.ones(snapshot.num_docs, dtype=bool)
    if isinstance(step, DateRange):
        dates = snapshot.dates
        mask &= dates != NO_DATE
        if step.start is not None:
            mask &= dates >= step.start
        if step.end is not None:
            mask &= dates < step.end
    return mask


# Postings of the leaves


def _postings(leaf: Leaf, snapshot: Snapshot) -> dict[str, Postings]:
    """Per field, the documents that contain the leaf and how often."""
    found = {}
    for field in leaf.fields:
        if isinstance(leaf, Term):
            postings = snapshot.postings(field, leaf.text)
        else:
            postings = snapshot.joined((segment.base, _found_in(leaf, segment, field)) for segment in snapshot.segments)
        if postings is not None:
            found[field] = postings
    return found


def _found_in(leaf: Substring | TermPattern, segment: Segment, field: str) -> Postings | None:
    if isinstance(leaf, TermPattern):
        return _pattern_postings(leaf, segment, field)
    return _substring_postings(leaf.text, segment, field)


def _pattern_postings(pattern: TermPattern, segment: Segment, field: str) -> Postings | None:
    terms = [term for term in segment.terms(field, pattern.prefix) if pattern.regex.fullmatch(term)]
    return _union([segment.postings(field, term) for term in terms[:MAX_EXPANSIONS]])


def _union(lists: Sequence[Postings | None]) -> Postings | None:
    """The documents of any list; frequencies of one document are added."""
    present = [postings for postings in lists if postings is not None]
    if len(present) < 2:
        return present[0] if present else None
    doc_ids, place = np.unique(np.concatenate([postings.doc_ids for postings in present]), return_inverse=True)
    freqs = np.bincount(place, weights=np.concatenate([postings.freqs for postings in present]))
    return Postings(doc_ids, freqs.astype(np.float32))


def _substring_postings(text: str, segment: Segment, field: str) -> Postings | None:
    """The documents whose folded ``field`` contains ``text``, from candidates of the index verified in the stored text.

    The postings of the character fields are exact for one character and for two: what begins a bigram, and the bigram.
    """
    chars = CHARS_FIELD[field]
    if CJK_RUN.fullmatch(text) and len(text) <= 2:
        return _one_character(text, segment, chars) if len(text) == 1 else segment.postings(chars, text)
    candidates = _candidates(text, segment, field)
    doc_ids, freqs, only = [], [], (field,)
    for doc_id in candidates.tolist():
        if segment.live[doc_id]:
            count = fold(segment.stored(doc_id, only).get(field, "")).count(text)
            if count:
                doc_ids.append(doc_id)
                freqs.append(count)
    return Postings(np.array(doc_ids, dtype=np.int32), np.array(freqs, dtype=np.float32))


def _one_character(char: str, segment: Segment, chars: str) -> Postings | None:
    return _union([segment.postings(chars, term) for term in segment.terms(chars, char)])


def _candidates(text: str, segment: Segment, field: str) -> DocIds:
    """Documents that may contain ``text``: no document that does is missing."""
    chars = CHARS_FIELD[field]
    lists: list[Postings | None] = []
    lonely = ""
    for run in CJK_RUN.findall(text):
        lists += [segment.postings(chars, run[at : at + 2]) for at in range(len(run) - 1)]
        if len(run) == 1:
            lonely = run
    if not lists and lonely:
        lists.append(_one_character(lonely, segment, chars))
    if not lists:
        return _latin_candidates(text, segment, field)
    if any(postings is None for postings in lists):
        return np.empty(0, np.int32)
    doc_ids = [postings.doc_ids for postings in lists if postings is not None]
    doc_ids.sort(key=len)
    common = doc_ids[0]
    for more in doc_ids[1:]:
        common = np.intersect1d(common, more, assume_unique=True)
    return common


def _latin_candidates(text: str, segment: Segment, field: str) -> DocIds:
    """Documents with a term that contains the longest word of ``text``; all documents where it has none.

    A term as long as terms get may stand for a longer token, of which it has the beginning only.
    """
    words = [word for compound, _, _ in find_compounds(text) for word in _letters_and_digits(compound)]
    if not words:
        return np.arange(segment.num_docs, dtype=np.int32)
    longest = max(words, key=len)
    terms = (
        term
        for term in segment.terms(field)
        if (longest in term or len(term) == MAX_COMPOUND_CHARS) and not HAN_CHAR.search(term)
    )
    postings = _union([segment.postings(field, term) for term in terms])
    return np.empty(0, np.int32) if postings is None else postings.doc_ids


def _letters_and_digits(compound: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in compound).split()
