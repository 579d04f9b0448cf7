"""The compiled kernels of excerpts mark the same characters as the plain code, and show the same stretches."""

from __future__ import annotations

import random
from typing import Any

import pytest

from cnsearch import kernels
from cnsearch.analysis.reading import LINE_END, read
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.search.characters import compiled_characters
from cnsearch.search.edges import EDGES
from cnsearch.search.snippet import Highlighter

if kernels.searching() is None:
    pytest.skip("there are no compiled kernels here", allow_module_level=True)

TOKENIZER = WordTokenizer()
PIECES = (
    "数字化 转型 数字化转型 和服 产品和服务 人工智能 孔明借箭 草船借箭 上海 的 了 3D打印 卡拉OK T恤 甲 "
    "wi-fi WiFi userName getUserById iPhone15 S-300 node.js 3,500.00 1,000 2021-10-27 python3.10 C++ .NET "
    "databases database running U.S.A Ａｐｐｌｅ été naïve https://example.org/a_b Οδός が ガ 漢字"
).split()
SIGNS = ["，", "。", "、", "\n", " ", "", "", ",", ".", "!", "：", "“", "”", "（", "\u3000", "；", "…", "🔥", "$", "-"]
ODD = ["\u200b", "Ⅷ", "ﬁ", "①", LINE_END, "e\u0301", "看著", "数 字 化 转 型", "1\ufe0f\u20e3", "か\u3099"]


def text_of(rnd: random.Random) -> str:
    signs = SIGNS + ODD if rnd.random() < 0.5 else SIGNS
    pieces = rnd.sample(PIECES, rnd.randrange(1, 25))
    return "".join(rnd.choice(pieces) + rnd.choice(signs) for _ in range(rnd.choice([0, 1, 5, 40, 300])))


def highlighter_of(rnd: random.Random) -> Highlighter:
    words = [term for piece in rnd.sample(PIECES, rnd.randrange(1, 6)) for term in TOKENIZER.terms(read(piece).text)]
    if rnd.random() < 0.4:
        words += ["=databas", "=run"]
    some = [read(piece).text for piece in rnd.sample(PIECES, 4)]
    weight = random.Random(1).random
    return Highlighter(
        TOKENIZER,
        {word: 0.1 + 5 * weight() for word in words},
        {text: weight() for text in some[: rnd.randrange(3)]},
        {},
        {text: weight() for text in some[2 : 2 + rnd.randrange(3)]},
        parts=rnd.random() < 0.6,
        num_fragments=rnd.randrange(1, 6),
        fragment_chars=rnd.choice([1, 10, 40, 80, 300]),
    )


@pytest.mark.parametrize("seed", range(8))
def test_what_is_marked_and_what_is_shown(seed: int) -> None:
    rnd = random.Random(seed)
    shown = 0
    for _ in range(60):
        highlighter, text = highlighter_of(rnd), text_of(rnd)
        matcher = highlighter._matcher
        compiled = matcher.compiled(EDGES)
        assert compiled is not None
        numbers = list(matcher._weights)
        found = [(start, end, numbers[number]) for start, end, number in compiled.matches(text)]
        assert found == [(match.start, match.end, match.key) for match in matcher.matches(text)], text
        fragments = highlighter._fragments(text)
        assert fragments == [(a, b, list(marked)) for a, b, marked in highlighter._fragments_plainly(text)], text
        shown += len(fragments)
    assert shown > 40


def test_more_matches_than_are_looked_at() -> None:
    text = ("数字化，" * 1_300 + "\n") + "转型与上海。" * 1_200 + "wi-fi " * 1_100
    for substrings in ({}, {"转型": 2.0}):
        terms = {"数字化": 1.0, "数字": 0.5, "转型": 3.0, "wi": 0.1, "上海": 2.0}
        highlighter = Highlighter(TOKENIZER, terms, substrings, {})
        compiled = highlighter._matcher.compiled(EDGES)
        assert compiled is not None
        plain = [(match.start, match.end) for match in highlighter.matches(text)]
        assert [match[:2] for match in compiled.matches(text)] == plain
        assert highlighter._fragments(text) == [(a, b, list(c)) for a, b, c in highlighter._fragments_plainly(text)]


def test_half_a_surrogate_pair_is_left_to_python() -> None:
    highlighter = Highlighter(TOKENIZER, {"数字": 1.0}, {}, {})
    assert highlighter.title("\ud800数字").highlights == ((1, 3),)
    assert highlighter.snippet("\ud800数字").fragments[0].highlights == ((1, 3),)
    assert Highlighter(TOKENIZER, {"\ud800": 1.0}, {}, {}).title("数字").highlights == ()


def test_what_asking_raises_comes_through() -> None:
    def fails(*_: object) -> None:
        raise KeyError("here")

    characters, segmenter = compiled_characters(), TOKENIZER.compiled
    assert characters is not None
    assert segmenter is not None
    asked: Any = (fails, fails, fails, fails)
    marked = kernels.Marked([("b", 0)], [], [], [("b", [False])], [], True, [1.0], [False], [True], EDGES, asked)
    made = kernels.marker(characters, segmenter, marked)
    for text in ("a1-b", "e\u0301 b", "b ab"):
        with pytest.raises(KeyError, match="here"):
            made.matches(text)
    with pytest.raises(ValueError, match="long fragments"):
        made.fragments("b", 3, 80, 1 << 20)
    assert made.matches("没有") == []
