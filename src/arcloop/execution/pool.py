"""Orders → reports through the workers of one template, as the supervisor sees them.

Guarantees that no descriptor of the supervisor reaches the template but its own sockets, and that
``close`` leaves no process. Says which orders a dead worker took with it; what to do then is the
sandbox's decision.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import sysconfig
from collections import deque
from importlib.util import find_spec
from pathlib import Path

from arcloop.errors import SandboxError
from arcloop.execution import message
from arcloop.execution.protection import ORDER, Protection

__all__ = ["DiedError", "Line", "Pool"]

# arcloop and arcloop.execution become bare packages there: their own __init__ would import the supervisor and more.
BOOT = """
import json, sys, types
settings = json.loads(sys.argv[1])
kept = list(sys.path)
sys.path += settings["packages"]
for name, folder in (("arcloop", settings["package"]), ("arcloop.execution", settings["execution"])):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [folder]
try:
    from arcloop.execution import zygote
except Exception as failure:
    import os
    os.write(settings["control"], bytes((255, 0, 0, 0, 0)) + repr(failure).encode())
    raise SystemExit
zygote.main(settings, kept)
"""
START = 60.0
"""Seconds that a template may take to load its libraries; 0.3 is usual, a cold network disk is not."""
STOP = 5.0
KEPT = ("LD_LIBRARY_PATH", "PYTHONHOME")
"""Environment that an interpreter may need to start; the template drops it before any program runs."""


class DiedError(Exception):
    """The template ended while it was starting."""


class Line:
    """The supervisor's end of one worker."""

    def __init__(self, channel: socket.socket, pool: "Pool") -> None:
        self.channel = channel
        self.pool = pool
        self.waiting: deque[int] = deque()
        """Numbers of the orders sent and not yet reported, oldest first."""
        self.pace = 0.0
        """Seconds that a program took lately, as a moving average."""
        self._outgoing = bytearray()
        self._incoming = bytearray()

    def send(self, orders: list[message.Order]) -> bool:
        """Take ``orders`` along; False if part of them has to wait until the socket is writable."""
        for order in orders:
            self.waiting.append(order.number)
            self._outgoing += message.joined(order.pack())
        return self.flush()

    def flush(self) -> bool:
        """Write what the socket takes; True if nothing is left over."""
        try:
            while self._outgoing:
                del self._outgoing[: self.channel.send(self._outgoing)]
        except BlockingIOError:
            return False
        except OSError:
            self._outgoing.clear()  # the worker has died: reading will tell
        return True

    def receive(self) -> list[message.Report] | None:
        """Reports that have arrived; None if the worker is gone or talks nonsense."""
        try:
            received = self.channel.recv(1 << 18)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not received:
            return None
        self._incoming += received
        reports = []
        try:
            while (body := message.split(self._incoming, message.longest_report())) is not None:
                report = message.Report.parse(body)
                if not self.waiting or report.number != self.waiting[0]:
                    return None
                self.waiting.popleft()
                self.pace += 0.2 * (report.wall - self.pace)
                reports.append(report)
        except message.MessageError:
            return None
        return reports


class Pool:
    """A template and the workers forked from it."""

    def __init__(self, flavour: str, seed: int, memory: int, shared: int, at_most: Protection) -> None:
        ours, theirs = socket.socketpair()
        execution = Path(__file__).parent
        settings = {
            "control": theirs.fileno(),
            "flavour": flavour,
            "seed": seed,
            "memory": memory,
            "shared": shared,
            "at_most": at_most.value,
            "packages": _packages(),
            "package": str(execution.parent),
            "execution": str(execution),
        }
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment |= {"PYTHONHASHSEED": str(seed), "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        environment |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-s", "-P", "-B", "-c", BOOT, json.dumps(settings)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=environment,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,  # an interrupt from the terminal is the supervisor's to handle
        )
        theirs.close()
        self.control = ours
        """Readable when the template greets."""
        self._protection: Protection | None = None
        self.lines: list[Line] = []

    @property
    def ready(self) -> bool:
        """Has the template's greeting been read?"""
        return self._protection is not None

    @property
    def protection(self) -> Protection:
        """Level that the template reached; waits until it is ready. Raises ``SandboxError`` if it cannot start."""
        return self.greet()

    def greet(self) -> Protection:
        """Wait until the template is ready, if it has not been; the level that it reached.

        Raises:
            DiedError: it ended without a word.
            SandboxError: it says that it cannot start, or says nothing for a minute.
        """
        if self._protection is not None:
            return self._protection
        self.control.settimeout(START)
        try:
            hello = self.control.recv(4096)
        except TimeoutError:
            hello = b"\xff"
        except OSError:
            hello = b""
        self.control.settimeout(None)
        if not hello:
            raise DiedError
        if len(hello) < message.HELLO.size or hello[0] >= len(ORDER):
            lines = hello[message.HELLO.size :].decode(errors="replace").strip().splitlines()
            self.close()
            raise SandboxError(
                f"the interpreter {sys.executable} that runs programs did not start"
                f" ({lines[-1] if lines else 'no word from it'}); expected one that"
                " imports numpy — check that this user may execute it"
            )
        self._protection = ORDER[hello[0]]
        return self._protection

    def add_line(self) -> Line | None:
        """A new worker of a template that is ready; None if it has died."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self.control, [b"w"], [theirs.fileno()])
            except OSError:
                ours.close()
                return None
        ours.setblocking(False)
        line = Line(ours, self)
        self.lines.append(line)
        return line

    def drop_line(self, line: Line) -> None:
        """Forget a worker; it ends when its socket closes."""
        self.lines.remove(line)
        _shut(line.channel)

    def close(self) -> None:
        """End template and workers and wait for them."""
        for line in self.lines:
            _shut(line.channel)
        self.lines.clear()
        _shut(self.control)
        try:
            self._process.wait(STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _shut(end: socket.socket) -> None:
    # shutdown, not close alone: a fork of the user's process may hold a copy of this descriptor.
    with end, contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


def _packages() -> list[str]:
    """Folders that numpy and scipy are imported from."""
    folders = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    for name in ("numpy", "scipy"):
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            folders.append(str(Path(spec.origin).parent.parent))
    return list(dict.fromkeys(folders[2:]))
