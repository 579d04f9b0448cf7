"""Snippets: the stretches of an article that show most of what the query asked, with the matches marked.

Offsets are characters of the text as stored: what matches in its reading is led back to it.
A word is marked where the tokenizer finds it, not wherever its characters stand side by side (和服 in 产品和服务). Of a
word of three characters or more that a text does not have, the parts are marked that it has, for by these it is found
(草船借箭 finds 孔明借箭).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from types import MappingProxyType

from cnsearch.analysis.compounds import standing_alone
from cnsearch.analysis.inflection import is_marked, marked_stem
from cnsearch.analysis.reading import LINE_END, read
from cnsearch.analysis.scripts import CJK_RUN, JOINED_WORD, WORD
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.model import Fragment, Snippet

FRAGMENT_CHARS = 80
"""Length of a fragment that people read at a glance: two lines of a terminal."""
NUM_FRAGMENTS = 3
_WINDOW = 0.75
"""Matches within so much of a fragment's length share it: the rest is for what stands around them."""
_LONGEST_WINDOW = 1_000
"""But no more than so much: every match in it is weighed for every place where it can begin."""
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


class Highlighter:
    """Finds the matches of one query in texts, and picks fragments.

    terms      : the query's words (as indexed) and how telling each is (its idf)
    substrings : exact substrings, folded, likewise
    patterns   : patterns that indexed words match, likewise
    compounds  : ``s-300``, likewise: where neither letters nor digits go on at its ends
    parts      : whether texts are found by parts of a word, too
    num_fragments, fragment_chars : how many fragments a snippet has at most, and about how long each is
    """

    def __init__(
        self,
        tokenizer: WordTokenizer,
        terms: Mapping[str, float],
        substrings: Mapping[str, float],
        patterns: Mapping[re.Pattern[str], float],
        compounds: Mapping[str, float] = MappingProxyType({}),
        *,
        parts: bool = True,
        num_fragments: int = NUM_FRAGMENTS,
        fragment_chars: int = FRAGMENT_CHARS,
    ) -> None:
        self._num_fragments = num_fragments
        self._fragment_chars = fragment_chars
        self._window_chars = int(min(fragment_chars, _LONGEST_WINDOW) * _WINDOW)
        self._tokenizer = tokenizer
        self._terms = terms
        self._patterns = patterns
        self._matched: dict[str, str | None] = {}
        self._weights = {**terms, **compounds, **substrings}
        self._anywhere = [found for found in (_alternation(substrings), _alternation(compounds, whole=True)) if found]
        self._stems = frozenset(filter(is_marked, terms))
        self._candidates = _candidates(terms)
        long_words = [word for word in terms if len(word) > 2 and CJK_RUN.fullmatch(word)] if parts else []
        self._parts = {word: _parts_of(word) for word in long_words}
        for word, pieces in self._parts.items():
            for part in pieces:
                weight = _PART_WEIGHT * terms[word] * len(part) / len(word)
                self._weights[part] = max(weight, self._weights.get(part, 0.0))

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

    def title(self, title: str) -> Fragment:
        """The whole title with its matches."""
        return Fragment("title", title, merge(self.matches(title)))

    def lines(self, body: str) -> list[Fragment]:
        """Each line of the body as it is, with its matches; one that goes on in the next line is marked in both."""
        found, start = [], 0
        spans = merge(self.matches(body))
        for line in body.split("\n") if body else ():
            end = start + len(line)
            first, after = bisect_right(spans, start, key=_end_of), bisect_left(spans, end, key=_start_of)
            inside = tuple((max(at, start) - start, min(to, end) - start) for at, to in spans[first:after])
            found.append(Fragment("body", line, inside, start))
            start = end + 1
        return found

    def snippet(self, body: str, headings: Sequence[int] = ()) -> Snippet:
        """The fragments of the body around the best matches; its beginning if nothing matches.

        headings : which lines of the body are headings, ascending; each fragment names the last of them at or before it
        """
        found = self._snippet(body, headings)
        if not headings or not found.fragments:
            return found
        starts, lines = [0], body.split("\n")
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        places = [starts[line] for line in headings]
        named = []
        for fragment in found.fragments:
            at = bisect_right(places, fragment.start) - 1
            named.append(replace(fragment, heading=lines[headings[at]]) if at >= 0 else fragment)
        return replace(found, fragments=tuple(named))

    def _snippet(self, body: str, headings: Sequence[int]) -> Snippet:
        if not self._num_fragments:
            return Snippet((), len(body))
        matches = self.matches(body)
        windows = self._best_windows(body, matches[:MAX_MATCHES])
        if len(windows) < self._num_fragments and windows:
            windows = self._with_missing(body, matches[:MAX_MATCHES], windows)
        if not windows:
            start, lead = _first_line(body, headings)
            end = min(self._fragment_chars, len(lead))
            lead = lead[: _whole_end(lead, (), min(1, end), end, _soft_end(lead, 0, end, len(lead)), len(lead))]
            lead = lead.replace(LINE_END, " ")
            return Snippet((Fragment("body", lead, start=start),) if lead else (), len(body))
        fragments: list[Fragment] = []
        for window in windows:
            start, end = self._place(body, matches, window)
            if fragments:
                start = max(start, fragments[-1].start + len(fragments[-1].text))
            inside = [
                Match(match.start - start, match.end - start, match.key)
                for match in matches
                if start <= match.start and match.end <= end
            ]
            if start < end:
                fragments.append(
                    Fragment("body", body[start:end].replace("\n", " ").replace(LINE_END, " "), merge(inside), start)
                )
        return Snippet(tuple(fragments), len(body))

    def _place(self, body: str, matches: Sequence[Match], window: tuple[int, int]) -> tuple[int, int]:
        """Where the fragment around the matches of a window stands."""
        first, last = window
        end = max(match.end for match in matches[first : last + 1])
        return _around(body, matches[first].start, end, self._fragment_chars, matches)

    def _with_missing(
        self, body: str, matches: Sequence[Match], windows: list[tuple[int, int]]
    ) -> list[tuple[int, int]]:
        """The windows, and one more, while there is room, for each word that the text has and they do not show: it may
        stand too near to one of them to be another stretch, in the next short paragraph."""
        most = max(self._worth(matches[first : last + 1], set()) for first, last in windows)
        wanted = {
            key
            for key in {match.key for match in matches}
            if not self._is_part(key) and (len(key) > 1 or self._weights.get(key, 1.0) > 0.1 * most)
        }
        while len(windows) < self._num_fragments:
            places = [self._place(body, matches, window) for window in windows]
            outside = []
            for at, match in enumerate(matches):
                if any(start <= match.start and match.end <= end for start, end in places):
                    wanted.discard(match.key)
                elif all(match.end <= start or end <= match.start for start, end in places):
                    outside.append(at)
            missing = next((at for at in outside if matches[at].key in wanted), None)
            if missing is None:
                break
            wanted.discard(matches[missing].key)
            windows = sorted([*windows, (missing, missing)])
        return windows

    def _is_part(self, key: str) -> bool:
        return key not in self._terms and any(key in parts for parts in self._parts.values())

    def _best_windows(self, body: str, matches: Sequence[Match]) -> list[tuple[int, int]]:
        """(first, last) positions in ``matches`` of the best stretches, sorted, that do not overlap.

        A stretch is worth the weights of the distinct words in it, and a little for each repetition; words that an
        earlier stretch shows already count a quarter, so the next one shows what is still missing.
        """
        spans: list[tuple[int, int]] = []
        last = 0
        for first, match in enumerate(matches):
            last = max(last, first)
            limit = match.start + self._window_chars
            paragraph_end = body.find("\n", match.end, limit)  # a paragraph may have megabytes
            if paragraph_end >= 0:
                limit = min(limit, paragraph_end)
            while last + 1 < len(matches) and matches[last + 1].end <= limit:
                last += 1
            spans.append((first, last))
        chosen: list[tuple[int, int]] = []
        shown: set[str] = set()
        best_worth = 0.0
        while spans and len(chosen) < self._num_fragments:
            worths = [self._worth(matches[first : last + 1], shown) for first, last in spans]
            worth = max(worths)
            if worth <= 0.1 * best_worth:
                break
            best_worth = max(best_worth, worth)
            first, last = spans[worths.index(worth)]
            chosen.append((first, last))
            shown.update(match.key for match in matches[first : last + 1])
            begin, end = matches[first].start, matches[last].end
            spans = [
                span
                for span in spans
                if matches[span[0]].start >= end + self._fragment_chars // 4 or matches[span[1]].end <= begin
            ]
        return sorted(chosen)

    def _worth(self, matches: Sequence[Match], shown: set[str]) -> float:
        worth = 0.0
        seen: set[str] = set()
        for match in matches:
            weight = self._weights.get(match.key, 1.0)
            if match.key in seen:
                worth += 0.05 * weight
            else:
                worth += 0.25 * weight if match.key in shown else weight
                seen.add(match.key)
        return worth


_start_of, _end_of = itemgetter(0), itemgetter(1)


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
_NOT_BLOCK = re.compile(f"[^{_BLOCK},]|,(?![0-9])|(?<![0-9]),")  # 1,000 is one
_SENTENCE_END = re.compile(r"[\n。!?!?;；…]|\.(?=\s)")
_CLAUSE_END = re.compile(r"[,，、:：;)）》」』”]")
_OPENING = "“‘「『《（(【["
_MAX_CLAUSE_CHARS = 400
_CLAUSE = re.compile(f"[{_BLOCK}]{{1,{_MAX_CLAUSE_CHARS}}}")


def _clause_start(folded: str, at: int, floor: int) -> int:
    """The start of the clause around ``at``, not before ``floor``."""
    floor = max(floor, at - _MAX_CLAUSE_CHARS)
    while at > floor and not _NOT_BLOCK.match(folded, at - 1):
        at -= 1
    return at


def _clause_end(folded: str, at: int) -> int:
    match = _NOT_BLOCK.search(folded, at, at + _MAX_CLAUSE_CHARS)
    return match.start() if match else min(len(folded), at + _MAX_CLAUSE_CHARS)


def _around(body: str, start: int, end: int, length: int, matches: Sequence[Match]) -> tuple[int, int]:
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
    return left, _whole_end(body, matches, end, right, _soft_end(body, end, right, paragraph_end), paragraph_end)


_REACH = 12
"""Characters by which an edge of a fragment moves outwards to take in what would be cut."""
_WORD = re.compile(JOINED_WORD)
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


def _whole_end(body: str, matches: Sequence[Match], least: int, hard: int, end: int, stop: int) -> int:
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


def _soft_end(body: str, least: int, end: int, stop: int) -> int:
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


_IN_WORD = re.compile("(?<=[a-z])(?=[a-z0-9])|(?<=[0-9])(?=[a-z])|(?<=[0-9])(?=(?:[0-9]{3})+(?![0-9]))")
_LONGEST_RESPELT = 24


def _candidates(terms: Iterable[str]) -> re.Pattern[str] | None:
    """Where a term may stand: a word of letters or digits also with joints inside it (wi-fi, 1,000), and of a stem what
    its forms have in common."""
    patterns = set()
    for term in sorted(filter(None, terms), key=lambda term: (-len(term), term)):
        if is_marked(term):
            common = term[1:].removesuffix("i").removesuffix("e")
            patterns.add((-len(common), re.escape(common)))
        elif term.isascii() and len(term) <= _LONGEST_RESPELT:
            patterns.add((-len(term), "[-._,]?".join(map(re.escape, _IN_WORD.split(term)))))
        else:
            patterns.add((-len(term), re.escape(term)))
    return re.compile("|".join(pattern for _, pattern in sorted(patterns))) if patterns else None


def _alternation(words: Iterable[str], *, whole: bool = False) -> re.Pattern[str] | None:
    """A pattern that finds any of ``words``, the longest first where several begin; None for no words. ``whole``: where
    neither letters nor digits go on at the ends."""
    longest_first = sorted(filter(None, words), key=lambda word: (-len(word), word))
    if not longest_first:
        return None
    return re.compile("|".join(standing_alone(word).pattern if whole else re.escape(word) for word in longest_first))


def _first_line(body: str, headings: Sequence[int]) -> tuple[int, str]:
    """Where the first line of the body that is no heading starts, and that line; the first one if all are headings."""
    start = 0
    for number, line in enumerate(body.split("\n", len(headings) + 1)[: len(headings) + 1]):
        if number >= len(headings) or headings[number] != number:
            return start, line
        start += len(line) + 1
    return 0, body.partition("\n")[0]
