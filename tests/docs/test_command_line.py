"""The command line as the pages tell it: the English page is made from the commands, the Chinese one names all."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import click
import pytest

from cnsearch.faces.cli.program import cli

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_cli_docs", ROOT / "tools" / "make_cli_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_made_from_the_commands(tool: ModuleType) -> None:
    written = (ROOT / "docs" / "en" / "command-line.md").read_text(encoding="utf-8")
    assert written == tool.page(), "run: python tools/make_cli_docs.py"


def test_the_chinese_guide_names_every_command_and_option() -> None:
    guide = (ROOT / "docs" / "zh" / "command-line.md").read_text(encoding="utf-8")
    for name, command in cli.commands.items():
        assert f"cnsearch {name}" in guide
        inner = command.commands.values() if isinstance(command, click.Group) else [command]
        options = [param for each in inner for param in each.params if isinstance(param, click.Option)]
        for option in options:
            assert any(f"{spelt}" in guide for spelt in option.opts), f"{name} {option.opts}"
