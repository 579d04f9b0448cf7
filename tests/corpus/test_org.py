"""Notes of Org mode."""

from cnsearch.corpus.org import article_from_org
from cnsearch.model import Article

NOTE = """\
#+TITLE: 修 *渔网* 记
#+DATE: <2021-05-06 Thu 07:08>
#+FILETAGS: :手艺:江边:
#+AUTHOR: 周渔
#+OPTIONS: toc:nil
# 这是注释
* TODO [#A] 准备材料 [1/2] :线:
:PROPERTIES:
:CUSTOM_ID: x
:END:
  SCHEDULED: <2021-05-07 Fri>
麻线要用[[https://example.org][桐油]]浸过，
不然两年就烂。用 C++ 写过 a/b/c 的人也懂。
- [X] 梭子
- 网坠 :: 铅的
** 下水 <2021-05-08 Sat>
#+BEGIN_SRC python -n
* not a heading
print("江")
#+END_SRC
#+BEGIN_QUOTE
老人说：=慢= 就是快。
#+END_QUOTE
| 网目 | 寸 |
|------+----|
| 一指 | 二 |
脚注在此[fn:1]。
#+BEGIN_COMMENT
不要
#+END_COMMENT
-----
: 定宽
"""


def note(text: str, id: str = "笔记/a.org") -> Article:
    return article_from_org(text, id=id, path="/x/a.org")


def test_a_note() -> None:
    article = note(NOTE)
    assert (article.title, article.author, article.tags) == ("修 渔网 记", "周渔", ("手艺", "江边", "线"))
    assert article.date is not None
    assert article.date.isoformat() == "2021-05-05T23:08:00+00:00"
    assert article.paragraphs == (
        "准备材料",
        "麻线要用桐油浸过，不然两年就烂。用 C++ 写过 a/b/c 的人也懂。",
        "梭子",
        "网坠：铅的",
        "下水 2021-05-08",
        "* not a heading",
        'print("江")',
        "老人说：慢 就是快。",
        "网目",
        "寸",
        "一指",
        "二",
        "脚注在此。",
        "定宽",
    )
    assert [article.paragraphs[at] for at in article.headings] == ["准备材料", "下水 2021-05-08"]


def test_a_note_without_keywords_is_named_after_its_file() -> None:
    assert (note("只有一句。").title, note("").paragraphs, note("").title) == ("a", (), "a")


def test_emphasis_only_where_org_has_it() -> None:
    text = "2*3*4 和 a_b_c 与 /斜体/ ，中文*粗体*中文，~代码~。[[file:图.png]] [[章节]]"
    assert note(text).paragraphs == ("2*3*4 和 a_b_c 与 斜体 ，中文粗体中文，代码。 章节",)


def test_what_never_ends_ends_nothing() -> None:
    assert note("#+BEGIN_SRC\n行\n").paragraphs == ("行",)
    assert note(":LOGBOOK:\n* 章\n文").paragraphs == ("章", "文")
    for hostile in ("*" * 100_000, "[[" * 50_000, "*a" * 50_000, "[fn:" * 50_000, "<" * 100_000, "| " * 50_000):
        note(hostile)
