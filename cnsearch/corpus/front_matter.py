"""The front matter of a post, read tolerantly: feeds write titles that are not valid YAML."""

from __future__ import annotations

import re

from cnsearch.corpus.text import unescape

#: Keys that a front matter may have without an end mark. In a text that only looks like one, other words before a
#: colon are the article's.
_KNOWN_KEYS = frozenset(
    """
    title categories category tags tag keywords headimg thumbnail cover image author authors comments date updated
    layout permalink description excerpt summary source url link link_url id slug draft published toc lang language
    """.split()
)
_MARK = re.compile(r"-{3,}[ \t]*")
_END_MARK = re.compile(r"(?:-{3,}|\.\.\.)[ \t]*")
_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,40})[ \t]*:(?:[ \t]+|$)")
_ITEM = re.compile(r"[ \t]*-(?:[ \t]+|$)")

#: Lines of a front matter: more are a body.
_MOST_LINES = 1000


class FrontMatter(dict[str, list[str]]):
    """Keys (lower case) to their values: a scalar is one value, a list several. Quotes and entities are resolved."""

    def text(self, key: str) -> str:
        """The first value of ``key``, or the empty string."""
        values = self.get(key)
        return values[0] if values else ""


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """Split a post into its front matter and its body.

    text : the whole file, decoded; empty lines and a byte order mark before the first ``---`` are allowed
    Returns: what the front matter says, and the rest. Without front matter the rest is ``text``. With a front matter
        that never ends, the body begins at the first line that is neither a known key nor an item of a list.
    Raises : nothing, on any text

    >>> split_front_matter("---\\ntitle: 'a: b'\\ncategories:\\n - 金融\\n - 每经网\\n---\\n正文")
    ({'title': ['a: b'], 'categories': ['金融', '每经网']}, '正文')
    """
    start = _skip_empty_lines(text)
    line, at = _line(text, start)
    if not _MARK.fullmatch(line):
        return FrontMatter(), text
    read: list[tuple[str, int]] = []  # lines with their positions
    end = -1
    while at < len(text) and len(read) < _MOST_LINES:
        line, after = _line(text, at)
        if _END_MARK.fullmatch(line):
            end = after
            break
        read.append((line, at))
        at = after
    num_lines = _num_front_matter_lines([line for line, _ in read], closed=end >= 0)
    if num_lines < len(read) or end < 0:
        if num_lines == 0:
            return FrontMatter(), text
        end = read[num_lines][1] if num_lines < len(read) else at
    return _parse([line for line, _ in read[:num_lines]]), text[end:]


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


def _num_front_matter_lines(lines: list[str], *, closed: bool) -> int:
    """How many of the ``lines`` after the first mark are front matter.

    If the mark at the end is there, all of them up to the last key (a title may go over several lines); after that key
    come only its items, indented lines and empty lines. A text between two rules (``---``) has no key: none.
    """
    known = 0
    key = ""
    for index, line in enumerate(lines):
        found = _KEY.match(line)
        if found is not None and (closed or found[1].lower() in _KNOWN_KEYS):
            key = found[1]
            known = index + 1
        elif not line.strip():
            pass
        elif key and (_ITEM.match(line) or line[0] in " \t"):
            known = index + 1
        elif line.startswith("#"):
            pass
        elif not closed or not key:
            break
    return len(lines) if closed and known and not _has_text(lines[known:]) else known


def _has_text(lines: list[str]) -> bool:
    return any(line.strip() and not line.startswith("#") for line in lines)


def _parse(lines: list[str]) -> FrontMatter:
    matter = FrontMatter()
    values: list[str] = []
    open_scalar = False  # the value of the key goes on in lines without a key of their own
    for line in lines:
        found = _KEY.match(line)
        if found is not None:
            values = matter.setdefault(found[1].lower(), [])
            value = line[found.end() :].strip()
            open_scalar = value not in ("", "|", ">", "|-", ">-")
            if value.startswith("[") and value.endswith("]"):
                values += [item for item in value[1:-1].split(",") if item.strip()]
            elif open_scalar:
                values.append(value)
        elif _ITEM.match(line) and not open_scalar:
            values.append(line[line.index("-") + 1 :])
        elif line.strip():
            if values:
                values[-1] += " " + line.strip()
            elif matter:
                values.append(line.strip())
                open_scalar = True
    for key, raw in matter.items():
        matter[key] = [value for value in map(unquoted, raw) if value]
    return matter


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
