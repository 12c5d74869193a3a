"""The small commands, in this process."""

import signal
import sys
import threading
import time

import pytest

from arcloop.cli import COMMANDS, main
from arcloop.prompts.catalogue import entries


def arcloop(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["arcloop", *arguments])
    return main()


def test_help_names_every_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert arcloop(monkeypatch) == arcloop(monkeypatch, "--help") == 0
    printed = capsys.readouterr().out
    assert all(f"  {command} " in printed for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        arcloop(monkeypatch, command, "--help")
    assert ended.value.code == 0
    assert f"arcloop {command}" in capsys.readouterr().out


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert arcloop(monkeypatch, "--version") == 0
    assert capsys.readouterr().out.startswith("arcloop 0.")


@pytest.mark.parametrize("command", ["run", "search", "resume", "evaluate", "pretrain"])
def test_what_a_launcher_starts_several_times_is_refused_in_one_line(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    assert arcloop(monkeypatch, command, "--out", "nowhere") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"arcloop {command}: WORLD_SIZE is '2'") and "--share I/N or --cluster" in line


def test_a_launcher_of_one_process_is_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("WORLD_SIZE", "1")
    monkeypatch.setenv("RANK", "0")
    assert arcloop(monkeypatch, "show", "task", "25ff71a9") == 0


@pytest.mark.parametrize("background", [False, True])
def test_an_interrupt_where_nothing_can_be_raised_comes_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], background: bool
) -> None:
    class Interrupted:
        def __del__(self) -> None:
            raise KeyboardInterrupt

    late = threading.Timer(10, lambda: None)

    def waits(arguments: list[str]) -> int:
        late.start()
        Interrupted()
        time.sleep(20)
        return 0

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = sys.unraisablehook
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if background:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, interrupt)
    monkeypatch.setattr("arcloop.cli.watch.main", waits)
    monkeypatch.setattr(sys, "argv", ["arcloop", "watch"])
    try:
        assert main() == 130
        assert late.is_alive()  # the end of the sleep was not waited for
    finally:
        late.cancel()
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert capsys.readouterr().err == "arcloop watch: stopped\n"
    assert sys.unraisablehook is before


def test_show_task_prints_its_grids(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert arcloop(monkeypatch, "show", "task", "25ff71a9") == 0
    printed = capsys.readouterr().out
    assert "train 4: input" in printed and "test input 2" in printed and "1 1 1" in printed


def test_show_prompt_prints_what_the_model_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert arcloop(monkeypatch, "show", "prompt", "25ff71a9") == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nInput:\nHeight@3 Width@3 Back@Black\nRow@0 Blue@0 "
    )
    assert captured.err == "102 tokens; embedded is asked with up to 4,096, and answers with up to 640\n"
    settings = ("--prompt.template", "plain", "--prompt.library")
    assert arcloop(monkeypatch, "show", "prompt", "25ff71a9", *settings) == 0
    assert "detect_mirror_symmetry(" in capsys.readouterr().out


def test_show_common_lists_the_library(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert arcloop(monkeypatch, "show", "common") == 0
    printed = capsys.readouterr().out
    assert all(f"{entry.name}{entry.signature}\n    {entry.line}" in printed for entry in entries())


def test_an_unknown_task_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert arcloop(monkeypatch, "show", "task", "nobody") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "task nobody: in none of arc1-train" in line
