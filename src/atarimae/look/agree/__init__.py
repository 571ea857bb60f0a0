"""Agreement: do two people, who don't see each other's answers, say the same of the same images?"""

from atarimae.look.agree.answers import Given, answer
from atarimae.look.agree.outcome import Outcome, Pair, answered, outcome
from atarimae.look.agree.settle import settle, take_over
from atarimae.look.agree.start import start

__all__ = [
    "Given",
    "Outcome",
    "Pair",
    "answer",
    "answered",
    "outcome",
    "settle",
    "start",
    "take_over",
]
