"""Markdown with components."""

from cnsearch.corpus.mdx import without_components
from cnsearch.corpus.reader import article_from_post


def test_modules_components_and_comments_are_no_text() -> None:
    body = (
        'import A from "./a"\nexport const meta = {\n  title: "不是",\n}\n\n{/* 注释 */}\n'
        "<Tabs values={[{a: 1}, '>']}>\n\n守塔人<Icon.Small />点灯。\n\n</Tabs>\n"
        "import 的意思是引入，Array<T> 是类型。\n"
    )
    text = without_components(body)
    assert "守塔人点灯。" in text
    assert "import 的意思是引入" in text
    for gone in ("./a", "不是", "注释", "Tabs", "Icon"):
        assert gone not in text


def test_code_stays() -> None:
    body = "看 `<Note>` 与 ``{/* x */}``：\n\n```jsx\nimport X from 'x'\n<Note>代码</Note>\n```\n"
    assert without_components(body) == body


def test_an_article() -> None:
    article = article_from_post(
        '---\ntitle: 灯塔\n---\nimport N from "./N"\n\n<N kind="a > b">守塔人</N>每天**点灯**。\n'.encode(), id="a.mdx"
    )
    assert (article.title, article.paragraphs) == ("灯塔", ("守塔人每天点灯。",))


def test_hostile_components() -> None:
    for body in ("<A " * 30_000, "{/*" * 50_000, "`" * 100_000, "<A {" * 20_000, "``` " * 20_000, "`a\n" * 30_000):
        without_components(body)
