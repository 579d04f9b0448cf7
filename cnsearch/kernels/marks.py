"""The compiled kernels of excerpts: where texts match a query, and which stretches of them show most of it. Their plain
twins are ``search/matches.py``, ``snippet.py`` and ``edges.py``, which say what each is.

A text with half a surrogate pair is a UnicodeEncodeError; what the functions asked raise comes through.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from cnsearch.kernels.choice import chosen
from cnsearch.kernels.contract import Segmenter
from cnsearch.kernels.searching import Characters

Keyed = Sequence[tuple[str, int]]
"""Folded texts, none empty, and the number of each."""
Parts = Sequence[tuple[str, int, int]]
"""Texts that are found in a word, where each begins and where it ends."""


class Marked(NamedTuple):
    """What of a query is marked. Everything in it has a number.

    terms      : words
    substrings : texts, anywhere
    compounds  : texts, where neither letters nor digits go on at the ends
    candidates : where a word may stand: a text, and before which of its characters one of ``-._,`` may stand; of
                 several at one place the first counts
    parts      : words by their numbers, and what is looked for where a text lacks the word
    stems      : whether words have to be asked for their stems
    weights    : of each number, how telling it is
    is_part    : of each number, whether it is only a part of a word
    is_short   : of each number, whether it is one character
    edges      : characters at which sentences end, at which clauses end, and that no fragment ends with
    asked      : from a text to its reading, the places of its characters (none where character i is character i), and
                 its seams; from a compound to its parts; from a word of letters, and the places in it where capitals
                 were, to parts; from a word to the number of its stem, None for none
    """

    terms: Keyed
    substrings: Keyed
    compounds: Keyed
    candidates: Sequence[tuple[str, Sequence[bool]]]
    parts: Sequence[tuple[int, Keyed]]
    stems: bool
    weights: Sequence[float]
    is_part: Sequence[bool]
    is_short: Sequence[bool]
    edges: tuple[str, str, str]
    asked: tuple[
        Callable[[str], tuple[str, Sequence[tuple[int, int]], Sequence[int]]],
        Callable[[str], Parts],
        Callable[[str, tuple[int, ...]], Parts],
        Callable[[str], int | None],
    ]


class Marker(Protocol):
    """Finds what is marked in texts as shown; places are characters of these. Safe for threads."""

    def matches(self, text: str) -> list[tuple[int, int, int]]:
        """Every match: start, end and number, sorted by the first two."""
        ...

    def marked(self, text: str) -> list[tuple[int, int]]:
        """The stretches that matches cover, ascending; those that touch or overlap are one."""
        ...

    def fragments(
        self, text: str, num_fragments: int, fragment_chars: int, window_chars: int
    ) -> list[tuple[int, int, list[tuple[int, int]]]]:
        """The fragments around the best matches: start, end, and what is marked inside, from the start of each.

        num_fragments  : at most
        fragment_chars : about how long each is
        window_chars   : within so many characters matches share one; 65,536 at most
        """
        ...


def marker(characters: Characters, segmenter: Segmenter, marked: Marked) -> Marker:
    """The kernel for a query.

    segmenter : that cuts texts as they were cut for the index; a compiled one

    REQUIRES: kernels are compiled
    """
    made: Marker = chosen().extension.Marker(characters, segmenter, *marked)
    return made
