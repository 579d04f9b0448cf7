"""Whoosh's contract of a column (whoosh.columns.ColumnReader), over the arrays of the engine's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from whoosh import columns as whoosh_columns
from whoosh.idsets import BitSet

from cnsearch.engine.columns.numbers import BitsColumn, NumberColumn
from cnsearch.engine.columns.ordinals import OrdinalListsColumn


class ColumnarColumnReader(whoosh_columns.ColumnReader):  # type: ignore[misc]
    """whoosh.columns.ColumnReader over any of the kinds but the opaque one."""

    def __init__(self, data: Any, doc_count: int) -> None:
        self.data = data
        self._doc_count = doc_count
        self._reverse = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {type(self.data).__name__}>"

    def __len__(self) -> int:
        return self._doc_count

    def __getitem__(self, doc_id: int) -> Any:
        return self.data[doc_id]

    def sort_key(self, doc_id: int) -> Any:
        key = self.data[doc_id]
        if isinstance(self.data, BitsColumn):
            return int(key ^ self._reverse)
        if isinstance(self.data, OrdinalListsColumn):
            return key[0]
        return 0 - key if self._reverse else key

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data.to_list())

    def load(self) -> list[Any]:
        return self.data.to_list()  # type: ignore[no-any-return]

    def id_set(self) -> Any:
        """The documents that are True, for BitColumn."""
        return BitSet(np.flatnonzero(self.data.values).tolist(), size=self._doc_count)

    def set_reverse(self) -> None:
        if not isinstance(self.data, (NumberColumn, BitsColumn)):
            raise NotImplementedError("only numbers and bits can be sorted in reverse")
        self._reverse = True
