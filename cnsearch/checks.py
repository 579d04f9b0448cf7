"""Arguments of the public API: what is no use is refused where it comes in, by name and with what would be right."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol


class Event(Protocol):
    """What tells when to stop, such as a ``threading.Event``."""

    def is_set(self) -> bool:
        """Whether it is time to stop. Asked often, from any thread."""
        ...


def text(name: str, value: object) -> str:
    """``value`` if it is a string. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {value!r}")
    return value


def texts(name: str, values: object) -> list[str]:
    """One string, or several, as a list. Raises TypeError for anything else, and for anything else in it."""
    if isinstance(values, str):
        return [values]
    if not isinstance(values, Iterable):
        raise TypeError(f"{name} must be a str or several, not {values!r}")
    return [text(f"each of {name}", value) for value in values]


def count(name: str, value: Any, *, least: int = 0) -> int:
    """``value`` as an int. Raises TypeError if it is no whole number, ValueError below ``least``."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an int, not {value!r}") from None
    if number < least:
        bound = "must not be negative" if least == 0 else f"must be at least {least}"
        raise ValueError(f"{name} {bound}: {number}")
    return number


def jobs(value: Any) -> int | None:
    """How many processes, or None for one per core."""
    return None if value is None else count("jobs", value, least=1)


def seconds(name: str, value: Any) -> float:
    """``value`` as a float. Raises TypeError if it is no number, ValueError if it is negative or NaN."""
    if isinstance(value, str):
        raise TypeError(f"{name} must be a number of seconds, not {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number of seconds, not {value!r}") from None
    if not number >= 0:
        raise ValueError(f"{name} must not be negative: {value!r}")
    return number


def wait(value: Any) -> float | None:
    """Seconds to wait for another writer, or None for the default."""
    return None if value is None else seconds("wait", value)


def names(name: str, values: object, example: str) -> tuple[str, ...]:
    """Several names as a tuple. Raises TypeError for one string, whose letters would be taken for names, ValueError for
    what cannot be a name."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{name} must be a list of names, such as [{example!r}], not {values!r}")
    several = tuple(values)
    for one in several:
        if not isinstance(one, str):
            raise ValueError(f"{name} must be a list of names, such as [{example!r}], with no {one!r} in it")
    return several


def each_of(name: str, values: Iterable[str], known: Collection[str]) -> None:
    """Raises ValueError for a value that is none of ``known``."""
    for one in values:
        if one not in known:
            raise ValueError(f"{name} must be of {', '.join(known)}, not {one!r}")


def binary_stream(name: str, value: Any) -> Any:
    """``value`` if it can be read line by line. Raises TypeError, for a path and for a file of text too."""
    if isinstance(value, (str, bytes)) or not (hasattr(value, "read") or hasattr(value, "__iter__")):
        raise TypeError(f'{name} must be a file opened for bytes, as open(path, "rb") gives, not {value!r}')
    if hasattr(value, "encoding"):
        raise TypeError(f'{name} must be a file opened for bytes (mode "rb"), not one of text')
    return value


def one_of(name: str, value: object, known: Sequence[str]) -> None:
    """Raises ValueError if ``value`` is none of ``known``."""
    if value not in known:
        quoted = [f'"{one}"' for one in known]
        raise ValueError(f"{name} must be {', '.join(quoted[:-1])} or {quoted[-1]}, not {value!r}")


def event(name: str, value: Any) -> Any:
    """``value`` if it is None or something like a ``threading.Event``. Raises TypeError."""
    if value is not None and not callable(getattr(value, "is_set", None)):
        raise TypeError(f"{name} must be a threading.Event, not {value!r}")
    return value
