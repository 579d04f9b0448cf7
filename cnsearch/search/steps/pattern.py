"""A pattern of words: all terms of the index that it matches."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import islice

from cnsearch import deadline
from cnsearch.analysis.inflection import MARK
from cnsearch.search.leaves import Reach
from cnsearch.search.steps.base import Marks, Weights
from cnsearch.search.steps.leaf import VerifiedLeaf, in_fields, union
from cnsearch.store.fields import TEXT_FIELDS
from cnsearch.store.postings import Postings
from cnsearch.store.segment import Segment


@dataclass(frozen=True, slots=True)
class TermPattern(VerifiedLeaf):
    """All terms that begin with ``prefix`` and match ``regex`` whole. ``text`` is what was typed.

    >>> print(TermPattern.of("数*化"))
    数*化
    """

    prefix: str
    regex: re.Pattern[str]
    fields: tuple[str, ...] = TEXT_FIELDS
    text: str = ""

    @classmethod
    def of(cls, text: str, fields: tuple[str, ...] = TEXT_FIELDS) -> TermPattern:
        """The pattern of a folded text with wildcards."""
        return cls(re.split(r"[*?]", text, maxsplit=1)[0], wildcard_regex(text), fields, text)

    def __str__(self) -> str:
        return in_fields(self.text, self.fields)

    @property
    def key(self) -> Hashable:
        return self.prefix, self.regex, self.fields

    def found_in(self, segment: Segment, field: str, reach: Reach) -> Postings | None:
        every = (term for term in deadline.checked(segment.terms(field, self.prefix)) if self.regex.fullmatch(term))
        terms = list(islice(every, reach.most_terms + 1))
        reach.cut_short |= len(terms) > reach.most_terms
        found = deadline.checked(terms[: reach.most_terms], every=100)
        return union([segment.postings(field, term) for term in found])

    @property
    def part(self) -> tuple[str, str]:
        return "pattern", self.text

    def mark(self, marks: Marks, weights: Weights) -> None:
        marks.patterns[self.regex] = weights.term_weight(self)


def wildcard_regex(text: str) -> re.Pattern[str]:
    """A regular expression for whole terms: ``*`` stands for any characters, ``?`` for one.

    What stands between two ``*`` is looked for from the left, and once found never again: if the rest does not match
    behind the first place, it does not behind a later one. A look-ahead that captures, with a reference to it, does not
    backtrack (as in Python's ``fnmatch.translate``); else ``*a*a*a*b`` would try all ways to choose three of the
    letters of ``aaaa…``. Time: length of the pattern times length of the term, at most.
    """
    first, *others = (re.escape(piece).replace(r"\?", ".") for piece in re.split(r"\*+", text))
    middle = [f"(?=(?P<_{at}>.*?{piece}))(?P=_{at})" for at, piece in enumerate(others[:-1]) if piece]
    last = [f".*{others[-1]}"] if others else []
    return re.compile("".join([f"(?!{MARK})", first, *middle, *last]), re.DOTALL)
