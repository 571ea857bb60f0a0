"""Agreement and mining on a shared page: edited where it was opened so, and under a name."""

import pytest
from fastapi.testclient import TestClient
from test_share import TOKEN

from atarimae import look
from atarimae.look.agree import start
from atarimae.store import Opinion, Store

CLASSES = ["純米", "吟醸"]


@pytest.fixture
def bottles(maker):
    """Two bottles that somebody is asked about, and one of them in a queue."""
    images = [maker.picture(f"{n}.png", (40 * n, 90, 200), "純米") for n in range(2)]
    maker.record()
    start(maker.workspace, images=2, classes=CLASSES)
    return images


def visitor(workspace, name=None, edit=True):
    """Somebody who opened the shared address, and gave a name."""
    client = TestClient(look.create_app(workspace, token=TOKEN, edit=edit), base_url="http://box")
    client.get(f"/?token={TOKEN}")
    if name:
        client.post("/api/name", json={"name": name})
    return client


def asked(bottles):
    """Every POST of these pages, each with a body that is right."""
    said = {"image": bottles[0], "said": [["純米", None]]}
    return {
        "/api/agree/1": said, "/api/agree/1/choose": said, "/api/agree/1/take": {},
        "/api/queues": {"name": "q", "images": [[bottles[0], None]]},
        "/api/mine": {"file": "0.png"},
    }  # fmt: skip


def test_a_page_that_is_shared_for_reading_refuses_and_one_for_editing_asks_for_a_name(
    maker, bottles
):
    store = Store(maker.workspace)
    reader, unnamed = visitor(maker.workspace, edit=False), visitor(maker.workspace)
    for path, body in asked(bottles).items():
        refused, nameless = reader.post(path, json=body), unnamed.post(path, json=body)
        assert (refused.status_code, refused.json()["error"]["what"]) == (
            403, "A shared page can be read and not changed.",
        )  # fmt: skip
        assert (nameless.status_code, nameless.json()["error"]["what"]) == (401, "Who are you?")
    assert (store.last_edit(), store.queues.names(), store.agreements.opinions(1)) == (1, {}, [])


def test_what_a_visitor_chooses_takes_over_and_queues_carries_the_name(maker, bottles):
    store, midori = Store(maker.workspace), visitor(maker.workspace, "みどり")
    for who in ("花子", "太郎"):
        store.agreements.answer(1, [Opinion(one, who, (("吟醸", None),)) for one in bottles])
    chosen = {"image": bottles[0], "said": [["吟醸", None]]}
    assert midori.post("/api/agree/1/choose", json=chosen).json() == {"edit": 2}
    assert midori.post("/api/agree/1/take", json={}).json() == {"images": 1, "edit": 3}
    midori.post("/api/queues", json={"name": "q", "images": [[bottles[1], None]]})
    assert [edit.by for edit in store.edits()][1:] == ["みどり", "みどり"]
    assert [one.by for one in store.queues.of("q")] == ["みどり"]


def test_a_visitor_answers_under_the_own_name_and_reads_nobody_elses_answers(maker, bottles):
    store, midori = Store(maker.workspace), visitor(maker.workspace, "みどり")
    store.agreements.answer(1, [Opinion(bottles[0], "花子", (("吟醸", None),))])
    body = {"who": "花子", "image": bottles[0], "said": [["純米", None]]}
    assert midori.post("/api/agree/1", json=body).json() == {"answered": 1}
    assert {one.by: one.said for one in store.agreements.opinions(1)} == {
        "花子": (("吟醸", None),), "みどり": (("純米", None),),
    }  # fmt: skip
    told = midori.get("/api/agree/1", params={"who": "花子"}).json()["images"]
    assert {one["image"]: one["said"] for one in told}[bottles[0]] == [["純米", None]]
    page = midori.get("/agree/1", params={"who": "花子"}).text
    assert 'data-who="みどり"' in page


def test_a_reader_is_told_what_can_not_be_done_here(maker, bottles):
    store, reader = Store(maker.workspace), visitor(maker.workspace, edit=False)
    midori = visitor(maker.workspace, "みどり")
    for who, name in (("花子", "純米"), ("太郎", "吟醸")):
        store.agreements.answer(1, [Opinion(one, who, ((name, None),)) for one in bottles])
    for path in ("/agree/1", "/agree/1/outcome", "/mine"):
        assert "shared for reading" in reader.get(path).text
        assert "shared for reading" not in midori.get(path).text
    outcome = reader.get("/agree/1/outcome").text
    assert outcome.count("<button") == outcome.count("disabled") > 0
    assert ">Find</button>" not in reader.get("/mine").text
    assert ">Answer</a>" not in reader.get("/agree").text
