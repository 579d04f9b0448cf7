"""What below a root is not indexed: by patterns that were given, by ``.cnsearchignore`` files, or as generated."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".cnsearchignore"
_MOST_BYTES = 1 << 20
_MOST_WILDCARDS = 8
"""In a pattern: each makes matching a name slower by a factor of its length."""

#: Folders that a program makes, by the files and folders beside them that tell so.
_TWINS: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (folder, program, re.compile(beside))
    for folder, program, beside in (
        ("public", "Hugo", r"hugo\.(?:toml|ya?ml|json)|archetypes"),
        ("public", "Hexo", r"_config\.[\w.-]*ya?ml|scaffolds"),
        ("public", "Gatsby", r"gatsby-config\.[a-z]+"),
        ("_site", "Jekyll", r"_config\.(?:ya?ml|toml)|_posts|_layouts"),
        ("_site", "Eleventy", r"eleventy\.config\.[a-z]+|\.eleventy\.js"),
        ("_book", "GitBook", r"book\.js(?:on)?|SUMMARY\.md"),
        ("_build", "Sphinx", r"conf\.py"),
        ("site", "MkDocs", r"mkdocs\.ya?ml"),
        ("build", "Docusaurus", r"docusaurus\.config\.[a-z]+"),
    )
)
#: With both of these beside it, ``public`` is what Hugo (in its older form) or Hexo makes.
_PAIRS = (("config.toml", "content"), ("config.yaml", "content"), ("config.yml", "content"), ("config", "content"))


def generated_by(name: str, beside: Collection[str]) -> str:
    """The program that makes the folder ``name``, judged by the names ``beside`` it; empty if it is an author's.

    >>> generated_by("public", ["public", "source", "_config.yml"]), generated_by("public", ["public", "notes"])
    ('Hexo', '')
    """
    for folder, program, sign in _TWINS:
        if folder == name and any(sign.fullmatch(other) for other in beside):
            return program
    if name == "public" and any(first in beside and second in beside for first, second in _PAIRS):
        return "Hugo"
    return ""


def escaped(id_: str) -> str:
    """``id_`` as a pattern that matches nothing else."""
    return "".join("\\" + char if char in "\\*?[]! #" else char for char in id_)


@dataclass(frozen=True, slots=True)
class Patterns:
    """Rules of one ignore file, or of the command line, as gitignore(5) has them.

    prefix : id of the folder that they are relative to, "" or with "/" at its end
    name   : of where they stand, for messages
    bad    : patterns that cannot be understood, one line each
    """

    prefix: str
    name: str
    lines: tuple[str, ...]
    spec: GitIgnoreSpec
    bad: tuple[str, ...] = ()

    @classmethod
    def of(cls, lines: Sequence[str], *, prefix: str, name: str) -> Patterns:
        """The rules of these lines. One that cannot be understood, or that has so many wildcards that matching would
        take long, is in ``bad`` and rules nothing."""
        from pathspec import GitIgnoreSpec  # most folders have no such file, and workers and searches ask for none

        good, bad = [], []
        for number, line in enumerate(lines, start=1):
            line = line.rstrip("\r\n")
            try:
                if len(re.findall(r"\*+|\[", line)) > _MOST_WILDCARDS:
                    raise ValueError(f"more than {_MOST_WILDCARDS} wildcards")
                GitIgnoreSpec.from_lines([line])
            except ValueError as error:
                bad.append(f"line {number}: {error}")
                line = ""
            good.append(line or "#")  # an empty line would not be counted
        return cls(prefix, name, tuple(good), GitIgnoreSpec.from_lines(good), tuple(bad))

    def decides(self, id_: str) -> tuple[bool, str] | None:
        """(whether to leave it out, the rule that says so) for the file or, with "/" at its end, folder of this id."""
        if not id_.startswith(self.prefix) or id_ == self.prefix:
            return None
        found = self.spec.check_file(id_[len(self.prefix) :])
        if found.include is None or found.index is None:
            return None
        return found.include, f"{self.name} line {found.index + 1}: {self.lines[found.index].strip()}"


@dataclass(slots=True)
class Ignore:
    """All rules that hold in a folder. ``given`` come before any file; of files that of the deepest folder decides."""

    given: tuple[Patterns, ...] = ()
    files: tuple[Patterns, ...] = ()
    bad: list[tuple[str, str]] = field(default_factory=list)  # (path of the file, what is wrong); of all folders

    def inside(self, folder_id: str, path: str, names: Collection[str]) -> Ignore:
        """The rules inside a folder that has files of these ``names``."""
        if IGNORE_FILE not in names:
            return self
        file = Path(path, IGNORE_FILE)
        try:
            with file.open("rb") as stream:
                text = stream.read(_MOST_BYTES).decode("utf-8-sig", "replace")
        except OSError as error:
            self.bad.append((str(file), f"cannot be read: {error.strerror}"))
            return self
        patterns = Patterns.of(text.split("\n"), prefix=folder_id, name=folder_id + IGNORE_FILE)
        self.bad += [(str(file), reason) for reason in patterns.bad]
        return Ignore(self.given, (*self.files, patterns), self.bad)

    def but(self, id_: str) -> Ignore:
        """These rules, but what ``id_`` names stays in, with all that is below it."""
        stays = Patterns.of(["!/" + escaped(id_)], prefix="", name="named")
        return Ignore((*self.given, stays), self.files, self.bad)

    def leaves_out(self, id_: str, name: str, beside: Collection[str] = ()) -> str:
        """Why the file or folder (its id ends with "/") is left out; empty if it is not."""
        for patterns in (*self.given[::-1], *self.files[::-1]):
            decided = patterns.decides(id_)
            if decided is not None:
                return f"excluded by {decided[1]}" if decided[0] else ""
        if not id_.endswith("/"):
            return ""
        if name == "node_modules":
            return "generated by npm"
        program = generated_by(name, beside)
        return f"generated by {program}" if program else ""
