"""The table of docs/metrics.md: three queries under seven conventions.

ranx and pytorch-metric-learning are run. The others are worked out by hand below, each with its
source; those of OML 4.0.0 (`oml.functional.metrics.calc_retrieval_metrics`) and of trec_eval
(pytrec_eval-terrier) were compared with what these libraries gave when this was written.
"""

from math import log2, nan
from pathlib import Path

import numpy as np
import pytest

from atarimae.tasks.retrieve import metrics
from atarimae.tasks.retrieve.metrics import counted
from atarimae.tasks.retrieve.ranking import Ranking

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"
LIBRARIES = ("atarimae", "OML", "PML", "ranx", "revisitop", "trec_eval", "Google landmarks")

# The gallery has four cats, one dog and three birds; q2 shows a fox, of which there is none.
CLASS = {"q0": "cat", "q1": "dog", "q2": "fox"}
ANSWERS = {
    "q0": ["cat 0", "bird 0", "cat 1", "dog 0", "cat 2", "bird 1", "cat 3", "bird 2"],
    "q1": ["bird 0", "dog 0", "cat 0", "bird 1", "cat 1", "cat 2", "bird 2", "cat 3"],
    "q2": ["bird 1", "cat 0", "dog 0", "bird 0", "cat 1", "bird 2", "cat 2", "cat 3"],
}
SURE = {"q0": 0.7, "q1": 0.9, "q2": 0.4}
GALLERY = sorted(ANSWERS["q0"])


def is_match(query, answer):
    return answer.split()[0] == CLASS[query]


HITS = np.array([[is_match(query, answer) for answer in ANSWERS[query]] for query in ANSWERS])
FOUND = Ranking(
    keys=tuple(ANSWERS),
    labels=tuple(CLASS.values()),
    similarity=np.array([[sure - i / 100 for i in range(8)] for sure in SURE.values()], np.float32),
    relevant=HITS,
    counts=HITS.sum(axis=1),
)

# Precisions at q0's hits, at ranks 1, 3, 5, 7; q1's only hit is at rank 2.
P = [1, 2 / 3, 3 / 5, 4 / 7]
GAIN = [1 / log2(rank + 1) for rank in range(1, 9)]
NDCG0, NDCG1 = (GAIN[0] + GAIN[2]) / sum(GAIN[:3]), GAIN[1] / GAIN[0]

# Open Metric Learning divides mAP by the hits among k, precision by min(R, k), and counts 0 for a
# query without ground truth, whose precision is 0 / 0. There is no MRR, R-precision or nDCG.
# https://github.com/OML-Team/open-metric-learning: oml/functional/metrics.py
OML = {
    "hit rate@1": (1 + 0 + 0) / 3,  # its cmc
    "hit rate@3": (1 + 1 + 0) / 3,
    "precision@3": nan,
    "mAP@3": ((P[0] + P[1]) / 2 + 1 / 2 + 0) / 3,
    "mAP": (sum(P) / 4 + 1 / 2 + 0) / 3,
}
# revisitop takes the area under straight lines between the points of the precision-recall curve:
# half the precision before a hit (hits before it / answers before it; 1 before the first answer)
# and half that at it. mP@k looks no further than the last match. Queries without are left out.
# https://github.com/filipradenovic/revisitop: python/evaluate.py, compute_ap and compute_map
REVISITOP = {
    "precision@3": (2 / min(7, 3) + 1 / min(2, 3)) / 2,
    "mAP": (
        ((1 + 1) / 2 + (1 / 2 + 2 / 3) / 2 + (2 / 4 + 3 / 5) / 2 + (3 / 6 + 4 / 7) / 2) / 4
        + (0 / 1 + 1 / 2) / 2 / 1
    ) / 2,
}  # fmt: skip
# trec_eval divides map and map_cut by all that is relevant. A topic whose judgments hold nothing
# relevant counts 0; one without judgments is left out, unless -c is given.
# https://github.com/usnistgov/trec_eval: m_recip_rank.c, m_success.c, m_P.c, m_map_cut.c, m_map.c,
# m_Rprec.c, m_ndcg_cut.c
TREC_EVAL = {
    "MRR@3": (1 + 1 / 2 + 0) / 3,  # recip_rank, which looks at the whole list
    "hit rate@1": (1 + 0 + 0) / 3,  # success_1
    "hit rate@3": (1 + 1 + 0) / 3,
    "precision@3": (2 / 3 + 1 / 3 + 0) / 3,
    "mAP@3": ((P[0] + P[1]) / 4 + 1 / 2 + 0) / 3,
    "mAP": (sum(P) / 4 + 1 / 2 + 0) / 3,
    "R-precision": (2 / 4 + 0 / 1 + 0) / 3,
    "nDCG@3": (NDCG0 + NDCG1 + 0) / 3,
}
# Google Landmark Retrieval: mAP@100 over queries with a match in the index, over min(R, 100); here
# cut at 3 as well. Recognition: GAP of one answer a query, over queries that show a landmark.
# Weyand et al., Google Landmarks Dataset v2, CVPR 2020, section 4
LANDMARKS = {
    "mAP@3": ((P[0] + P[1]) / 3 + 1 / 2) / 2,
    "mAP": (sum(P) / 4 + 1 / 2) / 2,
    "GAP": (0 * 0 / 1 + 1 * 1 / 2 + 0 * 1 / 3) / 2,  # q1 is surest, then q0, then q2
}


@pytest.fixture(scope="module")
def ours():
    return {
        "MRR@3": metrics.mrr(FOUND, 3).value,
        "hit rate@1": metrics.recall(FOUND, 1).value,
        "hit rate@3": metrics.recall(FOUND, 3).value,
        "mAP@3": metrics.mean_ap(FOUND, 3).value,
        "mAP": metrics.mean_ap(FOUND, 8).value,
        "R-precision": metrics.r_precision(FOUND).value,
        "mAP@R": metrics.map_at_r(FOUND).value,
        "nDCG@3": metrics.ndcg(FOUND, 3).value,
        "GAP": metrics.gap(FOUND).value,
    }


@pytest.fixture(scope="module")
def ranx(told_by_ranx):
    judged = {q: {a: int(is_match(q, a)) for a in found} for q, found in ANSWERS.items()}
    run = {q: {a: 1 - i / 10 for i, a in enumerate(found)} for q, found in ANSWERS.items()}
    names = {
        "mrr@3": "MRR@3", "hit_rate@1": "hit rate@1", "hit_rate@3": "hit rate@3",
        "precision@3": "precision@3", "map@3": "mAP@3", "map": "mAP",
        "r-precision": "R-precision", "ndcg@3": "nDCG@3",
    }  # fmt: skip
    told = told_by_ranx(judged, run, list(names))
    return {names[name]: value for name, value in told.items()}


@pytest.fixture(scope="module")
def pml():
    torch = pytest.importorskip("torch")
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

    lists = torch.tensor([[GALLERY.index(a) for a in found] for found in ANSWERS.values()])
    numbers = {name: i for i, name in enumerate(("cat", "dog", "bird", "fox"))}
    asked = torch.tensor([numbers[name] for name in CLASS.values()])
    known = torch.tensor([numbers[answer.split()[0]] for answer in GALLERY])

    def told(k):
        calculator = AccuracyCalculator(
            include=(
                "precision_at_1", "r_precision", "mean_average_precision",
                "mean_average_precision_at_r", "mean_reciprocal_rank",
            ),
            k=k,
            knn_func=lambda queries, k, gallery, same: (None, lists[:, :k]),
            device=torch.device("cpu"),
        )  # fmt: skip
        return calculator.get_accuracy(torch.zeros(3, 2), asked, torch.zeros(8, 2), known)

    cut, whole = told(3), told(None)
    return {
        "MRR@3": cut["mean_reciprocal_rank"],
        "hit rate@1": whole["precision_at_1"],
        "mAP@3": cut["mean_average_precision"],
        "mAP": whole["mean_average_precision"],
        "R-precision": whole["r_precision"],
        "mAP@R": whole["mean_average_precision_at_r"],
    }


@pytest.fixture(scope="module")
def columns(ours, pml, ranx):
    return dict(
        zip(LIBRARIES, (ours, OML, pml, ranx, REVISITOP, TREC_EVAL, LANDMARKS), strict=True)
    )


# Which of our formulas each library's metric is, and whether a query without a match counts 0.
ZERO = ("OML", "ranx", "trec_eval")
FORMULA = {
    "MRR@3": ("mrr", 3),
    "hit rate@1": ("hit rate", 1),
    "hit rate@3": ("hit rate", 3),
    "precision@3": ("precision", 3),
    "mAP@3": ("map", 3),
    "mAP": ("map", 8),
    "R-precision": ("r-precision", 8),
    "mAP@R": ("map@r", 8),
    "nDCG@3": ("ndcg", 3),
}
OTHERWISE = {
    ("OML", "mAP@3"): "map / found",
    ("PML", "mAP@3"): "map / all",
    ("ranx", "mAP@3"): "map / all",
    ("trec_eval", "mAP@3"): "map / all",
    ("revisitop", "mAP"): "map, trapezoids",
    ("revisitop", "precision@3"): "precision to the last match",
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_library_is_a_formula_and_what_becomes_of_a_query_without_a_match(library, columns):
    unmatched = "zero" if library in ZERO else "left out"
    told = {name: value for name, value in columns[library].items() if name in FORMULA}
    for name, value in told.items():
        formula, k = FORMULA[name]
        chosen = OTHERWISE.get((library, name), formula)
        if value == value:  # OML's 0 / 0 is nobody's formula
            assert counted(FOUND, chosen, k, unmatched=unmatched).value == pytest.approx(value), name  # fmt: skip  # noqa: E501


def test_gap_is_that_of_google_landmarks(ours):
    assert ours["GAP"] == pytest.approx(LANDMARKS["GAP"])


def test_the_table_of_the_docs(columns):
    """Run with -v to see the table as it should be."""
    rows = [*FORMULA, "GAP"]
    table = [
        f"| {name} | "
        + " | ".join(cell(columns[library].get(name)) for library in LIBRARIES)
        + " |"
        for name in rows
    ]
    head = f"| | {' | '.join(LIBRARIES)} |"
    assert "\n".join([head, "|---|" + "---:|" * len(LIBRARIES), *table]) in PAGE.read_text("utf-8")


def cell(value):
    if value is None:
        return ""
    return "0/0" if value != value else f"{value:.3f}"
