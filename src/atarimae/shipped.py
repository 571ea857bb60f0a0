"""A shipped bundle in Python: asked, scored, served."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atarimae.errors import AtarimaeError
from atarimae.progress import bar

if TYPE_CHECKING:
    from atarimae.score.bundle import Judgement
    from atarimae.ship import Change
    from atarimae.submission import Submission
    from atarimae.types import Data

Values = str | Sequence[str]


class Bundle:
    """A shipped bundle."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def search(
        self,
        picture: str | Path | bytes,
        *,
        label: Values = (),
        source: Values = (),
        group: Values = (),
        split: Values = (),
        box: tuple[float, float, float, float] | None = None,
    ) -> dict[str, object]:
        """The bundle's answer for one picture.

        With a `box`, its corners in pixels after EXIF rotation, only what is in it is asked about.
        With a label (or source, group, split), or several, only known images that have one of
        them are answered with.
        """
        from atarimae import bundle, task
        from atarimae.predict.ask import Asker
        from atarimae.predict.boxes import corners

        shipped = bundle.read(self.folder)
        ask = Asker(shipped, task.load(shipped.task))
        asked = {"label": label, "source": source, "group": group, "split": split}
        only = ask.only({field: _listed(values) for field, values in asked.items() if values})
        asked_about = picture if isinstance(picture, bytes) else Path(picture)
        return ask(asked_about, only=only, box=None if box is None else corners(box)).value

    def score(
        self,
        queries: str | Path,
        gallery: str | Path | None = None,
        *,
        submission: str | Path | None = None,
    ) -> "Judgement":
        """Score it on labelled CSVs that it has never seen; ranked ids go to `submission`."""
        from atarimae.score.bundle import judge, write_submission

        with bar("score") as progress:
            asked = _table(Path(queries))
            known = None if gallery is None else _table(Path(gallery))
            found = judge(self.folder, asked, known, progress=progress)
        if submission is not None:
            write_submission(found, Path(submission))
        elif not found.found.scores:
            raise AtarimaeError(
                "Nothing can be measured: no query has a match in the gallery.",
                f"Of {len(found.found.predictions)} queries none shares its label with a gallery "
                "image that is neither itself nor of its own source.",
                "Label queries and gallery with the same names, or ask for a submission alone.",
            )
        return found

    def submit(
        self,
        sample: str | Path,
        out: str | Path,
        **settings: "str | int | Path | None",
    ) -> "Submission":
        """Answer a competition's queries in the format of its sample, offline.

        `settings` may be test, images, answers, number and unknown, as in `[submission]`.
        """
        from atarimae import submission

        beside = submission.Settings.of(Path(sample).parent, {})
        said = beside.but(sample=Path(sample), **settings)
        with bar("submit") as progress:
            return submission.of_bundle(self.folder, said, Path(out), progress=progress)

    def change(
        self,
        *,
        add: Sequence[str | Path] = (),
        remove: Sequence[str] = (),
        index: str | None = None,
        recall: float = 0.95,
        latency: float = 20.0,
        workers: str | None = None,
    ) -> "Change":
        """Add pictures, folders or CSVs to what answers are looked up in, and remove others.

        `remove` names files as answers do, or images by their hash. With `index` it is made anew,
        as in `ship`. A server that has the bundle open takes the change up by itself. `workers`
        may be ray, or ray:ADDRESS: who embeds.
        """
        from atarimae import ship
        from atarimae.predict.index import Wish

        wish = None if index is None else Wish(index, recall, latency)
        with bar("index") as progress:
            more = _sources([Path(source) for source in add]) if add else None
            return ship.change(
                self.folder, add=more, remove=remove, wish=wish, workers=workers, progress=progress
            )

    def serve(self, *, host: str = "127.0.0.1", port: int = 8000) -> None:
        """Answer over HTTP until stopped."""
        from atarimae import serve

        serve.run(self.folder, host, port)


def _listed(values: Values) -> list[str]:
    return [values] if isinstance(values, str) else list(values)


def _sources(sources: Sequence[Path]) -> "Data":
    """Pictures, folders and CSVs, with paths relative to where the command runs."""
    from atarimae.add import entries, load

    found = entries(*sources)
    data, refused = load(found.entries, Path.cwd())
    refused = [*found.refused, *refused]
    if refused:
        listed = "; ".join(f"{r.file}: {r.found}" for r in refused[:20])
        raise AtarimaeError(
            f"{len(refused)} of the files can't be used; nothing was changed.",
            listed,
            refused[0].fix,
        )
    return data


def _table(path: Path) -> "Data":
    from atarimae.add import load, read_table

    data, refused = load(read_table(path), path.parent)
    if refused:
        listed = "; ".join(f"{r.file}: {r.found}" for r in refused[:20])
        raise AtarimaeError(
            f"{len(refused)} of the files in {path} can't be used.", listed, refused[0].fix
        )
    return data
