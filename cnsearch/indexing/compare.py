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


class _Comparing:
    """Goes through the files of all scopes."""

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
        self._seen: dict[str, str] = {}
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
        self._entries: dict[tuple[str, str], list[str]] = defaultdict(list)
        for id_, file_id in self.file_of.items():
            self._entries[indexed[id_].root, file_id].append(id_)

    def files(self, number: int, *, reread: bool, anew: bool) -> None:
        """Compare the files of one scope."""
        scope, scan, tally = self._scopes[number], self._scans[number], self._tally
        root = os.fspath(scope.root)
        now_ns = time.time_ns()
        known_files = self._kept_files.setdefault(root, {})
        for file in scan.files:
            entry = self._indexed.get(file.id)
            other = self._seen.get(file.id) or other_home(entry, root, self._scopes)
            if other is not None:
                tally.failed.append(Failure(file.path, f'the id "{file.id}" is taken by a post below {other}'))
                continue
            self._seen[file.id] = root
            mtime_ns = file.mtime_ns if now_ns - file.mtime_ns > RACY_NS else 0
            stamps = (file.size, mtime_ns)
            known_file = known_files.get(file.id)
            entries = self._entries.get((root, file.id), [])
            if known_file is not None and max(known_file.articles, 0) != len(entries):
                known_file = None  # some were deleted, or did not get in
            same = mtime_ns and not reread and not anew
            if same and known_file is not None and (known_file.size, known_file.mtime_ns) == stamps:
                self._count(number, file, known_file)
                continue
            is_post = entry is not None and entry.root == root and entry.size != ENTRY_SIZE
            if same and is_post and entry is not None and (entry.size, entry.mtime_ns) == stamps:
                tally.unchanged += 1
                tally.found[number] += 1
                continue
            known = None
            if not reread and not anew:
                known = entry.digest if is_post and entry else known_file.digest if known_file else None
            digests = {id_: b"" if anew or reread else self._indexed[id_].digest for id_ in entries}
            if is_post and entry is not None:
                digests[file.id] = b""
            self._whole = self._whole or (anew and bool(digests))
            self._tasks.append(
                Task(
                    file,
                    Origin(root, file.size, mtime_ns),
                    known,
                    replaces=entry is not None and not reread,
                    entries=digests,
                    fresh=reread,
                    options=options_of(self._settings, root, file.id, self._limits),
                    scope=number,
                )
            )
            known_files.pop(file.id, None)

    def _count(self, number: int, file: PostFile, known: KnownFile) -> None:
        if known.articles == PASSED_OVER:
            self._tally.passed_over.update(by_kind([file.id]))
            self._tally.unreadable[number] += 1
        else:
            self._tally.unchanged += known.articles
            self._tally.found[number] += known.articles

    def result(self) -> Comparison:
        gone, excluded = [], 0
        for id_, entry in self._indexed.items():
            file_id = self.file_of.get(id_, id_)
            if self._seen.get(file_id) == entry.root or not in_scope(entry, file_id, self._scopes):
                continue
            if file_id == id_ and id_ in self._seen:
                continue
            if not self._may_be_there(entry.root, file_id):
                gone.append(id_)
                excluded += self._is_left_out(entry.root, file_id)
        self._tally.excluded += excluded
        settings = self._settings
        for root, files in self._kept_files.items():
            kept = {
                id_: known
                for id_, known in files.items()
                if self._seen.get(id_) == root
                or not any(os.fspath(scope.root) == root and is_below(id_, scope.below) for scope in self._scopes)
                or self._may_be_there(root, id_)
            }
            settings = settings.with_files(root, kept)
        return Comparison(settings, self._tasks, gone, self._whole)

    def _may_be_there(self, root: str, file_id: str) -> bool:
        """Whether it lies where nothing could be listed."""
        return any(
            os.fspath(scope.root) == root and is_below(file_id, prefix)
            for scope, scan in zip(self._scopes, self._scans, strict=True)
            for prefix in scan.unread
        )

    def _is_left_out(self, root: str, file_id: str) -> bool:
        return any(
            os.fspath(scope.root) == root and is_below(file_id, path)
            for scope, scan in zip(self._scopes, self._scans, strict=True)
            for path, _ in scan.left_out
        )
