"""Corpus to index: scan, compare, clean and tokenise in worker processes, commit.

An article is unchanged while size and modification time of its file are; where they differ, while its content hash is.
Only the others are cleaned and tokenised. What stood in the index from the scanned folders and is gone is removed; what
could not be read or listed is not taken for gone.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from cnsearch.analysis.analyzer import ChineseAnalyzer, require_tokenizer
from cnsearch.analysis.tokenizer import TokenizerIdentity, WordTokenizer
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.corpus.posts import PostFile, scan_posts
from cnsearch.corpus.reader import article_from_post, read_post
from cnsearch.errors import CorpusError
from cnsearch.limits import DEFAULT_LIMITS, Limits
from cnsearch.model import Article, Failure, UpdateReport
from cnsearch.schema import DIGEST_BYTES, ENCODERS, PLAIN_FIELDS, SCHEMA_VERSION, document_of, seconds_of
from cnsearch.search.substrings import documents_containing
from cnsearch.store import BatchBuilder, DocumentBatch, Indexed, Snapshot, Store, Transaction

COMMIT_EVERY = 10_000
"""Articles per commit of a long update: what an interruption can lose."""
CHUNK = 256
"""Articles that a worker process takes at a time: about 0.3 s of work. Fewer make more distinct terms to hand over."""
MIN_ARTICLES_FOR_WORKERS = 256
"""Fewer are done in this process: starting workers costs as much as these."""
MIN_STORED_FOR_WORKERS = 4_000
"""The same for articles that are only cut again from their stored text: about 1 ms each."""
RACY_NS = 2_000_000_000
"""A file this fresh when scanned may still be written to within the same time stamp, so its hash is read next time."""

Progress = Callable[[int, int | None], None]
"""Called with the articles done so far and, if known, how many there are to do."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a document came from: what the index remembers to tell a change."""

    root: str = ""
    size: int = 0
    mtime_ns: int = 0
    digest: bytes = b"\0" * DIGEST_BYTES


@dataclass(frozen=True, slots=True)
class _Task:
    """One article to bring in: a post to read, of at most ``max_bytes``, or an article at hand. ``known`` is the digest
    that the index has."""

    source: PostFile | Article
    origin: _Origin
    known: bytes | None = None
    replaces: bool = False  # an article with this id is in the index, wherever it came from
    retokenised: bool = False  # for another dictionary: the article itself is as it was
    max_bytes: int = DEFAULT_LIMITS.post_bytes


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one task: written (in the batch), failed, or neither where the content is as known."""

    id: str
    replaces: bool
    written: bool = False
    failure: Failure | None = None
    retokenised: bool = False


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What a worker hands over: the outcomes of its tasks, in order, the documents of those that are written, and what
    of these could not be read as it was written."""

    outcomes: list[_Outcome]
    batch: DocumentBatch | None
    warnings: list[Failure]


@dataclass
class _Tally:
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    failed: list[Failure] = field(default_factory=list)
    retokenised: int = 0
    warnings: list[Failure] = field(default_factory=list)

    def report(self, articles: int, took_s: float) -> UpdateReport:
        failed = tuple(sorted(self.failed, key=lambda failure: (failure.path, failure.reason)))
        counts = (self.added, self.changed, self.removed, self.unchanged)
        warnings = tuple(sorted(self.warnings, key=lambda warning: (warning.path, warning.reason)))
        return UpdateReport(*counts, failed, articles, took_s, self.retokenised, warnings)


# What is asked for


@dataclass(frozen=True, slots=True)
class ScanScope:
    """A folder that was or will be indexed as a whole, and the part of it to scan now ("" is all)."""

    root: Path
    below: str = ""


def scopes_of(paths: Sequence[str | os.PathLike[str]], known_roots: Iterable[str]) -> list[ScanScope]:
    """Which folders to scan for ``paths``. A path inside a folder that is indexed already is a part of that one.

    Raises CorpusError for a path that does not exist.
    """
    roots = sorted({Path(root) for root in known_roots}, key=lambda root: len(root.parts))
    scopes: list[ScanScope] = []
    for path in paths:
        given = Path(path)
        try:
            found = given.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            reason = "there is no such file or folder" if isinstance(error, FileNotFoundError) else str(error)
            raise CorpusError(given, reason, hint="Name a folder of posts or a post") from error
        home = next((root for root in roots if found == root or root in found.parents), None)
        if home is None:
            home = found if found.is_dir() else found.parent
        below = "" if found == home else found.relative_to(home).as_posix() + ("/" if found.is_dir() else "")
        scopes.append(ScanScope(home, below))
    whole = [scope.root for scope in scopes if not scope.below]
    kept = [
        scope
        for scope in scopes
        if not any(root in scope.root.parents or (root == scope.root and scope.below) for root in whole)
    ]
    return list(dict.fromkeys(kept))


def update_posts(
    store: Store,
    paths: Sequence[str | os.PathLike[str]],
    *,
    words: UserDictionary | None = None,
    jobs: int | None = None,
    dry_run: bool = False,
    wait: float | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> UpdateReport:
    """Bring the index up to date with the posts below ``paths``, and with the user dictionary ``words`` if it is given;
    see ``Index.update``."""
    started = time.perf_counter()
    tally = _Tally()
    with _open_batch(store, wait, dry_run) as batch:
        indexed = batch.indexed()
        tasks, gone = _compare(paths, indexed, tally, limits)
        batch.delete(gone)
        tally.removed += len(gone)
        touched = _touched(batch, words, tally, without=(indexed[article_id].number for article_id in gone))
        every, total = chain(_cut_again(batch, touched), tasks), len(touched) + len(tasks)
        _bring_in(batch, every, tally, jobs=jobs, dry_run=dry_run, progress=progress, total=total)
        articles = batch.finish()
    return tally.report(articles, time.perf_counter() - started)


def add_articles(
    store: Store,
    articles: Iterable[Article | Failure],
    *,
    words: UserDictionary | None = None,
    jobs: int | None = None,
    dry_run: bool = False,
    wait: float | None = None,
    progress: Progress | None = None,
) -> UpdateReport:
    """Add articles, each replacing the one that has its id; of equal ids the last holds. Removes nothing else."""
    started = time.perf_counter()
    tally = _Tally()
    with _open_batch(store, wait, dry_run) as batch:
        touched = _touched(batch, words, tally)
        tasks = chain(_cut_again(batch, touched), _article_tasks(articles, batch.find, tally))
        _bring_in(batch, tasks, tally, jobs=jobs, dry_run=dry_run, progress=progress, total=None)
        count = batch.finish()
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
    progress: Progress | None = None,
) -> UpdateReport:
    """Build a new generation beside the old, which takes its place in one commit.

    The posts below ``paths`` are read anew; every other article is carried over from its stored text. Without ``words``
    the user dictionary stays what it is.
    """
    started = time.perf_counter()
    tally = _Tally()
    with _open_batch(store, wait, False, replace=True) as batch:
        kept_words = batch.analyzer.user_dictionary if words is None else words
        batch.change_analyzer(ChineseAnalyzer(engine=engine, user_dictionary=kept_words))
        indexed = batch.indexed()
        tasks, gone = _compare(paths, indexed, tally, limits, reread=True)
        read = {task.source.id for task in tasks}
        removed = set(gone)
        tally.removed += len(removed)
        stays = [article_id for article_id in indexed if article_id not in read and article_id not in removed]
        carried = (_carried(batch, indexed[article_id]) for article_id in stays)
        total = len(tasks) + len(stays)
        every = chain(tasks, carried)
        unread = _bring_in(batch, every, tally, jobs=jobs, dry_run=False, progress=progress, total=total)
        kept = [_carried(batch, indexed[article_id]) for article_id in unread if article_id in indexed]
        _bring_in(batch, kept, tally, jobs=jobs, dry_run=False, progress=None, total=len(kept))
        articles = batch.finish()
    return tally.report(articles, time.perf_counter() - started)


def _carried(batch: _Batch, entry: Indexed) -> _Task:
    """Brings an article from its stored text into the new generation, with what the index knows of its origin."""
    article, digest = batch.article(entry), entry.digest
    if not entry.root and batch.snapshot.version != SCHEMA_VERSION:  # what a digest covers grows with the fields
        digest = article_digest(article)
    return _Task(article, _Origin(entry.root, entry.size, entry.mtime_ns, digest))


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
    tally = _Tally()
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
    batch: _Batch | _DryRun, words: UserDictionary | None, tally: _Tally, *, without: Iterable[int] = ()
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


def _cut_again(batch: _Batch | _DryRun, numbers: Sequence[int]) -> Iterator[_Task]:
    """Tasks for the articles of these numbers, as stored. To be brought in before what may replace them."""
    if isinstance(batch, _DryRun):
        return
    for number in numbers:
        segment, doc_id = batch.snapshot.locate(number)
        yield replace(_carried(batch, segment.indexed(doc_id)), replaces=True, retokenised=True)


def delete_articles(store: Store, article_ids: Iterable[str], *, wait: float | None = None) -> int:
    """Delete articles by id; returns how many there were."""
    with _open_batch(store, wait, False) as batch:
        deleted: int = batch.delete(list(dict.fromkeys(article_ids)))
        batch.finish()
    return deleted


# Comparing


def _compare(
    paths: Sequence[str | os.PathLike[str]],
    indexed: dict[str, Indexed],
    tally: _Tally,
    limits: Limits,
    *,
    reread: bool = False,
) -> tuple[list[_Task], list[str]]:
    """What to read (new, or perhaps changed), and the ids that are gone. Counts what is unchanged or failed."""
    known_roots = {entry.root for entry in indexed.values() if entry.root}
    scopes = scopes_of(paths, known_roots)
    tasks: list[_Task] = []
    seen: dict[str, str] = {}
    kept: list[tuple[str, str]] = []  # (root, id prefix) that could not be listed
    for scope in scopes:
        root = os.fspath(scope.root)
        scan = scan_posts(scope.root, below=scope.below)
        now_ns = time.time_ns()
        tally.failed += scan.failures
        kept += [(root, prefix) for prefix in scan.unread]
        for post in scan.files:
            entry = indexed.get(post.id)
            other = seen.get(post.id) or _other_home(entry, root, scopes)
            if other is not None:
                tally.failed.append(Failure(post.path, f'the id "{post.id}" is taken by a post below {other}'))
                continue
            seen[post.id] = root
            mtime_ns = post.mtime_ns if now_ns - post.mtime_ns > RACY_NS else 0
            same_home = entry is not None and entry.root == root
            if entry is not None and same_home and not reread:
                if mtime_ns and (entry.size, entry.mtime_ns) == (post.size, mtime_ns):
                    tally.unchanged += 1
                    continue
                known, replaces = entry.digest, True
            else:
                known, replaces = None, entry is not None and not reread
            origin = _Origin(root, post.size, mtime_ns)
            tasks.append(_Task(post, origin, known, replaces, max_bytes=limits.post_bytes))
    gone = [
        article_id
        for article_id, entry in indexed.items()
        if article_id not in seen
        and _in_scope(entry, article_id, scopes)
        and not any(entry.root == root and _is_below(article_id, prefix) for root, prefix in kept)
    ]
    return tasks, gone


def _other_home(entry: Indexed | None, root: str, scopes: Sequence[ScanScope]) -> str | None:
    """The other folder that the indexed article belongs to, if it is still there and is not scanned as part of ours."""
    if entry is None or entry.root in ("", root):
        return None
    inside = any(scope.root in Path(entry.root).parents for scope in scopes)
    return entry.root if Path(entry.root).is_dir() and not inside else None


def _in_scope(entry: Indexed, article_id: str, scopes: Sequence[ScanScope]) -> bool:
    """Whether a scan of ``scopes`` would have met the article: its folder, or one around it, was scanned."""
    if not entry.root:
        return False
    root = Path(entry.root)
    return any(
        (scope.root == root and _is_below(article_id, scope.below)) or (scope.root in root.parents and not scope.below)
        for scope in scopes
    )


def _is_below(article_id: str, prefix: str) -> bool:
    """Whether the id is in the folder ``prefix`` (which ends with "/"; "" is all), or is that file."""
    return article_id == prefix or not prefix or (prefix.endswith("/") and article_id.startswith(prefix))


def _article_tasks(
    articles: Iterable[Article | Failure], find: Callable[[str], Indexed | None], tally: _Tally
) -> Iterator[_Task]:
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
        yield _Task(article, _Origin(digest=digest), replaces=entry is not None)


def article_digest(article: Article) -> bytes:
    """A hash of everything in the article, as the index gives it back: of the date the instant. DIGEST_BYTES long."""
    parts = (
        article.id,
        article.title,
        article.body,
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
    """A transaction that commits and begins anew every COMMIT_EVERY articles; ``finish`` commits the last. With another
    analyzer it is one, for no commit may hold articles of both."""

    def __init__(self, store: Store, wait: float | None, replace: bool) -> None:
        self._store = store
        self._wait = wait
        self._replace = replace
        self._analyzer: ChineseAnalyzer | None = None
        self.transaction = self._begin()
        self._pending = 0
        self._written = 0

    @property
    def analyzer(self) -> ChineseAnalyzer:
        return self._analyzer or self.snapshot.analyzer

    @property
    def snapshot(self) -> Snapshot:
        return self.transaction.snapshot

    def _begin(self) -> Transaction:
        return self._store.transaction(wait=self._wait, replace=self._replace)

    def change_analyzer(self, analyzer: ChineseAnalyzer) -> None:
        self._analyzer = analyzer
        self.transaction.change_analyzer(analyzer)

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
        if self._pending >= COMMIT_EVERY and not self._replace and self._analyzer is None:
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

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.analyzer = snapshot.analyzer

    def change_analyzer(self, analyzer: ChineseAnalyzer) -> None:
        self.analyzer = analyzer

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


def _count(store: Store) -> int:
    with closing(store.snapshot()) as snapshot:
        return snapshot.num_live_docs


@contextmanager
def _open_batch(store: Store, wait: float | None, dry_run: bool, *, replace: bool = False) -> Iterator[Any]:
    if dry_run:
        with closing(store.snapshot()) as snapshot:
            yield _DryRun(snapshot)
        return
    batch = _Batch(store, wait, replace)
    try:
        yield batch
    except BaseException:
        batch.cancel()
        raise


def _bring_in(
    batch: _Batch | _DryRun,
    tasks: Iterable[_Task],
    tally: _Tally,
    *,
    jobs: int | None,
    dry_run: bool,
    progress: Progress | None,
    total: int | None,
) -> list[str]:
    """Read and tokenise ``tasks`` and write them, in their order. Returns the ids of what could not be read."""
    done = 0
    new: set[str] = set()
    unread: list[str] = []
    for chunk in _chunks(tasks, batch.analyzer, jobs=jobs, tokenise=not dry_run):
        tally.warnings += chunk.warnings
        for outcome in chunk.outcomes:
            if outcome.failure is not None:
                tally.failed.append(outcome.failure)
                unread.append(outcome.id)
            elif outcome.retokenised:
                pass  # nothing has happened to the article itself
            elif not outcome.written:
                tally.unchanged += 1
            elif outcome.replaces or outcome.id in new:
                tally.changed += 1
            else:
                tally.added += 1
                new.add(outcome.id)
        if chunk.batch is not None:
            batch.add(chunk.batch)
        done += len(chunk.outcomes)
        if progress is not None:
            progress(done, total)
    return unread


def _chunks(tasks: Iterable[_Task], analyzer: ChineseAnalyzer, *, jobs: int | None, tokenise: bool) -> Iterator[_Chunk]:
    """What comes of the tasks, a chunk at a time, in order; from worker processes where there are enough tasks."""
    tasks = iter(tasks)
    jobs = jobs if jobs is not None else (os.cpu_count() or 1)
    few = list(islice(tasks, MIN_ARTICLES_FOR_WORKERS))
    every = chain(few, tasks)
    groups = iter(lambda: list(islice(every, CHUNK)), [])
    if jobs <= 1 or len(few) < MIN_ARTICLES_FOR_WORKERS:
        for group in groups:
            yield _analyse(group, analyzer.tokenizer, tokenise)
        return
    with _workers(jobs, analyzer.identity, analyzer.user_dictionary) as executor:
        running: deque[Future[_Chunk]] = deque()
        for group in groups:
            with _interrupts_held():  # submit starts the workers
                running.append(executor.submit(_analyse_in_worker, group, tokenise))
            if len(running) > 2 * jobs:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


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
    """Ctrl-C waits until the end. A process started meanwhile never sees it: it is for the parent, which ends its
    workers, and a worker that is still importing would print a traceback, as would one whose start was broken off."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker  # not for Windows

    resource_tracker.ensure_running()  # it would let the signal through when started later
    came: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    handles = handler is not None and threading.current_thread() is threading.main_thread()
    if handles:  # another thread, whose mask lets it through, may take the signal for this one
        signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if handles:
            signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)


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


def _analyse_in_worker(tasks: Sequence[_Task], tokenise: bool) -> _Chunk:
    assert _tokenizer_of_worker is not None
    try:
        return _analyse(tasks, _tokenizer_of_worker, tokenise)
    finally:
        gc.collect()


def _analyse(tasks: Sequence[_Task], tokenizer: WordTokenizer, tokenise: bool) -> _Chunk:
    """Read, compare, clean and tokenise articles; turn their tokens into arrays."""
    outcomes = []
    warnings: list[Failure] = []
    builder = BatchBuilder(ENCODERS, PLAIN_FIELDS)
    for task in tasks:
        source, origin = task.source, task.origin
        digest = origin.digest
        try:
            if isinstance(source, PostFile):
                data = read_post(source, max_bytes=task.max_bytes)
                digest = hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()
                if digest == task.known:
                    outcomes.append(_Outcome(source.id, task.replaces))
                    continue
                article = article_from_post(data, id=source.id, path=source.path, warn=warnings.append)
            else:
                article = source
        except CorpusError as error:
            outcomes.append(_Outcome(source.id, task.replaces, failure=Failure(error.path, error.reason)))
            continue
        if tokenise:
            values = {"root": origin.root, "size": origin.size, "mtime_ns": origin.mtime_ns, "digest": digest}
            document = document_of(article, tokenizer, values)
            builder.add(document.tokens, document.stored, document.columns)
        outcomes.append(_Outcome(article.id, task.replaces, written=True, retokenised=task.retokenised))
    return _Chunk(outcomes, builder.build() if builder.doc_count else None, warnings)
