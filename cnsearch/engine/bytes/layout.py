"""The layout of a segment file: header, sections, section table, block checksums, footer. FORMAT.md has the tables."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np

EXTENSION = ".cnp"
MAGIC = b"CNSEG\r\n\x1a"  # the line ends reveal a transfer in text mode, as in PNG
END_MAGIC = b"CNSEGEND"
FORMAT_VERSION = 2
MIN_FORMAT_VERSION = 1

#: bytes per checksum. 8 KiB take about 3 microseconds to check, once; with 64 KiB, checking took a third of the time of
#: the first few hundred queries.
CHECK_BLOCK_SHIFT = 13
CHECK_BLOCK_SIZE = 1 << CHECK_BLOCK_SHIFT
SECTION_ALIGNMENT = 8

# magic, format_version, reserved, check_block_size, reserved x 3, crc of the 28 bytes before
HEADER = struct.Struct("<8sHHIIIII")
# kind, field, item_size, reserved, offset, length
TABLE_ENTRY = struct.Struct("<HHHHQQ")
# table_offset, data_length, file_length, section_count, block_count, table_crc, crc of the 36 bytes before, magic
FOOTER = struct.Struct("<QQQIIII8s")

NO_FIELD = 0xFFFF  # the section belongs to the segment, not to one field


class SectionKind:
    """Numbers of the section kinds, as written in the section table. Never reuse one."""

    MANIFEST = 1
    TERM_KEYS = 10
    TERM_PREFIX_LENGTHS = 11
    TERM_SUFFIX_LENGTHS = 12
    TERM_BLOCK_OFFSETS = 13
    TERM_BYTES = 14
    TERM_POINTERS = 15
    POSTINGS = 20
    POSTING_VALUES = 21
    FIELD_LENGTHS = 30
    COLUMN_DATA = 40
    COLUMN_PRESENT = 41
    COLUMN_OFFSETS = 42
    COLUMN_VALUE_LENGTHS = 43
    COLUMN_VALUE_BASES = 44
    COLUMN_VALUE_BYTES = 45
    STORED_LENGTHS = 50
    STORED_BASES = 51
    STORED_BYTES = 52
    LONG_DOCS = 53
    LONG_LENGTHS = 54
    LONG_BLOCK_RANKS = 55
    LONG_BLOCK_STARTS = 56
    LONG_BLOCK_SIZES = 57
    LONG_BLOCKS = 58
    VECTOR_LENGTHS = 60
    VECTOR_BASES = 61
    VECTOR_BYTES = 62


SECTION_NAMES: dict[int, str] = {
    number: name.lower() for name, number in vars(SectionKind).items() if not name.startswith("_")
}


class SectionEntry(NamedTuple):
    """One row of the section table: ``offset`` and ``length`` in bytes, ``item_size`` bytes per number (1 = bytes)."""

    kind: int
    field: int
    item_size: int
    offset: int
    length: int


UNSIGNED: dict[int, np.dtype[Any]] = {1: np.dtype("u1"), 2: np.dtype("<u2"), 4: np.dtype("<u4"), 8: np.dtype("<u8")}


def smallest_unsigned(largest: int) -> np.dtype[Any]:
    """The narrowest of uint8, uint16, uint32, uint64 that holds ``largest``."""
    for size in (1, 2, 4):
        if largest < 1 << (8 * size):
            return UNSIGNED[size]
    return UNSIGNED[8]
