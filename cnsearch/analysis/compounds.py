"""Tokens that are not Chinese: ``S-300``, ``C++``, ``iPhone15``, ``2021-10-27``, ``3.5%``.

Both jieba and its Rust port cut these apart in their own ways, so we cut them ourselves, the same under both: each is
indexed whole and by the parts that people type. The text is already folded (lower case, half width).

    whole         parts
    s-300         s, 300
    iphone15      iphone, 15
    5.12-rc1      5.12, rc1, rc, 1
    3.5%          3.5
    c++           c
    .net          net
    2021-10-27    2021, 10, 27

An emoji is a word of its own, whatever it touches: ``ai🔥`` is ``ai``, ``🔥``.
A number with points (``6.3907``, ``192.168.1.1``) is one part: nobody looks for its decimals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from cnsearch.analysis.scripts import EMOJI, FLAG, LETTER, WORD

# Starts with a plain class on purpose: the search then costs a third of that behind a prefix or an alternative.
_COMPOUND = re.compile(
    rf"[{WORD}](?:(?<=[{EMOJI}])(?:(?<=[{FLAG}])[{FLAG}])?|[{LETTER}]*(?:[-._'&+][{LETTER}]+)*(?:\+\+?|#|%)?)"
)
_NAME_AFTER_POINT = re.compile(rf"(?<![{LETTER}.])\.[a-z]")
_STRONG_JOINTS = re.compile(r"[-_'&+#%]+")
_POINT = re.compile(r"\.")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_RUNS = re.compile(r"[0-9]+|[^0-9.]+")

_LETTER_CHAR = re.compile(f"[{LETTER}]")

MAX_COMPOUND_CHARS = 64
"""A longer compound (an encoded picture, a hash) is cut here and not taken apart: nobody types its parts."""
CUT = MAX_COMPOUND_CHARS + 1
"""So much of a longer compound gives the same ``parts`` and ``terms``. Callers hand over no more: both remember what
they were asked for, and an article may be one compound of megabytes."""
MAX_PARTS = 12
"""A compound of more parts than this is indexed whole only, for the same reason."""


def find_compounds(folded: str) -> Iterator[tuple[str, int, int]]:
    """Every compound of folded text as (text, start, end), in order, offsets in characters."""
    points = "." in folded
    for match in _COMPOUND.finditer(folded):
        start, end = match.span()
        if points and start and folded[start - 1] == "." and _NAME_AFTER_POINT.match(folded, start - 1):
            start -= 1  # .NET: the point belongs to the name unless a word stands before it
        yield folded[start:end], start, end


def find_texts(folded: str) -> list[str]:
    """The compounds of folded text without their places, in order: several times faster."""
    if "." in folded and _NAME_AFTER_POINT.search(folded):
        return [text for text, _, _ in find_compounds(folded)]
    return _COMPOUND.findall(folded)


@lru_cache(maxsize=1 << 16)
def parts(compound: str) -> tuple[tuple[str, int, int], ...]:
    """The parts of one compound, as (text, start, end), offsets in characters of ``compound``.

    Sorted by start, then longest last; without the compound itself; empty when it cannot be taken apart.

    >>> [text for text, _, _ in parts("5.12-rc1")]
    ['5.12', 'rc', 'rc1', '1']
    """
    if len(compound) > MAX_COMPOUND_CHARS:
        return ()
    found: set[tuple[int, int]] = set()
    for start, end in _between(_STRONG_JOINTS, compound, 0, len(compound)):
        found.add((start, end))
        if _NUMBER.fullmatch(compound, start, end):
            continue
        for atom_start, atom_end in _between(_POINT, compound, start, end):
            found.add((atom_start, atom_end))
            found.update(run.span() for run in _RUNS.finditer(compound, atom_start, atom_end))
    found.discard((0, len(compound)))
    if len(found) > MAX_PARTS:
        return ()
    return tuple((compound[start:end], start, end) for start, end in sorted(found))


def _between(joint: re.Pattern[str], text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The stretches of ``text[start:end]`` between matches of ``joint``, none empty."""
    stretches = []
    at = start
    for match in joint.finditer(text, start, end):
        if match.start() > at:
            stretches.append((at, match.start()))
        at = match.end()
    if end > at:
        stretches.append((at, end))
    return stretches


@lru_cache(maxsize=1 << 16)
def terms(compound: str) -> tuple[str, ...]:
    """The indexed terms of one compound: its parts, then itself (its first ``MAX_COMPOUND_CHARS`` characters)."""
    return (*(text for text, _, _ in parts(compound)), compound[:MAX_COMPOUND_CHARS])


_PIECES = re.compile(r"([0-9]+(?:\.[0-9]+)*)|([-_.])|([&'+#%]+)|([^-_.&'+#%0-9]+)")
_JOINTS = ("", "-", " ")


@lru_cache(maxsize=1 << 10)
def spellings(compound: str) -> tuple[str, ...]:
    """How people write the compound: as it is, and with other joints of its letters and digits.

    A joint between digits, a point before a name, and what is not a hyphen, underscore or point say something and stay.

    >>> spellings("s-300")
    ('s-300', 's300', 's 300')
    >>> spellings("c++"), spellings("2021-10-27"), spellings(".net")
    (('c++',), ('2021-10-27',), ('.net',))
    """
    pieces: list[str] = []
    joint: str | None = None  # what stood since the last letter or digit, if that may be written otherwise
    flexible: list[int] = []  # before which pieces
    for match in _PIECES.finditer(compound):
        text = match.group()
        if match.group(2):
            if joint == "":
                joint = text
            else:  # at the beginning, or the second in a row
                pieces.append(text)
                joint = None
            continue
        if match.group(3):
            pieces += [joint or "", text]
            joint = None
            continue
        if joint is not None:
            if pieces[-1][-1].isdigit() and text[0].isdigit():
                pieces.append(joint)
            else:
                flexible.append(len(pieces))
                pieces.append(joint)
        pieces.append(text)
        joint = ""
    pieces.append(joint or "")
    found = {compound: None}
    for other in _JOINTS if flexible else ():
        for at in flexible:
            pieces[at] = other
        found["".join(pieces)] = None
    return tuple(found)


def goes_on(char: str) -> str:
    """What would go on with a word that begins or ends with ``char``: letters or digits, as a regular expression; empty
    for a sign and for a Chinese character. 5g stands in 5g-a, not in 15g or 5gb (``scripts.letter_kinds`` says it)."""
    if char.isascii() and char.isdigit():
        return "[0-9]"
    return f"(?:(?![0-9])[{LETTER}])" if _LETTER_CHAR.match(char) else ""


@lru_cache(maxsize=1 << 10)
def standing_alone(text: str) -> re.Pattern[str]:
    """Finds ``text`` where neither its letters nor its digits go on at its ends."""
    first, last = goes_on(text[0]), goes_on(text[-1])
    before, after = f"(?<!{first})" if first else "", f"(?!{last})" if last else ""
    return re.compile(before + re.escape(text) + after)
