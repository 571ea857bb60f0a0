"""A workspace is a folder with atarimae.toml, found from inside, and movable."""

from pathlib import Path

import pytest

from atarimae import workspace
from atarimae.errors import AtarimaeError, UsageError
from atarimae.store import Row, Store
from atarimae.types import File, Image


def test_made_workspace_is_found_again(tmp_path: Path) -> None:
    made = workspace.create(tmp_path / "酒 🍶", "retrieve")
    assert workspace.open_(tmp_path / "酒 🍶") == made
    assert (made.task, made.root) == ("retrieve", tmp_path / "酒 🍶")


def test_workspace_is_found_from_a_folder_inside(tmp_path: Path) -> None:
    made = workspace.create(tmp_path, "retrieve")
    (tmp_path / "photos" / "red").mkdir(parents=True)
    assert workspace.open_(tmp_path / "photos" / "red") == made


def test_nearest_workspace_is_taken(tmp_path: Path) -> None:
    workspace.create(tmp_path, "retrieve")
    inner = workspace.create(tmp_path / "inner", "colour")
    assert workspace.open_(tmp_path / "inner") == inner


def test_no_workspace_anywhere_above_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"No workspace in .*atarimae init"):
        workspace.open_(tmp_path)


def test_folder_that_is_not_there_is_wrong_usage_even_inside_a_workspace(tmp_path: Path) -> None:
    workspace.create(tmp_path, "retrieve")
    with pytest.raises(UsageError, match=r"No workspace in .*typo.*no such folder"):
        workspace.open_(tmp_path / "typo")


def test_place_that_cannot_be_written_is_an_error_in_three_parts() -> None:
    with pytest.raises(AtarimaeError, match=r"/proc/xx can't be written\. .*Check its rights"):
        workspace.create(Path("/proc/xx"), "retrieve")


def test_second_workspace_in_one_folder_is_refused(tmp_path: Path) -> None:
    workspace.create(tmp_path, "retrieve")
    before = (tmp_path / "atarimae.toml").read_bytes()
    with pytest.raises(AtarimaeError, match="There is a workspace in"):
        workspace.create(tmp_path, "colour")
    assert (tmp_path / "atarimae.toml").read_bytes() == before


def test_workspace_may_be_made_around_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    workspace.create(tmp_path, "retrieve")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_workspace_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sake").write_text("mine")
    with pytest.raises(AtarimaeError, match="sake"):
        workspace.create(tmp_path / "sake", "retrieve")
    assert (tmp_path / "sake").read_text() == "mine"


@pytest.mark.parametrize(
    "settings",
    [b"task = ", b"", b"add = {}", b'task = "retrieve"\nadd = 3', b"\xff\xfe",
     b'task = "retrieve"\n[add]\nmax_pixels = "many"'],
)  # fmt: skip
def test_broken_settings_are_an_error_that_names_the_file(tmp_path: Path, settings: bytes) -> None:
    (tmp_path / "atarimae.toml").write_bytes(settings)
    with pytest.raises(UsageError, match=r"atarimae\.toml can't be read\..*Write it as TOML"):
        workspace.open_(tmp_path)


def test_limit_of_pixels_is_a_setting(tmp_path: Path) -> None:
    assert workspace.create(tmp_path, "retrieve").max_pixels == 2_000_000_000
    (tmp_path / "atarimae.toml").write_text('task = "retrieve"\n[add]\nmax_pixels = 1000\n')
    assert workspace.open_(tmp_path).max_pixels == 1000


def test_team_names_its_store_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = workspace.create(tmp_path, "retrieve")
    assert made.store_url == f"sqlite:///{tmp_path}/store.sqlite"
    monkeypatch.setenv("ATARIMAE_STORE", "postgresql://team/sake")
    assert made.store_url == "postgresql://team/sake"


def test_moved_workspace_finds_its_images(tmp_path: Path) -> None:
    made = workspace.create(tmp_path / "here", "retrieve")
    (made.root / "a.png").write_bytes(b"picture")
    Store(made).record([Row(File("a.png", "ab" * 32), Image("ab" * 32, 8, 8, "PNG", 7))])
    made.root.rename(tmp_path / "there")
    data = Store(workspace.open_(tmp_path / "there")).data()
    assert data.path(data.files[0]).read_bytes() == b"picture"
