"""A run under way → how far it is, from what it has stored so far, and what the machine is busy with.

Reads the numbers of the searches and the lock, no tables. A search under way stores what it has every minute, so what is
said of it may be a minute old.
"""

import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

from arcloop.errors import RunError
from arcloop.files import UnreadableError, parse_json, text_in
from arcloop.runs.lock import LOCK
from arcloop.runs.numbers import SearchNumbers
from arcloop.runs.rundir import RunDir

__all__ = ["Pulse", "Round", "pulse"]

_SMI = ("--query-gpu=utilization.gpu,memory.used,memory.total", "--format=csv,noheader,nounits")


@dataclass(frozen=True)
class Round:
    """One round, as far as it is there."""

    number: int
    """Counted from 1."""
    programs: int
    """Completions drawn."""
    holding: int
    """Those that hold a program."""
    solved: int
    """Tasks with a program of this round that is right on all train pairs."""
    further: int
    """Tasks that came further than before."""
    search_seconds: float
    learn_seconds: float
    loss: float | None
    """Last loss of its learning, averaged over groups."""


@dataclass(frozen=True)
class Pulse:
    """How a run is doing."""

    rounds: tuple[Round, ...]
    """Those that have begun."""
    of_rounds: int
    tasks: int
    solved: int
    """Tasks with a program that is right on all train pairs."""
    programs: int
    """Completions drawn."""
    share: float
    """Of the searches that were planned, what is done; 0–1."""
    rate: float
    """Programs per second of search, in the newest round."""
    left: float | None
    """Seconds that the rest will take if it goes on as until now; None where nothing is known."""
    seconds: float
    """Wall time of search and learning."""
    finished: bool
    running: bool
    """Does a process of this machine, or one elsewhere, go on with it?"""
    machine: str
    """What the machine is busy with, in words."""
    version: str
    """Changes when there is more to show."""

    @property
    def line(self) -> str:
        """All of it in a line."""
        state = "finished" if self.finished else "running" if self.running else "not running"
        parts = [
            f"{state}: round {len(self.rounds)} of {self.of_rounds}",
            f"{self.programs:,} programs ({self.share:.0%})",
            f"{self.solved} of {self.tasks} tasks solved on their train pairs",
        ]
        if self.rate:
            parts.append(f"{self.rate:.1f} programs/s")
        if self.left is not None and not self.finished:
            parts.append(f"{clock(self.left)} left")
        return " · ".join([*parts, self.machine])


def pulse(run: RunDir) -> Pulse:
    """How the run is doing now.

    Raises:
        RunError: what the run began with is damaged.
    """
    config, groups = run.config(), run.groups()
    solved: set[str] = set()
    rounds: list[Round] = []
    done, seconds, marks = 0.0, 0.0, [0, 0]
    for round_ in range(config.rounds):
        searches: list[SearchNumbers] = []
        learned = 0.0
        losses: list[float] = []
        for index, tasks in enumerate(groups):
            group = run.group(round_, index)
            try:
                if not group.searched:
                    continue
                numbers = group.numbers() if group.done else None
                search = numbers.search if numbers else group.search_numbers()
            except RunError:
                continue  # it is being written
            marks[0] += 1 + group.done
            marks[1] += search.completions
            searches.append(search)
            solved |= set(search.solved)
            planned = len(tasks) * config.programs
            done += planned if search.whole else min(planned, search.completions)
            seconds += numbers.seconds if numbers else search.search_seconds
            if numbers and numbers.learning:
                learned += numbers.learning.learn_seconds
                losses += numbers.learning.losses[-1:]
        if searches:
            rounds.append(
                Round(
                    number=round_ + 1,
                    programs=sum(search.completions for search in searches),
                    holding=sum(search.programs for search in searches),
                    solved=sum(len(search.solved) for search in searches),
                    further=sum(len(search.discovered) for search in searches),
                    search_seconds=sum(search.search_seconds for search in searches),
                    learn_seconds=learned,
                    loss=sum(losses) / len(losses) if losses else None,
                )
            )
    total = sum(map(len, groups)) * config.rounds * config.programs
    newest = rounds[-1] if rounds else None
    # Of processes that share the run each holds its groups; on a cluster each worker holds the one that it is at.
    whole = _holder(run.path / LOCK)
    parts = {
        held
        for pattern in ("group_*.lock", ".group_*.lock")
        for path in run.path.glob(pattern)
        if (held := _holder(path))
    }
    side_by_side = max(1, len(parts))
    here = [pid for host, pid in (*([whole] if whole else []), *sorted(parts)) if host == socket.gethostname()]
    return Pulse(
        rounds=tuple(rounds),
        of_rounds=config.rounds,
        tasks=len(run.tasks()),
        solved=len(solved),
        programs=sum(one.programs for one in rounds),
        share=done / total if total else 1.0,
        rate=side_by_side * newest.programs / newest.search_seconds if newest and newest.search_seconds else 0.0,
        left=seconds * (total - done) / done / side_by_side if done else None,
        seconds=seconds,
        finished=run.finished,
        running=whole is not None or bool(parts),
        machine=_machine(here[0] if here else None),
        version=f"{marks[0]}-{marks[1]}",
    )


def clock(seconds: float) -> str:
    """Seconds as minutes, or hours."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _holder(path: Path) -> tuple[str, int] | None:
    """Host and number of the process that holds a lock; None where there is none, as far as this machine knows."""
    try:
        said = parse_json(text_in(path.read_bytes()[:1000]))
    except (OSError, UnreadableError):
        return None
    if not isinstance(said, dict) or type(said.get("pid")) is not int:
        return None
    host, pid = str(said.get("host")), said["pid"]
    return (host, pid) if host != socket.gethostname() or (pid > 0 and psutil.pid_exists(pid)) else None


def _machine(holder: int | None) -> str:
    memory = psutil.virtual_memory()
    parts = [f"CPU {psutil.cpu_percent():.0f} %", f"memory {_gigabytes(memory.used)} of {_gigabytes(memory.total)} GB"]
    if holder:
        try:
            process = psutil.Process(holder)
            family = [process, *process.children(recursive=True)]
            parts.append(f"{_gigabytes(sum(one.memory_info().rss for one in family))} GB of it the run's")
        except psutil.Error:
            pass  # it has just ended, or is somebody else's
    return ", ".join([*parts, *_gpus()])


def _gpus() -> list[str]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        said = subprocess.run([program, *_SMI], capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    told = []
    for number, line in enumerate(said.splitlines()[:16]):
        busy, used, total = [*(part.strip() for part in line.split(",")), "", "", ""][:3]
        if used.isdigit() and total.isdigit():
            told.append(f"GPU {number} {busy} % and {int(used) / 1024:.1f} of {int(total) / 1024:.0f} GB")
    return told


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f}"
