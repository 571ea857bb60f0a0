"""What a benchmark returns: ours beside a peer's, measured in one run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """Medians of both sides; `target` says what is asked of ours, `most` is that in `unit`."""

    name: str
    ours: float
    peer: float
    unit: str
    target: str
    most: float
    note: str

    @property
    def value(self) -> float:
        return self.ours / self.peer

    @property
    def met(self) -> bool:
        return self.ours <= self.most

    def line(self) -> str:
        """One line of the table: name | ours | peer | ratio | target | note."""
        numbers = f"{self.ours:.2f} {self.unit} | {self.peer:.2f} {self.unit} | {self.value:.2f}×"
        return f"| {self.name} | {numbers} | {self.target} | {self.note} |"
