"""The command line: argument parsing and nothing else.

``arcloop COMMAND …`` imports only the module of that command, so that ``--help`` answers at once.
"""

import errno
import importlib
import keyword
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from arcloop.errors import ArcloopError, ConfigError

__all__ = ["COMMANDS", "main", "module_of"]

COMMANDS = {
    "run": "Search and learn on a task set, then write submission, table and report.",
    "search": "Sample programs and run them, without learning.",
    "resume": "Go on with an interrupted run.",
    "evaluate": "Print the table of a run again, and rebuild its submission and report.",
    "report": "Make a page of a run, or of several: films, tasks, programs.",
    "view": "Show the page of a run in the browser, refreshed while it goes on.",
    "watch": "Show in the terminal how a run is doing.",
    "check": "Find what is damaged in a run, or wrong in a submission.",
    "score": "Score a submission against the answers of a task set.",
    "compare": "Put runs side by side, and say which differences are more than noise.",
    "experiment": "Try settings against each other on equal budgets, and test the difference.",
    "train": "Fine-tune a model on relabeled programs, or any prompts with completions.",
    "card": "Show how a model is asked and taught, or write it down beside the model.",
    "merge": "Make a model folder from a model and an adapter.",
    "import": "Make a run of programs that were sampled elsewhere.",
    "relabel": "Make a training set from the programs of a run.",
    "execute": "Run programs from a file in the sandbox.",
    "show": "Show a task, a program with what it gave, a run, a prompt, or the program library.",
    "plan": "Say how long a run will take on so many devices, and which budget fits.",
    "wheels": "Make a folder of wheels to install arcloop from without a network.",
    "pretrain": "Make the embedded model from nothing.",
}
"""Command → what it does. Each is a module of this package (``module_of``) with ``main(argv) -> exit code``."""

EXAMPLE = "arcloop run --tasks arc1-train --limit 20 --rounds 2 --programs 64 --out runs/first"


_SPACE = "expected room on the disk — free some, then give the same command again"
_RIGHTS = "expected a file or folder that may be used so — check its rights, or pass another"
_THERE = "expected it to be there and to stay — restore it, or pass another"
_DEVICE = "expected a disk that works — look at the system's log"
_OPEN = "expected fewer open files, or a higher limit — see ulimit -n"
_OUTSIDE = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _SPACE),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _RIGHTS),
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ESTALE, errno.ENAMETOOLONG), _THERE),
    **dict.fromkeys((errno.EIO, errno.ENODEV, errno.ENXIO), _DEVICE),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), _OPEN),
}
"""Number of an error of the operating system that is not ours → what is to be done about it."""


def main() -> int:
    """Entry point of the ``arcloop`` command; returns the exit code (2 for an error that the user can mend)."""
    argv = sys.argv[1:]
    if argv[:1] == ["--version"]:
        print(f"arcloop {version('arcloop')}")
        return 0
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(_help())
        return 0
    command, arguments = argv[0], argv[1:]
    if command not in COMMANDS:
        print(f"arcloop: no command {command!r}; expected {', '.join(COMMANDS)} — see arcloop --help", file=sys.stderr)
        return 2
    # The help of a command names it in full.
    sys.argv[0] = f"arcloop {command}"
    try:
        _refuse_launcher(command)
        with _every_interrupt_heeded():
            return int(importlib.import_module(f"arcloop.cli.{module_of(command)}").main(arguments))
    except ArcloopError as error:
        print(f"arcloop {command}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in _OUTSIDE or isinstance(error, BrokenPipeError):
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(f"arcloop {command}: {where}{error.strerror}; {_OUTSIDE[error.errno]}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"arcloop {command}: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (arcloop … | head): nothing is wrong.
        sys.stderr.close()
        return 0


@contextmanager
def _every_interrupt_heeded() -> Iterator[None]:
    """Where nothing can be raised, as in ``__del__``, Python tells of a Ctrl-C and goes on: have it come again just after."""
    before = sys.unraisablehook

    def hook(unraisable: "sys.UnraisableHookArgs") -> None:
        # Of a job in the background the shell has Ctrl-C ignored, and it is ended by SIGTERM (``cli.job``).
        numbers = [number for number in (signal.SIGINT, signal.SIGTERM) if callable(signal.getsignal(number))]
        if unraisable.exc_type is not KeyboardInterrupt or not numbers:
            before(unraisable)
            return
        # A real signal, as one that is only noted would wait for the end of whatever the main thread waits for.
        again = threading.Timer(0.01, signal.pthread_kill, (threading.main_thread().ident, numbers[0]))
        again.daemon = True
        again.start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _refuse_launcher(command: str) -> None:
    """Raise ``ConfigError`` if a launcher has started several processes of a command that is meant to be one."""
    count = os.environ.get("WORLD_SIZE", "1")
    if command != "train" and "RANK" in os.environ and count != "1":
        raise ConfigError(
            f"WORLD_SIZE is {count!r:.20}, as torchrun and accelerate launch set it; expected one process, because only arcloop "
            "train shares its work so — start it without a launcher; over several GPUs or machines arcloop run goes with "
            "--share I/N or --cluster"
        )


def module_of(command: str) -> str:
    """The module of a command: its own name, unless that is a word of the language."""
    return f"{command}_" if keyword.iskeyword(command) else command


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        [
            "usage: arcloop COMMAND [OPTIONS]",
            "",
            "Test-time training for program induction on ARC: a language model writes programs for tasks, the programs",
            "run in a sandbox, and the model learns from each as the right answer to the task that it did solve.",
            "",
            "commands:",
            *lines,
            "",
            "arcloop COMMAND --help explains a command. A first run, on a laptop:",
            f"  {EXAMPLE}",
        ]
    )
