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
    for kind in (click.types.IntParamType, click.types.FloatParamType, click.IntRange, click.FloatRange):
        _say(kind, "name")
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
    _say(command, "options_metavar")
    _say(command, "subcommand_metavar")
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
    return spoken().form(one, many, n)


CLICK: tuple[str | tuple[str, str], ...] = (
    "Usage:",
    "[OPTIONS]",
    "COMMAND [ARGS]...",
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
    "{name} {filename!r} is a directory.",
    "{name} {filename!r} is a file.",
    "{name} {filename!r} is not readable.",
    "directory",
    "file",
    "integer",
    "integer range",
    "float",
    "float range",
    "Aborted!",
    ("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    ("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    ("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    ("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
)
"""What click says itself, of which commands have use; for one and for many where it counts."""
