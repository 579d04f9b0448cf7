"""Write the file of a segment: sections one after the other, then their table and the checksums.

The writer never seeks, so it works on any file object. What the sections mean it does not know.
"""

from __future__ import annotations

import struct
import sys
import zlib
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from cnsearch.engine.bytes.container import Container, Section
from cnsearch.engine.bytes.layout import (
    CHECK_BLOCK_SIZE,
    END_MAGIC,
    FOOTER,
    FORMAT_VERSION,
    HEADER,
    MAGIC,
    NO_FIELD,
    SECTION_ALIGNMENT,
    TABLE_ENTRY,
    SectionEntry,
)


class WritableFile(Protocol):
    """A file of any kind, open for writing bytes."""

    def write(self, data: bytes, /) -> object:
        """Append all of ``data``; what it returns does not matter. Raises OSError."""


class ContainerWriter:
    """Write sections one after the other; ``close`` adds table, checksums and footer.

    file : anything with ``write(bytes)``, at its beginning; it is not closed here
    """

    def __init__(self, file: WritableFile) -> None:
        self._file = file
        self._position = 0
        self._block_crc = 0
        self._block_crcs: list[int] = []
        self._entries: list[SectionEntry] = []
        self._open_entry: tuple[int, int, int, int] | None = None
        head = HEADER.pack(MAGIC, FORMAT_VERSION, 0, CHECK_BLOCK_SIZE, 0, 0, 0, 0)
        head = head[:-4] + struct.pack("<I", zlib.crc32(head[:-4]))
        self._write(head)

    @property
    def position(self) -> int:
        """Bytes written so far."""
        return self._position

    def _write(self, data: bytes | memoryview) -> None:
        view = memoryview(data).cast("B") if not isinstance(data, bytes) else memoryview(data)
        start = 0
        while start < len(view):
            room = CHECK_BLOCK_SIZE - (self._position & (CHECK_BLOCK_SIZE - 1))
            piece = view[start : start + room]
            self._block_crc = zlib.crc32(piece, self._block_crc)
            self._position += len(piece)
            start += len(piece)
            if len(piece) == room:
                self._block_crcs.append(self._block_crc)
                self._block_crc = 0
        self._file.write(view)  # type: ignore[arg-type]

    def begin(self, kind: int, field: int = NO_FIELD, item_size: int = 1) -> None:
        """Start a section at the next aligned offset; one section is open at a time."""
        if self._open_entry is not None:
            raise ValueError("a section is open already")
        self._write(b"\0" * (-self._position % SECTION_ALIGNMENT))
        self._open_entry = (kind, field, item_size, self._position)

    def write(self, data: bytes | memoryview | npt.NDArray[Any]) -> None:
        """Append to the open section. Arrays of any shape and dtype are written little-endian, in C order."""
        if isinstance(data, np.ndarray):
            if data.dtype.byteorder == ">" or (data.dtype.byteorder == "=" and sys.byteorder == "big"):
                data = data.astype(data.dtype.newbyteorder("<"))
            data = np.ascontiguousarray(data).reshape(-1).view(np.uint8).data
        if len(data):
            self._write(data)

    def end(self) -> None:
        """Finish the open section."""
        if self._open_entry is None:
            raise ValueError("no section is open")
        kind, field, item_size, offset = self._open_entry
        self._entries.append(SectionEntry(kind, field, item_size, offset, self._position - offset))
        self._open_entry = None

    @property
    def section_position(self) -> int:
        """Bytes written to the open section so far."""
        if self._open_entry is None:
            raise ValueError("no section is open")
        return self._position - self._open_entry[3]

    def add(
        self,
        kind: int,
        data: bytes | memoryview | npt.NDArray[Any],
        field: int = NO_FIELD,
        item_size: int | None = None,
    ) -> None:
        """Write a whole section, as ``write`` does: an array of any shape. ``item_size`` defaults to that of its dtype,
        or 1 for bytes."""
        if item_size is None:
            item_size = data.itemsize if isinstance(data, np.ndarray) else 1
        self.begin(kind, field, item_size)
        self.write(data)
        self.end()

    def copy_from(self, other: Container, skip_kinds: frozenset[int] = frozenset()) -> None:
        """Copy every section of ``other``, checked, except those of ``skip_kinds``."""
        for entry in other.entries:
            if entry.kind not in skip_kinds:
                section = Section(other, entry)
                self.add(entry.kind, section.read(0, entry.length), entry.field, entry.item_size)

    def close(self) -> None:
        """Write table, checksums and footer. The file stays open."""
        if self._open_entry is not None:
            raise ValueError("a section is still open")
        self._write(b"\0" * (-self._position % SECTION_ALIGNMENT))
        data_length = self._position
        if data_length & (CHECK_BLOCK_SIZE - 1):
            self._block_crcs.append(self._block_crc)
        table = b"".join(TABLE_ENTRY.pack(e.kind, e.field, e.item_size, 0, e.offset, e.length) for e in self._entries)
        table += np.array(self._block_crcs, dtype="<u4").tobytes()
        footer = FOOTER.pack(
            data_length,
            data_length,
            data_length + len(table) + FOOTER.size,
            len(self._entries),
            len(self._block_crcs),
            zlib.crc32(table),
            0,
            END_MAGIC,
        )
        checked = footer[: FOOTER.size - 12]
        self._file.write(table)
        self._file.write(checked + struct.pack("<I", zlib.crc32(checked)) + END_MAGIC)
