"""The keys of a front matter, and their values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from cnsearch.corpus.text import unescape
from cnsearch.corpus.values import strings

#: Keys that a front matter may have without marks around it, as `bare` writes them. In a text that only looks like one,
#: other words before a colon are the article's.
KNOWN_KEYS = frozenset(
    """
    title subtitle categories category tags tag keywords headimg thumbnail cover image author authors comments date
    created createdat datecreated updated updatedat modified datemodified lastmod pubdate publishdate layout permalink
    description excerpt summary source url link linkurl id slug draft published publish toc lang language aliases
    标题 副标题 日期 时间 创建时间 创建日期 发布时间 发布日期 更新时间 修改时间 作者 来源 分类 类别 标签 关键词 关键字
    摘要 描述 简介 標題 標籤 分類 來源 關鍵詞 網址 链接 网址
    """.split()
)
#: Tables whose keys are as good as the article's own: Zola's and Hugo's.
_INNER_TABLES = ("taxonomies", "extra", "params")


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
        key = key.lower()
        self.setdefault(key, []).extend(filter(None, values))
        if is_list:
            self.lists.add(key)

    def put_value(self, key: str, value: object) -> None:
        """Add a value of YAML, TOML or JSON; of an inner table (``[taxonomies]``) the keys that are not there yet."""
        if isinstance(value, dict) and key.lower() in _INNER_TABLES:
            for inner, item in value.items():
                if str(inner).lower() not in self:
                    self.put_value(str(inner), strings(item) if isinstance(item, dict) else item)
            return
        self.put(key, [unescape(text).strip() for text in strings(value)], is_list=isinstance(value, list))


@lru_cache(1024)
def bare(key: str) -> str:
    """A key without what is written differently: ``dateCreated``, ``date_created`` and ``date created`` are one.

    >>> bare("date-Created")
    'datecreated'
    """
    return re.sub(r"[\s_-]+", "", key).lower()
