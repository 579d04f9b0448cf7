"""Which bodies are HTML."""

import pytest

from cnsearch.corpus.forms import is_html_post, is_page


@pytest.mark.parametrize(
    "body",
    [
        "<p>一</p>",
        "\n\n<div>   \n<p>一</p>\n\n\n    <p>二</p>\n\n# 行首的井号\n\n- 横线\n</div>\n            ",
        "<div>\n一<br>\n\n## 二<br>\n</div>",
        "<div>\n一\n\n二\n</div>",
        "<h2>节</h2>\n<pre>\n\n# 注释\n\n```\n</pre>\n<p>完</p>",
        "<p>一\n\n<p>二\n\n文字\n",
        "<!-- 注 --><ul><li>一\n\n- 二</ul>",
        "<!DOCTYPE html>\n\n# 一",
        "<table><tr><td>\n\n一\n\n</td></tr></table>",
    ],
)
def test_a_post_of_a_feed_is_html(body: str) -> None:
    assert is_html_post(body)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "一 <b>二</b>",
        "<img src=a>\n\n一",
        "<br>一",
        '<p align="center"><img src="a"></p>\n\n## 节\n\n一',
        "<h1>名</h1>\n\n一段**重点**。",
        "<div>一</div>\n\n- 二\n\n<div>三</div>",
        '<div class="x">\n\n# 节\n\n**一**\n\n</div>',
        "<p>一\n\n```\n二\n```\n",
    ],
)
def test_markdown_that_begins_with_a_tag(body: str) -> None:
    assert not is_html_post(body)


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("<html><p>一", True),
        ("\n <!-- a --> <DIV>一</DIV>", True),
        ("<a href='x'>一</a>", True),
        ("一<br>\n二<br />\n三", True),
        ("<input> 是输入框", False),
        ("用 <p> 分段，用 <br> 换行", False),
        ("一行以 <br>\n结尾\n\n其余不是\n", False),
        ("<名称> 是占位", False),
        ("<b> 是粗体的标签", False),
    ],
)
def test_text_that_is_a_page(text: str, page: bool) -> None:
    assert is_page(text) == page
