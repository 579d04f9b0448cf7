"""Leaves that are several: synonyms, and the forms of a word of letters."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from cnsearch.search.leaves import Reach
from cnsearch.search.steps.base import Marks, Weights
from cnsearch.search.steps.leaf import Leaf, Term, union
from cnsearch.search.steps.texts import Apart, Substring
from cnsearch.store.fields import TEXT_FIELDS
from cnsearch.store.postings import Postings
from cnsearch.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class SynonymTerm(Leaf):
    """Words and substrings that count as one term: its frequency in a document is the sum of theirs, and the documents
    that have it are those that have any of them. So what is rare among synonyms scores no more than what is common, and
    a document with all of them is as one that repeats a word: its score stays below that of one word (as Lucene's
    SynonymQuery).

    members : sorted by their text
    fields  : whose lengths count; each member has as many of its own, in the same order

    >>> print(SynonymTerm((Term("ai"), Term("人工智能"))))
    same(ai 人工智能)
    """

    members: tuple[Term | Substring | Apart, ...]
    fields: tuple[str, ...] = TEXT_FIELDS

    def __str__(self) -> str:
        return f"same({' '.join(map(str, self.members))})"

    @property
    def key(self) -> Hashable:
        return self.members, self.fields

    def postings(self, snapshot: Snapshot, reach: Reach) -> Mapping[str, Postings]:
        each = [(one.fields, one.counted(one.postings(snapshot, reach))) for one in self.members]
        found = {}
        for at, field in enumerate(self.fields):
            postings = union([of_member.get(fields[at]) for fields, of_member in each])
            if postings is not None:
                found[field] = postings
        return found

    @property
    def part(self) -> tuple[str, str]:
        if self.of_characters:
            return "characters", ""
        return "synonyms", " OR ".join(member.text for member in self.members)

    def mark(self, marks: Marks, weights: Weights) -> None:
        for member in self.members:
            member.mark(marks, weights)


@dataclass(frozen=True, slots=True)
class WordForms(SynonymTerm):
    """A word of letters with its other forms, each occurrence of which counts as much as its weight says, and with what
    it is together with its neighbours (``wi fi``: wifi). ``text`` is the word as written.

    >>> print(WordForms((Term("=databas", weight=0.25), Term("databases")), text="databases"))
    forms(=databas^0.25 databases)
    """

    text: str = ""

    is_word: ClassVar[bool] = True

    def __str__(self) -> str:
        return f"forms({' '.join(map(str, self.members))})"

    @property
    def part(self) -> tuple[str, str]:
        """The word as written."""
        return ("characters", "") if self.of_characters else ("word", self.text)
