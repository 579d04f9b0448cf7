"""Corpus to index: scan, compare, clean and tokenise in worker processes, commit.

An article is unchanged while size and modification time of its file are; where they differ, while its content hash is.
Only the others are cleaned and tokenised. What stood in the index from the scanned folders and is gone is removed; what
could not be read or listed is not taken for gone.
"""

from __future__ import annotations

import gc
import hashlib
import json
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any, TypeVar

import numpy as np

from cnsearch.analysis.analyzer import ChineseAnalyzer, require_tokenizer
from cnsearch.analysis.tokenizer import TokenizerIdentity, WordTokenizer
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.corpus.entries import Warn
from cnsearch.corpus.large import digest_of_large, is_large, read_large
from cnsearch.corpus.posts import PostFile
from cnsearch.corpus.reader import read_post
from cnsearch.corpus.readers import read_file
from cnsearch.errors import ArticleNotFoundError, CorpusError, NoArticlesError
from cnsearch.indexing.compare import compare, file_of, scanned, scopes_of
from cnsearch.indexing.reading import explained, options_of, raw_text
from cnsearch.indexing.tasks import ENTRY_SIZE, FileRead, Origin, Outcome, Tally, Task, file_digest
from cnsearch.limits import DEFAULT_LIMITS, Limits
from cnsearch.model import Article, Failure, UpdateReport
from cnsearch.search.substrings import documents_containing
from cnsearch.settings import PASSED_OVER, KnownFile, PathSettings, Settings
from cnsearch.store.dates import seconds_of
from cnsearch.store.document import ENCODERS, document_of, stored_body
from cnsearch.store.fields import DIGEST_BYTES, PLAIN_FIELDS
from cnsearch.store.opening import Store
from cnsearch.store.schema import SCHEMA_VERSION
from cnsearch.store.segment import Indexed
from cnsearch.store.snapshot import Snapshot
from cnsearch.store.transaction import BatchBuilder, DocumentBatch, begin

COMMIT_EVERY = 10_000
"""Articles per commit of a long update: what an interruption can lose."""
CHUNK = 256
"""Articles that a worker process takes at a time: about 0.3 s of work. Fewer make more distinct terms to hand over."""
MIN_ARTICLES_FOR_WORKERS = 256
"""Fewer are done in this process: starting workers costs as much as these."""
MIN_STORED_FOR_WORKERS = 4_000
"""The same for articles that are only cut again from their stored text: about 1 ms each."""
Progress = Callable[[int, int | None], None]
"""Called with the articles done so far and, if known, how many there are to do."""

Stopped = Callable[[], bool]
"""Asked between two articles: whether to end now."""


def _never() -> bool:
    return False


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What a worker hands over: the outcomes of its tasks, in order, the documents of those that are written, what
    became of files that are not one article, how many tasks there were, what could not be read as it was written."""

    outcomes: list[Outcome]
    batch: DocumentBatch | None
    files: list[FileRead]
    tasks: int
    warnings: list[Failure]


def update_posts(
    store: Store,
    paths: Sequence[str | os.PathLike[str]],
    *,
    words: UserDictionary | None = None,
    jobs: int | None = None,
    dry_run: bool = False,
    wait: float | None = None,
    limits: Limits = DEFAULT_LIMITS,
    given: PathSettings = PathSettings(),  # noqa: B008  # immutable
    progress: Progress | None = None,
    stopped: Stopped = _never,
) -> UpdateReport:
    """Bring the index up to date with the posts below ``paths``, and with the user dictionary ``words`` if it is given;
    see ``Index.update``."""
    started = time.perf_counter()
    tally = Tally()
    with _open_batch(store, wait, dry_run, stopped=stopped) as batch:
        indexed = batch.indexed()
        found = compare(paths, indexed, batch.snapshot.settings, tally, limits, given=given)
        batch.whole = batch.whole or found.whole
        batch.delete(found.gone)
        batch.change_settings(found.settings)  # with the first part of a long update: how its files were read
        touched = _touched(batch, words, tally, without=(indexed[article_id].number for article_id in found.gone))
        every, total = chain(_cut_again(batch, touched), found.tasks), len(touched) + len(found.tasks)
        _bring_in(batch, every, tally, jobs=jobs, dry_run=dry_run, progress=progress, total=total, stopped=stopped)
        batch.change_settings(found.settings.with_known(tally.known))
        articles = _finished(batch, tally)
    return tally.report(articles, time.perf_counter() - started)


def explain_files(
    snapshot: Snapshot, paths: Sequence[str | os.PathLike[str]], *, given: PathSettings, limits: Limits
) -> Iterator[tuple[str, str]]:
    """(path, how it is taken or why it is not) of each file below ``paths``; see ``Index.explain_files``."""
    scopes = scopes_of(paths, snapshot.roots())
    scans, settings, _ = scanned(scopes, snapshot.settings, given)
    for scope, scan in zip(scopes, scans, strict=True):
        yield from explained(scan, settings, os.fspath(scope.root), limits)


def raw_text_of(snapshot: Snapshot, article_id: str, limits: Limits) -> str:
    """The text that an article was made of; see ``Index.raw``."""
    entry = snapshot.find_indexed(article_id)
    if entry is None:
        raise ArticleNotFoundError(article_id)
    if not entry.root:
        raise CorpusError(article_id, "the article came from no file")
    known = snapshot.settings.files.get(entry.root, {})
    file_id = file_of(article_id, [known]) if entry.size == ENTRY_SIZE else article_id
    if ".." in file_id.split("/"):  # no scan makes such an id: the index of a stranger
        raise CorpusError(article_id, "the file lies outside the folder that was indexed")
    path = os.path.join(entry.root, *file_id.split("/"))  # noqa: PTH118  # PostFile has a string
    options = options_of(snapshot.settings, entry.root, file_id, limits)
    size = known[file_id].size if file_id in known else 0
    return raw_text(PostFile(file_id, path, size, 0), article_id, options)


def add_articles(
    store: Store,
    articles: Iterable[Article | Failure],
    *,
    words: UserDictionary | None = None,
    jobs: int | None = None,
    dry_run: bool = False,
    wait: float | None = None,
    progress: Progress | None = None,
    stopped: Stopped = _never,
) -> UpdateReport:
    """Add articles, each replacing the one that has its id; of equal ids the last holds. Removes nothing else."""
    started = time.perf_counter()
    tally = Tally()
    with _open_batch(store, wait, dry_run, stopped=stopped) as batch:
        touched = _touched(batch, words, tally)
        tasks = chain(_cut_again(batch, touched), _article_tasks(articles, batch.find, tally))
        _bring_in(batch, tasks, tally, jobs=jobs, dry_run=dry_run, progress=progress, total=None, stopped=stopped)
        count = _finished(batch, tally)
    return tally.report(count, time.perf_counter() - started)


def rebuild(
    store: Store,
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
    with _open_batch(store, wait, False, replace=True) as batch:
        kept_words = batch.analyzer.user_dictionary if words is None else words
        batch.change_analyzer(ChineseAnalyzer(engine=engine, user_dictionary=kept_words))
        indexed = batch.indexed()
        found = compare(paths, indexed, batch.snapshot.settings, tally, limits, given=given, reread=True)
        apart = {article_id for task in found.tasks for article_id in (task.source.id, *task.entries)}.union(found.gone)
        stays = [article_id for article_id in indexed if article_id not in apart]
        carried = (_carried(batch, indexed[article_id]) for article_id in stays)
        total = len(found.tasks) + len(stays)
        every = chain(found.tasks, carried)
        unread = _bring_in(batch, every, tally, jobs=jobs, dry_run=False, progress=progress, total=total)
        kept = [_carried(batch, indexed[article_id]) for article_id in unread if article_id in indexed]
        _bring_in(batch, kept, tally, jobs=jobs, dry_run=False, progress=None, total=len(kept))
        batch.change_settings(found.settings.with_known(tally.known))
        articles = batch.finish()
    return tally.report(articles, time.perf_counter() - started)


def _carried(batch: _Batch, entry: Indexed) -> Task:
    """Brings an article from its stored text into the new generation, with what the index knows of its origin."""
    article, digest = batch.article(entry), entry.digest
    if not entry.root and batch.snapshot.version != SCHEMA_VERSION:  # what a digest covers grows with the fields
        digest = article_digest(article)
    return Task(article, Origin(entry.root, entry.size, entry.mtime_ns, digest))


def change_dictionary(
    store: Store,
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
    with _open_batch(store, wait, dry_run) as batch:
        before = batch.analyzer.user_dictionary
        after = change(before)
        touched = _touched(batch, after, tally)
        tasks = _cut_again(batch, touched)
        if jobs is None and len(touched) < MIN_STORED_FOR_WORKERS:
            jobs = 1
        _bring_in(batch, tasks, tally, jobs=jobs, dry_run=dry_run, progress=progress, total=len(touched))
        articles = batch.finish()
    return before, after, tally.report(articles, time.perf_counter() - started)


def _touched(
    batch: _Batch | _DryRun, words: UserDictionary | None, tally: Tally, *, without: Iterable[int] = ()
) -> Sequence[int]:
    """Let the batch write with the user dictionary ``words``. Returns the numbers of the articles that it may cut
    otherwise than the present one: those that contain a word in which the two differ (``analysis/tokenizer.py`` says
    why no other article is touched), but those of ``without``."""
    before = batch.analyzer
    if words is None or words == before.user_dictionary:
        return ()
    after = ChineseAnalyzer(engine=before.identity.engine, user_dictionary=words)
    changed = before.tokenizer.changed_words(after.tokenizer)
    touched: list[int] = np.setdiff1d(documents_containing(changed, batch.snapshot), list(without)).tolist()
    batch.change_analyzer(after)
    tally.retokenised += len(touched)
    return touched


def _cut_again(batch: _Batch | _DryRun, numbers: Sequence[int]) -> Iterator[Task]:
    """Tasks for the articles of these numbers, as stored. To be brought in before what may replace them."""
    if isinstance(batch, _DryRun):
        return
    for number in numbers:
        segment, doc_id = batch.snapshot.locate(number)
        yield replace(_carried(batch, segment.indexed(doc_id)), replaces=True, retokenised=True)


def delete_articles(
    store: Store, choose: Callable[[Snapshot], Iterable[str]], *, dry_run: bool = False, wait: float | None = None
) -> int:
    """Delete the articles that ``choose`` takes from the last commit, by their ids; returns how many there are."""
    with _open_batch(store, wait, dry_run) as batch:
        chosen = [id_ for id_ in dict.fromkeys(choose(batch.snapshot)) if batch.snapshot.find(id_) is not None]
        if chosen:
            batch.delete(chosen)
            batch.finish()
        else:
            batch.cancel()
    return len(chosen)


# Articles at hand


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


def article_digest(article: Article) -> bytes:
    """A hash of everything in the article, as the index gives it back: of the date the instant. DIGEST_BYTES long."""
    parts = (
        article.id,
        article.title,
        stored_body(article.paragraphs),
        article.source,
        "\n".join(article.categories),
        article.author,
        str(seconds_of(article.date)) if article.date else "",
        article.url,
        article.path,
        "\n".join(article.tags),
        "draft" if article.draft else "",
        json.dumps([article.headings, dict(article.labels), dict(article.extra)]),
    )
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()


# Writing


class _Batch:
    """A transaction that commits and begins anew every COMMIT_EVERY articles; ``finish`` commits the last. If it is to
    be ``whole`` it is one: no commit may hold articles of two analyzers, or that were read by two settings."""

    def __init__(self, store: Store, wait: float | None, replace: bool, stopped: Stopped) -> None:
        self._store = store
        self._analyzer: ChineseAnalyzer | None = None
        self.whole = replace
        self.transaction = begin(store, wait=wait, replace=replace, stopped=stopped)
        self._pending = 0
        self._written = 0

    @property
    def analyzer(self) -> ChineseAnalyzer:
        return self._analyzer or self.snapshot.analyzer

    @property
    def snapshot(self) -> Snapshot:
        return self.transaction.snapshot

    def change_analyzer(self, analyzer: ChineseAnalyzer) -> None:
        self._analyzer = analyzer
        self.whole = True
        self.transaction.change_analyzer(analyzer)

    def change_settings(self, settings: Settings) -> None:
        if settings != self.transaction.settings:
            self.transaction.change_settings(settings)

    def indexed(self) -> dict[str, Indexed]:
        return self.transaction.indexed()

    def find(self, article_id: str) -> Indexed | None:
        return self.snapshot.find_indexed(article_id)

    def article(self, entry: Indexed) -> Article:
        return self.snapshot.article(entry.number)

    def add(self, documents: DocumentBatch) -> None:
        self.transaction.add(documents)
        self._pending += documents.doc_count
        self._written += documents.doc_count
        if self._pending >= COMMIT_EVERY and not self.whole:
            self.transaction = self.transaction.commit_part()
            self._pending = 0

    def delete(self, article_ids: Sequence[str]) -> int:
        return self.transaction.delete(article_ids)

    def finish(self) -> int:
        """Commit; returns how many articles the index has now. What a long update wrote becomes one segment: a query
        reads every list once a segment."""
        if self._written > COMMIT_EVERY:
            self.transaction = self.transaction.commit_part()
            self.transaction.settle(self._written)
        else:
            self.transaction.commit()
        return _count(self._store)

    def cancel(self) -> None:
        self.transaction.cancel()


class _DryRun:
    """Takes everything and writes nothing."""

    whole = False

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.analyzer = snapshot.analyzer

    def change_analyzer(self, analyzer: ChineseAnalyzer) -> None:
        self.analyzer = analyzer

    def change_settings(self, settings: Settings) -> None:
        pass

    def indexed(self) -> dict[str, Indexed]:
        return self.snapshot.indexed()

    def find(self, article_id: str) -> Indexed | None:
        return self.snapshot.find_indexed(article_id)

    def add(self, documents: DocumentBatch) -> None:
        pass

    def delete(self, article_ids: Sequence[str]) -> int:
        return len(article_ids)

    def finish(self) -> int:
        return self.snapshot.num_live_docs

    def cancel(self) -> None:
        pass


def _finished(batch: _Batch | _DryRun, tally: Tally) -> int:
    """Commit what was brought in, or, of what is whole or nothing and was stopped, nothing. Returns how many articles
    the index has now."""
    if tally.stopped and batch.whole:
        before = batch.snapshot.num_live_docs
        batch.cancel()
        tally.nothing_done()
        return before
    return batch.finish()


def _count(store: Store) -> int:
    with closing(store.snapshot()) as snapshot:
        return snapshot.num_live_docs


@contextmanager
def _open_batch(
    store: Store, wait: float | None, dry_run: bool, *, replace: bool = False, stopped: Stopped = _never
) -> Iterator[Any]:
    if dry_run:
        with closing(store.snapshot()) as snapshot:
            store.require_writable(snapshot)
            yield _DryRun(snapshot)
        return
    batch = _Batch(store, wait, replace, stopped)
    try:
        yield batch
    except BaseException:
        batch.cancel()
        raise


def _bring_in(
    batch: _Batch | _DryRun,
    tasks: Iterable[Task],
    tally: Tally,
    *,
    jobs: int | None,
    dry_run: bool,
    progress: Progress | None,
    total: int | None,
    stopped: Stopped = _never,
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
            batch.delete(file.vanished)

    tasks = _by_record(tasks, lambda outcome: tally.count(outcome, new), settle)
    for chunk in _chunks(tasks, batch.analyzer, until_stopped, jobs=jobs, tokenise=not dry_run, notes=tally.notes):
        tally.warnings += chunk.warnings
        for outcome in chunk.outcomes:
            tally.count(outcome, new)
            if outcome.failure is not None:
                unread[outcome.id] = None
        for file in chunk.files:
            settle(file)
        if chunk.batch is not None:
            batch.add(chunk.batch)
        done += chunk.tasks
        if progress is not None:
            progress(done, total if total is None or done <= total else None)
    return list(unread)


def _by_record(
    tasks: Iterable[Task], count: Callable[[Outcome], None], settle: Callable[[FileRead], None]
) -> Iterator[Task]:
    """The tasks, with a file that is too large to be read as a whole as a task for each record in it that is written.
    ``count`` is told of the others, ``settle`` of the file when it was gone through."""
    for task in tasks:
        file = task.source
        if not isinstance(file, PostFile) or not is_large(file, task.options):
            yield task
            continue
        scope, root = task.scope, task.origin.root
        entries: set[str] = set()
        drafts: set[str] = set()
        known: KnownFile | None = None
        failed = False
        try:
            digest = digest_of_large(file, DIGEST_BYTES)
            if digest == task.known and task.entries:
                entries.update(task.entries)
                for article_id in entries:
                    count(Outcome(article_id, scope=scope))
            else:
                for made, _ in read_large(file, task.options).entries:
                    if isinstance(made, Failure):
                        count(Outcome("", failure=made, scope=scope))
                        failed = True
                    elif made.draft and not task.options.drafts:
                        drafts.add(made.id)
                    else:
                        entries.add(made.id)
                        origin = Origin(root, ENTRY_SIZE, 0, article_digest(made))
                        if origin.digest == task.entries.get(made.id):
                            count(Outcome(made.id, scope=scope))
                        else:
                            replaces = not task.fresh and made.id in task.entries
                            yield Task(made, origin, replaces=replaces, scope=scope)
            if not failed and not drafts:
                known = KnownFile(task.origin.size, task.origin.mtime_ns, digest, len(entries))
        except CorpusError as error:
            count(Outcome(file.id, failure=Failure(error.path, error.reason), scope=scope))
            failed = True
        settle(FileRead(task, frozenset(entries), frozenset(drafts), failed=failed, known=known))


def _chunks(
    tasks: Iterable[Task],
    analyzer: ChineseAnalyzer,
    until_stopped: Callable[..., Iterator[Task]],
    *,
    jobs: int | None,
    tokenise: bool,
    notes: list[str],
) -> Iterator[_Chunk]:
    """What comes of the tasks, a chunk at a time, in order; from worker processes where there are enough tasks. What
    workers have been given when it is stopped is still done.

    A daemonic process (a worker of Celery or of multiprocessing.Pool) may have no children: there it is done here. So
    is what is left when workers are lost; then ``notes`` gets a sentence.
    """
    tasks = until_stopped(tasks)
    jobs = jobs if jobs is not None else (os.cpu_count() or 1)
    few = [] if jobs <= 1 else list(islice(tasks, MIN_ARTICLES_FOR_WORKERS))
    every = chain(few, tasks)
    groups = iter(lambda: list(islice(every, CHUNK)), [])
    if jobs <= 1 or len(few) < MIN_ARTICLES_FOR_WORKERS or multiprocessing.current_process().daemon:
        for group in groups:
            yield _analyse(until_stopped(group, True), analyzer.tokenizer, tokenise)
        return
    waiting: deque[tuple[list[Task], Future[_Chunk]]] = deque()
    group = []
    try:
        with _workers(jobs, analyzer.identity, analyzer.user_dictionary) as executor:
            for group in groups:
                waiting.append((group, _submitted(executor, group, tokenise)))
                if len(waiting) > 2 * jobs:
                    yield _result(waiting[0][1])
                    waiting.popleft()
            while waiting:
                yield _result(waiting[0][1])
                waiting.popleft()
        return
    except _WorkersLostError as error:
        notes.append(f"{error}; the rest was done in this process")
    given = [given for given, _ in waiting]
    unsubmitted = [group] if group and not (given and given[-1] is group) else []
    for group in chain(given, unsubmitted, groups):
        yield _analyse(until_stopped(group, True), analyzer.tokenizer, tokenise)


class _WorkersLostError(Exception):
    """The worker processes cannot go on, for no fault of what they were given. The message says why."""


def _submitted(executor: Executor, group: list[Task], tokenise: bool) -> Future[_Chunk]:
    try:
        with _interrupts_held():  # submit starts the workers
            return executor.submit(_analyse_in_worker, group, tokenise)
    except (BrokenExecutor, OSError, UnboundLocalError, MemoryError) as error:
        # UnboundLocalError: how loky 3.5 ends when it can open no pipe
        if isinstance(error, BrokenExecutor):
            raise _WorkersLostError(_ENDED) from error
        reason = (error.__context__ or error) if isinstance(error, UnboundLocalError) else error
        raise _WorkersLostError(f"no worker process can be started ({reason or 'not enough memory'})") from error


def _result(future: Future[_Chunk]) -> _Chunk:
    try:
        return future.result()
    except BrokenExecutor as error:
        raise _WorkersLostError(_ENDED) from error
    except MemoryError as error:
        raise _WorkersLostError("a worker process had not enough memory") from error


_ENDED = "a worker process was ended from outside (killed, or for want of memory)"


@contextmanager
def _workers(jobs: int, identity: TokenizerIdentity, user_dictionary: UserDictionary) -> Iterator[Executor]:
    """Processes that hold a tokenizer. loky's neither fork this one nor import the caller's main module, so a library
    user needs no ``if __name__ == "__main__"``; a worker that dies raises instead of hanging."""
    from loky import ProcessPoolExecutor

    initargs = (identity, user_dictionary, os.getpid())
    executor = ProcessPoolExecutor(max_workers=jobs, initializer=_begin_worker, initargs=initargs)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, kill_workers=True)
        raise
    else:
        executor.shutdown()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C, and what else interrupts the caller, waits until the end. A process started meanwhile never sees Ctrl-C:
    it is for the parent, which ends its workers, and a worker that is still importing would print a traceback, as would
    one whose start was broken off."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker  # not for Windows

    resource_tracker.ensure_running()  # it would let the signal through when started later
    came: list[int] = []
    handlers: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        # Another thread, whose mask lets it through, may take the signal for this one.
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        handlers = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in handlers:
        signal.signal(number, lambda number, frame: came.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


_PARENT_CHECK_S = 0.5

_tokenizer_of_worker: WordTokenizer | None = None


def _begin_worker(identity: TokenizerIdentity, user_dictionary: UserDictionary, parent: int) -> None:
    global _tokenizer_of_worker
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers
    _tokenizer_of_worker = require_tokenizer(identity, user_dictionary)
    gc.collect()
    gc.freeze()
    gc.disable()  # looking for cycles after every few hundred tokens took an eighth of the time


def _end_with(parent: int) -> None:
    """End this process when its parent is gone. A parent that is killed tells nobody, and the pipes that its workers
    wait at stay open, since each worker has both ends."""
    while os.getppid() == parent:  # on Windows, always
        time.sleep(_PARENT_CHECK_S)
    os._exit(1)


def _analyse_in_worker(tasks: Sequence[Task], tokenise: bool) -> _Chunk:
    assert _tokenizer_of_worker is not None
    try:
        return _analyse(tasks, _tokenizer_of_worker, tokenise)
    finally:
        gc.collect()


NO_MEMORY = "there is not enough memory for it"


def _analyse(tasks: Iterable[Task], tokenizer: WordTokenizer, tokenise: bool) -> _Chunk:
    """Read, compare, clean and tokenise articles; turn their tokens into arrays."""
    outcomes: list[Outcome] = []
    files: list[FileRead] = []
    warnings: list[Failure] = []
    builder = BatchBuilder(ENCODERS, PLAIN_FIELDS)

    def write(article: Article, origin: Origin) -> None:
        if tokenise:
            values = {name: getattr(origin, name) for name in ("root", "size", "mtime_ns", "digest")}
            document = document_of(article, tokenizer, values)
            builder.add(document.tokens, document.stored, document.columns)

    done = 0
    for task in tasks:
        done += 1
        if isinstance(task.source, PostFile):
            file = _read(task, task.source, outcomes, write, warnings.append)
            if file is not None:
                files.append(file)
        else:
            article = task.source
            try:
                write(article, task.origin)
            except MemoryError:
                failure = Failure(article.path or article.id, NO_MEMORY)
                outcomes.append(Outcome(article.id, task.replaces, failure=failure))
                continue
            written = Outcome(article.id, task.replaces, written=True, retokenised=task.retokenised, scope=task.scope)
            outcomes.append(written)
    return _Chunk(outcomes, builder.build() if builder.doc_count else None, files, done, warnings)


def _read(
    task: Task, file: PostFile, outcomes: list[Outcome], write: Callable[[Article, Origin], None], warn: Warn
) -> FileRead | None:
    """Read a file, compare what is in it with what the index has, write what is new, and note what became of each
    article. Returns what is to be said of the file as a whole; None for one that is a single article."""
    scope = task.scope
    entries: set[str] = set()
    drafts: set[str] = set()
    num_failed = 0
    try:
        data = read_post(file, max_bytes=task.options.max_bytes)
        digest = file_digest(data)
        stamps = (task.origin.size, task.origin.mtime_ns, digest)
        if digest == task.known and task.entries:
            outcomes += [Outcome(article_id, scope=scope) for article_id in task.entries]
            known = (
                None if file.id in task.entries and len(task.entries) == 1 else KnownFile(*stamps, len(task.entries))
            )
            return FileRead(task, frozenset(task.entries), known=known)
        reading = read_file(data, file, task.options, warn)
        for made, _ in reading.entries:
            if isinstance(made, Failure):
                outcomes.append(Outcome("", failure=made, scope=scope))
                num_failed += 1
            elif made.draft and not task.options.drafts:
                drafts.add(made.id)
            else:
                entries.add(made.id)
                origin = replace(task.origin, digest=digest)
                if not reading.single:
                    origin = Origin(origin.root, ENTRY_SIZE, 0, article_digest(made))
                written = reading.single or origin.digest != task.entries.get(made.id)
                if written:
                    write(made, origin)
                replaces = not task.fresh and (made.id in task.entries or (made.id == file.id and task.replaces))
                outcomes.append(Outcome(made.id, replaces, written, moved=task.moved, scope=scope))
    except NoArticlesError as error:
        known = KnownFile(*stamps, PASSED_OVER)
        return FileRead(task, known=known, passed_over=error.reason)
    except CorpusError as error:
        failure = Failure(error.path, error.reason)
        outcomes.append(Outcome(file.id, failure=failure, moved=task.moved, scope=scope))
        num_failed += 1
    except MemoryError:
        entries.intersection_update([outcome.id for outcome in outcomes])  # the last one was not written
        outcomes.append(Outcome(file.id, failure=Failure(file.path, NO_MEMORY), moved=task.moved, scope=scope))
        num_failed += 1
    if num_failed:
        return FileRead(task, frozenset(entries), frozenset(drafts), failed=True)
    if reading.single:
        return FileRead(task, frozenset(entries), frozenset(drafts)) if drafts or entries != set(task.entries) else None
    known = None if drafts else KnownFile(*stamps, len(entries))
    return FileRead(task, frozenset(entries), frozenset(drafts), known=known)
