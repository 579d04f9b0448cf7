"""Which segments are merged when."""

from __future__ import annotations

import random

from cnsearch.engine.segment import policy


def slow_policy(live: list[int]) -> list[int]:
    """Merge the lowest level that has MERGE_FACTOR members, until none has. Returns the sizes that are left."""
    while True:
        levels: dict[int, list[int]] = {}
        for size in live:
            levels.setdefault(policy._level(size), []).append(size)
        full = [level for level, sizes in sorted(levels.items()) if len(sizes) >= policy.MERGE_FACTOR]
        if not full:
            return sorted(live)
        merged = levels.pop(full[0])
        live = [size for sizes in levels.values() for size in sizes] + [sum(merged)]


def test_merge_policy_equals_its_slow_twin():
    rng = random.Random(4)
    for _ in range(300):
        live = [int(10 ** rng.uniform(0, 6.2)) for _ in range(rng.randint(0, 40))]
        groups = policy.choose_merges(live, live)
        chosen = [position for group in groups for position in group]
        assert len(set(chosen)) == len(chosen)
        left = [size for position, size in enumerate(live) if position not in chosen]
        left += [sum(live[position] for position in group) for group in groups]
        assert sorted(left) == slow_policy(live)


def test_merge_policy_drops_deletions_and_leaves_big_segments_alone():
    assert policy.choose_merges([1_000_000] + [1] * 7, [1_000_000] + [1] * 7) == []
    assert policy.choose_merges([1_000_000] + [1] * 8, [1_000_000] + [1] * 8) == [list(range(1, 9))]
    assert policy.choose_merges([400, 600], [1000, 1000]) == [[0]]
    assert policy.choose_merges([], []) == []


def test_number_of_segments_grows_with_the_logarithm():
    sizes: list[int] = []
    rewritten = 0
    for _ in range(3000):
        sizes.append(400)
        for group in sorted(policy.choose_merges(sizes, sizes), key=min, reverse=True):
            merged = sum(sizes[position] for position in group)
            rewritten += merged
            for position in sorted(group, reverse=True):
                del sizes[position]
            sizes.append(merged)
        assert len(sizes) <= 4 * policy.MERGE_FACTOR
    assert rewritten / 1_200_000 < 5
