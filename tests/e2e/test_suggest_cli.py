"""``suggest``, corrections and notes, on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import cnsearch
from cnsearch.faces.cli.program import cli

ROOT = Path(__file__).parents[2]
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(data_index_path: Path) -> Say:
    """(exit code, stdout, stderr) of a command on the index of the sample posts."""

    def call(*args: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(cli, [*args, "--index", str(data_index_path)], standalone_mode=False)
        assert done.exception is None
        return done.return_value or 0, done.stdout, done.stderr

    return call


def test_suggest(say: Say) -> None:
    assert say("suggest", "数字") == (0, "        7  数字\n        5  数字化\n        5  数字化转型\n", "")
    assert say("suggest", "szhzx") == (0, "        5  数字化转型\n", "")
    assert say("suggest", "shu", "zi", "-n", "1") == (0, "        5  数字化\n", "")
    assert say("suggest", "qqq") == say("suggest", "数字", "-n", "0") == (1, "", "")


def test_suggest_as_json(say: Say) -> None:
    code, out, _ = say("suggest", "IPho", "--json")
    assert (code, json.loads(out)) == (
        0,
        {"version": 1, "prefix": "IPho", "suggestions": [{"text": "iphone", "articles": 1}]},
    )
    code, out, _ = say("suggest", "qqq", "--json")
    assert (code, json.loads(out)["suggestions"]) == (1, [])


def test_suggestions_are_printable(tmp_path: Path) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(cnsearch.Article(id="1", title="江豚\x1b]0;title\x07 现身", paragraphs=()))
    done = CliRunner().invoke(cli, ["suggest", "江豚", "--index", str(tmp_path / "index")], standalone_mode=False)
    assert "江豚" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout


def test_search_offers_a_correction(say: Say) -> None:
    code, out, err = say("search", "shuzihua zhuanxing", "--source", "星图科技")
    assert (code, out) == (1, "")
    assert err.splitlines() == ["cnsearch: did you mean: 数字化转型?", "no article matches"]
    code, out, _ = say("search", "pyhton", "--json")
    assert (code, json.loads(out)["correction"], json.loads(out)["total"]) == (1, "python", 0)
    assert json.loads(say("search", "python", "--json")[1])["correction"] == ""
    assert say("search", "pyhton", "--count") == (1, "0\n", "cnsearch: did you mean: python?\n")


def test_search_notes_an_unknown_source(say: Say) -> None:
    note = 'cnsearch: note: no article has the source "星图科计"; did you mean "星图科技"?'
    assert say("search", "数字化", "--source", "星图科计")[2].splitlines() == [note, "no article matches"]


def test_a_search_with_hits_loads_no_readings(data_index_path: Path) -> None:
    calls = ("search('数字化转型', source='星图科技')", "suggest('数字')", "suggest('shuzi')")
    opened = "index = cnsearch.open_index(sys.argv[1])"
    steps = "; ".join(f"index.{call}; print('pypinyin' in sys.modules)" for call in calls)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, cnsearch; {opened}; {steps}",
            os.fspath(data_index_path),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "False", "True"]
