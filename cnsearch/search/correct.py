"""What a query that finds nothing may have meant: misspelt words, Chinese typed by the sound, pinyin left as letters.

What no article has is taken for something else of the vocabulary, seen through what goes wrong in typing (the noisy
channel of Kernighan, Church and Gale, A Spelling Correction Program Based on a Noisy Channel Model, COLING 1990): its
score is the logarithm of the share of articles that use the other, less ERROR for each thing that went wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product

from cnsearch import deadline
from cnsearch.analysis import pinyin
from cnsearch.analysis.reading import spelt
from cnsearch.analysis.scripts import CJK, HAN, HAN_CHAR, LETTER
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.search.vocabulary import Vocabulary, collection_paused

ERROR = 3.0
"""What a wrong letter or character costs, against the logarithm of use: a word right but for one must be twenty times
as frequent as one that is right."""
LETTERS = 1.0
"""What it costs to have left pinyin as letters, which are whole syllables of known words seldom by chance."""
UNKNOWN = 12.0
"""What a character costs that stands in no word: more than a rare word of a million articles."""
SHORT = 5
"""In words of so many letters one error is looked for, in longer ones two."""
MAX_TRIED = 8
"""Corrections that are searched for, the likeliest first, until one has hits."""
MAX_WAYS = 4
"""Ways to read a run of characters or of letters that are kept."""
MAX_QUERY = 100
"""A longer query gets no correction: what is searched for again would take seconds."""
MAX_RUN = 40
"""Longer runs of characters or letters are left as they are."""
MAX_RUNS = 12
"""Of a query, so many are corrected at most."""
_LONGEST_WORD = 8

_RUN = re.compile(rf"[{HAN}]+|(?:(?![{CJK}0-9])[{LETTER}])+")

Way = tuple[float, str]
"""Score and text."""


def correct(
    query: str,
    places: Sequence[tuple[int, int]],
    vocabulary: Vocabulary,
    tokenizer: WordTokenizer,
    has_hits: Callable[[str], bool],
) -> str:
    """The likeliest correction of ``query`` that has hits; empty if there is none.

    places   : where its words stand, see ``syntax.places_of_words``; nothing else is changed
    has_hits : searches for a query text
    """
    if len(query) > MAX_QUERY:
        return ""
    reader = _Reader(vocabulary, tokenizer)
    groups = list(_groups(query, places))
    with collection_paused():
        ways = [reader.ways(spelt(query[start:end])) for start, end in groups]
    tried = sorted(_best_products(ways), key=lambda choice: -sum(score for score, _ in choice))
    texts = (_replaced(query, groups, [way[1] for way in choice]) for choice in tried)
    likeliest = islice((text for text in texts if text is not None), MAX_TRIED)
    return next(filter(has_hits, likeliest), "")


def _best_products(ways: Sequence[Sequence[Way]]) -> list[tuple[Way, ...]]:
    """The choices of one way for each group, of those with the best for all but a few."""
    several = [some for some in ways if len(some) > 1]
    depth = MAX_WAYS + 1 if len(several) < 3 else 2
    return list(islice(product(*(some[:depth] for some in ways)), 2**12))


def _replaced(query: str, groups: Sequence[tuple[int, int]], texts: Sequence[str]) -> str | None:
    """The query with the groups as ``texts``, but as typed where these are what was typed; None if nothing is new."""
    pieces, at, changed = [], 0, False
    for (start, end), text in zip(groups, texts, strict=True):
        typed = query[start:end]
        same = spelt(typed) == text
        pieces += [query[at:start], typed if same else text]
        at, changed = end, changed or not same
    return "".join([*pieces, query[at:]]) if changed else None


def _groups(query: str, places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The places, those joined that are parted by nothing but white space."""
    start, end = -1, -1
    for first, last in places:
        if start >= 0 and not query[end:first].strip():
            end = last
            continue
        if start >= 0:
            yield start, end
        start, end = first, last
    if start >= 0:
        yield start, end


class _Reader:
    def __init__(self, vocabulary: Vocabulary, tokenizer: WordTokenizer) -> None:
        self._vocabulary = vocabulary
        self._tokenizer = tokenizer

    def ways(self, text: str) -> list[Way]:
        """How a group of words may have been meant, the likeliest first; as it stands if nothing in it is unknown."""
        pieces: list[list[Way]] = []
        at, num_unknown, only_letters = 0, 0, True
        for run in _RUN.finditer(text):
            deadline.check()
            found = self._run(run.group()) if num_unknown < MAX_RUNS else None
            num_unknown += found is not None
            only_letters = only_letters and found is not None and run.group().isascii()
            pieces += [[(0.0, text[at : run.start()])], found or [(-UNKNOWN, run.group())]]
            at = run.end()
        pieces.append([(0.0, text[at:])])
        if not num_unknown:
            return [(0.0, text)]
        whole = self._pinyin(text) if only_letters else []
        return _ranked([*whole, *(_joined(choice) for choice in _best_products(pieces))])

    def _run(self, run: str) -> list[Way] | None:
        """How a run of Chinese characters or of other letters may have been meant; None if it is known."""
        if len(run) > MAX_RUN:
            return None
        if HAN_CHAR.match(run):
            words, _, _ = self._tokenizer.coarse(run)
            if not all(len(word) > 1 and self._vocabulary.is_known(word) for word in words):
                return self._by_sound(run)
            # Right words may be together what nobody writes (神州十二号), but are less likely to be wrong.
            others = [(score - ERROR, other) for score, other in self._by_sound(run) if other != run]
            return [(0.0, run), *others] if len(words) > 1 and others else None
        if self._vocabulary.is_known(run):
            return None
        most = 1 if len(run) <= SHORT else 2
        near = [
            (self._likelihood(use) - ERROR * distance, word)
            for word, use, distance in self._vocabulary.foreign.near(run, most)
        ]
        return _ranked([*near, *(self._pinyin(run) if run.isascii() else [])])

    def _pinyin(self, text: str) -> list[Way]:
        """Chinese words that sound like the letters, if these are whole syllables."""
        letters = pinyin.typed(text)
        if letters is None or len(letters) > MAX_RUN:
            return []
        found: list[Way] = []
        for reading in pinyin.splits(letters):
            found += self._segmented(reading, self._words)
        return [(score - LETTERS, way) for score, way in _ranked(found)]

    def _by_sound(self, run: str) -> list[Way]:
        """Words that sound like the run, as many of its characters kept as may be."""
        return self._segmented(run, self._alike)

    def _alike(self, word: str) -> Iterator[Way]:
        if len(word) == 1:
            yield -UNKNOWN / (2 if self._vocabulary.is_known(word) else 1), word
        else:
            for reading in pinyin.possible_readings(word):
                for score, other in self._words(reading):
                    wrong = sum(a != b for a, b in zip(word, other, strict=True))
                    yield score - ERROR * wrong, other

    def _words(self, reading: str) -> Iterator[Way]:
        """Words and phrases of this reading."""
        for lexicon, less in ((self._vocabulary.titles, 0.0), (self._vocabulary.bodies, ERROR)):
            for at in lexicon.homophones.get(reading, ()):
                yield self._likelihood(lexicon.uses[at]) - less, lexicon.texts[at]

    def _likelihood(self, use: int) -> float:
        return math.log(use / (1 + self._vocabulary.num_docs))

    @staticmethod
    def _segmented(whole: str, words: Callable[[str], Iterator[Way]]) -> list[Way]:
        """The best ways to put ``words`` of pieces of the whole in their place: the scores of words add up."""
        best: list[list[Way]] = [[(0.0, "")]]
        for end in range(1, len(whole) + 1):
            found = [
                (before + score, text + word)
                for start in range(max(0, end - _LONGEST_WORD), end)
                if best[start]
                for score, word in words(whole[start:end])
                for before, text in best[start]
            ]
            best.append(_ranked(found))
        return best[-1]


def _ranked(ways: Sequence[Way]) -> list[Way]:
    """The best MAX_WAYS, each text once."""
    scores: dict[str, float] = {}
    for score, text in ways:
        scores[text] = max(score, scores.get(text, score))
    return sorted(((score, text) for text, score in scores.items()), key=lambda way: (-way[0], way[1]))[:MAX_WAYS]


def _joined(choice: Sequence[Way]) -> Way:
    return sum(score for score, _ in choice), "".join(text for _, text in choice)
