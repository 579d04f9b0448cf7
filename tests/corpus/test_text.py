"""White space, and the examples in the docstrings."""

import doctest
import importlib

import pytest

from cnsearch.corpus.text import one_line, visible
from cnsearch.corpus.wraps import unwrapped_lines


@pytest.mark.parametrize(
    "name",
    [
        "boilerplate",
        "clean",
        "dates",
        "elements",
        "front_matter",
        "markdown_inline",
        "markup",
        "posts",
        "reader",
        "text",
    ],
)
def test_examples_in_docstrings(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"cnsearch.corpus.{name}")).failed == 0


def test_invisible_characters() -> None:
    assert visible("a\x00\u200b\ufeff\u00ad\ud800\x1b[1m\u202eb\n\tc") == "a[1mb\n\tc"
    assert visible("❤\ufe0f\u200d🔥 👩\u200d👧 中\u200d文 a\u200d") == "❤\ufe0f\u200d🔥 👩\u200d👧 中文 a"
    assert one_line(" 中\n文 \u200b ") == "中文"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("短行\n短行", ["短行", "短行"]),
        ("字" * 30 + "\n" + "尾", ["字" * 30 + "尾"]),
        ("字" * 29 + "。\n" + "尾", ["字" * 29 + "。", "尾"]),
        ("字" * 29 + "\n" + "尾", ["字" * 29, "尾"]),
        ("字" * 30 + "\n\n" + "尾", ["字" * 30, "尾"]),
        ("字" * 30 + "\n- 项", ["字" * 30, "- 项"]),
        ("字" * 30 + "\n2、项", ["字" * 30, "2、项"]),
        ("w" * 60 + "\nword", ["w" * 60 + " word"]),
        ("w" * 59 + "\nword", ["w" * 59, "word"]),
        ("", []),
    ],
)
def test_only_wrapped_lines_are_joined(text: str, expected: list[str]) -> None:
    assert unwrapped_lines(text) == expected
