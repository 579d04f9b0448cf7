"""A segment as a table of contents lists it: its name, how many documents it has, which of them are deleted.

A segment's file never changes once it is written. Deletions are part of the entry, so every commit may have its own,
while all readers of the same file share one ``SegmentReader``.
"""

from __future__ import annotations

import base64
import uuid
import zlib
from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from cnsearch.engine.bytes.layout import EXTENSION

MAX_DOCS = (1 << 31) - 1
"""Documents per segment: their numbers are int32."""

_Entry = TypeVar("_Entry", bound="SegmentEntry")


class SegmentEntry:
    """An entry. Two are equal if they name the same file, whatever is deleted in them."""

    def __init__(self, indexname: str, segid: str | None = None, doc_count: int = 0) -> None:
        self.indexname = indexname
        self.segid = uuid.uuid4().hex[:16] if segid is None else segid
        self._doc_count = doc_count
        self._deleted: npt.NDArray[np.bool_] | None = None
        self._deleted_count = 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.segment_id()}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SegmentEntry) and self.segment_id() == other.segment_id()

    def __hash__(self) -> int:
        return hash(self.segment_id())

    def segment_id(self) -> str:
        """Its name, which no other segment ever has."""
        return f"{self.indexname}_{self.segid}"

    @property
    def filename(self) -> str:
        """The name of its file."""
        return self.segment_id() + EXTENSION

    # -- what is stored ---------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Everything about the entry, fit for JSON. ``deleted`` is a compressed bitmap in base 64."""
        deleted = ""
        if self._deleted is not None:
            packed = np.packbits(self._deleted, bitorder="little").tobytes()
            deleted = base64.b64encode(zlib.compress(packed, 1)).decode("ascii")
        return {"index": self.indexname, "id": self.segid, "doc_count": self._doc_count, "deleted": deleted}

    @classmethod
    def from_dict(cls: type[_Entry], state: dict[str, Any]) -> _Entry:
        """Inverse of ``to_dict``. Raises ValueError, TypeError or KeyError for what that never returns, whatever it is:
        nothing is allocated before it is known to be needed."""
        index, segid, doc_count, deleted = state["index"], state["id"], state["doc_count"], state["deleted"]
        if not (isinstance(index, str) and isinstance(segid, str) and isinstance(deleted, str)):
            raise TypeError("a segment has the wrong types")
        if type(doc_count) is not int or not 0 <= doc_count <= MAX_DOCS:
            raise ValueError(f"a segment has {doc_count!r:.40} documents")
        segment = cls(index, segid, doc_count)
        if deleted:
            bits = np.unpackbits(_bitmap(deleted, doc_count), bitorder="little")
            if bits[doc_count:].any():
                raise ValueError("a segment has deleted documents that it does not have")
            segment._deleted = bits[:doc_count].astype(bool)
            segment._deleted_count = int(segment._deleted.sum())
        return segment

    # -- documents --------------------------------------------------------------------------------------------------

    def doc_count_all(self) -> int:
        """Documents, deleted ones included."""
        return self._doc_count

    def doc_count(self) -> int:
        """Documents that are not deleted."""
        return self._doc_count - self._deleted_count

    def set_doc_count(self, doc_count: int) -> None:
        """How many documents its file has, once that is known."""
        self._doc_count = doc_count
        if self._deleted is not None and len(self._deleted) != doc_count:
            self._deleted = np.resize(self._deleted, doc_count)

    def has_deletions(self) -> bool:
        """Whether any document is deleted."""
        return self._deleted_count > 0

    def deleted_count(self) -> int:
        """How many documents are deleted."""
        return self._deleted_count

    def deleted_docs(self) -> Iterator[int]:
        """The deleted documents, ascending."""
        return iter(() if self._deleted is None else np.flatnonzero(self._deleted).tolist())

    def delete_documents(self, doc_ids: npt.NDArray[Any], *, delete: bool = True) -> int:
        """Mark documents as deleted (or not). Returns how many were not so before.

        doc_ids : integers 0 <= n < doc_count_all, shape (n,), in any order; repeated ones count once
        """
        if self._deleted is None:
            if not delete:
                return 0
            self._deleted = np.zeros(self._doc_count, dtype=bool)
        changed = np.unique(doc_ids[self._deleted[doc_ids] != delete])
        self._deleted[changed] = delete
        self._deleted_count += len(changed) if delete else -len(changed)
        return len(changed)

    def is_deleted(self, doc_id: int) -> bool:
        """Also of the number after the last document, which Whoosh's InverseMatcher asks for: no."""
        return self._deleted is not None and doc_id < self._doc_count and bool(self._deleted[doc_id])

    def live_mask(self) -> npt.NDArray[np.bool_] | None:
        """New array: bool, shape (doc_count_all,), False where deleted; None if nothing is."""
        return ~self._deleted if self._deleted is not None and self._deleted_count else None

    def live_doc_ids(self) -> npt.NDArray[np.int64] | None:
        """The documents that are not deleted, ascending: new array, shape (doc_count,); None if all are there."""
        mask = self.live_mask()
        return None if mask is None else np.flatnonzero(mask)


def _bitmap(text: str, doc_count: int) -> npt.NDArray[np.uint8]:
    """The bytes of a bitmap of ``doc_count`` bits as ``to_dict`` writes it. Raises ValueError."""
    length = (doc_count + 7) // 8
    inflater = zlib.decompressobj()
    try:
        packed = inflater.decompress(base64.b64decode(text, validate=True), length + 1)
    except zlib.error as exc:
        raise ValueError(f"a bitmap of deletions cannot be inflated: {exc}") from exc
    if len(packed) != length or not inflater.eof or inflater.unused_data:
        raise ValueError(f"a bitmap of deletions has not {length} bytes")
    return np.frombuffer(packed, np.uint8)
