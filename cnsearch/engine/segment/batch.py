"""Analysed documents as arrays: what worker processes hand to the writer.

    builder = BatchBuilder()
    builder.add({"id": ["a1"], "body": tokens}, stored={"id": "a1", "body": text}, columns={"date": 1634567890})
    batch = builder.build()          # in the worker: numpy and zlib
    writer.add_batch(batch)          # in the writer: a dict lookup per distinct term

A ``DocumentBatch`` is cheap to pickle: arrays, bytes, and a list of distinct terms.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnsearch.arrays import Ints
from cnsearch.engine.bytes.values import PLAIN_TYPES, encode_value
from cnsearch.engine.postings.inversion import TermPostings, invert, join_tokens
from cnsearch.engine.stored.pieces import StoredPiece, encode_piece


@dataclass
class DocumentBatch:
    """Consecutive documents.

    doc_count : number of documents
    fields    : postings of each indexed field
    lengths   : tokens per document of each indexed field, int64, shape (doc_count,)
    stored    : stored values
    columns   : column values, one per document, None for none
    vectors   : encoded term vectors, one per document, b"" for none
    """

    doc_count: int
    fields: dict[str, TermPostings]
    lengths: dict[str, Ints]
    stored: dict[str, StoredPiece]
    columns: dict[str, list[Any]] = field(default_factory=dict)
    vectors: dict[str, list[bytes]] = field(default_factory=dict)


def check_stored(stored: Mapping[str, Any]) -> None:
    """Raises TypeError, naming the field, if a value cannot be stored."""
    for name, value in stored.items():
        if type(value) not in PLAIN_TYPES:
            try:
                encode_value(value)
            except TypeError as exc:
                raise TypeError(f'stored field "{name}": {exc}') from exc


class Rows:
    """Values by field and document, with None where there is none."""

    def __init__(self) -> None:
        self._rows: list[Mapping[str, Any]] = []

    def add(self, doc: int, values: Mapping[str, Any]) -> None:
        """The values of document ``doc``, which is behind those that were added."""
        self._rows.extend([{}] * (doc - len(self._rows)))
        self._rows.append(dict(values))

    def finish(self, doc_count: int) -> dict[str, list[Any]]:
        """By field, one value per document; of those fields that have any."""
        rows = self._rows + [{}] * (doc_count - len(self._rows))
        columns = {name: [row.get(name) for row in rows] for name in sorted({name for row in rows for name in row})}
        return {name: column for name, column in columns.items() if any(value is not None for value in column)}


class BatchBuilder:
    """Collect tokenised documents; ``build`` turns them into a batch and empties the builder.

    plain : fields whose stored values are not compressed, see stored/pieces.py
    """

    def __init__(self, plain: Collection[str] = frozenset()) -> None:
        self._plain = plain
        self._reset()

    def _reset(self) -> None:
        self.doc_count = 0
        self.token_count = 0
        self.text_size = 0  # characters of tokens and of stored text
        self._texts: dict[str, list[str]] = {}
        self._counts: dict[str, list[int]] = {}
        self._stored = Rows()
        self._columns = Rows()

    def add(
        self,
        tokens: Mapping[str, Sequence[str]],
        stored: Mapping[str, Any] | None = None,
        columns: Mapping[str, Any] | None = None,
    ) -> int:
        """Add a document. Returns its number in the batch. If this raises, the document was not added.

        tokens  : of each indexed field, in order
        stored  : values to give back with a hit; None stores nothing
        columns : values as the schema's columns hold them (numbers, bool, bytes or text, lists of those)
        Raises  : TypeError for tokens that are not text, and for values that cannot be stored
        """
        joined = {name: join_tokens(words) for name, words in tokens.items() if words}
        if stored:
            check_stored(stored)
        doc = self.doc_count
        for name, text in joined.items():
            counts = self._counts.get(name)
            if counts is None:
                counts = self._counts[name] = []
                self._texts[name] = []
            if len(counts) < doc:
                counts.extend([0] * (doc - len(counts)))
            counts.append(len(tokens[name]))
            self._texts[name].append(text)
            self.token_count += len(tokens[name])
            self.text_size += len(text)
        if stored:
            self._stored.add(doc, stored)
            self.text_size += sum(len(value) for value in stored.values() if isinstance(value, (str, bytes)))
        if columns:
            self._columns.add(doc, columns)
        self.doc_count += 1
        return doc

    def build(self) -> DocumentBatch:
        """The documents added since the last call, as a batch."""
        count = self.doc_count
        fields, lengths = {}, {}
        for name in sorted(self._texts):
            counts = self._counts[name] + [0] * (count - len(self._counts[name]))
            fields[name] = invert(self._texts[name], counts)
            lengths[name] = np.array(counts, dtype=np.int64)
        stored = {
            name: encode_piece(values, count, plain=name in self._plain)
            for name, values in self._stored.finish(count).items()
        }
        batch = DocumentBatch(count, fields, lengths, stored, self._columns.finish(count))
        self._reset()
        return batch
