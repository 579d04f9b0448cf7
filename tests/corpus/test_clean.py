"""Bodies to paragraphs: what a reader sees, nothing else, and nothing lost."""

import pytest

from cnsearch.corpus.clean import clean_body, clean_html, clean_text
from cnsearch.corpus.forms import Form


def paragraphs(html: str, title: str = "") -> list[str]:
    return list(clean_html(html, title=title).paragraphs)


# Never searchable


@pytest.mark.parametrize(
    "unseen",
    [
        "<script>var a = '<p>脚本</p>';</script>",
        "<SCRIPT type='x'>脚本</SCRIPT >",
        "<style>.脚本&#123;a:b&#125;</style>",
        "<!-- 脚本 -->",
        "<!-- <p>脚本</p> -- > <a>脚本</a> --!>",
        "<!--article_adlist[<p>脚本<!-- 脚本 --></p>]article_adlist-->",
        "<!--[if IE]><p>脚本</p><![endif]-->",
        '<p title="脚本" data-x="脚本>脚本"><img alt="脚本" src="脚本"></p>',
        "<noscript><p>脚本</p></noscript>",
        "<template><p>脚本</p></template>",
        "<svg><title>脚本</title><text>脚本</text><svg></svg>脚本</svg>",
        "<iframe src=x>脚本</iframe>",
        "<object><param name=脚本><embed src=脚本>脚本</object>",
        "<object>" + "<param name=a value=b>脚本" * 300 + "</object>",
        "<video controls>脚本</video><audio>脚本</audio><canvas>脚本</canvas>",
        "<select><option>脚本<option>脚本</select><button><i>脚本</i></button><datalist><option>脚本</datalist>",
        "<title>脚本</title>",
        '<div style="color:red; Display: none">脚本<p>脚本</p></div>',
        "<div hidden><p>脚本</p></div>",
        '<div class="wechat-qrcode"><p>脚本</p></div>',
        '<div id="qr-code">脚本</div>',
        "<math><annotation encoding='application/x-tex'>脚本</annotation></math>",
        "<!DOCTYPE html 脚本>",
        "<?xml version='1.0' 脚本?>",
        "<?xml:namespace prefix=脚本 />",
        "<o:p></o:p><st1:chsdate w:st='脚本'></st1:chsdate>",
        "<mpvoice name='脚本'></mpvoice><mp-common-profile data-nickname='脚本'></mp-common-profile>",
    ],
)
def test_what_no_reader_sees_is_gone_and_its_neighbours_stay(unseen: str) -> None:
    assert paragraphs(f"<p>前文</p>{unseen}<p>后文</p>") == ["前文", "后文"]
    assert "".join(paragraphs(f"<div>前文{unseen}后文</div>")) == "前文后文"


# Nothing lost


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>前</p><!-- 没有尾 <p>后文</p>", ["前", "没有尾", "后文"]),
        ("<p>前</p><!--><p>后文</p><!---><p>尾</p>", ["前", "后文", "尾"]),
        ("<p>前</p><script>var a<p>后文</p>", ["前", "后文"]),
        ("<p>前</p><style>a{b}<div>后文</div>", ["前", "后文"]),
        ("<p>前</p><script src=x /><p>后文</p>", ["前", "后文"]),
        ("<p>前</p><script src=x /><p>后文</p><script>y</script>", ["前", "后文"]),
        ("<p>前</p><iframe src=x /><p>后文</p><iframe src=y></iframe>", ["前", "后文"]),
        ("<p>前</p><iframe src=x /><p>后文</p>", ["前", "后文"]),
        ("<p>前</p><iframe src=x><p>后文</p>", ["前", "后文"]),
        ("<p>前</p><video src=x><p>后文</p><video src=y></video><p>尾</p>", ["前", "后文", "尾"]),
        ("<svg><p>前</p></video><p>后文</p>", ["前", "后文"]),
        ("<object>" + "<p>很长的文章。</p>" + "字" * 5000 + "</object>", ["很长的文章。", "字" * 5000]),
        ('<div><div class="qrcode">扫码<p>' + "没有关上的块。" * 100 + "</p></div>", ["扫码", "没有关上的块。" * 100]),
        ('<div style="display:none"><p>展开全文之后的文章</p></div><p>展开</p>', ["展开全文之后的文章", "展开"]),
        ("<div><p>前</div></span></p>后文</b><p>尾", ["前", "后文", "尾"]),
        ("</div>前</div><p>后文</body></html>尾", ["前", "后文", "尾"]),
        ("<html><head><title>题</title></head><body class=x>前<p>后文</p></body></html>", ["前", "后文"]),
        ("<body>前</body>后文<html><body>尾</html>", ["前", "后文", "尾"]),
        ("<b><p>前</b>后文<i><div>尾</i></div>", ["前后文", "尾"]),
        ("<![CDATA[<p>前</p><p>后文</p>]]>", ["前", "后文"]),
        ("<![if !IE]><p>前</p><![endif]>", ["前"]),
        ("<p>前</p", ["前"]),
        ("<xmp><b>前</b></xmp><p>后文", ["前", "后文"]),
        ("<plaintext>前<p>后文", ["前", "后文"]),
        ("<p>前</p><scr<!-- x -->ipt>中</script><p>后文</p>", ["前", "<script>中", "后文"]),
        ("<textarea>a\n b</textarea>", ["a", "b"]),
        ("<figure><img alt=x><figcaption>图说</figcaption></figure>", ["图说"]),
        ("<details><summary>摘要</summary>细节</details>", ["摘要", "细节"]),
        ("<label>标</label><input value=x><meter>结果</meter>", ["标结果"]),
        ("<table><caption>表</caption><tr><th>甲</th></tr></table>", ["表", "甲"]),
        ("<form><fieldset><legend>名</legend>文</fieldset></form>", ["名", "文"]),
        ("<math><mi>x</mi><mo>=</mo><mn>2</mn></math>", ["x=2"]),
        ("<p>H<sub>2</sub>O x<sup>2</sup></p>", ["H2O x2"]),
    ],
)
def test_broken_markup_loses_nothing(html: str, expected: list[str]) -> None:
    assert paragraphs(html) == expected


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("for (i = 0; i < editor.rows; i++)", "for (i = 0; i < editor.rows; i++)"),
        ("(?t<=15)和a<b的值", "(?t<=15)和a<b的值"),
        ("如果 a<b 且 c>d，则", "如果 a<b 且 c>d，则"),
        ("i <b and c> d", "i <b and c> d"),
        ("5 <中文 <- <3 <> <<", "5 <中文 <- <3 <> <<"),
        ("List<String> 与 Map<K, V> 与 new ArrayList<>()", "List<String> 与 Map<K, V> 与 new ArrayList<>()"),
        ("$<HTMLElement>(document, '.foo')", "$<HTMLElement>(document, '.foo')"),
        ("std::vector<std::string> v", "std::vector<std::string> v"),
        ("git add <file>，见 <https://example.com> 和 <me@example.com>", None),
        (
            "<dependency>\n<version>3.0.0</version>\n</dependency>",
            "<dependency> <version>3.0.0</version> </dependency>",
        ),
        ("a <! b <? c", "a <! b <? c"),
        ("<?php echo 1; ?>", "<?php echo 1; ?>"),
        ("&lt;script&gt;标签&lt;/script&gt;", "<script>标签</script>"),
        ("&amp;lt; &amp;#123; &#123;&#125; AT&T a&b=c", "&lt; &#123; {} AT&T a&b=c"),
        ("不用的结尾</twitterwidget>没有了", "不用的结尾没有了"),
        ("<", "<"),
        ("a<", "a<"),
    ],
)
@pytest.mark.parametrize("frame", ["<p>{}</p>", "<p><code>{}</code></p>", "<table><tr><td>{}</td></tr></table>"])
def test_a_sign_that_opens_no_tag_is_text(html: str, text: str | None, frame: str) -> None:
    assert paragraphs(frame.format(html)) == [text or html]


@pytest.mark.parametrize(
    "html",
    [
        "<b class=x>粗</b>体",
        "<b>粗</b><i/>体",
        '<b\nclass = "a<b" >粗</b>体',
        "<span style>粗</span ><font>体</font>",
        "<p label='图' classname=x style>粗体",
        "<A HREF='x?a=1&b=2'>粗</A>体",
        "<foo-bar x='1'>粗</foo-bar>体",
        "粗<wbr>体<img alt>",
    ],
)
def test_tags_are_tags(html: str) -> None:
    assert paragraphs(html) == ["粗体"]


# Words and lines


@pytest.mark.parametrize(
    "html",
    [
        "高速<a class='project-link' href='x'>运动时</a>可能",
        "高速<span></span>运动时<span> </span>可能".replace("<span> </span>", "<span></span>"),
        "高<b>速<i>运</i>动</b>时可能",
        "高速运动\n        时可能",
        "高速运动\r\n时可能",
        "高速\n<b>运动</b>\n时可能",
        "高速运动\u200b时\ufeff可\u00ad能",
        "高速运动&#8203;时&shy;可&#65279;能",
        "高速<!-- x -->运动时可能",
        "高速<img src=x>运动时可能",
        "<font>高速</font><font>运动时可能</font>",
        "<ruby>高速<rt>gāosù</rt></ruby>运动时可能",
        "<ruby>高<rp>(</rp><rt>gāo</rt><rp>)</rp>速<rt>su</rt></ruby>运动时可能",
        "<ruby><rb>高<rt>こう</rt><rb>速<rt>そく</rt></ruby>运动时可能",
    ],
)
def test_words_are_not_cut(html: str) -> None:
    assert paragraphs(f"<p>{html}</p>") == ["高速运动时可能"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("　　缩进\u00a0与  空格\t和　全角　", "缩进 与 空格 和 全角"),
        ("为 GPU \n加速", "为 GPU 加速"),
        ("hard\nline <i>break</i>\n here", "hard line break here"),
        ("逗号，\nGPU", "逗号，GPU"),
        ("一千\n2020年", "一千 2020年"),
        ("한국어\n단어", "한국어 단어"),
        ("かな\nカナ", "かなカナ"),
        ("👨\u200d👩\u200d👧 一\u200d家", "👨\u200d👩\u200d👧 一家"),
        ("a&nbsp;&nbsp;b&ensp;c", "a b c"),
        ("𠮷\n𠮷", "𠮷𠮷"),
    ],
)
def test_white_space(html: str, text: str) -> None:
    assert paragraphs(f"<p>{html}</p>") == [text]


@pytest.mark.parametrize(
    "html",
    [
        "<p>甲</p><p>乙</p><p>丙</p>",
        "甲<br>乙<br/>丙",
        "<p>甲<br><br>\n乙</br>丙</p>".replace("</br>", "<br>"),
        "<table><tr><td>甲</td><td>乙</td></tr><tr><td>丙</td></tr></table>",
        "<table><tr><td>甲<td>乙<tr><th>丙</table>",
        "<ul><li>甲<ol><li>乙</ol></li><li>丙</li></ul>",
        "<dl><dt>甲<dd>乙<dd>丙</dl>",
        "<div>甲<p>乙</p>丙</div>",
        "<h2>甲</h2>乙<h3>丙</h3>",
        "<span>甲<div>乙</div></span>丙",
        "<pre>甲\n  乙\n\n\t丙\n</pre>",
        "<pre><code>甲<br>乙<br>丙</code></pre>",
        "<pre><span>甲</span>\n<span>乙</span>\n<span>丙</span></pre>",
        "甲<hr>乙<blockquote>丙</blockquote>",
        "<section>甲<article>乙</article></section><center>丙</center>",
        "<b>甲<p>乙</b></p>丙",
    ],
)
def test_lines_cells_and_items_are_paragraphs(html: str) -> None:
    assert paragraphs(html) == ["甲", "乙", "丙"]


def test_code_keeps_its_lines_and_repeated_braces() -> None:
    html = "<pre><code>if (a &lt; b) &#123;\n    x();\n&#125;\nif (c) &#123;\n    x();\n&#125;</code></pre>"
    assert paragraphs(html) == ["if (a < b) {", "x();", "}", "if (c) {", "x();", "}"]


def test_line_numbers_beside_code_are_dropped_and_a_column_of_figures_is_not() -> None:
    html = (
        "<table><tr><td class='gutter'><pre>1\n2\n</pre></td><td class='code'><pre>a = 1\nb = 2</pre></td></tr></table>"
    )
    assert paragraphs(html) == ["a = 1", "b = 2"]
    assert paragraphs("<table><tr><td class='gutter'>2021年</td><td>100</td></tr></table>") == ["2021年", "100"]


def test_a_whole_article_in_pre_is_prose() -> None:
    assert paragraphs("<pre><p>硬换\n行的文章</p><p>责任编辑：甲乙</p></pre>") == ["硬换行的文章"]


def test_the_other_language_in_ruby_is_kept_where_it_cuts_no_phrase() -> None:
    html = "<p>一个<ruby>复刻<rt>fork</rt></ruby>版本和<ruby>SysVol<rt>系统卷</rt></ruby>目录</p><p>下一段</p>"
    assert paragraphs(html) == ["一个复刻版本和SysVol目录（fork；系统卷）", "下一段"]
    unclosed = "<p><ruby>信道<rt>channel</rub>结合" + "，用来提供通信" * 30 + "</p>"
    assert paragraphs(unclosed) == ["信道channel结合" + "，用来提供通信" * 30]
    assert paragraphs("<p><rt>密钥大小<rt>Key size</rt></ruby>：越大越好</p>") == ["密钥大小Key size：越大越好"]


def test_hidden_elements_that_hold_the_article_come_back_in_order() -> None:
    hidden = "<div hidden><p>二</p><div hidden><p>三三三</p></div><p>四四四四</p></div>"
    html = f"<p>一</p>{hidden}<p>五</p><div hidden>六</div>七"
    assert sorted("".join(paragraphs(html))) == sorted("一二三三三四四四四五六七")
    assert "".join(paragraphs(html)).startswith("一")
    assert "".join(paragraphs(html)).endswith("五六七")


def test_katex_says_each_formula_once() -> None:
    html = (
        "<p>设<span class='katex'><span class='katex-mathml'><math><mi>x</mi><annotation>x</annotation></math></span>"
        "<span class='katex-html' aria-hidden='true'><span>x</span></span></span>为整数</p>"
    )
    assert paragraphs(html) == ["设x为整数"]
    assert paragraphs("<p>设<span class='katex-html'>x</span>为整数</p>") == ["设x为整数"]


# Pages whose lines are their own


def test_plain_lines() -> None:
    html = "<div>   \n【标题】第一句话。 \n第二句话\n第三句话  \n</div>\n"
    assert paragraphs(html) == ["【标题】第一句话。", "第二句话", "第三句话"]
    wrapped = "<div>\n" + "字" * 35 + "\n" + "接着写。\n\n新的一段\n</div>"
    assert paragraphs(wrapped) == ["字" * 35 + "接着写。", "新的一段"]


def test_a_page_of_inline_tags_ends_paragraphs_at_empty_lines_only() -> None:
    assert paragraphs("<div>\n他在<a href=x>邮件</a>\n列表上说\n \n第二<b>段</b></div>") == [
        "他在邮件列表上说",
        "第二段",
    ]


# Repetition


def test_an_abstract_that_is_repeated_is_kept_once() -> None:
    first = "摘要是一句话，说的是村口的老榕树被台风吹倒了。"
    assert paragraphs(f"<p>{first}</p><p>正文。</p><p>{first}</p>") == [first, "正文。"]
    assert paragraphs(f"<p>{first}</p><div>{first}</div>") == [first]
    assert paragraphs(f"<p>一</p><p>{first * 2}</p><p>二</p><p>{first * 2}</p>") == ["一", first * 2, "二"]


def test_of_an_abstract_with_a_bullet_the_text_in_the_article_stays() -> None:
    assert paragraphs("<p>◎摘要是一句话。</p><p>正文。</p><p>摘要是一句话。</p>") == ["正文。", "摘要是一句话。"]


def test_a_paragraph_that_came_before_is_lost() -> None:
    for kind in ("p", "li", "blockquote", "td"):
        song = ["海风吹过旧码头，", "我在等你回来，等你回来。", "潮水带走旧船票，", "我在等你回来，等你回来。"]
        assert paragraphs("".join(f"<{kind}>{line}</{kind}>" for line in song)) == song
    long = "示例输出，这一句有很多字，多得好像是一篇文章的摘要，可是它并不在文章的开头，而在它的中间。"
    page = "".join(f"<p>{number}</p>" for number in range(10)) + f"<p>{long}</p><p>x</p><p>{long}</p>"
    assert paragraphs(page).count(long) == 2


def test_what_may_repeat() -> None:
    assert paragraphs("<h3>优点与缺点</h3><p>好</p><h3>优点与缺点</h3><p>好</p>") == ["优点与缺点", "好"] * 2
    assert paragraphs("<table><tr><td>不支持此功能<td>不支持此功能</table>") == ["不支持此功能"] * 2
    assert paragraphs("让我们荡起双桨<br>小船儿推开波浪<br>让我们荡起双桨<br>") == [
        "让我们荡起双桨",
        "小船儿推开波浪",
        "让我们荡起双桨",
    ]


# Titles


@pytest.mark.parametrize(
    ("heading", "title", "kept"),
    [
        ("上海 数字化", "上海 数字化", False),
        ("\n  上海 数字化\n", "上海　数字化", False),
        ("上海：“数字化”？", "上海__数字化__", False),
        ("上海 数字化转型", "上海 数字化", True),
        ("上海", "上海 数字化", True),
        ("上海 数字化", "", True),
    ],
)
def test_a_heading_that_is_the_title_is_not_repeated(heading: str, title: str, kept: bool) -> None:
    assert paragraphs(f"<h1>{heading}</h1><p>文</p>", title) == ([" ".join(heading.split())] if kept else []) + ["文"]


def test_a_section_named_like_the_article_stays() -> None:
    assert paragraphs("<p>一</p><p>二</p><p>三</p><h2>标题</h2>", "标题") == ["一", "二", "三", "标题"]


# Plain text and Markdown


def test_plain_text() -> None:
    assert clean_text("一\r\n\r\n　二  二\r三<b>\n").paragraphs == ("一", "二 二", "三<b>")
    assert clean_text("字" * 40 + "\n行", long_lines=False).paragraphs == ("字" * 40, "行")
    assert clean_body("标题\n正文 &#123;x&#125; 1 < 2\n").paragraphs == ("标题", "正文 {x} 1 < 2")


MARKDOWN = """# 一级标题 #1

正文里有**粗**体、`代码`、[链接](https://example.com/a_b)和![图](x.png)。
word wrapped at a column that is somewhere near to the eightieth one
goes on here.

## 二级标题
- 第一项
* 第二项
1. 第三项

> 引用

---

```python
def f(a_b):
    return a_b < 3  # 注释

```
snake_case 与 2*3*4
"""


def test_markdown() -> None:
    assert clean_body(MARKDOWN, form=Form.MARKDOWN).title == "一级标题 #1"
    assert clean_body(MARKDOWN, form=Form.MARKDOWN, title="题").headings == (0, 3)
    assert clean_body(MARKDOWN, form=Form.MARKDOWN, title="题").paragraphs == (
        "一级标题 #1",
        "正文里有粗体、代码、链接和图。",
        "word wrapped at a column that is somewhere near to the eightieth one goes on here.",
        "二级标题",
        "第一项",
        "第二项",
        "第三项",
        "引用",
        "def f(a_b):",
        "return a_b < 3 # 注释",
        "snake_case 与 2*3*4",
    )


def test_markdown_with_a_comment_only_is_still_markdown() -> None:
    assert clean_body("一\n\n<!-- more -->\n\n## 二\n", form=Form.MARKDOWN).paragraphs == ("一", "二")
