"""The front matter of a post: YAML between rules, Hexo's without the first rule, TOML, JSON, Logseq's properties.

YAML is read key by key, tolerantly: feeds write titles that are not YAML, and one such title must spoil no other key. A
key with a plain value or a plain list, as nearly all are, is read line by line; one that needs more (lists in brackets,
nesting, quotes over several lines) by a YAML library, and line by line if that refuses it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from textwrap import dedent

from cnsearch.corpus.text import unescape
from cnsearch.corpus.values import MOST_CHARS, NULLS, RefusedError, json_object, strings, toml_table, yaml_value

#: Keys that a front matter may have without marks around it, as `bare` writes them. In a text that only looks like one,
#: other words before a colon are the article's.
_KNOWN_KEYS = frozenset(
    """
    title subtitle categories category tags tag keywords headimg thumbnail cover image author authors comments date
    created createdat datecreated updated updatedat modified datemodified lastmod pubdate publishdate layout permalink
    description excerpt summary source url link linkurl id slug draft published publish toc lang language aliases
    标题 副标题 日期 时间 创建时间 创建日期 发布时间 发布日期 更新时间 修改时间 作者 来源 分类 类别 标签 关键词 关键字
    摘要 描述 简介 標題 標籤 分類 來源 關鍵詞 網址 链接 网址
    """.split()
)
#: Keys whose value is prose: a ``#`` in it begins no comment.
_PROSE_KEYS = frozenset("title subtitle description excerpt summary abstract 标题 副标题 摘要 描述 简介".split())
#: Tables whose keys are as good as the article's own: Zola's and Hugo's.
_INNER_TABLES = ("taxonomies", "extra", "params")

_MARK = re.compile(r"-{3,}[ \t]*")
_END_MARK = re.compile(r"(?:-{3,}|\.\.\.)[ \t]*")
_HEXO_MARK = re.compile(r"(?:-{3,}|;{3,})[ \t]*")
_TOML_MARK = re.compile(r"\+\+\+[ \t]*\r?(?:\n|\Z)")
_TOML_END = re.compile(r"^\+\+\+[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
_TOML_LINE = re.compile(r"[ \t]*(?:#|\[|[\w.\"'-]{1,60}[ \t]*=|\r?$)")
_JSON = re.compile(r"\{\s{0,100}\"[^\"\n]{1,60}\"\s{0,9}:")

_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,40})[ \t]*:(?:[ \t]+|$)")
#: ``date created:``, ``标题:``, ``"title":``, ``标题：``, ``title:a``
_WIDE_KEY = re.compile(
    r"""(?P<quote>["']?)(?P<key>[^\s:：#"'\[\]{}<>|`*,，。！？、-][^:：\n#"'\[\]{}<>|`*，。！？、]{0,39}?)"""
    r"""(?P=quote)[ \t]*"""
    r"(?P<colon>:(?:[ \t]+|$)|：[ \t]*|:(?!/))"
)
_ITEM = re.compile(r"[ \t]*-(?:[ \t]+|$)")
_PROPERTY = re.compile(r"(?:-[ \t]+)?([^\s:`#*>\[|-][^:\n`]{0,40})::(?:[ \t]+|$)")
#: A line that closes a list or mapping of the lines before it.
_CLOSING = re.compile(r"[\]}][\]},]*[ \t]*(?:#.*)?")
_PAIR = re.compile(r"[A-Za-z_][\w-]{0,40}:(?:[ \t]|$)")
#: What a line of dialogue or prose ends with, and a value does not.
_SENTENCE_END = tuple("。！？；”…!?")

#: Lines of a front matter: more are a body.
_MOST_LINES = 1000


class FrontMatter(dict[str, list[str]]):
    """Keys (lower case) to their values: a scalar is one value, a list several. Quotes and entities are resolved.

    lists     : the keys whose value is written as a list
    too_large : why the front matter was not read, for a message; else empty
    refused   : what was read line by line because as YAML it would expand or construct something; else empty
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.lists: set[str] = set()
        self.too_large = ""
        self.refused = ""

    def text(self, key: str) -> str:
        """The first value of ``key``, or the empty string."""
        values = self.get(key)
        return values[0] if values else ""

    def put(self, key: str, values: Iterable[str], *, is_list: bool) -> None:
        """Add the ``values`` of a key; more than are there already if it comes again."""
        self.setdefault(key.lower(), []).extend(value for value in values if value)
        if is_list:
            self.lists.add(key.lower())


@lru_cache(1024)
def bare(key: str) -> str:
    """A key without what is written differently: ``dateCreated``, ``date_created`` and ``date created`` are one.

    >>> bare("date-Created")
    'datecreated'
    """
    return re.sub(r"[\s_-]+", "", key).lower()


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
            found = _without_first_rule(text, at if line.startswith(";;;") else start)
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
    read: list[tuple[str, int]] = []  # lines with their positions
    end = -1
    while at < len(text) and len(read) < _MOST_LINES:
        line, after = _line(text, at)
        if _END_MARK.fullmatch(line):
            end = after
            break
        read.append((line, at))
        at = after
    lines = [line for line, _ in read]
    if lines and lines[0][:1] in " \t" and _key(lines[0].lstrip(), closed=False):
        lines = dedent("\n".join(lines)).split("\n")
    num_lines = _num_front_matter_lines(lines, closed=end >= 0)
    if num_lines < len(read) or end < 0:
        if num_lines == 0:
            return FrontMatter(), text
        end = read[num_lines][1] if num_lines < len(read) else at
    return _parse(lines[:num_lines]), text[end:]


def _key(line: str, *, closed: bool, wide: bool = True) -> tuple[str, str] | None:
    """The key that a line begins with, and what follows.

    closed : the front matter has its mark at the end; without one there are only keys that we know
    wide   : a key may have spaces or Chinese in it, though we do not know it
    """
    found = _KEY.match(line)
    if found is not None:
        return (found[1], line[found.end() :].strip()) if closed or bare(found[1]) in _KNOWN_KEYS else None
    found = _WIDE_KEY.match(line)
    if found is None:
        return None
    key, value = found["key"].strip(), line[found.end() :].strip()
    if bare(key) in _KNOWN_KEYS:
        return key, value
    as_yaml = found["colon"] != "：" and (not value or found["colon"] != ":")
    return (key, value) if closed and wide and as_yaml and not value.endswith(_SENTENCE_END) else None


def _num_front_matter_lines(lines: list[str], *, closed: bool) -> int:
    """How many of the ``lines`` after the first mark are front matter.

    If the mark at the end is there, all of them up to the last key (a title may go over several lines); after that key
    come only its items, indented lines and empty lines. A text between two rules (``---``) has no key: none.
    """
    known = last = 0
    key = ""
    prose = sure = False
    for index, line in enumerate(lines):
        found = _key(line, closed=closed, wide=not prose)
        if found is not None:
            key = found[0]
            known, last = index + 1, index
            sure = sure or key.isascii() or bare(key) in _KNOWN_KEYS
        elif not line.strip():
            pass
        elif key and (_ITEM.match(line) or line[0] in " \t" or _CLOSING.fullmatch(line)):
            known = index + 1
        elif line.startswith("#"):
            pass
        elif not closed or not key:
            break
        else:
            prose = True
    if not closed or not known:
        return known
    if prose and not sure:  # people talking between two rules
        return 0
    return len(lines) if not _has_text(lines[known:]) or _is_yaml(lines[last:]) else known


def _is_yaml(lines: list[str]) -> bool:
    """Whether a last value that goes on at the margin is closed there: ``title: "上⏎下"``."""
    try:
        return isinstance(yaml_value("\n".join(lines)), dict)
    except ValueError:
        return False


def _has_text(lines: list[str]) -> bool:
    return any(line.strip() and not line.startswith("#") for line in lines)


def _parse(lines: list[str]) -> FrontMatter:
    matter = FrontMatter()
    chunks: list[tuple[str, str, list[str]]] = []
    for line in lines:
        found = _key(line, closed=True)
        if found is not None:
            chunks.append((*found, []))
        elif chunks:
            chunks[-1][2].append(line)
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
        if any(line.strip() and line[0] != "#" for line in rest):
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
    _put(matter, key, table["v"])
    return True


def _put(matter: FrontMatter, key: str, value: object) -> None:
    """Put a value of YAML, TOML or JSON under ``key``."""
    if isinstance(value, dict) and key.lower() in _INNER_TABLES:
        for inner, item in value.items():
            if str(inner).lower() not in matter:
                _put(matter, str(inner), item if not isinstance(item, dict) else strings(item))
        return
    matter.put(key, [unescape(text).strip() for text in strings(value)], is_list=isinstance(value, list))


def _line_by_line(value: str, rest: list[str]) -> list[str]:
    """The values of a key whose lines are taken as they come: a scalar over several lines, or a list."""
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


# The other forms


def _without_first_rule(text: str, start: int) -> tuple[FrontMatter, str] | None:
    """Hexo's keys that end with ``---``, or its JSON that ends with ``;;;``, with no rule before them.

    Every line up to the mark is a key, an item, indented or empty, and the first key is one that we know.
    """
    first, _ = _line(text, start)
    head = first.lstrip().removeprefix('"').removeprefix("'")
    if _key(head.replace('":', ":", 1), closed=False) is None:
        return None
    lines: list[str] = []
    at = start
    while at < len(text) and len(lines) < _MOST_LINES:
        line, after = _line(text, at)
        if _HEXO_MARK.fullmatch(line):
            if line[0] == ";":
                return _hexo_json(text[start:at], text[after:])
            return (_parse(lines), text[after:]) if _num_front_matter_lines(lines, closed=False) == len(lines) else None
        if not (line[:1].isspace() or not line or line[0] in "-#]}\"'" or _key(line, closed=True)):
            return None
        lines.append(line)
        at = after
    return None


def _hexo_json(block: str, body: str) -> tuple[FrontMatter, str] | None:
    inner = block.strip().removeprefix("{").removesuffix("}")
    return _table("{" + inner + "}", body)


def _table(text: str, body: str) -> tuple[FrontMatter, str] | None:
    """Front matter of JSON, if it has a key that we know."""
    try:
        table = json_object(text)
    except ValueError:
        return None
    if not any(bare(str(key)[:60]) in _KNOWN_KEYS for key in table):
        return None
    matter = FrontMatter()
    if len(text) > MOST_CHARS:
        matter.too_large = _too_large(len(text))
        return matter, body
    for key, value in table.items():
        _put(matter, str(key), value)
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
        table = _toml_by_key(block)
    for key, value in table.items():
        _put(matter, key, value)
    return (matter, text[end.end() :]) if matter else None


def _toml_by_key(block: str) -> dict[str, object]:
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
    while at < len(text):
        line, after = _line(text, at)
        found = _PROPERTY.match(line.lstrip())
        if found is None:
            break
        matter.put(found[1].strip(), [line.lstrip()[found.end() :].strip()], is_list=False)
        at = after
    return (matter, text[at:]) if matter else None


def _too_large(num_chars: int) -> str:
    return f"its front matter has {num_chars:,} characters, more than the {MOST_CHARS:,} that are read"
