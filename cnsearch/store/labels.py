"""What stands in a label field for a value, in the index and in a filter."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from cnsearch.analysis.reading import spelt
from cnsearch.store.fields import PATH_FIELDS

MAX_PATH_LEVELS = 16
"""Of categories; feeds have three. All paths of n levels take n squared bytes, and a megabyte has half a million."""


def label_term(field: str, value: str) -> str:
    """What stands in a label field for a value, in the index and in a filter: folded, without spaces around levels; a
    tag without the sign before it (``#旅行``)."""
    return _label_term(field, value) if len(value) <= _LONGEST_REMEMBERED else _label_term.__wrapped__(field, value)


_LONGEST_REMEMBERED = 100
"""Characters of a label whose term is remembered: articles share theirs, and a label may have megabytes."""


@lru_cache(maxsize=1 << 12)
def _label_term(field: str, value: str) -> str:
    folded = spelt(value).strip()
    if field == "tag":
        folded = folded.lstrip("#").strip() or folded
    return "/".join(level.strip() for level in folded.split("/")) if field in PATH_FIELDS else folded


def own_label_term(name: str, value: str) -> str:
    """The same for a value of an own field of articles; a name never has "=" in it."""
    return f"{spelt(name)}={spelt(value).strip()}"


def tag_paths(tag: str) -> list[str]:
    """What a filter may say for a tag: itself, and of a nested one (``编程/python``) each leading path, at most
    MAX_PATH_LEVELS of them. Folded."""
    levels = label_term("tag", tag).split("/")
    paths = ["/".join(levels[:depth]) for depth in range(1, min(len(levels), MAX_PATH_LEVELS) + 1)]
    return list(dict.fromkeys(path for path in (*paths, "/".join(levels)) if path))


def category_terms(categories: Iterable[str]) -> list[str]:
    """What a category filter may say: every level, and every path that begins at the first level and has at most
    MAX_PATH_LEVELS. Folded, sorted."""
    levels = [label_term("category", level) for level in categories]
    paths = {"/".join(levels[:depth]) for depth in range(1, min(len(levels), MAX_PATH_LEVELS) + 1)}
    return sorted(paths.union(levels))
