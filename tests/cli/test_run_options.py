"""The options of ``arcloop run``: few are shown, all can be set."""

import dataclasses
import re
from pathlib import Path

import pytest

from arcloop.assembly import begin
from arcloop.cli import run
from arcloop.cli.options import SHOWN
from arcloop.config import Config, read_config, with_recipe


def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *argv: str) -> str:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit, match="0"):
        run.main(list(argv))
    return capsys.readouterr().out


def options(text: str) -> set[str]:
    return set(re.findall(r"^[│ ] --([a-z0-9.-]+)", text, re.MULTILINE))


def test_help_shows_what_people_set_on_two_screens(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = printed(capsys, monkeypatch, "--help")
    assert len(options(text)) <= 45 and len(text.splitlines()) <= 150
    assert options(text) >= {"out", "recipe", "tasks", "from", "sampling.temperature"} and "--help-all" in text
    assert text == printed(capsys, monkeypatch, "--tasks", "drawing", "-h")


def test_help_all_shows_every_setting(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    shown = options(printed(capsys, monkeypatch, "--help-all"))
    config = Config("drawing")
    for f in dataclasses.fields(config):
        if f.name == "imported":
            continue  # how files are imported is for arcloop import to say
        value = getattr(config, f.name)
        inner = [g.name for g in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else []
        also = {"source": "from", "skip_invalid": "tasks.skip-invalid"}
        names = [f"{f.name}.{name}" for name in inner] or [also.get(f.name, f.name)]
        assert {name.replace("_", "-") for name in names} - {"prompt.template"} <= shown
    assert "prompt-template" in shown


def test_what_is_shown_exists() -> None:
    config = Config("drawing")
    for name in SHOWN:
        section, _, setting = name.rpartition(".")
        assert hasattr(getattr(config, section) if section else config, setting)


def test_a_recipe_is_the_default_and_options_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Config] = []
    monkeypatch.setattr(run, "go_on", lambda run, deadline, share, cluster, report_to: 0)
    monkeypatch.setattr(run, "begin", lambda config, out, tell, shared: begun.append(config) or begin(config, out))
    argv = [
        "--recipe",
        "drawing",
        "--tasks",
        "drawing",
        "--limit",
        "1",
        "--selection.k",
        "3",
        "--health.rollback",
        "0.2",
    ]
    assert run.main([*argv, "--out", str(tmp_path / "run")]) == 0
    (given,) = begun
    expected = with_recipe(Config("drawing", limit=1), "drawing")
    assert given.selection.k == 3 and given.health.rollback == 0.2
    assert given.relabel == expected.relabel and given.sampling == expected.sampling
    assert read_config(tmp_path / "run" / "config.json").relabel == expected.relabel
