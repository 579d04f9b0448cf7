#!/usr/bin/env python3
"""Make cnsearch/analysis/fold_table.txt: the characters that folding changes, and what they become.

    pip install opencc && python tools/make_fold_table.py

The table is a file, not computed at start-up, for two reasons: reading it takes a millisecond, and an index means the
same under every Python (whose Unicode tables differ from version to version).

Traditional to simplified is the character table of OpenCC (https://github.com/BYVoid/OpenCC, Apache License 2.0),
asked for one character at a time; widths and compatibility forms are Unicode's NFKC where it gives one character.
"""

import sys
import unicodedata
from pathlib import Path

import opencc

TABLE = Path(__file__).parents[1] / "cnsearch" / "analysis" / "fold_table.txt"

# Marks that writers and input methods use for one another. Corner brackets are the quotation marks of traditional text.
SAME_MARKS = {
    '"': "“”„‟〝〞〟「」『』﹁﹂﹃﹄",
    "'": "‘’‚‛",
    "-": "‐‑‒–—―−",
    "·": "•‧・⋅∙",
    "~": "〜～",
}


def fold_once(char: str, simplify: "opencc.OpenCC", marks: dict[str, str]) -> str:
    for step in (
        lambda c: unicodedata.normalize("NFKC", c),
        str.lower,
        simplify.convert,
        lambda c: marks.get(c, c),
    ):
        changed = step(char)
        if len(changed) == 1:
            char = changed
    return char


def main() -> None:
    simplify = opencc.OpenCC("t2s")
    marks = {variant: mark for mark, variants in SAME_MARKS.items() for variant in variants}
    pairs = []
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if 0xD800 <= code <= 0xDFFF:
            continue  # half of a pair: cannot stand in a file; the loader maps all of them to U+FFFD
        folded = char
        while (again := fold_once(folded, simplify, marks)) != folded:
            folded = again
        if folded != char:
            pairs.append(char + folded)
    head = (
        "# Made by tools/make_fold_table.py; do not edit. Pairs, nothing between: a character, what it becomes.\n"
        f"# Unicode {unicodedata.unidata_version}; OpenCC {opencc.__version__} (Apache License 2.0)\n"
    )
    lines = ["".join(pairs[at : at + 40]) + "\n" for at in range(0, len(pairs), 40)]
    TABLE.write_text(head + "".join(lines), encoding="utf-8")
    print(f"{len(pairs)} characters, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
