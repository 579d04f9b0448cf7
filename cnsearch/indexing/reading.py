"""Reads, compares, cleans and tokenises the articles of a chunk of tasks, in whatever process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.corpus.entries import Warn
from cnsearch.corpus.posts import PostFile
from cnsearch.corpus.reader import read_post
from cnsearch.corpus.readers import read_file
from cnsearch.errors import CorpusError, NoArticlesError
from cnsearch.indexing.digests import article_digest, file_digest
from cnsearch.indexing.entries import Entries
from cnsearch.indexing.tasks import ENTRY_SIZE, FileRead, Origin, Outcome, Task
from cnsearch.indexing.writer import Form
from cnsearch.model import Article, Failure
from cnsearch.settings import PASSED_OVER


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


def analyse(tasks: Iterable[Task], tokenizer: WordTokenizer, form: Form | None, *, threads: int = 1) -> Chunk:
    """Read, compare, clean and tokenise articles; bring them into the ``form`` of the index, if there is one.

    threads : how many may work on the texts
    """
    outcomes: list[Outcome] = []
    files: list[FileRead] = []
    warnings: list[Failure] = []
    builder = None if form is None else form.builder(tokenizer, threads=threads)

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
    met = Entries(task, file, outcomes.append)
    try:
        data = read_post(file, max_bytes=task.options.max_bytes)
        digest = file_digest(data)
        if digest == task.known and task.entries:
            met.all_unchanged()
            return met.result(None if [*task.entries] == [file.id] else digest)
        reading = read_file(data, file, task.options, warn)
        for made, _ in reading.entries:
            article = met.wanted(made)
            if article is None:
                continue
            if reading.single:
                origin, written = task.origin._replace(digest=digest), True
            else:
                origin = Origin(task.origin.root, ENTRY_SIZE, 0, article_digest(article))
                written = origin.digest != task.entries.get(article.id)
            if written:
                write(article, origin)
            outcomes.append(Outcome(article.id, met.replaces(article), written, moved=task.moved, scope=task.scope))
    except NoArticlesError as error:
        return FileRead(task, known=met.remembered(digest, PASSED_OVER), passed_over=error.reason)
    except CorpusError as error:
        met.fail(error.path, error.reason)
    except MemoryError:
        met.ids.intersection_update([outcome.id for outcome in outcomes])  # the last one was not written
        met.fail(file.path, NO_MEMORY)
    if met.failed or not reading.single:
        return met.result(None if met.failed else digest)
    return met.result() if met.drafts or met.ids != set(task.entries) else None
