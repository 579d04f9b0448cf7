"""Whoosh's view of an index whose commits are the engine's: its readers and searchers work on it, writers do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from whoosh.index import TOC, EmptyIndexError, FileIndex
from whoosh.writing import IndexingError

from cnsearch.codec.segment import ColumnarSegment
from cnsearch.codec.storage import DurableStorage
from cnsearch.engine.commit.commits import Commits, NoCommitError
from cnsearch.engine.commit.toc import INDEX_NAME, Commit, toc_name


class ColumnarIndex(FileIndex):  # type: ignore[misc]  # Whoosh has no types
    """The index of ``commits``, to be read.

    schema_of : the Whoosh schema of a commit

    Raises : EmptyIndexError (Whoosh's) if there is no commit, IndexFormatError, CorruptIndexError
    """

    def __init__(self, commits: Commits, schema_of: Callable[[Commit], Any]) -> None:
        self.storage = DurableStorage(commits.folder)
        self.indexname = INDEX_NAME
        self._commits = commits
        self._schema_of = schema_of
        self._read_toc()

    def latest_generation(self) -> int:
        return self._commits.latest_generation()

    def last_modified(self) -> float:
        return float(self.storage.file_modified(toc_name(self.latest_generation())))

    def _read_toc(self) -> TOC:
        """The last commit, as Whoosh's object."""
        try:
            commit = self._commits.read()
        except NoCommitError as error:
            raise EmptyIndexError(str(error)) from error
        return TOC(self._schema_of(commit), list(map(ColumnarSegment.of, commit.segments)), commit.generation)

    def writer(self, procs: int = 1, **kwargs: Any) -> Any:
        raise IndexingError("Whoosh's writers would write another table of contents than this index has")
