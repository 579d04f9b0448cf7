"""A keyword query as the compiled kernels run it: from its terms to the best hits, without arrays of all documents.

What a plan of another kind is, and everything where nothing is compiled, is run step by step by ``searcher.py``; both
give the same hits and scores. Worth it because a query on arrays is some fifty calls of numpy, and what each costs is
what a query costs.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cache, cached_property

import numpy as np

from cnsearch import kernels
from cnsearch.analysis.reading import read_all
from cnsearch.analysis.variants import IN_CONTEXT
from cnsearch.search.as_typed import earn_as_typed
from cnsearch.search.characters import characters_if_made, compiled_characters
from cnsearch.search.closeness import LEAD_CHARS, TEXT_CHARS, WINDOW_CHARS, compiled_closeness
from cnsearch.search.leaves import DocNumbers, Leaves, Mask
from cnsearch.search.plan import Plan
from cnsearch.search.rule_of_hits import MOST, NUM_BEST
from cnsearch.search.scoring import ALL_WEIGHTS, K1, B, Scores, idf
from cnsearch.search.second_pass import FocusWeights, SecondPass, focus_weights
from cnsearch.search.steps.base import Step
from cnsearch.search.steps.joined import AllOf, Without
from cnsearch.search.steps.keywords import ABOUT, Keyword, Keywords
from cnsearch.search.steps.leaf import Leaf, Term
from cnsearch.search.steps.synonyms import SynonymTerm
from cnsearch.search.written import MAX_TITLES, TITLE_CHARS, letters, title_pairs, titles_that_are

_FIELDS = tuple(ALL_WEIGHTS)
"""The searched fields, by number."""
_NUMBERS = {name: number for number, name in enumerate(_FIELDS)}


class UnreadableError(Exception):
    """A kernel has met what is damaged; the plain twin says what."""


class CompiledQueries:
    """Runs the keyword queries on one snapshot. Thread-safe."""

    def __init__(self, leaves: Leaves) -> None:
        self._leaves = leaves

    @cached_property
    def _index(self) -> kernels.MappedIndex | None:
        leaves, snapshot = self._leaves, self._leaves.snapshot
        if leaves.compiled is None or not leaves.own_statistics:
            return None
        segments = [segment.mapped(_FIELDS) for segment in snapshot.segments]
        found = [segment for segment in segments if segment is not None]
        if len(found) < len(segments):
            return None
        norms = [(weight, snapshot.average_length(field)) for field, weight in ALL_WEIGHTS.items()]
        return kernels.mapped_index(found, norms, B, K1, leaves.live)

    def names(self, numbers: Sequence[int]) -> list[tuple[str, str]] | None:
        """(id, title) of some documents; None where no kernel reads them."""
        return None if self._index is None else self._index.names(numbers)

    def run(self, plan: Plan) -> CompiledRun | None:
        """The hits of ``plan``; None where it is no keyword query, or there is no kernel for this index."""
        parts = _parts(plan.step)
        if parts is None or self._index is None:
            return None
        keywords, conditions, excluded = parts
        terms = _Terms(self._leaves)
        query = _query(keywords, terms, self._leaves, _mask(conditions, excluded, self._leaves))
        if query is None:
            return None
        try:
            run = self._index.run(*query)
        except UnicodeEncodeError:  # half of a surrogate pair
            return None
        return None if run is None else CompiledRun(run, plan, keywords, terms, self._leaves)


class _Terms:
    """The leaves of a query, numbered, each once."""

    def __init__(self, leaves: Leaves) -> None:
        self._leaves = leaves
        self.numbers: dict[Hashable, int] = {}
        self.leaves: list[tuple[Sequence[int], Sequence[tuple[str, Sequence[int], float]]]] = []
        self.found: list[tuple[int, bytes | None, bytes]] = []

    def number(self, leaf: Leaf) -> int:
        key = (leaf.text, leaf.fields) if type(leaf) is Term else leaf.key  # the same, which is asked for often
        found = self.numbers.get(key)
        if found is None:
            found = self.numbers[key] = len(self.leaves)
            members = _members(leaf)
            self.leaves.append((_numbers_of(leaf.fields), members))
            if not members:
                packed = self._leaves.match(leaf).packed
                assert packed is not None  # kernels are compiled
                self.found.append((found, *packed))
        return found


def _members(leaf: Leaf) -> list[tuple[str, Sequence[int], float]]:
    """The terms, any of which it is; none if it is more than terms."""
    if isinstance(leaf, Term):
        return [(leaf.text, _numbers_of(leaf.fields), 1.0)]
    if isinstance(leaf, SynonymTerm):
        terms = [member for member in leaf.members if isinstance(member, Term)]
        if len(terms) == len(leaf.members):
            return [(term.text, _numbers_of(term.fields), term.weight) for term in terms]
    return []


@cache
def _numbers_of(fields: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(_NUMBERS[field] for field in fields)


def _parts(step: Step | None) -> tuple[Keywords, list[Step], list[Step]] | None:
    """(the run of words, what else must match, what must not) of a step that is a run of words under conditions."""
    if isinstance(step, Keywords):
        return step, [], []
    if isinstance(step, Without):
        found = _parts(step.base)
        if found is not None:
            found[2].append(step.excluded)
        return found
    if not isinstance(step, AllOf):
        return None
    scoring = [clause for clause in step.clauses if any(isinstance(one, (Leaf, Keywords)) for one in clause.walk())]
    found = _parts(scoring[0]) if len(scoring) == 1 else None
    if found is not None:
        found[1].extend(clause for clause in step.clauses if clause is not scoring[0])
    return found


def _mask(conditions: Sequence[Step], excluded: Sequence[Step], leaves: Leaves) -> bytes | None:
    masks = [*(step.matching(leaves) for step in conditions), *(~step.matching(leaves) for step in excluded)]
    return np.logical_and.reduce(masks).tobytes() if masks else None


def _query(keywords: Keywords, terms: _Terms, leaves: Leaves, mask: bytes | None) -> kernels.KeywordQuery | None:
    """None where any word is enough."""
    words, scored = keywords.words, []
    if not keywords.need:
        return None
    looked_up = _looked_up(words)
    for leaf in (
        *(leaf for _, leaf in looked_up),
        *(one for word in words for one in word.singles),
        *keywords.bigrams,
    ):
        factor = leaf.factor(leaves.ranking)
        if factor:
            scored.append((terms.number(leaf), factor))
    covering = [
        (terms.number(leaf), [terms.number(pair) for pair in word.bigrams], word.weight) for word, leaf in looked_up
    ]
    rest = None
    if len(looked_up) < len(words):
        scores, cover = leaves.zeros(), leaves.zeros()
        others = [word for word in words if _word_of_index(word) is None]
        weights = [word.add_to(scores, cover, leaves, graded=True) for word in others]
        rest = (scores.tobytes(), cover.tobytes(), weights)
    typed = None if keywords.typed is None else _packed(leaves.match(keywords.typed).numbers())
    return kernels.KeywordQuery(
        terms.leaves,
        terms.found,
        scored,
        covering,
        rest,
        keywords.need,
        keywords.share,
        MOST,
        ABOUT,
        NUM_BEST if keywords.sentence else 0,
        typed,
        mask,
    )


def _looked_up(words: Sequence[Keyword]) -> list[tuple[Keyword, Leaf]]:
    """Those that are words of the index, each with what finds it."""
    return [(word, leaf) for word in words if (leaf := _word_of_index(word)) is not None]


def _word_of_index(word: Keyword) -> Leaf | None:
    return word.step if isinstance(word.step, Leaf) and word.step.is_word else None


def _packed(numbers: DocNumbers) -> bytes:
    return numbers.astype("<i8", copy=False).tobytes()


class CompiledRun:
    """The hits of one query: what ``as_typed.Hits`` says, the best of them, and all as arrays where these are asked
    for. Not thread-safe."""

    def __init__(self, run: kernels.Run, plan: Plan, keywords: Keywords, terms: _Terms, leaves: Leaves) -> None:
        self._run = run
        self._focus = plan.focus
        self._words = [word for word, _ in _looked_up(keywords.words)]
        self._terms = terms
        self._leaves = leaves
        self.total = run.total
        """How many there are."""

    @cached_property
    def weights(self) -> FocusWeights:
        """Those of the focus."""
        doc_freqs = self._run.doc_freqs()
        numbers, num_docs, match = self._terms.numbers, self._leaves.num_docs, self._leaves.match

        def rarity(term: Term) -> float:
            doc_freq = doc_freqs[numbers[term.key]] if term.key in numbers else None
            return match(term).idf if doc_freq is None else idf(num_docs, doc_freq)

        return focus_weights(self._focus, rarity, self._leaves.ranking.order)

    def best(self, count: int, depth: int) -> tuple[list[int], list[float]]:
        """The ``count`` best and their scores, of which the first ``depth`` are those of the second pass."""
        if depth and not self._focus.synonyms:
            found = self._ranked(count, depth)
            return [number for number, _ in found], [score for _, score in found]
        found = self._run.best(count)
        if not depth:
            return [number for number, _ in found], [score for _, score in found]
        second = SecondPass(self._focus, self._leaves, self._leaves.snapshot.texts)
        chosen, scores = (np.array(values) for values in zip(*found, strict=True))
        chosen, scores = second.ranked(chosen.astype(np.intp), scores.astype(np.float32), depth, None)
        return chosen.tolist(), scores.tolist()

    def _ranked(self, count: int, depth: int) -> kernels.Best:
        tables, read_by = compiled_closeness(), characters_if_made()
        assert tables is not None
        characters, words, bigrams = self.weights
        ranking = self._leaves.ranking
        readings: list[tuple[int, str]] = []
        while True:
            found = self._run.ranked(
                tables,
                read_by,
                count,
                depth,
                list(characters.items()),
                list(words.items()),
                list(bigrams.items()),
                not IN_CONTEXT.isdisjoint(characters),
                readings,
                (ranking.closeness, ranking.lead),
                TEXT_CHARS,
                WINDOW_CHARS,
                LEAD_CHARS,
            )
            if found is None:
                raise UnreadableError
            best, odd = found
            if not odd:
                return best
            if read_by is None:
                read_by = compiled_characters()
                assert read_by is not None
                continue
            shown = ["\n".join(self._leaves.snapshot.texts(number))[:TEXT_CHARS] for number in odd]
            readings = list(zip(odd, read_all(shown), strict=True))

    def has(self, word: Keyword, number: int) -> bool:
        """What ``Keyword.is_in`` says."""
        known = self._run.has(self._words.index(word), number) if word in self._words else None
        return word.is_in(number, self._leaves) if known is None else known

    def arrays(self) -> tuple[Mask, Scores]:
        """Which documents are hits, and the scores of all, 0 where there is no hit; shape (num_docs,) both."""
        return np.frombuffer(self._run.mask(), np.bool_), np.frombuffer(self._run.scores(), "<f4")

    def earn_as_typed(self) -> None:
        """Hits get what they earn by having the query as it was typed."""
        earn_as_typed(self._focus, self, self._leaves, lambda: self.weights)

    # What as_typed.Hits says

    @property
    def greatest(self) -> float:
        """The greatest score of a hit."""
        return self._run.greatest

    def among(self, numbers: DocNumbers) -> DocNumbers:
        """Those of the documents that are hits, in their order."""
        return np.frombuffer(self._run.are_hits(_packed(numbers)), "<i8").astype(np.intp, copy=False)

    def earn(self, numbers: DocNumbers, score: float) -> None:
        """The scores of these hits rise by ``score``."""
        self._run.earn(_packed(numbers), score)

    def titled(self, texts: Sequence[str]) -> tuple[DocNumbers, DocNumbers]:
        """The hits whose title is the query, punctuation and spaces aside; and those that have these too."""
        typed, pairs, tables = letters("".join(texts)), title_pairs(texts), compiled_closeness()
        if not typed or not pairs or tables is None:
            return _NONE, _NONE
        found = self._run.titled(
            tables,
            _NUMBERS[TITLE_CHARS],
            pairs,
            len(letters(pairs[0])) == 2,
            typed,
            texts[0] if len(texts) == 1 else None,
            sum(map(len, texts)) - len(typed),
            not IN_CONTEXT.isdisjoint(typed),
            MAX_TITLES,
        )
        if found is None:
            raise UnreadableError
        alike, same, odd = (np.array(numbers, np.intp) for numbers in found)
        if len(odd):
            more = titles_that_are(texts, self._leaves.snapshot, odd)
            alike, same = (np.sort(np.concatenate(both)) for both in zip((alike, same), more, strict=True))
        return alike, same


_NONE = np.empty(0, np.intp)
