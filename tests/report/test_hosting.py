"""A run's page over HTTP, and how it is doing in the terminal."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from arcloop.cli import main
from arcloop.evaluation.outcome import conclude
from arcloop.report.pulse import pulse
from arcloop.runs.lock import locked
from arcloop.runs.rundir import RunDir
from tests.report.reading import index_of
from tests.test_loop import ANSWERS, Parts


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    """A run that was stopped in its second round."""
    path, parts = tmp_path_factory.mktemp("runs") / "half", Parts()
    parts.stop_learning(at=2)
    with pytest.raises(KeyboardInterrupt):
        parts.run(path)
    return RunDir.open(path)


@pytest.fixture(scope="module")
def address(half: RunDir) -> Iterator[str]:
    """Where ``arcloop view`` serves it."""
    command = [sys.executable, "-m", "arcloop.cli", "view", str(half.path), "--port", "0"]
    served = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    assert served.stdout is not None
    said = next(line for line in served.stdout if "http://" in line)
    yield "http://" + said.split("http://")[1].split()[0]
    served.terminate()
    served.wait(20)
    served.stdout.close()


def test_a_page_is_served_that_asks_for_more(address: str, half: RunDir) -> None:
    answer = httpx.get(address)
    assert answer.status_code == 200 and index_of(answer.text)["live"]
    assert "connect-src &#39;self&#39;" in answer.text and answer.headers["cache-control"] == "no-store"
    state = httpx.get(address + "state").json()
    assert (
        state["finished"] is False and state["line"].startswith("not running: round 2 of 3") and 0 < state["share"] < 1
    )


def test_a_page_grows_with_its_run(address: str, half: RunDir) -> None:
    before = httpx.get(address + "state").json()["version"]
    assert index_of(httpx.get(address).text)["runs"][0]["rounds"] == 2
    Parts().run(half.path)
    conclude(half, ANSWERS)
    state = httpx.get(address + "state").json()
    assert state["finished"] and state["version"] != before
    assert index_of(httpx.get(address).text)["runs"][0]["rounds"] == 3


def test_nobody_reads_a_run_by_a_name_of_their_own(address: str) -> None:
    for path in ("", "state"):
        assert httpx.get(address + path, headers={"Host": "evil.example"}).status_code == 400
    for path in ("config.json", "../config.json", "%2e%2e/config.json"):
        assert httpx.get(address + path).status_code == 404
    assert httpx.post(address).status_code == 405


def test_a_pulse_counts_what_is_stored_and_knows_who_runs(tmp_path: Path) -> None:
    parts = Parts()
    parts.stop_learning(at=1)
    with pytest.raises(KeyboardInterrupt):
        parts.run(tmp_path / "run")
    run = RunDir.open(tmp_path / "run")
    now = pulse(run)
    assert (now.programs, now.of_rounds, len(now.rounds), now.tasks) == (60, 3, 1, 3)
    assert now.share == pytest.approx(1 / 3) and not now.finished and not now.running
    with locked(run.path):
        assert pulse(run).running
    # A lock that a process left which is no more, or in which there is something else.
    for text in (json.dumps({"pid": 2**22 + 1, "host": "here"}), "[]", "{", '{"pid": true}'):
        (run.path / "run.lock").write_text(text)
        assert pulse(run).version == now.version
    parts = Parts()
    parts.run(tmp_path / "run")
    ended = pulse(run)
    assert ended.finished and ended.share == 1 and ended.programs == 180 and ended.version != now.version


def test_watching_prints_the_rounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Parts().run(tmp_path / "run")
    monkeypatch.setattr(sys, "argv", ["arcloop", "watch", str(run.path)])
    assert main() == 0
    printed = capsys.readouterr().out
    assert "finished: round 3 of 3" in printed and "180 programs (100%)" in printed and "CPU" in printed


def test_errors_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], half: RunDir
) -> None:
    cases = [
        (["report"], ""),
        (["report", str(tmp_path / "none")], "no such folder"),
        (["report", str(half.path), str(half.path)], "comes twice"),
        (["report", str(half.path), str(half.path.parent)], "--out"),
        (["report", str(half.path), "--out", str(half.path / "config.json" / "x")], "--out"),
        (["view", str(half.path), "--port", "70000"], "expected 0 to 65535"),
        (["watch", str(half.path), "--every", "0"], "expected 0.1 to 3600"),
    ]
    for arguments, said in cases[1:]:
        monkeypatch.setattr(sys, "argv", ["arcloop", *arguments])
        assert main() == 2
        error = capsys.readouterr().err
        assert said in error and error.count("\n") == 1 and "expected" in error
