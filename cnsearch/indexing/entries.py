"""What has been met in one file so far, against what the index has of it."""

from __future__ import annotations

from collections.abc import Callable

from cnsearch.corpus.posts import PostFile
from cnsearch.indexing.tasks import FileRead, Outcome, Task
from cnsearch.model import Article, Failure
from cnsearch.settings import KnownFile


class Entries:
    """The articles of a file, as it is gone through. Whoever goes through it asks of each entry whether it is wanted.

    task   : its source is a file
    count  : is told what becomes of each article
    ids    : of the articles met
    drafts : ids of those that are left out as drafts
    failed : whether something of the file could not be read
    """

    def __init__(self, task: Task, file: PostFile, count: Callable[[Outcome], None]) -> None:
        self.task = task
        self.count = count
        self.ids: set[str] = set()
        self.drafts: set[str] = set()
        self.failed = False
        self._file = file

    def wanted(self, made: Article | Failure) -> Article | None:
        """The article if it belongs into the index, be it there already or not."""
        if isinstance(made, Failure):
            self.count(Outcome("", failure=made, scope=self.task.scope))
            self.failed = True
            return None
        if made.draft and not self.task.options.drafts:
            self.drafts.add(made.id)
            return None
        self.ids.add(made.id)
        return made

    def replaces(self, article: Article) -> bool:
        """Whether the article takes the place of one in the index."""
        task = self.task
        return not task.fresh and (article.id in task.entries or (article.id == self._file.id and task.replaces))

    def all_unchanged(self) -> None:
        """The file is as it was: so are the articles that the index has of it."""
        self.ids.update(self.task.entries)
        for article_id in self.task.entries:
            self.count(Outcome(article_id, scope=self.task.scope))

    def fail(self, path: str, reason: str) -> None:
        """Something is wrong with the file itself; what is missing of it may still be in it."""
        failure = Failure(path, reason)
        self.count(Outcome(self._file.id, failure=failure, moved=self.task.moved, scope=self.task.scope))
        self.failed = True

    def remembered(self, digest: bytes, articles: int) -> KnownFile:
        """What the index remembers of the file, so that it need not be read again."""
        return KnownFile(self.task.origin.size, self.task.origin.mtime_ns, digest, articles)

    def result(self, digest: bytes | None = None) -> FileRead:
        """What the file turned out to be; with ``digest`` it is remembered, if nothing of it was left out."""
        known = None
        if digest is not None and not self.failed and not self.drafts:
            known = self.remembered(digest, len(self.ids))
        return FileRead(self.task, frozenset(self.ids), frozenset(self.drafts), failed=self.failed, known=known)
