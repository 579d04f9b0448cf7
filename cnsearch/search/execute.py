"""Runs a plan on a snapshot: which documents match, with which score, in which order.

Every leaf (term, substring, pattern) becomes documents of the whole index with their impacts, scored alike by BM25F;
and, or, not combine boolean masks and sums. Ties rank by document number, so the same index gives the same order every
time.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cnsearch.analysis.scripts import HAN_CHAR
from cnsearch.limits import DEFAULT_LIMITS, Limits
from cnsearch.model import ScorePart
from cnsearch.query.plan import (
    LONG,
    MOST,
    NORM,
    NUM_BEST,
    OTHER_FORM,
    All,
    AllOf,
    AnyOf,
    Apart,
    BestOf,
    Boosted,
    DateRange,
    Focus,
    Keyword,
    Keywords,
    Label,
    Leaf,
    Plan,
    Step,
    Substring,
    SynonymTerm,
    Term,
    TermPattern,
    Together,
    Verbatim,
    Without,
    WordForms,
)
from cnsearch.search.closeness import Weights, as_written, closeness
from cnsearch.search.scoring import DEFAULT_RANKING, FieldNorms, Ranking, Scores, idf, saturate, weighted_tf
from cnsearch.search.substrings import find_alone, find_apart, find_substring
from cnsearch.search.verbatim import find_verbatim
from cnsearch.search.vocabulary import Vocabulary
from cnsearch.search.written import MAX_TITLES, TITLE_CHARS, TO_THE_DOT, letters, pieces, title_pairs, titles_that_are
from cnsearch.store.dates import NO_DATE
from cnsearch.store.fields import CHARS_FIELD, TEXT_FIELDS
from cnsearch.store.postings import Postings
from cnsearch.store.segment import Segment
from cnsearch.store.snapshot import Snapshot

Mask = npt.NDArray[np.bool_]
DocNumbers = npt.NDArray[np.intp]
Order = Literal["score", "date", "oldest"]
_FocusWeights = tuple[dict[str, float], dict[str, float], dict[str, float]]
"""Of characters, of other words, and of bigrams."""
_NO_WEIGHTS: _FocusWeights = ({}, {}, {})

MAX_CACHED_BYTES = 64_000_000
"""Of the leaves that a Searcher keeps with their impacts, the most recently used."""
MAX_CACHED_MASK_BYTES = 16_000_000
"""Of the masks of filters, one byte per document."""
MAX_CACHED_TEXTS, MAX_CACHED_CHARS = 100, 20_000
"""Titles and bodies, and the length of the longest body among them: together at most some megabytes."""
_DENSE_FRACTION = 16
"""A leaf in more than one of this many documents is kept as a score for every document: adding that is quicker."""
_BIGRAM_FIELDS = frozenset(CHARS_FIELD.values())
_BLOCK = 64
"""Documents per maximum, when looking for the best."""
_LEAVES = (Term, Substring, TermPattern, SynonymTerm, Apart)


@dataclass(frozen=True, slots=True)
class Ranked:
    """doc_numbers : the documents of the asked page, in rank order, numbered over the whole index
    scores      : their scores, the same length; 0 where nothing ranks
    total       : how many documents match
    num_second  : the documents of the first ranks whose scores are those of the second pass
    matching    : which documents match, bool, shape (num_docs,)
    keys        : what they are ordered by, before the second pass: scores or dates, shape (num_docs,)
    """

    doc_numbers: list[int]
    scores: list[float]
    total: int
    num_second: int
    matching: Mask
    keys: npt.NDArray[Any]


class Searcher:
    """Executes plans on one snapshot; keeps what several queries need. Thread-safe."""

    def __init__(
        self,
        snapshot: Snapshot,
        ranking: Ranking = DEFAULT_RANKING,
        *,
        limits: Limits = DEFAULT_LIMITS,
        before: Searcher | None = None,
    ) -> None:
        """``before``: that of an earlier commit, of which is kept what did not change."""
        self.snapshot = snapshot
        self._pattern_terms = limits.pattern_terms
        self.ranking = ranking
        self.vocabulary: Vocabulary = Vocabulary(snapshot, None if before is None else before.vocabulary)
        self._norms = FieldNorms(snapshot)
        self._lock = threading.Lock()
        self._matches: OrderedDict[tuple[object, ...], _Matches] = OrderedDict()
        self._num_cached_bytes = 0
        self._masks: OrderedDict[Step, Mask] = OrderedDict()
        self._texts: dict[int, tuple[str, str]] = {}

    def rank(self, plan: Plan, *, order: Order, limit: int, offset: int, half_life_days: float | None = None) -> Ranked:
        """The page ``offset .. offset + limit`` of the documents that match ``plan``.

        half_life_days : halve a score for each so many days that a document is older than the newest; None does not
        """
        chosen, found, ranked = self._ordered(plan, order, limit, offset, half_life_days)
        return replace(ranked, doc_numbers=chosen.tolist(), scores=found.tolist())

    def walk(
        self, plan: Plan, *, order: Order, half_life_days: float | None = None
    ) -> tuple[DocNumbers, Scores, Ranked]:
        """All documents that match ``plan`` in rank order, and their scores, as arrays; and the rest of what ``rank``
        says."""
        return self._ordered(plan, order, max(1, self.snapshot.num_docs), 0, half_life_days)

    def matches(self, plan: Plan) -> Mask:
        """Which documents match ``plan``, without ranking them: bool, shape (num_docs,); not to be modified."""
        if plan.step is None or not self.snapshot.num_docs:
            return np.zeros(self.snapshot.num_docs, dtype=bool)
        mask = self._run(plan.step)[0]
        return mask if self.snapshot.live is None else mask & self.snapshot.live

    def count(self, plan: Plan) -> int:
        """How many documents match ``plan``, without ranking them."""
        return int(np.count_nonzero(self.matches(plan)))

    def has_hits(self, plan: Plan) -> bool:
        """Whether any document matches ``plan``, without ranking them."""
        return bool(self.matches(plan).any())

    def _ordered(
        self, plan: Plan, order: Order, limit: int, offset: int, half_life_days: float | None
    ) -> tuple[DocNumbers, Scores, Ranked]:
        """The documents of the asked page, their scores, and the rest, in which these two are missing."""
        if plan.step is None or not self.snapshot.num_docs:
            nothing = Ranked([], [], 0, 0, np.zeros(self.snapshot.num_docs, dtype=bool), self._zeros())
            return np.empty(0, np.intp), np.empty(0, np.float32), nothing
        mask, scores = self._run(plan.step)
        if self.snapshot.live is not None:
            mask = mask & self.snapshot.live
        total = int(np.count_nonzero(mask))
        weights = self._weights(plan.focus) if limit and total else _NO_WEIGHTS
        if limit and total:
            scores, _ = self._as_typed(plan, mask, scores, weights)
        if order != "score" or not plan.ranked:
            # NO_DATE, the least of its type, is its own negative: undated ones are the last in either direction.
            dates = -self.snapshot.dates if order == "oldest" else self.snapshot.dates
            doc_numbers = np.flatnonzero(mask)
            chosen = doc_numbers[top(dates[doc_numbers], offset + limit)[offset:]]
            return chosen, scores[chosen], Ranked([], [], total, 0, mask, dates)
        decay = None if half_life_days is None else self._decay(half_life_days)
        if decay is not None:
            scores = scores * decay
        second = self.ranking.depth if plan.focus and limit else 0
        chosen = _best(mask, scores, total, max(offset + limit, second))
        found = scores[chosen]
        if second and offset < second and len(chosen):
            chosen, found = self._second_pass(plan.focus, weights, chosen, found, second, decay)
        page = slice(offset, offset + limit)
        return chosen[page], found[page], Ranked([], [], total, second, mask, scores)

    def _as_typed(
        self, plan: Plan, mask: Mask, scores: Scores, weights: _FocusWeights
    ) -> tuple[Scores, list[tuple[DocNumbers, ScorePart]]]:
        """The scores of the documents of ``mask`` with what they earn for what stands in them as it was typed, and for
        what which of them earn it; see ``written.py``.

        A piece is a term of its own, and earns a share of what its bigrams and other words weigh, the whole share if
        one document has it. A title that is the query earns so much that nothing without it stands above.

        mask    : at least one document
        weights : of the focus of the plan
        """
        earned: list[tuple[DocNumbers, ScorePart]] = []
        if not self.ranking.written or not plan.focus.written:
            return scores, earned
        _, words, bigrams = weights
        second = (self.ranking.closeness + self.ranking.lead) * sum(sum(some.values()) for some in weights)
        wholes, parts = self._pieces(plan, mask)
        for piece in parts:
            found = self._match(Substring(piece))
            inside = sum(weight for unit, weight in (*bigrams.items(), *words.items()) if unit in piece)
            bonus = found.idf + self.ranking.written * inside * found.idf / idf(self.snapshot.num_docs, 1)
            numbers = found.numbers()
            earned.append((numbers[mask[numbers]], ScorePart("in one piece", piece, bonus)))
        scores = _adding(scores, earned)
        for text, numbers in wholes:
            lifted = [(numbers, ScorePart("in one piece", text, float(scores[mask].max()) + second))]
            scores = _adding(scores, lifted)
            earned += lifted
        alike, same = self._titled(plan.focus.written, mask, scores)
        if len(alike) or len(same):
            most = float(scores[mask].max()) + second
            titled = [(alike, ScorePart("title", "", most)), (same, ScorePart("title", "", TO_THE_DOT * most))]
            scores = _adding(scores, titled)
            earned += titled
        return scores, earned

    def _pieces(self, plan: Plan, mask: Mask) -> tuple[list[tuple[str, DocNumbers]], list[str]]:
        """The long texts of the query that stand whole in documents of ``mask``, with these; and the pieces of the
        other texts that stand somewhere."""
        wholes: list[tuple[str, DocNumbers]] = []
        parts: list[str] = []
        for text in plan.focus.pieces:
            if len(text) > LONG:
                numbers = self._match(Verbatim(text, inside=True)).numbers()
                numbers = numbers[mask[numbers]]
                if len(numbers):
                    wholes.append((text, numbers))
            else:
                parts += pieces(text, plan.focus.coarse, lambda piece: self._match(Substring(piece)).doc_freq > 0)
        return wholes, parts

    def stands(self, text: str) -> bool:
        """Whether an article has the folded text as it was typed, white space aside."""
        return self._match(Verbatim(text)).doc_freq > 0

    def _titled(self, texts: Sequence[str], mask: Mask, scores: Scores) -> tuple[DocNumbers, DocNumbers]:
        """The documents of ``mask`` whose title is the query, punctuation and spaces aside; and those that have these
        too."""
        num_chars = len(letters("".join(texts)))
        pairs = title_pairs(texts)
        if not num_chars or not pairs:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        counts = self._zeros()
        for pair in pairs:
            self._match(Term(pair, (TITLE_CHARS,))).add(counts, 1.0)
        numbers = np.flatnonzero((counts >= len(pairs) / 2) & mask)
        more = self._norms.lengths(TITLE_CHARS)[numbers] - num_chars  # punctuation and spaces
        alike = (more >= 0) & (more <= 0.5 * num_chars + 6)
        if len(letters(pairs[0])) == 2:  # then each has two letters, and only what stands between them parts them
            alike &= counts[numbers] >= len(pairs) - more
        numbers, more = numbers[alike], more[alike]
        if len(numbers) > MAX_TITLES:
            exact = more == sum(map(len, texts)) - num_chars
            numbers = np.sort(numbers[top(scores[numbers] + exact * (1 + scores.max()), MAX_TITLES)])
        return titles_that_are(texts, self.snapshot, numbers)

    def _second_pass(
        self,
        focus: Focus,
        weights: _FocusWeights,
        chosen: DocNumbers,
        scores: Scores,
        depth: int,
        decay: Scores | None,
    ) -> tuple[DocNumbers, Scores]:
        """The best ``depth`` documents in the order of their scores with closeness."""
        first, rest = chosen[:depth], chosen[depth:]
        best, lead = self._closeness(focus, weights, first.tolist())
        bonus = (self.ranking.closeness * best + self.ranking.lead * lead).astype(np.float32)
        found = scores[:depth] + (bonus if decay is None else bonus * decay[first])
        order = np.lexsort((first, -found))
        return np.concatenate([first[order], rest]), np.concatenate([found[order], scores[depth:]])

    def _closeness(self, focus: Focus, weights: _FocusWeights, doc_numbers: list[int]) -> tuple[Weights, Weights]:
        """What ``closeness`` says of the documents."""
        texts = ["\n".join(self.texts(number)) for number in doc_numbers]
        if focus.synonyms:
            texts = [as_written(text, focus.synonyms) for text in texts]
        return closeness(texts, *weights)

    def _weights(self, focus: Focus) -> _FocusWeights:
        """What the characters, the other words and the bigrams of a query weigh where they stand together. A character
        weighs as much as the commonest bigram that has it: a function word is in common ones."""
        characters: dict[str, float] = {}
        bigrams: dict[str, float] = {}
        for bigram in focus.bigrams:
            weight = self._match(bigram).idf * bigram.weight
            bigrams[bigram.text] = max(weight, bigrams.get(bigram.text, 0.0))
        for text, weight in bigrams.items():
            for char in text:
                characters[char] = min(weight, characters.get(char, weight))
            bigrams[text] = weight * self.ranking.order
        words: dict[str, float] = {}
        for word in focus.words:
            (characters if HAN_CHAR.fullmatch(word.text) else words)[word.text] = self._match(word).idf
        return characters, words, bigrams

    def texts(self, doc_number: int) -> tuple[str, str]:
        """Title and body of a document; those read last are kept, for the second pass reads what is shown next."""
        found = self._texts.get(doc_number)
        if found is None:
            found = self.snapshot.texts(doc_number)
            if len(found[1]) > MAX_CACHED_CHARS:
                return found
            with self._lock:
                self._texts[doc_number] = found
                while len(self._texts) > MAX_CACHED_TEXTS:
                    del self._texts[next(iter(self._texts))]
        return found

    def _decay(self, half_life_days: float) -> Scores:
        """What age leaves of a score, shape (num_docs,): 1 for the newest; an undated one counts as the oldest."""
        dates, live = self.snapshot.dates, self.snapshot.live
        known = dates[(dates != NO_DATE) & (dates <= int(time.time())) & (True if live is None else live)]
        if not len(known):
            return np.ones(len(dates), dtype=np.float32)
        days = (known.max() - np.clip(dates, known.min(), known.max())) / 86_400
        with np.errstate(over="ignore"):  # a half-life of 1e-320 days: infinitely many of them are gone
            left: Scores = np.exp2(-days / half_life_days).astype(np.float32)
        return np.maximum(left, np.float32(1e-6))  # never 0, which would make a hit none

    def explain(
        self, plan: Plan, doc_number: int, *, second_pass: bool, half_life_days: float | None = None
    ) -> list[ScorePart]:
        """The parts of the score of a document that matches, the greatest first."""
        found: defaultdict[tuple[str, str], float] = defaultdict(float)
        live = self.snapshot.live
        weights = self._weights(plan.focus)
        if plan.step is not None:
            for leaf in self._scoring(plan.step, doc_number):
                found[_named(leaf)] += self._score(leaf, doc_number)
        if second_pass and plan.focus:
            best, lead = (float(weights[0]) for weights in self._closeness(plan.focus, weights, [doc_number]))
            found["close together", ""] = self.ranking.closeness * best
            found["beginning", ""] = self.ranking.lead * lead
        if plan.step is not None:
            mask, scores = self._run(plan.step)
            for numbers, part in self._as_typed(plan, mask if live is None else mask & live, scores, weights)[1]:
                if doc_number in numbers:
                    found[part.name, part.text] += part.score
        if half_life_days is not None:
            found["age", ""] = sum(found.values()) * (float(self._decay(half_life_days)[doc_number]) - 1)
        parts = [ScorePart(name, text, score) for (name, text), score in found.items() if score]
        return sorted(parts, key=lambda part: -part.score)

    def _scoring(self, step: Step, doc_number: int) -> Iterator[Leaf]:
        """The leaves that add to the score of one document."""
        if isinstance(step, _LEAVES):
            yield step
        elif isinstance(step, Boosted):
            yield from self._scoring(step.base, doc_number)
            if self._run(step.bonus)[0][doc_number]:
                yield from self._scoring(step.bonus, doc_number)
        elif isinstance(step, Without):
            yield from self._scoring(step.base, doc_number)
        elif isinstance(step, Together):
            yield from self._scoring(step.parts, doc_number)
        elif isinstance(step, BestOf):
            best = max(step.clauses, key=lambda clause: float(self._run(clause)[1][doc_number]))
            yield from self._scoring(best, doc_number)
        elif isinstance(step, (AllOf, AnyOf, Keywords)):
            clauses: Sequence[Step] = (
                [self._used(word) for word in step.words] if isinstance(step, Keywords) else step.clauses
            )
            for clause in clauses:
                if self._run(clause)[0][doc_number]:
                    yield from self._scoring(clause, doc_number)
            if isinstance(step, Keywords):
                yield from (term for word in step.words for term in word.singles)
                yield from step.bigrams

    def _used(self, word: Keyword) -> Step:
        if word.otherwise is None:
            return word.step
        mask = self._run(word.step)[0]
        return (
            word.step if (mask if self.snapshot.live is None else mask & self.snapshot.live).any() else word.otherwise
        )

    def _score(self, leaf: Leaf, doc_number: int) -> float:
        """What the leaf adds to the score of one document."""
        scores = self._zeros()
        self._add(leaf, scores)
        return float(scores[doc_number])

    def term_weight(self, leaf: Leaf) -> float:
        """The idf of a leaf: how telling it is, for choosing snippets."""
        return self._match(leaf).idf

    def notes(self, plan: Plan) -> tuple[str, ...]:
        """What was cut short when the plan was executed."""
        cut = dict.fromkeys(pattern.text for pattern in plan.patterns if self._match(pattern).cut_short)
        return tuple(f"words that match {text} beyond the first {self._pattern_terms} are left out" for text in cut)

    def num_articles(self, text: str) -> int:
        """How many articles that are not deleted contain the folded ``text`` in title or body: as a term where it is
        one, else exactly as it stands."""
        is_term = any(self.snapshot.has_term(field, text) for field in TEXT_FIELDS)
        found = self._match(Term(text) if is_term else Substring(text))
        live = self.snapshot.live
        if live is None:
            return found.doc_freq
        return int(np.count_nonzero(live[found.impacts > 0] if found.doc_ids is None else live[found.doc_ids]))

    def contains(self, leaf: Leaf, doc_number: int) -> bool:
        """Whether a document contains the leaf."""
        found = self._match(leaf)
        if found.doc_ids is None:
            return bool(found.impacts[doc_number] > 0)
        return bool((found.doc_ids == doc_number).any())

    def matching(self, word: Keyword) -> Mask:
        """The documents that a word finds. Shape (num_docs,); not to be modified."""
        return self._run(self._used(word))[0]

    def step_weight(self, step: Step) -> float:
        """The idf of what ``step`` finds; 0 if that is nothing."""
        mask = self._run(step)[0]
        return idf(len(mask), found) if (found := int(np.count_nonzero(mask))) else 0.0

    def finds_words(self, plan: Plan) -> bool:
        """Whether any of the plan's words, or a bigram of them, is in the index; True if all are single characters.

        Where it is False, hits have nothing of the query but characters of it.
        """
        longer = [leaf for leaf in plan.leaves if not isinstance(leaf, Term) or len(leaf.text) > 1]
        return not longer or any(self._match(leaf).doc_freq for leaf in longer)

    def _run(self, step: Step) -> tuple[Mask, Scores]:
        """Which documents match, and their scores (0 where not). Shapes (num_docs,); not to be modified."""
        if isinstance(step, _LEAVES):
            scores = self._zeros()
            self._add(step, scores)
            return scores > 0, scores
        if isinstance(step, Keywords):
            return self._keywords(step)
        if isinstance(step, AnyOf):
            mask: Mask = np.zeros(self.snapshot.num_docs, dtype=bool)
            scores = self._zeros()
            for clause in step.clauses:
                if isinstance(clause, _LEAVES):
                    self._add(clause, scores)
                else:
                    clause_mask, clause_scores = self._run(clause)
                    mask |= clause_mask
                    scores += clause_scores
            return mask | (scores > 0), scores
        if isinstance(step, AllOf):
            mask, scores = self._run(step.clauses[0])
            for clause in step.clauses[1:]:
                clause_mask, clause_scores = self._run(clause)
                mask, scores = mask & clause_mask, scores + clause_scores
            return mask, scores * mask
        if isinstance(step, BestOf):
            runs = [self._run(clause) for clause in step.clauses]
            return np.logical_or.reduce([run[0] for run in runs]), np.maximum.reduce([run[1] for run in runs])
        if isinstance(step, Boosted):
            mask, scores = self._run(step.base)
            return mask, (scores + self._run(step.bonus)[1]) * mask
        if isinstance(step, Together):
            mask = self._selected(step)
            return mask, self._run(step.parts)[1] * mask
        if isinstance(step, Without):
            mask, scores = self._run(step.base)
            mask = mask & ~self._run(step.excluded)[0]
            return mask, scores * mask
        return self._selected(step), self._zeros()

    def _zeros(self) -> Scores:
        return np.zeros(self.snapshot.num_docs, dtype=np.float32)

    def _keywords(self, step: Keywords) -> tuple[Mask, Scores]:
        """A run of words: a hit has enough of them, by weight (see ``MOST``).

        A Chinese word is there as far as its bigrams are, those that occur at all, so that it counts in an article that
        was cut otherwise, and 龙井茶 finds 龙井 where nobody writes the whole. Words of which nothing occurs are left
        out of account. If no document has enough, those that have almost as much as the best are hits.
        """
        scores, cover = self._zeros(), self._zeros()
        weights = []
        for word in step.words:
            if isinstance(word.step, (Term, WordForms)):
                self._add(word.step, scores)
                whole = self._match(word.step)
                # A word of two characters is there where it is a word: 上海 is not in 以上海拔. For longer ones, and
                # where nobody has it as a word, its bigrams tell.
                parts = word.bigrams if len(word.bigrams) > 1 or not whole.doc_freq else (word.step,)
                presence = [found for found in map(self._match, parts or (word.step,)) if found.doc_freq]
                if not presence:
                    continue
                weights.append(math.sqrt(whole.idf) * word.weight)
                if step.need:
                    for found in presence:
                        found.add(cover, weights[-1] / len(presence))
                elif not whole.doc_freq or (len(parts) > 1 and len(presence) == len(parts)):
                    share = self._zeros()
                    for found in presence:
                        found.add(share, 1 / len(presence))
                    cover += share >= (1.0 if whole.doc_freq else float(share.max())) - 1e-5
            else:
                mask, found_scores = self._run(self._used(word))
                scores += found_scores
                doc_freq = int(np.count_nonzero(mask))
                presence = [found for found in map(self._match, word.bigrams) if found.doc_freq]
                if not doc_freq and not presence:
                    continue
                weights.append(math.sqrt(idf(len(mask), doc_freq)) * word.weight)
                there = mask.astype(np.float32)
                if presence and (step.need or not doc_freq):
                    own = self._zeros()
                    for found in presence:
                        found.add(own, 1 / len(presence))
                    if not step.need:
                        own = (own >= own.max() - np.float32(1e-5)).astype(np.float32)
                    there = np.maximum(there, own)
                cover += there * np.float32(weights[-1])
        if not step.need:
            mask = (scores > 0) | (cover > 0)
        for term in (*(term for word in step.words for term in word.singles), *step.bigrams):
            self._add(term, scores)
        if step.need:
            if self.snapshot.live is not None:
                cover *= self.snapshot.live
            norm = sum(weight**NORM for weight in weights) ** (1 / NORM)
            need = min(max(step.need * norm, step.share * sum(weights)), MOST * float(cover.max()))
            mask = cover >= np.float32(need * (1 - 1e-5)) if need else np.zeros(len(cover), dtype=bool)
            if step.sentence and need:
                alive = scores if self.snapshot.live is None else scores * self.snapshot.live
                best = top(alive, NUM_BEST)
                mask[best[alive[best] > 0]] = True
            if step.typed is not None:
                mask[self._match(step.typed).numbers()] = True
        return mask, scores * mask

    def _add(self, leaf: Leaf, scores: Scores) -> None:
        """Add the score that the leaf gives to each document that contains it: above 0, unless bigrams give none."""
        factor = self._factor(leaf)
        if not factor:
            return
        found = self._match(leaf)
        weight = np.float32(found.idf * factor)
        if found.doc_ids is None:
            scores += found.impacts * weight
        else:
            scores[found.doc_ids] += found.impacts * weight

    def _factor(self, leaf: Leaf) -> float:
        factor = leaf.weight if isinstance(leaf, Term) else 1.0
        return factor * self.ranking.bigrams if leaf.fields[0] in _BIGRAM_FIELDS else factor

    def _match(self, leaf: Leaf | Verbatim) -> _Matches:
        """What the leaf says about each document, and its idf in the whole index; from the cache where it is."""
        key: tuple[object, ...]
        if isinstance(leaf, TermPattern):
            key = (leaf.prefix, leaf.regex, leaf.fields)
        elif isinstance(leaf, SynonymTerm):
            key = (leaf.members, leaf.fields)
        else:
            key = (leaf.text, leaf.fields)
        if isinstance(leaf, (Substring, Apart)):
            key = (*key, type(leaf))
        elif isinstance(leaf, Verbatim):
            key = (*key, "verbatim", leaf.inside)
        found = self._matches.get(key)
        if found is not None:
            with self._lock:
                if key in self._matches:
                    self._matches.move_to_end(key)
            return found
        expansion = _Expansion(self._pattern_terms)
        doc_ids, tf = weighted_tf(_postings(leaf, self.snapshot, expansion), self._norms)
        size, doc_freq = self.snapshot.num_docs, len(doc_ids)
        impacts = saturate(tf)
        if doc_freq * _DENSE_FRACTION > size:
            dense: Scores = np.zeros(size, dtype=np.float32)
            dense[doc_ids] = impacts
            made = _Matches(None, dense, idf(size, doc_freq), doc_freq, expansion.cut_short)
        else:
            made = _Matches(doc_ids.astype(np.intp), impacts, idf(size, doc_freq), doc_freq, expansion.cut_short)
        with self._lock:
            if key not in self._matches:
                self._matches[key] = made
                self._num_cached_bytes += made.num_bytes
            while self._num_cached_bytes > MAX_CACHED_BYTES and len(self._matches) > 1:
                self._num_cached_bytes -= self._matches.popitem(last=False)[1].num_bytes
        return made

    def _selected(self, step: Label | DateRange | All | Together) -> Mask:
        """The documents that a filter admits, or in which parts stand together; cached, not to be modified."""
        mask = self._masks.get(step)
        if mask is None:
            mask = self._together(step) if isinstance(step, Together) else _selected(step, self.snapshot)
            with self._lock:
                self._masks[step] = mask
                while len(self._masks) > max(1, MAX_CACHED_MASK_BYTES // max(1, self.snapshot.num_docs)):
                    self._masks.popitem(last=False)
        return mask

    def _together(self, step: Together) -> Mask:
        parts = self._run(step.parts)[0]
        among = np.flatnonzero(parts)
        mask = np.zeros(self.snapshot.num_docs, dtype=bool)
        for segment in self.snapshot.segments:
            first, stop = np.searchsorted(among, (segment.base, segment.base + segment.num_docs))
            doc_ids = (among[first:stop] - segment.base).astype(np.int32)
            for field in step.fields:
                for text in step.spellings:
                    found = find_alone(text, segment, field, doc_ids)
                    if found is not None:
                        mask[found.doc_ids + segment.base] = True
        return mask


@dataclass(frozen=True, slots=True)
class _Matches:
    """doc_ids : the documents that contain the leaf, intp, in no particular order; None where they are many
    impacts : float32, above 0: their saturated tf'; where doc_ids is None that of every document, 0 for the others
    cut_short : the leaf is a pattern of more terms than are looked for
    """

    doc_ids: npt.NDArray[np.intp] | None
    impacts: Scores
    idf: float
    doc_freq: int
    cut_short: bool = False

    def add(self, cover: Scores, weight: float) -> None:
        """Add ``weight`` to each document that contains the leaf."""
        if self.doc_ids is None:
            cover += (self.impacts > 0) * np.float32(weight)
        else:
            cover[self.doc_ids] += np.float32(weight)

    def numbers(self) -> DocNumbers:
        """The documents that contain the leaf, in no particular order."""
        return np.flatnonzero(self.impacts) if self.doc_ids is None else self.doc_ids

    @property
    def num_bytes(self) -> int:
        """Of the arrays, and about what the objects around them take."""
        return self.impacts.nbytes + (0 if self.doc_ids is None else self.doc_ids.nbytes) + 500


def _adding(scores: Scores, earned: Sequence[tuple[DocNumbers, ScorePart]]) -> Scores:
    """The scores with what each of some documents earns; ``scores`` is not modified."""
    if earned:
        scores = scores.copy()
    for numbers, part in earned:
        scores[numbers] += np.float32(part.score)
    return scores


def _named(leaf: Leaf) -> tuple[str, str]:
    """Name and text of the part of a score that a leaf gives."""
    if isinstance(leaf, TermPattern):
        return "pattern", leaf.text
    if isinstance(leaf, Substring):
        return "phrase", leaf.text
    if leaf.fields[0] in _BIGRAM_FIELDS:
        return "characters", ""
    if isinstance(leaf, WordForms):
        return "word", leaf.text
    if isinstance(leaf, SynonymTerm):
        return "synonyms", " OR ".join(member.text for member in leaf.members)
    return "word", leaf.text


def _best(mask: Mask, scores: Scores, total: int, count: int) -> DocNumbers:
    """The ``count`` documents of ``mask`` with the greatest scores, greatest first, equal ones by number.

    mask   : ``total`` documents; the others have the score 0
    """
    num_blocks = len(scores) // _BLOCK
    if 0 < count < min(total, num_blocks):
        # The count-th greatest of the maxima of blocks is a lower bound of the count-th greatest score, and takes a
        # fraction of the time. Blocks are of every n-th document, which is four times as fast as neighbours.
        maxima = scores[: num_blocks * _BLOCK].reshape(_BLOCK, num_blocks).max(axis=0)
        bound = np.partition(maxima, num_blocks - count)[num_blocks - count]
        if bound > 0:
            found = np.flatnonzero(scores >= bound)
            return found[top(scores[found], count)]
    found = np.flatnonzero(mask)
    return found[top(scores[found], count)]


def top(keys: npt.NDArray[Any], count: int) -> npt.NDArray[np.intp]:
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


@dataclass(slots=True)
class _Expansion:
    """How many terms a pattern may stand for in a field of a segment, and whether it would have stood for more."""

    most_terms: int
    cut_short: bool = False


def _postings(leaf: Leaf | Verbatim, snapshot: Snapshot, expansion: _Expansion) -> dict[str, Postings]:
    """Per field, the documents that contain the leaf and how often."""
    found = {}
    if isinstance(leaf, SynonymTerm):
        each = [(member.fields, _weighted(member, _postings(member, snapshot, expansion))) for member in leaf.members]
        for at, field in enumerate(leaf.fields):
            postings = _union([of_member.get(fields[at]) for fields, of_member in each])
            if postings is not None:
                found[field] = postings
        return found
    for field in leaf.fields:
        if isinstance(leaf, Term):
            postings = snapshot.postings(field, leaf.text)
        else:
            postings = snapshot.joined(
                (segment.base, _found_in(leaf, segment, field, expansion)) for segment in snapshot.segments
            )
        if postings is not None:
            found[field] = postings
    return found


def _weighted(member: Term | Substring | Apart, found: dict[str, Postings]) -> dict[str, Postings]:
    """The postings of one of several forms: each occurrence counts as much as its weight says."""
    weight = OTHER_FORM if isinstance(member, Apart) else member.weight if isinstance(member, Term) else 1.0
    if weight == 1:
        return found
    return {name: Postings(one.doc_ids, one.freqs * np.float32(weight)) for name, one in found.items()}


def _found_in(
    leaf: Substring | Verbatim | TermPattern | Apart, segment: Segment, field: str, expansion: _Expansion
) -> Postings | None:
    if isinstance(leaf, Verbatim):
        return find_verbatim(leaf.text, segment, field, inside=leaf.inside)
    if isinstance(leaf, Substring):
        return find_substring(leaf.text, segment, field)
    if isinstance(leaf, Apart):
        return _union(find_apart(leaf.text, segment, field))
    terms = _pattern_terms(leaf, segment, field, expansion.most_terms + 1)
    if len(terms) > expansion.most_terms:
        expansion.cut_short = True
    return _union([segment.postings(field, term) for term in terms[: expansion.most_terms]])


def _pattern_terms(pattern: TermPattern, segment: Segment, field: str, count: int) -> list[str]:
    """The first ``count`` terms of the pattern."""
    terms = (term for term in segment.terms(field, pattern.prefix) if pattern.regex.fullmatch(term))
    return list(islice(terms, count))


def _union(lists: Sequence[Postings | None]) -> Postings | None:
    """The documents of any list; frequencies of one document are added."""
    present = [postings for postings in lists if postings is not None]
    if len(present) < 2:
        return present[0] if present else None
    ids = np.concatenate([postings.doc_ids for postings in present])
    freqs = np.bincount(ids, weights=np.concatenate([postings.freqs for postings in present]))
    doc_ids = np.flatnonzero(freqs)
    return Postings(doc_ids.astype(np.int32), freqs[doc_ids].astype(np.float32))
