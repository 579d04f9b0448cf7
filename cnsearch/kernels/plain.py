"""The kernels in Python: the reference for the compiled ones, and what runs where there are none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnsearch.arrays import CodePoints
from cnsearch.kernels.contract import Analysed, Counts, FieldCounts, Rules, Words


class _Field:
    """One text of each document: its words joined, if there are any, and how many; its folded text."""

    def __init__(self) -> None:
        self.joined: list[str] = []
        self.counts: list[int] = []
        self.folded: list[CodePoints] = []
        self.shifted: list[int] = []

    def counted(self, rules: Rules) -> FieldCounts:
        pairs, pair_counts = rules.pairs(self.folded)
        return FieldCounts(
            Counts(*rules.count_words(self.joined, self.counts)[:5]) if self.joined else None,
            np.array(self.counts, dtype=np.int64),
            Counts(*rules.count_pairs(pairs, pair_counts)[:5]) if any(map(len, self.folded)) else None,
            pair_counts,
        )


class PlainTexts:
    """``contract.Texts``: each document is read and cut as it comes, all are counted at the end."""

    def __init__(self, rules: Rules, words: Words) -> None:
        self._rules = rules
        self._words = words
        self._fields: list[_Field] = []
        self._signatures: list[bytes] = []

    def add(self, texts: Sequence[str]) -> None:
        """Add a document."""
        rules, doc = self._rules, len(self._signatures)
        fields = self._fields or [_Field() for _ in texts]
        if len(texts) != len(fields):
            raise ValueError(f"a document has {len(fields)} texts here, not {len(texts)}")
        readings = [rules.read(text) for text in texts]
        words = [self._words(reading) for reading in readings]
        points = [reading.points() for reading in readings]
        joined = [rules.join_words(found) if found else "" for found in words]
        signature = rules.signature(points[0], points[-1])
        for field, reading, folded, found, text in zip(fields, readings, points, words, joined, strict=True):
            field.counts.append(len(found))
            if found:
                field.joined.append(text)
            field.folded.append(folded)
            if reading.shifted:
                field.shifted.append(doc)
        self._fields = fields
        self._signatures.append(signature)

    def finish(self) -> Analysed:
        """All documents as a batch."""
        fields = self._fields
        shifted = [field.shifted for field in fields]
        return Analysed([field.counted(self._rules) for field in fields], self._signatures, shifted)
