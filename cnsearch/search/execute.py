"""Runs a plan on a snapshot: which documents match, with which score, in which order.

Every leaf (term, substring, pattern) becomes postings per segment, scored alike by BM25F; and, or, not combine boolean
masks and sums. Ties rank by document number, so the same index gives the same order every time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cnsearch.analysis.compounds import find_compounds
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

    def rank(self, plan: Plan, *, order: Order, limit: int, offset: int) -> Ranking:
        """The page ``offset .. offset + limit`` of the documents that match ``plan``."""
        if plan.step is None:
            return Ranking([], [], 0)
        execution = _Execution(self.snapshot, self._norms)
        execution.prepare(plan.leaves)
        numbers, scores = [], []
        for segment in self.snapshot.segments:
            mask, score = execution.run(plan.step, segment)
            doc_ids = np.flatnonzero(mask & segment.live)
            numbers.append(doc_ids + segment.base)
            scores.append(score[doc_ids])
        if not numbers:
            return Ranking([], [], 0)
        found = np.concatenate(numbers)
        found_scores = np.concatenate(scores)
        keys = found_scores if order == "score" and plan.ranked else self._dates(found)
        top = _top(keys, offset + limit)[offset:]
        return Ranking(found[top].tolist(), found_scores[top].tolist(), len(found))

    def _dates(self, doc_numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        dates = [segment.numbers("date") for segment in self.snapshot.segments]
        return np.concatenate(dates)[doc_numbers]

    def term_weight(self, leaf: Leaf) -> float:
        """The idf of a leaf: how telling it is, for choosing snippets."""
        execution = _Execution(self.snapshot, self._norms)
        execution.prepare([leaf])
        return execution.weight(leaf)


def _top(keys: npt.NDArray[np.float32] | npt.NDArray[np.int64], count: int) -> npt.NDArray[np.intp]:
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


class _Execution:
    """One run: the postings and idf of its leaves, which are those of the whole index."""

    def __init__(self, snapshot: Snapshot, norms: FieldNorms) -> None:
        self._snapshot = snapshot
        self._norms = norms
        self._matches: dict[Leaf, list[tuple[DocIds, Scores]]] = {}
        self._weights: dict[Leaf, float] = {}
        self._position = {segment.base: at for at, segment in enumerate(snapshot.segments)}

    def prepare(self, leaves: Iterable[Leaf]) -> None:
        for leaf in leaves:
            self._prepare(leaf)

    def _prepare(self, leaf: Leaf) -> list[tuple[DocIds, Scores]]:
        if leaf not in self._matches:
            weighted = [
                weighted_tf(_postings(leaf, segment), segment, self._norms) for segment in self._snapshot.segments
            ]
            weight = idf(self._snapshot.num_docs, sum(len(doc_ids) for doc_ids, _ in weighted))
            self._weights[leaf] = weight * leaf.weight if isinstance(leaf, Term) else weight
            self._matches[leaf] = [(doc_ids, saturate(tf, self._weights[leaf])) for doc_ids, tf in weighted]
        return self._matches[leaf]

    def weight(self, leaf: Leaf) -> float:
        return self._weights[leaf]

    def run(self, step: Step, segment: Segment) -> tuple[Mask, Scores]:
        """Which documents of the segment match, and their scores (0 where not). Shapes (num_docs,)."""
        size = segment.num_docs
        if isinstance(step, (Term, Substring, TermPattern)):
            mask, scores = np.zeros(size, dtype=bool), np.zeros(size, dtype=np.float32)
            self._add(step, segment, mask, scores)
            return mask, scores
        if isinstance(step, AnyOf):
            mask, scores = np.zeros(size, dtype=bool), np.zeros(size, dtype=np.float32)
            for clause in step.clauses:
                if isinstance(clause, (Term, Substring, TermPattern)):
                    self._add(clause, segment, mask, scores)
                else:
                    clause_mask, clause_scores = self.run(clause, segment)
                    mask |= clause_mask
                    scores += clause_scores
            return mask, scores
        if isinstance(step, AllOf):
            runs = [self.run(clause, segment) for clause in step.clauses]
            mask = np.logical_and.reduce([run[0] for run in runs])
            return mask, np.where(mask, np.add.reduce([run[1] for run in runs]), np.float32(0))
        if isinstance(step, Boosted):
            mask, scores = self.run(step.base, segment)
            return mask, np.where(mask, scores + self.run(step.bonus, segment)[1], np.float32(0))
        if isinstance(step, Without):
            mask, scores = self.run(step.base, segment)
            mask = mask & ~self.run(step.excluded, segment)[0]
            return mask, np.where(mask, scores, np.float32(0))
        return _selected(step, segment), np.zeros(size, dtype=np.float32)

    def _add(self, leaf: Leaf, segment: Segment, mask: Mask, scores: Scores) -> None:
        doc_ids, found = self._prepare(leaf)[self._position[segment.base]]
        mask[doc_ids] = True
        scores[doc_ids] += found


def _selected(step: Label | DateRange | All, segment: Segment) -> Mask:
    """The documents that a filter admits."""
    if isinstance(step, Label):
        mask = np.zeros(segment.num_docs, dtype=bool)
        postings = segment.postings(step.field, step.value)
        if postings is not None:
            mask[postings.doc_ids] = True
        return mask
    mask = np.ones(segment.num_docs, dtype=bool)
    if isinstance(step, DateRange):
        dates = segment.numbers("date")
        mask &= dates != NO_DATE
        if step.start is not None:
            mask &= dates >= step.start
        if step.end is not None:
            mask &= dates < step.end
    return mask


# Postings of the leaves


def _postings(leaf: Leaf, segment: Segment) -> dict[str, Postings]:
    """Per field, the documents of the segment that contain the leaf and how often."""
    found = {}
    for field in leaf.fields:
        if isinstance(leaf, Term):
            postings = segment.postings(field, leaf.text)
        elif isinstance(leaf, TermPattern):
            postings = _pattern_postings(leaf, segment, field)
        else:
            postings = _substring_postings(leaf.text, segment, field)
        if postings is not None and len(postings.doc_ids):
            found[field] = postings
    return found


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
    return Postings(doc_ids, freqs.astype(np.int32))


def _substring_postings(text: str, segment: Segment, field: str) -> Postings | None:
    """The documents whose folded ``field`` contains ``text``, from candidates of the index verified in the stored text.

    The postings of the character fields are exact for one character and for two: what begins a bigram, and the bigram.
    """
    chars = CHARS_FIELD[field]
    if CJK_RUN.fullmatch(text) and len(text) <= 2:
        return _one_character(text, segment, chars) if len(text) == 1 else segment.postings(chars, text)
    candidates = _candidates(text, segment, field)
    doc_ids, freqs = [], []
    for doc_id in candidates.tolist():
        if segment.live[doc_id]:
            count = fold(segment.stored(doc_id).get(field, "")).count(text)
            if count:
                doc_ids.append(doc_id)
                freqs.append(count)
    return Postings(np.array(doc_ids, dtype=np.int32), np.array(freqs, dtype=np.int32))


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
    """Documents with a term that contains the longest word of ``text``; all documents where it has none."""
    words = [word for compound, _, _ in find_compounds(text) for word in _letters_and_digits(compound)]
    if not words:
        return np.arange(segment.num_docs, dtype=np.int32)
    longest = max(words, key=len)
    terms = (term for term in segment.terms(field) if longest in term and not HAN_CHAR.search(term))
    postings = _union([segment.postings(field, term) for term in terms])
    return np.empty(0, np.int32) if postings is None else postings.doc_ids


def _letters_and_digits(compound: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in compound).split()
