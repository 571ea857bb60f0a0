"""What /api/review and /api/proposals answer: orders, a blind slice, decisions, one error shape."""

import numpy as np
import pytest
from fastapi.testclient import TestClient
from proposed import BLUE, GREEN, RED, world

from atarimae import look
from atarimae.look.doubts import doubts
from atarimae.review import Slice, needed
from atarimae.store import Store

HERE = "http://127.0.0.1"
UNSURE = {f"新しい/0-{n:02}.png" for n in range(0, 24, 3)}


@pytest.fixture
def space(tmp_path):
    return world(tmp_path / "場所", boxes=8)[0]


@pytest.fixture
def client(space):
    return TestClient(look.create_app(space), base_url=HERE)


def queue(client, **wanted):
    return client.get("/api/review", params=wanted).json()


def post(client, what, **body):
    return client.post(f"/api/proposals/{what}", json=body, headers={"Origin": HERE})


def test_an_unsure_picture_comes_first_and_says_what_it_may_be(client):
    items = queue(client)["items"]
    wanted = [one["path"] in UNSURE and one["kind"] == "class" for one in items]
    assert wanted == sorted(wanted, reverse=True)
    assert sum(wanted) >= 4  # the others are in the control slice
    assert items[0]["rather"][0]["label"] == GREEN
    assert items[0]["rather"][0]["examples"]
    assert (items[0]["label"], len(items[0]["examples"])) == (RED, 3)


@pytest.mark.parametrize("order", ["margin", "entropy", "gain"])
def test_orders_are_those_of_the_heads_chances(space, client, order):
    store = Store(space)
    found = doubts(space, store.data(), store.proposals())
    items = [one for one in queue(client, order=order)["items"] if one["kind"] == "class"]
    values = [one["doubt"][order] for one in items]
    assert values == sorted(values, reverse=order != "margin")
    doubt = found.of[items[0]["image"]]
    chances = np.array([chance for _, chance in doubt.rather])
    assert doubt.margin == pytest.approx(chances[0] - chances[1])
    assert doubt.entropy == pytest.approx(-(chances * np.log(chances)).sum(), abs=1e-6)


def test_by_score_the_least_sure_comes_first_boxes_too(client):
    scores = [one["score"] for one in queue(client, order="score")["items"]]
    assert scores == sorted(scores)
    assert queue(client, order="margin")["items"][-1]["kind"] == "box"  # the head has no say


def test_the_control_slice_is_apart_and_tells_no_score(space, client):
    drawn = Slice(0.95).of(Store(space).proposals())
    open_, blind = queue(client), queue(client, control=True)
    assert {one["id"] for one in blind["items"]} == drawn
    assert drawn.isdisjoint(one["id"] for one in open_["items"])
    assert (open_["rest"], blind["control"]) == (len(open_["items"]), len(drawn))
    for one in blind["items"]:
        assert not {"score", "model", "doubt"} & one.keys()
        assert all(other["chance"] is None for other in one["rather"])


def test_a_larger_slice_can_be_drawn(space, client):
    drawn = Slice(size=20).of(Store(space).proposals())
    items = queue(client, control=True, slice=20)["items"]
    assert {one["id"] for one in items} == drawn
    said = client.get("/api/review/classes", params={"slice": 20}).json()["classes"]
    assert {one["slice"] for one in said if one["kind"] == "class"} == {20}


def test_filters_by_class_and_model(client):
    assert {one["label"] for one in queue(client, label=BLUE)["items"]} == {BLUE}
    assert queue(client, model="none")["total"] == 0


def test_accept_reject_edit_and_undo_are_edits_of_ones_own(space, client):
    one, two, three = queue(client)["items"][:3]
    seen = Store(space).data().version.edit
    accepted = post(client, "accept", ids=[one["id"]], seen=seen).json()["edit"]
    post(client, "reject", ids=[two["id"]])
    edited = post(client, "edit", id=three["id"], label=GREEN).json()["edit"]
    assert (accepted["action"], accepted["seen"], edited["labels_added"]) == ("accept", seen, 1)
    fates = {
        item["id"]: item
        for image in (one, two, three)
        for item in client.get("/api/proposals", params={"image": image["image"]}).json()[
            "proposals"
        ]
    }
    assert [fates[item["id"]]["fate"] for item in (one, two, three)] == [
        "accepted", "rejected", "edited",
    ]  # fmt: skip
    assert fates[three["id"]]["into"][0]["value"] == GREEN
    undone = post(client, "undo", edit=accepted["id"]).json()["edit"]
    assert undone["action"] == "undo"
    assert one["id"] in [item["id"] for item in queue(client)["items"]]
    assert queue(client)["people"] == {edited["by"]: 2}


def test_a_box_becomes_another_shape_turned_or_not(space, client):
    box = queue(client, order="score")["items"][0]
    assert box["kind"] == "box"
    post(client, "edit", id=box["id"], label="弁", box=[4, 3, 21, 20, 45])
    (into,) = next(one for one in Store(space).proposals() if one.id == box["id"]).into
    assert (into.value, into.box.x1, into.box.angle) == ("弁", 21.0, 45.0)
    away = queue(client, order="score")["items"][0]
    said = post(client, "edit", id=away["id"], label="弁", box=[100, 100, 120, 120])
    assert said.status_code == 400
    assert "reaches outside the picture" in said.json()["error"]["found"]


def test_what_somebody_else_decided_is_told(space, client):
    item = queue(client)["items"][0]
    Store(space).decide([item["id"]], "accept", by="太郎")
    said = post(client, "reject", ids=[item["id"]])
    assert said.status_code == 409
    assert "太郎 accepted it" in said.json()["error"]["found"]


@pytest.mark.parametrize(
    ("what", "body", "status", "told"),
    [
        ("accept", {"ids": [99_999]}, 400, "There is no such proposal"),
        ("accept", {"ids": []}, 422, "can't be used"),
        ("accept", {"ids": ["x"]}, 422, "can't be used"),
        ("edit", {"id": 99_999, "label": "a"}, 400, "No proposal '99999'"),
        ("undo", {"edit": 1}, 403, "is no decision of yours"),
        ("undo", {"edit": 999}, 403, "is no decision of yours"),
        ("accept-class", {"label": "none", "model": ""}, 400, "No model with proposals"),
        ("accept-class", {"label": "x", "model": "", "bar": 2}, 422, "can't be used"),
    ],
)
def test_errors_have_one_shape_and_change_nothing(space, client, what, body, status, told):
    last = Store(space).last_edit()
    said = post(client, what, **body)
    assert said.status_code == status
    assert list(said.json()["error"]) == ["what", "found", "fix"]
    assert told in said.json()["error"]["what"]
    assert Store(space).last_edit() == last


def test_another_page_may_not_decide_and_a_shared_one_is_read_only(space, client):
    item = queue(client)["items"][0]
    body = {"ids": [item["id"]]}
    said = client.post(
        "/api/proposals/accept", json=body, headers={"Origin": "http://evil.example"}
    )
    assert said.status_code == 403
    shared = TestClient(look.create_app(space, token="t"), base_url=HERE)
    shared.get("/?token=t")
    assert shared.post("/api/proposals/accept", json=body).status_code == 403


def test_visitors_of_a_shared_page_decide_under_their_name_where_it_may_be_edited(space, client):
    one, two = queue(client)["items"][:2]
    shared = TestClient(look.create_app(space, token="t", edit=True), base_url=HERE)
    assert post(shared, "accept", ids=[one["id"]]).status_code == 401  # without the token
    shared.get("/?token=t")
    assert post(shared, "accept", ids=[one["id"]]).json()["error"]["what"] == "Who are you?"
    shared.post("/api/name", json={"name": "みどり"}, headers={"Origin": HERE})
    edit = post(shared, "accept", ids=[one["id"]]).json()["edit"]
    assert edit["by"] == "みどり"
    assert post(client, "undo", edit=edit["id"]).status_code == 403  # it is not this user's
    assert post(shared, "undo", edit=edit["id"]).json()["edit"]["by"] == "みどり"
    assert post(shared, "reject", ids=[two["id"]]).json()["edit"]["by"] == "みどり"


def test_classes_and_economics(space, client):
    store = Store(space)
    said = client.get("/api/review/classes", params={"bar": 0.8}).json()["classes"]
    assert {(one["label"], one["kind"], one["untouched"]) for one in said} == {
        (RED, "class", 24), (RED, "box", 8), (GREEN, "class", 24), (BLUE, "class", 24),
    }  # fmt: skip
    drawn = [one for one in store.proposals() if one.id in Slice(0.8).of(store.proposals())]
    blue = [one.id for one in drawn if one.label.value == BLUE]
    assert len(blue) == needed(0.8)
    store.decide(blue, "accept")
    passes = client.get("/api/review/classes", params={"bar": 0.8}).json()["classes"]
    assert {one["label"] for one in passes if one["passes"]} == {BLUE}
    model = next(iter(store.models()))
    done = post(client, "accept-class", label=BLUE, model=model, bar=0.8).json()
    assert done["edit"]["labels_added"] == 24 - len(blue)
    refused = post(client, "accept-class", label=GREEN, model=model, bar=0.8)
    assert refused.status_code == 400
    costs = client.get("/api/economics").json()
    assert costs["labels"]["accepted"] == 24
    assert costs["labels"]["unseen"] == 24 - len(blue)
    assert any("24 were accepted" in line for line in costs["lines"])
    assert "gain" not in costs  # what takes long is asked for
    more = client.get("/api/economics", params={"more": True}).json()
    assert more["labelled"] == 18 + 24
    assert "60 are needed" in more["why"]
