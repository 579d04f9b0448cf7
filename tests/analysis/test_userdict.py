"""User dictionaries: what a file may say, and that one tokenizer's words are nobody else's."""

from pathlib import Path

import jieba
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jieba import finalseg

from cnsearch.analysis.tokenizer import ENGINES, WordTokenizer
from cnsearch.analysis.userdict import MAX_FREQUENCY_DIGITS, UserDictionary
from cnsearch.errors import CorpusError


@given(st.text(st.sampled_from("云数字化#＃0１ \u3000\t\n\r\x0b\u2028\ufeff龍A")))
def test_what_was_read_is_read_back_from_the_dump(text: str) -> None:
    try:
        dictionary = UserDictionary.parse(text)
    except CorpusError:
        return
    again = UserDictionary.parse(dictionary.dump())
    assert again == dictionary
    assert again.digest == dictionary.digest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("云计算\n", (("云计算", None),)),
        ("雲計算 5 n\r\n", (("云计算", 5),)),
        ("云计算 n", (("云计算", None),)),
        ("云计算　１０", (("云计算", 10),)),
        ("# 注\n＃ 全角的注\n\n  云计算", (("云计算", None),)),
        ("云计算 1\n雲計算 2", (("云计算", 2),)),
        ("乙\n甲", (("乙", None), ("甲", None))),
        ("甲\n乙", (("乙", None), ("甲", None))),
        ("", ()),
    ],
)
def test_parse(text: str, words: tuple[tuple[str, int | None], ...]) -> None:
    assert UserDictionary.parse(text).words == words


@pytest.mark.parametrize("line", ["云 计 算", "云计算 3 n n", "云计算 n 3", "云计算 " + "9" * 5000, "云计算 3 4"])
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(CorpusError) as caught:
        UserDictionary.parse(f"好词\n{line}\n", name="词典.txt")
    assert caught.value.path == "词典.txt:2"
    assert "word [frequency] [tag]" in caught.value.reason


def test_the_greatest_frequency_is_taken_by_both_engines() -> None:
    words = UserDictionary.parse("字化转 " + "9" * MAX_FREQUENCY_DIGITS)
    for engine in ENGINES:
        assert "字化转" in WordTokenizer(engine, words).terms("数字化转型")


def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("云计算", encoding="utf-8-sig")
    assert UserDictionary.load(path).words == (("云计算", None),)


def test_the_digest_tells_dictionaries_apart() -> None:
    texts = ["", "甲乙", "甲乙 1", "甲乙 2", "甲乙\n丙丁"]
    assert len({UserDictionary.parse(text).digest for text in texts}) == len(texts)
    assert UserDictionary().digest == ""
    assert UserDictionary.parse("乙\n甲").digest == UserDictionary.parse("甲\n乙").digest


def test_words_stay_out_of_the_dictionaries_of_the_process() -> None:
    words = UserDictionary.parse("上海全面\n和服务 0")
    before = set(finalseg.Force_Split_Words)
    own = [WordTokenizer(engine, words) for engine in ENGINES]
    assert all("上海全面" in tokenizer.terms("上海全面推进产品和服务") for tokenizer in own)
    assert "上海全面" not in jieba.lcut("上海全面推进", HMM=False)
    assert "上海全面" not in jieba.dt.FREQ
    assert before == finalseg.Force_Split_Words
    for engine in ENGINES:
        assert WordTokenizer(engine).terms("上海全面推进") == ["上海", "全面", "推进"]
