"""The front matter of a post: YAML between rules, Hexo's without the first rule, TOML, JSON, Logseq's properties."""

from __future__ import annotations

import json
import re
from textwrap import dedent

from cnsearch.corpus.keys import KNOWN_KEYS, FrontMatter, bare
from cnsearch.corpus.values import MOST_CHARS, json_object, toml_table
from cnsearch.corpus.yaml_lines import key_of_line, read_lines, unquoted

_MARK = re.compile(r"-{3,}[ \t]*")
_END_MARK = re.compile(r"^(?:-{3,}|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_HEXO_MARK = re.compile(r"(?:-{3,}|;{3,})[ \t]*")
_TOML_MARK = re.compile(r"\+\+\+[ \t]*\r?(?:\n|\Z)")
_TOML_END = re.compile(r"^\+\+\+[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
_TOML_LINE = re.compile(r"[ \t]*(?:#|\[|[\w.\"'-]{1,60}[ \t]*=|\r?$)")
_JSON = re.compile(r"\{\s{0,100}\"[^\"\n]{1,60}\"\s{0,9}:")

_PROPERTY = re.compile(r"(?:-[ \t]+)?([^\s:`#*>\[|-][^:\n`]{0,40})::(?:[ \t]+|$)")
#: What a front matter without rules begins with, and what else it has.
_FIRST_KEYS = (["title"], ["标题"], ["標題"])
_SURE_KEYS = frozenset("date category categories tags slug author status modified 日期 分类 标签".split())
#: Lines of a front matter: more are a body.
_MOST_LINES = 1000


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """Split a post into its front matter and its body.

    text : the whole file, decoded; empty lines and a byte order mark before the front matter are allowed
    Returns: what the front matter says, and the rest. Without front matter the rest is ``text``. With a front matter
        that never ends, the body begins at the first line that is neither a known key nor an item of a list. With TOML
        or JSON beyond 256 K characters it is ``too_large`` and has no keys.
    Raises : nothing, on any text

    >>> split_front_matter("---\\ntitle: 'a: b'\\ncategories:\\n - 金融\\n - 每经网\\n---\\n正文")
    ({'title': ['a: b'], 'categories': ['金融', '每经网']}, '正文')
    >>> split_front_matter('+++\\ntitle = "a"\\ntags = ["b", "c"]\\n+++\\n正文')
    ({'title': ['a'], 'tags': ['b', 'c']}, '正文')
    """
    start = _skip_empty_lines(text)
    line, at = _line(text, start)
    if _MARK.fullmatch(line):
        return _ruled(text, at)
    first = line[:1]
    if first == "+":
        found = _toml(text, start)
    elif first == "{":
        found = _json(text, start)
    else:
        found = _properties(text, start) if "::" in line else None
        if found is None and (":" in line or "：" in line or line.startswith(";;;")):
            found = _without_first_rule(text, at if line.startswith(";;;") else start) or _without_rules(text, start)
    return (FrontMatter(), text) if found is None else found


def _skip_empty_lines(text: str) -> int:
    at = 0
    while at < len(text) and (text[at].isspace() or text[at] == "\ufeff"):
        at += 1
    return at


def _line(text: str, start: int) -> tuple[str, int]:
    """The line at ``start`` without its end, and where the next one begins."""
    end = text.find("\n", start)
    if end < 0:
        return text[start:], len(text)
    return text[start : end - 1 if text[end - 1] == "\r" else end], end + 1


# YAML


def _ruled(text: str, at: int) -> tuple[FrontMatter, str]:
    """Front matter whose first rule ends at ``at``."""
    mark = _END_MARK.search(text, at)
    written = text[at : mark.start() if mark else len(text)].split("\n")
    if not written[-1]:
        written.pop()
    closed = mark is not None and len(written) < _MOST_LINES
    del written[_MOST_LINES:]
    lines = [line.removesuffix("\r") for line in written]
    if lines and lines[0][:1] in " \t" and key_of_line(lines[0].lstrip(), closed=False):
        lines = dedent("\n".join(lines)).split("\n")
    matter, num_lines = read_lines(lines, closed=closed)
    if mark is not None and closed and num_lines == len(lines):
        return matter, text[mark.end() + 1 :]
    if not num_lines:
        return FrontMatter(), text
    return matter, text[at + sum(map(len, written[:num_lines])) + num_lines :]


# The other forms


def _without_first_rule(text: str, start: int) -> tuple[FrontMatter, str] | None:
    """Hexo's keys that end with ``---``, or its JSON that ends with ``;;;``, with no rule before them.

    Every line up to the mark is a key, an item, indented or empty, and the first key is one that we know.
    """
    first, _ = _line(text, start)
    head = first.lstrip().removeprefix('"').removeprefix("'")
    if key_of_line(head.replace('":', ":", 1), closed=False) is None:
        return None
    lines: list[str] = []
    at = start
    while at < len(text) and len(lines) < _MOST_LINES:
        line, after = _line(text, at)
        if _HEXO_MARK.fullmatch(line):
            if line[0] == ";":
                return _hexo_json(text[start:at], text[after:])
            matter, num_lines = read_lines(lines, closed=False)
            return (matter, text[after:]) if num_lines == len(lines) else None
        if not (line[:1].isspace() or not line or line[0] in "-#]}\"'" or key_of_line(line, closed=True)):
            return None
        lines.append(line)
        at = after
    return None


def _without_rules(text: str, start: int) -> tuple[FrontMatter, str] | None:
    """Keys that an empty line ends: MultiMarkdown's and Pelican's. The first is the title, another sure."""
    lines: list[str] = []
    keys: list[str] = []
    at = start
    while at < len(text) and len(lines) < _MOST_LINES:
        line, at = _line(text, at)
        if not line.strip():
            break
        if not (lines and line.startswith((" ", "\t"))):
            found = key_of_line(line, closed=True, wide=False)
            if found is None or not found[1]:
                return None
            keys.append(bare(found[0]))
        lines.append(line)
    if keys[:1] not in _FIRST_KEYS or _SURE_KEYS.isdisjoint(keys):
        return None
    return read_lines(lines, closed=True)[0], text[at:]


def _hexo_json(block: str, body: str) -> tuple[FrontMatter, str] | None:
    inner = block.strip().removeprefix("{").removesuffix("}")
    return _table("{" + inner + "}", body)


def _table(text: str, body: str) -> tuple[FrontMatter, str] | None:
    """Front matter of JSON, if it has a key that we know."""
    try:
        table = json_object(text)
    except ValueError:
        return None
    if not any(bare(str(key)[:60]) in KNOWN_KEYS for key in table):
        return None
    matter = FrontMatter()
    if len(text) > MOST_CHARS:
        matter.too_large = _too_large(len(text))
        return matter, body
    for key, value in table.items():
        matter.put_value(str(key), value)
    return matter, body


def _json(text: str, start: int) -> tuple[FrontMatter, str] | None:
    if _JSON.match(text, start) is None:
        return None
    try:
        _, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        end = _end_of_braces(text, start)
    line, after = _line(text, end)
    return None if line.strip() or not end else _table(text[start:end], text[after:])


def _end_of_braces(text: str, start: int) -> int:
    """Where a ``}`` at the margin ends what is nearly JSON (it has a comma too many), or 0."""
    found = text.find("\n}", start, start + MOST_CHARS)
    return found + 2 if found > 0 else 0


def _toml(text: str, start: int) -> tuple[FrontMatter, str] | None:
    mark = _TOML_MARK.match(text, start)
    end = _TOML_END.search(text, mark.end()) if mark else None
    if mark is None or end is None:
        return None
    block = text[mark.end() : end.start()]
    if not _TOML_LINE.match(block):
        return None
    matter = FrontMatter()
    if len(block) > MOST_CHARS:
        matter.too_large = _too_large(len(block))
        return matter, text[end.end() :]
    try:
        table = toml_table(block)
    except ValueError:
        table = _toml_bykey_of_line(block)
    for key, value in table.items():
        matter.put_value(key, value)
    return (matter, text[end.end() :]) if matter else None


def _toml_bykey_of_line(block: str) -> dict[str, object]:
    """The keys of TOML that has a fault somewhere, each read by itself, up to the first table."""
    table: dict[str, object] = {}
    for chunk in re.split(r"^(?=[\w-]{1,60}[ \t]*=)", block.partition("\n[")[0], flags=re.MULTILINE):
        try:
            table.update(toml_table(chunk))
        except ValueError:
            key, equals, value = chunk.partition("=")
            if equals:
                table[key.strip()] = unquoted(value.strip())
    return table


def _properties(text: str, start: int) -> tuple[FrontMatter, str] | None:
    """Logseq's properties of a page: the lines ``key:: value`` that it begins with."""
    matter = FrontMatter()
    at = start
    for _ in range(_MOST_LINES):
        line, after = _line(text, at)
        found = _PROPERTY.match(line.lstrip())
        if found is None:
            break
        matter.put(found[1].strip(), [line.lstrip()[found.end() :].strip()], is_list=False)
        at = after
    return (matter, text[at:]) if matter else None


def _too_large(num_chars: int) -> str:
    return f"its front matter has {num_chars:,} characters, more than the {MOST_CHARS:,} that are read"
