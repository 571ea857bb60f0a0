"""Agreement: do two people, who don't see each other's answers, say the same of the same images?"""

from atarimae.look.agree.answers import Given, answer
from atarimae.look.agree.outcome import Outcome, Pair, outcome
from atarimae.look.agree.settle import settle, take_over
from atarimae.look.agree.start import start

__all__ = ["Given", "Outcome", "Pair", "answer", "outcome", "settle", "start", "take_over"]
