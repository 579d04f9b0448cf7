"""The tree of a query: what each clause is, how it is written, and how one walks through it and changes its words.

A tree prints as a query that is parsed to the same tree: this is what a search shows as ``understood``. Nothing here
knows how a clause is executed (``search/planning``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from cnsearch.query.lexer import is_negative_number, is_one_word


class Node(ABC):
    """A clause. Frozen, hashable, comparable."""

    __slots__ = ()

    required_unsigned: ClassVar[bool] = False
    """Whether it is required without a sign, as a quoted text is."""

    @abstractmethod
    def __str__(self) -> str:
        """The clause as a query."""

    def nested(self) -> str:
        """The clause as a part of another one: in parentheses where it is several."""
        return str(self)

    def beside(self) -> str:
        """The clause as one of several that stand side by side."""
        return self.nested()

    def walk(self, *, excluded: bool = True) -> Iterator[Node]:
        """The clause, and those in it, in the order as written. ``excluded``: those too that a document may not have.

        >>> [str(node) for node in Group((Words("甲"),), (), (Words("乙"),)).walk(excluded=False)]
        ['+甲 -乙', '甲']
        """
        yield self

    def rewritten(self, change: Callable[[Words], Words]) -> Node:
        """The same clause with every run of words changed.

        >>> str(Or((Words("甲"), Phrase("乙"))).rewritten(lambda words: Words(f"{words.text}丙")))
        '甲丙 OR "乙"'
        """
        return self

    @property
    def is_condition(self) -> bool:
        """Whether it is made of nothing but filters (``source:甲 OR source:乙``): it selects and does not rank."""
        return False


@dataclass(frozen=True, slots=True)
class Synonym:
    """What finds the same as the words ``start .. end`` of a text: one word each, or an exact substring."""

    start: int
    end: int
    others: tuple[Words | Phrase, ...]


@dataclass(frozen=True, slots=True)
class Words(Node):
    """Text to be cut into words; ``field`` is "title", "body" or None for both; ``synonyms`` ascend and do not
    overlap."""

    text: str
    field: str | None = None
    synonyms: tuple[Synonym, ...] = ()

    def __str__(self) -> str:
        shown = []
        at = 0
        for synonym in self.synonyms:
            shown += self._shown(self.text[at : synonym.start].split())
            own = self.text[synonym.start : synonym.end]
            first = Phrase(own, self.field) if " " in own else Words(own, self.field)
            shown.append(f"({' OR '.join(map(str, (first, *synonym.others)))})")
            at = synonym.end
        if not shown and self.field is None:
            return self.text
        return " ".join([*shown, *self._shown(self.text[at:].split())])

    def _shown(self, words: list[str]) -> list[str]:
        return [_with_field(self.field, word) for word in words]

    def nested(self) -> str:
        in_parentheses = [(synonym.start, synonym.end) for synonym in self.synonyms] == [(0, len(self.text))]
        several = (" " in self.text or self.synonyms) and not in_parentheses
        return f"({self})" if several else str(self)

    def beside(self) -> str:
        return str(self)

    def rewritten(self, change: Callable[[Words], Words]) -> Node:
        return change(self)


@dataclass(frozen=True, slots=True)
class Phrase(Node):
    """An exact substring of the folded title or body."""

    required_unsigned: ClassVar[bool] = True

    text: str
    field: str | None = None

    def __str__(self) -> str:
        marks = "“”" if '"' in self.text else '""'
        return _with_field(self.field, f"{marks[0]}{self.text}{marks[1]}")


@dataclass(frozen=True, slots=True)
class Pattern(Node):
    """Words that match ``*`` (any characters) and ``?`` (one character)."""

    text: str
    field: str | None = None

    def __str__(self) -> str:
        return _with_field(self.field, self.text)


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """A condition on source, category, author, tag, date, or an own field of articles. It selects and does not rank."""

    required_unsigned: ClassVar[bool] = True

    field: str
    value: str

    def __str__(self) -> str:
        plain = is_one_word(self.value) and self.value[0] not in "+-("
        return f"{self.field}:{self.value}" if plain else f'{self.field}:"{self.value}"'

    @property
    def is_condition(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Everything(Node):
    """Every article (``*``)."""

    def __str__(self) -> str:
        return "*"


class _Several(Node):
    """What has clauses in it."""

    __slots__ = ()

    def nested(self) -> str:
        return f"({self})"

    @abstractmethod
    def _inside(self, *, excluded: bool = True) -> tuple[Node, ...]:
        """The clauses in it."""

    def walk(self, *, excluded: bool = True) -> Iterator[Node]:
        yield self
        for clause in self._inside(excluded=excluded):
            yield from clause.walk(excluded=excluded)

    @property
    def is_condition(self) -> bool:
        return all(clause.is_condition for clause in self._inside())


@dataclass(frozen=True, slots=True)
class And(_Several):
    """Clauses that all must match."""

    clauses: tuple[Node, ...]

    def __str__(self) -> str:
        return " AND ".join(clause.nested() for clause in self.clauses)

    def _inside(self, *, excluded: bool = True) -> tuple[Node, ...]:
        return self.clauses

    def rewritten(self, change: Callable[[Words], Words]) -> Node:
        return And(_all_rewritten(self.clauses, change))


@dataclass(frozen=True, slots=True)
class Or(_Several):
    """Clauses one of which must match."""

    clauses: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(clause.nested() for clause in self.clauses)

    def _inside(self, *, excluded: bool = True) -> tuple[Node, ...]:
        return self.clauses

    def rewritten(self, change: Callable[[Words], Words]) -> Node:
        return Or(_all_rewritten(self.clauses, change))


@dataclass(frozen=True, slots=True)
class Group(_Several):
    """Juxtaposed clauses: documents that match every ``required``, none of ``excluded`` and, where nothing but filters
    is required, at least one of ``optional``; ``optional`` ones rank."""

    required: tuple[Node, ...] = ()
    optional: tuple[Node, ...] = ()
    excluded: tuple[Node, ...] = ()

    def __str__(self) -> str:
        required = [("" if node.required_unsigned else "+") + node.nested() for node in self.required]
        optional = [node.beside() for node in self.optional]
        alone = not required + optional
        return " ".join([*required, *optional, *(_without(node, alone=alone) for node in self.excluded)])

    def _inside(self, *, excluded: bool = True) -> tuple[Node, ...]:
        return (*self.required, *self.optional, *(self.excluded if excluded else ()))

    def rewritten(self, change: Callable[[Words], Words]) -> Node:
        return Group(*(_all_rewritten(some, change) for some in (self.required, self.optional, self.excluded)))


def _all_rewritten(clauses: tuple[Node, ...], change: Callable[[Words], Words]) -> tuple[Node, ...]:
    return tuple(clause.rewritten(change) for clause in clauses)


def _with_field(field: str | None, text: str) -> str:
    return text if field is None else f"{field}:{text}"


def _without(node: Node, *, alone: bool) -> str:
    """An excluded clause, so written that its minus is not that of a number."""
    text = node.nested()
    return f"-({text})" if is_negative_number(f"-{text}", alone=alone) else f"-{text}"
