"""Markdown with components."""

import pytest

from cnsearch.corpus.clean import clean_markdown
from cnsearch.corpus.reader import article_from_post


def paragraphs(body: str) -> tuple[str, ...]:
    return clean_markdown(body, mdx=True).paragraphs


def test_modules_components_and_comments_are_no_text() -> None:
    body = (
        'import A from "./a"\nexport const meta = {\n  title: "不是",\n}\n\n{/* 注释\n\n还是注释 */}\n\n'
        "<Tabs values={[{a: 1}, '>']}>\n\n守塔人<Icon.Small />点灯。\n\n</Tabs>\n"
        "<Foo\n  a={() => {\n    x > 1\n\n  }}\n/>\n\n数 {1 + 1} 与 <Bar f={() => <b>x</b>}>里</Bar>。\n\n"
        "import 的意思是引入。\n"
    )
    assert paragraphs(body) == ("守塔人点灯。", "数 与 里。", "import 的意思是引入。")


def test_code_stays() -> None:
    body = "看 `<Note>` 与 ``{/* x */}``：\n\n```jsx\nimport X from 'x'\n<Note>代码</Note>\n```\n"
    assert paragraphs(body) == ("看 <Note> 与 {/* x */}：", "import X from 'x'", "<Note>代码</Note>")


def test_an_attribute_may_hold_what_ends_a_tag() -> None:
    assert paragraphs('<N kind="a > b">守塔人</N>每天**点灯**。\n') == ("守塔人每天点灯。",)


def test_a_md_that_imports_components_is_mdx() -> None:
    body = "import Tabs from '@theme/Tabs';\n\n# 开始\n\n<Tabs>\n\n**点灯**。\n\n</Tabs>\n"
    article = article_from_post(body.encode(), id="a.md")
    assert (article.title, article.paragraphs) == ("开始", ("点灯。",))
    for other in ("import X from 'x'\n\n没有用 {它}。\n", "先说 {它}。\n\n```\nimport X from 'x'\n<X />\n```\n"):
        assert "{它}" in article_from_post(other.encode(), id="a.md").body


@pytest.mark.parametrize(
    "body",
    [
        "<A " * 30_000,
        "{/*" * 50_000,
        "<A {" * 20_000,
        "<A {\n" * 20_000,
        "import A from 'b'\n\n" * 20_000,
        "<A>\n" * 20_000,
    ],
)
def test_hostile_components(body: str) -> None:
    assert paragraphs(body + "\n\n最后\n")[-1:] == ("最后",)
