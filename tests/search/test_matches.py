"""Where a text matches a query."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.search.matches import Match, Matcher, merge

TOKENIZER = WordTokenizer()


def marked(
    text: str,
    *terms: str,
    substrings: tuple[str, ...] = (),
    patterns: tuple[str, ...] = (),
    compounds: tuple[str, ...] = (),
) -> list[str]:
    matcher = Matcher(
        TOKENIZER,
        dict.fromkeys(terms, 1.0),
        dict.fromkeys(substrings, 2.0),
        {re.compile(pattern): 1.0 for pattern in patterns},
        dict.fromkeys(compounds, 1.0),
        parts=True,
    )
    return [text[start:end] for start, end in merge(matcher.matches(text))]


def test_a_word_is_marked_only_where_it_is_a_word() -> None:
    assert marked("产品和服务，以及和服", "和服") == ["和服"]


def test_adjacent_matches_are_one() -> None:
    assert marked("城市数字化转型规划", "数字化", "转型", "数字") == ["数字化转型"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("🐼上海全面推進數字化轉型", ["數字化"]),
        ("ＡＩ与數字化", ["數字化"]),
        ("𠮷野家的数字化", ["数字化"]),
    ],
)
def test_offsets_are_those_of_the_text_as_written(title: str, expected: list[str]) -> None:
    assert marked(title, "数字化") == expected


def test_mixed_tokens() -> None:
    assert marked("5G基站与15gb", "5g") == ["5G"]
    assert marked("S-300与3000", "300") == ["300"]
    assert marked("S-300与3000, s 300, S-3000", compounds=("s-300", "s 300")) == ["S-300", "s 300"]


def test_substrings_are_marked_wherever_they_stand() -> None:
    assert marked("产品和服务", substrings=("和服",)) == ["和服"]


def test_patterns_mark_whole_words() -> None:
    assert marked("数字化与数码", patterns=("数字.*",)) == ["数字化"]


def test_parts_are_marked_where_the_word_is_not() -> None:
    assert marked("孔明借箭", "草船借箭") == ["借箭"]
    assert marked("草船借箭，孔明借箭", "草船借箭") == ["草船借箭"]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9))))
def test_merge_covers_the_same_and_nothing_touches(spans: list[tuple[int, int]]) -> None:
    matches = [Match(start, start + length, "") for start, length in spans]
    merged = merge(matches)
    assert {at for start, end in merged for at in range(start, end)} == {
        at for match in matches for at in range(match.start, match.end)
    }
    assert all(before[1] < after[0] for before, after in pairwise(merged))
