"""Exact substrings against a plain scan of the texts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnsearch
from cnsearch.analysis.fold import fold
from cnsearch.search.substrings import count_occurrences

# Capitals, full width, traditional script; 𝐀 and 𝟑 fold to one unit, 𐐀 to another of two, 㑮 to two; halves of pairs
alphabet = st.sampled_from(list("aA1１Ａ數数字化,，。 \n𝐀𝟑😀𐐀𐐨㑮𫝈的\ud835\udc00"))
texts = st.lists(st.text(alphabet, max_size=20), min_size=1, max_size=6)


@given(texts, st.text(alphabet, min_size=1, max_size=4).map(fold), st.integers(0, 3))
def test_counting_in_many_texts_at_once(texts: list[str], needle: str, rarest: int) -> None:
    encoded = [text.encode("utf-16-le", "surrogatepass") for text in texts]
    units = np.frombuffer(b"".join(encoded), "<u2")
    counts = np.array([len(one) // 2 for one in encoded], dtype=np.int64)
    found = count_occurrences(needle, units, counts, rarest=min(rarest, len(needle) - 1))
    # Halves that meet across texts, or in one, are one character: what is compared is the text that was stored.
    stored = [one.decode("utf-16-le", "surrogatepass") for one in encoded]
    assert found.tolist() == [fold(text).count(needle) for text in stored]


@given(texts, st.sampled_from(["a1", "1a", "a", "11", "a1a", "数a", "a-", "1,"]))
def test_counting_what_stands_alone(texts: list[str], needle: str) -> None:
    encoded = [text.encode("utf-16-le", "surrogatepass") for text in texts]
    units = np.frombuffer(b"".join(encoded), "<u2")
    counts = np.array([len(one) // 2 for one in encoded], dtype=np.int64)

    def kind(char: str) -> int:
        return 1 if char.isdigit() and char.isascii() else 2 if char.isalpha() and char < "\u3000" else 0

    def alone(text: str) -> int:
        """At most how many places there are, one after the other."""
        found, at = 0, 0
        while at + len(needle) <= len(text):
            before = kind(text[at - 1]) if at else 0
            after = kind(text[at + len(needle)]) if at + len(needle) < len(text) else 0
            ends = (before != kind(needle[0]) or not before) and (after != kind(needle[-1]) or not after)
            if text.startswith(needle, at) and ends:
                found, at = found + 1, at + len(needle)
            else:
                at += 1
        return found

    stored = [fold(one.decode("utf-16-le", "surrogatepass")) for one in encoded]
    assert count_occurrences(needle, units, counts, alone=True).tolist() == [alone(text) for text in stored]


@pytest.fixture(scope="module")
def articles() -> list[cnsearch.Article]:
    rnd = random.Random(20211027)
    characters = "数字化转型的了在5g基站iPhone Cc+#S-300，。“”《》數轉😀𝐀\u3000％%.3"
    return [
        cnsearch.Article(
            id=str(number),
            title="".join(rnd.choices(characters, k=rnd.randrange(12))),
            paragraphs=tuple("".join(rnd.choices(characters, k=rnd.randrange(1, 60))) for _ in range(rnd.randrange(4))),
        )
        for number in range(150)
    ]


@pytest.fixture(scope="module")
def index(articles: list[cnsearch.Article], tmp_path_factory: pytest.TempPathFactory) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(tmp_path_factory.mktemp("substrings"), create=True) as index:
        index.add(articles[:100])
        index.add(articles[100:])  # a segment more
        index.delete(["3", "120"])
        yield index


def test_two_thousand_random_substrings_are_those_of_a_plain_scan(
    index: cnsearch.Index, articles: list[cnsearch.Article]
) -> None:
    check(index, [one for one in articles if one.id not in ("3", "120")], random.Random(1), count=2000)


def test_random_substrings_of_real_articles(shared: Path, tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.update(shared / "posts")
        every = [index.get(hit.id) for hit in index.search("*", limit=100)]
        check(index, every, random.Random(2), count=300)


def check(index: cnsearch.Index, articles: list[cnsearch.Article], rnd: random.Random, *, count: int) -> None:
    lines = {one.id: fold("\n".join((one.title, one.body))).split("\n") for one in articles}
    every = [line for of_one in lines.values() for line in of_one]
    tried = 0
    while tried < count:
        line = rnd.choice(every)
        length = rnd.choice((1, 1, 2, 2, 3, 3, 4, 5, 8, 20))
        at = rnd.randrange(len(line) + 1)
        text = line[at : at + length]
        if text != " ".join(text.split()) or not text or '"' in text:
            continue  # a query cannot say these
        tried += 1
        expected = {number for number, own in lines.items() if any(text in one for one in own)}
        results = index.search(f'"{text}"', limit=len(articles))
        assert {hit.id for hit in results} == expected, text
        assert results.total == len(expected)
        if tried % 10 == 0:
            shown = [fragment for fragment in results[0].fragments if fragment.highlights]
            marked = [fold(one.text)[start:end] for one in shown for start, end in one.highlights]
            assert marked, text
            assert all(text in one for one in marked), text


def test_a_long_repetition_in_a_longer_one_is_counted_as_python_does() -> None:
    texts = ["ab" * 5_000, "Ab" * 3_000 + "c" + "ab" * 700, "x" * 10_000, "ab" * 600]
    units = np.frombuffer("".join(texts).encode("utf-16-le"), "<u2")
    counts = np.array([len(text) for text in texts])
    text = "ab" * 600
    expected = [fold(one).count(text) for one in texts]
    assert count_occurrences(text, units, counts).tolist() == expected == [8, 6, 0, 1]
