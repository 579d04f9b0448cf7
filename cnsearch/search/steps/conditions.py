"""Conditions: steps that select documents and do not rank them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from cnsearch.search.leaves import Leaves, Mask
from cnsearch.search.scoring import Scores
from cnsearch.search.steps.base import Step
from cnsearch.store.dates import NO_DATE
from cnsearch.store.fields import LABEL_FIELDS
from cnsearch.store.labels import label_term, own_label_term


class Condition(Step):
    """Documents that meet a condition, with score 0."""

    __slots__ = ()

    @abstractmethod
    def select(self, leaves: Leaves) -> Mask:
        """The documents that meet it: bool, shape (num_docs,)."""

    def run(self, leaves: Leaves) -> tuple[Mask, Scores]:
        return leaves.select(self), leaves.zeros()

    def matching(self, leaves: Leaves) -> Mask:
        return leaves.select(self)


@dataclass(frozen=True, slots=True)
class Label(Condition):
    """The documents with this folded value in a label field.

    >>> print(Label("source", "每经网"))
    source:每经网
    """

    field: str
    value: str

    def __str__(self) -> str:
        return f"{self.field}:{self.value}"

    def select(self, leaves: Leaves) -> Mask:
        mask = np.zeros(leaves.num_docs, dtype=bool)
        postings = leaves.snapshot.postings(self.field, self.value)
        if postings is not None:
            mask[postings.doc_ids] = True
        return mask


def label(field: str, value: str) -> Label:
    """The documents with this value, as written, in a label field of every article or in an own one.

    >>> print(label("category", "金融 / 每經網"), label("language", "ZH"))
    category:金融/每经网 label:language=zh
    """
    if field in LABEL_FIELDS:
        return Label(field, label_term(field, value))
    return Label("label", own_label_term(field, value))


@dataclass(frozen=True, slots=True)
class DateRange(Condition):
    """The documents with ``start <= date < end``, in seconds since 1970; None is open.

    >>> print(DateRange(0, 86400), DateRange(None, 0))
    date:0..86400 date:..0
    """

    start: int | None
    end: int | None

    def __str__(self) -> str:
        return f"date:{'' if self.start is None else self.start}..{'' if self.end is None else self.end}"

    def select(self, leaves: Leaves) -> Mask:
        dates = leaves.snapshot.dates
        mask: Mask = dates != NO_DATE
        if self.start is not None:
            mask &= dates >= self.start
        if self.end is not None:
            mask &= dates < self.end
        return mask


@dataclass(frozen=True, slots=True)
class All(Condition):
    """Every document.

    >>> print(All())
    *
    """

    def __str__(self) -> str:
        return "*"

    def select(self, leaves: Leaves) -> Mask:
        return np.ones(leaves.num_docs, dtype=bool)
