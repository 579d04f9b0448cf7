"""Terms and postings of one field, written together: each piece of sorted terms comes with its postings."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cnsearch.engine.bytes.layout import SectionKind
from cnsearch.engine.bytes.ragged import lengths_of
from cnsearch.engine.postings.encode import PostingValues, encode_postings
from cnsearch.engine.segment.writer import SegmentWriter
from cnsearch.engine.terms.dictionary_writer import TermDictionaryWriter
from cnsearch.kernels import Lists

#: bytes of posting values (positions) that are kept in memory before they go to a temporary file
_SPOOL_BYTES = 16 << 20


class FieldTermsWriter:
    """Write the terms of one field, in pieces.

    frequency_is_value : see FieldSpec: values are derived from the weights
    REQUIRES           : no other section is written between construction and ``finish``
    """

    def __init__(self, file: SegmentWriter, name: str, *, frequency_is_value: bool) -> None:
        self._file = file
        self._frequency_is_value = frequency_is_value
        self._number, self._info = file.field(name)
        self._terms = TermDictionaryWriter()
        file.resources.callback(self._terms.close)
        self._values_size = 0
        self._values = file.resources.enter_context(tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES))  # noqa: SIM115
        file.container.begin(SectionKind.POSTINGS, self._number)

    def add(
        self,
        terms: Sequence[bytes],
        counts: npt.NDArray[np.int64],
        doc_ids: npt.NDArray[Any],
        weights: npt.NDArray[Any],
        values: PostingValues | None = None,
    ) -> None:
        """Append terms that ascend strictly, and their postings one list after the other.

        counts            : postings of each term, shape (terms,), each >= 1
        doc_ids           : integers, shape (postings,), ascending within a list
        weights           : integers or floats, shape (postings,)
        values            : opaque values, or None; encode_postings says more
        Raises ValueError if doc_ids do not ascend.
        """
        encoded = encode_postings(
            doc_ids,
            weights,
            counts,
            values,
            frequency_is_value=self._frequency_is_value,
            values_base=self._values_size,
        )
        self.add_lists(Lists(b"".join(terms), lengths_of(terms), encoded.pointers, encoded.data))
        if len(encoded.values):
            self._values.write(encoded.values.tobytes())
            self._values_size += len(encoded.values)

    def add_lists(self, lists: Lists) -> None:
        """Append terms that ascend strictly, with their lists as they are written."""
        base, pointers = self._file.container.section_position, lists.pointers
        self._file.container.write(lists.data)
        self._terms.add(lists.terms, lists.lengths, np.where(pointers < 0, pointers, pointers + base))

    def finish(self) -> None:
        """Write what ``add`` kept."""
        container = self._file.container
        container.end()
        if self._values_size:
            container.begin(SectionKind.POSTING_VALUES, self._number)
            self._values.seek(0)
            while chunk := self._values.read(1 << 20):
                container.write(chunk)
            container.end()
        self._values.close()
        self._info["term_count"] = self._terms.count
        self._info["term_skip"] = self._terms.write(container, self._number)
        self._terms.close()
        self._info["frequency_is_value"] = self._frequency_is_value
