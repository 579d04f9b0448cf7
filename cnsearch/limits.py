"""How much of an input is taken: the limits that keep a hostile file or query from taking the machine with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, cast


@dataclass(frozen=True, slots=True)
class Limit:
    """What a face has to know of one field of ``Limits``.

    default : what it is where nothing is given
    most    : the program can bear no more; None if any number will do
    help    : one line, a sentence
    """

    name: str
    default: int
    help: str
    most: int | None = None


def _about(help: str, most: int | None = None) -> dict[str, Any]:
    """What a ``Limit`` has besides the name and the default of its field.

    libxml2 counts in 31 bits; the parser of queries calls itself for each parenthesis.
    """
    return {"help": help, "most": most}


@dataclass(frozen=True, slots=True)
class Limits:
    """What goes beyond a limit is left out or taken otherwise, and that is said: a post in ``UpdateReport.failed``, a
    query in ``SearchResults.notes``.

    post_bytes    : of a post file or of a line of JSON Lines; a larger one is not read
    query_chars   : of a query; the rest is left out
    query_clauses : words, phrases, filters, signs and parentheses of a query; those after are taken as words
    query_depth   : parentheses inside each other; deeper ones are taken as white space
    query_patterns: clauses with ``*`` or ``?``; those after are taken as words. One that begins with such a sign looks
                    at every term: tens of milliseconds for 20,000 articles
    pattern_terms : indexed terms that a pattern stands for, per field and segment, the first by their bytes

    Raises TypeError or ValueError for a limit that is no whole number, below 1, or above what the program can bear.
    """

    post_bytes: int = field(default=64 * 2**20, metadata=_about("Larger posts and records fail.", most=2**30))
    query_chars: int = field(default=10_000, metadata=_about("A longer query is cut."))
    query_clauses: int = field(default=1_000, metadata=_about("Clauses after these are words."))
    query_depth: int = field(default=50, metadata=_about("Deeper parentheses are ignored.", most=100))
    query_patterns: int = field(default=10, metadata=_about("Patterns (词*) after these are words."))
    pattern_terms: int = field(default=10_000, metadata=_about("Words a pattern stands for."))

    def __post_init__(self) -> None:
        for about in LIMITS.values():
            value = getattr(self, about.name)
            if type(value) is not int:
                raise TypeError(f"Limits.{about.name} must be an int, not {value!r}")
            if value < 1 or (about.most is not None and value > about.most):
                upper = "" if about.most is None else f" and at most {about.most}"
                raise ValueError(f"Limits.{about.name} must be at least 1{upper}, not {value}")


LIMITS: Final[Mapping[str, Limit]] = {
    one.name: Limit(one.name, default=cast(int, one.default), **one.metadata) for one in fields(Limits)
}
"""Every field of ``Limits`` by its name, in order."""

DEFAULT_LIMITS = Limits()
