"""A fresh interpreter → a template from which workers are forked.

Executed by ``BOOT``, never imported by the supervisor, so that neither the user's process (its GPU,
threads, secrets, answers) nor anything else of arcloop is in the memory of a program. Guarantees on
greeting: libraries loaded, environment empty, files shut by Landlock where the kernel has it.
"""

import gc
import os
import random
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from arcloop.execution import child, landlock, library, limits, message, protection, worker
from arcloop.execution.state import Watch

__all__ = ["main"]

PATIENCE = 2.0
"""Seconds that workers get to end by themselves when the supervisor has gone."""


def main(settings: dict[str, Any], path: list[str]) -> None:
    """Load, lock, greet, and fork a worker for every socket that arrives; ``path`` is what ``sys.path`` is to be."""
    control = socket.socket(fileno=settings["control"])
    control.set_inheritable(False)
    try:
        setting, level, complete = _prepare(settings, path)
    except Exception:
        control.sendall(message.HELLO.pack(255, 0) + traceback.format_exc()[-2000:].encode())
        return
    control.sendall(message.HELLO.pack(protection.ORDER.index(level), complete))
    # Ended workers need no waiting for, and waiting for all of them then ends with the last.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not descriptors:
            break
        with socket.socket(fileno=descriptors[0]) as channel:
            worker.start(channel, setting, control)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        time.sleep(0.002)


def _prepare(settings: dict[str, Any], path: list[str]) -> tuple[child.Setting, protection.Protection, bool]:
    os.environ.clear()
    time.tzset()
    flavour, seed = settings["flavour"], settings["seed"]
    complete = library.load(flavour)
    names = library.names(seed)
    readable, listable = library.readable(flavour)
    # From here on only the standard library and what is loaded can be imported.
    sys.path[:] = [folder for folder in path if Path(folder).is_absolute()]
    sys.argv[:] = ["program"]
    sys.orig_argv[:] = ["program"]
    vars(sys.modules["__main__"]).clear()
    for name in [name for name in sys.modules if name.startswith("arcloop") and "common" not in name.split(".")]:
        del sys.modules[name]
    limits.template()
    limits.renounce()
    limits.hide()
    space = limits.address_space() + (settings["memory"] << 20)
    level, code = protection.establish(protection.Protection(settings["at_most"]), readable, listable, seed + 1)
    cell = landlock.cell() if level is protection.Protection.FULL else -1
    random.seed(0)
    sys.modules["program"] = child.PROGRAM
    vars(child.PROGRAM).clear()
    # Programs are short: their garbage is collected between them, and what is frozen is never touched again.
    gc.disable()
    watch = Watch()
    gc.collect()
    gc.freeze()
    return child.Setting(names, watch, code, space, settings["shared"], cell), level, complete
