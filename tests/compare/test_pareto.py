"""Which runs no other beats in accuracy, speed and size together."""

import json

from atarimae.cli import main
from atarimae.compare.pareto import pareto
from atarimae.runlog import runs

QUERIES = [f"{i}.png" for i in range(10)]


def write(write_run, value, ms, mb, **settings):
    costs = {"ms_per_image": ms, "model_mb": mb}
    return write_run(dict.fromkeys(QUERIES, value), costs=costs, **settings)


def test_a_run_that_another_beats_in_all_is_named_with_its_winner(workspace, write_run):
    slow = write(write_run, 0.9, 20.0, 8.0)
    quick = write(write_run, 0.7, 5.0, 8.0)
    beaten = write(write_run, 0.6, 21.0, 8.0)
    small = write(write_run, 0.6, 30.0, 1.0)
    found = {one.run: one.beaten_by for one in pareto(workspace, runs(workspace))}
    assert found == {slow.id: None, quick.id: None, beaten.id: slow.id, small.id: None}


def test_timings_that_differ_by_chance_are_equal(workspace, write_run):
    better = write(write_run, 0.9, 20.4, 8.0)
    worse = write(write_run, 0.8, 20.1, 8.0)
    found = {one.run: one.beaten_by for one in pareto(workspace, runs(workspace))}
    assert found == {better.id: None, worse.id: better.id}


def test_seeds_of_one_recipe_are_one_choice(workspace, write_run):
    for seed, value in enumerate([0.5, 0.7]):
        write(write_run, value, 10.0, 1.0, seed=seed, recipe={"lr": 0.1})
    (one,) = pareto(workspace, runs(workspace))
    assert (one.runs, round(one.value, 6)) == (2, 0.6)


def test_other_stages_are_left_out(workspace, write_run):
    write(write_run, 0.9, 1.0, 1.0, stage="smoke")
    kept = write(write_run, 0.5, 9.0, 9.0)
    assert [one.run for one in pareto(workspace, runs(workspace))] == [kept.id]


def test_the_command_line_has_a_table_and_a_chart(workspace, write_run, capsys):
    slow, quick = write(write_run, 0.9, 20.0, 8.0), write(write_run, 0.7, 5.0, 8.0)
    where = ["-C", str(workspace.root), "runs", "--pareto"]
    assert main(where) == 0
    said = capsys.readouterr().out
    assert said.count("●") == 3  # two runs and the legend
    assert max(map(len, said.splitlines())) <= 80
    assert main([*where, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["run"] for one in told["choices"]] == [quick.id, slow.id]


def test_nothing_to_choose_from(workspace, capsys):
    assert main(["-C", str(workspace.root), "runs", "--pareto"]) == 0
