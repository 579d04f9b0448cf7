"""A whole HTML page, as a browser or a crawler saved it, to its facts and the text of its article.

Bodies of posts, which are fragments, never come here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from cnsearch.corpus.clean import CleanBody, clean_html
from cnsearch.corpus.page_facts import find_author, find_headline, find_published, find_source, find_title
from cnsearch.corpus.page_head import PageHead, page_head
from cnsearch.corpus.page_tree import Tree, trim, words_of

_DECLARATION = re.compile(r"\s*(?:<\?xml[^<>]{0,300}\?>\s*)?(?:<!--|<!doctype|<html[\s>]|<head[\s>])", re.IGNORECASE)
_PAGE_TAG = re.compile(r"<(?:html|head|body)[\s>]", re.IGNORECASE)
_LOOKED_AT = 20_000
"""Characters in which a page has <html>, <head> or <body>."""

_SHORT = 200
"""Characters: a page with less that sends its reader on is no article."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page gives; "" or None where it gives nothing.

    clean  : the article's text; None for what is no article, or no page
    passed : why the page is no article (``a page that leads elsewhere``, ``a list of articles``), or ""
    """

    clean: CleanBody | None = None
    title: str = ""
    date: datetime | None = None
    author: str = ""
    source: str = ""
    url: str = ""
    passed: str = ""


def is_page(text: str) -> bool:
    """True if ``text`` is a whole page: it begins as one, and has one of <html>, <head>, <body>."""
    return _DECLARATION.match(text) is not None and _PAGE_TAG.search(text, 0, _LOOKED_AT) is not None


def read_page(html: str, *, name: str = "") -> Page:
    """The facts and the text of a whole page. Time and memory are linear in its length; nothing is raised.

    name : the file's, with its folders; ``tags/`` and ``page/4/`` hint at a list
    """
    head = page_head(html)
    tree = Tree(html)
    headline = find_headline(tree, head)
    if head.refreshes and tree.text[0] < _SHORT:
        return Page(passed="a page that leads elsewhere")
    had_prose = _num_besides(tree, headline) > 0
    tree.clear(headline)
    if had_prose and not _num_besides(tree, headline):  # all of it is called furniture
        tree = Tree(html)
        headline = find_headline(tree, head)
    content = tree.content(headline)
    title = find_title(head, headline)
    if _is_list(tree, head, headline, content, name):
        return Page(title=title, passed="a list of articles")
    date, near = find_published(tree, head, headline, content)
    source = find_source(head, near, title)
    author = find_author(head, near, source)
    trim(tree, content, headline)
    markup = "".join(etree.tostring(element, encoding="unicode", method="html", with_tail=False) for element in content)
    clean = clean_html(markup, title=title, of_page=True)
    return Page(clean, title=title, date=date or clean.date, author=author, source=source, url=head.url)


def _num_besides(tree: Tree, headline: etree._Element | None) -> int:
    """Characters of text besides the headline."""
    return tree.prose[0] - (tree.prose[tree.number[headline]] if headline is not None else 0)


_LIST_NAME = re.compile(r"(?:^|/)(?:tags?|categor(?:y|ies)|archives?|page|topics?|分类|标签|归档)/", re.IGNORECASE)
_HEADINGS = frozenset("h1 h2 h3 h4".split())
_FEWEST = 3
#: Words of the classes of a headline that is the site's name.
_SITE_WORDS = frozenset("site logo brand blog".split())


def _is_list(
    tree: Tree, head: PageHead, headline: etree._Element | None, content: list[etree._Element], name: str
) -> bool:
    """True for a page of links to articles, perhaps with their beginnings: an index, a tag's page, an archive.

    Such a page has several headings that are links, of which what would be its text holds some, or hardly a sentence
    that is no link.
    """
    if head.kind == "article" or head.date is not None:
        return False
    linked: list[etree._Element] = []
    num_plain = 0
    for index, element in enumerate(tree.elements):
        if element.tag in _HEADINGS and tree.text[index] >= 2 and element is not headline:
            if tree.link[index] * 2 > tree.text[index]:
                linked.append(element)
            else:
                num_plain += 1
    named = _LIST_NAME.search(name) is not None or _LIST_NAME.search(head.url) is not None
    if len(linked) >= _FEWEST and len(linked) > num_plain:
        of_site = headline is None or headline.tag not in ("h1", "h2") or not _SITE_WORDS.isdisjoint(words_of(headline))
        few = linked[:100]
        held = sum(not tree.ancestors(element).isdisjoint(content) for element in few)
        size = sum(tree.prose[tree.number[element]] for element in content)
        if 0 < held < len(few) or (named and size < 300):
            return True
        if of_site and (held == len(few) or size < 0.3 * tree.prose[0]):
            return True
    if tree.text[0] < 40 or tree.prose[0] >= 100:
        return False
    share = tree.link_share(0)
    num_links = sum(element.tag == "a" for element in tree.elements)
    if named:
        return share > 0.4 and num_links >= 2
    return share > 0.6 and num_links >= 8 and find_published(tree, head, headline, content)[0] is None
