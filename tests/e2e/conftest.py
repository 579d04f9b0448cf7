"""Fixtures of the end-to-end tests."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest

from cnsearch.analysis import tokenizer


@pytest.fixture(scope="session", autouse=True)
def _dictionaries_are_read_once() -> Iterator[None]:
    """Each of the many small indexes would read jieba's dictionary, which takes longer than most of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizer, "_load_rjieba", functools.cache(tokenizer._load_rjieba))
        yield
