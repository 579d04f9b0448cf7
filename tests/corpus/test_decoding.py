"""Bytes to text: marks, declarations, detection, damage."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.corpus.decoding import decode
from cnsearch.errors import CorpusError

LINES = (
    "灯塔建于清末，高三十米，夜里一闪一闪。",
    "守塔人每天傍晚点灯，天亮以后再把它熄灭。",
    "一九五八年，渔民把它漆成白色，很远就能看见。",
    "如今很多人来看海，孩子们数着光，数到十就睡着了。",
    "3 号楼梯有 128 级，游客说：“爬上去值得！”",
)
TRADITIONAL = (
    "燈塔建於清末，高三十米，夜裡一閃一閃。",
    "守塔人每天傍晚點燈，天亮以後再把它熄滅。",
    "漁民把它漆成白色，很遠就能看見。",
)
JAPANESE = (
    "灯台は明治時代に建てられた。夜になると光が海を照らす。",
    "多くの人々が海を見に来る。学校では子供たちが本を読む。",
)
KOREAN = ("등대는 청나라 말기에 세워졌다. 밤에는 바다를 비춘다.", "많은 사람들이 바다를 보러 온다.")


def text_of(lines: tuple[str, ...]) -> str:
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("lines", "encoding", "name"),
    [
        (LINES, "utf-8", "UTF-8"),
        (LINES, "gb18030", "GB18030"),
        (LINES, "gbk", "GB18030"),
        (LINES, "utf-16-le", "UTF-16-LE"),
        (LINES, "utf-16-be", "UTF-16-BE"),
        (TRADITIONAL, "big5", "Big5"),
        (TRADITIONAL, "cp950", "Big5"),
        (TRADITIONAL, "gb18030", "GB18030"),
        (JAPANESE, "shift_jis", "Shift-JIS"),
        (JAPANESE, "euc_jp", "EUC-JP"),
        (KOREAN, "euc_kr", "EUC-KR"),
    ],
)
def test_an_encoding_is_found(lines: tuple[str, ...], encoding: str, name: str) -> None:
    text = text_of(lines)
    for sample in (text, text * 200, "ascii first\n" * 3_000 + text, lines[0]):
        found = decode(sample.encode(encoding), "a.txt")
        assert (found.text, found.encoding, found.num_replaced) == (sample, name, 0)


def test_ascii_in_utf_16_is_no_text_full_of_nul() -> None:
    text = "<html><head><title>lighthouse</title></head><body>灯塔</body></html>"
    for encoding in ("utf-16-le", "utf-16-be"):
        assert decode(text.encode(encoding), "a.html").text == text


@pytest.mark.parametrize(
    ("label", "encoding", "text"),
    [
        ("gb2312", "gb18030", "镕基、喆、㙍"),
        ("GBK", "gb18030", "守塔人"),
        ("big5", "big5hkscs", "燈塔"),
        ("Big5-HKSCS", "big5hkscs", "嘅咗喺"),
        ("shift_jis", "cp932", "①髙灯台"),
        ("x-sjis", "cp932", "灯台"),
        ("euc-jp", "euc_jp", "灯台"),
        ("iso-2022-jp", "iso2022_jp", "灯台"),
        ("euc-kr", "cp949", "등대"),
        ("windows-1251", "cp1251", "маяк"),
    ],
)
def test_what_a_page_declares(label: str, encoding: str, text: str) -> None:
    for declaration in (
        f'<html><head><meta charset="{label}"></head>',
        f"<!DOCTYPE html>\n<html><head><META http-equiv=Content-Type content='text/html; charset={label}'></head>",
        f'<?xml version="1.0" encoding="{label}"?><html>',
    ):
        page = f"{declaration}<body><p>{text}</p></body></html>"
        assert decode(page.encode(encoding), "a.html").text == page


def test_a_declaration_that_the_bytes_contradict_is_not_believed() -> None:
    page = '<html><head><meta charset="{}"></head><body>' + text_of(LINES)
    for label, encoding in (
        ("gb2312", "utf-8"),
        ("utf-8", "gb18030"),
        ("iso-8859-1", "gb18030"),
        ("gb2312", "utf-16-le"),
        ("no-such-charset", "gb18030"),
    ):
        assert decode(page.format(label).encode(encoding), "a.html").text == page.format(label), label


def test_an_article_about_declarations_declares_nothing() -> None:
    text = '网页写着 <meta charset="big5">，其实不是。\n' + text_of(LINES)
    assert decode(text.encode("gb18030"), "a.md").text == text


def test_a_declared_utf_8_page_with_a_damaged_byte_stays_utf_8() -> None:
    page = '<meta charset="gb2312"><p>' + text_of(LINES)
    data = page.encode().replace("傍".encode(), b"\xff")
    found = decode(data, "a.html")
    assert (found.text, found.encoding) == (page.replace("傍", "\ufffd"), "UTF-8")


def test_damage_is_counted_and_said() -> None:
    data = text_of(LINES).encode("gb18030")
    assert decode(data, "a").warning == ""
    assert decode(data + b"\xff\n", "a").warning == "1 byte is not GB18030 and was replaced"
    assert decode(text_of(LINES).encode() + b"\xff\xfe\xff\n", "a").warning == (
        "3 bytes are not UTF-8 and were replaced"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le"])
def test_half_a_last_character_is_left_out(encoding: str) -> None:
    text = text_of(LINES) + "雾很大"
    found = decode(text.encode(encoding)[:-1], "a.txt")
    assert found.text == text[:-1]
    assert found.num_replaced


def test_a_lost_byte_does_not_shift_the_rest_of_the_line() -> None:
    line = "".join(LINES[:4])
    data = bytearray(line.encode("gb18030"))
    data[20] = 0xFF  # the first of two bytes
    assert decode(bytes(data), "a").text == line[:10] + "\ufffd\ufffd" + line[11:]


def test_a_few_nul_characters_are_none() -> None:
    text = text_of(LINES) * 10
    for encoding in ("utf-8", "gb18030", "utf-16-be"):
        assert decode((text[:200] + "\0" + text[200:] + "\0").encode(encoding), "a.txt").text == text


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xfe" * 50,
        bytes(range(256)) * 40,
        b"PK\x03\x04" + bytes(range(255, 0, -1)) * 40,
        b"\0" * 1000,
        codecs.BOM_UTF16_LE + b"\x00\xd8" * 100,
        "文".encode() + b"\0",
    ],
)
def test_what_is_binary_is_refused(data: bytes) -> None:
    with pytest.raises(CorpusError):
        decode(data, "a.bin")


def test_one_bad_byte_in_an_english_book() -> None:
    assert decode(b"a lighthouse\n" * 500 + b"\xff", "a.txt").text.endswith("house\n\ufffd")


@given(
    st.sampled_from([("utf-8", LINES), ("gb18030", LINES), ("big5", TRADITIONAL), ("cp932", JAPANESE)]),
    st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from([0xFF, 0xFE, 0x80])), max_size=3),
    st.integers(3, 20),
)
def test_damage_costs_a_few_characters(
    kind: tuple[str, tuple[str, ...]], damage: list[tuple[int, int]], times: int
) -> None:
    encoding, lines = kind
    text = text_of(lines) * times
    data = bytearray(text.encode(encoding))
    hurt = set()
    for at, value in damage:
        at %= len(data)
        data[at] = value
        hurt.add(len(text.encode(encoding)[:at].decode(encoding, "ignore")))
    read = decode(bytes(data), "a.txt").text
    whole = [line for line in text.split("\n") if line]
    assert len(set(read.split("\n")) & set(whole)) >= 1
    kept = sum(line in read for line in whole)
    assert kept >= len(whole) - 2 * len(hurt)


@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_an_error(data: bytes) -> None:
    try:
        found = decode(data, "a.txt")
    except CorpusError:
        return
    assert "\0" not in found.text
    assert "\ufdd0" not in found.text or "\ufdd0".encode() in data


def test_a_short_text_with_one_nul_is_a_text() -> None:
    assert decode("标题\0与一行短文".encode(), "a.txt").text == "标题与一行短文"
