"""Sentences with numbers: one article, two articles, in whatever the commands say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cnsearch.faces.cli.program import cli

SEVERAL = re.compile(r"(?<![\d,.])1 [a-z ]*?(articles|segments|words|checksums|terms|postings|values|bytes|entries)\b")


def test_one_of_each_in_what_the_commands_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("posts").mkdir()
    Path("posts/a.md").write_text("江豚", encoding="utf-8")
    Path("one.jsonl").write_text('{"id": "a", "text": "江豚"}\n', encoding="utf-8")
    Path("index.md").write_text("", encoding="utf-8")
    said = []
    for command in (
        *("index posts", "index --explain posts", "index --explain one.jsonl", "stats", "verify", "verify --deep"),
        *("search 江豚", "search 江豚 长江 --max-clauses 1", "search 江* 长* --max-patterns 1", "search 江豚 --count"),
        *("search 江豚 --max-query-chars 1", "dict add 江豚", "snapshot copy", "index posts --dry-run"),
    ):
        done = CliRunner().invoke(cli, command.split(), standalone_mode=False)
        assert done.exception is None, command
        said.append(f"$ {command}\n{done.output}{done.stderr}")
    text = "\n".join(said)
    assert SEVERAL.search(text) is None, text
    for one in (
        "1 article in index",
        "1 article matches",
        "1 segment",
        "1 word added",
        "of 1 article ",
        "in 1 segment",
    ):
        assert one in text
    for one in ("1 clause;", "1 pattern;", "1 character;", "1 article in copy", "1 article tokenised again"):
        assert one in text
