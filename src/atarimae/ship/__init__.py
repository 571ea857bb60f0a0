"""Step 5: one bundle, refused unless it reproduces the score that was measured."""

from atarimae.ship.change import Change, change
from atarimae.ship.ship import ship

__all__ = ["Change", "change", "ship"]
