"""A query with its filters, on one commit: how it is understood, and what answers it. What ``search``, ``scan`` and
``delete`` share, so that the same arguments mean the same articles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from cnsearch.limits import Limits
from cnsearch.query.filters import Filters
from cnsearch.query.plan import LONG, MOST, Plan, make_plan
from cnsearch.query.synonyms import Synonyms
from cnsearch.query.syntax import ParsedQuery, parse_as_text, parse_query, places_of_words, text_with_signs
from cnsearch.query.tree import Node
from cnsearch.search.execute import Searcher

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, of ``searcher``. ``match`` is "most", "any" or "all"."""

    searcher: Searcher
    query: str
    filters: Filters
    match: str
    raw: bool
    zone: tzinfo
    synonyms: Synonyms
    limits: Limits

    def parsed(self, text: str, *, literal: bool = False) -> ParsedQuery:
        """``text`` under the settings of the query. ``literal``: every sign in it is a part of words."""
        return parse_query(
            text,
            require_all=self.match == "all",
            raw=self.raw,
            literal=literal,
            limits=self.limits,
            own_fields=self.searcher.snapshot.own_fields,
        )

    def plan(self, root: Node | None) -> Plan:
        """The plan of a parsed text. Raises QuerySyntaxError for a date that does not exist."""
        tokenizer = self.searcher.snapshot.analyzer.tokenizer
        expanded = self.synonyms.expand(root, tokenizer)
        return make_plan(expanded, self.filters, tokenizer, self.zone, need=0.0 if self.match == "any" else MOST)

    def answered(self, rank: Callable[[Plan], Found], total: Callable[[Found], int]) -> tuple[ParsedQuery, Plan, Found]:
        """How the query was taken, its plan, and what ``rank`` finds by it. A query that finds nothing is taken without
        its signs, if it finds something then: 甲*乙 as a pattern finds nothing. A long one that an article has as
        typed, signs and all, is this text."""
        parsed = self.parsed(self.query)
        typed = "" if self.raw else text_with_signs(self.query, parsed.root, self.limits)
        if len(typed) > LONG and self.searcher.stands(typed):
            parsed = self._as_text()
        plan = self.plan(parsed.root)
        found = rank(plan)
        if not total(found):
            stands = bool(typed) and self.searcher.stands(typed)
            literal = self._as_text() if stands else self.parsed(self.query, literal=True)
            if literal.root != parsed.root:
                other = self.plan(literal.root)
                ranked = rank(other)
                if total(ranked):
                    return literal, other, ranked
        return parsed, plan, found

    def _as_text(self) -> ParsedQuery:
        return parse_as_text(self.query, require_all=self.match == "all", limits=self.limits)

    def has_hits(self, text: str) -> bool:
        """Whether ``text`` would find something by its words, under the same filters."""
        plan = self.plan(self.parsed(text).root)
        return self.searcher.has_hits(plan) and self.searcher.finds_words(plan)

    def places_of_words(self) -> list[tuple[int, int]]:
        """Where the words stand in the query, as (start, end)."""
        own_fields = self.searcher.snapshot.own_fields
        return places_of_words(self.query, raw=self.raw, limits=self.limits, own_fields=own_fields)

    def matching(self) -> npt.NDArray[np.intp]:
        """The numbers of the documents that are found, ascending."""
        return np.flatnonzero(self.answered(self.searcher.matches, np.count_nonzero)[2])
