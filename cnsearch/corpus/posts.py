"""Post files below a folder, and the front matter that they begin with."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cnsearch.model import Failure

#: Endings (any case) of the files that are posts.
POST_SUFFIXES = (".md", ".markdown", ".html", ".htm", ".txt")

#: A folder that symbolic links reach this often is not walked again: a few folders that link to each other have more
#: paths than there are atoms.
_MOST_VISITS = 16


@dataclass(frozen=True, slots=True)
class PostFile:
    """A post on disk.

    id       : the path below the scanned root, with ``/``
    path     : absolute
    size     : bytes
    mtime_ns : nanoseconds since 1970, as the file system has it
    """

    id: str
    path: str
    size: int
    mtime_ns: int


@dataclass(slots=True)
class Scan:
    """What a walk found.

    files    : sorted by id
    failures : what could not be read or is not followed, one line each
    unread   : prefixes of ids below which something may exist that could not be listed: a folder (``a/b/``, the root is
               ``""``) or one id. An article below one of them is not gone because it is not in ``files``.
    """

    files: list[PostFile] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def scan_posts(root: str | os.PathLike[str], *, below: str = "") -> Scan:
    """Find the posts below ``root``.

    root  : a folder, or one post file, whose id is then its name
    below : look only at this id, or at the ids below this folder id (with or without ``/`` at the end)

    Hidden files and folders are passed over. A symbolic link is followed where it leads to a place inside ``root`` and
    not back to a folder that it lies in. Special files, and names that are not UTF-8, are failures. Nothing is opened.
    Raises : nothing; a root that cannot be listed is a failure and ``unread == [""]``
    """
    walk = _Walk(os.path.normpath(Path(root).absolute()))
    walk.run(below.strip("/"))
    scan = walk.scan
    scan.files.sort(key=lambda file: file.id)
    scan.unread.sort()
    return scan


@dataclass(slots=True)
class _Folder:
    id: str  # "" or ends in "/"
    path: str
    real: tuple[str, ...]  # the real paths of the folders from the root to this one


class _Walk:
    def __init__(self, root: str) -> None:
        self.scan = Scan()
        self._root = root
        self._visits: dict[str, int] = {}

    def run(self, below: str) -> None:
        try:
            real_root = os.path.realpath(self._root, strict=True)
            is_folder = Path(real_root).is_dir()
        except (OSError, ValueError) as error:
            self._fail(self._root, _reason(error), unread=("",))
            return
        if not is_folder:
            name = Path(self._root).name
            if below in ("", name):
                self._file(name, self._root)
            return
        folders = [_Folder("", self._root, (real_root,))]
        *parents, last = below.split("/")
        if ".." in parents or last == "..":
            self._fail(below, "lies outside the root")
            return
        for name in parents:
            folders = self._list(folders[0], only=name, files=False)
            if not folders:
                return
        if last:
            folders = self._list(folders[0], only=last)
        while folders:
            folders += self._list(folders.pop())

    def _list(self, folder: _Folder, only: str = "", files: bool = True) -> list[_Folder]:
        """Take in the ``files`` of ``folder``, and return its folders. With ``only``, look at this name alone."""
        try:
            with os.scandir(folder.path) as entries:
                names = sorted(
                    (entry.name, entry.is_dir(follow_symlinks=False), entry.is_symlink())
                    for entry in entries
                    if not entry.name.startswith(".") and (not only or entry.name == only)
                )
        except (OSError, ValueError) as error:
            if isinstance(error, FileNotFoundError) and folder.id:
                return []  # deleted since it was listed
            self._fail(folder.path, _reason(error), unread=(folder.id,))
            return []
        found = []
        for name, is_folder, is_link in names:
            path = f"{folder.path}{os.sep}{name}"
            if not (is_folder or is_link or (files and name.lower().endswith(POST_SUFFIXES))):
                continue
            if not _is_utf8(name):
                self._fail(path, "the name is not UTF-8")
                continue
            if "\uffff" in name:
                self._fail(path, "the name has U+FFFF in it, which is no character")
                continue
            if is_link:
                linked = self._follow(folder, name, path, files)
                if linked is not None:
                    found.append(linked)
            elif is_folder:
                found.append(_Folder(f"{folder.id}{name}/", path, (*folder.real, f"{folder.real[-1]}{os.sep}{name}")))
            else:
                self._file(folder.id + name, path)
        return found

    def _follow(self, folder: _Folder, name: str, path: str, files: bool) -> _Folder | None:
        """The folder that a symbolic link leads to; a file is taken in, anything else noted."""
        id_ = folder.id + name
        root = folder.real[0]
        try:
            target = os.path.realpath(path, strict=True)
            is_folder = Path(target).is_dir()
        except (OSError, ValueError) as error:
            reason = "broken symbolic link" if isinstance(error, FileNotFoundError) else _reason(error)
            self._fail(path, reason, unread=(id_, id_ + "/"))
            return None
        inside = target == root or target.startswith(root.rstrip(os.sep) + os.sep)
        if not is_folder and not name.lower().endswith(POST_SUFFIXES):
            return None
        if not inside:
            self._fail(path, f"symbolic link to a place outside the root: {_shown(target)}")
            return None
        if not is_folder:
            if files:
                self._file(id_, path)
            return None
        if target in folder.real:
            self._fail(path, f"symbolic link loop: leads back to {_shown(target)}")
            return None
        self._visits[target] = self._visits.get(target, 0) + 1
        if self._visits[target] > _MOST_VISITS:
            self._fail(path, f"symbolic link loop: too many ways to {_shown(target)}")
            return None
        return _Folder(id_ + "/", path, (*folder.real, target))

    def _file(self, id_: str, path: str) -> None:
        try:
            status = Path(path).stat()
        except FileNotFoundError:
            return  # deleted since it was listed
        except (OSError, ValueError) as error:
            self._fail(path, _reason(error), unread=(id_,))
            return
        if stat.S_ISREG(status.st_mode):
            self.scan.files.append(PostFile(id_, path, status.st_size, status.st_mtime_ns))
        else:
            self._fail(path, f"not a file but a {_file_type(status.st_mode)}")

    def _fail(self, path: str, reason: str, unread: tuple[str, ...] = ()) -> None:
        self.scan.failures.append(Failure(_shown(path), reason))
        self.scan.unread += unread


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _shown(path: str) -> str:
    """``path`` with what is not UTF-8 in it as ``\\xNN``."""
    return path if _is_utf8(path) else os.fsencode(path).decode("utf-8", "backslashreplace")


def _file_type(mode: int) -> str:
    for test, name in (
        (stat.S_ISFIFO, "named pipe"),
        (stat.S_ISSOCK, "socket"),
        (stat.S_ISCHR, "device"),
        (stat.S_ISBLK, "device"),
        (stat.S_ISDIR, "folder"),
    ):
        if test(mode):
            return name
    return "special file"


def _reason(error: Exception) -> str:
    """What ``error`` says, in plain words: ``permission denied``."""
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "symbolic link loop"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return str(error) or type(error).__name__
