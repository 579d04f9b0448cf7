"""Plain text: white space, invisible characters, and paragraphs of text that has no markup."""

from __future__ import annotations

import html
import re

#: Characters that show nothing and would sit inside words: controls (white space aside), soft hyphen, zero-width
#: spaces and joiners, direction marks, byte order marks, annotation anchors, lone surrogates, non-characters, tags.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
#: Where U+200D holds one picture together, it stays: between emoji.
_JOINED_EMOJI = re.compile(
    "(?<=[\u2190-\u2bff\ufe0f\U0001f000-\U0001ffff])\u200d(?=[\u2190-\u2bff\U0001f000-\U0001ffff])"
)

# The sets of characters between which a line break is no space. Ranges of Unicode 15.
_WIDE = (
    "\u2e80-\u2fdf\u3001-\u312f\u3190-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff9f\uffe0-\uffe6"
    "\U00020000-\U0003ffff“”‘’—…·"
)
_WIDE_MARK = "，。、；：？！（）《》〈〉「」『』【】〔〕"
_NO_SPACE = re.compile(f"[{_WIDE}][{_WIDE}]|[{_WIDE_MARK}].|.[{_WIDE_MARK}]", re.DOTALL)

_LONG_NUMBER = re.compile("&#([0-9]{8,})")


def unescape(text: str) -> str:
    """``text`` with HTML's entities decoded, as ``html.unescape`` does it, of numbers with any number of digits.

    That one raises ValueError for more digits than Python makes a number of (4,300), and before there was such a limit
    it took quadratic time. No character has more than seven.
    """
    if "&" not in text:
        return text
    return html.unescape(_LONG_NUMBER.sub(lambda found: "&#" + (found[1].lstrip("0")[:8] or "0"), text))


def visible(text: str) -> str:
    """``text`` without characters that show nothing; white space, also line breaks, stays."""
    if not has_invisible(text):
        return text
    if "\u200d" in text:
        return "\u200d".join(_INVISIBLE.sub("", part) for part in _JOINED_EMOJI.split(text))
    return _INVISIBLE.sub("", text)


def has_invisible(text: str) -> bool:
    """True if `visible` would change ``text``, or it has emoji that are joined."""
    return _INVISIBLE.search(text) is not None


def squeeze(text: str) -> str:
    """``text`` on one line: runs of white space are one space, none at the ends.

    A line break between two Chinese characters is no space: it was made by an editor, not by the writer. Spaces within
    a line stay one space. Expects text without invisible characters.

    >>> squeeze("　　打造了一套\\n  新架构，为 GPU \\n加速")
    '打造了一套新架构，为 GPU 加速'
    """
    if "\n" not in text:
        return " ".join(text.split())
    parts: list[str] = []
    for line in text.split("\n"):
        words = " ".join(line.split())
        if words:
            if parts and not _NO_SPACE.match(parts[-1][-1] + words[0]):
                parts.append(" ")
            parts.append(words)
    return "".join(parts)


def one_line(text: str) -> str:
    """``text`` as a title or a name is kept: visible characters, one line."""
    return squeeze(visible(text))
