"""Counting the words and phrases of titles.

A *phrase* is two or more neighbouring words. Those that articles have in common are found level by level, as frequent
item sets are; what begins or ends in the middle of something is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnsearch import deadline
from cnsearch.analysis import compounds
from cnsearch.analysis.fold import code_points
from cnsearch.analysis.inflection import is_marked
from cnsearch.analysis.scripts import HAN_CHAR
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.arrays import Bools, Ints

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
_NUMBER = re.compile(r"[\d.,%]+")
_ORDINAL = re.compile("第?[0-9〇零一二两三四五六七八九十百千]+[次届个条]?")
"""第二十四次: what was the twenty-fourth is cut off."""
MAX_TERM_CHARS = 32
"""A longer term is a hash, an address, or encoded."""

_LOOSE = frozenset(
    "的 地 得 了 着 过 和 与 及 或 在 是 为 对 将 被 把 让 给 向 从 由 以 于 到 同 等 这 那 其 并 但 而 则 也 都 就 还 "
    "又 很 更 最 不 之 个 称 "
    "a an and are as at by for from how in into is it of on or the to with you your i".split()
)
"""Words that no phrase ends with that would be worth suggesting, and with which none of two words begins."""
_OPEN = frozenset("各 多 新 大 再 已 获 首 应".split())
"""Words that no such phrase ends with, but that it may begin with."""
_PLACES = frozenset("上 中 下 里 内 外 前 后 时 间".split())
"""Words that say nothing more after a single one: linux 上."""


def is_word(term: str) -> bool:
    """Whether a term says something alone, and is no stem."""
    return 1 < len(term) <= MAX_TERM_CHARS and not is_marked(term)


def squeezed(text: str) -> str:
    """Folded text without white space."""
    return "".join(text.split())


def count_uses(titles: Sequence[str], tokenizer: WordTokenizer) -> dict[str, int]:
    """The words of titles, and the phrases of at least MIN_USE, with the number of titles that have each.

    Words are coarse ones, and the parts of letters that compounds have (iphone15). Left out are phrases that end in the
    middle (数字经济的) or begin there, and those for which a longer one stands that begins the same and is in ALMOST as
    many titles. Of phrases that differ in spaces the most frequent spelling stands for all.

    titles  : folded, without line ends
    """
    text = "\n".join(titles)
    words, starts, ends = tokenizer.coarse(text)
    deadline.check()
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
    number, ordinal = (
        np.array([like.fullmatch(word) is not None for word in distinct]) for like in (_NUMBER, _ORDINAL)
    )
    joined = _joined(text, chinese[ids], starts, ends)
    before = np.concatenate([[0], np.where(joined, ids[:-1] + 1, 0)])
    spellings: dict[str, dict[str, int]] = {}
    longer: Ints | None = None  # for each phrase of a size, the most titles of those shown that begin with it
    for size, level in reversed(list(enumerate(_levels(ids, docs, joined, before, len(distinct)), 2))):
        if longer is None:
            longer = np.zeros(len(level.counts), dtype=np.int64)
        first, last = ids[level.places], ids[level.places + size - 1]
        shown = ~loose[last] & ~opening[last] & (~weak[first] | (level.free >= FREE))
        # One character is a piece of what was cut (python 来), and so is a number behind Chinese (胜利 80), of what it
        # counts; behind a name it belongs to that (windows 11).
        shown &= ~one_char[last] & ~(ordinal & chinese)[last] & ~(number[last] & chinese[ids[level.places + size - 2]])
        shown &= ~(loose & one_char)[first]
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
    found = {word: count for word, count in zip(numbers, counts, strict=True) if is_word(word)}
    wholes: dict[str, set[int]] = {}
    for word, number in numbers.items():
        if not word.isalpha() and not HAN_CHAR.search(word):
            for part in compounds.atoms(word):
                if part.isalpha() and is_word(part):
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
        deadline.check()
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
