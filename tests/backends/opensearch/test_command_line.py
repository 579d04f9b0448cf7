"""Every command of the command line on a cluster: it does not know which kind of index it holds."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cnsearch.faces import interrupts
from cnsearch.faces.cli import program

Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the program in this process; gives what it prints, or what it says if it ends with a code."""
    monkeypatch.setattr(interrupts, "ignore", lambda: None)

    def start(*arguments: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["cnsearch", *arguments])
        with pytest.raises(SystemExit) as ended:
            program.main()
        out, err = capsys.readouterr()
        assert ended.value.code == code, err
        assert "Traceback" not in err
        return out if code == 0 else err

    return start


def test_the_commands(
    run: Run, monkeypatch: pytest.MonkeyPatch, new_url: Callable[[], str], data: Path, tmp_path: Path
) -> None:
    url = new_url()
    said = json.loads(run("index", str(data), "--index", url, "--json", "--jobs", "1"))
    assert (said["added"], said["articles"]) == (48, 48)
    monkeypatch.setenv("CNSEARCH_INDEX", url)
    found = json.loads(run("search", "数字化转型", "--json", "--facet", "source"))
    assert found["total"] == 5
    first = found["hits"][0]["id"]
    assert run("search", "数字化转型", "--ids", "--index", url).splitlines()[0] == first
    assert run("search", "数字化转型", "--count", "--index", url) == "5\n"
    assert json.loads(run("show", first, "--json", "--index", url))["id"] == first
    assert run("similar", first, "--index", url, "-n", "1")
    assert "数字化" in run("suggest", "数字", "--index", url)
    assert json.loads(run("stats", "--json", "--index", url))["articles"] == 48
    assert "no damage" in run("verify", "--index", url)
    run("dict", "add", "蓝鲸号", "--index", url)
    assert run("dict", "list", "--index", url) == "蓝鲸号\n"
    words = json.loads(run("analyze", "蓝鲸号", "--json", "--index", url))["words"]
    assert "蓝鲸号" in [word for word, _, _ in words]  # the tokenizer is that of the index
    run("copy", url, str(tmp_path / "copy"))
    assert run("search", "数字化转型", "--count", "--index", str(tmp_path / "copy")) == "5\n"
    assert "Copy its articles" in run("snapshot", str(tmp_path / "no"), "--index", url, code=2)
    run("search", "zzqqxx", "--index", url, code=1)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("opensearch+htp://127.0.0.1:9/n", "no way to an index"),
        ("opensearch+http://127.0.0.1/n", "has no port"),
        ("opensearch+http://127.0.0.1:9/n/m", "more than the name"),
        ("opensearch+http://127.0.0.1:1/n", "the host does not answer (connection refused)"),
        ("opensearch+http://u:geheim@127.0.0.1:1/n", "do not belong into the URL"),
    ],
)
def test_one_sentence_says_what_is_wrong(run: Run, url: str, said: str) -> None:
    error = run("search", "茶", "--index", url, code=3)
    assert said in error
    assert "geheim" not in error
    assert len(error.splitlines()) == 1


def test_an_index_that_is_not_there(run: Run, node: str) -> None:
    assert "there is no index" in run("search", "茶", "--index", f"opensearch+http://{node}/nothing", code=3)
