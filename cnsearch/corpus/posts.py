"""Files below a folder: which can be read, which are left out, which are of kinds that nobody reads."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from cnsearch.corpus.ignore import Ignore
from cnsearch.model import Failure

#: Endings (any case) of the files that are posts.
POST_SUFFIXES = (".md", ".markdown", ".mdx", ".html", ".htm", ".txt")

#: Endings of what belongs to articles and pages and is no text: pictures, sounds, fonts, programs of pages.
ASSET_SUFFIXES = tuple(
    f".{name}"
    for name in """
    png jpg jpeg jpe gif svg webp bmp ico tif tiff avif heic psd css scss sass less styl js mjs cjs ts jsx tsx vue map
    woff woff2 ttf otf eot mp3 mp4 m4a m4v wav ogg oga ogv flac mov avi mkv webm swf lock
    """.split()
)

#: A folder that symbolic links reach this often is not walked again: a few folders that link to each other have more
#: paths than there are atoms.
_MOST_VISITS = 16
#: Files of an index, which may lie among the posts.
_OF_INDEX = re.compile(r"commit_[0-9]+\.toc(?:\.tmp)?|MAIN_[0-9a-z]+\.cnp|MAIN_WRITELOCK.*|MAIN\.tmp")


class PostFile(NamedTuple):
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
    left_out : (id, why) of files and folders (with "/" at the end) that rules leave out, and all that is inside
    named    : ids of folders (with "/") and files that rules would leave out, but ``below`` names
    others   : ids of files that nobody reads, assets and hidden ones not among them
    assets   : how many assets there are
    """

    files: list[PostFile] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    assets: int = 0

    def passed_over(self) -> dict[str, int]:
        """How many files nobody reads, by what their names end in; the commonest first."""
        return by_kind(self.others)


def by_kind(ids: Collection[str]) -> dict[str, int]:
    """How many files there are of each kind, by what their names end in; the commonest first.

    >>> by_kind(["a.docx", "b/c.EPUB", "d.docx", "LICENSE"])
    {'.docx': 2, '.epub': 1, 'without ending': 1}
    """
    kinds = Counter(Path(id_).suffix.lower() or "without ending" for id_ in ids)
    return dict(sorted(kinds.items(), key=lambda item: (-item[1], item[0])))


def scan_posts(
    root: str | os.PathLike[str],
    *,
    below: str = "",
    suffixes: tuple[str, ...] = POST_SUFFIXES,
    ignore: Ignore | None = None,
) -> Scan:
    """Find the files below ``root`` that can be read.

    root     : a folder, or one file, whose id is then its name
    below    : look only at this id, or at the ids below this folder id (with or without ``/`` at the end)
    suffixes : what the names of files end in that can be read, lower case
    ignore   : rules for the whole root, to which those of ``.cnsearchignore`` files come

    Hidden files and folders are passed over. A symbolic link is followed where it leads to a place inside ``root`` and
    not back to a folder that it lies in. Special files, and names that are not UTF-8, are failures. Nothing is opened
    but ``.cnsearchignore`` files.
    Raises : nothing; a root that cannot be listed is a failure and ``unread == [""]``
    """
    ignore = ignore or Ignore()
    walk = _Walk(os.path.normpath(Path(root).absolute()), suffixes, ignore)
    walk.run(below.strip("/"))
    scan = walk.scan
    scan.failures += [Failure(path, reason) for path, reason in ignore.bad]
    scan.left_out.sort()
    scan.others.sort()
    scan.files.sort(key=lambda file: file.id)
    scan.unread.sort()
    return scan


@dataclass(slots=True)
class _Folder:
    id: str  # "" or ends in "/"
    path: str
    real: tuple[str, ...]  # the real paths of the folders from the root to this one
    ignore: Ignore  # the rules of the folders above


class _Walk:
    def __init__(self, root: str, suffixes: tuple[str, ...], ignore: Ignore) -> None:
        self.scan = Scan()
        self._root = root
        self._suffixes = suffixes
        self._ignore = ignore
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
        folders = [_Folder("", self._root, (real_root,), self._ignore)]
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
                every = [(entry.name, entry.is_dir(follow_symlinks=False), entry.is_symlink()) for entry in entries]
        except (OSError, ValueError) as error:
            if isinstance(error, FileNotFoundError) and folder.id:
                return []  # deleted since it was listed
            self._fail(folder.path, _reason(error), unread=(folder.id,))
            return []
        found = []
        beside = [name for name, _, _ in every]
        ignore = folder.ignore.inside(folder.id, folder.path, beside)
        for name, is_folder, is_link in sorted(every):
            if name.startswith(".") or (only and name != only):
                continue
            path = f"{folder.path}{os.sep}{name}"
            if not (is_folder or is_link or (files and name.lower().endswith(self._suffixes))):
                if files and not is_folder:
                    self._other(folder.id + name, ignore)
                continue
            if not _is_utf8(name):
                self._fail(path, "the name is not UTF-8")
                continue
            if "\uffff" in name:
                self._fail(path, "the name has U+FFFF in it, which is no character")
                continue
            why = ignore.leaves_out(folder.id + name + "/" * is_folder, name, beside)
            if why and only:
                self.scan.named.append(folder.id + name + "/" * is_folder)
                ignore = ignore.but(folder.id + name + "/" * is_folder)
            elif why:
                self.scan.left_out.append((folder.id + name + "/" * is_folder, why))
                continue
            if is_link:
                linked = self._follow(folder, name, path, files)
                if linked is None:
                    continue
                why = ignore.leaves_out(linked.id, name, beside)
                if why:
                    self.scan.left_out.append((linked.id, why))
                else:
                    found.append(replace(linked, ignore=ignore))
            elif is_folder:
                real = (*folder.real, f"{folder.real[-1]}{os.sep}{name}")
                found.append(_Folder(f"{folder.id}{name}/", path, real, ignore))
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
        if not is_folder and not name.lower().endswith(self._suffixes):
            self._other(id_, folder.ignore)
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
        return _Folder(id_ + "/", path, (*folder.real, target), folder.ignore)

    def _other(self, id_: str, ignore: Ignore) -> None:
        """Take note of a file that nobody reads."""
        name = id_.rpartition("/")[2]
        if name.lower().endswith(ASSET_SUFFIXES):
            self.scan.assets += 1
        elif not _OF_INDEX.fullmatch(name) and _is_utf8(id_) and not ignore.leaves_out(id_, name):
            self.scan.others.append(id_)

    def _file(self, id_: str, path: str) -> None:
        try:
            status = os.stat(path)  # noqa: PTH116  # a Path takes longer than what it asks
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
