"""Files that are too large to be read as a whole: a task for each record in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cnsearch.corpus.large import digest_of_large, is_large, read_large
from cnsearch.corpus.posts import PostFile
from cnsearch.errors import CorpusError
from cnsearch.indexing.digests import article_digest
from cnsearch.indexing.entries import Entries
from cnsearch.indexing.tasks import ENTRY_SIZE, FileRead, Origin, Outcome, Task
from cnsearch.store.fields import DIGEST_BYTES


def by_record(
    tasks: Iterable[Task], count: Callable[[Outcome], None], settle: Callable[[FileRead], None]
) -> Iterator[Task]:
    """The tasks, with a file that is too large to be read as a whole as a task for each record in it that is written.
    ``count`` is told of the others, ``settle`` of the file when it was gone through."""
    for task in tasks:
        file = task.source
        if isinstance(file, PostFile) and is_large(file, task.options):
            yield from _records(Entries(task, file, count), file, settle)
        else:
            yield task


def _records(met: Entries, file: PostFile, settle: Callable[[FileRead], None]) -> Iterator[Task]:
    task, digest = met.task, None
    try:
        digest = digest_of_large(file, DIGEST_BYTES)
        if digest == task.known and task.entries:
            met.all_unchanged()
        else:
            for made, _ in read_large(file, task.options).entries:
                article = met.wanted(made)
                if article is None:
                    continue
                origin = Origin(task.origin.root, ENTRY_SIZE, 0, article_digest(article))
                if origin.digest == task.entries.get(article.id):
                    met.count(Outcome(article.id, scope=task.scope))
                else:
                    yield Task(article, origin, replaces=met.replaces(article), scope=task.scope)
    except CorpusError as error:
        met.fail(error.path, error.reason)
    settle(met.result(digest))
