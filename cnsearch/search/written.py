"""What stands in an article just as it was typed: a title that is the query, and pieces of the query in one piece.

Scores of words and bigrams do not see order: an article that says each word twice, the words apart, may stand above the
one whose title was typed, or from which the words were copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from cnsearch.analysis.reading import read
from cnsearch.analysis.scripts import CJK
from cnsearch.schema import CHARS_FIELD
from cnsearch.store import Snapshot

TITLE_CHARS = CHARS_FIELD["title"]
NUM_PAIRS = 4
"""Bigrams of the query by which titles are looked up, evenly spaced; half of them are enough, for punctuation in the
title may part some."""
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
_APART = re.compile(rf"(?<=[{CJK}])\s+|\s+(?=[{CJK}])")
_STOPS = re.compile(r"[。！？!?；;：:…]+|[.,]\s+")
_COMMAS = re.compile(r"[，,、（）()《》“”\"'\s]+")
_ENDS = " \t，。！？!?；;：:、…,.…"


def letters(folded: str) -> str:
    """Text without punctuation and spaces, by which titles are compared (+ and # of C++ and C# stay)."""
    return "".join(_MEANT.findall(folded))


def title_pairs(texts: Sequence[str]) -> list[str]:
    """Terms of the characters of titles by which those that are ``texts`` are looked up, NUM_PAIRS at most."""
    pairs = [text[at : at + 2] for text in texts for at in range(len(text) - 1)]
    pairs = list(dict.fromkeys(pair for pair in pairs if not re.search(r"\s", pair)))
    pairs = [pair for pair in pairs if len(letters(pair)) == 2] or pairs
    if not pairs:
        return [text for text in texts if len(text) == 1][:1]
    step = max(1, len(pairs) // NUM_PAIRS)
    return pairs[::step][:NUM_PAIRS]


def titles_that_are(
    texts: Sequence[str], snapshot: Snapshot, numbers: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """(alike, same): those of the documents ``numbers`` (ascending) whose title has the letters of ``texts``, and those
    whose title is the one text to the dot."""
    typed, exactly = letters("".join(texts)), texts[0] if len(texts) == 1 else None
    alike, same = [], []
    for segment in snapshot.segments:
        first, stop = np.searchsorted(numbers, (segment.base, segment.base + segment.num_docs))
        if first == stop:
            continue
        here = numbers[first:stop]
        units, counts = segment.utf16("title", (here - segment.base).astype(np.int32))
        start = 0
        for number, end in zip(here.tolist(), np.cumsum(counts).tolist(), strict=True):
            title = units[start:end].tobytes().decode("utf-16-le", "replace")
            start = end
            if abs(len(letters(title)) - len(typed)) > 1 + len(typed) // 8:
                continue  # reading takes much longer, and changes few lengths, and by little (ligatures)
            title = read(title).text
            if title == exactly:
                same.append(number)
            elif letters(title) == typed:
                alike.append(number)
    return np.array(alike, dtype=np.intp), np.array(same, dtype=np.intp)


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
