"""Which kernels run, and that what cannot run is said and does no harm."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import cnsearch
from cnsearch.kernels import choice

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def unforced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(choice.VARIABLE, raising=False)


def given(monkeypatch: pytest.MonkeyPatch, extension: Any) -> None:
    def load(name: str) -> Any:
        if isinstance(extension, Exception):
            raise extension
        return extension

    monkeypatch.setattr(util, "find_spec", lambda name: object())
    monkeypatch.setattr(choice.importlib, "import_module", load)


def test_without_an_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    assert choice.choose() == (None, "")
    assert str(choice.choose()) == "python"


def test_an_extension_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    extension = SimpleNamespace(VERSION=cnsearch.__version__, INTERFACE=choice.INTERFACE)
    given(monkeypatch, extension)
    assert choice.choose().extension is extension
    assert str(choice.choose()) == "compiled"
    monkeypatch.setenv(choice.VARIABLE, "python")
    assert choice.choose() == (None, "")


@pytest.mark.parametrize(
    ("extension", "problem"),
    [
        (SimpleNamespace(VERSION="0.0.0", INTERFACE=choice.INTERFACE), "the extension is of version 0.0.0"),
        (SimpleNamespace(VERSION=cnsearch.__version__, INTERFACE=choice.INTERFACE + 1), "the extension is of version"),
        (SimpleNamespace(), "the extension cannot be loaded"),
        (ImportError("invalid ELF header\n"), "the extension cannot be loaded: invalid ELF header"),
        (OSError(), "the extension cannot be loaded: OSError"),
    ],
)
def test_an_extension_that_does_not_fit(monkeypatch: pytest.MonkeyPatch, extension: Any, problem: str) -> None:
    given(monkeypatch, extension)
    found = choice.choose()
    assert found.extension is None
    assert found.problem.startswith(problem)
    assert str(found) == f"python ({found.problem})"
    assert "\n" not in found.problem


def test_a_broken_extension_is_a_line_in_the_statistics(tmp_path: Path) -> None:
    """The package as it would be installed, with a file for an extension that is none."""
    package = tmp_path / "cnsearch"
    package.symlink_to(ROOT / "cnsearch")
    code = f"""
import importlib.machinery, sys
from importlib import util
find = util.find_spec
broken = importlib.machinery.ModuleSpec("cnsearch._native", None, origin={str(tmp_path / "x.so")!r})
util.find_spec = lambda name: broken if name == "cnsearch._native" else find(name)
sys.modules["cnsearch._native"] = None
import cnsearch
with cnsearch.open_index({str(tmp_path / "index")!r}, create=True) as index:
    index.add(cnsearch.Article("1", "数字化转型"))
    print(len(index.search("数字化")), index.stats()["kernels"])
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"1 python \(the extension cannot be loaded: .+\)\n", done.stdout)
    assert done.stderr == ""


def test_the_crate_is_of_the_version_of_the_package() -> None:
    manifest = (ROOT / "native" / "Cargo.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "(.+)"$', manifest, re.MULTILINE)
    assert found is not None
    assert found.group(1) == cnsearch.__version__
    interface = re.search(r"const INTERFACE: u32 = (\d+);", (ROOT / "native/src/python.rs").read_text(encoding="utf-8"))
    assert interface is not None
    assert int(interface.group(1)) == choice.INTERFACE
