"""Emphasis in a Markdown paragraph: which runs of ``*``, ``_``, ``~~``, ``==`` and ``^^`` are marks.

CommonMark 0.31.2, section 6.2, but for what Chinese writers would lose by it: see `markdown_inline`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_CJK_QUOTES = frozenset("“”‘’…—·")
#: Beside a single ``*`` or ``_`` these make a face (``^_^``, ``>_<``), beside ``==`` an arrow.
_FACES = frozenset("^￣≧≦")
_ARROWS = frozenset("<>")
_FACE = re.compile(r"[^\w\"'/-]>_<")


@dataclass(slots=True)
class Delimiter:
    """A run of signs that may open or close emphasis.

    piece  : its index in the pieces of output
    count  : signs that are not used yet
    length : signs that stood there
    joins  : four signs between Chinese characters: the end of a strong and the begin of the next (``**一****二**``)
    """

    sign: str
    piece: int
    count: int
    length: int
    opens: bool
    closes: bool
    joins: bool = False


def delimiter_at(source: str, start: int, end: int, piece: int) -> Delimiter | None:
    """The delimiter that ``source[start:end]``, a run of one sign, is; None if it is text."""
    sign, length = source[start], end - start
    if sign in "~=^" and length != 2:
        return None
    before, after = source[start - 1 : start] if start else "", source[end : end + 1]
    left, right = _flanks(before, after)
    if length == 1 and (_is_sign(sign, before, after) or _FACE.match(source, start - 2)):
        return None
    if sign == "_":
        words_before, words_after = _in_a_word(before, length), _in_a_word(after, length)
        left, right = left and not (right and words_before), right and not (left and words_after)
    elif sign == "=":
        if before in _ARROWS or after in _ARROWS:
            return None
        left, right = left and not _is_ascii_word(before), right and not _is_ascii_word(after)
    if not left and not right:
        return None
    joins = length == 4 and (_is_cjk(before) or _is_cjk(after))
    return Delimiter(sign, piece, length, length, left, right, joins)


def _is_sign(sign: str, before: str, after: str) -> bool:
    """Whether a single ``*`` or ``_`` is no mark: a product, a part of a path's pattern, the mouth of a face."""
    if (before and before in _FACES) or (after and after in _FACES):
        return True
    return sign == "*" and (before == "/" or after == "/" or (_is_ascii_word(before) and _is_ascii_word(after)))


def take_pairs(delimiters: Sequence[Delimiter], pieces: list[str]) -> None:
    """Take the pairs among the ``delimiters`` out of the ``pieces``.

    The "process emphasis" of CommonMark 0.31.2, appendix; its ``openers_bottom`` is ``lowest``.
    """
    opened: list[Delimiter] = []
    lowest: dict[tuple[str, bool, int], int] = {}  # by what `_fit` asks of a closer
    for delimiter in delimiters:
        while delimiter.closes and delimiter.count:
            key = (delimiter.sign, delimiter.opens, -1 if delimiter.joins else delimiter.length % 3)
            at = len(opened) - 1
            stop = lowest.get(key, 0)
            while at >= stop and not _fit(opened[at], delimiter):
                at -= 1
            if at < stop:
                lowest[key] = len(opened)
                break
            opener = opened[at]
            used = 2 if opener.count >= 2 and delimiter.count >= 2 else 1
            opener.count -= used
            delimiter.count -= used
            pieces[opener.piece] = opener.sign * opener.count
            pieces[delimiter.piece] = delimiter.sign * delimiter.count
            del opened[at + bool(opener.count) :]
            for seen, height in lowest.items():
                lowest[seen] = min(height, len(opened))
        if delimiter.opens and delimiter.count:
            opened.append(delimiter)


def _fit(opener: Delimiter, closer: Delimiter) -> bool:
    if opener.sign != closer.sign:
        return False
    # The rule of three: **foo*bar** is no em in a strong.
    both = (opener.closes or closer.opens) and not (opener.joins or closer.joins)
    return not (both and (opener.length + closer.length) % 3 == 0 and (opener.length % 3 or closer.length % 3))


def _flanks(before: str, after: str) -> tuple[bool, bool]:
    """Whether a run of signs between these two characters may open, and may close (empty: the text's ends)."""
    before_is_space, after_is_space = not before or before.isspace(), not after or after.isspace()
    before_is_cjk, after_is_cjk = _is_cjk(before), _is_cjk(after)
    before_is_mark = not before_is_cjk and _is_mark(before)
    after_is_mark = not after_is_cjk and _is_mark(after)
    left = not after_is_space and (not after_is_mark or before_is_space or before_is_mark or before_is_cjk)
    right = not before_is_space and (not before_is_mark or after_is_space or after_is_mark or after_is_cjk)
    return left, right


def _is_cjk(character: str) -> bool:
    return character >= "\u2e80" or character in _CJK_QUOTES if character else False


def _is_mark(character: str) -> bool:
    return bool(character) and unicodedata.category(character)[0] in "PS"


def _is_ascii_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _in_a_word(character: str, length: int) -> bool:
    """Whether an underscore beside this character is part of a name: in 第一章_终稿 it is, in 海__浪__ two are not."""
    if not character or character.isspace() or _is_mark(character):
        return False
    return length == 1 or not _is_cjk(character)
