"""``arcloop train``: fine-tune a model on training sets."""

import os
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.console import Console
from rich.text import Text

from arcloop.assembly import open_tracker
from arcloop.cli.job import say, terminated_like_ctrl_c
from arcloop.cli.options import flags
from arcloop.config import LoadingConfig, PromptConfig, SessionConfig, TrainingConfig
from arcloop.errors import ConfigError
from arcloop.model.card import read_card, resolve_training
from arcloop.progress import Progress

if TYPE_CHECKING:
    from arcloop.model.language import LanguageModel
    from arcloop.training.processes import Processes

__all__ = ["main"]

_TRAINED = "bold green"


@dataclass(frozen=True)
class Arguments:
    """Fine-tune a model on relabeled programs, or on any prompts with their completions.

    Only the completion and the token that ends it are learned. What is too long is left out and counted, never cut.
    Stopped, the same command goes on from the last checkpoint. Several GPUs: start it with accelerate launch or torchrun.
    """

    session: Annotated[SessionConfig, tyro.conf.arg(name="")]
    output_dir: Annotated[Path, tyro.conf.arg(aliases=["--out"])]
    """Folder of checkpoints, metrics.jsonl and the result: an adapter, or a model."""
    model_path: Annotated[str, tyro.conf.arg(aliases=["--model"])] = "embedded"
    """``embedded`` or the folder or hub name of a Hugging Face causal language model."""
    training: Annotated[TrainingConfig, tyro.conf.arg(name="")] = field(
        default_factory=lambda: TrainingConfig(epochs=1)
    )
    loading: Annotated[LoadingConfig, tyro.conf.arg(name="")] = field(default_factory=LoadingConfig)
    n_gpus: int | None = None
    """Processes that train together, as a check: as many must have been started by accelerate launch or torchrun."""
    inspect: int = 0
    """Print so many examples, with what is learned of them in colour, and stop."""


def main(argv: list[str]) -> int:
    """Parse the arguments and train."""
    arguments = tyro.cli(Arguments, args=flags(_spelled(argv)), prog="arcloop train")
    # Here, because torch takes seconds that --help should not.
    from arcloop.footprint.device import fitted
    from arcloop.model.language import load_model
    from arcloop.model.needs import need_for_training
    from arcloop.training.processes import join

    need_for_training(arguments.training)
    processes = join(arguments.n_gpus)
    console = Console(quiet=not processes.first, width=None if Console().is_terminal else 200)
    session, loading = arguments.session, _mixed_precision(arguments.loading)
    training = resolve_training(arguments.training, read_card(arguments.model_path))
    if session.use_lora and not arguments.inspect:
        tell = partial(say, console)
        found = fitted(arguments.model_path, loading, None, training, tell=tell)
        loading, training = found.loading, found.training or training
    model = load_model(arguments.model_path, PromptConfig(), loading, full=not session.use_lora)
    if arguments.inspect:
        _inspect(model, session, training.max_tokens, arguments.inspect, console)
        return 0
    return _train(model, replace(arguments, training=training), processes, console)


def _train(model: "LanguageModel", arguments: Arguments, processes: "Processes", console: Console) -> int:
    from arcloop.training.session import Line, Session, prepare

    session, training, out = arguments.session, arguments.training, arguments.output_dir
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(f"--out {out}: a file, or in one; expected a folder — pass another") from None
    with ExitStack() as stack:
        stack.enter_context(terminated_like_ctrl_c())
        if processes.first:
            with Progress(console, 0, "examples") as progress:
                progress.stage("tokenising")
                prepared = prepare(model, session, training.max_tokens, out, progress.advance)
        processes.wait()
        if not processes.first:
            prepared = prepare(model, session, training.max_tokens, out)
        for path, count in prepared.dropped.items():
            if count:
                say(console, f"{path}: {count} examples left out, longer than {training.max_tokens} tokens")
        work = Session(model, prepared, training, session, out, processes)
        for folder in work.damaged:
            say(console, f"{folder}: not whole, passed over")
        say(
            console,
            f"{len(prepared.trained)} rows, {len(prepared.held_out)} held out; {work.steps} steps of {training.batch_size}"
            f" rows on {processes.count} {'process' if processes.count == 1 else 'processes'}"
            + (f"; going on after step {work.done}" if work.done else ""),
        )
        tracker = open_tracker(session.report_to, out) if processes.first else None
        if tracker is not None:
            stack.callback(tracker.close)
        progress = stack.enter_context(Progress(console, work.steps, "steps"))
        progress.advance(work.done, found=True)
        progress.stage("training")

        def on_line(line: Line) -> None:
            facts = {"loss": f"{line.loss:.4f}", "eval loss": line.eval_loss and f"{line.eval_loss:.4f}"}
            facts |= {"tokens/s": f"{line.tokens_per_second:.0f}", "rows/s": f"{line.rows_per_second:.2f}"}
            facts |= {"memory": f"{line.memory_mb} MB"}
            for name, value in facts.items():
                if value is not None:
                    progress.fact(name, value)
            if tracker is not None:
                tracker.log(vars(line), line.step)

        try:
            work.run(on_line, progress.advance)
        except KeyboardInterrupt:
            say(console, f"Stopped after step {work.done}: the same command goes on there")
            return 130
    say(console, f"{'adapter' if session.use_lora else 'model'}  {out}")
    return 0


def _spelled(argv: list[str]) -> list[str]:
    """The options' other names: --max-seq-len is --max-tokens."""
    names = {"--max-seq-len": "--max-tokens", "--max-seq-length": "--max-tokens", "--bf16": "--dtype=bfloat16"}
    spelled = []
    for word in argv:
        option, equals, value = word.partition("=")
        dashed = option.replace("_", "-") if option.startswith("--") else option
        spelled.append(names.get(dashed, option) + equals + value)
    return spelled


def _mixed_precision(loading: LoadingConfig) -> LoadingConfig:
    """``accelerate launch --mixed_precision`` says in the environment what to compute in."""
    wanted = os.environ.get("ACCELERATE_MIXED_PRECISION", "no")
    if loading.dtype != "auto" or wanted == "no":
        return loading
    match wanted:
        case "bf16":
            return replace(loading, dtype="bfloat16")
        case "fp16":
            return replace(loading, dtype="float16")
    raise ConfigError(
        f"mixed precision {wanted}; expected bf16, fp16 or no — start accelerate with --mixed_precision bf16"
    )


def _inspect(model: "LanguageModel", session: SessionConfig, max_tokens: int, count: int, console: Console) -> None:
    from itertools import islice

    from arcloop.training.rows import encode_rows
    from arcloop.training.session import examples

    for path in session.train_dataset_path:
        for example in islice(examples(model, path), count):
            rows, _ = encode_rows(model, [example], max_tokens)
            console.rule(Text(f"{example.id}, task {example.task_id}"))
            if not rows:
                console.print(f"left out: longer than {max_tokens} tokens", style="yellow")
                continue
            (row,) = rows
            text = Text()
            for token, label in zip(row.ids, row.labels, strict=True):
                text.append(str(model.tokenizer.decode([token])), style="" if label == -100 else _TRAINED)
            console.print(text, soft_wrap=True)
            console.print(
                f"{len(row.ids)} tokens, {row.trained} of them learned (green); labels end {row.labels[-3:]}",
                style="dim",
                highlight=False,
            )
