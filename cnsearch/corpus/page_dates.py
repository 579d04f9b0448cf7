"""When a whole page was published.

Rather none than wrong: a date is taken from what the head calls the publication's, from the lines by the headline, from
the page's own address, and never from elsewhere on the page, where the dates of other articles stand.
"""

from __future__ import annotations

import re
from datetime import datetime
from itertools import islice

from lxml import etree

from cnsearch.corpus.dates import find_date, parse_date
from cnsearch.corpus.page_head import PageHead
from cnsearch.corpus.page_tree import HEADINGS, Tree, leads_away, text_of

#: 2023 07/08 10:20:30, the parts in elements of their own (新华网, 腾讯)
_SPLIT_DATE = re.compile(
    r"(?<![0-9])(20[0-9]{2})\s+([0-9]{1,2})\s?[/-]\s?([0-9]{1,2})(?:\s+([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?))?"
)
_DATE_IN_ADDRESS = re.compile(
    r"/(?:[a-z]{0,3}[-_/]?)(20[0-9]{2})[-/_]?(0[1-9]|1[0-2])[-/_]?(0[1-9]|[12][0-9]|3[01])(?=[/_.-]|$)", re.IGNORECASE
)


def find_published(
    tree: Tree, head: PageHead, headline: etree._Element | None, content: list[etree._Element]
) -> tuple[datetime | None, str]:
    """When the page was published, and the lines by its headline."""
    near = lines_by(tree, headline, content)
    date, changed = head.date, None
    if date is None:
        of_event = any(_PLACE.match(line) for line in near)
        for line in filter(_may_be_by_line, near):
            if of_event and _TIME_LABEL.match(line):
                continue
            date, change = _date_of_line(line)
            changed = changed or change
            if date is not None:
                break
    joined = " ".join(near)
    if date is None:
        date = next((date for line in lines_after(tree, content) if (date := find_date(line)) is not None), None)
    if date is None:
        date = _split_date(" ".join(filter(_may_be_by_line, near)))
    if date is None:
        found = _DATE_IN_ADDRESS.search(head.url)
        if found is not None:
            date = parse_date("-".join(found.groups()))
    return date or changed, joined


#: A lecture or a fair tells its own time where it tells its place.
_PLACE = re.compile(r"[^，。]{0,6}地\s?点\s?[:：]")
_TIME_LABEL = re.compile(r"(?!发)[^，。]{0,6}(?:时\s?间|日\s?期)\s?[:：]")
_PUBLISHED_LABEL = re.compile(
    r"(?:发[布表]|创建|刊发|首发|上线|published|posted)[^0-9。，]{0,12}(?=(?:19|20)\d\d)", re.I
)
_CHANGED_LABEL = re.compile(r"(?:更新|修改|编辑于|updated|modified)[^0-9。，]{0,8}(?=(?:19|20)\d\d)", re.IGNORECASE)


def _date_of_line(line: str) -> tuple[datetime | None, datetime | None]:
    """The day of publication that a line tells, and, if it tells none, that of the last change."""
    published = _PUBLISHED_LABEL.search(line)
    if published is not None:
        return find_date(line[published.end() :]), None
    changed = _CHANGED_LABEL.search(line)
    if changed is not None:
        return find_date(line[: changed.start()]), find_date(line[changed.end() :])
    return find_date(line) or _split_date(line) or _english_date(line), None


def _may_be_by_line(line: str) -> bool:
    """False for sentences, which tell the dates of what they speak of, and for the calendar of today."""
    if _TODAY.search(line) or (_WEEKDAY.search(line) and not _CLOCK.search(line)) or _ENDS_A_SENTENCE.search(line):
        return False
    return "，" not in line or _LABEL.search(line) is not None


_WEEKDAY = re.compile("星期[一二三四五六日天]")
_CLOCK = re.compile(r"\d:\d\d")
_TODAY = re.compile("今天|今日是|农历|万年历|版权|©|copyright", re.IGNORECASE)
_ENDS_A_SENTENCE = re.compile("[。！？；]")
_LABEL = re.compile("来源|作者|发布|发表|时间|日期|编辑|记者|浏览|阅读|字号|更新")


_ENGLISH_DATE = re.compile(
    r"\b(?:(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]{0,6}\.? \d{1,2}(?:st|nd|rd|th)?,? 20\d\d"
    r"|\d{1,2} (?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]{0,6}\.?,? 20\d\d)\b"
)


def _english_date(line: str) -> datetime | None:
    found = _ENGLISH_DATE.search(line[:100])
    return parse_date(found[0]) if found is not None else None


_PUBLISHED_ITEMS = re.compile("datePublished|dateCreated|pubdate", re.IGNORECASE)
_CHANGED = re.compile("updat|modif|更新|修改", re.IGNORECASE)
_FAR = 80
_NEAR = 15


def time_by(tree: Tree, headline: etree._Element | None) -> datetime | None:
    """The date of the <time> between the headline and the text, or right before the headline; not one of a change."""
    if headline is None:
        return None
    head = tree.number[headline]
    for index in range(head + 1, min(head + _FAR, len(tree.elements))):
        element = tree.elements[index]
        if tree.block_prose[index] >= 30 or (element.tag in HEADINGS and leads_away(element)):
            break
        date = _stamp(element)
        if date is not None:
            return date
    around = list(islice(headline.iterancestors(), 2))
    for index in range(head - 1, max(head - _NEAR, -1), -1):
        element = tree.elements[index]
        if not any(parent in around and parent.tag != "body" for parent in islice(element.iterancestors(), 3)):
            continue
        date = _stamp(element)
        if date is not None:
            return date
    return None


def _stamp(element: etree._Element) -> datetime | None:
    item = element.get("itemprop", "")
    if element.tag != "time" and not _PUBLISHED_ITEMS.search(item):
        return None
    if any(_CHANGED.search(element.get(key, "")) for key in ("class", "itemprop", "title")):
        return None
    given = (element.get("datetime", ""), element.get("content", ""), text_of(element, 60))
    return next((date for text in given if (date := parse_date(text) or find_date(text)) is not None), None)


def _split_date(text: str) -> datetime | None:
    found = _SPLIT_DATE.search(text[:400])
    if found is None:
        return None
    return parse_date(f"{found[1]}-{found[2]}-{found[3]} {found[4] or ''}".strip())


_MOST_LINES = 25
_MOST_ELEMENTS = 300
_LONGEST_LINE = 160
_OTHER_TITLE = 8
"""Characters of a link that may be the title of another article."""


def lines_by(tree: Tree, headline: etree._Element | None, content: list[etree._Element]) -> list[str]:
    """The short lines between the headline and the text, then the few before the headline; without a headline those
    before the text, nearest first."""
    head = tree.number.get(headline, -1) if headline is not None else -1
    starts = [tree.number[element] for element in content if element is not headline and element in tree.number]
    start = min(starts, default=len(tree.elements))
    inside = {index for index in starts if index <= head}
    lines: list[str] = []
    for index in range(head + 1, min(head + _MOST_ELEMENTS, len(tree.elements))) if head >= 0 else ():
        if index == start and not inside:
            break
        if tree.block_prose[index] >= 60 and (inside or not head < start):
            break  # the text; before its element such a block tells of the author
        if not _add_line(tree, index, lines) and len(lines) >= _MOST_LINES:
            break
    for index in range(start, min(start + 12, len(tree.elements))) if head < 0 else ():
        if tree.block_prose[index] >= 30:
            break
        _add_line(tree, index, lines)
    first = head if head >= 0 else start
    before: list[str] = []
    for index in range(first - 1, max(first - 40, -1), -1):
        if tree.block_prose[index] >= 60 or len(before) >= 12:
            break
        if not any(tree.link[tree.number[link]] >= _OTHER_TITLE for link in islice(tree.elements[index].iter("a"), 20)):
            _add_line(tree, index, before)  # else it speaks of another article
    return lines + before


def lines_after(tree: Tree, content: list[etree._Element]) -> list[str]:
    """The lines after the text that say when it was published: ``posted @ 2016-10-11 12:13``."""
    if not content:
        return []
    first = tree.number[content[-1]]
    start = first + sum(1 for _ in content[-1].iter("*"))
    after: list[str] = []
    for index in range(start, min(start + 30, len(tree.elements))):
        _add_line(tree, index, after)
    last: list[str] = []
    for index in range(max(start - 30, first), start):
        _add_line(tree, index, last)
    last = [line for line in last if _POSTED_ON.match(line)]
    return [line for line in last + after if _POSTED.match(line) and _may_be_by_line(line)]


_POSTED = re.compile(r"posted\b|发[布表]|时间[:：]|日期[:：]|编辑于|创建于", re.IGNORECASE)
_POSTED_ON = re.compile(r"posted (?:on|@)|(?:发[布表]|创建)于", re.IGNORECASE)


def _add_line(tree: Tree, index: int, lines: list[str]) -> bool:
    element = tree.elements[index]
    size = tree.text[index]
    if not 4 <= size <= _LONGEST_LINE or tree.link_share(index) > 0.6:
        return False
    item = next((parent for parent in (element, *element.iterancestors()) if parent.tag == "li"), None)
    if item is not None and tree.link[tree.number[item]] > 6 and tree.text[tree.number[item]] < 300:
        return False  # one of a list of other articles
    line = text_of(element, 300, between=" ")
    if line and (not lines or line != lines[-1]):
        lines.append(line)
        return True
    return False
