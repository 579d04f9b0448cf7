"""Which line breaks were made by an editor."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.corpus.clean import clean_text
from cnsearch.corpus.text import squeeze
from cnsearch.corpus.wraps import columns, unwrapped_lines, wrap_width

STORY = (
    "村口的老茶树据说有三百年了，树干要两个人才能合抱。每年清明前后，全村的人都来采第一批芽，采下来的芽先敬祖先，"
    "再分给各家。老人说，这棵树救过村里人的命：那一年大旱，井都干了，只有树下还有一眼泉，大家靠着那眼泉水熬过了整个"
    "夏天。从此再没有人敢在树下砍柴，连小孩子也知道绕开它的根。"
)


def wrapped(text: str, chars: int) -> str:
    """As editors do it: at so many Chinese characters, no line begins with a mark."""
    lines, line = [], ""
    for character in text:
        if columns(line) >= 2 * chars and character not in "，。：、":
            lines.append(line)
            line = ""
        line += character
    return "\n".join([*lines, line])


@pytest.mark.parametrize("chars", [9, 12, 20, 25, 30, 36, 40, 50, 60])
@pytest.mark.parametrize("indent", ["", "　　", "    "])
@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_wrapped_at_any_column(chars: int, indent: str, between: str) -> None:
    paragraphs = [STORY, STORY[:101] + "他。", STORY[60:]]
    if not indent and between == "\n":
        paragraphs = [text for text in paragraphs if len(wrapped(text, chars).split("\n")[-1]) < chars - 3] or [STORY]
    text = between.join(wrapped(indent + paragraph, chars) for paragraph in paragraphs)
    assert unwrapped_lines(text) == paragraphs
    assert list(clean_text(text, long_lines=False).paragraphs) == paragraphs


def test_wrapped_words_of_another_script() -> None:
    text = (
        "我们用 Elasticsearch 建索引，再用 Kibana 看图，最后把 dashboard 发给 manager 看，他说 OK 就上线，不然就重来。"
        * 3
    )
    lines, line = [], ""
    for word in text.split(" "):
        if columns(line + word) > 44 and line:
            lines.append(line)
            line = ""
        line += (" " if line else "") + word
    assert unwrapped_lines("\n".join([*lines, line])) == [squeeze(text)]
    english = (
        "The tea garden lies on a hill, and every morning the pickers climb up to it, long before the sun rises. " * 4
    )
    assert unwrapped_lines(textwrap.fill(english, 50)) == [english.strip()]


@pytest.mark.parametrize(
    "lines",
    [
        ["苹果", "香蕉", "橘子", "葡萄柚"],
        ["张三丰", "李四光", "王五爷", "赵六一"],
        ["床前明月光，", "疑是地上霜。", "举头望明月，", "低头思故乡。"],
        ["白日依山尽，黄河入海流。", "欲穷千里目，更上一层楼。"],
        ["海风吹过旧码头，", "我在等你回来。", "潮水带走旧船票，", "我在等你回来。"],
        ["记者：你怕吗？", "渔民：不怕。", "记者：为什么？", "渔民：习惯了，天天都这样。"],
        ["“你来了。”", "“我来了，路上下雨。”", "“坐吧。”"],
        ["- 面粉，五百克", "- 白糖，二十克", "- 清水，三百克。"],
        ["一、先浇水，再松土", "二、施肥，每月一次", "三、剪枝，冬天做。"],
        ["第一回 守塔人夜点长明火 老船长误入乱石滩前", "第二回 榕树下议修新码头 风雨里重寻旧罗盘针"],
        ["姓名：王五", "年龄：三十", "籍贯：福建"],
        ["这一段在一行里，写完了。", "这一段也在一行里，比上一段长得多，说了许多话才写完。", "短段。"],
    ],
)
def test_lines_that_are_meant(lines: list[str]) -> None:
    assert unwrapped_lines("\n".join(lines)) == lines
    assert list(clean_text("\n".join(lines), long_lines=False).paragraphs) == lines


def test_nothing_is_joined_to_what_begins_something() -> None:
    text = wrapped(STORY, 20) + "\n- 一项\n第二章 山路\n" + wrapped(STORY, 20)
    assert unwrapped_lines(text) == [STORY, "- 一项", "第二章 山路", STORY]


def test_the_width_of_a_file() -> None:
    assert wrap_width([wrapped(STORY, 20).split("\n")]) in (40, 42)
    assert wrap_width([["一", "二", "三", "四", "五"]]) == 0
    assert wrap_width([]) == 0


@given(st.lists(st.text(st.sampled_from("字，。 a\t　\n"), max_size=40), max_size=6).map("\n".join))
def test_no_character_is_lost(text: str) -> None:
    assert "".join("".join(unwrapped_lines(text)).split()) == "".join(text.split())
