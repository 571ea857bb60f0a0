"""Submissions in the formats of real competitions, answered by a bundle without a workspace."""

import csv
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import atarimae as at
from atarimae import bundle
from atarimae.errors import AtarimaeError, UsageError
from atarimae.submission.sample import check, read
from atarimae.submission.submit import Submission

IDS = ["問い01", "問い02", "q03"]


class Contest:
    """A bundle whose gallery is index/写真NNN.jpg, and three test pictures."""

    def __init__(self, folder: Path, shipped: Path, new: Path) -> None:
        self.folder = folder
        self.bundle = Path(shutil.copytree(shipped, folder / "bundle"))
        known = bundle.read(self.bundle)
        files = [replace(f, path=f"index/写真{n:03}.jpg") for n, f in enumerate(known.index.files)]
        self.gallery = [file.path for file in files]
        bundle.write_index(self.bundle, replace(known.index, files=tuple(files)))
        bundle.seal(self.bundle, {k: v for k, v in known.about.items() if k != "files"})
        self.threshold = known.model.constants["threshold"]
        self.classes = sorted({*known.index.labels})
        self.picture("").parent.mkdir(parents=True)
        for number, name in enumerate(IDS):
            shutil.copy(new / f"{number} 0.png", self.picture(name))

    def picture(self, name: str) -> Path:
        return self.folder / "test" / "深い" / f"{name}.png"

    def write(self, name: str, *lines: str) -> Path:
        (self.folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return self.folder / name

    def submit(self, *lines: str, **settings: object) -> tuple[Submission, list[list[str]]]:
        """The submission for a sample of these lines, and its rows without the header."""
        sample = self.write("sample_submission.csv", *lines)
        out = self.folder / "出.csv"
        found = at.Bundle(self.bundle).submit(sample, out, **settings)
        with out.open(encoding="utf-8-sig", newline="") as stream:
            header, *rows = csv.reader(stream)
        assert ",".join(header) == lines[0]
        return found, rows

    def matches(self, query: str) -> list[dict]:
        """What the bundle answers by itself for the picture."""
        return at.Bundle(self.bundle).search(self.picture(query))["matches"]

    def stems(self, query: str) -> list[str]:
        return [Path(match["file"]).stem for match in self.matches(query)]


@pytest.fixture
def contest(walked, unseen: Path, tmp_path: Path) -> Contest:
    return Contest(tmp_path, walked.bundle, unseen.parent / "a b")


def test_landmark_retrieval_has_index_ids_parted_by_spaces(contest) -> None:
    shown = " ".join(Path(path).stem for path in contest.gallery[:15])
    found, rows = contest.submit("id,images", *(f"{query},{shown}" for query in IDS))
    assert (found.queries, found.answers, found.layout, found.notes) == (3, "files", "list", ())
    assert rows == [[query, " ".join(contest.stems(query)[:15])] for query in IDS]


def test_a_sample_that_shows_more_than_the_task_ranks_is_followed_as_far_as_it_goes(contest) -> None:  # fmt: skip  # noqa: E501
    shown = " ".join(Path(path).stem for path in contest.gallery[:30])
    found, rows = contest.submit("id,images", *(f"{query},{shown}" for query in IDS))
    assert [len(row[1].split()) for row in rows] == [20, 20, 20]
    assert found.notes[0].startswith("3 queries have fewer answers than the sample shows")


def test_shopee_answers_with_the_tests_own_ids_and_itself_first(contest) -> None:
    contest.write(
        "test.csv", "posting_id,image,title,label_group",
        *(f"test_{n},{query}.png,品 {n},0" for n, query in enumerate(IDS)),
    )  # fmt: skip
    found, rows = contest.submit(
        "posting_id,matches", *(f"test_{n},test_{n}" for n in range(3)),
        test=contest.folder / "test.csv",
    )  # fmt: skip
    assert (found.answers, found.layout) == ("test", "list")
    for n, (query, matches) in enumerate(rows):
        assert query == f"test_{n}"
        assert matches.split(" ")[0] == query
        assert {*matches.split(" ")} <= {"test_0", "test_1", "test_2"}


def test_a_copy_of_the_query_in_the_test_is_its_best_match(contest) -> None:
    shutil.copy(contest.picture("q03"), contest.picture("写し"))
    ids = ["q03", "写し", "問い01"]
    _, rows = contest.submit("posting_id,matches", *(f"{query},{query}" for query in ids))
    assert rows[0][1].split(" ")[:2] == ["q03", "写し"]
    assert rows[1][1].split(" ")[:2] == ["写し", "q03"]


def test_query_and_twenty_columns_in_the_order_of_the_sample(contest) -> None:
    names = ",".join(Path(path).name for path in contest.gallery[:20])
    header = ",".join(["query", *(f"top{n}" for n in range(1, 21))])
    found, rows = contest.submit(header, *(f"{query}.png,{names}" for query in IDS[::-1]))
    assert (found.answers, found.layout) == ("files", "wide")
    assert [row[0] for row in rows] == [f"{query}.png" for query in IDS[::-1]]
    for query, row in zip(IDS[::-1], rows, strict=True):
        assert row[1:] == [f"{stem}.jpg" for stem in contest.stems(query)]


def test_a_row_for_each_rank(contest) -> None:
    lines = [f"{contest.gallery[rank]},{query},{rank}" for query in IDS for rank in range(3)]
    found, rows = contest.submit("cite,query_id,rank", *lines)
    assert (found.answers, found.layout) == ("files", "long")
    assert [row[1:] for row in rows] == [[q, str(rank)] for q in IDS for rank in range(3)]
    for query in IDS:
        told = [row[0] for row in rows if row[1] == query]
        assert told == [match["file"] for match in contest.matches(query)[:3]]


@pytest.mark.parametrize("shape", ["json", "python", "comma"])
def test_classes_once_each_with_the_unknown_where_the_similarity_falls_below_the_threshold(
    contest, shape: str
) -> None:
    classes = contest.classes[:2]
    cell = {"json": _json, "python": repr, "comma": ", ".join}[shape]
    lines = [f"{query}.png,{_quoted(cell(['new_whale', *classes]))}" for query in IDS]
    found, rows = contest.submit("Image,Id", *lines)
    assert (found.answers, found.layout) == ("labels", "list")
    for query, (_, text) in zip(IDS, rows, strict=True):
        expected: list[str] = []
        for match in contest.matches(query):
            if match["score"] < contest.threshold and "new_whale" not in expected:
                expected.append("new_whale")
            if match["label"] not in expected:
                expected.append(match["label"])
        assert text == cell(expected[:3])


def test_what_the_sample_cannot_show_is_said_in_settings(contest) -> None:
    lines = ["id,images", *(f"{query}," for query in IDS)]
    with pytest.raises(UsageError, match="does not show what to answer with") as error:
        contest.submit(*lines)
    assert 'answers = "files"' in error.value.fix
    _, rows = contest.submit(*lines, answers="files", number=2)
    assert [row[1] for row in rows] == [" ".join(contest.stems(query)[:2]) for query in IDS]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["id,images"], "It has 1 lines"),
        (["id,images", "誰,写真001"], "none is a query of the test CSV"),
        (["id,images", "q03,写真001", "q03,写真002,x"], "Line 3 has 3 cells, the header 2"),
        (["id,a,b,c", "q03,写真001,1,x", "q03,写真002,2,y"], "there are 3 columns (a, b, c)"),
    ],
)
def test_a_sample_that_cannot_be_followed_says_why(contest, lines: list[str], found: str) -> None:
    with pytest.raises(UsageError, match="can't be followed") as error:
        contest.submit(*lines)
    assert found in error.value.found
    assert error.value.fix
    assert not (contest.folder / "出.csv").exists()


def test_answers_that_would_fall_apart_are_refused(contest) -> None:
    with pytest.raises(AtarimaeError, match="can't stand in the sample's format"):
        contest.submit("id,label", f"q03,{contest.classes[0]}", answers="labels")


def test_a_broken_test_picture_keeps_the_samples_answers_and_is_named(contest) -> None:
    contest.picture("壊れた").write_bytes(b"no picture")
    shown = Path(contest.gallery[0]).stem
    found, rows = contest.submit("id,images", f"壊れた,{shown}", f"q03,{shown}")
    assert rows[0] == ["壊れた", shown]
    assert rows[1] == ["q03", contest.stems("q03")[0]]
    assert found.notes[0].startswith("1 pictures can't be read, and keep the sample's answers: 壊れた")  # fmt: skip  # noqa: E501


def test_bom_and_names_that_a_mac_decomposed_are_no_obstacle(contest) -> None:
    shutil.copy(contest.picture("q03"), contest.picture("か\u3099"))  # が, decomposed
    shown = Path(contest.gallery[0]).stem
    (contest.folder / "sample_submission.csv").write_text(f"id,images\nが,{shown}\n", "utf-8-sig")
    out = contest.folder / "out.csv"
    at.Bundle(contest.bundle).submit(contest.folder / "sample_submission.csv", out)
    assert out.read_bytes().startswith(b"\xef\xbb\xbfid,images\n\xe3\x81\x8c,")


@pytest.mark.parametrize(
    "text", ["id,image\na,x\nb,y\n", "id,images\na,x\n", "id,images\nb,x\na,y\n"]
)
def test_what_differs_from_the_sample_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.csv").write_text("id,images\na,1\nb,2\n")
    sample = read(tmp_path / "s.csv", {"a", "b"}.__contains__, str.isdigit)
    check(sample, "id,images\na,x\nb,y\n")
    with pytest.raises(AtarimaeError, match="is not what"):
        check(sample, text)


def _json(answers: Sequence[str]) -> str:
    return json.dumps(list(answers), ensure_ascii=False)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
