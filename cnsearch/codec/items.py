"""Documents as Whoosh's fields analyse them, as a batch: with any weights, values and term vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cnsearch.engine.bytes.ragged import gather_rows, lengths_of, offsets_of
from cnsearch.engine.postings.encode import PostingValues
from cnsearch.engine.postings.inversion import TermPostings
from cnsearch.engine.segment.batch import DocumentBatch, Rows
from cnsearch.engine.stored.pieces import encode_piece
from cnsearch.engine.terms.keys import keys_of_terms


class ItemBatchBuilder:
    """Collect documents as Whoosh's fields analyse them: (term, weight, value) per distinct term of a document."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self.doc_count = 0
        self.token_count = 0
        self.text_size = 0
        self._terms: dict[str, list[bytes]] = {}
        self._weights: dict[str, list[float]] = {}
        self._values: dict[str, list[bytes]] = {}
        self._docs: dict[str, list[int]] = {}
        self._lengths = Rows()
        self._stored = Rows()
        self._columns = Rows()
        self._vectors = Rows()

    def add(
        self,
        items: Mapping[str, Sequence[tuple[bytes, float, bytes]]],
        lengths: Mapping[str, int],
        stored: Mapping[str, Any],
        columns: Mapping[str, Any],
        vectors: Mapping[str, bytes],
    ) -> int:
        """Add a document whose stored values were checked. Returns its number in the batch."""
        doc = self.doc_count
        for name, rows in items.items():
            self.add_items(name, doc, rows)
        self._lengths.add(doc, lengths)
        self._stored.add(doc, stored)
        self._columns.add(doc, columns)
        self._vectors.add(doc, vectors)
        self.text_size += sum(len(value) for value in stored.values() if isinstance(value, (str, bytes)))
        self.doc_count += 1
        return doc

    def add_items(self, name: str, doc: int, rows: Sequence[tuple[bytes, float, bytes]]) -> None:
        """Add postings of a field to document ``doc``; documents may come in any order, each term of one once."""
        if not rows:
            return
        self._terms.setdefault(name, []).extend([row[0] for row in rows])
        self._weights.setdefault(name, []).extend([row[1] for row in rows])
        self._values.setdefault(name, []).extend([row[2] or b"" for row in rows])
        self._docs.setdefault(name, []).extend([doc] * len(rows))
        self.token_count += len(rows)
        self.text_size += sum(len(row[0]) + len(row[2] or b"") for row in rows)

    def build(self) -> DocumentBatch:
        """The documents added since the last call, as a batch."""
        count = self.doc_count
        fields = {name: self._invert(name) for name in sorted(self._terms)}
        lengths = {
            name: np.array([length or 0 for length in row], dtype=np.int64)
            for name, row in self._lengths.finish(count).items()
        }
        stored = {name: encode_piece(values, count) for name, values in self._stored.finish(count).items()}
        vectors = {name: [row or b"" for row in rows] for name, rows in self._vectors.finish(count).items()}
        batch = DocumentBatch(count, fields, lengths, stored, self._columns.finish(count), vectors)
        self._reset()
        return batch

    def _invert(self, name: str) -> TermPostings:
        numbers: dict[bytes, int] = {}
        terms = np.fromiter((numbers.setdefault(term, len(numbers)) for term in self._terms[name]), dtype=np.int64)
        docs = np.array(self._docs[name], dtype=np.int64)
        order = np.lexsort((docs, terms))
        weights = np.array(self._weights[name], dtype=np.float64)[order]
        if bool((weights == np.floor(weights)).all()) and float(weights.max()) < 1 << 31 and float(weights.min()) >= 1:
            weights = weights.astype(np.int32)
        raw = self._values[name]
        values = None
        if any(raw):
            sizes = lengths_of(raw)
            flat = np.frombuffer(b"".join(raw), np.uint8)
            values = PostingValues(sizes[order], gather_rows(flat, offsets_of(sizes)[:-1][order], sizes[order]))
        counts = np.bincount(terms, minlength=len(numbers))
        return TermPostings(*keys_of_terms(list(numbers)), counts, docs[order].astype(np.int32), weights, values)
