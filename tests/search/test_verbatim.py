"""Long texts as typed: against a plain reading of every text."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.analysis.reading import read
from cnsearch.search.verbatim import find_verbatim, squeezed, stands


def test_the_documents_are_those_that_a_plain_reading_finds(tmp_path: Path) -> None:
    draw = random.Random(5)
    letters = '上海北京ab -"(|）。1 \n'
    bodies = ["".join(draw.choices(letters, k=draw.randint(0, 80))) for _ in range(120)]
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(Article(f"{n:03d}", "", tuple(body.split("\n"))) for n, body in enumerate(bodies))
        index.delete([f"{n:03d}" for n in range(0, 120, 7)])
        snapshot = index._backend.current().snapshot
        kept = {segment.base + n: segment for segment in snapshot.segments for n in range(segment.num_docs)}
        texts = {number: squeezed(read(snapshot.texts(number)[1]).text) for number in kept}
        tried = 0
        for _ in range(300):
            body = draw.choice(bodies)
            start = draw.randint(0, len(body))
            query = read(" ".join(body[start : start + draw.randint(2, 25)].split())).text
            if not any(len(part) > 1 for part in query.split()):
                continue
            found = set()
            for segment in snapshot.segments:
                postings = find_verbatim(query, segment, "body")
                if postings is not None:
                    found |= {segment.base + int(number) for number in postings.doc_ids}
                    assert set(postings.freqs.tolist()) == {1.0}
            live = {number for number in kept if snapshot.live is None or snapshot.live[number]}
            may = {number for number in live if squeezed(query) in texts[number]}
            # A white space that was not typed may part two characters: then the bigram over it is not there.
            assert found <= may
            assert {number for number in may if _as_typed(query, snapshot.texts(number)[1])} <= found
            tried += 1
        assert tried > 200


def _as_typed(query: str, body: str) -> bool:
    return " ".join(query.split()) in " ".join(read(body).text.split())


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("要闻：\n石泰峰通报会议精神\n其他", False),  # a line of its own
        ("1. 石泰峰通报会议精神；2. 其他", False),  # an entry
        ("阅读《石泰峰通报会议精神》", False),
        ("石泰峰通报会议精神。", True),  # a sentence
        ("昨天石泰峰通报会议精神", True),
        ("石泰峰通报\n会议精神等", True),  # over the end of a line
        ("石泰峰通报会议", None),
    ],
)
def test_a_line_of_its_own_is_no_part_of_what_an_article_says(text: str, inside: bool | None) -> None:
    typed = "石泰峰通报会议精神"
    assert stands(typed, text) == (inside is not None)
    assert stands(typed, text, inside=True) == bool(inside)


def test_what_begins_or_ends_as_no_headline_does_is_copied() -> None:
    assert stands(")+1}", "(a\n)+1}\nb", inside=True)
    assert stands("nameofthefile", "the name of the file is", inside=True)
    assert not stands("nameofthefile", "see: name of the file (1)", inside=True)
