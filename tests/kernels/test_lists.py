"""The compiled kernels of writing give the bytes that numpy gives, and no input harms them."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch import kernels
from cnsearch.arrays import Ints
from cnsearch.engine.bytes.container import Container
from cnsearch.engine.files.folder import Files
from cnsearch.engine.postings.encode import PostingValues
from cnsearch.engine.postings.inversion import TermPostings
from cnsearch.engine.segment import merge_terms as merging
from cnsearch.engine.segment.field_buffer import FieldBuffer
from cnsearch.engine.segment.merge_terms import merge_terms
from cnsearch.engine.segment.reader import SegmentReader
from cnsearch.engine.segment.terms import FieldTermsWriter
from cnsearch.engine.segment.writer import SegmentWriter
from cnsearch.engine.terms.keys import keys_of_terms
from cnsearch.errors import CorruptIndexError

if kernels.lists() is None:
    pytest.skip("there are no compiled kernels here", allow_module_level=True)
compiled = kernels.lists()
assert compiled is not None

BATCH_DOCS = 300
FIELD = "body"


class Memory(Files):
    """One file in memory."""

    data = b""

    def create(self, name: str) -> Any:
        return io.BytesIO()

    def sync_file(self, file: Any) -> None:
        self.data = file.getvalue()

    def delete(self, name: str) -> None:
        self.data = b""


Batch = dict[bytes, dict[int, int]]
"""Terms, and how often each document has them."""

terms = st.text("a上中\0\ud800\udfff\ue000\ufffe\uffff𠮷", max_size=6).map(
    lambda text: text.encode("utf-8", "surrogatepass")
) | st.binary(max_size=14)
edges = st.sampled_from([1, 2, 3, 4, 15, 16, 17, 255, 256, 257, 65_535, 65_536, 70_000, 2**31 - 1])
frequencies = st.dictionaries(
    st.integers(0, BATCH_DOCS - 1), st.integers(1, 3) | edges | st.integers(1, 10), min_size=1, max_size=60
)
dense = st.builds(
    lambda first, step: {doc: 1 + doc % step for doc in range(first, 300, step)}, *[st.integers(1, 9)] * 2
)
batches = st.lists(st.dictionaries(terms, st.one_of(frequencies, dense), max_size=25), min_size=1, max_size=4)


def postings_of(batch: Batch, *, dtype: type = np.int32) -> TermPostings:
    keys, long_terms = keys_of_terms(list(batch))
    doc_ids = [doc for found in batch.values() for doc in sorted(found)]
    freqs = [found[doc] for found in batch.values() for doc in sorted(found)]
    counts = np.array([len(found) for found in batch.values()], dtype=np.int64)
    return TermPostings(keys, long_terms, counts, np.array(doc_ids, dtype=np.int32), np.array(freqs, dtype=dtype))


def segment_of(batches: Sequence[TermPostings], *, plain: bool, frequency_is_value: bool) -> bytes:
    """The file of a segment with one field."""
    files = Memory()
    file = SegmentWriter(files, "x")
    buffer = FieldBuffer()
    for number, postings in enumerate(batches):
        buffer.add(postings, number * BATCH_DOCS)
    lists = None if plain else buffer.lists(frequency_is_value=frequency_is_value)
    writer = FieldTermsWriter(file, FIELD, frequency_is_value=frequency_is_value)
    if lists is None:
        buffer.write(writer, frequency_is_value=frequency_is_value)
    else:
        writer.add_lists(lists)
        writer.finish()
    file.close(len(batches) * BATCH_DOCS)
    return files.data


def opened(data: bytes) -> SegmentReader:
    return SegmentReader(Container("x", data))


def merged(
    segments: Sequence[bytes], kept: Sequence[Ints | None], *, plain: bool, frequency_is_value: bool = False
) -> bytes:
    files = Memory()
    file = SegmentWriter(files, "x")
    sources = [(opened(data), alive) for data, alive in zip(segments, kept, strict=True)]
    with patch.object(kernels, "lists", lambda: None if plain else compiled):
        merge_terms(file, sources, FIELD, frequency_is_value=frequency_is_value)
    file.close(1)
    return files.data


def is_any(batches: Sequence[Batch]) -> bool:
    return any(batches)


@given(batches.filter(is_any), st.booleans())
def test_batches_become_the_same_segment(found: list[Batch], frequency_is_value: bool) -> None:
    given = [postings_of(batch) for batch in found]
    ours = segment_of(given, plain=False, frequency_is_value=frequency_is_value)
    assert ours == segment_of(given, plain=True, frequency_is_value=frequency_is_value)


def test_lists_of_every_density_take_the_same_form() -> None:
    """Where a bitmap is as long as a list, and where two widths take the same room, one of them is right."""
    batch: Batch = {}
    for first in (0, 1, 7, 8, 100):
        for step in range(1, 30):
            for count in range(1, 1 + min(40, (BATCH_DOCS - 1 - first) // step)):
                docs = range(first, first + count * step, step)
                batch[f"{first} {step} {count}".encode()] = {doc: 1 + doc % count for doc in docs}
    ours = segment_of([postings_of(batch)], plain=False, frequency_is_value=False)
    assert ours == segment_of([postings_of(batch)], plain=True, frequency_is_value=False)


@given(batches.filter(is_any), st.booleans(), st.randoms(use_true_random=False), st.integers(1, 40))
def test_segments_are_merged_to_the_same(
    found: list[Batch], frequency_is_value: bool, rng: random.Random, slice_terms: int
) -> None:
    segments = [
        segment_of([postings_of(batch)], plain=True, frequency_is_value=frequency_is_value) for batch in found if batch
    ]
    kept = [
        np.array(sorted(rng.sample(range(BATCH_DOCS), rng.choice([1, 40, 299]))), dtype=np.int64)
        if rng.random() < 0.5
        else None
        for _ in segments
    ]
    with patch.object(merging, "SLICE_TERMS", slice_terms), patch.object(merging, "SLICE_BYTES", 16 * slice_terms):
        ours = merged(segments, kept, plain=False, frequency_is_value=frequency_is_value)
    assert ours == merged(segments, kept, plain=True, frequency_is_value=frequency_is_value)


def test_the_kernels_are_used() -> None:
    """Else the two tests above compare numpy with itself."""
    batch = postings_of({b"a": {1: 1, 5: 2}, "很长的词语很长".encode(): {2: 1}})
    buffer = FieldBuffer()
    buffer.add(batch, 0)
    lists = buffer.lists(frequency_is_value=False)
    assert lists is not None
    assert (lists.terms, lists.pointers.tolist()) == ("a很长的词语很长".encode(), [0, -1 - 2])
    segment = segment_of([batch], plain=True, frequency_is_value=False)
    with patch.object(merging, "_merge_slice") as plain:
        merged([segment, segment], [None, np.array([5])], plain=False)
    plain.assert_not_called()


def odd_postings() -> Iterator[TermPostings]:
    """What only numpy knows: weights that are no integers, and values."""
    batch = postings_of({b"a": {1: 1, 5: 2}, b"b": {2: 1}})
    yield batch._replace(weights=np.array([0.5, 2, 1]))
    yield batch._replace(weights=batch.weights.astype(np.int64))
    values = PostingValues(np.array([1, 0, 2]), np.frombuffer(b"xyz", np.uint8))
    yield batch._replace(values=values)


@pytest.mark.parametrize("postings", list(odd_postings()))
def test_what_kernels_do_not_know_numpy_writes_and_merges(postings: TermPostings) -> None:
    normal = postings_of({b"a": {3: 4}, b"c": {0: 1, 9: 1}})
    segments = [
        segment_of([batch], plain=False, frequency_is_value=False) for batch in (postings, normal, postings, normal)
    ]
    assert segments[0] == segment_of([postings], plain=True, frequency_is_value=False)
    kept = [None, np.array([3, 9]), np.array([1, 2]), None]
    assert merged(segments, kept, plain=False) == merged(segments, kept, plain=True)


def test_arrays_that_do_not_fit_together_are_refused() -> None:
    assert compiled is not None
    good = kernels.Postings(
        (97 << 48).to_bytes(8, "little"), [], (1).to_bytes(8, "little"), b"\1\0\0\0", b"\1\0\0\0", 0
    )
    assert compiled.join([good], 0).pointers.tolist() == [-2]
    for wrong in (
        good._replace(keys=b""),
        good._replace(keys=b"\xff" * 8),  # a long term that is not there
        good._replace(counts=b"\xff" * 8),
        good._replace(counts=(1 << 62).to_bytes(8, "little")),
        good._replace(counts=(0).to_bytes(8, "little")),
        good._replace(doc_ids=b"\1\0\0"),
        good._replace(doc_ids=b"\xff\xff\xff\xff"),
        good._replace(freqs=b"\1"),
        good._replace(freqs=b"\0\0\0\0"),
        good._replace(base=2**32 - 1),
    ):
        with pytest.raises(ValueError, match=r"postings|documents|frequency"):
            compiled.join([wrong], 0)
    with pytest.raises(ValueError, match="ascend"):
        compiled.join([good, good], 0)


@given(st.randoms(use_true_random=False))
def test_damaged_parts_are_none_or_lists(rng: random.Random) -> None:
    """The bytes of files are checked before; that they are damaged all the same does no harm."""
    assert compiled is not None
    words = {
        f"t{number:02}".encode(): {doc: 1 + doc % 3 for doc in range(number, 300, 1 + number)} for number in range(40)
    }
    segment = opened(segment_of([postings_of(words)], plain=True, frequency_is_value=False))
    terms = segment.terms(FIELD)
    assert terms is not None
    part = merging._TermSource(segment, None, FIELD, 0, terms).part(0, terms.count)

    def damaged(data: bytes) -> bytes:
        found = bytearray(data)
        for _ in range(rng.choice([0, 0, 1, 3])):
            found[rng.randrange(len(found))] = rng.choice([0, 1, 127, 255, rng.randrange(256)])
        return bytes(found[: rng.choice([len(found), len(found), rng.randrange(len(found))])])

    wrong = part._replace(
        terms=kernels.Terms(*map(damaged, part.terms[:3]), rng.choice([0, 0, 1, 17, 1 << 60])),
        pointers=damaged(part.pointers),
        postings=(damaged(part.postings[0]), rng.choice([0, 0, 5])),
        documents=(rng.choice([300, 300, 7, 2**32 - 1]), 0, rng.choice([None, bytes(1200), bytes(3)]), 0),
    )
    lists = compiled.merge([wrong, part], 0)
    if lists is not None:
        assert int(lists.lengths.sum()) == len(lists.terms)
        assert int(lists.pointers.max(initial=0)) <= len(lists.data)


def test_damage_is_named_as_without_kernels() -> None:
    segment = bytearray(segment_of([postings_of({b"a": {1: 2, 9: 5}})], plain=True, frequency_is_value=False))
    segment[32] ^= 1  # the first byte of the first section
    errors = []
    for plain in (False, True):
        with pytest.raises(CorruptIndexError) as caught:
            merged([bytes(segment)], [None], plain=plain)
        errors.append(str(caught.value))
    assert errors[0] == errors[1]
