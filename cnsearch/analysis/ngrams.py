"""Characters: overlapping bigrams of each line, of whatever characters it has, and its last character alone.

They make every substring findable, in any script and with its punctuation: a longer one through its bigrams, two
characters as a bigram, a single character through the bigrams that begin with it, the last of a line through itself.
Bigrams of Chinese text also rank well beside words (K. L. Kwok, Employing Multiple Representations for Chinese
Information Retrieval, JASIS 50(8), 1999).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cnsearch.analysis.tokenizer import Token
from cnsearch.arrays import CodePoints

BREAKS = "\n\0\uffff"
"""What no term spans or has: the end of a line, and what the index uses itself and no text should have."""
LINE = re.compile(f"[^{BREAKS}]+")


_LINE_FEED = np.array([ord("\n")], dtype=np.uint32)


def character_terms(folded: str) -> list[str]:
    """The terms of the character fields, in order of the text.

    >>> character_terms("数字化 5g\\n城")
    ['数字', '字化', '化 ', ' 5', '5g', 'g', '城']
    """
    return [line[at : at + 2] for line in LINE.findall(folded) for at in range(len(line))]


def character_tokens(folded: str) -> list[Token]:
    """The same with offsets in characters; ``position`` counts the tokens."""
    spans = [(at, min(at + 2, line.end())) for line in LINE.finditer(folded) for at in range(line.start(), line.end())]
    return [Token(folded[start:end], start, end, position) for position, (start, end) in enumerate(spans)]


def character_pairs(texts: Sequence[CodePoints]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The terms of the character fields of many texts at once, as code points.

    texts : of each the code points of its folded form, uint32, shape (characters,); not modified
    Returns (pairs, counts). pairs: uint32, shape (n, 2), in order; the second is 0 where a line ends. counts: how many
    each text has, int64, shape (len(texts),).
    """
    points = np.concatenate([part for text in texts for part in (text, _LINE_FEED)] or [_LINE_FEED[:0]])
    in_line = np.ones(len(points), dtype=bool)
    for char in BREAKS:
        in_line &= points != ord(char)
    places = np.flatnonzero(in_line)
    pairs = np.empty((len(places), 2), dtype=np.uint32)
    pairs[:, 0] = points[places]
    pairs[:, 1] = points[places + 1] * in_line[places + 1]  # a line feed ends each text, so there is a next one
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)
    return pairs, np.diff(np.searchsorted(places, ends), prepend=0)
