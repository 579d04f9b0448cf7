"""The command line, in processes of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from wcwidth import wcswidth

import cnsearch
from cnsearch.faces.cli import program
from cnsearch.faces.cli.program import cli
from cnsearch.store.opening import Store
from cnsearch.store.transaction import begin

ROOT = Path(__file__).parents[2]
Write = Callable[..., Path]
RAW_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")


def environment(**changes: str) -> dict[str, str]:
    ours = ("CNSEARCH_INDEX", "CNSEARCH_TIME_ZONE", "CNSEARCH_DEBUG", "NO_COLOR", "COLUMNS", "PYTHONIOENCODING")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(path), **changes}


def command(*args: str | os.PathLike[str]) -> list[str]:
    return [sys.executable, "-m", "cnsearch", *map(os.fspath, args)]


def run(
    *args: str | os.PathLike[str], stdin: bytes = b"", cwd: Path = ROOT, **changes: str
) -> subprocess.CompletedProcess[str]:
    """Run the program; no stderr may hold a traceback."""
    done = subprocess.run(
        command(*args), input=stdin, capture_output=True, cwd=cwd, env=environment(**changes), check=False, timeout=120
    )
    result = subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in result.stderr
    assert "internal error" not in result.stderr
    return result


def invoke(*args: str | os.PathLike[str], stdin: str = "", **changes: str) -> tuple[str, str]:
    """(stdout, stderr) of the command line in this process, which is quicker; for what succeeds."""
    env = {"COLUMNS": None, **changes}
    done = CliRunner().invoke(cli, list(map(os.fspath, args)), input=stdin, env=env, standalone_mode=False)
    assert done.exception is None
    assert done.return_value in (None, 0, 1)
    return done.stdout, done.stderr


Main = Callable[..., tuple[int, str, str]]


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Main:
    """(exit code, stdout, stderr) of the whole program in this process, where a failure counts and not the process."""

    def call(*args: str | os.PathLike[str]) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cnsearch", *map(os.fspath, args)])
        with pytest.raises(SystemExit) as caught:
            program.main()
        shown = capsys.readouterr()
        assert "internal error" not in shown.err
        assert isinstance(caught.value.code, int)
        return caught.value.code, shown.out, shown.err

    return call


# Help


@pytest.mark.parametrize("name", [None, *sorted(cli.commands)])
def test_every_help_ends_with_an_example(name: str | None) -> None:
    shown, _ = invoke(*([name] if name else []), "-h")
    assert (shown, "") == invoke(*([name] if name else []), "--help")
    last = shown.rstrip().splitlines()[-1]
    assert f"cnsearch {name or 'index'}" in last
    if name:
        assert last.lstrip().startswith("Example: ")
        assert f"## cnsearch {name}" in (ROOT / "docs/en/command-line.md").read_text(encoding="utf-8")


def test_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip().endswith(cnsearch.__version__)


# Searching


def test_results_go_to_stdout_and_messages_to_stderr(data_index_path: Path) -> None:
    done = run("search", "foo:马拉松", "数字化", "--any", "--index", data_index_path)
    assert done.returncode == 0
    assert done.stdout.startswith("1. ")
    assert "match" not in done.stdout
    note, missing, summary = done.stderr.splitlines()
    assert note == 'cnsearch: note: there is no field "foo": taken as words'
    assert missing == "cnsearch: note: no article has all of foo, 马拉松, 数字化"
    assert re.fullmatch(r"\d+ articles match, 1 to 10 shown \([0-9.]+ ms\)", summary)
    assert "\x1b" not in done.stdout + done.stderr


def test_color(data_index_path: Path) -> None:
    forced = run("search", "马拉松", "--color", "always", "--index", data_index_path, NO_COLOR="1").stdout
    assert "\x1b[1;31m马拉松\x1b[0m" in forced
    plain = re.sub(r"\x1b\[[0-9;]*m", "", forced)
    assert plain == invoke("search", "马拉松", "--color", "never", "--index", data_index_path)[0]


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
@pytest.mark.parametrize(("changes", "colored"), [({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)])
def test_color_on_a_terminal(data_index_path: Path, changes: dict[str, str], colored: bool) -> None:
    ours, theirs = os.openpty()
    try:
        arguments = command("search", "马拉松", "-n", "1", "--index", data_index_path)
        env = environment(**{"TERM": "xterm", **changes})
        with subprocess.Popen(arguments, stdout=theirs, stderr=subprocess.PIPE, cwd=ROOT, env=env) as process:
            os.close(theirs)
            shown = b""
            try:
                while piece := os.read(ours, 4096):
                    shown += piece
            except OSError:  # how Linux says that the other end is closed
                pass
    finally:
        os.close(ours)
    assert process.returncode == 0
    assert "马拉松".encode() in shown
    assert (b"\x1b[" in shown) == colored


def test_lines_are_at_most_100_cells_wide(data_index_path: Path, data_index: cnsearch.Index) -> None:
    shown, _ = invoke("search", "的 马拉松 数字化", "--any", "-n", "48", "--index", data_index_path)
    assert shown.count("\n\n") > 40
    shown += invoke("stats", "--index", data_index_path)[0].partition("\nsources")[2]
    for hit in data_index.search("*", limit=100):
        text, _ = invoke("show", hit.id, "--index", data_index_path)
        assert hit.title.split()[0] in text
        shown += text.replace(hit.path, "")  # where the tests lie is not ours to say
    assert [line for line in shown.splitlines() if wcswidth(line) > 100] == []
    narrow, _ = invoke("search", "马拉松", "--index", data_index_path, COLUMNS="40")
    ids = {hit.id for hit in data_index.search("*", limit=100)}  # are never broken: they are there to be copied
    assert [line for line in narrow.splitlines() if wcswidth(line) > 40 and line.strip() not in ids] == []


def test_formats_agree(data_index_path: Path) -> None:
    arguments = ("search", "马拉松", "-n", "3", "--index", data_index_path)
    found = json.loads(invoke(*arguments, "--json")[0])
    assert found["version"] == 1
    assert {"query", "understood", "total", "took_ms", "hits", "facets"} <= found.keys()
    hits = found["hits"]
    assert len(hits) == 3
    hit_keys = "rank id title source categories author date url path score snippet fragments"
    assert set(hit_keys.split()) <= hits[0].keys()
    for fragment in (fragment for hit in hits for fragment in hit["fragments"]):
        assert fragment["highlights"]
        assert {fragment["text"][start:end] for start, end in fragment["highlights"]} == {"马拉松"}
    assert json.loads(invoke(*arguments, "--format", "json")[0])["hits"] == hits
    assert [json.loads(line) for line in invoke(*arguments, "--format", "jsonl")[0].splitlines()] == hits
    for option in ("--ids", "-l"):
        assert invoke(*arguments, option)[0].splitlines() == [hit["id"] for hit in hits]
    assert int(invoke(*arguments, "--count")[0]) == found["total"] > 3
    rows = list(csv.DictReader(io.StringIO(invoke(*arguments, "--format", "csv")[0])))
    assert [row["id"] for row in rows] == [hit["id"] for hit in hits]
    assert [row["snippet"] for row in rows] == [hit["snippet"] for hit in hits]
    assert [float(row["score"]) for row in rows] == [hit["score"] for hit in hits]
    assert rows[0]["categories"].split("/") == hits[0]["categories"]
    text = invoke(*arguments)[0]
    assert [hit["id"] for hit in hits] == [
        line.strip() for line in text.splitlines() if line.endswith((".md", ".html"))
    ]
    page = json.loads(invoke(*arguments, "--json", "--offset", "2")[0])["hits"]
    assert page[0] == hits[2]


def test_filters(data_index_path: Path) -> None:
    def sources(*options: str) -> set[str]:
        shown, _ = invoke("search", "*", "-n", "99", "--format", "jsonl", "--index", data_index_path, *options)
        return {json.loads(line)["source"] for line in shown.splitlines()}

    assert sources("--source", "星图科技", "--source", "江城晚报") == {"星图科技", "江城晚报"}
    assert sources("--category", "金融/海岸财经") == {"海岸财经"}
    assert sources("--author", "海岸财经") == {"海岸财经"}
    assert len(sources()) > 5
    days = [
        json.loads(line)["date"][:10]
        for line in invoke(
            *("search", "*", "-n", "99", "--format", "jsonl", "--sort", "date", "--since", "2025-10"),
            *("--until", "2025-11-18", "--index", data_index_path),
        )[0].splitlines()
    ]
    assert days == sorted(days, reverse=True)
    assert days[0] == "2025-11-18"
    assert days[-1] >= "2025-10-01"
    oldest = ("search", "*", "-n", "5", "--ids", "--index", data_index_path)
    assert invoke(*oldest, "--oldest") == invoke(*oldest, "--sort", "oldest") != invoke(*oldest, "--sort", "date")


def test_all_any_raw_and_exclusion(data_index_path: Path) -> None:
    def count(*arguments: str) -> int:
        return int(invoke("search", *arguments, "--count", "--index", data_index_path)[0])

    either, both = count("马拉松", "咖啡", "--any"), count("马拉松", "咖啡", "--all")
    assert either > count("马拉松") > both >= 1
    assert count("马拉松", "-咖啡") == count("马拉松") - both
    assert count("马拉松", "-咖啡", "--raw", "--any") == either
    assert both <= count("马拉松", "咖啡") < either


def test_queries_from_stdin(data_index_path: Path) -> None:
    lines = "马拉松\n\n鱻鱻鱻\n龍井\r\n\x1b[31m江豚\n"
    done = run("search", "-", "--count", "--index", data_index_path, stdin=lines.encode() + b"\xff\xfe\n")
    assert done.returncode == 0
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[1] for row in rows] == ["马拉松", "鱻鱻鱻", "龍井", " [31m江豚", "\ufffd\ufffd"]
    assert int(rows[0][0]) > int(rows[1][0]) == 0
    shown, errors = invoke("search", "-", "-n", "1", "--index", data_index_path, stdin="马拉松\n龍井\n")
    assert re.findall("^== (.*)$", shown, re.MULTILINE) == ["马拉松", "龍井"]
    assert errors.count("articles match") == 2
    shown, _ = invoke("search", "-", "-n", "1", "--format", "jsonl", "--index", data_index_path, stdin="马拉松\n龍井\n")
    assert [json.loads(line)["query"] for line in shown.splitlines()] == ["马拉松", "龍井"]
    shown, _ = invoke("search", "-", "-n", "2", "--format", "csv", "--index", data_index_path, stdin="马拉松\n龍井\n")
    rows = list(csv.reader(io.StringIO(shown)))
    assert [row[:2] for row in rows] == [["query", "rank"], *([query, n] for query in ("马拉松", "龍井") for n in "12")]


def test_show_stats_analyze(data_index_path: Path, data_index: cnsearch.Index) -> None:
    hit = data_index.search("马拉松")[0]
    shown = json.loads(invoke("show", hit.id, "--json", "--index", data_index_path)[0])
    assert shown == data_index.get(hit.id).to_dict(data_index.time_zone)
    text, _ = invoke("show", hit.id, "--index", data_index_path)
    assert all(paragraph[:20] in text for paragraph in shown["paragraphs"])
    stats = json.loads(invoke("stats", "--json", "--index", data_index_path)[0])
    keys = "version articles sources categories segments size_bytes tokenizer format_version"
    assert set(keys.split()) <= stats.keys()
    assert stats["articles"] == sum(stats["sources"].values()) == len(data_index)
    analysis = json.loads(invoke("analyze", "數字化", "--json", "--index", data_index_path / "none")[0])
    assert analysis["words"] == [["数字", 0, 2], ["数字化", 0, 3]]
    assert analysis["characters"] == [["数字", 0, 2], ["字化", 1, 3], ["化", 2, 3]]
    assert "数字化 0-3" in invoke("analyze", "數字化", "--index", data_index_path)[0]


def test_similar(data_index_path: Path, data_index: cnsearch.Index) -> None:
    article = next(hit.id for hit in data_index.search("title:大熊猫"))
    expected = data_index.similar(article, limit=4)
    here = ("--index", data_index_path, "-n", "4")
    text, summary = invoke("similar", article, *here)
    assert [line.split(" ", 1)[1] for line in text.splitlines() if re.match(r"\d\. ", line)] == [
        h.title for h in expected
    ]
    assert summary.startswith(f"{expected.total} articles match, 1 to 4 shown")
    shown = json.loads(invoke("similar", article, "--json", "--explain", *here)[0])
    assert [hit["id"] for hit in shown["hits"]] == [hit.id for hit in expected]
    assert (shown["query"], shown["understood"]) == (article, expected.understood)
    assert {part["text"] for hit in shown["hits"] for part in hit["explanation"]} <= set(expected.understood.split())
    assert invoke("similar", article, "--ids", *here)[0].splitlines() == [hit.id for hit in expected]
    assert invoke("similar", article, "--count", *here)[0] == f"{expected.total}\n"
    assert invoke("similar", article, "--format", "csv", *here)[0].startswith("rank,id,title")
    shown, summary = invoke("similar", article, "--source", "没有", *here)
    assert (shown, summary) == ("", "no article matches\n")


def test_collapse(data_index_path: Path) -> None:
    asked = ("search", "云南 咖啡 豆", "--collapse", "--index", data_index_path)
    text, summary = invoke(*asked)
    assert "\n   +1 more: 青禾生活志\n" in text + "\n"
    assert ", 1 folded under them (" in summary
    plain = json.loads(invoke(*(part for part in asked if part != "--collapse"), "--json")[0])
    shown = json.loads(invoke(*asked, "--json")[0])
    assert shown["total"] == plain["total"] == len(plain["hits"]) == len(shown["hits"]) + 1
    assert [(hit["more"], len(hit["duplicates"])) for hit in shown["hits"][:2]] == [(1, 1), (0, 0)]
    (copy,) = shown["hits"][0]["duplicates"]
    (same,) = [hit for hit in plain["hits"] if hit["id"] == copy["id"]]
    assert copy == {name: same[name] for name in ("id", "title", "source", "date", "url")}
    assert invoke(*asked, "--ids")[0].splitlines() == [hit["id"] for hit in shown["hits"]]
    assert invoke(*asked, "--count")[0] == f"{plain['total']}\n"


def test_dates_in_another_time_zone(data_index_path: Path, data_index: cnsearch.Index) -> None:
    (hit,) = data_index.search("*", limit=1)
    for option, name in (((), "UTC"), (("--time-zone", "UTC"), "Asia/Shanghai")):
        shown, _ = invoke("show", hit.id, "--json", "--index", data_index_path, *option, CNSEARCH_TIME_ZONE=name)
        assert json.loads(shown)["date"].endswith("+00:00")


# Exit codes and messages


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("search", "没有这种词呀呀", "--all"), 1, "no article matches"),
        (("show", "nope"), 1, 'no article has the id "nope"'),
        (("similar", "nope"), 1, 'no article has the id "nope"'),
        (("similar", "nope", "--since", "2021-02-30"), 1, "search --ids"),
        (("search",), 2, "QUERY"),
        (("search", "x", "--since", "2021-02-30"), 2, "a day 2021-10-27"),
        (("search", "x", "--until", "\x1b[31mgestern"), 2, "a month 2021-10"),
        (("search", "date:2021-13"), 2, "a range 2021-10..2021-12"),
        (("search", "x", "--limit", "-1"), 2, "--limit"),
        (("search", "x", "--format", "xml"), 2, "jsonl"),
        (("search", "x", "--time-zone", "Nowhere"), 2, "Asia/Shanghai"),
        (("index", "data", "--rebuild", "--dry-run"), 2, "--rebuild"),
        (("index", "data", "--jsonl", "-"), 2, "--jsonl"),
        (("index", "--jsonl", "nowhere.jsonl"), 2, "nowhere.jsonl"),
        (("index", "data", "--user-dict", "nowhere.txt"), 2, "nowhere.txt"),
        (("index", "nowhere/at/all"), 2, "nowhere/at/all"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_exit_codes(
    main: Main,
    monkeypatch: pytest.MonkeyPatch,
    data_index_path: Path,
    arguments: Sequence[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.setenv("CNSEARCH_INDEX", str(data_index_path))
    found, shown, errors = main(*arguments)
    assert (found, shown) == (code, "")
    assert said in errors
    assert "\x1b" not in errors


def test_exit_codes_of_the_process(data_index_path: Path) -> None:
    for arguments, code, num_lines in (
        (("search", "没有这种词呀呀", "--all"), 1, 1),
        (("search", "x", "--since", "gestern"), 2, 1),
        (("search", "x", "--limit", "-1"), 2, 4),
    ):
        done = run(*arguments, "--index", data_index_path)
        assert (done.returncode, done.stdout) == (code, "")
        assert len(done.stderr.splitlines()) == num_lines


def test_no_index(tmp_path: Path) -> None:
    done = run("search", "上海", CNSEARCH_INDEX=str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (3, "")
    assert (
        done.stderr == f"cnsearch: {tmp_path / 'none'}: there is no index here. Make one with: cnsearch index data/\n"
    )
    assert not (tmp_path / "none").exists()


def test_a_damaged_index(main: Main, tmp_path: Path, data_index_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(data_index_path, tmp_path / "index")
    (toc,) = (tmp_path / "index").glob("*.toc")
    toc.write_bytes(toc.read_bytes()[:100])
    for arguments in (("search", "上海"), ("index",), ("index", "--rebuild")):
        code, shown, errors = main(*arguments)
        assert (code, shown) == (3, "")
        (line,) = errors.splitlines()
        assert "--rebuild PATH" in line
    assert "48 articles" in invoke("index", "--rebuild", "--jobs", "1", ROOT / "data")[0]


def test_locked(tmp_path: Path, data: Path) -> None:
    cnsearch.open_index(tmp_path / "index", create=True).close()
    transaction = begin(Store.open(tmp_path / "index"))
    try:
        done = run("index", data, "--index", tmp_path / "index")
        assert (done.returncode, done.stdout) == (75, "")
        assert "another process" in done.stderr
        arguments = command("index", data, "--index", tmp_path / "index", "--wait", "60", "--jobs", "1")
        with subprocess.Popen(arguments, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True) as waiting:
            time.sleep(0.5)
            assert waiting.poll() is None
            transaction.cancel()
            shown, _ = waiting.communicate(timeout=60)
    finally:
        if waiting.returncode is None:
            transaction.cancel()
    assert waiting.returncode == 0
    assert shown.startswith("48 added")


@pytest.mark.parametrize("output", ["text", "jsonl"])  # in one piece, in many
def test_closed_pipe(tmp_path: Path, output: str) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(cnsearch.Article(id=str(n), title="上海", paragraphs=("上海。" * 99,)) for n in range(300))
    arguments = command("search", "上海", "-n", "300", "--format", output, "--index", tmp_path / "index")
    with subprocess.Popen(arguments, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as us:
        assert us.stdout is not None
        assert "上海" in us.stdout.readline().decode()
        us.stdout.close()  # 200 kB do not fit into the pipe
        assert us.stderr is not None
        errors = us.stderr.read().decode()
    assert "Traceback" not in errors
    assert "rror" not in errors
    assert us.returncode == 0


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """A shell starts background jobs with SIGINT ignored, which our processes would inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.usefixtures("_interruptible")
def test_interrupted_search(data_index_path: Path) -> None:
    arguments = command("search", "-", "--count", "--index", data_index_path)
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, cwd=ROOT, env=environment(), stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("马拉松\n".encode())
        process.stdin.flush()
        assert process.stdout.readline().endswith("马拉松\n".encode())
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.decode().split() == ["cnsearch:", "interrupted"]


def is_locked(index_path: Path) -> bool:
    """Whether a transaction has begun."""
    import fcntl

    with (index_path / "MAIN_WRITELOCK").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.usefixtures("_interruptible")
@pytest.mark.parametrize("seconds", [0.1, 0.3])  # while the workers start, while they work
def test_interrupted_indexing(tmp_path: Path, write_post: Write, seconds: float) -> None:
    num_posts = 700
    for n in range(num_posts):
        write_post(tmp_path / f"data/{n}.md", f"标题{n}", "数字化转型的城市规划。" * 30, age=100)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command("index", "--jobs", "2", "--wait", "9"),  # for `is_locked` takes the lock
        cwd=tmp_path,
        env=environment(),
        stdout=pipe,
        stderr=pipe,
        start_new_session=True,
    ) as process:
        while not (tmp_path / "index/commit_0.toc").exists() and process.poll() is None:
            time.sleep(0.005)
        while not is_locked(tmp_path / "index") and process.poll() is None:
            time.sleep(0.005)
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
        shown, errors = process.communicate(timeout=60)
    assert b"Traceback" not in errors
    assert errors.decode().strip().endswith("cnsearch: interrupted")
    assert (process.returncode, shown) == (130, b"")
    with cnsearch.open_index(tmp_path / "index") as index:
        assert len(index) == 0
        assert index.update(tmp_path / "data", jobs=1).articles == num_posts


# Indexing


def test_index_without_a_path(tmp_path: Path, write_post: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_post(tmp_path / "data/a.md", "上海")
    write_post(tmp_path / "more/b.md", "北京")
    assert invoke("index", "--dry-run")[0].startswith("would be 1 added, ")
    assert not (tmp_path / "index").exists()
    done = run("index", cwd=tmp_path)
    assert done.stdout.startswith("1 added, 0 changed, 0 removed, 0 unchanged; 1 article in index (")
    assert (done.returncode, done.stderr) == (0, "")
    assert invoke("index", "more")[0].startswith("1 added, 0 changed, 0 removed, 0 unchanged; 2 ")
    (tmp_path / "data/a.md").unlink()
    report = json.loads(invoke("index", "--json")[0])
    assert set(report) >= {"version", "added", "changed", "removed", "unchanged", "failed", "articles", "took_s"}
    assert (report["version"], report["removed"], report["unchanged"], report["articles"]) == (1, 1, 1, 1)


def test_an_index_that_a_first_run_left_empty_is_filled_from_data(
    tmp_path: Path, write_post: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_post(tmp_path / "data/a.md", "上海")
    cnsearch.open_index(tmp_path / "index", create=True).close()
    assert invoke("index")[0].startswith("1 added, ")


def test_a_path_that_is_not_there_makes_no_index(main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["nope"], ["nope", "--rebuild"], []):
        code, shown, errors = main("index", *arguments)
        assert (code, shown) == (2, "")
        assert ("nope" if arguments else "data") in errors
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def bad_posts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good posts and everything that can be wrong with one."""
    folder = tmp_path_factory.mktemp("bad")
    root = folder / "posts"

    def write(name: str, content: str | bytes) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content.encode() if isinstance(content, str) else content)

    write("good.md", "---\ntitle: 好\n---\n<p>江豚在长江里。</p>")
    write("folder.md/inside.md", "---\ntitle: 里面\n---\n江豚。")
    write("plain.md", "只有正文 江豚")
    write("unclosed.md", "---\ntitle: 没有关闭\n\n江豚的正文\n")
    write(
        "evil.md",
        "---\ntitle: '\x1b[31m红\x07\x9b1m<script>'\n---\n江豚\x1b]0;x\x07\u202e跳\x08跃" + "江豚在长江里游泳。" * 20,
    )
    write("\x1b[31mred.md", "---\ntitle: 名字\n---\n江豚。")
    picture = f'<img src="data:image/png;base64,{"iVBO" * (5 * 2**20)}">'
    write("big.md", f"---\ntitle: 大\n---\n<p>江豚在长江里。</p>{picture}<p>岸很长。</p>")
    write("long.md", "---\ntitle: 长\n---\n" + "".join(f"<p>第{n}段说江豚在长江里游泳。</p>\n" for n in range(10_000)))
    write("undecodable.md", "中文".encode("big5") + b"\xff\x80\x80\xfe" * 9)
    write("binary.md", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" * 9)
    write("empty.md", b"")
    write("blank.md", b" \n\n")
    (folder / "outside.md").write_text("外面的江豚", encoding="utf-8")
    (root / "outside.md").symlink_to(folder / "outside.md")
    (root / "broken.md").symlink_to("nowhere.md")
    (root / "loop").symlink_to(root)
    (root / "self.md").symlink_to("self.md")
    (root / "inside-link.md").symlink_to("good.md")
    os.mkfifo(root / "pipe.md")
    return root


GOOD = ["good.md", "folder.md/inside.md", "plain.md", "unclosed.md", "evil.md", "\x1b[31mred.md", "big.md", "long.md"]
EMPTY = ["empty.md", "blank.md"]
BAD = {
    "undecodable.md": "undecodable: byte 0x",
    "binary.md": "not text",
    "outside.md": "symbolic link to a place outside the root",
    "broken.md": "broken symbolic link",
    "loop": "symbolic link loop",
    "self.md": "symbolic link loop",
    "pipe.md": "not a file but a named pipe",
}
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links and named pipes")


@posix
def test_bad_posts_stop_nothing(bad_posts: Path, tmp_path: Path) -> None:
    done = run("index", bad_posts, "--jobs", "1", "--json", cwd=tmp_path)
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["added"] == report["articles"] == len(GOOD) + 1 + len(EMPTY)
    assert {Path(failure["path"]).name for failure in report["failed"]} == set(BAD)
    lines = done.stderr.splitlines()
    assert len(lines) == len(BAD)
    for name, reason in BAD.items():
        assert any(line.startswith(f"cnsearch: {bad_posts / name}: {reason}") for line in lines), name
    with cnsearch.open_index(tmp_path / "index") as index:
        assert {hit.id for hit in index.search("江豚", limit=99)} == {*GOOD, "inside-link.md"}
        assert [index.search(Path(name).stem).total for name in EMPTY] == [1, 1]
        assert index.get("plain.md").title == "plain"
        assert index.get("unclosed.md").body.endswith("江豚的正文")
        assert index.get("big.md").paragraphs == ("江豚在长江里。", "岸很长。")
        assert index.get("long.md").paragraphs[-1] == "第9999段说江豚在长江里游泳。"
    again = run("index", "--jobs", "1", "--strict", cwd=tmp_path)
    assert again.returncode == 1
    assert again.stderr.splitlines() == lines
    unchanged = len(GOOD) + 1 + len(EMPTY)
    assert again.stdout.startswith(f"0 added, 0 changed, 0 removed, {unchanged} unchanged, {len(BAD)} failed; ")


@pytest.mark.usefixtures("no_root")
def test_posts_without_permission(tmp_path: Path, write_post: Write) -> None:
    write_post(tmp_path / "data/good.md")
    write_post(tmp_path / "data/secret.md").chmod(0)
    write_post(tmp_path / "data/closed/a.md").parent.chmod(0)
    try:
        done = run("index", cwd=tmp_path)
    finally:
        (tmp_path / "data/closed").chmod(0o700)
    assert done.returncode == 0
    assert done.stdout.startswith("1 added, 0 changed, 0 removed, 0 unchanged, 2 failed; 1 article")
    assert done.stderr.splitlines() == [
        f"cnsearch: {tmp_path / 'data/closed'}: permission denied",
        f"cnsearch: {tmp_path / 'data/secret.md'}: permission denied",
    ]


def test_control_characters_never_reach_stdout(tmp_path: Path) -> None:
    evil = "\x1b[31m红\x07\x08\x9b1m\u202e\x7f"
    article = cnsearch.Article(
        id="x" + evil,
        title="江豚" + evil,
        paragraphs=("江豚跳跃" + evil,),
        source="来" + evil,
        categories=("类" + evil,),
        author="作" + evil,
        url="https://x/" + evil,
        path="/x/" + evil,
    )
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(article)
    where = ("--index", tmp_path / "index")
    for arguments in (
        ("search", "江豚"),
        ("search", "江豚", "--ids"),
        ("search", "江豚", "--format", "csv"),
        ("show", article.id),
        ("stats",),
        ("analyze", "江豚" + evil),
    ):
        shown, _ = invoke(*arguments, *where)
        assert "红" in shown
        assert RAW_CONTROL.search(shown) is None, arguments
    colored, _ = invoke("search", "江豚", "--color", "always", *where)
    assert RAW_CONTROL.search(re.sub(r"\x1b\[(?:0|1|2|1;31)m", "", colored)) is None
    for arguments in (
        ("search", "江豚", "--json"),
        ("search", "江豚", "--format", "jsonl"),
        ("show", article.id, "--json"),
    ):
        shown, _ = invoke(*arguments, *where)
        assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown) is None, arguments
        value = json.loads(shown)
        assert value.get("hits", [value])[0]["id"] == article.id  # nothing is lost
    line = '{"id": "\x9b31m", "title": 5}\n'.encode()
    done = run("index", "--jsonl", "-", "--json", *where, stdin=line)
    assert RAW_CONTROL.search(done.stdout + done.stderr) is None


def test_json_lines(tmp_path: Path) -> None:
    lines = '{"id": "1", "title": "甲", "text": "江豚"}\n{bad\n{"id": "1", "title": "乙"}\n{"id": [], "title": "无"}\n'
    done = run("index", "--jsonl", "-", "--json", cwd=tmp_path, stdin=lines.encode())
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert (report["added"], report["changed"], report["articles"]) == (1, 1, 1)
    assert [failure["path"] for failure in report["failed"]] == ["stdin:2", "stdin:4"]
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == ["stdin:2", "stdin:4"]
    (tmp_path / "records.jsonl").write_text('{"id": "2", "title": "丙"}\nnull\n', encoding="utf-8")
    _, errors = invoke("index", "--jsonl", tmp_path / "records.jsonl", "--index", tmp_path / "index")
    assert errors.startswith(f"cnsearch: {tmp_path / 'records.jsonl'}:2: ")
    assert invoke("search", "*", "--ids", "--index", tmp_path / "index")[0].split() == ["1", "2"]


def test_user_dictionary(tmp_path: Path, write_post: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_post(tmp_path / "data/a.md", "澜舟鹿鸣开会", age=100)
    (tmp_path / "words.txt").write_text("澜舟鹿鸣\n", encoding="utf-8")
    assert invoke("index")[0].startswith("1 added, ")
    assert "澜舟鹿鸣 0-4" not in invoke("analyze", "澜舟鹿鸣")[0]
    changed = run("index", "--user-dict", "words.txt", cwd=tmp_path)
    assert (changed.returncode, changed.stderr) == (0, "")
    assert "澜舟鹿鸣 0-4" in invoke("analyze", "澜舟鹿鸣")[0]
    (tmp_path / "words.txt").write_text("澜舟鹿鸣\n开会\n", encoding="utf-8")
    done = run("index", "--rebuild", "--user-dict", "words.txt", cwd=tmp_path)
    assert done.returncode == 0
    assert "1 article in index" in done.stdout
    assert "澜舟鹿鸣 0-4" in invoke("analyze", "澜舟鹿鸣")[0]
    assert invoke("index")[0].startswith("0 added, 0 changed, 0 removed, 1 unchanged; ")


def test_facets_and_explanations(data_index_path: Path, data_index: cnsearch.Index) -> None:
    arguments = ("search", "数字化", "--facet", "source", "--facet", "year", "--explain", "--index", data_index_path)
    results = data_index.search("数字化", facets=["source", "year"])
    shown, _ = invoke(*arguments)
    for name, counts in results.facets.items():
        assert f"\n{name} ({len(counts)})\n" in shown
        for value, count in counts.items():
            assert re.search(rf"^ +{count}  {re.escape(value)}$", shown, re.MULTILINE)
    for hit in results:
        assert f"score {hit.score:.2f} = {hit.explain()[0].score:.2f} {hit.explain()[0].name}" in shown
    found = json.loads(invoke(*arguments, "--json")[0])
    assert found["facets"] == results.facets
    assert found["hits"][0]["explanation"] == [part.to_dict() for part in results[0].explain()]
    lines = invoke(*arguments, "--format", "jsonl")[0].splitlines()
    assert json.loads(lines[0])["explanation"] == found["hits"][0]["explanation"]
    assert (
        "explanation" not in json.loads(invoke("search", "数字化", "--json", "--index", data_index_path)[0])["hits"][0]
    )


# Other forms of results


def test_html_is_escaped_and_has_the_matches(tmp_path: Path) -> None:
    where = tmp_path / "index"
    articles = [
        cnsearch.Article(
            id='a"<b>',
            title="<script>江豚</script>\x1b[31m",
            paragraphs=("江豚 & <i>海豚</i>\x1b[2J",),
            url=url,
        )
        for url in ('https://x.cn/?a=1&b="2"', "javascript:alert(1)")
    ]
    for article in articles:
        with cnsearch.open_index(where, create=True) as index:
            index.add(article)
        shown, _ = invoke("search", "江豚", "--html", "--index", where)
        assert shown == invoke("search", "江豚", "--format", "html", "--index", where)[0]
        assert "<script>" not in shown
        assert "&lt;script&gt;<mark>江豚</mark>&lt;/script&gt;" in shown
        assert "<mark>江豚</mark> &amp; &lt;i&gt;海豚&lt;/i&gt;" in shown
        assert RAW_CONTROL.search(shown) is None
        assert '<article id="a&quot;&lt;b&gt;">' in shown
        assert "javascript" not in shown
        assert ('<a href="https://x.cn/?a=1&amp;b=&quot;2&quot;">' in shown) == article.url.startswith("https")


def test_ansi_is_colour_wherever_it_goes(data_index_path: Path) -> None:
    forced = run("search", "马拉松", "--ansi", "--index", data_index_path).stdout
    assert "\x1b[1;31m马拉松\x1b[0m" in forced


def test_number_and_length_of_fragments(data_index_path: Path) -> None:
    def fragments(*options: str) -> list[str]:
        shown, _ = invoke("search", "数字化转型", "-n", "1", "--json", *options, "--index", data_index_path)
        (hit,) = json.loads(shown)["hits"]
        return [part["text"] for part in hit["fragments"] if part["field"] == "body"]

    usual, one, short = fragments(), fragments("--fragments", "1"), fragments("--fragment-chars", "20")
    assert len(usual) > 1
    assert len(one) == 1
    assert one[0] in usual
    assert all("数字化转型" in text or "数字化" in text for text in short)
    assert max(map(len, short)) < 40 < max(map(len, usual))
    assert fragments("--fragments", "0") == []


# Watching


@pytest.mark.skipif(sys.platform == "win32", reason="ends the program with a signal")
def test_watching_brings_in_what_changes(tmp_path: Path, write_post: Callable[..., Path]) -> None:
    posts = tmp_path / "posts"
    write_post(posts / "一.md", "江豚", age=60)
    arguments = command("index", posts, "--index", posts / "index", "--watch", "--json")
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=environment(), encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert json.loads(process.stdout.readline())["added"] == 1
            assert "watching" in process.stderr.readline()
            write_post(posts / "二.md", "白鲟")
            report = json.loads(process.stdout.readline())
            assert (report["added"], report["articles"]) == (1, 2)
            (posts / "一.md").unlink()
            report = json.loads(process.stdout.readline())
            assert (report["removed"], report["articles"]) == (1, 1)
            assert invoke("search", "白鲟", "--count", "--index", posts / "index")[0] == "1\n"
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        assert "Traceback" not in process.stderr.read()


def test_watching_goes_with_neither_dry_run_nor_records(main: Main, tmp_path: Path) -> None:
    for option in ("--dry-run", "--jsonl=-"):
        code, _, err = main("index", "--watch", option, "--index", tmp_path / "index")
        assert code == 2
        assert "--watch" in err


def test_a_word_with_a_minus_is_no_option(write_post: Write, tmp_path: Path, main: Main) -> None:
    for name in ("甲", "AI", "linux", "nginx", "C++", "hadoop", "2021", "x"):
        write_post(tmp_path / f"posts/{name}.md", f"开源 {name}", "<p>内容</p>")
    index = tmp_path / "minus"
    assert main("index", tmp_path / "posts", "--index", index, "--jobs", "1")[0] == 0
    for word in ("AI", "linux", "nginx", "C++", "hadoop", "2021", "x"):
        for args in (["开源", f"-{word}"], [f"-{word}", "开源"], ["-n", "20", "-l", f"-{word}", "--", "开源"]):
            code, out, err = main("search", "--index", index, "--ids", *args)
            assert (code, err) == (0, "")
            assert sorted(out.split()) == sorted(
                f"{name}.md" for name in ("甲", "AI", "linux", "nginx", "C++", "hadoop", "2021", "x") if name != word
            )
    for args in (["-ln2"], ["-l", "-n2"], ["-ln", "2"], ["--ids", "-n", "2"]):
        assert len(main("search", "开源", "--index", index, *args)[1].split()) == 2
    for args in (["--limit", "-1"], ["-n", "-1"], ["--since", "-5"], ["--limit=-1"]):
        code, _, err = main("search", "开源", "--index", index, *args)
        assert code == 2
        assert "-1" in err or "-5" in err
        assert "\0" not in err
    assert main("search", "-h")[0] == 0


def test_a_bad_query_does_not_end_the_stream(data_index_path: Path) -> None:
    queries = "数字化转型\ndate:2021-13\n龍井茶\n".encode()
    done = run("search", "-", "--count", "--index", data_index_path, stdin=queries)
    assert done.returncode == 2
    assert [line.split("\t")[1] for line in done.stdout.splitlines()] == ["数字化转型", "龍井茶"]
    assert done.stderr.startswith('cnsearch: date:2021-13: there is no date "2021-13"')


def test_forms_of_several_queries_name_the_query(data_index_path: Path) -> None:
    def search(*args: str) -> str:
        stdin = "数字化转型\nqqzzxx\n龍井茶\n"
        return invoke("search", "-", *args, "--index", data_index_path, stdin=stdin)[0]

    ids = [line.split("\t") for line in search("--ids").splitlines()]
    assert [query for query, _ in ids] == ["数字化转型"] * 5 + ["龍井茶"] * (len(ids) - 5)
    rows = list(csv.DictReader(io.StringIO(search("--format", "csv"))))
    assert [[row["query"], row["id"]] for row in rows] == ids
    counts = [json.loads(line) for line in search("--count", "--json").splitlines()]
    assert [count["total"] for count in counts] == [5, 0, len(ids) - 5]
    assert counts[0] == {"version": 1, "query": "数字化转型", "total": 5}
    assert "query" not in invoke("search", "数字化转型", "--format", "csv", "--index", data_index_path)[0]


def test_what_is_no_number_is_wrong_usage(data_index_path: Path, main: Main) -> None:
    for args in (["--half-life", "nan"], ["--half-life", "NaN"], ["--half-life=-nan"]):
        code, _, err = main("search", "数字化", *args, "--index", data_index_path)
        assert code == 2
        assert "is no number" in err
    assert main("suggest", "数字", "-n", "9" * 30, "--index", data_index_path)[0] == 0
