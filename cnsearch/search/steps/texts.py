"""Leaves that are texts, verified in the stored articles: an exact text, a word in two parts, a long text as typed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from cnsearch.analysis.compounds import APART, splits
from cnsearch.search.leaves import Reach
from cnsearch.search.steps.base import Marks, Weights
from cnsearch.search.steps.leaf import VerifiedLeaf, in_fields, union, weighted
from cnsearch.search.substrings import find_apart, find_substring
from cnsearch.search.verbatim import find_verbatim
from cnsearch.store.fields import TEXT_FIELDS
from cnsearch.store.postings import Postings
from cnsearch.store.segment import Segment

OTHER_FORM = 0.25
"""What an occurrence of another form counts (databases for database): of two articles alike, the one that has the word
as written stands before the other."""


@dataclass(frozen=True, slots=True)
class Substring(VerifiedLeaf):
    """Folded text that stands in the folded title or body as it is.

    >>> print(Substring("和服"), Substring("产品 和服", ("title",)))
    "和服" title:"产品 和服"
    """

    text: str
    fields: tuple[str, ...] = TEXT_FIELDS

    def __str__(self) -> str:
        return in_fields(f'"{self.text}"', self.fields)

    @property
    def key(self) -> Hashable:
        return self.text, self.fields, Substring

    def found_in(self, segment: Segment, field: str, reach: Reach) -> Postings | None:
        return find_substring(self.text, segment, field)

    @property
    def part(self) -> tuple[str, str]:
        return "phrase", self.text

    def mark(self, marks: Marks, weights: Weights) -> None:
        marks.substrings[self.text] = weights.term_weight(self)


@dataclass(frozen=True, slots=True)
class Apart(VerifiedLeaf):
    """A word of letters where it is written in two parts (``wi fi`` for wifi, ``compounds.splits``).

    >>> print(Apart("wifi"))
    apart(wifi)
    """

    text: str
    fields: tuple[str, ...] = TEXT_FIELDS

    def __str__(self) -> str:
        return f"apart({in_fields(self.text, self.fields)})"

    @property
    def key(self) -> Hashable:
        return self.text, self.fields, Apart

    def found_in(self, segment: Segment, field: str, reach: Reach) -> Postings | None:
        return union(find_apart(self.text, segment, field))

    def counted(self, found: Mapping[str, Postings]) -> Mapping[str, Postings]:
        return weighted(found, OTHER_FORM)

    @property
    def part(self) -> tuple[str, str]:
        return "word", self.text

    def mark(self, marks: Marks, weights: Weights) -> None:
        weight = weights.term_weight(self)
        if weight:
            ways = (first + joint + second for first, second in splits(self.text) for joint in APART)
            marks.compounds.update(dict.fromkeys(ways, weight))


@dataclass(frozen=True, slots=True)
class Verbatim(VerifiedLeaf):
    """Long folded text that stands in the title or body as it was typed, white space aside. ``inside``: what it is part
    of goes on before it or after it, so that it is no line or entry of its own.

    >>> print(Verbatim("第一段的结尾 第二段的开头"))
    verbatim("第一段的结尾 第二段的开头")
    """

    text: str
    fields: tuple[str, ...] = ("title", "body")
    inside: bool = False

    def __str__(self) -> str:
        return f'{"inside" if self.inside else "verbatim"}("{self.text}")'

    @property
    def key(self) -> Hashable:
        return self.text, self.fields, Verbatim, self.inside

    def found_in(self, segment: Segment, field: str, reach: Reach) -> Postings | None:
        return find_verbatim(self.text, segment, field, inside=self.inside)

    @property
    def part(self) -> tuple[str, str]:
        return "phrase", self.text

    def mark(self, marks: Marks, weights: Weights) -> None:
        """Nothing: the words of it are marked."""
