"""How numbers stand in sentences."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """A number and what it counts.

    >>> counted(1, "article"), counted(0, "article"), counted(2_000, "stored value")
    ('1 article', '0 articles', '2,000 stored values')
    """
    return f"{number:,} {noun}{'s' * (number != 1)}"
