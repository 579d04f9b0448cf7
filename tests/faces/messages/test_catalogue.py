"""Every message has its twin, with the same values in it; what reads the catalogues reads what Babel reads."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.pofile import read_po

import cnsearch
from cnsearch.faces.messages import LANGUAGES, language, preferred
from cnsearch.faces.messages.catalogue import read_catalogue
from cnsearch.faces.messages.language import of_environment, pattern_of
from cnsearch.faces.messages.library import LIBRARY

ROOT = Path(__file__).parents[3]
CATALOGUES = sorted((ROOT / "cnsearch/faces/messages").glob("*.po"))


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "tools" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MESSAGES = tool().messages()


def names(text: str) -> list[str]:
    return sorted(set(re.findall(r"\{(\w+)(?:!r)?\}", text)))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_no_message_lacks_its_twin_and_none_is_left_over(path: Path) -> None:
    """If one does: ``python tools/messages.py --write``, and translate what is empty."""
    catalogue = read_catalogue(path.read_text(encoding="utf-8"))
    wanted = {message if isinstance(message, str) else message[0] for message in MESSAGES}
    assert set(catalogue) == wanted
    for message in MESSAGES:
        forms = (message,) if isinstance(message, str) else message
        for twin in catalogue[forms[0]]:
            assert names(twin) == names(forms[-1]), forms


def test_every_language_but_english_has_a_catalogue() -> None:
    assert {path.stem for path in CATALOGUES} == set(LANGUAGES) - {"en"}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_is_read_as_babel_reads_it(path: Path) -> None:
    expected = {}
    for message in read_po(BytesIO(path.read_bytes()), locale=path.stem):
        if message.id and message.string and not message.fuzzy:
            one = message.id if isinstance(message.id, str) else message.id[0]
            expected[one] = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    assert read_catalogue(path.read_text(encoding="utf-8")) == expected


def test_forms_of_a_catalogue() -> None:
    text = (
        '# a\nmsgid ""\nmsgstr "h\\n"\n\nmsgid "a"\n"b\\"c"\nmsgstr "x"\nmsgid "n"\nmsgid_plural "ns"\n'
        'msgstr[0] "1"\nmsgstr[1] "2"\n\n#, fuzzy\nmsgid "f"\nmsgstr "g"\n\nmsgid "e"\nmsgstr ""\n'
    )
    assert read_catalogue(text) == {'ab"c': ("x",), "n": ("1", "2")}
    with pytest.raises(ValueError, match="line 2"):
        read_catalogue('msgid "a"\nmsgstr x\n')


# What the library says


def skeletons(path: Path) -> Iterator[str]:
    """Texts of notes in a module, with ``{}`` for each value: the arguments of ``notes.append``, and what functions of
    notes return."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("notes.append"):
            yield _skeleton(node.args[0])


def _skeleton(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr), ast.unparse(node)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)


def test_every_note_on_a_query_is_known() -> None:
    known = {re.sub(r"\{\w+\}", "{}", message) for message in LIBRARY}
    found = {note for path in (ROOT / "cnsearch/query").glob("*.py") for note in skeletons(path)}
    assert len(found) >= 5
    counted = ("more than {}; ", "the query is longer than {}; ")  # their numbers have a singular and a plural
    assert {note for note in found if not note.startswith(counted)} <= known


def test_notes_that_searches_give_are_said_in_chinese(data_index: cnsearch.Index, data_index_path: Path) -> None:
    limits = cnsearch.Limits(query_chars=40, query_clauses=5, query_depth=1, query_patterns=1, pattern_terms=1)
    notes: set[str] = set()
    with cnsearch.open_index(data_index_path, limits=limits) as small:
        for index in (data_index, small):
            for query in (
                "咖啡" * 40,
                "",
                "甲 乙 丙 丁 戊 己 庚",
                "((甲))",
                "feld:甲",
                "a* b* c*",
                "咖*",
                "咖*非",
                "咖啡 云南 手冲 水温",
            ):
                notes.update(index.search(query).notes)
            for name in ("source", "category", "author", "tag"):
                notes.update(index.search("咖啡", **{name: ["江城晩报", "没有的"]}).notes)
            notes.update(index.search("咖啡", labels={"language": "zh"}).notes)
    assert len(notes) >= 12
    chinese = language("zh")
    assert not [note for note in notes if chinese.translated(note) == note]
    assert all(language("en").translated(note) == note for note in notes)


def test_a_message_is_not_taken_for_another() -> None:
    for message in LIBRARY:
        text = message.replace("{", "‹").replace("}", "›")
        assert next(one for one in LIBRARY if pattern_of(one).fullmatch(text)) == message


# Which language


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-Hant-TW", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr;q=1, zh;q=0.2", "zh"),
        ("zh;q=0, en;q=0.1", "en"),
        ("*", "en"),
        ("zh;q=x", "en"),
        ("," * 5000, "en"),
    ],
)
def test_the_language_of_a_browser(accepted: str, code: str) -> None:
    assert preferred(accepted) == code


def test_the_language_of_a_terminal() -> None:
    assert of_environment({"LANG": "zh_CN.UTF-8"}) == "zh"
    assert of_environment({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}) == "en"
    assert of_environment({"LC_MESSAGES": "zh_TW", "LANG": "de_DE"}) == "zh"
    assert of_environment({}) == "en"


def test_counts() -> None:
    assert [language("en").count("{n} article", "{n} articles", n) for n in (0, 1, 1200)] == [
        "0 articles",
        "1 article",
        "1,200 articles",
    ]
    assert language("zh").count("{n} article", "{n} articles", 1200) == "1,200 篇"
    with pytest.raises(KeyError):
        language("tlh")
