"""Ragged arrays."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.engine.bytes import ragged
from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.errors import CorruptIndexError

KINDS = (50, 51, 52)


def written(rows: list[bytes]) -> tuple[Container, ragged.RaggedReader]:
    file = io.BytesIO()
    writer = ContainerWriter(file)
    ragged.write_ragged(writer, KINDS, 0, ragged.lengths_of(rows), [b"".join(rows)])
    writer.close()
    container = Container("x", file.getvalue())
    return container, ragged.RaggedReader(container, KINDS, 0)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 127, 128, 129, 255, 256, 257])
@pytest.mark.parametrize("longest", [0, 1, 255, 256, 70_000])
def test_rows_come_back(size, longest):
    rows = [b"ab" * (number % 3) for number in range(size)]
    if size:
        rows[size // 2] = b"z" * longest
    _, reader = written(rows)
    assert len(reader) == size
    assert [reader[row] for row in range(size)] == rows
    assert reader.rows() == rows


def test_beginnings_of_rows():
    rows = [b"abcdef", b"", b"g" * 20_000, b"hi"]
    _, reader = written(rows)
    for most in (0, 1, 3, 9_000, 30_000):
        assert [reader.beginning(row, most) for row in range(4)] == [(row[:most], len(row)) for row in rows]


def test_the_whole_of_a_row_is_checked_though_its_beginning_is_read():
    container, _ = written([b"abc", b"g" * 30_000])
    damaged = bytearray(container.view)
    damaged[damaged.rindex(b"ggg")] ^= 1
    reader = ragged.RaggedReader(Container("x", bytes(damaged)), KINDS, 0)
    with pytest.raises(CorruptIndexError):
        reader.beginning(1, 5)


def test_literal_bytes():
    container, _ = written([b"ab", b"", b"c"])
    assert container.section(50, 0).array().tolist() == [2, 0, 1]
    assert container.section(51, 0).array().tolist() == [0]
    assert bytes(container.section(52, 0).bytes) == b"abc"


def test_lengths_beyond_the_bytes():
    file = io.BytesIO()
    writer = ContainerWriter(file)
    ragged.write_ragged(writer, KINDS, 0, np.array([2, 9]), [b"abc"])
    writer.close()
    reader = ragged.RaggedReader(Container("x", file.getvalue()), KINDS, 0)
    assert reader[0] == b"ab"
    with pytest.raises(CorruptIndexError):
        reader[1]
    with pytest.raises(CorruptIndexError):
        reader[2]
    with pytest.raises(CorruptIndexError, match="does not fit"):
        reader.rows()


@given(st.lists(st.binary(max_size=4), max_size=30), st.data())
def test_gather_scatter_take(rows, data):
    lengths = ragged.lengths_of(rows)
    flat = np.frombuffer(b"".join(rows), np.uint8)
    offsets = ragged.offsets_of(lengths)
    chosen = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=10)) if rows else [], dtype=np.int64)
    sizes, taken = ragged.take_rows(flat, lengths, chosen)
    assert taken.tobytes() == b"".join(rows[row] for row in chosen)
    assert sizes.tolist() == [len(rows[row]) for row in chosen]
    out = np.zeros(len(flat), dtype=np.uint8)
    ragged.scatter_rows(out, offsets[:-1], flat, lengths)
    assert out.tobytes() == flat.tobytes()


# -- values -----------------------------------------------------------------------------------------------------------
