"""What all values have in common when they are written as JSON: the version of their keys, and dates."""

from __future__ import annotations

from datetime import datetime, tzinfo

FORMAT_VERSION = 1
"""Of the dictionaries that ``to_dict`` makes: within a version keys may be added, never renamed."""


def iso_date(date: datetime | None, zone: tzinfo | None) -> str | None:
    """ISO 8601 with the offset of ``zone`` (as it is if None), to the second; None for no date."""
    if date is None:
        return None
    return (date if zone is None else date.astimezone(zone)).isoformat(timespec="seconds")
