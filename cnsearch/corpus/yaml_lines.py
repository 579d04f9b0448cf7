"""The lines of a front matter of YAML, read key by key.

Feeds write titles that are not YAML, and one such title must spoil no other key. A key with a plain value or a plain
list, as nearly all are, is read line by line; one that needs more (lists in brackets, nesting, quotes over several
lines) by a YAML library, and line by line if that refuses it.
"""

from __future__ import annotations

import re

from cnsearch.corpus.keys import KNOWN_KEYS, FrontMatter, bare
from cnsearch.corpus.text import unescape
from cnsearch.corpus.values import NULLS, RefusedError, yaml_value

#: Keys whose value is prose: a ``#`` in it begins no comment.
_PROSE_KEYS = frozenset("title subtitle description excerpt summary abstract 标题 副标题 摘要 描述 简介".split())
_TITLE_KEYS = frozenset(("title", "标题"))
_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,40})[ \t]*:(?:[ \t]+|$)")
#: ``date created:``, ``标题:``, ``"title":``, ``标题：``, ``title:a``
_WIDE_KEY = re.compile(
    r"""(?P<quote>["']?)(?P<key>[^\s:：#"'\[\]{}<>|`*,，。！？、-][^:：\n#"'\[\]{}<>|`*，。！？、]{0,39}?)"""
    r"""(?P=quote)[ \t]*"""
    r"(?P<colon>:(?:[ \t]+|$)|：[ \t]*|:(?!/))"
)
_ITEM = re.compile(r"[ \t]*-(?:[ \t]+|$)")
#: A line that closes a list or mapping of the lines before it.
_CLOSING = re.compile(r"[\]}][\]},]*[ \t]*(?:#.*)?")
_PAIR = re.compile(r"[A-Za-z_][\w-]{0,40}:(?:[ \t]|$)")
#: What a line of dialogue or prose ends with, and a value does not.
_SENTENCE_END = tuple("。！？；”…!?")


def read_lines(lines: list[str], *, closed: bool) -> tuple[FrontMatter, int]:
    """Read the lines of a front matter without its marks.

    closed  : it has its mark at the end, so its keys may be any
    Returns : what it says, and how many of the ``lines`` are front matter. If the mark at the end is there, all of them
        up to the last key (a title may go over several lines); after that key come only its items, indented lines and
        empty lines. A text between two rules (``---``) has no key: none.
    """
    chunks: list[tuple[str, str, list[str]]] = []
    known = last = 0
    prose = sure = False
    for index, line in enumerate(lines):
        first = line[:1]
        found = None if first in " \t-" else key_of_line(line, closed=closed, wide=not prose)
        if found is not None:
            chunks.append((*found, []))
            known, last = index + 1, index
            sure = sure or found[0].isascii() or bare(found[0]) in KNOWN_KEYS
            continue
        if not line.strip():
            pass
        elif chunks and (first in " \t" or _ITEM.match(line) or _CLOSING.fullmatch(line)):
            known = index + 1
        elif first == "#":
            pass
        elif not closed or not chunks:
            break
        else:
            prose = True
        if chunks:
            chunks[-1][2].append(line)
    if prose and not sure:  # people talking between two rules
        known = 0
    elif closed and 0 < known < len(lines) and (not _has_text(lines[known:]) or _is_yaml(lines[last:])):
        known = len(lines)
    return _values(chunks, known - last - 1) if known else FrontMatter(), known


def key_of_line(line: str, *, closed: bool, wide: bool = True) -> tuple[str, str] | None:
    """The key that a line begins with, and what follows.

    closed : the front matter has its mark at the end; without one there are only keys that we know
    wide   : a key may have spaces or Chinese in it, though we do not know it
    """
    found = _KEY.match(line)
    if found is not None:
        return (found[1], line[found.end() :].strip()) if closed or bare(found[1]) in KNOWN_KEYS else None
    found = _WIDE_KEY.match(line)
    if found is None:
        return None
    key, value = found["key"].strip(), line[found.end() :].strip()
    if bare(key) in KNOWN_KEYS:
        return key, value
    as_yaml = found["colon"] != "：" and (not value or found["colon"] != ":")
    return (key, value) if closed and wide and as_yaml and not value.endswith(_SENTENCE_END) else None


def _is_yaml(lines: list[str]) -> bool:
    """Whether a last value that goes on at the margin is closed there: ``title: "上⏎下"``."""
    try:
        return isinstance(yaml_value("\n".join(lines)), dict)
    except ValueError:
        return False


def _has_text(lines: list[str]) -> bool:
    return any(line.strip() and not line.startswith("#") for line in lines)


def _values(chunks: list[tuple[str, str, list[str]]], num_last: int) -> FrontMatter:
    """The front matter of keys, what stands behind each, and the lines after it, of the last one ``num_last``."""
    matter = FrontMatter()
    del chunks[-1][2][num_last:]
    for key, value, rest in chunks:
        if not _needs_yaml(key, value, rest) or not _put_yaml(matter, key, value, rest):
            values = _line_by_line(value, rest)
            is_list = not value or (value[0] == "[" and value[-1] == "]")
            matter.put(key, [unquoted(one) for one in values if one.strip() not in NULLS], is_list=is_list)
    return matter


def _needs_yaml(key: str, value: str, rest: list[str]) -> bool:
    """Whether a value is more than a scalar on one line or a plain list of them."""
    if value:
        first = value[0]
        if first in "[{|>" or (first in "&!" and value[-1] in "]}"):
            return True
        if rest and any(line.strip() and line[0] != "#" for line in rest):
            return True
        if first in "'\"":
            return value[-1] != first or (first == '"' and "\\" in value)
        return " #" in value and bare(key) not in _PROSE_KEYS
    for line in rest:
        if not line.strip():
            continue
        item = _ITEM.match(line)
        if item is None:
            return True
        text = line[item.end() :].strip()
        if text and (" #" in text or _PAIR.match(text) or (text[0] in "[{|>'\"" and text[-1] != text[0])):
            return True
    return False


def _put_yaml(matter: FrontMatter, key: str, value: str, rest: list[str]) -> bool:
    """Read one key as YAML; False if it is none."""
    if value.startswith(">") and bare(key) in _PROSE_KEYS - _TITLE_KEYS:
        value = "|" + value[1:]  # what was wrapped is joined as in a body: between Chinese characters without a space
    head = f"v: {value}" if value else "v:"
    try:
        table = yaml_value("\n".join([head, *rest]).expandtabs(4))
    except RefusedError as error:
        matter.refused = f'"{key}" in the front matter is read as plain text: {error}'
        return False
    except ValueError:
        return False
    if not isinstance(table, dict) or len(table) != 1:
        return False
    matter.put_value(key, table["v"])
    return True


def _line_by_line(value: str, rest: list[str]) -> list[str]:
    """The values of a key whose lines are taken as they come: a scalar over several lines, or a list."""
    if value and not rest and value[0] not in "[|>":
        return [value]
    open_scalar = value not in ("", "|", ">", "|-", ">-")
    parts: list[list[str]] = []
    if value.startswith("[") and value.endswith("]"):
        parts = [[item] for item in value[1:-1].split(",") if item.strip()]
    elif open_scalar:
        parts = [[value]]
    for line in rest:
        if _ITEM.match(line) and not open_scalar:
            parts.append([line[line.index("-") + 1 :]])
        elif line.strip():
            if parts:
                parts[-1].append(line.strip())
            else:
                parts.append([line.strip()])
                open_scalar = True
    return [" ".join(part) for part in parts]


def unquoted(value: str) -> str:
    """A scalar without its quotes, entities decoded.

    >>> unquoted("'It''s'"), unquoted('"a "b" c"'), unquoted('\"\"\"\"\"\"\"\\'x\\'\"\"\"\"\"\"\"'), unquoted("'80s")
    ("It's", 'a "b" c', 'x', "'80s")
    """
    value = value.strip()
    if value.startswith('""') and value.endswith('""'):
        value = value.strip('"')
    elif len(value) > 1 and value[0] == value[-1] == '"':
        return unescape(value[1:-1].replace('\\"', '"')).strip()
    if len(value) > 1 and value[0] == value[-1] == "'":
        value = value[1:-1].replace("''", "'")
    return unescape(value).strip()
