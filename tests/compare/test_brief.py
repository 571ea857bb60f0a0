"""A run in few words, and the questions that its numbers ask for."""

import json

import pytest

from atarimae.cli import main
from atarimae.compare.brief import LONGEST, brief
from atarimae.runlog import read, start
from atarimae.score.verdict import verdict


def parts(value, bad=0):
    return {f"絵/{i:02}.png": 0.0 if i < bad else value for i in range(12)}


def judged(workspace, write_run, **settings):
    """A run with a verdict against a parent, as `fit` leaves it."""
    parent = write_run(parts(0.5), because="出発点", recipe={"lr": 0.1, "loss": "arcface"})
    run = write_run(parts(0.7, bad=2), parent=parent.id, **settings)
    told = verdict(parent, run)
    result = run.folder / "result.json"
    said = json.loads(result.read_text("utf-8")) | {"verdict": told.as_dict()}
    result.write_text(json.dumps(said), "utf-8")
    return parent, read(run.folder)


def test_brief_tells_what_why_how_good_and_where_it_fails(workspace, write_run):
    recipe = {"lr": 0.2, "loss": "arcface"}
    parent, run = judged(workspace, write_run, because="学習率を倍に", recipe=recipe, seed=3)
    run = run.note("赤で負ける", tags=["final"], conclusion="効いた")
    text = brief(workspace, run)
    for told in (
        f"# Run {run.mark}: 学習率を倍に",
        f"Parent: {parent.mark} (出発点).",
        f"**Verdict: {run.verdict['verdict']}, mrr@20 ",
        "- mrr@20 0.583 [",
        "(k: 20; ties: by file path)",
        "- lr: 0.1 → 0.2",
        "loss = arcface",
        "- 絵/00.png (絵/00.png): 0.000",
        "Conclusion: 効いた",
        "Tags: final",
        "- note: 赤で負ける",
        "- It is one fit, with seed 3",
    ):
        assert told in text


def test_brief_is_short_whatever_is_in_the_run(workspace, write_run):
    recipe = {f"setting_{i}": "長い値" * 50 for i in range(200)}
    _, run = judged(workspace, write_run, because="長い理由" * 500, recipe=recipe)
    for i in range(30):
        run.note("長いメモ" * 200 + str(i))
    lines = [{"name": "loss", "value": 1 / (step + 1), "step": step} for step in range(400)]
    (run.folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    text = brief(workspace, read(run.folder))
    assert len(text) <= LONGEST
    assert text.startswith("# Run")
    assert "## Questions" in text
    assert "## Worst cases" in text


def test_question_names_how_many_settings_changed_at_once(workspace, write_run):
    _, run = judged(workspace, write_run, recipe={"lr": 0.2, "loss": "cosface"})
    assert "2 settings changed at once (loss, lr)" in brief(workspace, run)
    _, run = judged(workspace, write_run, recipe={"lr": 0.2, "loss": "arcface"})
    assert "at once" not in brief(workspace, run)


@pytest.mark.parametrize(
    ("loss", "falls"),
    [
        (lambda step: 1 - step / 100, True),
        (lambda step: max(1 - step / 30, 0.1), False),
        (lambda step: 0.5, False),
        (lambda step: float("nan"), False),
    ],
)
def test_question_whether_the_loss_was_still_falling(workspace, loss, falls):
    with start(workspace, because="a") as log:
        for step in range(100):
            log.metric("loss", loss(step), step=step)
    assert ("still falling" in brief(workspace, read(log.folder))) == falls


def test_question_about_a_class_that_fails_often(workspace, write_run):
    clusters = ["猫"] * 4 + [f"c{i}" for i in range(8)]
    run = write_run(parts(1.0, bad=4), clusters=clusters)
    assert "4 of the 8 worst are of '猫'" in brief(workspace, run)


def test_question_about_what_it_costs(workspace, write_run):
    _, run = judged(workspace, write_run, costs={"ms_per_image": 2 * 17.25})
    assert "It takes 2.0 times as long per image: is +0.0833 worth that?" in brief(workspace, run)


def test_brief_of_a_run_that_failed(workspace):
    with pytest.raises(ZeroDivisionError), start(workspace, because="a") as log:
        log.metric("loss", 1 / 0)
    text = brief(workspace, read(log.folder))
    assert "Error: ZeroDivisionError: division by zero" in text
    assert "It is failed: what happened?" in text
    assert "Verdict: none" in text


def test_command_prints_it(workspace, write_run, capsys):
    run = write_run(parts(0.5))
    assert main(["-C", str(workspace.root), "show", run.mark, "--brief"]) == 0
    said = capsys.readouterr().out
    assert said == brief(workspace, run)
    main(["-C", str(workspace.root), "show", run.mark, "--brief", "--json"])
    assert json.loads(capsys.readouterr().out) == {"id": run.id, "brief": said}
