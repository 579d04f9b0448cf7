"""The tree of a query to what is executed: terms, substrings and patterns over fields, joined by and, or, not.

Words are cut by the tokenizer of the index. Each coarse word brings its parts (jieba's search mode, the parts of a
mixed token). As an optional clause, any word or part of a word makes a document a hit and each adds to its score; where
a clause is required, excluded or operand of AND and OR, every coarse word must be there. A mixed token, and a coarse
word that must be there, is found whole or by all its parts.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from cnsearch.analysis.fold import fold
from cnsearch.analysis.scripts import CJK_RUN, HAN_CHAR
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.errors import QuerySyntaxError
from cnsearch.query import syntax
from cnsearch.schema import TEXT_FIELDS, label_term, seconds_of

# What is executed


@dataclass(frozen=True, slots=True)
class Term:
    """One indexed term, looked for in ``fields``; ``weight`` multiplies its score."""

    text: str
    fields: tuple[str, ...] = TEXT_FIELDS
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Substring:
    """Folded text that stands in the folded title or body as it is."""

    text: str
    fields: tuple[str, ...] = TEXT_FIELDS


@dataclass(frozen=True, slots=True)
class TermPattern:
    """All terms that begin with ``prefix`` and match ``regex`` whole."""

    prefix: str
    regex: re.Pattern[str]
    fields: tuple[str, ...] = TEXT_FIELDS


@dataclass(frozen=True, slots=True)
class Label:
    """The documents with this folded value in a label field. Does not rank."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class DateRange:
    """The documents with ``start <= date < end``, in seconds since 1970; None is open. Does not rank."""

    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class All:
    """Every document, with score 0."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Documents that match every clause; scores are summed."""

    clauses: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Documents that match at least one clause; scores of those that match are summed."""

    clauses: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Boosted:
    """Documents of ``base``; those that match ``bonus`` too get its score added."""

    base: Step
    bonus: Step


@dataclass(frozen=True, slots=True)
class Without:
    """Documents of ``base`` that do not match ``excluded``."""

    base: Step
    excluded: Step


Leaf = Term | Substring | TermPattern
Step = Leaf | Label | DateRange | All | AllOf | AnyOf | Boosted | Without


@dataclass(frozen=True, slots=True)
class Filters:
    """The conditions given beside the query text. Values of one field are alternatives; fields are all required."""

    source: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    since: str | datetime | None = None
    until: str | datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.source or self.category or self.author or self.since or self.until)


@dataclass(frozen=True, slots=True)
class Plan:
    """``step`` is None where nothing is asked for: no hits. ``ranked`` is False where no clause gives a score."""

    step: Step | None
    leaves: tuple[Leaf, ...] = ()

    @property
    def ranked(self) -> bool:
        return bool(self.leaves)


def make_plan(root: syntax.Node | None, filters: Filters, tokenizer: WordTokenizer, zone: tzinfo) -> Plan:
    """The plan of a parsed query under ``filters``. Dates are read in ``zone``.

    Raises QuerySyntaxError for a date that does not exist.
    """
    planner = _Planner(tokenizer, zone)
    step = None if root is None else planner.step(root, optional=True)
    conditions = planner.conditions(filters)
    if conditions:
        if step is not None:
            step = AllOf((step, *conditions))
        elif root is None:
            step = AllOf(tuple(conditions))
    wanted = () if root is None else tuple(_leaves(step))
    return Plan(step, wanted)


def _leaves(step: Step | None) -> Iterator[Leaf]:
    """The leaves that add to scores, each once, in order."""
    if isinstance(step, (Term, Substring, TermPattern)):
        yield step
    elif isinstance(step, (AllOf, AnyOf)):
        for clause in step.clauses:
            yield from _leaves(clause)
    elif isinstance(step, Boosted):
        yield from _leaves(step.base)
        yield from _leaves(step.bonus)
    elif isinstance(step, Without):
        yield from _leaves(step.base)


class _Planner:
    def __init__(self, tokenizer: WordTokenizer, zone: tzinfo) -> None:
        self._tokenizer = tokenizer
        self._zone = zone

    def step(self, node: syntax.Node, *, optional: bool) -> Step | None:
        """What to execute for ``node``; None if nothing in it can be searched for (punctuation)."""
        if isinstance(node, syntax.Words):
            return self._words(node, optional=optional)
        if isinstance(node, syntax.Phrase):
            return Substring(node.text, _fields(node.field))
        if isinstance(node, syntax.Pattern):
            return _pattern(node)
        if isinstance(node, syntax.Filter):
            return self._filter(node.field, node.value)
        if isinstance(node, syntax.Everything):
            return All()
        if isinstance(node, syntax.Group):
            return self._group(node)
        clauses = self._steps(node.clauses, optional=False)
        return _joined(AllOf if isinstance(node, syntax.And) else AnyOf, clauses)

    def _steps(self, nodes: Sequence[syntax.Node], *, optional: bool) -> list[Step]:
        steps = (self.step(node, optional=optional) for node in nodes)
        return [step for step in steps if step is not None]

    def _group(self, group: syntax.Group) -> Step | None:
        required = self._steps(group.required, optional=False)
        optional = _joined(AnyOf, self._steps(group.optional, optional=True))
        excluded = _joined(AnyOf, self._steps(group.excluded, optional=False))
        base = _joined(AllOf, required)
        if optional is not None:
            if base is None:
                base = optional
            elif all(map(syntax.is_condition, group.required)):
                base = AllOf((base, optional))
            else:
                base = Boosted(base, optional)
        if excluded is None:
            return base
        return Without(All() if base is None else base, excluded)

    def _words(self, words: syntax.Words, *, optional: bool) -> Step | None:
        fields = _fields(words.field)
        text = words.text.strip()
        if len(text) == 1 and CJK_RUN.match(text):
            return Substring(text, fields)  # one character: wherever it stands, not only where it is a word
        tokens = self._tokenizer.tokens(text)
        groups: dict[int, list[str]] = {}
        for token in tokens:
            groups.setdefault(token.position, []).append(token.text)
        if not optional:
            return _joined(AllOf, [_whole_or_parts(group, fields) for group in groups.values()])
        counts: Counter[str] = Counter()
        mixed: dict[tuple[str, ...], None] = {}
        for group in groups.values():
            if len(group) == 1 or HAN_CHAR.search(group[-1]):
                counts.update(group)
            else:  # a part of 数字化 says something alone; "s" of "s-300" does not
                mixed[tuple(group)] = None
        terms: list[Step] = [Term(text, fields, float(count)) for text, count in counts.items()]
        return _joined(AnyOf, terms + [_whole_or_parts(group, fields) for group in mixed])

    def _filter(self, field: str, value: str) -> Step:
        if field == "date":
            return date_range(value, self._zone)
        return Label(field, label_term(field, value))

    def conditions(self, filters: Filters) -> list[Step]:
        found: list[Step] = []
        for field in ("source", "category", "author"):
            labels: list[Step] = [Label(field, label_term(field, value)) for value in getattr(filters, field)]
            if labels:
                found.append(AnyOf(tuple(labels)) if len(labels) > 1 else labels[0])
        if filters.since is not None or filters.until is not None:
            start = None if filters.since is None else _moment(filters.since, self._zone)[0]
            end = None if filters.until is None else _moment(filters.until, self._zone)[1]
            found.append(DateRange(start, end))
        return found


def _fields(field: str | None) -> tuple[str, ...]:
    return TEXT_FIELDS if field is None else (field,)


def _joined(join: type[AllOf] | type[AnyOf], steps: list[Step]) -> Step | None:
    if not steps:
        return None
    return steps[0] if len(steps) == 1 else join(tuple(steps))


def _whole_or_parts(group: Sequence[str], fields: tuple[str, ...]) -> Step:
    """The last term is the whole. With parts, the document may have the whole or all of them; each adds its score."""
    *parts, whole = (Term(text, fields) for text in dict.fromkeys(group))
    return AnyOf((whole, AllOf(tuple(parts)))) if parts else whole


def _pattern(node: syntax.Pattern) -> Step | None:
    text = node.text
    prefix = re.split(r"[*?]", text, maxsplit=1)[0]
    regex = re.sub(r"\\\*", ".*", re.sub(r"\\\?", ".", re.escape(re.sub(r"\*+", "*", text))))
    return TermPattern(prefix, re.compile(regex, re.DOTALL), _fields(node.field))


# Dates

ACCEPTED_DATES = "a year 2021, a month 2021-10, a day 2021-10-27, a time 2021-10-27T20:11, or a range 2021-10..2021-12"
_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2}))?)?[年月日]?")


def date_range(value: str, zone: tzinfo) -> DateRange:
    """``2021-10`` or ``2021-10-01..2021-10-31`` (either end may be left out) in ``zone``. Both ends are included.

    Raises QuerySyntaxError for what is not a date.
    """
    first, dots, last = value.partition("..")
    if not dots:
        start, end = _moment(value, zone)
        return DateRange(start, end)
    return DateRange(_moment(first, zone)[0] if first else None, _moment(last, zone)[1] if last else None)


def _moment(value: str | datetime, zone: tzinfo) -> tuple[int, int]:
    """The first second of a year, month, day or time, and the first after it."""
    if isinstance(value, datetime):
        start = seconds_of(value if value.tzinfo is not None else value.replace(tzinfo=zone))
        return start, start + 1
    text = fold(value).strip()
    try:
        match = _DATE.fullmatch(text)
        if match is None:
            if text[4:5] != "-" or text[10:11] not in ("t", " "):
                raise ValueError(text)  # some versions of Python accept more forms than we promise
            date = datetime.fromisoformat(text.replace("t", "T").replace("z", "+00:00"))
            return _moment(date, zone)
        year, month, day = (None if part is None else int(part) for part in match.groups())
        assert year is not None
        first = datetime(year, month or 1, day or 1, tzinfo=zone)
        if day is not None:
            after = first + timedelta(days=1)
        elif month is not None:
            after = first + timedelta(days=calendar.monthrange(year, month)[1])
        else:
            after = first.replace(year=year + 1)
        return seconds_of(first), seconds_of(after)
    except (ValueError, OverflowError) as error:
        raise QuerySyntaxError(f'there is no date "{value}"', hint=f"Accepted: {ACCEPTED_DATES}") from error
