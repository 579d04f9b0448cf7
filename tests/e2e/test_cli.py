"""The command line, in processes of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from wcwidth import wcswidth

import cnsearch
from cnsearch.cli import cli
from cnsearch.store import Store

ROOT = Path(__file__).parents[2]


def run(*args: str | Path, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program; no stderr may hold a traceback."""
    clean = {name: value for name, value in os.environ.items() if name not in ("CNSEARCH_INDEX", "NO_COLOR", "COLUMNS")}
    done = subprocess.run(
        [sys.executable, "-m", "cnsearch", *map(os.fspath, args)],
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        env={**clean, **environment},
        check=False,
    )
    result = subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in result.stderr
    return result


@pytest.mark.parametrize("name", [None, *sorted(cli.commands)])
def test_every_help_ends_with_an_example(name: str | None) -> None:
    from click.testing import CliRunner

    shown = CliRunner().invoke(cli, [name, "-h"] if name else ["--help"])
    assert shown.exit_code == 0
    last = shown.output.rstrip().splitlines()[-1]
    assert "cnsearch " in last
    if name:
        assert f"cnsearch {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_version() -> None:
    assert run("--version").stdout.strip().endswith(cnsearch.__version__)


def test_search_text(data_index_path: Path) -> None:
    done = run("search", "马拉松", "--index", data_index_path)
    assert done.returncode == 0
    assert "articles match" in done.stderr
    assert "\x1b" not in done.stdout
    assert all(wcswidth(line) <= 100 for line in done.stdout.splitlines())
    assert done.stdout.startswith("1. ")


def test_color(data_index_path: Path) -> None:
    assert "\x1b[1;31m" in run("search", "马拉松", "--color", "always", "--index", data_index_path, NO_COLOR="1").stdout


def test_formats(data_index_path: Path) -> None:
    arguments = ("search", "马拉松", "-n", "3", "--index", data_index_path)
    found = json.loads(run(*arguments, "--json").stdout)
    assert found["version"] == 1
    assert len(found["hits"]) == 3
    ids = [hit["id"] for hit in found["hits"]]
    assert run(*arguments, "--ids").stdout.splitlines() == ids
    assert [json.loads(line)["id"] for line in run(*arguments, "--format", "jsonl").stdout.splitlines()] == ids
    rows = list(csv.DictReader(io.StringIO(run(*arguments, "--format", "csv").stdout)))
    assert [row["id"] for row in rows] == ids
    assert int(run(*arguments, "--count").stdout) == found["total"] > 3


def test_queries_from_stdin(data_index_path: Path) -> None:
    done = run(
        "search", "-", "--ids", "-n", "1", "--index", data_index_path, stdin="马拉松\n\n没有这种词呀呀\n龍井\n".encode()
    )
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) >= 2


def test_show_stats_analyze(data_index_path: Path, data_index: cnsearch.Index) -> None:
    hit = data_index.search("马拉松")[0]
    shown = json.loads(run("show", hit.id, "--json", "--index", data_index_path).stdout)
    assert shown["title"] == hit.title
    assert shown["paragraphs"]
    text = run("show", hit.id, "--index", data_index_path).stdout
    assert all(wcswidth(line) <= 100 for line in text.splitlines() if not line.startswith("/"))
    stats = json.loads(run("stats", "--json", "--index", data_index_path).stdout)
    assert stats["articles"] == len(data_index) == 48
    assert sum(stats["sources"].values()) == 48
    assert "数字化 0-3" in run("analyze", "數字化", "--index", data_index_path / "none").stdout


def test_exclusion_is_no_option(data_index_path: Path) -> None:
    everything = int(run("search", "马拉松", "--count", "--index", data_index_path).stdout)
    assert int(run("search", "马拉松", "-围棋", "--count", "--index", data_index_path).stdout) < everything


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("search", "没有这种词呀呀", "--all"), 1, "no article matches"),
        (("show", "nope"), 1, "nope"),
        (("search",), 2, "QUERY"),
        (("search", "x", "--since", "2021-02-30"), 2, "2021-10-27"),
        (("search", "date:2021-13"), 2, "Accepted"),
        (("search", "x", "--limit", "-1"), 2, "limit"),
        (("search", "x", "--time-zone", "Nowhere"), 2, "time zone"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_exit_codes(data_index_path: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    more = ("--index", str(data_index_path)) if arguments[0] != "nonsense" else ()
    done = run(*arguments, *more)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_no_index(tmp_path: Path) -> None:
    done = run("search", "上海", CNSEARCH_INDEX=str(tmp_path / "none"))
    assert done.returncode == 3
    assert "cnsearch index" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_path_that_is_not_there_makes_no_index(tmp_path: Path) -> None:
    done = run("index", tmp_path / "nope", "--index", tmp_path / "index")
    assert done.returncode == 2
    assert not (tmp_path / "index").exists()


def test_unknown_field_is_noted(data_index_path: Path) -> None:
    assert 'no field "foo"' in run("search", "foo:马拉松", "--index", data_index_path).stderr


def test_locked(tmp_path: Path, data: Path) -> None:
    cnsearch.open_index(tmp_path / "index", create=True).close()
    transaction = Store.open(tmp_path / "index").transaction()
    try:
        done = run("index", data, "--index", tmp_path / "index")
    finally:
        transaction.cancel()
    assert done.returncode == 75
    assert "another process" in done.stderr


def test_closed_pipe(data_index_path: Path) -> None:
    command = f'"{sys.executable}" -m cnsearch search "*" -n 48 --format jsonl --index "{data_index_path}" | head -c 10'
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "rror" not in done.stderr


def test_interrupt(tmp_path: Path, write_post: Callable[..., Path]) -> None:
    for n in range(3000):
        write_post(tmp_path / f"posts/{n}.md", f"标题{n}", "数字化转型的城市规划。" * 60)
    process = subprocess.Popen(
        [sys.executable, "-m", "cnsearch", "index", tmp_path / "posts", "--index", tmp_path / "index", "--jobs", "1"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "index").exists() and process.poll() is None:
        time.sleep(0.02)
    time.sleep(0.4)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    assert process.returncode == 130, errors
    done = run("index", tmp_path / "posts", "--index", tmp_path / "index", "--json")
    assert json.loads(done.stdout)["articles"] == 3000


def test_bad_posts_stop_nothing(tmp_path: Path, write_post: Callable[..., Path]) -> None:
    root = tmp_path / "posts"
    write_post(root / "good.md", "好文章", "江豚在长江里。")
    (root / "undecodable.md").write_bytes("中文".encode("big5") + b"\xff\x80\x80\xfe" * 9)
    (root / "empty.md").write_bytes(b"")
    (root / "folder.md").mkdir()
    write_post(root / "folder.md/inside.md", "里面", "江豚。")
    (root / "plain.md").write_text("只有正文 江豚", encoding="utf-8")
    (root / "unclosed.md").write_text("---\ntitle: 没有关闭\n\n江豚的正文\n", encoding="utf-8")
    write_post(root / "big.md", "大文章", "<p>江豚在长江里游泳。</p>" * 20_000)
    (root / "loop").symlink_to(root)
    (tmp_path / "outside.md").write_text("外面", encoding="utf-8")
    (root / "outside.md").symlink_to(tmp_path / "outside.md")
    os.mkfifo(root / "pipe.md")
    write_post(root / "evil.md", "\x1b[31m红\x07<script>", "江豚\x1b]0;x\x07")
    done = run("index", root, "--index", tmp_path / "index", "--json")
    assert done.returncode == 0
    report = json.loads(done.stdout)
    failed = {Path(failure["path"]).name for failure in report["failed"]}
    assert failed == {"undecodable.md", "empty.md", "loop", "outside.md", "pipe.md"}
    assert len(done.stderr.splitlines()) == len(failed)
    assert report["added"] == 6
    found = run("search", "江豚", "--ids", "--index", tmp_path / "index").stdout.splitlines()
    assert set(found) == {"good.md", "folder.md/inside.md", "plain.md", "unclosed.md", "big.md", "evil.md"}
    shown = run("search", "江豚", "--index", tmp_path / "index").stdout
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert json.loads(run("show", "plain.md", "--json", "--index", tmp_path / "index").stdout)["title"] == "plain"
    assert run("index", root, "--index", tmp_path / "index", "--strict").returncode == 1


def test_records_from_stdin(tmp_path: Path) -> None:
    lines = '{"id": "1", "title": "甲", "text": "江豚"}\n{bad\n'.encode()
    done = run("index", "--jsonl", "-", "--index", tmp_path / "index", "--json", stdin=lines)
    assert json.loads(done.stdout)["added"] == 1
    assert ":2" in done.stderr
    assert run("index", "data", "--jsonl", "-", "--index", tmp_path / "index").returncode == 2


def test_user_dictionary(tmp_path: Path, data: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("江豚一号\n", encoding="utf-8")
    assert run("index", data, "--index", tmp_path / "index").returncode == 0
    refused = run("index", data, "--index", tmp_path / "index", "--user-dict", words)
    assert refused.returncode == 3
    assert "--rebuild" in refused.stderr
    assert run("index", data, "--rebuild", "--index", tmp_path / "index", "--user-dict", words).returncode == 0
    assert "江豚一号 0-4" in run("analyze", "江豚一号", "--index", tmp_path / "index").stdout
