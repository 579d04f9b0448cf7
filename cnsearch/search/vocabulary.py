"""The words and phrases that articles use, by how many use them: what is suggested, and what corrections are made of.

A *phrase* is two or more neighbouring words of a title, counted over the titles of the index: of all up to MAX_TITLES
articles, above that of so many evenly spaced ones.
"""

from __future__ import annotations

import gc
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from whoosh.support.levenshtein import damerau_levenshtein

from cnsearch.analysis import compounds, pinyin
from cnsearch.analysis.fold import code_points, fold
from cnsearch.analysis.scripts import HAN_CHAR
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.schema import TEXT_FIELDS
from cnsearch.store import Snapshot

Ints = npt.NDArray[np.int64]
Ids = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

MAX_TITLES = 50_000
"""Titles that phrases are counted in: a second's work, once for each commit that is opened."""
MAX_PHRASE_WORDS = 8
MIN_USE = 2
"""Phrases of fewer titles are accidents of one title; words of fewer bodies are mostly misprints."""
ALMOST = 0.9
"""A phrase is left out for a longer one that at least this share of its titles have."""
FREE = 0.2
"""A phrase that begins with a preposition or the like must have nothing before it in this share of its places: 在希望的
田野上 has, 的重要讲话精神 has not. This and LED were chosen by eye on 21,000 titles of news and technology."""
LED = 0.8
"""In this share of its places or more the same word stands before a piece of something: 丁薛 before 祥出席."""
LIKELY_SEEN = 3
"""Titles of the sample that a word is expected in; if it then stands in none, it is only a part of other words."""
MAX_SOUNDS = 16
"""Sounds of an entry that are compared with what was typed."""
MAX_HOMOPHONES = 5
MAX_TERM_CHARS = 32
"""A longer term is a hash, an address, or encoded."""

_LOOSE = frozenset(
    "的 地 得 了 着 过 和 与 及 或 在 是 为 对 将 被 把 让 给 向 从 由 以 于 到 同 等 这 那 其 并 但 而 则 也 都 就 还 "
    "又 很 更 最 不 之 个 "
    "a an and are as at by for from how in into is it of on or the to with you your i".split()
)
"""Words that no phrase ends with that would be worth suggesting, and with which none of two words begins."""
_OPEN = frozenset("各 多 新 大 再 已 获 首 应 称".split())
"""Words that no such phrase ends with, but that it may begin with."""
_PLACES = frozenset("上 中 下 里 内 外 前 后 时 间".split())
"""Words that say nothing more after a single one: linux 上."""


@contextmanager
def collection_paused() -> Iterator[None]:
    """Making a vocabulary takes half the time if nobody looks for garbage among hundreds of thousands of objects that
    all stay."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Lexicon:
    """Entries by use: an entry's number is its rank, most used first, shorter first among equals, then by text.

    texts : folded
    uses  : articles that have each
    """

    def __init__(self, uses: dict[str, int]) -> None:
        ranked = sorted(uses.items(), key=lambda entry: (-entry[1], len(entry[0]), entry[0]))
        self.texts = [text for text, _ in ranked]
        self.uses = [use for _, use in ranked]

    def __len__(self) -> int:
        return len(self.texts)

    # By text

    @cached_property
    def _by_key(self) -> tuple[list[str], Ids]:
        keys = list(map(squeezed, self.texts))
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return [keys[at] for at in order], np.array(order, dtype=np.intp)

    def beginning(self, key: str) -> Ids:
        """The entries whose text, spaces left out, begins with ``key`` and goes on; ascending."""
        keys, ids = self._by_key
        return np.sort(ids[bisect_right(keys, key) : bisect_left(keys, key + "\U0010ffff")])

    # By sound

    @cached_property
    def _chinese(self) -> Ids:
        return np.flatnonzero([HAN_CHAR.search(text) is not None for text in self.texts])

    @cached_property
    def _readings(self) -> list[str]:
        """Of the entries ``_chinese``."""
        return pinyin.readings([self.texts[at] for at in self._chinese.tolist()])

    @cached_property
    def _sounds(self) -> npt.NDArray[np.uint16]:
        """The codes of the n-th sound of each of the entries ``_chinese`` in row n; 0 where it has none."""
        readings = np.array(self._readings or [""], dtype=f"<U{MAX_SOUNDS}")
        codes = readings.view("<u4").reshape(len(readings), MAX_SOUNDS).astype(np.uint16)
        return np.ascontiguousarray(codes.T)

    def sounding(self, letters: str) -> tuple[Ids, Ids]:
        """The entries with a Chinese character whose sounds begin with what is typed, ascending: those typed in whole
        syllables up to the last, and those with initials for some.

        letters : see ``pinyin.typed``
        """
        whole: list[Ids] = []
        short: list[Ids] = []
        self._walk(letters, 0, 0, None, True, whole, short)
        in_full, in_short = np.zeros((2, len(self._chinese)), dtype=bool)
        for found, several in ((in_full, whole), (in_short, short)):
            for among in several:
                found[among] = True
        return self._chinese[in_full], self._chinese[in_short & ~in_full]

    def _walk(
        self, letters: str, at: int, level: int, among: Ids | None, is_whole: bool, whole: list[Ids], short: list[Ids]
    ) -> None:
        """Read the letters from ``at`` on as the sounds from ``level`` on of the entries ``among``."""
        if at == len(letters):
            if among is not None:
                (whole if is_whole else short).append(among)
            return
        if level == MAX_SOUNDS:
            return
        at += letters[at] == "'"
        row = self._sounds[level]
        for piece, first, stop, complete in pinyin.pieces(letters, at):
            if among is None:
                left = np.flatnonzero((row >= first) & (row < stop))
            else:
                codes = row[among]
                left = among[(codes >= first) & (codes < stop)]
            if len(left):
                self._walk(letters, at + len(piece), level + 1, left, is_whole and complete, whole, short)

    @cached_property
    def homophones(self) -> dict[str, list[int]]:
        """The entries of each reading that are of nothing but Chinese characters, the most used MAX_HOMOPHONES."""
        found: dict[str, list[int]] = {}
        for at, reading in zip(self._chinese.tolist(), self._readings, strict=True):
            if len(reading) == len(self.texts[at]) and self.texts[at].isalpha():
                same = found.setdefault(reading, [])
                if len(same) < MAX_HOMOPHONES:
                    same.append(at)
        return found


def squeezed(text: str) -> str:
    """Folded text without white space."""
    return "".join(text.split())


class Spellings:
    """Words to look for by edit distance, the most used first."""

    def __init__(self, uses: dict[str, int]) -> None:
        ranked = sorted(uses.items(), key=lambda entry: (-entry[1], entry[0]))
        self._words = [word for word, _ in ranked]
        self._uses = [use for _, use in ranked]
        self._letters = _letter_counts(self._words)

    def near(self, word: str, most: int) -> Iterator[tuple[str, int, int]]:
        """(word, use, distance) of each at most ``most`` insertions, deletions, replacements or transpositions away.

        Each of these changes the numbers of the letters by two at most, which leaves few to compare in full.
        """
        different = np.abs(self._letters - _letter_counts([word])).sum(axis=1)
        for at in np.flatnonzero(different <= 2 * most).tolist():
            found = damerau_levenshtein(word, self._words[at])
            if 0 < found <= most:
                yield self._words[at], self._uses[at], found


def _letter_counts(words: Sequence[str]) -> npt.NDArray[np.int16]:
    """How many letters of each kind each word has. Shape (len(words), 32); rare letters share the place of another."""
    owners = np.repeat(np.arange(len(words)), [len(word) for word in words])
    places = owners * 32 + (code_points("".join(words)) & 31)
    return np.bincount(places, minlength=32 * len(words)).reshape(len(words), 32).astype(np.int16)


class Vocabulary:
    """What one commit's articles use; each part is made when first asked for. Thread-safe."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.num_docs = snapshot.num_docs
        self._lock = threading.Lock()
        self._asked = 0

    @cached_property
    def titles(self) -> Lexicon:
        """Words and phrases of titles; uses are estimated where there are more than MAX_TITLES titles."""
        return self._lexicon_of_titles(self._sample, "")

    def titles_for(self, key: str, letters: str | None) -> Lexicon:
        """The same as far as they begin with ``key`` or sound like ``letters``: the first time, which may be the only
        one, made of the titles where such stand, and of all from then on."""
        with self._lock:
            self._asked += 1
        if self._asked > 1:
            return self.titles
        if letters is None:
            return self._lexicon_of_titles([title for title in self._sample if key in squeezed(title)], key)
        may_sound = pinyin.beginning(letters, "".join(set("".join(self._sample)))).search
        chosen = [title for title in self._sample if may_sound(title) or key in squeezed(title)]
        return self._lexicon_of_titles(chosen, "")

    def _lexicon_of_titles(self, titles: Sequence[str], key: str) -> Lexicon:
        """Of ``titles``, which are those of the sample that matter."""
        counted = count_uses(titles, self._snapshot.analyzer.tokenizer)
        sample, num_docs = self._sample, self._snapshot.num_live_docs
        if len(sample) == num_docs:
            return Lexicon(counted)
        share = num_docs / len(sample)
        uses = {text: round(count * share) for text, count in counted.items()}
        terms, doc_freqs = self._snapshot.doc_freqs("title", key)
        for term, doc_freq in zip(terms, doc_freqs.tolist(), strict=True):
            if term not in uses and _is_word(term) and doc_freq < LIKELY_SEEN * share:
                uses[term] = doc_freq
        return Lexicon(uses)

    @cached_property
    def bodies(self) -> Lexicon:
        """Words of bodies that no title has."""
        return self.bodies_beginning("")

    def bodies_beginning(self, key: str) -> Lexicon:
        """The same as far as they begin with ``key``."""
        terms, doc_freqs = self._snapshot.doc_freqs("body", key)
        often = doc_freqs >= MIN_USE
        known = set(self._snapshot.doc_freqs("title", key)[0])
        found = zip(compress(terms, often), doc_freqs[often].tolist(), strict=True)
        return Lexicon({term: use for term, use in found if term not in known and _is_body_word(term)})

    @cached_property
    def foreign(self) -> Spellings:
        """Words of letters that are not Chinese."""
        return Spellings(
            {
                text: use
                for lexicon in (self.titles, self.bodies)
                for text, use in zip(lexicon.texts, lexicon.uses, strict=True)
                if text.isalpha() and not HAN_CHAR.search(text)
            }
        )

    def is_in_body(self, word: str) -> bool:
        """Whether the body of an article that is not deleted has this term."""
        return self._snapshot.has_term("body", word)

    def is_known(self, word: str) -> bool:
        """Whether an article has this term."""
        return any(self._snapshot.doc_freq(field, word) for field in TEXT_FIELDS)

    @cached_property
    def whole_titles(self) -> list[tuple[str, str]]:
        """(title without spaces, title), folded, sorted, each once."""
        return sorted({(squeezed(title), title) for title in self._sample if title})

    @cached_property
    def _sample(self) -> list[str]:
        """Folded titles of at most MAX_TITLES documents that are not deleted, evenly spaced, in order."""
        snapshot = self._snapshot
        live = np.arange(snapshot.num_docs) if snapshot.live is None else np.flatnonzero(snapshot.live)
        if len(live) > MAX_TITLES:
            live = live[np.arange(MAX_TITLES) * len(live) // MAX_TITLES]
        titles = [" ".join(snapshot.title(number).split()) for number in live.tolist()]
        return fold("\n".join(titles)).split("\n") if titles else []


def _is_word(term: str) -> bool:
    """Whether a term says something alone."""
    return 1 < len(term) <= MAX_TERM_CHARS


def _is_body_word(term: str) -> bool:
    return _is_word(term) and not term[0].isdigit() and any(map(str.isalpha, term))


def count_uses(titles: Sequence[str], tokenizer: WordTokenizer) -> dict[str, int]:
    """The words of titles, and the phrases of at least MIN_USE, with the number of titles that have each.

    Words are coarse ones, and the parts of letters that compounds have (iphone15). Left out are phrases that end in the
    middle (数字经济的) or begin there, and those for which a longer one stands that begins the same and is in ALMOST as
    many titles. Of phrases that differ in spaces the most frequent spelling stands for all.

    titles  : folded, without line ends
    """
    text = "\n".join(titles)
    words, starts, ends = tokenizer.coarse(text)
    if not words:
        return {}
    numbers: dict[str, int] = {}
    ids = np.array([numbers.setdefault(word, len(numbers)) for word in words], dtype=np.int64)
    distinct = list(numbers)
    title_starts = np.cumsum([0, *(len(title) + 1 for title in titles[:-1])])
    docs = np.searchsorted(title_starts, starts, side="right")
    found = _word_uses(numbers, ids, docs)
    chinese = np.array([HAN_CHAR.search(word) is not None for word in distinct])
    loose, opening, place = (np.array([word in some for word in distinct]) for some in (_LOOSE, _OPEN, _PLACES))
    weak = loose | place
    one_char = chinese & np.array([len(word) == 1 for word in distinct])
    joined = _joined(text, chinese[ids], starts, ends)
    before = np.concatenate([[0], np.where(joined, ids[:-1] + 1, 0)])
    spellings: dict[str, dict[str, int]] = {}
    longer: Ints | None = None  # for each phrase of a size, the most titles of those shown that begin with it
    for size, level in reversed(list(enumerate(_levels(ids, docs, joined, before, len(distinct)), 2))):
        if longer is None:
            longer = np.zeros(len(level.counts), dtype=np.int64)
        first, last = ids[level.places], ids[level.places + size - 1]
        shown = ~loose[last] & ~opening[last] & (~weak[first] | (level.free >= FREE))
        shown &= (level.led < LED) | ~(one_char[first] | (one_char & ~weak)[level.leader])
        if size == 2:
            shown &= ~loose[first] & ~place[last]
        for at in np.flatnonzero(shown & (longer < level.counts * ALMOST)).tolist():
            start = int(level.places[at])
            phrase = text[starts[start] : ends[start + size - 1]]
            several = spellings.setdefault(squeezed(phrase), {})
            several[phrase] = several.get(phrase, 0) + int(level.counts[at])
        best = np.zeros(level.num_shorter, dtype=np.int64)
        np.maximum.at(best, level.shorter, np.maximum(longer, level.counts * shown))
        longer = best
    for key, counts in spellings.items():
        phrase = min(counts, key=lambda spelling: (-counts[spelling], spelling))
        found[phrase if key not in found else key] = max(found.get(key, 0), sum(counts.values()))
    return found


def _word_uses(numbers: Mapping[str, int], ids: Ints, docs: Ints) -> dict[str, int]:
    """The titles with each word that is one, and with each part of letters of what is not Chinese.

    numbers : of each word, ascending from 0
    """
    span = int(docs[-1]) + 1
    pairs = np.unique(ids * span + docs)
    counts = np.bincount(pairs // span, minlength=len(numbers)).tolist()
    found = {word: count for word, count in zip(numbers, counts, strict=True) if _is_word(word)}
    wholes: dict[str, set[int]] = {}
    for word, number in numbers.items():
        if not word.isalpha() and not HAN_CHAR.search(word):
            for part, _, _ in compounds.parts(word):
                if part.isalpha() and _is_word(part):
                    wholes.setdefault(part, {numbers[part]} if part in numbers else set()).add(number)
    for part, several in wholes.items():
        rows = [pairs[slice(*np.searchsorted(pairs, [at * span, (at + 1) * span]))] % span for at in several]
        found[part] = len(np.unique(np.concatenate(rows)))
    return found


class _Level(NamedTuple):
    """The phrases of one number of words, in at least MIN_USE titles each.

    places      : a place of each, as the number of its first word; int64
    counts      : titles with each; int64
    free        : the share of its places with nothing joined before; float64
    leader, led : the word that is joined before most often (0 if none is), and the share of the places where it is
    shorter     : the number of the phrase without its last word, in the level before
    num_shorter : how many there are in the level before
    """

    places: Ints
    counts: Ints
    free: npt.NDArray[np.float64]
    leader: Ints
    led: npt.NDArray[np.float64]
    shorter: Ints
    num_shorter: int


def _levels(ids: Ints, docs: Ints, joined: Bools, before: Ints, num_words: int) -> Iterator[_Level]:
    """Phrases of two words, of three, and so on: what is frequent begins and ends with what is (Agrawal & Srikant,
    Fast Algorithms for Mining Association Rules, 1994).

    ids    : number of the word at each place
    docs   : title of each place
    joined : whether a word and the next make one phrase
    before : 1 + the number of the word before where it does; else 0
    """
    grams, num_grams, span = ids, num_words, int(docs[-1]) + 1
    for size in range(2, MAX_PHRASE_WORDS + 1):
        places = np.flatnonzero(
            (grams[: 1 - size] >= 0) & (grams[1:][: len(grams) - size + 1] >= 0) & joined[size - 2 :]
        )
        keys = grams[places] * num_words + ids[places + size - 1]
        distinct, first, numbers = np.unique(keys, return_index=True, return_inverse=True)
        several = (np.bincount(numbers) >= MIN_USE)[numbers]
        counts = np.bincount(
            np.unique(numbers[several] * span + docs[places[several]]) // span, minlength=len(distinct)
        )
        frequent = counts >= MIN_USE
        if not frequent.any():
            return
        first_places = places[first]
        num_shorter, num_grams = num_grams, int(frequent.sum())
        grams = np.full(len(ids), -1, dtype=np.int64)
        grams[places] = np.where(frequent, np.cumsum(frequent) - 1, -1)[numbers]
        places = places[grams[places] >= 0]
        yield _Level(
            places=first_places[frequent],
            counts=counts[frequent],
            **_neighbours(grams[places], before[places], num_grams, num_words),
            shorter=distinct[frequent] // num_words,
            num_shorter=num_shorter,
        )


def _neighbours(grams: Ints, before: Ints, num_grams: int, num_words: int) -> dict[str, Any]:
    """``free``, ``leader`` and ``led`` of a ``_Level``, from the phrase at each place and what stands before it."""
    pairs, times = np.unique(grams * (num_words + 1) + before, return_counts=True)
    of, word = pairs // (num_words + 1), pairs % (num_words + 1)
    total = np.bincount(grams, minlength=num_grams)
    free, led = np.zeros(num_grams), np.zeros(num_grams)
    leader = np.zeros(num_grams, dtype=np.int64)
    free[of[word == 0]] = times[word == 0]
    order = np.argsort(times, kind="stable")
    order = order[word[order] > 0]
    leader[of[order]], led[of[order]] = word[order] - 1, times[order]  # the last one written is the most frequent
    return {"free": free / total, "leader": leader, "led": led / total}


def _joined(text: str, chinese: Bools, starts: Ints, ends: Ints) -> Bools:
    """Whether a word and the next stand in one phrase: nothing between them, the point inside a foreign name, or a
    space that does not part two Chinese words. Shape (len(chinese) - 1,)."""
    gaps = starts[1:] - ends[:-1]
    between = np.append(code_points(text), 0)[ends[:-1]]
    both = chinese[:-1] & chinese[1:]
    joins: Bools = (gaps == 0) | ((gaps == 1) & (((between == ord(" ")) & ~both) | ((between == ord("·")) & both)))
    return joins
