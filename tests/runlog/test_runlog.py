"""A run is a folder of plain files; nothing else is needed to read it, whatever happened to it."""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from atarimae import workspace
from atarimae.errors import AtarimaeError, UsageError
from atarimae.runlog import Log, Run, find, find_best, get, parts, read, runs, start
from atarimae.runlog.writer import reopen
from atarimae.types import Predictions, Score, Version
from atarimae.workspace import Workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace.create(tmp_path / "場所", "retrieve")


@pytest.fixture
def finished(ws: Workspace) -> Callable[..., Run]:
    """A run that is done, with the id and the score that a test gives it."""

    def finished(
        name: str,
        value: float | None = None,
        stage: str = "holdout",
        data: Version | None = None,
    ) -> Run:
        with start(ws, because=f"why {name}", stage=stage, data=data) as log:
            scores = [] if value is None else [Score("mrr@20", value, {"k": 20})]
            log.finish(scores=scores)
        return read(log.folder.rename(ws.runs / name))

    return finished


def test_run_tells_what_was_tried_why_and_on_which_data(ws: Workspace) -> None:
    log = start(
        ws, because="ラベルが小さい 🔍", stage="smoke", seed=3, parent="p1", device="cpu",
        recipe={"image_size": 320, "pooling": ["last:gem"], "nothing": None, "lr": 0.001},
        data=Version(7, "ab" * 32),
    )  # fmt: skip
    run = read(log.folder)
    assert (run.id, run.task, run.because) == (log.id, "retrieve", "ラベルが小さい 🔍")
    assert (run.stage, run.seed, run.parent, run.device) == ("smoke", 3, "p1", "cpu")
    assert run.data == Version(7, "ab" * 32)
    assert run.recipe == {"image_size": 320, "pooling": ["last:gem"], "lr": 0.001}
    assert (run.status, run.scores, run.seconds) == ("running", (), None)


def test_reason_can_be_read_with_any_text_editor(ws: Workspace) -> None:
    log = start(ws, because="ラベルが小さい 🔍")
    assert "ラベルが小さい 🔍" in (log.folder / "run.json").read_text("utf-8")


def test_run_that_ends_well_is_done(ws: Workspace) -> None:
    with start(ws, because="a") as log:
        log.metric("loss", 0.3)
    run = read(log.folder)
    assert (run.status, run.error) == ("done", None)
    assert run.seconds is not None


def test_result_holds_scores_and_costs(ws: Workspace) -> None:
    first = Score("mrr@20", 0.5, {"k": 20, "ties": "by file path"}, low=0.25, high=0.75)
    second = Score("recall@1", 0.4, {"k": 1})  # its interval could not be told
    with start(ws, because="a") as log:
        log.finish(scores=[first, second], costs={"training_seconds": 1.5})
    run = read(log.folder)
    assert run.score == run.scores[0] != second
    assert [(s.metric, s.value, s.low, s.high) for s in run.scores[:1]] == [
        ("mrr@20", 0.5, 0.25, 0.75)
    ]
    assert run.scores[0].convention == {"k": 20, "ties": "by file path"}
    assert math.isnan(run.scores[1].low)
    assert run.costs == {"training_seconds": 1.5}
    assert run.row()["low"] == 0.25


def test_error_in_the_block_fails_the_run_and_goes_on(ws: Workspace) -> None:
    with pytest.raises(ZeroDivisionError), start(ws, because="a") as log:
        log.metric("loss", 1 / 0)
    run = read(log.folder)
    assert run.status == "failed"
    assert run.error is not None
    assert "ZeroDivisionError: division by zero" in run.error


def test_ctrl_c_stops_the_run(ws: Workspace) -> None:
    with pytest.raises(KeyboardInterrupt), start(ws, because="a") as log:
        raise KeyboardInterrupt
    assert read(log.folder).status == "stopped"


HOLD = """
import sys
from pathlib import Path
from atarimae import workspace
from atarimae.runlog import start
with start(workspace.open_(Path(sys.argv[1])), because="a") as log:
    log.metric("loss", 0.5)
    print(log.id, flush=True)
    sys.stdin.read()
"""


def test_killed_run_is_interrupted_and_keeps_its_metrics(ws: Workspace) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(ws.root)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    folder = ws.runs / process.stdout.readline().strip()
    assert read(folder).status == "running"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    run = read(folder)
    assert run.status == "interrupted"
    assert run.metrics()["value"].tolist() == [0.5]


def test_process_that_got_the_number_of_a_dead_one_is_not_its_run(ws: Workspace) -> None:
    folder = Path(shutil.copytree(start(ws, because="a").folder, ws.runs / "dead"))
    process = json.loads((folder / "run.json").read_text())["process"]
    assert process["pid"] == os.getpid()
    assert read(folder).status == "interrupted"


def test_unfinished_run_that_was_copied_here_is_interrupted(ws: Workspace) -> None:
    log = start(ws, because="a")
    copy = Path(shutil.copytree(log.folder, ws.runs / "copy"))
    assert (read(log.folder).status, read(copy).status) == ("running", "interrupted")


def test_finished_run_leaves_no_lock(ws: Workspace) -> None:
    with start(ws, because="a") as log:
        assert (log.folder / "lock").exists()
    assert not (log.folder / "lock").exists()


def test_run_that_is_running_is_not_reopened(ws: Workspace) -> None:
    log = start(ws, because="a")
    with pytest.raises(AtarimaeError, match=f"Run {log.id} is running"):
        reopen(log.folder)
    log.finish()
    with reopen(log.folder) as again:
        assert read(again.folder).status == "running"
    assert read(log.folder).status == "done"


LOOK = """
import sys
from pathlib import Path
from atarimae.runlog.lock import is_held
print(flush=True)
while True:
    is_held(Path(sys.argv[1]))
"""


def test_looking_at_a_run_does_not_keep_it_from_being_reopened(ws: Workspace) -> None:
    folder = Path(shutil.copytree(start(ws, because="a").folder, ws.runs / "copy"))
    looking = subprocess.Popen([sys.executable, "-c", LOOK, str(folder)], stdout=subprocess.PIPE)
    assert looking.stdout is not None
    looking.stdout.readline()
    try:
        for _ in range(200):
            with reopen(folder):
                pass
    finally:
        looking.kill()
        looking.communicate()


@pytest.mark.parametrize("because", ["", " ", "\n\t"])
def test_run_without_a_reason_is_not_begun(ws: Workspace, because: str) -> None:
    with pytest.raises(UsageError, match="A run needs a reason"):
        start(ws, because=because)
    assert not ws.runs.exists()


def test_metric_is_in_the_file_at_once(ws: Workspace) -> None:
    log, before = start(ws, because="a"), round(time.time(), 3)
    log.metric("loss", 0.5, step=10, epoch=1)
    log.metric("損失", 0.25)
    lines = (log.folder / "metrics.jsonl").read_text("utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    assert before <= told[0].pop("at") <= told[1].pop("at") <= time.time() + 0.001
    assert told == [
        {"name": "loss", "value": 0.5, "step": 10, "epoch": 1},
        {"name": "損失", "value": 0.25},
    ]


def test_metrics_are_a_table(ws: Workspace) -> None:
    with start(ws, because="a") as log:
        log.metric("loss", 0.5, step=10)
        log.metric("損失", 0.25, step=20)
    table = read(log.folder).metrics()
    assert table[["name", "value", "step"]].values.tolist() == [
        ["loss", 0.5, 10], ["損失", 0.25, 20],
    ]  # fmt: skip


def test_run_without_metrics_has_an_empty_table(ws: Workspace) -> None:
    with start(ws, because="a") as log:
        pass
    assert (len(read(log.folder).metrics()), "value" in read(log.folder).metrics()) == (0, True)


@pytest.mark.parametrize("rest", [b'{"name": "loss", "va', '{"name": "損'.encode()[:-1], b"{"])
def test_half_written_last_line_is_left_out(ws: Workspace, rest: bytes) -> None:
    with start(ws, because="a") as log:
        log.metric("loss", 0.5)
    with (log.folder / "metrics.jsonl").open("ab") as stream:
        stream.write(rest)
    assert read(log.folder).metrics()["value"].tolist() == [0.5]


def test_loss_of_nan_is_a_value_like_any_other(ws: Workspace) -> None:
    with start(ws, because="a") as log:
        log.metric("loss", float("nan"))
        log.metric("loss", 0.5)
    values = read(log.folder).metrics()["value"].tolist()
    assert math.isnan(values[0])
    assert values[1] == 0.5


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5), np.array(0.5), 1])
def test_metric_takes_the_numbers_that_loops_have(ws: Workspace, number: float) -> None:
    with start(ws, because="a") as log:
        log.metric("loss", number)
    assert read(log.folder).metrics()["value"].tolist() == [float(number)]


def test_picture_is_kept_under_its_name(ws: Workspace) -> None:
    with start(ws, because="a") as log:
        path = log.picture("絵/1", b"\x89PNG")
    assert path == log.folder / "pictures" / "絵_1.png"
    assert path.read_bytes() == b"\x89PNG"


def test_parts_come_back_query_by_query(ws: Workspace) -> None:
    keys, clusters = ("絵/a.png", "b.png"), ("赤", "青")
    mrr = Score("mrr@20", 0.75, {}, keys, np.array([1, 0.5], np.float32), clusters)
    # This one has a query more: a metric may leave some out.
    every = Score("open", 0.5, {}, (*keys, "c.png"), np.array([1, 0, 0.5], np.float32), (*clusters, "c.png"))  # fmt: skip  # noqa: E501
    with start(ws, because="a") as log:
        log.scores([mrr, every])
    table = parts(read(log.folder))
    assert table["key"].tolist() == ["絵/a.png", "b.png", "c.png"]
    assert table["cluster"].tolist() == ["赤", "青", "c.png"]
    assert table["mrr@20"].tolist()[:2] == [1, 0.5]
    assert math.isnan(table["mrr@20"].tolist()[2])
    assert table["open"].tolist() == [1, 0, 0.5]


def test_predictions_come_back_row_by_row(ws: Workspace) -> None:
    columns = {
        "match": np.array([[3, 1], [0, -1]]),
        "match_files": np.array([["絵/赤 🍶.png", "b.png"], ["a.png", ""]], dtype=object),
        "similarity": np.array([[0.9, 0.5], [0.25, -np.inf]], np.float32),
        "unknown": np.array([False, True]),
    }
    with start(ws, because="a") as log:
        log.scores([], Predictions(("絵/a.png", "b.png"), columns))
    table = pd.read_parquet(log.folder / "predictions.parquet")
    assert table["key"].tolist() == ["絵/a.png", "b.png"]
    for name, column in columns.items():
        np.testing.assert_array_equal(np.stack(table[name].to_list()), column)


def test_run_without_parts_says_so(finished: Callable[..., Run]) -> None:
    with pytest.raises(AtarimaeError, match="Run r1 has no parts to compare"):
        parts(finished("r1"))


def test_verdict_is_added_to_the_result(ws: Workspace) -> None:
    with start(ws, because="a") as log:
        log.finish(scores=[Score("mrr@20", 0.5, {})])
        log.verdict({"verdict": "helped"})
    run = read(log.folder)
    assert run.verdict == {"verdict": "helped"}
    assert run.score is not None


def test_runs_come_oldest_first(ws: Workspace) -> None:
    made = [start(ws, because=f"{number}").id for number in range(3)]
    for number, name in enumerate(made):  # by what run.json says, not by the folder's name
        settings = json.loads((ws.runs / name / "run.json").read_text())
        settings["created"] = f"2026-01-0{3 - number}T00:00:00.000+00:00"
        (ws.runs / name / "run.json").write_text(json.dumps(settings))
    assert [run.id for run in runs(ws)] == made[::-1]


def test_workspace_without_runs_has_none(ws: Workspace) -> None:
    assert runs(ws) == []
    assert find_best(ws) is None


def test_folder_that_is_no_run_is_passed_over(ws: Workspace, finished: Callable[..., Run]) -> None:
    finished("r1")
    (ws.runs / "notes").mkdir()
    (ws.runs / "half").mkdir()
    (ws.runs / "half" / "metrics.jsonl").touch()
    assert [run.id for run in runs(ws)] == ["r1"]


def test_run_copied_in_from_elsewhere_appears(tmp_path: Path, ws: Workspace) -> None:
    other = workspace.create(tmp_path / "other", "retrieve")
    with start(other, because="from afar") as log:
        log.finish(scores=[Score("mrr@20", 0.5, {})])
    ws.runs.mkdir()
    log.folder.rename(ws.runs / log.id)
    assert [run.because for run in runs(ws)] == ["from afar"]
    assert find(ws, "best").folder == ws.runs / log.id


def test_run_is_found_by_its_id_or_a_part_of_it(
    ws: Workspace, finished: Callable[..., Run]
) -> None:
    first, second = finished("261122-110000-7gk2"), finished("261122-120000-m3xa")
    assert find(ws, "261122-110000-7gk2") == first
    assert find(ws, "7gk2") == first
    assert find(ws, "12000") == second


def test_whole_id_wins_over_a_part_of_another(ws: Workspace, finished: Callable[..., Run]) -> None:
    run = finished("a1")
    finished("a12")
    assert find(ws, "a1") == run


def test_last_and_best_are_names_too(ws: Workspace, finished: Callable[..., Run]) -> None:
    best, last = finished("r1", 0.9), finished("r2", 0.5)
    assert (find(ws, "best").id, find(ws, "last").id) == (best.id, last.id)


def test_part_of_several_ids_lists_them(ws: Workspace, finished: Callable[..., Run]) -> None:
    for name in ("261122-7gk2", "261122-m3xa", "261123-aaaa"):
        finished(name)
    with pytest.raises(UsageError) as caught:
        find(ws, "261122")
    assert caught.value.as_dict() == {
        "what": "'261122' names 2 runs.",
        "found": "261122-7gk2, 261122-m3xa.",
        "fix": "Write more of the id.",
    }


def test_unknown_run_names_the_nearest(ws: Workspace, finished: Callable[..., Run]) -> None:
    finished("261122-110000-7gk2")
    with pytest.raises(UsageError, match=r"No run '261122-110000-7gkz'.*Did you mean '261122-11"):
        find(ws, "261122-110000-7gkz")


@pytest.mark.parametrize("name", ["last", "best", "7gk2"])
def test_nothing_is_found_where_no_run_is(ws: Workspace, name: str) -> None:
    with pytest.raises(AtarimaeError, match=r"no best run|There is no run yet"):
        find(ws, name)


def test_best_run_is_of_the_dearest_stage(ws: Workspace, finished: Callable[..., Run]) -> None:
    finished("cheap", 0.9, stage="smoke")
    dear = finished("dear", 0.5, stage="holdout")
    finished("unscored")
    best = find_best(ws)
    assert best is not None
    assert best.id == dear.id
    assert find_best(ws, "folds") is None


def test_best_run_is_of_the_newest_data(ws: Workspace, finished: Callable[..., Run]) -> None:
    finished("r1", 0.9, data=Version(1, "a" * 64))  # on easier data
    finished("r2", 0.5, data=Version(2, "b" * 64))
    finished("r3", 0.4, data=Version(3, "b" * 64))  # another edit, the same data
    finished("r4", data=Version(4, "c" * 64))  # without a score
    finished("r5", 0.9, stage="smoke", data=Version(4, "c" * 64))
    best = find_best(ws)
    assert best is not None
    assert best.id == "r2"


def test_run_is_got_by_its_whole_id_alone(ws: Workspace, finished: Callable[..., Run]) -> None:
    run = finished("261122-110000-7gk2")
    assert get(ws, "261122-110000-7gk2") == run
    assert get(ws, "7gk2") is None


def test_failed_run_is_never_the_best(ws: Workspace) -> None:
    with start(ws, because="a", stage="holdout") as log:
        log.finish("failed", scores=[Score("mrr@20", 0.9, {})])
    assert find_best(ws) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [("run.json", "{"), ("run.json", '{"because": "a"}'), ("recipe.toml", "lr = "),
     ("result.json", "[]")],
)  # fmt: skip
def test_broken_file_of_a_run_is_named(
    finished: Callable[..., Run], name: str, content: str
) -> None:
    run = finished("r1")
    (run.folder / name).write_text(content)
    with pytest.raises(AtarimaeError) as caught:
        read(run.folder)
    assert str(run.folder / name) in caught.value.what


def test_index_is_not_needed(ws: Workspace) -> None:
    """Whatever else lies in the workspace, pandas and a text editor read a run."""
    with start(ws, because="a") as log:
        log.metric("loss", 0.5)
    assert pd.read_json(log.folder / "metrics.jsonl", lines=True)["value"].tolist() == [0.5]


MANY = """
import sys
from pathlib import Path
from atarimae import workspace
from atarimae.runlog import start
space = workspace.open_(Path(sys.argv[1]))
for number in range(25):
    with start(space, because=sys.argv[2]) as log:
        log.metric("number", number)
"""


@pytest.mark.long
def test_runs_of_eight_processes_never_share_a_folder(ws: Workspace) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", MANY, str(ws.root), f"process {number}"])
        for number in range(8)
    ]
    assert [process.wait() for process in processes] == [0] * 8
    known = runs(ws)
    assert len(known) == 200
    for number in range(8):
        own = [run for run in known if run.because == f"process {number}"]
        numbers = [value for run in own for value in run.metrics()["value"].tolist()]
        assert sorted(numbers) == list(range(25))


def test_log_is_open_until_it_is_finished(ws: Workspace) -> None:
    log: Log = start(ws, because="a")
    log.metric("loss", 0.5)
    assert not (log.folder / "result.json").exists()
    log.finish()
    assert read(log.folder).status == "done"
