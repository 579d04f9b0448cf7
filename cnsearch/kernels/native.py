"""The compiled kernels, as the contracts want them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np

from cnsearch.kernels.choice import chosen
from cnsearch.kernels.contract import Analysed, Counts, FieldCounts, Rules, Segmenter

GROUP_CHARS = 1 << 20
"""Characters that are handed over at once: four bytes each, and some ten times as much while they are worked on."""


def segmenter(words: Iterable[tuple[str, int | None]], *, dictionary: int) -> Segmenter | None:
    """A compiled segmenter, or None where there is none for this dictionary.

    words      : folded, sorted, none twice, each with its frequency, or None for one that keeps it whole
    dictionary : digest of the main dictionary that is wanted
    """
    extension = chosen().extension
    if extension is None or dictionary != extension.DICTIONARY:
        return None
    made: Segmenter = extension.Segmenter(list(words))
    return made


@lru_cache(maxsize=2)
def _analyser(rules: Rules) -> Any:
    """It remembers the terms of compounds, so that all batches share one."""
    tables = (rules.fold.astype("<u4").tobytes(), rules.classes.tobytes(), rules.kinds.tobytes())
    asked = (rules.compound_terms, rules.hump_terms, rules.stem)
    return chosen().extension.Analyser(*tables, *asked, rules.stem_ends)


class NativeTexts:
    """``contract.Texts``: texts are collected, and worked on in groups, in threads, without the interpreter's lock.

    What is read otherwise than it folds, and the terms of each new compound, are asked of the rules.
    """

    def __init__(self, rules: Rules, compiled: Segmenter, *, threads: int = 1) -> None:
        self._rules = rules
        self._compiled = compiled
        self._threads = threads
        self._documents: Any = None
        self._waiting: list[str] = []
        self._num_waiting_chars = 0
        self._num_docs = 0
        self._num_fields = 0
        self._any_text: list[bool] = []
        self._shifted: list[list[int]] = []
        self._failed = False

    def add(self, texts: Sequence[str]) -> None:
        """Add a document."""
        if self._documents is None:
            self._num_fields = len(texts)
            self._documents = chosen().extension.Documents(_analyser(self._rules), self._compiled, len(texts))
            self._any_text = [False] * len(texts)
            self._shifted = [[] for _ in texts]
        if len(texts) != self._num_fields:
            raise ValueError(f"a document has {self._num_fields} texts here, not {len(texts)}")
        size = sum(map(len, texts))
        if self._waiting and self._num_waiting_chars + size > GROUP_CHARS:
            self._work()
        self._waiting += texts
        self._num_waiting_chars += size

    def _work(self) -> None:
        if self._failed:
            raise MemoryError  # what a group was short of: its documents are gone, so nothing here is whole
        self._failed = True
        texts, self._waiting, self._num_waiting_chars = self._waiting, [], 0
        data = _encoded("".join(texts))
        ends = list(accumulate(map(len, texts)))
        readings = {}
        for number in self._documents.odd(data, ends):
            reading = self._rules.read(texts[number])
            readings[number] = (_encoded(reading.text), reading.seams)
            if reading.shifted:
                doc, field = divmod(number, self._num_fields)
                self._shifted[field].append(self._num_docs + doc)
            texts[number] = reading.text
        self._documents.add(data, ends, readings, self._threads)
        for field in range(self._num_fields):
            self._any_text[field] |= any(texts[field :: self._num_fields])
        self._num_docs += len(texts) // self._num_fields
        self._failed = False

    def finish(self) -> Analysed:
        """All documents as a batch."""
        if self._waiting or self._failed:
            self._work()
        if self._documents is None:
            return Analysed([], [], [])
        counted, signatures = self._documents.finish()
        size = len(signatures) // max(self._num_docs, 1)
        return Analysed(
            [_field(*field, any_text=any_text) for field, any_text in zip(counted, self._any_text, strict=True)],
            [signatures[at : at + size] for at in range(0, len(signatures), size)],
            self._shifted,
        )


def _encoded(text: str) -> bytes:
    return text.encode("utf-32-le", "surrogatepass")


def _field(words: tuple[Any, bytes], characters: tuple[Any, bytes], *, any_text: bool) -> FieldCounts:
    (word_postings, word_counts), (character_postings, character_counts) = words, characters
    return FieldCounts(
        _counts(*word_postings) if word_postings[0] else None,
        np.frombuffer(word_counts, "<i8"),
        _counts(*character_postings) if any_text else None,
        np.frombuffer(character_counts, "<i8"),
    )


def _counts(keys: bytes, long_terms: list[bytes], counts: bytes, doc_ids: bytes, freqs: bytes) -> Counts:
    return Counts(
        np.frombuffer(keys, "<u8"),
        long_terms,
        np.frombuffer(counts, "<i8"),
        np.frombuffer(doc_ids, "<i4"),
        np.frombuffer(freqs, "<i4"),
    )
