"""Front matter, with the dirt of real feeds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.corpus.front_matter import split_front_matter
from cnsearch.corpus.keys import FrontMatter
from cnsearch.corpus.yaml_lines import unquoted


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("'普通标题'", "普通标题"),
        ("'他说\"好\"就好'", '他说"好"就好'),
        ("'It''s'", "It's"),
        ("'It's fine'", "It's fine"),
        ('"双引号"', "双引号"),
        ('"a "b" c"', 'a "b" c'),
        ('"a \\"b\\" c"', 'a "b" c'),
        ("没有引号: 有冒号", "没有引号: 有冒号"),
        ("GPU #1 - 评测", "GPU #1 - 评测"),
        *[('"' * n + "'Linus 警告 5.12-rc1'" + '"' * n, "Linus 警告 5.12-rc1") for n in range(7, 12)],
        ('"' * 9 + "没有单引号" + '"' * 9, "没有单引号"),
        ("'80年代", "'80年代"),
        ("'&#123;a&#125; &amp; b'", "{a} & b"),
        ("''", ""),
        ('""', ""),
        ("", ""),
        ("'", "'"),
        ("[a, b", "[a, b"),
        ("!!python/object:x", "!!python/object:x"),
        ("*anchor", "*anchor"),
        ("@at `tick", "@at `tick"),
    ],
)
def test_each_way_to_write_a_title(written: str, title: str) -> None:
    matter, body = split_front_matter(f"\n---\ntitle: {written}\nauthor: 甲\n---\n正文")
    assert matter.text("title") == title
    assert matter.text("author") == "甲"
    assert body == "正文"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("categories: \n - 金融\n - 每经网\n - 重磅原创", ["金融", "每经网", "重磅原创"]),
        ("categories: \n    - 新媒体\n    - 36kr\n    - 资讯\n", ["新媒体", "36kr", "资讯"]),
        ("categories: \n    - 社交媒体\n    - 知乎 - 用户文章", ["社交媒体", "知乎 - 用户文章"]),
        ("categories:\n- a\n- b", ["a", "b"]),
        ("categories: [a, 'b c']", ["a", "b c"]),
        ("categories: 金融", ["金融"]),
        ("categories:\n - 编程\n - 掘金\n - — 分类", ["编程", "掘金", "— 分类"]),
        ("categories:\n - 编程\n - 掘金\n - -  资讯", ["编程", "掘金", "-  资讯"]),
        ("categories:\n\n - a\n\n - b", ["a", "b"]),
        ("categories:\n - 'a'\n - \"b\"\n -\n - ", ["a", "b"]),
        ("categories: ", []),
    ],
)
def test_each_way_to_write_categories(lines: str, expected: list[str]) -> None:
    matter, body = split_front_matter(f"---\ntitle: x\n{lines}\ndate: 2021-01-01\n---\n正文")
    assert matter["categories"] == expected
    assert matter.text("date") == "2021-01-01"
    assert body == "正文"


@pytest.mark.parametrize("start", ["", "\n", "\n\n  \n", "\ufeff", "\ufeff\n", "\r\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_starts_and_line_ends(start: str, end: str) -> None:
    text = start + end.join(["---", "title: 'a'", "headimg: ''", "thumbnail:", "---", "正文", "二"])
    matter, body = split_front_matter(text)
    assert matter == {"title": ["a"], "headimg": [], "thumbnail": []}
    assert body == f"正文{end}二"


def test_an_empty_line_inside() -> None:
    matter, body = split_front_matter("\n---\ntitle: a\ncategories: \n    - b\n    - c\n\nauthor: d\n---\n\n<div>")
    assert matter == {"title": ["a"], "categories": ["b", "c"], "author": ["d"]}
    assert body == "\n<div>"


def test_a_title_over_several_lines() -> None:
    matter, body = split_front_matter("---\ntitle: '上\n下'\nsummary: >-\n  一\n  二\nauthor: b\n---\n正文")
    assert matter.text("title") == "上 下"
    assert matter.text("summary") == "一\n二"  # joined as a body's lines are: without a space
    assert (matter.text("author"), body) == ("b", "正文")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "正文",
        "正文\n---\ntitle: a\n---\n",
        "---",
        "---\n",
        "---\n正文\n---\n更多\n",  # two rules of Markdown
        "--- a\ntitle: b\n---\n",
        "---\n- a\n- b\n---\n",
        "---\n正文\ntitle: a\n---\n",
        "---\nhttps://example.com: x\n",
    ],
)
def test_what_is_no_front_matter_is_body(text: str) -> None:
    assert split_front_matter(text) == (FrontMatter(), text)


@pytest.mark.parametrize(
    ("text", "keys", "body"),
    [
        ("---\ntitle: a\ndate: b\n\n<div>正文</div>\n", ["title", "date"], "<div>正文</div>\n"),
        ("---\ntitle: a\ncategories:\n - b\n正文\n---\n更多", ["title", "categories"], "正文\n---\n更多"),
        ("---\ntitle: a\nNote: 正文\n", ["title"], "Note: 正文\n"),
        ("---\ntitle: a\n", ["title"], ""),
        ("---\ntitle: a", ["title"], ""),
    ],
)
def test_front_matter_that_never_ends_takes_nothing_of_the_article(text: str, keys: list[str], body: str) -> None:
    matter, rest = split_front_matter(text)
    assert list(matter) == keys
    assert rest.lstrip("\n") == body


def test_unknown_keys_do_no_harm() -> None:
    matter, body = split_front_matter("---\ntitle: a\nfoo_bar: 1\nx.y-z: {a: [b]}\n# comment\n---\nb")
    assert (matter.text("title"), matter.text("nothing"), body) == ("a", "", "b")


@given(st.text())
def test_no_text_raises_and_the_body_is_a_tail(text: str) -> None:
    matter, body = split_front_matter(text)
    assert text.endswith(body)
    assert matter or body == text


@given(
    st.lists(
        st.sampled_from(["---", "title: a", "date:", " - x", "- y", "", "正文", "key: v", "  z", "'"]), max_size=12
    )
)
def test_no_order_of_lines_raises_or_loses_prose(lines: list[str]) -> None:
    text = "\n".join(lines)
    matter, body = split_front_matter(text)
    kept = body + " ".join(value for values in matter.values() for value in values)
    assert ("正文" in text) <= ("正文" in kept)


@given(st.text())
def test_unquoting_never_raises(value: str) -> None:
    assert unquoted(value) == unquoted(f" {value} ")


def test_keys_that_an_empty_line_ends() -> None:
    matter, body = split_front_matter("Title: 灯塔\nDate: 2014-05-06\nTags: 海, 塔\nSummary: 一\n    二\n\n正文：一\n")
    assert (matter.text("title"), matter.text("tags"), body) == ("灯塔", "海, 塔", "正文：一\n")
    for text in (
        "Title: 灯塔\n正文\n\nDate: 2014\n",
        "Title: 灯塔\n\n正文",
        "甲: 你好\n乙: 再见\n\n完",
        "Date: 2014\nTitle: a\n\n文",
    ):
        assert split_front_matter(text) == ({}, text)
