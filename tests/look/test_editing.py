"""Editing over HTTP: each request is one edit, by its author, who saw some version."""

import shutil
from collections import Counter

import pytest
from fastapi.testclient import TestClient
from test_share import TOKEN

from atarimae import look
from atarimae import workspace as workspaces
from atarimae.look.likeness import by_run, chosen
from atarimae.store import Store
from atarimae.web.token import Token
from atarimae.workspace import person

EDITS = ("label", "preview", "confirm", "flag", "change", "remove", "undo", "redo")


@pytest.fixture
def sake(maker):
    for number, label in enumerate(["獺祭", "獺祭", "久保田"]):
        maker.picture(f"{number}.png", (40 * number, 60, 200), label)
    maker.picture("copy.png", (0, 60, 200))
    return maker.record()


@pytest.fixture
def client(sake):
    return TestClient(look.create_app(sake), base_url="http://127.0.0.1")


def ask(client, kind, status=200, **body):
    said = client.post(f"/api/edits/{kind}", json=body)
    assert said.status_code == status, said.text
    return said.json()


def classes(workspace, path):
    data = Store(workspace).data()
    return next(data.classes(file) for file in data.files if file.path == path)


def test_a_label_is_an_edit_of_this_machines_user_and_told_of_every_file_of_the_image(client, sake):
    said = ask(client, "label", paths=["0.png"], classes=["久保田"], why="瓶の形", seen=1)

    assert said["edit"]["by"] == person()
    assert (said["edit"]["action"], said["edit"]["why"]) == ("label", "瓶の形")
    assert [(one["path"], one["labels"]) for one in said["items"]] == [
        ("0.png", ["久保田"]), ("copy.png", ["久保田"]),
    ]  # fmt: skip
    assert said["version"] == 2
    assert ask(client, "label", paths=["0.png"], classes=["久保田"])["edit"] is None


def test_beside_or_none(client, sake):
    ask(client, "label", paths=["0.png"], classes=["久保田"], also=True)
    assert classes(sake, "0.png") == ("獺祭", "久保田")
    ask(client, "label", paths=["0.png"], classes=[])
    assert classes(sake, "0.png") == ()


def test_a_class_that_nobody_knows_is_made_only_if_it_is_said_to_be_new(client, sake):
    said = ask(client, "label", 409, paths=["0.png"], classes=["新酒"])
    assert "新酒" in said["error"]["what"]
    assert ask(client, "label", paths=["0.png"], classes=[" 新酒\n"], new=True)["edit"]
    assert classes(sake, "0.png") == ("新酒",)
    ask(client, "label", paths=["1.png"], classes=["新酒"])
    for wrong in ("", "  ", "x" * 201):
        assert ask(client, "label", 400, paths=["1.png"], classes=[wrong], new=True)["error"]["fix"]


def test_confirmations_and_flags_are_edits_that_can_be_filtered_by(client, sake):
    ask(client, "confirm", paths=["2.png"])
    ask(client, "flag", paths=["1.png", "2.png"])
    ask(client, "flag", paths=["1.png"], on=False)

    for mark in ("confirmed", "flagged"):
        found = client.get("/api/images", params={"mark": mark}).json()["items"]
        assert [one["path"] for one in found] == ["2.png"]
    assert found[0]["marks"] == ["flagged", "confirmed"]
    assert [edit.action for edit in Store(sake).edits()][1:] == ["confirm", "flag", "flag"]


def test_columns_change_and_files_leave(client, sake):
    ask(client, "change", paths=["0.png"], columns={"split": "val", "group": "g"})
    ask(client, "change", paths=["0.png"], columns={"group": None})
    file = Store(sake).data().files[0]
    assert (file.split, file.group) == ("val", None)
    said = ask(client, "remove", paths=["0.png"])
    assert [(one["path"], one["gone"]) for one in said["items"]] == [
        ("copy.png", False), ("0.png", True),
    ]  # fmt: skip
    assert ask(client, "change", 400, paths=["1.png"], columns={"split": "vla"})["error"]["fix"]
    assert (
        "colour"
        in ask(client, "change", 400, paths=["1.png"], columns={"colour": "x"})["error"]["what"]
    )


def test_what_left_or_changed_since_is_refused_and_nothing_is_done(client, sake):
    store = Store(sake)
    store.remove(["0.png"], by="花子")
    store.change([file for file in store.data().files if file.path == "0.png"])
    said = ask(client, "label", 409, paths=["0.png", "1.png"], classes=["久保田"])
    assert "0.png" in said["error"]["what"]
    ask(client, "change", paths=["1.png"], columns={"split": "val"})
    said = ask(client, "change", 409, paths=["1.png"], columns={"split": "test"}, seen=2)
    assert "1.png has been changed" in said["error"]["what"]
    assert ask(client, "label", 400, paths=[], classes=["久保田"])["error"]["fix"]
    assert store.last_edit() == 3


def test_an_edit_by_somebody_who_had_not_seen_anothers_keeps_both_and_says_so(client, sake):
    file = Store(sake).data().files[2]
    Store(sake).label({file.image: ["獺祭"]}, by="花子")
    said = ask(client, "label", paths=[file.path], classes=["新酒"], new=True, seen=1)

    (conflict,) = said["conflicts"]
    assert conflict["at_once"]
    assert [(one["value"], one["by"]) for one in conflict["sides"]] == [
        ("獺祭", "花子"), ("新酒", person()),
    ]  # fmt: skip
    assert client.get("/api/images", params={"mark": "conflict"}).json()["total"] == 1
    settled = ask(client, "label", paths=[file.path], classes=["新酒"], seen=said["version"])
    assert settled["conflicts"] == []


def test_a_filter_is_edited_as_it_was_found(client, sake):
    first = client.get("/api/images", params={"label": "獺祭"}).json()
    where = f"label=獺祭&before={first['before']}&version={first['version']}"
    said = ask(client, "label", where=where, without=["1.png"], classes=["久保田"])

    assert (said["files"], classes(sake, "1.png")) == (2, ("獺祭",))
    again = client.get("/api/images", params=dict(pair.split("=") for pair in where.split("&")))
    assert [(one["path"], one["labels"]) for one in again.json()["items"]] == [
        ("0.png", ["久保田"]), ("1.png", ["獺祭"]), ("copy.png", ["久保田"]),
    ]  # fmt: skip
    assert client.get("/api/images", params={"label": "獺祭"}).json()["total"] == 1


def test_a_preview_tells_what_would_change_and_changes_nothing(client, sake):
    said = ask(client, "preview", paths=["0.png", "1.png", "2.png"], classes=["久保田"])

    told = [(one["before"], one["after"], one["count"]) for one in said["changes"]]
    assert told == [(["獺祭"], ["久保田"], 2), (["久保田"], ["久保田"], 1)]
    assert (said["images"], said["new"], Store(sake).last_edit()) == (3, [], 1)


def test_undo_goes_back_to_where_the_sitting_began_and_redo_forth(client, sake):
    before = Store(sake).data().version.hash
    ask(client, "label", paths=["0.png"], classes=["久保田"])
    ask(client, "remove", paths=["1.png"])
    after = Store(sake).data().version.hash

    said = ask(client, "undo", since=1)
    assert [one["path"] for one in said["items"]] == ["1.png"]
    ask(client, "undo", since=1)
    assert Store(sake).data().version.hash == before
    assert "nothing to undo" in ask(client, "undo", 400, since=1)["error"]["what"]
    ask(client, "redo", since=1)
    ask(client, "redo", since=1)
    assert Store(sake).data().version.hash == after
    assert ask(client, "redo", 400, since=1)["error"]["what"]
    said = ask(client, "undo", since=1, everything=True)
    assert said["edit"]["why"] == "all 2 edits of a sitting"
    assert Store(sake).data().version.hash == before
    ask(client, "remove", paths=["1.png"])
    said = ask(client, "undo", since=1, everything=True)
    assert said["edit"]["why"] == f"edit {said['version'] - 1}"


def test_news_tell_what_others_did(client, sake):
    assert client.get("/api/news?since=1").json()["items"] == []
    Store(sake).remove(["2.png"], by="花子")
    ask(client, "flag", paths=["0.png"])
    said = client.get("/api/news?since=1").json()

    assert said["gone"] == ["2.png"]
    assert {one["path"] for one in said["items"]} == {"0.png", "copy.png"}
    assert said["version"] == 3


def test_number_keys_offer_what_it_is_then_what_is_most_used(client, sake):
    image = Store(sake).data().files[2].image
    said = client.get(f"/api/choices/{image}").json()

    assert [one["name"] for one in said["choices"]] == ["久保田", "獺祭"]
    assert [one["why"] for one in said["choices"]] == ["now", "3 files"]
    assert client.get("/api/classes").json()["classes"] == [["久保田", 1], ["獺祭", 3]]


@pytest.mark.parametrize("kind", EDITS)
@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_no_other_page_can_edit(client, sake, kind, headers):
    said = client.post(
        f"/api/edits/{kind}", json={"paths": ["0.png"], "classes": []}, headers=headers
    )

    assert said.status_code == 403
    assert said.json()["error"]["fix"] == "Use the page itself."
    assert Store(sake).last_edit() == 1


@pytest.mark.parametrize("kind", EDITS)
def test_a_shared_page_is_edited_only_if_it_was_opened_so_and_only_under_a_name(sake, kind):
    body = {"paths": ["0.png"], "classes": ["久保田"], "columns": {}, "since": 1}
    cookie = f"{Token(None, TOKEN).cookie}={TOKEN}"
    for edit, status, word in ((False, 403, "read"), (True, 401, "Who are you?")):
        shared = TestClient(look.create_app(sake, token=TOKEN, edit=edit), base_url="http://box")
        assert shared.post(f"/api/edits/{kind}", json=body).status_code == 401
        said = shared.post(f"/api/edits/{kind}", json=body, headers={"Cookie": cookie})
        assert (said.status_code, word in said.json()["error"]["what"]) == (status, True)
    assert Store(sake).last_edit() == 1


def test_a_visitor_gives_a_name_once_and_edits_carry_it(sake):
    client = TestClient(look.create_app(sake, token=TOKEN, edit=True), base_url="http://box")
    client.get(f"/?token={TOKEN}")
    said = client.post("/api/name", json={"name": " みどり\u202e <b> "})
    cookie = said.headers["set-cookie"]

    assert said.json() == {"name": "みどり <b>"}
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert ask(client, "flag", paths=["0.png"])["edit"]["by"] == "みどり <b>"
    assert 'data-me="みどり &lt;b&gt;"' in client.get("/").text
    for wrong in ("", " \u200b", "x" * 61):
        assert client.post("/api/name", json={"name": wrong}).status_code == 422


def test_number_keys_offer_what_the_nearest_images_are(walked, tmp_path):
    root = shutil.copytree(walked.workspace, tmp_path / "space")  # with what was embedded
    app = look.create_app(workspaces.open_(root))
    client, site = TestClient(app, base_url="http://127.0.0.1"), app.state.site
    data = site.catalogue.now().data
    file = next(file for file in data.files if data.label(file))
    client.get(f"/api/choices/{file.image}")  # begins to read the embeddings
    site.neighbours.wait()
    said = client.get(f"/api/choices/{file.image}").json()["choices"]

    known = by_run(data, chosen(site.workspace))
    cosines = {
        image: float(row @ known.rows[known.images.index(file.image)])
        for image, row in zip(known.images, known.rows, strict=True)
    }
    del cosines[file.image]
    near = sorted(cosines, key=lambda image: (-cosines[image], image))[:12]
    votes = Counter(name for one in near for name in data.classes(next(
        file for file in data.files if file.image == one)))  # fmt: skip
    told = {one["name"]: one["why"] for one in said}
    own = data.label(file)
    assert told[own] == "now"
    for name, count in votes.items():
        if name != own:
            assert told[name] == f"{count} of the nearest {len(near)}"


@pytest.mark.parametrize("path", ["/api/cover", "/api/sets", "/seen", "/api/guide", "/nothing"])
def test_a_visitor_labels_and_changes_nothing_else(sake, path):
    client = TestClient(look.create_app(sake, token=TOKEN, edit=True), base_url="http://box")
    client.get(f"/?token={TOKEN}")
    client.post("/api/name", json={"name": "みどり"})

    said = client.post(path, json={"images": []})
    assert (said.status_code, Store(sake).last_edit()) == (403, 1)
    assert "read" in said.json()["error"]["what"]
