"""The scores of ranked answers, each with its convention; docs/metrics.md works them out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from atarimae.errors import AtarimaeError
from atarimae.tasks.retrieve.formulas import FORMULAS
from atarimae.tasks.retrieve.micro import Listed, jackknife
from atarimae.tasks.retrieve.ranking import Ranking
from atarimae.types import Bools, Floats, Score

K = 20  # answers that are looked at
RECALLS = (1, 5, 20)

Unmatched = Literal["left out", "zero"]
Convention = Mapping[str, str | int | float | bool]


def scores(
    found: Ranking, *, threshold: float | None = None, convention: Convention | None = None
) -> list[Score]:
    """Every metric, `mrr@20` first; `open-set mrr@20` and `aurc` where there is a threshold.

    Where no query has a match there are but the open-set scores, or nothing. R-precision and mAP@R
    are there if each list is as long as its query has matches.

    `convention` is added to each score's own: what the caller knows and the ranking doesn't.
    """
    extra = dict(convention or {})
    judged: list[Score] = []
    if found.has_match.any():
        judged = [mrr(found), *(recall(found, at) for at in RECALLS), mean_ap(found), ndcg(found)]
        if not short(found, "r-precision").any():
            judged += [r_precision(found), map_at_r(found)]
        judged.append(gap(found))
    if threshold is not None:
        judged += [open_set_mrr(found, threshold), aurc(found)]
    return [replace(score, convention={**score.convention, **extra}) for score in judged]


def mrr(found: Ranking, k: int = K) -> Score:
    """Mean of 1 / rank of the first relevant answer among k, 0 where none is relevant."""
    return _of_matched(f"mrr@{k}", found, reciprocal_ranks(found.relevant, k), k)


def recall(found: Ranking, k: int) -> Score:
    """Share of queries with a relevant answer among k: metric learning's Recall@k, ranx's hit rate.

    Not the share of the relevant images that are found, which ranx and scikit-learn call recall.
    """
    return counted(found, "hit rate", k, name=f"recall@{k}")


def mean_ap(found: Ranking, k: int = K) -> Score:
    """Mean over queries of the precision at each relevant answer among k, over min(relevant, k)."""
    return counted(found, "map", k)


def ndcg(found: Ranking, k: int = K) -> Score:
    """Järvelin and Kekäläinen, TOIS 2002, with a gain of 1 for a match, and the best order of all
    matches there are as the ideal.
    """
    return counted(found, "ndcg", k)


def r_precision(found: Ranking) -> Score:
    """Share of matches among the first R answers, of R matches there are; needs lists of R."""
    return counted(found, "r-precision", name="r-precision")


def map_at_r(found: Ranking) -> Score:
    """The precision at each match among the first R answers, over R; needs lists of R.

    Musgrave et al., A Metric Learning Reality Check, ECCV 2020.
    """
    return counted(found, "map@r", name="map@r")


def cmc(found: Ranking, k: int, *, matches: Literal["any", "each"] = "any") -> Score:
    """Cumulative match characteristic: `any` counts a query that finds one of its matches among k.

    `each` asks about one match at a time, with the query's others taken out of the gallery, and
    takes their mean: what drawing one gallery image a class tends to. It may need longer lists.
    """
    formula = "hit rate" if matches == "any" else "cmc of each match"
    return counted(found, formula, k, name=f"cmc@{k}")


def counted(
    found: Ranking, formula: str, k: int = K, *, unmatched: Unmatched = "left out", name: str = ""
) -> Score:
    """The score of any of `FORMULAS`; docs/metrics.md says which library counts by which.

    `unmatched` says what becomes of a query without a match.
    """
    rule, metric = FORMULAS[formula], name or f"{formula}@{k}"
    if (too_short := short(found, formula, k)).any():
        raise _short(found, metric, too_short)
    hits = found.relevant if rule.short else found.relevant[:, :k]
    places = np.arange(1, hits.shape[1] + 1, dtype=np.float64)
    parts = rule.count(hits, places, found.counts.astype(np.float64), k)
    of_r = "answers looked at" in rule.says
    says = {**rule.says, "k": "R"} if of_r else rule.says
    return _of_matched(metric, found, parts, hits.shape[1] if of_r else k, says, unmatched)


def short(found: Ranking, formula: str, k: int = K) -> Bools:
    """The queries that a formula needs longer lists of, (n)."""
    told = FORMULAS[formula].short
    if told is None:
        return np.zeros(len(found.keys), bool)
    return told(found.relevant, found.counts.astype(np.float64), k)


def gap(found: Ranking, answers: int = 1) -> Score:
    """Global or micro average precision: all queries' answers in one list, the surest first.

    With one answer a query it is Google Landmark Recognition's GAP, over the queries with a match;
    with more, the µAP of pairs (Perronnin et al., CVPR 2009), over the matches there are. Answers
    of one similarity stand together: no threshold can part them. `parts` are what each query moves
    the value by (infinitesimal jackknife), so that their mean is the value and resampling them
    resamples it.
    """
    name = "gap" if answers == 1 else f"µap@{answers}"
    if not found.has_match.any():
        raise _nothing(found, name)
    assert found.relevant.shape[1] >= answers, "search pads to k"
    listed = Listed(
        query=np.arange(len(found.keys)).repeat(answers),
        sure=found.sure if answers == 1 else found.similarity[:, :answers].ravel(),
        right=found.relevant[:, :answers].ravel().astype(np.float64),
    )
    there = (found.has_match if answers == 1 else found.counts).astype(np.float64)
    one = "queries with a match in the gallery" if answers == 1 else "matches in the gallery"
    convention = _convention(answers) | {
        "denominator": one,
        "no match": "its answers are wrong",
        **_surest_first(found.by if answers == 1 else "similarity"),
        "parts": "infinitesimal jackknife",
    }
    score = _score(name, convention, found.keys, jackknife(listed, there), found.clusters)
    return replace(score, within=(0.0, 1.0))


def aurc(found: Ranking) -> Score:
    """Area under the risk–coverage curve: lower is better, 0 where every first answer is right.

    Queries are answered from the surest on; the risk is the share of wrong first answers among
    those answered so far, and the area its mean over all queries as the last one answered. Geifman
    and El-Yaniv, NeurIPS 2017. `parts` as in `gap`.
    """
    n = len(found.keys)
    listed = Listed(np.arange(n), found.sure, (~found.relevant[:, 0]).astype(np.float64))
    convention = _convention(1) | {
        "denominator": "all queries",
        "no match": "a wrong answer",
        "better": "lower",
        **_surest_first(found.by),
        "parts": "infinitesimal jackknife",
    }
    parts = jackknife(listed, np.ones(n), np.ones(n))
    score = _score("aurc", convention, found.keys, parts, found.clusters)
    return replace(score, within=(0.0, 1.0))


def open_set_mrr(found: Ranking, threshold: float, k: int = K) -> Score:
    """MRR over all queries, where one without a match counts 1 if rejected and 0 if not.

    A query whose match is there counts 0 if it is rejected. The threshold is part of the
    convention.
    """
    assert found.relevant.shape[1] >= k, "search pads to k"
    no = rejected(found.sure, threshold)
    ranks = reciprocal_ranks(found.relevant, k)
    parts = np.where(found.has_match, ranks * ~no, no)
    answered = np.where(found.has_match, ranks, 0.0)
    convention = _convention(k) | {
        "denominator": "all queries",
        "no match": "1 if rejected, 0 if not",
        "rejected": "best similarity below the threshold"
        if found.confidence is None
        else "confidence below the threshold",
        "threshold": float(threshold),
        "nothing rejected": float(answered.mean(dtype=np.float64)),
    }
    return _score(f"open-set mrr@{k}", convention, found.keys, parts, found.clusters)


def rejected(sure: Floats, threshold: float) -> Bools:
    """Whether `Ranking.sure` is below the threshold, compared in float64."""
    return np.asarray(np.asarray(sure, np.float64) < threshold)


def reciprocal_ranks(relevant: Bools, k: int = K) -> Floats:
    """1 / rank of the first relevant answer among k, 0 where none is; `relevant` is (n, k)."""
    relevant = relevant[:, :k]
    first = relevant.argmax(axis=1) if relevant.shape[1] else np.zeros(len(relevant), np.int64)
    return (relevant.any(axis=1) / (first + 1)).astype(np.float32)


def _of_matched(
    metric: str,
    found: Ranking,
    parts: npt.NDArray[np.generic],
    k: int,
    extra: Convention | None = None,
    unmatched: Unmatched = "left out",
) -> Score:
    """A mean over the queries that have something to find, or over all where others count 0."""
    assert found.relevant.shape[1] >= k, "search pads to k"
    there = np.flatnonzero(found.has_match | (unmatched == "zero"))
    if not found.has_match.any():
        raise _nothing(found, metric)
    left_out = unmatched == "left out"
    convention = _convention(k) | {
        "denominator": "queries with a match in the gallery" if left_out else "all queries",
        "no match": "left out" if left_out else "0",
        **(extra or {}),
    }
    clusters = found.clusters
    return _score(
        metric,
        convention,
        tuple(found.keys[row] for row in there),
        parts[there],
        tuple(clusters[row] for row in there),
    )


def _nothing(found: Ranking, metric: str) -> AtarimaeError:
    return AtarimaeError(
        f"{metric} can't be measured: no query has a match in the gallery.",
        f"Of {len(found.keys)} queries none shares its label with a gallery image "
        "that is neither itself nor of its own source.",
        "Label queries and gallery with the same names, or add gallery images.",
    )


def _short(found: Ranking, metric: str, rows: Bools) -> AtarimaeError:
    worst = int(np.where(rows, found.counts, 0).argmax())
    return AtarimaeError(
        f"{metric} can't be measured with {found.relevant.shape[1]} answers a query.",
        f"{found.keys[worst]} has {found.counts[worst]} matches, and {int(rows.sum())} of "
        f"{len(rows)} queries need longer lists.",
        f"Search with k = {int(found.counts.max())}.",
    )


def _surest_first(by: str) -> dict[str, str]:
    return {"surest first by": by, f"ties in {by}": "stand together"}


def _convention(k: int) -> dict[str, str | int | float | bool]:
    return {
        "k": k,
        "query itself in the gallery": False,
        "own source in the gallery": False,
        "ties": "by file path",
    }


def _score(
    metric: str,
    convention: Convention,
    keys: tuple[str, ...],
    parts: npt.NDArray[np.generic],
    clusters: tuple[str, ...],
) -> Score:
    kept = parts.astype(np.float32)
    return Score(metric, float(kept.mean(dtype=np.float64)), convention, keys, kept, clusters)
