"""Patterns of words: what they match, and that none is slow."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.search.steps.pattern import TermPattern, wildcard_regex


@pytest.mark.parametrize(
    ("pattern", "prefix", "matching", "other"),
    [
        ("数*化", "数", ["数化", "数字化"], ["数字", "大数化"]),
        ("*化", "", ["化", "数字化"], ["化工"]),
        ("w?ld", "w", ["wild", "w-ld"], ["wld", "woold"]),
        ("c+*", "c+", ["c+", "c++"], ["cc", "c"]),
        ("1.*", "1.", ["1.5"], ["15", "1"]),
        ("a****b", "a", ["ab", "axxb"], ["abc"]),
    ],
)
def test_patterns_match_whole_terms(pattern: str, prefix: str, matching: list[str], other: list[str]) -> None:
    step = TermPattern.of(pattern)
    assert step.prefix == prefix
    assert all(step.regex.fullmatch(term) for term in matching)
    assert not any(step.regex.fullmatch(term) for term in other)


def test_many_stars_do_not_make_a_slow_pattern() -> None:
    step = TermPattern.of("a" + "*" * 5_000 + "b")
    assert step.regex.pattern.count("*") == 1
    assert step.regex.fullmatch("a" * 10_000 + "b")


@given(st.text("ab?*", max_size=12), st.text("abc", max_size=12))
def test_wildcards_match_as_by_trying_every_way(pattern: str, term: str) -> None:
    def matches(pattern: str, term: str) -> bool:
        if not pattern:
            return not term
        if pattern[0] == "*":
            return any(matches(pattern[1:], term[at:]) for at in range(len(term) + 1))
        return bool(term) and pattern[0] in (term[0], "?") and matches(pattern[1:], term[1:])

    assert (wildcard_regex(pattern).fullmatch(term) is not None) == matches(re.sub(r"\*+", "*", pattern), term)
