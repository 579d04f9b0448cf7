"""Reads a gettext catalogue (``.po``) as it is, so that nothing has to be compiled before a program can speak.

Knows what our catalogues use: ``msgid``, ``msgid_plural``, ``msgstr``, ``msgstr[n]``, texts over several lines,
comments. Not good for: contexts (``msgctxt``), other encodings than UTF-8.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_LINE = re.compile(r'(?:(msgid|msgid_plural|msgstr(?:\[\d\])?)\s+)?("(?:[^"\\]|\\.)*")')

Message = tuple[str, ...]
"""One form, or several by number."""


def read_catalogue(text: str) -> dict[str, Message]:
    """msgid -> its forms; messages without a translation, fuzzy ones and the header are left out.

    Raises ValueError that names the line for what is no catalogue.
    """
    return {entry["msgid"]: forms for entry in _entries(text) if entry.get("msgid") and (forms := _forms(entry))}


def _forms(entry: dict[str, str]) -> Message:
    forms = tuple(text for key, text in entry.items() if key.startswith("msgstr"))
    return forms if all(forms) and "fuzzy" not in entry else ()


def _entries(text: str) -> Iterator[dict[str, str]]:
    """The parts of each message, by keyword, in the order of the file."""
    entry: dict[str, str] = {}
    key = ""
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if line.startswith("#") or not line:
            if "msgstr" in entry or "msgstr[0]" in entry:
                yield entry
                entry = {}
            if line.startswith("#,") and "fuzzy" in line:
                entry["fuzzy"] = line
            continue
        found = _LINE.fullmatch(line)
        if found is None or not (found[1] or key):
            raise ValueError(f"line {number} is none of a catalogue: {line[:80]!r}")
        if found[1]:
            key = found[1]
            if key == "msgid" and "msgid" in entry:
                yield entry
                entry = {}
        entry[key] = entry.get(key, "") + ast.literal_eval(found[2])
    if entry:
        yield entry
