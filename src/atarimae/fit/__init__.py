"""Step 3: try an idea. A recipe, a reason, a stage; everything about it is logged."""

from atarimae.fit.fit import fit, resume

__all__ = ["fit", "resume"]
