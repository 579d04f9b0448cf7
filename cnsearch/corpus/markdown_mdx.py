"""What MDX adds to Markdown: modules, expressions, comments, and the tags of components. None of them is text.

What stands between the tags of a component is Markdown as before.
"""

from __future__ import annotations

import re

from markdown_it.rules_block import StateBlock

#: ESM at the margin; it ends with an empty line.
_MODULE = re.compile(
    r"(?:import\s(?:[^'\"]*\sfrom\s*)?['\"][^'\"]*['\"]|import\s*\{"
    r"|export\s+(?:const|let|var|default|function|async|class|type|\{|\*))"
)
#: A component's name begins with a capital letter, or has a dot, or is missing (a fragment).
_COMPONENT = re.compile(r"</?(?:[A-Z][\w.]*|[a-z]\w*\.[\w.]*)(?=[\s/>])|</?>")
_TAG = re.compile(r"</?(?:[A-Za-z][\w.:-]*)?(?=[\s/>])")
_COMMENT_BEGINS, _COMMENT_ENDS = "{/*", "*/}"
_LONGEST_TAG = 10_000  # characters
_MOST_UNCLOSED = 100
"""Of what looks like a tag and does not end, in one file; no more are looked for, so that the time stays linear."""

#: `.md` files of Docusaurus are MDX too: they import what they use as a tag.
_IMPORTS = re.compile(r"^import\s+(?:\{\s*)?([A-Z]\w*)[^'\"\n]*\sfrom\s+['\"][^'\"\n]+['\"];?[ \t]*$", re.MULTILINE)
_USES = re.compile(r"^[ \t]*<([A-Z]\w*)(?=[\s/>])", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)


def imports_components(text: str) -> bool:
    """Whether Markdown is MDX whatever its file's name says: it imports, before any code, what it uses as a tag."""
    if "import " not in text:
        return False
    head = text[: found.start() if (found := _FENCE.search(text)) else len(text)]
    names = set(_IMPORTS.findall(head))
    return bool(names) and not names.isdisjoint(_USES.findall(text))


def mdx_marks(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A rule for blocks: modules, comments, and lines of nothing but tags of which the first is a component's."""
    source = state.src
    at = state.bMarks[start] + state.tShift[start]
    first = source[at : at + 1]
    line = start
    if first in ("i", "e"):
        if state.level or not _MODULE.match(source, at):
            return False
        while line < end and not state.isEmpty(line):
            line += 1
    elif first == "{":
        close = source.find(_COMMENT_ENDS, at) if source.startswith(_COMMENT_BEGINS, at) else -1
        if close < 0:
            return False
        line = _line_of(state, close + len(_COMMENT_ENDS), start, end)
    elif first == "<" and _COMPONENT.match(source, at):
        while source.startswith("<", at) and (tag := _TAG.match(source, at)) is not None:
            at = _counted_end(state, tag)
            if not at:
                return False
            while source[at : at + 1] in (" ", "\t"):
                at += 1
        if at < len(source) and source[at] != "\n":
            return False
        line = _line_of(state, at, start, end)
    if line == start:
        return False
    if not silent:
        state.line = line
    return True


def _line_of(state: StateBlock, at: int, start: int, end: int) -> int:
    """The line after the one that holds the end of what ends at ``at``."""
    line = start
    while line < end and state.eMarks[line] < at:
        line += 1
    return min(line + 1, end)


def _counted_end(state: StateBlock, tag: re.Match[str]) -> int:
    if state.env.get("unclosed", 0) >= _MOST_UNCLOSED:
        return 0
    end = tag_end(state.src, tag.end())
    if not end:
        state.env["unclosed"] = state.env.get("unclosed", 0) + 1
    return end


def component_end(source: str, at: int) -> int:
    """Where the tag of a component that begins at ``at`` ends; 0 if there is none, -1 if it never ends."""
    tag = _COMPONENT.match(source, at)
    if tag is None:
        return 0
    return tag.end() if tag[0].endswith(">") else tag_end(source, tag.end()) or -1


def tag_end(text: str, at: int) -> int:
    """Where a tag ends, behind its ``>``, which may also stand in its quotes and braces; 0 if it does not."""
    depth, quote = 0, ""
    for place in range(at, min(len(text), at + _LONGEST_TAG)):
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
