"""The names of the fields, and which of them are of one kind. What each is for: ``schema``."""

from __future__ import annotations

TEXT_FIELDS = ("title", "tags", "body")
"""The searched texts. Each has its words in the field of this name and its characters in ``CHARS_FIELD``."""
CHARS_FIELD = {"title": "title_chars", "tags": "tags_chars", "body": "body_chars"}
SHIFTED_FIELD = "shifted"
"""Names the texts of an article whose reading is not, character for character, what is stored: few are."""
PLAIN_FIELDS = frozenset(TEXT_FIELDS)
"""Stored without compression: exact substrings are verified in them, and the second pass of ranking reads them."""

LABEL_FIELDS = ("source", "category", "author", "tag")
"""What every article may be filtered by; own fields of articles are values of the field label."""
PATH_FIELDS = frozenset({"category", "tag"})
"""Label fields whose values may have levels, joined by "/": a filter may name a leading path."""
LIST_FIELDS = frozenset({"category", "tag", "label"})
"""Label fields of which a document has several values."""

DIGEST_BYTES = 16

DRAFT = "yes"
"""The one value of the field draft."""
