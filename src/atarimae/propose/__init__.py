"""A model labels what nobody has: its proposals come in as its labels, and can go together."""

from atarimae.propose.concluding import Proposal, Proposed, Wish
from atarimae.propose.estimate import Estimate
from atarimae.propose.from_file import FromFile, propose_from
from atarimae.propose.of_bundle import propose_by_bundle
from atarimae.propose.propose import propose
from atarimae.propose.reading import is_predictions

__all__ = [
    "Estimate",
    "FromFile",
    "Proposal",
    "Proposed",
    "Wish",
    "is_predictions",
    "propose",
    "propose_by_bundle",
    "propose_from",
]
