"""Which segments to merge when."""

from __future__ import annotations

from collections.abc import Sequence

#: segments of similar size that are merged as soon as there are so many. With 8, a million documents lie in 8 to 25
#: segments, and each document is rewritten 2 to 3 times on the way.
MERGE_FACTOR = 8
#: segments below this size count as similar: 1,000 articles are rewritten in some 50 ms
SMALL_SEGMENT_DOCS = 1000
#: a segment is rewritten alone when more than this part of it is deleted
MAX_DELETED_FRACTION = 0.5


def choose_merges(live: Sequence[int], total: Sequence[int]) -> list[list[int]]:
    """Decide which segments to merge after a commit: the logarithmic policy of Lucene's LogMergePolicy.

    live    : documents of each segment that are not deleted
    total   : documents of each segment
    Returns : groups of positions, each to become one segment. Every group but those that only drop deleted documents
              has MERGE_FACTOR members or more, all of the same level, where level k holds the segments of up to
              SMALL_SEGMENT_DOCS * MERGE_FACTOR ** k documents.
    """
    levels: dict[int, list[tuple[list[int], int]]] = {}
    for position, size in enumerate(live):
        levels.setdefault(_level(size), []).append(([position], size))
    level = 0
    while level <= max(levels, default=-1):
        members = levels.get(level, [])
        if len(members) >= MERGE_FACTOR:
            # What becomes one segment takes part in the next level at once, so that it is written only once.
            joined = sorted(position for positions, _ in members for position in positions)
            size = sum(size for _, size in members)
            levels[level] = []
            levels.setdefault(_level(size), []).append((joined, size))
        level += 1
    groups = [positions for members in levels.values() for positions, _ in members if len(positions) > 1]
    chosen = {position for group in groups for position in group}
    for position, (alive, all_docs) in enumerate(zip(live, total, strict=True)):
        if position not in chosen and all_docs - alive > MAX_DELETED_FRACTION * all_docs:
            groups.append([position])
    return groups


def _level(size: int) -> int:
    level, limit = 0, SMALL_SEGMENT_DOCS
    while size > limit:
        limit *= MERGE_FACTOR
        level += 1
    return level
