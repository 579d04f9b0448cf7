"""Ragged arrays and encoded values."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import enum
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.engine.bytes import ragged, values
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

times = st.one_of(st.datetimes(), st.datetimes(timezones=st.just(datetime.timezone.utc)), st.dates(), st.times())
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=())),
    st.binary(),
    times,
    st.decimals(allow_nan=False),
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
    ),
    max_leaves=10,
)


@given(anything)
def test_values_come_back(value):
    found = values.decode_value(values.encode_value(value))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, b"n"),
        (True, b"T"),
        (False, b"F"),
        (0, b"i\x00"),
        (-1, b"i\xff"),
        (127, b"i\x7f"),
        (128, b"i\x80\x00"),
        (1.5, b"f\x00\x00\x00\x00\x00\x00\xf8\x3f"),
        ("ab", b"sab"),
        ("", b"s"),
        ("上", b"u\x0a\x4e"),
        ("é", "sé".encode()),
        (b"\x00\xff", b"b\x00\xff"),
        (datetime.datetime(2021, 10, 18, 7, 5), b"d2021-10-18T07:05:00"),
        (datetime.date(2021, 10, 18), b"D2021-10-18"),
        (datetime.time(7, 5), b"t07:05:00"),
        (decimal.Decimal("1.50"), b"m1.50"),
        (["a", 1], b"l\x02sa\x02i\x01"),
        ((), b"p"),
        ({"k": None}, b"o\x02sk\x01n"),
    ],
)
def test_literal_values(value, expected):
    assert values.encode_value(value) == expected


def test_subclasses_come_back_as_their_base():
    class Colour(enum.IntEnum):
        RED = 1

    class Name(str):
        pass

    found = values.decode_value(values.encode_value([Colour.RED, Name("上海"), bytearray(b"x")]))
    assert found == [1, "上海", b"x"]
    assert [type(item) for item in found] == [int, str, bytes]


def test_what_has_no_form_is_refused():
    for value in (object(), {1, 2}, [[lambda: 0]], {"a": 1j}):
        with pytest.raises(TypeError, match="cannot be stored"):
            values.encode_value(value)
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(TypeError, match="nested"):
        values.encode_value(endless)


@given(st.binary(max_size=20))
def test_bytes_without_meaning_raise_value_error(data):
    with contextlib.suppress(ValueError):
        values.decode_value(data)
