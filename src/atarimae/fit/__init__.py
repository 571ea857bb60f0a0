"""Step 3: try an idea. A recipe, a reason, a stage; everything about it is logged."""

from atarimae.fit.ensemble import ensemble
from atarimae.fit.fit import fit, recipe_of, resume

__all__ = ["ensemble", "fit", "recipe_of", "resume"]
