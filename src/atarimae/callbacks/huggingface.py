"""Hugging Face's Trainer: `Trainer(…, callbacks=[HuggingFace(run)])`."""

from collections.abc import Mapping
from dataclasses import MISSING, fields

from atarimae.errors import AtarimaeError
from atarimae.score.open_run import OpenRun

try:
    from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
except ModuleNotFoundError as error:
    raise AtarimaeError(
        "There is no Trainer to log.",
        f"There is no {error.name} here.",
        "Install it with: pip install 'transformers[torch]'",
    ) from None


class HuggingFace(TrainerCallback):
    """Logs every number that the Trainer logs, at its step, and the arguments that were changed.

    The run stays open when training ends, so that it can be scored.
    """

    def __init__(self, run: OpenRun) -> None:
        self.run = run

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: object,
    ) -> None:
        """Keep the arguments that are not the Trainer's defaults."""
        if state.is_world_process_zero:
            said = args.to_sanitized_dict()
            usual = {field.name: field.default for field in fields(args)}
            changed = {key for key, value in said.items() if usual.get(key, MISSING) != value}
            self.run.settings({key: said[key] for key in sorted(changed - NOISE)})

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, object] | None = None,
        **_: object,
    ) -> None:
        """Keep what is a number; the epoch, a fraction here, is left out."""
        if state.is_world_process_zero:
            for name, value in (logs or {}).items():
                if isinstance(value, int | float) and name != "epoch":
                    self.run.metric(name, value, step=state.global_step)


NOISE = {"output_dir", "logging_dir", "run_name"}  # where things lie is no setting
