"""Which kernels run: the compiled ones where there is an extension that fits this package, else those in Python."""

from __future__ import annotations

import importlib
import os
from functools import cache
from importlib import util
from typing import Any, NamedTuple

from cnsearch.version import __version__

INTERFACE = 14
"""Of the extension: rises with it whenever a compiled function takes or gives something else."""

VARIABLE = "CNSEARCH_KERNELS"
"""Of the environment. ``python`` chooses the kernels in Python."""

_EXTENSION = "cnsearch._native"


class Choice(NamedTuple):
    """extension : the compiled module, or None: then the kernels in Python run
    problem     : why an extension that is there is not used, in a few words; else empty
    """

    extension: Any
    problem: str = ""

    def __str__(self) -> str:
        name = "python" if self.extension is None else "compiled"
        return f"{name} ({self.problem})" if self.problem else name


@cache
def chosen() -> Choice:
    """The choice of this process. Never raises: an extension that cannot be used is a ``problem``."""
    return choose()


def choose() -> Choice:
    """The choice that the environment and what is installed lead to now."""
    if os.environ.get(VARIABLE, "").lower() == "python" or util.find_spec(_EXTENSION) is None:
        return Choice(None)
    try:
        extension = importlib.import_module(_EXTENSION)
        found = (extension.VERSION, extension.INTERFACE)
    except Exception as error:  # of another platform, broken, or no extension at all
        return Choice(None, f"the extension cannot be loaded: {_in_a_line(error)}")
    if found != (__version__, INTERFACE):
        return Choice(None, f"the extension is of version {found[0]}.{found[1]}, wanted is {__version__}.{INTERFACE}")
    return Choice(extension)


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
