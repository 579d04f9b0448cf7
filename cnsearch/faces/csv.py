"""Results as CSV (RFC 4180), a row for each hit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import tzinfo

from cnsearch.model import Hit, printable

CSV_COLUMNS = (
    "rank",
    "id",
    "title",
    "source",
    "categories",
    "author",
    "date",
    "url",
    "path",
    "score",
    "snippet",
    "tags",
    "draft",
)


def csv_text(rows: Iterable[Hit], *, zone: tzinfo, header: bool, query: str | None = None) -> str:
    """CSV (RFC 4180), ``query`` in a column before the others; levels of categories joined with "/", tags with commas,
    control characters replaced by spaces."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if header:
        writer.writerow(CSV_COLUMNS if query is None else ("query", *CSV_COLUMNS))
    for hit in rows:
        row = hit.to_dict(zone)
        row["categories"] = "/".join(hit.categories)
        row["tags"] = ", ".join(hit.tags)
        values = ["" if row[name] is None else row[name] for name in CSV_COLUMNS]
        if query is not None:
            values.insert(0, query)
        writer.writerow(printable(value) if isinstance(value, str) else value for value in values)
    return text.getvalue().rstrip("\n")
