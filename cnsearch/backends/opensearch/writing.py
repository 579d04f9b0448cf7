"""What changes an index on a cluster, by the commands that the index on disk has too (``indexing``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from cnsearch.analysis.userdict import UserDictionary
from cnsearch.backends.base import Options, Path
from cnsearch.backends.opensearch.kept import Kept
from cnsearch.backends.opensearch.mapping import Facts
from cnsearch.backends.opensearch.recut import averages_of, settle
from cnsearch.backends.opensearch.writer import ClusterHome
from cnsearch.backends.writing import Writing
from cnsearch.corpus.entries import ReadOptions
from cnsearch.corpus.posts import PostFile, scan_posts
from cnsearch.corpus.reader import read_post
from cnsearch.corpus.readers import read_file, suffixes
from cnsearch.errors import CnsearchError
from cnsearch.indexing import articles as arriving
from cnsearch.indexing import explain, retokenise
from cnsearch.indexing import raw as reading
from cnsearch.indexing import rebuild as rebuilding
from cnsearch.indexing import receive as receiving
from cnsearch.indexing import update as updating
from cnsearch.indexing.scopes import scopes_of
from cnsearch.indexing.tasks import never
from cnsearch.limits import Limits
from cnsearch.model import Article, Failure, UpdateReport
from cnsearch.settings import PathSettings, Settings
from cnsearch.store.segment import Indexed

Stopped = Callable[[], bool]

FIRST, SAMPLE = 200, 400
"""Articles whose lengths are taken for those of all when the first are written: the first that come; of folders, some
from everywhere. The mean of 400 news articles is mostly within a tenth of that of all."""


def update(
    kept: Kept,
    paths: Sequence[Path],
    settings: PathSettings,
    words: UserDictionary | None,
    how: Writing,
    options: Options,
    stopped: Stopped,
) -> UpdateReport:
    """See ``Backend.update``. ``stopped`` is asked between articles, here and below."""
    folders = paths or sorted(kept.roots())
    report = updating.update_posts(
        ClusterHome(
            kept, lambda tokenizer: averages_of(_posts(folders, options.limits), tokenizer), alone=words is not None
        ),
        folders,
        words=words,
        jobs=how.jobs,
        dry_run=how.dry_run,
        wait=how.wait,
        limits=options.limits,
        given=settings,
        progress=how.progress,
        stopped=stopped,
    )
    settle(kept, how, stopped)
    return report


def rebuild(
    kept: Kept,
    facts: Facts,
    paths: Sequence[Path],
    settings: PathSettings,
    words: UserDictionary | None,
    how: Writing,
    options: Options,
    engine: str | None,
) -> UpdateReport:
    """``facts``: of the index as it is, whose mean lengths are measured anew."""
    folders = paths or sorted(kept.roots())
    if facts.measured and kept.num_live_docs:
        averages, measured = kept.mean_lengths(), kept.num_live_docs
    else:
        averages, measured = averages_of(_posts(folders, options.limits), facts.analyzer.tokenizer)
    facts = replace(facts, averages=averages, measured=measured, unsure=())
    report = rebuilding.rebuild(
        ClusterHome(kept, renewed=facts),
        folders,
        engine=engine,
        words=words,
        jobs=how.jobs,
        wait=how.wait,
        limits=options.limits,
        given=settings,
        progress=how.progress,
    )
    settle(kept, how, never)
    return report


def add(
    kept: Kept,
    articles: Iterable[Article | Failure],
    words: UserDictionary | None,
    how: Writing,
    stopped: Stopped,
) -> UpdateReport:
    """See ``Backend.add``."""
    rest = iter(articles)
    first: list[Article | Failure] = []
    if not kept.facts().measured:
        first = list(islice(rest, FIRST))
    known = [article for article in first if isinstance(article, Article)]
    report = arriving.add_articles(
        ClusterHome(kept, lambda tokenizer: averages_of(known, tokenizer), alone=words is not None),
        chain(first, rest),
        words=words,
        jobs=how.jobs,
        dry_run=how.dry_run,
        wait=how.wait,
        progress=how.progress,
        stopped=stopped,
    )
    settle(kept, how, stopped)
    return report


def receive(
    kept: Kept,
    entries: Iterable[tuple[Article, Indexed]],
    settings: Settings,
    total: int,
    how: Writing,
    stopped: Stopped,
) -> UpdateReport:
    """See ``Backend.receive``."""
    rest = iter(entries)
    first = [] if kept.facts().measured else list(islice(rest, FIRST))
    report = receiving.receive(
        ClusterHome(kept, lambda tokenizer: averages_of((article for article, _ in first), tokenizer)),
        chain(first, rest),
        settings,
        total=total,
        jobs=how.jobs,
        wait=how.wait,
        progress=how.progress,
        stopped=stopped,
    )
    settle(kept, how, stopped)
    return report


def delete(kept: Kept, article_ids: Iterable[str], how: Writing) -> int:
    """Delete these articles; how many there were. What a request finds is looked up by the caller."""
    wanted = list(dict.fromkeys(article_ids))
    with ClusterHome(kept).begin_update(how.wait, how.dry_run, replace=False, stopped=lambda: False) as writer:
        there = kept.there(wanted)
        if there:
            writer.delete(there)
            writer.finish()
    return len(there)


def change_dictionary(
    kept: Kept, change: Callable[[UserDictionary], UserDictionary], how: Writing
) -> tuple[UserDictionary, UserDictionary, UpdateReport]:
    """See ``Backend.change_dictionary``."""
    home = ClusterHome(kept, alone=True)
    changed = retokenise.change_dictionary(
        home, change, jobs=how.jobs, dry_run=how.dry_run, wait=how.wait, progress=how.progress
    )
    settle(kept, how, never)
    return changed


def explain_files(
    kept: Kept, paths: Sequence[Path], settings: PathSettings, options: Options
) -> Iterator[tuple[str, str]]:
    """See ``Backend.explain_files``."""
    return explain.explain_files(kept, paths or sorted(kept.roots()), given=settings, limits=options.limits)


def raw(kept: Kept, article_id: str, options: Options) -> str:
    """See ``Backend.raw``."""
    return reading.raw_text_of(kept, article_id, options.limits)


def _posts(paths: Sequence[Path], limits: Limits) -> Iterator[Article]:
    """The articles of some posts below the folders, evenly spread; what cannot be read is left out."""
    files: list[PostFile] = []
    for scope in scopes_of(paths, ()):
        files += scan_posts(scope.root, below=scope.below, suffixes=suffixes()).files
    options = ReadOptions(max_bytes=min(limits.post_bytes, 1 << 20))
    left = SAMPLE
    for file in files[:: max(1, len(files) // SAMPLE)]:
        try:
            for made, _ in read_file(read_post(file, max_bytes=options.max_bytes), file, options).entries:
                if isinstance(made, Article):
                    yield made
                    left -= 1
                if left <= 0:
                    return
        except CnsearchError:
            continue
