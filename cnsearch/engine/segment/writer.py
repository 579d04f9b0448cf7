"""Write the file of one segment: sections, and the manifest that says what the fields are."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import numpy as np
import numpy.typing as npt

from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import SectionKind, smallest_unsigned
from cnsearch.engine.bytes.ragged import write_ragged
from cnsearch.engine.columns.kinds import AnyColumn
from cnsearch.engine.files.folder import Files
from cnsearch.engine.segment.reader import VECTOR_KINDS, SegmentReader
from cnsearch.engine.stored.writer import StoredWriter


class SegmentWriter:
    """The file ``name`` while it is written: sections go to ``container``, what describes fields to the manifest."""

    def __init__(self, files: Files, name: str) -> None:
        self.name = name
        self._files = files
        self._file = files.create(name)
        self._is_closed = False
        try:
            self.container = ContainerWriter(self._file)
        except BaseException:
            with contextlib.suppress(OSError):
                self._file.close()
            raise
        self._infos: dict[str, dict[str, Any]] = {}
        self.resources = contextlib.ExitStack()
        """What is needed only while the file is written."""

    def field(self, name: str) -> tuple[int, dict[str, Any]]:
        """Number and manifest entry of a field; both are made on first use."""
        info = self._infos.setdefault(name, {"name": name})
        return list(self._infos).index(name), info

    def continue_from(self, segment: SegmentReader) -> None:
        """Begin with all sections of another file. REQUIRES: nothing has been written."""
        self._infos = {info["name"]: dict(info) for info in segment.manifest["fields"]}
        self.container.copy_from(segment.container, frozenset([SectionKind.MANIFEST]))

    def add_stored(self, stored: StoredWriter) -> None:
        """Write what ``stored``, which wrote to this container, has kept."""
        for name in stored.finish({name: self.field(name)[0] for name in stored.names()}):
            self.field(name)[1]["stored"] = True

    def add_lengths(self, name: str, lengths: npt.NDArray[Any]) -> None:
        """Write the field lengths: tokens per document, integers of any dtype, shape (documents,)."""
        number, info = self.field(name)
        longest = int(lengths.max()) if len(lengths) else 0
        info["lengths"] = {
            "total": int(lengths.sum(dtype=np.int64)),
            "min": int(lengths.min()) if len(lengths) else 0,
            "max": longest,
        }
        self.container.add(SectionKind.FIELD_LENGTHS, lengths.astype(smallest_unsigned(longest)), number)

    def add_column(self, name: str, kind: str, column: AnyColumn) -> None:
        """Write a column."""
        number, info = self.field(name)
        info["column"] = {"kind": kind, **column.write(self.container, number)}

    def add_vectors(self, name: str, lengths: npt.NDArray[np.int64], rows: list[Any]) -> None:
        """Write encoded term vectors: bytes per document, shape (documents,), and all bytes in any number of parts."""
        number, info = self.field(name)
        info["vector"] = True
        write_ragged(self.container, VECTOR_KINDS, number, lengths, rows)

    def close(self, doc_count: int) -> None:
        """Write the manifest and finish the file, on disk for good."""
        manifest = {"doc_count": doc_count, "fields": list(self._infos.values())}
        text = json.dumps(manifest, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        self.container.add(SectionKind.MANIFEST, text.encode("utf-8", "surrogatepass"))
        self.container.close()
        self._files.sync_file(self._file)
        self._is_closed = True
        self._file.close()
        self.resources.close()

    def abandon(self) -> None:
        """Close the file unfinished, and remove it."""
        self.resources.close()
        if not self._is_closed:
            with contextlib.suppress(OSError):  # what is not written yet cannot be, and need not
                self._file.close()
        self._files.delete(self.name)
