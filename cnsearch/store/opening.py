"""The index in a folder: made, opened, locked, copied. The seam to the engine.

Above this room nobody names the engine: searching sees a ``Snapshot`` of ``Segment`` arrays, indexing sees a
``Transaction``.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.engine.commit.commits import OLD_TOC_NAME, Commits, NoCommitError
from cnsearch.engine.commit.toc import SEGMENT_NAME, TOC_NAME, Commit, is_unfinished_copy
from cnsearch.engine.files.folder import Folder, make_folder
from cnsearch.engine.files.locks import HeldError, WriteLock
from cnsearch.engine.segment.reader import open_segment
from cnsearch.errors import (
    REBUILD_HINT,
    CorruptIndexError,
    IndexFormatError,
    IndexNotFoundError,
    IndexReplacedError,
    IndexUnusableError,
)
from cnsearch.store.faults import CREATE_HINT, ELSEWHERE_HINT, clear_errors, require_whoosh, without_commit
from cnsearch.store.schema import FIELDS, SCHEMA_VERSION, ArticleSchema
from cnsearch.store.segment import Segment
from cnsearch.store.snapshot import Snapshot

WAIT_S = 5.0
"""Seconds that a writer waits for one of another process, unless told otherwise."""


class Store:
    """The index in one folder. Make one with ``Store.create`` or ``Store.open``."""

    def __init__(
        self,
        path: Path,
        commits: Commits,
        analyzer: ChineseAnalyzer,
        opened: tuple[Commit, ArticleSchema] | None = None,
    ) -> None:
        self.path = path
        self.commits = commits
        self.analyzer = analyzer
        self._opened = opened
        """The commit that was read when this was opened, until the first snapshot."""

    @classmethod
    def exists(cls, path: str | os.PathLike[str]) -> bool:
        """Whether there is an index, or what is left of one, or one that is not ours."""
        folder = Path(path)
        with clear_errors(folder):
            names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        return any(pattern.fullmatch(name) for name in names for pattern in (TOC_NAME, OLD_TOC_NAME, SEGMENT_NAME))

    @classmethod
    def create(cls, path: str | os.PathLike[str], analyzer: ChineseAnalyzer) -> Store:
        """Make an empty index in the folder ``path``, which is made if it is not there. If another process has just
        done so, open that one."""
        folder = Path(path)
        require_whoosh(folder)
        try:
            make_folder(folder)
        except OSError as error:
            raise IndexNotFoundError(
                folder, f"cannot make the folder: {error.strerror}", hint=ELSEWHERE_HINT, code="folder"
            ) from error
        store = cls.blank(folder, analyzer)
        deadline = time.monotonic() + _CREATE_TIMEOUT
        with clear_errors(folder):
            while not cls.exists(folder):
                try:
                    lock = store.commits.lock()
                    lock.wait(0.0, 0.0)
                except HeldError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)
                    continue
                from cnsearch.engine.commit.writer import IndexWriter  # not for those who only search

                writer = IndexWriter(store.commits, FIELDS, lock)
                if cls.exists(folder):
                    writer.cancel()
                else:
                    writer.commit(ArticleSchema(analyzer).to_dict())
        return cls.open(folder)

    @classmethod
    def blank(cls, path: str | os.PathLike[str], analyzer: ChineseAnalyzer) -> Store:
        """An index of no articles, whose first commit makes the index in the folder ``path``, or takes the place of one
        that cannot be read. Until then nothing is changed."""
        folder = Path(path)
        return cls(folder, Commits(Folder(folder), blank=ArticleSchema(analyzer).to_dict()), analyzer)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Store:
        """Open the index in ``path``.

        Raises IndexNotFoundError, IndexFormatError (not of this program, or of another version), CorruptIndexError.
        """
        folder = Path(path)
        require_whoosh(folder)
        commits = Commits(Folder(folder))
        with clear_errors(folder):
            if not folder.is_dir():
                raise _no_index(folder)
            try:
                commit = commits.read()
            except NoCommitError:
                raise without_commit(commits.folder) if cls.exists(folder) else _no_index(folder) from None
            commits.identity = commit.identity
            schema = schema_of(commit)
            return cls(folder, commits, schema.analyzer, (commit, schema))

    def generation(self) -> int:
        """The number of the last commit."""
        with clear_errors(self.path):
            return self.commits.latest_generation()

    def mark(self) -> tuple[int, ...]:
        """Tells the last commit from every other one; that of a ``Snapshot`` is equal while it is the last."""
        with clear_errors(self.path):
            return self.commits.mark()

    def adopt(self, snapshot: Snapshot) -> None:
        """Write into the index of this snapshot from now on, though another stood there when this one was opened."""
        self.commits.identity = snapshot.identity

    def require_same_index(self, snapshot: Snapshot) -> None:
        """Raise IndexReplacedError if another index stands where the opened one was."""
        known = self.commits.identity
        if known and snapshot.identity != known:
            raise IndexReplacedError(
                self.path,
                "another index has taken the place of the one that was opened; nothing was written",
                hint="refresh() shows it, and lets you write to it",
            )

    def snapshot(self, *, as_opened: bool = False) -> Snapshot:
        """Open the last commit. A commit that ends while we open may take files away: then the next one is opened.

        as_opened : take the commit that was the last one when this index was opened, if its files are still there:
                    nothing is listed or read again
        """
        opened, self._opened = self._opened, None
        if as_opened and opened is not None:
            with contextlib.suppress(CorruptIndexError):
                return self._snapshot_of(*opened)
        for attempt in range(_OPEN_ATTEMPTS):
            generation = self.generation()
            try:
                with clear_errors(self.path):
                    commit = self.commits.read_generation(generation)
                    schema = schema_of(commit)
                return self._snapshot_of(commit, schema)
            except CorruptIndexError:
                if attempt + 1 == _OPEN_ATTEMPTS or self.generation() == generation:
                    raise
                time.sleep(0.02)
        raise AssertionError("unreachable")

    def _snapshot_of(self, commit: Commit, schema: ArticleSchema) -> Snapshot:
        """A commit, its segments opened. Raises CorruptIndexError, also where a later commit took its files away."""
        with clear_errors(self.path):
            segments, base = [], 0
            for entry in commit.segments:
                segments.append(Segment(open_segment(self.commits.folder, entry), entry, base))
                base += entry.doc_count_all()
            if schema.analyzer == self.analyzer:
                schema.analyzer = self.analyzer  # it has its dictionary loaded
            else:
                self.analyzer = schema.analyzer  # for the next snapshots
            return Snapshot(commit, schema, segments)

    def lock(self, wait: float | None, stopped: Callable[[], bool] | None = None) -> WriteLock:
        """The index's lock, taken. Raises IndexLockedError, IndexNotFoundError."""
        started = time.monotonic()
        with clear_errors(self.path):
            self.require_folder()
            lock = self.commits.lock()
            others = WAIT_S if wait is None else max(0.0, wait - (time.monotonic() - started))
            lock.wait(wait, others, stopped)
        return lock

    def require_folder(self) -> None:
        """Raise IndexNotFoundError if the folder of the index is gone."""
        if not self.path.is_dir():
            raise IndexNotFoundError(self.path, "the folder of the index is gone", hint=CREATE_HINT)

    def require_writable(self, snapshot: Snapshot) -> None:
        """Raise IndexFormatError if the commit is of a format that is read but no longer written."""
        if snapshot.version != SCHEMA_VERSION:
            raise IndexFormatError(
                self.path,
                f"the index has format {snapshot.version}, which is read but no longer written; "
                f"a rebuild brings it to format {SCHEMA_VERSION} and keeps user words, records and library articles",
                found=snapshot.version,
                expected=SCHEMA_VERSION,
                hint=REBUILD_HINT,
                code="index_older",
            )

    def copy_to(self, path: str | os.PathLike[str]) -> None:
        """Copy the last commit to the folder ``path``, which is made, or must be empty; a writer may go on meanwhile.

        Raises IndexUnusableError if there is something in ``path``, CorruptIndexError, OSError.
        """
        folder = Path(path)
        make_folder(folder)
        names = [entry.name for entry in folder.iterdir()]
        if is_unfinished_copy(names):
            _remove_all(Folder(folder))
        elif names:
            raise IndexUnusableError(folder, "the folder is not empty", hint="Name a new one", code="folder_not_empty")
        target = Folder(folder)
        try:
            with clear_errors(self.path):
                for attempt in range(_OPEN_ATTEMPTS):
                    generation = self.generation()
                    try:
                        self.commits.copy_to(target)
                        return
                    except FileNotFoundError:
                        _remove_all(target)
                        if attempt + 1 == _OPEN_ATTEMPTS or self.generation() == generation:
                            raise
        except BaseException:
            _remove_all(target)
            raise

    def size_bytes(self) -> int:
        """What the files of the index take on disk. Raises IndexNotFoundError if its folder is gone."""
        total = 0
        try:
            entries = list(os.scandir(self.path))
        except (FileNotFoundError, NotADirectoryError):
            self.require_folder()
            raise
        for entry in entries:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # it has just been removed, or the folder
                total += entry.stat().st_size if entry.is_file() else 0
        return total


_OPEN_ATTEMPTS = 10
_CREATE_TIMEOUT = 10.0
"""Seconds to wait for another process that makes the same index."""


def _no_index(path: Path) -> IndexNotFoundError:
    return IndexNotFoundError(path, "there is no index here", hint=CREATE_HINT)


def schema_of(commit: Commit) -> ArticleSchema:
    """What the index was of. Raises CorruptIndexError, IndexFormatError."""
    try:
        return ArticleSchema.from_dict(commit.state, path=commit.path)
    except (ValueError, TypeError, RecursionError) as error:
        reason = f"the table of contents cannot be understood: {error}"
        raise CorruptIndexError(commit.path, reason, section="table of contents", hint=REBUILD_HINT) from error


def _remove_all(folder: Folder) -> None:
    """Empty a folder that we began to fill."""
    for name in folder.list():
        with contextlib.suppress(OSError):
            folder.delete(name)
