"""The public API: the seven steps in the words of the command line.

Beyond 400 lines: `Workspace` is what a user sees of all steps, a method a word, and each method
only hands its words on to the step.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from atarimae import files, workspace
from atarimae.errors import AtarimaeError, UsageError, unknown_name
from atarimae.picture import Picture
from atarimae.progress import bar
from atarimae.shipped import Bundle
from atarimae.workspace import Workspace as Folder

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from atarimae.add import Report as Added
    from atarimae.add import Saves
    from atarimae.board import Entry, Explanation, Overview
    from atarimae.bundle import Bundle as Shipped
    from atarimae.compare import Comparison
    from atarimae.compare.ledger import Ledger
    from atarimae.export import Exported
    from atarimae.fit.again import Again
    from atarimae.ideas.ladder import Climb
    from atarimae.ideas.rank import Ranked
    from atarimae.ideas.verify import Verified
    from atarimae.look import Finding, Queue
    from atarimae.look.document import Report
    from atarimae.look.economics import Economics
    from atarimae.look.mine import Mined
    from atarimae.mirror import Mirrored
    from atarimae.propose import FromFile, Proposed
    from atarimae.review import Accepted
    from atarimae.runlog import Run
    from atarimae.runlog.importing import Imported
    from atarimae.runlog.restore import Restored
    from atarimae.score.noise import Noise
    from atarimae.score.open_run import OpenRun
    from atarimae.store import Classes, Conflict, Difference, Edit, Guide, Origin
    from atarimae.store import Proposal as Decided
    from atarimae.submission import Submission
    from atarimae.sweep import Sweep
    from atarimae.tidy import Finding as Unsound
    from atarimae.tidy import Garbage
    from atarimae.types import Data, File

__all__ = ["Bundle", "Picture", "Workspace", "init", "log", "open"]

Paths = str | Path | Sequence[str | Path]


class Workspace:
    """A folder of images, labels, runs and bundles, and the steps that take you through it."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def add(
        self,
        sources: "Paths | pd.DataFrame | Saves",
        *,
        labels: str | Path | None = None,
        format: str | None = None,
        copy: bool = False,
    ) -> "Added":
        """Take files and labels in: folders, files of labels, archives, pictures; or a DataFrame
        with `file` and `label`, or a Dataset of Hugging Face's library.

        `format` is told by the content of each if not given: `atarimae add --help` lists them.
        """
        from atarimae.add import add, add_dataset, add_frame

        with bar("add") as progress:
            if hasattr(sources, "save_to_disk"):
                return add_dataset(self.folder, cast("Saves", sources), progress=progress)
            if not isinstance(sources, str | Path | Sequence):
                return add_frame(self.folder, sources, copy=copy, progress=progress)
            return add(
                self.folder, _paths(sources), labels=None if labels is None else Path(labels),
                format=format, copy=copy, progress=progress,
            )  # fmt: skip

    def export(
        self,
        format: str,
        out: str | Path,
        *,
        copy: bool = False,
        at: int | None = None,
        split: str | None = None,
    ) -> "Exported":
        """Write what people say of the files into the new folder `out`, in another tool's format.

        Pictures stay where they are, unless with `copy`. `at` is an edit: the data as it was then.
        """
        from atarimae.export import export

        with bar("export") as progress:
            return export(
                self.folder, format, Path(out), copy=copy, at=at, split=split, progress=progress
            )

    def labels(self, *, at: int | None = None, split: str | None = None) -> "pd.DataFrame":
        """One row a label: file, label, split, role, group, source, the box, kind, by, score."""
        from atarimae.export import frame
        from atarimae.export.export import picked

        return frame(picked(self.folder, at, split))

    def data(self, edit: int | None = None) -> "Data":
        """Files, images and labels as they were after an edit; as they are where none is named."""
        from atarimae.store import Store

        return Store(self.folder).data(edit)

    def diff(self, first: int, second: int | None = None) -> "Difference":
        """What came, went and changed between two versions; the second is the newest if not named."""  # noqa: E501
        from atarimae.store import Store

        store = Store(self.folder)
        return store.difference(first, store.last_edit() if second is None else second)

    def edits(
        self,
        *,
        who: str | None = None,
        since: "str | datetime | None" = None,
        until: "str | datetime | None" = None,
        what: str | None = None,
        last: int | None = None,
    ) -> "list[Edit]":
        """The changes of the data, oldest first: of a person, from and until a moment, of a kind.

        Moments are "14:00", "2026-11-26", "2026-11-26 14:00" here, or a datetime.
        """
        from atarimae.store import Store, Which

        return Store(self.folder).edits(Which.of(who, since, until, what, last))

    def undo(
        self,
        *edits: int,
        by: str | None = None,
        who: str | None = None,
        since: "str | datetime | None" = None,
        until: "str | datetime | None" = None,
    ) -> "Edit":
        """Undo edits; or all labels that the run `by` said; or what `who` did `since` a moment.

        Without `who` your own are meant. Undone together they are one edit, and `redo` of it brings
        all back.
        """
        from atarimae import runlog
        from atarimae.store import Store, Which

        store = Store(self.folder)
        if sum((bool(edits), by is not None, since is not None)) != 1:
            raise UsageError(
                "What is to be undone?",
                "",
                "Name edits, a run with --by, or a moment with --since.",
            )
        if edits:
            return store.undo(*edits)
        if since is not None:
            return store.undo_all(Which.of(who or workspace.person(), since, until))
        name = str(by)  # a run may be gone whose labels are here
        return store.undo_labels_by(
            name if name in store.models() else runlog.find(self.folder, name).id
        )

    def confirm(self, files: str | Sequence[str], *, by: str | None = None) -> "Edit | None":
        """Say that you looked at files and their labels are right; None where you said so before.

        No check doubts them any more, and it can be undone like any edit.
        """
        from atarimae.look.confirm import confirm

        return confirm(self.folder, [files] if isinstance(files, str) else files, by=by)

    def redo(self, edit: int | None = None) -> "Edit":
        """Bring back what an undo took: named by itself or by what it undid; else the newest edit."""  # noqa: E501
        from atarimae.store import Store

        return Store(self.folder).redo(edit)

    def label(
        self,
        files: Paths,
        *classes: str,
        also: bool = False,
        why: str = "",
        who: str | None = None,
        origin: "Origin | None" = None,
    ) -> "Edit | None":
        """Say of which classes pictures are, in place of what people said; with `also` beside it.

        Files are named by a path, a folder or an image's hash. Without classes they have none.
        """
        from atarimae.store import Origin, Store

        store = Store(self.folder)
        found = store.named(_words(files))
        return store.label(
            {file.image: classes for file in found}, also=also, why=why, by=who,
            origin=origin or Origin(),
        )  # fmt: skip

    def change(
        self,
        files: Paths,
        *,
        why: str = "",
        who: str | None = None,
        origin: "Origin | None" = None,
        **columns: str | None,
    ) -> "Edit | None":
        """Set split, role, group or source of files as one edit; None takes it away."""
        from dataclasses import replace

        from atarimae.store import Origin, Store

        known = ("split", "role", "group", "source")
        if unknown := [name for name in columns if name not in known]:
            raise unknown_name("column", unknown[0], known)
        store = Store(self.folder)
        wanted = [replace(file, **columns) for file in store.named(_words(files))]  # type: ignore[arg-type]
        return store.change(wanted, why=why, by=who, origin=origin or Origin())

    def remove(
        self,
        files: Paths,
        *,
        why: str = "",
        who: str | None = None,
        origin: "Origin | None" = None,
    ) -> "Edit | None":
        """Take files out of the data as one edit; they stay on the disk, and undo brings them back."""  # noqa: E501
        from atarimae.store import Origin, Store

        store = Store(self.folder)
        paths = [file.path for file in store.named(_words(files))]
        return store.remove(paths, why=why, by=who, origin=origin or Origin())

    @property
    def classes(self) -> "Classes":
        """The classes: list, alias, rename, merge, split them; rounds and coverage."""
        from atarimae.store import Classes, Store

        return Classes(Store(self.folder))

    @property
    def guide(self) -> "Guide":
        """The annotation guide: what each class is, with examples and edge cases."""
        from atarimae.store import Guide, Store

        return Guide(Store(self.folder))

    def conflicts(self) -> "list[Conflict]":
        """Images of which people say different classes, with who said what and in which edit."""
        from atarimae.store import Store

        return Store(self.folder).conflicts()

    def images(self) -> "pd.DataFrame":
        """One row a file: path, label, split, role, source, group, width, height, hash."""
        import pandas as pd

        data = self.data()
        return pd.DataFrame(
            [
                {
                    "file": file.path, "label": data.label(file), "split": file.split,
                    "role": file.role, "source": file.source, "group": file.group,
                    "width": data.images[file.image].width,
                    "height": data.images[file.image].height, "image": file.image,
                }
                for file in data.files
            ],
            columns=[
                "file", "label", "split", "role", "source", "group", "width", "height", "image",
            ],
        )  # fmt: skip

    def image(self, file: str) -> Picture:
        """One file, that a notebook shows as a picture."""
        data = self.data()
        for known in data.files:
            if known.path == file or known.image == file:
                return Picture(data.path(known), data.label(known))
        raise AtarimaeError(
            f"No file '{file}' in this workspace.", f"It has {len(data)} files.", "See images()."
        )

    def look(
        self, *, host: str = "127.0.0.1", port: int | None = None, open_browser: bool = True,
        share: bool = False, edit: bool = False, unseen: bool = False,
    ) -> None:  # fmt: skip
        """The page in a browser, until Ctrl-C; with `share` for others who have its address.

        They may read, and with `edit` change the data under a name that they give. A `host` beyond
        this machine is shared as well.

        `unseen` opens it at what you have not looked at yet, what is worth seeing first in front.
        """
        from atarimae import look

        look.run(
            self.folder, host, port, open_browser, share=share, edit=edit, unseen=unseen,
            told=lambda: self.ledger().as_dict(),
        )  # fmt: skip

    def seen(self, run: "str | Run") -> str:
        """How much of what a run learned from you have looked at, in a sentence."""
        from atarimae.score import seen
        from atarimae.store import Store

        return seen.told(Store(self.folder), self.run(_id(run)))

    def report(self, file: str | Path) -> "Report":
        """The page as one HTML file."""
        from atarimae import look

        with bar("look") as progress:
            return look.report(self.folder, Path(file), progress=progress)

    def repair_split(self) -> "tuple[Edit | None, tuple[File, ...]]":
        """Keep copies of one picture on one side of the split, as one edit; and what changed."""
        from atarimae import look

        with bar("look") as progress:
            return look.repair(self.folder, progress)

    def findings(self) -> "list[Finding]":
        """What the checks found wrong with the data."""
        from atarimae import look

        with bar("look") as progress:
            return look.findings(self.folder, progress)

    def queue(self) -> "Queue":
        """The findings by what a fix is worth, and how many wrong labels are left."""
        from atarimae import look

        with bar("look") as progress:
            return look.queue(self.folder, progress)

    def economics(self) -> "Economics":
        """Labels saved, seconds a label, and what 200 more labels would likely bring."""
        from atarimae.look.economics import economics

        return economics(self.folder)

    def fit(
        self,
        recipe: str | Path | None = None,
        *,
        because: str,
        stage: str = "holdout",
        seed: int = 0,
        device: str = "auto",
        parent: "str | Run | None" = None,
        expect: str | float | None = None,
        folds: int = 3,
        **changes: object,
    ) -> "Run":
        """Try an idea: a recipe file, or the defaults, with `changes` by key.

        `expect` is what the main metric should gain on the parent: 0.01, "+0.01" or "+2%".
        `folds` is how many there are at stage folds. Stage "auto" is `climb`; its last run is
        returned.
        """
        from atarimae import task

        if stage == "auto":
            return self.climb(
                recipe, because=because, seed=seed, device=device, parent=parent, expect=expect,
                folds=folds, **dict[str, Any](changes),
            ).last  # fmt: skip
        chosen = task.load(self.folder.task)
        settings = chosen.recipe.read(None if recipe is None else Path(recipe), changes)
        with bar("fit") as progress, _needs_torch():
            from atarimae import fit, submission

            run = fit.fit(
                self.folder, chosen, settings, because=because, stage=stage, seed=seed,
                device=device, parent=None if parent is None else _id(parent), expect=expect,
                folds=folds, progress=progress,
            )  # fmt: skip
            submission.after_fit(self.folder, chosen, run, progress)
            return run

    def ensemble(
        self,
        runs: "Sequence[str | Run]",
        recipe: str | Path | None = None,
        *,
        because: str,
        parent: "str | Run | None" = None,
        expect: str | float | None = None,
        **settings: object,
    ) -> "Run":
        """Join runs into one: `settings` say how (join, weights, dimension and others).

        They share stage and data. The parent is the best of them where none is named.
        """
        from atarimae import task

        with bar("fit") as progress, _needs_torch():
            from atarimae import fit, submission

            chosen = task.load(self.folder.task)
            told = task.settings_of(None if recipe is None else Path(recipe), settings)
            run = fit.ensemble(
                self.folder, chosen, [_id(run) for run in runs], told, because=because,
                parent=None if parent is None else _id(parent), expect=expect, progress=progress,
            )  # fmt: skip
            submission.after_fit(self.folder, chosen, run, progress)
            return run

    def climb(
        self,
        recipe: str | Path | None = None,
        *,
        because: str,
        gate: float = 0.1,
        audit: float = 0.05,
        seed: int = 0,
        device: str = "auto",
        parent: "str | Run | None" = None,
        expect: str | float | None = None,
        folds: int = 3,
        **changes: object,
    ) -> "Climb":
        """Take an idea through smoke, holdout and folds, as far as it gets.

        A stage rejects it where its chance of being better than its parent is below `gate`; a
        share `audit` of the rejected goes on anyway.
        """
        from atarimae import task

        chosen = task.load(self.folder.task)
        settings = chosen.recipe.read(None if recipe is None else Path(recipe), changes)
        with bar("fit") as progress, _needs_torch():
            from atarimae import submission
            from atarimae.ideas import ladder

            climb = ladder.climb(
                self.folder, chosen, settings, because=because, gate=gate, audit=audit, seed=seed,
                device=device, parent=None if parent is None else _id(parent), expect=expect,
                folds=folds, progress=progress,
            )  # fmt: skip
            for run in filter(None, (rung.run for rung in climb.rungs)):
                submission.after_fit(self.folder, chosen, run, progress)
            return climb

    def resume(self, run: "str | Run", *, device: str = "auto") -> "Run":
        """Go on with a run that was stopped."""
        from atarimae import task

        with bar("fit") as progress, _needs_torch():
            from atarimae import fit, submission

            chosen = task.load(self.folder.task)
            done = fit.resume(self.folder, chosen, _id(run), device=device, progress=progress)
            submission.after_fit(self.folder, chosen, done, progress)
            return done

    def again(self, run: "str | Run") -> "Again":
        """Run a done run again from the same recipe, seed and data: does the same come out?"""
        from atarimae import task

        with bar("fit") as progress, _needs_torch():
            from atarimae.fit.again import again

            chosen = task.load(self.folder.task)
            return again(self.folder, chosen, _id(run), progress=progress)

    def sweep(
        self,
        space: "str | Path | Mapping[str, object]",
        *,
        budget: str | float | None = None,
        ideas: int | None = None,
        stage: str = "holdout",
        seed: int = 0,
        device: str = "auto",
        workers: int | str = 1,
    ) -> "Sweep":
        """Try ideas of a space (a TOML file, or a dict of its shape) until a budget is spent.

        `budget` is "30m", "2h" or seconds, `ideas` a number of them; both count all sessions: the
        same call goes on with a sweep that was stopped. `workers` is a number of processes, or
        "ray" or "ray:ADDRESS".
        """
        from atarimae import sweep, task

        chosen = task.load(self.folder.task)
        return sweep.sweep(
            self.folder, chosen, sweep.Space.read(space, chosen.recipe), budget=budget,
            ideas=ideas, stage=stage, seed=seed, device=device, workers=workers,
            say=lambda line: print(line, file=sys.stderr),  # noqa: T201
        )  # fmt: skip

    def runs(self, *, where: str | None = None, sort: str | None = None) -> "pd.DataFrame":
        """One row a run, oldest first; those for which `where` is true, in the order of `sort`.

        As in `atarimae runs`: where="score > .7 and loss = 'arcface'", sort="-score,created".
        """
        import pandas as pd

        from atarimae import runlog
        from atarimae.runlog.where import pick

        rows = [run.row() for run in pick(runlog.runs(self.folder), where, sort)]
        return pd.DataFrame(rows, columns=runlog.COLUMNS)

    def run(self, name: str) -> "Run":
        """The run of that id or part of it; also `last` and `best`."""
        from atarimae import runlog

        return runlog.find(self.folder, name)

    def note(
        self,
        run: "str | Run",
        text: str | None = None,
        *,
        conclusion: str | None = None,
        tags: Sequence[str] = (),
        untag: Sequence[str] = (),
    ) -> "Run":
        """Say something of a run: a note, what it showed, tags. Nothing that was said is lost."""
        return self.run(_id(run)).note(text, conclusion=conclusion, tags=tags, untag=untag)

    def restore(
        self, run: "str | Run", folder: str | Path, *, source: str | Path | None = None
    ) -> "Restored":
        """Rebuild a run's code in an empty folder, and prove that it is the same."""
        from atarimae.runlog.restore import restore

        repository = None if source is None else Path(source)
        return restore(self.folder, self.run(_id(run)), Path(folder), repository)

    def import_runs(
        self, table: "str | Path | pd.DataFrame", *, scores: Sequence[str] = ()
    ) -> "Imported":
        """Old experiments become runs: a file or a DataFrame, `scores` its columns of scores."""
        from atarimae.runlog.importing import import_runs
        from atarimae.runlog.oldtable import from_frame, read_table

        if isinstance(table, str | Path):
            return import_runs(self.folder, read_table(Path(table), scores))
        return import_runs(self.folder, from_frame(table, scores))

    def write(self, out: str | Path | None = None) -> str:
        """A draft of an article about the best run in Markdown; also to a new file `out`."""
        from atarimae.write import draft

        path = None if out is None else Path(out)
        if path is not None and path.exists():
            raise AtarimaeError(
                f"{path} is there already.", "It may hold what you wrote.", "Name a new file."
            )
        text = draft(self.folder)
        if path is not None:
            files.write(path, text)
        return text

    def run_report(self, run: "str | Run", file: str | Path) -> Path:
        """One run as one HTML file to send: why, what it showed, curves, cases, notes."""
        from atarimae import look

        return look.run_report(self.folder, self.run(_id(run)), Path(file))

    def brief(self, run: "str | Run") -> str:
        """One run in at most 3,000 characters of Markdown, with the questions that it raises."""
        from atarimae.compare.brief import brief

        return brief(self.folder, self.run(_id(run)))

    def gc(
        self, *, rejected: bool = False, older: int | None = None, delete: bool = False
    ) -> "Garbage":
        """What takes disk, and what can go; it goes with `delete`."""
        from atarimae import task, tidy

        chosen = task.load(self.folder.task)
        return tidy.gc(self.folder, chosen, rejected=rejected, older=older, delete=delete)

    def doctor(self) -> "list[Unsound]":
        """What is wrong with the workspace itself: an empty list where it is sound."""
        from atarimae import tidy

        with bar("doctor") as progress:
            return tidy.doctor(self.folder, progress=progress)

    def compare(self, first: "str | Run", second: "str | Run") -> "Comparison":
        """Did the second help? Paired over the queries that both were judged by."""
        from atarimae.compare import compare

        return compare(self.folder, self.run(_id(first)), self.run(_id(second)))

    def mirror(self, to: str, *, experiment: str | None = None, models: bool = False) -> "Mirrored":
        """Copy the runs to `sqlite:///FILE`, `http://…` (MLflow), `wandb` or `wandb:DIR`."""
        from atarimae.mirror import mirror

        with bar("mirror") as progress:
            return mirror(self.folder, to, experiment=experiment, models=models, progress=progress)

    def lb_record(
        self,
        run: "str | Run",
        score: float,
        *,
        board: str = "public",
        submission: str | Path | None = None,
        note: str | None = None,
        public_share: float | None = None,
        queries: int | None = None,
    ) -> "Entry":
        """Record an outside score of a run, and what is known of its board."""
        from atarimae.board import describe, record

        found = self.run(_id(run))
        sent = None if submission is None else Path(submission)
        entry = record(found, score, board=board, submission=sent, note=note)
        describe(self.folder, board, public_share=public_share, queries=queries)
        return entry

    def lb(
        self,
        *,
        board: str = "public",
        predict: "str | Run | None" = None,
        public_share: float | None = None,
        queries: int | None = None,
    ) -> "Overview":
        """CV against LB: correlation, the LB and the private score to expect, two to submit."""
        from atarimae.board import describe, overview

        describe(self.folder, board, public_share=public_share, queries=queries)
        wanted = None if predict is None else _id(predict)
        return overview(self.folder, board=board, predict=wanted)

    def ledger(self) -> "Ledger":
        """Every idea tried, what was expected and what came, and what led to the best run."""
        from atarimae.compare.ledger import ledger

        return ledger(self.folder)

    def verify(self, run: "str | Run" = "best", *, device: str = "auto") -> "Verified":
        """Does the run need each change that led to it? Fits its recipe without each."""
        from atarimae import task

        with bar("verify") as progress, _needs_torch():
            from atarimae.ideas.verify import verify

            chosen = task.load(self.folder.task)
            return verify(self.folder, chosen, _id(run), device=device, progress=progress)

    def noise(self, run: "str | Run", *, seeds: int = 5, device: str = "auto") -> "Noise":
        """How far the run's score moves by its seed: fits its recipe with others."""
        from atarimae import task

        with bar("noise") as progress, _needs_torch():
            from atarimae.ideas.noise import noise

            chosen = task.load(self.folder.task)
            return noise(
                self.folder, chosen, _id(run), seeds=seeds, device=device, progress=progress
            )

    def rank(
        self,
        run: "str | Run" = "best",
        *,
        budget: str | float = "2m",
        folds: int = 5,
        seed: int = 0,
        transductive: bool = False,
        write: str | Path | None = None,
    ) -> "Ranked":
        """Search the chain of post-processing for a run; writes its recipe with what was found.

        `budget` is "2m", "90s" or seconds; `folds` and `seed` say how the choice is judged. With
        `transductive` also steps by which an answer depends on other queries.
        """
        from atarimae import task
        from atarimae.sweep.budget import seconds

        with bar("rank") as progress, _needs_torch():
            from atarimae.ideas.rank import rank

            chosen = task.load(self.folder.task)
            return rank(
                self.folder, chosen, _id(run), budget=seconds(budget), folds=folds, seed=seed,
                transductive=transductive, write=None if write is None else Path(write),
                progress=progress,
            )  # fmt: skip

    def propose(
        self,
        run: "str | Path | Run" = "best",
        *,
        at: float | None = None,
        precision: float | None = None,
        dry_run: bool = False,
        model: str | None = None,
        coco: str | Path | None = None,
    ) -> "Proposed | FromFile":
        """Let a model label what nobody has, where it is sure: one edit of labels in its name.

        A run, a bundle's folder, or a file of another tool's predictions (COCO results or a CSV;
        `model` names the tool, `coco` the file that the ids are of). Sure is a match with a score
        of `at` or more, or of `precision` (0.95) on val.
        """
        from atarimae import propose, task
        from atarimae.store import Store

        path = Path(run) if isinstance(run, str | Path) else None
        if path is not None and propose.is_predictions(path):
            return propose.propose_from(
                Store(self.folder), path, model=model, at=at, dry_run=dry_run,
                coco=None if coco is None else Path(coco),
            )  # fmt: skip
        chosen, wish = task.load(self.folder.task), propose.Wish(at, precision, dry_run)
        with bar("propose") as progress:
            if path is not None and (path / "bundle.json").is_file():
                return propose.propose_by_bundle(self.folder, chosen, path, wish, progress)
            return propose.propose(self.folder, chosen, self.run(_id(run)), wish, progress)

    def proposals(self) -> "list[Decided]":
        """What models proposed, who and how sure, and what became of each: the oldest first."""
        from atarimae.store import Store

        return Store(self.folder).proposals()

    def accept(
        self,
        label: str,
        *,
        model: str | None = None,
        kind: str | None = None,
        bar: float = 0.95,
        slice: int | None = None,
        seed: int = 0,
    ) -> "Accepted":
        """Accept all that is left of a proposed class as one edit, where its control slice allows.

        `slice` is how many of each class are drawn by `seed`; what the `bar` needs if not given.
        """
        from atarimae import review
        from atarimae.store import Store

        which = review.Slice(bar, slice, seed)
        return review.accept(Store(self.folder), label, model=model, kind=kind, which=which)

    def mine(
        self,
        *,
        image: Paths = (),
        box: "str | Sequence[str]" = (),
        label: str = "",
        pool: str | Path | None = None,
        queue: str = "",
        **how: Any,
    ) -> "Mined":
        """Find the images worth labelling: those that show what examples show, best first.

        Examples are pictures, boxes ("A.png 10,20,80,90"), and what has the class `label`. Looked
        through are images without labels, or the folder `pool`. With `queue` what is found is put
        into the queue of that name. `how`: top, scales, tiles, model, as `look.mine.Wish` has them.
        """
        from atarimae.add.folder import read_folder
        from atarimae.look.mine import asked, found
        from atarimae.store import Store

        paths = None
        if pool is not None:
            entries = read_folder(_folder(Path(pool)), labelled=False).entries
            paths = [Path(entry.path) for entry in entries]
        boxes = [box] if isinstance(box, str) else box
        with bar("mine") as progress:
            wanted = asked(Store(self.folder).data(), _words(image), boxes, label, **how)
            return found(self.folder, wanted, paths, queue, progress)

    def lb_explain(self, run: "str | Run", *, board: str = "public") -> "Explanation":
        """Which rival convention or common mistake explains the gap between CV and LB?"""
        from atarimae.board import explain

        with bar("lb") as progress:
            return explain(self.folder, _id(run), board=board, progress=progress)

    def ship(
        self,
        run: "str | Run",
        out: str | Path,
        *,
        index: str = "auto",
        recall: float = 0.95,
        latency: float = 20.0,
        workers: str | None = None,
    ) -> "Shipped":
        """Write a bundle, refused unless it reproduces the run's score.

        "best" is the best run, or where that is at stage folds, the holdout run of its recipe.
        `index` is auto, exact, hnsw, ivfpq or milvus; `recall` at 20 and `latency` in ms are what
        is asked of one that is not exact. `workers` may be ray, or ray:ADDRESS: who embeds.
        """
        from atarimae import runlog, ship, task
        from atarimae.predict.index import Wish

        with bar("ship") as progress:
            chosen = task.load(self.folder.task)
            found = runlog.find_trained(self.folder, _id(run))
            return ship.ship(
                self.folder, chosen, found, Path(out), wish=Wish(index, recall, latency),
                workers=workers, progress=progress,
            )  # fmt: skip

    def submit(
        self,
        run: "str | Run",
        out: str | Path | None = None,
        **settings: "str | int | Path | None",
    ) -> "Submission":
        """Answer a competition's queries in its sample's format; to the run's folder, or `out`.

        `settings` are those of [submission] in atarimae.toml, and go before it: sample, test,
        images, gallery, answers, number, unknown.
        """
        from atarimae import runlog, submission, task

        found = runlog.find_trained(self.folder, _id(run))
        said = submission.Settings.of(self.folder.root, self.folder.submission).but(**settings)
        path = found.folder / "submission.csv" if out is None else Path(out)
        with bar("submit") as progress:
            chosen = task.load(self.folder.task)
            return submission.of_run(self.folder, chosen, found, said, path, progress=progress)

    def log(
        self,
        *,
        because: str,
        stage: str = "log",
        seed: int | None = None,
        settings: Mapping[str, object] | None = None,
        parent: "str | Run | None" = None,
    ) -> "OpenRun":
        """A run of a training loop of your own, for a `with` statement or until `finish()`.

        The parent, unless you name one, is the best run of the same stage, metric and convention.
        """
        from atarimae import runlog
        from atarimae.score.open_run import OpenRun

        first = None if parent is None else self.run(_id(parent)).id
        log = runlog.start(self.folder, because=because, stage=stage, seed=seed, parent=first)
        opened = OpenRun(self.folder, log)
        if settings:
            opened.settings(settings)
        return opened

    def _repr_html_(self) -> str:
        from html import escape

        return f"<b>workspace</b> {escape(str(self.folder.root))} ({escape(self.folder.task)})"


def init(folder: str | Path, task: str = "retrieve") -> Workspace:
    """A new workspace for a task."""
    from atarimae import task as tasks

    tasks.load(task)
    return Workspace(workspace.create(Path(folder), task))


def open(folder: str | Path = ".") -> Workspace:
    """The workspace in a folder, or the nearest one above it."""
    return Workspace(workspace.open_(Path(folder)))


def log(
    *,
    because: str,
    stage: str = "log",
    seed: int | None = None,
    settings: Mapping[str, object] | None = None,
    parent: "str | Run | None" = None,
) -> "OpenRun":
    """A run of a training loop of your own, in the workspace here; one is made if there is none."""
    try:
        here = open(".")
    except AtarimaeError:
        here = init(".")
    return here.log(because=because, stage=stage, seed=seed, settings=settings, parent=parent)


@contextmanager
def _needs_torch() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "torchvision", "timm", "onnx"):
            raise
        raise AtarimaeError(
            "Fitting needs more than the base install.",
            f"There is no {error.name} here.",
            "Install it with: pip install 'atarimae[fit]'",
        ) from None


def _paths(sources: Paths) -> list[Path]:
    return [Path(source) for source in _several(sources)]


def _several(paths: Paths) -> Sequence[str | Path]:
    return [paths] if isinstance(paths, str | Path) else paths


def _folder(path: Path) -> Path:
    if not path.is_dir():
        found = "It is a file." if path.exists() else "There is no such folder."
        raise UsageError(f"{path} can't be searched.", found, "Name a folder of pictures.")
    return path


def _words(files: Paths) -> list[str]:
    return [str(path) for path in _several(files)]


def _id(run: Any) -> str:
    return str(run) if isinstance(run, str | Path) else str(run.id)
