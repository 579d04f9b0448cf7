"""Markdown: what the small files of the collection do not say. Their expectations are in ``collection/markdown``."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cnsearch.corpus.clean import clean_markdown
from cnsearch.corpus.markdown_inline import inline_html
from cnsearch.corpus.text import unescape


def paragraphs(text: str, *, mdx: bool = False) -> list[str]:
    return list(clean_markdown(text, title="题", mdx=mdx).paragraphs)


MDX = """import Note from "./Note"
import {
  A,
  B,
} from '../b'

export const meta = {
  title: '不显示',
}

# 灯塔 {#top}

<Note kind="tip" onClick={() => go(1)}>守塔人</Note>每天傍晚**点灯**，{props.name} 也在。

<Tabs>
  <TabItem
    value="a"
    label="甲"
  >

  里面的*话*。

  </TabItem>
</Tabs>

{/* 批注 */}

用 `<Note>` 和 `{x}` 写，`import a from 'b'` 是代码：

```jsx
import Note from './Note'
<Note kind="tip">{x}</Note>
```
"""


def test_mdx() -> None:
    assert paragraphs(MDX, mdx=True) == [
        "灯塔",
        "守塔人每天傍晚点灯， 也在。",
        "里面的话。",
        "用 <Note> 和 {x} 写，import a from 'b' 是代码：",
        "import Note from './Note'",
        '<Note kind="tip">{x}</Note>',
    ]


def test_the_first_heading_is_the_title() -> None:
    assert clean_markdown("# 名\n\n文\n\n## 节\n").title == "名"
    assert clean_markdown("# 名\n\n文\n\n## 节\n").headings == (1,)
    late = clean_markdown("前言。\n\n# 名\n\n文\n")
    assert (late.title, late.paragraphs, late.headings) == ("名", ("前言。", "名", "文"), (1,))
    assert clean_markdown("## 节\n\n# 名\n").title == ""
    assert clean_markdown("```\n# 注释\n```\n\n文\n").title == ""
    named = clean_markdown("# 名\n\n文\n", title="别的")
    assert (named.title, named.paragraphs) == ("", ("名", "文"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- 甲\n" * 3 + "\n    - 乙\n", ["甲", "甲", "甲", "乙"]),
        ("> - 甲\n>   1. 乙\n>\n> 丙\n", ["甲", "乙", "丙"]),
        ("<center>图一</center>\n**粗**的话\n", ["图一", "粗的话"]),
        ("<br>\n**粗**的话\n", ["粗的话"]),
        ('<p align="center">\n<img src="a">\n</p>\n**粗**的话\n', ["粗的话"]),
        ("<div>\n**原样**\n</div>\n", ["**原样**"]),
        ("![[图.png]]\n\n{{ x }}\n\n文\n", ["文"]),
        ("[甲](<a b.md>) [乙](./c d.md) [丙]({% link e.md %}) [丁](见下文 第三段)\n", ["甲 乙 丙 [丁](见下文 第三段)"]),
        ("[甲]: /a\n\n[甲][] [甲] [乙][甲] [乙][丙]\n", ["甲 甲 乙 [乙][丙]"]),
        ("上[[#标题]]下[[笔记#^abc123]]尾[[甲/乙|丙]]\n", ["上标题下笔记尾丙"]),
        ("$$ a*b*c $$ 后\n\n\\[ x_1 \\]\n", ["a*b*c 后", "x_1"]),
        ("??? 这不是记号\n\n!!! 这也不是\n", ["??? 这不是记号", "!!! 这也不是"]),
        ("一百%% 的 %%\n\n{% 未完\n\n{{ 未完\n", ["一百", "{% 未完", "{{ 未完"]),
        ("行末 `a\nb` 跨行\n", ["行末 a b 跨行"]),
        ("", []),
        ("\n\n---\n", []),
    ],
)
def test_paragraphs(text: str, expected: list[str]) -> None:
    assert paragraphs(text) == expected


def test_deeply_nested_text_is_not_lost() -> None:
    assert paragraphs(">" * 500 + " 甲") == ["甲"]
    assert paragraphs("- " * 500 + "乙") == ["乙"]
    assert paragraphs("".join("  " * depth + f"- 第{depth}层\n" for depth in range(300))).count("第299层") == 1


_LIBRARY = MarkdownIt("commonmark")


@given(
    st.lists(
        st.sampled_from(
            ["*", "**", "***", "_", "__", " ", "é", "éé,", "(", "`", "``", "\\*", "[é](u)", "<b>", "&amp;", "<", "é"]
        ),
        max_size=14,
    ).map("".join)
)
def test_inlines_are_those_of_the_library(source: str) -> None:
    # Letters that are neither ASCII nor Chinese: for those the rules are CommonMark's without a deviation.
    theirs = re.sub(r"<[^<>]*>", "", _LIBRARY.renderInline(source))
    assert unescape(re.sub(r"<[^<>]*>", "", inline_html(source))) == unescape(theirs)
