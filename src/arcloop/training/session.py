"""Training sets → a trained adapter or model: what ``arcloop train`` does, with checkpoints on the way.

The same optimizer steps as in a round of the loop, on rows that need not fit into memory. Stopped
at any moment, it goes on from the last checkpoint with the very losses that it would have had.
"""

import dataclasses
import hashlib
import json
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import torch

from arcloop.config import SessionConfig, TrainingConfig, require
from arcloop.errors import ConfigError
from arcloop.files import write_bytes
from arcloop.model.adapter import Adapter
from arcloop.model.card import model_digest
from arcloop.model.language import LanguageModel
from arcloop.model.weights import Weights
from arcloop.records import Example
from arcloop.seeds import seed_of
from arcloop.training import checkpoint
from arcloop.training.examples import read_set
from arcloop.training.optimization import Optimization, Step
from arcloop.training.order import epoch_order
from arcloop.training.processes import ALONE, Processes
from arcloop.training.rows import Row, encode_rows
from arcloop.training.store import RowStore

__all__ = ["METRICS", "Line", "Prepared", "Session", "examples", "prepare"]

METRICS = "metrics.jsonl"
"""One line for each logged step, in the output folder."""
FEW_TASKS = 20
"""In a set of fewer tasks rows are held out, not tasks."""
AT_ONCE = 256
"""Examples that are tokenised together."""
NO_EFFECT = ("packing", "pack_tokens", "per_device_train_batch_size", "gradient_checkpointing", "use_liger_kernel")
"""Settings that change how a step is computed, but not what it comes to: a checkpoint serves others too."""


@dataclass(frozen=True)
class Line:
    """One line of ``metrics.jsonl``."""

    step: int
    epoch: float
    loss: float
    """Mean over the steps since the last line, in nats per trained token."""
    grad_norm: float
    learning_rate: float
    tokens_per_second: float
    rows_per_second: float
    memory_mb: int
    """Most memory that the process has held so far: of the GPU where there is one."""
    seconds: float
    """Since the session began, without earlier ones."""
    eval_loss: float | None = None
    """Loss of the held-out rows, where it was measured at this step."""


@dataclass(frozen=True)
class Prepared:
    """Training sets, tokenised."""

    rows: RowStore
    dropped: dict[str, int]
    """Training set → its examples that were longer than allowed."""
    held_out: list[int]
    """Places of the rows that are not trained on."""
    trained: list[int]
    """Places of the others."""


def examples(model: LanguageModel, path: str) -> Iterator[Example]:
    """The examples of one training set as this model is shown them; raises ``ExampleError`` as ``read_set`` does."""
    return read_set(Path(path), model.format.chat, str(model.tokenizer.decode([model.end_id])))


def prepare(
    model: LanguageModel, session: SessionConfig, max_tokens: int, out: Path, on_row: Callable[[], None] = lambda: None
) -> Prepared:
    """Tokenise the training sets into ``rows.arrow`` in the folder ``out``, unless it holds these very rows already.

    Raises:
        ExampleError: a set cannot be read, or one of its rows is no example.
        ConfigError: no row is left to train on.
    """
    paths = [*session.train_dataset_path, *([session.eval_dataset_path] if session.eval_dataset_path else [])]
    key = _digest([model_digest(model.name), model.format.template, max_tokens, [_stamp(Path(p)) for p in paths]])
    note = out / "rows.json"
    if not (note.is_file() and (out / "rows.arrow").is_file() and json.loads(note.read_text()).get("key") == key):
        dropped = dict.fromkeys(paths, 0)

        def encoded() -> Iterator[tuple[Row, str, int]]:
            with ThreadPoolExecutor(session.dataloader_num_workers) as threads:
                for source, path in enumerate(paths):
                    for batch in _batched(examples(model, path), AT_ONCE):
                        fits = threads.map(lambda example: encode_rows(model, [example], max_tokens)[0], batch)
                        for example, rows in zip(batch, fits, strict=True):
                            dropped[path] += not rows
                            on_row()
                            yield from ((row, example.task_id, source) for row in rows)

        RowStore.build(out / "rows.arrow", encoded())
        write_bytes(note, json.dumps({"key": key, "dropped": dropped}).encode())
    rows = RowStore(out / "rows.arrow")
    held = _held_out(rows, session)
    kept = sorted(set(range(len(rows))) - set(held))
    dropped = json.loads(note.read_text())["dropped"]
    if not kept:
        raise ConfigError(
            f"no row to train on: {len(rows)} fit, {sum(dropped.values())} have more than {max_tokens} tokens;"
            " expected at least one — raise --max-tokens or give other sets"
        )
    return Prepared(rows, dropped, held, kept)


def _held_out(rows: RowStore, session: SessionConfig) -> list[int]:
    if session.eval_dataset_path:
        last = len(session.train_dataset_path)
        return [place for place in range(len(rows)) if rows.sources[place] == last]
    if not session.eval_split:
        return []
    few = len(rows.task_ids) < FEW_TASKS
    names = [str(place) if few else rows.task_ids[rows.tasks[place]] for place in range(len(rows))]
    drawn = sorted(set(names), key=lambda name: seed_of(session.seed, "held out", name))
    chosen = set(drawn[: max(1, round(session.eval_split * len(drawn)))])
    return [place for place, name in enumerate(names) if name in chosen]


class Session:
    """A training from its beginning, or from its last checkpoint, to its end."""

    def __init__(
        self,
        model: LanguageModel,
        prepared: Prepared,
        training: TrainingConfig,
        session: SessionConfig,
        out: Path,
        processes: Processes = ALONE,
    ) -> None:
        """``training`` must have been resolved: its learning rate is set.

        Raises:
            ConfigError: the batch cannot be shared evenly, or the checkpoints in ``out`` are of another training.
            RunError: the adapter to go on from cannot be loaded.
        """
        device_rows = training.per_device_train_batch_size * processes.count
        require(
            training.batch_size % device_rows == 0,
            "batch-size",
            training.batch_size,
            f"expected a multiple of per-device-train-batch-size × processes ({device_rows})",
        )
        self.model, self.prepared, self.training, self.session = model, prepared, training, session
        self.out, self.processes = out, processes
        self.trained: Adapter | Weights
        if session.use_lora:
            start = Path(session.adapter_path) if session.adapter_path else None
            if start is not None:
                model.use_adapter(start)
            self.trained = model.trainable_adapter(training)
        else:
            self.trained = model.all_weights()
        self._per_epoch = -(-len(self._epoch(0)) // training.batch_size)
        self.steps = session.max_steps or training.epochs * self._per_epoch
        self.optimization = Optimization(model, self.trained.parameters, training, self.steps, session.seed, processes)
        self.damaged: list[Path] = []
        """Checkpoints that were passed over."""
        self._resume()

    @property
    def done(self) -> int:
        """Steps that were done before this session, or in it."""
        return self.optimization.taken

    def run(
        self, on_line: Callable[[Line], None] = lambda line: None, on_step: Callable[[], None] = lambda: None
    ) -> None:
        """Train to the end, and write the result into the output folder.

        Interrupted (``KeyboardInterrupt``), it leaves a checkpoint behind and raises on.
        """
        self._start = self._last = time.monotonic()
        since: list[Step] = []
        rows = 0
        try:
            while self.done < self.steps:
                batch = self.batch(self.done)
                with _uninterrupted():
                    since.append(self.optimization.step(batch))
                    rows += len(batch)
                    on_step()
                    step, last = self.done, self.done == self.steps
                    measured = bool(self.prepared.held_out) and (last or step % self.session.eval_steps == 0)
                    if last or measured or step % self.session.logging_steps == 0:
                        line = self._line(since, rows, self.held_out_loss() if measured else None)
                        self._write(line)
                        on_line(line)
                        since, rows = [], 0
                    if last or step % self.session.save_steps == 0:
                        self._save()
        except KeyboardInterrupt:
            # Only what is the same on all processes can be kept; they are at the same step when a signal finds them there.
            if self.processes.count == 1 and self.done:
                self._save()
            raise
        if self.processes.first:
            self.trained.save(self.out)
        self.processes.wait()

    def batch(self, step: int) -> list[Row]:
        """The rows of a step, the same at every time."""
        epoch, place = divmod(step, self._per_epoch)
        size = self.training.batch_size
        order = self._epoch(epoch)[place * size : (place + 1) * size]
        return [self.prepared.rows[self.prepared.trained[k]] for k in order]

    def held_out_loss(self) -> float:
        """Mean loss per trained token of the held-out rows, in nats."""
        return self.optimization.mean_loss([self.prepared.rows[place] for place in self.prepared.held_out])

    def _epoch(self, epoch: int) -> list[int]:
        """The order of an epoch; the last one asked for is kept."""
        if getattr(self, "_known", (-1, []))[0] != epoch:
            rows, places = self.prepared.rows, self.prepared.trained
            weights = self.session.dataset_weights or (1.0,) * len(self.session.train_dataset_path)
            order = epoch_order(rows.tasks[places], rows.sources[places], weights, self.session.seed, epoch)
            self._known: tuple[int, list[int]] = (epoch, order.tolist())
        return self._known[1]

    def _resume(self) -> None:
        settings = {k: v for k, v in dataclasses.asdict(self.training).items() if k not in NO_EFFECT}
        session, rows = self.session, self.prepared.rows
        data = [
            model_digest(self.model.name),
            checkpoint.file_digest(rows.path),
            self.prepared.held_out,
            session.dataset_weights,
        ]
        # The number of processes is not among them: they come to the same.
        self._settings = _digest([settings, data, self.steps, session.seed, session.use_lora, session.adapter_path])
        found, self.damaged = checkpoint.newest(self.out) if session.resume_from_checkpoint else (None, [])
        if found is not None:
            if found.settings != self._settings:
                raise ConfigError(
                    f"{found.folder} is of a training with other settings or rows; expected the same ones"
                    " — give another output folder, or --no-resume-from-checkpoint to begin anew"
                )
            found.restore(self.trained, self.optimization)
        self.processes.wait()
        if self.processes.first:
            if found is None:
                checkpoint.clear(self.out)
            metrics = self.out / METRICS
            lines = metrics.read_text(encoding="utf-8").splitlines() if metrics.is_file() else []
            kept = [line for line in lines if found is not None and json.loads(line)["step"] <= found.step]
            write_bytes(metrics, "".join(line + "\n" for line in kept).encode())
        self.processes.wait()

    def _line(self, since: list[Step], rows: int, eval_loss: float | None) -> Line:
        now = time.monotonic()
        seconds, self._last = now - self._last, now
        return Line(
            step=self.done,
            epoch=round(self.done / self._per_epoch, 4),
            loss=sum(step.loss for step in since) / len(since),
            grad_norm=since[-1].grad_norm,
            learning_rate=since[-1].learning_rate,
            tokens_per_second=round(sum(step.tokens for step in since) / seconds, 1),
            rows_per_second=round(rows / seconds, 2),
            memory_mb=_memory(),
            seconds=round(now - self._start, 3),
            eval_loss=eval_loss,
        )

    def _write(self, line: Line) -> None:
        if self.processes.first:
            with (self.out / METRICS).open("a", encoding="utf-8") as file:
                file.write(json.dumps(dataclasses.asdict(line)) + "\n")

    def _save(self) -> None:
        if self.processes.first:
            checkpoint.write(self.out, self.trained, self.optimization, self._settings, self.session.save_total_limit)
        self.processes.wait()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait for the end of the block: a checkpoint must not hold half an optimizer step, nor want its line."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return
    caught: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda number, frame: caught.append(number)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
    if caught:
        raise KeyboardInterrupt


def _memory() -> int:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() >> 20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def _batched(items: Iterator[Example], size: int) -> Iterator[list[Example]]:
    for first in items:
        yield [*chain([first], islice(items, size - 1))]


def _stamp(path: Path) -> list[object]:
    """What changes when a file, or a file of a folder, is written anew."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    return [[str(file), file.stat().st_size, file.stat().st_mtime_ns] for file in files if file.is_file()]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()
