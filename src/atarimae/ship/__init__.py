"""Step 5: one bundle, refused unless it reproduces the score that was measured."""

from atarimae.ship.ship import ship

__all__ = ["ship"]
