"""Reading: the same text however it is written, with true places."""

import unicodedata

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cnsearch.analysis.fold import fold
from cnsearch.analysis.reading import LINE_END, read, read_all, shaped, spelt
from cnsearch.analysis.variants import in_context

PIECES = (
    *"上海数字化转型的，。！？、“”—…· \n\t\u3000\u00a0",
    *("數字", "看著", "著作", "瞭解", "瞭望", "é", "e\u0301", "か\u3099", "한", "ﬁ", "Ⅷ", "⑩", "㎡", "ß", "½", "℃"),
    *(
        "\u200b",
        "\ufeff",
        "\u00ad",
        "\U000e0100",
        "\ufe0f",
        LINE_END,
        "🐼",
        "👨\u200d👩",
        "aB",
        "XMLHttp",
        "1,000",
        "3，500",
    ),
    *("\ud800", "\0", "\uffff"),
)
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(st.characters(), max_size=40)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("数字\u2028化转\u2028型", "数字化转型"),
        ("数字 \u2028 化", "数字化"),
        ("转型，\u2028完成", "转型,完成"),
        ("数字\u2028\u2028化", "数字\n化"),  # an empty line
        ("数字\u2028　　化", "数字\n化"),  # an indented one
        ("machine\u2028learning 与\u2028AI", "machine learning 与 ai"),
        ("数字\n化", "数字\n化"),  # paragraphs
        ("数 字 化 转 型", "数字化转型"),
        ("数 字 化 ， 转 型 。", "数字化,转型。"),
        ("数 字 \u2028化 转", "数字化转"),
        ("数　字　化", "数字化"),
        ("数 字", "数 字"),  # two are a list
        ("数字 化 转 型 城市", "数字 化转型 城市"),
        ("甲 ， 乙", "甲 , 乙"),
        ("北\u200b京\ufeff", "北京"),
        ("葛\U000e0100城", "葛城"),
        ("soft\u00adware", "software"),
        ("cafe\u0301 re\u0301sume\u0301", "cafe resume"),
        ("и\u0306", "й"),  # another letter, not an accent
        ("か\u3099き", "がき"),
        ("\u1112\u1161\u11ab", "한"),
        ("oﬃce ß Æ Ⅷ ⑩ ⒈ ⑴ ❿ ㎡", "office ss ae viii 10 1 1 10 m2"),
        ("½ ℃ … ™", "½ ℃ … ™"),
    ],
)
def test_what_is_read(text: str, reading: str) -> None:
    assert read(text).text == reading


@pytest.mark.parametrize(
    ("text", "stretch", "written"),
    [
        ("他说数字\u2028化。", "数字化", "数字\u2028化"),
        ("数 字 化", "字化", "字 化"),
        ("喝cafe\u0301了", "cafe", "cafe\u0301"),
        ("在oﬃce里", "office", "oﬃce"),
        ("葛\U000e0100城", "葛", "葛\U000e0100"),
        ("普通", "通", "通"),
    ],
)
def test_places_in_the_text_as_shown(text: str, stretch: str, written: str) -> None:
    reading = read(text)
    start = reading.text.index(stretch)
    assert text[slice(*reading.span(start, start + len(stretch)))] == written


@given(texts)
def test_what_holds_for_every_reading(text: str) -> None:
    reading = read(text)
    assert LINE_END not in reading.text
    assert reading.points().tolist() == [ord(char) for char in reading.text]
    assert reading.shifted or reading.text == fold(text)
    assert list(reading.seams) == sorted(set(reading.seams))
    assert all(0 < at < len(reading.text) for at in reading.seams)
    if reading.starts is None or reading.ends is None:
        assert len(reading.text) == len(text)
        return
    assert len(reading.starts) == len(reading.ends) == len(reading.text)
    assert (reading.starts < reading.ends).all()
    assert (np.diff(reading.starts) >= 0).all()
    assert (np.diff(reading.ends) >= 0).all()


@given(texts)
def test_reading_twice_changes_nothing_more(text: str) -> None:
    assert spelt(spelt(text)) == spelt(text)


@given(texts)
@example("上 上， 上")
@example("上\t“海”\t上")
def test_the_short_way_reads_as_the_long_way(text: str) -> None:
    """What says nothing, put in anywhere but after a letter's mark, changes nothing."""
    plain = read(text)
    other = read(text + "\u200b")
    assert other.text == plain.text
    assert other.seams == plain.seams


@given(st.lists(st.sampled_from("上海数字化转型的智能工厂"), min_size=3, max_size=20))
def test_spaced_out_and_wrapped_texts_read_as_the_text(characters: list[str]) -> None:
    text = "".join(characters)
    assert read(" ".join(characters)).text == read(LINE_END.join(characters)).text == read(text).text


@given(texts)
def test_shape_keeps_white_space(text: str) -> None:
    shape, starts, _ = shaped(text)
    assert [char for char in shape if char in " \n\t"] == [char for char in text if char in " \n\t"]
    assert starts is None or len(starts) == len(shape)
    assert not any(unicodedata.category(char) == "Cf" and char in "\u200b\ufeff\u00ad" for char in shape)


@pytest.mark.parametrize(
    ("text", "seams"),
    [
        ("userName", (4,)),
        ("XMLHttpRequest", (3, 7)),
        ("中文getUserById 与 iPhone", (5, 9, 11, 17)),
        ("3，500与3,500", (1,)),
        ("NASA 与 Linux", ()),
        ("\u200buserName", (4,)),
    ],
)
def test_seams(text: str, seams: tuple[int, ...]) -> None:
    assert read(text).seams == seams


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("她看著窗外", "她看着窗外"),
        ("著急地等著", "着急地等着"),
        ("著名的著作，专著、显著", "著名的著作,专著、显著".replace(",", "，")),
        ("鲁迅 著", "鲁迅 著"),
        ("见微知著", "见微知著"),
        ("瞭解与瞭望", "了解与瞭望"),
        ("藉由，狼藉，慰藉", "借由，狼藉，慰藉"),
    ],
)
def test_variants_in_context(text: str, meant: str) -> None:
    assert in_context(text) == meant


@pytest.mark.parametrize(
    "piece",
    ["甲 ", " ", f"{LINE_END} ", "e\u0301\u0301", "\u200b", "，", "aB", "1，", "　", "甲 ， ", "著", "\u1112\u1161"],
)
def test_long_texts_of_anything(piece: str) -> None:
    assert read(piece * 20_000).text is not None
    assert read("甲" + piece * 20_000 + "x").text is not None


@given(st.lists(texts, max_size=6))
def test_many_texts_are_read_as_each_of_them(several: list[str]) -> None:
    assert read_all(several) == [read(text).text for text in several]
