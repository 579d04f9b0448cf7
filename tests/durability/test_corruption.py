"""Damaged files: every byte flipped, every file cut off anywhere and removed, every number replaced by a huge one with
the checksums made right again. Only CorruptIndexError and IndexFormatError come out, never another result of a damaged
file, and never more memory than a sound one takes.

All in one process of its own whose memory is limited, so that an allocation of what a length field says is an error.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

SCRIPT = r"""
import functools, importlib.util, json, random, shutil, struct, sys, time, traceback, warnings, zlib
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import cnsearch
from cnsearch import Article
from cnsearch.analysis import tokenizer
from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import FOOTER, HEADER, TABLE_ENTRY, SectionKind
from cnsearch.store.transaction import begin
from cnsearch.store.verify import verify_path

warnings.simplefilter("error")
tokenizer._load_rjieba = functools.cache(tokenizer._load_rjieba)
spec = importlib.util.spec_from_file_location("shown", sys.argv[1])
helper = importlib.util.module_from_spec(spec)
spec.loader.exec_module(helper)
folder, what, step = Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
path = folder / "index"
REFUSED = (cnsearch.CorruptIndexError, cnsearch.IndexFormatError)
outcomes, wrong, slowest = Counter(), [], 0.0


def build():
    with cnsearch.open_index(path, create=True) as index:
        for first in (0, 3):
            index.add([
                Article(
                    id=f"{n}.md", title=f"第{n}篇",
                    paragraphs=("上海数字化转型" * (1 + 20 * (n == 1)), f"编号{n}", "abc "),
                    source=f"来源{n % 2}", categories=("金融", f"类{n % 2}"), author="某",
                    date=datetime(2021, 10, 1 + n, tzinfo=timezone.utc), url="https://example.org/",
                ) for n in range(first, first + 3 + first)
            ])
        index.delete("1.md")


def everything():
    with cnsearch.open_index(path) as index:
        found = helper.shown(index)
        facets = index.search("上海", facets=("source", "category", "author", "year", "month"))
        date = [hit.id for hit in index.search("上海", sort="date")]
        return found, dict(facets.facets), date, index.search("上海 since", since="2021").total


def use():
    # everything that reads, and a merge, which reads everything
    found = everything()
    verify_path(path, deep=True)
    with cnsearch.open_index(path) as index:
        index.add(Article(id="new", title="上海"))
        begin(index._backend.store).settle(1000)
    return found


def attempt(name, action):
    global slowest
    started = time.perf_counter()
    try:
        found = action()
    except REFUSED as error:
        outcomes[type(error).__name__] += 1
        found = None
    except cnsearch.IndexNotFoundError:
        outcomes["IndexNotFoundError"] += 1
        found = None
    except BaseException as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        wrong.append(f"{name}: {type(error).__name__}: {str(error)[:80]} in {Path(frame.filename).name}:{frame.lineno}")
        found = None
    slowest = max(slowest, time.perf_counter() - started)
    return found


build()
shutil.copytree(path, folder / "whole")
expected = everything()
files = sorted(file for file in path.iterdir() if file.name != "MAIN_WRITELOCK")


def restore():
    shutil.rmtree(path)
    shutil.copytree(folder / "whole", path)


def same_or_refused(name):
    found = attempt(name, everything)
    if found is not None and found != expected:
        wrong.append(f"{name}: other results")
    outcomes["same"] += found is not None


if what == "flipped":
    rng = random.Random(3)
    for file in files:
        data = file.read_bytes()
        for at in range(0, len(data), step):
            damaged = bytearray(data)
            damaged[at] ^= 1 << rng.randrange(8)
            file.write_bytes(damaged)
            same_or_refused(f"{file.name} flipped at {at}")
        file.write_bytes(data)
elif what == "cut":
    for file in files:
        data = file.read_bytes()
        for size in [*range(0, len(data), step), len(data) - 1]:
            file.write_bytes(data[:size])
            same_or_refused(f"{file.name} cut at {size}")
            file.write_bytes(data[:size] + bytes(len(data) - size))
            same_or_refused(f"{file.name} zero from {size}")
        file.write_bytes(data + b"x")
        same_or_refused(f"{file.name} longer")
        file.unlink()
        same_or_refused(f"{file.name} removed")
        file.write_bytes(data)
    for file in files:
        file.unlink()
    same_or_refused("all removed")
elif what == "numbers":
    file = max(files, key=lambda file: file.stat().st_size if file.suffix == ".cnp" else 0)
    data = file.read_bytes()
    container = Container("x", data)
    sections = {entry: bytes(container.view[entry.offset:entry.offset + entry.length]) for entry in container.entries}

    def write(changed):
        with file.open("wb") as out:
            writer = ContainerWriter(out)
            for entry, content in changed.items():
                writer.add(entry.kind, content, entry.field, entry.item_size)
            writer.close()

    cases = []
    for entry, content in sections.items():
        if entry.kind == SectionKind.MANIFEST:
            manifest = entry
            continue
        size = entry.item_size
        ones = b"\xff" * size
        for name, other in {
            "first": ones + content[size:], "last": content[:-size] + ones, "zeros": bytes(len(content)),
            "ones": b"\xff" * len(content), "half": content[: len(content) // 2 // size * size], "empty": b"",
            "double": content * 2, "reversed": content[::-1], "high": content[:-1] + b"\x7f", "middle":
            content[: len(content) // 2 // size * size] + ones + content[len(content) // 2 // size * size + size:],
        }.items():
            if other != content:
                cases.append((f"section {entry.kind} of field {entry.field} {name}", entry, other))
    whole = json.loads(sections[manifest])

    def places(value, here=()):
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        yield here
        for key, inner in items:
            yield from places(inner, (*here, key))

    others = (
        None, -1, 0, 7, 2**31 - 1, 2**40, 2**60, 10**30, 1.5, True, "", "x", "zz", [], {}, ...,
        "bytes", "opaque", "value", "integer", "ordinal",
    )
    for place in places(whole):
        for value in others:
            changed = json.loads(json.dumps(whole))
            if place:
                home = changed
                for key in place[:-1]:
                    home = home[key]
                if value is ...:
                    del home[place[-1]]
                else:
                    home[place[-1]] = value
            else:
                changed = None if value is ... else value
            text = json.dumps(changed, separators=(",", ":"), sort_keys=True).encode()
            if text != sections[manifest]:
                cases.append((f"manifest {place} = {value!r}", manifest, text))
    cases = [(name, lambda entry=entry, content=content: write({**sections, entry: content}))
             for name, entry, content in cases]

    # The footer and the table of sections.
    footer_at = len(data) - FOOTER.size
    footer = list(FOOTER.unpack(data[footer_at:]))
    table = bytearray(data[footer[0]:footer_at])

    def write_end(changed, numbers):
        numbers[5] = zlib.crc32(changed) if numbers[5] == footer[5] else numbers[5]
        packed = FOOTER.pack(*numbers)
        packed = packed[:-12] + struct.pack("<I", zlib.crc32(packed[:-12])) + packed[-8:]
        file.write_bytes(data[: footer[0]] + changed + packed)

    for field in range(6):
        for value in (0, 1, 2**31, 2**32 - 1, 2**60, 2**64 - 1):
            numbers = list(footer)
            numbers[field] = value if field < 3 else value & 0xFFFFFFFF
            cases.append((f"footer {field} = {value}", functools.partial(write_end, table, numbers)))
    for number, entry in enumerate(TABLE_ENTRY.iter_unpack(table[: footer[3] * TABLE_ENTRY.size])):
        for field in range(6):
            for value in (0, 1, 3, 5, 2**16 - 1, 2**31, 2**60, 2**64 - 1):
                changed, other = bytearray(table), list(entry)
                other[field] = value if field > 3 else value & 0xFFFF
                TABLE_ENTRY.pack_into(changed, number * TABLE_ENTRY.size, *other)
                name = f"entry {number} field {field} = {value}"
                cases.append((name, functools.partial(write_end, bytes(changed), list(footer))))
    random.Random(5).shuffle(cases)
    for name, damage in cases[::step]:
        damage()
        attempt(name, use)
        restore()
    outcomes["cases"] = len(cases[::step])
print(json.dumps({"outcomes": outcomes, "wrong": wrong, "slowest": slowest}))
"""

MEMORY_BYTES = 200 << 20
"""What damage may cost beyond what a process that has used a sound index takes."""


def run(tmp_path: Path, what: str, step: int) -> dict[str, Any]:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    helper = Path(__file__).with_name("conftest.py")
    done = subprocess.run(
        [sys.executable, "-c", LIMIT + SCRIPT, str(helper), str(tmp_path), what, str(step)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


LIMIT = f"""
import resource, cnsearch.analysis.shown, cnsearch.indexing.update
cnsearch.analysis.shown.analyze_text("上海")
taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + {MEMORY_BYTES} + (64 << 20), -1))
"""

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="limits memory as Linux does")


def test_every_byte_flipped(tmp_path: Path, soak: bool) -> None:
    found = run(tmp_path, "flipped", 1 if soak else 120)
    assert found["wrong"] == []
    assert sum(found["outcomes"].values()) > 80
    assert "same" not in found["outcomes"] or found["outcomes"]["same"] == 0  # a file this small is one block


def test_every_file_cut_off_anywhere_and_removed(tmp_path: Path, soak: bool) -> None:
    found = run(tmp_path, "cut", 7 if soak else 900)
    assert found["wrong"] == []
    assert found["outcomes"]["IndexNotFoundError"] == 1  # where nothing is left


def test_every_number_replaced_by_a_huge_one(tmp_path: Path, soak: bool) -> None:
    """With right checksums, as only somebody who means it would write them: any result, but no other error."""
    found = run(tmp_path, "numbers", 1 if soak else 300)
    assert found["wrong"] == []
    assert found["outcomes"]["CorruptIndexError"] > 8
