"""The second pass on arrays against a window moved character by character."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.analysis.fold import fold
from cnsearch.analysis.scripts import LETTER
from cnsearch.search.closeness import LEAD_CHARS, TEXT_CHARS, WINDOW_CHARS, closeness

texts = st.lists(
    st.text("上海數字𠮷 ，\na5-", max_size=30) | st.text("上，", min_size=70, max_size=150), min_size=1, max_size=5
)
characters = st.dictionaries(st.sampled_from("上海数字𠮷"), st.floats(0.1, 9.0))
words = st.dictionaries(st.sampled_from(["a", "a5", "5-a", "aa"]), st.floats(0.1, 9.0))
bigrams = st.dictionaries(st.sampled_from(["上海", "海上", "数字", "字数", "上上", "海𠮷"]), st.floats(0.1, 9.0))
Weights = dict[str, float]


def twin(text: str, characters: Weights, words: Weights, bigrams: Weights) -> tuple[float, float]:
    folded = fold(text[:TEXT_CHARS])
    places = {char: [at for at, found in enumerate(folded) if found == char] for char in characters}
    for word in words:
        pattern = rf"(?<![{LETTER}]){re.escape(word)}(?![{LETTER}])"
        places[word] = [match.start() for match in re.finditer(pattern, folded)]
    for bigram in bigrams:
        places[bigram] = [at for at in range(len(folded)) if folded[at : at + 2] == bigram]
    weights = {**characters, **words, **bigrams}
    windows = [
        sum(weights[unit] for unit in weights if any(start <= at < start + WINDOW_CHARS for at in places[unit]))
        for start in range(-WINDOW_CHARS, len(folded) + 1)
    ]
    lead = sum(weights[unit] for unit in weights if any(at < LEAD_CHARS for at in places[unit]))
    return max(windows), lead


@given(texts, characters, words, bigrams)
def test_equals_the_slow_twin(texts: list[str], characters: Weights, words: Weights, bigrams: Weights) -> None:
    characters = {**characters, **{char: 0.5 for bigram in bigrams for char in bigram if char not in characters}}
    best, lead = closeness(texts, characters, words, bigrams)
    expected = [twin(text, characters, words, bigrams) for text in texts]
    assert best.tolist() == pytest.approx([pair[0] for pair in expected])
    assert lead.tolist() == pytest.approx([pair[1] for pair in expected])


def test_only_the_beginning_of_a_long_text_counts() -> None:
    best, lead = closeness(["，" * TEXT_CHARS + "上", "，" * LEAD_CHARS + "上"], {"上": 2.0}, {}, {})
    assert best.tolist() == [0.0, 2.0]
    assert lead.tolist() == [0.0, 0.0]


def test_a_window_does_not_reach_into_the_next_text() -> None:
    best, _ = closeness(["上", "海"], {"上": 1.0, "海": 2.0}, {}, {})
    assert best.tolist() == [1.0, 2.0]


def test_side_by_side_and_in_order_earns_more_than_close_together() -> None:
    best, _ = closeness(["上海", "海上", "上，海"], {"上": 1.0, "海": 2.0}, {}, {"上海": 4.0})
    assert best.tolist() == [7.0, 3.0, 3.0]
