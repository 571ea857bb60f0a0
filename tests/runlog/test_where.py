"""Runs are found by anything that is known of them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import atarimae as at
from atarimae.cli import main
from atarimae.errors import UsageError
from atarimae.runlog import runs, start
from atarimae.runlog.where import FUNCTIONS, TABLES, pick
from atarimae.types import Score


@pytest.fixture
def space(tmp_path: Path) -> at.Workspace:
    """Four runs: a, b and c are done, d was left."""
    made = at.init(tmp_path / "場所")
    write(made, "a", 0.5, loss="arcface", lr=0.001, freeze=True, seed="not the run's")
    write(made, "b", 0.8, loss="cosface", lr=0.01, pooling=["blocks.2:mean", "last:gem"])
    write(made, "c カメラ", 0.9, loss="ArcFace", stage="smoke", head={"loss": "kl"})
    start(made.folder, because="d", recipe={"loss": "arcface"})
    return made


def write(
    space: at.Workspace, because: str, value: float, *, stage: str = "holdout", **recipe: object
) -> None:
    with start(space.folder, because=because, stage=stage, recipe=recipe, seed=7) as log:
        log.metric("loss", 3)
        log.metric("loss", 1 - value)
        scores = [Score("mrr@20", value, {}, low=value - 0.1), Score("損失 loss", 1 - value, {})]
        log.finish(scores=scores, costs={"ms_per_image": 10 * value})


@pytest.fixture
def found(space: at.Workspace) -> Callable[..., str]:
    """The first letters of the reasons of the runs that are found, as one word."""

    def found(where: str | None = None, sort: str | None = None) -> str:
        return "".join(run.because[0] for run in pick(runs(space.folder), where, sort))

    return found


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("score > .7", "bc"),
        ("score > .7 and loss = 'arcface'", "c"),
        ("loss = 'ＡＲＣＦＡＣＥ'", "acd"),
        ("loss like 'ARC%'", "acd"),
        ("loss in ('ARCFACE', 'none')", "acd"),
        ("because like '%ｶﾒﾗ%'", "c"),
        ('"mrr@20" > .7', "bc"),
        ("mrr@20>.7", "bc"),
        ('"損失 loss" < .3', "bc"),
        ("lr = '0.001'", "a"),
        ("lr is null", "cd"),
        ("freeze", "a"),
        ("freeze = true", "a"),
        ("pooling = 'last:gem'", "b"),
        ("seed = 7", "abc"),
        ("recipe.seed like 'not%'", "a"),
        ("recipe.\"head.loss\" = 'KL'", "c"),
        ("metrics.loss < .3", "bc"),
        ("ms_per_image < 6 or stage = 'smoke'", "ac"),
        ("costs.ms_per_image < 6", "a"),
        ("status = 'interrupted'", "d"),
        ("low between .3 and .5", "a"),
        ("created > '2020-01-01' and created < '2020-01-02'", ""),
        ("score = (select max(score) from runs)", "c"),
        ("score > .7 -- and nothing more", "bc"),
        ("1", "abcd"),
        ("0", ""),
    ],
)
def test_condition_over_everything_of_a_run(
    found: Callable[..., str], where: str, expected: str
) -> None:
    assert found(where) == expected


def test_tags_and_notes_are_found_one_by_one(
    space: at.Workspace, found: Callable[..., str]
) -> None:
    a, b, *_ = runs(space.folder)
    a.note("ぶれた写真で負ける", tags=["final", "提出"])
    a.note("ブレではない")
    b.note(conclusion="効いた", tags=["ＦＩＮＡＬ2"])
    assert found("tag = 'final'") == "a"
    assert found("tag = 'FINAL' and tag = '提出'") == "a"
    assert found("tag != 'final'") == "bcd"
    assert found("tags in ('提出', 'final2')") == "ab"
    assert found("tag = ''") == "cd"
    assert found("note like '%ぶれ%'") == "a"
    assert found("note = 'ブレではない'") == "a"
    assert found("conclusion = '効いた'") == "b"


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("score", "abcd"),
        ("-score", "cbad"),
        ("stage,-score", "badc"),  # holdout, log, smoke
        ("-lr", "bacd"),
        ("recipe.loss, -created", "dcab"),
        ("-mrr@20", "cbad"),
        ("metrics.loss", "cbad"),
        ('-"mrr@20"', "cbad"),
    ],
)
def test_runs_are_sorted_by_keys(found: Callable[..., str], sort: str, expected: str) -> None:
    assert found(sort=sort) == expected


@pytest.mark.parametrize(
    ("where", "near"),
    [
        ("scor > .7", "'score'"),
        ("recipe.los = 'x'", "'loss'"),
        ('"mrr@2" > 1', "'mrr@20'"),
        ("stage = 'smoke' and los = 'x'", "'loss'"),
        ("lenth(because) > 3", "'length'"),
    ],
)
def test_unknown_name_is_answered_with_the_nearest(
    found: Callable[..., str], where: str, near: str
) -> None:
    with pytest.raises(UsageError) as error:
        found(where)
    assert f"Did you mean {near}?" in error.value.fix


def test_unknown_key_to_sort_by(found: Callable[..., str]) -> None:
    with pytest.raises(UsageError, match=r"No column 'scor'.*Did you mean 'score'"):
        found(sort="-scor")


def test_text_in_double_quotes_is_told_to_be_written_in_single_ones(
    found: Callable[..., str],
) -> None:
    with pytest.raises(UsageError, match="Text is written 'arcface'"):
        found('loss = "arcface"')


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("score > .7 adn seed = 1", "score > .7 adn seed = 1\n             ^ here"),
        ("because = '猫' adn seed", "because = '猫' adn seed\n                 ^ here"),
        ("score >", "It ends too early"),
        ("(score > 1", "A bracket is not matched"),
        ("score) or (1", "A bracket is not matched"),
        ("because = 'x", "A quote is not closed"),
        ("1; delete from runs", "It is not one condition"),
        ("score > ?", "stand for no value"),
        ("  ", "It is empty"),
    ],
)
def test_what_is_no_condition_is_said_with_its_place(
    found: Callable[..., str], where: str, said: str
) -> None:
    with pytest.raises(UsageError, match="The search can't be understood") as error:
        found(where)
    assert said in error.value.found


@pytest.mark.parametrize(
    "where",
    [
        "(select count(*) from sqlite_master) > 0",
        "load_extension('x')",
        "randomblob(1000000000)",
        "exists (with recursive c(x) as (select 1 union all select x + 1 from c) select x from c)",
        "(select count(*) from pragma_database_list) > 0",
        "writefile('x', 'y')",
    ],
)
def test_condition_reads_nothing_but_runs(found: Callable[..., str], where: str) -> None:
    with pytest.raises(UsageError, match=r"reads runs, and nothing else|No function"):
        found(where)


def test_endless_condition_is_stopped(found: Callable[..., str]) -> None:
    many = ", ".join(f"runs r{i}" for i in range(16))
    with pytest.raises(UsageError, match="takes too long"):
        found(f"(select count(*) from {many}) > 0")


def test_condition_does_not_need_any_run(tmp_path: Path) -> None:
    assert pick(runs(at.init(tmp_path).folder), "score > .7", "-score") == []


def test_settings_that_only_differ_in_case_are_one_column(tmp_path: Path) -> None:
    space = at.init(tmp_path)
    for key in ("LR", "lr"):
        with start(space.folder, because=key, recipe={key: 0.1}):
            pass
    assert [run.because for run in pick(runs(space.folder), "lr = .1")] == ["LR", "lr"]


def test_python_and_command_say_the_same(
    space: at.Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    where, sort = "score > .4 and loss like '%face'", "-score"
    table = space.runs(where=where, sort=sort)
    capsys.readouterr()
    words = ["-C", str(space.folder.root), "runs", "--where", where, "--sort", sort, "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)["runs"]
    assert [row["id"] for row in told] == table["id"].tolist()
    assert table["because"].tolist() == ["c カメラ", "b", "a"]


def test_docs_name_every_table_and_column(space: at.Workspace) -> None:
    page = (Path(__file__).parents[2] / "docs" / "notes.md").read_text("utf-8")
    from atarimae.runlog.facts import FACTS, tables

    assert list(tables([])) == list(TABLES)
    assert [name for name in FACTS if f"`{name.removesuffix('s')}" not in page] == []
    assert len(FUNCTIONS) == len(set(FUNCTIONS))
