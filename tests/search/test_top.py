"""The best of many, against sorting all."""

import doctest
import random

import numpy as np
import pytest

from cnsearch.search import top as module
from cnsearch.search.top import best, top


def test_examples_of_the_docstrings() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 640, 6_401])
def test_the_best_are_those_of_a_sorted_list(size: int) -> None:
    rnd = random.Random(size)
    scores = np.array([rnd.choice([0.0, 0.5, rnd.random(), rnd.random()]) for _ in range(size)], dtype=np.float32)
    mask = scores > 0
    mask[::7] = True  # some match and score nothing
    scores = scores * mask
    expected = sorted(np.flatnonzero(mask).tolist(), key=lambda number: (-scores[number], number))
    for count in (0, 1, 10, size // 2, size, size + 3):
        assert best(mask, scores, int(mask.sum()), count).tolist() == expected[:count]
        every = sorted(range(size), key=lambda number: (-scores[number], number))
        assert top(scores, count).tolist() == every[:count]
