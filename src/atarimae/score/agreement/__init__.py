"""How far people agree: Cohen's κ, Krippendorff's α, and F1 of boxes. All of it is pure."""

from atarimae.score.agreement.alpha import alpha
from atarimae.score.agreement.boxes import F1, box_f1, matched
from atarimae.score.agreement.kappa import confusion, kappa
from atarimae.score.agreement.spread import spread

__all__ = ["F1", "alpha", "box_f1", "confusion", "kappa", "matched", "spread"]
