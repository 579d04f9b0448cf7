"""Every command of the command line on a cluster: it does not know which kind of index it holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


def run(*arguments: str, code: int = 0, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "cnsearch", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **environ},
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


def test_the_commands(new_url: Callable[[], str], data: Path, tmp_path: Path) -> None:
    url = new_url()
    said = json.loads(run("index", str(data), "--index", url, "--json", "--jobs", "1"))
    assert (said["added"], said["articles"]) == (48, 48)
    found = json.loads(run("search", "数字化转型", "--json", "--facet", "source", CNSEARCH_INDEX=url))
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
def test_one_sentence_says_what_is_wrong(url: str, said: str) -> None:
    error = run("search", "茶", "--index", url, code=3)
    assert said in error
    assert "geheim" not in error
    assert len(error.splitlines()) == 1


def test_an_index_that_is_not_there(node: str) -> None:
    assert "there is no index" in run("search", "茶", "--index", f"opensearch+http://{node}/nothing", code=3)
