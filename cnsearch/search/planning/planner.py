"""The tree of a query to its plan: what is executed, what is marked in excerpts, what the second pass looks for.

Each kind of clause becomes a step by a method of its own. What a run of words becomes depends on what the clause is
for: ``run.py``.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from datetime import tzinfo
from itertools import chain
from typing import Any, TypeVar

from cnsearch.analysis.scripts import CJK_RUN
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.query.dates import date_range, moment
from cnsearch.query.filters import Filters
from cnsearch.query.tree import And, Everything, Filter, Group, Node, Or, Pattern, Phrase, Words
from cnsearch.search.plan import Focus, Plan
from cnsearch.search.planning.run import Run, fields_of, joined, lone_character
from cnsearch.search.rule_of_hits import MOST
from cnsearch.search.steps.base import Marked, Step
from cnsearch.search.steps.conditions import All, DateRange, Label, label
from cnsearch.search.steps.joined import AllOf, AnyOf, Boosted, Without
from cnsearch.search.steps.pattern import TermPattern
from cnsearch.search.steps.texts import Substring
from cnsearch.store.fields import DRAFT

T = TypeVar("T")


def make_plan(
    root: Node | None,
    filters: Filters,
    tokenizer: WordTokenizer,
    zone: tzinfo,
    *,
    need: float = MOST,
    apart: bool = False,
) -> Plan:
    """The plan of a parsed query under ``filters``.

    zone  : in which dates are read
    need  : how much of the words a hit must have, see ``Keywords``
    apart : a letter and a character with a space between them are two words (e 甲), not one (U 盘)

    Raises QuerySyntaxError for a date that does not exist.

    >>> from datetime import timezone
    >>> from cnsearch.query.syntax import parse_query
    >>> def planned(text, **filters):
    ...     print(make_plan(parse_query(text).root, Filters(**filters), WordTokenizer(), timezone.utc))
    >>> planned("上海 -北京")
    (most(上海; chars:上海) -北京)
    >>> planned('+上海 "迪士尼"', labels=(("source", ("每经网",)),))
    (((+上海 chars:上海) AND "迪士尼") AND source:每经网)
    """
    planner = _Planner(tokenizer, zone, need, apart)
    step = None if root is None else planner.step(root, _Role.OPTIONAL)
    conditions = planner.conditions(filters)
    if conditions:
        if step is not None:
            step = AllOf((step, *conditions))
        elif root is None:
            step = AllOf(tuple(conditions))
    return Plan(step, tuple(dict.fromkeys(planner.marks)), planner.focus(), tuple(planner.patterns))


class _Role(enum.Enum):
    """What a clause is for."""

    OPTIONAL = enum.auto()
    REQUIRED = enum.auto()
    EXCLUDED = enum.auto()

    @property
    def juxtaposed(self) -> _Role:
        """That of clauses side by side in parentheses, with no sign before them."""
        return _Role.EXCLUDED if self is _Role.EXCLUDED else _Role.OPTIONAL

    @property
    def inside(self) -> _Role:
        """That of the operands of a clause, where all of their words must be there."""
        return _Role.EXCLUDED if self is _Role.EXCLUDED else _Role.REQUIRED


class _Planner:
    """Makes steps; collects what is marked in excerpts, and what the second pass looks for."""

    def __init__(self, tokenizer: WordTokenizer, zone: tzinfo, need: float, apart: bool) -> None:
        self._tokenizer = tokenizer
        self._zone = zone
        self._need = need
        self._apart = apart
        self._steps_of: dict[type[Node], Callable[[Any, _Role], Step | None]] = {
            Words: self._words,
            Phrase: self._phrase,
            Pattern: self._pattern,
            Filter: self._filter,
            Everything: lambda node, role: All(),
            And: lambda node, role: joined(AllOf, self._steps(node.clauses, role.inside)),
            Or: lambda node, role: joined(AnyOf, self._steps(node.clauses, role.inside)),
            Group: self._group,
        }
        self.marks: list[Marked] = []
        self.patterns: list[TermPattern] = []
        self._focuses: list[Focus] = []
        self._has_words = False

    def step(self, node: Node, role: _Role) -> Step | None:
        """What to execute for ``node``; None if nothing in it can be searched for (punctuation)."""
        return self._steps_of[type(node)](node, role)

    def _steps(self, nodes: Sequence[Node], role: _Role) -> list[Step]:
        steps = (self.step(node, role) for node in nodes)
        return [step for step in steps if step is not None]

    def _group(self, group: Group, role: _Role) -> Step | None:
        """Required clauses select, and rank with the optional ones; these select where nothing but filters is
        required. What is excluded is taken away from what the others find, or from everything."""
        base = joined(AllOf, self._steps(group.required, role.inside))
        optional = joined(AnyOf, self._steps(group.optional, role.juxtaposed))
        excluded = joined(AnyOf, self._steps(group.excluded, _Role.EXCLUDED))
        if base is None:
            base = optional
        elif optional is not None:
            selects = all(clause.is_condition for clause in group.required)
            base = AllOf((base, optional)) if selects else Boosted(base, optional)
        if excluded is None:
            return base
        return Without(All() if base is None else base, excluded)

    def _words(self, words: Words, role: _Role) -> Step | None:
        """A run of words, by what it is for."""
        wanted = role is not _Role.EXCLUDED
        self._has_words |= wanted and words.field is None
        character = lone_character(words)
        if character is not None:  # marked and found as a quoted one
            return self._phrase(Phrase(character.text, words.field), role)
        run = Run(words, self._tokenizer, excluded=not wanted, apart=self._apart)
        if not wanted:
            return run.excluded()
        self.marks += run.marks()
        self._focuses.append(run.focus())
        return run.required() if role is _Role.REQUIRED else run.optional(self._need)

    def _phrase(self, phrase: Phrase, role: _Role) -> Step:
        if phrase.field is None and role is not _Role.EXCLUDED:
            self._focuses.append(Focus(written=(phrase.text,)))
        text = Substring(phrase.text, fields_of(phrase.field))
        self._mark(text, role)
        return text

    def _pattern(self, node: Pattern, role: _Role) -> Step:
        """A pattern; but Chinese characters with ``*`` at the ends only are these characters wherever they stand, for
        nobody sees where a Chinese word begins and ends (``数字化转*``)."""
        inside = node.text.strip("*")
        if len(inside) > 1 and CJK_RUN.fullmatch(inside):
            text = Substring(inside, fields_of(node.field))
            self._mark(text, role)
            return text
        pattern = TermPattern.of(node.text, fields_of(node.field))
        self.patterns.append(pattern)
        self._mark(pattern, role)
        return pattern

    def _mark(self, leaf: Marked, role: _Role) -> None:
        if role is not _Role.EXCLUDED:
            self.marks.append(leaf)

    def _filter(self, node: Filter, role: _Role) -> Step:
        if node.field == "date":
            return DateRange(*date_range(node.value, self._zone))
        return label(node.field, node.value)

    def conditions(self, filters: Filters) -> list[Step]:
        """The conditions of the filters beside the query; values of one field are alternatives, none of no values."""
        found: list[Step] = []
        for field, values in filters.labels:
            labels = tuple(label(field, value) for value in values)
            found.append(labels[0] if len(labels) == 1 else AnyOf(labels))
        if filters.draft is not None:
            drafts = Label("draft", DRAFT)
            found.append(drafts if filters.draft else Without(All(), drafts))
        if filters.since is not None or filters.until is not None:
            start = None if filters.since is None else moment(filters.since, self._zone)[0]
            end = None if filters.until is None else moment(filters.until, self._zone)[1]
            found.append(DateRange(start, end))
        return found

    def focus(self) -> Focus:
        """What the second pass looks for, of all clauses. What is quoted alone was typed so on purpose: without any
        words, nothing that stands as it was typed earns more."""
        focuses = self._focuses
        return Focus(
            _each_once([focus.bigrams for focus in focuses]),
            _each_once([focus.words for focus in focuses]),
            _each_once([focus.synonyms for focus in focuses]),
            _each_once([focus.written for focus in focuses]) if self._has_words else (),
            _each_once([focus.pieces for focus in focuses]),
            _each_once([focus.coarse for focus in focuses]),
        )


def _each_once(parts: Sequence[tuple[T, ...]]) -> tuple[T, ...]:
    """All that is in ``parts``, in order."""
    return tuple(dict.fromkeys(chain.from_iterable(parts)))
