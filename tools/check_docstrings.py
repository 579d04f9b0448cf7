"""Find public functions without a docstring, or with arrays of no shape or dtype: `python tools/check_docstrings.py`.

A function is public if neither its name nor that of a class or module around it begins with an underscore. It needs a
docstring; if an array goes in or comes out, the shape must be said and the dtype, which the annotation may say
(`npt.NDArray[np.int64]`). An alias (`Mask = npt.NDArray[np.bool_]`) that has these in a string below it speaks for all
that are annotated with it. A method that carries out the contract of a base class is documented there: that of a class
or Protocol of ours has the docstring, those of Whoosh and of Python have their own documents.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
DTYPE = re.compile(r"\b(u?int(8|16|32|64)|float(32|64)|bool|dtype|unsigned|bytes)\b")
SHAPE = re.compile(r"\bshape\b|\bshapes\b")


def main() -> int:
    """Print what is missing; the exit code says whether anything is."""
    sys.path.insert(0, str(ROOT))
    found = [line for path in sorted((ROOT / "cnsearch").rglob("*.py")) for line in findings(path)]
    print("\n".join(found) or "docstrings: all public functions have what they need")
    return bool(found)


def findings(path: Path) -> Iterator[str]:
    """What is missing in one file, a line each."""
    module = _module_name(path)
    if any(part.startswith("_") and part != "__init__" for part in module.split(".")):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = _documented_aliases(path)
    for owner, function in _public_functions(tree):
        where = f"{path.relative_to(ROOT)}:{function.lineno}: {owner + '.' if owner else ''}{function.name}"
        text = ast.get_docstring(function) or _inherited(module, owner, function.name)
        if not text:
            yield f"{where} has no docstring"
            continue
        arrays = [note for note in _annotations(function) if _is_array(note, told) and not _is_told(note, told)]
        if arrays and not SHAPE.search(text):
            yield f"{where}: the docstring gives no shape"
        if any("Any]" in note or "[" not in note for note in arrays) and not DTYPE.search(text):
            yield f"{where}: neither annotation nor docstring gives the dtype"


def _module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _public_functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Functions of the module and methods of its classes, with the class's name."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield "", node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for inner in node.body:
                if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) or inner.name.startswith("_"):
                    continue
                if not any("overload" in ast.unparse(mark) for mark in inner.decorator_list):
                    yield node.name, inner


def _annotations(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    notes = [argument.annotation for argument in given] + [function.returns]
    return [ast.unparse(note).strip("'\"") for note in notes if note is not None]


@cache
def _documented_aliases(path: Path) -> dict[str, bool]:
    """The aliases of arrays that a file knows: name -> whether a string below it says shape and dtype."""
    told: dict[str, bool] = {}
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for node, below in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and "NDArray[" in ast.unparse(node):
            text = (
                str(below.value.value) if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else ""
            )
            dtype = DTYPE.search(text) or "Any]" not in ast.unparse(node.value)
            told[node.targets[0].id] = bool(SHAPE.search(text) and dtype)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cnsearch."):
            source = _path_of(str(node.module))
            names = {alias.asname or alias.name: alias.name for alias in node.names if alias.name[:1].isupper()}
            if names and source != path:
                theirs = _documented_aliases(source)
                told.update({name: theirs[theirs_name] for name, theirs_name in names.items() if theirs_name in theirs})
    return told


def _path_of(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"


def _is_array(note: str, told: dict[str, bool]) -> bool:
    return "NDArray[" in note or "ndarray" in note or any(re.search(rf"\b{name}\b", note) for name in told)


def _is_told(note: str, told: dict[str, bool]) -> bool:
    return "NDArray[" not in note and any(said and re.search(rf"\b{name}\b", note) for name, said in told.items())


def _inherited(module: str, owner: str, name: str) -> str:
    """The docstring of a method in a base class."""
    if not owner:
        return ""
    kind = getattr(importlib.import_module(module), owner, None)
    for base in getattr(kind, "__mro__", ())[1:]:
        if name in vars(base):
            member = vars(base)[name]
            own = base.__module__.partition(".")[0] == "cnsearch"
            return inspect.getdoc(getattr(member, "fget", None) or member) or ("" if own else "documented elsewhere")
    return ""


if __name__ == "__main__":
    sys.exit(main())
