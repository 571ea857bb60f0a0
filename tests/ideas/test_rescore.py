"""Runs on different data versions are judged anew on the images that both share."""

import shutil

import pytest

from atarimae import bundle, runlog
from atarimae import task as tasks
from atarimae.add import add
from atarimae.compare import compare
from atarimae.errors import AtarimaeError
from atarimae.fit import fit
from atarimae.fit.split import with_split
from atarimae.score.evaluate import evaluate
from atarimae.store import Store

RETRIEVE = tasks.load("retrieve")


@pytest.fixture
def grown(space, small, photos):
    """A run before and a run after a picture of each class was added, with their workspace."""
    first = fit(space, RETRIEVE, small(epochs=0), because="before")
    more = photos.with_name("more")
    for folder in photos.iterdir():
        picture = next(folder.iterdir()).read_bytes()
        place = more / folder.name / "new.png"
        place.parent.mkdir(parents=True)
        place.write_bytes(picture + b"\0")  # another image, by its hash
    add(space, [more])
    second = fit(space, RETRIEVE, small(epochs=2), because="after")
    assert first.data != second.data
    return space, first, second


def test_both_are_judged_on_shared_images_with_the_gallery_cut_down(grown) -> None:
    space, first, second = grown
    found = compare(space, first, second)
    old = with_split(RETRIEVE, Store(space).data(first.data.edit)).split("val")
    images = {file.image for file in old.files}
    val = with_split(RETRIEVE, Store(space).data()).split("val")
    shared = val.where(lambda file: file.image in images)
    values = [
        evaluate(RETRIEVE, bundle.read_model(run.model), shared).scores[0].value
        for run in (first, second)
    ]
    assert found.difference == pytest.approx(values[1] - values[0], abs=1e-6)
    assert found.rescored == len({file.image for file in shared.files})
    assert found.shared < found.of
    back = compare(space, second, first)
    assert back.difference == pytest.approx(-found.difference, abs=1e-9)


def test_files_that_were_moved_are_paired_by_their_content(space, small, photos) -> None:
    first = fit(space, RETRIEVE, small(epochs=0), because="before")
    photos.rename(photos.with_name("elsewhere"))
    add(space, [photos.with_name("elsewhere")])
    second = fit(space, RETRIEVE, small(epochs=0), because="after")
    assert first.data.hash == second.data.hash
    found = compare(space, first, second)
    assert (found.difference, found.shared) == (pytest.approx(0), found.of)
    assert found.rescored


def test_without_a_model_it_is_refused_with_the_reason(grown) -> None:
    space, first, second = grown
    shutil.rmtree(first.model)
    with pytest.raises(AtarimaeError) as caught:
        compare(space, runlog.read(first.folder), second)
    assert "the data version differs" in caught.value.what
    assert "Its model" in caught.value.fix
