"""Every reason and hint that the library's errors, failures and warnings have is a message, and no message is left over
of which the library says nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import cnsearch
from cnsearch import errors
from cnsearch.faces.messages import language
from cnsearch.faces.messages.library import LIBRARY, WORDS
from cnsearch.faces.messages.reasons import REASONS

LIBRARY_CODE = sorted(
    path
    for path in Path(cnsearch.__file__).parent.rglob("*.py")
    if path.relative_to(Path(cnsearch.__file__).parent).parts[0] not in ("faces", "codec", "kernels")
)
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
SAYING = {*ERRORS, "WrongTypeError", "RefusedError", "Failure", "corrupt", "_wrong", "_unusable", "_locked", "_fail"}
"""What is called with a reason, and perhaps a hint."""
NAMED = {"reason", "hint", "rule", "_ENDED", "NO_MEMORY", "passed", "refused", "why"}
"""Names that hold one."""
IN_PARTS = {
    "{} ({})",  # what a cluster says, with the error in brackets
    "the certificate of the cluster is not one that we trust",  # the same
    'of the field "{}" has {}',  # written out for both cases
    "not a file but a {}",  # for each kind
    "{} is writing to it",  # for a process that is known, and one that is not
    "not JSON: {} at {}",  # a line and a column
    'not JSON: expected "," or "]" at {}',
    "not JSON that can be read: {} ({})",
    "the index has format {}.{}, this version reads {}.{}",  # as without parts
    "the table of contents cannot be understood: {}: {}",
    "is the name of another field",  # after the name
    "must be letters and digits",
    "Accepted: {}",  # written out
    'did you mean "{}"?',  # after the name of the argument
    "known: {}",
    "{}. {}",  # a reason and a hint
}
"""What messages say otherwise than it stands in the code."""
WRITTEN_OUT = (
    'of the field "{name}" has documents that do not ascend',
    'of the field "{name}" has impossible frequencies',
    "Accepted: a year 2021, a month 2021-10, a day 2021-10-27, a time 2021-10-27T20:11, or a range 2021-10..2021-12",
)


def skeletons(node: ast.expr | None) -> Iterator[str]:
    """The texts that an expression may be, with ``{}`` for each value; none for what is no literal."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from skeletons(node.body)
        yield from skeletons(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from skeletons(value)


def said(path: Path) -> Iterator[str]:
    """The reasons and hints of a module: arguments of what is raised or noted, and what names for them are given."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in SAYING:
            for argument in node.args:
                yield from skeletons(argument)
            for keyword in node.keywords:
                if keyword.arg in ("reason", "hint"):
                    yield from skeletons(keyword.value)
        elif isinstance(node, ast.Assign):
            names = {ast.unparse(target).rpartition(".")[2] for target in node.targets}
            if names & NAMED or any(name.endswith("_HINT") for name in names):
                yield from skeletons(node.value)


@cache
def known() -> set[str]:
    return {re.sub(r"\{\w+\}", "{}", message) for message in LIBRARY}


def is_sentence(text: str) -> bool:
    """Whether it says something: no name of a section, a file or an option."""
    return " " in text.replace("{}", "") and text not in IN_PARTS


def parse(text: str) -> str:
    """A skeleton as the messages have it: numbers with commas and the like are values."""
    return re.sub(r"\{\}(?:\{\})+", "{}", text)


@pytest.mark.parametrize("path", LIBRARY_CODE, ids=lambda path: "/".join(path.parts[-2:]))
def test_every_reason_and_hint_is_a_message(path: Path) -> None:
    """If one is not: add it to ``faces/messages/reasons.py``, then ``tools/messages.py --write``."""
    missing = {text for text in said(path) if is_sentence(text) and parse(text) not in known()}
    assert not missing


def test_no_message_is_left_over() -> None:
    texts: set[str] = set()
    for path in LIBRARY_CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Constant, ast.JoinedStr)):
                texts.update(parse(text) for text in skeletons(node))
    pieces = "\n".join(texts)
    for message in sorted({*REASONS}.difference(WRITTEN_OUT)):
        longest = max(re.split(r"\{\w+\}", message), key=len)
        words = longest.strip(" (").split(" ")
        half = " ".join(words[: max(1, len(words) // 2)])
        assert half in pieces, message


EXAMPLES = {
    'section "postings" is too short at byte 12 (found a, expected b)': "“postings”区太短，位于第 12 字节（实为 a",
    "too large: 70.0 MiB, the limit is 64 MiB (post_bytes)": "太大：70.0 MiB，上限是 64 MiB（post_bytes）",
    '"title" must be a string, not a number: 5': "“title”应为字符串，而不是数：5",
    'no articles in it: expected a name such as "title", found nothing': "里面没有文章：应有",
    "failed: permission denied": "失败：没有权限",
    "segment format 9 is newer than this version reads (1 to 4)": "段的格式 9 比本版本能读的新（1 到 4）",
    "line 3: more than 20 wildcards": "第 3 行：通配符超过 20 处",
    "the folder is gone. Index the others again with update(folders)": "文件夹不见了。请重新索引其余的文件夹",
    "nobody has said. Ever": "nobody has said. Ever",
    "what nobody has ever said": "what nobody has ever said",
}


@pytest.mark.parametrize("text", EXAMPLES)
def test_reasons_are_said_in_chinese(text: str) -> None:
    assert language("zh").translated(text).startswith(EXAMPLES[text])
    assert language("en").translated(text) == text


def test_values_are_said_in_chinese_only_where_they_are_words_of_ours() -> None:
    assert "source" in WORDS
    assert language("zh").translated('no article has the source "source: x"') == "没有来源为“source: x”的文章"
    assert language("zh").translated('no article has the author "{n}"') == "没有作者为“{n}”的文章"
