"""Articles from what a program has in hand: the upper half of ``Article.from_html`` and ``Article.from_text``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cnsearch.errors import CorpusError
from cnsearch.model import Article


def article_of_arguments(method: str, arguments: Mapping[str, object], time_zone: str | tzinfo) -> Article:
    """The article of the arguments of ``method``, by the reader of JSON Lines.

    arguments : those of a record; a value of None is as if it were not there, except the id
    Raises    : TypeError or ValueError that names the method and the argument
    """
    from cnsearch.corpus.records import (  # BeautifulSoup: not for those who only search
        WrongTypeError,
        article_from_record,
    )

    if arguments.get("id") is None:
        raise TypeError(f"{method}: id must be a string or an integer, not None")
    try:
        zone = ZoneInfo(time_zone) if isinstance(time_zone, str) else time_zone
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{method}: unknown time zone {time_zone!r}") from error
    try:
        return article_from_record(arguments, where=method, time_zone=zone)
    except CorpusError as error:
        kind = TypeError if isinstance(error, WrongTypeError) else ValueError
        raise kind(f"{method}: {error.reason}") from error
