"""The words and phrases that articles use, by how many use them: what is suggested, and what corrections are made of.

They are those of the titles of the index, of all up to MAX_TITLES articles, above that of so many evenly spaced ones;
and the words of bodies that no title has.
"""

from __future__ import annotations

import gc
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import compress
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
from whoosh.support.levenshtein import damerau_levenshtein

from cnsearch import deadline
from cnsearch.analysis import pinyin
from cnsearch.analysis.fold import code_points
from cnsearch.analysis.reading import read_all
from cnsearch.analysis.scripts import HAN_CHAR
from cnsearch.search.phrases import MIN_USE, count_uses, is_word, squeezed
from cnsearch.store.fields import TEXT_FIELDS
from cnsearch.store.segment import Segment
from cnsearch.store.snapshot import Snapshot

Ids = npt.NDArray[np.intp]
"""intp, shape (n,): numbers of entries."""
Made = TypeVar("Made")

MAX_TITLES = 50_000
"""Titles that phrases are counted in: a second's work, once for each commit that is opened."""
LIKELY_SEEN = 3
"""Titles of the sample that a word is expected in; if it then stands in none, it is only a part of other words."""
LOOKED_THROUGH = 20
"""So many titles are looked through for a prefix in the time in which one is counted."""
MAX_SOUNDS = 16
"""Sounds of an entry that are compared with what was typed."""
MAX_HOMOPHONES = 5


class _made_once(Generic[Made]):
    """A property that is made when first asked for, by one thread, under the lock ``_making`` of its object;
    ``functools.cached_property`` lets each thread make it since Python 3.12."""

    def __init__(self, make: Callable[[Any], Made]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, owner: Any, kind: type | None = None) -> Made:
        if owner is None:
            return self  # type: ignore[return-value]  # asked of the class
        # Reached only while the object's own dictionary has none.
        with deadline.holding(owner._making):
            kept: dict[str, Made] = owner.__dict__
            if self._name not in kept:
                deadline.check()
                kept[self._name] = self._make(owner)
            return kept[self._name]


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
        self._making = threading.RLock()
        ranked = sorted(uses.items(), key=lambda entry: (-entry[1], len(entry[0]), entry[0]))
        self.texts = [text for text, _ in ranked]
        self.uses = [use for _, use in ranked]

    def __len__(self) -> int:
        return len(self.texts)

    # By text

    @_made_once
    def _by_key(self) -> tuple[list[str], Ids]:
        keys = list(map(squeezed, self.texts))
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return [keys[at] for at in order], np.array(order, dtype=np.intp)

    def beginning(self, key: str) -> Ids:
        """The entries whose text, spaces left out, begins with ``key`` and goes on; ascending."""
        keys, ids = self._by_key
        return np.sort(ids[bisect_right(keys, key) : bisect_left(keys, key + "\U0010ffff")])

    # By sound

    @_made_once
    def _chinese(self) -> Ids:
        return np.flatnonzero([HAN_CHAR.search(text) is not None for text in self.texts])

    @_made_once
    def _readings(self) -> list[str]:
        """Of the entries ``_chinese``."""
        return pinyin.readings([self.texts[at] for at in self._chinese.tolist()])

    @_made_once
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

    @_made_once
    def homophones(self) -> dict[str, list[int]]:
        """The entries of each reading that are of nothing but Chinese characters, the most used MAX_HOMOPHONES."""
        found: dict[str, list[int]] = {}
        for at, reading in deadline.checked(zip(self._chinese.tolist(), self._readings, strict=True)):
            if len(reading) == len(self.texts[at]) and self.texts[at].isalpha():
                same = found.setdefault(reading, [])
                if len(same) < MAX_HOMOPHONES:
                    same.append(at)
        return found


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
        for at in deadline.checked(np.flatnonzero(different <= 2 * most).tolist(), every=100):
            found = damerau_levenshtein(word, self._words[at])
            if 0 < found <= most:
                yield self._words[at], self._uses[at], found


def _letter_counts(words: Sequence[str]) -> npt.NDArray[np.int16]:
    """How many letters of each kind each word has. Shape (len(words), 32); rare letters share the place of another."""
    owners = np.repeat(np.arange(len(words)), [len(word) for word in words])
    places = owners * 32 + (code_points("".join(words)) & 31)
    return np.bincount(places, minlength=32 * len(words)).reshape(len(words), 32).astype(np.int16)


class Vocabulary:
    """What one commit's articles use; each part is made when first asked for. Thread-safe.

    before : that of an earlier commit, whose titles are kept of the segments that are still there
    """

    def __init__(self, snapshot: Snapshot, before: Vocabulary | None = None) -> None:
        self._snapshot = snapshot
        there = {segment.segment_id for segment in snapshot.segments}
        kept = {} if before is None else before._titles_of
        self._titles_of: dict[str, list[str]] = {name: titles for name, titles in list(kept.items()) if name in there}
        self.num_docs = snapshot.num_docs
        self._lock = threading.Lock()
        self._making = threading.RLock()
        self._num_counted = 0

    @_made_once
    def titles(self) -> Lexicon:
        """Words and phrases of titles; uses are estimated where there are more than MAX_TITLES titles."""
        return self._lexicon_of_titles(self._sample, "")

    def titles_for(self, key: str, letters: str | None) -> Lexicon:
        """The same as far as they begin with ``key`` or sound like ``letters``: made of the titles where such stand,
        until as many titles have been counted as there are, and of all from then on. So a commit that few ask costs
        little, and one that many ask at most twice what counting all of them at first would."""
        if self._num_counted > len(self._sample):
            return self.titles
        each = zip(self._sample, self._keys, strict=True)
        if letters is None:
            chosen = [title for title, own_key in each if key in own_key]
        else:
            may_sound = pinyin.beginning(letters, self._chars).search
            chosen = [title for title, own_key in each if key in own_key or may_sound(title)]
        with self._lock:
            self._num_counted += len(chosen) + len(self._sample) // LOOKED_THROUGH
        return self._lexicon_of_titles(chosen, key if letters is None else "")

    def _lexicon_of_titles(self, titles: Sequence[str], key: str) -> Lexicon:
        """Of ``titles``, which are those of the sample that matter."""
        counted = count_uses(titles, self._snapshot.analyzer.tokenizer)
        sample, num_docs = self._sample, self._snapshot.num_live_docs
        if len(sample) == num_docs:
            return Lexicon(counted)
        share = num_docs / len(sample)
        uses = {text: round(count * share) for text, count in counted.items()}
        terms, doc_freqs = self._snapshot.doc_freqs("title", key)
        for term, doc_freq in deadline.checked(zip(terms, doc_freqs.tolist(), strict=True)):
            if term not in uses and is_word(term) and doc_freq < LIKELY_SEEN * share:
                uses[term] = doc_freq
        return Lexicon(uses)

    @_made_once
    def bodies(self) -> Lexicon:
        """Words of bodies, and of tags, that no title has."""
        return self.bodies_beginning("")

    def bodies_beginning(self, key: str) -> Lexicon:
        """The same as far as they begin with ``key``."""
        terms, doc_freqs = self._snapshot.doc_freqs("body", key)
        often = doc_freqs >= MIN_USE
        known = set(self._snapshot.doc_freqs("title", key)[0])
        uses = dict(zip(compress(terms, often), doc_freqs[often].tolist(), strict=True))
        tags, tag_freqs = self._snapshot.doc_freqs("tags", key)  # chosen by their writers: one use is enough
        for term, doc_freq in zip(tags, tag_freqs.tolist(), strict=True):
            uses[term] = max(doc_freq, uses.get(term, 0))
        each = deadline.checked(uses.items())
        return Lexicon({term: use for term, use in each if term not in known and _is_body_word(term)})

    @_made_once
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

    def is_used(self, word: str) -> bool:
        """Whether an article that is not deleted has this term."""
        return any(self._snapshot.has_term(field, word) for field in TEXT_FIELDS)

    def doc_freq(self, word: str) -> int:
        """How many titles have this term, or tags, or bodies, whichever is most; deleted ones included."""
        return max(self._snapshot.doc_freq(field, word) for field in TEXT_FIELDS)

    def is_known(self, word: str) -> bool:
        """Whether an article has this term."""
        return any(self._snapshot.doc_freq(field, word) for field in TEXT_FIELDS)

    def whole_titles(self, key: str) -> list[str]:
        """The titles that, spaces left out, begin with ``key`` and go on; sorted so, each once."""
        if self._num_counted <= len(self._sample):  # few ask: not worth sorting them
            begin = (
                (own_key, title) for own_key, title in zip(self._keys, self._sample, strict=True) if own_key != key
            )
            return [title for _, title in sorted({one for one in begin if one[0].startswith(key)})]
        titles = self._sorted_titles
        first = bisect_right(titles, (key, "\U0010ffff"))
        return [title for _, title in titles[first : bisect_left(titles, (key + "\U0010ffff", ""))]]

    @_made_once
    def _sorted_titles(self) -> list[tuple[str, str]]:
        """(title without spaces, title), sorted, each once."""
        return sorted({one for one in zip(self._keys, self._sample, strict=True) if one[0]})

    @_made_once
    def _sample(self) -> list[str]:
        """Folded titles of at most MAX_TITLES documents that are not deleted, evenly spaced, in order."""
        snapshot = self._snapshot
        if snapshot.num_live_docs <= MAX_TITLES:
            return [
                title
                for segment in snapshot.segments
                for title in compress(self._titles(segment), segment.live.tolist())
            ]
        live = np.arange(snapshot.num_docs) if snapshot.live is None else np.flatnonzero(snapshot.live)
        live = live[np.arange(MAX_TITLES) * len(live) // MAX_TITLES]
        return _folded(map(snapshot.title, live.tolist()))

    def _titles(self, segment: Segment) -> list[str]:
        """Of all its documents, folded."""
        found = self._titles_of.get(segment.segment_id)
        if found is None:
            found = self._titles_of[segment.segment_id] = _folded(segment.titles())
        return found

    @_made_once
    def _keys(self) -> list[str]:
        """The titles of the sample without spaces."""
        return [squeezed(title) if " " in title else title for title in self._sample]

    @_made_once
    def _chars(self) -> str:
        """The characters of the sample."""
        return "".join(set("".join(self._sample)))


def _folded(titles: Iterable[str]) -> list[str]:
    return read_all([" ".join(title.split()) for title in titles])


def _is_body_word(term: str) -> bool:
    return is_word(term) and not term[0].isdigit() and any(map(str.isalpha, term))
