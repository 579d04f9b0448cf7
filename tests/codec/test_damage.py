"""Damaged files raise CorruptIndexError or IndexFormatError, or give the same results. Never others, never a traceback
of numpy, zlib or json."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from whoosh import query
from whoosh.filedb.filestore import FileStorage

from cnsearch.codec import open_writer, segment_reader
from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.layout import CHECK_BLOCK_SIZE, SectionKind
from cnsearch.engine.segment.reader import SegmentReader
from cnsearch.errors import CorruptIndexError, IndexFormatError

DAMAGE = (CorruptIndexError, IndexFormatError)


def build(folder: Path, corpora: Any, documents: int) -> Any:
    ix = FileStorage(str(folder)).create_index(corpora.schema())
    rng = random.Random(3)
    with open_writer(ix) as writer:
        for number in range(documents):
            document = corpora.document(rng, number)
            document["note"] = "长文" * 300 if number % 3 == 0 else document.get("note")
            writer.add_document(**document)
    return ix


def attempt(make: Any, *args: Any) -> tuple[Any, Any]:
    """(everything in the container, None), or (None, the error)."""
    try:
        return read_everything(SegmentReader(make(*args))), None
    except DAMAGE as exc:
        return None, exc


def segment_file(ix: Any) -> Path:
    (segment,) = ix._segments()
    return Path(ix.storage.folder) / segment.make_filename(".cnp")


def read_everything(data: SegmentReader) -> Any:
    """All that the file holds."""
    found: list[Any] = [data.doc_count, sorted(data.infos)]
    for name in data.infos:
        terms = data.terms(name)
        if terms is not None:
            postings = data.lists(name)
            for number, term in enumerate(terms.terms()):
                found.append(terms.find(term) == number)
                here = postings.read(terms.pointer(number))
                found.append((term, here.doc_ids.tolist(), here.weights.tolist(), postings.values(here)))
            many = postings.read_lists(terms.pointers(0, terms.count))
            found.append((many.counts.tolist(), many.doc_ids.tolist(), many.weights.tolist()))
        lengths, column = data.lengths(name), data.column(name)
        found.append(None if lengths is None else lengths.tolist())
        found.append(None if column is None else str(column.to_list()))
        stored, vectors = data.stored_field(name), data.vectors(name)
        for doc in range(data.doc_count):
            found.append(None if stored is None else stored.get(doc))
            found.append(None if vectors is None else vectors[doc])
    return found


@pytest.fixture(scope="module")
def small(tmp_path_factory, corpora):
    ix = build(tmp_path_factory.mktemp("small"), corpora, 4)
    raw = segment_file(ix).read_bytes()
    return raw, read_everything(SegmentReader(Container("x", raw)))


def test_every_byte_flipped(small):
    raw, expected = small
    assert len(raw) < 12_000
    detected = 0
    rng = random.Random(1)
    for at in range(len(raw)):
        damaged = bytearray(raw)
        damaged[at] ^= 1 << rng.randrange(8)
        found, error = attempt(Container, "x", bytes(damaged))
        if error is None:
            assert found == expected, at
        else:
            detected += 1
            assert error.path == "x"
            assert error.found != error.expected
    assert detected == len(raw)  # in a small file, everything lies in one checked block


def test_truncated_at_every_byte(small):
    raw, _ = small
    for size in range(0, len(raw), 3):
        with pytest.raises(DAMAGE):
            SegmentReader(Container("x", raw[:size]))


def test_sections_exchanged(small):
    """Right checksums over wrong content, as no damage but a bug would make it: still no numpy traceback."""
    raw, _ = small
    rng, refused = random.Random(2), 0
    entries = [entry for entry in Container("x", raw).entries if entry.kind != SectionKind.MANIFEST]
    for _ in range(400):
        exchanged = Container("x", raw)
        first, second = rng.sample(entries, 2)
        for one, other in ((first, second), (second, first)):
            length = other.length - other.length % one.item_size
            exchanged._by_key[one.kind, one.field] = one._replace(offset=other.offset, length=length)
        refused += attempt(lambda: exchanged)[1] is not None  # noqa: B023
    assert refused > 200


@pytest.fixture(scope="module")
def large(tmp_path_factory, corpora):
    folder = tmp_path_factory.mktemp("large")
    ix = FileStorage(str(folder)).create_index(corpora.schema())
    rng = random.Random(5)
    with open_writer(ix) as writer:
        for number in range(300):
            document = corpora.document(rng, number)
            document["note"] = "".join(chr(rng.randrange(0x4E00, 0x9FA5)) for _ in range(700))
            writer.add_document(**document)
    path = segment_file(ix)
    assert path.stat().st_size > 5 * CHECK_BLOCK_SIZE
    return ix, path


QUERIES = [
    query.Term("body", "alpha"),
    query.Phrase("body", ["alpha", "beta"]),
    query.Prefix("body", "sha"),
    query.NumericRange("count", 0, 50),
    query.FuzzyTerm("body", "shade"),
]


def search(searcher: Any, q: Any) -> Any:
    """The hits, or None if the search finds damage."""
    try:
        return [(hit["key"], hit.score) for hit in searcher.search(q, limit=5)]
    except DAMAGE:
        return None


def test_damage_in_one_place_of_a_large_file(large):
    """Searches that do not touch the damaged block give the same hits, the others raise; verify always finds it."""
    ix, path = large
    raw = path.read_bytes()
    with ix.searcher() as searcher:
        expected = [search(searcher, q) for q in QUERIES]
    rng, same, detected = random.Random(6), 0, 0
    try:
        for _ in range(40):
            damaged = bytearray(raw)
            damaged[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
            path.write_bytes(damaged)
            try:
                with ix.searcher() as searcher:
                    for q, hits in zip(QUERIES, expected, strict=True):
                        found = search(searcher, q)
                        assert found is None or found == hits
                        same += found is not None
                        detected += found is None
                    with pytest.raises(CorruptIndexError) as caught:
                        segment_reader(searcher.reader()).verify()
                    assert caught.value.path == str(path)
                    assert caught.value.section
                    assert caught.value.found != caught.value.expected
            except DAMAGE:
                detected += 1
    finally:
        path.write_bytes(raw)
    assert same > 20
    assert detected > 3


@pytest.mark.parametrize("content", [b"", b"CNSEG", b"PK\x03\x04" + b"x" * 100, b"\0" * 1000])
def test_foreign_files(large, content):
    ix, path = large
    raw = path.read_bytes()
    try:
        path.write_bytes(content)
        with pytest.raises(DAMAGE) as caught:
            ix.reader()
        assert caught.value.path == str(path)
    finally:
        path.write_bytes(raw)


def test_a_missing_file_is_an_os_error(tmp_path, corpora):
    """Whoosh opens the index again when a commit removed the file meanwhile; it waits for OSError to do so."""
    ix = build(tmp_path, corpora, 1)
    segment_file(ix).unlink()
    with pytest.raises(FileNotFoundError):
        ix.reader()


def test_a_file_of_another_segment(tmp_path, corpora):
    ix = build(tmp_path, corpora, 3)
    other = build(tmp_path / "other", corpora, 4) if (tmp_path / "other").mkdir() is None else None
    segment_file(ix).write_bytes(segment_file(other).read_bytes())
    with pytest.raises(CorruptIndexError) as caught:
        ix.reader()
    assert (caught.value.found, caught.value.expected) == (4, 3)


def test_merging_a_damaged_segment_changes_nothing(tmp_path, corpora):
    ix = build(tmp_path, corpora, 5)
    path = segment_file(ix)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 4
    path.write_bytes(raw)
    before = sorted(ix.storage.list())
    writer = open_writer(ix)
    writer.add_document(key="new")
    with pytest.raises(CorruptIndexError):
        writer.commit(optimize=True)
    assert sorted(set(ix.storage.list()) - {"MAIN_WRITELOCK"}) == sorted(set(before) - {"MAIN_WRITELOCK"})
