"""Characters that are a variant of another in some words only: 看著 is 看着, 著作 is not 着作.

Folding maps one character at a time; what depends on the characters at its sides is mapped here, in folded text, one to
one too. Each entry was weighed with the words that jieba's dictionary has: it lists those in which the character stays.

Not decided here: what a query shows too little of (``"本著"`` out of 本著作 reads 本着).
"""

from __future__ import annotations

import re

from cnsearch.analysis.scripts import HAN

# Each pattern begins with its character, which is found in a fraction of the time of what stands before it.
# 著 alone stays too: it is a word (鲁迅著), and one who types it alone looks for that.
_RULES = {
    "著": (
        "着",
        rf"著(?:(?<=[{HAN}]著)(?<![显专土名卓论合巨编译原昭遗撰杂新拙较素]著)(?<!微知著)(?![名作称述录书者文译有于])|(?=[急手迷重陆眼]))",
    ),
    "瞭": ("了", "瞭(?![望亮哨])"),
    "藉": ("借", "藉(?<![狼慰枕蕴酝凭藉]藉)(?!藉)"),
}
CONTEXTUAL = "".join(_RULES)
"""The characters that may be read as another, depending on what stands beside them."""

IN_CONTEXT = frozenset(CONTEXTUAL) | {other for other, _ in _RULES.values()}
"""These, and what they may be read as."""

_PATTERNS = {char: (other, re.compile(pattern)) for char, (other, pattern) in _RULES.items()}


def in_context(folded: str) -> str:
    """Folded text with its variants read as what they are there. Same length.

    >>> in_context("她看著著作"), in_context("瞭解与瞭望")
    ('她看着著作', '了解与瞭望')
    """
    for char, (other, pattern) in _PATTERNS.items():
        if char in folded:
            folded = pattern.sub(other, folded)
    return folded
