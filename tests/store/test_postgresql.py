"""What a store on a server has to say for itself."""

import sys
from pathlib import Path

import pytest

from atarimae import workspace
from atarimae.errors import AtarimaeError, UsageError
from atarimae.store import Store
from atarimae.workspace import Workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace.create(tmp_path / "ws", "retrieve")


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("postgres", "ATARIMAE_STORE names no store. It is no URL"),
        ("mysql://a:secret@b/c", "ATARIMAE_STORE names no store. It begins with mysql"),
        ("postgresql://a:secret@b/c?sslmode=requird", "No sslmode 'requird'"),
        ("postgresql://a:secret@b/c?options=-c", "has the option 'options'; only sslmode"),
    ],
)
def test_url_of_no_store_is_wrong_usage_and_keeps_the_password(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, url: str, what: str
) -> None:
    monkeypatch.setenv("ATARIMAE_STORE", url)
    with pytest.raises(UsageError) as told:
        Store(ws)
    assert str(told.value).startswith(what) or what in str(told.value)
    assert "secret" not in str(told.value)


def test_driver_that_is_not_installed_says_how_to_get_it(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATARIMAE_STORE", "postgresql://a@127.0.0.1:1/b")
    monkeypatch.setitem(sys.modules, "pg8000", None)
    with pytest.raises(
        AtarimaeError, match=r"needs a driver.*pip install 'atarimae\[postgresql\]'"
    ):
        Store(ws)


def test_server_that_does_not_answer_is_an_error_in_three_parts(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATARIMAE_STORE", "postgresql://a:secret@127.0.0.1:1/b")
    with pytest.raises(
        AtarimaeError, match=r"The store can't be .*server of ATARIMAE_STORE"
    ) as told:
        Store(ws)
    assert "secret" not in str(told.value)


@pytest.mark.long
@pytest.mark.long
def test_server_without_the_database_says_so(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, postgresql
) -> None:
    monkeypatch.setenv("ATARIMAE_STORE", postgresql.url("nowhere"))
    with pytest.raises(AtarimaeError, match='database "nowhere" does not exist'):
        Store(ws)


@pytest.mark.long
@pytest.mark.long
def test_verified_tls_is_never_given_up(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, postgresql
) -> None:
    url = postgresql.new()
    monkeypatch.setenv("ATARIMAE_STORE", f"{url}?sslmode=verify-full")
    with pytest.raises(AtarimaeError, match=r"The store can't be .*SSL"):
        Store(ws)
    monkeypatch.setenv("ATARIMAE_STORE", f"{url}?sslmode=disable")
    assert Store(ws).last_edit() == 0
