"""What searchers of Chinese text complain of elsewhere, each as a test, through the command line and the library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import cnsearch
from cnsearch.analysis.fold import fold
from cnsearch.faces.cli.program import cli

TEXTS = {
    "转型": ("数字化转型的路径", "企业要把数字化转型落到实处。乒乓球拍卖完了。"),
    "繁体": ("數位轉型在臺灣", "臺灣的網路業者談數位轉型，軟體與資訊安全。"),
    "型号": (
        "S-300与C919",
        "俄制S-300V导弹、国产大飞机C919、５Ｇ基站和iPhone 15都在展会上；代码用C++和C#写成，也用.NET。",
    ),
    "数字": ("参数", "编号3000的型号V300R002于2021-10-27发布，涨了3.5%，H5N1是病毒。A股大涨。"),
    "表情": ("江豚🐬回来了", "😀😀江豚🐬在長江中跳躍，👨‍👩‍👧一家人都看見了江豚。"),
    "拼音": ("上海地铁", "上海的地铁里程世界第一。"),
    "英文": ("Shanghai Metro", "The shanghai metro is the longest; C is a language, 5 lines, G force, 4G too."),
    "和服": ("产品和服务", "公司的产品和服务质量都好。"),
    "词典": ("云原生数据湖", "云原生数据湖仓一体架构很流行。"),
}


@pytest.fixture
def index_path(tmp_path: Path) -> Path:
    path = tmp_path / "index"
    with cnsearch.open_index(path, create=True) as index:
        index.add([cnsearch.Article(id=name, title=title, paragraphs=(body,)) for name, (title, body) in TEXTS.items()])
    return path


class Found:
    """The hits of one query, the same from the command line and from the library."""

    def __init__(self, path: Path, query: str) -> None:
        done = CliRunner().invoke(cli, ["search", "--json", "--index", str(path), "--", query], standalone_mode=False)
        assert done.exception is None
        shown = json.loads(done.stdout)
        with cnsearch.open_index(path) as index:
            results = index.search(query).to_dict(index.time_zone)
        for one in (shown, results):
            one.pop("took_ms")
        assert shown == results
        assert done.return_value == (0 if shown["total"] else 1)
        self.ids = [hit["id"] for hit in shown["hits"]]
        self.hits: list[dict[str, Any]] = shown["hits"]
        self.marked = set(self._marked())

    def _marked(self) -> Iterator[str]:
        for hit in self.hits:
            for part in hit["fragments"]:
                assert part["text"] in TEXTS[hit["id"]][part["field"] == "body"]  # characters of the article as it is
                for start, end in part["highlights"]:
                    yield part["text"][start:end]


@pytest.mark.parametrize("phrase", ["字化转", "转型的路", "化转型落", "要把数字", "球拍卖完", "。乒乓"])
def test_phrases_find_nothing_because_segmentation_differs(index_path: Path, phrase: str) -> None:
    found = Found(index_path, f'"{phrase}"')
    assert found.ids == ["转型"]
    assert found.marked == {phrase}


def test_a_phrase_is_not_found_where_only_its_words_are(index_path: Path) -> None:
    assert Found(index_path, '"转型数字化"').ids == []
    assert Found(index_path, '"路径企业"').ids == []  # the end of the title, the beginning of the body


@pytest.mark.parametrize(("part", "article"), [("字化", "转型"), ("球拍", "转型"), ("网络", "繁体"), ("飞机", "型号")])
def test_parts_of_longer_words_are_not_found(index_path: Path, part: str, article: str) -> None:
    ids = Found(index_path, part).ids
    assert ids == ([article] if part != "网络" else [])  # 網路 is another word than 网络: no guessing


@pytest.mark.parametrize(("char", "articles"), [("豚", {"表情"}), ("股", {"数字"}), ("湖", {"词典"}), ("长", {"表情"})])
def test_single_characters_are_not_found(index_path: Path, char: str, articles: set[str]) -> None:
    found = Found(index_path, char)
    assert set(found.ids) == articles
    assert {fold(text) for text in found.marked} == {char}


@pytest.mark.parametrize(
    ("query", "article", "marked"),
    [
        ("S-300", "型号", {"S-300"}),
        ("s300", "型号", {"S-300"}),
        ("s-300v", "型号", {"S-300V"}),
        ("c919", "型号", {"C919"}),
        ("5G", "型号", {"５Ｇ"}),
        ("5g基站", "型号", None),
        ("iphone15", "型号", {"iPhone 15"}),
        ("iPhone 15", "型号", {"iPhone", "15"}),
        ("C++", "型号", {"C++"}),
        ("c#", "型号", {"C#"}),
        (".net", "型号", {".NET"}),
        ("3.5%", "数字", {"3.5%"}),
        ("3.5", "数字", {"3.5"}),
        ("2021-10-27", "数字", {"2021-10-27"}),
        ("v300r002", "数字", {"V300R002"}),
        ("h5n1", "数字", {"H5N1"}),
        ("a股", "数字", None),
    ],
)
def test_model_numbers_are_broken_up(index_path: Path, query: str, article: str, marked: set[str] | None) -> None:
    found = Found(index_path, query)
    assert found.ids[0] == article
    if marked is not None:
        assert found.ids == [article]  # not what has a C, or a 5 and a G, somewhere
        assert found.marked == marked
    assert Found(index_path, f'"{query}"').ids == ([article] if query not in ("s300", "iphone15") else [])


def test_a_number_is_not_found_inside_another(index_path: Path) -> None:
    assert set(Found(index_path, "300").ids) == {"型号", "数字"}  # S-300V and V300R002, not for 3000
    assert Found(index_path, "300").marked == {"300"}


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("江豚", {"江豚"}),
        ("跳跃", {"跳躍"}),
        ("一家人", {"一家人"}),
        ("长江", {"長江"}),
        ('"中跳"', {"中跳"}),
        ("🐬", {"🐬"}),
    ],
)
def test_highlights_are_on_the_wrong_characters(index_path: Path, query: str, marked: set[str]) -> None:
    found = Found(index_path, query)
    assert found.ids == ["表情"]
    assert found.marked == marked


def test_a_word_is_not_marked_across_others(index_path: Path) -> None:
    assert "和服" not in Found(index_path, "和服").marked


@pytest.mark.parametrize("query", ["数位转型", "數位轉型", "数位", "台湾", "臺灣", "软体", '"網路業"', "资讯安全"])
def test_traditional_script_is_missed(index_path: Path, query: str) -> None:
    assert Found(index_path, query).ids[0] == "繁体"


def test_pinyin_ruins_precision(index_path: Path) -> None:
    assert Found(index_path, "shanghai").ids == ["英文"]  # not 上海: the letters are found as they are
    assert Found(index_path, "上海").ids == ["拼音"]
    assert Found(index_path, "伤害").ids == []  # sounds alike, and is another word


def test_a_mistyped_sound_is_offered_and_not_run(index_path: Path) -> None:
    """Pinyin helps where a query of letters finds nothing, and says so."""
    with cnsearch.open_index(index_path) as index:
        results = index.search("ditie")
        assert (results.total, results.correction) == (0, "地铁")
        assert index.search("上海").correction == ""
    done = CliRunner().invoke(cli, ["search", "--index", str(index_path), "ditie"], standalone_mode=False)
    assert (done.return_value, done.stdout) == (1, "")
    assert "did you mean: 地铁?" in done.stderr


def test_dictionaries_need_a_manual_reindex(index_path: Path) -> None:
    def words() -> list[str]:
        shown = CliRunner().invoke(cli, ["analyze", "云原生", "--json", "--index", str(index_path)])
        return [text for text, _, _ in json.loads(shown.stdout)["words"]]

    assert "云原生" not in words()
    done = CliRunner().invoke(
        cli, ["dict", "add", "云原生", "--json", "--index", str(index_path)], standalone_mode=False
    )
    assert json.loads(done.stdout)["retokenised"] == 1  # the one article that has it, and no other
    assert "云原生" in words()
    found = Found(index_path, "云原生")
    assert (found.ids, found.marked) == (["词典"], {"云原生"})
    with cnsearch.open_index(index_path) as index:
        assert index.remove_words("云原生").retokenised == 1
    assert "云原生" not in words()
