"""Characters: overlapping bigrams of each run of Chinese (Japanese, Korean) characters, and its last one alone.

They make every substring findable: a longer one through its bigrams, a single character through the bigrams that begin
with it, the last of a run through itself. Bigrams of Chinese text also rank well beside words (K. L. Kwok, Employing
Multiple Representations for Chinese Information Retrieval, JASIS 50(8), 1999).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cnsearch.analysis.fold import code_points
from cnsearch.analysis.scripts import CJK_RUN, cjk_table
from cnsearch.analysis.tokenizer import Token


def character_terms(folded: str) -> list[str]:
    """The terms of the character fields, in order of the text.

    >>> character_terms("数字化 a 城")
    ['数字', '字化', '化', '城']
    """
    return [run[at : at + 2] for run in CJK_RUN.findall(folded) for at in range(len(run))]


def character_tokens(folded: str) -> list[Token]:
    """The same with offsets in characters; ``position`` counts the tokens."""
    spans = [(at, min(at + 2, run.end())) for run in CJK_RUN.finditer(folded) for at in range(run.start(), run.end())]
    return [Token(folded[start:end], start, end, position) for position, (start, end) in enumerate(spans)]


def character_pairs(texts: Sequence[str]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """The terms of the character fields of many folded texts at once, as code points.

    Returns (pairs, counts). pairs: uint32, shape (n, 2), in order; the second is 0 where a run ends. counts: how many
    each text has, int64, shape (len(texts),).
    """
    points = code_points("".join([text + "\n" for text in texts]))
    in_run = cjk_table()[points]
    places = np.flatnonzero(in_run)
    pairs = np.empty((len(places), 2), dtype=np.uint32)
    pairs[:, 0] = points[places]
    pairs[:, 1] = points[places + 1] * in_run[places + 1]  # a line feed ends each text, so there is a next one
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)
    return pairs, np.diff(np.searchsorted(places, ends), prepend=0)
