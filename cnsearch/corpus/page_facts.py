"""The facts of a whole page: its headline and title, its source, its author, from the head and from what stands by the
headline."""

from __future__ import annotations

import re

from lxml import etree

from cnsearch.corpus.page_head import PageHead
from cnsearch.corpus.page_tree import Tree, text_of, words_of

_NOT_LETTERS = re.compile(r"[\W_]+")
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_TITLE_WORDS = frozenset("title headline biaoti bt tit subject name".split())
_LONGEST_HEADLINE = 150
_MOST_COMPARED = 5000

#: Where a <title> may end and the names of section and site begin: signs that headlines do not have, then one that they
#: have now and then.
_SURE_CUT = re.compile(r"\s*(?:_+|\||｜|--+|\s[—–·»]+\s|\s-\s|<<|«|»)\s*")
_HYPHEN = re.compile(r"(?<=[^\s-])-(?=[^-]+$)")
_SITE = re.compile(
    r"网$|报$|新闻|频道|门户|论坛|博客|社区|资讯|日报|晚报|在线|杂志|电视台|中心|专栏|财经|头条|公众号|知乎|简书|掘金|百科|平台|36氪"
    r"|\.(?:com|cn|net|org)|^[\w\s]{2,20}(?:Blog|News|Net|Online)$",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"(?:新闻|文章|内容)?(?:正文|详情|内容|页面|详细|首页|无标题|无标题文档)页?|untitled|document|home|article",
    re.IGNORECASE,
)
_SHORTEST = 4
_CERTAIN = 8
"""Characters that no two titles share by chance."""

_SOURCE = re.compile(r"(?:稿件来源|信息来源|文章来源|来源|来自|出处)\s*[:：]\s*([^\s|｜，。；:：/]{2,24})")
_AUTHOR = re.compile(r"(?:作者|撰文|文)\s*[:：/／]\s*([^\s|｜，。；:：/、]{2,16})")
_NO_AUTHOR = re.compile(
    r"@|https?:|^(?:admin|administrator|root|name|author|佚名|匿名|未知|小编|编辑|网络)\b", re.IGNORECASE
)


def bare(text: str) -> str:
    """``text`` as titles are compared: letters and digits only, without case."""
    return _NOT_LETTERS.sub("", text).lower()


def find_headline(tree: Tree, head: PageHead) -> etree._Element | None:
    """The element that shows the title: the one with the longest beginning of <title> or of what the head calls the
    headline; a heading rather than another; one that is no link; else the only <h1>."""
    titles = [bare(title) for title in (head.title, head.headline) if title]
    parts = [part for part in map(bare, _SURE_CUT.split(head.title)) if part]
    site = bare(head.site)
    best: tuple[float, int] = (0.0, -1)
    h1s: list[etree._Element] = []
    num_compared = 0
    for index, element in enumerate(tree.elements):
        size = tree.text[index]
        is_link = tree.link[index] * 2 > size  # a blog's headline may lead to itself; so may the site's name
        if not 2 <= size <= _LONGEST_HEADLINE or (is_link and element.tag not in ("h1", "h2")):
            continue
        if element.tag not in _HEADINGS and size == tree.text[tree.parents[index]]:
            continue  # its parent has been looked at
        num_compared += 1
        if num_compared > _MOST_COMPARED:
            break
        if element.tag == "h1" and not is_link:
            h1s.append(element)
        is_heading = element.tag in _HEADINGS or not _TITLE_WORDS.isdisjoint(words_of(element))
        if not is_heading and element.tag in ("a", "option", "li", "p"):
            continue
        shown = text_of(element)
        name = bare(shown)
        if len(name) < 2 or name == site:
            continue
        for title in titles:
            score = 0.0
            if title.startswith(name) and (len(name) >= _SHORTEST or title == name or _ends_a_part(head, shown)):
                score = min(len(name), 60) + 3.0 * is_heading + (element.tag == "h1")
            elif element.tag in _HEADINGS and len(name) >= _CERTAIN and (name in title or _is_cut(head.title, name)):
                score = 1 + min(len(name), 60) / 100  # the site's name comes first, or <title> is cut short
            elif name in parts and (element.tag in _HEADINGS or len(name) >= _CERTAIN):
                score = 0.9 + min(len(name), 60) / 100
            if len(parts) > 1 and name == parts[-1] and not _is_first_the_site_s(parts, site):
                score = 0.0
            if is_link or (title != name and _is_site(shown)):
                score /= 100
            if is_link and _leads_home(element):
                score /= 100
            if score > best[0]:
                best = (score, index)
    if best[1] >= 0:
        return tree.elements[best[1]]
    named = [element for element in h1s if bare(text_of(element)) not in ("", site)]
    generic = not titles or (len(titles) == 1 and _is_generic(head))
    return named[0] if len(named) == 1 and generic else None


def _is_first_the_site_s(parts: list[str], site: str) -> bool:
    """True if of the parts of a <title> the first, not the last, may be the site's name."""
    first, last = parts[0], parts[-1]
    return first == site or _is_site(first) or (first != last and len(first) <= min(len(last), 8))


_HOME = re.compile(r"(?:https?:)?(?://[^/]{1,100})?(?:/|\.\.?/?|/?index\.\w{1,5})?", re.IGNORECASE)


def _leads_home(element: etree._Element) -> bool:
    links = [element.get("href")] if element.tag == "a" else [link.get("href") for link in element.iter("a")]
    return any(link and _HOME.fullmatch(link) for link in links)


def _is_site(name: str) -> bool:
    return len(name) <= 12 and _SITE.search(name) is not None


_DOTS = re.compile(r"\.\.\.|…")


def _is_cut(title: str, name: str) -> bool:
    """True if a <title> begins as the bare ``name`` does and ends in the middle of it: 地铁直达，无敌免... - 岛报"""
    begin = bare(_DOTS.split(title, maxsplit=1)[0])
    return len(begin) >= _CERTAIN and name.startswith(begin)


def _is_generic(head: PageHead) -> bool:
    """True if <title> names the site, or nothing, rather than an article."""
    title = head.title.strip()
    return bare(title) == bare(head.site) or _GENERIC.fullmatch(title) is not None or _is_site(title)


def _ends_a_part(head: PageHead, name: str) -> bool:
    """True if a <title> goes on with a sign that ends its first part, after ``name``."""
    rest = head.title[len(name) :]
    return head.title.startswith(name) and (not rest or _SURE_CUT.match(rest) is not None or rest.startswith("-"))


def find_title(head: PageHead, headline: etree._Element | None) -> str:
    """The article's title, or the empty string."""
    shown = text_of(headline) if headline is not None else ""
    cut = cut_title(head.title, head.site)
    given = cut_title(head.headline, head.site) if head.headline else ""
    name, other = bare(shown), bare(given)
    longer = not other or len(name) >= len(other) or not name.startswith(other)
    whole = bare(head.title)
    if shown and longer and (not cut or name in whole or _is_cut(head.title, name) or other.startswith(name)):
        return shown
    if shown and _is_generic(head) and not other:
        return shown
    if given and bare(given) != bare(head.site):
        return given
    return cut or shown


def cut_title(title: str, site: str = "") -> str:
    """A <title> without the names of section and site at its end.

    >>> cut_title("渔港今日复航_本地新闻_岛报网"), cut_title("钟楼修复 - 岛报"), cut_title("T-60 与 C-919 之争")
    ('渔港今日复航', '钟楼修复', 'T-60 与 C-919 之争')
    """
    if site and len(title) > len(site) + 2 and title.endswith(site):
        shorter = title[: -len(site)].rstrip()
        if shorter and not shorter[-1].isalnum():
            title = re.sub(r"[\s_|｜\-—–·«»]+$", "", shorter) or title
    parts = _SURE_CUT.split(title)
    if len(parts) > 1:
        of_site = bare(parts[0]) == bare(site) or _is_site(parts[0].strip())
        if of_site and len(bare(parts[1])) >= (_SHORTEST if site else _CERTAIN):  # the site's name comes first
            parts = parts[1:]
        first = parts[0]
        if len(bare(first)) < _SHORTEST and len(parts) > 2:  # 独家|老榕树被台风吹倒_岛报网
            first = title[: title.find(parts[1], len(parts[0])) + len(parts[1])]
        if bare(first):
            title = first
    before, dash, tail = title.rpartition("——")
    if dash and len(tail) <= 10 and _SITE.search(tail):
        title = before
    hyphen = _HYPHEN.search(title)
    if hyphen is not None:
        tail, before = title[hyphen.end() :].strip(), title[: hyphen.start()]
        in_a_name = before[-1:].isascii() and tail[:1].isascii() and not _SITE.search(tail)
        digit = tail[:1].isdigit() and not _SITE.search(tail)
        if len(bare(before)) >= _SHORTEST and 2 <= len(tail) <= 20 and not in_a_name and not digit:
            title = before
    return title.strip()


def find_source(head: PageHead, near: str, title: str) -> str:
    """Who published it: what stands by the headline, else the site's name, else what follows the title in <title>."""
    found = _SOURCE.search(near)
    if found is not None:
        return found[1].strip("《》[]【】()（）")
    if head.source and not head.source.isdigit() and len(head.source) <= 30 and "://" not in head.source:
        return head.source
    if head.site:
        return head.site
    if title and head.title.startswith(title):
        parts = [part for part in re.split(r"[_|｜]|--+|\s[—–-]\s|-", head.title[len(title) :]) if bare(part)]
        names = [part.strip() for part in parts if _SITE.search(part.strip())]
        if names:
            return names[-1]
    return ""


def find_author(head: PageHead, near: str, source: str) -> str:
    """Who wrote the article: what ``near``, the text beside its headline, says, else what the head does, unless that is
    the site; empty if nothing is said."""
    found = _AUTHOR.search(near)
    if found is not None and not _NO_AUTHOR.search(found[1]):
        return found[1]
    author = head.author
    known = {bare(source), bare(head.site)}
    if not author or _NO_AUTHOR.search(author) or bare(author) in known or len(author) > 40:
        return ""
    if len(bare(author)) > 1 and bare(author) in bare(head.title)[-20:]:  # the site's own name
        return ""
    return author
