"""Python values as bytes, for stored fields and vectors: one tag byte, then the value. FORMAT.md has the table.

Nothing is pickled: reading a damaged or foreign file can run no code. What has no form here is refused when it is
written. Subclasses (an IntEnum, a namedtuple) come back as their base type, numbers of numpy as those of Python.
"""

from __future__ import annotations

import datetime
import decimal
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from cnsearch import kernels
from cnsearch.engine.bytes.packing import pack, unpack, unpack_many, varint

TAG_NONE = b"n"
TAG_FALSE = b"F"
TAG_TRUE = b"T"
TAG_INTEGER = b"i"
TAG_FLOAT = b"f"
TAG_TEXT_UTF8 = b"s"
TAG_TEXT_UTF16 = b"u"
TAG_TEXT_PACKED = b"c"
TAG_TEXT_APART = b"a"
TAG_BYTES = b"b"
TAG_DATETIME = b"d"
TAG_DATE = b"D"
TAG_TIME = b"t"
TAG_DECIMAL = b"m"
TAG_LIST = b"l"
TAG_TUPLE = b"p"
TAG_DICT = b"o"

_TEXT_UTF8, _TEXT_UTF16 = TAG_TEXT_UTF8[0], TAG_TEXT_UTF16[0]
_TEXT_PACKED, _TEXT_APART = TAG_TEXT_PACKED[0], TAG_TEXT_APART[0]
_DOUBLE = struct.Struct("<d")
#: Python text may hold half a surrogate pair; it comes back as it was.
_SURROGATES = "surrogatepass"
_MAX_DEPTH = 50

#: exact types that always have a form, so that no trial encoding is needed
PLAIN_TYPES = frozenset(
    (type(None), bool, int, float, str, bytes, datetime.datetime, datetime.date, datetime.time, decimal.Decimal)
)


#: characters by which the encoding of a text is chosen
_SAMPLE = 512
#: characters from which on a text is packed (packing.py): titles and addresses are read by the dozen
PACKED_CHARS = 64


def encode_text(text: str) -> bytes:
    """Packed, if the text is long and not in ASCII; else UTF-8, or UTF-16 where that is shorter (for the beginning).

    What is shorter is also compressed sooner and better: 54 MB of news in UTF-16 become 28.5 MB, the same packed (38
    MB) 24.8 MB.
    """
    if not text.isascii():
        if len(text) >= PACKED_CHARS:
            packed = pack(text.encode("utf-16-le", _SURROGATES), apart=False)
            if packed is not None:
                return TAG_TEXT_PACKED + packed
        sample = text[:_SAMPLE]
        if len(sample.encode("utf-8", _SURROGATES)) > len(sample.encode("utf-16-le", _SURROGATES)):
            return TAG_TEXT_UTF16 + text.encode("utf-16-le", _SURROGATES)
    return TAG_TEXT_UTF8 + text.encode("utf-8", _SURROGATES)


def encode_value(value: Any, _depth: int = 0) -> bytes:
    """The bytes of a value. Raises TypeError if it, or something in it, has no form."""
    if type(value) is str:
        return encode_text(value)
    if isinstance(value, str):
        return encode_text(str(value))
    if value is None:
        return TAG_NONE
    if isinstance(value, bool):
        return TAG_TRUE if value else TAG_FALSE
    if isinstance(value, int):
        number = int(value)
        return TAG_INTEGER + number.to_bytes((number.bit_length() + 8) // 8, "little", signed=True)
    if isinstance(value, float):
        return TAG_FLOAT + _DOUBLE.pack(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return TAG_BYTES + bytes(value)
    if isinstance(value, datetime.datetime):
        return TAG_DATETIME + value.isoformat().encode("ascii")
    if isinstance(value, datetime.date):
        return TAG_DATE + value.isoformat().encode("ascii")
    if isinstance(value, datetime.time):
        return TAG_TIME + value.isoformat().encode("ascii")
    if isinstance(value, decimal.Decimal):
        return TAG_DECIMAL + str(value).encode("ascii")
    if isinstance(value, np.generic):
        plain = value.item()
        if type(plain) in PLAIN_TYPES and (type(plain) is not int or isinstance(value, np.integer)):
            return encode_value(plain, _depth)
    if isinstance(value, (list, tuple, dict)):
        if _depth == _MAX_DEPTH:
            raise TypeError(f"a value is nested more than {_MAX_DEPTH} deep")
        if isinstance(value, dict):
            tag, items = TAG_DICT, [part for pair in value.items() for part in pair]
        else:
            tag, items = (TAG_LIST if isinstance(value, list) else TAG_TUPLE), list(value)
        encoded = [encode_value(item, _depth + 1) for item in items]
        return tag + b"".join(varint(len(item)) + item for item in encoded)
    raise TypeError(f"a value of type {type(value).__name__} cannot be stored")


def decode_value(data: bytes) -> Any:
    """Inverse of ``encode_value``. Raises ValueError if the bytes have no meaning."""
    if not data:
        raise ValueError("an empty value")
    tag = data[0]
    if tag == _TEXT_UTF8:
        return data[1:].decode("utf-8", _SURROGATES)
    if tag == _TEXT_UTF16:
        return data[1:].decode("utf-16-le", _SURROGATES)
    body = data[1:]
    if tag in (_TEXT_APART, _TEXT_PACKED):
        return unpack(body, apart=tag == _TEXT_APART).decode("utf-16-le", _SURROGATES)
    decoder = _DECODERS.get(data[:1])
    if decoder is None:
        raise ValueError(f"unknown value tag {data[:1]!r}")
    try:
        return decoder(body)
    except (struct.error, ArithmeticError, UnicodeError) as exc:
        raise ValueError(f"value with tag {data[:1]!r} cannot be read: {exc}") from exc


def encode_plain(value: Any) -> bytes:
    """As ``encode_value``, with text in UTF-16, or packed so that thousands are unpacked in no time."""
    if isinstance(value, str):
        text = value.encode("utf-16-le", _SURROGATES)
        packed = pack(text, apart=True) if len(value) >= PACKED_CHARS else None
        return TAG_TEXT_UTF16 + text if packed is None else TAG_TEXT_APART + packed
    return encode_value(value)


def utf16_of(data: bytes | memoryview) -> bytes | memoryview:
    """The text of an encoded value as UTF-16, little-endian; empty for no value and for one that is not text. Raises
    ValueError if it is damaged."""
    tag = data[0] if len(data) else None
    if tag == _TEXT_UTF16:
        return data[1:]
    if tag in (_TEXT_APART, _TEXT_PACKED):
        return unpack(bytes(data[1:]), apart=tag == _TEXT_APART)
    return decode_value(bytes(data)).encode("utf-16-le", _SURROGATES) if tag == _TEXT_UTF8 else b""


def utf16_of_many(rows: Sequence[bytes | memoryview]) -> list[bytes | memoryview]:
    """``utf16_of`` each of the encoded values."""
    if kernels.packing() is not None:
        return list(map(utf16_of, rows))
    apart = [number for number, row in enumerate(rows) if len(row) and row[0] == _TEXT_APART]
    if not apart:
        return list(map(utf16_of, rows))
    units, counts = unpack_many([rows[number][1:] for number in apart])
    texts, ends = memoryview(units.tobytes()), np.cumsum(2 * counts)
    found = dict(zip(apart, zip((ends - 2 * counts).tolist(), ends.tolist(), strict=True), strict=True))
    return [texts[slice(*found[number])] if number in found else utf16_of(row) for number, row in enumerate(rows)]


def _decode_items(body: bytes) -> list[Any]:
    items, at = [], 0
    while at < len(body):
        length, shift = 0, 0
        while True:
            if at >= len(body):
                raise ValueError("a nested value is cut off")
            byte = body[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if at + length > len(body):
            raise ValueError("a nested value is cut off")
        items.append(decode_value(body[at : at + length]))
        at += length
    return items


def _decode_dict(body: bytes) -> dict[Any, Any]:
    items = _decode_items(body)
    return dict(zip(items[::2], items[1::2], strict=True))


_DECODERS: dict[bytes, Any] = {
    TAG_NONE: lambda body: None,
    TAG_FALSE: lambda body: False,
    TAG_TRUE: lambda body: True,
    TAG_INTEGER: lambda body: int.from_bytes(body, "little", signed=True),
    TAG_FLOAT: lambda body: _DOUBLE.unpack(body)[0],
    TAG_BYTES: lambda body: body,
    TAG_DATETIME: lambda body: datetime.datetime.fromisoformat(body.decode("ascii")),
    TAG_DATE: lambda body: datetime.date.fromisoformat(body.decode("ascii")),
    TAG_TIME: lambda body: datetime.time.fromisoformat(body.decode("ascii")),
    TAG_DECIMAL: lambda body: decimal.Decimal(body.decode("ascii")),
    TAG_LIST: _decode_items,
    TAG_TUPLE: lambda body: tuple(_decode_items(body)),
    TAG_DICT: _decode_dict,
}
