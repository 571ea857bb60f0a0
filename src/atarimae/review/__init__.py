"""What people make of what models proposed: how much of it is right, and accepting it in bulk."""

from atarimae.review.accepting import Accepted, accept
from atarimae.review.control import BAR, Precision, Slice, needed, precisions
from atarimae.review.weights import weights

__all__ = ["BAR", "Accepted", "Precision", "Slice", "accept", "needed", "precisions", "weights"]
