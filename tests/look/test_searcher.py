"""Which bundle the search box asks: the one that was shipped last, wherever it lies."""

import json
from pathlib import Path

from fastapi.testclient import TestClient

import atarimae as at
from atarimae import look, runlog
from atarimae.look.searcher import newest_bundle


def bundle(folder: Path, created: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "bundle.json").write_text(json.dumps({"created": created}))
    return folder


def shipped(workspace, to: str) -> None:
    """What `ship` writes down."""
    with runlog.start(workspace, because="x") as run:
        (run.folder / "shipped.json").write_text(json.dumps({"bundle": to}))


def test_bundle_beside_the_workspace_is_found_and_the_page_names_it(maker):
    workspace = maker.record()
    bundle(workspace.root / "old", "2026-01-01")
    beside = bundle(workspace.root.parent / "包み", "2026-02-01")
    assert newest_bundle(workspace) == workspace.root / "old"
    shipped(workspace, "../包み")
    found = newest_bundle(workspace)
    assert found is not None
    assert found.resolve() == beside.resolve()
    client = TestClient(look.create_app(workspace), base_url="http://127.0.0.1")
    assert "../包み" in client.get("/search").text


def test_bundle_is_found_where_ship_put_it(walked):
    workspace = at.open(walked.workspace).folder
    assert not walked.bundle.is_relative_to(workspace.root)
    found = newest_bundle(workspace)
    assert found is not None
    assert found.resolve() == walked.bundle.resolve()


def test_bundle_that_is_gone_or_half_made_is_passed_over(maker):
    workspace = maker.record()
    shipped(workspace, "../gone")
    bundle(workspace.root / ".bundle.x1y2", "2026-03-01")
    bundle(workspace.root / ".cache" / "b", "2026-03-01")
    assert newest_bundle(workspace) is None


def test_note_that_cannot_be_read_is_passed_over(maker):
    workspace = maker.record()
    shipped(workspace, "../b")
    next(workspace.runs.glob("*/shipped.json")).write_text("{")
    assert newest_bundle(workspace) is None
