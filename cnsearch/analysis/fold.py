"""Folding: one spelling for characters that people type for one another.

Every character becomes exactly one character (full width to half width, upper case to lower, traditional to
simplified, a Latin letter with marks to one without, radicals to characters, the variants of a quotation mark or dash
to one), so an offset in the folded text is an offset in the
original. A character whose fold would be longer (``½``, ``ﬁ``) is left alone; what ``ﬁ`` is read as, and what says
nothing at all, is the matter of ``reading``. The table is
``fold_table.txt``, made by ``tools/make_fold_table.py``; changing it changes what an index means, so
``ANALYSIS_VERSION`` moves with it.
"""

from __future__ import annotations

import pkgutil
from functools import cache

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import CodePoints

_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = slice(0xD800, 0xE000)
_REPLACEMENT = 0xFFFD


SHORT = 64
"""Characters of a text that is folded one by one: arrays take longer to begin with."""


class _Folds(dict[int, int]):
    """What each code point becomes, of those that were met."""

    def __missing__(self, point: int) -> int:
        folded = self[point] = int(fold_table()[point])
        return folded


_FOLDS = _Folds()


@cache
def fold_table() -> npt.NDArray[np.uint32]:
    """The code point that each code point becomes. Shape (0x110000,), dtype uint32, read-only."""
    data = pkgutil.get_data(__package__, "fold_table.txt")  # importlib.resources takes ten times as long to load
    assert data is not None
    lines = data.decode().split("\n")
    pairs = np.frombuffer("".join(line for line in lines if not line.startswith("# ")).encode("utf-32-le"), dtype="<u4")
    table = np.arange(_LAST_CODE_POINT + 1, dtype=np.uint32)
    table[pairs[0::2]] = pairs[1::2]
    table[_SURROGATES] = _REPLACEMENT
    table.flags.writeable = False
    return table


def code_points(text: str) -> CodePoints:
    """The code points of ``text``, one per character, lone surrogates included. New array, shape (len(text),)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def fold(text: str) -> str:
    """``text`` with every character folded. Same length; folding twice changes nothing more.

    >>> fold("ＡＢＣ １２３ 數位轉型")
    'abc 123 数位转型'
    """
    if text.isascii():
        return text.lower()
    if len(text) <= SHORT:
        return text.translate(_FOLDS)
    return text_of(fold_points(code_points(text)))


def fold_points(points: CodePoints) -> CodePoints:
    """What the code points of a text fold to. New array, of the shape of ``points``."""
    return fold_table()[points]


def text_of(points: CodePoints) -> str:
    """The text of code points. REQUIRES: no half of a surrogate pair, as after folding"""
    return points.astype("<u4", copy=False).tobytes().decode("utf-32-le")


@cache
def folded_units() -> npt.NDArray[np.uint16]:
    """The UTF-16 unit that each unit becomes, where that is one; shape (0x10000,), read-only; halves of pairs stay, and
    what becomes a character of two units is 0."""
    table = fold_table()[:0x10000]
    units = np.where(table < 0x10000, table, 0).astype(np.uint16)
    units[_SURROGATES] = np.arange(_SURROGATES.start, _SURROGATES.stop, dtype=np.uint16)
    units.flags.writeable = False
    return units


@cache
def folds_two_units() -> npt.NDArray[np.bool_]:
    """Whether each character of two UTF-16 units (from U+10000) is folded to another; shape (0x100000,), read-only."""
    table = fold_table()[0x10000:]
    changed: npt.NDArray[np.bool_] = table != np.arange(0x10000, _LAST_CODE_POINT + 1, dtype=np.uint32)
    changed.flags.writeable = False
    return changed


@cache
def folded_from_two_units() -> frozenset[str]:
    """Characters of one unit to which some of two are folded (𝐀 to a), and what half a pair becomes."""
    found = np.unique(fold_table()[0x10000:][folds_two_units()])
    return frozenset(map(chr, found[found < 0x10000].tolist())) | {chr(_REPLACEMENT)}
