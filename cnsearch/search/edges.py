"""Where a fragment begins and ends: at sentences or clauses where one is near, and in the middle of no match and no
Latin word."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnsearch.analysis.scripts import JOINED_WORD
from cnsearch.patterns import late
from cnsearch.search.matches import Match

_SENTENCE_ENDS = "\n。!?;；…"
_SENTENCE_END = re.compile(rf"[{_SENTENCE_ENDS}]|\.(?=\s)")
_CLAUSE_ENDS = ",，、:：;)）》」』”"
_CLAUSE_END = re.compile(f"[{_CLAUSE_ENDS}]")
_OPENING = "“‘「『《（(【["
EDGES = (_SENTENCE_ENDS, _CLAUSE_ENDS, _OPENING)
"""At which characters sentences end, at which clauses end, and which no fragment ends with."""


def around(body: str, start: int, end: int, length: int, matches: Sequence[Match]) -> tuple[int, int]:
    """About ``length`` characters around ``start .. end``, within its paragraph: from the start of a sentence or clause
    if one is near, and neither from nor to the middle of a Latin word or a match, unless it is long."""
    paragraph_start = body.rfind("\n", 0, start) + 1
    paragraph_end = body.find("\n", end)
    if paragraph_end < 0:
        paragraph_end = len(body)
    room = max(0, length - (end - start))
    earliest = max(paragraph_start, start - room)
    left = max(paragraph_start, start - room // 2)
    if left > paragraph_start:
        breaks = [paragraph_start] if earliest == paragraph_start else []
        for pattern in (_SENTENCE_END, _CLAUSE_END):
            near = breaks + [match.end() for match in pattern.finditer(body, earliest, start)]
            if near:
                left = min(near, key=lambda at: abs(at - left))
                break
    left = _whole_start(body, matches, start, left, paragraph_start)
    while left < start and body[left].isspace():
        left += 1
    right = max(end, min(left + length, paragraph_end))
    return left, whole_end(body, matches, end, right, soft_end(body, end, right, paragraph_end), paragraph_end)


_REACH = 12
"""Characters by which an edge of a fragment moves outwards to take in what would be cut."""
_WORD = late(JOINED_WORD)
_LONGEST_WORD = 32
"""A longer Latin word (an address of the web) may be cut."""


def _word_around(body: str, at: int) -> tuple[int, int]:
    """The Latin word or number that a cut at ``at`` would be in; (at, at) if it is in none."""
    first = max(0, at - _LONGEST_WORD)
    for found in _WORD.finditer(body, first, at + _LONGEST_WORD):
        if found.end() >= at:
            inside = found.start() < at < found.end()
            whole = found.end() - found.start() <= _LONGEST_WORD and (found.start() > first or not first)
            return found.span() if inside and whole else (at, at)
    return at, at


def whole_end(body: str, matches: Sequence[Match], least: int, hard: int, end: int, stop: int) -> int:
    """``end``, moved so that it cuts no match and no Latin word: on to ``hard`` + _REACH at most, or back to ``least``
    at most, for a word; where it is if neither will do."""
    most = min(stop, hard + _REACH)
    at = end
    while True:
        moved = max((match.end for match in matches if match.start < at < match.end <= most), default=at)
        word = _word_around(body, moved)
        if word[1] > most:
            return word[0] if word[0] >= least else moved
        moved = word[1]
        if moved == at:
            return at
        at = moved


def _whole_start(body: str, matches: Sequence[Match], most: int, start: int, stop: int) -> int:
    """The same for ``start``, which moves back to ``start`` - _REACH at most, or on to ``most`` at most."""
    least = max(stop, start - _REACH)
    at = start
    while True:
        moved = min((match.start for match in matches if least <= match.start < at < match.end), default=at)
        word = _word_around(body, moved)
        if word[0] < least:
            return word[1] if word[1] <= most else moved
        moved = word[0]
        if moved == at:
            return at
        at = moved


def soft_end(body: str, least: int, end: int, stop: int) -> int:
    """``end``, or where a sentence ends just after it, or where a clause ends just before it, in ``least .. stop``."""
    if stop - end <= 4:
        return stop
    after = _SENTENCE_END.search(body, end, min(stop, end + 8))
    if after:
        return after.end()
    before = [match.end() for match in _CLAUSE_END.finditer(body, max(least, end - 12), end)]
    if before:
        return before[-1]
    while end > least and body[end - 1] in _OPENING:
        end -= 1
    return end
