"""Proposals: by seed and ideas alone, never one twice, and towards what scored well."""

import math
from statistics import mean
from typing import Literal

import pytest
from optuna.trial import TrialState
from pydantic import model_validator

from atarimae import task
from atarimae.sweep import ideas, sampler
from atarimae.sweep.ideas import Idea
from atarimae.sweep.space import Space
from atarimae.task import Recipe

STAGES = ("smoke", "holdout")


def space(**entries: object) -> Space:
    return Space.read({"because": "x", "space": entries}, task.load("colour").recipe)


LR = {"low": 1e-4, "high": 1.0, "log": True}


def walk(tried: Space, logged, number: int, value) -> list[float]:
    """The learning rates of a sweep whose score is a function of them."""
    known = [Idea(0, tried.start)]
    for _ in range(number):
        settings = known[-1].settings
        root = logged(tried, settings, "holdout", value(settings["lr"]))
        known = ideas.read(root, "s", tried)
        proposed = sampler.propose(tried, known, ("holdout",), seed=1)
        assert proposed is not None
        known.append(Idea(len(known), proposed))
    return [idea.settings["lr"] for idea in known[1:]]


@pytest.mark.long
def test_proposals_move_to_where_scores_are_high(logged) -> None:
    rates = walk(space(lr=LR), logged, 40, lambda lr: -abs(math.log10(lr) + 1))  # best at 0.1
    away = [abs(math.log10(rate) + 1) for rate in rates]
    assert min(away) < 0.1
    assert mean(away[25:]) < 0.5 * mean(away[:10])
    assert len(set(rates)) == 40


def test_proposal_depends_on_seed_and_ideas_alone(logged) -> None:
    tried = space(lr=LR, epochs={"low": 1, "high": 90})
    root = logged(tried, tried.start, "holdout", 0.5)
    known = ideas.read(root, "s", tried)
    first = sampler.propose(tried, known, STAGES, seed=3)
    assert first == sampler.propose(tried, ideas.read(root, "s", tried), STAGES, seed=3)
    assert first != sampler.propose(tried, known, STAGES, seed=4)


def test_proposed_numbers_can_be_read_and_typed() -> None:
    tried = space(lr=LR, warmup={"low": 0.1, "high": 0.9, "step": 0.1})
    for seed in range(10):
        proposed = sampler.propose(tried, [Idea(0, tried.start)], STAGES, seed)
        assert float(f"{proposed['lr']:.3g}") == proposed["lr"]
        assert round(proposed["warmup"] * 10, 9) in range(1, 10)


def test_small_space_is_tried_to_its_end_and_nothing_twice() -> None:
    tried = space(lr=[0.001, 0.1], epochs={"low": 10, "high": 30, "step": 10})
    known = [Idea(0, tried.start)]  # epochs 20, lr 0.001
    while (settings := sampler.propose(tried, known, STAGES, seed=0)) is not None:
        known.append(Idea(len(known), settings))
    assert {(i.settings["lr"], i.settings["epochs"]) for i in known} == {
        (lr, epochs) for lr in (0.001, 0.1) for epochs in (10, 20, 30)
    }
    assert len(known) == 6


class Pair(Recipe):
    left: Literal["a", "b"] = "a"
    right: Literal["a", "b"] = "b"

    @model_validator(mode="after")
    def _agrees(self) -> "Pair":
        if self.left == "b" and self.right == "a":
            raise ValueError("b does not go with a")
        return self


def test_values_that_do_not_go_together_are_not_proposed() -> None:
    told = {"because": "x", "space": {"left": ["a", "b"], "right": ["a", "b"]}}
    tried = Space.read(told, Pair)
    known = [Idea(0, tried.start)]
    while (settings := sampler.propose(tried, known, STAGES, seed=0)) is not None:
        known.append(Idea(len(known), settings))
    pairs = [(idea.settings["left"], idea.settings["right"]) for idea in known]
    assert sorted(pairs) == [("a", "a"), ("a", "b"), ("b", "b")]


def test_stages_are_told_apart_to_the_sampler(logged) -> None:
    """The worst of the finished ranks above the best of the rejected, and that above the failed."""
    tried = space(lr=LR)
    for lr, runs in {
        0.001: [("smoke", 0.9, "done", "passed"), ("holdout", 0.3, "done", "passed")],
        0.002: [("smoke", 0.8, "done", "rejected")],
        0.003: [("smoke", 0.0, "failed", "")],
        0.004: [("smoke", 0.7, "done", "passed")],
        0.005: [("smoke", 0.9, "done", "rejected"), ("holdout", 0.1, "done", "rejected")],
    }.items():
        for stage, value, status, decision in runs:
            root = logged(tried, {"lr": lr}, stage, value, status=status, decision=decision)
    known = ideas.read(root, "s", tried)
    assert [idea.state(STAGES) for idea in known] == ["done", "rejected", "failed", "open", "done"]
    told = sampler.study(tried, known, STAGES, seed=0).trials
    assert [(t.params["lr"], t.state, t.value, t.intermediate_values) for t in told] == [
        (0.001, TrialState.COMPLETE, 0.3, {}),
        (0.002, TrialState.PRUNED, None, {0: 0.8}),
        (0.003, TrialState.PRUNED, None, {}),
        (0.004, TrialState.RUNNING, None, {}),
        (0.005, TrialState.COMPLETE, 0.1, {}),
    ]


def test_start_outside_the_space_is_tried_and_not_told(logged) -> None:
    tried = space(lr={"low": 0.01, "high": 1.0})  # the default is 0.001
    root = logged(tried, tried.start, "holdout", 0.5)
    (start,) = ideas.read(root, "s", tried)
    assert start.settings == {"lr": 0.001}
    assert sampler.study(tried, [start], STAGES, seed=0).trials == []
