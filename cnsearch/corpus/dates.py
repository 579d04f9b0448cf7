"""Dates as feeds and pages write them, to aware UTC.

No clock is read: the same text gives the same date today and in ten years.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta, timezone, tzinfo

#: Dates without a zone are Beijing time. A fixed offset, so that no time-zone table is needed: China has had no
#: summer time since 1991.
BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")

#: Years that a saved post can have. Outside lie the feeds' zero dates (1970: seconds read as milliseconds) and typing
#: errors, which would sort before or after every true date.
FIRST_YEAR, LAST_YEAR = 1990, 2100

_MONTHS = {
    name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)
}

#: Hours east of Greenwich of the zone names that feeds use. CST is China's: a Chinese post means nothing else by it.
_ZONE_HOURS = {
    "z": 0, "gmt": 0, "utc": 0, "ut": 0, "cst": 8, "hkt": 8, "jst": 9, "kst": 9,
    "est": -5, "edt": -4, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip

_ZONE = r"(?P<zone>[+-][0-9]{2}(?::?[0-9]{2})?(?![0-9:])|[A-Za-z]{1,4}(?![A-Za-z])(?:[+-][0-9]{2}:?[0-9]{2})?)?"
_CLOCK = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?"
    r"(?:\s?(?P<noon>[AaPp])\.?[Mm]\b\.?)?"
)

#: 2021-10-27 20:11:47, 2021/10/27, 2021.10.27, 2021年10月27日 20:11, 2021年10月27日20时11分, 2021-10-27T20:11:47.000Z
_YEAR_FIRST = re.compile(
    r"(?<![0-9])(?P<year>[0-9]{4})\s?[-/.年]\s?(?P<month>[0-9]{1,2})\s?[-/.月]\s?(?P<day>[0-9]{1,2})(?![0-9])\s?[日号]?"
    r"(?:[\sT,(（_]{0,4}(?:(?:(?:星期|周)[一二三四五六日天]|[A-Z][a-z]{2,8}day)[)）]?,?\s{0,3})?(?P<half>上午|下午|晚上|凌晨|中午)?\s?"
    rf"(?:{_CLOCK}|(?P<hour2>[0-9]{{1,2}})[时時](?P<minute2>[0-9]{{1,2}})分)\s?{_ZONE})?"
)
#: 20211027, 20211027T201147Z (ISO 8601, basic form), 202110272011
_COMPACT = re.compile(
    r"(?P<year>(?:19|20)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
    rf"(?:[T\s]?(?P<hour>[0-9]{{2}})(?P<minute>[0-9]{{2}})(?:(?P<second>[0-9]{{2}})(?:[.,][0-9]{{1,9}})?)?\s?{_ZONE})?"
    r"(?![0-9])"
)
#: 2019-01, 2019年1月: the first day of the month, if nothing follows
_MONTH = re.compile(r"(?P<year>[0-9]{4})\s?[-/.年]\s?(?P<month>[0-9]{1,2})\s?月?(?P<day>)(?P<zone>)$")
#: Seconds (10 digits, from September 2001 on) or milliseconds since 1970
_EPOCH = re.compile(r"[0-9]{10}(?:[0-9]{3})?(?:\.[0-9]{1,9})?$")
#: Wed, 27 Oct 2021 02:08:49 GMT (RFC 2822, section 3.3); weekday, seconds and zone may be missing
_DAY_FIRST = re.compile(
    r"(?:[A-Za-z]{3,9},?\s{1,3})?(?P<day>[0-9]{1,2})[\s-](?P<month>[A-Za-z]{3})[a-z]{0,6}\.?,?[\s-](?P<year>[0-9]{4})"
    rf"(?![0-9])(?:,?\s{{1,3}}{_CLOCK}\s{{0,3}}{_ZONE})?"
)
#: Wed Oct 27 2021 20:11:47 GMT+0800 (JavaScript), Oct 27, 2021, Wednesday, October 27th 2021, 8:11:47 pm (Obsidian)
_MONTH_FIRST = re.compile(
    r"(?:[A-Za-z]{3,9},?\s{1,3})?(?P<month>[A-Za-z]{3})[a-z]{0,6}\.?\s(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?(?![0-9a-z]),?\s"
    rf"(?P<year>[0-9]{{4}})(?![0-9])(?:,?\s{{1,3}}{_CLOCK}\s{{0,3}}{_ZONE})?"
)
#: Sun Dec 31 08:34:26 +0800 2023 (Weibo, Twitter), Sun Dec 31 08:34:26 2023 (C's asctime)
_YEAR_LAST = re.compile(
    r"(?:[A-Za-z]{3},?\s)?(?P<month>[A-Za-z]{3})\s{1,2}(?P<day>[0-9]{1,2})\s"
    rf"{_CLOCK}\s(?:{_ZONE}\s)?(?P<year>[0-9]{{4}})(?![0-9])"
)
_FORMS = (_YEAR_FIRST, _DAY_FIRST, _MONTH_FIRST, _YEAR_LAST, _COMPACT, _MONTH)

#: No date that we know is longer; what follows is not looked at.
_LONGEST = 100


def parse_date(text: str, zone: tzinfo = BEIJING) -> datetime | None:
    """The date that ``text`` begins with (white space aside), or None if it begins with none that is possible.

    Understands RFC 2822, ISO 8601, the Chinese, JavaScript and Weibo's ways, seconds and milliseconds since 1970. A day
    without a time is that day's midnight, a month its first day's. None too for years outside FIRST_YEAR..LAST_YEAR.

    zone    : of a text that names none
    Returns : aware, UTC
    Raises  : nothing, on any text

    >>> parse_date("Wed, 27 Oct 2021 02:08:49 GMT").isoformat()
    '2021-10-27T02:08:49+00:00'
    >>> parse_date("2021年10月27日 20:11").isoformat()
    '2021-10-27T12:11:00+00:00'
    >>> parse_date("Invalid Date"), parse_date("Mon, 19 Jan 1970 10:51:32 GMT")
    (None, None)
    """
    text = _plain(text)
    for form in _FORMS:
        found = form.match(text)
        if found is not None:
            return _aware(found, zone)
    return date_from_epoch(float(text)) if _EPOCH.match(text) else None


def date_of(moment: date, zone: tzinfo = BEIJING) -> datetime | None:
    """A date or datetime as it is kept: UTC, one without a zone taken to be in ``zone``, a day as its midnight."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    try:
        return _in_range(moment.replace(tzinfo=zone) if moment.utcoffset() is None else moment)
    except OverflowError:
        return None


def find_date(text: str, *, clock: bool = False) -> datetime | None:
    """The first year-first date anywhere in the first 100 characters of ``text``; with ``clock`` only one with a time.

    For the by-lines of pages: ``发布时间：2021-10-27 20:11:47 来源：…``.
    """
    for found in _YEAR_FIRST.finditer(_plain(text)):
        if not clock or found["hour"] or found["hour2"]:
            return _aware(found, BEIJING)
    return None


def date_from_epoch(seconds: float) -> datetime | None:
    """The date ``seconds`` after 1970 (from 1e11 on: milliseconds), or None outside FIRST_YEAR..LAST_YEAR."""
    if not 0 <= seconds < 1e14:  # also NaN, and integers that are too large to divide
        return None
    if seconds >= 1e11:  # the year 5138: nobody means seconds
        seconds /= 1000
    return _in_range(datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds))


def _plain(text: str) -> str:
    text = text[: 4 * _LONGEST].strip()[:_LONGEST]
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _aware(found: re.Match[str], zone: tzinfo) -> datetime | None:
    """The date of a match of one of the forms, or None if there is no such day, time or year."""
    part = found.groupdict()
    month = part["month"]
    hour = int(part.get("hour") or part.get("hour2") or 0)
    half = part.get("half")
    if half in ("下午", "晚上") and hour < 12:
        hour += 12
    noon = (part.get("noon") or "").lower()
    if noon:
        hour = hour % 12 + 12 * (noon == "p") if hour <= 12 else hour
    try:
        naive = datetime(
            int(part["year"]),
            int(month) if month.isdigit() else _MONTHS[month.lower()],
            int(part["day"] or 1),
            hour,
            int(part.get("minute") or part.get("minute2") or 0),
            min(int(part.get("second") or 0), 59),  # a leap second
        )
        return _in_range(naive.replace(tzinfo=_zone(part["zone"], zone)))
    except (ValueError, KeyError, OverflowError):
        return None


def _zone(name: str | None, other: tzinfo) -> tzinfo:
    if not name:
        return other
    sign = max(name.find("+"), name.find("-"))
    if sign >= 0:
        digits = name[sign + 1 :].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
        return timezone(-offset if name[sign] == "-" else offset)
    hours = _ZONE_HOURS.get(name.lower())
    return other if hours is None else timezone(timedelta(hours=hours))


def _in_range(moment: datetime) -> datetime | None:
    moment = moment.astimezone(timezone.utc)
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None
