"""What has changed below folders since they were indexed: the files to read, and the articles that are gone."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cnsearch.corpus.posts import PostFile, Scan, by_kind
from cnsearch.indexing.moved import mark_moved
from cnsearch.indexing.scopes import ScanScope, in_scope, is_below, other_home, scanned, scopes_of
from cnsearch.indexing.tally import Tally
from cnsearch.indexing.tasks import ENTRY_SIZE, Origin, Task, file_of, options_of
from cnsearch.limits import Limits
from cnsearch.model import Failure
from cnsearch.settings import PASSED_OVER, KnownFile, PathSettings, Settings
from cnsearch.store.segment import Indexed

RACY_NS = 2_000_000_000
"""A file this fresh when scanned may still be written to within the same time stamp, so its hash is read next time."""


@dataclass
class Comparison:
    """What is to be done.

    tasks    : files to read: new, or perhaps changed
    gone     : ids of articles that are gone, or elsewhere
    settings : of the index, with what was given now; files of several articles are those that need not be read
    whole    : articles are read otherwise from now on: the index must not be left with some of both
    """

    settings: Settings
    tasks: list[Task] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    whole: bool = False


def compare(
    paths: Sequence[str | os.PathLike[str]],
    indexed: Mapping[str, Indexed],
    settings: Settings,
    tally: Tally,
    limits: Limits,
    *,
    given: PathSettings = PathSettings(),  # noqa: B008  # immutable
    reread: bool = False,
) -> Comparison:
    """Compare what lies below ``paths`` with the index. Counts what is unchanged, failed, gone or passed over.

    given  : settings for the paths, remembered from now on
    reread : every file is read, as for an index that is built anew
    """
    known_roots = {entry.root for entry in indexed.values() if entry.root} | set(settings.roots) | set(settings.files)
    scopes = scopes_of(paths, known_roots)
    known_files = settings
    for scope in scopes:
        for root in known_roots:
            if scope.root in Path(root).parents and not scope.below:
                prefix = Path(root).relative_to(scope.root).as_posix() + "/"
                settings = settings.moved_into(root, os.fspath(scope.root), prefix)
    scans, settings, anew = scanned(scopes, settings, given)
    comparing = _Comparing(indexed, settings, scopes, scans, tally, limits)
    for number, (scope, scan) in enumerate(zip(scopes, scans, strict=True)):
        tally.scopes.append(scope.path)
        tally.failed += scan.failures
        tally.passed_over.update(scan.passed_over())
        tally.unreadable[number] += len(scan.others) + scan.assets + len(scan.failures)
        tally.left_out += [
            f"{scope.root / id_}{os.sep} ({why})" for id_, why in scan.left_out if why.startswith("generated")
        ]
        comparing.files(number, reread=reread, anew=number in anew)
    found = comparing.result()
    moved = 0 if reread else mark_moved(found.tasks, found.gone, indexed, comparing.file_of, known_files, limits)
    tally.removed += len(found.gone) - moved
    tally.unreadable = +tally.unreadable
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """What the index has of one file.

    taken   : whether an article has the id of the file, wherever it came from
    post    : the article that the file is; None if it is none
    file    : the stamps of a file that is not one article; None also where the index lacks some of its articles
    entries : the ids of the articles in such a file
    """

    taken: bool
    post: Indexed | None
    file: KnownFile | None
    entries: list[str]

    @property
    def digest(self) -> bytes | None:
        """That of the file when it was read."""
        return self.post.digest if self.post is not None else self.file.digest if self.file is not None else None


class _Comparing:
    """Goes through the files of all scopes, then says what is to be done."""

    def __init__(
        self,
        indexed: Mapping[str, Indexed],
        settings: Settings,
        scopes: Sequence[ScanScope],
        scans: Sequence[Scan],
        tally: Tally,
        limits: Limits,
    ) -> None:
        self._indexed = indexed
        self._settings = settings
        self._scopes = scopes
        self._scans = scans
        self._tally = tally
        self._limits = limits
        self._tasks: list[Task] = []
        self._whole = False
        self._seen: dict[str, str] = {}  # root of each file that was met, by its id
        self._kept_files: dict[str, dict[str, KnownFile]] = {
            root: dict(files) for root, files in settings.files.items()
        }
        there: dict[str, set[str]] = defaultdict(set)
        for scope, scan in zip(scopes, scans, strict=True):
            there[os.fspath(scope.root)].update(file.id for file in scan.files)
        self.file_of = {
            id_: file_of(id_, (there[entry.root], settings.files.get(entry.root, {})))
            for id_, entry in indexed.items()
            if entry.size == ENTRY_SIZE
        }
        """The file of each article that is an entry of one."""
        self._entries: dict[tuple[str, str], list[str]] = defaultdict(list)
        for id_, file_id in self.file_of.items():
            self._entries[indexed[id_].root, file_id].append(id_)

    def files(self, number: int, *, reread: bool, anew: bool) -> None:
        """Compare the files of one scope.

        reread : every file is read, for an index that is built anew
        anew   : every file is read, since it is read otherwise from now on
        """
        scope, tally = self._scopes[number], self._tally
        root = os.fspath(scope.root)
        now_ns = time.time_ns()
        for file in self._scans[number].files:
            other = self._seen.get(file.id) or other_home(self._indexed.get(file.id), root, self._scopes)
            if other is not None:
                tally.failed.append(Failure(file.path, f'the id "{file.id}" is taken by a post below {other}'))
                continue
            self._seen[file.id] = root
            known = self._known(root, file.id)
            mtime_ns = file.mtime_ns if now_ns - file.mtime_ns > RACY_NS else 0
            stamps, trusted = (file.size, mtime_ns), mtime_ns and not reread and not anew
            if trusted and known.file is not None and (known.file.size, known.file.mtime_ns) == stamps:
                self._count(number, file, known.file)
            elif trusted and known.post is not None and (known.post.size, known.post.mtime_ns) == stamps:
                tally.unchanged += 1
                tally.found[number] += 1
            else:
                self._tasks.append(self._task(number, file, Origin(root, *stamps), known, reread=reread, anew=anew))
                self._kept_files.get(root, {}).pop(file.id, None)

    def _known(self, root: str, file_id: str) -> _Known:
        entry = self._indexed.get(file_id)
        entries = self._entries.get((root, file_id), [])
        file = self._kept_files.get(root, {}).get(file_id)
        if file is not None and max(file.articles, 0) != len(entries):
            file = None  # some were deleted, or did not get in
        is_post = entry is not None and entry.root == root and entry.size != ENTRY_SIZE
        return _Known(entry is not None, entry if is_post else None, file, entries)

    def _task(self, number: int, file: PostFile, origin: Origin, known: _Known, *, reread: bool, anew: bool) -> Task:
        """To read a file, and what of it need not be cut again."""
        every = reread or anew
        digests = {id_: b"" if every else self._indexed[id_].digest for id_ in known.entries}
        if known.post is not None:
            digests[file.id] = b""
        self._whole = self._whole or (anew and bool(digests))
        return Task(
            file,
            origin,
            None if every else known.digest,
            replaces=known.taken and not reread,
            entries=digests,
            fresh=reread,
            options=options_of(self._settings, origin.root, file.id, self._limits),
            scope=number,
        )

    def _count(self, number: int, file: PostFile, known: KnownFile) -> None:
        """Count a file that is not one article and is as it was."""
        if known.articles == PASSED_OVER:
            self._tally.passed_over.update(by_kind([file.id]))
            self._tally.unreadable[number] += 1
        else:
            self._tally.unchanged += known.articles
            self._tally.found[number] += known.articles

    def result(self) -> Comparison:
        """When all files were met: what is to be read, what is gone, and what files need not be read next time."""
        gone = [id_ for id_, entry in self._indexed.items() if self._is_gone(id_, entry)]
        self._tally.excluded += sum(
            self._is_left_out(self._indexed[id_].root, self.file_of.get(id_, id_)) for id_ in gone
        )
        settings = self._settings
        for root, files in self._kept_files.items():
            kept = {id_: known for id_, known in files.items() if self._is_kept(root, id_)}
            settings = settings.with_files(root, kept)
        return Comparison(settings, self._tasks, gone, self._whole)

    def _is_gone(self, id_: str, entry: Indexed) -> bool:
        """Whether the file of an article was looked for and is not there, or is elsewhere."""
        file_id = self.file_of.get(id_, id_)
        if self._seen.get(file_id) == entry.root or not in_scope(entry, file_id, self._scopes):
            return False
        if file_id == id_ and id_ in self._seen:
            return False  # the file of this id in another root takes its place
        return not self._may_be_there(entry.root, file_id)

    def _is_kept(self, root: str, file_id: str) -> bool:
        """Whether a file that is not one article is still there, or was not looked for."""
        return (
            self._seen.get(file_id) == root
            or not any(os.fspath(scope.root) == root and is_below(file_id, scope.below) for scope in self._scopes)
            or self._may_be_there(root, file_id)
        )

    def _may_be_there(self, root: str, file_id: str) -> bool:
        """Whether it lies where nothing could be listed."""
        return any(
            os.fspath(scope.root) == root and is_below(file_id, prefix)
            for scope, scan in zip(self._scopes, self._scans, strict=True)
            for prefix in scan.unread
        )

    def _is_left_out(self, root: str, file_id: str) -> bool:
        """Whether a rule leaves it out now."""
        return any(
            os.fspath(scope.root) == root and is_below(file_id, path)
            for scope, scan in zip(self._scopes, self._scans, strict=True)
            for path, _ in scan.left_out
        )
