"""Write docs/en/command-line.md, the reference of every command, from the commands themselves.

Run after a change of a command or an option: ``python tools/make_cli_docs.py``. A test compares the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from cnsearch.faces.cli.program import cli

PAGE = Path(__file__).parents[1] / "docs" / "en" / "command-line.md"
HEAD = """# The command line

[中文](../zh/command-line.md) · [README](../../README.md)

Made from the commands by `tools/make_cli_docs.py`; `cnsearch COMMAND --help` (or `-h`) says the same.

Results go to stdout, messages and progress to stderr. Exit codes: 0 hits or done, 1 no hits (or, with `--strict`, an
input that failed), 2 wrong usage, 3 the index is missing, damaged or made with another tokenizer, 75 another writer
holds the index. More about them: [operations](operations.md#exit-codes).

Help and messages are in Chinese where `LC_ALL`, `LC_MESSAGES` or `LANG` say so; `cnsearch --lang en` or `--lang zh`
decides. JSON is the same in every language.

Shell completion: `eval "$(_CNSEARCH_COMPLETE=bash_source cnsearch)"` (`zsh_source` for zsh), and in fish
`_CNSEARCH_COMPLETE=fish_source cnsearch | source`.
"""


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """The commands that do something, with the words that call them."""
    if isinstance(command, click.Group):
        for word, inner in command.commands.items():
            yield from _commands(inner, f"{name} {word}")
    else:
        yield name, command


def _section(name: str, command: click.Command) -> str:
    settings = cli.context_settings
    with click.Context(
        command, info_name=name, **{**settings, "max_content_width": 100, "terminal_width": 100}
    ) as context:
        return f"## {name}\n\n```\n{command.get_help(context)}\n```"


def page() -> str:
    """The whole page."""
    sections = [_section(name, command) for name, command in _commands(cli, "cnsearch")]
    return "\n\n".join([HEAD.rstrip(), *sections]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
