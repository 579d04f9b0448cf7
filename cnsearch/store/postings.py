"""The postings of one term, as searching sees them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cnsearch.arrays import DocIds

Freqs = npt.NDArray[np.float32]
"""How often a term is in each document of its postings list: float32, shape (postings,), at least 1."""


class Postings(NamedTuple):
    """The postings list of one term; do not modify, it may be shared.

    doc_ids : int32, ascending, without repeats, deleted documents included; numbers in the segment, or in the index
    freqs   : float32, the same shape: how often the term occurs in the field of the document, at least 1
    """

    doc_ids: DocIds
    freqs: Freqs
