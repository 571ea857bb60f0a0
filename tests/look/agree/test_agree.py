"""Two people answer the same questions; how far they agree, and which answer becomes a label."""

import json

import pytest
from sklearn.metrics import cohen_kappa_score

from atarimae.cli import main
from atarimae.errors import UsageError
from atarimae.look.agree import outcome, settle, start, take_over
from atarimae.store import Opinion, Store
from atarimae.types import Box

JUNMAI, GINJO, OTHER = "純米", "吟醸 🍶", "other"


@pytest.fixture
def bottles(maker):
    """Twelve images: some of a class, one with a class that is not asked about."""
    images = [maker.picture(f"{n:02}.png", (20 * n, 90, 200), *said) for n, said in enumerate(
        [[JUNMAI]] * 4 + [[GINJO]] * 3 + [[OTHER]] + [[]] * 4
    )]  # fmt: skip
    maker.record()
    return images


def say(space, number, who, answers):
    """By image a class, or boxes; None for none of them."""
    given = []
    for image, said in answers.items():
        pairs = [(said, None)] if isinstance(said, str) else said or []
        given.append(Opinion(image, who, tuple(pairs)))
    Store(space).agreements.answer(number, given)


def test_a_seed_draws_the_same_images_and_another_seed_others(maker, bottles):
    first = start(maker.workspace, images=6, classes=[JUNMAI, GINJO], seed=1)
    again = start(maker.workspace, images=6, classes=[JUNMAI, GINJO], seed=1)
    other = start(maker.workspace, images=6, seed=2)
    assert first.images == again.images != other.images
    assert len(set(first.images)) == 6
    assert other.classes == tuple(sorted([JUNMAI, GINJO, OTHER]))
    named = start(maker.workspace, ["00.png", "03.png", "11.png"], images=50)
    assert set(named.images) == {bottles[0], bottles[3], bottles[11]}


def test_agreement_is_scikit_learns_kappa_and_tells_where_they_differ(maker, bottles):
    asked = start(maker.workspace, images=12, classes=[JUNMAI, GINJO])
    hanako = dict(zip(asked.images, [JUNMAI] * 5 + [GINJO] * 5 + [None] * 2, strict=True))
    taro = dict(zip(asked.images, [JUNMAI] * 4 + [GINJO] * 7 + [None], strict=True))
    say(maker.workspace, asked.id, "花子", hanako)
    say(maker.workspace, asked.id, "太郎", taro)
    found = outcome(maker.workspace, asked.id)
    (pair,) = found.pairs
    kappa = pair.figures[0]
    expected = cohen_kappa_score(*([str(v) for v in one.values()] for one in (hanako, taro)))
    assert kappa.value == pytest.approx(expected)
    assert kappa.low < kappa.value < kappa.high
    assert found.apart == tuple(i for i in asked.images if hanako[i] != taro[i])
    assert pair.confusion.names == (JUNMAI, GINJO, "none")
    # 太郎 comes first, by name.
    assert (pair.first, pair.second) == ("太郎", "花子")
    assert pair.confusion.counts.tolist() == [[4, 0, 0], [1, 5, 1], [0, 0, 1]]
    of_one = cohen_kappa_score(*([v == JUNMAI for v in one.values()] for one in (hanako, taro)))
    assert pair.by_class[JUNMAI].value == pytest.approx(of_one)


def test_nobody_sees_what_others_say_before_all_is_answered(maker, bottles):
    asked = start(maker.workspace, images=3, classes=[JUNMAI])
    say(maker.workspace, asked.id, "花子", dict.fromkeys(asked.images, JUNMAI))
    say(maker.workspace, asked.id, "太郎", {asked.images[0]: None})
    found = outcome(maker.workspace, asked.id)
    assert found.people == {"太郎": 1, "花子": 3}
    assert (found.done, found.pairs, found.apart) == (("花子",), (), ())
    assert set(found.answers[asked.images[0]]) == {"花子"}
    early = outcome(maker.workspace, asked.id, unfinished=True)
    assert [pair.images for pair in early.pairs] == [1]
    assert early.apart == asked.images[:1]


def test_an_order_weighs_disagreements_and_three_people_have_one_alpha(maker, bottles):
    grades = ["bad", "fair", "good"]
    asked = start(maker.workspace, images=8, classes=grades, ordered=True)
    for who, marks in (("a", "01211022"), ("b", "01221012"), ("c", "0121.022")):
        answers = [None if m == "." else grades[int(m)] for m in marks]
        say(maker.workspace, asked.id, who, dict(zip(asked.images, answers, strict=True)))
    found = outcome(maker.workspace, asked.id)
    assert len(found.pairs) == 3
    weighted = next(one for one in found.pairs[0].figures if one.name == "weighted κ")
    sides = [[int(m) for m in marks] for marks in ("01211022", "01221012")]
    assert weighted.value == pytest.approx(cohen_kappa_score(*sides, weights="quadratic"))
    assert [one.name for one in found.together] == ["α", "ordinal α"]
    assert found.together[1].of == 8
    assert 0.5 < found.together[0].value < found.together[1].value < 1


def test_boxes_agree_where_they_overlap_and_are_of_one_class(maker, bottles):
    asked = start(maker.workspace, images=2, classes=["weld", "bolt"], boxes=True)
    one, two = asked.images
    here, near, far = Box(0, 0, 10, 10), Box(1, 0, 11, 10), Box(20, 10, 30, 20)
    say(maker.workspace, asked.id, "a", {one: [("weld", here), ("bolt", far)], two: []})
    say(maker.workspace, asked.id, "b", {one: [("weld", near), ("weld", far)], two: []})
    found = outcome(maker.workspace, asked.id)
    (pair,) = found.pairs
    assert [figure.name for figure in pair.figures] == ["F1 at 0.5", "mean F1 at 0.5 to 0.95"]
    assert pair.figures[0].value == pytest.approx(2 * 1 / 4)
    overlap = 90 / 110  # so it is a match at seven of the ten bars
    assert pair.figures[1].value == pytest.approx(
        sum(2 * (overlap >= 0.5 + 0.05 * n) / 4 for n in range(10)) / 10
    )
    assert pair.by_class["weld"].value == pytest.approx(2 / 3)
    assert pair.by_class["bolt"].value == 0
    assert pair.confusion.names == ("weld", "bolt")  # every box has its match
    assert pair.confusion.counts.tolist() == [[1, 0], [1, 0]]
    assert found.apart == (one,)


def test_what_is_chosen_becomes_a_label_and_names_the_agreement(maker, bottles):
    asked = start(maker.workspace, images=12, classes=[JUNMAI, GINJO])
    before = Store(maker.workspace).data().version
    say(maker.workspace, asked.id, "a", dict.fromkeys(asked.images, JUNMAI))
    say(maker.workspace, asked.id, "b", {i: GINJO if i == bottles[7] else JUNMAI for i in bottles})
    assert Store(maker.workspace).data().version == before
    assert outcome(maker.workspace, asked.id).left == (bottles[7],)
    edit = settle(maker.workspace, asked.id, {bottles[7]: ((GINJO, None),)}, by="花子")
    data = maker.data
    assert [label.value for label in data.labels[bottles[7]]] == [OTHER, GINJO]
    assert (edit.by, edit.why, edit.finding) == ("花子", "agreement 1", "agreement 1")
    found = outcome(maker.workspace, asked.id)
    assert (found.apart, found.left, len(found.same)) == ((bottles[7],), (), 11)
    images, edit = take_over(maker.workspace, asked.id, by="花子")
    assert images == 11
    labels = {tuple(label.value for label in maker.data.labels[i]) for i in found.same}
    assert labels == {(JUNMAI,)}
    assert edit.labels_removed == 3  # of those that were called 吟醸
    Store(maker.workspace).undo(edit.id)
    assert len(outcome(maker.workspace, asked.id).same) == 11
    with pytest.raises(UsageError, match="'x' is none of the classes"):
        settle(maker.workspace, asked.id, {bottles[7]: (("x", None),)})


def test_the_whole_way_on_the_command_line(maker, bottles, tmp_path, capsys):
    here = ["-C", str(maker.workspace.root), "agree"]
    assert main([*here, "start", "--images", "4", "--seed", "3", "--classes", JUNMAI, GINJO]) == 0
    assert "Agreement 1: 4 images, a class of 2 classes." in capsys.readouterr().out
    paths = {file.image: file.path for file in maker.data.files}
    asked = Store(maker.workspace).agreements.of(1)
    for who, labels in (
        ("花子", [JUNMAI, JUNMAI, GINJO, ""]),
        ("太郎", [JUNMAI, GINJO, GINJO, ""]),
    ):
        rows = [f"{paths[i]},{name}" for i, name in zip(asked.images, labels, strict=True)]
        table = tmp_path / f"{who}.csv"
        table.write_text("\n".join(["file,label", *rows]), encoding="utf-8")
        assert main([*here, "add", "1", str(table), "--who", who]) == 0
    assert "4 answers by 太郎 to agreement 1." in capsys.readouterr().out
    assert main([*here, "show", "1"]) == 0
    told = capsys.readouterr().out
    assert "太郎 and 花子, 4 images in common:" in told
    assert "They differ on 1 images, of which 1 are left" in told
    assert main([*here, "show", "1", "--json"]) == 0
    pair = json.loads(capsys.readouterr().out)["pairs"][0]
    expected = cohen_kappa_score([0, 0, 1, 2], [0, 1, 1, 2])
    assert pair["figures"][0]["value"] == pytest.approx(expected, abs=1e-6)
    assert main([*here, "take", "1"]) == 0
    assert "3 images are labelled as everybody said: edit 2." in capsys.readouterr().out
    assert main([*here, "show"]) == 0
    assert "answered: 太郎 4, 花子 4" in capsys.readouterr().out


WRONG = (
    (["start", "--images", "0"], "Nobody can be asked about 0 images"),
    (["start", "nowhere.png"], "No file 'nowhere.png'"),
    (["start", "--queue", "nothing"], "No queue 'nothing'"),
    (["show", "7"], "No agreement '7'"),
    (["show", "x"], "Which agreement?"),
    (["add", "1"], "Which answers, and whose?"),
    (["take", "1"], "There is nothing to take over."),
)


def test_wrong_words_are_errors_in_three_parts(maker, bottles, capsys):
    start(maker.workspace, images=2)
    for words, said in WRONG:
        assert main(["-C", str(maker.workspace.root), "agree", *words]) == 2
        assert said in capsys.readouterr().err


def test_boxes_that_leave_their_picture_are_no_answers(maker, bottles, tmp_path, capsys):
    start(maker.workspace, images=12, classes=[JUNMAI], boxes=True)
    table = tmp_path / "a.csv"
    table.write_text(f"file,label,x0,y0,x1,y1\n00.png,{JUNMAI},1,1,9000,9\n")
    words = ["agree", "add", "1", str(table), "--who", "a"]
    assert main(["-C", str(maker.workspace.root), *words]) == 2
    assert "00.png: The box 1, 1, 9000, 9 reaches outside the picture" in capsys.readouterr().err
    assert Store(maker.workspace).agreements.opinions(1) == []


def test_answers_of_files_that_are_nowhere_are_refused_together(maker, bottles, tmp_path, capsys):
    start(maker.workspace, images=12)
    table = tmp_path / "a.csv"
    table.write_text("file,label\nno.png,x\n00.png,y\nneither.png,\n")
    words = ["agree", "add", "1", str(table), "--who", "a"]
    assert main(["-C", str(maker.workspace.root), *words]) == 2
    told = capsys.readouterr().err
    for wrong in ("no.png is no file", "neither.png is no file", "'y' is none of the classes"):
        assert wrong in told
    assert "'x'" not in told  # its file is not there
    assert Store(maker.workspace).agreements.opinions(1) == []
