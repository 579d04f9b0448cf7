"""Articles cut again from their stored text: for another dictionary, or a new generation."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.indexing.digests import article_digest
from cnsearch.indexing.intake import bring_in
from cnsearch.indexing.tally import Tally
from cnsearch.indexing.tasks import Origin, Progress, Task
from cnsearch.indexing.transactions import begin_update
from cnsearch.indexing.writer import Home, Writer
from cnsearch.model import UpdateReport
from cnsearch.store.opening import Store
from cnsearch.store.schema import SCHEMA_VERSION

MIN_STORED_FOR_WORKERS = 4_000
"""Fewer articles than these are cut again in this process: it takes about 1 ms each, and starting workers seconds."""


def carried(update: Writer, article_ids: Iterable[str]) -> Iterator[Task]:
    """Bring articles from their stored text into the new generation, with what the index knows of their origin."""
    older = update.snapshot.version != SCHEMA_VERSION
    for article, entry in update.stored(article_ids):
        # What a digest covers grows with the fields.
        digest = article_digest(article) if older and not entry.root else entry.digest
        yield Task(article, Origin(entry.root, entry.size, entry.mtime_ns, digest))


def change_dictionary(
    store: Store | Home,
    change: Callable[[UserDictionary], UserDictionary],
    *,
    jobs: int | None = None,
    dry_run: bool = False,
    wait: float | None = None,
    progress: Progress | None = None,
) -> tuple[UserDictionary, UserDictionary, UpdateReport]:
    """Give the index the user dictionary that ``change`` makes of the one that it has. Returns both, and the report."""
    started = time.perf_counter()
    tally = Tally()
    with begin_update(store, wait, dry_run) as update:
        before = update.analyzer.user_dictionary
        after = change(before)
        touched = touched_by(update, after, tally)
        tasks = cut_again(update, touched)
        if jobs is None and len(touched) < MIN_STORED_FOR_WORKERS:
            jobs = 1
        bring_in(update, tasks, tally, jobs=jobs, progress=progress, total=len(touched))
        articles = update.finish()
    return before, after, tally.report(articles, time.perf_counter() - started)


def touched_by(
    update: Writer, words: UserDictionary | None, tally: Tally, *, without: Container[str] = ()
) -> Sequence[str]:
    """Let the update write with the user dictionary ``words``. Returns the ids of the articles that it may cut
    otherwise than the present one: those that contain a word in which the two differ (``analysis/tokenizer.py`` says
    why no other article is touched), but those of ``without``."""
    before = update.analyzer
    if words is None or words == before.user_dictionary:
        return ()
    after = ChineseAnalyzer(engine=before.identity.engine, user_dictionary=words)
    changed = before.tokenizer.changed_words(after.tokenizer)
    touched = [article_id for article_id in update.containing(changed) if article_id not in without]
    update.change_analyzer(after)
    tally.retokenised += len(touched)
    return touched


def cut_again(update: Writer, article_ids: Sequence[str]) -> Iterator[Task]:
    """Tasks for the articles with these ids, as stored. To be brought in before what may replace them."""
    return (task._replace(replaces=True, retokenised=True) for task in carried(update, article_ids))
