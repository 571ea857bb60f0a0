"""A draft says what the log says, and nothing else."""

import json
import re

import numpy as np
import pytest

import atarimae as at
from atarimae.cli import main
from atarimae.runlog import Run, read, runs, start
from atarimae.store import Row, Store
from atarimae.types import File, Image, Score


@pytest.fixture
def space(tmp_path):
    return at.init(tmp_path / "酒 sake")


@pytest.fixture
def log(space):
    """Start, a step that helped, one that hurt, one that failed, and the best, kept unproven."""
    rows = [
        Row(File(f"{i}.png", f"{i:064}", split), Image(f"{i:064}", 8, 8, "PNG", 9), (label,))
        for i, (split, label) in enumerate([("train", "a"), ("train", "b"), ("val", "c")])
    ]
    Store(space.folder).record(rows)
    data = Store(space.folder).data().version

    def run(because, value, parent=None, verdict=None, difference=0.0, **recipe) -> Run:
        with start(
            space.folder, because=because, stage="holdout", seed=0, data=data, recipe=recipe,
            parent=parent.id if parent else None,
        ) as opened:  # fmt: skip
            score = Score("mrr@20", value, {"k": 20, "ties": "by file path"},
                          low=value - 0.05, high=value + 0.05)  # fmt: skip
            opened.finish(scores=[score], costs={"ms_per_image": 12.5})
            if verdict:
                opened.verdict({
                    "verdict": verdict, "difference": difference, "low": difference - 0.01,
                    "high": difference + 0.01, "metric": "mrr@20", "against": parent.id,
                })  # fmt: skip
        return read(opened.folder)

    first = run("出発点 | *baseline* <b>", 0.5, lr=0.1, loss="softmax")
    second = run("角度で分ける", 0.6, first, "helped", 0.1, lr=0.1, loss="arcface")
    run("大きな学習率", 0.4, second, "hurt", -0.2, lr=1.0, loss="arcface").note(
        conclusion="発散した", text="種のせい？"
    )
    with pytest.raises(ZeroDivisionError), start(space.folder, because="壊れた"):
        _ = 1 / 0
    return run("小さな学習率", 0.605, second, "no difference seen", 0.005, lr=0.01, loss="arcface")


def section(text: str, title: str) -> str:
    return text.split(f"## {title}")[1].split("\n## ")[0]


def test_each_score_is_traced_to_the_run_that_has_it(space, log):
    text = space.write()
    known = {run.mark: run for run in runs(space.folder)}
    figures = re.findall(r"mrr@20 ([\d.]+) \(([\d.]+) to ([\d.]+)\)\[\^(\w+)\]", text)
    assert len(figures) >= 8
    for *told, mark in figures:
        score = known[mark].score
        assert told == [f"{part:.3f}" for part in (score.value, score.low, score.high)]


def test_every_footnote_is_written_once_and_names_a_folder_that_is_there(space, log):
    text = space.write()
    used = set(re.findall(r"\[\^(\w+)\](?!:)", text))
    written = re.findall(r"^\[\^(\w+)\]: `runs/([^`]+)`", text, re.MULTILINE)
    assert sorted(used) == sorted(mark for mark, _ in written)
    assert [(space.folder.runs / id).is_dir() for _, id in written] == [True] * 5


def test_every_run_stands_in_the_table_in_order(space, log):
    rows = section(space.write(), "What was tried, in order").strip().splitlines()[2:]
    assert len(rows) == 5
    for row, told in zip(rows, ("出発点", "角度", "大きな", "壊れた", "小さな"), strict=True):
        assert told in row
        assert len(re.findall(r"(?<!\\)\|", row)) == 6
    assert "failed" in rows[3]


def test_lineage_tells_what_was_changed_and_what_it_brought(space, log):
    line = section(space.write(), "What led to the best run")
    assert line.index("出発点") < line.index("角度") < line.index("小さな")
    assert "`loss` `softmax` → `arcface`" in line
    assert "helped: +0.1000 (+0.0900 to +0.1100)" in line
    assert "大きな" not in line


def test_what_did_not_help_is_told_with_what_was_kept_unproven(space, log):
    lost = section(space.write(), "What did not help")
    assert "大きな学習率: hurt: -0.2000" in lost
    assert "発散した" in lost
    assert "Kept without proof: 小さな学習率: no difference seen: +0.0050" in lost
    assert "1 of 5 runs did not end by themselves" in lost


def test_data_settings_and_questions_come_from_the_log(space, log):
    text = space.write()
    assert "3 files of 3 images in 3 classes: 2 in train, 1 in val" in text
    assert 'lr = 0.01\nloss = "arcface"' in section(text, "Final settings")
    questions = section(text, "Open questions")
    assert "種のせい？" in questions
    assert "not on folds" in questions
    assert "It began at mrr@20 0.500 (0.450 to 0.550)" in text
    assert ": +0.105 over 2 steps" in text


def test_what_people_wrote_is_no_markup(space, log):
    assert "出発点 \\| \\*baseline\\* &lt;b&gt;" in space.write()


def test_scores_by_other_conventions_are_not_taken_from_each_other(space):
    with start(space.folder, because="古い", stage="holdout") as first:
        first.finish(scores=[Score("mrr@20", 0.2, {"k": 5})])
    with start(space.folder, because="新しい", stage="holdout", parent=first.id) as second:
        second.finish(scores=[Score("mrr@20", 0.3, {"k": 20})])
    assert "It began at" not in space.write()


def test_parts_of_another_run_are_not_needed_and_numbers_are_plain(space):
    with start(space.folder, because="数", recipe={"big": 3_633_153, "on": True}) as log:
        log.finish(scores=[Score("m", float(np.float32(0.5)), {})])
    text = space.write()
    assert "m 0.500[^" in text
    assert "nan" not in text.lower().replace("finance", "")


def test_file_that_is_there_is_not_replaced(space, log, tmp_path, capsys):
    out = tmp_path / "記事.md"
    words = ["-C", str(space.folder.root), "write", "--out", str(out), "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == {"out": str(out)}
    out.write_text("私の記事", "utf-8")
    assert main(words) == 1
    assert "is there already" in capsys.readouterr().out
    assert out.read_text("utf-8") == "私の記事"


def test_without_a_score_there_is_nothing_to_write(space):
    with pytest.raises(at.AtarimaeError, match="There is no best run"):
        space.write()
