"""Lines of a terminal: none is too wide, nothing is lost, and they break where people would break them."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wcwidth import iter_graphemes, wcswidth

from cnsearch.analysis.scripts import JOINED_WORD
from cnsearch.faces.wrapping import _COLUMNS, CLOSING, OPENING, wrapped
from cnsearch.model import printable

WIDTH = 20
STYLES = re.compile("\x1b\\[[0-9;]*m")
PIECES = (
    *"产品和服务人工智能。，、；：？！）》」』】〉”’（《「『【〈“‘…%,.;:!?)]}([{'\"-/ 　",
    *(
        "hairyfeet",
        "S-400",
        "C++",
        "node.js",
        "AT&T",
        "1,000",
        "3.5%",
        "don't",
        "a_b",
        "e\u0301",
        "한국",
        "かな",
        "x" * 30,
    ),
    *("🐼", "👍🏽", "❤️", "1️⃣", "𠮷", "字\u0301", "ｶﾞ", "नमस्ते", "กำ", "\u0301"),
)
texts = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("普洱、保山的咖啡豆，、临沧", ["普洱、保山的咖啡", "豆，、临沧"]),
        ("浸润轻轻摇香再冲到七。看芽叶", ["浸润轻轻摇香再冲", "到七。看芽叶"]),
        ("他们后来的导弹叫《红旗》", ["他们后来的导弹叫", "《红旗》"]),
        ("后来的导弹是S-400它的后辈", ["后来的导弹是S-400", "它的后辈"]),
        ("一二三四五六七hairyfeet", ["一二三四五六七", "hairyfeet"]),
        ("一二三四五六七C++", ["一二三四五六七C++"]),
        ("一二三四五六七八C++", ["一二三四五六七八", "C++"]),
        ("中文" + "x" * 30, ["中文" + "x" * 13, "x" * 17]),
        ("one two three four five", ["one two three", "four five"]),
        ("", []),
        ("   ", []),
        ("，" * 12, ["，" * 8, "，" * 4]),
    ],
)
def test_where_lines_break(text: str, lines: list[str]) -> None:
    assert wrapped(text, 17) == lines


@given(texts)
@example("1️⃣" * 12)
def test_lines_fit_and_nothing_is_lost(text: str) -> None:
    lines = wrapped(text, WIDTH)
    assert all(wcswidth(line) <= WIDTH for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(line == line.strip() and line for line in lines)


@given(texts)
def test_the_rules_hold_where_a_line_has_room(text: str) -> None:
    """The twin: every place where a line ends, looked at in the text."""
    text = re.sub(r"\s+(?=[^\w\s])|(?<=[^\w\s])\s+", "", text)  # else what is held together is long too often
    lines = wrapped(text, WIDTH)
    inside = {at for found in re.finditer(JOINED_WORD, text) for at in range(found.start() + 1, found.end())}
    if any(wcswidth(block) > WIDTH for block in re.findall(rf"(?:{JOINED_WORD}|[^\w\s])+", text)) or not lines:
        return
    at = text.index(lines[0])
    for line, following in pairwise(lines):
        assert line[-1] not in OPENING
        assert following[0] not in CLOSING
        at = text.index(following, at + len(line))
        assert at not in inside


@given(texts)
def test_lines_are_as_long_as_they_may_be(text: str) -> None:
    """Of text without anything to keep together, which breaks anywhere."""
    plain = re.sub(r"[^一-鿿]", "", text)
    assert wrapped(plain, WIDTH) == [plain[at : at + WIDTH // 2] for at in range(0, len(plain), WIDTH // 2)]


styled = st.lists(st.sampled_from([*PIECES, *["\x1b[1m", "\x1b[1;31m", "\x1b[0m"] * 8]), max_size=60).map("".join)


@given(styled)
def test_colours_take_no_room_and_end_with_each_line(text: str) -> None:
    plain = wrapped(STYLES.sub("", text), WIDTH)
    lines = wrapped(text, WIDTH)
    assert [STYLES.sub("", line) for line in lines] == plain
    assert colours("".join(lines)) == colours(text)
    for line in lines:
        assert "\x1b" not in line or colours(line + "x")[-1][1] == ()


def colours(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Each visible character with the colours that it has."""
    found = []
    active: tuple[str, ...] = ()
    for part in re.split("(\x1b\\[[0-9;]*m)", text):
        if STYLES.fullmatch(part):
            active = () if part == "\x1b[0m" else (*active, part)
        else:
            found += [(char, active) for char in part if not char.isspace()]
    return found


@given(texts, st.integers(1, 4))
@example("产产产产产产产产产1,0001,000a_b。。", 2)
def test_a_most_of_lines(text: str, most: int) -> None:
    all_lines = wrapped(text, WIDTH, first="1. ", indent="   ")
    lines = wrapped(text, WIDTH, first="1. ", indent="   ", max_lines=most)
    assert all(wcswidth(line) <= WIDTH for line in lines)
    if len(all_lines) <= most:
        assert lines == all_lines
    else:
        assert len(lines) == most
        assert lines[:-1] == all_lines[: most - 1]
        assert lines[-1].endswith("…")
        assert all_lines[most - 1].startswith(lines[-1].removesuffix("…"))


@given(st.text(st.characters(exclude_categories=["Mn", "Mc", "Cs"])))  # what is Indian may be wider than its parts
@example("000000000000000000\U000119d1⺀")
def test_any_text(text: str) -> None:
    clean = printable(text)
    lines = wrapped(clean, WIDTH)
    assert all(wcswidth(line) <= WIDTH for line in lines)
    assert "".join("".join(lines).split()) == "".join(clean.split())


def test_what_needs_no_wcwidth_is_what_it_would_say() -> None:
    known = "".join(_COLUMNS)
    assert {char: wcswidth(char) for char in known} == _COLUMNS
    for text in (known, known[::-1]):
        assert wcswidth(text) == sum(_COLUMNS.values())
        assert list(iter_graphemes(text)) == list(text)


def test_the_lines_of_plain_news_do_not_load_wcwidth() -> None:
    code = "import sys; from cnsearch.faces import wrapping; wrapping.wrapped(sys.argv[1], 20); print(*sys.modules)"
    said = [subprocess.check_output([sys.executable, "-c", code, text], text=True, encoding="utf-8") for text in TEXTS]
    assert ["wcwidth" in line.split() for line in said] == [False, True]


TEXTS = ("“数字化”与 S-300……达到 3.5%，同比增长。", "한국어 e\u0301")
