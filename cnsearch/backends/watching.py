"""Follows the folders of an index and brings in what changes, through whatever back end it has."""

from __future__ import annotations

import os
from collections.abc import Iterator

from cnsearch.backends.base import Backend
from cnsearch.backends.writing import Ends, Writing
from cnsearch.corpus.watch import changes
from cnsearch.errors import CorpusError, IndexLockedError
from cnsearch.model import Failure, UpdateReport
from cnsearch.settings import PathSettings


def watch(backend: Backend, how: Writing) -> Iterator[UpdateReport]:
    """The report of each update that found something, or that was impossible; see ``Index.watch``."""
    folders = backend.folders()
    if not folders:
        raise CorpusError(
            backend.path,
            "no folder was indexed, so there is none to watch",
            hint="Index one with update(folder)",
            code="no_folder",
        )
    for folder in folders:
        if not os.path.isdir(folder):  # noqa: PTH112  # a string, as recorded
            raise CorpusError(
                folder, "the folder is gone", hint="Index the others again with update(folders)", code="folder_gone"
            )
    for _ in changes(folders, ignored=backend.path, stop=Ends(_Closed(backend), how.stop)):
        try:
            backend.refresh()
            report = backend.update(folders, PathSettings(), None, how)
        except (CorpusError, IndexLockedError) as error:
            reason = f"{error.reason}. {error.hint}" if error.hint else error.reason
            yield UpdateReport(failed=(Failure(error.path, reason),), articles=backend.num_articles())
            continue
        except ValueError:
            if backend.closed:
                return
            raise
        if report.added or report.changed or report.removed or report.moved or report.failed:
            yield report


class _Closed:
    """As an event: whether a back end was closed."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def is_set(self) -> bool:
        return self._backend.closed
