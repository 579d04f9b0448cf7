"""The second pass: how much of the query stands close together in a text, and at its beginning.

A relevant text says what was asked in one place. The weight of the best window of ``WINDOW_CHARS`` characters, counting
each character of the query once, raises the right article above those that use the same words far apart. Proximity of
terms in BM25: Rasolofo and Savoy, Term Proximity Scoring for Keyword-Based Retrieval Systems, ECIR 2003; here the units
are characters, so that no segmentation is in the way, and what does not stand in the window costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from cnsearch import kernels
from cnsearch.analysis.fold import code_points, fold_table
from cnsearch.analysis.reading import class_table, read, read_all
from cnsearch.analysis.scripts import HAN_CHAR, LETTER, point_kinds
from cnsearch.patterns import late
from cnsearch.search.written import is_letter

WINDOW_CHARS = 60
"""About a sentence; 40 to 100 made no difference."""
LEAD_CHARS = 100
"""An article says first what it is about."""
TEXT_CHARS = 1_000
"""How much of a text is looked at, from its beginning; 2,000 or all of it ranked no better, and takes longer."""

Closeness = npt.NDArray[np.float64]
"""How close what is looked for stands in each of some texts: float64, shape (texts,)."""


def closeness(
    texts: Sequence[str],
    characters: Mapping[str, float],
    words: Mapping[str, float],
    bigrams: Mapping[str, float],
) -> tuple[Closeness, Closeness]:
    """(best, lead) of each text, shape (len(texts),).

    texts      : at least one
    characters : weight of each Chinese character of the query, folded
    words      : weight of each other word of it, found where no letter or digit stands at its sides
    bigrams    : weight of each two of ``characters`` that stand side by side in the query
    best       : the greatest sum of weights of distinct characters, words and bigrams that begin in one window
    lead       : the sum of weights of those that begin in the first LEAD_CHARS characters
    """
    # All texts as one, with so many places between them that no window reaches from one into the next.
    gap = "\n" * WINDOW_CHARS
    texts = read_all([text[:TEXT_CHARS] for text in texts])
    joined = gap + gap.join(texts)
    bases = np.cumsum([WINDOW_CHARS, *(len(text) + WINDOW_CHARS for text in texts)])
    places, units = _occurrences(joined, characters, words, bigrams)
    if not len(places):
        return np.zeros(len(texts)), np.zeros(len(texts))
    weight = np.array([*characters.values(), *bigrams.values(), *words.values()], dtype=np.float64)[units]
    text_of = np.searchsorted(bases, places, side="right") - 1
    before = np.full(len(places), -1)  # the place of the same unit before this one
    again = units[1:] == units[:-1]
    before[1:][again] = places[:-1][again]
    # A window that begins after ``before`` and has the place in it gets the weight once: from here to there.
    starts = np.maximum(before, places - WINDOW_CHARS) + 1
    size = int(bases[-1]) + 1
    covered = np.cumsum(np.bincount(starts, weight, size) - np.bincount(places + 1, weight, size))
    best = np.maximum(np.maximum.reduceat(covered, bases[:-1] - WINDOW_CHARS), 0.0)  # windows begin before their text
    first = (before < bases[text_of]) & (places - bases[text_of] < LEAD_CHARS)
    lead = np.bincount(text_of[first], weight[first], len(texts))
    return best.astype(np.float64, copy=False), lead.astype(np.float64, copy=False)


@cache
def compiled_closeness() -> kernels.Closeness | None:
    """The kernel, which has copies of the tables of characters; None where there is none."""
    compiled = kernels.searching()
    return (
        None
        if compiled is None
        else kernels.closeness_by(compiled, fold_table(), class_table(), point_kinds(), is_letter())
    )


def closeness_of_beginnings(
    kernel: kernels.Closeness,
    texts: Sequence[bytes],
    characters: Mapping[str, float],
    words: Mapping[str, float],
    bigrams: Mapping[str, float],
) -> tuple[Closeness, Closeness]:
    """As ``closeness``, by the kernel; of texts in UTF-16."""

    def of(texts: Sequence[bytes | str]) -> tuple[list[tuple[float, float]], list[int]]:
        wanted = list(characters.items()), list(words.items()), list(bigrams.items())
        return kernel.of(texts, *wanted, TEXT_CHARS, WINDOW_CHARS, LEAD_CHARS)

    found, odd = of(texts)
    if odd:
        shown = [texts[at].decode("utf-16-le", "surrogatepass")[:TEXT_CHARS] for at in odd]
        for at, one in zip(odd, of(read_all(shown))[0], strict=True):
            found[at] = one
    best, lead = zip(*found, strict=True)
    return np.array(best), np.array(lead)


def as_written(text: str, synonyms: Sequence[tuple[str, Sequence[str]]]) -> str:
    """The beginning of a text, folded, with the words of the query where it has their synonyms: in one pass, and of two
    words of the query that are synonyms the first stands for both."""
    folded = read(text[:TEXT_CHARS]).text
    standing: dict[str, str] = {}
    for own, others in synonyms:
        for other in (own, *others):
            standing.setdefault(other, standing.get(own, own))
    places = [
        (place, other, own)
        for other, own in standing.items()
        if other != own
        for place in (_places(other, folded) if not HAN_CHAR.search(other) else _everywhere(other, folded))
    ]
    pieces, at = [], 0
    for place, other, own in sorted(places, key=lambda found: (found[0], -len(found[1]))):
        if place >= at:
            pieces += [folded[at:place], own if HAN_CHAR.search(own) else f" {own} "]
            at = place + len(other)
    return "".join([*pieces, folded[at:]])


def _everywhere(word: str, text: str) -> Iterator[int]:
    return (match.start() for match in re.finditer(re.escape(word), text))


def _occurrences(
    text: str, characters: Mapping[str, float], words: Mapping[str, float], bigrams: Mapping[str, float]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """(places, numbers) of every character and word of the query in folded text, by number and then by place."""
    found: list[npt.NDArray[np.intp]] = []
    numbers: list[npt.NDArray[np.intp]] = []
    if characters:
        wanted, points = code_points("".join(characters)), code_points(text + "\n")
        last = int(wanted.max()) + 1
        table = np.zeros(last + 1, dtype=np.uint16)
        table[wanted] = np.arange(1, len(wanted) + 1)
        units = table[np.minimum(points, last)]
        places = np.flatnonzero(units)
        here = units[places].astype(np.intp)
        order = np.argsort(here, kind="stable")
        found.append(places[order])
        numbers.append(here[order] - 1)
        if bigrams:
            number = {char: at for at, char in enumerate(characters, 1)}
            pair_of = np.zeros((len(characters) + 1, len(characters) + 1), dtype=np.intp)
            for at, bigram in enumerate(bigrams, 1):
                pair_of[number[bigram[0]], number[bigram[1]]] = at
            pairs = pair_of[here, units[places + 1]]  # there is a next one: a line feed ends the text
            has = np.flatnonzero(pairs)
            has = has[np.argsort(pairs[has], kind="stable")]
            found.append(places[has])
            numbers.append(pairs[has] - 1 + len(characters))
    for at, word in enumerate(words, len(characters) + len(bigrams)):
        places = np.array(list(_places(word, text)), dtype=np.intp)
        found.append(places)
        numbers.append(np.full(len(places), at, dtype=np.intp))
    if not found:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    return np.concatenate(found), np.concatenate(numbers)


_LETTER = late(f"[{LETTER}]")


def _places(word: str, text: str) -> Iterator[int]:
    """Where the word stands with no letter or digit at its sides. Not by a pattern of its own: to compile one with all
    letters takes some milliseconds."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        alone = not _LETTER.match(text, end) and not (at and _LETTER.match(text, at - 1))
        if alone:
            yield at
        at = text.find(word, end if alone else at + 1)
