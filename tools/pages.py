"""Replay the transcripts of the pages, and with ``--write`` put in what the program prints today.

    python tools/pages.py --write docs/en/limits.md      # without a page: all of them

Every page starts in a folder with ``data/`` and, unless it makes one itself, an index of it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import cnsearch

ROOT = Path(__file__).parents[1]
TOP = [ROOT / name for name in ("README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CONTRIBUTING.md")]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
BLOCK = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
TIMES = re.compile(r"\d+\.\d+ (m?s)\)")


def steps(text: str) -> list[tuple[str, str]]:
    """(command, expected output) of each ``$`` line in the console blocks."""
    found = (step.partition("\n") for block in BLOCK.findall(text) for step in re.split("^\\$ ", block, flags=re.M)[1:])
    return [(command, output) for command, _, output in found]


def without_times(output: str) -> str:
    """What stays the same from run to run."""
    return TIMES.sub(r"0.0 \1)", output)


def prepare(folder: Path, text: str, index: Path) -> None:
    """What a page with this text finds in its ``folder``; ``index`` is one of ``data/``, to be copied."""
    shutil.copytree(ROOT / "data", folder / "data")
    if "\n$ cnsearch index data/\n" not in text:
        shutil.copytree(index, folder / "index")


def replayed(text: str, folder: Path) -> list[str]:
    """What the commands of a page print in ``folder``, in their order."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}
    environment["LC_ALL"] = "C.UTF-8"  # else ls and sort would follow the locale of whoever runs this
    environment.pop("CNSEARCH_INDEX", None)
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "replay.py"],
        input=json.dumps([command for command, _ in steps(text)]),
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    outputs: list[str] = json.loads(done.stdout)
    return outputs


def rewritten(text: str, outputs: Iterable[str]) -> str:
    """The page with these outputs; one that differs in times only stays."""
    left = iter(outputs)

    def block(match: re.Match[str]) -> str:
        shown = []
        for step in re.split("^\\$ ", match[1], flags=re.M)[1:]:
            command, _, expected = step.partition("\n")
            output = next(left)
            same = without_times(output) == without_times(expected)
            shown.append(f"$ {command}\n{expected if same else output}")
        return f"```console\n{''.join(shown)}```"

    return BLOCK.sub(block, text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        with cnsearch.open_index(index, create=True) as opened:
            opened.update(ROOT / "data", jobs=1)
        for number, page in enumerate(given.pages or [*TOP, *DOCS]):
            text = page.read_text(encoding="utf-8")
            if not steps(text):
                continue
            place = Path(folder) / str(number)
            place.mkdir()
            prepare(place, text, index)
            now = rewritten(text, replayed(text, place))
            if now != text:
                print(f"{page}: {'written' if given.write else 'shows something else than happens'}")
                if given.write:
                    page.write_text(now, encoding="utf-8")


if __name__ == "__main__":
    main()
