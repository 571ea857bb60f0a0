"""Two to six runs side by side: what differs, and the images that moved."""

import re
from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient
from maker import Maker
from playwright.sync_api import expect
from serving import PHONE, serving

from atarimae import look, runlog
from atarimae.store import Store
from atarimae.types import Predictions, Score

KEYS = [f"写真/{number:02}.png" for number in range(8)]
LABELS = ["獺祭 🍶", "<b>久保田</b>"]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    maker = Maker(tmp_path_factory.mktemp("compare") / "酒")
    for number, key in enumerate(KEYS):
        maker.picture(key, (30 * number, 0, 0), LABELS[number % 2], split="val")
    return maker.record()


@pytest.fixture(scope="module")
def ids(workspace):
    """Three runs judged by the same eight images, and one by another metric."""
    data = Store(workspace).data().version
    return [
        judged(workspace, data, "基準", [1, 1, 1, 1, 0.5, 0.5, 0, 0], {"lr": 0.1, "same": 1}),
        judged(workspace, data, LABELS[1], [1, 1, 1, 0.25, 1, 0.5, 1, 0], {"lr": 0.2, "same": 1}),
        judged(workspace, data, "third", [0, 1, 1, 1, 0.5, 0.5, 0, 0], {"same": 1, "gem": [1, 2]}),
        judged(workspace, data, "other", [1] * 8, {}, metric="accuracy"),
    ]


def judged(workspace, version, because, parts, recipe, metric="mrr@20"):
    """A run that finds a file of its own label first where its part is 1, else of the other."""
    with runlog.start(workspace, because=because, recipe=recipe, data=version) as run:
        run.metric("loss", 1.0, step=1)
        run.metric("loss", 0.5, step=2)
        values = np.array(parts, np.float32)
        score = Score(metric, float(values.mean()), {"k": 20}, tuple(KEYS), values, tuple(KEYS),
                      low=0.2, high=0.9)  # fmt: skip
        files = [[KEYS[(n + (2 if part == 1 else 1)) % 8]] for n, part in enumerate(parts)]
        run.scores([score], Predictions(tuple(KEYS), {"match_files": np.array(files, object)}))
        run.finish(scores=[score], costs={"ms_per_image": 2.5, "parameters": 3_371_009})
    return run.id


@pytest.fixture
def client(workspace):
    return TestClient(look.create_app(workspace), base_url="http://localhost")


@pytest.fixture
def opened(page, workspace, ids):
    with serving(workspace) as address:

        def go(*wanted):
            page.goto(f"{address}/compare?runs={','.join(wanted)}")
            return page

        yield go


def test_two_runs_show_verdict_settings_and_signed_wins_and_losses(opened, ids):
    page = opened(ids[0], ids[1])
    sides = page.locator(".compared > li")
    expect(sides).to_have_count(2)
    expect(sides.nth(1)).to_contain_text("<b>久保田</b>")
    expect(sides.nth(1).locator(".against")).to_contain_text("+0.0938")  # (.5 + 1 - .75) / 8
    expect(page.locator(".whisker .range")).to_have_count(2)
    differing = page.locator("table.sides").first.locator("tbody tr")
    expect(differing).to_have_text(re.compile(r"lr\s*0.1\s*0.2"))
    expect(page.locator("table.sides").last).to_contain_text("ms per image")

    won, lost = page.locator(".moves").all()
    expect(won.locator(".moved .asked")).to_contain_text(["+1.000", "+0.500"])
    expect(lost.locator(".moved .asked")).to_contain_text(["-0.750"])
    first = won.locator(".moved").first
    expect(first.locator(".asked")).to_contain_text(KEYS[6])
    expect(first.locator(".firsts li")).to_have_class(["wrong", "right"])
    expect(first.locator(".firsts b")).to_have_text(["0", "1"])
    expect(first.locator("img")).to_have_count(3)
    expect(page.locator("h2 .tag")).to_have_text(["2 of 8", "1 of 8"])


def test_the_curves_of_all_lie_over_each_other(opened, ids):
    page = opened(*ids[:3])
    expect(page.locator(".plot .curve")).to_have_count(3)
    page.locator(".plot").hover()
    expect(page.locator(".chart-said")).to_contain_text("A")
    expect(page.locator(".chart-said")).to_contain_text("C")


def test_six_runs_have_room_for_their_scores_and_costs(opened, workspace, ids):
    data = Store(workspace).data().version
    more = [judged(workspace, data, "more", [1] * 8, {}) for _ in range(2)]
    page = opened(*ids, *more)
    expect(page.locator(".compared > li")).to_have_count(6)
    for table in page.locator(".wide").all():
        assert table.evaluate("box => box.scrollWidth <= box.clientWidth")


def test_of_more_than_two_the_spread_counts(client, ids):
    said = client.get(f"/compare?runs={','.join(ids[:3])}").text
    moved = re.findall(
        r'<p class="faint">(写真/\d+.png)</p>\s*<p class="number [^"]*">([^<]+)<', said
    )

    spreads = [(0, 1.0), (6, 1.0), (3, 0.75), (4, 0.5)]  # of the parts above, by hand
    assert moved == [(KEYS[number], f"{spread:.3f} apart") for number, spread in spreads]


def test_what_is_the_same_everywhere_is_left_out(client, ids):
    said = client.get(f"/compare?runs={','.join(ids[:3])}").text
    settings = said.split("What differs")[1].split("</table>")[0]

    assert ">lr<" in settings
    assert ">gem<" in settings
    assert ">same<" not in settings


def test_runs_that_cannot_be_compared_say_why_and_show_the_rest(opened, ids):
    page = opened(ids[0], ids[3])
    expect(page.locator("p.note")).to_contain_text("the main metric differs")
    expect(page.locator(".plot .curve")).to_have_count(2)
    expect(page.locator(".moves")).to_have_count(0)


def test_runs_on_several_data_versions_are_compared_two_by_two_alone(client, workspace, ids):
    version = Store(workspace).data().version
    later = replace(version, edit=version.edit + 1, hash="0" * 64)
    other = judged(workspace, later, "newer data", [1] * 8, {})
    said = client.get(f"/compare?runs={ids[0]},{ids[1]},{other}").text

    assert '<p class="note">' in said
    assert '<ul class="moves' not in said


def test_runs_go_by_their_marks_and_each_counts_once(client, ids):
    marks = [id.rpartition("-")[2] for id in ids]
    said = client.get(f"/compare?runs={marks[0]},{ids[0]},{marks[1]}").text

    assert len(re.findall('<a class="reason"', said)) == 2


@pytest.mark.parametrize(("runs", "status"), [("", 200), ("nothing", 400), ("a,b,c,d,e,f,g", 400)])
def test_too_few_too_many_and_unknown_runs(client, ids, runs, status):
    said = client.get(f"/compare?runs={runs}")

    assert said.status_code == status
    if status == 200:
        assert "Tick two to six" in said.text
    else:
        assert said.json()["error"]["fix"]


def test_another_base_and_fewer_runs_are_a_link_away(opened, ids):
    page = opened(*ids[:3])
    page.get_by_role("link", name="judge against it").first.click()
    expect(page.locator(".compared .reason").first).to_have_text("<b>久保田</b>")
    page.get_by_role("link", name="leave out").last.click()
    expect(page.locator(".compared .reason")).to_have_text(["<b>久保田</b>", "基準"])


def test_predictions_of_another_shape_leave_the_pictures_of_answers_out(client, workspace, ids):
    folder = workspace.runs / ids[0]
    kept = (folder / "predictions.parquet").read_bytes()
    (folder / "predictions.parquet").write_bytes(b"no parquet")
    said = client.get(f"/compare?runs={ids[0]},{ids[1]}")
    (folder / "predictions.parquet").write_bytes(kept)

    assert said.status_code == 200
    assert said.text.count('<li class="none">') == 3


@pytest.mark.long
def test_six_runs_fit_a_phone(page, workspace, ids):
    page.set_viewport_size(PHONE)
    data = Store(workspace).data().version
    more = [judged(workspace, data, "長" * 300, [n / 3] * 8, {"lr": 10.0**-n}) for n in range(3)]
    with serving(workspace) as address:
        page.goto(f"{address}/compare?runs={','.join([*ids[:3], *more])}")
        expect(page.locator(".compared > li")).to_have_count(6)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
