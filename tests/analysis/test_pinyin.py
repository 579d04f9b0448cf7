"""Readings of Chinese words, and what letters may stand for them."""

import doctest
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.analysis import pinyin


def test_examples_of_the_docstrings() -> None:
    assert doctest.testmod(pinyin).failed == 0


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("数字化转型", "shu zi hua zhuan xing"),
        ("重庆", "chong qing"),
        ("重要", "zhong yao"),
        ("银行", "yin hang"),
        ("行走", "xing zou"),
        ("长城", "chang cheng"),
        ("生长", "sheng zhang"),
        ("旅行", "lv xing"),
        ("战略", "zhan lve"),
        ("女儿", "nv er"),
        ("c919大飞机", "c 9 1 9 da fei ji"),
        ("linux 内核", "l i n u x nei he"),
        ("……", ""),
    ],
)
def test_reading_of_a_word(word: str, sounds: str) -> None:
    assert [pinyin.spelled(reading) for reading in pinyin.readings(["甲", word])] == ["jia", sounds]


def test_a_reading_may_be_any_of_a_character() -> None:
    assert "chong xin" in {pinyin.spelled(reading) for reading in pinyin.possible_readings("重新")}
    assert "zhong xin" in {pinyin.spelled(reading) for reading in pinyin.possible_readings("重新")}
    assert len(pinyin.possible_readings("重" * 12)) <= 81
    assert pinyin.possible_readings("a") == []


@given(st.text("abcdeghinosuvxz", max_size=4))
def test_sounds_that_begin_so_are_a_range(prefix: str) -> None:
    first, stop = pinyin.sound_range(prefix)
    sounds = pinyin._tables().sounds
    assert sounds == sorted(sounds)
    inside = {sound for sound in sounds if first <= pinyin.code_of(sound) < stop}
    assert inside == {sound for sound in sounds if sound.startswith(prefix)}


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("shuzi", "shuzi"),
        ("xi'an", "xi'an"),
        ("shu zi  hua ", "shu'zi'hua"),
        ("lü", "lv"),
        ("c919", "c919"),
        ("'", None),
        ("", None),
        ("数zi", None),
        ("s-300", None),
    ],
)
def test_what_may_be_pinyin(text: str, letters: str | None) -> None:
    assert pinyin.typed(text) == letters


def slow_splits(letters: str) -> Iterator[list[str]]:
    """Every way to cut the letters into syllables, in whole ones only."""
    letters = letters.removeprefix("'")
    if not letters:
        yield []
    for end in range(1, len(letters) + 1):
        syllable = re.sub("^([ln])ue$", r"\1ve", letters[:end])
        if pinyin.is_syllable(syllable):
            for rest in slow_splits(letters[end:]):
                yield [syllable, *rest]


@given(st.lists(st.sampled_from(["shu", "zi", "xi", "an", "xian", "lue", "e", "zhuang", "'", "n", "g"]), max_size=6))
def test_splits_are_all_there_are(parts: list[str]) -> None:
    letters = re.sub("'+", "'", "".join(parts)).strip("'")
    expected = sorted((" ".join(one) for one in slow_splits(letters)), key=lambda one: (one.count(" "), one))
    found = [pinyin.spelled(reading) for reading in pinyin.splits(letters)]
    assert sorted(found, key=lambda one: (one.count(" "), one)) == (expected if letters else [""])
    assert [reading.count(" ") for reading in found] == sorted(reading.count(" ") for reading in found)


def test_letters_without_end_take_no_time() -> None:
    assert len(pinyin.splits("xian" * 50)) == pinyin.MAX_SPLITS
    assert pinyin.splits("xian" * 50 + "x") == []
