"""The terminal that results are printed on: what data sets hold is shown there, not obeyed."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from atarimae.commands.command import visible


class Terminal(Console):
    """As rich's, but a label `:dog:` or `[red]` stays one, and escapes in a path are text."""

    def __init__(self, *, soft_wrap: bool = False) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, soft_wrap=soft_wrap)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Rich's own codes are no text, and pass."""
        for part in super().render(renderable, options):
            yield part if part.control else part._replace(text=visible(part.text))
