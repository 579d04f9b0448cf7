"""User dictionaries: words that segmentation shall keep whole. jieba's file format, ``word [frequency] [tag]``."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cnsearch.analysis.reading import spelt
from cnsearch.errors import CorpusError

MAX_FREQUENCY_DIGITS = 15
"""Of a word's frequency: more than any corpus has, and within the 64 bits of both engines."""
MAX_WORD_CHARS = 64
"""The longest word of the main dictionary has 16; a name of a law or a company takes twice that."""


@dataclass(frozen=True, slots=True)
class UserDictionary:
    """Folded words, each with its frequency (None: high enough to be kept whole). Sorted, no word twice."""

    words: tuple[tuple[str, int | None], ...] = ()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> UserDictionary:
        """Read a dictionary file (UTF-8). Raises CorpusError with the line if one is not ``word [frequency] [tag]``."""
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise CorpusError(path, error.strerror or str(error)) from error
        except UnicodeDecodeError as error:
            raise CorpusError(path, f"not UTF-8 at byte {error.start}", hint="Save the dictionary as UTF-8") from error
        return cls.parse(text, name=os.fspath(path))

    @classmethod
    def parse(cls, text: str, *, name: str = "user dictionary") -> UserDictionary:
        """The same from text. Empty lines and those that begin with # are skipped; of equal words the last holds."""
        words: dict[str, int | None] = {}
        for number, line in enumerate(text.splitlines(), 1):
            fields = spelt(line).split()
            if not fields or fields[0].startswith("#"):
                continue
            word, *rest = fields
            frequency = None
            if rest and rest[0].isdecimal() and len(rest[0]) <= MAX_FREQUENCY_DIGITS:
                frequency = int(rest.pop(0))
            if len(rest) > 1 or (rest and rest[0].isdecimal()):
                raise CorpusError(f"{name}:{number}", f"found {line.strip()!r}, expected: word [frequency] [tag]")
            words[word] = frequency
        return cls(tuple(sorted(words.items())))

    def with_words(self, words: Mapping[str, int | None]) -> UserDictionary:
        """This dictionary with these entries, which take the place of those that it has. REQUIRES: ``checked_word``s"""
        return UserDictionary(tuple(sorted({**dict(self.words), **words}.items())))

    def without_words(self, words: Iterable[str]) -> UserDictionary:
        """This dictionary without these words. REQUIRES: they are folded"""
        gone = set(words)
        return UserDictionary(tuple(entry for entry in self.words if entry[0] not in gone))

    def changed_words(self, other: UserDictionary) -> list[str]:
        """The words that only one of both has, or that have another frequency in each. Sorted."""
        return sorted({word for word, _ in set(self.words) ^ set(other.words)})

    def dump(self) -> str:
        """The text that ``parse`` reads back to an equal dictionary."""
        return "".join(f"{word}\n" if frequency is None else f"{word} {frequency}\n" for word, frequency in self.words)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that change with the content; empty for an empty dictionary."""
        if not self.words:
            return ""
        import hashlib  # loads OpenSSL; most indexes have no words

        return hashlib.blake2b(self.dump().encode("utf-8"), digest_size=8).hexdigest()


def checked_word(text: str) -> str:
    """The word as it stands in a dictionary: folded. Raises ValueError for what cannot be a word."""
    if not isinstance(text, str):
        raise TypeError(f"a word must be a str, not {text!r}")
    word = spelt(text)
    reason = ""
    if not word.strip():
        reason = "an empty word"
    elif any(char.isspace() for char in word):
        reason = f"{text!r} has white space in it; a dictionary has single words"
    elif any(unicodedata.category(char) in ("Cc", "Cf") for char in word):
        reason = f"{text!r} has a character in it that shows nothing"
    elif not any(char.isalnum() for char in word):
        reason = f"{text!r} has no letter, digit or Chinese character"
    elif word.startswith("#"):
        reason = f"{text!r} begins with #, which begins a comment in a dictionary"
    elif len(word) > MAX_WORD_CHARS:
        reason = f"{text[:20]!r}... has {len(word)} characters; a word may have {MAX_WORD_CHARS}"
    if reason:
        raise ValueError(reason)
    return word


def checked_frequency(frequency: int | None) -> int | None:
    """Raises ValueError for a frequency that a dictionary cannot hold."""
    if frequency is not None and not 0 <= frequency < 10**MAX_FREQUENCY_DIGITS:
        raise ValueError(f"a frequency must be from 0 to {10**MAX_FREQUENCY_DIGITS - 1}, not {frequency}")
    return frequency
