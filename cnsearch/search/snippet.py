"""Snippets: the stretches of an article that show most of what the query asked, with the matches marked."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from operator import itemgetter
from types import MappingProxyType

from cnsearch import kernels
from cnsearch.analysis.reading import LINE_END
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.model import Fragment, Snippet
from cnsearch.search.edges import EDGES, around, soft_end, whole_end
from cnsearch.search.matches import MAX_MATCHES, Match, Matcher, merge

FRAGMENT_CHARS = 80
"""Length of a fragment that people read at a glance: two lines of a terminal."""
NUM_FRAGMENTS = 3
_WINDOW = 0.75
"""Matches within so much of a fragment's length share it: the rest is for what stands around them."""
_LONGEST_WINDOW = 1_000
"""But no more than so much: every match in it is weighed for every place where it can begin."""


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
        self._matcher = Matcher(tokenizer, terms, substrings, patterns, compounds, parts=parts)

    @cached_property
    def _compiled(self) -> kernels.Marker | None:
        return self._matcher.compiled(EDGES)

    def matches(self, text: str) -> list[Match]:
        """Every match in ``text``, sorted by start."""
        return self._matcher.matches(text)

    def _marked(self, text: str) -> Sequence[tuple[int, int]]:
        """The stretches that match, ascending."""
        if self._compiled is not None:
            with suppress(UnicodeEncodeError):  # half of a surrogate pair
                return self._compiled.marked(text)
        return merge(self._matcher.matches(text))

    def title(self, title: str) -> Fragment:
        """The whole title with its matches."""
        return Fragment("title", title, tuple(self._marked(title)))

    def lines(self, body: str) -> list[Fragment]:
        """Each line of the body as it is, with its matches; one that goes on in the next line is marked in both."""
        found, start = [], 0
        spans = self._marked(body)
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
        found = self._fragments(body)
        if not found:
            start, lead = _first_line(body, headings)
            end = min(self._fragment_chars, len(lead))
            lead = lead[: whole_end(lead, (), min(1, end), end, soft_end(lead, 0, end, len(lead)), len(lead))]
            lead = lead.replace(LINE_END, " ")
            return Snippet((Fragment("body", lead, start=start),) if lead else (), len(body))
        fragments = [
            Fragment("body", body[start:end].replace("\n", " ").replace(LINE_END, " "), tuple(marked), start)
            for start, end, marked in found
        ]
        return Snippet(tuple(fragments), len(body))

    def _fragments(self, body: str) -> Sequence[tuple[int, int, Sequence[tuple[int, int]]]]:
        """Where the fragments around the best matches start and end, and what is marked in each, from its start."""
        if self._compiled is not None:
            with suppress(UnicodeEncodeError):  # half of a surrogate pair
                sizes = self._num_fragments, self._fragment_chars, self._window_chars
                return self._compiled.fragments(body, *sizes)
        return self._fragments_plainly(body)

    def _fragments_plainly(self, body: str) -> list[tuple[int, int, Sequence[tuple[int, int]]]]:
        matches = self._matcher.matches(body)
        windows = self._best_windows(body, matches[:MAX_MATCHES])
        if len(windows) < self._num_fragments and windows:
            windows = self._with_missing(body, matches[:MAX_MATCHES], windows)
        found: list[tuple[int, int, Sequence[tuple[int, int]]]] = []
        for window in windows:
            start, end = self._place(body, matches, window)
            if found:
                start = max(start, found[-1][1])
            inside = [
                Match(match.start - start, match.end - start, match.key)
                for match in matches
                if start <= match.start and match.end <= end
            ]
            if start < end:
                found.append((start, end, merge(inside)))
        return found

    def _place(self, body: str, matches: Sequence[Match], window: tuple[int, int]) -> tuple[int, int]:
        """Where the fragment around the matches of a window stands."""
        first, last = window
        end = max(match.end for match in matches[first : last + 1])
        return around(body, matches[first].start, end, self._fragment_chars, matches)

    def _with_missing(
        self, body: str, matches: Sequence[Match], windows: list[tuple[int, int]]
    ) -> list[tuple[int, int]]:
        """The windows, and one more, while there is room, for each word that the text has and they do not show: it may
        stand too near to one of them to be another stretch, in the next short paragraph."""
        most = max(self._worth(matches[first : last + 1], set()) for first, last in windows)
        wanted = {
            key
            for key in {match.key for match in matches}
            if not self._matcher.is_part(key) and (len(key) > 1 or self._matcher.weight(key) > 0.1 * most)
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
            weight = self._matcher.weight(match.key)
            if match.key in seen:
                worth += 0.05 * weight
            else:
                worth += 0.25 * weight if match.key in shown else weight
                seen.add(match.key)
        return worth


_start_of, _end_of = itemgetter(0), itemgetter(1)


def _first_line(body: str, headings: Sequence[int]) -> tuple[int, str]:
    """Where the first line of the body that is no heading starts, and that line; the first one if all are headings."""
    start = 0
    for number, line in enumerate(body.split("\n", len(headings) + 1)[: len(headings) + 1]):
        if number >= len(headings) or headings[number] != number:
            return start, line
        start += len(line) + 1
    return 0, body.partition("\n")[0]
