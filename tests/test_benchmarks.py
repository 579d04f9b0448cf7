"""The benchmarks run, give the figures that they promise, and do not let a wrong engine pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FIGURES = {
    "docs_per_s", "cpu_s", "peak_mb", "size_mb", "first_p50_ms", "first_p95_ms", "again_p50_ms", "again_p95_ms",
    "open_ms", "cold_ms",
}  # fmt: skip
SMALL = ("--articles", "200", "--runs", "1", "--queries", "20", "--cold-starts", "1")

WRONG = """
from benchmarks.adapters.sqlite import Sqlite

class Wrong(Sqlite):
    def open(self, folder):
        search = super().open(folder)
        return lambda query: [("not " + key, title) for key, title in search(query)]
"""


def run(*arguments: object, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, filter(None, (ROOT, path))))}
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("report") / "report.json"
    done = run("benchmarks.engines", *SMALL, "--engines", "cnsearch-words,sqlite", "--json", file)
    assert done.returncode == 0, done.stderr
    assert "docs/s" in done.stdout
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_every_engine_has_every_figure(report: dict[str, Any]) -> None:
    assert list(report["engines"]) == ["cnsearch-words", "sqlite"]
    for engine in report["engines"].values():
        assert engine["figures"].keys() >= FIGURES
        for figure in FIGURES:
            spread = engine["figures"][figure]
            assert 0 < spread["min"] <= spread["median"] <= spread["max"]
    assert report["corpus"]["articles"] == 200
    assert report["queries"] == 20


def test_the_engines_find_the_same(report: dict[str, Any]) -> None:
    assert report["engines"]["cnsearch-words"]["overlap"]["share"] > 0.8


def test_an_engine_that_finds_something_else_fails(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    done = run("benchmarks.engines", *SMALL, "--engines", "cnsearch-words,wrong:Wrong", path=tmp_path)
    assert done.returncode == 1
    assert "wrong:Wrong finds something else than cnsearch-words: overlap 0.00" in done.stderr


def test_worse_ratios_than_the_baseline_are_named() -> None:
    from benchmarks.report import worse_than

    def of(speed: float, size: float) -> dict[str, Any]:
        rows = {"speed": {"median": speed, "rises": True}, "size": {"median": size, "rises": False}}
        return {"ratios": rows}

    assert worse_than(of(1.0, 1.0), of(0.8, 1.2), 0.25) == []
    assert worse_than(of(1.0, 1.0), of(0.7, 1.2), 0.25) == ["speed: 0.70, was 1.00"]
    assert worse_than(of(1.0, 1.0), of(2.0, 1.3), 0.25) == ["size: 1.30, was 1.00"]


def test_rows_of_the_reach_are_measured_alone(tmp_path: Path) -> None:
    rows = {
        "size": ["size, words only", "size, default, to text"],
        "posts": ["cnsearch index, two jobs"],
        "snippets": ["snippets of ten hits, p50", "snippets of ten hits, p95"],
    }
    pytest.importorskip("tantivy")
    file = tmp_path / "reach.json"
    small = ("--articles", "100", "--runs", "1", "--queries", "5", "--rows", ",".join(rows), "--json", file)
    done = run("benchmarks.reach", *small)
    assert done.returncode == 0, done.stderr
    assert all(f"\n{row}: " in done.stdout for row in rows)  # says how it was measured
    lines = json.loads(file.read_text(encoding="utf-8"))["lines"]
    assert list(lines) == [line for some in rows.values() for line in some]
    assert all(min(line["ours"]) > 0 for line in lines.values())


def test_a_line_says_whether_the_median_of_its_ratios_is_what_was_to_be_reached() -> None:
    from benchmarks.reach import Line

    least = Line("indexing", "docs/s", [300, 100, 160], [100, 100, 100], 1.5, at_least=True)
    assert (least.ratios, least.reached) == ([3.0, 1.0, 1.6], True)
    assert Line("query", "ms", [2.0], [1.0], 1.5).reached is False
    assert Line("cold", "s", [0.2, 0.1, 0.17], goal=0.18).reached is True
    assert Line("phrases", "ms", [1.0]).reached is None


def test_a_row_that_is_none_is_named() -> None:
    done = run("benchmarks.reach", "--rows", "quary")
    assert done.returncode == 2
    assert "no row 'quary'; there are indexing, query" in done.stderr


def test_the_generated_corpus_does_not_depend_on_how_much_is_asked_for() -> None:
    from benchmarks.corpora import generated_articles, make_queries

    few, more = list(generated_articles(20)), list(generated_articles(300))
    assert more[:20] == few
    assert len({article.id for article in more}) == 300
    queries = make_queries(more, 30)
    assert len(set(queries)) == 30
    assert queries == make_queries(more, 30)
    assert all(any(query.split()[0] in article.title for article in more) for query in queries)


def test_growth_gives_a_row_for_each_tenth(tmp_path: Path) -> None:
    file = tmp_path / "growth.json"
    done = run("benchmarks.growth", "--articles", "100", "--queries", "5", "--json", file)
    assert done.returncode == 0, done.stderr
    report = json.loads(file.read_text(encoding="utf-8"))
    assert [step["articles"] for step in report["steps"]] == list(range(10, 101, 10))
    assert report["update_one_ms"] > 0
    assert report["queries"]["first_p95_ms"] > 0


def test_features_are_timed_on_any_index(data_index_path: Path) -> None:
    done = run("benchmarks.features", "--index", data_index_path, "--queries", "5")
    assert (done.returncode, done.stderr) == (0, "")
    rows = {line[:24].strip() for line in done.stdout.splitlines()[2:]}
    assert rows >= {"two words", "phrase, Chinese, 3-10", "facet category", "suggest, pinyin", "similar", "collapsed"}


def test_the_page_and_the_http_interface_are_timed_on_any_index(data_index_path: Path) -> None:
    done = run("benchmarks.web", data_index_path, "--queries", "3", "--seconds", "0.1")
    assert done.returncode == 0, done.stderr
    rows = {line[:12].strip() for line in done.stdout.splitlines()}
    assert rows == {"library", "/api/search", "page", "cnsearch"}


def test_tantivy_behind_the_same_framework_finds_what_it_is_asked(data_index: Any, tmp_path: Path) -> None:
    pytest.importorskip("tantivy", reason="needs tantivy: pip install 'cnsearch[bench]'")
    from benchmarks import web_tantivy

    web_tantivy.build(data_index, tmp_path)
    found = web_tantivy.searching(tmp_path)("咖啡 云南")
    assert found["total"] > 5
    assert len(found["hits"]) == 10
    best = data_index.search("咖啡 云南").hits[0]
    assert found["hits"][0]["id"] == best.id
    assert "<b>咖啡</b>" in found["hits"][0]["snippet"]
