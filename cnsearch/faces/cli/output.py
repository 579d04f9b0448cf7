"""What all commands print with: results on stdout, messages and progress on stderr."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import tzinfo
from typing import Any

import click

from cnsearch.errors import CnsearchError
from cnsearch.faces.advice import in_commands
from cnsearch.faces.formats import Shown, chosen
from cnsearch.faces.json import json_line
from cnsearch.faces.messages.spoken import _
from cnsearch.model import SearchResults, printable


def say(message: str) -> None:
    """One line on stderr."""
    click.echo(f"cnsearch: {printable(message)}", err=True)


def say_error(error: CnsearchError, about: str = "") -> None:
    """What is wrong and what to run; ``about`` is said before it."""
    say(about + in_commands(error))


def say_as_click(error: click.ClickException) -> None:
    """As click does it, but it repeats arguments as they are: names of files, which a shell took from a folder."""
    text = io.StringIO()
    error.show(text)
    click.echo("\n".join(map(printable, text.getvalue().rstrip("\n").split("\n"))), err=True)


def print_json(value: Any) -> None:
    """One line on stdout."""
    click.echo(json_line(value))


def colored(choice: str) -> bool:
    """Whether to print in colour; ``choice`` is that of ``--color``."""
    if choice == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return choice == "always"


@contextmanager
def progress() -> Iterator[Callable[[int, int | None], None]]:
    """A bar on stderr that follows (done, total); nothing where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=0, label=_("indexing"), file=sys.stderr, show_pos=True) as bar:

        def show(done: int, total: int | None) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield show


class Printer:
    """Prints the results of queries in the chosen format, as they come."""

    def __init__(self, output: str, count: bool, ids: bool, color: bool, explain: bool) -> None:
        self._format = chosen(output, count=count, ids=ids)
        self._color = color
        self._explain = explain
        self._is_first = True

    def show(self, results: SearchResults, zone: tzinfo, *, heading: bool) -> None:
        """The results of one query; ``heading``: they name it, as it is one of several."""
        shown = Shown(zone, self._color, self._explain, heading, self._is_first)
        text = self._format.text(results, shown)
        if text:
            click.echo(text, color=self._color)
        if self._format.message is not None:
            click.echo(self._format.message(results), err=True)
        self._is_first = False
