"""The one language of this process, for faces that speak to one person at a time: the command line.

from cnsearch.faces.messages.spoken import _, _n

_("{n} added", n=3)      # said in the language that ``speak`` has chosen; English until then
"""

from __future__ import annotations

from cnsearch.faces.messages.language import Language, language

_spoken = language("en")


def speak(code: str) -> None:
    """Speak this language from now on. Raises KeyError for one that there is not."""
    global _spoken
    _spoken = language(code)


def spoken() -> Language:
    """The language that is spoken."""
    return _spoken


def _(message: str, **values: object) -> str:
    """The message with its values."""
    return _spoken.say(message, **values)


def translated(text: str) -> str:
    """A note, a reason or an error of the library."""
    return _spoken.translated(text)


def about(path: str, reason: str) -> str:
    """What is wrong with a file, a record or an index, after its name; without a name what is wrong alone."""
    return _("{path}: {reason}", path=path, reason=translated(reason)) if path else translated(reason)


def N_(message: str) -> str:  # gettext's name for it
    """Marks a message that is said later."""
    return message


def _n(one: str, many: str, n: int, **values: object) -> str:
    """The message for one or for many, with ``n`` among its values."""
    return _spoken.count(one, many, n, **values)
