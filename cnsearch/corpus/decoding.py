"""Bytes of a file to text, in whatever encoding they are.

In this order: a byte order mark; UTF-8, if the whole is that or nearly (pages that a browser saved again still declare
gb2312); what the page declares; the encoding of Chinese, Japanese or Korean in which the text has the commonest
characters. Bytes that the encoding does not have cost their own character, not the file: they are replaced by U+FFFD
and counted.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache

from cnsearch.errors import CorpusError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MARKS = tuple(mark for mark, _ in _BOMS)

#: What HTML's labels mean (WHATWG, Encoding Standard, section 4.2, "Names and labels"): the larger sets that browsers
#: read in place of the ones named. Latin-1 is missing: it stands in templates that nobody changed, above GBK.
_LABELS = {
    label: encoding
    for encoding, labels in {
        "gb18030": "gb2312 gb_2312 gb_2312-80 gbk x-gbk gb18030 cp936 ms936 windows-936 csgb2312 euc-cn chinese",
        "big5hkscs": "big5 big5-hkscs big5-eten big-5 cn-big5 csbig5 x-x-big5 cp950 ms950 windows-950",
        "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji csshiftjis windows-31j cp932 ms932",
        "euc_jp": "euc-jp x-euc-jp eucjp",
        "iso2022_jp": "iso-2022-jp",
        "cp949": "euc-kr euckr cseuckr ks_c_5601-1987 ksc5601 ksc_5601 korean windows-949 cp949",
        "koi8_r": "koi8-r koi8",
        "cp1251": "windows-1251 cp1251",
    }.items()
    for label in labels.split()
}
_DECLARATION = re.compile(
    rb"<\?xml\b[^>]{0,100}?\bencoding\s*=\s*[\"']?([\w.:-]{2,40})"
    rb"|<meta\b[^>]{0,400}?\bcharset\s*=\s*[\"']?\s*([\w.:-]{2,40})",
    re.IGNORECASE,
)
_DECLARED_WITHIN = 8192
"""Bytes. The standard says 1,024; old pages put scripts and comments before it."""

_NAMES = {"big5hkscs": "Big5", "cp932": "Shift-JIS", "euc_jp": "EUC-JP", "cp949": "EUC-KR"}

_SAMPLE = 4096
"""Bytes by which an encoding is found."""
_MOST_BAD = 0.05
"""Share of the bytes beyond ASCII that may be undecodable. Damaged books have 0.0001; other encodings from 0.1 on."""
_MOST_BAD_OF_ASCII = 0.001
"""Share of all bytes that may be undecodable where nearly all are ASCII."""
_FEW_BAD = 3
"""That many may be undecodable however short the text is, if as many characters are right."""
_FEW_CONTROLS = 3
"""So many NUL and other control characters may stand in a text however short it is."""
_CHUNK = 4096
"""Bytes decoded before it is asked whether this encoding is hopeless."""

_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_ASCII = re.compile(b"[\x00-\x7f]+")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text that was bytes.

    text         : without a byte order mark and NUL characters; U+FFFD where a byte was undecodable
    encoding     : the name for people: ``UTF-8``, ``GB18030``, ``UTF-16LE``
    num_replaced : undecodable bytes, half a last character among them (which leaves no U+FFFD)
    """

    text: str
    encoding: str
    num_replaced: int = 0

    @property
    def warning(self) -> str:
        """What a user should know: ``3 bytes are not UTF-8 and were replaced``, or the empty string."""
        if not self.num_replaced:
            return ""
        bytes_are = "1 byte is" if self.num_replaced == 1 else f"{self.num_replaced:,} bytes are"
        were = "was" if self.num_replaced == 1 else "were"
        return f"{bytes_are} not {self.encoding} and {were} replaced"


def decode(data: bytes, name: str) -> Decoded:
    """``data`` as text; time and memory are linear in its length.

    name   : of the file, for messages
    Raises : CorpusError if it is no text: binary, or too much of it in no encoding that we know
    """
    found = _decode(data, name)
    text = found.text
    num_controls = len(text) - len(_CONTROL.sub("", text))  # a list of them would take 80 bytes for each
    num_nuls = text.count("\0")
    if num_controls > max(_FEW_CONTROLS, len(text) // 20) or num_nuls > max(_FEW_CONTROLS, len(text) // 100):
        raise CorpusError(name, "not text")
    if num_controls * 4 > len(text):
        raise CorpusError(name, "not text")
    return Decoded(text.replace("\0", ""), found.encoding, found.num_replaced) if num_nuls else found


def decoded(data: bytes, name: str) -> str:
    """The text of `decode`."""
    return decode(data, name).text


def undecodable(error: UnicodeDecodeError, offset: int) -> str:
    """For messages; ``offset`` is where the bytes that could not be decoded begin in their file."""
    return (
        f"undecodable: byte 0x{error.object[error.start]:02x} at offset {error.start + offset} is not {error.encoding}"
    )


def _decode(data: bytes, name: str) -> Decoded:
    if data.startswith(_MARKS):
        mark, encoding = next(bom for bom in _BOMS if data.startswith(bom[0]))
        attempt = _Attempt(data[len(mark) :], encoding)
        if attempt.is_good or len(data) == len(mark):
            return attempt.result
        raise CorpusError(name, attempt.reason(len(mark)))
    label = _declared(data)
    utf_8 = _Attempt(data, "utf-8")
    # Damage in UTF-8 leaves most of it; what other encodings make of it would be other words. GB18030 read as UTF-8
    # has four bad places for each character that comes out by chance.
    is_utf_8 = utf_8.text is not None and (not utf_8.num_bad or utf_8.is_good or utf_8.num_right > 3 * utf_8.num_bad)
    if is_utf_8 and label != "iso2022_jp" and not _is_half_nul(data):
        return utf_8.result
    if label is not None:
        attempt = _Attempt(data, label)
        if attempt.is_good:
            return attempt.result
    found = _detected(data)
    if found is not None:
        attempt = _Attempt(data, found)
        if attempt.is_good:
            return attempt.result
    if b"\0" in data:
        raise CorpusError(name, "not text")
    if utf_8.text is not None and utf_8.num_bad <= _MOST_BAD_OF_ASCII * len(data):
        return utf_8.result
    raise CorpusError(name, utf_8.reason(0))


def _declared(data: bytes) -> str | None:
    """The encoding that an HTML or XML page declares: Python's name, or None."""
    head = data[:_DECLARED_WITHIN].lstrip()
    if not head.startswith(b"<"):
        return None
    found = _DECLARATION.search(head)
    return None if found is None else _LABELS.get((found[1] or found[2]).decode("ascii", "replace").lower())


def _is_half_nul(data: bytes) -> bool:
    """True for ASCII in UTF-16 without a mark, which is UTF-8 with a NUL for every letter."""
    return data.count(b"\0", 0, _SAMPLE) * 4 > min(len(data), _SAMPLE)


# One encoding


class _Attempt:
    """``data`` read in one encoding.

    text      : the text, or None where reading was given up: it is not in this encoding
    num_bad   : bytes that are not in it
    """

    def __init__(self, data: bytes, encoding: str) -> None:
        self._data = data
        self._encoding = encoding
        self._num_cut = 0
        self.num_bad = 0
        try:
            self.text: str | None = data.decode(encoding)
        except UnicodeDecodeError:
            self.text = self._damaged()

    @property
    def num_right(self) -> int:
        """Characters beyond ASCII that are in this encoding."""
        text = self.text or ""
        return 0 if text.isascii() else len(text) - len(text.encode("ascii", "ignore")) - self.num_bad

    def _damaged(self) -> str | None:
        decoder = codecs.getincrementaldecoder(self._encoding)("cnsearch-damage")
        pieces: list[str] = []
        num_beyond = 0
        for start in range(0, len(self._data), _CHUNK):
            chunk = self._data[start : start + _CHUNK]
            piece = decoder.decode(chunk, final=start + _CHUNK >= len(self._data))
            self.num_bad += piece.count(_BAD)
            num_beyond += len(_ASCII.sub(b"", chunk))
            if self.num_bad > 64 and self.num_bad * 4 > num_beyond:
                return None
            pieces.append(piece)
        text = "".join(pieces)
        self._num_cut = text.count(_CUT)
        return text.replace(_CUT, "").replace(_BAD, "\ufffd")

    @property
    def is_good(self) -> bool:
        """True if what is undecodable looks like damage."""
        if not self.text:
            return False
        if not self.num_bad:
            return True
        num_beyond = len(_ASCII.sub(b"", self._data))
        return self.num_bad <= max(_MOST_BAD * num_beyond, min(_FEW_BAD, self.num_right))

    @property
    def result(self) -> Decoded:
        name = _NAMES.get(self._encoding) or self._encoding.upper().replace("_", "-")
        return Decoded(self.text or "", name, self.num_bad + self._num_cut)

    def reason(self, offset: int) -> str:
        """The first undecodable place; ``offset`` is that of the data in the file."""
        try:
            self._data.decode(self._encoding)
        except UnicodeDecodeError as error:
            return undecodable(error, offset)
        return "not text"


#: What stands for an undecodable byte, and for a byte of half a last character, until they are counted. No text has
#: these: Unicode calls them noncharacters.
_CUT_SHORT = ("unexpected end of data", "incomplete multibyte sequence", "truncated data")
_BAD, _CUT = "\ufdd0", "\ufdd1"
#: What Chinese collections hold besides UTF-8, the likeliest first.
_DOUBLE_BYTE = ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949")
_WIDE = ("utf-16-le", "utf-16-be")
_WINDOW = 40
"""Bytes looked at to find where the next character begins."""


def _at_damage(error: UnicodeError) -> tuple[str, int]:
    """The error handler: what stands for the undecodable bytes, and where to read on.

    Where a byte of two is lost, all that follows would be read one byte off, up to the next line. So the place to read
    on is the one from which the next few characters are common ones.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    data, start, end = error.object, error.start, error.end
    if end >= len(data) and error.reason in _CUT_SHORT:
        return _CUT * (end - start), end
    encoding = error.encoding.replace("-", "_")
    if encoding in _DOUBLE_BYTE:
        places = (start + 1, min(start + 2, len(data)))
        end = max(places, key=lambda at: _commonness(data[at : at + _WINDOW].decode(encoding, "ignore")))
    return _BAD * (end - start), end


codecs.register_error("cnsearch-damage", _at_damage)


def _commonness(text: str) -> float:
    """The share of common characters of ``text``, 0 to 1."""
    return sum(char in _common() for char in text) / len(text) if text else 0.0


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    """The characters of each national set's first level, with punctuation, kana, Hangul and ASCII."""
    rows = (
        ("gb2312", range(0xA1, 0xA4), range(0xA1, 0xFF)),
        ("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF)),
        ("big5", range(0xA4, 0xC7), (*range(0x40, 0x7F), *range(0xA1, 0xFF))),
        ("cp932", range(0x82, 0x99), (*range(0x40, 0x7F), *range(0x80, 0xFD))),
        ("euc_kr", range(0xB0, 0xC9), range(0xA1, 0xFF)),
    )
    chars = [
        bytes((lead, trail)).decode(name, "ignore")
        for name, leads, trails in rows
        for lead in leads
        for trail in trails
    ]
    return frozenset("".join(chars)) | frozenset(map(chr, range(0x7F)))


# Which encoding

_LEAST_COMMON = 0.6
"""Share of common characters. Right readings have 0.9 and more, wrong ones mostly below 0.5."""
_KANA = re.compile("[\u3041-\u30ff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_LETTERS = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")


def _detected(data: bytes) -> str | None:
    """The encoding in which ``data`` has the commonest characters, or None if none is likely.

    Measured on 833 texts of 40 and of 300 characters in all of these encodings, 310 of them with a damaged byte or
    two: right for 522 of 523 and 303 of 310; charset-normalizer 3.5, given the same choice and what of the text each
    encoding has, for 515 and 267. Of 12 Chinese characters it takes GB18030 for another in 16 of 51, this in none.
    """
    lines = _lines_beyond_ascii(data)
    attempts = [(name, _Attempt(lines, name)) for name in _DOUBLE_BYTE]
    attempts += [(name, _Attempt(data[:_SAMPLE], name)) for name in _WIDE if len(data) > 3]
    likely = [(_likeliness(name, attempt.text or ""), name) for name, attempt in attempts if attempt.is_good]
    best = max(likely, key=lambda pair: pair[0], default=(0.0, None))  # of equals the first
    if best[0] >= _LEAST_COMMON:
        return best[1]
    return "gb18030" if attempts[0][1].num_bad == 0 and attempts[0][1].text else None


def _lines_beyond_ascii(data: bytes) -> bytes:
    """The first lines of ``data`` with a byte beyond ASCII, about _SAMPLE bytes of them."""
    lines: list[bytes] = []
    size = 0
    for found in re.finditer(b"[^\n]*", data):
        line = found[0]
        if line.isascii():
            continue
        if len(line) > _SAMPLE:
            beyond = re.search(b"[\x80-\xff]", line)
            assert beyond is not None
            line = line[beyond.start() : beyond.start() + _SAMPLE]
        lines.append(line)
        size += len(line)
        if size >= _SAMPLE:
            break
    return b"\n".join(lines)


def _likeliness(encoding: str, text: str) -> float:
    """How much ``text`` looks like what people write in ``encoding``: the share of common characters.

    EUC-JP and EUC-KR have their characters where GB2312 has its own common ones, so they must look like their language:
    Japanese has kana, Korean hardly anything but Hangul, and spaces.
    """
    if encoding in _WIDE:
        return _commonness(text)
    text = "".join(char for char in text if (char > "\x7f" and char != "\ufffd") or char == " ")
    beyond = text.replace(" ", "")
    num_letters = len(_LETTERS.findall(beyond))
    if encoding in ("cp932", "euc_jp"):
        kana = len(_KANA.findall(beyond))
        return (_commonness(beyond) + 0.1) * (kana * 6 >= num_letters and kana > 1)
    if encoding == "cp949":
        hangul = len(_HANGUL.findall(beyond))
        return (_commonness(beyond) + 0.1) * (hangul >= 0.95 * num_letters and hangul > 4 and " " in text)
    return _commonness(beyond)
