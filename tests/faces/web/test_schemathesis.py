"""Schemathesis makes requests of the OpenAPI document, right and wrong ones, and compares what comes with it.

Part of ``make browser``; skipped where it is not installed.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.skipif(os.environ.get("CNSEARCH_BROWSER") != "all", reason="make browser runs it"),
    pytest.mark.skipif(importlib.util.find_spec("schemathesis") is None, reason="needs schemathesis"),
]


def test_what_comes_is_what_the_document_says(data_index_path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cnsearch", "serve", "--index", str(data_index_path), "--port", "0", "--quiet"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            found = re.search(r"http://\S+/", server.stderr.readline())
            assert found
            program = Path(sys.executable).with_name("schemathesis")
            check = [program, "run", f"{found[0]}openapi.json", "--max-examples", "50", "--seed", "1", "--no-color"]
            done = subprocess.run(check, capture_output=True, text=True, cwd=tmp_path, check=False)
        finally:
            server.terminate()
    assert done.returncode == 0, done.stdout
