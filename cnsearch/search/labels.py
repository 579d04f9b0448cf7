"""Values that a filter asks for and no article has: a note for each, with the value that may have been meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from typing import Protocol

from whoosh.support.levenshtein import damerau_levenshtein

from cnsearch.analysis import pinyin
from cnsearch.analysis.fold import fold
from cnsearch.query.filters import Filters
from cnsearch.query.tree import Filter, Group, Node
from cnsearch.search.steps.conditions import label
from cnsearch.store.fields import LABEL_FIELDS, PATH_FIELDS
from cnsearch.store.labels import label_term


class Values(Protocol):
    """What articles have in the fields that filters ask for: a ``Snapshot``, or what another back end knows."""

    @property
    def own_fields(self) -> Mapping[str, str]:
        """The own fields of articles by their folded names."""

    def has_term(self, field: str, term: str) -> bool:
        """Whether an article has the term in a label field."""

    def label_counts(self, field: str) -> Counter[str]:
        """How many articles have each value of a label field, as written."""

    def own_field_counts(self, name: str) -> Counter[str]:
        """The same of an own field."""

    def label_paths(self, field: str) -> list[tuple[str, int]]:
        """The folded paths of a label field, and how many articles have each."""


MAX_NOTES = 3
_CHARS_PER_ERROR = 3
"""One error for so many characters is a value close by; one in any value of two characters or more."""


def unknown_values(snapshot: Values, filters: Filters, root: Node | None) -> dict[tuple[str, str], str]:
    """The (field, value) of the filters, beside the query and in it, that no article has, each with a note; that of
    those after the first MAX_NOTES is empty."""
    asked = [(field, value) for field, values in filters.labels for value in values]
    nodes = () if root is None else root.walk()
    asked += [(node.field, node.value) for node in nodes if isinstance(node, Filter) and node.field != "date"]
    terms = {one: label(*one) for one in dict.fromkeys(asked)}
    unknown = [one for one, term in terms.items() if not snapshot.has_term(term.field, term.value)]
    # Each is compared with all known values, so that a note for each of hundreds would take seconds.
    return {one: _note(snapshot, *one) if at < MAX_NOTES else "" for at, one in enumerate(unknown)}


def rules_all_out(unknown: Container[tuple[str, str]], filters: Filters, root: Node | None) -> bool:
    """Whether unknown values are required, or none are admitted, so that no other words would find anything."""
    if any(all((field, value) in unknown for value in values) for field, values in filters.labels):
        return True
    required = root.required if isinstance(root, Group) else (root,)
    return any(isinstance(node, Filter) and (node.field, node.value) in unknown for node in required)


def _note(snapshot: Values, field: str, value: str) -> str:
    if field not in LABEL_FIELDS and fold(field) not in snapshot.own_fields:
        return f'no article has a field "{field}"'
    known = _known(snapshot, field)
    closest = min(_close(label_term(field, value), known), default=None)
    note = f'no article has the {field} "{value}"'
    if closest is not None:
        return f'{note}; did you mean "{closest[-1]}"?'
    return note if field == "author" else f"{note} (known values: stats)"


def _known(snapshot: Values, field: str) -> dict[str, tuple[str, int]]:
    """What a filter may say: for each term of the field, the value as most write it, and the articles that have it."""
    written: dict[str, tuple[str, int]] = {}
    counts = snapshot.label_counts(field) if field in LABEL_FIELDS else snapshot.own_field_counts(field)
    for value, count in sorted(counts.items(), key=lambda item: (item[1], item[0])):
        term = label_term(field, value)
        if term:
            written[term] = (value, count + written.get(term, ("", 0))[1])
    if field in PATH_FIELDS:
        for path, count in snapshot.label_paths(field):
            levels = [written.get(level, (level, 0))[0] for level in path.split("/")]
            written.setdefault(path, ("/".join(levels), count))
    return written


def _close(value: str, known: dict[str, tuple[str, int]]) -> Iterator[tuple[int, int, int, str]]:
    """The known values that may be meant, each as a key to compare by (less is closer), with the value last: those that
    sound the same; those that contain the value; those of nearly the same spelling; those that it contains."""
    if not value:
        return
    sounds = {*pinyin.readings([value]), *_spelled_out(value)}
    readings = pinyin.readings(list(known))
    allowed = min(len(value) - 1, max(1, len(value) // _CHARS_PER_ERROR))
    for (term, (written, count)), reading in zip(known.items(), readings, strict=True):
        if term == value:
            continue  # only of deleted articles
        if reading in sounds and reading:
            yield 0, 0, -count, written
        elif value in term:
            yield 1, 0, -count, written
        elif (distance := damerau_levenshtein(value, term)) <= allowed:
            yield 2, distance, -count, written
        elif len(term) > 1 and term in value:
            yield 3, 0, -count, written


def _spelled_out(value: str) -> list[str]:
    """The readings of a value typed in pinyin."""
    letters = pinyin.typed(value)
    return [] if letters is None or len(letters) > 40 else pinyin.splits(letters)
