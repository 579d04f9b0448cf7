"""Which pages are lists of articles: the index of a site, a tag's page, an archive. An article is never one of them for
the links around it, however short it is."""

from __future__ import annotations

import re
from itertools import islice

from lxml import etree

from cnsearch.corpus.page_head import PageHead
from cnsearch.corpus.page_tree import HEADINGS, Tree, leads_away, text_of, words_of

_LIST_NAME = re.compile(r"(?:^|/)(?:tags?|categor(?:y|ies)|archives?|page|topics?|分类|标签|归档)/", re.IGNORECASE)
_LIST_TITLE = re.compile(
    r"(?:标签|分类|归档|存档|文章归档|文章列表|tags?|categor(?:y|ies)|archives?)(?:\s*[:：]|\s?$|\s[|｜_\-–—])|.{1,30}(?:下的文章|的归档|文章列表)$",
    re.IGNORECASE,
)
_FEWEST = 3
_MOST = 100
_SAID = 20
"""Characters after a headline that no page of links has."""
#: Words of the classes of a headline that is the site's name.
_SITE_WORDS = frozenset("site logo brand blog".split())
_DAY = re.compile(r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}|\d{1,2}:\d\d")
_DATE = re.compile(r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}|\d{1,2}[-/月]\d{1,2}|\d{1,2}:\d\d")


def is_list(
    tree: Tree, head: PageHead, headline: etree._Element | None, content: list[etree._Element], *, name: str, title: str
) -> bool:
    """True for a page of links to articles, perhaps with their beginnings.

    Such a page has several headings that are links, of which what would be its text holds some, or hardly a sentence
    that is no link. A page that tells its day of publication in its head or under its headline is an article.
    """
    linked, num_plain = _headings(tree, headline)
    if head.date is not None or dated_at_headline(tree, headline, linked):
        return False
    named = _LIST_NAME.search(name) is not None or _LIST_NAME.search(head.url) is not None
    titled = _LIST_TITLE.match(title) is not None or _LIST_TITLE.match(head.title) is not None
    if head.kind == "article" and not titled:
        return False
    size = sum(tree.prose[tree.number[element]] for element in content)
    if len(linked) >= _FEWEST and len(linked) > num_plain:
        of_site = headline is None or headline.tag not in ("h1", "h2") or not _SITE_WORDS.isdisjoint(words_of(headline))
        few = linked[:_MOST]
        held = sum(not tree.ancestors(tree.elements[index]).isdisjoint(content) for index in few)
        if 0 < held < len(few) or (named and size < 300) or titled:
            return True
        if held and 2 * _num_dated(tree, few) >= len(few):
            return True
        if of_site and (held == len(few) or size < 60 or size < 0.3 * tree.prose[0]):
            return True
    num_sentences = sum(size for size in tree.block_prose if size >= 15)
    if tree.text[0] < 40 or num_sentences >= 100:
        return False
    share = tree.link_share(0)
    num_links = sum(element.tag == "a" for element in tree.elements)
    if named or titled:
        return share > 0.4 and num_links >= 2
    if _num_said(tree, headline) >= _SAID:
        return False
    return num_links >= 8 and (share > 0.6 or (share > 0.35 and headline is None))


def _num_said(tree: Tree, headline: etree._Element | None) -> int:
    """Characters of text between the headline and the next link: a poem's, a notice's."""
    if headline is None or headline not in tree.number:
        return 0
    num_chars = 0
    inside = set(headline.iter("*"))
    for index in range(tree.number[headline] + 1, len(tree.elements)):
        element = tree.elements[index]
        if element in inside:
            continue
        if (element.tag == "a" and tree.text[index] >= 4) or num_chars >= _SAID:
            break
        num_chars += len((element.text or "").strip())
        following = element.getnext()
        if following is None or following.tag != "a":
            num_chars += len((element.tail or "").strip())
    return num_chars


def under_others(tree: Tree, headline: etree._Element | None, content: list[etree._Element]) -> bool:
    """True if what would be the text is a list of other articles: the page is one without text, a video's."""
    linked, num_plain = _headings(tree, headline)
    if len(linked) < _FEWEST or num_plain >= len(linked):
        return False
    held = sum(not tree.ancestors(tree.elements[index]).isdisjoint(content) for index in linked[:_MOST])
    return held == len(linked[:_MOST]) and headline is not None and 2 * _num_dated(tree, linked[:_MOST]) >= held


def _headings(tree: Tree, headline: etree._Element | None) -> tuple[list[int], int]:
    """The places of the headings that lead to other pages, and how many others there are besides the headline."""
    linked: list[int] = []
    num_plain = 0
    for index, element in enumerate(tree.elements):
        if element.tag in HEADINGS and tree.text[index] >= 2 and element is not headline:
            if tree.link_share(index) > 0.5 and leads_away(element):
                linked.append(index)
            else:
                num_plain += 1
    return linked, num_plain


def dated_at_headline(tree: Tree, headline: etree._Element | None, linked: list[int]) -> bool:
    """True if a date stands between the headline and the first heading that leads elsewhere."""
    if headline is None or headline not in tree.number:
        return False
    start = tree.number[headline]
    end = next((index for index in linked if index > start), len(tree.elements))
    return _has_date(tree, start + 1, min(end, start + 60), _DAY)


def _num_dated(tree: Tree, linked: list[int]) -> int:
    """After how many of the headings a date stands before the next."""
    ends = [*linked[1:], len(tree.elements)]
    return sum(_has_date(tree, start + 1, min(end, start + 20), _DATE) for start, end in zip(linked, ends, strict=True))


def _has_date(tree: Tree, start: int, end: int, form: re.Pattern[str]) -> bool:
    for index in range(start, end):
        element = tree.elements[index]
        if element.tag == "time":
            return True
        if 4 <= tree.text[index] <= 60 and form.search(text_of(element, 80)):
            if form is _DAY and element.tag == "li" and tree.link[index]:
                continue
            inside = sum(1 for _ in islice(element.iter("*"), 60))
            if index + inside <= end:
                return True
    return False
