"""Write the stored values of all fields of a segment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import SectionKind, smallest_unsigned
from cnsearch.engine.bytes.ragged import offsets_of, write_ragged
from cnsearch.engine.stored.pieces import STORED_KINDS, Piece, StoredPiece, empty_piece


class StoredWriter:
    """Collect the pieces of all fields and write them: the blocks at once, the rest in ``finish``.

    REQUIRES: no other section is written between the first ``add`` and ``finish``
    """

    def __init__(self, writer: ContainerWriter) -> None:
        self._writer = writer
        self._open = False
        self._fields: dict[str, list[Piece]] = {}
        self._block_starts: dict[str, list[int]] = {}
        self._block_sizes: dict[str, list[int]] = {}
        self.doc_count = 0

    def add(self, pieces: Mapping[str, Piece], doc_count: int) -> None:
        """Append ``doc_count`` documents; fields without a piece store nothing for them."""
        if not self._open:
            self._writer.begin(SectionKind.LONG_BLOCKS)
            self._open = True
        for name in sorted(pieces):
            piece = pieces[name]
            if piece.doc_count != doc_count:
                raise ValueError(f'stored field "{name}" has {piece.doc_count} documents, expected {doc_count}')
            if name not in self._fields:
                self._fields[name] = [empty_piece(self.doc_count)] if self.doc_count else []
                self._block_starts[name], self._block_sizes[name] = [], []
            for block in piece.blocks:
                self._block_starts[name].append(self._writer.section_position)
                self._block_sizes[name].append(len(block))
                self._writer.write(block)
            if isinstance(piece, StoredPiece):
                piece.blocks = []  # written; what is left is small
            self._fields[name].append(piece)
        for name in self._fields.keys() - pieces.keys():
            self._fields[name].append(empty_piece(doc_count))
        self.doc_count += doc_count

    def names(self) -> list[str]:
        """Names of the fields with stored values so far, sorted."""
        return sorted(self._fields)

    def finish(self, field_numbers: dict[str, int]) -> list[str]:
        """Write what ``add`` kept. Returns the names of the stored fields.

        field_numbers : number of each field in the section table
        """
        if self._open:
            self._writer.end()
        names = sorted(self._fields)
        for name in names:
            self._write_field(name, field_numbers[name])
        return names

    def _write_field(self, name: str, field: int) -> None:
        pieces, writer, kind = self._fields[name], self._writer, SectionKind
        lengths = np.concatenate([piece.short_lengths for piece in pieces])
        write_ragged(writer, STORED_KINDS, field, lengths, (part for piece in pieces for part in piece.short_parts))
        bases = offsets_of(np.array([piece.doc_count for piece in pieces]))
        long_docs = np.concatenate(
            [piece.long_docs + base for piece, base in zip(pieces, bases.tolist(), strict=False)]
        )
        if not len(long_docs):
            return
        if len(long_docs) < self.doc_count:
            writer.add(kind.LONG_DOCS, long_docs.astype("<u4"), field)
        long_lengths = np.concatenate([piece.long_lengths for piece in pieces])
        ranks = offsets_of(np.concatenate([piece.block_counts for piece in pieces]))
        starts, sizes = np.array(self._block_starts[name]), np.array(self._block_sizes[name])
        for number, array in (
            (kind.LONG_LENGTHS, long_lengths),
            (kind.LONG_BLOCK_RANKS, ranks),
            (kind.LONG_BLOCK_STARTS, starts),
            (kind.LONG_BLOCK_SIZES, sizes),
        ):
            writer.add(number, array.astype(smallest_unsigned(int(array.max()))), field)
