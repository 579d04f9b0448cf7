"""Reads, compares, cleans and tokenises the articles of a chunk of tasks, in whatever process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.corpus.entries import Warn
from cnsearch.corpus.posts import PostFile
from cnsearch.corpus.reader import read_post
from cnsearch.corpus.readers import read_file
from cnsearch.errors import CorpusError, NoArticlesError
from cnsearch.indexing.digests import article_digest, file_digest
from cnsearch.indexing.tasks import ENTRY_SIZE, FileRead, Origin, Outcome, Task
from cnsearch.indexing.writer import Form
from cnsearch.model import Article, Failure
from cnsearch.settings import PASSED_OVER, KnownFile


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a worker hands over: the outcomes of its tasks, in order, the documents of those that are written (as the
    form of the index has them), what became of files that are not one article, how many tasks there were, what could
    not be read as it was written."""

    outcomes: list[Outcome]
    batch: Any
    files: list[FileRead]
    tasks: int
    warnings: list[Failure]


NO_MEMORY = "there is not enough memory for it"


def analyse(tasks: Iterable[Task], tokenizer: WordTokenizer, form: Form | None) -> Chunk:
    """Read, compare, clean and tokenise articles; bring them into the ``form`` of the index, if there is one."""
    outcomes: list[Outcome] = []
    files: list[FileRead] = []
    warnings: list[Failure] = []
    builder = None if form is None else form.builder(tokenizer)

    def write(article: Article, origin: Origin) -> None:
        if builder is not None:
            builder.add(article, origin)

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
    batch = builder.build() if builder is not None and builder.doc_count else None
    return Chunk(outcomes, batch, files, done, warnings)


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
