"""Which folders are scanned for the paths that were given."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnsearch import CorpusError
from cnsearch.indexing.scopes import ScanScope, is_below, scopes_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "blog/2021").mkdir(parents=True)
    (tmp_path / "blog/2021/a.md").write_text("海", encoding="utf-8")
    return tmp_path.resolve() / "blog"


def test_a_folder_is_a_root_and_a_file_belongs_to_its_folder(root: Path) -> None:
    assert scopes_of([root], []) == [ScanScope(root)]
    assert scopes_of([root / "2021/a.md"], []) == [ScanScope(root / "2021", "a.md")]


def test_what_lies_in_a_known_root_is_a_part_of_it(root: Path) -> None:
    assert scopes_of([root / "2021"], [str(root)]) == [ScanScope(root, "2021/")]
    assert scopes_of([root / "2021/a.md"], [str(root)]) == [ScanScope(root, "2021/a.md")]


def test_what_lies_in_another_of_the_paths_is_not_scanned_twice(root: Path) -> None:
    assert scopes_of([root / "2021", root, root / "2021/a.md", root], [str(root)]) == [ScanScope(root)]


def test_a_path_that_does_not_exist(root: Path) -> None:
    with pytest.raises(CorpusError, match="no such file or folder") as caught:
        scopes_of([root / "2022"], [])
    assert caught.value.path == str(root / "2022")


@pytest.mark.parametrize(
    ("id_", "prefix", "expected"),
    [
        ("a.md", "", True),
        ("2021/a.md", "2021/", True),
        ("2021/a.md", "2021/a.md", True),
        ("2021/a.md#1", "2021/a.md", False),
        ("20211/a.md", "2021/", False),
    ],
)
def test_below(id_: str, prefix: str, expected: bool) -> None:
    assert is_below(id_, prefix) is expected
