"""A loss of power at any moment leaves the last commit or the new one.

A storage of the tests writes down what happens to the folder. Then the power fails after every prefix of that: what was
not synced may be on the disk or not, in part, and in any order. POSIX promises no more (A. Pillai et al., All File
Systems Are Not Created Equal: On the Complexity of Crafting Crash-Consistent Applications, OSDI 2014).
"""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.engine.files.folder import Folder
from cnsearch.store.transaction import begin

Event = tuple[Any, ...]
"""What happened:

("create", name, number)       a new file, which has this number from now on
("write", number, bytes)       appended
("sync", number)               its content is safe
("rename", old, new), ("remove", name)
("sync folder",)               all names are safe
("begin", what), ("end", what) a commit was asked for; it returned
"""


class Recorder(Folder):
    """Writes down every change of the folder."""

    log: list[Event]
    numbers: dict[str, int]

    def create(self, name: str, *, exclusive: bool = False) -> Any:
        path = Path(self.path_of(name))
        if path.exists():
            self.delete(name)
        number = len(self.log)
        self.log.append(("create", name, number))
        self.numbers[name] = number
        return io.BufferedWriter(_RecordedFile(path, number, self.log), 700)

    def rename(self, old: str, new: str) -> None:
        super().rename(old, new)
        self.log.append(("rename", old, new))

    def delete(self, name: str) -> None:
        super().delete(name)
        self.log.append(("remove", name))

    def sync_file(self, file: Any) -> None:
        super().sync_file(file)
        self.log.append(("sync", file.raw.number))

    def sync(self) -> None:
        super().sync()
        self.log.append(("sync folder",))


class _RecordedFile(io.FileIO):
    def __init__(self, path: Path, number: int, log: list[Event]) -> None:
        super().__init__(path, "xb")
        self.number = number
        self._log = log

    def write(self, data: Any, /) -> int:
        self._log.append(("write", self.number, bytes(data)))
        return super().write(data)


class Disk:
    """What a disk may hold when the power fails after ``events``."""

    def __init__(self, events: list[Event]) -> None:
        self.safe_names: dict[str, int] = {}
        self.history: dict[str, list[int | None]] = {}  # name -> what it stood for since the folder was synced
        names: dict[str, int] = {}
        self.writes: dict[int, list[bytes]] = {}
        self.safe_writes: dict[int, int] = {}
        for kind, *what in events:
            if kind == "create":
                name, number = what
                names[name] = number
                self.writes[number] = []
                self.safe_writes[number] = 0
                self.history.setdefault(name, []).append(number)
            elif kind == "write":
                self.writes[what[0]].append(what[1])
            elif kind == "sync":
                self.safe_writes[what[0]] = len(self.writes[what[0]])
            elif kind == "rename":
                old, new = what
                names[new] = names.pop(old)
                self.history.setdefault(old, []).append(None)
                self.history.setdefault(new, []).append(names[new])
            elif kind == "remove":
                del names[what[0]]
                self.history.setdefault(what[0], []).append(None)
            elif kind == "sync folder":
                self.safe_names = dict(names)
                self.history = {}

    def outcomes(self, rng: random.Random, count: int) -> Iterator[dict[str, bytes]]:
        """Folders that may be found: name -> content. The extremes first, then ``count`` at random."""
        for names, data in [("last", "all"), ("first", "none"), ("last", "none"), ("first", "all")]:
            yield self._outcome(rng, names, data)
        for _ in range(count):
            yield self._outcome(rng, "any", "any")

    def _outcome(self, rng: random.Random, names: str, data: str) -> dict[str, bytes]:
        found: dict[str, int | None] = dict(self.safe_names)
        for name, versions in self.history.items():
            choices = [self.safe_names.get(name), *versions]
            found[name] = choices[-1] if names == "last" else choices[0] if names == "first" else rng.choice(choices)
        return {name: self._content(rng, number, data) for name, number in found.items() if number is not None}

    def _content(self, rng: random.Random, number: int, data: str) -> bytes:
        writes, safe = self.writes[number], self.safe_writes[number]
        if data == "all":
            return b"".join(writes)
        if data == "none":
            return b"".join(writes[:safe])
        # Some of the others are there, the rest are holes, and the file may end anywhere.
        parts = writes[:safe] + [part if rng.random() < 0.5 else bytes(len(part)) for part in writes[safe:]]
        whole = b"".join(parts)
        shortest = sum(map(len, writes[:safe]))
        return whole[: rng.randint(shortest, len(whole))]


def article(number: int, text: str) -> Article:
    body = (f"{text}上海数字化转型", f"编号{number}" * 3)
    return Article(id=f"{number}.md", title=f"第{number}篇", paragraphs=body, source=f"来源{number % 2}")


STEPS: list[tuple[str, Callable[[cnsearch.Index, Path], object]]] = [
    ("add", lambda index, posts: index.add([article(n, "一") for n in range(3)])),
    ("add more", lambda index, posts: index.add([article(n, "二") for n in range(3, 6)])),
    ("change", lambda index, posts: index.add([article(1, "三"), article(9, "北京")])),
    ("delete", lambda index, posts: index.delete(["0.md", "4.md"])),
    ("merge", lambda index, posts: begin(index._backend.store).settle(100)),
    ("update", lambda index, posts: index.update(posts, jobs=1)),
    ("rebuild", lambda index, posts: cnsearch.rebuild_index(index.path, posts, jobs=1)[0].close()),
    ("delete all", lambda index, posts: index.delete([f"{n}.md" for n in range(10)] + ["a.md", "b.md"])),
]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, contents: Any) -> tuple[list[Event], dict[str, Any]]:
    """(events, what the index shows after each step) of creating an index and of all steps."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "posts").mkdir()
    for name in "ab":
        (folder / f"posts/{name}.md").write_text(f"江豚 {name}", encoding="utf-8")
    path = folder / "index"
    log: list[Event] = [("begin", "create")]
    states: dict[str, Any] = {"nothing": None}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Recorder, "log", log, raising=False)
        patch.setattr(Recorder, "numbers", {}, raising=False)
        patch.setattr("cnsearch.store.opening.Folder", Recorder)
        with cnsearch.open_index(path, create=True) as index:
            log.append(("end", "create"))
            states["create"] = contents(path)
            for name, step in STEPS:
                log.append(("begin", name))
                step(index, folder / "posts")
                log.append(("end", name))
                index.refresh()
                states[name] = contents(path)
    return log, states


class Verdicts:
    """What came out of the power failing everywhere in a log."""

    def __init__(self) -> None:
        self.cases = 0
        self.folders: set[str] = set()
        self.wrong: list[str] = []


def fail_everywhere(
    log: list[Event], states: dict[str, Any], contents: Any, folder: Path, count: int, *, stop_at_first: bool = False
) -> Verdicts:
    """Let the power fail after every prefix of ``log``, ``count`` random times each, and look at what is left."""
    rng, verdicts = random.Random(11), Verdicts()
    done, begun = "nothing", "nothing"
    known: dict[str, Any] = {}
    for at in range(len(log) + 1):
        if at:
            kind, *what = log[at - 1]
            if kind == "begin":
                begun = what[0]
            elif kind == "end":
                done = what[0]
        disk = Disk(log[:at])
        for files in disk.outcomes(rng, count):
            verdicts.cases += 1
            digest = hashlib.blake2b(repr(sorted(files.items())).encode()).hexdigest()
            if digest not in known:
                known[digest] = _look(files, folder / str(len(known)), contents)
            found = known[digest]
            if not any(found == states[name] for name in (done, begun)):
                verdicts.wrong.append(f"after event {at} {log[at - 1][:2]}, {begun}: {str(found)[:200]}")
                if stop_at_first:
                    return verdicts
    verdicts.folders = set(known)
    return verdicts


def _look(files: dict[str, bytes], folder: Path, contents: Any) -> Any:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    try:
        return contents(folder)
    except cnsearch.CnsearchError as error:
        return f"{type(error).__name__}: {error}"


def test_every_loss_of_power_leaves_the_last_commit_or_the_new_one(
    recorded: Any, contents: Any, tmp_path: Path, soak: bool
) -> None:
    log, states = recorded
    verdicts = fail_everywhere(log, states, contents, tmp_path, 100 if soak else 1)
    assert verdicts.wrong == []
    assert verdicts.cases > 700
    assert len(verdicts.folders) > 100


def _without(log: list[Event], missing: Callable[[Event, dict[int, str], list[Event]], bool]) -> list[Event]:
    names = {event[2]: event[1] for event in log if event[0] == "create"}
    kept: list[Event] = []
    for at, event in enumerate(log):
        if not missing(event, names, log[at - 1 : at]):
            kept.append(event)
    return kept


SYNCS: dict[str, Callable[[Event, dict[int, str], list[Event]], bool]] = {
    "of a segment": lambda event, names, before: event[0] == "sync" and names[event[1]].endswith(".cnp"),
    "of the table of contents": lambda event, names, before: event[0] == "sync" and ".toc" in names[event[1]],
    "of the folder before the rename": lambda event, names, before: (
        event[0] == "sync folder" and before[0][0] != "rename"
    ),
    "of the folder after the rename": lambda event, names, before: (
        event[0] == "sync folder" and before[0][0] == "rename"
    ),
}


@pytest.mark.parametrize("missing", SYNCS)
def test_without_one_of_the_syncs_there_is_damage(recorded: Any, contents: Any, tmp_path: Path, missing: str) -> None:
    """So each sync is needed, and this simulation would notice if it were left out."""
    log, states = recorded
    poorer = _without(log, SYNCS[missing])
    assert len(poorer) <= len(log) - 6
    verdicts = fail_everywhere(poorer, states, contents, tmp_path, 3, stop_at_first=True)
    assert verdicts.wrong


def test_what_the_power_left_behind_goes_with_the_next_commit(recorded: Any, contents: Any, tmp_path: Path) -> None:
    log, _ = recorded
    rng = random.Random(12)
    for at in range(0, len(log), 7):
        files = next(Disk(log[:at]).outcomes(rng, 0))
        folder = tmp_path / str(at)
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        with cnsearch.open_index(folder, create=True) as index:
            index.add(article(100, "新"))
            listed = {entry.filename for entry in index._backend.store.commits.read().segments}
            toc = f"commit_{index._backend.store.generation()}.toc"
        assert {path.name for path in folder.iterdir()} == {toc, "MAIN_WRITELOCK", *listed}
        assert "100.md" in contents(folder)[0]
