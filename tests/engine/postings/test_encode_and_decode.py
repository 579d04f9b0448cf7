"""Postings lists: literal bytes, a slow decoder as twin, round trips."""

from __future__ import annotations

import contextlib
import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import SectionKind
from cnsearch.engine.bytes.ragged import lengths_of
from cnsearch.engine.postings import decode as pr
from cnsearch.engine.postings import encode as p
from cnsearch.errors import CorruptIndexError

DOC_COUNT = 100_000
SIZES = [1, 2, 3, 127, 128, 129, 255, 256, 257, 1000]


def reader_of(encoded: p.EncodedPostings, *, frequency_is_value: bool = False, doc_count: int = DOC_COUNT):
    file = io.BytesIO()
    writer = ContainerWriter(file)
    writer.add(SectionKind.POSTINGS, encoded.data, 0)
    writer.add(SectionKind.POSTING_VALUES, encoded.values, 0)
    writer.close()
    found = Container("x", file.getvalue())
    return pr.PostingsReader(
        found.section(SectionKind.POSTINGS, 0),
        found.section(SectionKind.POSTING_VALUES, 0),
        doc_count,
        frequency_is_value=frequency_is_value,
    )


def encode(lists, weights, values=None, **kwargs):
    """``lists`` of doc_ids, ``weights`` and ``values`` alike."""
    flat = None
    if values is not None:
        rows = [row for rows in values for row in rows]
        flat = p.PostingValues(lengths_of(rows), np.frombuffer(b"".join(rows), np.uint8))
    return p.encode_postings(
        np.array([doc for docs in lists for doc in docs], dtype=np.int64),
        np.array([weight for row in weights for weight in row]),
        np.array([len(docs) for docs in lists], dtype=np.int64),
        flat,
        **kwargs,
    )


# -- a slow decoder, written from FORMAT.md ---------------------------------------------------------------------------


def slow_numbers(data: bytes, at: int, width: int, count: int) -> tuple[list[int], int]:
    size = (count * width + 7) // 8
    number = int.from_bytes(data[at : at + size], "little")
    return [(number >> (width * i)) & ((1 << width) - 1) for i in range(count)], at + size


def slow_decode(data: bytes, at: int) -> tuple[list[int], list[float], int, int]:
    """(doc_ids, weights, value kind, offset of the values) of the list at ``at``."""
    widths, overflow_sizes = (0, 1, 2, 4, 8, 16, 32), (0, 1, 2, 4)
    first, second = data[at], data[at + 1]
    at += 2
    count = shift = 0
    while True:
        count |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            break
    bitmap_bytes = values_at = 0
    if first & 7 == 7:
        bitmap_bytes = struct.unpack_from("<I", data, at)[0]
        at += 4
    kind = (second >> 3) & 3
    if kind == 2:
        values_at = struct.unpack_from("<Q", data, at)[0]
        at += 8
    gaps = None
    if first & 7 == 7:
        bits = data[at : at + bitmap_bytes]
        docs = [i for i in range(bitmap_bytes * 8) if bits[i // 8] >> (i % 8) & 1]
        at += bitmap_bytes
    else:
        gaps, at = slow_numbers(data, at, widths[first & 7], count)
    excess = None
    if first >> 5 == 7:
        code = "d" if second & 4 else "f"
        weights = list(struct.unpack_from(f"<{count}{code}", data, at))
        at += count * struct.calcsize(code)
    else:
        excess, at = slow_numbers(data, at, widths[first >> 5], count)
    for numbers, code, overflow in ((gaps, first & 7, first >> 3 & 3), (excess, first >> 5, second & 3)):
        if numbers is not None and overflow:
            escape = (1 << widths[code]) - 1
            for index, number in enumerate(numbers):
                if number == escape:
                    size = overflow_sizes[overflow]
                    numbers[index] += int.from_bytes(data[at : at + size], "little")
                    at += size
    if gaps is not None:
        docs, last = [], -1
        for gap in gaps:
            last += gap + 1
            docs.append(last)
    if excess is not None:
        weights = [number + 1 for number in excess]
    return docs, weights, kind, values_at


def check(lists, weights, encoded, values=None, **kwargs):
    """All three decoders give back what was encoded."""
    reader = reader_of(encoded, **kwargs)
    data = encoded.data.tobytes()
    for index, pointer in enumerate(encoded.pointers.tolist()):
        found = reader.read(pointer)
        assert found.doc_ids.dtype == np.int32
        assert found.doc_ids.tolist() == lists[index]
        assert found.weights.tolist() == weights[index]
        if pointer >= 0:
            assert reader.count(pointer) == len(lists[index])
            slow = slow_decode(data, pointer)
            assert slow[:3] == (lists[index], weights[index], found.value_kind)
            assert slow[3] == found.values_at
        else:
            assert (len(lists[index]), weights[index]) == (1, [1])
        if values is not None:
            assert reader.values(found) == values[index]
    many = reader.read_lists(encoded.pointers)
    assert many.counts.tolist() == [len(docs) for docs in lists]
    assert many.doc_ids.tolist() == [doc for docs in lists for doc in docs]
    assert many.weights.tolist() == [weight for row in weights for weight in row]
    assert reader.counts(encoded.pointers).tolist() == many.counts.tolist()
    if values is not None:
        expected = [row for rows in values for row in rows]
        if many.values is None:
            kind = p.VALUES_FREQUENCY if kwargs.get("frequency_is_value") else p.VALUES_NONE
            nothing = np.empty(0, np.int32)
            assert reader.values(pr.PostingsList(nothing, many.weights, kind, 0)) == expected
        else:
            flat, at = many.values.flat.tobytes(), 0
            for length, row in zip(many.values.lengths.tolist(), expected, strict=True):
                assert flat[at : at + length] == row
                at += length


def test_literal_bytes():
    # docs 0, 3: gaps 0, 2 at 4 bits; weights 1, 1 at 0 bits
    assert encode([[0, 3]], [[1, 1]]).data.tolist() == [0b000_00_011, 0, 2, 0x20]
    # docs 5, 6: gaps 5, 0; weights 2, 4: excess 1, 3, for which 4 bits take no more bytes than 2
    assert encode([[5, 6]], [[2, 4]]).data.tolist() == [0b011_00_011, 0, 2, 0x05, 0x31]
    # weights 2, 4, 1: excess 1, 3, 0 at 2 bits; 3 is the largest, so it is no escape
    assert encode([[5, 6, 7]], [[2, 4, 1]]).data.tolist() == [0b010_00_011, 0, 3, 0x05, 0x00, 0b11_01]
    # doc 1000: a gap at 16 bits; weight 300: 299 at 16 bits, as long as at 8 bits with an overflow of 8 bits
    assert encode([[1000]], [[300]]).data.tolist() == [0b101_00_101, 0, 1, 0xE8, 0x03, 0x2B, 0x01]
    # weights that are no integers: float32, and float64 where that is exact
    assert encode([[0]], [[1.5]]).data.tolist() == [0b111_00_100, 0, 1, 0, *struct.pack("<f", 1.5)]
    assert encode([[0]], [[0.1]]).data.tolist() == [0b111_00_100, 0b100, 1, 0, *struct.pack("<d", 0.1)]
    # a bitmap: 64 documents of 65, in 9 bytes
    docs = [*range(30), *range(31, 65)]
    expected = [0b000_00_111, 0, 64, 9, 0, 0, 0, *(((1 << 65) - 1) ^ (1 << 30)).to_bytes(9, "little")]
    assert encode([docs], [[1] * 64]).data.tolist() == expected
    # a single posting of weight 1 is the pointer itself
    assert encode([[7]], [[1]]).pointers.tolist() == [-8]
    assert encode([[7]], [[1]]).data.tolist() == []


def test_literal_bytes_of_overflow_and_values():
    # gaps 0, 1, 14 fit 4 bits, 20 is escaped as 15 + 5
    encoded = encode([[0, 2, 17, 38, 40, 42, 44, 46]], [[1] * 8])
    assert encoded.data.tolist() == [0b000_01_011, 0, 8, 0x10, 0xFE, 0x11, 0x11, 5]
    # values: lengths at 1 byte each, then the values
    encoded = encode([[0, 1]], [[1, 1]], [[b"xy", b"z"]], values_base=300)
    assert encoded.data.tolist() == [3, 0b10_000, 2, 0x2C, 0x01, 0, 0, 0, 0, 0, 0, 0x00]
    assert encoded.values.tolist() == [1, 2, 1, *b"xyz"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("spread", [1, 3, 30, 90])
def test_sizes_and_densities(size, spread):
    rng = np.random.default_rng(size * spread)
    lists = [
        sorted(rng.choice(max(size * spread, size) + 1, size, replace=False).tolist()),
        sorted(rng.choice(DOC_COUNT, size, replace=False).tolist()),
        list(range(size)),
    ]
    weights = [
        [1] * size,
        rng.integers(1, 4, size).tolist(),
        (rng.zipf(1.5, size) % 100_000 + 1).tolist(),
    ]
    for turn in range(3):
        turned = [weights[(index + turn) % 3] for index in range(3)]
        check(lists, turned, encode(lists, turned))


weights_strategy = st.one_of(
    st.integers(1, 3),
    st.integers(1, 2**31 - 1),
    st.floats(0.015625, 1e6, width=32),
    st.floats(1e-9, 1e12, allow_nan=False),
)


@given(
    st.lists(
        st.dictionaries(
            st.integers(0, DOC_COUNT - 1), st.tuples(weights_strategy, st.binary(max_size=5)), min_size=1, max_size=20
        ),
        min_size=1,
        max_size=12,
    ),
    st.booleans(),
)
def test_round_trip(postings, with_values):
    lists = [sorted(entries) for entries in postings]
    weights = [[entries[doc][0] for doc in docs] for entries, docs in zip(postings, lists, strict=True)]
    values = None
    if with_values:
        values = [[entries[doc][1] for doc in docs] for entries, docs in zip(postings, lists, strict=True)]
    check(lists, weights, encode(lists, weights, values), values)


@pytest.mark.parametrize("frequency_is_value", [True, False])
def test_values_that_are_frequencies_cost_nothing(frequency_is_value):
    lists, weights = [[1, 5], [3], [0, 1, 2]], [[1, 2], [1], [3, 1, 70000]]
    values = [[struct.pack(">I", weight) for weight in row] for row in weights]
    encoded = encode(lists, weights, values, frequency_is_value=frequency_is_value)
    assert len(encoded.values) == 0
    check(lists, weights, encoded, values, frequency_is_value=frequency_is_value)
    if frequency_is_value:
        assert encode(lists, weights, None, frequency_is_value=True).data.tobytes() == encoded.data.tobytes()


def test_long_values():
    values = [[b"x" * 300, b""], [b"y" * 70_000]]
    check([[1, 2], [3]], [[1, 1], [1]], encode([[1, 2], [3]], [[1, 1], [1]], values), values)


def test_doc_ids_must_ascend():
    for docs in ([3, 3], [3, 2], [-1]):
        with pytest.raises(ValueError, match="ascend"):
            encode([docs], [[2] * len(docs)])


def test_nothing_to_encode():
    assert encode([], []).pointers.tolist() == []


def test_a_document_that_does_not_exist():
    encoded = encode([[5, 50]], [[1, 1]])
    reader = reader_of(encoded, doc_count=50)
    with pytest.raises(CorruptIndexError) as caught:
        reader.read(0)
    assert caught.value.section == "postings"
    assert caught.value.expected == 50
    with pytest.raises(CorruptIndexError):
        reader.read_lists(encoded.pointers)


def test_lists_that_go_beyond_the_section():
    encoded = encode([list(range(0, 3000, 30))], [[2] * 100])
    for size in range(1, len(encoded.data)):
        reader = reader_of(encoded._replace(data=encoded.data[:size]))
        with pytest.raises(CorruptIndexError):
            reader.read(0)
        with pytest.raises(CorruptIndexError):
            reader.read_lists(encoded.pointers)
    with pytest.raises(CorruptIndexError):
        reader_of(encoded).read(10_000)
    with pytest.raises(CorruptIndexError, match="none"):
        pr.PostingsReader(None, None, 10, frequency_is_value=False).read(0)


@given(st.binary(min_size=1, max_size=60))
def test_any_bytes_raise_or_decode(data):
    """Even behind a right checksum, bytes without meaning end in CorruptIndexError, not in a numpy traceback."""
    reader = reader_of(p.EncodedPostings(np.frombuffer(data, np.uint8), np.empty(0, np.uint8), np.array([0])))
    for read in (lambda: reader.values(reader.read(0)), lambda: reader.read_lists(np.array([0]))):
        with contextlib.suppress(CorruptIndexError):
            read()


@given(st.lists(st.lists(st.integers(0, DOC_COUNT - 1), min_size=1, max_size=60, unique=True).map(sorted), min_size=1))
def test_packed_lists_are_whole(lists):
    """Who decodes the packed list by itself finds what ``read`` does."""
    encoded = encode(lists, [[1 + doc % 400 for doc in docs] for docs in lists])
    reader = reader_of(encoded)
    for pointer in encoded.pointers.tolist():
        raw, doc = reader.packed(pointer)
        found = reader.read(pointer)
        if raw is None:
            assert (found.doc_ids.tolist(), found.weights.tolist()) == ([doc], [1])
        else:
            doc_ids, weights, *_ = slow_decode(raw, 0)
            assert (found.doc_ids.tolist(), found.weights.tolist()) == (doc_ids, weights)
