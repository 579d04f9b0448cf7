"""Values of YAML, TOML and JSON as front matter has them: read safely, then made plain strings.

Numbers, dates and words like ``no`` stay as they are written (a tag ``5.10`` is not 5.1), so YAML is read as its
events, without its types. Loaded only for front matter that needs it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time

#: Characters of front matter that is read as YAML, TOML or JSON. Real ones have a few hundred.
MOST_CHARS = 256 * 1024

#: Brackets in one YAML value. libyaml takes quadratic time for those inside each other.
_MOST_BRACKETS = 2_000
_MOST_DEPTH = 50

#: What YAML writes for "nothing".
NULLS = frozenset(("", "~", "null", "Null", "NULL"))

#: Of a mapping that stands for one thing (``author: {name: 张三, url: …}``): the keys that have its name.
_NAME_KEYS = ("name", "title", "label", "text", "名称")


class RefusedError(ValueError):
    """YAML that is not read because it would expand, construct something, or take too long."""


def yaml_value(text: str) -> object:
    """The value of one YAML document: strings, None, lists and dicts.

    Anchors, aliases and tags are refused, so nothing expands and nothing is constructed.
    Raises : RefusedError for these and for what is too large or too deep, ValueError for what is no YAML
    """
    import yaml

    if len(text) > MOST_CHARS or text.count("[") + text.count("{") > _MOST_BRACKETS:
        raise RefusedError("it is too large")
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    root: list[object] = []
    open_nodes: list[list[object] | dict[str, object]] = [root]
    keys: list[str | None] = [None]  # of each open mapping, the key that waits for its value

    def put(value: object) -> None:
        node = open_nodes[-1]
        if isinstance(node, list):
            node.append(value)
        elif keys[-1] is not None:
            node[keys[-1]] = value
            keys[-1] = None
        elif value is None or isinstance(value, str):
            keys[-1] = value or ""
        else:
            raise ValueError("a key that is no string")

    try:
        for event in yaml.parse(text, Loader=loader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise RefusedError("anchors and aliases are not followed")
            if getattr(event, "tag", None):
                raise RefusedError("its tags (!) are not obeyed")
            if isinstance(event, yaml.ScalarEvent):
                put(None if not event.style and event.value in NULLS else event.value)
            elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
                if len(open_nodes) > _MOST_DEPTH:
                    raise RefusedError("it is nested too deep")
                node: list[object] | dict[str, object] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
                put(node)
                open_nodes.append(node)
                keys.append(None)
            elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
                open_nodes.pop()
                keys.pop()
    except yaml.YAMLError as error:
        raise ValueError("not YAML") from error
    if len(root) != 1:
        raise ValueError("not one document")
    return root[0]


def toml_table(text: str) -> dict[str, object]:
    """The table of TOML. Raises : ValueError if it is none"""
    import tomli

    if len(text) > MOST_CHARS:
        raise ValueError("too large")
    try:
        return tomli.loads(text.replace("\r\n", "\n"))
    except (ValueError, RecursionError, TypeError, AttributeError) as error:  # also tomli's own, for damaged tables
        raise ValueError("not TOML") from error


def json_object(text: str) -> dict[str, object]:
    """The object of JSON, or of what is JSON but for a comma at its end. Raises : ValueError if it is none"""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = yaml_value(text)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def strings(value: object, *, depth: int = 0) -> list[str]:
    """All that ``value`` says, lists in lists one after the other: scalars as written, of a mapping its name.

    depth : how many lists and mappings it lies in; below 50 of them nothing is read

    >>> strings([["技术", None], {"name": "张三"}, 5.1, True])
    ['技术', '张三', '5.1', 'true']
    """
    if isinstance(value, str):
        return [value]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, (int, float)):
        return [_number(value)]
    if isinstance(value, (datetime, date, time)):
        return [value.isoformat()]
    if depth > _MOST_DEPTH:
        return []
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in strings(item, depth=depth + 1)]
    if isinstance(value, Mapping):
        return next((strings(value[key], depth=depth + 1) for key in _NAME_KEYS if value.get(key) is not None), [])
    return []


def _number(value: int | float) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than Python writes
        return ""
