import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "third_party"), str(HERE.parent / "survey")]

from maker import Maker  # noqa: E402 - found by the path above
from serving import DESKTOP  # noqa: E402


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path / "酒 workspace")


@pytest.fixture
def page(browser):
    """A page that fails the test on any error of its scripts."""
    made = browser.new_page(viewport=DESKTOP)
    errors = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    yield made
    made.close()
    fine = ("404", "ERR_CONNECTION_RE")  # a picture may be gone, the server too: refused or reset
    assert [error for error in errors if not any(word in error for word in fine)] == []
