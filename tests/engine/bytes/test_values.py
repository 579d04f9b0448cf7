"""Encoded values."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.engine.bytes import values

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
