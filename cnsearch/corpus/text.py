"""Plain text: white space, invisible characters, and paragraphs of text that has no markup."""

from __future__ import annotations

import html
import re
import unicodedata

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

#: Marks that end a sentence: a line that ends with one is not a line that was wrapped.
_SENTENCE_END = frozenset("。！？；：…”’」』）】》.!?;:)")

#: Columns (a Chinese character takes two) from which on a line without a sentence end counts as wrapped. Text is
#: wrapped at 72 to 80 columns, where the last word leaves at most some ten empty.
_WRAP_COLUMNS = 60

_LIST_MARK = re.compile(
    r"[-*+•·◎●■]\s|[0-9]{1,3}[.、)]|[（(][0-9一二三四五六七八九十]{1,3}[)）]|[一二三四五六七八九十]{1,3}、|#|>"
)
_FENCE = re.compile(r"(?:```|~~~)")
_IMAGE = re.compile(r"!\[[^\[\]\n]{0,500}\]\([^()\n]{0,2000}\)")
_LINK = re.compile(r"\[([^\[\]\n]{1,500})\]\([^()\n]{0,2000}\)")
_BLOCK_MARK = re.compile(r"(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+)")
_RULE_LINE = re.compile(r"[-*_=][-*_= ]{2,}")


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


def lines(text: str) -> list[str]:
    """Each line of ``text`` that shows something, squeezed: the paragraphs of text that was split by its writer."""
    return [line for line in map(squeeze, visible(text).splitlines()) if line]


def unwrapped_lines(text: str) -> list[str]:
    """The paragraphs of ``text`` where a line break may also come from wrapping at a column.

    A break ends a paragraph, except where the line before is long, ends no sentence, and the next one begins no list:
    then the two are joined.
    """
    paragraphs: list[str] = []
    wrapped: list[str] = []
    for line in visible(text).split("\n"):
        words = " ".join(line.split())
        if wrapped and (not words or _LIST_MARK.match(words)):
            paragraphs.append(squeeze("\n".join(wrapped)))
            wrapped = []
        if words:
            wrapped.append(words)
            if words[-1] in _SENTENCE_END or _columns(words) < _WRAP_COLUMNS:
                paragraphs.append(squeeze("\n".join(wrapped)))
                wrapped = []
    if wrapped:
        paragraphs.append(squeeze("\n".join(wrapped)))
    return paragraphs


def markdown_lines(text: str) -> list[str]:
    """The paragraphs of Markdown without HTML: like `unwrapped_lines`, with the marks of headings, quotes, lists, bold
    type, links (the address goes, the words stay) and pictures taken away. Fenced code stays as it is, line by line.
    """
    paragraphs: list[str] = []
    prose: list[str] = []
    fenced = False
    for line in visible(text).split("\n"):
        stripped = line.strip()
        fence = _FENCE.match(stripped) is not None
        if fence or fenced:
            paragraphs += _markdown_prose(prose)
            prose = []
            if fence:
                fenced = not fenced
            elif stripped:
                paragraphs.append(" ".join(stripped.split()))
        else:
            prose.append("" if _RULE_LINE.fullmatch(stripped) else stripped)
    return paragraphs + _markdown_prose(prose)


def _markdown_prose(prose: list[str]) -> list[str]:
    text = _LINK.sub(r"\1", _IMAGE.sub("", "\n".join(prose))).replace("**", "")
    bare = (_BLOCK_MARK.sub("", paragraph, count=1) for paragraph in unwrapped_lines(text))
    return [paragraph for paragraph in bare if paragraph]


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    return len(text) + sum(unicodedata.east_asian_width(character) in "WF" for character in text[:_WRAP_COLUMNS])
