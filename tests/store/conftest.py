"""Every test of the store runs on SQLite, and with `make test-all` on PostgreSQL as well."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atarimae import workspace
from atarimae.store import Store
from atarimae.workspace import Workspace

sys.path.insert(0, str(Path(__file__).parent))

BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.long))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[object]:
    """A PostgreSQL server of our own; where it must not be missing, a missing one is a failure."""
    import server

    folder = server.programs()
    if folder is None:
        told = "No PostgreSQL here: apt-get install postgresql"
        if "ATARIMAE_CI" in os.environ:
            pytest.fail(told)
        pytest.skip(told)
    with server.running(folder) as running:
        yield running


@pytest.fixture(params=BOTH)
def new_workspace(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Workspace]:
    """Makes workspaces, each with a store of its own."""
    made = request.getfixturevalue("postgresql") if request.param == "postgresql" else None

    def new(name: str) -> Workspace:
        if made is not None:
            monkeypatch.setenv("ATARIMAE_STORE", made.new())
        return workspace.create(tmp_path / name, "retrieve")

    return new


@pytest.fixture
def ws(new_workspace: Callable[[str], Workspace]) -> Workspace:
    return new_workspace("場所")


@pytest.fixture
def store(ws: Workspace) -> Store:
    return Store(ws)
