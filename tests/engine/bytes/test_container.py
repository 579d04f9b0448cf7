"""The container: bytes of header, table and footer; lazy checksums; damage, truncation, foreign and newer files."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest

from cnsearch.engine.bytes import container as c
from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import CHECK_BLOCK_SIZE, SectionKind
from cnsearch.errors import CorruptIndexError, IndexFormatError


def write(*sections: tuple[int, int, object]) -> bytes:
    file = io.BytesIO()
    writer = ContainerWriter(file)
    for kind, field, data in sections:
        writer.add(kind, data, field)
    writer.close()
    return file.getvalue()


def test_literal_bytes():
    raw = write((SectionKind.POSTINGS, 3, b"abc"), (SectionKind.FIELD_LENGTHS, 0xFFFF, np.array([1, 2], dtype=">u2")))
    header = (
        b"CNSEG\r\n\x1a"  # magic
        b"\x02\x00"  # format_version 2
        b"\x00\x00"  # reserved
        b"\x00\x20\x00\x00" + b"\x00" * 12  # bytes per checksum, 8192  # reserved
    )
    header += struct.pack("<I", zlib.crc32(header))
    data = b"abc" + b"\x00" * 5 + b"\x01\x00\x02\x00" + b"\x00" * 4  # sections begin at multiples of 8
    table = (
        b"\x14\x00"
        b"\x03\x00"
        b"\x01\x00"
        b"\x00\x00"
        b"\x20"
        + b"\x00" * 7
        + b"\x03"
        + b"\x00" * 7  # postings
        + b"\x1e\x00"
        b"\xff\xff"
        b"\x02\x00"
        b"\x00\x00"
        b"\x28" + b"\x00" * 7 + b"\x04" + b"\x00" * 7  # lengths
    )
    table += struct.pack("<I", zlib.crc32(header + data))  # the only checksum block
    assert len(header + data) == 48
    footer = struct.pack("<QQQIII", 48, 48, 48 + len(table) + 48, 2, 1, zlib.crc32(table))
    footer += struct.pack("<I", zlib.crc32(footer)) + b"CNSEGEND"
    assert raw == header + data + table + footer


def test_sections_come_back():
    numbers = np.arange(1000, dtype=np.uint32)
    raw = write(
        (SectionKind.POSTINGS, 0, b"abcdefgh"),
        (SectionKind.TERM_KEYS, 1, numbers),
        (SectionKind.POSTING_VALUES, 2, b""),
    )
    found = Container("x", raw)
    postings = found.section(SectionKind.POSTINGS, 0)
    assert bytes(postings.read(2, 5)) == b"cde"
    assert len(postings) == 8
    keys = found.section(SectionKind.TERM_KEYS, 1)
    assert keys.item_size == 4
    assert keys.at(999) == 999
    assert keys.array().tolist() == numbers.tolist()
    assert list(keys.checked_items()[:3]) == [0, 1, 2]
    assert found.section(SectionKind.POSTING_VALUES, 2).length == 0
    assert found.find(SectionKind.POSTINGS, 1) is None
    with pytest.raises(CorruptIndexError, match="missing"):
        found.section(SectionKind.POSTINGS, 1)
    for outside in (
        lambda: keys.at(1000),
        lambda: keys.at(-1),
        lambda: postings.read(0, 9),
        lambda: postings.read(5, 4),
    ):
        with pytest.raises(CorruptIndexError) as caught:
            outside()
        assert caught.value.path == "x"
        assert caught.value.section in ("term_keys", "postings")


@pytest.mark.parametrize(
    "size", [0, 1, CHECK_BLOCK_SIZE - 33, CHECK_BLOCK_SIZE - 32, CHECK_BLOCK_SIZE, 3 * CHECK_BLOCK_SIZE + 5]
)
def test_checksums_at_block_edges(size):
    payload = np.random.default_rng(1).integers(0, 256, size, dtype=np.uint8)
    raw = write((SectionKind.POSTINGS, 0, payload))
    found = Container("x", raw)
    found.verify()
    assert found.section(SectionKind.POSTINGS, 0).array().tolist() == payload.tolist()
    assert len(found._crcs) == -(-(-(-(32 + size) // 8) * 8) // CHECK_BLOCK_SIZE)


def test_only_touched_blocks_are_checked():
    raw = bytearray(write((SectionKind.POSTINGS, 0, b"x" * (3 * CHECK_BLOCK_SIZE))))
    raw[2 * CHECK_BLOCK_SIZE + 7] ^= 1
    found = Container("some/file.cnp", bytes(raw))
    section = found.section(SectionKind.POSTINGS, 0)
    assert bytes(section.read(0, 10)) == b"x" * 10
    with pytest.raises(CorruptIndexError) as caught:
        section.read(2 * CHECK_BLOCK_SIZE, 2 * CHECK_BLOCK_SIZE + 1)
    error = caught.value
    assert error.path == "some/file.cnp"
    assert error.section == "postings"
    assert error.offset == 2 * CHECK_BLOCK_SIZE
    assert error.found != error.expected
    assert len(str(error.expected)) == 8
    assert "rebuild" in str(error)
    with pytest.raises(CorruptIndexError):
        found.verify()


def test_what_was_checked_ends_where_it_was_not():
    section = Container("x", write((SectionKind.POSTINGS, 0, b"x" * (3 * CHECK_BLOCK_SIZE)))).section(
        SectionKind.POSTINGS, 0
    )
    end = CHECK_BLOCK_SIZE - section.offset  # of the first block
    assert section.checked_until(5, 5) == 5
    assert section.checked_until(5, 500) == 5
    section.check(5, 6)
    assert section.checked_until(5, 500) == 500
    assert section.checked_until(5, section.length) == end
    section.check(0, section.length)
    assert section.checked_until(5, section.length) == section.length


def test_foreign_file():
    for raw in (b"PK\x03\x04 something else entirely", b"CNSEG\n\x1a" + b"x" * 200, b"x"):
        with pytest.raises(IndexFormatError) as caught:
            Container("f", raw)
        assert caught.value.path == "f"
        assert caught.value.expected == c.MAGIC
        assert caught.value.found == raw[:8]


@pytest.mark.parametrize(("version", "word"), [(c.FORMAT_VERSION + 1, "newer"), (c.MIN_FORMAT_VERSION - 1, "older")])
def test_other_versions(version, word):
    raw = bytearray(write((SectionKind.POSTINGS, 0, b"abc")))
    raw[8:10] = struct.pack("<H", version)
    raw[28:32] = struct.pack("<I", zlib.crc32(bytes(raw[:28])))
    with pytest.raises(IndexFormatError, match=word) as caught:
        Container("f", bytes(raw))
    assert caught.value.found == version
    assert caught.value.expected == c.FORMAT_VERSION


def test_a_damaged_version_is_not_called_newer():
    raw = bytearray(write((SectionKind.POSTINGS, 0, b"abc")))
    raw[8] = 200
    with pytest.raises(CorruptIndexError) as caught:
        Container("f", bytes(raw))
    assert caught.value.section == "header"


def test_truncated_anywhere():
    raw = write((SectionKind.POSTINGS, 0, b"abc" * 50), (SectionKind.TERM_KEYS, 0, np.arange(9)))
    for size in range(len(raw)):
        with pytest.raises((CorruptIndexError, IndexFormatError)) as caught:
            Container("f", raw[:size])
        assert size == 0 or isinstance(caught.value, CorruptIndexError)
    with pytest.raises(CorruptIndexError):
        Container("f", raw + b"\0")


def test_empty_file_is_cut_off(tmp_path):
    path = tmp_path / "empty.cnp"
    path.write_bytes(b"")
    with pytest.raises(CorruptIndexError, match="cut off"):
        Container.open_path(path)


def test_mapped_file(tmp_path):
    path = tmp_path / "a.cnp"
    path.write_bytes(write((SectionKind.POSTINGS, 0, b"abc")))
    assert bytes(Container.open_path(path).section(SectionKind.POSTINGS, 0).read(0, 3)) == b"abc"
    with pytest.raises(FileNotFoundError):
        Container.open_path(tmp_path / "b.cnp")


def test_misuse_of_the_writer():
    writer = ContainerWriter(io.BytesIO())
    with pytest.raises(ValueError, match="no section"):
        writer.end()
    writer.begin(SectionKind.POSTINGS)
    with pytest.raises(ValueError, match="open already"):
        writer.begin(SectionKind.POSTINGS)
    with pytest.raises(ValueError, match="still open"):
        writer.close()


def test_copy_from():
    first = Container("x", write((SectionKind.POSTINGS, 0, b"abc"), (SectionKind.MANIFEST, 0xFFFF, b"{}")))
    file = io.BytesIO()
    writer = ContainerWriter(file)
    writer.copy_from(first, frozenset([SectionKind.MANIFEST]))
    writer.close()
    assert [entry.kind for entry in Container("y", file.getvalue()).entries] == [SectionKind.POSTINGS]


def test_kinds_are_unique():
    numbers = [number for name, number in vars(SectionKind).items() if not name.startswith("_")]
    assert len(set(numbers)) == len(numbers)
