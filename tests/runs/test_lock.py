"""One process at a time goes on with a run."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from arcloop.errors import RunError
from arcloop.runs.lock import LOCK, locked

HOLD = """
import sys, time
from pathlib import Path
from arcloop.runs.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_is_told_who_the_first_is_and_what_a_killed_one_left_holds_nobody(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    first = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], env=environment, text=True, **pipes)
    assert first.stdout is not None and first.stdin is not None
    assert first.stdout.readline() == "held\n"
    words = f"process {first.pid} on {socket.gethostname()}, since .* goes on with it"
    with pytest.raises(RunError, match=words), locked(tmp_path):
        pass
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert (tmp_path / LOCK).is_file()
    with locked(tmp_path), pytest.raises(RunError, match=f"process {os.getpid()}"), locked(tmp_path):
        pass
    assert not (tmp_path / LOCK).exists()


def test_damaged_words_in_it_do_not_matter(tmp_path: Path) -> None:
    with locked(tmp_path):
        (tmp_path / LOCK).write_bytes(b"\xff{")
        with pytest.raises(RunError, match="another process goes on with it"), locked(tmp_path):
            pass


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"none/run\.lock"), locked(tmp_path / "none"):
        pass
