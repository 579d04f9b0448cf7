"""Find public functions without a docstring, or with arrays of no shape or dtype: `python tools/check_docstrings.py`.

A function is public if neither its name nor that of a class or module around it begins with an underscore. It needs a
docstring; if an array goes in or comes out, the shape must be said, and the dtype, unless the annotation has it
(`npt.NDArray[np.int64]`). An alias (`Mask = npt.NDArray[np.bool_]`) speaks for all that are annotated with it: with its
dtype, and with a string below it that says the shape. A method that carries out the contract of a base class is
documented there: that of a class or Protocol of ours has the docstring, those of Whoosh and of Python have their own
documents.
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
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGE = "cnsearch"
DTYPE = re.compile(r"\b(integers|u?int(8|16|32|64|p)|float(32|64)|bool|dtype|unsigned|bytes)\b")
SHAPE = re.compile(r"\bshapes?\b", re.IGNORECASE)

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Said(NamedTuple):
    """What an annotation says of the array that it stands for."""

    shape: bool
    dtype: bool


def main() -> int:
    """Print what is missing; the exit code says whether anything is."""
    found = [line for path in sorted((ROOT / PACKAGE).rglob("*.py")) for line in findings(path, ROOT)]
    print("\n".join(found) or "docstrings: all public functions have what they need")
    return bool(found)


def findings(path: Path, root: Path) -> Iterator[str]:
    """What is missing in one file of a package that lies in ``root``, a line each. Imports the file's module if a
    method without a docstring may have one in a base class."""
    module = _module_name(path, root)
    if any(part.startswith("_") for part in module.split(".")):
        return
    tree = _parsed(path)
    aliases = _aliases(path, root)
    for owner, function in _public_functions(tree):
        where = f"{path.relative_to(root)}:{function.lineno}: {owner + '.' if owner else ''}{function.name}"
        text = ast.get_docstring(function) or (owner and _inherited(module, owner, function.name, root))
        if not text:
            yield f"{where} has no docstring"
            continue
        said = [of for note in _annotations(function) if (of := _said(note, aliases)) is not None]
        if not all(of.shape for of in said) and not SHAPE.search(text):
            yield f"{where}: the docstring gives no shape"
        if not all(of.dtype for of in said) and not DTYPE.search(text):
            yield f"{where}: neither annotation nor docstring gives the dtype"


def _module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _public_functions(tree: ast.Module) -> Iterator[tuple[str, _Function]]:
    """Functions of the module and methods of its classes, with the class's name."""
    for node in tree.body:
        if isinstance(node, _Function) and not node.name.startswith("_"):
            yield "", node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for inner in node.body:
                if isinstance(inner, _Function) and not inner.name.startswith("_") and not _is_part(inner):
                    yield node.name, inner


def _is_part(function: _Function) -> bool:
    """One of several definitions of which another has the docstring: an overload, or the setter of a property."""
    marks = [ast.unparse(mark) for mark in function.decorator_list]
    return any("overload" in mark or mark == f"{function.name}.setter" for mark in marks)


def _annotations(function: _Function) -> list[str]:
    args = function.args
    given = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    notes = [argument.annotation for argument in given if argument is not None] + [function.returns]
    return [ast.unparse(note).strip("'\"") for note in notes if note is not None]


def _said(note: str, aliases: dict[str, Said]) -> Said | None:
    """What an annotation says; None if no array is in it."""
    kinds = re.findall(r"\b(?:NDArray|ndarray)\b(\[np\.\w+\])?", note)
    found = [Said(shape=False, dtype=bool(kind)) for kind in kinds]
    found += [said for name, said in aliases.items() if re.search(rf"(?<![\w.]){name}\b", note)]
    return Said(all(said.shape for said in found), all(said.dtype for said in found)) if found else None


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _aliases(path: Path, root: Path) -> dict[str, Said]:
    """The names of arrays that a file knows: its own, and those it imports."""
    names = [*_imported(path), *(name for name, _, _ in _assigned(path))]
    return {name: said for name in names if (said := _alias(path, name, root)) is not None}


@cache
def _alias(path: Path, name: str, root: Path) -> Said | None:
    """What a name of a file says of the array that it stands for; None if it stands for something else."""
    for target, value, below in _assigned(path):
        if target == name:
            inner = {word for word in re.findall(r"\w+", value) if word != name}
            said = _said(value, {word: of for word in inner if (of := _alias(path, word, root)) is not None})
            if said is None:
                return None
            return Said(said.shape or bool(SHAPE.search(below)), said.dtype or bool(DTYPE.search(below)))
    module, original = _imported(path).get(name, ("", ""))
    source = _path_of(module, root) if module else None
    return None if source is None else _alias(source, original, root)


@cache
def _imported(path: Path) -> dict[str, tuple[str, str]]:
    """name -> (module, its name there), wherever the import stands."""
    nodes = [node for node in ast.walk(_parsed(path)) if isinstance(node, ast.ImportFrom)]
    return {each.asname or each.name: (node.module or "", each.name) for node in nodes for each in node.names}


@cache
def _assigned(path: Path) -> list[tuple[str, str, str]]:
    """(name, type, the string below) of what may be a name of a type."""
    found = []
    body = _parsed(path).body
    for node, below in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _is_type(node.value):
            is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            found.append((node.targets[0].id, ast.unparse(node.value), str(below.value.value) if is_text else ""))
    return found


def _is_type(value: ast.expr) -> bool:
    """Whether what stands behind a name can be a type: ``npt.NDArray[...]``, ``Ints | None``, ``dict[str, Ints]``."""
    return isinstance(value, ast.Subscript | ast.BinOp | ast.Name | ast.Attribute)


def _path_of(module: str, root: Path) -> Path | None:
    path = root.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if module and file.is_file()), None)


def _inherited(module: str, owner: str, name: str, root: Path) -> str:
    """The docstring of a method in a base class; of a base that is not of the package, that it is documented there."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    kind = getattr(importlib.import_module(module), owner)
    for base in kind.__mro__[1:]:
        if name in vars(base):
            member = vars(base)[name]
            is_own = base.__module__.partition(".")[0] == module.partition(".")[0]
            return inspect.getdoc(getattr(member, "fget", None) or member) or ("" if is_own else "documented elsewhere")
    return ""


if __name__ == "__main__":
    sys.exit(main())
