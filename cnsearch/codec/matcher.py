"""Whoosh matchers over decoded arrays."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from whoosh.matching import LeafMatcher, ReadTooFar

from cnsearch.engine.postings.decode import PostingsList

#: postings per block of quality figures, as in Whoosh's own codec
BLOCK_SIZE = 128


class ColumnarMatcher(LeafMatcher):  # type: ignore[misc]
    """The postings of one term, as Whoosh wants them: one at a time.

    postings  : decoded list, shared and not modified
    values    : called once, when a value is asked for: the opaque values, one per posting
    lengths   : called once, when a block's quality is asked for: field length of each document, or None
    """

    def __init__(
        self,
        postings: PostingsList,
        format_: Any,
        values: Callable[[], list[bytes]],
        lengths: Callable[[], npt.NDArray[Any] | None],
        term: tuple[str, bytes] | None = None,
        scorer: Any = None,
    ) -> None:
        self.format = format_
        self.scorer = scorer
        self._term = term
        self._postings = postings
        self._make_values = values
        self._make_lengths = lengths
        self._ids: list[int] = postings.doc_ids.tolist()
        self._weights: list[float] | None = None
        self._values: list[bytes] | None = None
        self._block_figures: tuple[list[float], list[int], list[int]] | None = None
        self._i = 0

    def copy(self) -> ColumnarMatcher:
        other = self.__class__.__new__(self.__class__)
        other.__dict__.update(self.__dict__)
        return other

    def is_active(self) -> bool:
        return self._i < len(self._ids)

    def reset(self) -> None:
        self._i = 0

    def id(self) -> int:
        # AndNotMatcher asks a used-up matcher, and needs any id that is not larger than those to come: there are none.
        return self._ids[min(self._i, len(self._ids) - 1)]

    def all_ids(self) -> Iterator[int]:
        return iter(self._ids[self._i :])

    def all_items(self) -> Iterator[tuple[int, bytes]]:
        return zip(self._ids[self._i :], self._all_values()[self._i :], strict=True)

    def weight(self) -> float:
        if self._weights is None:
            self._weights = self._postings.weights.tolist()
        return self._weights[self._i]

    def _all_values(self) -> list[bytes]:
        if self._values is None:
            self._values = self._make_values()
        return self._values

    def value(self) -> bytes:
        return self._all_values()[self._i]

    def next(self) -> bool:
        if self._i >= len(self._ids):
            raise ReadTooFar
        self._i += 1
        return self._i % BLOCK_SIZE == 0

    def skip_to(self, id: int) -> None:
        if self._i >= len(self._ids):
            raise ReadTooFar
        if id > self._ids[self._i]:
            self._i = bisect_left(self._ids, id, self._i)

    # -- quality of blocks ------------------------------------------------------------------------------------------

    def _figures(self) -> tuple[list[float], list[int], list[int]]:
        """(largest weight, shortest length, longest length) of each block."""
        if self._block_figures is None:
            doc_ids, weights = self._postings.doc_ids, self._postings.weights
            starts = np.arange(0, len(doc_ids), BLOCK_SIZE)
            lengths = self._make_lengths()
            shortest: npt.NDArray[Any] = np.zeros(len(starts), dtype=np.int64)
            longest = shortest
            if lengths is not None:
                here = lengths[doc_ids]
                shortest, longest = np.minimum.reduceat(here, starts), np.maximum.reduceat(here, starts)
            self._block_figures = (
                np.maximum.reduceat(weights, starts).tolist(),
                shortest.tolist(),
                longest.tolist(),
            )
        return self._block_figures

    def _block(self) -> int:
        """Number of the current block; Whoosh asks for its quality even when the last one is used up."""
        return min(self._i, len(self._ids) - 1) // BLOCK_SIZE

    def block_min_id(self) -> int:
        """The first document of the current block of BLOCK_SIZE postings."""
        return self._ids[self._block() * BLOCK_SIZE]

    def block_max_id(self) -> int:
        """The last document of the current block."""
        return self._ids[min((self._block() + 1) * BLOCK_SIZE, len(self._ids)) - 1]

    def block_max_weight(self) -> float:
        """The greatest weight in it: with the shortest length, what Whoosh's scorers bound the score of a block by."""
        return self._figures()[0][self._block()]

    def block_min_length(self) -> int:
        """The shortest field of its documents, in tokens; 0 where lengths are not kept."""
        return self._figures()[1][self._block()]

    def block_max_length(self) -> int:
        """The longest field of its documents, in tokens; 0 where lengths are not kept."""
        return self._figures()[2][self._block()]

    def skip_to_quality(self, minquality: float) -> int:
        skipped = 0
        while self._i < len(self._ids) and self.block_quality() <= minquality:
            self._i = self._i - self._i % BLOCK_SIZE + BLOCK_SIZE
            skipped += 1
        return skipped


class VectorMatcher(LeafMatcher):  # type: ignore[misc]
    """A term vector: ids are terms (text), each with weight and value."""

    def __init__(self, items: list[tuple[str, float, bytes]], format_: Any) -> None:
        self.format = format_
        self.scorer = None
        self._term = None
        self._items = items
        self._i = 0

    def copy(self) -> VectorMatcher:
        other = VectorMatcher(self._items, self.format)
        other._i = self._i
        return other

    def is_active(self) -> bool:
        return self._i < len(self._items)

    def reset(self) -> None:
        self._i = 0

    def id(self) -> str:
        return self._items[self._i][0]

    def weight(self) -> float:
        return self._items[self._i][1]

    def value(self) -> bytes:
        return self._items[self._i][2]

    def all_ids(self) -> Iterator[str]:
        return iter([item[0] for item in self._items[self._i :]])

    def all_items(self) -> Iterator[tuple[str, bytes]]:
        return iter([(item[0], item[2]) for item in self._items[self._i :]])

    def next(self) -> bool:
        if self._i >= len(self._items):
            raise ReadTooFar
        self._i += 1
        return False

    def supports_block_quality(self) -> bool:
        return False
