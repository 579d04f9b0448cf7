"""The compiled kernels that pack stored texts, and unpack them.

``engine/bytes/packing.py`` has their plain twins, and says what is packed how. Both give the same bytes. Kernels keep
nothing between two calls, and trust nothing in what they are given.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

from cnsearch.kernels.choice import chosen


class Packing(Protocol):
    """Safe for threads."""

    def pack_text(self, text: bytes, apart: bool) -> bytes | None:
        """A text in UTF-16, little-endian, packed; None if it has a unit that cannot be packed.

        apart : the second bytes stand behind the first ones, not between them
        """
        ...

    def unpack_text(self, packed: bytes, apart: bool, most: int) -> bytes | None:
        """The text in UTF-16, or at least ``most`` (>= 0) units of it; None if it is damaged."""
        ...


@cache
def packing() -> Packing | None:
    """The compiled kernels; None where the plain ones run."""
    extension: Packing | None = chosen().extension
    return extension
