"""One process at a time goes on with a run."""

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from arcloop.errors import RunError
from arcloop.runs import lock
from arcloop.runs.lock import LOCK, Locks, held_elsewhere, locked

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


def left_by(path: Path, host: str, pid: int, seconds_ago: float) -> None:
    """A lock whose holder gave its last sign of life so long ago."""
    path.write_text(json.dumps({"host": host, "pid": pid, "since": "2026-01-01 00:00:00", "token": "another"}))
    os.utime(path, (time.time() - seconds_ago,) * 2)


def without_flock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that knows no locks."""

    def refuse(descriptor: int, kind: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_a_group_that_is_taken_is_named(tmp_path: Path) -> None:
    path = tmp_path / "group_003.lock"
    with Locks() as locks, Locks() as others:
        locks.take(path)
        with pytest.raises(RunError, match=f"group_003: process {os.getpid()} on .*, since .* expected nobody"):
            others.take(path)
        assert f"process {os.getpid()}" in (held_elsewhere(path) or "")
        # Who goes on with the whole run needs all of its groups.
        with pytest.raises(RunError, match="group_003"), locked(tmp_path):
            pass
        locks.release(path)
        others.take(path)
        with pytest.raises(RunError, match="group_003"):
            locks.take(path)
    assert list(tmp_path.iterdir()) == [] and held_elsewhere(path) is None


def test_a_holder_on_another_machine_lives_as_long_as_it_gives_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / LOCK
    left_by(path, "elsewhere", 1, seconds_ago=lock._SILENT + 5)
    with locked(tmp_path):
        assert held_elsewhere(path)
    left_by(path, "elsewhere", 1, seconds_ago=0)
    assert "process 1 on elsewhere" in (held_elsewhere(path) or "")

    def sleep(seconds: float) -> None:
        os.utime(path)  # as the one elsewhere does

    monkeypatch.setattr(time, "sleep", sleep)
    said: list[str] = []
    with pytest.raises(RunError, match="process 1 on elsewhere, since 2026"), locked(tmp_path, said.append):
        pass
    (line,) = said
    assert "process 1 on elsewhere" in line and "waiting up to 120 s for a sign of life" in line


def test_a_file_system_without_locks_is_no_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_flock(monkeypatch)
    path = tmp_path / LOCK
    with locked(tmp_path):
        with pytest.raises(RunError, match=f"process {os.getpid()}"), locked(tmp_path):
            pass
        assert held_elsewhere(path)
    assert not path.exists()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left_by(path, socket.gethostname(), gone.pid, seconds_ago=0)
    with locked(tmp_path):
        assert json.loads(path.read_text())["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_signs_of_life_are_given_and_one_who_was_taken_for_dead_finds_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "_BEAT", 0.01)
    path = tmp_path / LOCK
    with locked(tmp_path) as locks:
        os.utime(path, (0, 0))
        while path.stat().st_mtime == 0:
            pass
        locks.check()
        left_by(path, "elsewhere", 7, seconds_ago=0)
        with pytest.raises(RunError, match=r"process 7 on elsewhere.* took it while this process was silent"):
            locks.check()
    assert path.exists()  # it is another's


def test_a_lock_can_be_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Locks() as first, Locks() as second:
        first.take(tmp_path / "a.lock")
        monkeypatch.setattr(time, "sleep", lambda seconds: first.release(tmp_path / "a.lock"))
        second.take(tmp_path / "a.lock", wait=60)


def test_an_interrupt_while_signs_of_life_begin_lets_the_lock_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(thread: threading.Thread) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt), locked(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
