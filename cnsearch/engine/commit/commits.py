"""The commits of an index in a folder: the last one read, the next one made, copies, and what is left over.

A commit is the file ``commit_N.toc``; the highest N is the last one. ARCHITECTURE.md says in which order a commit
syncs and renames, and what each of that is for.
"""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

from cnsearch.engine.commit.toc import (
    INDEX_NAME,
    MAX_TOC_BYTES,
    OWN_NAME,
    TEMPORARY,
    TOC_NAME,
    UNFINISHED_NAME,
    Commit,
    decode_toc,
    encode_toc,
    toc_name,
)
from cnsearch.engine.files.folder import Folder
from cnsearch.engine.files.locks import WriteLock
from cnsearch.engine.segment.entry import SegmentEntry
from cnsearch.errors import REBUILD_HINT, CorruptIndexError, IndexUnusableError

LOCK_NAME = f"{INDEX_NAME}_WRITELOCK"


class NoCommitError(Exception):
    """There is no commit in the folder."""


def mark_of(generation: int, status: os.stat_result) -> tuple[int, ...]:
    """The file of a commit never changes: another file is another commit."""
    return generation, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class Commits:
    """Those in one folder.

    blank : what a new index is of: pretend that there is nothing in the folder but its numbers; the first commit takes
            the place of what is there
    """

    def __init__(self, folder: Folder, *, blank: object = None) -> None:
        self.folder = folder
        self.identity: str = uuid.uuid4().hex if blank is not None else ""
        """Which index this is: another one in the same folder has another. Empty if it was not known when read."""
        self._blank = blank

    def lock(self) -> WriteLock:
        """The lock of the one writer, not yet taken."""
        return self.folder.lock(LOCK_NAME)

    # -- reading ----------------------------------------------------------------------------------------------------

    def latest_generation(self) -> int:
        """The number of the last commit; -1 if there is none."""
        # A listing while a commit ends may miss both its file and the one before, so that none means: look again.
        return max(self._generations() or self._generations() or [-1])

    def _generations(self) -> list[int]:
        matches = map(TOC_NAME.fullmatch, self.folder.list())
        return [int(match.group(1)) for match in matches if match is not None]

    def read(self) -> Commit:
        """The last commit. Raises NoCommitError, IndexFormatError, CorruptIndexError."""
        generation = -1
        while True:
            before, generation = generation, self.latest_generation()
            try:
                return self.read_generation(generation)
            except FileNotFoundError:  # a later commit has just taken its place
                if generation == before:
                    raise

    def read_generation(self, generation: int) -> Commit:
        """A commit. Raises NoCommitError for -1, FileNotFoundError if a later one has taken its place,
        IndexFormatError, CorruptIndexError."""
        if self._blank is not None:
            return Commit(generation, self._blank, [], self.identity)
        if generation < 0:
            raise NoCommitError(f"there is no commit in {self.folder!r}")
        name = toc_name(generation)
        path = self.folder.path_of(name)
        with self.folder.open(name) as file:
            mark = mark_of(generation, os.fstat(file.fileno()))
            data = file.read(MAX_TOC_BYTES + 1)
        if len(data) > MAX_TOC_BYTES:
            raise CorruptIndexError(path, f"above {MAX_TOC_BYTES} bytes", found=len(data), hint=REBUILD_HINT)
        return decode_toc(data, generation, path=path, mark=mark)

    def mark(self) -> tuple[int, ...]:
        """``Commit.mark`` of the last commit; empty if there is none. Costs a listing, and reads nothing."""
        generation = self.latest_generation()
        try:
            return mark_of(generation, Path(self.folder.path_of(toc_name(generation))).stat())
        except FileNotFoundError:  # none, or a later one has just taken its place
            return ()

    def copy_to(self, target: Folder) -> int:
        """Copy the last commit into an empty folder, whatever a writer does meanwhile; returns its generation.

        Raises : OSError; FileNotFoundError if a later commit took the files away, and then ``target`` may have some
        """
        commit = self.read()
        target.create(UNFINISHED_NAME).close()
        self.folder.copy_to([entry.filename for entry in commit.segments], target)
        target.sync()
        self.folder.copy_to([toc_name(commit.generation)], target)  # last: until it is there, there is no index
        target.sync()
        target.delete(UNFINISHED_NAME)
        return commit.generation

    # -- committing -------------------------------------------------------------------------------------------------

    def has_commit(self, generation: int) -> bool:
        """Whether this commit is there."""
        return self.folder.exists(toc_name(generation))

    def write(self, state: object, segments: Sequence[SegmentEntry], generation: int) -> None:
        """Make a commit visible, in one step that a crash cannot divide.

        state    : what the index is of, fit for JSON
        REQUIRES : the files of the segments are synced, and the caller holds the lock
        Raises   : IndexUnusableError for what would be too large to be read again, OSError; then the index is the
                   commit before, unless ``has_commit``: then the new one is complete, and only whether it outlives a
                   loss of power is not known
        """
        name, folder = toc_name(generation), self.folder
        identity = self.identity or uuid.uuid4().hex
        data = encode_toc(generation, state, segments, identity)
        if len(data) > MAX_TOC_BYTES:
            reason = f"the table of contents would have {len(data):,} bytes, and is not read above {MAX_TOC_BYTES:,}"
            raise IndexUnusableError(folder.path, reason, hint="Use a smaller user dictionary")
        try:
            with folder.create(name + TEMPORARY) as file:
                file.write(data)
                folder.sync_file(file)
            folder.sync()  # the names of the segments' files, before anything refers to them
            folder.rename(name + TEMPORARY, name)
        except BaseException:
            with contextlib.suppress(OSError):
                folder.delete(name + TEMPORARY)
            raise
        self._blank = None
        self.identity = identity
        folder.sync()

    def remove_stale(self, generation: int, segments: Sequence[SegmentEntry]) -> None:
        """What writers that died have left, as ``remove_leftovers``, for a writer that begins after the commit
        ``generation``. REQUIRES: the caller holds the lock"""
        kept = {toc_name(generation), *(entry.filename for entry in segments)}
        if any(name not in kept and OWN_NAME.fullmatch(name) for name in self.folder.list()):
            self.folder.sync()  # who wrote that commit may have died before its name was on the disk
            self.remove_leftovers(generation, segments)

    def remove_leftovers(self, generation: int, segments: Sequence[SegmentEntry], made: Iterable[str] = ()) -> None:
        """Remove the files of earlier commits and of writers that died. What cannot be removed now (Windows keeps files
        that a reader has open) goes with a later commit. REQUIRES: the commit is synced, and the caller holds the lock

        made : files that are being made for a later commit
        """
        kept = {toc_name(generation), *(entry.filename for entry in segments), *made}
        for name in self.folder.list():
            if name not in kept and (OWN_NAME.fullmatch(name) or self._is_superseded(name)):
                with contextlib.suppress(OSError):
                    self.folder.delete(name)

    def _is_superseded(self, name: str) -> bool:
        """Whether the file is a table of contents as this program wrote it before it had this one."""
        return _OLD_TOC_OR_TEMPORARY.fullmatch(name) is not None and is_old_toc(self.folder, name)


OLD_TOC_NAME = re.compile(rf"_{INDEX_NAME}_[0-9]+\.toc")
_OLD_TOC_OR_TEMPORARY = re.compile(rf"{OLD_TOC_NAME.pattern}(?:\.[0-9.]+)?")
_OLD_SCHEMA = b"ccnsearch.schema\nArticleSchema\n"  # as a pickle of protocol 2 names the class


def is_old_toc(folder: Folder, name: str) -> bool:
    """Whether a table of contents that is a pickle was written by an earlier version of cnsearch. Only looks at the
    bytes."""
    with folder.open(name) as file:
        return _OLD_SCHEMA in file.read(4096)
