"""What front matter, names and notes tell about an article."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.corpus.clean import CleanBody
from cnsearch.corpus.descriptions import with_descriptions, without_ciphers
from cnsearch.corpus.front_matter import split_front_matter
from cnsearch.corpus.metadata import Metadata, metadata_of
from cnsearch.corpus.names import date_of_name, in_drafts, name_of, title_of_name
from cnsearch.corpus.notes import hashtags

BEIJING = timezone(timedelta(hours=8))


def told(*lines: str) -> Metadata:
    return metadata_of(split_front_matter("\n".join(["---", "comments: true", *lines, "---", ""]))[0])


@pytest.mark.parametrize(
    "key",
    [
        "date", "Date", "created", "created_at", "createdAt", "date created", "create-time", "publishDate", "pubDate",
        "published_at", "日期", "发布时间", "创建时间",
    ],
)  # fmt: skip
def test_each_key_of_a_date(key: str) -> None:
    expected = datetime(2021, 10, 27, 20, 11, tzinfo=BEIJING)
    assert told(f"{key}: 2021-10-27 20:11").date == expected
    assert told(f"{key}: 2021-10-27T12:11:00Z", "updated: 2022-01-01").date == expected


@pytest.mark.parametrize("key", ["lastmod", "updated", "date modified", "last_modified", "更新时间"])
def test_a_change_is_not_the_date_of_writing(key: str) -> None:
    found = told(f"{key}: 2021-10-27")
    assert (found.date, found.changed) == (None, datetime(2021, 10, 27, tzinfo=BEIJING))


def test_the_first_date_that_is_one_counts() -> None:
    assert told("date: Invalid Date", "created: 2021-10-27").date == datetime(2021, 10, 27, tzinfo=BEIJING)
    assert told("date: 20191").date is None
    assert told("published: true", "date: ~").date is None


def test_only_jekyll_and_chinese_names_part_labels_at_spaces() -> None:
    assert told("tags: machine learning").tags == ("machine learning",)
    assert told("tags: 读书 小说").tags == ("读书", "小说")
    assert told("layout: post", "tags: jekyll C++ 教程", "category: a b").tags == ("jekyll", "C++", "教程")
    assert told("layout: post", "category: a b").categories == ("a b",)
    assert told("layout: post", "tags: a b, c").tags == ("a b", "c")
    assert told("layout: post", "tags: [a b]").tags == ("a b",)


@pytest.mark.parametrize(
    ("lines", "categories"),
    [
        ("categories: 技术, 后端", ("技术", "后端")),
        ("categories: 技术，后端", ("技术", "后端")),
        ("category: 技术", ("技术",)),
        ("分类: 技术", ("技术",)),
        ("categories: [技术, 后端]", ("技术", "后端")),
        ("categories: [[技术, 后端], [技术, 前端]]", ("技术", "后端", "前端")),
        ("categories:\n  - [技术, 后端]\n  - 随笔", ("技术", "后端", "随笔")),
        ("categories:\n- - 技术\n  - 后端", ("技术", "后端")),
        ("categories: [\n技术,\n后端\n]", ("技术", "后端")),
        ("categories: [\n  '技术', # 一\n  \"后端\"]", ("技术", "后端")),
        ("categories:\n  - 技术 # 一\n  # 二\n  - 后端", ("技术", "后端")),
        ('categories: ["技术, 后端"]', ("技术, 后端",)),
        ("categories: [null, ~, 技术, '']", ("技术",)),
        ("categories: null", ()),
        ("categories: ~", ()),
        ("categories: []", ()),
        ("categories:", ()),
        ("categories: C# 和 F# # 语言", ("C# 和 F#",)),
        ("categories:\n  - name: 技术\n    slug: tech", ("技术",)),
        ("categories: [技术, 后端", ("[技术", "后端")),  # no YAML: as written
        ("categories: 5.10", ("5.10",)),
        ("categories: [no, 2021-01-01]", ("no", "2021-01-01")),
    ],
)
def test_each_form_of_categories(lines: str, categories: tuple[str, ...]) -> None:
    found = told("title: 题: 名", lines, "author: 张三")
    assert (found.title, found.categories, found.author, found.source) == ("题: 名", categories, "张三", "")


@pytest.mark.parametrize(
    ("lines", "tags"),
    [
        ("tags: [旅行, 海]", ("旅行", "海")),
        ("tags: 旅行、海", ("旅行", "海")),
        ("tag: '#旅行'\nkeywords: 海, 旅行", ("海", "旅行")),
        ("tags: '#旅行 #海/沙滩'", ("旅行", "海/沙滩")),
        ('tags:\n  - "[[旅行]]"\n  - "[[山|海]]"', ("旅行", "海")),
        ("标签: 旅行", ("旅行",)),
        ("关键词: 旅行;海", ("旅行", "海")),
        ("tags: [C#, .NET]", ("C#", ".NET")),
    ],
)
def test_tags(lines: str, tags: tuple[str, ...]) -> None:
    assert set(told(lines).tags) == set(tags)
    assert len(told(lines).tags) == len(tags)


@pytest.mark.parametrize(
    ("line", "draft"),
    [
        ("draft: true", True),
        ("draft: True # 没写完", True),
        ("draft: yes", True),
        ("published: false", True),
        ("publish: 'false'", True),
        ("status: draft", True),
        ("draft: false", False),
        ("published: true", False),
        ("published: 2021-01-01", False),
        ("title: draft", False),
    ],
)
def test_drafts(line: str, draft: bool) -> None:
    assert told(line).draft is draft


def test_drafts_lie_in_a_folder_for_them() -> None:
    assert in_drafts("source/_drafts/a.md")
    assert in_drafts("_drafts/b/a.md")
    assert not in_drafts("my_drafts/a.md")
    assert not in_drafts("_drafts.md")


def test_authors_sources_addresses() -> None:
    assert told("authors: [张三, 李四]").author == "张三、李四"
    assert told("author: {name: 张三, email: a@b}").author == "张三"
    assert told("author:\n  name: 张三\n  url: x").author == "张三"
    assert told("author: 每经网", "categories: [金融, 每经网, 要闻]").source == "每经网"
    assert told("author: 每经网", "categories: [金融, 每经网]", "source: 别的").source == "别的"
    assert told("site: 站").source == "站"
    assert told("permalink: /a/b/", "link: https://a/b").url == "https://a/b"


# Names


@pytest.mark.parametrize(
    ("id_", "day", "title"),
    [
        ("2019-03-05-x.md", "2019-03-05", "x"),
        ("_posts/2019-3-5-a-b.md", "2019-03-05", "a-b"),
        ("2020_11_25.md", "2020-11-25", "2020_11_25"),
        ("日记/2019年1月3日.txt", "2019-01-03", "2019年1月3日"),
        ("日记/2019年1月3日 下雨.txt", "2019-01-03", "下雨"),
        ("20190305-x.md", "2019-03-05", "x"),
        ("20190305下雨.md", "2019-03-05", "下雨"),
        ("201903051030.md", "2019-03-05", "201903051030"),
        ("纪要 2019.03.05.md", "2019-03-05", "纪要"),
        ("纪要（2019-03-05）.md", "2019-03-05", "纪要"),
        ("2019/03/05/x.md", "2019-03-05", "x"),
        ("blog/2019/03/05-x.md", "2019-03-05", "05-x"),
        ("2019-03-05-x/index.md", "2019-03-05", "x"),
        ("2019-13-05-x.md", None, "x"),
        ("20191399.md", None, "20191399"),
        ("1850-03-05-x.md", None, "1850-03-05-x"),
        ("v12019-03-05.md", None, "v12019-03-05"),
        ("2019/03/x.md", None, "x"),
        ("13800138000.md", None, "13800138000"),
        ("2019.md", None, "2019"),
        ("README.md", None, "README"),
        ("灯塔/README.md", None, "灯塔"),
    ],
)
def test_what_a_name_says(id_: str, day: str | None, title: str) -> None:
    name = name_of(id_, (".md", ".txt"))
    found = date_of_name(id_, name)
    assert (found and found.astimezone(BEIJING).date().isoformat()) == day
    assert title_of_name(name) == title


@given(st.text(st.sampled_from("0129-_年月日./ ax"), min_size=1, max_size=20))
def test_any_name_has_a_title(id_: str) -> None:
    name = name_of(id_, (".md",))
    date_of_name(id_, name)
    assert not name.strip() or title_of_name(name)


# Notes


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("今天 #旅行 去海边", ["旅行"]),
        ("#旅行 #海/沙滩", ["旅行", "海/沙滩"]),
        ("（#旅行）。#海", ["旅行", "海"]),
        ("#2023年 #第1天 #1-a", ["2023年", "第1天", "1-a"]),
        ("#北京大雨# 今天", ["北京大雨"]),  # Weibo's topics
        ("- 买菜 #家务\n    - 鱼 #海鲜", ["家务", "海鲜"]),
        ("tags:: 旅行, [[海]]", ["旅行", "海"]),
        ("# 标题\n## 二", []),
        ("##没有空格的标题\n#也是标题\n正文 #标签", ["标签"]),
        ("颜色 #fff #a1b2c3 #00ff00ff", []),
        ("第 #12 号 #345", []),
        ("C# 和 F#，a#b", []),
        ("`#代码` ``#代码``", []),
        ("```\n#include <x>\n#注释\n```\n~~~py\n# x\n#注释\n~~~\n后 #真", ["真"]),
        ("    #缩进的代码", []),
        ("#include <stdio.h>", []),
        ("见 [节](#锚点) 和 https://a/b#锚", []),
        ('<a href="#x">  #在网页里</a>', []),
    ],
)
def test_hashtags(text: str, tags: list[str]) -> None:
    assert hashtags(text) == tags


@pytest.mark.parametrize("piece", ["#", "#a", "`#", "#a/", " #中", "```\n", "tags:: [[", "#a1-"])
def test_a_megabyte_of_tags_takes_no_quadratic_time(piece: str) -> None:
    hashtags(piece * (2**20 // len(piece)))


# Descriptions, ciphers


@pytest.mark.parametrize(
    ("descriptions", "before"),
    [
        (["说海。"], ("说海。",)),
        (["一座木屋，很老"], ()),
        (["一座 木屋 很老……"], ()),
        (["題目"], ("題目",)),
        (["题目"], ()),
        (["说海。", "说海！"], ("说海。",)),
        (["  "], ()),
        (["甲。\n\n乙。"], ("甲。", "乙。")),
        (["**说**海。"], ("说海。",)),
    ],
)
def test_a_description_is_said_once(descriptions: list[str], before: tuple[str, ...]) -> None:
    clean = CleanBody(("标题", "一座木屋，很老。"), headings=(0,))
    found = with_descriptions(clean, descriptions, "题目")
    assert found.paragraphs == (*before, *clean.paragraphs)
    assert found.headings == (len(before),)


def test_what_is_encrypted_is_no_text() -> None:
    cipher = "U2FsdGVkX19hYmNkZWZn" * 6
    clean = CleanBody(("题", "信封。", cipher, f"{cipher}==", "0123456789abcdef" * 8, "后"), headings=(0, 5))
    found = without_ciphers(clean)
    assert (found.paragraphs, found.headings) == (("题", "信封。", "后"), (0, 2))
    assert without_ciphers(CleanBody(("见 " + "a" * 90 + " 一文。",))).paragraphs


# Bad input


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [笑,笑,笑,笑,笑,笑,笑,笑,笑]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (bomb(12), "anchors and aliases are not followed"),
        ("x: !!python/object/apply:os.system ['ls']", "its tags (!) are not obeyed"),
        ("x: [!!binary aGk=]", "its tags (!) are not obeyed"),
        (f"x: {'[' * 5_000}", "it is too large"),
        (f"x: {'[' * 900}{']' * 900}", "it is nested too deep"),
        (f"x: [{'a, ' * 200_000}]", "it is too large"),
    ],
)
def test_yaml_that_would_expand_or_construct_is_refused_and_said(line: str, reason: str) -> None:
    matter, body = split_front_matter(f"---\ntitle: 题\n{line}\ncategories: [甲, 乙]\n---\n正文")
    assert matter.refused.endswith(reason)
    assert (matter.text("title"), matter["categories"], body) == ("题", ["甲", "乙"], "正文")


@pytest.mark.parametrize(
    "text",
    [
        "+++\ntitle = 'a'\nx = '" + "b" * 10_000_000 + "'\n+++\n正文",
        '{\n"title": "a", "x": "' + "b" * 10_000_000 + '"}\n正文',
        '"title": "a",\n"x": "' + "b" * 10_000_000 + '"\n;;;\n正文',
    ],
)
def test_ten_megabytes_of_toml_and_json_are_too_large(text: str) -> None:
    matter, body = split_front_matter(text)
    assert "more than the 262,144 that are read" in matter.too_large
    assert (dict(matter), body) == ({}, "正文")


@pytest.mark.parametrize(
    "piece", ["{", '{"a":', "[", "+++\n", "---\n", "a: ", "a::\n", "- ", "\n", "a:\n- [", ";;;\n", "'"]
)
@pytest.mark.parametrize("start", ["", "---\n", "+++\n", '{"title": ', "title: a\n", ";;;\n", "title:: a\n"])
def test_a_megabyte_of_anything_takes_no_quadratic_time(start: str, piece: str) -> None:
    split_front_matter(start + piece * (2**20 // len(piece)))


@given(
    st.lists(
        st.sampled_from(
            ["---", "+++", ";;;", "{", "}", '"title": "a",', "title: a", "title = 'a'", "标题: b", "x y: z", "tags: [",
             "]", "- [a, b]", "  - c: d", "&a", "*a", "正文", "a:: b", "", "#"]
        ),
        max_size=12,
    )
)  # fmt: skip
def test_no_order_of_lines_raises(lines: list[str]) -> None:
    text = "\n".join(lines)
    matter, body = split_front_matter(text)
    assert text.endswith(body)
    metadata_of(matter)
    assert ("正文" in text) <= ("正文" in body + " ".join(value for values in matter.values() for value in values))
