"""Commands of what a verdict rests on: noise."""

import argparse
from typing import TYPE_CHECKING

from atarimae.commands.command import Arguments, Command, here, out, run_words

if TYPE_CHECKING:
    from atarimae.score.noise import Noise


def noise(arguments: Arguments) -> None:
    """Measure a recipe's noise over seeds."""
    found = here(arguments).noise(arguments.name, seeds=arguments.seeds, device=arguments.device)
    out(arguments, found.as_dict(), _noise_text(found))


def _noise_text(found: "Noise") -> str:
    if found.deterministic:
        return (
            f"σ of {found.metric} is 0: this recipe trains nothing and draws nothing. Two seeds "
            f"gave {found.values[0]:.4f}, query by query the same."
        )
    values = ", ".join(f"{value:.4f}" for value in found.values)
    return (
        f"σ of {found.metric} over {len(found.seeds)} seeds: {found.sigma:.4f} "
        f"(95 % [{found.low:.4f}, {found.high:.4f}]; {found.stage})\n{values}"
    )


def _noise_words(command: argparse.ArgumentParser) -> None:
    run_words(command)
    command.add_argument(
        "--seeds", type=int, default=5, help="in all, the run's own among them (5)"
    )
    command.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")


COMMANDS = (
    Command(
        "noise",
        "how far a score moves when only the seed changes",
        "atarimae -C sake noise best --seeds 5",
        noise,
        _noise_words,
    ),
)
