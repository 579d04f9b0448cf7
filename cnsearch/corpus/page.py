"""A whole HTML page, as a browser or a crawler saved it, to its facts and the text of its article.

Bodies of posts, which are fragments, never come here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from cnsearch.corpus.clean import CleanBody, clean_html
from cnsearch.corpus.page_dates import find_published, time_by
from cnsearch.corpus.page_facts import find_author, find_headline, find_source, find_title
from cnsearch.corpus.page_head import page_head
from cnsearch.corpus.page_list import is_list, under_others
from cnsearch.corpus.page_scripts import date_in_scripts, packed_article
from cnsearch.corpus.page_tree import Tree
from cnsearch.corpus.page_trim import trim, without_ending

_DECLARATION = re.compile(r"\s*(?:<\?xml[^<>]{0,300}\?>\s*)?(?:<!--|<!doctype|<html[\s>]|<head[\s>])", re.IGNORECASE)
_PAGE_TAG = re.compile(r"<(?:html|head|body)[\s>]", re.IGNORECASE)
_LOOKED_AT = 20_000
"""Characters in which a page has <html>, <head> or <body>."""

_SHORT = 200
"""Characters: a page with less that sends its reader on is no article."""


_LITTLE = 300
"""Characters of sentences: a page with less may be one that its scripts fill."""


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
    stamp = time_by(tree, headline)
    if head.refreshes and tree.text[0] < _SHORT:
        return Page(passed="a page that leads elsewhere")
    had_prose = _num_besides(tree, headline) > 0
    tree.clear(headline)
    if _num_besides(tree, headline) < _LITTLE:
        packed = packed_article(html)  # by which a script would have filled the page
        if packed or (had_prose and not _num_besides(tree, headline)):  # all of it is called furniture
            tree = Tree(f'{html}<div class="article-content">{packed}</div>' if packed else html)
            headline = find_headline(tree, head)
            if packed:
                tree.clear(headline)
    content = tree.content(headline)
    title = find_title(head, headline)
    if is_list(tree, head, headline, content, name=name, title=title):
        return Page(title=title, passed="a list of articles")
    date, near = find_published(tree, head, headline, content)
    date = date or stamp or date_in_scripts(html) or head.changed
    if under_others(tree, headline, content):
        content = []
    source = find_source(head, near, title)
    author = find_author(head, near, source)
    trim(tree, content, headline)
    markup = "".join(etree.tostring(element, encoding="unicode", method="html", with_tail=False) for element in content)
    clean = without_ending(clean_html(markup, title=title, of_page=True))
    clean = replace(clean, date=None)  # what its text tells is no better than what was looked at here
    return Page(clean, title=title, date=date, author=author, source=source, url=head.url)


def _num_besides(tree: Tree, headline: etree._Element | None) -> int:
    """Characters of text besides the headline."""
    return tree.prose[0] - (tree.prose[tree.number[headline]] if headline is not None else 0)
