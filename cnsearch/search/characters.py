"""What characters are read as, for the compiled kernels that read texts."""

from __future__ import annotations

from functools import cache

from cnsearch import kernels
from cnsearch.analysis.reading import ignored, spelt_out
from cnsearch.analysis.scripts import word_characters
from cnsearch.analysis.variants import IN_CONTEXT
from cnsearch.search.closeness import compiled_closeness


@cache
def compiled_characters() -> kernels.Characters | None:
    """With copies of the tables of characters; None where there are no kernels."""
    tables = compiled_closeness()
    if tables is None:
        return None
    contextual = "".join(sorted(IN_CONTEXT))
    return kernels.characters_of(tables, ignored(), spelt_out(), contextual, word_characters())


def characters_if_made() -> kernels.Characters | None:
    """The same where somebody has asked for them: it takes as long as dozens of queries to make them."""
    return compiled_characters() if compiled_characters.cache_info().currsize else None
