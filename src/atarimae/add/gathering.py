"""What a source says, gathered as it is read: all that is wrong with it is told at once."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from atarimae.add.entry import Entry, Found, merged
from atarimae.add.table import bad_rows
from atarimae.errors import UsageError
from atarimae.store import Refusal


class Gathering:
    """Entries, what is bad and where, what had to be left out."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.refused: list[Refusal] = []
        self.bad: list[str] = []
        self.left: Counter[str] = Counter()
        self.ignored = 0

    @contextmanager
    def at(self, where: str) -> Iterator[None]:
        """What is raised within is bad at that place, and reading goes on."""
        try:
            yield
        except UsageError as error:
            self.bad.append(f"{where}: {error}")

    def once(self, ids: Sequence[object], what: str) -> None:
        """Ids that are given twice are bad; None is none."""
        counts = Counter(str(one) for one in ids if one is not None)
        for one, count in counts.items():
            if count > 1:
                self.bad.append(
                    f"{_NUMBERS.get(count, f'{count:,}')} {what} have the same id {one}."
                )

    def take(self, found: Found) -> None:
        """Take in what another source says."""
        self.entries += found.entries
        self.refused += found.refused
        self.ignored += found.ignored
        self.left.update(found.left)

    def found(self, path: Path) -> Found:
        """All of it; raises `UsageError` with everything that is bad."""
        if self.bad:
            raise bad_rows(path, self.bad)
        left: Mapping[str, int] = {kind: count for kind, count in self.left.items() if count}
        return Found(tuple(merged(self.entries)), tuple(self.refused), self.ignored, left)


_NUMBERS = {2: "Two", 3: "Three"}
