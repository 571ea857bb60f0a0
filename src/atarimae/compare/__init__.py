"""Did it help, by how much, and is that more than noise?"""

from atarimae.compare.comparison import Change, Comparison, compare

__all__ = ["Change", "Comparison", "compare"]
