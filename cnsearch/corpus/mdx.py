"""MDX: Markdown with components. What is program in it is taken away; what stands between components is text."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
#: ESM at the beginning of a line, after an empty one or another; it ends with an empty line.
_MODULE = re.compile(
    r"(?:import\s+(?:[\w*{\"'$]|\{)|export\s+(?:default|const|let|var|function|async|class|type|\{|\*))"
)
#: A component's tag: its name begins with a capital letter, or has a dot, or is missing (a fragment).
_TAG_BEGINS = re.compile(r"</?(?:[A-Z][\w.]*|[a-z]\w*\.[\w.]*)(?=[\s/>])|</?>")
_TICKS = re.compile("`+")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_COMMENT_BEGINS, _COMMENT_ENDS = "{/*", "*/}"
_MOST_TAG_CHARS = 10_000
_MOST_UNCLOSED = 100
"""Of what looks like a tag and does not end; then no more are looked for, so that the time stays linear."""


def without_components(body: str) -> str:
    """The Markdown of the body of an MDX file.

    Modules (``import``, ``export``), comments (``{/* */}``) and the tags of components are gone; code stays.
    """
    pieces: list[str] = []
    prose: list[str] = []
    fence = ""
    module = False
    blank = True
    for line in body.replace("\r\n", "\n").split("\n"):
        found = _FENCE.match(line)
        if fence:
            prose.append(line)
            if found and found[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
                pieces.append("\n".join(prose))
                prose = []
            continue
        if module and line.strip():
            continue
        if blank and _MODULE.match(line):
            module = True
            continue
        if found:
            pieces.append(_without_tags("\n".join(prose)))
            prose, fence = [line], found[1]
            module = False
            continue
        module = False
        blank = not line.strip()
        prose.append(line)
    pieces.append("\n".join(prose) if fence else _without_tags("\n".join(prose)))
    return "\n".join(pieces)


def _without_tags(text: str) -> str:
    pieces: list[str] = []
    at = 0
    for start, end in _code_spans(text):
        if start >= at:
            pieces += [_plain(text[at:start]), text[start:end]]
            at = end
    pieces.append(_plain(text[at:]))
    return "".join(pieces)


def _code_spans(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of code spans: a run of backticks and the next of the same length in the same paragraph."""
    if "`" not in text:
        return
    start = 0
    for end in [*(found.start() for found in _BLANK_LINE.finditer(text)), len(text)]:
        runs = [(found.start(), found.end()) for found in _TICKS.finditer(text, start, end)]
        later: dict[int, list[int]] = {}  # numbers of the runs of each length, the last first
        for number in range(len(runs) - 1, -1, -1):
            later.setdefault(runs[number][1] - runs[number][0], []).append(number)
        number = 0
        while number < len(runs):
            same = later[runs[number][1] - runs[number][0]]
            while same and same[-1] <= number:
                same.pop()
            if same:
                yield runs[number][0], runs[same[-1]][1]
                number = same[-1] + 1
            else:
                number += 1
        start = end


def _plain(text: str) -> str:
    """``text`` without comments and tags of components. An attribute may hold ``>`` in quotes or braces."""
    text = _without_comments(text)
    pieces: list[str] = []
    at = unclosed = 0
    for tag in _TAG_BEGINS.finditer(text):
        if tag.start() < at:
            continue
        end = tag.end() if tag[0].endswith(">") else _tag_end(text, tag.end())
        if end:
            pieces.append(text[at : tag.start()])
            at = end
        else:
            unclosed += 1
            if unclosed > _MOST_UNCLOSED:
                break
    pieces.append(text[at:])
    return "".join(pieces)


def _without_comments(text: str) -> str:
    pieces: list[str] = []
    at = 0
    while (start := text.find(_COMMENT_BEGINS, at)) >= 0 and (end := text.find(_COMMENT_ENDS, start)) >= 0:
        pieces.append(text[at:start])
        at = end + len(_COMMENT_ENDS)
    pieces.append(text[at:])
    return "".join(pieces)


def _tag_end(text: str, at: int) -> int:
    """Where a tag ends, behind its ``>``; 0 if it does not."""
    depth, quote = 0, ""
    for place in range(at, min(len(text), at + _MOST_TAG_CHARS)):
        char = text[place]
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'" or (char == "`" and depth):
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
        elif depth <= 0 and char == ">":
            return place + 1
        elif depth <= 0 and char == "<":
            return 0
    return 0
