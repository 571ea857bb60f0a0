import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "serve" / "third_party"))

import colours
import replica


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """Two replicas of one bundle: the first has answered 3 of 4 questions, the second 1 of 1."""
    bundle = colours.ship(tmp_path_factory.mktemp("watch") / "bundle")
    with replica.serving(bundle) as first, replica.serving(bundle) as second:
        for picture in ("red", "yellow", colours.NAMED["red"]):
            first.ask(replica.picture(picture))
        first.ask(b"no image")
        second.ask(replica.picture(colours.NAMED["green"]))
        yield first, second
