"""How the text of a run of words is cut."""

import doctest

import pytest

from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.search.planning import cutting

TOKENIZER = WordTokenizer()


def test_examples_of_the_docstrings() -> None:
    assert doctest.testmod(cutting).failed == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("数 字 化 转 型", "数字化转型"),
        ("鼎 猫 灯", "鼎 猫 灯"),
        ("u 盘", "u盘"),
        ("9 月 1 日", "9月1日"),
        ("iphone 14 壳", "iphone 14 壳"),
        ("的 a", "的 a"),
        ("ab 甲", "ab 甲"),
        ("12345 甲", "12345 甲"),
    ],
)
def test_what_is_spaced_out_is_closed_up(text: str, expected: str) -> None:
    assert cutting.closed_up(text, TOKENIZER) == expected


@pytest.mark.parametrize(
    ("text", "coarse", "loose"),
    [
        ("数字化转型", ["数字化", "转型"], []),
        ("95后", ["95后"], ["95后"]),
        ("歼-20 战斗机", ["歼-20", "战斗机"], ["歼-20"]),
        ("薛祥", ["薛祥"], ["薛祥"]),
        ("城 数字", ["城", "数字"], ["城"]),
        ("城。数字", ["城", "数字"], []),
        ("linux s-300", ["linux", "s-300"], []),
    ],
)
def test_what_is_cut_into_single_characters_is_one(text: str, coarse: list[str], loose: list[str]) -> None:
    texts, runs = cutting.with_loose_runs(text, cutting.grouped(text, TOKENIZER))
    assert [some[-1] for some in texts] == coarse
    assert runs == set(loose)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("人工智能会取代程序员吗", True),
        ("为什么 上海", False),
        ("自动提取代码库标签", False),
        ("我们今天上午在上海开会讨论数字化转型问题", True),
        ("上海 北京 数字 转型 城市 规划 高铁 工厂 智能", False),
    ],
)
def test_sentences(text: str, sentence: bool) -> None:
    assert cutting.is_sentence(text, cutting.grouped(text, TOKENIZER)) is sentence
