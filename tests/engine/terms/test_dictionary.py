"""The term dictionary against a sorted list."""

from __future__ import annotations

import io
from bisect import bisect_left

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import SectionKind
from cnsearch.engine.bytes.ragged import lengths_of
from cnsearch.engine.terms import dictionary_writer
from cnsearch.engine.terms.dictionary import TermDictionary, pack_pointers, unpack_pointers
from cnsearch.engine.terms.dictionary_writer import TermDictionaryWriter
from cnsearch.errors import CorruptIndexError

SIZES = [0, 1, 2, 15, 16, 17, 31, 32, 33, 127, 128, 129, 255, 256, 257]


def build(terms: list[bytes], pointers: list[int] | None = None, piece: int = 1000) -> TermDictionary:
    pointers = list(range(len(terms))) if pointers is None else pointers
    file = io.BytesIO()
    container = ContainerWriter(file)
    writer = TermDictionaryWriter()
    for start in range(0, len(terms), piece):
        some = terms[start : start + piece]
        writer.add(b"".join(some), lengths_of(some), np.array(pointers[start : start + piece], dtype=np.int64))
    skip = writer.write(container, 0)
    writer.close()
    container.close()
    return TermDictionary(Container("x", file.getvalue()), 0, len(terms), skip)


def check(terms: list[bytes], probes: list[bytes], dictionary: TermDictionary) -> None:
    assert list(dictionary.terms()) == terms
    for number, term in enumerate(terms):
        assert dictionary.find(term) == number
        assert dictionary.lower_bound(term) == number
        assert dictionary.term(number) == term
        assert dictionary.pointer(number) == number
    assert dictionary.pointers(0, len(terms)).tolist() == list(range(len(terms)))
    for probe in probes:
        expected = bisect_left(terms, probe)
        assert dictionary.lower_bound(probe) == expected
        assert dictionary.find(probe) == (expected if probe in terms else -1)
        start, stop = dictionary.prefix_range(probe)
        assert list(dictionary.terms(start, stop)) == [term for term in terms if term.startswith(probe)]


def test_literal_bytes():
    file = io.BytesIO()
    container, writer = ContainerWriter(file), TermDictionaryWriter()
    writer.add(b"ababcabd", np.array([2, 3, 3]), np.array([0, -1 - 7, 300]))
    assert writer.write(container, 5) == 2  # all begin with "ab"
    writer.close()
    container.close()
    found = Container("x", file.getvalue())
    kind = SectionKind
    expected = {
        kind.TERM_KEYS: [0] * 8,  # what follows "ab" in the first term: nothing
        kind.TERM_PREFIX_LENGTHS: [2],
        kind.TERM_SUFFIX_LENGTHS: [0, 1, 1],
        kind.TERM_BLOCK_OFFSETS: [0, 4],
        kind.TERM_BYTES: [*b"abcd"],
        kind.TERM_POINTERS: [0, 0, 0, 0, 7, 0, 0, 0x80, 0x2C, 1, 0, 0],
    }
    for number, data in expected.items():
        assert list(found.section(number, 5).read(0, len(data))) == data
        assert found.section(number, 5).length == len(data)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("piece", [1, 7, 16, 1000])
def test_sizes(size, piece):
    terms = sorted(f"词{number * 7919 % 10007}".encode() for number in range(size))
    check(terms, [b"", b"\xe8", "词".encode(), "词5".encode(), b"\xff"], build(terms, piece=piece))


@given(st.sets(st.binary(max_size=12), max_size=80), st.lists(st.binary(max_size=12), max_size=20))
def test_any_terms(terms, probes):
    ordered = sorted(terms)
    check(ordered, probes, build(ordered))


@given(st.sets(st.text("ab", max_size=14), max_size=80), st.lists(st.text("ab", max_size=14), max_size=20))
def test_terms_with_much_in_common(terms, probes):
    """More than 8 bytes in common: many blocks have the same number in the sparse index."""
    stem = b"https://example.com/"
    ordered = sorted(stem + term.encode() for term in terms)
    others = [stem + probe.encode() for probe in probes] + [b"", b"a", b"https://z", b"~", stem[:5], stem]
    check(ordered, others, build(ordered))
    mixed = sorted([*ordered, b"https://a"])
    check(mixed, others, build(mixed))


def test_zero_bytes_at_the_end_count():
    terms = [b"", b"\0", b"\0\0", b"a", b"a\0", b"a\0\0\0\0\0\0\0\0"]
    check(terms, [b"\0\0\0", b"a\0\0"], build(terms))


def test_long_terms():
    terms = sorted([b"x" * 70_000, b"x" * 300, b"y", b"x" * 70_000 + b"y"])
    check(terms, [b"x" * 299, b"x" * 301], build(terms))


def test_prefix_of_highest_bytes():
    terms = [b"a", b"a\xff", b"a\xff\xff", b"b", b"\xff", b"\xff\xff"]
    check(terms, [b"a\xff", b"\xff", b"\xff\xff\xff"], build(terms))


@pytest.mark.parametrize("largest", [0, 2**31 - 1, 2**31, 2**40])
def test_pointers(largest):
    pointers = np.array([0, 5, largest, -1, -8])
    packed = pack_pointers(pointers, wide=largest >= 2**31)
    assert packed.itemsize == (4 if largest < 2**31 else 8)
    assert unpack_pointers(packed).tolist() == pointers.tolist()
    for piece in (1, 5):  # one pointer is wide, or the piece that has it
        built = build([b"a", b"b", b"c", b"d", b"e"], pointers.tolist(), piece)
        assert built.pointers(0, 5).tolist() == pointers.tolist()
        assert built._pointers.item_size == packed.itemsize


def test_what_is_put_aside_may_not_fit_into_memory(monkeypatch):
    monkeypatch.setattr(dictionary_writer, "_SPOOL_BYTES", 100)
    terms = sorted({b"%x" % (n * n) + b"0" * 300 * (n == 7) for n in range(300)})
    check(terms, [b"5", b"zz"], build(terms, piece=16))


def test_an_empty_term_is_the_first():
    terms = [b"", *sorted(b"ab%d" % n for n in range(40))]
    check(terms, [b"a", b"ab", b"b"], build(terms, piece=16))


def test_wrong_counts_are_noticed():
    good = build([b"a", b"b"])
    container = good._bytes.container
    with pytest.raises(CorruptIndexError, match="another number"):
        TermDictionary(container, 0, 3, 0)


def test_nothing_is_checked_on_opening():
    """Opening must not cost more for more terms."""
    dictionary = build([b"%06d" % number for number in range(20_000)])
    assert not any(dictionary._bytes.container._checked)
    dictionary.find(b"012345")
    checked = dictionary._bytes.container._checked
    assert any(checked)
    assert not all(checked)
