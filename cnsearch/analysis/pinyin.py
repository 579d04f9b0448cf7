"""How Chinese words sound: readings in pinyin without tones, from the tables of the package ``pypinyin``.

A *sound* is the toneless syllable of one Chinese character, or one Latin letter or digit, which stands for itself. The
reading of a text is a str of one code character per sound; codes are given in alphabetical order of the sounds, so that
the sounds that begin with some letters are a range of codes, and readings compare as their sounds do.

Words of the phrase table have the readings given there (重庆 chong qing, 银行 yin hang); other characters the first of
their own. ``ü`` is written ``v``, as it is typed. Loading the tables takes 0.2 s, so nothing here is for those who only
search.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, islice, product
from string import ascii_lowercase, digits
from typing import NamedTuple

INITIALS = frozenset("b p m f d t n l g k h j q x zh ch sh r z c s y w".split())
"""What may stand for a whole syllable, before its vowels, where one types only those."""
MAX_HETERONYMS = 3
"""Of the readings of a character, so many are tried; what follows is rare or old."""
MAX_SPLITS = 64
"""Ways to cut a run of letters into syllables that are looked at."""

_FIRST_CODE = 0xE000  # private use: no code is a character of a text that is read
_MAX_SYLLABLE = 6
_DIAERESIS = "\u0308"
_SYLLABLE = re.compile("(?![iuv])[a-z]*[aeiouv][a-z]*")
_LETTERS_AND_DIGITS = ascii_lowercase + digits


class _Tables(NamedTuple):
    """sounds    : every sound, sorted; the code of ``sounds[i]`` is ``chr(_FIRST_CODE + i)``
    syllables : those that are syllables of a Chinese character
    codes     : reading with tones to its code
    first     : code point to the code of the first reading, for str.translate; what has no sound becomes nothing
    chars     : code point to all readings with tones, separated by commas
    phrases   : word to the readings of its characters, with tones
    """

    sounds: list[str]
    syllables: frozenset[str]
    codes: dict[str, str]
    first: dict[int, str | None]
    chars: dict[int, str]
    phrases: dict[str, list[list[str]]]


class _Codes(dict[int, "str | None"]):
    def __missing__(self, code_point: int) -> None:
        return None


@cache
def _tables() -> _Tables:
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT  # slow: see above

    plain = {toned: _toneless(toned) for toned in set(",".join(PINYIN_DICT.values()).split(","))}
    syllables = frozenset(filter(_SYLLABLE.fullmatch, plain.values()))  # 嗯 as n or ng would cut xing in two
    sounds = sorted(syllables.union(_LETTERS_AND_DIGITS))
    code = {sound: chr(_FIRST_CODE + at) for at, sound in enumerate(sounds)}
    codes = {toned: code[sound] for toned, sound in plain.items() if sound in syllables}
    first = _Codes({point: codes.get(several.partition(",")[0]) for point, several in PINYIN_DICT.items()})
    first.update({ord(char): code[char] for char in _LETTERS_AND_DIGITS})
    first[ord("\n")] = "\n"
    return _Tables(sounds, syllables, codes, first, PINYIN_DICT, PHRASES_DICT)


def _toneless(toned: str) -> str:
    letters = "".join(char for char in unicodedata.normalize("NFD", toned) if char.isalpha() or char == _DIAERESIS)
    return letters.replace("u" + _DIAERESIS, "v").replace(_DIAERESIS, "")


def readings(words: Sequence[str]) -> list[str]:
    """The reading of each word, folded text without line ends; characters without a sound are left out.

    >>> [spelled(reading) for reading in readings(["数字化", "重庆", "c919"])]
    ['shu zi hua', 'chong qing', 'c 9 1 9']
    """
    if not words:
        return []
    tables = _tables()
    found = "\n".join(words).translate(tables.first).split("\n")
    phrases = tables.phrases
    for at, word in enumerate(words):
        if word in phrases:
            found[at] = _phrase(word) or found[at]
    return found


def _phrase(word: str) -> str:
    """The reading of a word of the phrase table; empty if it does not say one for each character."""
    tables = _tables()
    codes = [tables.codes.get(several[0], "") for several in tables.phrases[word]]
    return "".join(codes) if len(codes) == len(word) and all(codes) else ""


def _all_readings(char: str) -> str:
    """The codes of the readings that a Chinese character may have, the usual one first; empty if it has none."""
    tables = _tables()
    every = filter(None, map(tables.codes.get, tables.chars.get(ord(char), "").split(",")))
    return "".join(dict.fromkeys(every))


def possible_readings(word: str, most: int = 81) -> list[str]:
    """The readings that a Chinese word may have, the likeliest first: at most ``most``; none if a character has none.

    >>> [spelled(reading) for reading in possible_readings("银行")[:2]]
    ['yin hang', 'yin xing']
    """
    likely = _phrase(word) if word in _tables().phrases else ""
    every = map("".join, product(*(_all_readings(char)[:MAX_HETERONYMS] for char in word)))
    return list(islice(dict.fromkeys(chain([likely] if likely else [], islice(every, most))), most))


def sound_range(prefix: str) -> tuple[int, int]:
    """Code points (start, stop) of the sounds that begin with ``prefix``; of none if start equals stop."""
    sounds = _tables().sounds
    return _FIRST_CODE + bisect_left(sounds, prefix), _FIRST_CODE + bisect_left(sounds, prefix + "~")


def code_of(sound: str) -> int:
    """The code point of a sound, or 0 if there is no such sound."""
    start, stop = sound_range(sound)
    return start if start < stop and _tables().sounds[start - _FIRST_CODE] == sound else 0


def is_syllable(text: str) -> bool:
    """Whether a Chinese character may be read so."""
    return text in _tables().syllables


def spelled(reading: str) -> str:
    """A reading as its sounds with spaces between."""
    sounds = _tables().sounds
    return " ".join(sounds[ord(code) - _FIRST_CODE] for code in reading)


def typed(text: str) -> str | None:
    """Folded text as letters and digits to be read as pinyin, ``'`` where a syllable must end; None if it is not such.

    >>> typed("lü xing"), typed("xi'an"), typed("转型")
    ("lv'xing", "xi'an", None)
    """
    letters = "'".join(text.replace("ü", "v").replace("’", "'").replace("'", " ").split())
    return letters if letters and set(letters) <= _TYPED else None


_TYPED = frozenset(_LETTERS_AND_DIGITS + "'")


def pieces(letters: str, at: int) -> Iterator[tuple[str, int, int, bool]]:
    """What may be the next sound in ``letters`` from ``at`` on: (letters, code points start and stop of the sounds that
    they may stand for, whether it is typed out).

    Typed out is a syllable; of the last one its beginning. Otherwise an initial stands for a syllable, and any letter
    or digit for itself.
    """
    end = letters.find("'", at)
    stop = len(letters) if end < 0 else end
    for after in range(at + 1, min(stop, at + _MAX_SYLLABLE) + 1):
        piece = letters[at:after]
        if after == len(letters):
            first, beyond = sound_range(standard(piece))
            if first < beyond:
                yield piece, first, beyond, True
        elif is_syllable(standard(piece)):
            code = code_of(standard(piece))
            yield piece, code, code + 1, True
        elif piece in INITIALS:
            yield piece, *sound_range(piece), False
        elif len(piece) == 1:
            code = code_of(piece)
            yield piece, code, code + 1, False


def beginning(letters: str, alphabet: str) -> re.Pattern[str]:
    """A pattern that is found in every text of the characters ``alphabet`` in which something sounds like ``letters``,
    read as by ``pieces``; and in some others, for only the first two sounds are looked at."""
    tables = _tables()
    codes = [(char, _all_readings(char) + (tables.first[ord(char)] or "")) for char in alphabet]

    def sounding(first: int, stop: int) -> str:
        return "".join(char for char, several in codes if any(first <= ord(code) < stop for code in several))

    ways = []
    for piece, start, end, _ in pieces(letters, 0):
        after = len(piece) + letters.startswith("'", len(piece))
        nexts = [sounding(first, stop) for _, first, stop, _ in pieces(letters, after)]
        then = f"[ ·]?[{re.escape(''.join(nexts))}]" if "".join(nexts) else ""
        if chars := sounding(start, end):
            ways.append(f"[{re.escape(chars)}]{then}")
    return re.compile("|".join(ways) or "(?!)")


def splits(letters: str) -> list[str]:
    """The readings that letters may spell in whole syllables, those of fewer syllables first; ``'`` ends one.

    >>> [spelled(reading) for reading in splits("xian")]
    ['xian', 'xi an']
    """
    found: list[str] = []
    for reading in _splits(letters, 0, "", _dead_ends(letters)):
        found.append(reading)
        if len(found) >= MAX_SPLITS:
            break
    return sorted(found, key=len)


def _dead_ends(letters: str) -> list[bool]:
    """Places from which whole syllables do not lead to the end."""
    dead = [True] * len(letters) + [False]
    for at in reversed(range(len(letters))):
        dead[at] = all(dead[after] for _, after in _syllables_at(letters, at))
    return dead


def _syllables_at(letters: str, at: int) -> Iterator[tuple[str, int]]:
    at += letters[at] == "'"
    for after in range(min(len(letters), at + _MAX_SYLLABLE), at, -1):
        if is_syllable(standard(letters[at:after])):
            yield standard(letters[at:after]), after


def _splits(letters: str, at: int, reading: str, dead: list[bool]) -> Iterator[str]:
    if at == len(letters):
        yield reading
    elif not dead[at]:
        for syllable, after in _syllables_at(letters, at):
            yield from _splits(letters, after, reading + chr(code_of(syllable)), dead)


def standard(syllable: str) -> str:
    """A syllable as it is in the tables: ``lue`` and ``nue`` are typed for ``lve`` and ``nve``."""
    return syllable[0] + "ve" if syllable in ("lue", "nue") else syllable
