"""What a benchmark returns: ours beside a peer's, measured in one run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """Medians of both sides; `target` says what ours ÷ peer's should be."""

    name: str
    ours: float
    peer: float
    unit: str
    target: str
    note: str

    @property
    def value(self) -> float:
        return self.ours / self.peer

    def line(self) -> str:
        """One line of the table: name | ours | peer | ratio | target | note."""
        numbers = f"{self.ours:.2f} {self.unit} | {self.peer:.2f} {self.unit} | {self.value:.2f}×"
        return f"| {self.name} | {numbers} | {self.target} | {self.note} |"
