"""What labelling costs and brings: labels saved, seconds a label, what 200 more would bring."""

from atarimae.look.economics.economics import Economics, economics

__all__ = ["Economics", "economics"]
