"""A keyword query as the compiled kernels run it: from its terms to the best hits, in one call, without arrays of all
documents.

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
from cnsearch.analysis.scripts import HAN_CHAR
from cnsearch.analysis.variants import IN_CONTEXT
from cnsearch.search.as_typed import pieces_of
from cnsearch.search.characters import characters_if_made, compiled_characters
from cnsearch.search.closeness import LEAD_CHARS, TEXT_CHARS, WINDOW_CHARS, compiled_closeness
from cnsearch.search.leaves import DocNumbers, Leaves, Mask
from cnsearch.search.plan import Focus, Plan
from cnsearch.search.rule_of_hits import MOST, NUM_BEST
from cnsearch.search.scoring import ALL_WEIGHTS, K1, B, Scores
from cnsearch.search.second_pass import SecondPass
from cnsearch.search.steps.base import Step
from cnsearch.search.steps.joined import AllOf, Without
from cnsearch.search.steps.keywords import ABOUT, Keyword, Keywords
from cnsearch.search.steps.leaf import Leaf, Term
from cnsearch.search.steps.synonyms import SynonymTerm
from cnsearch.search.steps.texts import Substring
from cnsearch.search.written import MAX_TITLES, TITLE_CHARS, TO_THE_DOT, letters, title_pairs

_FIELDS = tuple(ALL_WEIGHTS)
"""The searched fields, by number."""


class CompiledQueries:
    """Runs the keyword queries on one snapshot. Thread-safe."""

    def __init__(self, leaves: Leaves) -> None:
        self._leaves = leaves

    @cached_property
    def _index(self) -> kernels.MappedIndex | None:
        leaves, snapshot = self._leaves, self._leaves.snapshot
        tables = None if leaves.compiled is None else compiled_closeness()
        if tables is None or not leaves.own_statistics:
            return None
        segments = [segment.mapped(_FIELDS) for segment in snapshot.segments]
        found = [segment for segment in segments if segment is not None]
        if len(found) < len(segments):
            return None
        norms = [(weight, snapshot.average_length(field)) for field, weight in ALL_WEIGHTS.items()]
        ranking = leaves.ranking
        constants = kernels.Constants(
            (ranking.closeness, ranking.lead, ranking.order, ranking.written, TO_THE_DOT),
            (MAX_TITLES, _FIELDS.index(TITLE_CHARS)),
            (TEXT_CHARS, WINDOW_CHARS, LEAD_CHARS),
        )
        return kernels.mapped_index(found, norms, B, K1, leaves.live, tables, constants)

    def names(self, numbers: Sequence[int]) -> list[tuple[str, str]] | None:
        """(id, title) of some documents; None where no kernel reads them."""
        return None if self._index is None else self._index.names(numbers)

    def texts(self, number: int) -> tuple[str, str] | None:
        """Title and body of a document; None where no kernel reads them."""
        found = None if self._index is None else self._index.texts(number)
        if found is None:
            return None
        title, body = found
        return title.decode("utf-16-le", "surrogatepass"), body.decode("utf-16-le", "surrogatepass")

    def term_weight(self, leaf: Leaf) -> float | None:
        """The idf of a word; None where no kernel tells it."""
        if self._index is None or type(leaf) is not Term:
            return None
        try:
            doc_freq = self._index.doc_freq(leaf.text, _bits(leaf.fields))
        except UnicodeEncodeError:  # half of a surrogate pair
            return None
        return None if doc_freq is None else self._leaves.idf(leaf.key, doc_freq)

    def run(self, plan: Plan, count: int, depth: int, *, earn: bool = True) -> CompiledRun | None:
        """The hits of ``plan``, and the ``count`` best of them, of which the first ``depth`` have the scores of the
        second pass. None where it is no keyword query, there is no kernel for this index, or the index is damaged: then
        the steps of the plan say what is wrong.

        earn : whether hits earn what stands in them as it was typed
        """
        parts = _parts(plan.step)
        index = None if parts is None else self._index
        if parts is None or index is None:
            return None
        keywords, conditions, excluded = parts
        query = _Query(self._leaves)
        asks = earn and (depth or self._leaves.ranking.written)  # else the best are those with the best scores
        asked = query.of(keywords, plan.focus if asks else None, _mask(conditions, excluded, self._leaves))
        again = depth if plan.focus.synonyms else 0  # read by numpy
        read_by = characters_if_made()
        try:
            found = index.search(*asked, read_by, count, 0 if again else depth)
        except UnicodeEncodeError:  # half of a surrogate pair
            return None
        if found is None:
            return None
        run, answer = found[0], kernels.Answer(*found[1])
        if answer.titles or answer.texts:
            best = self._read_first(run, answer, read_by, count, 0 if again else depth)
            if best is None:
                return None
        else:
            best = answer.best
        if again and best:
            best = self._ranked(plan.focus, best, again)
        return CompiledRun(run, best, query.words, self._leaves)

    def _read_first(
        self, run: kernels.Run, answer: kernels.Answer, read_by: kernels.Characters | None, count: int, depth: int
    ) -> kernels.Best | None:
        """The best, where some documents have to be read first; None if the index is damaged."""
        snapshot = self._leaves.snapshot
        titles: list[tuple[int, str, str]] = []
        texts: list[tuple[int, str]] = []
        while answer.titles or answer.texts:
            if read_by is None:
                read_by = compiled_characters()
                assert read_by is not None
            elif answer.titles:
                readings = read_all([snapshot.title(number) for number in answer.titles])
                titles = [(number, text, letters(text)) for number, text in zip(answer.titles, readings, strict=True)]
            else:
                shown = ["\n".join(snapshot.texts(number))[:TEXT_CHARS] for number in answer.texts]
                texts = list(zip(answer.texts, read_all(shown), strict=True))
            found = run.again(titles, texts, read_by, count, depth)
            if found is None:
                return None
            answer = kernels.Answer(*found)
        return answer.best

    def _ranked(self, focus: Focus, best: kernels.Best, depth: int) -> kernels.Best:
        second = SecondPass(focus, self._leaves, self._leaves.snapshot.texts)
        numbers, scores = (np.array(values) for values in zip(*best, strict=True))
        numbers, scores = second.ranked(numbers.astype(np.intp), scores.astype(np.float32), depth, None)
        return list(zip(numbers.tolist(), scores.tolist(), strict=True))


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


class _Query:
    """A run of words as a kernel takes it: the leaves numbered, each once."""

    def __init__(self, leaves: Leaves) -> None:
        self.words: list[Keyword] = []
        """Those that are words of the index."""
        self._leaves = leaves
        self._numbers: dict[Hashable, int] = {}
        self._terms: list[tuple[str, int]] = []
        self._factors: list[float] = []
        self._joined: list[tuple[int, list[tuple[str, int, float]]]] = []
        self._found: list[tuple[int, bytes | None, bytes]] = []

    def _number(self, leaf: Leaf, factor: float = 0.0) -> int:
        """``factor``: what its score is multiplied by, besides what it already is."""
        key = (leaf.text, leaf.fields) if type(leaf) is Term else leaf.key  # the same, which is asked for often
        number = self._numbers.get(key)
        if number is not None:
            self._factors[number] += factor
            return number
        number = self._numbers[key] = len(self._terms)
        self._factors.append(factor)
        if isinstance(leaf, Term):
            self._terms.append((leaf.text, _bits(leaf.fields)))
            return number
        self._terms.append(("", _bits(leaf.fields)))
        if isinstance(leaf, SynonymTerm) and all(isinstance(member, Term) for member in leaf.members):
            terms = [member for member in leaf.members if isinstance(member, Term)]
            self._joined.append((number, [(term.text, _bits(term.fields), term.weight) for term in terms]))
        else:
            packed = self._leaves.match(leaf).packed
            assert packed is not None  # kernels are compiled
            self._found.append((number, *packed))
        return number

    def of(self, keywords: Keywords, focus: Focus | None, mask: bytes | None) -> kernels.KeywordQuery:
        """``focus``: what the best depend on besides; None if that does not matter."""
        leaves, ranking = self._leaves, self._leaves.ranking
        words: list[tuple[int, list[int], float]] = []
        others: list[Keyword] = []
        for word in keywords.words:
            step = word.step
            if type(step) is Term or (isinstance(step, Leaf) and step.is_word):
                self.words.append(word)
                number = self._number(step, step.factor(ranking))
                words.append((number, [self._number(pair) for pair in word.bigrams], word.weight))
            else:
                others.append(word)
            for single in word.singles:
                self._number(single, single.factor(ranking))
        for pair in keywords.bigrams:
            factor = pair.factor(ranking)
            if factor:
                self._number(pair, factor)
        rest = None
        if others:
            scores, cover = leaves.zeros(), leaves.zeros()
            weights = [word.add_to(scores, cover, leaves, graded=keywords.need > 0) for word in others]
            rest = (scores.tobytes(), cover.tobytes(), weights)
        ask = None if focus is None else self._ask(focus)
        typed = keywords.typed
        return kernels.KeywordQuery(
            [(*term, factor) for term, factor in zip(self._terms, self._factors, strict=True)],
            self._joined,
            self._found,
            words,
            rest,
            kernels.Rule(keywords.need, keywords.share, MOST, ABOUT, NUM_BEST if keywords.sentence else 0),
            None if typed is None or not keywords.need else _packed(leaves.match(typed).numbers()),
            mask,
            ask,
        )

    def _ask(self, focus: Focus) -> kernels.Ask:
        bigrams = [(self._number(pair), pair.weight) for pair in focus.bigrams]
        characters, words = list[int](), list[int]()
        for word in focus.words:
            (characters if HAN_CHAR.fullmatch(word.text) else words).append(self._number(word))
        looked_for = "".join([term.text for some in (focus.bigrams, focus.words) for term in some])
        contextual = not IN_CONTEXT.isdisjoint(looked_for)
        if not self._leaves.ranking.written or not focus.written:
            return kernels.Ask(bigrams, characters, words, contextual, (), (), None)
        wholes, parts = pieces_of(focus, self._leaves) if focus.pieces else ((), ())
        pieces = []
        for piece in parts:
            found = self._leaves.match(Substring(piece))
            pieces.append((piece, _packed(found.numbers()), found.idf))
        whole = [_packed(numbers) for _, numbers in wholes]
        return kernels.Ask(bigrams, characters, words, contextual, pieces, whole, _titled(focus.written))


def _titled(texts: Sequence[str]) -> kernels.Titled | None:
    """Which titles are the query of these texts."""
    typed, pairs = letters("".join(texts)), title_pairs(texts)
    if not typed or not pairs:
        return None
    return kernels.Titled(
        pairs,
        len(letters(pairs[0])) == 2,
        typed,
        texts[0] if len(texts) == 1 else None,
        sum(map(len, texts)) - len(typed),
        not IN_CONTEXT.isdisjoint(typed),
    )


@cache
def _bits(fields: tuple[str, ...]) -> int:
    """Which of the searched fields these are, which stand in the order of those."""
    return sum(1 << _FIELDS.index(field) for field in fields)


def _packed(numbers: DocNumbers) -> bytes:
    return numbers.astype("<i8", copy=False).tobytes()


class CompiledRun:
    """The hits of one query, the best of them, and all as arrays where these are asked for. Not thread-safe."""

    def __init__(self, run: kernels.Run, best: kernels.Best, words: Sequence[Keyword], leaves: Leaves) -> None:
        self._run = run
        self._numbers = {id(word): number for number, word in enumerate(words)}
        self._words = words  # so that their ids stay theirs
        self._leaves = leaves
        self.best = best
        """Documents and scores."""
        self.total = run.total
        """How many hits there are."""

    def has(self, word: Keyword, number: int) -> bool:
        """What ``Keyword.is_in`` says."""
        word_number = self._numbers.get(id(word))
        known = None if word_number is None else self._run.has(word_number, number)
        return word.is_in(number, self._leaves) if known is None else known

    @property
    def finds_words(self) -> bool:
        """Whether it is known that some of the words, or of their bigrams, is in the index."""
        return self._run.tells

    def arrays(self) -> tuple[Mask, Scores]:
        """Which documents are hits, and the scores of all, 0 where there is no hit, with what they have earned, before
        the second pass; shape (num_docs,) both."""
        return np.frombuffer(self._run.mask(), np.bool_), np.frombuffer(self._run.scores(), "<f4")
