"""The colour task with steps that take a moment, so that a test can stop it half-way."""

import time

from colour_task import Colour, ColourTraining

SECONDS = 0.1  # of each step, which is an epoch here


class SlowTraining(ColourTraining):
    def step(self, batch, update):
        time.sleep(SECONDS)
        return super().step(batch, update)


class SlowColour(Colour):
    name, training = "slow-colour", SlowTraining


task = SlowColour()
