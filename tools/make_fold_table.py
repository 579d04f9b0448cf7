#!/usr/bin/env python3
"""Make cnsearch/analysis/fold_table.txt: the characters that folding changes, and what they become.

    pip install opencc && python tools/make_fold_table.py

The table is a file, not computed at start-up, for two reasons: reading it takes a millisecond, and an index means the
same under every Python (whose Unicode tables differ from version to version).

Traditional to simplified is the character table of OpenCC (https://github.com/BYVoid/OpenCC, Apache License 2.0),
asked for one character at a time; widths and compatibility forms are Unicode's NFKC where it gives one character;
Latin and Greek letters lose their marks.
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

# Radicals of dictionaries, which PDF files have in place of the characters: Unicode's EquivalentUnifiedIdeograph
# (https://www.unicode.org/Public/UCD/latest/ucd/EquivalentUnifiedIdeograph.txt) for the block CJK Radicals Supplement.
# Those of the Kangxi block are decomposed by NFKC.
RADICALS = (
    "⺁厂⺂乛⺃乚⺄乙⺅亻⺆冂⺇𠘨⺈刀⺉刂⺊卜⺋㔾⺌小⺍小⺎兀⺏尣⺐尢⺑𡯂⺒巳⺓幺⺔彑⺕彐⺖忄⺗心⺘扌⺙攵⺛旡⺜日⺝月⺞歺⺟母⺠民"
    "⺡氵⺢氺⺣灬⺤爫⺥爫⺦丬⺧牛⺨犭⺩王⺪𤴔⺫目⺬示⺭礻⺮𥫗⺯糹⺰纟⺱罓⺲罒⺳㓁⺴冗⺵𦉫⺶羊⺷𦍌⺸𦍋⺹耂⺺肀⺻聿⺼肉⺽𦥑⺾艹"
    "⺿艹⻀艹⻁虎⻂衤⻃覀⻄西⻅见⻆角⻇𧢲⻈讠⻉贝⻊𧾷⻋车⻌辶⻍辶⻎辶⻏邑⻐钅⻑長⻒镸⻓长⻔门⻕𨸏⻖阝⻗雨⻘青⻙韦⻚页⻛风⻜飞"
    "⻝食⻞𩙿⻟飠⻠饣⻡𩠐⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀⻳龟"
)
# Characters that OpenCC leaves alone. Each pair is one word's two spellings wherever people use both; left out are
# those that would take a word for another (祇 is also that of 神祇, 甯 a surname, 喆 and 堃 are of given names). What
# depends on the characters beside it (著, 瞭, 藉) is in cnsearch/analysis/variants.py.
VARIANTS = (
    "锺钟妳你牠它甦苏馀余衹只汚污尅克戸户呉吴姉姊砲炮礮炮菓果葢盖衞卫覇霸廻回囘回郞郎隣邻鑚钻阬坑隷隶隄堤鴈雁霛灵鬰郁麤粗粧妆囯国囙因"
    "亜亚喩喻痺痹韮韭搾榨勗勖"
)
# Letters that Unicode does not decompose into a plain one and a mark.
LETTERS = "øođdłlħhŧtıiɨiŀlſsẛsёе"


def without_marks(char: str) -> str:
    """A Latin or Greek letter without its marks: é and ǖ are typed as e and u."""
    base, *marks = unicodedata.normalize("NFD", char)
    base = dict(zip(LETTERS[::2], LETTERS[1::2], strict=True)).get(base, base)
    plain = (base.isascii() and base.isalpha()) or "\u0370" <= base <= "\u03ff"
    return base if plain and all(unicodedata.combining(mark) for mark in marks) else char


def fold_once(char: str, simplify: "opencc.OpenCC", marks: dict[str, str]) -> str:
    for step in (
        lambda c: unicodedata.normalize("NFKC", c),
        str.lower,
        without_marks,
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
    for pairs_of in (RADICALS, VARIANTS, LETTERS):
        marks.update(zip(pairs_of[::2], pairs_of[1::2], strict=True))
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
