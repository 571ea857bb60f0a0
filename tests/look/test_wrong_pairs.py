"""Pairs that are wrong, told by a model that learned from neither image."""

import numpy as np
import pytest
from test_wrong_labels import COLOURS, EACH, coloured, fitted

from atarimae.look.checks import beside, pairs
from atarimae.look.confirm import confirm
from atarimae.store import Store
from atarimae.types import Label


@pytest.fixture
def paired(maker):
    """36 images of three colours; 20 pairs of the same colour, 20 of others, two of each wrong."""
    ws = coloured(maker)
    store = Store(ws)
    data = store.data()
    of = {name: [f.image for f in data.files if data.label(f) == name] for name in COLOURS}
    random, said, wrong = np.random.default_rng(0), {}, set()
    while len(said) < 40:
        same = len(said) % 2 == 0
        names = random.choice(list(COLOURS), 2, replace=False)
        first, second = (of[names[0 if same else n]][random.integers(EACH)] for n in (0, 1))
        key = tuple(sorted((first, second)))
        if first == second or key in said:
            continue
        value = ("same", "different")[same == (len(said) < 4)]  # the first four are wrong
        wrong |= {key} if len(said) < 4 else set()
        said[key] = Label(key[0], value, "pair", by="花子", other=key[1])
    store.say(list(said.values()), action="label", by="花子")
    return ws, wrong


def found(ws):
    store = Store(ws)
    return pairs.check.find(store.data(), beside(ws, store))


def keys(findings):
    return {tuple(sorted(one.images)) for one in findings}


def test_planted_pairs_are_found_and_no_others(maker, paired):
    ws, wrong = paired
    fitted(maker)
    findings = found(ws)
    assert keys(findings) == wrong
    assert {one.label for one in findings} == {"same", "different"}
    assert all(one.sure > 0.9 for one in findings)
    assert "which learned from neither" in findings[0].evidence


def test_pairs_of_what_a_run_learned_from_are_not_judged(maker, paired):
    ws, _ = paired
    val = [file.path for file in maker.data.files][::2]
    fitted(maker, epochs=1, val=val)
    store = Store(ws)
    judged = pairs._judged(store.data(), beside(ws, store))
    images = {file.image for file in maker.data.files if file.path in val}
    assert judged
    assert all({one.label.image, one.label.other} <= images for one in judged)
    inside = [one for one in store.data().pairs if one in images]
    assert len(judged) < len(inside)


def test_a_confirmed_pair_is_not_doubted_again(maker, paired):
    ws, wrong = paired
    fitted(maker)
    (first, *_) = found(ws)
    edit = confirm(ws, list(first.files), by="花子")
    assert edit is not None
    assert keys(found(ws)) == wrong - keys([first])
    assert Store(ws).data().version.hash == Store(ws).data(edit.id - 1).version.hash


def test_without_pairs_or_a_run_nothing_is_said(maker, paired):
    ws, _ = paired
    assert found(ws) == []  # nothing is embedded


def test_the_probability_is_that_of_two_bells(maker):
    random = np.random.default_rng(0)
    same = np.arange(400) < 300
    cosines = np.where(same, random.normal(0.8, 0.05, 400), random.normal(0.3, 0.1, 400))
    told = pairs.probability(cosines, same)
    near, far = cosines[same], cosines[~same]

    def bell(values, at):
        middle = np.median(values)
        wide = 1.4826 * np.median(np.abs(values - middle))
        return len(values) / wide * np.exp(-0.5 * ((at - middle) / wide) ** 2)

    for place in range(0, 400, 37):
        at = np.clip(cosines[place], np.median(far), np.median(near))
        expected = bell(near, at) / (bell(near, at) + bell(far, at))
        assert told[place] == pytest.approx(expected)
    assert pairs.probability(-cosines, same) == pytest.approx(0.5)
