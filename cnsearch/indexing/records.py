"""Files that are too large to be read as a whole: a task for each record in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cnsearch.corpus.large import digest_of_large, is_large, read_large
from cnsearch.corpus.posts import PostFile
from cnsearch.errors import CorpusError
from cnsearch.indexing.digests import article_digest
from cnsearch.indexing.tasks import ENTRY_SIZE, FileRead, Origin, Outcome, Task
from cnsearch.model import Failure
from cnsearch.settings import KnownFile
from cnsearch.store.fields import DIGEST_BYTES


def by_record(
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
