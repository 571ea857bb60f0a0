"""The command that asks whether the gate is right."""

from atarimae.commands.command import Arguments, Command, here, out


def gate(arguments: Arguments) -> None:
    """Tell what stages rejected, and how often that was wrong."""
    from atarimae import runlog
    from atarimae.ideas.table import audit_table
    from atarimae.score.gate import audit

    found = audit(runlog.runs(here(arguments).folder))
    out(arguments, found.as_dict(), audit_table(found))


COMMANDS = (
    Command("gate", "how often a stage turned down a good idea", "atarimae -C sake gate", gate),
)
