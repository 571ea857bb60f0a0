"""region = "box": training, gallery, queries, bundle, server and submission read boxes."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image, ImageDraw

import atarimae as at
from atarimae import bundle, runlog, task
from atarimae.errors import UsageError
from atarimae.fit import fit
from atarimae.predict.run import outputs
from atarimae.serve.app import create_app
from atarimae.ship import ship
from atarimae.store import Store
from atarimae.types import Data, Floats

COLOURS = (
    (200, 30, 30), (30, 160, 40), (30, 60, 200), (220, 200, 20), (130, 30, 160), (20, 20, 20),
    (240, 130, 20), (250, 150, 190),
)  # fmt: skip
SMALL = {"image_size": 32, "projection": 16, "epochs": 2, "classes_per_batch": 4}


@dataclass(frozen=True)
class Boxed:
    """A workspace of cluttered pictures, a run that reads boxes, and its bundle."""

    space: at.Workspace
    run: runlog.Run
    bundle: Path
    photo: Path  # one with a thing at x 50 to 82, y 20 to 52

    def embedded(self, data: Data) -> Floats:
        predictor = task.load("retrieve").predictor(bundle.read_model(self.run.model))
        return np.stack([np.asarray(row, np.float32) for row in outputs(predictor, data)])


def clutter(path: Path, colour: tuple[int, int, int], seed: int) -> tuple[int, int, int, int]:
    """A noisy picture with a thing of that colour somewhere in it; gives its box."""
    random = np.random.default_rng(seed)
    noise = random.integers(0, 255, (80, 120, 3), dtype=np.uint8)
    x, y = (50, 20) if seed == 0 else random.integers(0, (120 - 32, 80 - 32)).tolist()
    picture = Image.fromarray(noise)
    thing = Image.new("RGB", (32, 32), "white")
    for _ in range(3):
        left, top = random.integers(0, 16, 2).tolist()
        shade = tuple(int(c * random.uniform(0.8, 1.0)) for c in colour)
        ImageDraw.Draw(thing).ellipse((left, top, left + 16, top + 16), fill=shade)
    picture.paste(thing, (x, y))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
    return x, y, x + 32, y + 32


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Boxed:
    folder = tmp_path_factory.mktemp("boxed")
    rows = ["file,label,split,x,y,w,h"]
    for number, colour in enumerate(COLOURS):
        for i in range(4):
            seed = 10 * number + i
            x0, y0, x1, y1 = clutter(folder / "photos" / f"{seed}.png", colour, seed)
            split = "train" if number < 5 else "val"
            box = "" if i == 3 else f"{x0},{y0},{x1 - x0},{y1 - y0}"  # one of four has none
            rows.append(f"photos/{seed}.png,class {number},{split},{box or ',,,'}")
    (folder / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    space = at.init(folder / "space")
    space.add(folder / "labels.csv")
    recipe = task.load("retrieve").recipe.of({**SMALL, "region": "box", "box_margin": 0.0})
    run = fit(space.folder, task.load("retrieve"), recipe, because="boxes")
    shipped = ship(space.folder, task.load("retrieve"), run, folder / "bundle")
    return Boxed(space, run, shipped.folder, folder / "photos" / "0.png")


def cut(made: Boxed, folder: Path) -> tuple[Data, Data]:
    """The boxed pictures of the workspace; and their boxes saved without loss, as files."""
    data = Store(made.space.folder).data()
    boxes = {
        image: next(label.box for label in said if label.box)
        for image, said in data.labels.items()
        if any(label.box for label in said)
    }
    known = data.where(lambda file: file.image in boxes)
    other = at.init(folder / "cut")
    for number, file in enumerate(known.files):
        box = boxes[file.image]
        with Image.open(data.path(file)) as picture:
            part = picture.crop((box.x0, box.y0, box.x1, box.y1))
        (folder / "parts").mkdir(exist_ok=True)
        part.save(folder / "parts" / f"{number:03}.png")
    other.add(folder / "parts")
    return known, Store(other.folder).data()


def test_a_box_is_embedded_as_the_part_saved_as_a_file_is(made, tmp_path):
    known, parts = cut(made, tmp_path)
    assert len(known) == len(parts) == 24
    np.testing.assert_array_equal(made.embedded(known), made.embedded(parts))


def test_a_picture_without_a_box_is_read_whole(made, tmp_path):
    data = Store(made.space.folder).data()
    bare = data.where(lambda file: not any(label.box for label in data.labels[file.image]))
    assert len(bare) == 8
    unboxed = Data(bare.root, bare.version, bare.files, bare.images, {})
    np.testing.assert_array_equal(made.embedded(bare), made.embedded(unboxed))


def test_runs_that_read_boxes_and_whole_pictures_share_a_cache_and_not_their_outputs(made):
    plain = task.load("retrieve").recipe.of(SMALL)
    whole = fit(made.space.folder, task.load("retrieve"), plain, because="whole pictures")
    again = task.load("retrieve").recipe.of({**SMALL, "region": "box", "box_margin": 0.0})
    boxes = fit(made.space.folder, task.load("retrieve"), again, because="boxes again")
    assert boxes.score.value == made.run.score.value != whole.score.value
    assert boxes.score.value > whole.score.value  # the clutter says nothing


def test_a_trained_backbone_sees_the_boxes_too(made):
    from atarimae.tasks.retrieve.network.data import ImageSamples

    data = Store(made.space.folder).data()
    still = {
        "crop": 1.0,
        "rotate": 0.0,
        "perspective": 0.0,
        "colour": 0.0,
        "blur": 0.0,
        "freeze": "none",
    }
    recipe = task.load("retrieve").recipe.of({**SMALL, **still, "region": "box", "box_margin": 0.0})
    number = next(n for n, file in enumerate(data.files) if file.path.endswith("photos/0.png"))
    pixels, _ = ImageSamples(data, [0] * len(data), recipe, 0, 10**6).__getitems__([number])
    with Image.open(made.photo) as picture:
        part = np.asarray(picture.crop((50, 20, 82, 52)))
    np.testing.assert_array_equal(pixels[0].permute(1, 2, 0).numpy(), part)


def test_bundle_answers_about_a_box_as_about_the_part(made, tmp_path):
    shipped = at.Bundle(made.bundle)
    with Image.open(made.photo) as picture:
        picture.crop((50, 20, 82, 52)).save(tmp_path / "part.png")
    whole, part = shipped.search(made.photo), shipped.search(tmp_path / "part.png")
    assert shipped.search(made.photo, box=(50, 20, 82, 52)) == part != whole
    with pytest.raises(UsageError, match=r"reaches outside the picture\. That has 120 × 80 px"):
        shipped.search(made.photo, box=(50, 20, 182, 52))


def test_server_takes_a_box_with_the_picture(made):
    with TestClient(create_app(made.bundle)) as client:
        client.app.state.worker.loading.result(60)

        def ask(**form: object):
            return client.post("/search", files={"image": made.photo.read_bytes()}, data=form)

        wanted = at.Bundle(made.bundle).search(made.photo, box=(50, 20, 82, 52))
        assert ask(box="50,20,82,52").json() == wanted
        assert ask().json() == at.Bundle(made.bundle).search(made.photo)
        for box, found in (
            ("50,20,82", "It is '50,20,82'"), ("50,20,x,52", "x1 is 'x'"),
            ("50,20,500,52", "reaches outside"), (["0,0,9,9", "0,0,8,8"], "One box a request"),
        ):  # fmt: skip
            refused = ask(box=box)
            assert refused.status_code == 422
            assert found in " ".join(refused.json()["error"].values())


def test_bundle_that_reads_whole_pictures_refuses_a_box(walked):
    photo = next(walked.photos.glob("*/*.png"))
    with pytest.raises(UsageError, match="This bundle reads whole pictures"):
        at.Bundle(walked.bundle).search(photo, box=(0, 0, 9, 9))


def test_submission_asks_about_the_boxes_of_the_test_csv(made, tmp_path):
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "q.png").write_bytes(made.photo.read_bytes())
    gallery = bundle.read(made.bundle).index.files
    names = [Path(file.path).stem for file in gallery]
    (tmp_path / "sample_submission.csv").write_text(f"id,images\nq,{' '.join(names[:5])}\n")
    answers = {}
    for box in (",,,", "50,20,82,52"):
        (tmp_path / "test.csv").write_text(f"id,file,x0,y0,x1,y1\nq,q.png,{box}\n")
        at.Bundle(made.bundle).submit(
            tmp_path / "sample_submission.csv", tmp_path / "out.csv", test=tmp_path / "test.csv"
        )
        rows = list(csv.reader((tmp_path / "out.csv").open()))
        answers[box] = rows[1][1].split()
    for box, corners in ((",,,", None), ("50,20,82,52", (50, 20, 82, 52))):
        found = at.Bundle(made.bundle).search(made.photo, box=corners)["matches"]
        assert answers[box] == [Path(one["file"]).stem for one in found][:5]


def test_bundle_keeps_the_boxes_of_its_golden_pictures(made):
    kept = json.loads((made.bundle / "golden" / "boxes.json").read_text())
    assert kept
    assert "golden/boxes.json" in bundle.read(made.bundle).about["files"]


def test_boxes_are_asked_for_where_there_are_none(space, small):
    recipe = small(region="box")
    with pytest.raises(UsageError, match="There are no boxes to read"):
        fit(space, task.load("retrieve"), recipe, because="boxes")
