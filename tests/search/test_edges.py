"""Where fragments begin and end."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.search.edges import around, soft_end, whole_end
from cnsearch.search.matches import Match


def shown(body: str, word: str, length: int, *matches: str) -> str:
    """What stands around the first ``word``."""
    at = body.index(word)
    found = [Match(*match.span(), one) for one in (word, *matches) for match in re.finditer(re.escape(one), body)]
    start, end = around(body, at, at + len(word), length, found)
    return body[start:end]


FILLER = "与此无关的一句话说了很久很久很久很久很久很久很久很久很久。"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("我们去了上海。", "我们去了上海。"),
        (FILLER + "第二天，我们去了上海。" + FILLER, "第二天，我们去了上海。与此无"),
        ("甲甲甲甲甲\n我们去了上海\n乙乙乙乙乙", "我们去了上海"),
    ],
)
def test_a_fragment_begins_with_a_sentence_and_stays_in_its_paragraph(body: str, expected: str) -> None:
    assert shown(body, "上海", 14) == expected


def test_an_edge_moves_out_of_a_word_and_of_a_match() -> None:
    body = "international " * 5 + "上海 " + "organisation " * 5
    words = shown(body, "上海", 40).split()
    assert set(words) == {"international", "上海", "organisation"}
    body = "很" * 30 + "上海" + "很" * 5 + "数字化转型" + "很" * 30
    assert "数字化转型" in shown(body, "上海", 14, "数字化转型")


@given(st.text("上海，。a b\n很“”", max_size=60), st.integers(1, 30))
def test_what_must_be_shown_is(body: str, length: int) -> None:
    for match in re.finditer("上海", body):
        start, end = around(body, *match.span(), length, [Match(*match.span(), "上海")])
        assert 0 <= start <= match.start() < match.end() <= end <= len(body)
        assert "\n" not in body[start:end]


def test_ends() -> None:
    assert soft_end("很久很久。然后", 0, 4, 7) == 7  # the whole is hardly longer
    assert soft_end("很久很久。然后又过了很久很久", 0, 3, 14) == 5  # a sentence ends just after
    assert soft_end("很久，很久以后又过了很久很久", 0, 6, 14) == 3  # a clause just before
    assert whole_end("ab international cd", (), 0, 8, 8, 19) == 16
    assert whole_end("ab " + "x" * 40, (), 0, 8, 8, 43) == 8  # too long to be kept whole
