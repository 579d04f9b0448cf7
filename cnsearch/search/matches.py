"""Where a text matches a query: words as the tokenizer cuts them, exact texts, patterns, and parts of long words.

Offsets are characters of the text as stored: what matches in its reading is led back to it. A word matches where the
tokenizer finds it, not wherever its characters stand side by side (和服 in 产品和服务). Of a word of three characters
or more that a text does not have, the parts match that it has, for by these it is found (草船借箭 finds 孔明借箭).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cnsearch import kernels
from cnsearch.analysis.compounds import hump_parts, standing_alone
from cnsearch.analysis.compounds import parts as parts_of_compound
from cnsearch.analysis.inflection import is_marked, marked_stem
from cnsearch.analysis.reading import read
from cnsearch.analysis.scripts import CJK_RUN, WORD
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.patterns import late
from cnsearch.search.characters import compiled_characters

MAX_MATCHES = 1_000
"""Of a longer list of matches the first are looked at: bounds the time for a very long article."""


MAX_PART_WORDS, MAX_PART_CHARS = 32, 12
"""Words of which parts are looked for, and their length: of a longer one, pairs of its characters are."""
_PART_WEIGHT = 0.5
"""What a part weighs, of its share of the word's characters."""


@dataclass(frozen=True, slots=True)
class Match:
    """A stretch of text that matches; ``key`` is the word or substring of the query, for counting distinct ones."""

    start: int
    end: int
    key: str


class Matcher:
    """Finds the matches of one query in texts. For the arguments see ``Highlighter``."""

    def __init__(
        self,
        tokenizer: WordTokenizer,
        terms: Mapping[str, float],
        substrings: Mapping[str, float],
        patterns: Mapping[re.Pattern[str], float],
        compounds: Mapping[str, float],
        *,
        parts: bool,
    ) -> None:
        self._tokenizer = tokenizer
        self._terms = terms
        self._substrings = substrings
        self._compounds = compounds
        self._patterns = patterns
        self._matched: dict[str, str | None] = {}
        self._weights = {**terms, **compounds, **substrings}
        self._stems = frozenset(filter(is_marked, terms))
        long_words = [word for word in terms if len(word) > 2 and CJK_RUN.fullmatch(word)] if parts else []
        self._parts = {word: _parts_of(word) for word in long_words}
        for word, pieces in self._parts.items():
            for part in pieces:
                weight = _PART_WEIGHT * terms[word] * len(part) / len(word)
                self._weights[part] = max(weight, self._weights.get(part, 0.0))

    @cached_property
    def _anywhere(self) -> list[re.Pattern[str]]:
        both = _alternation(self._substrings), _alternation(self._compounds, whole=True)
        return [found for found in both if found]

    @cached_property
    def _candidates(self) -> re.Pattern[str] | None:
        patterns = ("[-._,]?".join(map(re.escape, pieces)) for pieces in _candidates(self._terms))
        return re.compile("|".join(patterns)) if self._terms else None

    def compiled(self, edges: tuple[str, str, str]) -> kernels.Marker | None:
        """The kernel that finds the same; None where there is none. ``edges``: see ``kernels.Marked``."""
        characters, segmenter = compiled_characters(), self._tokenizer.compiled
        if characters is None or segmenter is None or self._patterns:
            return None
        keys = {key: number for number, key in enumerate(self._weights)}
        number_of_stem = {stem: keys[stem] for stem in self._stems}

        def keyed(texts: Iterable[str]) -> list[tuple[str, int]]:
            return [(text, keys[text]) for text in texts if text]

        marked = kernels.Marked(
            terms=keyed(self._terms),
            substrings=keyed(self._substrings),
            compounds=keyed(self._compounds),
            candidates=[_joints(pieces) for pieces in _candidates(self._terms)],
            parts=[(keys[word], keyed(parts)) for word, parts in self._parts.items()],
            stems=bool(self._stems),
            weights=list(self._weights.values()),
            is_part=[self.is_part(key) for key in keys],
            is_short=[len(key) == 1 for key in keys],
            edges=edges,
            asked=(_reading, parts_of_compound, hump_parts, lambda word: number_of_stem.get(marked_stem(word))),
        )
        try:
            return kernels.marker(characters, segmenter, marked)
        except UnicodeEncodeError:  # half of a surrogate pair
            return None

    def weight(self, key: str) -> float:
        """How telling a match with this key is."""
        return self._weights.get(key, 1.0)

    def is_part(self, key: str) -> bool:
        """Whether it is a part of a word of the query, and no word of it."""
        return key not in self._terms and any(key in parts for parts in self._parts.values())

    def matches(self, text: str) -> list[Match]:
        """Every match in ``text``, sorted by start. At most about ``MAX_MATCHES`` places are looked at."""
        reading = read(text)
        folded, found = reading.text, []
        for pattern in self._anywhere:
            for match, _ in zip(pattern.finditer(folded), range(MAX_MATCHES), strict=False):
                found.append(Match(*match.span(), match.group()))
        for start, end in self._clauses(folded):
            if len(found) >= 2 * MAX_MATCHES:
                break
            first, last = (bisect_left(reading.seams, at) for at in (start + 1, end))
            seams = [at - start for at in reading.seams[first:last]]
            for token in self._tokenizer.tokens(folded[start:end], seams):
                key = self._key(token.text)
                if key is not None:
                    found.append(Match(start + token.start, start + token.end, key))
        found += self._part_matches(folded, {match.key for match in found})
        if reading.shifted:
            found = [Match(*reading.span(match.start, match.end), match.key) for match in found]
        found.sort(key=lambda match: (match.start, match.end))
        return found

    def _part_matches(self, folded: str, keys: set[str]) -> list[Match]:
        """The parts of the words that are not among ``keys``, the longest that stand anywhere."""
        absent = [parts for word, parts in self._parts.items() if word not in keys][:MAX_PART_WORDS]
        pattern = _alternation({part for parts in absent for part in parts})
        if pattern is None:
            return []
        return [
            Match(*match.span(), match.group())
            for match, _ in zip(pattern.finditer(folded), range(MAX_MATCHES), strict=False)
        ]

    def _key(self, term: str) -> str | None:
        if term in self._terms:
            return term
        if self._stems and (marked := marked_stem(term)) in self._stems:
            return marked
        if not self._patterns:
            return None
        if term not in self._matched:  # an article has few distinct words, and patterns are slow
            self._matched[term] = next((key.pattern for key in self._patterns if key.fullmatch(term)), None)
        return self._matched[term]

    def _clauses(self, folded: str) -> list[tuple[int, int]]:
        """The clauses to cut into words: those in which the characters of a word of the query stand."""
        if self._patterns:
            return [match.span() for match, _ in zip(_CLAUSE.finditer(folded), range(MAX_MATCHES), strict=False)]
        clauses: list[tuple[int, int]] = []
        if self._candidates is not None:
            at = 0
            while len(clauses) < MAX_MATCHES and (match := self._candidates.search(folded, at)) is not None:
                start = _clause_start(folded, match.start(), at)
                end = _clause_end(folded, match.end())
                clauses.append((start, end))
                at = end
        return clauses


def _parts_of(word: str) -> frozenset[str]:
    """What a text may have of a word: every piece of two characters or more."""
    longest = len(word) if len(word) <= MAX_PART_CHARS else 2
    return frozenset(word[at : at + length] for length in range(2, longest + 1) for at in range(len(word) - length + 1))


def merge(matches: Iterable[Match]) -> tuple[tuple[int, int], ...]:
    """The stretches that the matches cover, ascending; those that touch or overlap become one."""
    merged: list[tuple[int, int]] = []
    for match in sorted(matches, key=lambda match: match.start):
        if merged and match.start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], match.end))
        else:
            merged.append((match.start, match.end))
    return tuple(merged)


# What jieba cuts as one block (its re_han), and what stands in mixed tokens: no word reaches across the edges, so a
# clause is cut as the whole text is.
_BLOCK = rf"{WORD}\w+#&.%\-'"
_NOT_BLOCK = late(f"[^{_BLOCK},]|,(?![0-9])|(?<![0-9]),")  # 1,000 is one
MAX_CLAUSE_CHARS = 400
_CLAUSE = late(f"[{_BLOCK}]{{1,{MAX_CLAUSE_CHARS}}}")


def _clause_start(folded: str, at: int, floor: int) -> int:
    """The start of the clause around ``at``, not before ``floor``."""
    floor = max(floor, at - MAX_CLAUSE_CHARS)
    while at > floor and not _NOT_BLOCK.match(folded, at - 1):
        at -= 1
    return at


def _clause_end(folded: str, at: int) -> int:
    match = _NOT_BLOCK.search(folded, at, at + MAX_CLAUSE_CHARS)
    return match.start() if match else min(len(folded), at + MAX_CLAUSE_CHARS)


_IN_WORD = re.compile("(?<=[a-z])(?=[a-z0-9])|(?<=[0-9])(?=[a-z])|(?<=[0-9])(?=(?:[0-9]{3})+(?![0-9]))")
_LONGEST_RESPELT = 24


def _candidates(terms: Iterable[str]) -> list[tuple[str, ...]]:
    """Where a term may stand, in pieces between which may be a joint, the longest first: a word of letters or digits
    also with joints inside it (wi-fi, 1,000), and of a stem what its forms have in common."""
    found: set[tuple[int, tuple[str, ...]]] = set()
    for term in filter(None, terms):
        if is_marked(term):
            pieces = [term[1:].removesuffix("i").removesuffix("e")]
        elif term.isascii() and len(term) <= _LONGEST_RESPELT:
            pieces = _IN_WORD.split(term)
        else:
            pieces = [term]
        found.add((-sum(map(len, pieces)), tuple(pieces)))
    return [pieces for _, pieces in sorted(found)]


def _reading(text: str) -> tuple[str, Sequence[tuple[int, int]], Sequence[int]]:
    """What a text is read as, where each character of that stands, and what cuts words in it."""
    found = read(text)
    if found.starts is None or found.ends is None:
        return found.text, (), found.seams
    return found.text, list(zip(found.starts.tolist(), found.ends.tolist(), strict=True)), found.seams


def _joints(pieces: Sequence[str]) -> tuple[str, list[bool]]:
    """The text of a candidate, and before which of its characters a joint may stand."""
    return "".join(pieces), [at == 0 and number > 0 for number, piece in enumerate(pieces) for at in range(len(piece))]


def _alternation(words: Iterable[str], *, whole: bool = False) -> re.Pattern[str] | None:
    """A pattern that finds any of ``words``, the longest first where several begin; None for no words. ``whole``: where
    neither letters nor digits go on at the ends."""
    longest_first = sorted(filter(None, words), key=lambda word: (-len(word), word))
    if not longest_first:
        return None
    return re.compile("|".join(standing_alone(word).pattern if whole else re.escape(word) for word in longest_first))
