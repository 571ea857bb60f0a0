"""What a person reads in the terminal and in a notebook."""

from io import StringIO

from rich.cells import cell_len
from rich.console import Console

from atarimae.compare import compare
from atarimae.compare.brief import brief
from atarimae.compare.html import comparison_html
from atarimae.compare.table import (
    comparison_table,
    number,
    run_view,
    runs_table,
    setting,
    verdict_line,
)


def read(table, width=160):
    console = Console(file=StringIO(), width=width, color_system=None)
    console.print(table)
    return console.file.getvalue()


def parts(value):
    return {f"{i:02}.png": value for i in range(9)}


def test_runs_table_says_what_why_how_good_how_dear(write_run):
    text = read(runs_table([write_run(parts(0.5), because="GeM を試す")]))
    for told in ("mrr@20", "GeM を試す", "holdout", "0.500 [0.500, 0.500]", "17.25"):
        assert told in text


def test_runs_table_names_each_metric_where_they_differ(write_run):
    runs = [write_run(parts(0.5)), write_run(parts(0.6), metric="map@20")]
    assert "map@20 0.600" in read(runs_table(runs))


def test_a_run_without_score_shows_its_status(write_run):
    assert "running" in read(runs_table([write_run({}, unfinished=True)]))


def test_no_runs_are_said_to_be_none():
    assert read(runs_table([])).strip() == "No run."


def on_terminal(table, width):
    console = Console(file=StringIO(), width=width, color_system=None, force_terminal=True)
    console.print(table, crop=False)
    return console.file.getvalue().splitlines()


def test_run_is_one_line_of_80_columns_in_a_terminal(write_run):
    run = write_run(parts(0.5), because="長い理由 " * 40).note(tags=["final"])
    lines = on_terminal(runs_table([run, run]), 80)
    assert [cell_len(line) <= 80 for line in lines] == [True] * 3
    assert lines[1].startswith(f"{run.mark}  0.500 [0.500, 0.500]  ")
    assert "#final 長い" in lines[1]
    assert "…" in lines[1]


def test_reason_is_whole_where_no_terminal_is(write_run):
    run = write_run(parts(0.5), because="長い理由 " * 40)
    console = Console(file=StringIO(), width=80, color_system=None)
    console.print(runs_table([run]), crop=False)
    assert run.because.strip() in console.file.getvalue()


def test_markup_in_a_reason_is_shown_as_it_is(write_run):
    assert "[red]lr[/] 1e-3" in read(runs_table([write_run(parts(0.5), because="[red]lr[/] 1e-3")]))


def test_comparison_begins_with_the_verdict(workspace, write_run):
    found = compare(workspace, write_run(parts(0.5)), write_run(parts(0.7), recipe={"dim": 128}))
    text = read(comparison_table(found))
    assert text.startswith("helped: mrr@20 +0.2000 (95 % [+0.2000, +0.2000], better with")
    for told in ("setting", "dim", "128", "parameters", "3,400,000", "better by mrr@20", "00.png"):
        assert told in text
    assert "worse" not in text


def test_verdict_line_says_which_queries_count(workspace, write_run):
    first = write_run({f"{i:02}.png": 0.5 for i in range(12)})
    found = compare(workspace, first, write_run(parts(0.5)))
    assert "9 queries of 12, those that both were judged by" in verdict_line(found).plain


def test_verdict_line_says_when_it_cannot_tell(workspace, write_run):
    one = {"clusters": ["cat"] * 9}
    found = compare(workspace, write_run(parts(0.5), **one), write_run(parts(0.9), **one))
    assert "too few classes to resample" in verdict_line(found).plain


def test_run_view_shows_what_differs_from_the_parent_first(write_run):
    parent = write_run(parts(0.5), recipe={"alpha": 1, "lr": 0.1})
    run = write_run(parts(0.7), recipe={"alpha": 1, "lr": 0.2}, parent=parent.id)
    text = read(run_view(run, parent), width=300)
    assert text.index("lr") < text.index("alpha")
    for told in ("0.1", "0.2", "ties: by file path", str(run.folder)):
        assert told in text


def test_run_view_of_an_unfinished_run_without_parent(write_run):
    assert "running" in read(run_view(write_run({}, unfinished=True, recipe={"lr": 0.1})))


def test_html_escapes_every_name(workspace, write_run):
    bad = "<script>alert(1)</script>"
    first = write_run({bad: 0.1, "b": 0.2}, because=bad, recipe={"note": bad})
    found = compare(workspace, first, write_run({bad: 0.5, "b": 0.2}, because="&"))
    html = comparison_html(found)
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 3  # because, setting, image
    assert found._repr_html_() == html


def test_numbers_are_easy_to_read():
    shown = [number(value) for value in (3_400_000, 17.25, 0.00012346, 5, None)]
    assert shown == ["3,400,000", "17.25", "0.0001235", "5", ""]


def test_settings_are_shown_as_they_are():
    shown = [setting(value) for value in (12345, 0.000123456, True, "gem", [1, 2], None)]
    assert shown == ["12345", "0.000123456", "True", "gem", "[1, 2]", ""]


def test_no_cost_goes_by_its_key(workspace, write_run):
    costs = {"ms_embed": 3.0, "check_seconds": 0.5}
    first, second = write_run(parts(0.5)), write_run(parts(0.5), costs=costs)

    said = [
        read(comparison_table(compare(workspace, first, second))),
        read(run_view(second)),
        brief(workspace, second),
    ]

    for text in said:
        assert "embed, ms" in text
        assert "judging midway, s" in text
        assert not any(key in text for key in ("ms_embed", "check_seconds", "ms_per_image"))
