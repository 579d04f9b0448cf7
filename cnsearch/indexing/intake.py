"""Tasks to articles in the index: the loop that every command shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnsearch.indexing.records import by_record
from cnsearch.indexing.tally import Tally
from cnsearch.indexing.tasks import FileRead, Progress, Stopped, Task, never
from cnsearch.indexing.workers import chunks
from cnsearch.indexing.writer import Writer
from cnsearch.model import Article, Failure


def bring_in(
    update: Writer,
    tasks: Iterable[Task],
    tally: Tally,
    *,
    jobs: int | None,
    progress: Progress | None,
    total: int | None,
    stopped: Stopped = never,
) -> list[str]:
    """Read and tokenise ``tasks`` and write them, in their order, until ``stopped``. Returns the ids of what could not
    be read."""

    def until_stopped(tasks: Iterable[Task], drawn: bool = False) -> Iterator[Task]:
        for task in tasks:
            # An article that was drawn from the caller's iterator would be lost to him; a file is read another time.
            if stopped() and not (drawn and isinstance(task.source, Article)):
                tally.stopped = True
                return
            yield task

    done = 0
    new: set[str] = set()
    unread: dict[str, None] = {}

    def settle(file: FileRead) -> None:
        tally.count_file(file)
        if file.failed:
            unread.update(dict.fromkeys(id_ for id_ in file.task.entries if id_ not in file.entries))
        if file.vanished:
            update.delete(file.vanished)

    tasks = by_record(tasks, lambda outcome: tally.count(outcome, new), settle)
    for chunk in chunks(tasks, update.analyzer, until_stopped, jobs=jobs, form=update.form, notes=tally.notes):
        tally.warnings += chunk.warnings
        refused = dict(update.add(chunk.batch)) if chunk.batch is not None else {}
        for outcome in chunk.outcomes:
            if outcome.written and outcome.id in refused:
                outcome = outcome._replace(written=False, failure=Failure(outcome.id, refused[outcome.id]))
            tally.count(outcome, new)
            if outcome.failure is not None:
                unread[outcome.id] = None
        for file in chunk.files:
            settle(file)
        done += chunk.tasks
        if progress is not None:
            progress(done, total if total is None or done <= total else None)
    return list(unread)
