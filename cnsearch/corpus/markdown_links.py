"""The targets of Markdown's links: where an address ends, and how labels are compared."""

from __future__ import annotations

import re

_DESTINATION_PART = re.compile(r"[()\s\\]|\{%[^{}]{0,300}%\}|\{\{[^{}]{0,300}\}\}")
#: A title, or the size of a picture: ``![](a.png =100x200)``.
_TITLE = re.compile(
    r"\s+(?:=[0-9]{0,5}%?[xX*]?[0-9]{0,5}%?(?=[\s)])|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\([^()]*\))"
)
#: An address with blanks in it, which CommonMark takes for text: ``[图](./a b.png)``.
_LOOSE_ADDRESS = re.compile(r"\((?=[a-z]{2,10}:|[./#]|[^()\n]{1,500}\.[A-Za-z0-9]{2,5}\))[^()\n]{1,500}\)")
#: Parentheses and backslashes in an address. CommonMark's own programs have such a bound: without it time is quadratic.
_MOST_PARTS = 64


def label_key(label: str) -> str:
    """A label of a reference as it is compared: case and white space do not count (CommonMark 0.31.2, section 4.7)."""
    return " ".join(label.split()).casefold()


def destination_end(source: str, start: int) -> int:
    """Where the ``(address "title")`` that begins at ``start`` ends; -1 if it is none."""
    at = start + 1
    while source[at : at + 1].isspace():
        at += 1
    if source.startswith("<", at):
        closing = source.find(">", at, at + 2000)
        at = closing + 1 if closing >= 0 else at
    depth = 0
    for _ in range(_MOST_PARTS):
        found = _DESTINATION_PART.search(source, at)
        if found is None:
            break
        at = found.end()
        if found[0] == "(":
            depth += 1
        elif found[0] == ")":
            if not depth:
                return at
            depth -= 1
        elif found[0] == "\\":
            at += 1
        elif found[0][0] != "{":
            at -= 1
            title = _TITLE.match(source, at)
            if title is not None:
                at = title.end()
            while source[at : at + 1].isspace():
                at += 1
            if source.startswith(")", at) and not depth:
                return at + 1
            break
    loose = _LOOSE_ADDRESS.match(source, start)
    return -1 if loose is None else loose.end()
