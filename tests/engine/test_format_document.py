"""FORMAT.md says what the code does: its tables are read and compared with the constants."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import cnsearch.engine
from cnsearch.engine.bytes import bitpack, packing, values
from cnsearch.engine.bytes import layout as c
from cnsearch.engine.columns.kinds import COLUMN_CLASSES
from cnsearch.engine.columns.spec import ColumnSpec
from cnsearch.engine.files.folder import Folder
from cnsearch.engine.postings import encode as postings
from cnsearch.engine.segment.batch import BatchBuilder
from cnsearch.engine.segment.buffer import SegmentBuffer
from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.engine.segment.fields import FieldSpec
from cnsearch.engine.segment.reader import open_segment
from cnsearch.engine.stored import pieces

DOCUMENT = (Path(cnsearch.engine.__file__).parent / "FORMAT.md").read_text(encoding="utf-8")

TYPE_SIZES = {"uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8}


def section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}[^\n]*\n(.*?)(?=^## |\Z)", DOCUMENT, re.M | re.S)
    assert found, title
    return found[1]


def table(title: str, number: int = 0) -> list[list[str]]:
    """Rows of the ``number``-th table below a heading, without its head."""
    tables, current = [], []
    for line in [*section(title).splitlines(), ""]:
        if line.startswith("|"):
            current.append([cell.strip() for cell in line.strip("|").split("|")])
        elif current:
            tables.append(current)
            current = []
    rows = tables[number]
    assert all(len(row) == len(rows[0]) for row in rows), rows
    return [rows[0], *rows[2:]]


def check_struct(title: str, layout: struct.Struct) -> dict[str, list[str]]:
    """Offsets follow from the sizes, sizes from the types, and all together is what the struct packs."""
    at = 0
    for offset, size, kind, name, _ in table(title)[1:]:
        assert int(offset) == at, name
        assert kind == "bytes" or int(size) == TYPE_SIZES[kind], name
        at += int(size)
    assert at == layout.size
    return {row[3]: row for row in table(title)[1:]}


def test_header():
    rows = check_struct("Header", c.HEADER)
    assert bytes.fromhex(re.search(r"`([0-9a-f ]+)`", rows["magic"][4])[1]) == c.MAGIC
    assert rows["format_version"][4].startswith(f"{c.FORMAT_VERSION};")
    assert str(c.CHECK_BLOCK_SIZE) in rows["check_block_size"][4]


def test_footer():
    rows = check_struct("Footer", c.FOOTER)
    assert f'"{c.END_MAGIC.decode()}"' in rows["end_magic"][4]
    assert f"the last {c.FOOTER.size} bytes" in DOCUMENT


def test_section_table():
    rows = check_struct("Section table", c.TABLE_ENTRY)
    assert str(c.NO_FIELD) in rows["field"][4]
    assert f"each at a multiple of {c.SECTION_ALIGNMENT} bytes" in DOCUMENT


def test_section_kinds():
    assert {int(row[0]): row[1] for row in table("Section kinds")[1:]} == c.SECTION_NAMES


def test_packing():
    head, *rows = table("A postings list", 1)
    assert [int(code) for code in head[1:]] == list(range(len(bitpack.WIDTHS)))
    assert tuple(int(width) for width in rows[0][1:]) == bitpack.WIDTHS
    head, *rows = table("A postings list", 2)
    assert tuple(int(size) for size in rows[0][1:]) == bitpack.OVERFLOW_BYTES
    kinds = [int(row[0]) for row in table("A postings list", 3)[1:]]
    assert kinds == [postings.VALUES_NONE, postings.VALUES_FREQUENCY, postings.VALUES_STORED]
    text = section("A postings list")
    assert f"{postings.BITMAP}: bitmap" in text
    assert f"{postings.FLOATS}: floats" in text


def test_head_of_a_list_is_never_longer_than_the_room_for_it():
    sizes = [row[1] for row in table("A postings list")[1:] if row[1] != "*"]
    assert sum(int(size.split("..")[-1]) for size in sizes) == postings.HEAD_ROOM


def test_example():
    import numpy as np

    example = re.findall(r"^    ((?:[0-9a-f]{2} )+)  ", section("A postings list"), re.M)
    docs = [int(number) for number in re.findall(r"\d+", re.search(r"Example: documents (.*?),? all", DOCUMENT)[1])]
    encoded = postings.encode_postings(np.array(docs), np.ones(len(docs), int), np.array([len(docs)]))
    assert encoded.data.tobytes() == bytes.fromhex("".join(example))


def test_value_tags():
    tags = {row[0].strip("`").encode(): row[1] for row in table("Values")[1:]}
    constants = {tag: name for name, tag in vars(values).items() if name.startswith("TAG_")}
    assert tags.keys() == constants.keys()
    assert f"Values of {pieces.LONG_BYTES} bytes or more" in DOCUMENT
    assert f"some {pieces.BLOCK_BYTES // 1024} KB" in DOCUMENT


def test_packed_texts():
    rows = table("Packed texts")[1:]
    codes: list[str] = []
    for first, meaning in rows:
        bounds = [int(number, 16) for number in re.findall(r"[0-9a-f]{2}", first)]
        numbers = list(range(bounds[0], bounds[-1] + 1)) if "to" in first else bounds
        quoted = re.search("`(.*)`", meaning)
        stretches = re.findall(r"\b([0-9a-f]{2})(?: to ([0-9a-f]{2}))?\b", meaning)
        means = list(quoted[1]) if quoted else [n for a, b in stretches for n in range(int(a, 16), int(b or a, 16) + 1)]
        if first in ("00", "01"):
            means = [{"tab": "\t", "line feed": "\n"}[meaning]]
        assert numbers == list(range(len(codes), len(codes) + len(means))), first
        codes += means
    singles, pages = codes[: len(packing.SINGLES)], codes[len(packing.SINGLES) :]
    assert "".join(one if isinstance(one, str) else chr(one) for one in singles) == packing.SINGLES
    assert bytes(pages) == packing.PAGES
    assert f"fewer than {values.PACKED_CHARS} characters" in DOCUMENT
    mixed, apart = re.findall(r"^    (6[13](?: [0-9a-f]{2})+)$", section("Packed texts"), re.M)
    text = "数字 A".encode("utf-16-le")
    assert bytes.fromhex(mixed) == values.TAG_TEXT_PACKED + packing.pack(text, apart=False)
    assert bytes.fromhex(apart) == values.TAG_TEXT_APART + packing.pack(text, apart=True)


def test_column_kinds():
    assert {row[0].strip("`") for row in table("Columns")[1:]} == set(COLUMN_CLASSES)


def test_manifest(tmp_path):
    folder, entry = Folder(tmp_path), SegmentEntry("MAIN")
    spec = FieldSpec(indexed=True, frequency_is_value=True, scorable=True, column=ColumnSpec("bytes", default=b""))
    builder = BatchBuilder()
    builder.add({"field": ["word"]}, {"field": "text"}, {"field": b"value"})
    batch = builder.build()
    batch.vectors["field"] = [b"vector"]
    buffer = SegmentBuffer(folder, {"field": spec}, entry)
    buffer.add(batch)
    buffer.finish()
    manifest = open_segment(folder, entry).manifest
    documented = {row[0].strip("`") for row in table("Manifest")[1:]}
    found = set(manifest) | {f"fields[].{key}" for info in manifest["fields"] for key in info}
    assert found == documented


def test_versions():
    rows = table("Versions")[1:]
    assert [int(row[0]) for row in rows] == list(range(1, c.FORMAT_VERSION + 1))
