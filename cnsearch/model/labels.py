"""Own fields of articles and filters: names with values, and what no such name may be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

RESERVED_NAMES = frozenset(
    "id title body text paragraphs source category categories author date year month url path tag tags draft headings "
    "label labels extra 来源 分类 作者 标签 日期 标题 正文".split()
)
"""What no own field may be called, however wide or large it is written: queries and facets mean the fields of every
article by these."""

_LABEL_NAME = re.compile(r"\w{1,64}")


def checked_labels(
    labels: object, what: str = "Article.labels", *, keep_empty: bool = False
) -> dict[str, tuple[str, ...]]:
    """Own fields with their values as tuples, those without any left out unless ``keep_empty``. A string stands for
    itself alone.

    Raises TypeError, or ValueError for a name that could not be written in a query.
    """
    if not isinstance(labels, Mapping):
        raise TypeError(f"{what} must map names to values, not {labels!r}")
    checked = {}
    for name, given in labels.items():
        if not isinstance(name, str):
            raise TypeError(f"a name in {what} must be a string, not {name!r}")
        taken = unicodedata.normalize("NFKC", name).lower() in RESERVED_NAMES
        if taken or not _LABEL_NAME.fullmatch(name):
            why = "is the name of another field" if taken else "must be letters and digits"
            raise ValueError(f"the name {name!r} in {what} {why}")
        if not isinstance(given, Iterable):
            raise TypeError(f"{what}[{name!r}] must be a string or several, not {given!r}")
        values = (given,) if isinstance(given, str) else tuple(given)
        for value in values:
            if not isinstance(value, str):
                raise TypeError(f"{what}[{name!r}] must be strings, not {value!r}")
        if values or keep_empty:
            checked[name] = values
    return checked
