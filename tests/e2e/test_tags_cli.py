"""Tags, drafts and own label fields on the command line."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch.faces.cli.program import main as program


def run(capsys: Any, monkeypatch: Any, *arguments: object) -> tuple[str, str]:
    monkeypatch.setattr("sys.argv", ["cnsearch", *map(str, arguments)])
    with contextlib.suppress(SystemExit):
        program()
    return tuple(capsys.readouterr())  # type: ignore[return-value]


def test_tags_on_the_command_line(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(
            [
                cnsearch.Article(id="a", title="上海观察", author="张三", tags=("旅行",), labels={"language": ("zh",)}),
                cnsearch.Article(id="b", title="上海早报", source="乙报", author="乙报", draft=True),
            ]
        )

    def found(*options: str) -> str:
        return "".join(run(capsys, monkeypatch, "search", "上海", "--index", tmp_path, "--ids", *options)[0].split())

    assert found() == "ab"
    assert found("--tag", "旅行") == found("--label", "language=zh") == found("--no-drafts") == "a"
    assert found("--drafts") == "b"
    assert found("--tag", "旅行", "--drafts") == ""
    out, _ = run(capsys, monkeypatch, "search", "上海", "--index", tmp_path, "--facet", "tag", "--facet", "language")
    assert "张三 · #旅行 · language=zh" in out
    assert "draft · 乙报\n" in out
    assert "tag (1)" in out
    assert "language (1)" in out
    assert "no article has the tag" in run(capsys, monkeypatch, "search", "上海", "--index", tmp_path, "--tag", "x")[1]
    assert "NAME=VALUE" in run(capsys, monkeypatch, "search", "上海", "--index", tmp_path, "--label", "zh")[1]
    assert "month, language" in run(capsys, monkeypatch, "search", "上海", "--index", tmp_path, "--facet", "day")[1]
    out, _ = run(capsys, monkeypatch, "stats", "--index", tmp_path)
    assert "2, 1 of them drafts" in out
    assert "tags (1)" in out
    assert "#旅行" in run(capsys, monkeypatch, "show", "a", "--index", tmp_path)[0]
    row = json.loads(run(capsys, monkeypatch, "search", "上海", "--index", tmp_path, "--format", "jsonl", "-n1")[0])
    assert (row["tags"], row["labels"], row["draft"]) == (["旅行"], {"language": ["zh"]}, False)
    assert run(capsys, monkeypatch, "similar", "a", "--index", tmp_path, "--no-drafts", "--ids")[0] == ""


@pytest.mark.parametrize("label", ["date=5", "a:b=1", "=x", "zh"])
def test_a_name_that_no_own_field_has_is_wrong_usage(tmp_path: Path, capsys: Any, monkeypatch: Any, label: str) -> None:
    cnsearch.open_index(tmp_path, create=True).close()
    monkeypatch.setattr("sys.argv", ["cnsearch", "search", "x", "--index", str(tmp_path), "--label", label])
    with pytest.raises(SystemExit) as ended:
        program()
    assert ended.value.code == 2
    assert "Invalid value for --label" in capsys.readouterr().err


def test_own_fields_with_names_of_tables_stand_beside_them(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(cnsearch.Article(id="a", title="上海", source="甲报", labels={"sources": "乙"}))  # type: ignore[dict-item]
    out, _ = run(capsys, monkeypatch, "stats", "--index", tmp_path)
    assert [line.split()[-1] for line in out.splitlines() if line.startswith("    ")] == ["甲报", "乙"]
