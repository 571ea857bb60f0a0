"""Pairs that are alike, put together: round the one that most others are like."""

import heapq
from collections import defaultdict
from collections.abc import Iterable


def groups(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Sets of names, each with what is alike to its first; no name is in two.

    Names that only a chain connects are parted: a to which b is alike, to which c, to which d is,
    makes two sets, for a and d may have nothing in common.
    """
    near: dict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)
    queue = [(-len(others), name) for name, others in near.items()]
    heapq.heapify(queue)  # most others first, then by name: the same on every machine
    found = []
    while queue:
        number, hub = heapq.heappop(queue)
        if not near[hub]:
            continue
        if -number != len(near[hub]):  # some of its others are in a set by now
            heapq.heappush(queue, (-len(near[hub]), hub))
            continue
        members = (hub, *sorted(near[hub]))
        found.append(members)
        for name in members:
            for other in near.pop(name):
                if other in near:
                    near[other].discard(name)
            near[name] = set()
    return found


def connected(ties: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Sets of names that ties lead from one to another, also over others (union-find)."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for one, other in ties:
        parent[root(other)] = root(one)
    members: dict[str, list[str]] = defaultdict(list)
    for name in parent:
        members[root(name)].append(name)
    return list(members.values())
