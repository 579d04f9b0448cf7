"""What the path of a post says: its name, and often its day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from cnsearch.corpus.dates import parse_date
from cnsearch.corpus.text import one_line

#: 2019-03-05, 2020_11_25, 2019年1月3日
_WRITTEN = (
    r"(?P<year>(?:19|20)[0-9]{2})(?:(?P<mark>[-_.])(?P<month>[0-9]{1,2})(?P=mark)|年(?P<month2>[0-9]{1,2})月)"
    r"(?P<day>[0-9]{1,2})(?:[日号]|(?![0-9日号]))"
)
#: 20190305, 201903051030, 20190305103000
_DIGITS = r"(?P<year>(?:19|20)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?:[0-9]{4}|[0-9]{6})?(?![0-9])"
_NAME_DATES = (re.compile(rf"(?<![0-9]){_WRITTEN}"), re.compile(rf"(?:^|[-_ .]){_DIGITS}"))
_LEADING_DATES = tuple(re.compile(rf"{form}(?:[-_ .、—–]+|(?=[^\W\d]))") for form in (_WRITTEN, _DIGITS))
_TRAILING_DATES = tuple(re.compile(rf"[-_ .（(—–]+{form}[)）]?$") for form in (_WRITTEN, _DIGITS))
_FOLDER_DATE = re.compile(r"(?:^|/)(?P<year>(?:19|20)[0-9]{2})/(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})(?=[-_/. ])")
_FOLDER_MONTH = re.compile(r"(?:^|/)((?:19|20)[0-9]{2})[/-](0[1-9]|1[0-2])/")
_INDEX_NAMES = frozenset(("index", "_index", "readme"))


def name_of(id: str, suffixes: Sequence[str]) -> str:
    """What the path of a post calls it: the file's name without its ending; of an ``index.md`` its folder's."""
    folder, _, name = id.rstrip("/").rpartition("/")
    suffix = next((suffix for suffix in suffixes if name.lower().endswith(suffix)), "")
    stem = name[: len(name) - len(suffix)]
    if stem.lower() in _INDEX_NAMES and folder:
        return folder.rpartition("/")[2]
    return stem if one_line(stem) else name


def title_of_name(name: str) -> str:
    """A name as a title: without the date before or behind it.

    >>> title_of_name("2019-01-02-灯塔"), title_of_name("2021-03-04"), title_of_name("会议纪要_20190305")
    ('灯塔', '2021-03-04', '会议纪要')
    """
    rest = name
    for form in _LEADING_DATES:
        found = form.match(name)
        rest = name[found.end() :] if found else rest
    if rest == name and name[-1:] in "0123456789日号)）":
        for form in _TRAILING_DATES:
            rest = form.sub("", rest)
    return one_line(rest) or one_line(name)


def date_of_name(id: str, name: str) -> datetime | None:
    """The day that a post's name or its folders say, if it is one.

    >>> date_of_name("日记/2019年1月3日.txt", "2019年1月3日").isoformat()
    '2019-01-02T16:00:00+00:00'
    >>> date_of_name("2019/03/05/x.md", "x").isoformat()
    '2019-03-04T16:00:00+00:00'
    """
    for form, text in ((_NAME_DATES[0], name), (_NAME_DATES[1], name), (_FOLDER_DATE, id)):
        found = form.search(text)
        if found is not None:
            part = found.groupdict()
            date = parse_date(f"{part['year']}-{part['month'] or part.get('month2')}-{part['day']}")
            if date is not None:
                return date
    return None


def month_of_folders(id: str) -> datetime | None:
    """The first day of the month of the folders that a post lies in: better than no date.

    >>> month_of_folders("blog/2019/03/灯塔.md").isoformat()
    '2019-02-28T16:00:00+00:00'
    """
    found = _FOLDER_MONTH.search(id)
    return None if found is None else parse_date(f"{found[1]}-{found[2]}-01")


def in_drafts(id: str) -> bool:
    """Whether a post lies in a folder for drafts: Jekyll's and Hexo's."""
    return "_drafts/" in id and "_drafts" in id.split("/")[:-1]
