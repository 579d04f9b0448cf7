"""The compiled kernels of a search. Their plain twins are the numpy code of those who call them: where there is no
extension, and where a kernel gives None, that runs.

Kernels get bytes whose checksums were compared, and trust nothing in them. What does not fit together (a list that is
none, a document that does not exist) is None, so that the plain twin says what is wrong, in the same words everywhere.
Numbers in bytes are little-endian.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from cnsearch.kernels.choice import chosen

Packed = tuple[int, int, "bytes | None", int]
"""The postings of a term in one segment: number of its first document in the index; its documents; the list as it lies
in the file, from its head on, with more behind it or not; where that is None, the only document of the segment with the
term, which has it once."""

PackedMatches = tuple["bytes | None", bytes]
"""The documents that have something, int64, each once, in any order; and a number above 0 for each, float32. Without
documents: a number for every document, 0 for those that do not have it."""


class Closeness(Protocol):
    """Computes what ``search/closeness.py`` says."""

    def of(
        self,
        texts: Sequence[bytes | str],
        characters: Sequence[tuple[str, float]],
        words: Sequence[tuple[str, float]],
        bigrams: Sequence[tuple[str, float]],
        text_chars: int,
        window_chars: int,
        lead_chars: int,
    ) -> tuple[list[tuple[float, float]], list[int]]:
        """((best, lead) of each text, which texts have to be read first).

        texts   : as shown, in UTF-16, of which ``text_chars`` characters count; or str, the reading of such
        characters, words, bigrams : folded, each once, with what they weigh; bigrams are of characters of the first
        Of a text as shown that is not read as it is folded, the first means nothing.
        """
        ...


class Characters(Protocol):
    """What characters are read as. Nothing to call: other kernels take it."""


class Searching(Protocol):
    """The functions of the extension. Safe for threads; they let go of the interpreter's lock."""

    def impacts(
        self, fields: Sequence[tuple[bytes, Sequence[Packed]]], k1: float, num_docs: int, most: int
    ) -> tuple[bytes | None, bytes, int] | None:
        """BM25F of a term: its documents, ascending, tf' / (k1 + tf'), and how many there are.

        fields : for each field that has the term, what one occurrence counts in each document (float32, num_docs of
                 them), and the lists, ascending by first document
        most   : of more documents than these the numbers of all are given
        None   : a list is damaged, or has numbers that are not exact in float32
        """
        ...

    def Closeness(self, fold: bytes, classes: bytes, kinds: bytes, letters: bytes) -> Closeness:
        """By the tables of characters of ``contract.Rules``; ``letters``: a byte for each of the first 65,536, 0 where
        it does not count when titles are compared."""
        ...


@cache
def searching() -> Searching | None:
    """The compiled kernels; None where the plain ones run."""
    extension: Searching | None = chosen().extension
    return extension


def closeness_by(
    compiled: Searching,
    fold: npt.NDArray[np.uint32],
    classes: npt.NDArray[np.uint8],
    kinds: npt.NDArray[np.uint8],
    letters: npt.NDArray[np.bool_],
) -> Closeness:
    """The kernel that knows these tables of one entry per code point, shape (0x110000,), as in ``contract.Rules``, and
    which UTF-16 units are letters when titles are compared, shape (0x10000,)."""
    tables = (fold.astype("<u4", copy=False).tobytes(), classes.tobytes(), kinds.tobytes(), letters.tobytes())
    return compiled.Closeness(*tables)
