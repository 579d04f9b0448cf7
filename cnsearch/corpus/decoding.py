"""Bytes of a file to text."""

from __future__ import annotations

import codecs
import re

from cnsearch.errors import CorpusError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def decoded(data: bytes, name: str) -> str:
    """``data`` as text; CorpusError if it is none."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                text = data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise CorpusError(name, undecodable(error, len(mark))) from error
            break
    else:
        text = _without_mark(data, name)
    num_controls = len(text) - len(_CONTROL.sub("", text))  # a list of them would take 80 bytes for each
    if "\0" in text or num_controls * 20 > len(text):
        raise CorpusError(name, "not text")
    return text


def _without_mark(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.start:  # cut in the middle of a character
            return data[: error.start].decode("utf-8")
        if b"\0" in data:
            raise CorpusError(name, "not text") from error
        replaced = data.decode("utf-8", "replace")
        num_bad = replaced.count("\ufffd")
        num_good = len(_ASCII.sub("", replaced)) - num_bad
        try:
            if num_good > 3 * num_bad:  # UTF-8 with damage; GB18030 would make other Chinese words of it
                raise CorpusError(name, undecodable(error, 0)) from error
            return data.decode("gb18030")
        except UnicodeDecodeError:
            raise CorpusError(name, undecodable(error, 0)) from error


_ASCII = re.compile("[\x00-\x7f]+")


def undecodable(error: UnicodeDecodeError, offset: int) -> str:
    return (
        f"undecodable: byte 0x{error.object[error.start]:02x} at offset {error.start + offset} is not {error.encoding}"
    )
