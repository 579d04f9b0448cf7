"""Teaches the commands another language than the English in which they are written: their help, and click's own words.

click says its words by gettext's functions, which its modules hold under the names ``_`` and ``ngettext``; they are
given ours. Nothing is done for English.
"""

from __future__ import annotations

import inspect
import sys

import click

from cnsearch.faces.messages.spoken import speak, spoken

_MODULES = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")


def learn(program: click.Command, code: str) -> None:
    """Speak this language from now on, in the help of ``program`` and its commands too."""
    speak(code)
    if code == "en" and not _written:
        return
    for name in _MODULES:
        module = sys.modules.get(f"click.{name}")
        for function, ours in (("_", _word), ("ngettext", _words)):
            if hasattr(module, function):
                setattr(module, function, ours)
    _teach(program)


def messages(command: click.Command) -> list[str]:
    """The help texts of a command and those below it, as they are written."""
    found = [clean(text) for text in (command.help, command.epilog) if text]
    found += [clean(param.help) for param in command.params if isinstance(param, click.Option) and param.help]
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        found += messages(inner)
    return found


def clean(text: str) -> str:
    """A help text without the indentation of the code."""
    return inspect.cleandoc(text)


_written: dict[tuple[int, str], str] = {}
"""The texts as they are written, by the object that has them and the name of the attribute."""


def _teach(command: click.Command) -> None:
    _say(command, "help")
    _say(command, "epilog")
    if hasattr(command, "_help_option"):  # click makes it once, and says it in the language of that moment
        command._help_option = None
    for param in command.params:
        _say(param, "help")
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _teach(inner)


def _say(of: object, name: str) -> None:
    text = getattr(of, name, None)
    if text:
        setattr(of, name, spoken().say(_written.setdefault((id(of), name), clean(text))))


def _word(text: str) -> str:
    return spoken().say(text)


def _words(one: str, many: str, n: int) -> str:
    return spoken().say(one if n == 1 else many)


CLICK = (
    "Usage:",
    "Options",
    "Commands",
    "Positional arguments",
    "Error: {message}",
    "Try '{command} {option}' for help.",
    "Show this message and exit.",
    "Show the version and exit.",
    "default: {default}",
    "env var: {var}",
    "No such option {name!r}.",
    "No such command {name!r}.",
    "Missing command.",
    "Missing argument",
    "Missing option",
    "Missing parameter",
    "Invalid value: {message}",
    "Invalid value for {param_hint}: {message}",
    "Option {name!r} does not take a value.",
    "Argument {name!r} takes {nargs} values.",
    "Could not open file {filename!r}: {message}",
    "{name} {filename!r} does not exist.",
    "path",
    "{value!r} is not a valid {number_type}.",
    "{value} is not in the range {range}.",
)
"""What click says itself, of which commands have use."""
