"""A megabyte of the worst that we know takes no quadratic time and no hundreds of megabytes.

In a process of its own, whose limit on time is an order above what each case takes and far below what quadratic time
would: nothing is timed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="needs limits on processes")

#: Seconds of CPU for one case, which takes about one; each that was mended took more, or memory without end.
MOST_SECONDS = 10
#: The process has about 120 before the first case; the posts of several megabytes take 750.
MOST_MEGABYTES = 1_000

PROGRAM = r"""
import resource, sys
import cnsearch
from cnsearch import Article
from cnsearch.faces import terminal
from cnsearch.corpus.clean import clean_html
from cnsearch.corpus.reader import article_from_post
from cnsearch.corpus.records import read_jsonl

most_seconds, folder = int(sys.argv[1]), sys.argv[2]

def case(name):
    print(name, flush=True)
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + most_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))

def filled(piece, size=1_000_000):
    return piece * (size // len(piece.encode()))

def post(text, head="title: x"):
    return article_from_post(f"---\n{head}\n---\n{text}".encode(), id="a.md")

index = cnsearch.open_index(folder + "/index", create=True)

case("declarations without an end")
assert post(filled("<![if ", 3_300_000)).paragraphs
case("regions of line numbers that hold none")
assert clean_html(filled("<span class=lineno>x</span>", 3_600_000)).paragraphs
case("thousands of attributes")
assert clean_html("<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">x</p>").paragraphs == ("x",)
case("a million digits in an entity")
assert post("&#" + "9" * 1_000_000 + ";x", "title: a&#" + "9" * 1_000_000 + ";").title == "a\ufffd"
case("a million entities")
assert post(filled("&#20013;")).paragraphs == (filled("&#20013;").replace("&#20013;", "中"),)
case("signs")
assert post(filled("<")).paragraphs
case("half a million categories")
levels = post("江豚", "author: a\ncategories: [" + "a," * 500_000 + "]")
index.add(levels)
assert index.search("", category="a/a/a").total == 1
case("one line of megabytes")
line = "中国人民江豚" * 140_000
index.add(Article("line", "长", (line,)))
assert index.search("江豚").total == 2
assert index.search("江豚")[1].to_dict() and index.search('"豚中国"')[0].to_dict()
case("a long line without a space on a terminal")
index.add(Article("zwj", "长" * 60_000, ("江 湖" * 9_000, "e" + "\u0301" * 30_000), "源" * 100_000))
assert len(terminal.article_text(index.get("zwj"), zone=index.time_zone, color=True)) > 100_000
assert len(terminal.results_text(index.search("长", limit=1), zone=index.time_zone, color=True)) < 5_000
case("a long phrase in a long repetition")
index.add(Article("aaa", "重复", ("a " + "ab" * 500_000,)))
assert index.search('"' + "ab" * 4_900 + '"').total == 1
case("a pattern that could match in any number of ways")
index.add(Article("a", "字母", ("a" * 64,)))
for query in ("*a" * 30 + "*b", "*?" * 30 + "*a*b", "*" + "a*" * 4_000):
    assert not [hit for hit in index.search(query + " 字母", match="all") if hit.snippet is None]
case("marks in two orders on one letter")
index.add(Article("marks", "甲", ("e" + "\u0301\u0327" * 100_000,)))
assert [hit.id for hit in index.search("ẹ́")] and index.get("marks").paragraphs
case("tens of thousands of own fields, and of values of one")
index.add(Article("own", "乙", labels={"n": [f"v{n}" for n in range(60_000)], **{f"n{n}": "v" for n in range(30_000)}}))
assert len(index.get("own").labels["n"]) == 60_000
assert len(index.stats()["labels"]) == 30_001
case("nesting")
assert [failure.path for failure in read_jsonl([b'{"id":' + b"[" * 500_000], name="f")] == ["f:1"]
try:  # what ru_maxrss says begins with the memory of the process that started this one
    status = open("/proc/self/status").read()
    print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
except OSError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform != "darwin" else 1024**2))
"""


def test_a_megabyte_of_the_worst(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", PROGRAM, str(MOST_SECONDS), str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=50 * MOST_SECONDS)
    *cases, last = done.stdout.splitlines() or [""]
    assert done.returncode == 0, f"{last}: {done.stderr[-2000:] or 'took too long'}"
    assert int(last) < MOST_MEGABYTES, last
    assert len(cases) == PROGRAM.count("case(") - 1
