"""A new generation of the index, built beside the old."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from itertools import chain

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.indexing.compare import compare
from cnsearch.indexing.intake import bring_in
from cnsearch.indexing.retokenise import carried
from cnsearch.indexing.tally import Tally
from cnsearch.indexing.tasks import Progress
from cnsearch.indexing.transactions import begin_update
from cnsearch.indexing.writer import Home
from cnsearch.limits import DEFAULT_LIMITS, Limits
from cnsearch.model import UpdateReport
from cnsearch.settings import PathSettings
from cnsearch.store.opening import Store


def rebuild(
    store: Store | Home,
    paths: Sequence[str | os.PathLike[str]],
    *,
    engine: str | None = None,
    words: UserDictionary | None = None,
    jobs: int | None = None,
    wait: float | None = None,
    limits: Limits = DEFAULT_LIMITS,
    given: PathSettings = PathSettings(),  # noqa: B008  # immutable
    progress: Progress | None = None,
) -> UpdateReport:
    """Build a new generation beside the old, which takes its place in one commit.

    The posts below ``paths`` are read anew; every other article is carried over from its stored text. Without ``words``
    the user dictionary stays what it is.
    """
    started = time.perf_counter()
    tally = Tally()
    with begin_update(store, wait, False, replace=True) as update:
        kept_words = update.analyzer.user_dictionary if words is None else words
        update.change_analyzer(ChineseAnalyzer(engine=engine, user_dictionary=kept_words))
        indexed = update.indexed()
        found = compare(paths, indexed, update.snapshot.settings, tally, limits, given=given, reread=True)
        apart = {article_id for task in found.tasks for article_id in (task.source.id, *task.entries)}.union(found.gone)
        stays = [article_id for article_id in indexed if article_id not in apart]
        from_store = carried(update, stays)
        total = len(found.tasks) + len(stays)
        every = chain(found.tasks, from_store)
        unread = bring_in(update, every, tally, jobs=jobs, progress=progress, total=total)
        kept = [article_id for article_id in unread if article_id in indexed]
        bring_in(update, carried(update, kept), tally, jobs=jobs, progress=None, total=len(kept))
        update.change_settings(found.settings.with_known(tally.known))
        articles = update.finish()
    return tally.report(articles, time.perf_counter() - started)
