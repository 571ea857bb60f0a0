"""The API of marks: each change is one edit, whoever made it sees what became of it."""

import pytest
from fastapi.testclient import TestClient

from atarimae import look
from atarimae.store import Store
from atarimae.store.classes import Classes
from atarimae.types import BOX, TEXT, Box, Label
from atarimae.workspace import person

WIDE, HIGH = 320, 240
NAME = "溶接 <script>alert(1)</script> 🍶"


@pytest.fixture
def image(maker):
    return maker.picture("図.png", (200, 200, 200), "sheet", size=(WIDE, HIGH))


@pytest.fixture
def store(maker, image):
    return Store(maker.record())


@pytest.fixture
def client(maker, store):
    return TestClient(look.create_app(maker.workspace), base_url="http://127.0.0.1")


def box(x0=10.0, value=NAME, **more):
    return {"kind": "box", "value": value, "box": [x0, 20.0, x0 + 50, 60.0], **more}


def read(client, image):
    return client.get(f"/api/marks/{image}").json()


def change(client, image, old=(), new=(), seen=None):
    seen = read(client, image)["version"] if seen is None else seen
    asked = {"old": list(old), "new": list(new), "seen": seen}
    return client.post(f"/api/marks/{image}", json=asked)


def test_marks_of_each_kind_come_back_as_they_were_said(client, image):
    said = [
        box(angle=30.0),
        {"kind": "text", "value": "", "box": [5.0, 5.0, 60.0, 20.0], "angle": 270.0},
        {"kind": "polygon", "value": "領域", "points": [[1.0, 2.0], [100.0, 8.5], [40.0, 90.0]]},
    ]
    answer = change(client, image, new=said).json()
    found = read(client, image)

    assert found["version"] == answer["edit"] == answer["version"]
    assert found["marks"] == answer["marks"]
    assert [mark["by"] for mark in found["marks"]] == [person()] * 3
    assert found["marks"][2]["box"] == [1.0, 2.0, 100.0, 90.0]
    for asked, kept in zip(said, found["marks"], strict=True):
        assert asked.items() <= kept.items()


def test_a_change_is_one_edit_that_says_what_was_seen(client, image, store):
    (mark,) = change(client, image, new=[box()]).json()["marks"]
    answer = change(client, image, [mark], [{**mark, "value": "弁"}], seen=1).json()

    edit = store.edits()[-1]
    assert (edit.id, edit.action, edit.seen) == (answer["edit"], "annotate", 1)
    assert (edit.labels_added, edit.labels_removed) == (1, 1)
    assert [one["value"] for one in read(client, image)["marks"]] == ["弁"]


def test_what_stays_as_it_is_makes_no_edit(client, image):
    (mark,) = change(client, image, new=[box()]).json()["marks"]

    assert change(client, image, new=[mark]).json()["edit"] is None


def test_undo_and_redo_take_one_change_back_and_forth(client, image):
    edit = change(client, image, new=[box()]).json()["edit"]
    undone = client.post(f"/api/marks/{image}/undo", json={"edit": edit}).json()["edit"]
    assert read(client, image)["marks"] == []

    client.post(f"/api/marks/{image}/undo", json={"edit": undone})
    assert [mark["value"] for mark in read(client, image)["marks"]] == [NAME]


def test_an_edit_that_was_not_made_here_is_not_undone_here(client, image, store):
    theirs = store.say([Label(image, "x", BOX, Box(1, 2, 3, 4))], action="label", by="花子")
    said = client.post(f"/api/marks/{image}/undo", json={"edit": theirs.id})

    assert said.status_code == 400
    assert f"atarimae undo {theirs.id}" in said.json()["error"]["fix"]
    assert len(read(client, image)["marks"]) == 1


def test_two_who_change_one_mark_at_once_keep_both(client, image, store):
    (mark,) = change(client, image, new=[box()]).json()["marks"]
    version = read(client, image)["version"]
    label = store.said(image)[1][-1]
    store.relabel([label], [Label(image, "弁", BOX, label.box, "花子")], by="花子")
    answer = change(client, image, [mark], [{**mark, "angle": 5.0}], seen=version).json()
    found = read(client, image)

    assert answer["gone"] is True
    assert {(one["value"], one["by"]) for one in found["marks"]} == {
        ("弁", "花子"), (NAME, person()),
    }  # fmt: skip
    assert [one["kind"] for one in found["at_once"]] == ["box"]


def test_a_models_mark_that_is_changed_becomes_a_persons(client, image, store):
    store.say([Label(image, "ABC", TEXT, Box(1, 2, 30, 14), "model", 0.5)], action="propose")
    (mark,) = read(client, image)["marks"]
    assert (mark["by"], mark["score"]) == ("model", 0.5)
    change(client, image, [mark], [{**mark, "value": "ABD"}])

    (mark,) = read(client, image)["marks"]
    assert (mark["value"], mark["by"], mark["score"]) == ("ABD", person(), None)


def test_nothing_new_is_told_in_no_words(client, image):
    version = read(client, image)["version"]
    assert client.get(f"/api/marks/{image}?after={version}").status_code == 204
    change(client, image, new=[box()])

    assert client.get(f"/api/marks/{image}?after={version}").json()["version"] == version + 1


def test_classes_are_those_of_marks_and_images_the_most_frequent_first(client, image, store):
    said = [Label(image, value, BOX, Box(n, 0, n + 9, 9)) for n, value in enumerate("bba")]
    store.say([*said, Label(image, "text", TEXT, Box(0, 0, 9, 9))], action="label", by="花子")

    classes = client.get("/api/mark-classes").json()["classes"]
    assert classes == [["b", 2], ["a", 1], ["sheet", 1]]


REFUSED = [
    (box(x0=400.0), 400, "reaches outside the picture"),
    (box(value="\0"), 400, "NUL"),
    ({**box(), "kind": "pair"}, 422, "kind"),
    ({**box(), "box": [1, 2, 3]}, 422, "box"),
    ({**box(), "box": [9, 9, 9, 9]}, 400, "is empty"),
    ({"kind": "box", "value": "a"}, 400, "no box"),
    ({"kind": "polygon", "points": [[1, 1], [2, 2]]}, 400, "needs three"),
    ({**box(), "other": "0" * 64}, 422, "other"),
    ({**box(), "value": "x" * 10_001}, 422, "value"),
]


def test_what_no_image_can_hold_is_refused_and_nothing_is_changed(client, image, store):
    version = store.last_edit()
    for mark, status, said in REFUSED:
        answer = change(client, image, new=[box(), mark])

        assert answer.status_code == status
        assert said in str(answer.json()["error"])
    assert store.last_edit() == version


def test_no_number_is_no_box(client, image):
    body = '{"old": [], "seen": 1, "new": [{"kind": "box", "box": [NaN, 1, 2, 3]}]}'
    json = {"Content-Type": "application/json"}

    assert client.post(f"/api/marks/{image}", content=body, headers=json).status_code == 422


def test_marks_are_changed_by_this_page_alone_and_of_known_images(client, image):
    foreign = {"Origin": "http://evil.example"}
    asked = {"old": [], "new": [box()], "seen": 1}
    said = client.post(f"/api/marks/{image}", json=asked, headers=foreign)

    assert said.status_code == 403
    assert client.post(f"/api/marks/{'0' * 64}", json=asked).status_code == 404
    assert client.get(f"/api/marks/{'0' * 64}").status_code == 404
    assert client.get(f"/annotate/{'0' * 64}").status_code == 404
    assert read(client, image)["marks"] == []


def test_names_are_shown_as_text(maker):
    name = "<script>alert('獺祭')</script>.png"
    image = maker.picture(f"図/{name}", (9, 9, 9))
    client = TestClient(look.create_app(maker.record()), base_url="http://127.0.0.1")
    said = client.get(f"/annotate/{image}")

    assert "<script>alert" not in said.text
    assert "&lt;script&gt;alert" in said.text
    assert "default-src 'self'" in said.headers["content-security-policy"]


def test_a_mark_of_a_class_that_was_renamed_is_read_and_changed_as_that_class(client, image, store):
    change(client, image, new=[box(value="旧記号")])
    Classes(store).rename("旧記号", "溶接")
    (mark,) = read(client, image)["marks"]
    assert mark["value"] == "溶接"
    answer = change(client, image, [mark], [{**mark, "angle": 9.0}]).json()

    assert answer["gone"] is False
    assert [(one["value"], one["angle"]) for one in read(client, image)["marks"]] == [("溶接", 9.0)]
