"""Packed lists against slow twins, at the edges of blocks and widths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.engine.bytes import bitpack
from cnsearch.engine.bytes.ragged import offsets_of

COUNTS = [0, 1, 2, 7, 8, 9, 127, 128, 129, 255, 256, 257]
CODES = range(len(bitpack.WIDTHS))


def slow_pack(values: list[int], width: int) -> bytes:
    """One bit at a time, least significant first."""
    bits = [(value >> place) & 1 for value in values for place in range(width)]
    bits += [0] * (-len(bits) % 8)
    return bytes(sum(bit << place for place, bit in enumerate(bits[i : i + 8])) for i in range(0, len(bits), 8))


def random_lists(code: int, counts: list[int]) -> list[list[int]]:
    rng = np.random.default_rng(code)
    return [rng.integers(0, 1 << bitpack.WIDTHS[code], count, dtype=np.uint64).tolist() for count in counts]


@pytest.mark.parametrize("code", CODES)
def test_pack_and_unpack_equal_the_slow_twin(code):
    lists = random_lists(code, COUNTS)
    flat = np.array([value for values in lists for value in values], dtype=np.int64)
    packed = bitpack.pack_rows(flat, np.array(COUNTS), code)
    expected = [slow_pack(values, bitpack.WIDTHS[code]) for values in lists]
    assert packed.tobytes() == b"".join(expected)
    starts = offsets_of(np.array([len(row) for row in expected]))
    for values, start, row in zip(lists, starts, expected, strict=False):
        assert len(row) == bitpack.packed_size(code, len(values))
        assert bitpack.unpack(memoryview(packed.tobytes()), int(start), code, len(values)).tolist() == values
        if code:
            for dtype in (np.int32, np.float32):
                if code == len(bitpack.WIDTHS) - 1:
                    continue
                found = bitpack.unpack_plus_one(memoryview(packed.tobytes()), int(start), code, len(values), dtype)
                assert found.dtype == dtype
                assert found.tolist() == [value + 1 for value in values]
    # Rows in another order, with gaps between them.
    spread = np.concatenate([np.zeros(3, dtype=np.uint8), packed, np.zeros(2, dtype=np.uint8)])
    order = np.arange(len(COUNTS))[::-1]
    found = bitpack.unpack_rows(spread, starts[:-1][order] + 3, np.array(COUNTS)[order], code)
    assert found.tolist() == [value for index in order for value in lists[index]]


def test_literal_bytes():
    assert bitpack.pack_rows(np.array([1, 2, 3, 0, 1]), np.array([3, 2]), 2).tolist() == [0b00_11_10_01, 0b00_00_01_00]
    assert bitpack.pack_rows(np.array([1, 0, 1]), np.array([3]), 1).tolist() == [0b101]
    assert bitpack.pack_rows(np.array([0xA, 0xB, 0xC]), np.array([3]), 3).tolist() == [0xBA, 0x0C]
    assert bitpack.pack_rows(np.array([0x1234]), np.array([1]), 5).tolist() == [0x34, 0x12]


def slow_size(values: list[int], code: int) -> tuple[int, int] | None:
    """(overflow code, bytes) of a list at a width code, or None if it cannot be packed so."""
    width = bitpack.WIDTHS[code]
    escape = (1 << width) - 1
    size = (len(values) * width + 7) // 8
    if max(values) <= escape:
        return 0, size
    if code in (0, len(bitpack.WIDTHS) - 1):
        return None
    excess = max(values) - escape
    overflow = 1 if excess < 1 << 8 else 2 if excess < 1 << 16 else 3
    return overflow, size + sum(value >= escape for value in values) * bitpack.OVERFLOW_BYTES[overflow]


@given(
    st.lists(
        st.lists(
            st.one_of(st.integers(0, 3), st.integers(0, 20), st.integers(0, 300), st.integers(0, 2**31 - 1)),
            min_size=1,
            max_size=40,
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from([(3, 4, 5, 6), (0, 1, 2, 3, 4, 5, 6)]),
)
def test_choose_widths_finds_the_smallest(lists, codes):
    counts = np.array([len(values) for values in lists])
    flat = np.array([value for values in lists for value in values], dtype=np.int64)
    found = bitpack.choose_widths(flat, offsets_of(counts)[:-1], counts, codes)
    for index, values in enumerate(lists):
        sizes = {code: slow_size(values, code) for code in codes}
        possible = {code: size for code, size in sizes.items() if size is not None}
        best = min(possible, key=lambda code: (possible[code][1], -code))
        code, overflow, size = (int(part[index]) for part in found)
        assert (code, overflow, size) == (best, *possible[best]), values


@pytest.mark.parametrize(("largest", "code"), [(-1, 0), (0, 1), (255, 1), (256, 2), (65535, 2), (65536, 3), (2**31, 3)])
def test_overflow_codes(largest, code):
    assert bitpack.overflow_code_of(np.array([largest])).tolist() == [code]
