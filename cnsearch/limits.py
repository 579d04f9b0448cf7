"""How much of an input is taken: the limits that keep a hostile file or query from taking the machine with it."""

from __future__ import annotations

from dataclasses import dataclass, fields


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

    post_bytes: int = 64 * 2**20
    query_chars: int = 10_000
    query_clauses: int = 1_000
    query_depth: int = 50
    query_patterns: int = 10
    pattern_terms: int = 10_000

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not int:
                raise TypeError(f"Limits.{field.name} must be an int, not {value!r}")
            most = _MOST.get(field.name)
            if value < 1 or (most is not None and value > most):
                upper = "" if most is None else f" and at most {most}"
                raise ValueError(f"Limits.{field.name} must be at least 1{upper}, not {value}")


#: libxml2 counts in 31 bits; the parser of queries calls itself for each parenthesis.
_MOST = {"post_bytes": 2**30, "query_depth": 100}

DEFAULT_LIMITS = Limits()
