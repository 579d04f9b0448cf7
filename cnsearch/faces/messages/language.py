"""A language in which people are told something. English is what stands in the code; the others have a catalogue.

A message is a text with names in braces: ``say("{n} articles", n=3)``. The library writes its notes and errors in
English, values already in them: ``translated`` finds the message that one was made of and says it again (``library``
lists these messages).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from cnsearch.faces.messages import reasons
from cnsearch.faces.messages.catalogue import Message, read_catalogue
from cnsearch.faces.messages.library import LIBRARY, WORDS

LANGUAGES: Final = {"en": "English", "zh": "中文"}
"""Code -> how its speakers call it."""


class Language:
    """Says messages in one language.

    code     : "en" or "zh"
    messages : English -> what is said instead; empty for English itself
    """

    def __init__(self, code: str, messages: Mapping[str, Message]) -> None:
        self.code = code
        self.tag = {"zh": "zh-Hans"}.get(code, code)
        self._messages = messages

    def say(self, message: str, **values: object) -> str:
        """The message with its values; numbers with commas between thousands."""
        found = self._messages.get(message, (message,))[0]
        return found.format(**{name: _written(value) for name, value in values.items()}) if values else found

    def count(self, one: str, many: str, n: int, **values: object) -> str:
        """The message for one or for many; ``n`` is among its values. Chinese has one form for both."""
        form = self.form(one, many, n)
        return form.format(n=_written(n), **{name: _written(value) for name, value in values.items()})

    def form(self, one: str, many: str, n: int) -> str:
        """The same without values: these are put in by whoever asks."""
        forms = self._messages.get(one, (one, many))
        return forms[0] if n == 1 or len(forms) == 1 else forms[1]

    def translated(self, text: str) -> str:
        """A note or an error of the library in this language; as it is where no message is known for it."""
        if not self._messages:
            return text
        for message in LIBRARY:
            if may_be(message, text) and (found := pattern_of(message).fullmatch(text)):
                values = found.groupdict()
                return self.say(message, **{name: self._value(name, value) for name, value in values.items()})
        problem, stop, advice = text.rpartition(". ")
        if stop and (said := self.translated(problem)) != problem:
            return self.say("{problem}. {advice}", problem=said, advice=self.translated(advice))
        return text

    def _value(self, name: str, value: str) -> str:
        """A value in this language where it is a reason, or a word of ours ("source", "a number: 5"); else as it is."""
        if name == "reason":
            return self.translated(value)
        word, colon, rest = value.partition(": ")
        if colon and word in reasons.WORDS:
            return self.say("{name}: {value}", name=self.say(word), value=rest)
        return self.say(value) if value in WORDS else value


def may_be(message: str, text: str) -> bool:
    """Whether the text begins and ends as what is made of the message does; few do, and comparing these is quick."""
    return text.startswith(message.partition("{")[0]) and text.endswith(message.rpartition("}")[2])


@cache
def pattern_of(message: str) -> re.Pattern[str]:
    """What matches every text that is made of the message, with its values by name."""
    pieces = re.split(r"\{(\w+)\}", message)
    texts = [f"(?P<{piece}>.*)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces)]
    return re.compile("".join(texts), re.DOTALL)


def _written(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


@cache
def language(code: str) -> Language:
    """The language of this code. Raises KeyError for one that there is not."""
    if code == "en":
        return Language(code, {})
    if code not in LANGUAGES:
        raise KeyError(code)
    from importlib.resources import files  # not for those who are spoken to in English

    return Language(code, read_catalogue((files(__package__) / f"{code}.po").read_text(encoding="utf-8")))


def preferred(accepted: str) -> str:
    """The code of the language that an ``Accept-Language`` asks for first: ``zh-TW,zh;q=0.9,en;q=0.8`` -> zh. English
    where it names none of ours.

    >>> preferred("fr, zh-CN;q=0.8, en;q=0.5"), preferred("")
    ('zh', 'en')
    """
    best, most = "en", 0.0
    for choice in accepted[:1000].split(","):
        tag, _, quality = choice.strip().partition(";")
        code = tag.strip().lower().partition("-")[0]
        number = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", quality)
        weight = float(number[1]) if number else 0.0 if quality else 1.0
        if code in LANGUAGES and weight > most:
            best, most = code, weight
    return best


def of_environment(environment: Mapping[str, str] = os.environ) -> str:
    """The code of the language of a terminal, by ``LC_ALL``, ``LC_MESSAGES`` and ``LANG``, the first that is set."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            code = value.lower().replace("-", "_").partition("_")[0]
            return code if code in LANGUAGES else "en"
    return "en"
