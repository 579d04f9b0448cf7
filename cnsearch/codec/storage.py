"""Whoosh's storages and the engine's files: each as the other knows it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Hashable
from typing import Any, BinaryIO, cast

from whoosh.filedb.filestore import FileStorage, RamStorage
from whoosh.filedb.structfile import StructFile

from cnsearch.engine.bytes.container import Container
from cnsearch.engine.bytes.container_writer import ContainerWriter
from cnsearch.engine.bytes.layout import SectionKind
from cnsearch.engine.columns.byte_strings import OpaqueColumn
from cnsearch.engine.files.folder import Files, Folder, sync_file
from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.engine.segment.reader import SegmentReader, open_file


class DurableStorage(FileStorage):  # type: ignore[misc]  # Whoosh has no types
    """A Whoosh storage over a ``Folder``: what Whoosh writes into it is synced, and no link or pipe is opened.

    Whoosh's own storage syncs nothing, follows whatever link lies in the folder, and says of a folder that the system
    refuses to list (too many open files) that it is empty, so that ``create`` would put an empty index in it.
    """

    def __init__(self, folder: Folder | str, **kwargs: Any) -> None:
        self._files = folder if isinstance(folder, Folder) else Folder(folder)
        super().__init__(self._files.path, **kwargs)

    def list(self) -> list[str]:
        return self._files.list()

    def open_file(self, name: str, **kwargs: Any) -> Any:
        return StructFile(self._files.open(name), name=name, **kwargs)

    def create_file(self, name: str, excl: bool = False, mode: str = "xb", **kwargs: Any) -> Any:
        return StructFile(self._files.create(name, exclusive=excl), name=name, **kwargs)

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        if safe and self.file_exists(newname):
            raise FileExistsError(f"there is a file {newname} already")
        self._files.rename(oldname, newname)

    def delete_file(self, name: str) -> None:
        self._files.delete(name)

    def sync_file(self, file: Any) -> None:
        """Return when what was written to ``file``, which this storage created, survives a loss of power."""
        self._files.sync_file(file)

    def lock(self, name: str) -> Any:
        return self._files.lock(name)  # as Whoosh's locks, it has ``acquire`` and ``release``

    def temp_storage(self, name: str | None = None) -> Any:
        """Memory: our writers put nothing there, and Whoosh would empty any folder that has the name."""
        return RamStorage()


class StorageFiles(Files):
    """Any Whoosh storage as the engine's ``Files``."""

    def __init__(self, storage: Any) -> None:
        self._storage = storage
        self._is_folder = bool(getattr(storage, "supports_mmap", False)) and hasattr(storage, "_fpath")

    @property
    def identity(self) -> Hashable:
        return self._storage.folder if self._is_folder else (type(self._storage).__name__, id(self._storage))

    def path_of(self, name: str) -> str:
        if self._is_folder:
            return str(self._storage._fpath(name))
        return f"{getattr(self._storage, 'folder', '') or type(self._storage).__name__}/{name}"

    def exists(self, name: str) -> bool:
        return bool(self._storage.file_exists(name))

    def open(self, name: str) -> BinaryIO:
        try:
            file = self._storage.open_file(name)
        except NameError as error:  # of RamStorage
            raise FileNotFoundError(str(error)) from error
        if self._is_folder:
            return cast(BinaryIO, file.raw_file())
        with contextlib.closing(file):
            return io.BytesIO(bytes(file.read()))

    def create(self, name: str) -> Any:
        return self._storage.create_file(name)

    def delete(self, name: str) -> None:
        self._storage.delete_file(name)

    def sync_file(self, file: Any) -> None:
        getattr(self._storage, "sync_file", sync_file)(file)


def open_segment(storage: Any, entry: SegmentEntry) -> SegmentReader:
    """The segment of an entry. Raises FileNotFoundError, IndexFormatError, CorruptIndexError."""
    if not entry.doc_count_all() and not storage.file_exists(entry.filename):
        return _empty_segment()  # of a writer process of Whoosh that got no documents
    return open_file(StorageFiles(storage), entry.filename)


def _empty_segment() -> SegmentReader:
    file = io.BytesIO()
    writer = ContainerWriter(file)
    writer.add(SectionKind.MANIFEST, b'{"doc_count":0,"fields":[]}')
    writer.close()
    return SegmentReader(Container("empty segment", file.getvalue()))


def added_column_name(entry: SegmentEntry, fieldname: str) -> str:
    """The file of a column that ``whoosh.sorting.add_sortable`` made for a segment that was there."""
    return f"{entry.segment_id()}.{fieldname}.col"


def read_added_column(storage: Any, entry: SegmentEntry, fieldname: str) -> OpaqueColumn:
    """That column. Raises FileNotFoundError (NameError for RamStorage) if there is none."""
    with storage.open_file(added_column_name(entry, fieldname)) as file:
        return OpaqueColumn(file.read(), entry.doc_count_all())
