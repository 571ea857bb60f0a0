"""atarimae (当たり前): the obvious things of image AI, done properly.

import atarimae as at

ws = at.init("sake", task="retrieve")
ws.add("photos", labels="labels.csv")
run = ws.fit(because="baseline")
ws.ship(run, "bundle")
"""

from atarimae.api import Bundle, Workspace, init, log, open
from atarimae.errors import AtarimaeError

__all__ = ["AtarimaeError", "Bundle", "Workspace", "init", "log", "open"]
__version__ = "0.1.0"
