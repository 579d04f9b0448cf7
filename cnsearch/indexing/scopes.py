"""Which folders are scanned for the paths that were given, and what of the index lies in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cnsearch.corpus.ignore import Ignore, Patterns, escaped
from cnsearch.corpus.posts import Scan, scan_posts
from cnsearch.corpus.readers import suffixes
from cnsearch.errors import CorpusError
from cnsearch.settings import PathSettings, Settings
from cnsearch.store.segment import Indexed


@dataclass(frozen=True, slots=True)
class ScanScope:
    """A folder that was or will be indexed as a whole, and the part of it to scan now ("" is all)."""

    root: Path
    below: str = ""

    @property
    def path(self) -> str:
        """Of what is scanned."""
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
            Patterns.of(own.exclude, prefix=path if path.endswith("/") else "", name="exclude")
            for path, own in sorted(said.items())
            if own.exclude
        )
    )


def other_home(entry: Indexed | None, root: str, scopes: Sequence[ScanScope]) -> str | None:
    """The other folder that the indexed article belongs to, if it is still there and is not scanned as part of ours."""
    if entry is None or entry.root in ("", root):
        return None
    inside = any(scope.root in Path(entry.root).parents for scope in scopes)
    return entry.root if Path(entry.root).is_dir() and not inside else None


def in_scope(entry: Indexed, file_id: str, scopes: Sequence[ScanScope]) -> bool:
    """Whether a scan of ``scopes`` would have met the file: its folder, or one around it, was scanned."""
    if not entry.root:
        return False
    root = Path(entry.root)
    return any(
        (scope.root == root and is_below(file_id, scope.below)) or (scope.root in root.parents and not scope.below)
        for scope in scopes
    )


def is_below(id_: str, prefix: str) -> bool:
    """Whether the id is in the folder ``prefix`` (which ends with "/"; "" is all), or is that file."""
    return id_ == prefix or not prefix or (prefix.endswith("/") and id_.startswith(prefix))
