"""Runs a plan on a snapshot: which documents match, with which score, in which order.

Every leaf (term, substring, pattern) becomes postings per segment, scored alike by BM25F; and, or, not combine boolean
masks and sums. Ties rank by document number, so the same index gives the same order every time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from cnsearch.search.scoring import FieldNorms, idf, saturate, weighted_tf
from cnsearch.store import DocIds, Postings, Segment, Snapshot

Mask = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float64]
Order = Literal["score", "date"]

MAX_CACHED_POSTINGS = 4_000_000
"""Postings that a Searcher keeps with their tf': 32 MB, the most recently used."""
MAX_CACHED_MASKS = 64
"""Filters whose masks are kept, per segment."""
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
        self._matches: OrderedDict[Leaf, _Matches] = OrderedDict()
        self._num_cached = 0
        self._masks: OrderedDict[tuple[int, Step], Mask] = OrderedDict()

    def rank(self, plan: Plan, *, order: Order, limit: int, offset: int) -> Ranking:
        """The page ``offset .. offset + limit`` of the documents that match ``plan``."""
        if plan.step is None:
            return Ranking([], [], 0)
        by_date = order == "date" or not plan.ranked
        numbers, scores, keys = [], [], []
        for at, segment in enumerate(self.snapshot.segments):
            doc_ids, found = self._run_whole(plan.step, at)
            numbers.append(doc_ids + segment.base)
            scores.append(found)
            keys.append(segment.dates()[doc_ids] if by_date else found)
        if not numbers:
            return Ranking([], [], 0)
        found_numbers, found_scores = _joined(numbers), _joined(scores)
        top = _top(_joined(keys), offset + limit)[offset:]
        return Ranking(found_numbers[top].tolist(), found_scores[top].tolist(), len(found_numbers))

    def term_weight(self, leaf: Leaf) -> float:
        """The idf of a leaf: how telling it is, for choosing snippets."""
        return self._match(leaf).idf

    def _run_whole(self, step: Step, at: int) -> tuple[npt.NDArray[np.intp], Scores]:
        """(doc_ids ascending, scores) of the matching documents of segment number ``at`` that are not deleted."""
        segment = self.snapshot.segments[at]
        leaves = _flat(step)
        if leaves:  # plain words: every match scores above 0, so the sums alone tell the matches
            weighted = [self._scored(leaf, at) for leaf in leaves]
            doc_ids = np.concatenate([doc_ids for doc_ids, _ in weighted])
            values = np.concatenate([found for _, found in weighted])
            scores: Scores = np.bincount(doc_ids, weights=values, minlength=segment.num_docs).astype(
                np.float64, copy=False
            )
            if segment.has_deletions:
                scores *= segment.live
            found = np.flatnonzero(scores)
            return found, scores[found]
        mask, scores = self._run(step, at)
        if segment.has_deletions:
            mask = mask & segment.live
        found = np.flatnonzero(mask)
        return found, scores[found]

    def _run(self, step: Step, at: int) -> tuple[Mask, Scores]:
        """Which documents of the segment match, and their scores (0 where not). Shapes (num_docs,)."""
        size = self.snapshot.segments[at].num_docs
        mask: Mask = np.zeros(size, dtype=bool)
        scores: Scores = np.zeros(size)
        if isinstance(step, (Term, Substring, TermPattern)):
            self._add(step, at, mask, scores)
            return mask, scores
        if isinstance(step, AnyOf):
            for clause in step.clauses:
                if isinstance(clause, (Term, Substring, TermPattern)):
                    self._add(clause, at, mask, scores)
                else:
                    clause_mask, clause_scores = self._run(clause, at)
                    mask |= clause_mask
                    scores += clause_scores
            return mask, scores
        if isinstance(step, AllOf):
            runs = [self._run(clause, at) for clause in step.clauses]
            mask = np.logical_and.reduce([run[0] for run in runs])
            return mask, np.add.reduce([run[1] for run in runs]) * mask
        if isinstance(step, Boosted):
            mask, scores = self._run(step.base, at)
            return mask, (scores + self._run(step.bonus, at)[1]) * mask
        if isinstance(step, Without):
            mask, scores = self._run(step.base, at)
            mask = mask & ~self._run(step.excluded, at)[0]
            return mask, scores * mask
        return self._selected(step, at), scores

    def _add(self, leaf: Leaf, at: int, mask: Mask, scores: Scores) -> None:
        doc_ids, found = self._scored(leaf, at)
        mask[doc_ids] = True
        scores[doc_ids] += found

    def _scored(self, leaf: Leaf, at: int) -> tuple[DocIds, npt.NDArray[np.float32]]:
        """The documents of segment number ``at`` that contain the leaf, and the score that it gives each."""
        matches = self._match(leaf)
        doc_ids, tf = matches.per_segment[at]
        return doc_ids, saturate(tf, matches.idf * (leaf.weight if isinstance(leaf, Term) else 1.0))

    def _match(self, leaf: Leaf) -> _Matches:
        """tf' of the leaf in every segment, and its idf in the whole index; from the cache where it is."""
        key = replace(leaf, weight=1.0) if isinstance(leaf, Term) else leaf
        with self._lock:
            found = self._matches.get(key)
            if found is not None:
                self._matches.move_to_end(key)
                return found
        per_segment = [
            weighted_tf(_postings(leaf, segment), segment, self._norms) for segment in self.snapshot.segments
        ]
        doc_freq = sum(len(doc_ids) for doc_ids, _ in per_segment)
        made = _Matches(per_segment, idf(self.snapshot.num_docs, doc_freq), doc_freq)
        with self._lock:
            if key not in self._matches:
                self._matches[key] = made
                self._num_cached += doc_freq + 1
            while self._num_cached > MAX_CACHED_POSTINGS and self._matches:
                self._num_cached -= self._matches.popitem(last=False)[1].doc_freq + 1
        return made

    def _selected(self, step: Label | DateRange | All, at: int) -> Mask:
        """The documents that a filter admits; cached, not to be modified."""
        key = (at, step)
        with self._lock:
            mask = self._masks.get(key)
        if mask is None:
            mask = _selected(step, self.snapshot.segments[at])
            with self._lock:
                self._masks[key] = mask
                while len(self._masks) > MAX_CACHED_MASKS:
                    self._masks.popitem(last=False)
        return mask


@dataclass(frozen=True, slots=True)
class _Matches:
    """per_segment : (doc_ids, tf') of each segment; idf and doc_freq are those of the whole index."""

    per_segment: list[tuple[DocIds, npt.NDArray[np.float32]]]
    idf: float
    doc_freq: int


def _flat(step: Step) -> list[Leaf]:
    """The leaves of a step that is one leaf or any of several; else none."""
    if isinstance(step, (Term, Substring, TermPattern)):
        return [step]
    if isinstance(step, AnyOf):
        leaves = [clause for clause in step.clauses if isinstance(clause, (Term, Substring, TermPattern))]
        if len(leaves) == len(step.clauses):
            return leaves
    return []


def _joined(arrays: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


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
        dates = segment.dates()
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
