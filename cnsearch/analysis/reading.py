"""Reading: what the characters of a text say, and where each stands in it.

Mostly that is the folded text, character for character. Some characters say nothing (zero width, soft hyphens,
variation selectors), some say several letters (``ﬁ``), some belong to the one before (``e`` with a combining accent),
and between Chinese characters a line end inside a paragraph and the single spaces of a spaced-out run (``数 字 化``)
are no boundary. Words, bigrams, exact texts and excerpts are all taken from the reading; ``Reading.span`` leads back to
the text as shown.

Between paragraphs (``\\n``) nothing is joined. A line end inside a paragraph is written ``LINE_END``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cnsearch.analysis.fold import SHORT, code_points, fold, fold_points, text_of
from cnsearch.analysis.scripts import CJK
from cnsearch.analysis.variants import CONTEXTUAL, in_context
from cnsearch.arrays import CodePoints
from cnsearch.patterns import late

LINE_END = "\u2028"
"""A line end inside a paragraph, in a text of several paragraphs (Unicode's LINE SEPARATOR)."""

MOST_MARKS = 30
"""Of one letter that are put in order, which takes quadratic time: as many as a text in Unicode's Stream-Safe Text
Format has (UAX #15, section 13)."""

Places = npt.NDArray[np.int64]
"""Where each of some characters or words of a text begins, or ends: int64, shape (n,)."""


class Reading(NamedTuple):
    """text   : folded, as it is cut and compared
    starts, ends : where each of its characters begins and ends in the text as shown, int64, shape (len(text),), the
             ends with the marks that follow; None where character i is character i
    seams  : ascending places in ``text`` that cut a word though folding hides it: before the capital that begins a part
             of ``userName``, and at a Chinese comma between digits
    shifted : whether ``text`` is another than the folded text as shown (of the same length, where ``starts`` is None)
    folded_points : the code points of ``text``, uint32, where they were at hand; ask ``points``
    """

    text: str
    starts: Places | None = None
    ends: Places | None = None
    seams: tuple[int, ...] = ()
    shifted: bool = False
    folded_points: CodePoints | None = None

    def points(self) -> CodePoints:
        """The code points of ``text``, uint32, shape (len(text),). Not to be modified."""
        return code_points(self.text) if self.folded_points is None else self.folded_points

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the stretch ``start .. end`` (not empty) of the reading stands in the text as shown."""
        if self.starts is None or self.ends is None:
            return start, end
        return int(self.starts[start]), int(self.ends[end - 1])


def read(text: str) -> Reading:
    """The reading of a text of any length, lone surrogates included. Linear time.

    >>> read("Oﬃce 数\u2028字").text
    'office 数字'
    """
    if text.isascii():
        return Reading(text.lower(), seams=_seams(text))
    if len(text) <= SHORT and not _NOT_AS_IT_STANDS.search(text) and not _is_spaced_out(text):
        return Reading(fold(text), seams=_seams(text))
    points = code_points(text)
    classes = _classes(points)
    if b"o" in classes or (_SPACED_OUT_CLASSES.search(classes) and _is_spaced_out(text)):
        return _shifted(text)
    folded_points = fold_points(points)
    folded = text_of(folded_points)
    seams = _seams(text) if _may_have_seams(classes) else ()
    if b"c" in classes:
        in_place = in_context(folded)
        if in_place != folded:
            return Reading(in_place, seams=seams, shifted=True)
    return Reading(folded, seams=seams, folded_points=folded_points)


def read_all(texts: Sequence[str]) -> list[str]:
    """The texts of the readings of many, in a fraction of the time: without places and seams, most of them folded at
    once.

    >>> read_all(["Oﬃce", "數字"])
    ['office', '数字']
    """
    if not texts:
        return []
    points = code_points("\n".join(texts) + "\n")
    classes = _classes(points)
    ends = np.cumsum([len(text) + 1 for text in texts])
    starts = np.concatenate([[0], ends[:-1]])
    places = [match.start() for match in _READ_ALONE_CLASSES.finditer(classes)]
    alone = {*np.searchsorted(ends, places, side="right").tolist()}
    folded = in_context(text_of(fold_points(points)))
    each = enumerate(zip(texts, starts.tolist(), ends.tolist(), strict=True))
    return [_read_alone(text) if at in alone else folded[start : end - 1] for at, (text, start, end) in each]


def _read_alone(text: str) -> str:
    """``read(text).text``, without the places of the characters, which take most of the time of a text that is read
    otherwise."""
    for pattern, replacement, needs in (*_shaping(), *_JOINING):
        if needs is None or needs.search(text):
            text = pattern.sub(replacement, text)
    return in_context(fold(text))


def shaped(text: str) -> tuple[str, Places | None, Places | None]:
    """The text, not folded, without what says nothing, with ligatures spelt out and marks composed or left out; and
    where each character began and ended, as in ``Reading``. White space stays."""
    if text.isascii() or (len(text) <= SHORT and not _NOT_AS_IT_STANDS.search(text)):
        return text, None, None
    if b"o" not in _classes(code_points(text)):
        return text, None, None
    shape = _shaped(text)
    return shape.text, shape.starts, shape.ends


def spelt(text: str) -> str:
    """The text shaped and folded: a name, a word of a dictionary, a query before its clauses are told apart.

    >>> spelt("Caf\u00e9 \u200b甲 乙 丙")
    'cafe 甲 乙 丙'
    """
    return in_context(fold(shaped(text)[0]))


# Classes of characters

_IGNORED = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Unicode's Default_Ignorable_Code_Point."""
_MARKS = "\u0300-\u034e\u0350-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\u3099\u309a\ufe20-\ufe2f"
_JAMO = "\u1100-\u1112\u1161-\u1175\u11a8-\u11c2"

# Letters and numbers of several characters. Signs and marks (™, …, ½, ℃) are left as they are.
_SPELT = {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ŉ": "n"}
_SPELT_RANGES = (
    (0xFB00, 0xFB06),  # ﬁ
    (0x0132, 0x0133),  # ĳ
    (0x01C4, 0x01CC),
    (0x01F1, 0x01F3),
    (0x2160, 0x217F),  # Roman numerals
    (0x2460, 0x249B),  # numbers in circles and parentheses, with points
    (0x3220, 0x3229),
    (0x3251, 0x325F),
    (0x32B1, 0x32BF),
    (0x3371, 0x33DF),  # square units: ㎡
)
_NUMBER_IN = re.compile(r"\(?(\w+)[).]?")


@cache
def _spelt() -> dict[str, str]:
    """What each of the characters that are spelt out becomes."""
    found = dict(_SPELT)
    for first, last in _SPELT_RANGES:
        for char in map(chr, range(first, last + 1)):
            spelling = unicodedata.normalize("NFKC", char)
            inside = _NUMBER_IN.fullmatch(spelling)
            if len(spelling) > 1 and inside is not None:
                found[char] = inside.group(1)
    circled = [*range(0x2776, 0x2780), *range(0x2780, 0x278A), *range(0x278A, 0x2794), *range(0x24EB, 0x24F5)]
    for code in (*circled, *range(0x24F5, 0x24FF)):
        found[chr(code)] = str(int(unicodedata.numeric(chr(code))))
    return found


_SPACES = " \t\r\u00a0\u3000"
_WIDE_MARKS = "\u3001-\u3003\u3008-\u3011\u3014-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65“”‘’—…·"


_ODD = _IGNORED + _MARKS + _JAMO + "".join(_spelt()) + LINE_END


@cache
def read_otherwise() -> npt.NDArray[np.bool_]:
    """Whether each code point may be read as another than it folds to, itself or what stands beside it; spaced-out runs
    aside, which lose their spaces; shape (0x110000,), read-only."""
    found: npt.NDArray[np.bool_] = (class_table() == ord("o")) | (class_table() == ord("c"))
    found.flags.writeable = False
    return found


@cache
def class_table() -> npt.NDArray[np.uint8]:
    """For each code point a letter for its class, or 0: of the characters that decide how a text is read, ``w`` wide
    ones, ``c`` contextual ones and the comma (wide too), ``o`` odd ones, which are not read as they stand. Shape
    (0x110000,), read-only."""
    table = np.zeros(0x110000, dtype=np.uint8)
    classes = {
        "w": CJK + _WIDE_MARKS,
        " ": " \t\u00a0\u3000",
        "c": CONTEXTUAL,
        ",": "，",
        "a": "a-z",
        "A": "A-Z",
        "0": "0-9",
        "o": _ODD,
    }
    for letter, chars in classes.items():  # of two classes the later has a character
        for match in re.finditer("(?s)(.)-(.)|(.)", chars):
            first, last = match.group(1) or match.group(3), match.group(2) or match.group(3)
            table[ord(first) : ord(last) + 1] = ord(letter)
    table.flags.writeable = False
    return table


def ignored() -> str:
    """The characters that say nothing."""
    return "".join(filter(_IGNORED_CHAR.match, map(chr, np.flatnonzero(class_table() == ord("o")).tolist())))


def spelt_out() -> Mapping[str, str]:
    """The characters that are read as several, and as which."""
    return _spelt()


def _classes(points: CodePoints) -> bytes:
    """The classes of the characters of a text, in order: looking for a few bytes in a row costs next to nothing."""
    return class_table()[points].tobytes()


_SPACED_OUT_CLASSES = re.compile(rb" (?<=[wc,] )[wc,]+ [wc,]")
"""Anything like 数 字 化, 数 字， 化: wide characters between two spaces, and such at their sides. Begins with a single
character on purpose: so it is looked for many times faster."""

_NOT_AS_IT_STANDS = re.compile(f"[{_ODD}{CONTEXTUAL}]")
"""What may be read as another than it folds to."""

_READ_ALONE_CLASSES = re.compile(b"o|" + _SPACED_OUT_CLASSES.pattern)


def _may_have_seams(classes: bytes) -> bool:
    """Whether ``_SEAM`` is in the text of these classes."""
    return b"aA" in classes or b"AAa" in classes or b"0,0" in classes


# Starts with a plain class on purpose: the search then costs a third of that behind a prefix or an alternative.
_SEAM = re.compile("[A-Z，](?:(?<=[a-z][A-Z])|(?<=[A-Z][A-Z])(?=[a-z])|(?<=[0-9]，)(?=[0-9]))")


def _seams(text: str) -> tuple[int, ...]:
    return tuple([match.start() for match in _SEAM.finditer(text)])


# The long way, for the few texts that need it


class _Shape(NamedTuple):
    text: str
    starts: Places
    ends: Places


_IGNORED_CHAR = re.compile(f"[{_IGNORED}]")
_MARK = re.compile(f"[{_MARKS}{_JAMO}]")
_IGNORED_RUN = re.compile(f"(?s)([^{_IGNORED}\n{LINE_END}]?)[{_IGNORED}]+")
_CLUSTER = re.compile(f"[^{_MARKS}{_JAMO}\\s][{_MARKS}]+|[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?")
_PLAIN_WITH_MARKS = re.compile("[A-Za-z\u0370-\u03ff]")
_SEPARATOR = rf"(?:[ \u00a0\u3000\t]|[ \t\r]?{LINE_END}[ \t\u3000]?)"
_UNIT = rf"(?:[{_WIDE_MARKS}]*[{CJK}][{_WIDE_MARKS}]*|[{_WIDE_MARKS}]+)"
_SPACED_OUT = late(rf"(?<!\S){_UNIT}(?:{_SEPARATOR}{_UNIT}){{2,}}(?!\S)")


def _is_spaced_out(text: str) -> bool:
    """Whether a text has anything like 数 字 化: three pieces at least."""
    return len(text.split(None, 2)) > 2 and _SPACED_OUT.search(text) is not None


_LINE_END = re.compile(rf"(?<![{_SPACES}{LINE_END}])[{_SPACES}]*{LINE_END}[{_SPACES}{LINE_END}]*")
_WIDE_CHAR = late(f"[{CJK}{_WIDE_MARKS}]")
_NEW_PARAGRAPH = re.compile("\u3000\u3000|[ \u00a0\t]{4}")
_CJK_CHAR = late(f"[{CJK}]")
_SPACES_BETWEEN = re.compile(rf"[{_SPACES}{LINE_END}]+")


def _shifted(text: str) -> Reading:
    shape = _by_rules(_shaped(text), _JOINING)
    folded = in_context(fold(shape.text))
    seams = _seams(shape.text)
    if len(folded) == len(text) and folded == fold(text):  # 著作 is no reason for the long way
        return Reading(folded, seams=seams)
    return Reading(folded, shape.starts, shape.ends, seams, shifted=True)


def _shaped(text: str) -> _Shape:
    places = np.arange(len(text) + 1, dtype=np.int64)
    return _by_rules(_Shape(text, places[:-1], places[1:]), _shaping())


class _Rule(NamedTuple):
    """What is replaced by what. ``needs`` finds whether a text has anything of it, in less time."""

    pattern: re.Pattern[str]
    replacement: Callable[[re.Match[str]], str]
    needs: re.Pattern[str] | None = None


@cache
def _shaping() -> tuple[_Rule, ...]:
    """What shapes a text, in this order."""
    return (
        _Rule(_IGNORED_RUN, lambda match: match.group(1), _IGNORED_CHAR),
        _Rule(_CLUSTER, _composed, _MARK),
        _Rule(re.compile(f"[{''.join(_spelt())}]"), lambda match: _spelt()[match.group()]),
    )


def _composed(match: re.Match[str]) -> str:
    """A letter with its marks as one character; a Latin or Greek one without those that are left."""
    text = match.group()
    composed = unicodedata.normalize("NFC", text[: 1 + MOST_MARKS]) + text[1 + MOST_MARKS :]
    return composed[0] if len(composed) > 1 and _PLAIN_WITH_MARKS.match(fold(composed[0])) else composed


def _closed_up(match: re.Match[str]) -> str:
    run = match.group()
    return _SPACES_BETWEEN.sub("", run) if len(_CJK_CHAR.findall(run)) > 2 else run


def _line_joint(match: re.Match[str]) -> str:
    """What a line end inside a paragraph is read as: nothing between Chinese characters, a paragraph's end where an
    empty line or an indented one follows."""
    text, between = match.string, match.group()
    if between.count(LINE_END) > 1 or _NEW_PARAGRAPH.search(between.partition(LINE_END)[2]):
        return "\n"
    before, after = text[max(0, match.start() - 1) : match.start()], text[match.end() : match.end() + 1]
    return "" if _WIDE_CHAR.match(before) and _WIDE_CHAR.match(after) else " "


_JOINING = (_Rule(_SPACED_OUT, _closed_up), _Rule(_LINE_END, _line_joint, re.compile(LINE_END)))
"""What joins the pieces of a shaped text."""


def _by_rules(shape: _Shape, rules: Iterable[_Rule]) -> _Shape:
    for pattern, replacement, needs in rules:
        if needs is None or needs.search(shape.text):
            shape = _replaced(shape, pattern, replacement)
    return shape


def _replaced(shape: _Shape, pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str]) -> _Shape:
    """The text with each match replaced. What takes its place begins and ends where it did; where that is as long as a
    match without its white space, each character keeps its place."""
    text, starts, ends = shape
    pieces: list[str] = []
    all_starts: list[Places] = []
    all_ends: list[Places] = []
    at = 0
    for match in pattern.finditer(text):
        new, (first, last) = replacement(match), match.span()
        if new == match.group():
            continue
        kept = [place for place in range(first, last) if not text[place].isspace()] if len(new) > 2 else []
        if len(kept) == len(new):
            inside_starts, inside_ends = starts[kept], ends[kept]
        else:
            inside_starts, inside_ends = np.full(len(new), starts[first]), np.full(len(new), ends[last - 1])
        pieces += [text[at:first], new]
        all_starts += [starts[at:first], inside_starts]
        all_ends += [ends[at:first], inside_ends]
        at = last
    if not at:
        return shape
    pieces.append(text[at:])
    return _Shape("".join(pieces), np.concatenate([*all_starts, starts[at:]]), np.concatenate([*all_ends, ends[at:]]))
