"""Check a segment through and through: checksums first, then whether what they cover fits together.

Checksums find what a disk, a copy or a program did to the bytes. The rest finds what only a faulty writer, or somebody
who also computed the checksums, could have made: terms out of order, postings of documents that do not exist, lengths
that are not the sum of the frequencies. It knows no schema: it asks what must be true of any segment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.layout import NO_FIELD, SECTION_ALIGNMENT, SECTION_NAMES
from cnsearch.engine.bytes.ragged import offsets_of
from cnsearch.engine.columns.ordinals import OrdinalColumn, OrdinalListsColumn
from cnsearch.engine.segment.reader import SegmentReader
from cnsearch.errors import CorruptIndexError

MAX_FINDINGS = 20
"""Findings told of one segment: of a file that was overwritten, every block is damaged."""

_WRONG = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError, RecursionError)
"""What reading raises where a writer has broken the format and the checksums are right."""


class SegmentCheck:
    """One look at the file of a segment, which is read anew: nothing that was found good before is taken for granted.

    doc_count : documents that the table of contents says it has
    unboosted : nothing was boosted when it was written: then a field length is the sum of the frequencies
    counts    : what was checked: bytes, blocks, sections, terms, postings, lengths, columns, values
    """

    def __init__(self, segment: SegmentReader, doc_count: int, *, unboosted: bool = False) -> None:
        self._opened = segment.container
        self._unboosted = unboosted
        self._doc_count = doc_count
        self.counts: Counter[str] = Counter()

    def findings(self) -> Iterator[CorruptIndexError]:
        """What is wrong, at most MAX_FINDINGS."""
        for number, finding in enumerate(self._findings()):
            if number == MAX_FINDINGS:
                return
            yield finding

    def _findings(self) -> Iterator[CorruptIndexError]:
        try:
            container = Container(self._opened.path, self._opened.view)
            damaged = False
            for finding in container.damaged_blocks():
                damaged = True
                yield finding
            self.counts.update(files=1, bytes=len(container.view), blocks=container.block_count)
            if damaged:  # what the blocks hold would only repeat it
                return
            yield from _table_findings(container)
            self.counts["sections"] += len(container.entries)
            segment = SegmentReader(container)
            if segment.doc_count != self._doc_count:
                yield container.corrupt(
                    "has another number of documents than the table of contents",
                    section="manifest",
                    found=segment.doc_count,
                    expected=self._doc_count,
                )
                return
        except CorruptIndexError as error:
            yield error
            return
        except _WRONG as error:
            yield self._opened.corrupt(f"cannot be understood: {error}", section="manifest")
            return
        for name in segment.infos:
            for check in (self._terms, self._lengths, self._column, self._stored):
                try:
                    yield from check(segment, name)
                except CorruptIndexError as error:
                    yield error
                except _WRONG as error:
                    what = check.__name__.strip("_")
                    yield container.corrupt(f'of the field "{name}" cannot be read: {error}', section=what)

    def _terms(self, segment: SegmentReader, name: str) -> Iterator[CorruptIndexError]:
        terms = segment.terms(name)
        if terms is None:
            return
        last = None
        tokens = np.zeros(segment.doc_count, dtype=np.float64)
        number = 0
        for words, lists in segment.all_postings(name):
            ascending = all(map(_less, words, words[1:])) and (last is None or last < words[0])
            if not ascending:
                yield segment.container.corrupt(
                    f'of the field "{name}" has terms that do not ascend', section="term_bytes"
                )
                return
            for at in range(-number % 16, len(words), 16):  # the first term of each block, by which it is looked up
                if terms.find(words[at]) != number + at:
                    yield segment.container.corrupt(
                        f'of the field "{name}" does not find the term {words[at]!r:.60}', section="term_keys"
                    )
                    return
            starts = offsets_of(lists.counts)
            steps = np.diff(lists.doc_ids)
            steps[starts[1:-1] - 1] = 1  # from list to list
            wrong = len(steps) and int(steps.min()) < 1
            weights_wrong = not bool(np.isfinite(lists.weights).all()) or float(lists.weights.min()) <= 0
            if wrong or weights_wrong or int(starts[-1]) != len(lists.doc_ids):
                what = "documents that do not ascend" if wrong else "impossible frequencies"
                yield segment.container.corrupt(f'of the field "{name}" has {what}', section="postings")
                return
            tokens += np.bincount(lists.doc_ids, lists.weights, minlength=segment.doc_count)
            last = words[-1]
            number += len(words)
            self.counts.update(terms=len(words), postings=len(lists.doc_ids))
        lengths = segment.lengths(name)
        if lengths is None:
            return
        # A boost multiplies the frequencies, not the lengths: then only that there is something can be compared.
        wrong_lengths = lengths != tokens if self._unboosted else (lengths > 0) & (tokens <= 0)
        if (unequal := np.flatnonzero(wrong_lengths)).size:
            doc_id = int(unequal[0])
            yield segment.container.corrupt(
                f'of the field "{name}" is not the sum of the frequencies in document {doc_id}',
                section="field_lengths",
                found=int(lengths[doc_id]),
                expected=int(tokens[doc_id]),
            )

    def _lengths(self, segment: SegmentReader, name: str) -> Iterator[CorruptIndexError]:
        lengths = segment.lengths(name)
        if lengths is None:
            return
        self.counts["lengths"] += len(lengths)
        found = {"total": int(lengths.sum(dtype=np.int64)), "min": int(lengths.min()), "max": int(lengths.max())}
        if segment.length_statistics(name) != found:
            yield segment.container.corrupt(
                f'has wrong statistics of the lengths of the field "{name}"',
                section="manifest",
                found=segment.length_statistics(name),
                expected=found,
            )

    def _column(self, segment: SegmentReader, name: str) -> Iterator[CorruptIndexError]:
        column = segment.column(name)
        if column is None:
            return
        self.counts["columns"] += 1
        if isinstance(column, (OrdinalColumn, OrdinalListsColumn)) and not all(
            map(_less, column.uniques, column.uniques[1:])
        ):
            yield segment.container.corrupt(
                f'of the field "{name}" has values that do not ascend', section="column_value_bytes"
            )

    def _stored(self, segment: SegmentReader, name: str) -> Iterator[CorruptIndexError]:
        stored, vectors = segment.stored_field(name), segment.vectors(name)
        if stored is not None:
            for doc_id in range(segment.doc_count):
                self.counts["values"] += stored.get(doc_id) is not None
        if vectors is not None:
            for doc_id in range(segment.doc_count):
                vectors[doc_id]
        return
        yield  # what is wrong is raised


def _less(first: Any, second: Any) -> bool:
    return bool(first < second)


def _table_findings(container: Container) -> Iterator[CorruptIndexError]:
    """Sections follow each other, none twice, each of a kind that there is."""
    end = 0
    seen = set()
    for entry in sorted(container.entries, key=lambda entry: (entry.offset, entry.length)):
        name = SECTION_NAMES.get(entry.kind, str(entry.kind))
        key = (entry.kind, entry.field)
        fields = "the segment" if entry.field == NO_FIELD else f"field {entry.field}"
        if entry.kind not in SECTION_NAMES:
            yield container.corrupt("is of an unknown kind", section=name, offset=entry.offset)
        elif key in seen:
            yield container.corrupt(f"of {fields} is there twice", section=name, offset=entry.offset)
        elif entry.offset < end or entry.offset % SECTION_ALIGNMENT:
            yield container.corrupt(f"of {fields} begins in another", section=name, offset=entry.offset)
        seen.add(key)
        end = entry.offset + entry.length
