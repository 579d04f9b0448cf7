"""What a search hands out: the hits of a page, whose excerpts and explanations are made when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from cnsearch import deadline
from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.model import Duplicate, Fragment, Hit, ScorePart, Snippet
from cnsearch.search.leaves import DocNumbers
from cnsearch.search.missing import Missing
from cnsearch.search.plan import Plan
from cnsearch.search.scoring import Scores
from cnsearch.search.searcher import Ranked, Searcher
from cnsearch.search.steps.base import Marks, Weights
from cnsearch.store.snapshot import Snapshot

if TYPE_CHECKING:
    from cnsearch.search.snippet import Highlighter


@dataclass(frozen=True, slots=True)
class Shown:
    """What the excerpts and explanations of one search depend on besides its plan; see ``Index.search``."""

    num_fragments: int
    fragment_chars: int
    half_life_days: float | None = None


class Excerpts:
    """Makes what is shown of the hits of one search besides their fields, when it is asked for."""

    def __init__(self, searcher: Searcher, plan: Plan, analyzer: ChineseAnalyzer, shown: Shown) -> None:
        self._shown = shown
        self._searcher = searcher
        self._plan = plan
        self._analyzer = analyzer
        self._highlighter: Highlighter | None = None
        self._missing = Missing(searcher, plan)

    def of(self, number: int) -> tuple[Fragment, Snippet]:
        """The title of a document with its matches, and the snippet of its body."""
        if self._searcher.snapshot.closed:
            raise ValueError("the Index of this hit is closed")
        deadline.check()
        if self._highlighter is None:
            self._highlighter = self._make()
        title, body = self._searcher.texts(number)
        return self._highlighter.title(title), self._highlighter.snippet(
            body, self._searcher.snapshot.headings(number, body)
        )

    def about(self, number: int) -> Mapping[str, Any]:
        """The fields of a document that are no text."""
        return self._searcher.snapshot.about(number)

    def whole(self, number: int) -> tuple[Fragment, ...]:
        """The title and each paragraph of a document, whole, with their matches."""
        if self._highlighter is None:
            self._highlighter = self._make()
        title, body = self._searcher.texts(number)
        return self._highlighter.title(title), *self._highlighter.lines(body)

    def missing(self, number: int) -> tuple[str, ...]:
        """The words of the query that a document lacks."""
        if self._searcher.snapshot.closed:
            raise ValueError("the Index of this hit is closed")
        return self._missing.of(number)

    def notes(self, ranked: Ranked) -> tuple[str, ...]:
        """That no article has all words, where that is so."""
        return self._missing.note(ranked)

    def explain(self, number: int, second_pass: bool) -> tuple[ScorePart, ...]:
        """The parts of the score of a document. ``second_pass``: whether its rank was among those of that."""
        if self._searcher.snapshot.closed:
            raise ValueError("the Index of this hit is closed")
        from cnsearch.search.explain import explain  # not before it is asked for

        half_life = self._shown.half_life_days
        return tuple(explain(self._searcher, self._plan, number, second_pass=second_pass, half_life_days=half_life))

    def _make(self) -> Highlighter:
        return highlighter_of(self._plan, self._searcher, self._analyzer.tokenizer, self._shown)


def highlighter_of(plan: Plan, weights: Weights, tokenizer: WordTokenizer, shown: Shown) -> Highlighter:
    """Finds what ``plan`` marks."""
    from cnsearch.search.snippet import Highlighter  # not for those who want ids and titles alone

    marks = Marks()
    for mark in plan.marks:
        mark.mark(marks, weights)
    return Highlighter(
        tokenizer,
        marks.terms,
        marks.substrings,
        marks.patterns,
        marks.compounds,
        parts=any(leaf.of_characters for leaf in plan.leaves),
        num_fragments=shown.num_fragments,
        fragment_chars=shown.fragment_chars,
    )


def make_hits(
    searcher: Searcher, ranking: Ranked, excerpts: Excerpts, offset: int, folded: Sequence[Sequence[int]] = ()
) -> tuple[Hit, ...]:
    """The hits of a page. ``folded``: for each of them the documents under it, or nothing at all."""
    numbers, num_second = ranking.doc_numbers, ranking.num_second
    names = searcher.names(numbers)
    ranked = zip(count(offset + 1), numbers, names, ranking.scores, folded or repeat((), len(numbers)))
    return tuple(
        [
            _hit(searcher, excerpts, number, name, rank, score, num_second, copies)
            for rank, number, name, score, copies in ranked
        ]
    )


def walk_hits(searcher: Searcher, excerpts: Excerpts, walked: tuple[DocNumbers, Scores, Ranked]) -> Iterator[Hit]:
    """Every hit of ``Searcher.walk``, each made when it is asked for."""
    numbers, scores, ranking = walked
    for at in range(len(numbers)):
        if searcher.snapshot.closed:
            raise ValueError("the Index of these hits is closed")
        number = int(numbers[at])
        name = searcher.snapshot.name_of(number)
        yield _hit(searcher, excerpts, number, name, at + 1, float(scores[at]), ranking.num_second)


def _hit(
    searcher: Searcher,
    excerpts: Excerpts,
    number: int,
    name: tuple[str, str],
    rank: int,
    score: float,
    num_second: int,
    copies: Sequence[int] = (),
) -> Hit:
    return Hit.partly(
        _Later(excerpts, number, rank <= num_second),
        {
            "rank": rank,
            "score": score,
            "duplicates": tuple([_duplicate(searcher.snapshot, copy) for copy in copies]) if copies else (),
            "id": name[0],
            "title": name[1],
        },
    )


class _Later(NamedTuple):
    """What of a hit is made when it is asked for."""

    of: Excerpts
    number: int
    second_pass: bool

    def fields(self) -> Mapping[str, Any]:
        return self.of.about(self.number)

    def excerpts(self) -> tuple[Fragment, Snippet]:
        return self.of.of(self.number)

    def explain(self) -> tuple[ScorePart, ...]:
        return self.of.explain(self.number, self.second_pass)

    def missing(self) -> tuple[str, ...]:
        return self.of.missing(self.number)


def _duplicate(snapshot: Snapshot, number: int) -> Duplicate:
    about = snapshot.about(number)
    return Duplicate(about["id"], about["title"], about["source"], about["date"], about["url"])
