"""The files of an index: opened with distrust, written for good.

Whoosh's storage syncs nothing and follows whatever link lies in the folder. This one gives a commit what it needs to
survive a loss of power (``sync_file``, ``sync``, a rename that replaces in one step), and opens only regular files, so
that a folder from a stranger can neither make us wait for a pipe nor write through a link.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from whoosh.filedb.filestore import FileStorage, RamStorage
from whoosh.filedb.structfile import StructFile

from cnsearch.codec.locks import WriteLock
from cnsearch.errors import CorruptIndexError

_READ_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)

HAS_DIRECTORY_SYNC = os.name == "posix"
"""Windows keeps the names of files safe by itself, and opens no directory."""


class DurableStorage(FileStorage):  # type: ignore[misc]  # Whoosh has no types
    """The files in one folder. Every change of the folder goes through this object's methods."""

    def list(self) -> list[str]:
        """Names in the folder; none if there is no such folder. Raises OSError where Whoosh says that it is empty."""
        try:
            return [path.name for path in Path(self.folder).iterdir()]
        except FileNotFoundError:
            return []

    def open_file(self, name: str, **kwargs: Any) -> Any:
        """Open a file for reading. Raises CorruptIndexError if it is anything but a regular file."""
        path = self._fpath(name)
        descriptor = os.open(path, _READ_FLAGS)  # would wait for the writer of a pipe, were it not for O_NONBLOCK
        try:
            _require_regular(path, os.fstat(descriptor))
            return StructFile(os.fdopen(descriptor, "rb"), name=name, **kwargs)
        except BaseException:
            os.close(descriptor)
            raise

    def create_file(self, name: str, excl: bool = False, mode: str = "xb", **kwargs: Any) -> Any:
        """A new file; one of this name is removed first, not written to, for it may be a link to elsewhere."""
        path = Path(self._fpath(name))
        if not excl:
            path.unlink(missing_ok=True)
        return StructFile(path.open("xb"), name=name, **kwargs)

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Rename in one step, whatever has the new name already."""
        if safe and self.file_exists(newname):
            raise FileExistsError(f"there is a file {newname} already")
        Path(self._fpath(oldname)).replace(self._fpath(newname))

    def sync_file(self, file: Any) -> None:
        """Return when the content of the file is on the disk."""
        sync_file(file)

    def sync(self) -> None:
        """Return when the names in the folder are on the disk: files that were made, renamed and removed."""
        sync_folder(self.folder)

    def copy_to(self, names: Iterable[str], target: DurableStorage) -> None:
        """Give ``target`` the files ``names``: the same ones by another name (hard links) where the system lets us,
        else copies. REQUIRES: they never change. Raises FileNotFoundError for one that is gone, FileExistsError."""
        for name in names:
            try:
                os.link(self._fpath(name), target._fpath(name))
            except (FileNotFoundError, FileExistsError):
                raise
            except OSError:  # another file system, or one without links
                closing = contextlib.closing
                with closing(self.open_file(name)) as source, closing(target.create_file(name, excl=True)) as file:
                    shutil.copyfileobj(source.raw_file(), file.raw_file(), 1 << 20)
                    target.sync_file(file)

    def lock(self, name: str) -> Any:
        path = self._fpath(name)
        with contextlib.suppress(FileNotFoundError):
            _require_regular(path, os.lstat(path))
        return WriteLock(path)

    def temp_storage(self, name: str | None = None) -> Any:
        """Memory: our writers put nothing there, and Whoosh would empty any folder that has the name."""
        return RamStorage()


def _require_regular(path: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = stat.filemode(status.st_mode)[0]
        raise CorruptIndexError(path, "not a regular file", found=kind, expected="-", hint="Remove it, and index again")


def sync_file(file: Any) -> None:
    """Return when the content of an open file is on the disk. Does nothing for files in memory."""
    file.flush()
    try:
        descriptor = file.fileno()
    except (AttributeError, io.UnsupportedOperation):  # RamStorage
        return
    _full_sync(descriptor)


def sync_folder(path: str | os.PathLike[str]) -> None:
    """Return when the names in a folder are on the disk."""
    if not HAS_DIRECTORY_SYNC:
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _full_sync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, for good. Raises OSError."""
    missing = []
    for folder in (path, *path.parents):
        if folder.is_dir():
            break
        missing.append(folder)
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        sync_folder(folder.parent)


def _full_sync(descriptor: int) -> None:
    """``fsync``; on macOS, where that leaves the data in the cache of the drive, what flushes it (see fsync(2))."""
    try:
        from fcntl import F_FULLFSYNC, fcntl  # type: ignore[attr-defined, unused-ignore]
    except ImportError:
        os.fsync(descriptor)
        return
    try:
        fcntl(descriptor, F_FULLFSYNC)
    except OSError:  # a file system without it
        os.fsync(descriptor)
