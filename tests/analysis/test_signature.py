"""Signatures against the definition written out, and against the similarity that they estimate."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.analysis.fold import code_points, fold
from cnsearch.analysis.scripts import CJK, LETTER
from cnsearch.analysis.signature import MIN_BODY_LETTERS, NUM_BINS, SHINGLE, SIGNATURE_BYTES, signature
from cnsearch.search.collapse import similarity

NOT_LETTER = re.compile(f"[^{CJK}{LETTER}]")
MASK = 0xFFFF_FFFF


def shingles(title: str, body: str) -> set[str]:
    letters = NOT_LETTER.sub("", body)
    if len(letters) < MIN_BODY_LETTERS:
        letters = NOT_LETTER.sub("", title) + letters
    return {letters[at : at + SHINGLE] for at in range(len(letters) - SHINGLE + 1)}


def hashed(shingle: str) -> int:
    value = 0
    for char in shingle:
        value = (value * 0x9E3779B1 + ord(char)) & MASK
    value = (value ^ value >> 16) * 0x85EBCA6B & MASK
    value = (value ^ value >> 13) * 0xC2B2AE35 & MASK
    return value ^ value >> 16


def twin(title: str, body: str) -> bytes:
    least: dict[int, int] = {}
    for value in map(hashed, shingles(title, body)):
        number = value * NUM_BINS >> 32
        least[number] = min(value, least.get(number, value))
    return bytes(least[number] % 255 + 1 if number in least else 0 for number in range(NUM_BINS))


def signature_of(title: str, body: str) -> bytes:
    return signature(code_points(title), code_points(body))


def characters(rnd: random.Random, count: int) -> str:
    return "".join(chr(rnd.randrange(0x4E00, 0x9000)) for _ in range(count))


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 63, 64, 65, 99, 100, 101, 1_000])
def test_as_the_definition_says(count: int) -> None:
    rnd = random.Random(count)
    for title in ("", "上海", "一个长长的标题"):
        body = characters(rnd, count)
        made = signature_of(title, body)
        assert made == twin(title, body)
        assert len(made) == SIGNATURE_BYTES


@given(st.text(max_size=30), st.text(st.sampled_from("上海数字ab1 ，。\n〇々あ한é😀\ud800ꙮ"), max_size=200))
def test_any_text(title: str, body: str) -> None:
    assert signature_of(fold(title), fold(body)) == twin(fold(title), fold(body))


@given(st.text(st.sampled_from("上海数字ab1"), max_size=60), st.randoms(use_true_random=False))
def test_spacing_and_punctuation_do_not_matter(text: str, rnd: random.Random) -> None:
    spread = "".join(char + rnd.choice(["", " ", "，", "\n", "**", "😀"]) for char in text)
    assert signature_of("", spread) == signature_of("", text)


def test_the_title_counts_where_the_body_is_short() -> None:
    body = characters(random.Random(1), MIN_BODY_LETTERS)
    assert signature_of("甲乙丙", body) == signature_of("子丑寅", body)
    assert signature_of("甲乙丙", body[1:]) != signature_of("子丑寅", body[1:])
    assert not any(signature_of("七个汉字", "和"))  # fewer letters than a shingle has
    assert any(signature_of("七个汉字", "和四个字"))


def test_similarity_is_that_of_the_shingles() -> None:
    rnd = random.Random(2)
    errors = []
    for _ in range(300):
        text = characters(rnd, rnd.choice([120, 400, 2_000]))
        start, end = sorted(rnd.sample(range(len(text) + 1), 2))
        other = characters(rnd, rnd.randrange(100)) + text[start:end] + characters(rnd, 100)
        one, two = shingles("", text), shingles("", other)
        rows = np.frombuffer(signature_of("", text) + signature_of("", other), np.uint8).reshape(2, NUM_BINS)
        (found,) = similarity(rows[1:], rows[0])
        errors.append(found - len(one & two) / len(one | two))
    assert abs(np.mean(errors)) < 0.01
    assert np.std(errors) < 0.065  # that of 64 tosses is 0.0625 at most


def test_similarity_leaves_out_what_is_empty_in_both() -> None:
    row = np.zeros(NUM_BINS, np.uint8)
    assert similarity(np.array([row]), row).tolist() == [0.0]
    row[:4] = (7, 8, 9, 10)
    others = np.zeros((3, NUM_BINS), np.uint8)
    others[0, :4] = (7, 8, 9, 10)
    others[1, :4] = (7, 8, 9, 0)
    others[2, :5] = (7, 8, 1, 0, 5)
    assert similarity(others, row).tolist() == [1.0, 0.75, 0.4]
