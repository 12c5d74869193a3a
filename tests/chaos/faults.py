"""What may happen to a run: each fault is a function that lets it happen, once, at a random moment.

It is given a run that has just been started, and returns how the process ended; None if it had ended by itself
before anything could happen.
"""

import os
import random
import resource
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.launch import Ended, Launcher, descendants

__all__ = ["FAULTS", "Fault", "Scene"]


@dataclass(frozen=True)
class Scene:
    """A run under way, and what is at hand."""

    launcher: Launcher
    other: Launcher
    """For a second process."""
    pid: int
    """The process of the run."""
    path: Path
    """Folder of the run."""
    duration: float
    """Seconds that such a run takes when nothing happens."""
    rng: random.Random

    def wait(self) -> bool:
        """Wait for a random moment of the run; False if it has ended by then."""
        time.sleep(self.rng.random() * self.duration)
        return self.alive()

    def alive(self) -> bool:
        """Is the process there, and not only waiting for us to ask how it ended?"""
        try:
            return (Path("/proc") / str(self.pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def send(self, *signals: int) -> None:
        """Send signals to the process, as far as it is there."""
        for one in signals:
            try:
                os.kill(self.pid, one)
            except ProcessLookupError:
                return


@dataclass(frozen=True)
class Fault:
    """Something that happens to a run."""

    name: str
    happen: Callable[[Scene], Ended | None]
    codes: tuple[int, ...]
    """Exit codes that the process may have after it; 0 is that of a run that ends as if nothing had happened."""
    clock: str = "true"
    """What the process takes for the time: see ``Launcher.start``."""
    in_a_row: int = 1
    """How often it happens to one run, to each process that goes on with it."""
    keeps: bool = True
    """Is what was done before still there?"""


def _killed(scene: Scene) -> Ended | None:
    there = scene.wait()
    scene.send(signal.SIGKILL)
    ended = scene.launcher.end()
    return ended if there and ended.code == -9 else None


def _terminated(scene: Scene) -> Ended | None:
    there = scene.wait()
    scene.send(signal.SIGTERM)
    ended = scene.launcher.end()
    return ended if there and ended.code else None


def _interrupted_twice(scene: Scene) -> Ended | None:
    there = scene.wait()
    scene.send(signal.SIGINT)
    time.sleep(scene.rng.random() * 0.3)
    scene.send(signal.SIGINT)
    ended = scene.launcher.end()
    return ended if there and ended.code else None


def _stopped_for_a_while(scene: Scene) -> Ended | None:
    there = scene.wait()
    scene.send(signal.SIGSTOP)
    time.sleep(1 + scene.rng.random())
    scene.send(signal.SIGCONT)
    return scene.launcher.end() if there else _none(scene)


def _sandbox_killed(scene: Scene) -> Ended | None:
    """The template, a worker, or a program's own process, up to three times."""
    scene.wait()
    hit = False
    for _ in range(3):
        victims = descendants(scene.pid)
        if victims and scene.alive():
            try:
                os.kill(scene.rng.choice(victims), signal.SIGKILL)
                hit = True
            except ProcessLookupError:
                pass
        time.sleep(0.05)
    ended = scene.launcher.end()
    return ended if hit else None


def _disk_full(scene: Scene) -> Ended | None:
    """No file may become longer than some size from now on, which is what a full disk is to one who writes."""
    there = scene.wait()
    if there:
        _, hard = resource.prlimit(scene.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(scene.pid, resource.RLIMIT_FSIZE, (scene.rng.choice((0, 1000, 10_000)), hard))
    ended = scene.launcher.end()
    return ended if there and ended.code else None


def _folder_deleted(scene: Scene) -> Ended | None:
    there = scene.wait()
    for _ in range(20):  # what is being written while it is deleted is deleted next
        shutil.rmtree(scene.path, ignore_errors=True)
        if not scene.path.exists():
            break
    ended = scene.launcher.end()
    return ended if there and ended.code else None


def _two_at_once(scene: Scene) -> Ended | None:
    """A second process, told to go on with the same run, does nothing and says why."""
    while scene.alive() and not (scene.path / "run.lock").exists():
        time.sleep(0.002)
    second = scene.other.run("resume", scene.path)
    ended = scene.launcher.end()
    if second.code == 0:
        return None  # it came when the first had ended
    assert second.code == 2 and "goes on with it; expected nobody" in second.said, second.said
    return ended


def _nothing(scene: Scene) -> Ended | None:
    return scene.launcher.end()


def _none(scene: Scene) -> None:
    scene.launcher.end()


FAULTS = (
    Fault("killed (kill -9)", _killed, (-9,), in_a_row=5),
    Fault("terminated (SIGTERM)", _terminated, (130, -15)),
    Fault("Ctrl-C, twice", _interrupted_twice, (130, -2)),
    Fault("stopped for a while (SIGSTOP)", _stopped_for_a_while, (0,)),
    Fault("its sandbox's processes killed", _sandbox_killed, (0,)),
    Fault("disk full", _disk_full, (2,)),
    Fault("its folder deleted", _folder_deleted, (2,), keeps=False),
    Fault("two processes on one run", _two_at_once, (0,)),
    Fault("the clock jumps by days", _nothing, (0,), clock="jumping"),
)
"""Everything that happens to a process of a run; ``trial`` damages files besides."""
