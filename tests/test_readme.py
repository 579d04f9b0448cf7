"""The terminal transcript of README.md is what the program prints; its links lead somewhere."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TIMES = re.compile(r"\d+\.\d+ (m?s)\)")


def transcripts() -> list[tuple[str, str]]:
    """(command, expected output) of each ``$`` line in the console blocks."""
    steps = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            steps.append((command, output))
    return steps


def test_transcript(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    program = f"{sys.executable} -m cnsearch"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}
    environment.pop("CNSEARCH_INDEX", None)
    assert transcripts()
    for command, expected in transcripts():
        assert command.startswith("cnsearch ")
        done = subprocess.run(
            ["bash", "-c", program + command.removeprefix("cnsearch")],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert TIMES.sub(r"0.0 \1)", done.stdout) == TIMES.sub(r"0.0 \1)", expected), command


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CHANGELOG.md"])
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target


def test_python_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    for example in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(compile(example, "README.md", "exec"), {})
    assert "数字化" in capsys.readouterr().out


def test_both_readmes_name_the_same_exit_codes() -> None:
    chinese = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
    for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE):
        assert re.search(rf"\b{code} ", chinese), code
