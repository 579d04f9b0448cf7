"""The files of an index: opened with distrust, written for good.

A commit needs to survive a loss of power: hence ``sync_file``, ``sync``, and a rename that replaces in one step. Only
regular files are opened, so that a folder from a stranger can neither make us wait for a pipe nor write through a link.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from cnsearch.engine.files.locks import WriteLock
from cnsearch.errors import CorruptIndexError

_READ_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)

HAS_DIRECTORY_SYNC = os.name == "posix"
"""Windows keeps the names of files safe by itself, and opens no directory."""


class Files(Protocol):
    """Where the files of segments are: a ``Folder``, or what is to be taken for one."""

    @property
    def identity(self) -> Hashable:
        """Which place this is: the same name here is the same file."""

    def path_of(self, name: str) -> str:
        """For messages, and of what is a folder."""

    def exists(self, name: str) -> bool:
        """Whether there is a file of this name."""

    def open(self, name: str) -> BinaryIO:
        """For reading. Raises FileNotFoundError."""

    def create(self, name: str) -> Any:
        """A new file, for writing; it takes the place of one of this name."""

    def delete(self, name: str) -> None:
        """Remove a file. Raises FileNotFoundError."""

    def sync_file(self, file: Any) -> None:
        """Return when the content of the file is where it survives a loss of power, if there is such a place."""


class Folder:
    """The files in one folder. Every change of the folder goes through this object's methods."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"

    @property
    def identity(self) -> Hashable:
        """Its path."""
        return self.path

    def path_of(self, name: str) -> str:
        """Where the file of this name is."""
        return os.path.join(self.path, name)  # noqa: PTH118  # a hundred times for a snapshot of many segments

    def list(self) -> list[str]:
        """Names in the folder; none if there is no such folder. Raises OSError."""
        try:
            return os.listdir(self.path)  # noqa: PTH208
        except FileNotFoundError:
            return []

    def exists(self, name: str) -> bool:
        """Whether there is anything of this name. Raises OSError."""
        return Path(self.path_of(name)).exists()

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading. Raises CorruptIndexError if it is anything but a regular file."""
        path = self.path_of(name)
        descriptor = os.open(path, _READ_FLAGS)  # would wait for the writer of a pipe, were it not for O_NONBLOCK
        try:
            require_regular(path, os.fstat(descriptor))
            return os.fdopen(descriptor, "rb")
        except BaseException:
            os.close(descriptor)
            raise

    def create(self, name: str, *, exclusive: bool = False) -> BinaryIO:
        """A new file; one of this name is removed first, not written to, for it may be a link to elsewhere.

        exclusive : raise FileExistsError if there is one
        """
        path = Path(self.path_of(name))
        if not exclusive:
            path.unlink(missing_ok=True)
        return path.open("xb")

    def rename(self, old: str, new: str) -> None:
        """Rename in one step, whatever has the new name already."""
        Path(self.path_of(old)).replace(self.path_of(new))

    def delete(self, name: str) -> None:
        """Remove a file. Raises FileNotFoundError, OSError."""
        Path(self.path_of(name)).unlink()

    def sync_file(self, file: Any) -> None:
        """Return when the content of the file is on the disk."""
        sync_file(file)

    def sync(self) -> None:
        """Return when the names in the folder are on the disk: files that were made, renamed and removed."""
        sync_folder(self.path)

    def copy_to(self, names: Iterable[str], target: Folder) -> None:
        """Give ``target`` the files ``names``: the same ones by another name (hard links) where the system lets us,
        else copies. REQUIRES: they never change. Raises FileNotFoundError for one that is gone, FileExistsError."""
        for name in names:
            try:
                os.link(self.path_of(name), target.path_of(name))
            except (FileNotFoundError, FileExistsError):
                raise
            except OSError:  # another file system, or one without links
                with self.open(name) as source, target.create(name, exclusive=True) as file:
                    shutil.copyfileobj(source, file, 1 << 20)
                    target.sync_file(file)

    def lock(self, name: str) -> WriteLock:
        """The lock of which ``name`` is the file. Raises CorruptIndexError if that is anything but a regular file."""
        path = self.path_of(name)
        with contextlib.suppress(FileNotFoundError):
            require_regular(path, os.lstat(path))
        return WriteLock(path)


def require_regular(path: str, status: os.stat_result) -> None:
    """Raise CorruptIndexError if ``status``, that of the file at ``path``, is not of a regular file."""
    if not stat.S_ISREG(status.st_mode):
        kind = stat.filemode(status.st_mode)[0]
        raise CorruptIndexError(path, "not a regular file", found=kind, expected="-", hint="Remove it, and index again")


def sync_file(file: Any) -> None:
    """Return when the content of an open file is on the disk. Does nothing for files in memory."""
    file.flush()
    try:
        descriptor = file.fileno()
    except (AttributeError, io.UnsupportedOperation):
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
