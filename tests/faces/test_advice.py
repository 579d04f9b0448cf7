"""Advice: the library names no command and no option, the command line nothing of the library."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import cnsearch
from cnsearch.faces.advice import _BY_CODE, in_commands

ROOT = Path(__file__).parents[2]
ERRORS = [
    kind
    for kind in map(vars(cnsearch).get, cnsearch.__all__)
    if isinstance(kind, type) and issubclass(kind, cnsearch.CnsearchError)
]


def strings_of(path: Path) -> list[tuple[int, str]]:
    """The texts of a module that may be shown: no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
    ]


def test_the_library_advises_no_commands() -> None:
    commands = re.compile(
        r"cnsearch (?:index|search|similar|suggest|analyze|verify|dict|stats|show|snapshot)\b|(?<![-!\]])--[a-z]"
        r"|pip install|\b[Rr]un:|command line|\boptions? -"
    )
    found = [
        f"{path.name}:{line}: {text}"
        for path in (ROOT / "cnsearch").rglob("*.py")
        if "faces" not in path.parts
        for line, text in strings_of(path)
        if commands.search(text)
    ]
    assert found == []


def test_the_command_line_advises_nothing_of_the_library() -> None:
    for code in _BY_CODE:
        assert "(" not in in_commands(cnsearch.CnsearchError("what", hint="Call open_index(path)", code=code))
    for advice in _BY_CODE.values():
        assert "(" not in advice


def test_every_code_with_advice_is_one_that_the_library_gives() -> None:
    given: set[str] = {kind.code for kind in ERRORS}
    for path in (ROOT / "cnsearch").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "code":
                given.update(part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
                given.update(f"index_{age}" for age in ("newer", "older") if isinstance(node.value, ast.JoinedStr))
    assert set(_BY_CODE) <= given


def test_a_missing_tokenizer_is_installed_by_name() -> None:
    error = cnsearch.AnalyzerMismatchError("i", "no", expected="rjieba 0.2.2", hint="x", code="tokenizer_missing")
    assert "pip install rjieba==0.2.2" in in_commands(error)
    assert cnsearch.CorpusError("a", "b", hint="c").hint in in_commands(cnsearch.CorpusError("a", "b", hint="c"))
