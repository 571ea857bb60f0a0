"""Wrong labels: which are suspected, by embeddings alone, and how many are left."""

from atarimae.score.labels.left import Left, left
from atarimae.score.labels.suspicions import VERSION, Suspicions, suspicions

__all__ = ["VERSION", "Left", "Suspicions", "left", "suspicions"]
