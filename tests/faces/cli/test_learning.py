"""The command line speaks Chinese where the environment or ``--lang`` says so: help, results, notes, errors."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cnsearch.faces.cli import program
from cnsearch.faces.cli.learning import learn, messages

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """The program in this process: its exit code, stdout and stderr."""

    def cnsearch(*arguments: str, lang: str = "C.UTF-8") -> tuple[int, str, str]:
        monkeypatch.setenv("LC_ALL", lang)
        monkeypatch.setattr(sys, "argv", ["cnsearch", *arguments])
        with pytest.raises(SystemExit) as ended:
            program.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    yield cnsearch
    learn(program.cli, "en")


def test_results_and_notes(run: Run, data_index_path: Path) -> None:
    options = ("--index", str(data_index_path), "--limit", "1")
    code, out, err = run("search", "咖啡", *options, lang="zh_CN.UTF-8")
    assert (code, err.partition("（")[0]) == (0, "找到 11 篇，显示第 1 到 1 条")
    assert out == run("search", "咖啡", *options)[1]
    code, _, err = run("--lang", "zh", "search", "咖啡", "--source", "没有的报", *options)
    assert code == 1
    assert "提示：没有来源为“没有的报”的文章" in err
    assert "11 articles match" in run("--lang", "en", "search", "咖啡", *options, lang="zh_CN.UTF-8")[2]


def test_json_stays_as_it_is(run: Run, data_index_path: Path) -> None:
    command = ("search", "咖啡", "--source", "没有的报", "--json", "--index", str(data_index_path))
    times = re.compile(r'"took_ms": [\d.]+')
    english, chinese = (times.sub("", run(*command, lang=lang)[1]) for lang in ("C", "zh_CN"))
    assert english == chinese


def test_help_of_every_command(run: Run) -> None:
    _, english, _ = run("--help")
    _, chinese, _ = run("--help", lang="zh_CN.UTF-8")
    assert "Commands" in english
    assert "Commands" not in chinese
    assert "中文文章的全文检索" in chinese
    for name in program.cli.commands:
        _, out, _ = run("--lang", "zh", name, "--help")
        assert "用法：" in out, name
        assert "例如：" in out or name == "dict", name
    assert run("--help")[1] == english, "what was learned is forgotten again"
    assert run("--lang", "en", "search", "--help", lang="zh_TW")[1] == run("search", "--help")[1]


def test_mistakes_and_errors(run: Run, tmp_path: Path) -> None:
    code, _, err = run("--lang", "zh", "search", "--nope")
    assert code == 2
    assert "错误：没有选项 '--nope'" in err
    code, _, err = run("search", "a", "--index", str(tmp_path / "nirgends"), lang="zh_CN")
    assert code == 3
    assert err.endswith("这里没有索引。请先建立：cnsearch index data/\n")
    assert run("--lang", "tlh", "stats")[0] == 2


def test_indexing(run: Run, tmp_path: Path, write_post: Callable[..., Path]) -> None:
    write_post(tmp_path / "posts" / "a.md")
    index = str(tmp_path / "index")
    _, out, _ = run("--lang", "zh", "index", str(tmp_path / "posts"), "--index", index, "--jobs", "1")
    assert out.partition("（")[0] == f"新增 1，改动 0，移除 0，未变 0；{index} 中共 1 篇"
    assert "将会：" in run("--lang", "zh", "index", "--dry-run", "--index", index, "--jobs", "1")[1]
    assert run("--lang", "zh", "stats", "--index", index)[1].startswith("索引            ")
    assert "没有损坏" in run("--lang", "zh", "verify", "--index", index)[1]


def test_the_help_is_known_as_it_is_written() -> None:
    texts = messages(program.cli)
    assert len(texts) > 90
    assert not [text for text in texts if text != text.strip()]
