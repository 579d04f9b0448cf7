"""Lines of a terminal: Chinese breaks between any two characters, other scripts between words, and punctuation stays
with what it belongs to.

Widths are columns as wcwidth measures them. The rules for punctuation are those of Chinese typesetting (W3C,
Requirements for Chinese Text Layout, "Prohibition rules for line start and line end"): what may not begin a line takes
the character before it along. Time is linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cnsearch.analysis.scripts import JOINED_WORD, JOINED_WORD_START
from cnsearch.patterns import late

CLOSING = frozenset("，。、；：？！）》」』】〉〕…”’%％,.;:!?)]}·～")
"""What may not begin a line."""
OPENING = frozenset("（《「『【〈〔“‘([{")
"""What may not end one."""

_STYLE = re.compile(r"\x1b\[([0-9;]*)m")
_RESET = "\x1b[0m"
_HAN = "[\u3001-\u3003\u3008-\u3011\u4e00-\u9fff\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]"  # each of two columns
_UNIT = late(
    rf"(?P<space>\s+)|(?P<han>{_HAN})|(?P<word>{JOINED_WORD})|(?P<other>(?:(?!{_HAN}|{JOINED_WORD_START})\S)+)"
)

_COLUMNS = {
    **dict.fromkeys(map(chr, range(0x20, 0x7F)), 1),
    **dict.fromkeys("“”‘’…—–·•×÷°℃→←↑↓●○■□★☆◆◇▲△①②③④⑤⑥⑦⑧⑨⑩", 1),
    **dict.fromkeys(map(chr, (*range(0x3000, 0x302A), *range(0xFF01, 0xFF61))), 2),
}
"""Of common characters that are none of HAN, no marks, and stand alone: how wide they are. wcwidth is asked of others;
it takes 30 ms to load."""


class _Block(NamedTuple):
    """A piece ``start .. end`` of the text that stays on one line, ``columns`` wide, with ``space`` columns before."""

    start: int
    end: int
    columns: int
    space: int


def wrapped(text: str, width: int, *, first: str = "", indent: str = "", max_lines: int | None = None) -> list[str]:
    """The lines of ``text``, each at most ``width`` columns wide; no line for a text of nothing but white space.

    text      : without control characters, but for colours (``ESC [ ... m``), which take no room; a line that ends in
                colour ends with a reset, and the next begins with the colour
    width     : columns, at least 2 more than the indents take
    first     : what the first line begins with
    indent    : what the others begin with
    max_lines : of more lines the last one that is kept ends with "…"

    No line but the first begins with closing punctuation, none but the last ends with opening punctuation, and words of
    scripts with spaces, numbers, and what joins them (``S-300``, ``node.js``) are whole, as long as a line has room for
    them. White space where a line ends is left out.
    """
    plain, styles = _without_styles(text)
    spans: list[tuple[int, int]] = []
    room = [width - _columns(first), width - _columns(indent)]
    for span in _lines(_blocks(plain, min(room)), *room):
        if len(spans) == max_lines:
            start, end = spans[-1]
            least = room[min(len(spans) - 1, 1)] - 1
            short = next(_lines(_blocks(plain[start:], least), least, least))
            spans[-1] = (start, min(end, start + short[1]))  # a word that has no room in less is taken apart there
            cut = True
            break
        spans.append(span)
    else:
        cut = False
    lines = list(_styled(plain, spans, styles, first, indent))
    if cut:
        lines[-1] = lines[-1].removesuffix("…") + "…"
    return lines


def _without_styles(text: str) -> tuple[str, list[tuple[int, str]]]:
    """(text without colours, where each of them stood in it)."""
    styles: list[tuple[int, str]] = []
    pieces: list[str] = []
    at = length = 0
    for found in _STYLE.finditer(text):
        pieces.append(text[at : found.start()])
        length += len(pieces[-1])
        styles.append((length, found[0]))
        at = found.end()
    return "".join([*pieces, text[at:]]), styles


def _styled(
    plain: str, spans: Iterable[tuple[int, int]], styles: list[tuple[int, str]], first: str, indent: str
) -> Iterator[str]:
    at = 0
    active: list[str] = []
    for number, (start, end) in enumerate(spans):
        pieces = [indent if number else first]
        while at < len(styles) and styles[at][0] <= start:  # also those in the white space left out
            active = [] if styles[at][1] == _RESET else [*active, styles[at][1]]
            at += 1
        pieces += active
        while at < len(styles) and styles[at][0] < end:
            place, style = styles[at]
            pieces += [plain[start:place], style]
            start = place
            active = [] if style == _RESET else [*active, style]
            at += 1
        pieces.append(plain[start:end])
        if active:
            pieces.append(_RESET)
        yield "".join(pieces)


def _lines(blocks: Iterable[_Block], first_room: int, room: int) -> Iterator[tuple[int, int]]:
    """(start, end) of each line: as many blocks as there is room for."""
    start = end = -1
    columns, most = 0, first_room
    for block in blocks:
        if start < 0:
            start, end, columns = block.start, block.end, block.columns
        elif columns + block.space + block.columns <= most:
            end, columns = block.end, columns + block.space + block.columns
        else:
            yield start, end
            start, end, columns, most = block.start, block.end, block.columns, room
    if start >= 0:
        yield start, end


def _blocks(text: str, room: int) -> Iterator[_Block]:
    """The blocks of ``text``: those with no room on a line are taken apart, into characters with their punctuation, and
    if that is still too much, into characters."""
    for block in _held_together(_units(text)):
        if block.columns <= room:
            yield block
            continue
        for part in _held_together(_characters(text, block.start, block.end)):
            for piece in [part] if part.columns <= room else _characters(text, part.start, part.end):
                before = block.space if piece.start == block.start else piece.space
                yield _Block(piece.start, piece.end, piece.columns, before)


class _Unit(NamedTuple):
    start: int
    end: int
    columns: int
    space: int
    closes: bool  # it may not begin a line
    opens: bool  # it may not end one


def _held_together(units: Iterable[_Unit]) -> Iterator[_Block]:
    """Units joined where a line may not end between them."""
    start = end = -1
    columns = space = 0
    opens = False
    for unit in units:
        if start >= 0 and (opens or unit.closes):
            end, columns = unit.end, columns + unit.space + unit.columns
        else:
            if start >= 0:
                yield _Block(start, end, columns, space)
            start, end, columns, space, _, _ = unit
        opens = unit.opens
    if start >= 0:
        yield _Block(start, end, columns, space)


def _units(text: str) -> Iterator[_Unit]:
    """Words, and single characters of everything else."""
    space = 0
    for found in _UNIT.finditer(text):
        if found.lastgroup == "space":
            space = _columns(found[0])
            continue
        if found.lastgroup == "han":
            char = found[0]
            yield _Unit(*found.span(), 2, space, char in CLOSING, char in OPENING)
        elif found.lastgroup == "word":
            yield _Unit(*found.span(), _columns(found[0]), space, False, False)
        else:
            for unit in _characters(text, *found.span()):
                yield unit._replace(space=space) if unit.start == found.start() else unit
        space = 0


def _characters(text: str, start: int, end: int) -> Iterator[_Unit]:
    """Each character as people see one, with its marks; those without a width stay with what is before them."""
    space = 0
    for grapheme in _graphemes(text[start:end]):
        columns = _columns(grapheme)
        if grapheme.isspace():
            space += columns
        else:
            closes = grapheme[0] in CLOSING or columns == 0
            if columns == 0:  # a mark may widen what it stands on
                columns = _columns("0" + grapheme) - 1
            yield _Unit(start, start + len(grapheme), columns, space, closes, grapheme[-1] in OPENING)
            space = 0
        start += len(grapheme)


def padded(text: str, columns: int) -> str:
    """The text with as many spaces behind it as it lacks of ``columns``."""
    from wcwidth import ljust

    return ljust(text, columns)


def _graphemes(text: str) -> Iterable[str]:
    if _COLUMNS.keys() >= {*text}:
        return text
    from wcwidth import iter_graphemes

    return iter_graphemes(text)


def _columns(text: str) -> int:
    try:
        return sum(map(_COLUMNS.__getitem__, text))
    except KeyError:
        from wcwidth import wcswidth

    return max(0, wcswidth(text))
