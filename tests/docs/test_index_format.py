"""What FORMAT.md says of a table of contents: it names every key that one has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cnsearch

ROOT = Path(__file__).parents[2]
NO_TABLES = ("schema.analyzer.identity", "schema.settings")
"""Keys whose values are described where they are made."""


def keys_of(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict) and name not in NO_TABLES:
        for key, inner in value.items():
            yield from keys_of(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield name
        yield from keys_of(value[0], f"{name}[]")
    else:
        yield name


def test_the_table_of_contents_has_the_keys_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/a.md").write_text("江豚", encoding="utf-8")
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.update(tmp_path / "posts", exclude=["*.tmp"])
        index.add_words("江豚")
    (toc,) = (tmp_path / "index").glob("commit_*.toc")
    text = (ROOT / "cnsearch/engine/FORMAT.md").read_text(encoding="utf-8")
    table = text[text.index("## The table of contents") :].partition("\n## ")[0]
    documented = set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
    assert set(keys_of(json.loads(toc.read_text(encoding="utf-8")))) - {"checksum"} == documented
