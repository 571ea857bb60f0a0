"""Costs by their words, in one order."""

from atarimae.runlog.costs import by_cost, cost_name


def test_every_cost_of_a_fit_has_words_and_a_step_goes_by_its_name():
    keys = "check_seconds", "ms_per_image", "ms_embed", "ms_search", "tokens"

    assert [cost_name(key) for key in keys] == [
        "judging midway, s", "ms per image", "- embed, ms", "search, ms", "tokens",
    ]  # fmt: skip


def test_parts_stand_below_their_sum_though_one_run_has_more_of_them():
    plain = {"ms_decode": 1.0, "ms_embed": 5.0, "ms_per_image": 6.0, "ms_search": 0.5}
    more = {**plain, "ms_project": 0.1, "model_mb": 4.2, "tokens": 7}

    assert by_cost([plain, more]) == {
        "ms_per_image": [6.0, 6.0],
        "ms_decode": [1.0, 1.0],
        "ms_embed": [5.0, 5.0],
        "ms_project": [None, 0.1],
        "ms_search": [0.5, 0.5],
        "model_mb": [None, 4.2],
        "tokens": [None, 7],
    }
    assert [*by_cost([plain, more])] == [
        "ms_per_image", "ms_decode", "ms_embed", "ms_project", "ms_search", "model_mb", "tokens",
    ]  # fmt: skip
