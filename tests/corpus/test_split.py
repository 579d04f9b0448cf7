"""Novels by chapters, corpora by lines."""

# ruff: noqa: E501  # samples as they are
from __future__ import annotations

import pytest

from cnsearch.corpus.entries import ReadOptions
from cnsearch.corpus.posts import PostFile
from cnsearch.corpus.readers import read_file
from cnsearch.corpus.split import chapter_heading
from cnsearch.model import Article

NOVEL = """江边旧事

作者：周渔

目录
第一章 渡口
第二章 夜雨

第一卷 春

第一章 渡口

　　船家姓周。第一章里他还年轻。

第二章　夜雨
　　雨下了三天。

第二卷 秋
第一章 归人
　　他回来了。
尾声
　　江水照流。
"""


def parts(text: str, split: str, name: str = "旧/江边旧事.txt") -> list[Article]:
    data = text.encode()
    reading = read_file(data, PostFile(name, f"/x/{name}", len(data), 0), ReadOptions(split=split))
    found = [entry.made for entry in reading.entries]
    assert all(isinstance(one, Article) for one in found)
    return [one for one in found if isinstance(one, Article)]


def test_chapters() -> None:
    found = parts(NOVEL, "chapter")
    assert [one.id.partition("#")[2] for one in found] == [
        "0",
        "第一卷 春 第一章 渡口",
        "第一卷 春 第二章 夜雨",
        "第二卷 秋 第一章 归人",
        "第二卷 秋 尾声",
    ]
    assert found[1].title == "江边旧事 第一卷 春 第一章 渡口"
    assert found[1].paragraphs == ("船家姓周。第一章里他还年轻。",)
    assert "作者：周渔" in found[0].paragraphs
    assert found[4].paragraphs == ("江水照流。",)


def test_a_text_without_chapters_is_one_article() -> None:
    (whole,) = parts("第一回合他就输了。\n\n后来也没有赢。\n", "chapter", "a.txt")
    assert whole.id == "a.txt"


def test_lines() -> None:
    found = parts("甲句。\n\n  乙句。\n", "line", "c.txt")
    assert [(one.id, one.title, one.paragraphs) for one in found] == [
        ("c.txt#1", "甲句。", ("甲句。",)),
        ("c.txt#3", "乙句。", ("乙句。",)),
    ]
    assert parts("甲\n\n乙\n", "line", "c.md")[0].id == "c.md"  # Markdown is not split by lines


@pytest.mark.parametrize(
    "line",
    ["第一章", "　　第十二回 风雪", "正文 第3章 归来", "第１２章：夜", "# 第一章 起", "【第一章】风", "Chapter 1", "CHAPTER XII The End",
     "楔子", "卷三", "第二卷 春", "第一百零八章 聚义！", "番外 一"],
)  # fmt: skip
def test_headings(line: str) -> None:
    assert chapter_heading(line)


@pytest.mark.parametrize(
    "line",
    ["第一章讲的是一个人。后来他走了。", "第一回合结束", "他读到第一章", "第一章节的内容", "序列号", "Chapters", "第二部分", "", " ",
     "第一章，他起身，看了看天，走了", "x" * 10_000, "第一回到家"],
)  # fmt: skip
def test_sentences_are_no_headings(line: str) -> None:
    assert chapter_heading(line) is None
