"""A bundle judged on pictures that it has never seen, as a plain loop over `search` judges it."""

import csv
import json
import shutil
from pathlib import Path

import pytest

import atarimae as at
from atarimae import bundle
from atarimae.cli import main
from atarimae.errors import AtarimaeError

METRICS = [
    "mrr@20", "recall@1", "recall@5", "recall@20", "map@20", "ndcg@20", "r-precision", "map@r",
    "gap", "open-set mrr@20", "aurc",
]  # fmt: skip


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def table(folder: Path, lines: dict[str, str]) -> Path:
    """A CSV in `folder` with a label a file."""
    path = folder / "table.csv"
    said = [f"{name},{label}" for name, label in lines.items()]
    path.write_text("\n".join(["file,label", *said]), encoding="utf-8")
    return path


def reciprocal_rank(answer: dict, label: str) -> float:
    for rank, match in enumerate(answer["matches"][:20], 1):
        if match["label"] == label:
            return 1 / rank
    return 0.0


def test_json_has_the_promised_shape(walked, unseen: Path, capsys) -> None:
    assert main(["score", str(walked.bundle), "--queries", str(unseen), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["metrics", "convention", "queries", "gallery"]
    assert list(found["metrics"]) == METRICS
    for score in found["metrics"].values():
        assert list(score) == ["value", "low", "high"]
        assert 0 <= score["low"] <= score["value"] <= score["high"] <= 1
    assert found["convention"]["k"] == 20
    assert found["convention"]["denominator"] == "queries with a match in the gallery"
    assert (found["queries"], found["gallery"]) == (18, 42)


def test_score_is_that_of_a_plain_loop(walked, unseen: Path) -> None:
    shipped = at.Bundle(walked.bundle)
    threshold = bundle.read(walked.bundle).model.constants["threshold"]
    closed, opened = [], []
    for row in rows(unseen):
        answer = shipped.search(unseen.parent / row["file"])
        assert answer["unknown"] == (answer["matches"][0]["score"] < threshold)
        if row["label"]:
            closed.append(reciprocal_rank(answer, row["label"]))
            opened.append(0.0 if answer["unknown"] else closed[-1])
        else:
            opened.append(1.0 if answer["unknown"] else 0.0)
    found = shipped.score(unseen).as_dict()["metrics"]
    assert (len(closed), len(opened)) == (16, 18)
    assert found["mrr@20"]["value"] == pytest.approx(sum(closed) / 16, abs=1e-5)
    assert found["open-set mrr@20"]["value"] == pytest.approx(sum(opened) / 18, abs=1e-5)


def test_query_that_is_not_in_the_gallery_counts_in_open_set_alone(walked, unseen: Path) -> None:
    labelled = unseen.with_name("labelled.csv")
    kept = [line for line in unseen.read_text("utf-8").splitlines() if not line.endswith(",")]
    labelled.write_text("\n".join(kept), encoding="utf-8")
    shipped = at.Bundle(walked.bundle)
    every, some = shipped.score(unseen).as_dict(), shipped.score(labelled).as_dict()
    assert (every["queries"], some["queries"]) == (18, 16)
    assert every["metrics"]["mrr@20"] == some["metrics"]["mrr@20"]
    denominators = {s.metric: (len(s.parts), s.convention["denominator"]) for s in shipped.score(unseen).found.scores}  # fmt: skip  # noqa: E501
    assert denominators["mrr@20"] == (16, "queries with a match in the gallery")
    assert denominators["open-set mrr@20"] == (18, "all queries")


def test_gallery_of_ones_own_takes_the_place_of_the_bundles(walked, unseen: Path) -> None:
    first = {row["file"]: row["label"] for row in rows(unseen) if row["file"].endswith("0.png")}
    own = table(unseen.parent, first)
    found = at.Bundle(walked.bundle).score(unseen, own)
    assert found.as_dict()["gallery"] == 9
    known = set(first)
    for files in found.found.predictions.columns["match_files"]:
        assert set(files) - {""} <= known


def test_picture_never_finds_itself(walked, unseen: Path) -> None:
    found = at.Bundle(walked.bundle).score(unseen, unseen).found.predictions
    for key, files in zip(found.keys, found.columns["match_files"], strict=True):
        assert key not in files
        assert len(set(files) - {""}) == 17


def test_same_relative_path_elsewhere_is_another_file(walked, unseen: Path, tmp_path: Path) -> None:
    """A new picture that happens to be called as one in the gallery may find that one."""
    name = sorted((walked.photos / "赤 red").iterdir())[0].relative_to(walked.workspace)
    (tmp_path / name).parent.mkdir(parents=True)
    shutil.copy(unseen.parent / rows(unseen)[0]["file"], tmp_path / name)
    found = at.Bundle(walked.bundle).score(table(tmp_path, {str(name): "赤 red"}))
    gallery = [m["file"] for m in at.Bundle(walked.bundle).search(tmp_path / name)["matches"]]
    assert str(name) in gallery
    assert list(found.found.predictions.columns["match_files"][0]) == gallery


def test_submission_ranks_files_parted_by_spaces(walked, unseen: Path, tmp_path: Path) -> None:
    out = tmp_path / "出.csv"
    words = ["score", str(walked.bundle), "--queries", str(unseen), "--submission", str(out)]
    assert main([*words, "--json"]) == 0
    written = rows(out)
    assert list(written[0]) == ["file", "matches"]
    assert [row["file"] for row in written] == [row["file"] for row in rows(unseen)]
    for row in written[:3]:
        answer = at.Bundle(walked.bundle).search(unseen.parent / row["file"])
        ranked = [name.replace("%20", " ") for name in row["matches"].split(" ")]
        assert ranked == [match["file"] for match in answer["matches"]]
        assert len(ranked) == 20


def test_submission_needs_no_labels(walked, unseen: Path, tmp_path: Path, capsys) -> None:
    lines = ["file,label", *(f"{unseen.parent / row['file']}," for row in rows(unseen))]
    (tmp_path / "test.csv").write_text("\n".join(lines))
    out = tmp_path / "out.csv"
    words = ["score", str(walked.bundle), "--queries", str(tmp_path / "test.csv")]
    assert main([*words, "--submission", str(out), "--json"]) == 0
    assert "mrr@20" not in json.loads(capsys.readouterr().out)["metrics"]
    assert len(rows(out)) == len(rows(unseen))


def test_unknown_file_in_the_csv_is_named_and_nothing_is_written(
    walked, tmp_path: Path, capsys
) -> None:
    queries = table(tmp_path, {"ない.png": "赤 red"})
    out = tmp_path / "out.csv"
    words = ["score", str(walked.bundle), "--queries", str(queries), "--submission", str(out)]
    assert main([*words, "--json"]) in (1, 2)
    error = json.loads(capsys.readouterr().out)["error"]
    assert str(queries) in error["what"]
    assert "ない.png" in error["found"]
    assert error["fix"]
    assert not out.exists()


def test_no_queries_are_an_error(walked, tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("file,label")
    with pytest.raises(AtarimaeError, match="There are no queries"):
        at.Bundle(walked.bundle).score(tmp_path / "q.csv")


def test_queries_without_any_match_have_the_open_set_score_alone(
    walked, unseen: Path, tmp_path: Path
) -> None:
    shutil.copy(unseen.parent / rows(unseen)[0]["file"], tmp_path / "0.png")
    (tmp_path / "q.csv").write_text("file,label\n0.png,")
    found = at.Bundle(walked.bundle).score(tmp_path / "q.csv")
    assert set(found.as_dict()["metrics"]) == {"open-set mrr@20", "aurc"}


def test_bad_csv_is_wrong_usage(walked, tmp_path: Path, capsys) -> None:
    (tmp_path / "q.csv").write_text("name,class\na.png,b\n")
    words = ["score", str(walked.bundle), "--queries", str(tmp_path / "q.csv"), "--json"]
    assert main(words) == 2
    assert "no column 'file'" in json.loads(capsys.readouterr().out)["error"]["found"]


def test_flipped_byte_is_refused_before_anything_is_scored(
    walked, unseen: Path, tmp_path: Path, capsys
) -> None:
    broken = shutil.copytree(walked.bundle, tmp_path / "b")
    content = bytearray((broken / "embed.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (broken / "embed.onnx").write_bytes(content)
    assert main(["score", str(broken), "--queries", str(unseen), "--json"]) == 1
    assert "embed.onnx has changed" in json.loads(capsys.readouterr().out)["error"]["found"]
