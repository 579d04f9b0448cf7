"""Whoosh's storages as the engine's files, and a folder of ours as Whoosh's storage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from whoosh.fields import ID, Schema
from whoosh.filedb.filestore import FileStorage, RamStorage

from cnsearch.codec import DurableStorage, open_writer
from cnsearch.codec.storage import StorageFiles
from cnsearch.engine.files.folder import Folder


@pytest.fixture(params=["ram", "file", "durable"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return {
        "ram": RamStorage,
        "file": lambda: FileStorage(str(tmp_path)),
        "durable": lambda: DurableStorage(str(tmp_path)),
    }[request.param]()


def test_any_storage_is_a_place_for_files(storage: Any) -> None:
    files = StorageFiles(storage)
    assert not files.exists("a")
    with pytest.raises(FileNotFoundError):
        files.open("a")
    file = files.create("a")
    file.write(b"one")
    files.sync_file(file)
    file.close()
    with files.open("a") as found:
        assert found.read() == b"one"
    assert files.path_of("a").endswith("/a")
    assert files.identity == StorageFiles(storage).identity
    files.delete("a")
    assert not files.exists("a")


def test_whoosh_works_in_a_folder_of_ours(tmp_path: Path) -> None:
    storage = DurableStorage(Folder(tmp_path))
    ix = storage.create_index(Schema(id=ID(stored=True)))
    with open_writer(ix) as writer:
        writer.add_document(id="a")
    with storage.open_index().reader() as reader:
        assert [row["id"] for row in reader.all_stored_fields()] == ["a"]
    storage.create_file("x").close()
    with pytest.raises(FileExistsError):
        storage.rename_file("x", next(tmp_path.glob("*.cnp")).name, safe=True)
    storage.rename_file("x", "y")
    storage.delete_file("y")
    assert "y" not in storage.list()
