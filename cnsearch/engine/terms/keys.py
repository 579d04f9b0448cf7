"""Terms as numbers: what batches carry and a flush sorts, so that a short term is no Python object until it is written.

A key is a uint64. A term of up to four UTF-16 units is its own key, first unit highest, so keys order like the terms'
UTF-8. Terms that are longer, or have units for which that does not hold (0, surrogates, 0xFFFF), are *long*: their key
is
``LONG`` + their number in a list of bytes. In news, 93 of 100 distinct Chinese words and all bigrams are short.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
"""Terms as numbers: uint64, shape (terms,)."""

SHORT_UNITS = 4
LONG = 0xFFFF << 48
"""Keys from here on are long: no short term begins with U+FFFF."""

#: stands between tokens. U+FFFF is not a character, so it is in no text that a program should exchange; a token that
#: has it all the same is indexed with U+FFFD instead.
SEPARATOR = "\uffff"
SEPARATOR_UNIT = 0xFFFF
SEPARATOR_UTF8 = SEPARATOR.encode("utf-8")


def keys_of_units(units: npt.NDArray[np.uint16]) -> tuple[Keys, npt.NDArray[np.bool_]]:
    """(keys, which of them hold).

    units : shape (n, 4), each row a term of up to four UTF-16 units, 0 after its end
    A key does not hold where the term has a surrogate, a 0 inside, or the separator: it is long.
    """
    wide = units.astype(np.uint64)
    keys: Keys = wide[:, 0] << np.uint64(48) | wide[:, 1] << np.uint64(32) | wide[:, 2] << np.uint64(16) | wide[:, 3]
    wrong = ((units & 0xF800 == 0xD800) | (units == SEPARATOR_UNIT)).any(axis=1)
    zero = units == 0
    wrong |= (zero[:, :-1] & ~zero[:, 1:]).any(axis=1)
    return keys, ~wrong


def keys_of_terms(terms: Sequence[bytes]) -> tuple[Keys, list[bytes]]:
    """(keys, long terms) of any distinct terms, which need not be UTF-8."""
    keys = np.empty(len(terms), dtype=np.uint64)
    long_terms: list[bytes] = []
    for at, term in enumerate(terms):
        key = _key(term)
        if key is None:
            key = LONG + len(long_terms)
            long_terms.append(term)
        keys[at] = key
    return keys, long_terms


def _key(term: bytes) -> int | None:
    if len(term) > 3 * SHORT_UNITS:
        return None
    try:
        text = term.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if len(text) > SHORT_UNITS or "\0" in text or any(char >= SEPARATOR for char in text):
        return None
    return int.from_bytes(text.encode("utf-16-be").ljust(2 * SHORT_UNITS, b"\0"), "big")


def terms_of_keys(keys: Keys) -> list[bytes]:
    """The short terms with these keys, as UTF-8.  REQUIRES: all are below LONG"""
    if not len(keys):
        return []
    units: npt.NDArray[Any] = np.empty((len(keys), SHORT_UNITS + 1), dtype=">u2")
    units[:, :-1] = keys.astype(">u8").view(">u2").reshape(-1, SHORT_UNITS)
    units[:, -1] = SEPARATOR_UNIT
    flat = units.ravel()
    joined: str = flat[flat != 0].tobytes().decode("utf-16-be")
    return joined[:-1].encode("utf-8").split(SEPARATOR_UTF8)
