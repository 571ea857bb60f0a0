"""Many ideas from one space: Optuna proposes, the stages judge, runs are ordinary runs."""

from atarimae.sweep.ideas import Idea
from atarimae.sweep.space import Space
from atarimae.sweep.sweep import Sweep, sweep

__all__ = ["Idea", "Space", "Sweep", "sweep"]
