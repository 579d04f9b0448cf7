"""What stands in an article just as it was typed: a title that is the query, and pieces of the query in one piece.

Scores of words and bigrams do not see order: an article that says each word twice, the words apart, may stand above the
one whose title was typed, or from which the words were copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from cnsearch.analysis.fold import folded_units
from cnsearch.analysis.reading import read_all, read_otherwise
from cnsearch.analysis.scripts import CJK, word_characters
from cnsearch.patterns import late
from cnsearch.store.fields import CHARS_FIELD
from cnsearch.store.snapshot import Snapshot

TITLE_CHARS = CHARS_FIELD["title"]
NUM_PAIRS = 4
"""Bigrams of the query by which titles are looked up, evenly spaced; half of them are enough, for punctuation in the
title may part some."""
FEW = 12
"""So few titles are read one by one, which takes less time than comparing them as arrays."""
MAX_TITLES = 200
"""So many are compared, those with the best scores."""
TO_THE_DOT = 2.0
"""Times what another one earns, for a title that is the query with its punctuation and spaces."""
MAX_PIECES = 12
"""Pieces of one query that are looked for."""
LONG_PIECE = 16
"""Characters; only what is longer and stands nowhere is taken apart at its punctuation."""
MIN_PIECE = 3
ENOUGH_CHARS = 60
"""Nothing else has as much in one piece but a copy."""

_MEANT = re.compile(r"[^\W_]|[+#]")
_MEANT_BOTH = re.compile(rf"(?:{_MEANT.pattern}){{2}}")
_APART = late(rf"(?<=[{CJK}])\s+|\s+(?=[{CJK}])")
_STOPS = re.compile(r"[。！？!?；;：:…]+|[.,]\s+")
_COMMAS = re.compile(r"[，,、（）()《》“”\"'\s]+")
_ENDS = " \t，。！？!?；;：:、…,.…"


def letters(folded: str) -> str:
    """Text without punctuation and spaces, by which titles are compared (+ and # of C++ and C# stay)."""
    return "".join(_MEANT.findall(folded))


def title_pairs(texts: Sequence[str]) -> list[str]:
    """Terms of the characters of titles by which those that are ``texts`` are looked up, NUM_PAIRS at most."""
    pairs = [text[at : at + 2] for text in texts for at in range(len(text) - 1)]
    pairs = [pair for pair in dict.fromkeys(pairs) if len(pair.strip()) == 2]
    pairs = [pair for pair in pairs if _MEANT_BOTH.fullmatch(pair)] or pairs
    if not pairs:
        return [text for text in texts if len(text) == 1][:1]
    step = max(1, len(pairs) // NUM_PAIRS)
    return pairs[::step][:NUM_PAIRS]


def titles_that_are(
    texts: Sequence[str], snapshot: Snapshot, numbers: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """(alike, same): those of the documents ``numbers`` whose title has the letters of ``texts``, and those whose title
    is the one text to the dot. Each an array of shape (n,), ascending."""
    typed, exactly = letters("".join(texts)), texts[0] if len(texts) == 1 else None
    titles = _titles(typed, snapshot, numbers)
    each = dict.fromkeys(titles.values())  # news have the same title every day
    readings = dict(zip(each, read_all(list(each)), strict=True))
    same = [number for number, title in titles.items() if readings[title] == exactly]
    like = {title for title, reading in readings.items() if reading != exactly and letters(reading) == typed}
    alike = [number for number, title in titles.items() if title in like]
    return np.array(alike, dtype=np.intp), np.array(same, dtype=np.intp)


def _titles(typed: str, snapshot: Snapshot, numbers: npt.NDArray[np.intp]) -> dict[int, str]:
    """The titles of those of the documents ``numbers`` whose titles may have the letters ``typed``."""
    if len(numbers) <= FEW:
        return {number: snapshot.title(number) for number in numbers.tolist()}
    found: dict[int, str] = {}
    for segment in snapshot.segments:
        first, stop = np.searchsorted(numbers, (segment.base, segment.base + segment.num_docs))
        if first == stop:
            continue
        here = numbers[first:stop]
        units, counts = segment.utf16("title", (here - segment.base).astype(np.int32))
        ends = np.cumsum(counts)
        may_be = np.flatnonzero(_may_have_letters(typed, units, ends - counts, ends))
        spans = zip((ends - counts)[may_be].tolist(), ends[may_be].tolist(), strict=True)
        titles = (units[start:end].tobytes().decode("utf-16-le", "replace") for start, end in spans)
        found.update(zip(here[may_be].tolist(), titles, strict=True))
    return found


def _may_have_letters(
    typed: str, units: npt.NDArray[np.uint16], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which of many texts may have the letters ``typed``: all that do, and those that are not read as they are folded.

    units : the texts in UTF-16, one after the other, each from one of ``starts`` to one of ``ends``
    """
    folded = folded_units()[units]
    meant = np.flatnonzero(is_letter()[folded])
    odd = np.flatnonzero(_is_odd()[units])
    firsts = np.searchsorted(meant, starts)
    numbers = np.searchsorted(meant, ends) - firsts
    found: npt.NDArray[np.bool_] = np.asarray(np.searchsorted(odd, starts) < np.searchsorted(odd, ends))
    needle = np.frombuffer(typed.encode("utf-16-le", "surrogatepass"), "<u2")
    like = np.flatnonzero(numbers == len(needle))
    places = meant[firsts[like][:, np.newaxis] + np.arange(len(needle))]
    found[like[(folded[places] == needle).all(axis=1)]] = True
    return found


@cache
def is_letter() -> npt.NDArray[np.bool_]:
    """Whether each UTF-16 unit is of ``letters``. Shape (0x10000,), read-only."""
    found = word_characters().copy()
    found[[ord("_"), ord("+"), ord("#")]] = False, True, True
    found.flags.writeable = False
    return found


@cache
def _is_odd() -> npt.NDArray[np.bool_]:
    """Whether what has this UTF-16 unit may be read otherwise than unit by unit. Shape (0x10000,), read-only."""
    found: npt.NDArray[np.bool_] = read_otherwise()[:0x10000] | (folded_units() == 0)
    found[0xD800:0xE000] = True
    found.flags.writeable = False
    return found


def pieces(text: str, words: Container[str], stands: Callable[[str], bool]) -> Iterator[str]:
    """The longest parts of ``text`` that ``stands`` somewhere in one piece, and are none of the ``words``.

    A text is taken apart where a space stands beside a Chinese character; what is long and stands nowhere, also at the
    ends of its sentences and then of its clauses. MAX_PIECES parts at most are looked at, and none after so many that
    ENOUGH_CHARS are found.
    """
    found_chars = 0
    left = [(piece, 0) for piece in _APART.split(" ".join(text.split()))][::-1]
    looked_at = 0
    while left and looked_at < MAX_PIECES and found_chars < ENOUGH_CHARS:
        piece, depth = left.pop()
        piece = piece.strip(_ENDS)
        if len(piece) < MIN_PIECE or piece in words:
            continue
        looked_at += 1
        if stands(piece):
            found_chars += len(piece)
            yield piece
        elif len(piece) > LONG_PIECE and depth < 2:
            left += [(part, depth + 1) for part in (_STOPS, _COMMAS)[depth].split(piece)][::-1]
