"""A question that is kept to a part of what is known: over HTTP, in Python, on the command line."""

import json
from functools import cache

import numpy as np
import onnx
import pytest
import replica
from fastapi.testclient import TestClient
from onnx import TensorProto, helper

import atarimae as at
from atarimae import bundle, serve
from atarimae.cli import main
from atarimae.errors import UsageError
from atarimae.predict.index import KINDS, Catalogue
from atarimae.task import Model
from atarimae.types import File, Index

WIDTH, IMAGES, SIZE = 16, 1_500, 8
PICTURES = [replica.picture(colour) for colour in ("red", "teal", (250, 240, 10), (20, 20, 20))]
FILTERS = [
    {"source": ["店 1"]},
    {"label": ["class 3", "class 4"]},
    {"group": ["shelf 2"], "split": ["val"]},
    {"source": ["店 0", "店 2"], "label": ["class 5"], "split": ["train", "val"]},
]
# Images of source 店 n have a number that leaves n by 3, and so on for the others.
FIELDS = {
    "source": lambda i: f"店 {i % 3}",
    "label": lambda i: f"class {i % 10}",
    "group": lambda i: f"shelf {i % 4}",
    "split": lambda i: ("train", "val")[i % 2],
}


@pytest.fixture(scope="module", params=KINDS)
def kept(request, tmp_path_factory):
    """The same bundle, searched in each way there is."""
    folder = tmp_path_factory.mktemp("filters")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "milvus":
            pytest.importorskip("milvus_lite")
            patch.setenv("ATARIMAE_INDEX", str(folder / "catalogue.db"))
        yield ship(folder / "bundle", request.param)


@pytest.fixture(scope="module")
def client(kept):
    with TestClient(serve.create_app(kept)) as client:
        client.app.state.worker.loading.result()
        yield client


def ask(client, picture, **words):
    return client.post("/search", files={"image": ("a.png", picture)}, data=words)


@pytest.mark.parametrize("asked", FILTERS, ids=lambda asked: " and ".join(asked))
def test_answers_are_those_of_the_exact_search_among_what_the_filter_lets_through(client, asked):
    found = hits = 0
    for picture in PICTURES:
        matches = ask(client, picture, **asked).json()["matches"]
        exact = nearest(picture, asked)
        assert [one["file"] for one in matches] == sorted(
            (one["file"] for one in matches), key=exact.index
        ), "in their order, and none that the filter does not let through"
        found += len(matches)
        hits += len({one["file"] for one in matches} & {*exact[:20]})
    assert found == sum(min(20, len(nearest(picture, asked))) for picture in PICTURES)
    assert hits == found


def test_the_same_in_python_and_on_the_command_line(kept, client, tmp_path, capsys):
    answer = ask(client, PICTURES[1], **FILTERS[3]).json()
    in_python = at.Bundle(kept).search(PICTURES[1], **FILTERS[3])
    (tmp_path / "a.png").write_bytes(PICTURES[1])
    words = [
        word for field, values in FILTERS[3].items() for v in values for word in (f"--{field}", v)
    ]
    assert main(["search", str(kept), str(tmp_path / "a.png"), *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(in_python)) == answer
    assert main(["search", str(kept), str(tmp_path / "a.png"), "--source", "店 1"]) == 0
    first = capsys.readouterr().out.splitlines()[0].split("  ")[-1]
    assert first == nearest(PICTURES[1], FILTERS[0])[0]


def test_without_a_filter_all_is_known_again(client):
    part = ask(client, PICTURES[0], **FILTERS[0]).json()
    assert part != ask(client, PICTURES[0]).json()
    assert [one["file"] for one in ask(client, PICTURES[0]).json()["matches"]] == nearest(
        PICTURES[0], {}
    )[:20]


def test_filters_that_exclude_each_other_leave_nothing_and_unknown(client):
    said = ask(client, PICTURES[0], source="店 0", label="class 3", split="train", group="shelf 1")
    assert said.json() == {"matches": [], "unknown": True}


@pytest.mark.parametrize(
    ("words", "what", "fix"),
    [
        ({"source": "店 9"}, "No source '店 9' in the index.", "Did you mean '店 2'?"),
        ({"label": "clas 3"}, "No label 'clas 3' in the index.", "Did you mean 'class 3'?"),
        ({"label": ""}, "No label '' in the index.", "Use one of these."),
        ({"sorce": "店 1"}, "No field 'sorce' in this form.", "Did you mean 'source'?"),
    ],
    ids=["value", "label", "empty", "field"],
)
def test_what_is_not_there_is_refused(client, words, what, fix):
    said = ask(client, PICTURES[0], **words)
    assert said.status_code == 422
    assert (said.json()["error"]["what"], said.json()["error"]["fix"]) == (what, fix)
    assert ask(client, PICTURES[0]).status_code == 200


def test_openapi_names_the_filters(client):
    said = client.get("/openapi.json").json()["paths"]["/search"]["post"]["requestBody"]
    fields = said["content"]["multipart/form-data"]["schema"]["properties"]
    assert set(fields) == {"image", "box", *FIELDS}


def test_a_task_without_filters_refuses_them(server):
    body, kind = replica.form(replica.picture("red"))
    body = b'--B\r\nContent-Disposition: form-data; name="label"\r\n\r\nred\r\n' + body
    status, said = server.send("POST", "/nearest", body, content_type=kind)
    assert (status, said["error"]["what"]) == (422, "No field 'label' in this form.")


def test_among_very_many_values_none_is_guessed(tmp_path):
    folder = ship(tmp_path / "bundle", "exact", label=lambda i: f"class {i}", images=6_000)
    with pytest.raises(UsageError) as caught:
        at.Bundle(folder).search(PICTURES[0], label="clas 7")
    assert caught.value.found == "There are 6,000 others."


@pytest.mark.parametrize("rank", [["aqe:k=2"], ["dba:k=3"], ["vote:k=3"]], ids=str)
def test_a_chain_answers_as_if_no_other_image_were_known(tmp_path, rank):
    asked = {"source": "店 1", "split": "val"}
    whole = ship(tmp_path / "whole", "exact", rank=rank)
    part = ship(tmp_path / "part", "exact", rank=rank, asked=asked)
    for picture in PICTURES:
        assert at.Bundle(whole).search(picture, **asked) == at.Bundle(part).search(picture)


def ship(folder, kind, *, label=FIELDS["label"], images=IMAGES, rank=(), asked=None):
    """A bundle of `retrieve` whose model maps a picture's mean colour to a direction."""
    folder.mkdir()
    onnx.save(graph(), folder / "embed.onnx")
    settings = {"image_size": SIZE, "fit": "stretch", "steps": ["embed"], "rank": list(rank)}
    model = Model(folder, {"embed": folder / "embed.onnx"}, settings, {}, {"threshold": -2.0})
    bundle.write_model(model)
    numbers = [i for i in range(images) if through(i, asked or {})]
    files = tuple(
        File(
            path(i), f"{i:064x}", split=FIELDS["split"](i), group=FIELDS["group"](i),
            source=FIELDS["source"](i),
        )
        for i in numbers
    )  # fmt: skip
    rows = vectors(images)[numbers]
    known = Index(files, tuple(label(i) for i in numbers), {"embedding": rows})
    catalogue = Catalogue.made(known, kind)
    if catalogue.finder is not None:
        catalogue.finder.effort = catalogue.finder.efforts[-1]
    catalogue.save(folder)
    bundle.seal(folder, {"task": "retrieve", "run": "filters"})
    return folder


def nearest(picture, asked):
    """All that the filter lets through, nearest first, by a naive search of the exact kind."""
    query = embedded(picture)
    near = (vectors(IMAGES).astype(np.float64) @ query.astype(np.float64)).astype(np.float32)
    kept = [i for i in range(IMAGES) if through(i, asked)]
    return [path(i) for i in sorted(kept, key=lambda i: (-near[i], i))]


def through(i, asked):
    return all(FIELDS[field](i) in values for field, values in asked.items())


def path(i):
    return f"写真/{i:05d}.jpg"


@cache
def vectors(images):
    rows = np.random.default_rng(3).normal(size=(images, WIDTH)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@cache
def embedded(picture):
    """As the graph does it: a one-coloured picture stays that when it is resized."""
    from io import BytesIO

    from PIL import Image

    colour = np.array(Image.open(BytesIO(picture)).getpixel((0, 0)), np.float32)
    found = colour @ WEIGHTS
    return found / np.linalg.norm(found)


WEIGHTS = np.random.default_rng(7).normal(size=(3, WIDTH)).astype(np.float32)


def graph():
    nodes = [
        helper.make_node("Cast", ["input"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real", "axes"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "weights"], ["moved"]),
        helper.make_node("LpNormalization", ["moved"], ["embedding"], axis=1, p=2),
    ]
    made = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("input", TensorProto.UINT8, ["n", SIZE, SIZE, 3])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", WIDTH])],
        [
            helper.make_tensor("axes", TensorProto.INT64, [2], [1, 2]),
            helper.make_tensor("weights", TensorProto.FLOAT, WEIGHTS.shape, WEIGHTS.ravel()),
        ],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
