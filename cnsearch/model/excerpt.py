"""What is shown of a text: a fragment with its matches, a snippet of several, and what may go to a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ELLIPSIS = "…"

_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    """``text`` with every character that could steer a terminal or reorder a line replaced by a space: same length."""
    return _CONTROLS.sub(" ", text)


def escaped(json_text: str) -> str:
    """JSON with the same characters written as ``\\uXXXX``: any reader of JSON gets them back."""
    return _CONTROLS.sub(lambda found: json.dumps(found[0])[1:-1], json_text)


@dataclass(frozen=True, slots=True)
class Fragment:
    """An excerpt of one field.

    field      : "title" or "body"
    text       : characters ``start .. start + len(text)`` of the title or of ``Article.body``
    highlights : (start, end) of each match in characters of ``text``, ascending, neither touching nor overlapping
    heading    : of the article, under which the text stands; empty if it has none there
    """

    field: str
    text: str
    highlights: tuple[tuple[int, int], ...] = ()
    start: int = 0
    heading: str = ""

    def marked(self, before: str, after: str, clean: Callable[[str], str] = str) -> str:
        """The text, each piece passed through ``clean``, with ``before`` and ``after`` around each match."""
        pieces = []
        at = 0
        for start, end in self.highlights:
            pieces += [clean(self.text[at:start]), before, clean(self.text[start:end]), after]
            at = end
        pieces.append(clean(self.text[at:]))
        return "".join(pieces)

    def html(self) -> str:
        """HTML with each match in ``<mark>``; everything else is escaped."""
        from html import escape  # the table of entities that comes with it is not for who reads text

        return self.marked("<mark>", "</mark>", escape)

    def ansi(self) -> str:
        """For a terminal: each match in bold red; no other control character."""
        return self.marked("\x1b[1;31m", "\x1b[0m", printable)


@dataclass(frozen=True, slots=True)
class Snippet:
    """The fragments of one hit, in the order of the text.

    body_chars : length of the whole body in characters, to tell whether text is left out after the last fragment
    """

    fragments: tuple[Fragment, ...]
    body_chars: int = 0

    def text(self) -> str:
        """Plain text: the fragments joined by an ellipsis where something is left out."""
        return self._join([fragment.text for fragment in self.fragments])

    def html(self) -> str:
        """HTML, escaped, matches in ``<mark>``."""
        return self._join([fragment.html() for fragment in self.fragments])

    def ansi(self) -> str:
        """For a terminal: matches in bold red, no control character from the text."""
        return self._join([fragment.ansi() for fragment in self.fragments])

    def __str__(self) -> str:
        return self.text()

    def _join(self, texts: Sequence[str]) -> str:
        if not texts:
            return ""
        pieces = [ELLIPSIS] if self.fragments[0].start > 0 else []
        for at, text in enumerate(texts):
            if at:
                last = self.fragments[at - 1]
                gap = self.fragments[at].start - last.start - len(last.text)
                pieces.append(ELLIPSIS if gap > 1 else " ")
            pieces.append(text)
        last = self.fragments[-1]
        if last.start + len(last.text) < self.body_chars:
            pieces.append(ELLIPSIS)
        return "".join(pieces)
