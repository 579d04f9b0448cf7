"""The index brought up to date with folders of posts.

An article is unchanged while size and modification time of its file are; where they differ, while its content hash is.
Only the others are cleaned and tokenised. What stood in the index from the scanned folders and is gone is removed; what
could not be read or listed is not taken for gone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from itertools import chain

from cnsearch.analysis.userdict import UserDictionary
from cnsearch.indexing.compare import compare
from cnsearch.indexing.intake import bring_in
from cnsearch.indexing.retokenise import cut_again, touched_by
from cnsearch.indexing.tally import Tally
from cnsearch.indexing.tasks import Progress, Stopped, never
from cnsearch.indexing.transactions import begin_update, finished
from cnsearch.indexing.writer import Home
from cnsearch.limits import DEFAULT_LIMITS, Limits
from cnsearch.model import UpdateReport
from cnsearch.settings import PathSettings
from cnsearch.store.opening import Store


def update_posts(
    store: Store | Home,
    paths: Sequence[str | os.PathLike[str]],
    *,
    words: UserDictionary | None = None,
    jobs: int | None = None,
    dry_run: bool = False,
    wait: float | None = None,
    limits: Limits = DEFAULT_LIMITS,
    given: PathSettings = PathSettings(),  # noqa: B008  # immutable
    progress: Progress | None = None,
    stopped: Stopped = never,
) -> UpdateReport:
    """Bring the index up to date with the posts below ``paths``, and with the user dictionary ``words`` if it is given;
    see ``Index.update``."""
    started = time.perf_counter()
    tally = Tally()
    with begin_update(store, wait, dry_run, stopped=stopped) as update:
        indexed = update.indexed()
        found = compare(paths, indexed, update.snapshot.settings, tally, limits, given=given)
        update.whole = update.whole or found.whole
        update.delete(found.gone)
        update.change_settings(found.settings)  # with the first part of a long update: how its files were read
        touched = touched_by(update, words, tally, without=frozenset(found.gone))
        every, total = chain(cut_again(update, touched), found.tasks), len(touched) + len(found.tasks)
        bring_in(update, every, tally, jobs=jobs, progress=progress, total=total, stopped=stopped)
        update.change_settings(found.settings.with_known(tally.known))
        articles = finished(update, tally)
    return tally.report(articles, time.perf_counter() - started)
