"""Which files rules leave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnsearch.corpus.ignore import Ignore, Patterns, escaped, generated_by
from cnsearch.corpus.posts import scan_posts


def write(root: Path, *ids: str) -> None:
    for id_ in ids:
        (root / id_).parent.mkdir(parents=True, exist_ok=True)
        (root / id_).write_text(id_, encoding="utf-8")


def ids(root: Path, *patterns: str, below: str = "") -> list[str]:
    ignore = Ignore((Patterns.of(patterns, prefix="", name="--exclude"),))
    return [file.id for file in scan_posts(root, ignore=ignore, below=below).files]


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["a.md"], ["b/b.md", "b/c/d.md"]),
        (["/a.md"], ["b/a.md", "b/b.md", "b/c/d.md"]),
        (["b/"], ["a.md"]),
        (["b/*", "!b/b.md"], ["a.md", "b/b.md"]),
        (["**/d.md", "# a.md", ""], ["a.md", "b/a.md", "b/b.md"]),
        (["*.md", "!a.md"], ["a.md", "b/a.md"]),
    ],
)
def test_patterns_are_those_of_git(tmp_path: Path, patterns: list[str], left: list[str]) -> None:
    write(tmp_path, "a.md", "b/a.md", "b/b.md", "b/c/d.md")
    assert ids(tmp_path, *patterns) == left


def test_given_patterns_come_before_files_and_deeper_files_before_others(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "b/a.md", "c/a.md")
    (tmp_path / ".cnsearchignore").write_text("a.md\n", encoding="utf-8")
    (tmp_path / "b/.cnsearchignore").write_text("!a.md\r\n", encoding="utf-8")
    assert ids(tmp_path) == ["b/a.md"]
    assert ids(tmp_path, "!/c/a.md", "b") == ["c/a.md"]


def test_what_is_named_stays_in(tmp_path: Path) -> None:
    write(tmp_path, "node_modules/x/a.md", "b.md")
    assert ids(tmp_path) == ["b.md"]
    assert ids(tmp_path, below="node_modules/") == ["node_modules/x/a.md"]
    assert scan_posts(tmp_path, below="node_modules/x/").named == ["node_modules/"]


def test_generated_folders_only_beside_what_generates_them() -> None:
    assert generated_by("public", ["public", "config.toml", "content"]) == "Hugo"
    assert generated_by("public", ["public", "config.toml"]) == ""
    assert generated_by("_site", ["_config.yml"]) == "Jekyll"
    assert generated_by("site", ["mkdocs.yml"]) == "MkDocs"
    assert generated_by("notes", ["mkdocs.yml", "_config.yml"]) == ""


def test_bad_patterns_are_said_and_the_others_hold() -> None:
    patterns = Patterns.of(["!", "a.md", "*a" * 50], prefix="", name="x")
    assert [line.partition(":")[0] for line in patterns.bad] == ["line 1", "line 3"]
    assert patterns.decides("a.md") == (True, "x line 2: a.md")


def test_an_escaped_name_matches_itself_alone() -> None:
    for name in ("a*b[c]", "!x", "#x", "a b ", "a?"):
        patterns = Patterns.of(["/" + escaped(name)], prefix="", name="x")
        assert patterns.decides(name)
        assert not patterns.decides("a1b")
        assert patterns.bad == ()
