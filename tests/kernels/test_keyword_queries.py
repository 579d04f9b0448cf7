"""The kernels of a keyword query read segments as they lie on disk: no byte of these harms them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cnsearch
from cnsearch import Article, kernels
from cnsearch.engine.bytes.layout import CHECK_BLOCK_SIZE, FOOTER, TABLE_ENTRY, SectionKind
from cnsearch.kernels import Ask, Constants, KeywordQuery, MappedSegment, Rule, Titled
from cnsearch.search.characters import compiled_characters
from cnsearch.search.closeness import compiled_closeness
from cnsearch.search.scoring import ALL_WEIGHTS, K1, B

if kernels.searching() is None:
    pytest.skip("there are no compiled kernels here", allow_module_level=True)

FIELDS = tuple(ALL_WEIGHTS)
WORDS = ["上海", "城市", "数字化", "龙井茶", "linux"]
CONSTANTS = Constants((1.0, 1.0, 0.5, 0.5, 2.0), (99, FIELDS.index("title_chars")), (500, 60, 100))
READ = (*range(SectionKind.TERM_KEYS, SectionKind.TERM_POINTERS + 1), 20, 30, 50, 51, 52)
"""Kinds of sections that a query reads."""


@pytest.fixture(scope="module")
def segments(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[MappedSegment, bytes]]:
    """Two of a commit, and their bytes."""
    with cnsearch.open_index(tmp_path_factory.mktemp("commit") / "index", create=True) as index:
        for numbers in (range(200), range(200, 260)):
            index.add(
                Article(
                    str(number),
                    WORDS[number % 5],
                    ("，".join(word[: 2 + number % 2] for at, word in enumerate(WORDS) if number % (at + 2) == 0),),
                )
                for number in numbers
            )
        found = [
            (segment.mapped(FIELDS), Path(segment._reader.container.path).read_bytes())
            for segment in index._backend.current().snapshot.segments  # type: ignore[attr-defined]
        ]
    assert len(found) == 2
    return found


def bits(*fields: str) -> int:
    return sum(1 << FIELDS.index(field) for field in fields)


def query(texts: Sequence[str]) -> KeywordQuery:
    """Of words in titles and bodies, and of their bigrams in the characters of these."""
    leaves = [(text, bits("title", "body"), 1.0) for text in texts]
    asked = []
    for number, text in enumerate(texts):
        pairs = [text[at : at + 2] for at in range(len(text) - 1)] if text[0] > "z" else []
        asked.append((number, list(range(len(leaves), len(leaves) + len(pairs))), 1.0))
        leaves += [(pair, bits("title_chars", "body_chars"), 1.0) for pair in pairs]
    return KeywordQuery(leaves, [], [], asked, None, Rule(0.85, 0.0, 0.9, 1e-5, 0), None, None, None)


def opened(
    segments: Sequence[MappedSegment], files: Sequence[Any], live: bytes | None = None
) -> kernels.MappedIndex | None:
    if None in files:
        return None
    tables = compiled_closeness()
    assert tables is not None
    parts = [segment._replace(file=file) for segment, file in zip(segments, files, strict=True)]
    norms = [(weight, 3.0) for weight in ALL_WEIGHTS.values()]
    return kernels.mapped_index(parts, norms, B, K1, live, tables, CONSTANTS)


def searched(index: kernels.MappedIndex, asked: KeywordQuery, count: int = 0, depth: int = 0) -> Any:
    """The run, and the best; None for damage."""
    found = index.search(*asked, compiled_characters(), count, depth)
    if found is None:
        return None
    run, answer = found
    assert answer[1:] == ([], [])
    return run, answer[0]


def answers(index: kernels.MappedIndex | None) -> list[Any]:
    """What it says of some queries, by every kernel that reads the files; None where one finds damage."""
    if index is None:
        return [None]
    found: list[Any] = [index.names(range(260))]
    for words in (WORDS[:1], WORDS[2:], ["没有", "上海"]):
        one = searched(index, query(words), 300)
        if one is None:
            found.append(None)
            continue
        best = one[1]
        assert len(best) == one[0].total <= 260
        assert all(0 <= number < 260 and score >= 0 for number, score in best)
        asked = query(words)
        pairs = [pair for _, numbers, _ in asked.words for pair in numbers]
        titled = Titled(["上海"], True, "上海", "上海", 0, False)
        both = Ask([(pair, 1.0) for pair in pairs], [], list(range(len(words))), False, [], [], None)
        for ask in (both, both._replace(titled=titled)):
            again = searched(index, asked._replace(ask=ask), 10, 10)
            found.append(None if again is None else again[1])
        found.append(best)
    return found


def damaged(raw: bytes, changes: Sequence[tuple[int, int, int]], *, right: bool) -> bytes:
    """``raw`` with bytes changed: (section of those that are read, place in it, value). ``right``: with the checksums
    of what is there then."""
    made = bytearray(raw)
    table_at, data_length, _, num_sections, _, _, _, _ = FOOTER.unpack(raw[-FOOTER.size :])
    entries = [TABLE_ENTRY.unpack_from(raw, table_at + at * TABLE_ENTRY.size) for at in range(num_sections)]
    places = [(offset, length) for kind, _, _, _, offset, length in entries if kind in READ and length]
    for section, place, value in changes:
        offset, length = places[section % len(places)]
        made[offset + place % length] = value
    if right:
        crcs_at = table_at + num_sections * TABLE_ENTRY.size
        for number, start in enumerate(range(0, data_length, CHECK_BLOCK_SIZE)):
            crc = zlib.crc32(made[start : min(start + CHECK_BLOCK_SIZE, data_length)])
            struct.pack_into("<I", made, crcs_at + 4 * number, crc)
        footer = len(made) - FOOTER.size
        struct.pack_into("<I", made, footer + 32, zlib.crc32(made[table_at:footer]))
        struct.pack_into("<I", made, footer + 36, zlib.crc32(made[footer : footer + 36]))
    return bytes(made)


changed_bytes = st.lists(
    st.tuples(st.integers(0, 999), st.integers(0, 400) | st.integers(0, 1 << 20), st.integers(0, 255)),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "segment"


def file_of(place: Path, raw: bytes) -> Any:
    place.unlink(missing_ok=True)  # one that is mapped is never written to
    place.write_bytes(raw)
    return kernels.mapped_file(place)


def test_bytes_that_are_whole(segments: list[tuple[MappedSegment, bytes]], place: Path) -> None:
    parts, raws = zip(*segments, strict=True)
    found = answers(opened(parts, [file_of(place, damaged(raw, [], right=True)) for raw in raws]))
    assert None not in found
    assert len(found) == 10
    assert all(number % 10 == 0 for number, _ in found[3][:20])  # in title and body
    assert found[1][0][1] > found[3][0][1]  # the second pass
    assert found[2][0][1] > 2 * found[3][0][1]  # the title
    assert {number % 5 for number, _ in found[2]} == {0}
    assert found == answers(opened(parts, [part.file for part in parts]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changed_bytes, st.booleans(), st.booleans())
def test_damaged_segments(
    segments: list[tuple[MappedSegment, bytes]],
    place: Path,
    changes: list[tuple[int, int, int]],
    second: bool,
    right: bool,
) -> None:
    """With the checksums of before, an answer is the right one or None; with those of the damage, it is any answer."""
    parts, raws = zip(*segments, strict=True)
    files = [part.file for part in parts]
    files[second] = file_of(place, damaged(raws[second], changes, right=right))
    found = answers(opened(parts, files))
    if not right and found != [None]:
        expected = answers(opened(parts, [part.file for part in parts]))
        known = iter(expected)
        assert len(found) <= len(expected)
        if len(found) == len(expected):
            assert all(one is None or one == other for one, other in zip(found, known, strict=True))


@given(st.data())
def test_what_is_cut_or_is_no_segment_is_none(
    segments: list[tuple[MappedSegment, bytes]], place: Path, data: st.DataObject
) -> None:
    raw = segments[0][1]
    cut = data.draw(st.integers(0, len(raw) - 1))
    for other in (raw[:cut], raw[cut:] if cut else b"", data.draw(st.binary(max_size=99)), raw[: cut // 2] + raw[cut:]):
        assert other == raw or file_of(place, other) is None
    header = bytearray(raw)
    header[data.draw(st.integers(0, 31))] ^= 1 + data.draw(st.integers(0, 254))
    footer = bytearray(raw)
    footer[-1 - data.draw(st.integers(0, FOOTER.size - 1))] ^= 1 + data.draw(st.integers(0, 254))
    assert file_of(place, bytes(header)) is None
    assert file_of(place, bytes(footer)) is None
    assert kernels.mapped_file(place / "none") is None


def test_a_table_of_sections_that_are_elsewhere(segments: list[tuple[MappedSegment, bytes]], place: Path) -> None:
    """Sections of any place and size, with right checksums."""
    part, raw = segments[0]
    random = Random(7)
    table_at, _, _, num_sections, _, _, _, _ = FOOTER.unpack(raw[-FOOTER.size :])
    for round_ in range(300):
        made = bytearray(raw)
        at = table_at + random.randrange(num_sections) * TABLE_ENTRY.size
        kind, field, item_size, _, offset, length = TABLE_ENTRY.unpack_from(made, at)
        size = random.choice([0, 1, 2, 3, 4, 8, 65_535]) if round_ % 3 == 0 else item_size
        start = random.choice([offset, offset + 8, table_at, 2**64 - 8, random.randrange(table_at)])
        count = random.choice([length, length + 8, max(0, length - 8), 0, 2**63])
        TABLE_ENTRY.pack_into(made, at, kind, field, size, 0, start, count)
        found = opened([part], [file_of(place, damaged(bytes(made), [], right=True))])
        if found is not None:
            for words in (WORDS[:1], WORDS[2:]):
                searched(found, query(words), 9, 9)
            found.names([0, 1])


def test_what_a_query_names_must_be_there(segments: list[tuple[MappedSegment, bytes]]) -> None:
    parts = [part for part, _ in segments]
    index = opened(parts, [part.file for part in parts])
    assert index is not None
    asked, mask, one = query(["上海"]), bytes(260), np.array([0.5], "<f4").tobytes()
    title = bits("title")
    for wrong in (
        {"words": [(9, [], 1.0)]},
        {"words": [(0, [9, 9], 1.0)]},
        {"leaves": [("上海", 1 << 31, 1.0)] * 2},
        {"joined": [(0, [("上海", title, 1.0)])]},  # of fewer fields
        {"leaves": [("上海", title, 1.0)] * 2, "joined": [(0, [("上海", 1 << 31, 1.0)])]},
        {"found": [(0, np.array([260], "<i8").tobytes(), one)]},
        {"found": [(0, np.array([3, 3], "<i8").tobytes(), one * 2)]},
        {"found": [(0, None, one * 261)]},
        {"rest": (one * 259, one * 260, [1.0])},
        {"rest": (one * 260, one * 261, [1.0])},
        {"mask": mask[1:]},
        {"typed": np.array([260], "<i8").tobytes()},
    ):
        assert searched(index, asked._replace(**wrong)) is None  # type: ignore[arg-type]
    nobody = np.array([-1], "<i8").tobytes()
    ask = Ask([], [], [], False, [("上海", nobody, 1.0)], [], None)
    for wrong in (
        {"typed": nobody},
        {"found": [(0, nobody, one)]},
        {"ask": ask},
        {"ask": ask._replace(pieces=[], wholes=[nobody])},
    ):
        with pytest.raises(ValueError, match="no such document"):
            searched(index, asked._replace(**wrong))  # type: ignore[arg-type]
    for wrong in ({"found": [(9, None, one)]}, {"joined": [(9, [])]}):
        with pytest.raises(ValueError, match="no such leaf"):
            searched(index, asked._replace(**wrong))  # type: ignore[arg-type]
    with pytest.raises(UnicodeEncodeError):
        searched(index, query(["\ud800"]))
    assert index.names([260]) is None
    nothing, best = searched(index, asked._replace(mask=mask), 9)
    assert (nothing.total, best) == (0, [])
    run, _ = searched(index, asked)
    assert (run.has(5, 0), run.has(0, 1 << 20)) == (None, False)
    assert run.again([], [], None, 3, 3) == (searched(index, asked, 3)[1], [], [])


def test_segments_that_do_not_follow_each_other_are_none(segments: list[tuple[MappedSegment, bytes]]) -> None:
    first, second = (part for part, _ in segments)
    for parts in (
        [second],
        [first, first],
        [first._replace(num_docs=199), second],
        [first._replace(num_docs=2**32 - 1)],
        [first._replace(fields=first.fields[1:])],
        [first._replace(fields=[None if info is None else (info[0], info[1] + 1, info[2]) for info in first.fields])],
    ):
        assert opened(parts, [part.file for part in parts]) is None
    assert opened([first, second], [first.file, second.file], bytes(259)) is None


def test_what_others_have_found_counts_as_what_is_looked_up(segments: list[tuple[MappedSegment, bytes]]) -> None:
    parts = [part for part, _ in segments]
    index = opened(parts, [part.file for part in parts])
    assert index is not None
    asked = query(["上海"])
    run, _ = searched(index, asked)
    only, _ = searched(index, asked._replace(leaves=asked.leaves[:1], words=[(0, [], 1.0)]))
    doc_freq = int(np.count_nonzero(np.frombuffer(only.scores(), "<f4")))
    assert doc_freq
    idf = np.log(1 + (260 - doc_freq + 0.5) / (doc_freq + 0.5))
    impacts = np.frombuffer(only.scores(), "<f4") / np.float32(idf)
    some = np.flatnonzero(impacts)[::-1]  # in any order
    for found in ((0, None, impacts.tobytes()), (0, some.astype("<i8").tobytes(), impacts[some].tobytes())):
        same, _ = searched(index, asked._replace(found=[found]))
        assert same.mask() == run.mask()
        assert np.frombuffer(same.scores(), "<f4") == pytest.approx(np.frombuffer(run.scores(), "<f4"), rel=1e-5)
    weight = float(np.sqrt(idf))
    cover = (impacts > 0).astype("<f4") * np.float32(weight)
    rest = (only.scores(), cover.tobytes(), [weight])
    none = asked._replace(leaves=[], words=[], rest=rest)
    for rule in (asked.rule, asked.rule._replace(num_best=5), asked.rule._replace(need=0.0)):
        same, _ = searched(index, none._replace(rule=rule))
        assert same.mask() == only.mask()
        assert same.scores() == only.scores()


def test_forms_of_a_word_are_one_term(segments: list[tuple[MappedSegment, bytes]]) -> None:
    """An occurrence counts what the weight of the form says."""
    parts = [part for part, _ in segments]
    index = opened(parts, [part.file for part in parts])
    assert index is not None
    title = bits("title")
    asked = query(["上海"])._replace(leaves=[("", title, 1.0)], words=[(0, [], 1.0)])

    def scores(*members: tuple[str, int, float]) -> Any:
        return np.frombuffer(searched(index, asked._replace(joined=[(0, members)]))[0].scores(), "<f4")

    whole = scores(("上海", title, 1.0))
    again = scores(("上海", title, 0.25), ("没有", title, 9.0), ("上海", title, 0.75))
    both = scores(("上海", title, 1.0), ("城市", title, 1.0))
    assert np.flatnonzero(whole).tolist() == [doc for doc in range(260) if doc % 5 == 0]
    assert again == pytest.approx(whole)
    assert np.flatnonzero(both).tolist() == [doc for doc in range(260) if doc % 5 < 2]
