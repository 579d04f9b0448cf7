"""The words in a tag of Hexo, Liquid or Hugo: ``{% note %}``, ``{{< figure >}}``."""

from __future__ import annotations

import re

#: Words of a tag of Hexo, Liquid or Hugo: what is named a title or a caption; the value of another name; a plain one.
_TAG_WORD = re.compile(
    r"(?P<shown>\b(?:title|caption|alt|summary|label|text)\s*[=:]\s*)?(?:\b[\w-]{1,30}=)?"
    r"(?:\"(?P<double>[^\"]{0,500})\"|'(?P<single>[^']{0,500})'|(?P<bare>[^\s\"']{1,500}))"
)
#: The colour before Hexo's labels: ``{% label primary@标签 %}``.
_LABEL_CLASS = re.compile(r"\A[a-z-]{0,20}@")
_HAS_IDEOGRAPH = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_NOT_A_WORD = re.compile(r"[/\\]|\.[A-Za-z0-9]{2,5}\Z|\A[\w-]{1,30}=")


def words_of_tag(arguments: str) -> str:
    """What a template tag shows of its arguments: Chinese words, titles, captions; no name, file, or address.

    >>> words_of_tag('post_link other-post 另一篇'), words_of_tag('figure src="b.png" title="At sea"')
    ('另一篇', 'At sea')
    """
    shown = []
    for found in _TAG_WORD.finditer(arguments, 0, 2000):
        word = found["double"] or found["single"] or found["bare"] or ""
        if found["shown"] or (_HAS_IDEOGRAPH.search(word) and not _NOT_A_WORD.search(word)):
            shown.append(_LABEL_CLASS.sub("", word).rstrip(",，|"))
    return " ".join(shown)
