"""What changes an index on disk, for ``backend``, which imports this when something is written: BeautifulSoup and the
worker processes come with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from cnsearch.analysis.userdict import UserDictionary
from cnsearch.backends.asked import Asked
from cnsearch.backends.base import Options, Path
from cnsearch.backends.local.pipeline import matching
from cnsearch.backends.writing import Writing
from cnsearch.indexing import articles as arriving
from cnsearch.indexing import explain, retokenise
from cnsearch.indexing import rebuild as rebuilding
from cnsearch.indexing import receive as receiving
from cnsearch.indexing import update as updating
from cnsearch.indexing.raw import raw_text_of
from cnsearch.model import Article, Failure, UpdateReport
from cnsearch.request import SearchRequest
from cnsearch.search.searcher import Searcher
from cnsearch.settings import PathSettings, Settings
from cnsearch.store.opening import Store
from cnsearch.store.segment import Indexed
from cnsearch.store.snapshot import Snapshot

Stopped = Callable[[], bool]


def update(
    store: Store,
    paths: Sequence[Path],
    settings: PathSettings,
    words: UserDictionary | None,
    how: Writing,
    options: Options,
    stopped: Stopped,
) -> UpdateReport:
    """See ``Backend.update``. ``stopped`` is asked between articles, here and below."""
    return updating.update_posts(
        store,
        paths or folders(store),
        words=words,
        jobs=how.jobs,
        dry_run=how.dry_run,
        wait=how.wait,
        limits=options.limits,
        given=settings,
        progress=how.progress,
        stopped=stopped,
    )


def rebuild(
    store: Store,
    paths: Sequence[Path],
    settings: PathSettings,
    words: UserDictionary | None,
    how: Writing,
    options: Options,
    engine: str | None,
) -> UpdateReport:
    """Make the index anew, of the present format: the posts below ``paths`` (none: the folders indexed before) are read
    again, other articles are taken over. ``engine``: the tokenizer from now on; None is the one it has."""
    return rebuilding.rebuild(
        store,
        paths or folders(store),
        engine=engine,
        words=words,
        jobs=how.jobs,
        wait=how.wait,
        limits=options.limits,
        given=settings,
        progress=how.progress,
    )


def add(
    store: Store,
    articles: Iterable[Article | Failure],
    words: UserDictionary | None,
    how: Writing,
    stopped: Stopped,
) -> UpdateReport:
    """See ``Backend.add``."""
    return arriving.add_articles(
        store,
        articles,
        words=words,
        jobs=how.jobs,
        dry_run=how.dry_run,
        wait=how.wait,
        progress=how.progress,
        stopped=stopped,
    )


def receive(
    store: Store,
    entries: Iterable[tuple[Article, Indexed]],
    settings: Settings,
    total: int,
    how: Writing,
    stopped: Stopped,
) -> UpdateReport:
    """See ``Backend.receive``."""
    return receiving.receive(
        store,
        entries,
        settings,
        total=total,
        jobs=how.jobs,
        wait=how.wait,
        progress=how.progress,
        stopped=stopped,
    )


def delete(
    store: Store,
    article_ids: Sequence[str] | None,
    request: SearchRequest | None,
    how: Writing,
    options: Options,
) -> int:
    """See ``Backend.delete``. What the request finds is chosen under the lock, in the commit that is changed."""

    def choose(snapshot: Snapshot) -> Iterable[str]:
        if request is None:
            return article_ids or ()
        asked = Asked.of(Searcher(snapshot, limits=options.limits), request, options)
        found = map(snapshot.id_of, matching(asked).tolist())
        return found if article_ids is None else set(article_ids).intersection(found)

    return arriving.delete_articles(store, choose, dry_run=how.dry_run, wait=how.wait)


def change_dictionary(
    store: Store, change: Callable[[UserDictionary], UserDictionary], how: Writing
) -> tuple[UserDictionary, UserDictionary, UpdateReport]:
    """See ``Backend.change_dictionary``."""
    return retokenise.change_dictionary(
        store, change, jobs=how.jobs, dry_run=how.dry_run, wait=how.wait, progress=how.progress
    )


def explain_files(
    store: Store, snapshot: Snapshot, paths: Sequence[Path], settings: PathSettings, options: Options
) -> Iterator[tuple[str, str]]:
    """See ``Backend.explain_files``."""
    return explain.explain_files(snapshot, paths or folders(store), given=settings, limits=options.limits)


def raw(snapshot: Snapshot, article_id: str, options: Options) -> str:
    """See ``Backend.raw``."""
    return raw_text_of(snapshot, article_id, options.limits)


def folders(store: Store) -> list[str]:
    """Those that were indexed, as the last commit has it."""
    snapshot = store.snapshot()
    try:
        return sorted(snapshot.roots())
    finally:
        snapshot.close()
