"""Processes that run arcloop, started in no time, and what they leave behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Ended", "Launcher", "descendants"]

SERVER = """
import ctypes, json, os, random, signal, sys, time, traceback
# What takes seconds is done once; then every run is a process of its own in no time.
import arcloop.cli.run, arcloop.cli.resume, arcloop.cli.check, arcloop.report.page, peft
import arcloop.model.language, arcloop.sampling.transformers, arcloop.training.trainer
import arcloop.search.group
from arcloop.cli import main
SAID, END = int(os.environ["SAID"]), bytes.fromhex(os.environ["END"])
# Whoever is started in the background has Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
# What a run leaves behind becomes a child of this process, and is counted.
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
arcloop.search.group._STORED_EVERY = float(os.environ["STORED_EVERY"])
print("ready", flush=True)

def jumping(real=time.time):
    return real() + random.choice((-86400, 0, 3 * 86400))

for line in sys.stdin:
    asked = json.loads(line)
    if (pid := os.fork()) == 0:
        sys.stdin = open(os.devnull)
        os.dup2(SAID, 1)
        os.dup2(SAID, 2)
        sys.argv = ["arcloop", *asked["argv"]]
        if asked["clock"] == "jumping":
            time.time = jumping
        try:
            code = main()
        except BaseException:
            traceback.print_exc()
            code = 99
        sys.stdout.flush()
        os._exit(code)
    print(pid, flush=True)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    left, deadline = 1, time.monotonic() + 10
    while left and time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
        except ChildProcessError:
            left = 0
    os.write(SAID, END)
    print(json.dumps([code, left]), flush=True)
"""
"""Starts a process for each line that it reads; says its id, then its exit code and whether processes were left."""


END = b"\0end\0"
"""Follows what a process has said."""


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    """Exit code; negative: the signal that ended it."""
    left: bool
    """Did a process of its own outlive it by ten seconds?"""
    said: str
    """What it printed."""


class Launcher:
    """Starts one process at a time."""

    def __init__(self, folder: Path, stored_every: float = 60.0) -> None:
        """``folder``: for temporary files; ``stored_every``: seconds after which a search under way is stored."""
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        # Not a file: the size of files is among what is limited.
        self._said, written = os.pipe()
        environment = os.environ | {"SAID": str(written), "END": END.hex()}
        environment |= {"OMP_NUM_THREADS": "1", "TMPDIR": str(self.temporary), "STORED_EVERY": str(stored_every)}
        self._server = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            pass_fds=[written],
        )
        os.close(written)
        self._heard = bytearray()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        assert self._line() == "ready"

    def start(self, *arguments: object, clock: str = "true") -> int:
        """Run arcloop with these arguments; returns the process id. ``clock``: ``true``, or ``jumping`` by days."""
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps({"argv": [str(a) for a in arguments], "clock": clock}) + "\n")
        self._server.stdin.flush()
        return int(self._line())

    def end(self) -> Ended:
        """Wait for the process to end."""
        code, left = json.loads(self._line())
        while END not in self._heard:
            time.sleep(0.001)
        said, self._heard = self._heard.split(END, 1)
        return Ended(code, bool(left), said.decode())

    def run(self, *arguments: object, clock: str = "true") -> Ended:
        """Run arcloop to its end."""
        self.start(*arguments, clock=clock)
        return self.end()

    def close(self) -> None:
        """End the server, and what it may have started."""
        for pid in descendants(self._server.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for stream in (self._server.stdin, self._server.stdout):
            assert stream is not None
            stream.close()
        self._server.wait()
        self._listener.join()
        os.close(self._said)

    def __enter__(self) -> "Launcher":
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def _listen(self) -> None:
        while part := os.read(self._said, 1 << 16):
            self._heard += part

    def _line(self) -> str:
        assert self._server.stdout is not None
        return self._server.stdout.readline().strip()


def descendants(pid: int) -> list[int]:
    """Processes that a process has started, and those that these have, the first ones first."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The name, in brackets, may hold anything.
                parent = int((entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue  # it has ended
            parents.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        children = sorted(parents.get(waiting.pop(0), []))
        found += children
        waiting += children
    return found
