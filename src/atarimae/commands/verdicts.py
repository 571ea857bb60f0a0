"""Commands of what verdicts rest on and add up to: noise, ledger."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from atarimae.commands.command import Arguments, Command, here, out, run_words

if TYPE_CHECKING:
    from atarimae.ideas.verify import Verified
    from atarimae.score.noise import Noise


def noise(arguments: Arguments) -> None:
    """Measure a recipe's noise over seeds."""
    found = here(arguments).noise(arguments.name, seeds=arguments.seeds, device=arguments.device)
    out(arguments, found.as_dict(), _noise_text(found))


def ledger(arguments: Arguments) -> None:
    """List every idea with what came of it, and what helped."""
    from rich.console import Group
    from rich.text import Text

    from atarimae.compare.ledger_table import ledger_view

    workspace = here(arguments)
    verified = workspace.verify(device=arguments.device) if arguments.verify else None
    found = workspace.ledger()
    told = found.as_dict() | {"verified": verified.as_dict() if verified else None}
    view = ledger_view(found)
    if verified:
        view = Group(view, Text(""), *map(Text, _verified(verified)))
    out(arguments, told, view)


def _verified(found: "Verified") -> Iterator[str]:
    """A line for each change that was left out, then all of them together."""
    from atarimae.compare.ledger_table import changes_text, effect_text

    yield f"Each change left out of {found.best}, what it adds:"
    for left in found.left:
        seen = left.verdict
        text = effect_text(seen.difference, seen.low, seen.high) if seen else ""
        said = f"{text}, {seen.verdict}" if seen else f"not run: {left.skipped}"
        yield f"  {changes_text(left.step.changes)}: {said}"
    if found.joint:
        joint = effect_text(found.joint.difference, found.joint.low, found.joint.high)
        yield f"All together, against {found.first}: {joint}"
    if found.interaction:
        more = effect_text(found.interaction.value, found.interaction.low, found.interaction.high)
        word = "they interact" if found.interacts else "no interaction seen"
        yield f"Together less the sum of each: {more}, {word}"


def _ledger_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--verify",
        action="store_true",
        help="fit the best recipe without each change that led to it",
    )
    command.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")


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
    Command(
        "ledger",
        "every idea, what was expected and what came; what helped",
        "atarimae -C sake ledger --verify",
        ledger,
        _ledger_words,
    ),
)
