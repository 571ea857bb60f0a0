"""A run that is logged from a notebook, in a real Jupyter kernel."""

import json
import time
from collections.abc import Callable, Iterator

import pytest

import atarimae as at
from atarimae.workspace import create


@pytest.fixture
def ws(tmp_path) -> at.Workspace:
    create(tmp_path / "帳面", "retrieve")
    return at.open(tmp_path / "帳面")


@pytest.fixture
def cell(ws: at.Workspace) -> Iterator[Callable[[str], str]]:
    """Run a cell in a kernel of its own; gives the error's name, "" where it went well."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(cwd=str(ws.folder.root))

    def run(source: str) -> str:
        reply = client.execute_interactive(source, timeout=60, output_hook=lambda _: None)
        return str(reply["content"].get("ename", ""))

    yield run
    client.stop_channels()
    manager.shutdown_kernel()


def test_a_kernels_cells_are_in_the_snapshot_and_its_errors_finish_the_run(
    ws: at.Workspace, cell: Callable[[str], str]
) -> None:
    cells = ["import atarimae as at  # 学習", "run = at.log(because='a', settings={'lr': 0.1})"]
    assert [cell(source) for source in cells] == ["", ""]
    run = ws.run("last")
    told = json.loads((run.folder / "snapshot" / "notebook.json").read_text("utf-8"))
    assert told["cells"] == cells

    assert cell("a_name_mistyped") == "NameError"
    assert ws.run("last").status == "running"
    assert cell("run.metric('loss', 1); 1 / 0") == "ZeroDivisionError"
    assert ws.run("last").status == "failed"


def test_a_kernel_that_ends_leaves_its_open_run_interrupted(
    ws: at.Workspace, cell: Callable[[str], str]
) -> None:
    assert cell("import atarimae as at; run = at.log(because='a'); run.metric('loss', 1)") == ""
    assert cell("exit()") == ""
    for _ in range(100):
        if ws.run("last").status != "running":
            break
        time.sleep(0.1)
    assert ws.run("last").status == "interrupted"
