"""Articles received from another index, with what that one knows of their origin."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping

from cnsearch.indexing.intake import bring_in
from cnsearch.indexing.tally import Tally
from cnsearch.indexing.tasks import Origin, Progress, Stopped, Task, never
from cnsearch.indexing.transactions import begin_update, finished
from cnsearch.indexing.writer import Home
from cnsearch.model import Article, UpdateReport
from cnsearch.settings import Settings
from cnsearch.store.opening import Store
from cnsearch.store.segment import Indexed


def receive(
    store: Store | Home,
    entries: Iterable[tuple[Article, Indexed]],
    settings: Settings,
    *,
    total: int,
    jobs: int | None = None,
    wait: float | None = None,
    progress: Progress | None = None,
    stopped: Stopped = never,
) -> UpdateReport:
    """Take over every article that is not here already, as it is; what else is here stays. ``settings`` of folders
    and files are taken over too. What was committed when it was ended is not taken again."""
    started = time.perf_counter()
    tally = Tally()
    with begin_update(store, wait, False, stopped=stopped) as update:
        tasks = _tasks(entries, update.indexed(), tally)
        bring_in(update, tasks, tally, jobs=jobs, progress=progress, total=total, stopped=stopped)
        if not tally.stopped:
            own = update.snapshot.settings
            update.change_settings(Settings({**own.roots, **settings.roots}, {**own.files, **settings.files}))
        articles = finished(update, tally)
    return tally.report(articles, time.perf_counter() - started)


def _tasks(entries: Iterable[tuple[Article, Indexed]], there: Mapping[str, Indexed], tally: Tally) -> Iterator[Task]:
    for article, entry in entries:
        origin = Origin(entry.root, entry.size, entry.mtime_ns, entry.digest)
        known = there.get(article.id)
        if known is not None and origin == Origin(known.root, known.size, known.mtime_ns, known.digest):
            tally.unchanged += 1
        else:
            yield Task(article, origin, replaces=known is not None)
