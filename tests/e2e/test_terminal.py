"""What reaches a terminal, whatever stands in arguments, names of folders and articles: a terminal is at the other end,
for click takes some sequences away where there is none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import cnsearch

pytest.importorskip("pty", reason="needs a pseudo-terminal")

EVIL = "\x1b[31mX\x9b1m\u202e\u2066\u061c\x07\r\x08"
BYTES = EVIL + "\udcff"  # as an argument: a byte that is not UTF-8
#: Nothing but text, line ends, our own colours, and what click's progress bar does.
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
OURS = re.compile(r"\x1b\[(?:0|1|2|1;31)m|\r\x1b\[K|\x1b\[\?25[lh]|\r(?:\x1b\[\?25l)?(?=indexing  \[)")
PROGRAM = r"""
import functools, sys
from cnsearch.faces.cli import program
from cnsearch.analysis import tokenizer
tokenizer._load_rjieba = functools.cache(tokenizer._load_rjieba)  # the dictionary is read once
for line in sys.stdin.buffer.read().split(b"\0\0"):
    sys.argv = ["cnsearch", *(part.decode("utf-8", "surrogateescape") for part in line.split(b"\0"))]
    print("$", ascii(sys.argv))
    try:
        program.main()
    except SystemExit as end:
        print("exit", end.code, flush=True)
"""


def on_a_terminal(commands: Sequence[Sequence[str]], folder: Path) -> str:
    """What the terminal is sent by all of the commands, in one process."""
    import pty

    ours, theirs = pty.openpty()
    stdin = b"\0\0".join(b"\0".join(os.fsencode(part) for part in command) for command in commands)
    path = os.pathsep.join([str(Path(cnsearch.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "TERM": "xterm"}
    received = []
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=environment,
    ) as process:
        os.close(theirs)
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        while True:
            try:
                part = os.read(ours, 1 << 16)
            except OSError:  # Linux says so when the other end is closed
                break
            if not part:
                break
            received.append(part)
    os.close(ours)
    return b"".join(received).decode("utf-8").replace("\r\n", "\n")


def test_nothing_but_text_reaches_a_terminal(tmp_path: Path) -> None:
    article = cnsearch.Article(
        "id" + EVIL, "江豚" + EVIL, ("江豚" + EVIL,), "源" + EVIL, ("类" + EVIL,), "者" + EVIL, None, EVIL, EVIL
    )
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(article)
    posts = tmp_path / f"p\x1b[31m\n\x07\u202e{os.fsdecode(bytes([255]))}"
    try:
        posts.mkdir()
    except OSError:
        pytest.skip("this file system has only names in UTF-8")
    (posts / ("a" + EVIL + ".md")).write_text("江豚", encoding="utf-8")
    (posts / ("b" + EVIL + ".md")).write_bytes(b"\x00")
    (posts / ("c" + EVIL + ".md")).symlink_to(EVIL)
    (posts / os.fsdecode(b"d\xff\x07.md")).write_text("江豚", encoding="utf-8")
    forms = [["--json"], ["--html"], ["--ids"], ["--count"], ["--explain"], ["--facet", "category"]]
    forms += [["--format", name] for name in ("csv", "jsonl")] + [[]]
    usage = ["--source", "--since", "--color", "--limit", "--time-zone", "--facet", "--half-life", "--format"]
    commands = [
        *(["search", "江豚", *form] for form in forms),
        *(["search", BYTES, *form] for form in forms),
        *(["search", "江豚", option, BYTES] for option in usage),
        *(["show", article.id, *form] for form in ([], ["--json"])),
        *(["show", BYTES], ["show", "a", BYTES], ["search", "--" + BYTES, "x"], [BYTES], ["--" + BYTES]),
        *(["analyze", BYTES, *form] for form in ([], ["--json"])),
        *(["stats"], ["stats", "--json"], ["verify"], ["verify", "--json"]),
        *([name, "--index", BYTES] for name in ("stats", "verify")),
        ["search", "x", "--index", BYTES],
        *(["similar", article.id, *form] for form in forms[:5]),
        ["similar", BYTES],
        *(["search", "江豚", "--collapse", *form] for form in ([], ["--json"], ["--html"])),
        *(["suggest", text, *form] for text in ("江", BYTES) for form in ([], ["--json"])),
        *(["dict", name, BYTES] for name in ("add", "remove")),
        *(["dict", "add", "江豚" + EVIL], ["dict", "list"], ["dict", "list", "--json"]),
        ["search", "江豚", "--synonyms", BYTES],
        ["snapshot", "s" + BYTES],
        ["snapshot", "s" + BYTES],
        ["index", "nothing" + BYTES],
        ["index", "--jsonl", BYTES],
        ["index", os.fspath(posts), "--user-dict", BYTES, "--index", "other"],
        ["index", os.fspath(posts), "--index", "i" + BYTES],
        ["index", os.fspath(posts), "--index", "i" + BYTES, "--json", "--strict"],
        ["stats", "--index", "i" + BYTES],
        ["stats", "--index", "i" + BYTES, "--json"],
        ["index", "--index", "i" + BYTES, "--rebuild"],
        ["verify", "--index", "i" + BYTES, "--deep"],
        ["search", "江豚", "--index", "i" + BYTES],
    ]
    shown = on_a_terminal(commands, tmp_path)
    assert shown.count("\n$ ") + 1 == len(commands)
    assert "Traceback" not in shown
    assert "internal error" not in shown
    for part in re.split(r"^\$ ", shown, flags=re.MULTILINE)[1:]:
        assert UNSAFE.search(OURS.sub("", part)) is None, part
    last = shown[shown.rindex("\n$ ") :]
    assert "江豚" in last
    assert "exit 0" in last
