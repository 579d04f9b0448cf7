"""How the text of a run of words is cut: into coarse tokens, and these into what is looked for as one.

What the dictionary does not know is cut into single characters, which say nothing one by one: such a run (95后, 歼-20,
a name, a part of a longer word) is looked for as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from cnsearch.analysis.reading import read
from cnsearch.analysis.scripts import CJK, CJK_RUN, HAN, HAN_CHAR, WORD
from cnsearch.analysis.tokenizer import Token, WordTokenizer
from cnsearch.patterns import late
from cnsearch.query.asking import ASKING, GRAMMAR

UNSPACED_SENTENCE = 8
"""So many words without a space between them are a sentence; fewer may name one thing (自动提取代码库标签)."""

Group = Sequence[Token]
"""The tokens at one position: the parts of a coarse token, then itself."""
Texts = tuple[str, ...]
"""Theirs."""


def grouped(text: str, tokenizer: WordTokenizer) -> list[Group]:
    """The tokens of a folded text, those of one coarse token together.

    >>> [texts_of(group) for group in grouped("人工智能 S-300".lower(), WordTokenizer())]
    [('人工', '智能', '人工智能'), ('s', 's300', '300', 's-300')]
    """
    groups: dict[int, list[Token]] = {}
    for token in tokenizer.tokens(text):
        groups.setdefault(token.position, []).append(token)
    return list(groups.values())


def texts_of(group: Group) -> Texts:
    """The texts of the tokens."""
    return tuple(token.text for token in group)


def closed_up(text: str, tokenizer: WordTokenizer, *, apart: bool = False) -> str:
    """A spaced-out run (数 字 化) closed up where that makes words of half of its characters; else these are keywords
    each. And, unless ``apart``, one character beside one letter or a number: ``with_lone_chars``.

    >>> closed_up("数 字 化 转 型", WordTokenizer()), closed_up("鼎 猫 灯", WordTokenizer())
    ('数字化转型', '鼎 猫 灯')
    """
    text = text if apart else with_lone_chars(text)
    reading = read(text)
    if not reading.shifted:
        return text
    chinese = [word for word in tokenizer.coarse(reading.text)[0] if HAN_CHAR.search(word)]
    in_words = sum(len(word) for word in chinese if len(word) > 1)
    return reading.text if 2 * in_words > sum(map(len, chinese)) else text


_BARE = re.compile(r"[a-z]|[0-9]{1,4}")
_LATIN_END = re.compile(r"[a-z]$")


def with_lone_chars(text: str) -> str:
    """A Chinese character alone beside a letter alone, or a number that belongs to no word before it, joined to it.

    >>> with_lone_chars("u 盘 数据"), with_lone_chars("9 月 1 日"), with_lone_chars("iphone 14 壳")
    ('u盘 数据', '9月1日', 'iphone 14 壳')
    """
    chunks = text.split(" ")
    found = chunks[:1]
    for at, (before, chunk) in enumerate(pairwise(chunks)):
        bare, char = (before, chunk) if HAN_CHAR.fullmatch(chunk) else (chunk, before)
        if char in GRAMMAR or char in ASKING:
            found.append(chunk)
            continue
        named = bare is before and at and bare.isdigit() and _LATIN_END.search(chunks[at - 1])
        if HAN_CHAR.fullmatch(char) and _BARE.fullmatch(bare) and not named:
            found[-1] += chunk
        else:
            found.append(chunk)
    return " ".join(found)


_CHUNK = late(rf"(?<!\S)[{CJK}{WORD}\-_.]+(?!\S)")


def with_loose_runs(text: str, groups: Sequence[Group]) -> tuple[list[Texts], set[str]]:
    """The texts of the coarse tokens, but a loose run (``is_loose``) as one; and the loose runs.

    >>> with_loose_runs("95后 数字化", grouped("95后 数字化", WordTokenizer()))
    ([('95后',), ('数字', '数字化')], {'95后'})
    """
    if not any(len(group[-1].text) == 1 and HAN_CHAR.match(group[-1].text) for group in groups):
        return list(map(texts_of, groups)), set()  # a loose run has a Chinese character alone
    coarse: list[Texts] = []
    loose: set[str] = set()
    ends = _run_ends(text)
    at = 0
    while at < len(groups):
        first, taken, texts = groups[at][-1].start, 1, texts_of(groups[at])
        for end, whole in ends.get(first, ()):
            inside = _starting_before(groups, at, end)
            written = text[first : inside[-1][-1].end]
            if is_loose([texts_of(group) for group in inside], written, whole=whole):
                texts, taken = (written,), len(inside)
                loose.add(written)
                break
        coarse.append(texts)
        at += taken
    return coarse, loose


def _run_ends(text: str) -> dict[int, list[tuple[int, bool]]]:
    """Where runs start that may be loose, each with where it ends, and whether white space is around: what stands
    between spaces, and Chinese characters side by side."""
    ends: dict[int, list[tuple[int, bool]]] = {}
    for pattern in (_CHUNK, CJK_RUN):
        for match in pattern.finditer(text):
            ends.setdefault(match.start(), []).append((match.end(), pattern is _CHUNK))
    return ends


def _starting_before(groups: Sequence[Group], at: int, end: int) -> Sequence[Group]:
    """The group at ``at``, and those after it that start before ``end``."""
    stop = at + 1
    while stop < len(groups) and groups[stop][-1].start < end:
        stop += 1
    return groups[at:stop]


def is_loose(groups: Sequence[Texts], written: str, *, whole: bool) -> bool:
    """Whether tokens, which are all of ``written``, say nothing one by one: single Chinese characters, and mixed tokens
    between them. One token alone is loose only if white space is around (``whole``).

    >>> is_loose([("95",), ("后",)], "95后", whole=True), is_loose([("后",)], "后", whole=False)
    (True, False)
    """
    if not HAN_CHAR.search(written) or (len(groups) == 1 and not whole):
        return False
    if not all(len(group[-1]) == 1 or not HAN_CHAR.search(group[-1]) for group in groups):
        return False
    return sum(len(group[-1]) for group in groups) + written.count("-") + written.count("_") >= len(written)


_EDGE = late(rf"(?<=[{HAN}])(?=[a-z0-9])|(?<=[a-z0-9])(?=[{HAN}])")


def spaced(written: str) -> str:
    """A text with a space wherever Chinese and other characters meet.

    >>> spaced("u盘"), spaced("歼-20")
    ('u 盘', '歼-20')
    """
    return _EDGE.sub(" ", written)


def is_sentence(text: str, groups: Sequence[Group]) -> bool:
    """Whether words that ask are among three words or more, or eight stand without a space between them.

    >>> [is_sentence(text, grouped(text, WordTokenizer())) for text in ("人工智能是什么", "什么数字", "人工智能 芯片")]
    [True, False, False]
    """
    wholes = [group[-1] for group in groups]
    if any(word.text in ASKING for word in wholes):
        return len(wholes) > 2
    in_one = longest = 1
    for before, word in pairwise(wholes):
        between = text[before.end : word.start]
        in_one = 1 if between.isspace() and HAN_CHAR.search(before.text + word.text) else in_one + 1
        longest = max(longest, in_one)
    return longest >= UNSPACED_SENTENCE
