"""What has changed below folders since they were indexed: the files to read, and the articles that are gone."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cnsearch.corpus.entries import ENTRY_MARK
from cnsearch.corpus.ignore import Ignore, Patterns, escaped
from cnsearch.corpus.posts import PostFile, Scan, by_kind, scan_posts
from cnsearch.corpus.reader import read_post
from cnsearch.corpus.readers import suffixes
from cnsearch.errors import CorpusError
from cnsearch.indexing.reading import options_of
from cnsearch.indexing.tasks import ENTRY_SIZE, Origin, Tally, Task, file_digest
from cnsearch.limits import Limits
from cnsearch.model import Failure
from cnsearch.settings import PASSED_OVER, KnownFile, PathSettings, Settings
from cnsearch.store.segment import Indexed

RACY_NS = 2_000_000_000
"""A file this fresh when scanned may still be written to within the same time stamp, so its hash is read next time."""


@dataclass(frozen=True, slots=True)
class ScanScope:
    """A folder that was or will be indexed as a whole, and the part of it to scan now ("" is all)."""

    root: Path
    below: str = ""

    @property
    def path(self) -> str:
        return os.fspath(self.root / self.below) if self.below else os.fspath(self.root)


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
    if not reread:
        _mark_moved(found, indexed, comparing.file_of, known_files, tally, limits)
    else:
        tally.removed += len(found.gone)
    tally.unreadable = +tally.unreadable
    return found


def scanned(
    scopes: Sequence[ScanScope], settings: Settings, given: PathSettings
) -> tuple[list[Scan], Settings, set[int]]:
    """The files of each scope; the settings with what was given; the numbers of scopes that are read otherwise now."""
    scans, anew = [], set()
    for number, scope in enumerate(scopes):
        root = os.fspath(scope.root)
        before = settings
        if given != PathSettings():
            settings = settings.changed(root, scope.below, given)
            anew |= {number} if _reads_otherwise(before, settings, root, scope.below) else set()
        scan = scan_posts(scope.root, below=scope.below, suffixes=suffixes(), ignore=ignore_of(settings, root))
        if scan.named:  # what a rule leaves out was named: it stays in
            own = settings.roots.get(root, {}).get("", PathSettings())
            patterns = (*(own.exclude or ()), *(f"!/{escaped(id_)}" for id_ in scan.named))
            settings = settings.changed(root, "", PathSettings(exclude=tuple(dict.fromkeys(patterns))))
        scans.append(scan)
    return scans, settings, anew


def _reads_otherwise(before: Settings, after: Settings, root: str, below: str) -> bool:
    return any(
        replace(before.at(root, path), exclude=None) != replace(after.at(root, path), exclude=None)
        for path in {below, *before.roots.get(root, {})}
    )


def ignore_of(settings: Settings, root: str) -> Ignore:
    """The patterns that were given for a root and its paths."""
    said = settings.roots.get(root, {})
    return Ignore(
        tuple(
            Patterns.of(own.exclude, prefix=path if path.endswith("/") else "", name="--exclude")
            for path, own in sorted(said.items())
            if own.exclude
        )
    )


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
            other = self._seen.get(file.id) or _other_home(entry, root, self._scopes)
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
            if self._seen.get(file_id) == entry.root or not _in_scope(entry, file_id, self._scopes):
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
                or not any(os.fspath(scope.root) == root and _is_below(id_, scope.below) for scope in self._scopes)
                or self._may_be_there(root, id_)
            }
            settings = settings.with_files(root, kept)
        return Comparison(settings, self._tasks, gone, self._whole)

    def _may_be_there(self, root: str, file_id: str) -> bool:
        """Whether it lies where nothing could be listed."""
        return any(
            os.fspath(scope.root) == root and _is_below(file_id, prefix)
            for scope, scan in zip(self._scopes, self._scans, strict=True)
            for prefix in scan.unread
        )

    def _is_left_out(self, root: str, file_id: str) -> bool:
        return any(
            os.fspath(scope.root) == root and _is_below(file_id, path)
            for scope, scan in zip(self._scopes, self._scans, strict=True)
            for path, _ in scan.left_out
        )


def file_of(id_: str, known: Iterable[Collection[str]]) -> str:
    """The file that an entry is of. Both may have the mark in their names, so the files that there are decide."""
    tables = list(known)
    at = id_.find(ENTRY_MARK)
    while at >= 0:
        if any(id_[:at] in table for table in tables):
            return id_[:at]
        at = id_.find(ENTRY_MARK, at + 1)
    if any(id_ in table for table in tables):
        return id_  # a file of one record
    return id_.partition(ENTRY_MARK)[0]


def _mark_moved(
    found: Comparison,
    indexed: Mapping[str, Indexed],
    file_of: Mapping[str, str],
    settings: Settings,
    tally: Tally,
    limits: Limits,
) -> None:
    """Pair what is gone with new files of equal content. Counts the articles that are gone otherwise.

    Of several with the same content the ones of the same name belong together, then the first to the first.
    """
    gone: dict[tuple[int, bytes], list[tuple[str, list[str]]]] = defaultdict(list)  # by content: file, articles of it
    entries: dict[tuple[str, str], list[str]] = defaultdict(list)
    for id_ in sorted(found.gone):
        entry = indexed[id_]
        if id_ not in file_of:
            gone[entry.size, entry.digest].append((id_, [id_]))
        else:
            entries[entry.root, file_of[id_]].append(id_)
    for (root, file_id), ids in entries.items():
        known = settings.files.get(root, {}).get(file_id)
        if known is not None:
            gone[known.size, known.digest].append((file_id, ids))
    sizes = {size for size, _ in gone}
    new: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for at, task in enumerate(found.tasks):
        file = task.source
        if isinstance(file, PostFile) and not task.replaces and not task.entries and file.size in sizes:
            try:
                data = read_post(file, max_bytes=limits.post_bytes)
            except CorpusError:
                continue  # it will be said when it is read
            new[len(data), file_digest(data)].append(at)
    moved = 0
    for content, places in new.items():
        for at, ids in _paired(places, gone.get(content, []), found.tasks):
            found.tasks[at] = replace(found.tasks[at], moved=True)
            moved += len(ids)
    tally.removed += len(found.gone) - moved


def _paired(
    places: list[int], old: list[tuple[str, list[str]]], tasks: Sequence[Task]
) -> Iterator[tuple[int, list[str]]]:
    rest, left = [], list(old)
    for at in places:
        name = tasks[at].source.id.rpartition("/")[2]
        same = next((one for one in left if one[0].rpartition("/")[2] == name), None)
        if same is None:
            rest.append(at)
        else:
            left.remove(same)
            yield at, same[1]
    for at, one in zip(rest, left, strict=False):
        yield at, one[1]


def _other_home(entry: Indexed | None, root: str, scopes: Sequence[ScanScope]) -> str | None:
    """The other folder that the indexed article belongs to, if it is still there and is not scanned as part of ours."""
    if entry is None or entry.root in ("", root):
        return None
    inside = any(scope.root in Path(entry.root).parents for scope in scopes)
    return entry.root if Path(entry.root).is_dir() and not inside else None


def _in_scope(entry: Indexed, file_id: str, scopes: Sequence[ScanScope]) -> bool:
    """Whether a scan of ``scopes`` would have met the file: its folder, or one around it, was scanned."""
    if not entry.root:
        return False
    root = Path(entry.root)
    return any(
        (scope.root == root and _is_below(file_id, scope.below)) or (scope.root in root.parents and not scope.below)
        for scope in scopes
    )


def _is_below(id_: str, prefix: str) -> bool:
    """Whether the id is in the folder ``prefix`` (which ends with "/"; "" is all), or is that file."""
    return id_ == prefix or not prefix or (prefix.endswith("/") and id_.startswith(prefix))
