"""Packed texts: what is written, what comes back, and what is said of damage, by both kernels."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cnsearch import kernels
from cnsearch.engine.bytes.packing import (
    PAGES,
    SINGLES,
    pack,
    pack_plainly,
    unpack,
    unpack_many,
    unpack_plainly,
    varint,
)

orders = pytest.mark.parametrize("apart", [False, True], ids=["mixed", "apart"])
texts = st.one_of(
    st.text(st.sampled_from(SINGLES + "数字化转型，é，😀\ud83d\udc00ㄅ①\x7f"), max_size=80),
    st.text(st.characters(exclude_categories=())),
    st.text(st.sampled_from("数字abc的"), min_size=100, max_size=400),
)


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def slowly_packed(text: bytes, *, apart: bool) -> bytes | None:
    """Unit by unit."""
    leads, trails, mixed = [], [], []
    for low, high in zip(text[::2], text[1::2], strict=True):
        if chr(high << 8 | low) in SINGLES:
            leads.append(SINGLES.index(chr(high << 8 | low)))
            mixed.append(leads[-1])
        elif high in PAGES:
            leads.append(len(SINGLES) + PAGES.index(high))
            trails.append(low)
            mixed += [leads[-1], low]
        else:
            return None
    return varint(len(leads)) + bytes(leads + trails) if apart else bytes(mixed)


def test_each_first_byte_has_one_meaning():
    assert len(set(SINGLES)) + len(set(PAGES)) == len(SINGLES) + len(PAGES) == 256


@orders
def test_every_unit(apart):
    for start in range(0, 1 << 16, 64):
        units = range(start, start + 64)
        text = utf16("".join(map(chr, units)))
        wanted = slowly_packed(text, apart=apart)
        assert pack(text, apart=apart) == pack_plainly(text, apart=apart) == wanted, start
        if wanted is not None:
            assert unpack(wanted, apart=apart) == unpack_plainly(wanted, apart=apart) == text, start


@orders
@given(texts)
@example("")
def test_texts_come_back(apart, text):
    data = utf16(text)
    packed = pack(data, apart=apart)
    assert packed == pack_plainly(data, apart=apart) == slowly_packed(data, apart=apart)
    if packed is not None:
        assert unpack(packed, apart=apart) == unpack_plainly(packed, apart=apart) == data
        for most in (0, 1, len(text) // 2, len(data)):
            for beginning in (unpack(packed, apart=apart, most=most), unpack_plainly(packed, apart=apart, most=most)):
                assert len(beginning) >= min(2 * most, len(data))
                assert data.startswith(beginning)


@given(st.lists(texts.map(utf16)))
def test_many_texts_at_once(many):
    rows = [(text, packed) for text in many if (packed := pack_plainly(text, apart=True)) is not None]
    units, counts = unpack_many([memoryview(packed) for _, packed in rows])
    assert units.tobytes() == b"".join(text for text, _ in rows)
    assert counts.tolist() == [len(text) // 2 for text, _ in rows]


@orders
@given(st.one_of(st.binary(), st.binary(min_size=1, max_size=30).map(lambda data: varint(len(data) // 2) + data)))
@example(b"\x02\xb4\xb4W")
@example(b"\x01\xb4")
@example(b"\xff\xff\xff\xff\x01a")
def test_damage_is_said_and_harms_nothing(apart, data):
    try:
        found = unpack_plainly(data, apart=apart)
    except ValueError:
        found = None
    if found is None:
        with pytest.raises(ValueError, match="damaged"):
            unpack(data, apart=apart)
        if apart:
            with pytest.raises(ValueError, match="damaged"):
                unpack_many([pack_plainly(utf16("数字"), apart=True) or b"", data])
    else:
        assert unpack(data, apart=apart) == found
        packed = pack_plainly(found, apart=apart)
        assert packed is not None
        assert unpack(packed, apart=apart) == found


def test_half_a_unit_is_not_packed():
    kernel = kernels.packing()
    if kernel is None:
        pytest.skip("there is no compiled kernel")
    assert kernel.pack_text(b"abc", False) is None
