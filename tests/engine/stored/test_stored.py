"""Stored fields by themselves."""

from __future__ import annotations

import io
import random
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest

from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import SectionKind
from cnsearch.engine.bytes.packing import pack
from cnsearch.engine.stored import pieces
from cnsearch.engine.stored.pieces import encode_piece
from cnsearch.engine.stored.reader import SegmentPiece, StoredReader
from cnsearch.engine.stored.writer import StoredWriter
from cnsearch.errors import CorruptIndexError

TEXT = "人民币汇率中间价上调，" * 40


def random_values(count: int, seed: int) -> list[Any]:
    rng = random.Random(seed)
    choices: list[Any] = [None, "", "短", 7, -2.5, b"raw", ["a", None], TEXT, "x" * 600, {"k": TEXT}]
    return [rng.choice(choices) if rng.random() < 0.7 else TEXT + str(rng.random()) for _ in range(count)]


def write_stored(parts: list[tuple[dict[str, list[Any]], int]], *, plain: bool = False) -> tuple[Container, list[str]]:
    file = io.BytesIO()
    container = ContainerWriter(file)
    writer = StoredWriter(container)
    for fields, count in parts:
        writer.add({name: encode_piece(values, count, plain=plain) for name, values in fields.items()}, count)
    names = writer.finish({name: number for number, name in enumerate(writer.names())})
    container.close()
    return Container("x", file.getvalue()), names


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 127, 128, 129, 257])
def test_stored_values_come_back(count):
    first, second = random_values(count, 1), random_values(count, 2)
    container, names = write_stored([({"a": first}, count), ({"b": second}, count), ({"a": second, "b": first}, count)])
    assert names == ["a", "b"]
    for number, expected in enumerate([first + [None] * count + second, [None] * count + second + first]):
        reader = StoredReader(container, number, 3 * count)
        assert [reader.get(doc) for doc in range(3 * count)] == expected == reader.all_values()
        for doc in reversed(range(3 * count)):
            assert reader.get(doc) == expected[doc]


def test_literal_bytes_of_stored_values():
    container, _ = write_stored([({"a": ["ab", None, "上"]}, 3)])
    kind = SectionKind
    assert [entry.kind for entry in container.entries] == [
        kind.LONG_BLOCKS,
        kind.STORED_LENGTHS,
        kind.STORED_BASES,
        kind.STORED_BYTES,
    ]
    assert container.section(kind.STORED_LENGTHS, 0).array().tolist() == [3, 0, 3]
    assert bytes(container.section(kind.STORED_BYTES, 0).bytes) == b"sabu\x0a\x4e"
    long = "字" * 300
    container, _ = write_stored([({"a": ["ab", long]}, 2)])
    assert container.section(kind.STORED_LENGTHS, 0).array().tolist() == [3, 0]
    assert container.section(kind.LONG_DOCS, 0).array().tolist() == [1]
    assert container.section(kind.LONG_LENGTHS, 0).array().tolist() == [601]
    assert container.section(kind.LONG_BLOCK_RANKS, 0).array().tolist() == [0, 1]
    assert container.section(kind.LONG_BLOCK_STARTS, 0).array().tolist() == [0]
    block = bytes(container.section(kind.LONG_BLOCKS).bytes)
    assert zlib.decompress(block) == b"c" + bytes([151 + 0x1D, 0x57]) * 300
    assert container.section(kind.LONG_BLOCK_SIZES, 0).array().tolist() == [len(block)]


@pytest.mark.parametrize("plain", [False, True])
def test_many_texts_at_once(plain):
    values = [*random_values(300, 5), "latin", "x" * 9000, "😀", "", None]
    container, _ = write_stored([({"a": values}, len(values))], plain=plain)
    reader = StoredReader(container, 0, len(values))
    for doc_ids in (list(range(len(values))), [4, 5, 9, 303], [304], []):
        units, counts = reader.utf16(np.array(doc_ids, dtype=np.int64))
        texts = [value if isinstance(value, str) else "" for value in (values[doc] for doc in doc_ids)]
        assert units.tobytes().decode("utf-16-le") == "".join(texts)
        assert counts.tolist() == [len(text.encode("utf-16-le")) // 2 for text in texts]


@pytest.mark.parametrize("plain", [False, True])
def test_beginnings_of_texts(plain):
    values = [*random_values(60, 5), "latin", "x" * 9000, "😀" * 20, "", None]
    container, _ = write_stored([({"a": values}, len(values))], plain=plain)
    reader = StoredReader(container, 0, len(values))
    for doc, value in enumerate(values):
        text = value if isinstance(value, str) else ""
        for chars in (0, 1, 5, 10_000):
            beginning = reader.beginning(doc, chars).decode("utf-16-le", "surrogatepass")
            assert beginning[:chars] == text[:chars]


def test_plain_texts_are_not_compressed():
    container, _ = write_stored([({"a": [TEXT, "latin"]}, 2)], plain=True)
    bytes_of = bytes(container.section(SectionKind.STORED_BYTES, 0).bytes)
    packed = pack(TEXT.encode("utf-16-le"), apart=True)
    assert packed is not None
    assert bytes_of == b"a" + packed + b"u" + "latin".encode("utf-16-le")
    assert container.find(SectionKind.LONG_LENGTHS, 0) is None


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("dropped", ["none", "some", "blocks", "all long", "all but one"])
def test_merging_pieces(dropped, plain):
    values = random_values(300, 3)
    container, _ = write_stored([({"a": values}, 300)], plain=plain)
    reader = StoredReader(container, 0, 300)
    keep = {
        "none": list(range(300)),
        "some": [doc for doc in range(300) if doc % 3],
        "blocks": list(range(0, 80)) + list(range(200, 300)),
        "all long": [doc for doc in range(300) if not isinstance(values[doc], str) or len(values[doc]) < 100],
        "all but one": [150],
    }[dropped]
    kept = None if dropped == "none" else np.array(keep)
    piece = SegmentPiece(reader, 300, kept)
    file = io.BytesIO()
    writer = ContainerWriter(file)
    merged = StoredWriter(writer)
    merged.add({"a": piece}, piece.doc_count)
    merged.add({"a": encode_piece(["end"], 1)}, 1)
    merged.finish({"a": 0})
    writer.close()
    found = StoredReader(Container("y", file.getvalue()), 0, len(keep) + 1)
    assert [found.get(doc) for doc in range(len(keep) + 1)] == [values[doc] for doc in keep] + ["end"]


def test_texts_that_were_not_packed_are_read_and_merged_with_packed_ones(monkeypatch):
    old_values, new_values = random_values(100, 8), random_values(100, 9)
    with monkeypatch.context() as patch:
        patch.setattr("cnsearch.engine.bytes.values.PACKED_CHARS", 1 << 60)
        old = encode_piece(old_values, 100, plain=True)
    assert TEXT.encode("utf-16-le") in old.short_bytes
    new = encode_piece(new_values, 100, plain=True)
    assert TEXT.encode("utf-16-le") not in new.short_bytes
    file = io.BytesIO()
    writer = ContainerWriter(file)
    merged = StoredWriter(writer)
    merged.add({"a": old}, 100)
    merged.add({"a": new}, 100)
    merged.finish({"a": 0})
    writer.close()
    reader = StoredReader(Container("x", file.getvalue()), 0, 200)
    assert reader.all_values() == old_values + new_values
    texts = [value if isinstance(value, str) else "" for value in old_values + new_values]
    assert reader.utf16(np.arange(200))[0].tobytes().decode("utf-16-le") == "".join(texts)
    assert [reader.beginning(doc, 7).decode("utf-16-le")[:7] for doc in range(200)] == [text[:7] for text in texts]


@pytest.mark.parametrize("row", [b"a", b"a\x05abc", b"a\x01\xb4", b"a\x01\xb4WW", b"a\xff\xff\xff\xff\xff\x01"])
def test_a_packed_text_that_is_damaged(row):
    file = io.BytesIO()
    writer = ContainerWriter(file)
    stored = StoredWriter(writer)
    piece = encode_piece([TEXT], 1, plain=True)
    piece.short_lengths, piece.short_bytes = np.array([len(row)]), row
    stored.add({"a": piece}, 1)
    stored.finish({"a": 0})
    writer.close()
    reader = StoredReader(Container("x", file.getvalue()), 0, 1)
    for read in (
        lambda: reader.get(0),
        lambda: reader.all_values(),
        lambda: reader.utf16(np.array([0])),
        lambda: reader.beginning(0, 9),
    ):
        with pytest.raises(CorruptIndexError, match="a packed text is damaged"):
            read()


def test_a_block_is_unpacked_no_further_than_its_values_reach(monkeypatch):
    monkeypatch.setattr(pieces, "compress_block", lambda values: zlib.compress(b"".join(values) + bytes(50_000_000)))
    container, _ = write_stored([({"a": [TEXT, TEXT]}, 2)])
    tracemalloc.start()
    try:
        with pytest.raises(CorruptIndexError, match="another size"):
            StoredReader(container, 0, 2).get(1)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_pieces_must_fit():
    with pytest.raises(ValueError, match="2 stored values for 3"):
        encode_piece(["a", "b"], 3)
    writer = StoredWriter(ContainerWriter(io.BytesIO()))
    with pytest.raises(ValueError, match="has 1 documents, expected 2"):
        writer.add({"a": encode_piece(["a"], 1)}, 2)
