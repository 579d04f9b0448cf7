"""The conditions that stand beside the text of a query, as they were given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Filters:
    """The conditions given beside the query text. Values of one field are alternatives; fields are all required.

    labels       : names of label fields, those of every article (``LABEL_FIELDS``) or own ones, each with its values; a
                   field that is named but has no values admits nothing
    draft        : only drafts, or only what is none
    since, until : both included
    """

    labels: tuple[tuple[str, tuple[str, ...]], ...] = ()
    draft: bool | None = None
    since: str | datetime | None = None
    until: str | datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.labels or self.draft is not None or self.since or self.until)
