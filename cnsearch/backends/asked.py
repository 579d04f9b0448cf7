"""A request on one commit: how its text is understood, and what answers it. What ``search``, ``scan`` and ``delete``
share, so that the same arguments mean the same articles."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.backends.base import Options
from cnsearch.query.filters import Filters
from cnsearch.query.syntax import ParsedQuery, parse_as_text, parse_query, places_of_words, text_with_signs
from cnsearch.query.tree import Node
from cnsearch.request import SearchRequest
from cnsearch.search.labels import Values, rules_all_out
from cnsearch.search.plan import Plan
from cnsearch.search.planning.planner import make_plan
from cnsearch.search.rule_of_hits import MOST
from cnsearch.search.verbatim import LONG
from cnsearch.search.vocabulary import Vocabulary

Found = TypeVar("Found")


class Known(Values, Protocol):
    """What an index knows of its articles."""

    @property
    def analyzer(self) -> ChineseAnalyzer:
        """What the articles were cut with, and queries must be."""
        ...


class Answers(Protocol):
    """What a request is asked of: a ``Searcher`` on a commit, or what another back end has in its place."""

    @property
    def snapshot(self) -> Known:
        """What is known of the articles that are searched."""
        ...

    @property
    def vocabulary(self) -> Vocabulary:
        """Its words and phrases, for completions and corrections."""
        ...

    def stands(self, text: str) -> bool:
        """Whether an article has the folded text as it was typed, white space aside."""
        ...

    def has_hits(self, plan: Plan) -> bool:
        """Whether any article matches, without ranking."""
        ...

    def finds_words(self, plan: Plan) -> bool:
        """Whether any of the plan's words, or a bigram of them, is in the index; True if all are single characters."""
        ...


Searched = TypeVar("Searched", bound=Answers)


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to take the text of a query: parsed, with synonyms beside the words that have some, and planned."""

    parsed: ParsedQuery
    expanded: Node | None
    plan: Plan

    @property
    def understood(self) -> str:
        """The query as it was taken, with synonyms, in the syntax of queries; empty if there is none."""
        return "" if self.expanded is None else str(self.expanded)


@dataclass(frozen=True, slots=True)
class Asked(Generic[Searched]):
    """What was asked for, of ``searcher``. ``filters`` are those of the request."""

    searcher: Searched
    request: SearchRequest
    filters: Filters
    options: Options

    @classmethod
    def of(cls, searcher: Searched, request: SearchRequest, options: Options) -> Asked[Searched]:
        """``request``, asked of ``searcher`` under its own filters."""
        return cls(searcher, request, request.filters, options)

    # Parse, expand, plan

    def parsed(self, text: str, *, literal: bool = False) -> ParsedQuery:
        """``text`` under the settings of the request. ``literal``: every sign in it is a part of words."""
        return parse_query(
            text,
            require_all=self.request.match == "all",
            raw=self.request.raw,
            literal=literal,
            limits=self.options.limits,
            own_fields=self.searcher.snapshot.own_fields,
        )

    def parsed_as_text(self) -> ParsedQuery:
        """The query as a text that stands so in an article."""
        return parse_as_text(self.request.query, require_all=self.request.match == "all", limits=self.options.limits)

    def read(self, parsed: ParsedQuery, *, apart: bool = False) -> Reading:
        """Expand and plan. ``apart``: see ``make_plan``. Raises QuerySyntaxError for a date that does not exist."""
        tokenizer = self.searcher.snapshot.analyzer.tokenizer
        need = 0.0 if self.request.match == "any" else MOST
        expanded = self.options.synonyms.expand(parsed.root, tokenizer)
        zone = self.options.time_zone
        plan = make_plan(expanded, self.filters, tokenizer, zone, need=need, apart=apart)
        return Reading(parsed, expanded, plan)

    # Rank

    def answered(self, rank: Callable[[Plan], Found], total: Callable[[Found], int]) -> tuple[Reading, Found]:
        """How the query was taken, and what ``rank`` finds by its plan. A query that finds nothing is taken otherwise,
        if it finds something then (``_otherwise``). A long one that an article has as typed, signs and all, is this
        text."""
        query, limits = self.request.query, self.options.limits
        parsed = self.parsed(query)
        typed = "" if self.request.raw or parsed.plain else text_with_signs(query, parsed.root, limits)
        if len(typed) > LONG and self.searcher.stands(typed):
            parsed = self.parsed_as_text()
        reading = self.read(parsed)
        found = rank(reading.plan)
        if not total(found):
            for other in self._otherwise(reading, typed):
                ranked = rank(other.plan)
                if total(ranked):
                    return other, ranked
        return reading, found

    def _otherwise(self, reading: Reading, typed: str) -> Iterator[Reading]:
        """Other ways to take a query that finds nothing: without its signs (甲*乙 is no pattern then), and with a
        letter and a character as two words (e 甲, which nobody writes as U 盘).

        typed : the text with its signs, if it has any
        """
        stands = bool(typed) and self.searcher.stands(typed)
        literal = self.parsed_as_text() if stands else self.parsed(self.request.query, literal=True)
        if literal.root != reading.parsed.root:
            yield self.read(literal)
        apart = self.read(reading.parsed, apart=True)
        if apart.plan != reading.plan:
            yield apart

    # Without ranking

    def has_hits(self, text: str) -> bool:
        """Whether ``text`` would find something by its words, under the same filters."""
        plan = self.read(self.parsed(text)).plan
        return self.searcher.has_hits(plan) and self.searcher.finds_words(plan)

    # When nothing is found

    def correction(
        self, reading: Reading, total: int, unknown: Container[tuple[str, str]], *, finds_words: bool = False
    ) -> str:
        """A query that finds something by its words and may have been meant; empty if this one does.

        unknown     : values of filters that no article has
        finds_words : whether it is known that some of its words, or a bigram of them, is in the index
        """
        if total and (finds_words or self.searcher.finds_words(reading.plan)):
            return ""
        if rules_all_out(unknown, self.filters, reading.parsed.root):
            return ""
        from cnsearch.search.correct import correct  # which needs pinyin: not for queries that find something

        snapshot = self.searcher.snapshot
        places = places_of_words(
            self.request.query,
            raw=self.request.raw,
            limits=self.options.limits,
            own_fields=snapshot.own_fields,
        )
        return correct(self.request.query, places, self.searcher.vocabulary, snapshot.analyzer.tokenizer, self.has_hits)
