"""Limits: their defaults are those of the documentation, each can be changed, and what goes beyond one is said."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import cnsearch
from cnsearch import Article, Limits
from cnsearch.faces.cli.program import cli

QUERIES = {
    "query_chars": ("江豚" * 6, 10, "longer than 10 characters"),
    "query_clauses": ("江豚 长江 江豚", 2, "more than 2 clauses"),
    "query_depth": ("((江豚))", 1, "more than 1 deep"),
    "query_patterns": ("江* 长* ab*", 2, "more than 2 patterns"),
    "pattern_terms": ("w*", 3, "match w* beyond the first 3"),
}
OPTIONS = {
    "query_chars": "--max-query-chars",
    "query_clauses": "--max-clauses",
    "query_depth": "--max-depth",
    "query_patterns": "--max-patterns",
    "pattern_terms": "--max-pattern-terms",
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("limits") / "index"
    with cnsearch.open_index(path, create=True) as index:
        index.add([Article(f"{n}", "江豚", (f"w{chr(97 + n)} 长江",)) for n in range(5)])
    return path


def test_the_defaults_are_as_they_were() -> None:
    defaults = {"post_bytes": 64 * 2**20, "query_chars": 10_000, "query_clauses": 1_000, "query_depth": 50}
    assert dataclasses.asdict(Limits()) == {**defaults, "query_patterns": 10, "pattern_terms": 10_000}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_beyond_a_limit_is_answered_and_noted(path: Path, name: str) -> None:
    query, limit, note = QUERIES[name]
    for value, noted in ((limit, True), (getattr(Limits(), name), False)):
        with cnsearch.open_index(path, limits=Limits(**{name: value})) as index:
            results = index.search(query)
            assert any(note in text for text in results.notes) == noted, results.notes
            assert noted or not results.notes
            assert results.total


def test_a_pattern_that_is_excluded_is_noted_too(path: Path) -> None:
    with cnsearch.open_index(path, limits=Limits(pattern_terms=2)) as index:
        assert index.search("江豚 -w*").notes == ("words that match w* beyond the first 2 are left out",)
        assert index.search("江豚 -w*").total == 3


@pytest.mark.parametrize("name", OPTIONS)
def test_each_limit_of_a_query_has_an_option(path: Path, name: str) -> None:
    query, limit, note = QUERIES[name]
    arguments = ["search", query, OPTIONS[name], str(limit), "--index", str(path)]
    done = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert f"cnsearch: note: {note}" in done.stderr or note in done.stderr
    assert done.exception is None


def test_a_post_that_is_too_large_fails_and_is_read_with_a_higher_limit(tmp_path: Path) -> None:
    posts = tmp_path / "posts"
    posts.mkdir()
    (posts / "a.md").write_bytes("江豚".encode() + b" " * 2**20)
    where = ["--index", str(tmp_path / "index"), "--json"]

    def index(*options: str) -> dict[str, object]:
        done = CliRunner().invoke(cli, ["index", *options, *where], standalone_mode=False)
        assert done.exception is None
        report: dict[str, object] = json.loads(done.stdout)
        return report

    for rebuild in ((), ("--rebuild",)):
        report = index(str(posts), "--max-post-mb", "1", *rebuild)
        (failure,) = report["failed"]  # type: ignore[misc]
        assert failure["reason"] == "too large: 1.0 MiB, the limit is 1 MiB (post_bytes)"
    assert index(str(posts))["added"] == 1
    records = tmp_path / "records.jsonl"
    records.write_bytes(b'{"id": "r", "text": "' + b"x" * 2**20 + b'"}')
    assert index("--jsonl", str(records), "--max-post-mb", "1")["added"] == 0
    assert index("--jsonl", str(records))["added"] == 1


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Limits)])
def test_limits_that_cannot_be(name: str) -> None:
    for value in (0, -1):
        with pytest.raises(ValueError, match=name):
            Limits(**{name: value})
    for wrong in (1.5, "3", None, True):
        with pytest.raises(TypeError, match=name):
            Limits(**{name: wrong})  # type: ignore[arg-type]
    if name in ("post_bytes", "query_depth"):
        with pytest.raises(ValueError, match="at most"):
            Limits(**{name: 2**31})


def test_a_higher_limit_than_the_default_holds_too(path: Path) -> None:
    limits = Limits(query_chars=10**7, query_clauses=10**6, query_depth=100, query_patterns=10**6, pattern_terms=10**6)
    with cnsearch.open_index(path, limits=limits) as index:
        assert index.search("(" * 100 + "江豚" + ")" * 100).notes == ()
        assert index.search(" ".join(f"w{n}*" for n in range(200)) + " 江豚").notes == ()
        results = index.search("+江豚 " * 20_000)
        assert (results.notes, results.total) == ((), 5)


def test_an_endless_line_takes_no_memory(path: Path) -> None:
    class Endless(io.RawIOBase):
        left = 300 * 2**20

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            size = min(len(buffer), self.left)
            buffer[:size] = b"x" * size
            self.left -= size
            return size

    import tracemalloc

    from cnsearch.corpus.records import read_jsonl

    tracemalloc.start()
    try:
        (failure,) = read_jsonl(io.BufferedReader(Endless()), name="f", max_bytes=2**20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(failure, cnsearch.Failure)
    assert failure.reason.startswith("too large: 300.0 MiB")
    assert peak < 20 * 2**20


def test_every_test_that_security_names_is_there() -> None:
    root = Path(__file__).parents[1]
    text = (root / "SECURITY.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(tests/[^`]+)`", text))
    assert len(named) > 10
    assert not [name for name in named if not (root / name).is_file()]
    for name in re.findall(r"query_\w+|pattern_\w+", text):
        assert name in {field.name for field in dataclasses.fields(Limits)}
