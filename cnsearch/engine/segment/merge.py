"""Several segments become one, array by array.

Documents keep their order: those of the first source come first. Deleted documents are left out, compressed blocks
without deletions are copied as they are. merge_terms.py has the terms and their postings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import Ints
from cnsearch.engine.bytes.ragged import take_rows
from cnsearch.engine.columns.byte_strings import OpaqueColumn
from cnsearch.engine.columns.kinds import AnyColumn, concatenate, make_column
from cnsearch.engine.columns.spec import ColumnSpec
from cnsearch.engine.files.folder import Files
from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.engine.segment.fields import Fields
from cnsearch.engine.segment.merge_terms import merge_terms
from cnsearch.engine.segment.reader import SegmentReader
from cnsearch.engine.segment.writer import SegmentWriter
from cnsearch.engine.stored.reader import SegmentPiece
from cnsearch.engine.stored.writer import StoredWriter


class MergeSource(NamedTuple):
    """A segment to merge; ``kept`` are its documents that are not deleted, ascending, or None for all."""

    segment: SegmentReader
    kept: Ints | None
    added: Mapping[str, OpaqueColumn] = MappingProxyType({})
    """Columns that somebody has put beside the segment's file."""

    def column(self, name: str) -> AnyColumn | None:
        """Of all documents of the segment; None if the field has none."""
        return self.segment.column(name) or self.added.get(name)

    @property
    def doc_count(self) -> int:
        """Documents that are kept."""
        return self.segment.doc_count if self.kept is None else len(self.kept)


def merge_segments(
    files: Files, fields: Fields, entry: SegmentEntry, sources: Sequence[MergeSource], *, threads: int | None = None
) -> None:
    """Write the file of ``entry`` with the documents of all sources. What is not among ``fields`` is dropped.

    threads  : see ``kernels.in_threads``
    REQUIRES: at least one document is kept
    """
    file = SegmentWriter(files, entry.filename)
    try:
        names = sorted(
            {name for source in sources for name in (*source.segment.infos, *source.added) if name in fields}
        )
        _merge_stored(file, sources, names)
        for name in names:
            _merge_lengths(file, sources, name)
            _merge_column(file, sources, name, fields[name].column)
            _merge_vectors(file, sources, name)
        for name in names:
            if any("term_count" in source.segment.infos.get(name, {}) for source in sources):
                kept = [(source.segment, source.kept) for source in sources]
                merge_terms(file, kept, name, frequency_is_value=fields[name].frequency_is_value, threads=threads)
                for source in sources:
                    source.segment.container.release()
        doc_count = sum(source.doc_count for source in sources)
        file.close(doc_count)
    except BaseException:
        file.abandon()
        raise
    entry.set_doc_count(doc_count)


def _merge_stored(file: SegmentWriter, sources: Sequence[MergeSource], names: list[str]) -> None:
    writer = StoredWriter(file.container)
    for source in sources:
        pieces_of = {}
        for name in names:
            reader = source.segment.stored_field(name)
            if reader is not None:
                pieces_of[name] = SegmentPiece(reader, source.segment.doc_count, source.kept)
        writer.add(pieces_of, source.doc_count)
        source.segment.container.release()
    file.add_stored(writer)


def _merge_lengths(file: SegmentWriter, sources: Sequence[MergeSource], name: str) -> None:
    found = [source.segment.lengths(name) for source in sources]
    if all(lengths is None for lengths in found):
        return
    parts: list[npt.NDArray[Any]] = []
    for source, lengths in zip(sources, found, strict=True):
        if lengths is None:
            parts.append(np.zeros(source.doc_count, dtype=np.uint8))
        else:
            parts.append(lengths if source.kept is None else lengths[source.kept])
    file.add_lengths(name, np.concatenate(parts))


def _merge_column(file: SegmentWriter, sources: Sequence[MergeSource], name: str, spec: ColumnSpec | None) -> None:
    kinds = set()
    for source in sources:
        info = source.segment.infos.get(name, {})
        if "column" in info:
            kinds.add(info["column"]["kind"])
        elif name in source.added:
            kinds.add("opaque")
    if spec is None or not kinds:
        return
    if kinds == {spec.kind} and spec.kind != "opaque":
        parts: list[tuple[AnyColumn | None, int]] = []
        for source in sources:
            part = source.segment.column(name)
            if part is not None and not isinstance(part, OpaqueColumn):
                part = part.take(source.kept)
            parts.append((part, source.doc_count))
        file.add_column(name, spec.kind, concatenate(parts, spec))
        return
    values: list[Any] = []
    check = spec.checker()
    for source in sources:
        part = source.column(name)
        if part is None:
            rows: list[Any] = [None] * source.segment.doc_count
        elif isinstance(part, OpaqueColumn):
            rows = list(map(check, part.values(spec)))
        else:
            rows = part.optional_values()
        values += rows if source.kept is None else [rows[doc] for doc in source.kept.tolist()]
    file.add_column(name, spec.kind, make_column(values, spec))


def _merge_vectors(file: SegmentWriter, sources: Sequence[MergeSource], name: str) -> None:
    readers = [source.segment.vectors(name) for source in sources]
    if all(reader is None for reader in readers):
        return
    lengths: list[Ints] = []
    flats = []
    for source, reader in zip(sources, readers, strict=True):
        if reader is None:
            lengths.append(np.zeros(source.doc_count, dtype=np.int64))
            continue
        sizes, flat = reader.lengths().astype(np.int64), reader.flat()
        if source.kept is not None:
            sizes, flat = take_rows(flat, sizes, source.kept)
        lengths.append(sizes)
        flats.append(flat)
    file.add_vectors(name, np.concatenate(lengths), flats)
