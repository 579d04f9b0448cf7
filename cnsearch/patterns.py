"""Regular expressions that are compiled when they are first used.

One with large classes of characters takes milliseconds to compile, and who asks one question uses few of them.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Late:
    """In the place of a compiled pattern. What is asked of it a second time is an attribute like any other."""

    def __init__(self, source: str) -> None:
        self._source = source

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self._source), name)
        setattr(self, name, found)
        return found


def late(source: str) -> re.Pattern[str]:
    """``re.compile(source)``, done when its first method is called; what is wrong with it is said then.

    >>> late("[0-9]+").findall("1 and 23")
    ['1', '23']
    """
    return cast("re.Pattern[str]", _Late(source))
