"""Which characters are Chinese, and which are written without spaces: the classes that the tokenizers share."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import numpy.typing as npt

from cnsearch.patterns import late

# Ranges of Unicode blocks, inclusive. Iteration mark and ideographic zero stand in words (人々, 二〇二一).
_HAN_RANGES = (
    (0x3005, 0x3005),
    (0x3007, 0x3007),
    (0x3400, 0x4DBF),  # Extension A
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),  # compatibility ideographs that folding leaves alone
    (0x20000, 0x3FFFF),  # Extensions B and later
)
_KANA_HANGUL_RANGES = (
    (0x3041, 0x3096),
    (0x30A1, 0x30FA),
    (0x30FC, 0x30FF),
    (0x31F0, 0x31FF),
    (0xAC00, 0xD7A3),
)
# Everything else that makes words, by whole blocks: Unicode grows, and an index must mean the same under every Python.
_LETTER_RANGES = (
    (0x30, 0x39),
    (0x61, 0x7A),  # folded text has no capitals
    (0xAA, 0xAA),
    (0xB5, 0xB5),
    (0xBA, 0xBA),
    (0xC0, 0xD6),
    (0xD8, 0xF6),
    (0xF8, 0x2AF),
    (0x300, 0x36F),  # combining accents
    (0x370, 0x373),
    (0x376, 0x37D),
    (0x37F, 0x383),
    (0x386, 0x386),
    (0x388, 0x52F),  # Greek, Cyrillic
    (0x531, 0x587),
    (0x591, 0x5BD),
    (0x5D0, 0x5F2),
    (0x610, 0x61A),
    (0x620, 0x669),
    (0x66E, 0x6D3),
    (0x6D5, 0x6D5),  # of Uyghur
    (0x6EE, 0x6FC),
    (0x6FF, 0x6FF),
    (0x900, 0xDFF),  # scripts of India
    (0xE01, 0xE3A),
    (0xE40, 0xE59),
    (0xE80, 0xEFF),
    (0xF20, 0xF33),
    (0xF40, 0xFBC),
    (0x1000, 0x137F),
    (0x1780, 0x17D3),
    (0x17E0, 0x17E9),
    (0x1810, 0x18AF),
    (0x1950, 0x19DA),  # Tai of Yunnan
    (0x1D00, 0x1FFF),  # phonetic, Latin additional, Greek extended
    (0x2150, 0x218B),
    (0x2460, 0x24FF),
    (0x2C00, 0x2DDE),  # Coptic, Tifinagh and others
    (0x3021, 0x3029),  # numerals of Suzhou
    (0x3105, 0x312F),
    (0x31A0, 0x31BF),
    (0x3300, 0x33FF),  # square units: ㎡
    (0xA000, 0xA48C),  # Yi
    (0xFF66, 0xFFDC),
)
_EMOJI_RANGES = ((0x2600, 0x27BF), (0x1F000, 0x1FAFF))
_FLAG_RANGES = ((0x1F1E6, 0x1F1FF),)  # two of these letters are a flag


def _class(ranges: tuple[tuple[int, int], ...]) -> str:
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


HAN = _class(_HAN_RANGES)
"""Body of a regular-expression class: Chinese characters."""

CJK = HAN + _class(_KANA_HANGUL_RANGES)
"""Body of a regular-expression class: characters of the scripts that put no space between words."""

LETTER = _class(_LETTER_RANGES) + _class(_KANA_HANGUL_RANGES)
"""Body of a regular-expression class: what makes words that are not Chinese, in folded text."""

EMOJI = _class(_EMOJI_RANGES)
"""Body of a regular-expression class: each is a word of its own, but FLAG letters go in pairs."""

FLAG = _class(_FLAG_RANGES)

WORD = LETTER + EMOJI
"""Body of a regular-expression class: everything that is indexed and not Chinese."""

_SPACED_CHAR = rf"[^\W{CJK}]"
_SPACED = rf"{_SPACED_CHAR}[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f]*"  # with its marks
JOINED_WORD = rf"[#@$+\-]?{_SPACED}(?:(?:[._+#/&'’@\-]|://|(?<=[0-9])[,:](?=[0-9]))?{_SPACED})*[+#]*"
"""Regular expression: a word or number of a script with spaces, with what joins its parts (``S-300``, ``node.js``,
``1,000``, ``C++``), as people would not see it cut. In text that is not folded."""

JOINED_WORD_START = rf"[#@$+\-]?{_SPACED_CHAR}"
"""Regular expression: what such a word begins with."""


@cache
def word_table() -> npt.NDArray[np.bool_]:
    """Whether each code point is of CJK, a letter or a digit, in folded text. Shape (0x110000,), read-only."""
    table = np.zeros(0x110000, dtype=bool)
    for first, last in (*_HAN_RANGES, *_KANA_HANGUL_RANGES, *_LETTER_RANGES):
        table[first : last + 1] = True
    table.flags.writeable = False
    return table


@cache
def point_kinds() -> npt.NDArray[np.uint8]:
    """Of each code point, in folded text, the sum of 1 if it is a LETTER, 2 if it is of HAN, 4 if it is of EMOJI and 8
    if it is of FLAG. Shape (0x110000,), read-only."""
    kinds = np.zeros(0x110000, dtype=np.uint8)
    letters = (*_LETTER_RANGES, *_KANA_HANGUL_RANGES)
    for bit, ranges in ((1, letters), (2, _HAN_RANGES), (4, _EMOJI_RANGES), (8, _FLAG_RANGES)):
        for first, last in ranges:
            kinds[first : last + 1] |= np.uint8(bit)
    kinds.flags.writeable = False
    return kinds


@cache
def letter_kinds() -> npt.NDArray[np.uint8]:
    """Of each UTF-16 unit 1 if it is a digit, 2 if it is another LETTER, else 0. Shape (0x10000,), read-only."""
    kinds = np.zeros(0x10000, dtype=np.uint8)
    for first, last in (*_LETTER_RANGES, *_KANA_HANGUL_RANGES):
        kinds[first : last + 1] = 2
    kinds[ord("0") : ord("9") + 1] = 1
    kinds.flags.writeable = False
    return kinds


@cache
def word_characters() -> npt.NDArray[np.bool_]:
    """Which of the first 65,536 characters are letters, digits or ``_`` to regular expressions. Shape (0x10000,),
    read-only."""
    found = np.zeros(0x10000, dtype=bool)
    for match in re.finditer(r"\w+", "".join(map(chr, range(0x10000)))):
        found[match.start() : match.end()] = True
    found.flags.writeable = False
    return found


HAN_CHAR = late(f"[{HAN}]")
CJK_RUN = late(f"[{CJK}]+")
