"""A folder is opened with distrust. That what is written is safe: tests/durability/test_power_loss.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnsearch.engine.files.folder import Folder, make_folder
from cnsearch.errors import CorruptIndexError


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "folder").mkdir()
    return Folder(tmp_path / "folder")


def test_files_come_and_go(folder: Folder) -> None:
    assert folder.list() == []
    with folder.create("a") as file:
        file.write(b"one")
        folder.sync_file(file)
    folder.sync()
    assert folder.exists("a")
    with folder.open("a") as file:
        assert file.read() == b"one"
    with folder.create("a") as file:  # takes the place of the first
        file.write(b"two")
    with pytest.raises(FileExistsError):
        folder.create("a", exclusive=True)
    folder.create("b").close()
    folder.rename("a", "b")
    with folder.open("b") as file:
        assert file.read() == b"two"
    assert folder.list() == ["b"]
    folder.delete("b")
    for act in (folder.open, folder.delete):
        with pytest.raises(FileNotFoundError):
            act("b")
    assert Folder("/nowhere/at/all").list() == []


def test_nothing_is_written_through_a_link(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    Path(folder.path_of("a")).symlink_to(tmp_path / "precious")
    folder.create("a").close()
    assert (tmp_path / "precious").read_text() == "mine"
    assert not Path(folder.path_of("a")).is_symlink()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_only_regular_files_are_opened(folder: Folder) -> None:
    os.mkfifo(folder.path_of("pipe"))
    Path(folder.path_of("folder")).mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(CorruptIndexError, match="not a regular file"):
            folder.open(name)
        with pytest.raises(CorruptIndexError, match="not a regular file"):
            folder.lock(name)


@pytest.mark.parametrize("links", [True, False])
def test_copies_are_links_where_there_are_any(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def refused(*args: object) -> None:
        raise OSError("no links here")

    if not links:
        monkeypatch.setattr(os, "link", refused)
    make_folder(tmp_path / "deep/er")
    target = Folder(tmp_path / "deep/er")
    with folder.create("a") as file:
        file.write(b"one")
    folder.copy_to(["a"], target)
    with target.open("a") as file:
        assert file.read() == b"one"
    assert Path(folder.path_of("a")).samefile(target.path_of("a")) == links
    with pytest.raises(FileExistsError):
        folder.copy_to(["a"], target)
    with pytest.raises(FileNotFoundError):
        folder.copy_to(["b"], target)
