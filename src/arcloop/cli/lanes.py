"""Many runs, several at a time: a process for each, which writes a log beside the run's folder.

``python -m arcloop.cli.lanes PID RUN`` is ``arcloop resume RUN`` in a process that ends when PID does, which started it.
"""

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from arcloop.assembly.probing import cores
from arcloop.cli import main
from arcloop.cli.job import terminated_like_ctrl_c
from arcloop.errors import RunError
from arcloop.execution.limits import die_with_parent

__all__ = ["Lane", "go_on_side_by_side"]

_LOOK = 0.1
"""Seconds between two looks at which processes have ended."""


@dataclass(frozen=True)
class Lane:
    """A run that is to be gone on with."""

    name: str
    path: Path
    """Its folder."""

    @property
    def log(self) -> Path:
        """What its process says."""
        return self.path.with_name(f"{self.path.name}.log")


def go_on_side_by_side(
    lanes: Sequence[Lane], workers: int, tell: Callable[[str], None], before: Callable[[Lane], None] = lambda lane: None
) -> bool:
    """Go on with the runs, ``workers`` at a time; False where Ctrl-C or SIGTERM came, after which each has stored what it found.

    ``before`` is called with each before it is gone on with. On a CPU the processes share the cores, unless OMP_NUM_THREADS
    says how many threads each has.

    Raises:
        RunError: a run has failed; those beside it have come to their end, and no other was begun.
    """
    threads = str(max(1, cores() // workers))
    environment = {"OMP_NUM_THREADS": threads, "TOKENIZERS_PARALLELISM": "false", **os.environ}
    waiting = deque(lanes)
    under_way: dict[Lane, tuple[subprocess.Popen[bytes], float]] = {}
    failed: list[Lane] = []
    with terminated_like_ctrl_c():
        try:
            while under_way or (waiting and not failed):
                while waiting and not failed and len(under_way) < workers:
                    lane = waiting.popleft()
                    before(lane)
                    tell(f"begun   {lane.name}")
                    under_way[lane] = (_started(lane, environment), time.monotonic())
                time.sleep(_LOOK)
                for lane, (process, start) in list(under_way.items()):
                    if (code := process.poll()) is not None:
                        del under_way[lane]
                        failed += [lane] if code else []
                        how = f"failed (exit code {code}), see {lane.log}" if code else "done"
                        left = f"{len(waiting) + len(under_way)} left"
                        tell(f"{how:<7} {lane.name}, {time.monotonic() - start:.0f} s; {left}")
        except KeyboardInterrupt:
            for process, _ in under_way.values():
                process.terminate()
            for process, _ in under_way.values():
                process.wait()
            return False
    if failed:
        last = failed[0].log.read_text(errors="replace").strip().rpartition("\n")[2]
        raise RunError(
            f"{failed[0].path}: {last[:500]} — see {failed[0].log}; the same command goes on with what is done"
        )
    return True


def _started(lane: Lane, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A process of its own session, so that Ctrl-C reaches it once, through this one."""
    with lane.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "arcloop.cli.lanes", str(os.getpid()), str(lane.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )


if __name__ == "__main__":
    die_with_parent()
    # It may have ended while this one was loaded.
    if os.getppid() == int(sys.argv[1]):
        sys.argv = ["arcloop", "resume", *sys.argv[2:]]
        sys.exit(main())
