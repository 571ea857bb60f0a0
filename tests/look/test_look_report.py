"""The report stands alone, and says what is there."""

import json
import re

import pytest

from atarimae import look, runlog
from atarimae.errors import AtarimaeError
from atarimae.look.checks import CHECKS
from atarimae.look.document import Table
from atarimae.look.frame import SHOWN
from atarimae.store import Refusal
from atarimae.types import Score

RED, GREEN = (200, 0, 0), (0, 200, 0)


def written(maker, **options):
    path = maker.workspace.root / "out" / "報告 🍶.html"
    return look.report(maker.workspace, path, **options), path.read_text(encoding="utf-8")


@pytest.fixture
def full(maker):
    maker.picture("photos/a.png", RED, "獺祭", split="train", source="蔵元")
    maker.picture("photos/b.png", RED, "<script>alert(1)</script>", split="test", source="蔵元")
    maker.picture("photos/c.png", GREEN, "apple 🍎")
    maker.record([Refusal("photos/壊れた.jpg", "It ends early.", "Copy it again.")])
    with runlog.start(maker.workspace, because="見れば分かる <b>", stage="holdout") as run:
        run.finish(scores=[Score("mrr@20", 0.812, {"k": 20}, low=0.79, high=0.83)])
    return maker


def test_nothing_is_fetched_and_nothing_runs(full):
    _, html = written(full)

    addresses = re.findall(r'(?:src|href|action|data)\s*=\s*"([^"]*)"', html)
    assert addresses
    assert all(one.startswith(("data:image/webp;base64,", "#")) for one in addresses)
    assert not re.findall(r"https?://|<script|<link|<iframe|@import|url\(", html)


def test_findings_runs_and_counts_are_there(full):
    _, html = written(full)

    assert "One picture is in train and test." in html
    assert "photos/壊れた.jpg was refused." in html
    assert "見れば分かる &lt;b&gt;" in html
    assert "0.812" in html
    assert "0.790 – 0.830" in html
    assert "&lt;script&gt;alert(1)" in html
    assert html.count("data:image/webp") >= 3


def test_as_dict_is_json_with_counts_and_every_finding(full):
    made, _ = written(full)
    said = json.loads(json.dumps(made.as_dict()))

    assert said["counts"]["files"] == 3
    assert said["counts"]["images"] == 2
    assert said["counts"]["splits"] == {"train": 1, "test": 1, "none": 1}
    assert said["counts"]["sources"] == {"蔵元": 2, "none": 1}
    assert {"check", "what", "images", "files", "evidence", "fix"} < said["findings"][0].keys()
    worth = [one["worth"] for one in said["findings"]]
    assert worth == sorted(worth, reverse=True)
    assert said["left"] is None  # no run may judge labels
    assert len(said["findings"]) == len(made.findings) == len(look.findings(full.workspace))


def test_many_findings_are_counted_and_some_are_shown(maker):
    for number in range(SHOWN + 5):
        maker.picture(f"{number}.png", (number, 0, 0), f"only {number}")
    maker.record()
    made, html = written(maker)

    single = [one for one in made.findings if "has a single image" in one.what]
    assert len(single) == SHOWN + 5
    assert html.count("has a single image.") >= SHOWN  # and at the head of the queue
    assert "And 5 more" in html
    assert len(html) < 600_000


def test_an_empty_workspace_has_a_report_too(maker):
    made, html = written(maker)

    assert made.findings == ()
    assert html.count("None found.") == len(CHECKS)


def test_title_and_a_table_of_ones_own(full):
    table = Table("On the test classes", [{"run": "baseline", "mrr@20": 0.68}], "Looked at once.")
    _, html = written(full, title="The demo & more", extra_runs_table=table)

    assert "<h1>The demo &amp; more</h1>" in html
    assert re.search(r"<td>baseline</td>\s*<td>0\.680</td>", html)
    assert "Looked at once." in html


def test_images_that_are_gone_leave_the_report_whole(full):
    (full.workspace.root / "photos/c.png").unlink()
    _, html = written(full)

    assert "apple 🍎" in html


def test_a_folder_that_cant_be_written_to_is_an_error_in_three_parts(full):
    (full.workspace.root / "file").write_text("")
    with pytest.raises(AtarimaeError) as error:
        look.report(full.workspace, full.workspace.root / "file" / "report.html")

    assert error.value.what
    assert error.value.found
    assert error.value.fix
