"""User dictionaries: words that segmentation shall keep whole. jieba's file format, ``word [frequency] [tag]``."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cnsearch.analysis.fold import fold
from cnsearch.errors import CorpusError

MAX_FREQUENCY_DIGITS = 15
"""Of a word's frequency: more than any corpus has, and within the 64 bits of both engines."""


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
            fields = fold(line).split()
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

    def dump(self) -> str:
        """The text that ``parse`` reads back to an equal dictionary."""
        return "".join(f"{word}\n" if frequency is None else f"{word} {frequency}\n" for word, frequency in self.words)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that change with the content; empty for an empty dictionary."""
        return hashlib.blake2b(self.dump().encode("utf-8"), digest_size=8).hexdigest() if self.words else ""
