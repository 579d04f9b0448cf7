"""The compiled kernels that read stored texts give what the plain code gives, and no index harms them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import cnsearch
from cnsearch import Article, kernels
from cnsearch.analysis.reading import LINE_END, read
from cnsearch.arrays import DocIds
from cnsearch.kernels import StoredTexts
from cnsearch.search import substrings
from cnsearch.search.characters import compiled_characters
from cnsearch.search.substrings import find_alone, find_substring
from cnsearch.store.postings import Postings
from cnsearch.store.segment import Segment

if kernels.searching() is None:
    pytest.skip("there are no compiled kernels here", allow_module_level=True)

# Capitals, full width, traditional script, digits in circles, ligatures; 𐐀 folds to two units, 㑮 to another of two
PLAIN = "aAbn1１Ａ數数字化,，。 \n𝐀𝟑😀𐐀𐐨㑮𫝈的がé"
# What is read otherwise than it folds: nothing, several letters, marks, line ends, what depends on its neighbours
ODD = "\u200b\ufe0f\u00adⅧﬁ①ß\u0301\u20e3\u3099ᄀ著着瞭" + LINE_END
BLANKS = " \u3000\t"


def text_of(rnd: random.Random, odd: bool) -> str:
    kind = rnd.choice([PLAIN, PLAIN + ODD, PLAIN + ODD + BLANKS * 9, "ab" * 3 + "哈", "数 字 " + ODD]) if odd else PLAIN
    return "".join(rnd.choices(kind, k=rnd.choice([0, 1, 3, 40, 200, 2100])))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cnsearch.Index]:
    rnd = random.Random(20261128)
    articles = [
        Article(id=str(number), title=text_of(rnd, odd=number % 3 > 0)[:60], paragraphs=(text_of(rnd, number % 3 > 0),))
        for number in range(160)
    ]
    with cnsearch.open_index(tmp_path_factory.mktemp("texts"), create=True) as index:
        index.add(articles)
        index.delete([str(number) for number in range(5, 160, 17)])
        yield index


def segment_of(index: cnsearch.Index) -> Segment:
    found: Segment = index._backend.current().snapshot.segments[0]  # type: ignore[attr-defined]
    return found


@pytest.fixture(scope="module")
def segment(index: cnsearch.Index) -> Segment:
    return segment_of(index)


def needles(segment: Segment, field: str, rnd: random.Random, count: int) -> Iterator[str]:
    made = 0
    while made < count:
        doc = rnd.randrange(segment.num_docs)
        text = read(str(segment.stored(doc, (field,)).get(field, ""))).text
        at = rnd.randrange(len(text) + 1)
        needle = text[at : at + rnd.choice([2, 2, 3, 3, 4, 6, 30])]
        if len(needle) > 1:
            made += 1
            yield needle


def counted(texts: StoredTexts, text: str, parts: substrings._TextsOf, *, alone: bool) -> list[int] | None:
    found = substrings._counted_by_kernel(texts, text, parts, rarest=random.randrange(len(text)), alone=alone)
    return None if found is None else found.tolist()


@pytest.mark.parametrize("field", ["title", "body"])
def test_how_often_a_text_stands_in_every_text(segment: Segment, field: str) -> None:
    texts = segment.stored_texts(field)
    assert texts is not None
    every: DocIds = np.arange(segment.num_docs, dtype=np.int32)
    parts = substrings._TextsOf(segment, field, every, substrings._shifted(segment, field, every))
    assert parts.shifted.sum() > 30
    compared = 0
    for at, needle in enumerate(needles(segment, field, random.Random(3), 110)):
        alone = at % 3 == 0
        expected = substrings._counted(needle, parts, rarest=0, alone=alone).tolist()
        found = counted(texts, needle, parts, alone=alone)
        assert found in (None, expected), needle
        compared += found is not None
    assert compared > 60  # the others have characters of two units


def test_no_document_that_has_the_text_is_left_out(segment: Segment, monkeypatch: pytest.MonkeyPatch) -> None:
    rnd = random.Random(4)
    among = np.arange(0, segment.num_docs, 2, dtype=np.int32)

    def found(needle: str) -> list[Postings | None]:
        alone = find_alone(needle, segment, "body", among)
        return [find_substring(needle, segment, "body"), find_substring(needle, segment, "title"), alone]

    def lists(some: list[Postings | None]) -> list[dict[int, float]]:
        return [{} if one is None else dict(zip(one.doc_ids.tolist(), one.freqs.tolist(), strict=True)) for one in some]

    every = list(needles(segment, "body", rnd, 80))
    compiled = [lists(found(needle)) for needle in every]
    monkeypatch.setattr(Segment, "stored_texts", lambda self, field: None)
    for needle, expected in zip(every, compiled, strict=True):
        assert lists(found(needle)) == expected, needle


LATIN = "abcdeorstuv " * 6 + "ABCDEORSTUV“”—…℃，。的" + "àéøùÇŘťŮⒶⓞᴬᵒᵛᵗ₂²ꟲａＯｅ𝐀𝓫😀∑→"
"""Letters that may be written in a dozen ways, some of them in two units, and what lies between these ways."""


def test_letters_in_all_their_spellings(tmp_path: Path) -> None:
    """Also over the ends of what a kernel looks at in one go, and in more texts than one thread reads."""
    rnd = random.Random(7)

    def text() -> str:
        kind = LATIN if rnd.random() < 0.5 else LATIN[:72]
        return "".join(rnd.choices(kind, k=rnd.choice([2, 31, 32, 33, 512, 513, 514, 1700])))

    bodies = [text() for _ in range(450)]
    readings = [read(body).text for body in bodies]
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(Article(id=str(at), title="题", paragraphs=(body,)) for at, body in enumerate(bodies))
        segment = segment_of(index)
        texts = segment.stored_texts("body")
        assert texts is not None
        every: DocIds = np.arange(segment.num_docs, dtype=np.int32)
        parts = substrings._TextsOf(segment, "body", every, substrings._shifted(segment, "body", every))
        compared = 0
        for needle in needles(segment, "body", rnd, 60):
            found = counted(texts, needle, parts, alone=False)
            if found is not None:
                compared += 1
                assert found == [reading.count(needle) for reading in readings], needle
        assert compared > 40


WORDS = (
    "core man cores encore team manual 1,000 wi-fi node.js α版test test x_test user's 12.5 .net 3d c++ 数core字".split()
)


def test_pieces_of_words_in_long_texts(tmp_path: Path) -> None:
    """Where there is much to read, documents are also chosen by their words."""
    rnd = random.Random(5)

    def body() -> str:
        some = rnd.sample(WORDS, 6)
        words = (rnd.choice(some) + rnd.choice(["", "", "，", ",", ".", "-", "'s"]) for _ in range(700))
        return " ".join(words) + " query trio"

    articles = [Article(id=str(at), title="题", paragraphs=(body(),)) for at in range(190)]
    articles.append(Article(id="long", title="题", paragraphs=("a" * 70 + "core " + body(),)))
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(articles)
        segment = segment_of(index)
        texts = segment.stored_texts("body")
        assert texts is not None
        bodies = [str(segment.stored(doc, ("body",))["body"]) for doc in range(segment.num_docs)]
        folded = [read(body).text for body in bodies]
        left_out = 0
        for needle in needles(segment, "body", rnd, 150):
            found = texts.candidates(needle, None, substrings.FEW)
            assert found is not None
            assert needle[found[1] : found[1] + 2] in needle
            chosen = set(np.frombuffer(found[0], "<i4").tolist())
            assert chosen >= {doc for doc, text in enumerate(folded) if needle in text}, needle
            plain = substrings._candidates(needle, segment, "body_chars", None).doc_ids
            assert chosen <= set(plain.tolist())
            left_out += len(plain) - len(chosen)
        assert left_out > 50
        found = texts.candidates("eri", None, substrings.FEW)  # of the stem of "query" alone
        assert found is not None
        assert found[0] == np.array([190], "<i4").tobytes()


def test_white_space_between_letters_is_no_place_that_python_has_to_read(tmp_path: Path) -> None:
    words = "re aread e aréa ar​e数 字 r ea ßre "
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add([Article(id="1", title="题", paragraphs=(words * 9,))])
        segment = segment_of(index)
        texts, characters = segment.stored_texts("body"), compiled_characters()
        assert texts is not None
        assert characters is not None

        def found(needle: str) -> int:
            counts = texts.occurrences(characters, needle.encode("utf-16-le"), 0, False, bytes(4), b"\1")
            assert counts is not None
            return int(np.frombuffer(counts, "<i8")[0])

        text = read(words * 9).text
        assert [text.count(needle) for needle in ("ead", "dea", "ear")] == [9, 0, 0]
        assert [found(needle) for needle in ("ead", "dea", "ear")] == [9, 0, 0]
        assert found("are") < 0  # its letters stand there with something between them that is left out


def test_half_a_surrogate_pair_is_found_as_what_it_is_read_as(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add([Article("1", "甲\ud842乙丙"), Article("2", "甲\ufffd乙丙"), Article("3", "甲乙丙")])
        for text in ("甲\ufffd乙", "甲\ufffd"):
            found = find_substring(text, segment_of(index), "title")
            assert found is not None
            assert found.doc_ids.tolist() == [0, 1], text


def test_what_a_kernel_does_not_do_is_none(segment: Segment) -> None:
    texts, characters = segment.stored_texts("body"), compiled_characters()
    assert texts is not None
    assert characters is not None
    docs = np.arange(9, dtype="<i4").tobytes()

    def found(text: str, at: int, docs: bytes = docs) -> bytes | None:
        return texts.occurrences(characters, text.encode("utf-16-le", "surrogatepass"), at, False, docs, b"")

    assert found("数字", 0) is not None
    assert [found("数", 0), found("数字", 1), found("\ud800数", 0), found("𝐀", 0)] == [None] * 4
    assert found("数\ufffd", 0) is None
    assert found("数字", 0, np.array([segment.num_docs], "<i4").tobytes()) is None
    with pytest.raises(ValueError, match="no such document"):
        found("数字", 0, np.array([-1], "<i4").tobytes())
    with pytest.raises(UnicodeEncodeError):
        texts.candidates("\ud800数", None, 64)
    assert texts.candidates("数", None, 64) is None
    assert texts.candidates("没有的", None, 64) == (b"", 0)


def test_a_damaged_index_is_none_or_as_it_was(index: cnsearch.Index, tmp_path: Path) -> None:
    """Never anything else, whatever byte is another."""
    (path,) = Path(index.path).glob("*.cnp")
    whole, rnd = path.read_bytes(), random.Random(6)
    segment = segment_of(index)
    characters, infos = compiled_characters(), [segment._field_info(name) for name in ("body_chars", "body")]
    stored = segment._reader.numbers["body"]

    def search(path: Path) -> object:
        file = kernels.mapped_file(path)
        texts = None if file is None else kernels.stored_texts(file, segment.num_docs, infos[0], infos[1], stored)
        if texts is None or characters is None:
            return None
        found = texts.candidates("数字", None, 3)
        if found is None:
            return None
        return found, texts.occurrences(characters, "数字".encode("utf-16-le"), 0, False, found[0], b"")

    expected, none = search(path), 0
    assert expected is not None
    for number in range(60):
        damaged = bytearray(whole)
        for _ in range(rnd.choice([1, 1, 5])):
            damaged[rnd.randrange(len(damaged))] ^= 1 << rnd.randrange(8)
        other = tmp_path / f"{number}.cnp"
        other.write_bytes(damaged[: rnd.choice([len(damaged), rnd.randrange(len(damaged))])])
        found = search(other)
        whole_or_none = found is None or (isinstance(found, tuple) and None in found) or found == expected
        assert whole_or_none
        none += found is None
    assert none > 20
