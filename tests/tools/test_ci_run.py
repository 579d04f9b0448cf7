"""``.ci/run`` on machines that have less and less: its commands are stand-ins that write down what they are asked."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "run"
pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder with the script, and a ``bin`` that has nothing but what the script needs everywhere."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(SCRIPT, tmp_path / ".ci" / "run")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "dirname", "env"):
        (programs / name).symlink_to(str(shutil.which(name)))
    stand_in(tmp_path / ".venv" / "bin" / "python")
    stand_in(programs / "make", 'echo "make shots=$CNSEARCH_SHOTS" >> "$LOG"')
    stand_in(programs / "timeout", 'shift; exec "$@"')
    stand_in(programs / "id", "echo 0")
    return tmp_path


def stand_in(path: Path, does: str = "", code: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    note = "" if path.name in ("id", "timeout") else f'echo "{path.name} $*" >> "$LOG"'
    path.write_text(f"#!/usr/bin/env bash\n{note}\n{does}\nexit {code}\n")
    path.chmod(0o755)


def run(machine: Path) -> tuple[int, list[str], str]:
    """Its exit code, the commands it runs, what it says."""
    log = machine / "log"
    environment = {"PATH": str(machine / "bin"), "LOG": str(log)}
    bash = os.fspath(machine / "bin" / "bash")
    done = subprocess.run([bash, machine / ".ci" / "run"], env=environment, capture_output=True, text=True, check=False)
    return done.returncode, log.read_text().splitlines(), done.stderr


def test_a_blank_machine_gets_a_browser_and_runs_the_tests(machine: Path) -> None:
    stand_in(machine / "bin" / "apt-get")
    code, commands, said = run(machine)
    assert (code, said) == (0, "")
    assert commands == [
        "apt-get update -q",
        "apt-get install -qy --no-install-recommends chromium fonts-noto-cjk",
        "make .venv/.ready",
        "make shots=",
        "python -m pip install --quiet --disable-pip-version-check playwright axe-playwright-python",
        "make test",
        f"make shots={machine}/.ci/screenshots",
    ]


def test_a_machine_that_has_a_browser_installs_none(machine: Path) -> None:
    stand_in(machine / "bin" / "apt-get")
    stand_in(machine / "bin" / "google-chrome")
    assert not [command for command in run(machine)[1] if command.startswith("apt-get")]


def test_where_no_browser_can_be_had_the_other_tests_run(machine: Path) -> None:
    stand_in(machine / "bin" / "apt-get", code=100)
    stand_in(machine / ".venv" / "bin" / "python", code=1)
    code, commands, said = run(machine)
    assert code == 0
    assert "make test" in commands
    assert "Chromium could not be installed" in said
    assert "Playwright could not be installed" in said


def test_a_user_who_may_install_nothing_runs_the_tests(machine: Path) -> None:
    stand_in(machine / "bin" / "id", "echo 1000")
    code, commands, _ = run(machine)
    assert code == 0
    assert "make test" in commands


def test_tests_that_fail_fail_the_run(machine: Path) -> None:
    stand_in(machine / "bin" / "make", '[ "$1" != test ] || exit 2')
    assert run(machine)[0] == 2
