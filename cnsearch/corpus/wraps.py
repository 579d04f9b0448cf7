"""Which line breaks of a text end a paragraph, and which an editor made by wrapping it at a column.

Nothing in a file says so. What tells is its own usual line: wrapped lines end where the next word would not have
fitted, in the middle of sentences, and their marks stand inside; lines that the writer ended have marks at the ends
(verse), or none (lists of names), or differ in length (a paragraph a line).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from cnsearch.corpus.text import squeeze, visible

#: Marks that end a sentence, or what is quoted in one: a line that ends with one is rarely a line that was wrapped.
_SENTENCE_END = frozenset("。！？；：…”’」』）】》.!?;:)")
_CLAUSE_END = frozenset("，、,")
_MARK_INSIDE = re.compile(r"[，。、；！？](?=[^\s”’」』）])|[,;.] ")
_END_MARKS = "，。、；：！？…”’」』）】》,.;:!?)"

#: A line that begins something of its own: an item, a heading, a row.
_OWN_LINE = re.compile(
    r"[-*+•·◎●■]\s|[0-9]{1,3}[.、)]|[（(][0-9一二三四五六七八九十]{1,3}[)）]|[一二三四五六七八九十]{1,3}、|[#>|]"
    r"|第[0-9零〇一二三四五六七八九十百千两]{1,8}[章节回卷部篇集幕]"
)
#: Speech: an opening quotation mark, a dash, or who speaks.
_SPEECH = re.compile(r"[“「『—]|\w{1,8}[：:](?!//)")
_FIRST_WORD = re.compile(r"[!-~]{1,20}|\S")
_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6"
    "\U0001f300-\U0001faff\U00020000-\U0003ffff]"
)

#: Columns (a Chinese character takes two) from which on a line counts as wrapped where the file's lines do not tell.
#: Text is wrapped at 72 to 80 columns, where the last word leaves at most some ten empty.
_LONG_LINE = 60
#: A wrapped line may leave so many columns empty beyond the next word: no line begins with a mark.
_SLACK = 3
#: Fewer breaks tell nothing about a file.
_FEWEST_BREAKS = 3
#: Lines of fewer columns are verse rather than wrapped, unless there are so many of one width.
_NARROW = 24
_FEWEST_NARROW = 6
#: Of a wrapped file's line breaks at least so many stand where the next word did not fit, and of these at most so many
#: behind the end of a sentence (of verse nearly all). Paragraphs of three lines have two of three there.
_FULL_SHARE = 0.5
_MOST_ENDS = 0.5
#: Widths that are tried: the commonest.
_NUM_WIDTHS = 8
#: Lines of verse have at most so many characters, and differ by at most so many.
_LONGEST_VERSE = 24
_VERSE_DIFFERENCE = 3


def columns(text: str) -> int:
    """The width of ``text`` in columns of a terminal."""
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


def wrap_width(blocks: Sequence[Sequence[str]]) -> int:
    """The columns at which the lines of a file are wrapped; 0 if they are not, or nothing tells.

    blocks : the lines of each run of lines without an empty one between them, with their indents
    """
    breaks = [
        (columns(line.rstrip()), _first_word_columns(after), line)
        for block in blocks
        for line, after in pairwise(block)
        if not _begins_own(line, after, 2)
    ]
    if len(breaks) < _FEWEST_BREAKS:
        return 0
    commonest = Counter(width for width, _, _ in breaks).most_common(_NUM_WIDTHS)
    best = max((width for width, _ in commonest), key=lambda width: (len(_full(breaks, width)), width))
    full = _full(breaks, best)
    if len(full) < max(_FEWEST_BREAKS if best >= _NARROW else _FEWEST_NARROW, _FULL_SHARE * len(breaks)):
        return 0
    num_ends = sum(line.rstrip()[-1:] in _SENTENCE_END for line in full)
    num_inside = sum(_MARK_INSIDE.search(line) is not None for line in full)
    if num_ends > _MOST_ENDS * len(full) or 3 * num_inside < len(full):
        return 0
    return best


def _full(breaks: Sequence[tuple[int, int, str]], width: int) -> list[str]:
    return [line for columns, word, line in breaks if columns <= width < columns + word + _SLACK]


def _first_word_columns(line: str) -> int:
    word = _FIRST_WORD.search(line)
    return 0 if word is None else columns(word[0])


def _indent(line: str) -> int:
    return columns(line[: len(line) - len(line.lstrip())].expandtabs(4))


def _begins_own(line: str, after: str, least_indent: int) -> bool:
    """Whether ``after`` is an item or a heading, or indented more than ``line``, as a paragraph's first line is."""
    bare = after.lstrip()
    return _OWN_LINE.match(bare) is not None or (
        len(bare) < len(after) and _indent(after) >= _indent(line) + least_indent
    )


def kept_breaks(lines: Sequence[str], width: int, *, markdown: bool = False, long_lines: bool = True) -> list[bool]:
    """For each line break of a block whether it stays one: shape (len(lines) - 1,).

    lines      : without an empty one between them
    width      : what `wrap_width` says of their file
    markdown   : a break is white space there, unless it ends a sentence or stands between lines that are meant so
    long_lines : also join lines of 60 columns and more that end no sentence where the file's lines tell nothing
    """
    if len(lines) < 2:
        return []
    if _is_verse(lines):
        return [not markdown or not _is_hard(line) for line in lines[:-1]]
    own = [
        not (markdown and _is_hard(line))
        and (_begins_own(line, after, 4 if markdown else 2) or (not width and after.startswith("\u3000")))
        for line, after in pairwise(lines)
    ]
    kept: list[bool] = []
    start = 0
    for at, begins in enumerate((*own, True), start=1):
        if begins:
            kept += [*_kept_in(lines[start:at], width, markdown, long_lines), True]
            start = at
    return kept[:-1]


def _kept_in(lines: Sequence[str], width: int, markdown: bool, long_lines: bool) -> list[bool]:
    """`kept_breaks` of lines of which none begins something of its own."""
    if len(lines) < 2:
        return []
    runs_on = _runs_on(lines)
    ends_sentence = lines[-1].rstrip()[-1:] in _SENTENCE_END
    kept = []
    for line, after in pairwise(lines):
        last = line.rstrip()[-1:]
        ends = last in _SENTENCE_END
        if markdown and _is_hard(line):
            kept.append(False)  # CommonMark has marks for it, which the inlines see
            continue
        num_columns = columns(line.rstrip())
        full = bool(width) and num_columns <= width < num_columns + _first_word_columns(after) + _SLACK
        if _SPEECH.match(after.lstrip()) and (ends or not (full or runs_on)):
            kept.append(True)
        elif full or runs_on:
            kept.append(False)
        elif width and not ends and last not in _CLAUSE_END and 3 * width <= 4 * num_columns <= 4 * width:
            kept.append(False)  # wrapped at so many characters, some of them narrow
        elif not width and long_lines and num_columns >= _LONG_LINE and not ends:
            kept.append(False)
        else:
            goes_on = last in _CLAUSE_END or (not ends and ends_sentence) or (_is_latin(last) and _is_latin(after[:1]))
            kept.append(not (markdown and goes_on))
    return kept


def _is_hard(line: str) -> bool:
    return line.endswith(("  ", "\\"))


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _is_verse(lines: Sequence[str]) -> bool:
    """Short lines of nearly one length, with their marks at the ends, and perhaps all with one at the same place."""
    bare = [line.strip().rstrip(_END_MARKS) for line in lines]
    lengths = [*map(len, bare)]
    shortest, longest = min(lengths), max(lengths)
    if longest > _LONGEST_VERSE or longest - shortest > (_VERSE_DIFFERENCE if len(lines) >= 4 else 0):
        return False
    if any(line.isascii() for line in bare):
        return False
    caesuras = {found.start() if (found := _MARK_INSIDE.search(line)) else -1 for line in bare}
    num_marked = sum(line.rstrip()[-1:] in _END_MARKS for line in lines)
    return len(caesuras) == 1 and (4 * num_marked >= 3 * len(lines) or (not num_marked and caesuras == {-1}))


def _runs_on(lines: Sequence[str]) -> bool:
    """Whether a block is one text wrapped in a narrow column, however irregular: no mark at the ends, but inside."""
    *wrapped, last = (line.strip() for line in lines)
    if last[-1:] not in _SENTENCE_END or any(_OWN_LINE.match(line) or _SPEECH.match(line) for line in wrapped[1:]):
        return False
    widths = [*map(columns, wrapped)]
    if 2 * min(widths) < max(widths) or max(widths) >= _LONG_LINE:
        return False
    num_ends = sum(line[-1:] in _END_MARKS for line in wrapped)
    num_inside = sum(len(_MARK_INSIDE.findall(line)) for line in (*wrapped, last))
    return 4 * num_ends <= len(wrapped) and 2 * num_inside >= len(wrapped)


def unwrapped_lines(text: str, *, long_lines: bool = True) -> list[str]:
    """The paragraphs of plain text, whose line breaks may also come from wrapping at a column: see `kept_breaks`."""
    blocks: list[list[str]] = [[]]
    for line in visible(text).splitlines():
        if line and not line.isspace():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    width = wrap_width(blocks)
    paragraphs: list[str] = []
    for block in blocks:
        start = 0
        for at, is_kept in enumerate((*kept_breaks(block, width, long_lines=long_lines), True)[: len(block)], start=1):
            if is_kept:
                paragraphs.append(squeeze("\n".join(block[start:at])))
                start = at
    return paragraphs
