"""Texts with one byte for the commonest characters and two for most others: 1.4 bytes a character of Chinese news
with its English names and figures, where UTF-16 takes two and UTF-8 2.3.

A unit of UTF-16 is one of ``SINGLES``, and then its place there is its only byte, or its upper half is one of
``PAGES``: then its first byte is ``len(SINGLES)`` plus the place there, its second byte its lower half. A text with any
other unit is not packed. Where all bytes stand in the order of the characters, zlib finds words that come again; where
the second bytes stand behind all the first ones, numpy unpacks a text in a third of the time, and the compiled kernel
without a guess, at two nanoseconds a character.

FORMAT.md has the tables: a character that changed its place would change all texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cnsearch import kernels
from cnsearch.arrays import Ints

#: tab, line feed, the characters of ASCII that are seen, and the 54 that are the most frequent besides them in 21,495
#: articles of Chinese news. With the pages below they make up all 256 first bytes.
SINGLES = (
    "\t\n"
    + "".join(map(chr, range(0x20, 0x7F)))
    + "，的。一在中用、个是国以和我有这了你新发会可为：要们行不作大人来）（能时方上文使到全对数进动件地开如同它下多"
)
#: what is left after those: Chinese characters (4E to 9F), Western letters, signs and numbers, kana and bopomofo, the
#: halves of pairs (emoji, rare characters: D8 and DC to DF), signs of full width
PAGES = bytes(
    [*range(0x05), *range(0x20, 0x28), 0x30, 0x31, 0x33, *range(0x4E, 0xA0), 0xD8, *range(0xDC, 0xE0), 0xFE, 0xFF]
)

_NUM_SINGLES = len(SINGLES)
_MOST = (1 << 63) - 1
_DAMAGED = "a packed text is damaged"


class _Codes(NamedTuple):
    """units : uint16, shape (256,): by first byte the unit, with 0 for the half that a second byte says
    leads : uint16, shape (65536,): by unit its first byte, or 256
    """

    units: npt.NDArray[np.uint16]
    leads: npt.NDArray[np.uint16]


@cache
def _codes() -> _Codes:
    singles = np.frombuffer(SINGLES.encode("utf-16-le"), "<u2")
    pages = np.frombuffer(PAGES, np.uint8).astype(np.uint16)
    by_page = np.full((256, 256), 256, dtype=np.uint16)
    by_page[pages] = np.arange(_NUM_SINGLES, 256, dtype=np.uint16)[:, None]
    leads = by_page.ravel()
    leads[singles] = np.arange(_NUM_SINGLES, dtype=np.uint16)
    units = np.concatenate([singles, pages << 8])
    return _Codes(units.astype("<u2"), leads)


def pack(text: bytes, *, apart: bool) -> bytes | None:
    """A text in UTF-16, little-endian, packed; None if it has a unit that cannot be packed.

    apart : the number of units as a varint, all first bytes, all second bytes; else the bytes of each unit side by side
    """
    kernel = kernels.packing()
    return pack_plainly(text, apart=apart) if kernel is None else kernel.pack_text(text, apart)


def unpack(packed: bytes, *, apart: bool, most: int = _MOST) -> bytes:
    """Inverse of ``pack``, or at least ``most`` units of the text. Raises ValueError if it is damaged."""
    kernel = kernels.packing()
    if kernel is None:
        return unpack_plainly(packed, apart=apart, most=most)
    text = kernel.unpack_text(packed, apart, most)
    if text is None:
        raise ValueError(_DAMAGED)
    return text


def pack_plainly(text: bytes, *, apart: bool) -> bytes | None:
    """``pack`` without compiled kernels."""
    units = np.frombuffer(text, "<u2")
    leads = _codes().leads[units]
    if len(leads) and leads.max() > 255:
        return None
    two = leads >= _NUM_SINGLES
    if apart:
        firsts, seconds = leads.astype(np.uint8), units[two].astype(np.uint8)
        return b"".join((varint(len(units)), firsts.tobytes(), seconds.tobytes()))
    pairs = np.empty((len(units), 2), dtype=np.uint8)
    pairs[:, 0], pairs[:, 1] = leads, units & 0xFF
    wanted = np.ones(pairs.shape, dtype=bool)
    wanted[:, 1] = two
    mixed: bytes = pairs[wanted].tobytes()
    return mixed


def unpack_plainly(packed: bytes, *, apart: bool, most: int = _MOST) -> bytes:
    """``unpack`` without compiled kernels."""
    if apart:
        count, start = _read_varint(packed)
        leads, trails = packed[start : start + count], packed[start + count :]
    else:
        count, (leads, trails) = -1, _parted(packed)
    firsts = np.frombuffer(leads, np.uint8)
    two = firsts >= _NUM_SINGLES
    if count not in (-1, len(leads)) or np.count_nonzero(two) != len(trails):
        raise ValueError(_DAMAGED)
    if most < len(firsts):
        firsts, two = firsts[:most], two[:most]
        trails = trails[: np.count_nonzero(two)]
    return _joined(firsts, trails, two).tobytes()


def unpack_many(rows: Sequence[bytes | memoryview]) -> tuple[npt.NDArray[np.uint16], Ints]:
    """Many texts, packed with ``apart``, without compiled kernels.

    Returns : (units, counts); units of UTF-16 of one text after the other, little-endian, shape (sum(counts),), and how
              many each text has, shape (texts,)
    Raises  : ValueError if one is damaged
    """
    leads, trails, counts = [], [], np.empty(len(rows), dtype=np.int64)
    for number, row in enumerate(rows):
        count, start = _read_varint(row)
        counts[number] = count
        leads.append(row[start : start + count])
        trails.append(row[start + count :])
    firsts, ends = np.frombuffer(b"".join(leads), np.uint8), np.cumsum(counts)
    two = firsts >= _NUM_SINGLES
    places = np.flatnonzero(two)
    if len(firsts) != counts.sum() or np.searchsorted(places, ends).tolist() != list(accumulate(map(len, trails))):
        raise ValueError(_DAMAGED)
    return _joined(firsts, b"".join(trails), two), counts


def _joined(firsts: npt.NDArray[np.uint8], trails: bytes, two: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint16]:
    """Units, shape (n,), from their first bytes, shape (n,), and the second ones of those where ``two``, shape (n,)."""
    units = _codes().units.take(firsts)
    units.view(np.uint8)[::2][two] = np.frombuffer(trails, np.uint8)
    return units


def _parted(packed: bytes) -> tuple[bytes, bytes]:
    """First and second bytes of a text whose bytes stand side by side.

    A byte below ``_NUM_SINGLES`` ends a character, whether it is a first or a second one; so of those that are not, and
    stand side by side, the first is a first byte, the next a second one, and so on.
    """
    data = np.frombuffer(packed, np.uint8)
    high = data >= _NUM_SINGLES
    places = np.arange(1, len(data) + 1, dtype=np.int32)
    ends = np.zeros(len(data) + 1, dtype=np.int32)  # by byte, where the last one below that is before it ends
    np.maximum.accumulate(places * ~high, out=ends[1:])
    first = (places - ends[:-1]) & 1 == 1
    return data[first].tobytes(), data[~first].tobytes()


def varint(number: int) -> bytes:
    """LEB128 of a number of at least 0."""
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(data: bytes | memoryview) -> tuple[int, int]:
    """The number at the beginning, and where it ends. Raises ValueError where there is none of up to five bytes."""
    number = 0
    for at, byte in enumerate(data[:5]):
        number |= (byte & 0x7F) << (7 * at)
        if byte < 0x80:
            return number, at + 1
    raise ValueError(_DAMAGED)
