"""Further processes of this machine that train along inside a run, each with the model on a device of its own.

Whoever learns starts them at its first training, hands them the token rows, and takes every step together with them. What is
trained is what one process trains, to the bit (``Processes.exact``). They end when it closes them or is gone, however that
happens. They talk through the loopback alone.
"""

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import torch

from arcloop.config import LoadingConfig, TrainingConfig
from arcloop.errors import RunError
from arcloop.model.language import LanguageModel
from arcloop.training.processes import ALONE, Processes, connect, disconnect
from arcloop.training.rows import Row
from arcloop.training.store import RowStore

__all__ = ["Peers"]

_TAIL = 2000
"""Characters of what a peer has said that are looked at for why it ended."""


class Peers:
    """Those who train along with this process; none is started before there is something to train."""

    def __init__(self, model: str, loading: LoadingConfig, training: TrainingConfig, count: int, *, stay: bool) -> None:
        """``count``: devices, this process's among them. ``loading`` and ``training``: settings in which nothing is open.

        ``stay``: they keep the model from training to training; otherwise they end after each.
        """
        self._settings = {
            "model": model,
            "loading": dataclasses.asdict(loading),
            "training": dataclasses.asdict(training),
        }
        self._count = count
        self._stay = stay
        self._started: list[subprocess.Popen[bytes]] = []
        self._held = ExitStack()
        self._folder = Path()

    @contextlib.contextmanager
    def __call__(
        self,
        model: LanguageModel,
        rows: Sequence[Row],
        batches: Sequence[Sequence[int]],
        start: Path | None,
        seed: int,
    ) -> Iterator[Processes]:
        """See ``Joining``. Leaving it by an exception ends the peers: they would wait for a step that does not come.

        Raises:
            RunError: a peer could not start, or has ended.
        """
        if self._count == 1 or not batches:
            yield ALONE
            return
        try:
            if not self._started:
                self._start()
            begin = None if start is None else str(start.resolve())
            order: dict[str, object] = {"batches": batches, "start": begin, "seed": seed}
            self._order(rows, order | {"pack_limit": model.pack_limit, "checkpointing": model.checkpointing})
            yield Processes(0, self._count, exact=True)
        except BaseException as error:
            # What it looks like from here where another one is gone.
            reason = self._ended() if isinstance(error, RuntimeError | OSError) else None
            self.close()
            if reason is not None:
                raise RunError(reason) from error
            raise
        if not self._stay:
            self.close()

    def close(self) -> None:
        """End them."""
        for process in self._started:
            process.kill()
            process.wait()
        if self._started:
            self._started = []
            self._held.close()

    def _start(self) -> None:
        self._folder = Path(self._held.enter_context(tempfile.TemporaryDirectory(prefix="arcloop-peers-")))
        gpus = torch.cuda.device_count()
        for rank in range(1, self._count):
            said = self._held.enter_context((self._folder / f"{rank}.log").open("wb"))
            process = subprocess.Popen(
                [sys.executable, "-m", "arcloop.training.peer"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env={**os.environ, "LOCAL_RANK": str(rank % max(1, gpus))},
                start_new_session=True,  # Ctrl-C is for who asked: it stores first
            )
            self._held.callback(_close, process)
            self._started.append(process)
        # Two processes on one GPU, which NCCL refuses, can only be a test.
        nccl = gpus >= self._count
        place = {"count": self._count, "store": str(self._folder / "store"), "nccl": nccl}
        self._tell([self._settings | place | {"rank": rank} for rank in range(1, self._count)])
        for process in self._started:
            if process.stdout is None or not process.stdout.readline():
                process.wait()
                raise OSError("a peer has not come up")
        connect(self._folder / "store", 0, self._count, nccl)
        self._held.callback(disconnect)

    def _order(self, rows: Sequence[Row], order: dict[str, object]) -> None:
        path = self._folder / "rows.arrow"
        # Whoever reads the last one has it mapped, and keeps it.
        RowStore.build(path, ((row, "", 0) for row in rows))
        self._tell([order | {"rows": str(path)}] * len(self._started))

    def _tell(self, lines: Sequence[object]) -> None:
        for process, line in zip(self._started, lines, strict=True):
            if process.stdin is not None:
                process.stdin.write(json.dumps(line).encode() + b"\n")
                process.stdin.flush()

    def _ended(self) -> str | None:
        """Why a peer has ended; None if none has."""
        for rank, process in enumerate(self._started, 1):
            # One that is at its end may still be there when its connection is gone.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.5)
            if process.returncode is not None:
                lines = (
                    (self._folder / f"{rank}.log").read_text(encoding="utf-8", errors="replace")[-_TAIL:].split("\n")
                )
                last = next((line.strip() for line in reversed(lines) if line.strip()), f"status {process.returncode}")
                return (
                    f"training: process {rank + 1} of {self._count} has ended: {last[:500]}; expected it to train along — "
                    "resume the run"
                )
        return None


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
