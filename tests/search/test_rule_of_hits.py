"""How many of its words a document must have."""

from __future__ import annotations

import pytest

from cnsearch.search.rule_of_hits import MOST, SHARE, needed, threshold


def enough(weights: list[float], share: float = 0.0) -> int:
    """Of how many of the words any are enough, also the lightest."""
    need, lightest = threshold(weights, share=share), sorted(weights)
    return next(n for n in range(len(weights) + 1) if sum(lightest[:n]) >= need)


@pytest.mark.parametrize(("words", "least"), [(1, 1), (2, 2), (3, 2), (13, 2), (14, 3)])
def test_words_alike(words: int, least: int) -> None:
    assert enough([1.7] * words) == least


def test_the_rarer_of_two_words_is_enough_and_the_commoner_is_not() -> None:
    assert 1.0 < threshold([3.0, 1.0]) < 3.0


@pytest.mark.parametrize(("words", "least"), [(5, 2), (6, 2), (7, 3), (10, 3), (11, 4), (100, 30)])
def test_a_longer_query_needs_its_share(words: int, least: int) -> None:
    assert enough([1.0] * words, SHARE) == least


def test_as_much_as_the_best_has_nearly() -> None:
    assert needed([1.0, 1.0, 1.0, 1.0], 4.0) == threshold([1.0, 1.0, 1.0, 1.0])
    assert needed([1.0, 1.0], 1.0) == MOST
    assert needed([], 0.0) == 0.0
