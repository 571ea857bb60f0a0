"""A run labels what nobody has: confident matches come in as its labels, and can go together."""

from atarimae.propose.estimate import Estimate
from atarimae.propose.propose import Proposal, Proposed, propose

__all__ = ["Estimate", "Proposal", "Proposed", "propose"]
