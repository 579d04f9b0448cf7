"""An index of every released format is read, and says what it said when it was written."""

from __future__ import annotations

import importlib.util
import json
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch.codec.toc import decode_toc, encode_toc
from cnsearch.schema import SCHEMA_VERSION

FOLDER = Path(__file__).parent
FORMATS = sorted(path for path in FOLDER.glob("v*") if path.is_dir())


def answers(index: cnsearch.Index) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("make", FOLDER / "make.py")
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    return make.answers(index)  # type: ignore[no-any-return]


@pytest.fixture
def golden(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy: a test that writes leaves the golden one alone."""
    if metadata.version("jieba") != "0.42.1":
        pytest.skip(f"written with jieba 0.42.1, here is {metadata.version('jieba')}")
    return Path(shutil.copytree(request.param, tmp_path / "golden"))


def test_the_present_format_has_one() -> None:
    assert f"v{SCHEMA_VERSION}" in [path.name for path in FORMATS]


@pytest.mark.parametrize("golden", FORMATS, indirect=True, ids=lambda path: path.name)
def test_a_golden_index_says_what_it_said(golden: Path) -> None:
    with cnsearch.open_index(golden / "index") as index:
        assert index.verify(deep=True).ok
        expected = json.loads((golden / "answers.json").read_text(encoding="utf-8"))
        found = answers(index)
        for query, answer in expected.items():
            assert found[query] == answer, query
        assert set(found) == set(expected)


@pytest.mark.parametrize("golden", FORMATS, indirect=True, ids=lambda path: path.name)
def test_a_golden_index_goes_on(golden: Path) -> None:
    with cnsearch.open_index(golden / "index") as index:
        index.add(cnsearch.Article(id="new", title="白鲟又见"))
        assert {hit.id for hit in index.search("白鲟")} == {"new", "甲/3.md"}
        assert index.verify(deep=True).ok


@pytest.mark.parametrize("golden", FORMATS[-1:], indirect=True, ids=lambda path: path.name)
def test_one_of_a_later_version_is_refused(golden: Path) -> None:
    (toc,) = (golden / "index").glob("commit_*.toc")
    generation = int(toc.stem.partition("_")[2])
    schema, segments = decode_toc(toc.read_bytes(), generation, path=str(toc))
    assert isinstance(schema, dict)
    toc.write_bytes(encode_toc(generation, {**schema, "version": SCHEMA_VERSION + 1}, segments))
    with pytest.raises(cnsearch.IndexFormatError, match="Update cnsearch") as caught:
        cnsearch.open_index(golden / "index")
    assert (caught.value.found, caught.value.expected) == (SCHEMA_VERSION + 1, SCHEMA_VERSION)
