"""Bring the catalogues of messages up to date with the code: new messages come in empty, old ones go.

    python tools/messages.py --write     # then translate what is empty in cnsearch/faces/messages/*.po

Without ``--write`` it only says what is missing. Messages stand in Python as ``_("...")``, ``N_("...")``,
``say("...")``, ``count("...", "...")`` and ``_n("...", "...")``, in templates as ``_("...")`` and ``_n("...", "...")``,
and in ``messages/library.py``; the help of commands is one too.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import extract_from_ast

from cnsearch.faces.cli.learning import CLICK
from cnsearch.faces.cli.learning import messages as help_texts
from cnsearch.faces.cli.program import cli
from cnsearch.faces.messages.library import LIBRARY, WORDS

ROOT = Path(__file__).parents[1]
FACES = ROOT / "cnsearch" / "faces"
CATALOGUES = FACES / "messages"
ONE, MANY = ("_", "_m", "N_", "say"), ("count", "_n")

Message = str | tuple[str, str]
"""A message, or its forms for one and for many."""


def messages() -> dict[Message, list[str]]:
    """Every message, with the files in which it stands, in their order."""
    found: dict[Message, list[str]] = {}
    for path in sorted(FACES.rglob("*.py")):
        for message in in_python(path.read_text(encoding="utf-8")):
            found.setdefault(message, []).append(path.relative_to(ROOT).as_posix())
    for path in sorted((FACES / "web" / "templates").iterdir()):
        for message in in_template(path.read_text(encoding="utf-8")):
            found.setdefault(message, []).append(path.relative_to(ROOT).as_posix())
    for message in (*LIBRARY, *WORDS):
        found.setdefault(message, []).append("cnsearch/faces/messages/library.py")
    for message in (*help_texts(cli), *CLICK):
        found.setdefault(message, []).append("cnsearch/faces/cli/learning.py")
    return {message: list(dict.fromkeys(files)) for message, files in found.items()}


def in_python(text: str) -> Iterator[Message]:
    """The messages of a module: literal arguments of the functions that say them."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        is_method = isinstance(node.func, ast.Attribute)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if (is_method or name in ("_", "N_")) and name in ONE and node.args:
            yield from _literals(node.args[0])
        elif name in MANY and len(node.args) >= 2:
            forms = [next(_literals(argument), "") for argument in node.args[:2]]
            if all(forms):
                yield forms[0], forms[1]


def _literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


def in_template(text: str) -> Iterator[Message]:
    """The messages of a template."""
    parsed = Environment(trim_blocks=True, lstrip_blocks=True).parse(text)
    for _, function, found in extract_from_ast(parsed, (*ONE, *MANY)):
        texts = [one for one in ([found] if isinstance(found, str) else found or ()) if one]
        if function in MANY and len(texts) >= 2:
            yield texts[0], texts[1]
        elif texts:
            yield texts[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po, write_po

    missing = 0
    for path in sorted(CATALOGUES.glob("*.po")):
        before = read_po(BytesIO(path.read_bytes()), locale=path.stem)
        after = Catalog(locale=path.stem, project="cnsearch", charset="utf-8", header_comment="", fuzzy=False)
        for message, files in messages().items():
            known = before.get(message if isinstance(message, str) else message[0])
            after.add(message, known.string if known else "", [(file, None) for file in files])
            if not (known and known.string and all(known.string)):
                missing += 1
                print(f"{path.name}: {message}")
        if write:
            stream = BytesIO()
            write_po(stream, after, width=110, omit_header=False, include_lineno=False)
            lines = stream.getvalue().decode("utf-8").splitlines()
            dated = ("POT-Creation-Date", "PO-Revision-Date", "Last-Translator", "Language-Team", "Generated-By")
            kept = [line for line in lines if not line.startswith(tuple(f'"{name}' for name in dated))]
            path.write_text("\n".join(kept).strip() + "\n", encoding="utf-8")
    return 1 if missing and not write else 0


if __name__ == "__main__":
    sys.exit(main())
