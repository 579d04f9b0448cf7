"""Articles at hand (of records and of library callers) added, and articles deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from cnsearch.analysis.userdict import UserDictionary
from cnsearch.indexing.digests import article_digest
from cnsearch.indexing.intake import bring_in
from cnsearch.indexing.retokenise import cut_again, touched_by
from cnsearch.indexing.tally import Tally
from cnsearch.indexing.tasks import Origin, Progress, Stopped, Task, never
from cnsearch.indexing.transactions import begin_update, finished
from cnsearch.indexing.writer import Home
from cnsearch.model import Article, Failure, UpdateReport
from cnsearch.store.opening import Store
from cnsearch.store.segment import Indexed
from cnsearch.store.snapshot import Snapshot


def add_articles(
    store: Store | Home,
    articles: Iterable[Article | Failure],
    *,
    words: UserDictionary | None = None,
    jobs: int | None = None,
    dry_run: bool = False,
    wait: float | None = None,
    progress: Progress | None = None,
    stopped: Stopped = never,
) -> UpdateReport:
    """Add articles, each replacing the one that has its id; of equal ids the last holds. Removes nothing else."""
    started = time.perf_counter()
    tally = Tally()
    with begin_update(store, wait, dry_run, stopped=stopped) as update:
        touched = touched_by(update, words, tally)
        tasks = chain(cut_again(update, touched), _article_tasks(articles, update.find, tally))
        bring_in(update, tasks, tally, jobs=jobs, progress=progress, total=None, stopped=stopped)
        count = finished(update, tally)
    return tally.report(count, time.perf_counter() - started)


def delete_articles(
    store: Store, choose: Callable[[Snapshot], Iterable[str]], *, dry_run: bool = False, wait: float | None = None
) -> int:
    """Delete the articles that ``choose`` takes from the last commit, by their ids; returns how many there are."""
    with begin_update(store, wait, dry_run) as update:
        snapshot = update.snapshot
        assert isinstance(snapshot, Snapshot)
        chosen = [id_ for id_ in dict.fromkeys(choose(snapshot)) if snapshot.find(id_) is not None]
        if chosen:
            update.delete(chosen)
            update.finish()
        else:
            update.cancel()
    return len(chosen)


def _article_tasks(
    articles: Iterable[Article | Failure], find: Callable[[str], Indexed | None], tally: Tally
) -> Iterator[Task]:
    digests: dict[str, bytes] = {}  # of what this stream has brought: of equal ids the last holds
    for article in articles:
        if isinstance(article, Failure):
            tally.failed.append(article)
            continue
        if not isinstance(article, Article):
            raise TypeError(f"articles to add must be of the type Article, not {article!r}")
        digest = article_digest(article)
        entry = find(article.id)
        if digest == digests.get(article.id, None if entry is None else entry.digest):
            tally.unchanged += 1
            continue
        digests[article.id] = digest
        yield Task(article, Origin(digest=digest), replaces=entry is not None)
