"""What an index remembers besides its articles: how its folders are read, which files hold several articles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

SPLITS = ("chapter", "line")
"""What of a text may be an article."""
PASSED_OVER = -1
"""In place of the number of articles: the file is of a kind that can have some, and has none."""
_DIGEST_BYTES = 16
_LARGEST = 1 << 63


@dataclass(frozen=True, slots=True)
class PathSettings:
    """How what lies below a path is read. None: as above it.

    exclude : patterns of what is left out, as gitignore(5) has them, relative to the path
    split   : "chapter", "line", or "" for neither
    source  : of articles that name none
    drafts  : whether they are taken
    """

    exclude: tuple[str, ...] | None = None
    split: str | None = None
    source: str | None = None
    drafts: bool | None = None

    def changed_by(self, other: PathSettings) -> PathSettings:
        """These, with what ``other`` says in their place."""
        said = {name: getattr(other, name) for name in _NAMES if getattr(other, name) is not None}
        return replace(self, **said)

    def to_dict(self) -> dict[str, Any]:
        """What is said, fit for JSON."""
        said = {name: getattr(self, name) for name in _NAMES if getattr(self, name) is not None}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}

    @classmethod
    def from_dict(cls, state: object) -> PathSettings:
        """Inverse of ``to_dict``. Raises ValueError for what that never returns."""
        kinds = {"exclude": list, "split": str, "source": str, "drafts": bool}
        if not isinstance(state, dict) or not all(type(value) is kinds.get(name) for name, value in state.items()):
            raise ValueError("these are no settings of a path")
        exclude = state.get("exclude")
        if exclude is not None and not all(type(pattern) is str for pattern in exclude):
            raise ValueError("patterns must be texts")
        return cls(**{**state, **({} if exclude is None else {"exclude": tuple(exclude)})})


_NAMES = ("exclude", "split", "source", "drafts")


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file of several articles as it was read last; ``articles`` is how many it has, or PASSED_OVER."""

    size: int
    mtime_ns: int
    digest: bytes
    articles: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Part of every commit.

    roots : of each indexed folder (absolute path) the settings of paths below it: "" for all, ids of folders (with "/")
            or of files
    files : of each indexed folder the files of several articles, by id
    """

    roots: Mapping[str, Mapping[str, PathSettings]] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, KnownFile]] = field(default_factory=dict)

    def above(self, root: str, id_: str) -> list[tuple[str, PathSettings]]:
        """The paths with settings that ``id_`` is, or lies below, from the root on, and their settings."""
        said = self.roots.get(root, {})
        return [(path, said[path]) for path in sorted(said) if _is_below(id_, path)]

    def at(self, root: str, id_: str) -> PathSettings:
        """What holds for one file, patterns apart."""
        found = PathSettings()
        for _, settings in self.above(root, id_):
            found = found.changed_by(settings)
        return found

    def changed(self, root: str, path: str, new: PathSettings) -> Settings:
        """These settings with ``new`` for ``path``, and for the paths below it, which may say otherwise no more."""
        said = dict(self.roots.get(root, {}))
        for other in list(said):
            if other != path and _is_below(other, path):
                kept = {name: None for name in _NAMES if getattr(new, name) is not None and name != "exclude"}
                said[other] = replace(said[other], **kept)
        said[path] = said.get(path, PathSettings()).changed_by(new)
        kept_roots = {**self.roots, root: {name: value for name, value in said.items() if value != PathSettings()}}
        return replace(self, roots={name: value for name, value in kept_roots.items() if value})

    def moved_into(self, root: str, outer: str, prefix: str) -> Settings:
        """These settings when the folder ``root`` is indexed as ``prefix`` of ``outer`` from now on."""
        if root not in self.roots and root not in self.files:
            return self
        roots, files = dict(self.roots), dict(self.files)
        said = {prefix + path: value for path, value in roots.pop(root, {}).items()}
        files.pop(root, None)
        if said:
            roots[outer] = {**said, **roots.get(outer, {})}
        return Settings(roots, files)

    def with_files(self, root: str, known: Mapping[str, KnownFile]) -> Settings:
        """These settings with ``known`` as all files of several articles below ``root``."""
        files = {**self.files, root: dict(known)}
        return replace(self, files={name: value for name, value in files.items() if value})

    def with_known(self, known: Mapping[tuple[str, str], KnownFile]) -> Settings:
        """These settings with more files of several articles, by root and id."""
        files = {root: dict(several) for root, several in self.files.items()}
        for (root, id_), file in known.items():
            files.setdefault(root, {})[id_] = file
        return replace(self, files=files)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "roots": {
                root: {path: said.to_dict() for path, said in sorted(paths.items())}
                for root, paths in sorted(self.roots.items())
            },
            "files": {
                root: {
                    id_: [file.size, file.mtime_ns, file.digest.hex(), file.articles]
                    for id_, file in sorted(files.items())
                }
                for root, files in sorted(self.files.items())
            },
        }

    @classmethod
    def from_dict(cls, state: object) -> Settings:
        """Inverse of ``to_dict``; an index that was made before there were settings has None. Raises ValueError."""
        if state is None:
            return cls()
        if not isinstance(state, dict) or not set(state) <= {"roots", "files"}:
            raise ValueError("these are no settings")
        roots, files = _tables(state.get("roots", {})), _tables(state.get("files", {}))
        return cls(
            {
                root: {path: PathSettings.from_dict(said) for path, said in paths.items()}
                for root, paths in roots.items()
            },
            {root: {id_: _known_file(said) for id_, said in several.items()} for root, several in files.items()},
        )


def _tables(state: object) -> dict[str, dict[str, object]]:
    if not isinstance(state, dict) or not all(isinstance(table, dict) for table in state.values()):
        raise ValueError("these are no settings of folders")
    return state


def _known_file(state: object) -> KnownFile:
    if not isinstance(state, Sequence) or len(state) != 4:
        raise ValueError("this is no file of several articles")
    size, mtime_ns, digest, articles = state
    numbers = all(type(number) is int and -1 <= number < _LARGEST for number in (size, mtime_ns, articles))
    if not numbers or not isinstance(digest, str) or len(digest) != 2 * _DIGEST_BYTES:
        raise ValueError("this is no file of several articles")
    return KnownFile(size, mtime_ns, bytes.fromhex(digest), articles)


def _is_below(id_: str, path: str) -> bool:
    return not path or id_ == path or (path.endswith("/") and id_.startswith(path))
