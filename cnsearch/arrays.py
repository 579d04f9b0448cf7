"""Names of arrays that many modules pass on, each with one meaning.

Where the string below a name gives a shape, that holds wherever the name stands. ``Array``, ``Ints``, ``Bytes`` and
``Bools`` say the dtype only: what is counted or marked, and how many there are, is said by each function.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

CodePoints = npt.NDArray[np.uint32]
"""The code points of a text, or of many one after the other: uint32, shape (characters,)."""
DocIds = npt.NDArray[np.int32]
"""The documents of a postings list, ascending: int32, shape (postings,). By their numbers in the segment, or in the
index where that is said."""
