"""Small files as people keep them, and what a right reading of each gives.

Each folder of ``collection/`` is a subject; its ``expected.json`` has for each file the fields that its article must
have (the date as in Asia/Shanghai), and what its text ``has`` and ``lacks``.
"""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cnsearch.corpus.reader import article_from_post

COLLECTION = Path(__file__).parent / "collection"
CASES = [
    pytest.param(folder.parent, name, expected, id=f"{folder.parent.name}/{name}")
    for folder in sorted(COLLECTION.glob("*/expected.json"))
    for name, expected in json.loads(folder.read_text(encoding="utf-8")).items()
]


@pytest.mark.parametrize(("folder", "name", "expected"), CASES)
def test_each_file_is_read_rightly(folder: Path, name: str, expected: dict[str, Any]) -> None:
    article = article_from_post((folder / name).read_bytes(), id=name)
    found = article.to_dict(ZoneInfo("Asia/Shanghai"))
    fields = {key: value for key, value in expected.items() if key not in ("has", "lacks")}
    assert {key: found[key] for key in fields} == fields
    assert [text for text in expected.get("has", ()) if text not in article.body] == []
    assert [text for text in expected.get("lacks", ()) if text in article.body] == []


def test_each_file_is_expected() -> None:
    for folder in COLLECTION.iterdir():
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert files == {*json.loads((folder / "expected.json").read_text(encoding="utf-8")), "expected.json"}
