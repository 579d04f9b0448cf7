"""The imports in the code are those of the table in ARCHITECTURE.md, and point downwards."""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Container
from pathlib import Path

ROOT = Path(__file__).parents[1]
FACES = {"__init__", "__main__"}  # they import what they show


def documented() -> dict[str, tuple[set[str], set[str]]]:
    """room -> (rooms, packages), in the order of the table."""
    rows = {}
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = text[text.index("| room |") :].partition("\n\n")[0]
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if cells[0] not in ("room", "---"):
            rooms, packages = ({name for name in cell.split(", ") if name} for cell in cells[1:])
            rows[cells[0]] = (rooms, packages)
    return rows


def in_code() -> dict[str, tuple[set[str], set[str]]]:
    own: dict[str, set[str]] = defaultdict(set)
    foreign: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "cnsearch").rglob("*.py"):
        room = path.relative_to(ROOT / "cnsearch").with_suffix("").parts[0]
        own[room]  # a room without imports counts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module == "cnsearch":
                names = [f"cnsearch.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            for name in names:
                first, _, rest = name.partition(".")
                if first == "cnsearch" and rest:
                    own[room].add(rest.partition(".")[0])
                elif first not in sys.stdlib_module_names:
                    foreign[room].add(first)
    return {room: (own[room] - {room}, foreign[room]) for room in own if room not in FACES}


def test_imports_are_those_of_the_table() -> None:
    assert in_code() == documented()


def test_imports_point_downwards() -> None:
    rooms = list(documented())
    for room, (below, _) in documented().items():
        assert below <= set(rooms[: rooms.index(room)]), room


def test_no_file_imports_itself_by_way_of_others() -> None:
    files = {module_of(path): path for path in (ROOT / "cnsearch").rglob("*.py")}
    imports = {module: imported(path, files) - {module} for module, path in files.items()}
    left = dict(imports)
    while ends := [module for module, below in left.items() if not below & left.keys()]:
        for module in ends:
            del left[module]
    while tops := left.keys() - {below for module in left for below in imports[module]}:
        for module in tops:
            del left[module]
    assert not left, "these import one another: " + ", ".join(sorted(left))


def module_of(path: Path) -> str:
    """Its dotted name; of a package that of the folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path, files: Container[str]) -> set[str]:
    """The modules of the house that a file names, also inside functions and for types only."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in files else node.module for name in names}
    return {name for name in found if name in files}


def test_searching_does_not_load_what_only_others_need() -> None:
    indexing = ("bs4", "feedparser", "lxml", "loky", "markdown_it", "pathspec", "tomli", "watchfiles", "yaml")
    slow = ("concurrent.futures", "difflib", "email", "importlib.metadata", "logging", "zipfile")
    later = ("engine.commit.writer", "search.correct", "search.explain", "search.similar", "search.snippet",
             "search.suggest", "store.verify")  # fmt: skip
    heavy = (*indexing, "jinja2", "starlette", "uvicorn", *slow, *(f"cnsearch.{module}" for module in later))
    faces = "cnsearch.faces.cli.program, cnsearch.faces.terminal"
    code = f"import sys, {faces}; print(*(m for m in {heavy} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
