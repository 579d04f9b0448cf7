"""Pages and bytes that nobody writes: nothing raises, nothing recurses, time is linear, the end is still there."""

import html
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnsearch.analysis import compounds
from cnsearch.analysis.tokenizer import WordTokenizer, is_chinese_word
from cnsearch.corpus import elements
from cnsearch.corpus.clean import CleanBody, clean_body, clean_html, clean_markdown, clean_text
from cnsearch.corpus.forms import Form
from cnsearch.corpus.reader import article_from_post
from cnsearch.corpus.records import article_from_record
from cnsearch.corpus.text import unescape
from cnsearch.errors import CorpusError
from cnsearch.model import Article

CASES: dict[str, Callable[[int], str]] = {
    "elements 100,000 deep": lambda n: "<div>" * n + "中" + "</div>" * n,
    "elements that never end": lambda n: "<b>" * n + "<font>" * n,
    "end tags without a start, 100,000": lambda n: "<div>" * n + "</span>" * n,
    "end tags behind blocks": lambda n: "<span>" + "<div>" * n + "</span>" * n,
    "tables in tables": lambda n: "<table><tr><td>" * n,
    "entities": lambda n: "&amp;" * n + "&#x4e2d;" * n + "&nosuch" * n,
    "one line": lambda n: "中文，" * n,
    "empty lines": lambda n: "中" + "\n" * n + " " * n + "　" * n + "\r" * n,
    "short lines": lambda n: "中\n" * n,
    "signs": lambda n: "<" * n + "</" * n + "<!" * n + "<?" * n,
    "tags without an end": lambda n: "<a " * n + "<a b=" * n + '<p a="' * n,
    "comments without an end": lambda n: "<!--" * n + "<!--article_adlist[" * n + "<![CDATA[" * n,
    "declarations": lambda n: "<!DOCTYPE" * n + "<?xml" * n + "<![if" * n,
    "scripts without an end": lambda n: "<script>" * n + "<style><p>" * n,
    "unseen elements crossed": lambda n: "<svg>" * n + "</video>" * n + "<video>" * n + "</svg>" * n,
    "unseen elements around paragraphs": lambda n: "<video>" * n + "<p>" + "</video>" * n,
    "boilerplate in boilerplate": lambda n: '<div class="qrcode">' * n + "x" + "</div>" * n,
    "paragraphs in boilerplate": lambda n: '<div class="qrcode"><p>x</p>' * n + "长" * 500,
    "boilerplate in a row": lambda n: '<span class="qrcode">x</span>y' * n,
    "hidden elements": lambda n: '<p>甲</p><div style="display:none">乙乙</div>' * n,
    "hidden elements in hidden ones": lambda n: '<div hidden>甲<div style="display:none">乙' * n,
    "ruby": lambda n: "<ruby>漢<rt>a" * n + "<ruby>汉字<rt>abc</rt></ruby>" * n,
    "time stamps": lambda n: '<span class="time">x' * n,
    "foreign names": lambda n: "<x:y a='b' " * n + ("<" + "x" * 20 + "-" + "y" * 40) * n,
    "lists of code": lambda n: "<pre>" + "x\n" * n + "</pre>",
    "almost boilerplate": lambda n: (
        ("<p>" + "免责声明：" + "转载请注明" * 12 + "每经记者 夏冰 " * 12 + "</p>") * (n // 100)
    ),
    "declarations, and no end anywhere": lambda n: "最后" + "<![if " * n + "<?xml " * n + "<!doctype " * n,
    "line numbers that are none": lambda n: "<span class=lineno>x</span>" * n,
    "half tags": lambda n: "<scr<!---->" * n,
}


@pytest.mark.parametrize("name", CASES)
def test_time_is_linear_and_the_end_survives(name: str) -> None:
    # Quadratic time would take minutes here; linear time takes less than a second on any machine.
    page = CASES[name](100_000 if "100,000" in name else 20_000)
    page += "" if "最后" in page else "<p>最后</p>最后"
    started = time.process_time()
    found = clean_html(page)
    assert time.process_time() - started < 8
    assert "最后" in "".join(found.paragraphs)
    check(found)


#: What is repeated until there is enough of it; the last are patterns of growing length.
MARKDOWN_CASES: dict[str, Callable[[int], str]] = {
    piece[:12]: lambda n, piece=piece: piece * (n // len(piece))  # type: ignore[misc]
    for piece in [
        *(
            "[a](b",
            "![",
            "**",
            "```\n",
            "1. ",
            "[",
            "]",
            "[]",
            "[a](\\(",
            "[a](<b",
            "[a](b '",
            "[[a|",
            "[a][",
            "[^a",
            "^[",
        ),
        *(
            "*a **b ",
            "**a",
            "a_",
            "_a __b ",
            "~~a",
            "==a",
            "*_",
            "`",
            "`a``",
            "$a",
            "$$a",
            "<a",
            "<a b=",
            "<!--",
            "<a b='",
            "</",
        ),
        *(
            "{%",
            "{{",
            "{{<",
            "{#",
            "{/*",
            "%%",
            "((",
            "&a",
            "&#",
            "\\",
            "- ",
            "> ",
            "- a\n",
            "1. a\n",
            "> a\n",
            ">\n- ",
        ),
        *(
            "{% raw %}\n",
            "- {% raw %}\n",
            "> {% raw %}\n",
            "$$\n",
            "> $$\na\n",
            "%%\n\n",
            "<script>\n",
            "- <!--\n",
            "<div>\n\n",
        ),
        *(
            "::: a\n",
            '!!! a "b"\n',
            '=== "b"\n\n',
            "# a\n",
            "##a\n",
            "a\n",
            "a，\n",
            "a  \n",
            "[a]: b\n",
            "[^a]: b\n",
            "[a\n",
        ),
        *(
            "    a\n",
            "    甲\n\n",
            "|a|b|\n",
            "import a from 'b'\n",
            "<A\n",
            "<A b={\n",
            "{a",
            "\\begin{a}\n",
            "{{< a\n",
        ),
        *("<select>", "<template>\n\n", "甲\n", "　　甲\n", "__init__ ", "a::\n", "![[a]]", "<b@c", "https://a.b/"),
    ]
}
MARKDOWN_CASES |= {
    "code tags around a fence": lambda n: "{% code %}\n" * (n // 11) + "```\n{% endcode %}\n```\n",
    "pairs of unknown tags": lambda n: "".join(f"<A{number}></A{number}>" for number in range(n // 14)),
    "signs above and below": lambda n: "x^2 H~2 ^^a****海{:.a" * (n // 20),
    "components": lambda n: "<Foo>\n<Foo />\n{::comment}\n" * (n // 26),
    "brackets that close": lambda n: "[" * (n // 2) + "]" * (n // 2),
    "links that close": lambda n: "[a](" * (n // 8) + ")" * (n // 2),
    "ticks of every length": lambda n: "".join("`" * length + "a" for length in range(int((2 * n) ** 0.5))),
    "emphasis that closes": lambda n: "*" * (n // 2) + "a" + "*" * (n // 2),
    "emphasis of three": lambda n: "a***b*c" * (n // 7),
    "lists of growing indent": lambda n: "".join("  " * depth + "- a\n" for depth in range(int(n**0.5))),
    "quotes of growing depth": lambda n: "".join(">" * depth + " a\n" for depth in range(int((2 * n) ** 0.5))),
    "admonitions of growing indent": lambda n: "".join("    " * d + "!!! a\n\n" for d in range(int((n / 2) ** 0.5))),
    "a table of many columns": lambda n: "|a" * (n // 4) + "\n" + "|-" * (n // 4) + "\n",
    "a table with short rows": lambda n: "|a" * 500 + "\n" + "|-" * 500 + "\n" + "|x\n" * (n // 3),
    "references used": lambda n: "[a]: b\n\n" + "[a][" * (n // 4),
}


@pytest.mark.parametrize("name", MARKDOWN_CASES)
def test_markdown_is_linear_too(name: str) -> None:
    started = time.process_time()
    found = clean_markdown(MARKDOWN_CASES[name](60_000) + "\n\n最后\n")
    assert time.process_time() - started < 8
    assert "最后" in found.paragraphs[-1]
    check(found)
    check(clean_markdown(MARKDOWN_CASES[name](6_000), mdx=True))


BAD = re.compile("[\x00-\x1f\x7f-\x9f\u200b\ufeff\ud800-\udfff\u2028\u2029]")


def check(found: CleanBody | Article) -> None:
    for text in found.paragraphs:
        assert text
        assert text == " ".join(text.split())
        assert not BAD.search(text)
    assert found.date is None or found.date.utcoffset() is not None


anything = st.text(st.characters(exclude_categories=()))
pieces = st.lists(
    st.sampled_from(
        [
            *[
                "<p>",
                "</p>",
                "<br>",
                "<b>",
                "</b>",
                "<div class='qrcode'>",
                "</div>",
                "<!--",
                "-->",
                "<script>",
                "</script>",
            ],
            *[
                "<pre>",
                "</pre>",
                "<td>",
                "<table>",
                "</table>",
                "<h1>",
                "</h1>",
                "<ruby>",
                "<rt>",
                "</ruby>",
                "<svg>",
                "</svg>",
            ],
            *[
                "<![CDATA[",
                "]]>",
                "<",
                ">",
                "&",
                "&#0;",
                "&#xD800;",
                "&#8203;",
                "&lt;",
                "\n",
                "\r",
                "\t",
                "　",
                "\0",
                "\ud800",
            ],
            *[
                "中文",
                "abc",
                "。",
                "\u200b",
                "\ufeff",
                "责任编辑：甲乙",
                "- THE END -",
                "2021-10-27 20:11",
                "<span class=time>",
            ],
            *[
                "<div style='display:none'>",
                "<video>",
                "</video>",
                "<T>",
                "<o:p>",
                "</x>",
                "<textarea>",
                "<iframe",
                "/>",
                "\x1b[31m",
            ],
        ]
    ),
    max_size=40,
).map("".join)


@given(anything | pieces)
def test_no_page_raises(page: str) -> None:
    check(clean_html(page, title="中文"))
    check(clean_body(page))


@given(anything | pieces)
def test_no_text_raises(text: str) -> None:
    for form in Form:
        check(clean_body(text, form=form))
    check(clean_text(text))
    check(clean_markdown(text, mdx=True))


@given(
    st.binary()
    | anything.map(lambda text: text.encode("utf-8", "surrogatepass"))
    | pieces.map(lambda t: t.encode("gb18030", "ignore"))
)
@settings(max_examples=max(300, settings().max_examples))
def test_bytes_give_an_article_or_one_clear_line(data: bytes) -> None:
    try:
        article: Article | None = article_from_post(data, id="a/文.md")
        reason = "none"
    except CorpusError as error:
        article, reason = None, error.reason
    assert reason
    assert "\n" not in reason
    if article is not None:
        check(article)
        assert article.title


@pytest.mark.parametrize(
    ("entity", "character"),
    [
        ("&#" + "9" * 5_000 + ";", "\ufffd"),
        ("&#" + "9" * 5_000, "\ufffd"),
        ("&#" + "0" * 5_000 + "20013;", "中"),
        ("&#0020013;", "中"),
        ("&#00000020013;", "中"),
        ("&#99999999;", "\ufffd"),
        ("&#x" + "9" * 5_000 + ";", "\ufffd"),
        ("&#x" + "0" * 5_000 + "4e2d;", "中"),
    ],
)
def test_an_entity_of_thousands_of_digits_stops_the_run(entity: str, character: str) -> None:
    post = f"---\ntitle: 题{entity}\nauthor: '{entity}'\n---\n文{entity}"
    article = article_from_post(post.encode(), id="a.md")
    assert (article.title, article.author, article.paragraphs) == (f"题{character}", character, (f"文{character}",))
    record = article_from_record({"id": "a", "title": f"题{entity}", "html": f"<p>文{entity}"}, where="f:1")
    assert record.title == f"题{character}"


@given(st.text(st.sampled_from("&#;x0123456789a中"), max_size=30))
def test_entities_are_decoded_as_python_does(text: str) -> None:
    assert unescape(text) == html.unescape(text)


def test_what_is_remembered_of_attributes_and_words_is_short() -> None:
    before = elements._meaning.cache_info().currsize
    clean_html("".join(f"<p class='{'甲' * 50_000}{n}' style='{'a' * 50_000}{n}'>x</p>" for n in range(20)))
    assert elements._meaning.cache_info().currsize <= before + 1
    tokenizer = WordTokenizer()
    remembered = is_chinese_word.__self__  # type: ignore[attr-defined]
    for n in range(3):
        assert tokenizer.terms("中" + "a" * 50_000 + str(n))
        assert tokenizer.tokens("中" + "a-" * 50_000 + str(n))
    assert max(map(len, remembered)) <= compounds.MAX_COMPOUND_CHARS


plain = (
    st.text(st.sampled_from("中文字数化abcXYZ0123，。！（） "), min_size=1)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)


@given(st.lists(plain, max_size=8, unique_by=str.lower))
def test_clean_paragraphs_stay_as_they_are(texts: list[str]) -> None:
    page = "".join(f"<p>{text}</p>" for text in texts)
    assert clean_html(page).paragraphs == tuple(texts)
    assert clean_text("\n\n".join(texts)).paragraphs == tuple(texts)
    assert clean_html("".join(f"<td>{text}</td>" for text in texts)).paragraphs == tuple(texts)


@given(anything | pieces)
def test_cleaning_what_is_clean_changes_nothing(page: str) -> None:
    once = clean_text(page).paragraphs
    assert clean_text("\n\n".join(once)).paragraphs == once
