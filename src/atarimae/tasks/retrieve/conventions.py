"""How else a board may count ranked answers: rival conventions and common mistakes.

A rule has one option on each of seven axes, and ours are the defaults of `Rule`. Every other option
is a change, and rules with one or two changes are counted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from atarimae.task import Answers, Counting
from atarimae.tasks.retrieve.formulas import FORMULAS, Numbers
from atarimae.tasks.retrieve.lists import DEPTH, Lists, Variants
from atarimae.tasks.retrieve.metrics import K
from atarimae.types import Bools, Floats


@dataclass(frozen=True)
class Option:
    """One choice on an axis: what it is called, and how to find out."""

    axis: str
    key: str
    name: str
    check: str


@dataclass(frozen=True)
class Rule:
    """One choice on each axis."""

    metric: str = "mrr"
    k: str = str(K)
    unmatched: str = "left out"
    lists: str = "as answered"
    ranks: str = "from 1"
    mean: str = "of queries"
    asked: str = "all"


def countings(answers: Answers) -> list[Counting]:
    """Our own counting, then those with one change, then those with two."""
    variants = Variants(answers)
    own = _counted(Rule(), (), variants)
    single: dict[Option, Counting] = {}
    for option in OPTIONS:
        found = _counted(Rule(), (option,), variants)
        if found.missing or not _equal(found, own):
            single[option] = found
    there = [option for option, found in single.items() if not found.missing]
    double = [
        _counted(Rule(), pair, variants)
        for pair in combinations(there, 2)
        if pair[0].axis != pair[1].axis
    ]
    return [own, *single.values(), *(found for found in double if not found.missing)]


def _counted(rule: Rule, changes: tuple[Option, ...], variants: Variants) -> Counting:
    chosen = replace(rule, **{option.axis: option.key for option in changes})
    names = tuple(option.name for option in changes)
    check = " ".join(option.check for option in changes)
    missing = _missing(chosen, variants)
    parts, clusters = (np.zeros(0, np.float32), ()) if missing else _parts(chosen, variants)
    if not missing and not len(parts):
        missing = "No query is left to count."
    of = len(variants.keys)
    return Counting(names, check, parts, clusters, of, chosen.mean == "summed", missing)


def _missing(rule: Rule, variants: Variants) -> str:
    """Why the rule can't be counted; empty where it can."""
    lists = variants.of(rule.lists)
    if isinstance(lists, str):
        return lists
    asked = variants.asked(rule.asked)
    if isinstance(asked, str):
        return asked
    if _depth(rule) > lists.depth:
        return f"The answers reach to {lists.depth}, and more need the run's embeddings."
    return ""


def _depth(rule: Rule) -> int:
    return DEPTH if rule.k == "any" else int(rule.k)


def _parts(rule: Rule, variants: Variants) -> tuple[Floats, tuple[str, ...]]:
    lists, asked = variants.of(rule.lists), variants.asked(rule.asked)
    assert isinstance(lists, Lists), "_missing looks for it"
    assert not isinstance(asked, str), "_missing looks for it"
    k = min(_depth(rule), lists.relevant.shape[1])
    hits, places = _placed(lists.relevant[:, :k], rule.ranks)
    there = lists.counts.astype(np.float64)
    found = FORMULAS[rule.metric].count(hits, places, there, k)
    matched = there > 0
    parts = np.where(matched, found, _unmatched(rule, variants, len(found)))
    if rule.unmatched == "rejected":
        parts = np.where(matched & variants.unknown, 0.0, parts)
    rows = np.flatnonzero(asked & (matched | (rule.unmatched != "left out")))
    clusters = tuple(variants.clusters[row] for row in rows)
    if rule.mean == "of classes":
        return _of_classes(parts[rows], clusters)
    return parts[rows].astype(np.float32), clusters


def _unmatched(rule: Rule, variants: Variants, n: int) -> Numbers:
    """What a query without a match counts, where it does."""
    if rule.unmatched == "rejected":
        return variants.unknown.astype(np.float64)
    return np.full(n, float(rule.unmatched == "one"))


def _placed(hits: Bools, ranks: str) -> tuple[Bools, Numbers]:
    places = np.arange(1, hits.shape[1] + 1, dtype=np.float64)
    if ranks == "from 2":
        return hits, places + 1
    if ranks == "from 0":
        return hits, np.maximum(places - 1, 1)
    if ranks == "first unseen":
        hits = hits.copy()
        hits[hits[:, 0]] = False  # `if index:` is false for 0, and nothing later is looked at
    return hits, places


def _of_classes(parts: Numbers, clusters: tuple[str, ...]) -> tuple[Floats, tuple[str, ...]]:
    names, member = np.unique(np.array(clusters, dtype=str), return_inverse=True)
    means = np.bincount(member, parts) / np.bincount(member)
    return means.astype(np.float32), tuple(names.tolist())


def _equal(first: Counting, second: Counting) -> bool:
    return (
        first.summed == second.summed
        and first.clusters == second.clusters
        and np.array_equal(first.parts, second.parts)
    )


def _options() -> Iterator[Option]:
    """Every change, with a sentence on how to check it."""
    table: Mapping[str, Mapping[str, tuple[str, str]]] = {
        "metric": {
            "hit rate": ("hit rate (Recall@k), not MRR", "Read which metric the board names."),
            "map": ("mAP, divided by min(matches, k)", "Read which metric the board names."),
            "map / all": ("mAP, divided by all matches", "Look at what AP is divided by."),
            "map / found": ("mAP, divided by the hits found", "Look at what AP is divided by."),
            "map / k": ("mAP, divided by k", "Look at what AP is divided by."),
            "share found": ("share of all matches that are found", "Ask what recall means there."),
            "share found, at most k": (
                "share found of min(matches, k)", "Ask what recall means there.",
            ),
            "precision": ("precision@k", "Read which metric the board names."),
            "ndcg": ("nDCG", "Read which metric the board names."),
            "all hits": (
                "1/rank summed over all hits, not the first alone",
                "See whether the loop stops at the first hit.",
            ),
            "hits / found": (
                "1/rank averaged over the hits found",
                "See whether the loop stops at the first hit.",
            ),
            "hits / there": (
                "1/rank summed over hits, divided by all matches",
                "See whether the loop stops at the first hit.",
            ),
        },
        "k": {
            str(k): (f"cut at {k}", f"Send lists of {k} alone: the score must not change.")
            for k in (1, 3, 5, 10, 50)
        } | {"any": (f"not cut before {DEPTH}", "Send longer lists and see whether it rises.")},
        "unmatched": {
            "zero": (
                "queries without a match count 0", "Count those queries in what you were given.",
            ),
            "one": (
                "queries without a match count 1", "Count those queries in what you were given.",
            ),
            "rejected": (
                "queries without a match count 1 if rejected",
                "See whether 'unknown' may be answered.",
            ),
        },
        "lists": {
            "itself a hit": (
                "the query itself left in the gallery, as a hit",
                "Send each query as its own first answer: the score must fall.",
            ),
            "itself a miss": (
                "the query itself takes up the first place",
                "Look whether your lists begin with the query.",
            ),
            "own source": (
                "images of the query's own source left in",
                "Look whether your lists hold them.",
            ),
            "itself and own source": (
                "the query itself and its own source left in",
                "Look whether your lists hold them.",
            ),
            "first dropped": (
                "the first answer dropped as if it were the query",
                "Send a list with something wrong in front: the score must fall.",
            ),
            "reversed": (
                "lists worst first", "Look at the first answers of a few rows of what was sent.",
            ),
            "shifted": (
                "answers given to the next query", "Compare a few rows of what was sent by eye.",
            ),
            "each twice": (
                "every answer twice in the list", "Count the distinct answers of each row.",
            ),
            "classes once": (
                "each class once in the list", "See whether labels are ranked, or images.",
            ),
            "ties for us": ("ties broken in favour", "Round similarities less, and send again."),
            "ties against us": ("ties broken against", "Round similarities less, and send again."),
            "ties reversed": ("ties by reversed path", "Round similarities less, and send again."),
        },
        "ranks": {
            "from 2": (
                "first hit's rank one too large: 1/(rank + 1)",
                "Send a perfect list: does it score 1, or 0.5?",
            ),
            "from 0": (
                "ranks from 0: 1/max(rank − 1, 1)",
                "Put the match second everywhere: does it still score 1?",
            ),
            "first unseen": (
                "a hit in first place counts 0 (index 0 is false)",
                "Send a perfect list: does it score 1, or 0?",
            ),
        },
        "mean": {
            "of classes": ("mean over classes, not queries", "Ask what the mean is over."),
            "summed": ("summed, not averaged", "See whether the board's best exceeds 1."),
        },
        "asked": {
            "new classes": (
                "only queries of classes that are not in train",
                "Split by class, and let CV ask about unseen ones alone.",
            ),
            "old classes": (
                "only queries of classes that are in train",
                "Ask whether the board's classes are those of train.",
            ),
            "no duplicates": (
                "only queries without a near-duplicate in train",
                "Group near-duplicates, and split by group.",
            ),
        },
    }  # fmt: skip
    for axis, options in table.items():
        for key, (name, check) in options.items():
            yield Option(axis, key, name, check)


OPTIONS = tuple(_options())
