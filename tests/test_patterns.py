"""Patterns that are compiled when they are first used."""

from __future__ import annotations

import re

import pytest

from cnsearch.patterns import late


def test_it_does_what_the_compiled_pattern_does() -> None:
    pattern, compiled = late("(?P<number>[0-9]+)|[a-z]"), re.compile("(?P<number>[0-9]+)|[a-z]")
    for name in ("findall", "split"):
        assert getattr(pattern, name)("a1 b22") == getattr(compiled, name)("a1 b22")
    assert pattern.sub("-", "a1 b22") == "-- --"
    assert pattern.pattern == compiled.pattern
    assert (found := pattern.search("x", 1)) is None or found


def test_it_is_compiled_at_its_first_use_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    compile_ = re.compile
    monkeypatch.setattr(re, "compile", lambda source: compiled.append(source) or compile_(source))
    pattern = late("[0-9]")
    assert compiled == []
    assert [bool(pattern.search(text)) for text in ("1", "a", "2")] == [True, False, True]
    assert compiled == ["[0-9]"]
