"""Read the file of a segment: its sections, through memory mapping, with their checksums.

Opening reads header, footer and table only, whatever the size. The sections are covered by one CRC-32 per 8 KiB
block of the file; a block is checked when it is first touched and remembered, so damage anywhere raises
CorruptIndexError and never becomes a wrong result. This module knows nothing of what the sections mean.
"""

from __future__ import annotations

import mmap
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from cnsearch.engine.bytes.layout import (
    CHECK_BLOCK_SHIFT,
    CHECK_BLOCK_SIZE,
    END_MAGIC,
    FOOTER,
    FORMAT_VERSION,
    HEADER,
    MAGIC,
    MIN_FORMAT_VERSION,
    NO_FIELD,
    SECTION_NAMES,
    TABLE_ENTRY,
    UNSIGNED,
    SectionEntry,
)
from cnsearch.errors import NEWER_HINT, REBUILD_HINT, CorruptIndexError, IndexFormatError


class Container:
    """The sections of one file, checked block by block on first touch. Safe to share between threads.

    path   : name for messages
    buffer : the whole file as bytes, memoryview or mmap; kept as long as this object lives
    Raises : IndexFormatError if the file is not a segment or of another version; CorruptIndexError if it is damaged
    """

    def __init__(self, path: str, buffer: bytes | memoryview | mmap.mmap) -> None:
        self.path = path
        self.view = memoryview(buffer)
        self._mapping = buffer if isinstance(buffer, mmap.mmap) else None
        self._read_header()
        self._read_table()

    @classmethod
    def open_path(cls, path: str | os.PathLike[str]) -> Container:
        """Map the file at ``path`` into memory. Raises FileNotFoundError if there is none."""
        with Path(path).open("rb") as file:
            return cls.open_file(os.fspath(path), file)

    @classmethod
    def open_file(cls, path: str, file: BinaryIO) -> Container:
        """Map an open file; the file may be closed afterwards."""
        if os.fstat(file.fileno()).st_size == 0:
            return cls(path, b"")
        return cls(path, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    @property
    def is_mapped(self) -> bool:
        """Whether ``path`` is a file that is mapped."""
        return self._mapping is not None

    # -- opening ----------------------------------------------------------------------------------------------------

    def corrupt(
        self, reason: str, *, section: str, offset: int | None = None, found: object = None, expected: object = None
    ) -> CorruptIndexError:
        """The error to raise for damage in ``section`` at byte ``offset`` of the file."""
        where = f'section "{section}" {reason}'
        if offset is not None:
            where += f" at byte {offset}"
        if found is not None or expected is not None:
            where += f" (found {found}, expected {expected})"
        return CorruptIndexError(
            self.path, where, section=section, offset=offset, found=found, expected=expected, hint=REBUILD_HINT
        )

    def _read_header(self) -> None:
        view = self.view
        magic = bytes(view[: len(MAGIC)])
        if magic != MAGIC:
            if len(view) < len(MAGIC) and MAGIC.startswith(magic):
                raise self.corrupt("is cut off", section="header", offset=0, found=len(view), expected=HEADER.size)
            raise IndexFormatError(
                self.path,
                f"not a segment file: it begins with {magic!r}, expected {MAGIC!r}",
                found=magic,
                expected=MAGIC,
                hint="Rebuild the index, or remove the foreign file",
            )
        if len(view) < HEADER.size:
            raise self.corrupt("is cut off", section="header", offset=0, found=len(view), expected=HEADER.size)
        header = bytes(view[: HEADER.size])
        _, version, _, block_size, _, _, _, crc = HEADER.unpack(header)
        actual = zlib.crc32(header[:-4])
        if actual != crc:
            raise self.corrupt(
                "has a wrong checksum", section="header", offset=0, found=f"{actual:08x}", expected=f"{crc:08x}"
            )
        if not MIN_FORMAT_VERSION <= version <= FORMAT_VERSION:
            age = "newer" if version > FORMAT_VERSION else "older"
            raise IndexFormatError(
                self.path,
                f"segment format {version} is {age} than this version reads ({MIN_FORMAT_VERSION} to {FORMAT_VERSION})",
                found=version,
                expected=FORMAT_VERSION,
                hint=NEWER_HINT if age == "newer" else REBUILD_HINT,
                code=f"index_{age}",
            )
        if block_size != CHECK_BLOCK_SIZE:
            raise self.corrupt(
                "names another checksum block size", section="header", found=block_size, expected=CHECK_BLOCK_SIZE
            )
        self.version = version

    def _read_table(self) -> None:
        view, size = self.view, len(self.view)
        if size < HEADER.size + FOOTER.size:
            raise self.corrupt("is cut off", section="footer", found=size, expected=HEADER.size + FOOTER.size)
        footer = bytes(view[size - FOOTER.size :])
        table_offset, data_length, file_length, sections, blocks, table_crc, crc, magic = FOOTER.unpack(footer)
        at = size - FOOTER.size
        if magic != END_MAGIC:
            raise self.corrupt(
                "is missing; the file is cut off or was never finished",
                section="footer",
                offset=at,
                found=magic,
                expected=END_MAGIC,
            )
        actual = zlib.crc32(footer[: FOOTER.size - 12])
        if actual != crc:
            raise self.corrupt(
                "has a wrong checksum", section="footer", offset=at, found=f"{actual:08x}", expected=f"{crc:08x}"
            )
        if file_length != size:
            raise self.corrupt("names another file length", section="footer", found=size, expected=file_length)
        table_length = sections * TABLE_ENTRY.size + blocks * 4
        needed_blocks = (data_length + CHECK_BLOCK_SIZE - 1) >> CHECK_BLOCK_SHIFT
        if table_offset != data_length or table_offset + table_length != at or blocks != needed_blocks:
            raise self.corrupt(
                "does not fit the file", section="footer", found=table_offset, expected=at - table_length
            )
        table = view[table_offset:at]
        actual = zlib.crc32(table)
        if actual != table_crc:
            raise self.corrupt(
                "has a wrong checksum",
                section="section table",
                offset=table_offset,
                found=f"{actual:08x}",
                expected=f"{table_crc:08x}",
            )
        self.entries: list[SectionEntry] = []
        self._by_key: dict[tuple[int, int], SectionEntry] = {}
        for kind, field, item_size, _, offset, length in TABLE_ENTRY.iter_unpack(table[: sections * TABLE_ENTRY.size]):
            entry = SectionEntry(kind, field, item_size, offset, length)
            if offset + length > data_length or item_size not in UNSIGNED or length % item_size:
                raise self.corrupt("lies outside the file", section=SECTION_NAMES.get(kind, str(kind)), offset=offset)
            self.entries.append(entry)
            self._by_key[kind, field] = entry
        self._data_length = data_length
        self._crcs = np.frombuffer(table, dtype="<u4", offset=sections * TABLE_ENTRY.size)
        self._checked = bytearray(blocks)

    # -- reading ----------------------------------------------------------------------------------------------------

    def check(self, start: int, stop: int) -> None:
        """Check the blocks that hold the bytes ``start..stop`` of the file, unless that was done before."""
        checked = self._checked
        first, last = start >> CHECK_BLOCK_SHIFT, (stop - 1) >> CHECK_BLOCK_SHIFT
        block = checked.find(0, first, last + 1)
        while block >= 0:
            self._check_block(block)
            block = checked.find(0, block + 1, last + 1)

    def _check_block(self, block: int) -> None:
        start = block << CHECK_BLOCK_SHIFT
        actual = zlib.crc32(self.view[start : min(start + CHECK_BLOCK_SIZE, self._data_length)])
        expected = int(self._crcs[block])
        if actual != expected:
            raise self.corrupt(
                "has a wrong checksum",
                section=self._section_at(start),
                offset=start,
                found=f"{actual:08x}",
                expected=f"{expected:08x}",
            )
        self._checked[block] = 1

    def _section_at(self, offset: int) -> str:
        """Name of the first section that has bytes in the checksum block at ``offset``."""
        for entry in self.entries:
            if entry.length and entry.offset < offset + CHECK_BLOCK_SIZE and entry.offset + entry.length > offset:
                return SECTION_NAMES.get(entry.kind, str(entry.kind))
        return "header"

    @property
    def block_count(self) -> int:
        """Blocks with a checksum."""
        return len(self._checked)

    def damaged_blocks(self) -> Iterator[CorruptIndexError]:
        """Check every block now, those too that were checked before; what is to be raised for each damaged one."""
        for block in range(len(self._checked)):
            try:
                self._check_block(block)
            except CorruptIndexError as error:
                yield error

    def verify(self) -> None:
        """Check every block now. Raises CorruptIndexError for the first damaged one."""
        for error in self.damaged_blocks():
            raise error

    def release(self) -> None:
        """Let go of the memory that mapped pages take; they come back when they are touched. After reading a whole
        segment for a merge, it would count as memory of this process."""
        if self._mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._mapping.madvise(mmap.MADV_DONTNEED)

    def find(self, kind: int, field: int = NO_FIELD) -> Section | None:
        """The section, or None if the file has none of this kind for this field."""
        entry = self._by_key.get((kind, field))
        return None if entry is None else Section(self, entry)

    def section(self, kind: int, field: int = NO_FIELD) -> Section:
        """The section, which must exist. Raises CorruptIndexError if it does not."""
        found = self.find(kind, field)
        if found is None:
            raise self.corrupt(f"of field {field} is missing", section=SECTION_NAMES.get(kind, str(kind)))
        return found


_FORMAT_OF_SIZE: dict[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}


class Section:
    """A view on one section. ``bytes`` is not checked yet: call ``check`` or use ``read``, ``at``, ``array``."""

    __slots__ = ("_checked", "_items", "bytes", "check_file", "container", "entry", "item_size", "length", "offset")

    def __init__(self, container: Container, entry: SectionEntry) -> None:
        self.container = container
        self.entry = entry
        self.offset = entry.offset
        self.length = entry.length
        self.item_size = entry.item_size
        self.bytes = container.view[entry.offset : entry.offset + entry.length]
        self.check_file = container.check
        self._checked = container._checked
        self._items: memoryview | npt.NDArray[Any] | None = None

    @property
    def name(self) -> str:
        """Of its kind, for messages."""
        return SECTION_NAMES.get(self.entry.kind, str(self.entry.kind))

    def corrupt(
        self, reason: str, *, offset: int | None = None, found: object = None, expected: object = None
    ) -> CorruptIndexError:
        """The error for damage at byte ``offset`` of this section."""
        at = None if offset is None else self.offset + offset
        return self.container.corrupt(reason, section=self.name, offset=at, found=found, expected=expected)

    def __len__(self) -> int:
        """Number of items."""
        return self.length // self.item_size

    def check(self, start: int, stop: int) -> None:
        """Make sure that the bytes ``start..stop`` exist and are undamaged. Raises CorruptIndexError."""
        if not 0 <= start <= stop <= self.length:
            raise self.corrupt("is too short", found=self.length, expected=stop)
        if start == stop:
            return
        first, last = (self.offset + start) >> CHECK_BLOCK_SHIFT, (self.offset + stop - 1) >> CHECK_BLOCK_SHIFT
        checked = self._checked
        if not checked[first] or (last != first and not all(checked[first + 1 : last + 1])):
            self.check_file(self.offset + start, self.offset + stop)

    def checked_until(self, start: int, stop: int) -> int:
        """The end of the bytes from ``start`` on that are known to be undamaged, ``stop`` at most.

        REQUIRES: start <= stop <= length
        """
        if start == stop:
            return stop
        first, last = (self.offset + start) >> CHECK_BLOCK_SHIFT, (self.offset + stop - 1) >> CHECK_BLOCK_SHIFT
        unchecked = self._checked.find(0, first, last + 1)
        return stop if unchecked < 0 else max(start, (unchecked << CHECK_BLOCK_SHIFT) - self.offset)

    def check_many(self, starts: npt.NDArray[Any], stops: npt.NDArray[Any]) -> None:
        """``check`` of many stretches: starts and stops are int64, shape (n,). Raises CorruptIndexError."""
        if not len(starts):
            return
        if int(starts.min()) < 0 or bool((starts > stops).any()) or int(stops.max()) > self.length:
            raise self.corrupt("is too short", found=self.length, expected=int(stops.max()))
        firsts = (starts + self.offset) >> CHECK_BLOCK_SHIFT
        lasts = (stops + (self.offset - 1)) >> CHECK_BLOCK_SHIFT
        unchecked = np.frombuffer(self._checked, np.uint8) == 0
        before = np.concatenate([[0], np.cumsum(unchecked)])
        for row in np.flatnonzero((before[lasts + 1] > before[firsts]) & (starts < stops)).tolist():
            self.check(int(starts[row]), int(stops[row]))

    def read(self, start: int, stop: int) -> memoryview:
        """The bytes ``start..stop``, checked."""
        self.check(start, stop)
        return self.bytes[start:stop]

    @property
    def items(self) -> Any:
        """The section as a sequence of unsigned integers (memoryview), **not checked**."""
        if self._items is None:
            if sys.byteorder == "little":
                self._items = self.bytes.cast(_FORMAT_OF_SIZE[self.item_size])
            else:
                swapped = np.frombuffer(self.bytes, UNSIGNED[self.item_size]).astype(f"u{self.item_size}")
                self._items = swapped.data
        return self._items

    def at(self, index: int) -> int:
        """Item ``index`` as an unsigned integer, checked."""
        start = index * self.item_size
        if not 0 <= start < self.length:
            raise self.corrupt("is too short", found=len(self), expected=index + 1)
        if not self._checked[(self.offset + start) >> CHECK_BLOCK_SHIFT]:
            self.check(start, start + self.item_size)
        return self.items[index]  # type: ignore[no-any-return]

    def checked_items(self) -> Any:
        """Like ``items``, after checking the whole section."""
        self.check(0, self.length)
        return self.items

    def array(self, dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
        """The whole section as a read-only view, checked: shape (items,), unsigned of ``item_size`` bytes unless told
        otherwise. Raises CorruptIndexError."""
        self.check(0, self.length)
        found: npt.NDArray[Any] = np.frombuffer(self.bytes, dtype=UNSIGNED[self.item_size] if dtype is None else dtype)
        return found
